//! Mirrors: asked first, trusted with nothing that has a digest, passed over when they fail.

use registry_client::{Event, HostOptions, Registry};

use crate::artifact::{COMPONENT, component_manifest, image_manifest};
use crate::sandbox::{Sandbox, reference, told};
use crate::scripted_server::{Reply, ScriptedServer};

/// A server of [`COMPONENT`] and of two versions.
async fn registry() -> ScriptedServer {
    ScriptedServer::start(|request| match request.target.as_str() {
        target if target.contains("/tags/list") => Reply::ok(r#"{"name":"a","tags":["1.0.0","1.1.0"]}"#),
        target if target.contains("/manifests/") => Reply::ok(component_manifest()),
        _ => Reply::ok(COMPONENT),
    })
    .await
}

/// A client that asks `mirror` before `server`.
fn sandbox(server: &ScriptedServer, mirror: &ScriptedServer) -> Sandbox {
    let Ok(Registry::Oci(mirror)) = format!("oci://{}/cache", mirror.address).parse() else { panic!("not OCI") };
    Sandbox::with_host(&server.address, HostOptions { mirrors: vec![mirror], ..HostOptions::default() })
}

#[tokio::test(start_paused = true)]
async fn a_mirror_spares_the_registry() {
    let (server, mirror) = (registry().await, registry().await);
    sandbox(&server, &mirror).pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    insta::assert_snapshot!(server.log(), @"");
    insta::assert_snapshot!(mirror.log(), @"
    GET /v2/cache/team/catalog/manifests/1 -
    GET /v2/cache/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    ");
}

/// Pulls where the mirror answers everything with `reply`; returns what is said about it.
async fn check_passed_over(reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let mirror = ScriptedServer::start(move |_| reply()).await;
    let server = registry().await;
    let sandbox = sandbox(&server, &mirror);
    let (_, blob) = sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    assert_eq!(&*blob, COMPONENT);
    let failures = sandbox.events().into_iter().filter_map(|event| match event {
        Event::MirrorFailed { failure, .. } => Some(failure.replace(&mirror.address, "MIRROR")),
        _ => None,
    });
    failures.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_fails_is_passed_over() {
    insta::assert_snapshot!(check_passed_over(|| Reply::status(404)).await, @"
    GET http://MIRROR/v2/cache/team/catalog/manifests/1 was answered with 404
    GET http://MIRROR/v2/cache/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with 404
    ");
    insta::assert_snapshot!(check_passed_over(|| Reply::status(503)).await, @"
    GET http://MIRROR/v2/cache/team/catalog/manifests/1 was answered with 503
    GET http://MIRROR/v2/cache/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with 503
    ");
    insta::assert_snapshot!(check_passed_over(Reply::silence).await, @"
    GET http://MIRROR/v2/cache/team/catalog/manifests/1 had no answer within 30 seconds
    GET http://MIRROR/v2/cache/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 had no answer within 30 seconds
    ");
    insta::assert_snapshot!(check_passed_over(|| Reply::ok("<html>")).await, @"
    GET http://MIRROR/v2/cache/team/catalog/manifests/1 was answered with something else than a manifest
    expected 8 bytes, found 6
    ");
    insta::assert_snapshot!(check_passed_over(|| Reply::unbounded(b"").then_a_flood()).await, @"
    more than 4194304 bytes
    expected 8 bytes, found 9
    ");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_with_other_bytes_is_passed_over() {
    let other = image_manifest(&[("application/wasm", b"other")]);
    let mirror = ScriptedServer::start(move |request| {
        if request.target.contains("/manifests/") { Reply::ok(&other) } else { Reply::ok(vec![b'!'; COMPONENT.len()]) }
    })
    .await;
    let server = registry().await;
    let sandbox = sandbox(&server, &mirror);
    let digest = registry_client::Digest::of(&component_manifest());
    let (_, blob) = sandbox.pull(&reference(&format!("{}/team/catalog@{digest}", server.address))).await.unwrap();
    assert_eq!(&*blob, COMPONENT);
    assert_eq!(sandbox.event_names().iter().filter(|name| *name == "MirrorFailed").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_answers_the_registry_is_blamed() {
    let mirror = ScriptedServer::start(|_| Reply::status(404)).await;
    let server = ScriptedServer::start(|_| Reply::status(501)).await;
    let origin = reference(&format!("{}/team/catalog:1", server.address));
    let error = sandbox(&server, &mirror).pull(&origin).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS")]), @"
    cannot get the image manifest of ADDRESS/team/catalog:1
    GET http://ADDRESS/v2/team/catalog/manifests/1 was answered with 501
    ");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_lists_versions_only_for_a_registry_that_does_not_answer() {
    let (server, mirror) = (registry().await, registry().await);
    let list = |server: &ScriptedServer| {
        let registry: Registry = format!("oci://{}", server.address).parse().unwrap();
        let client = sandbox(server, &mirror).client;
        async move { client.versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap().len() }
    };
    assert_eq!(list(&server).await, 2);
    assert_eq!(mirror.log(), "");
    let down = ScriptedServer::start(|_| Reply::status(503)).await;
    assert_eq!(list(&down).await, 2);
    insta::assert_snapshot!(mirror.log(), @"GET /v2/cache/shop/catalog/tags/list?n=1000 -");
}
