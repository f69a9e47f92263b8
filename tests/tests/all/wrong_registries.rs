//! Registries that do not have what is needed, do not answer or do not let us in, and what a person is told.

use std::{fs, net::TcpListener};

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    guest::wit_package,
    sandbox::{Run, Sandbox},
};
use insta::assert_snapshot;

use crate::{refused, steps::step};

/// An application of one package in a directory registry that has other things.
fn application(requirement: &str) -> Sandbox {
    let sandbox =
        Sandbox::new(&format!("[registries]\ndefault = \"dir:registry\"\n[components]\ncatalog = \"{requirement}\"\n"));
    for version in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        publish(&sandbox.path("registry"), &format!("shop:catalog@{version}"), &step("a", None, 1));
    }
    sandbox
}

/// An application of one package in a registry at this address.
fn of_network_registry(address: &str) -> Sandbox {
    Sandbox::new(&format!("[registries]\ndefault = \"oci://{address}/team\"\n[components]\nfront = \"t:front@1\"\n"))
}

/// What a command says, with the address of a registry on loopback replaced.
fn told(run: &Run, address: &str) -> String {
    run.to_string().replace(address, "ADDRESS")
}

#[test]
fn a_package_is_missing() {
    assert_snapshot!(refused(&application("shop:catalogue@1")), @r#"
    error[package-not-found]: dir:registry has no package shop:catalogue
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalogue@1"
      |           ^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: check its spelling; why this registry is asked is shown by
              compose doctor shop:catalogue
    exit status 3
    "#);
}

#[test]
fn a_version_is_missing() {
    assert_snapshot!(refused(&application("shop:catalog@^1.2")), @r#"
    error[version-not-found]: no version of `shop:catalog` satisfies `^1.2`
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalog@^1.2"
      |           ^^^^^^^^^^^^^^^^^^^ required here
      |
      = note: `dir:registry` has 2.0.0-rc.1, 1.1.0, 1.0.0
    exit status 1
    "#);
    assert_snapshot!(refused(&application("shop:catalog@2")), @r#"
    error[version-not-found]: no version of `shop:catalog` satisfies `^2`
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalog@2"
      |           ^^^^^^^^^^^^^^^^ required here
      |
      = note: `dir:registry` has 2.0.0-rc.1, 1.1.0, 1.0.0
      = note: 2.0.0-rc.1 is a pre-release: only a requirement that names one takes it, such as `=2.0.0-rc.1`
    exit status 1
    "#);
}

#[test]
fn a_directory_registry_is_missing() {
    let sandbox = application("shop:catalog@1");
    fs::remove_dir_all(sandbox.path("registry")).unwrap();
    assert_snapshot!(refused(&sandbox), @r#"
    error[unknown-registry]: the registry dir:registry does not exist
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalog@1"
      |           ^^^^^^^^^^^^^^^^ needed here
      |
      = help: create the directory, or mend its path; it is relative to the manifest
    exit status 1
    "#);
}

#[test]
fn a_blob_of_a_directory_registry_was_altered() {
    let sandbox = application("shop:catalog@1");
    let blob = publish(&sandbox.path("registry"), "shop:catalog@1.3.0", &step("a", None, 2));
    fs::write(&blob, step("a", None, 3)).unwrap();
    assert_snapshot!(refused(&sandbox), @r#"
    error[digest-mismatch]: cannot read registry/shop/catalog/blobs/sha256/979c4d37f302161b86fcb9c37cd706faea5d478fd1ba0b0412793a0b28958a4e as part of an OCI image layout
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalog@1"
      |           ^^^^^^^^^^^^^^^^ needed here
      |
      = note: expected sha256:979c4d37f302161b86fcb9c37cd706faea5d478fd1ba0b0412793a0b28958a4e, found sha256:b801a562bd5811a1d623a0bb8bc055ef458edfc247df37410325745054509a40
      = help: somebody or something changed the file: publish the version again, or do not trust it
    exit status 3
    "#);
}

#[test]
fn an_index_of_a_directory_registry_is_broken() {
    let sandbox = application("shop:catalog@1");
    sandbox.write("registry/shop/catalog/index.json", "{ \"manifests\": [");
    assert_snapshot!(refused(&sandbox), @r#"
    error[registry-failure]: cannot read registry/shop/catalog/index.json as part of an OCI image layout
     --> compose.toml:4:11
      |
    4 | catalog = "shop:catalog@1"
      |           ^^^^^^^^^^^^^^^^ needed here
      |
      = note: caused by: its JSON is malformed: EOF while parsing a list at line 1 column 16
    exit status 3
    "#);
}

#[test]
fn a_package_is_a_wit_package() {
    let sandbox = application("shop:types@1");
    publish(&sandbox.path("registry"), "shop:types@1.0.0", &wit_package("package a:b; interface c { f: func(); }"));
    assert_snapshot!(refused(&sandbox), @r#"
    error[not-a-component]: `shop:types@1.0.0` is not a component
     --> compose.toml:4:11
      |
    4 | catalog = "shop:types@1"
      |           ^^^^^^^^^^^^^^ needed here
      |
      = note: an encoded WIT package, not a component
      = help: a WIT package can be the `wit` of `[world]`, and has no code to link
    exit status 1
    "#);
}

#[test]
fn a_registry_does_not_answer() {
    // A port that was free a moment ago, and that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    assert_snapshot!(told(&of_network_registry(&address).compose("build"), &address), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in oci://ADDRESS/team
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: GET http://ADDRESS/v2/team/t/front/tags/list failed
      = note: caused by: Connection refused (os error 111)
      = help: check the registry's name and the network; `--offline` uses only what is in the store
    exit status 3
    "#);
}

#[test]
fn a_network_registry_is_needed_offline() {
    let sandbox = Sandbox::new("[components]\nfront = { oci = \"registry.invalid/team/front:1.0.0\" }\n");
    assert_snapshot!(sandbox.compose("build --offline"), @r#"
    error[offline]: the image manifest of registry.invalid/team/front:1.0.0 cannot be had offline
     --> compose.toml:2:9
      |
    2 | front = { oci = "registry.invalid/team/front:1.0.0" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store
    exit status 3
    "#);
    assert_snapshot!(of_network_registry("registry.invalid").compose("build --offline"), @r#"
    error[offline]: the list of versions of t:front in oci://registry.invalid/team cannot be had offline
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = help: run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store
    exit status 3
    "#);
}

#[test]
fn a_network_registry_lacks_a_package_a_version_and_a_tag() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/shop/catalog", "1.0.0", &step("a", None, 1));
    let address = registry.address();
    let manifest = format!(
        "[registries]\ndefault = \"oci://{address}/team\"\n[components]\nabsent = \"shop:absent@1\"\ncatalog = \"shop:catalog@2\"\nstable = {{ oci = \"{address}/team/shop/catalog:stable\" }}\n"
    );
    assert_snapshot!(told(&Sandbox::new(&manifest).compose("build"), address), @r#"
    error[package-not-found]: oci://ADDRESS/team has no package shop:absent
     --> compose.toml:4:10
      |
    4 | absent = "shop:absent@1"
      |          ^^^^^^^^^^^^^^^ needed here
      |
      = help: check its spelling; why this registry is asked is shown by
              compose doctor shop:absent

    error[version-not-found]: no version of `shop:catalog` satisfies `^2`
     --> compose.toml:5:11
      |
    5 | catalog = "shop:catalog@2"
      |           ^^^^^^^^^^^^^^^^ required here
      |
      = note: `oci://ADDRESS/team` has 1.0.0

    error[package-not-found]: there is no ADDRESS/team/shop/catalog:stable
     --> compose.toml:6:10
      |
    6 | stable = { oci = "ADDRESS/team/shop/catalog:stable" }
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: check the spelling of its repository and its tag

    error: 3 problems found
    exit status 3
    "#);
}

#[test]
fn a_registry_wants_credentials() {
    let registry = DockerRegistry::start(Access::Basic);
    let address = registry.address();
    let sandbox = of_network_registry(address);
    assert_snapshot!(told(&sandbox.compose("build"), address), @r#"
    error[unauthorized]: ADDRESS did not accept anonymous access
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: caused by: GET http://ADDRESS/v2/team/t/front/tags/list was answered with 401 UNAUTHORIZED: authentication required
      = help: say who you are
              compose login ADDRESS
    exit status 3
    "#);
    let config = serde_json::json!({ "auths": { address: { "username": "ada", "password": "wrong-password" } } });
    sandbox.write(".docker/config.json", config.to_string());
    let run = sandbox.compose("build");
    assert!(!run.stderr.contains("wrong-password"));
    assert_snapshot!(told(&run, address), @r#"
    error[unauthorized]: ADDRESS did not accept the credential in [DIR]/.docker/config.json
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: caused by: GET http://ADDRESS/v2/team/t/front/tags/list was answered with 401 UNAUTHORIZED: authentication required
      = help: log in as somebody whom it lets in
              compose login ADDRESS
    exit status 3
    "#);
}
