//! What is found before anything is pulled: which registry a host is, and which version is meant.

use registry_client::{Configuration, Error, Place, Registry};

use crate::sandbox::{Sandbox, told};
use crate::scripted_server::{Reply, ScriptedServer};

/// What a host is taken for that answers for its metadata with `reply`.
async fn check_host(reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let server = ScriptedServer::start(move |_| reply()).await;
    let registry = Sandbox::new().client.registry_of(&Place::Host(server.address.clone())).await;
    let text = registry.map_or_else(|error| told(&error, &[]), |registry| registry.to_string());
    text.replace(&server.address, "ADDRESS")
}

#[tokio::test]
async fn a_host_says_which_registry_it_is() {
    let wasi = r#"{"preferredProtocol":"oci","oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/"}}"#;
    insta::assert_snapshot!(check_host(move || Reply::ok(wasi)).await, @"oci://ghcr.io/webassembly");
}

#[tokio::test]
async fn a_host_without_metadata_is_a_registry_itself() {
    for status in [400, 401, 403, 404, 405, 410] {
        assert_eq!(check_host(move || Reply::status(status)).await, "oci://ADDRESS", "{status}");
    }
    assert_eq!(check_host(|| Reply::ok("<html>Welcome")).await, "oci://ADDRESS");
    assert_eq!(check_host(|| Reply::ok("{}")).await, "oci://ADDRESS");
}

#[tokio::test]
async fn metadata_that_cannot_be_used_is_an_error() {
    insta::assert_snapshot!(check_host(|| Reply::ok(r#"{"oci":"#)).await, @"
    ADDRESS does not say in a usable way which registry it is
    its JSON is malformed: EOF while parsing a value at line 1 column 7
    ");
    insta::assert_snapshot!(check_host(|| Reply::ok(r#"{"preferredProtocol":"local"}"#)).await, @"
    ADDRESS does not say in a usable way which registry it is
    its protocol is `local`, expected `oci` or `warg`
    ");
    insta::assert_snapshot!(check_host(|| Reply::ok(r#"{"ociNamespacePrefix":"a/../"}"#)).await, @"
    ADDRESS does not say in a usable way which registry it is
    `oci://ADDRESS/a/..` is not a registry
    `a/..` is not a repository: expected lowercase letters and digits, single `.`, `_` or `-` between them, and `/`
    ");
    insta::assert_snapshot!(check_host(|| Reply::ok("[".repeat(300 * 1024))).await, @"the registry metadata of ADDRESS exceeds the limit of 262144 bytes");
    insta::assert_snapshot!(check_host(|| Reply::redirect("http://169.254.169.254/latest")).await, @"
    cannot get the registry metadata of ADDRESS
    GET http://ADDRESS/.well-known/wasm-pkg/registry.json was answered with a redirect to http://169.254.169.254/latest, which is neither https nor on a host where plain http is allowed
    ");
}

#[tokio::test]
async fn a_host_is_asked_once() {
    let server = ScriptedServer::start(|_| Reply::status(404)).await;
    let sandbox = Sandbox::new();
    for _ in 0..3 {
        sandbox.client.registry_of(&Place::Host(server.address.clone())).await.unwrap();
    }
    assert_eq!(server.log(), "GET /.well-known/wasm-pkg/registry.json -");
}

#[tokio::test]
async fn a_host_cannot_be_asked_offline() {
    let choice = Configuration::built_in().choose(&"wasi:http".parse().unwrap()).unwrap();
    let error = Sandbox::new().offline().registry_of(&choice.place).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"the registry metadata of wasi.dev cannot be had offline");
}

#[tokio::test]
async fn a_protocol_that_is_not_known_is_named() {
    let place = Place::Unsupported { host: "files.example".to_owned(), protocol: "local".to_owned() };
    let error = Sandbox::new().client.registry_of(&place).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"files.example cannot be used: it is configured for wkg's protocol `local`, and this version speaks `oci`");
}

#[tokio::test]
async fn the_newest_version_that_is_wanted_is_found() {
    let server =
        ScriptedServer::start(|_| Reply::ok(r#"{"tags":["1.0.0","1.10.0","1.9.0","2.0.0","2.1.0-rc.1"]}"#)).await;
    let registry: Registry = format!("oci://{}", server.address).parse().unwrap();
    let client = Sandbox::new().client;
    let newest = async |requirement: &str| {
        let newest = client.newest(&registry, &"shop:catalog".parse().unwrap(), &requirement.parse().unwrap()).await;
        newest.map(|version| version.to_string())
    };
    assert_eq!(newest("^1").await.unwrap(), "1.10.0");
    assert_eq!(newest("~1.9").await.unwrap(), "1.9.0");
    assert_eq!(newest("*").await.unwrap(), "2.0.0");
    assert_eq!(newest("2.1.0-rc.1").await.unwrap(), "2.1.0-rc.1");
    let error = newest("^3").await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS")]), @"oci://ADDRESS has no shop:catalog in version ^3");
    let Error::NoMatchingVersion { available, .. } = error else { panic!("{error}") };
    assert_eq!(available.len(), 5);
}
