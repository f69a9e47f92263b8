//! Proxies. The environment names them, and cannot be changed within a process: the test runs itself once more, as a process that has one.

use tokio::process::Command;

use crate::artifact::{COMPONENT, component_manifest};
use crate::sandbox::{Sandbox, reference};
use crate::scripted_server::{Reply, ScriptedServer};

/// Says that this is the process that has a proxy.
const PROXIED: &str = "REGISTRY_CLIENT_TEST_PROXIED";

async fn registry() -> ScriptedServer {
    ScriptedServer::start(|request| match request.target.as_str() {
        target if target.contains("/manifests/") => Reply::ok(component_manifest()),
        _ => Reply::ok(COMPONENT),
    })
    .await
}

#[tokio::test]
async fn a_proxy_is_for_what_is_not_on_this_machine() {
    if std::env::var_os(PROXIED).is_some() {
        let here = registry().await;
        for host in ["registry.invalid", &here.address] {
            let (_, blob) = Sandbox::new().pull(&reference(&format!("{host}/team/catalog:1"))).await.unwrap();
            assert_eq!(&*blob, COMPONENT);
        }
        assert_eq!(here.requests().len(), 2);
        return;
    }
    let proxy = registry().await;
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "proxies::a_proxy_is_for_what_is_not_on_this_machine"])
        .env(PROXIED, "")
        .env("HTTP_PROXY", format!("http://{}", proxy.address))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .status()
        .await;
    assert!(status.unwrap().success());
    insta::assert_snapshot!(proxy.log(), @"
    GET http://registry.invalid/v2/team/catalog/manifests/1 -
    GET http://registry.invalid/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    ");
}
