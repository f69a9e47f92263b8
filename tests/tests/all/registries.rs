//! Where packages come from that their manifest says nothing about: the user's files, wkg's, variables and the lock.

use std::fs;

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    execution::invoke,
    sandbox::Sandbox,
};
use insta::assert_snapshot;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::steps::step;

const MANIFEST: &str = "[components]\nfront = \"t:front@1\"\n";
const USERS_FILE: &str = ".home/.config/compose/config.toml";
const WKGS_FILE: &str = ".home/.config/wasm-pkg/config.toml";

/// Builds and expects what the front's one function answers.
fn check(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &str, expected: &str) {
    let run = sandbox.compose_with(variables.iter().copied(), arguments);
    assert_eq!(run.status, Some(0), "{run}");
    assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), expected);
}

/// An application, and a directory registry of each name that has its front with this digit.
fn application(registries: &[(&str, u32)]) -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    for (name, digit) in registries {
        publish(&sandbox.path(name), "t:front@1.0.0", &step("a", None, *digit));
    }
    sandbox
}

#[test]
fn the_users_own_file_says_where_packages_come_from() {
    let sandbox = application(&[(".home/.config/compose/registry", 1)]);
    sandbox.write(USERS_FILE, "[registries]\ndefault = \"dir:registry\"\n");
    check(&sandbox, &[], "build", "51");
}

#[test]
fn wkgs_file_says_where_packages_come_from_and_that_they_come_in_plain_http() {
    let registry = DockerRegistry::start(Access::Basic);
    registry.push("t/front", "1.0.0", &step("a", None, 2));
    let address = registry.address();
    let sandbox = Sandbox::new(MANIFEST);
    let text = format!(
        "[namespace_registries]\nt = \"{address}\"\n[registry.\"{address}\".oci]\nprotocol = \"http\"\n\
         auth = {{ username = \"ada\", password = \"s3cret-of-a-test\" }}\n"
    );
    sandbox.write(WKGS_FILE, &text);
    check(&sandbox, &[], "build", "52");
    let path = sandbox.path("wkg.toml").display().to_string();
    fs::rename(sandbox.path(WKGS_FILE), &path).unwrap();
    fs::remove_file(sandbox.path("compose.lock")).unwrap();
    check(&sandbox, &[("WKG_CONFIG_FILE", &path)], "build", "52");
}

#[test]
fn what_is_more_particular_counts_and_a_variable_before_all() {
    let sandbox = application(&[("a", 1), ("b", 2), ("c", 3)]);
    let directory = |name: &str| sandbox.path(name).display().to_string();
    sandbox.write("compose.toml", format!("[registries]\ndefault = \"dir:a\"\n{MANIFEST}"));
    check(&sandbox, &[], "build", "51");
    let users = format!("[registries]\nmine = \"dir:{}\"\n[registries.namespaces]\nt = \"mine\"\n", directory("b"));
    sandbox.write(USERS_FILE, users);
    check(&sandbox, &[], "build --locked", "51");
    check(&sandbox, &[], "update", "51");
    check(&sandbox, &[], "build", "52");
    for variable in ["COMPOSE_REGISTRY", "WKG_REGISTRY"] {
        fs::remove_file(sandbox.path("compose.lock")).unwrap();
        check(&sandbox, &[(variable, "dir:c")], "build", "53");
    }
}

#[test]
fn a_lock_has_its_registries_wherever_it_is_used() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("t/front", "1.0.0", &step("a", None, 4));
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write(WKGS_FILE, format!("default_registry = \"{}\"\n", registry.address()));
    check(&sandbox, &[], "build", "54");
    drop(registry);
    // Nobody is there any more to say which registry the host is, and on another machine no file names the host.
    check(&sandbox, &[], "build --frozen", "54");
    fs::remove_file(sandbox.path(WKGS_FILE)).unwrap();
    check(&sandbox, &[], "build --frozen", "54");
    sandbox.write(WKGS_FILE, "default_registry = [");
    check(&sandbox, &[], "build --frozen", "54");
}

#[test]
fn a_file_that_cannot_be_used_matters_where_a_registry_hinges_on_it() {
    let sandbox = application(&[("a", 1)]);
    sandbox.write(WKGS_FILE, "default_registri = \"a.io\"\n");
    assert_snapshot!(sandbox.compose("build"), @"
    error[configuration-invalid]: [DIR]/.home/.config/wasm-pkg/config.toml, line 1: unknown field `default_registri`, expected one of `default_registry`, `namespace_registries`, `package_registry_overrides`, `registry`
     |
     = help: mend it: going on without it could take packages from another registry than is meant
    exit status 1
    ");
    sandbox.write("compose.toml", format!("[registries]\ndefault = \"dir:a\"\n{MANIFEST}"));
    check(&sandbox, &[], "build", "51");
}

#[test]
fn a_host_that_does_not_answer_is_told_with_the_rule_that_named_it() {
    let sandbox = Sandbox::new("[components]\nhttp = \"wasi:http@0.2\"\n");
    assert_snapshot!(sandbox.compose("build --offline"), @r#"
    error[offline]: the registry metadata of wasi.dev cannot be had offline
     --> compose.toml:2:8
      |
    2 | http = "wasi:http@0.2"
      |        ^^^^^^^^^^^^^^^ this package has to come from somewhere
      |
      = note: wasi:http comes from wasi.dev, by wkg's built-in registry of the namespace `wasi`
      = help: run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store
    exit status 3
    "#);
}

#[test]
fn certificates_and_variables_that_cannot_be_used_are_told() {
    let sandbox = application(&[("a", 1)]);
    sandbox.write("compose.toml", format!("[registries]\ndefault = \"dir:a\"\n{MANIFEST}"));
    sandbox.write("ca.pem", "no certificate");
    assert_snapshot!(sandbox.compose_with([("COMPOSE_CA_FILE", "ca.pem")], "build"), @"
    warning[configuration-invalid]: the certificates in ca.pem cannot be used
     |
     = note: caused by: there is no certificate in it
     = note: registries are spoken to without any certificates and options of configurations

          Locked compose.lock
           Built target/compose/app.wasm (1.2 KiB, 1 instance of 1 component)
    exit status 0
    ");
    sandbox.write("compose.toml", MANIFEST);
    fs::remove_file(sandbox.path("compose.lock")).unwrap();
    assert_snapshot!(sandbox.compose_with([("COMPOSE_HTTP_ATTEMPTS", "often")], "build"), @"
    error[configuration-invalid]: the variable COMPOSE_HTTP_ATTEMPTS is `often`, and must be a whole number from 1 on
    exit status 1
    ");
    assert_snapshot!(sandbox.compose_with([("WKG_REGISTRY", "https://a.io")], "build"), @"
    error[configuration-invalid]: the variable WKG_REGISTRY names no registry
     |
     = note: caused by: `https://a.io` does not say which kind of registry it is: write `oci://a.io`
    exit status 1
    ");
}

#[test]
fn credentials_are_taken_from_variables() {
    let registry = DockerRegistry::start(Access::Basic);
    registry.push("t/front", "1.0.0", &step("a", None, 5));
    let address = registry.address();
    let variable = address.replace(|c: char| !c.is_ascii_digit(), "_");
    let username = format!("COMPOSE_REGISTRY_{variable}_USERNAME");
    let password = format!("COMPOSE_REGISTRY_{variable}_PASSWORD");
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = \"oci://{address}\"\n{MANIFEST}"));
    let told = |run: compose_tests::sandbox::Run| {
        let text = run.to_string();
        assert!(!text.contains("wrong-one"), "{text}");
        text.replace(address, "ADDRESS").replace(&variable, "HOST")
    };
    let wrong = [(username.as_str(), "ada"), (&password, "wrong-one")];
    assert_snapshot!(told(sandbox.compose_with(wrong, "build")), @r#"
    error[unauthorized]: ADDRESS did not accept the credential in the variable COMPOSE_REGISTRY_HOST_USERNAME
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: caused by: GET http://ADDRESS/v2/t/front/tags/list was answered with 401 UNAUTHORIZED: authentication required
      = help: log in as somebody whom it lets in
              compose login ADDRESS
    exit status 3
    "#);
    assert_snapshot!(told(sandbox.compose_with([wrong[0]], "build")), @"
    error[credentials-unusable]: the credential in the variable COMPOSE_REGISTRY_HOST_USERNAME cannot be used
     |
     = note: caused by: it has a `username` and no `password`
    exit status 3
    ");
    check(&sandbox, &[wrong[0], (&password, "s3cret-of-a-test")], "build", "55");
}

/// A registry on loopback that speaks TLS alone, with a certificate of an authority whose PEM file is put beside the user's
/// configuration, as is an identity that the authority knows.
fn registry_with_tls(sandbox: &Sandbox, options: &str) -> registry_server::DockerRegistry {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names.iter().copied().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
    };
    let write = |name: &str, text: String| {
        let path = sandbox.path(USERS_FILE).with_file_name(name);
        sandbox.write(&path, text);
        path.display().to_string()
    };
    let authority_file = write("authority.pem", authority.pem());
    let (certificate, key) = issue(&["127.0.0.1"]);
    let (certificate, key) = (write("server.pem", certificate), write("server.key", key));
    let (mine, my_key) = issue(&[]);
    write("me.pem", mine + &my_key);
    let options = options.replace("AUTHORITY", &authority_file);
    let tls = format!(", tls: {{ certificate: {certificate}, key: {key}{options} }}");
    registry_server::DockerRegistry::start_with(Access::Anonymous, &tls)
}

#[test]
fn a_private_authority_is_trusted_where_a_variable_or_a_file_says_so() {
    let sandbox = Sandbox::with("", [("front.wasm", step("a", None, 1))]);
    let registry = registry_with_tls(&sandbox, "");
    let address = registry.address();
    let push = format!("push front.wasm --as t:front@1.0.0 --to oci://{address} -q");
    assert_snapshot!(sandbox.compose(&push).to_string().replace(address, "ADDRESS"), @r#"
    error[registry-failure]: cannot get the image manifest of t:front@1.0.0 in oci://ADDRESS
     |
     = note: caused by: GET http://ADDRESS/v2/t/front/manifests/1.0.0 was answered with 400
     = help: it is spoken to in plain http; if it speaks TLS, say so in the user's `compose/config.toml`
             [registry."HOST"]
             protocol = "https"
    exit status 3
    "#);
    let host = format!("[registry.\"{address}\"]\n");
    sandbox.write(USERS_FILE, format!("{host}protocol = \"https\"\n"));
    assert_snapshot!(sandbox.compose(&push).to_string().replace(address, "ADDRESS"), @r#"
    error[registry-failure]: cannot get the image manifest of t:front@1.0.0 in oci://ADDRESS
     |
     = note: GET https://ADDRESS/v2/t/front/manifests/1.0.0 failed
     = note: caused by: invalid peer certificate: UnknownIssuer
     = help: if it has a certificate of a private authority, have that one trusted: its PEM file is named by COMPOSE_CA_FILE, or in the user's `compose/config.toml`
             [registry."HOST"]
             ca = ["authority.pem"]
    exit status 3
    "#);
    let authority = sandbox.path(USERS_FILE).with_file_name("authority.pem").display().to_string();
    let run = sandbox.compose_with([("COMPOSE_CA_FILE", authority.as_str())], &push);
    assert_eq!(run.status, Some(0), "{run}");
    sandbox.write(USERS_FILE, host + "ca = [\"authority.pem\"]\n");
    let run = sandbox.compose(&format!("pull t:front --registry oci://{address} -o again.wasm"));
    assert_eq!((run.status, sandbox.read("again.wasm")), (Some(0), step("a", None, 1)), "{run}");
}

#[test]
fn a_client_certificate_is_shown_where_the_users_file_has_one() {
    let sandbox = Sandbox::with("", [("front.wasm", step("a", None, 1))]);
    let registry = registry_with_tls(&sandbox, ", clientcas: [AUTHORITY]");
    let address = registry.address();
    let push = format!("push front.wasm --as t:front@1.0.0 --to oci://{address} -q");
    let host = format!("[registry.\"{address}\"]\nca = [\"authority.pem\"]\n");
    sandbox.write(USERS_FILE, &host);
    // The refusal may come as a closed connection at first, which is tried again.
    let refused = sandbox.compose(&push).to_string().replace(address, "ADDRESS");
    let refused = (2..=5).fold(refused, |refused, tries| refused.replace(&format!(", tried {tries} times"), ""));
    assert_snapshot!(refused, @r#"
    error[registry-failure]: cannot get the image manifest of t:front@1.0.0 in oci://ADDRESS
     |
     = note: GET https://ADDRESS/v2/t/front/manifests/1.0.0 failed
     = note: caused by: received fatal alert: BadCertificate
     = help: it wants a certificate of yours that it trusts: name a PEM file with it and its key in the user's `compose/config.toml`
             [registry."HOST"]
             client-certificate = "me.pem"
    exit status 3
    "#);
    sandbox.write(USERS_FILE, host + "client-certificate = \"me.pem\"\n");
    let run = sandbox.compose(&push);
    assert_eq!(run.status, Some(0), "{run}");
}
