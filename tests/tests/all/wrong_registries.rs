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

/// What is said of a registry on loopback, by a command whose output has its address replaced.
fn told(run: &Run, address: &str) -> String {
    run.to_string().replace(address, "ADDRESS")
}

#[test]
fn a_package_is_missing() {
    assert_snapshot!(refused(&application("shop:catalogue@1")), @"");
}

#[test]
fn a_version_is_missing() {
    assert_snapshot!(refused(&application("shop:catalog@^1.2")), @"");
    assert_snapshot!(refused(&application("shop:catalog@2")), @"");
}

#[test]
fn a_directory_registry_is_missing() {
    let sandbox = application("shop:catalog@1");
    fs::remove_dir_all(sandbox.path("registry")).unwrap();
    assert_snapshot!(refused(&sandbox), @"");
}

#[test]
fn a_blob_of_a_directory_registry_was_altered() {
    let sandbox = application("shop:catalog@1");
    let blob = publish(&sandbox.path("registry"), "shop:catalog@1.3.0", &step("a", None, 2));
    fs::write(&blob, step("a", None, 3)).unwrap();
    assert_snapshot!(refused(&sandbox), @"");
}

#[test]
fn an_index_of_a_directory_registry_is_broken() {
    let sandbox = application("shop:catalog@1");
    sandbox.write("registry/shop/catalog/index.json", "{ \"manifests\": [");
    assert_snapshot!(refused(&sandbox), @"");
}

#[test]
fn a_package_is_a_wit_package() {
    let sandbox = application("shop:types@1");
    publish(&sandbox.path("registry"), "shop:types@1.0.0", &wit_package("package a:b; interface c { f: func(); }"));
    assert_snapshot!(refused(&sandbox), @"");
}

#[test]
fn a_registry_does_not_answer() {
    // A port that was free a moment ago, and that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let sandbox = Sandbox::new(&format!("[components]\nfront = {{ oci = \"{address}/team/front:1.0.0\" }}\n"));
    assert_snapshot!(told(&sandbox.compose("build"), &address), @"");
}

#[test]
fn a_network_registry_is_needed_offline() {
    let sandbox = Sandbox::new("[components]\nfront = { oci = \"registry.invalid/team/front:1.0.0\" }\n");
    assert_snapshot!(sandbox.compose("build --offline"), @"");
    let manifest = "[registries]\ndefault = \"oci://registry.invalid/team\"\n[components]\nfront = \"t:front@1\"\n";
    assert_snapshot!(Sandbox::new(manifest).compose("build --offline"), @"");
}

#[test]
fn a_network_registry_lacks_a_package_a_version_and_a_tag() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/shop/catalog", "1.0.0", &step("a", None, 1));
    let address = registry.address();
    let manifest = format!(
        "[registries]\ndefault = \"oci://{address}/team\"\n[components]\nabsent = \"shop:absent@1\"\ncatalog = \"shop:catalog@2\"\nstable = {{ oci = \"{address}/team/shop/catalog:stable\" }}\n"
    );
    assert_snapshot!(told(&Sandbox::new(&manifest).compose("build"), address), @"");
}

#[test]
fn a_registry_wants_credentials() {
    let registry = DockerRegistry::start(Access::Basic);
    let address = registry.address();
    let sandbox = Sandbox::new(&format!("[components]\nfront = {{ oci = \"{address}/team/front:1.0.0\" }}\n"));
    assert_snapshot!(told(&sandbox.compose("build"), address), @"");
    let config = serde_json::json!({ "auths": { address: { "username": "ada", "password": "wrong-password" } } });
    sandbox.write(".docker/config.json", config.to_string());
    let run = sandbox.compose("build");
    assert!(!run.stderr.contains("wrong-password"));
    assert_snapshot!(told(&run, address), @"");
}
