//! Artifacts that are not what they should be, however well they are served. None becomes a component by accident, and every message
//! says what it is instead.

use std::sync::atomic::{AtomicUsize, Ordering};

use registry_client::{Descriptor, Digest, Error};

use crate::artifact::{COMPONENT, CONFIG, blob_path, component_manifest, descriptor, image_manifest};
use crate::hostile_servers::{check_manifest, check_refused};
use crate::sandbox::{Sandbox, reference, told};
use crate::scripted_server::{Reply, ScriptedServer};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[tokio::test(start_paused = true)]
async fn an_artifact_that_is_no_component_is_refused() {
    let several = || Reply::ok(image_manifest(&[("application/wasm", COMPONENT), ("application/wasm", COMPONENT)]));
    insta::assert_snapshot!(check_manifest(several).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it has 2 layers (artifact type `application/vnd.wasm.config.v0+json`), expected one of type `application/wasm`
    ");
    let image = || Reply::ok(image_manifest(&[("application/vnd.oci.image.layer.v1.tar+gzip", COMPONENT)]));
    insta::assert_snapshot!(check_manifest(image).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its layer has the media type `application/vnd.oci.image.layer.v1.tar+gzip`, expected `application/wasm`
    ");
    insta::assert_snapshot!(check_manifest(|| Reply::ok("<html>Welcome")).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its image manifest is malformed: expected value at line 1 column 1
    ");
}

#[tokio::test(start_paused = true)]
async fn deeply_nested_json_is_refused() {
    let deep = || Reply::ok(format!(r#"{{"schemaVersion":2,"a":{}"#, "[".repeat(1_000_000)));
    insta::assert_snapshot!(check_manifest(deep).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its image manifest is malformed: EOF while parsing a list at line 1 column 1000023
    ");
}

/// The index of `entries`, each a manifest's bytes and what follows its descriptor.
fn index(entries: &[(&[u8], &str)]) -> String {
    let entry =
        |(bytes, more): &(&[u8], &str)| format!("{}{more}}}", descriptor(MANIFEST, bytes).trim_end_matches('}'));
    let entries = entries.iter().map(entry).collect::<Vec<_>>().join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{entries}]}}"#)
}

/// A server of `index` under its tag, of [`COMPONENT`]'s manifest and of its bytes.
async fn serve(index: String) -> ScriptedServer {
    let manifest = format!("manifests/{}", Digest::of(&component_manifest()));
    ScriptedServer::start(move |request| match request.target.as_str() {
        target if target.ends_with("/manifests/1.0.0") => Reply::ok(&index),
        target if target.ends_with(&manifest) => Reply::ok(component_manifest()),
        target if target.ends_with(&blob_path(COMPONENT)) => Reply::ok(COMPONENT),
        _ => Reply::ok("something else"),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_index_of_one_component_is_read_through() {
    let component = component_manifest();
    let platform = r#","platform":{"architecture":"wasm","os":"wasip2"}"#;
    let artifact_type = r#","artifactType":"application/vnd.wasm.config.v0+json""#;
    for entries in [
        [(component.as_slice(), "")].as_slice(),
        &[(&component, platform), (b"another", r#","platform":{"architecture":"amd64","os":"linux"}"#)],
        &[(b"another", ""), (&component, artifact_type)],
    ] {
        let server = serve(index(entries)).await;
        let (release, blob) =
            Sandbox::new().pull(&reference(&format!("{}/team/catalog:1.0.0", server.address))).await.unwrap();
        assert_eq!((release.manifest, &*blob), (Descriptor::of(&component), COMPONENT));
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_does_not_say_which_is_refused() {
    let check = async |index: String| check_refused(&serve(index).await, ":1.0.0").await;
    let (component, wasm) = (component_manifest(), r#","platform":{"architecture":"wasm","os":"wasip2"}"#);
    insta::assert_snapshot!(check(index(&[])).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it is an image index: refer to one of its manifests by digest
    ");
    insta::assert_snapshot!(check(index(&[(&component, ""), (b"another", "")])).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it is an image index: refer to one of its manifests by digest
    ");
    insta::assert_snapshot!(check(index(&[(&component, wasm), (b"another", wasm)])).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it is an image index of 2 components: refer to one of its manifests by digest
    ");
    // What it lists is an index itself, has other bytes, or has no digest.
    let nested = index(&[(&component, "")]);
    let digest = Digest::of(&component).to_string();
    insta::assert_snapshot!(check(nested.replace(&digest, "sha256:../..")).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its image index has no valid digest
    `sha256:../..` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`
    ");
    insta::assert_snapshot!(check(nested.replace(&digest, &Digest::of(b"x").to_string())).await, @"the image manifest of ADDRESS/team/catalog:1.0.0 is not what it should be: expected sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, found sha256:f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8");
    insta::assert_snapshot!(check(nested.replace(MANIFEST, INDEX)).await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it is an image index: refer to one of its manifests by digest
    ");
}

#[tokio::test(start_paused = true)]
async fn an_index_in_an_index_is_refused() {
    let inner = index(&[(&component_manifest(), "")]);
    let outer = index(&[(inner.as_bytes(), "")]);
    let inner_path = format!("manifests/{}", Digest::of(inner.as_bytes()));
    let server = ScriptedServer::start(move |request| {
        if request.target.ends_with(&inner_path) { Reply::ok(&inner) } else { Reply::ok(&outer) }
    })
    .await;
    insta::assert_snapshot!(check_refused(&server, ":1.0.0").await, @"
    ADDRESS/team/catalog:1.0.0 is not a component
    it is an image index: refer to one of its manifests by digest
    ");
}

#[tokio::test(start_paused = true)]
async fn the_urls_of_a_foreign_layer_are_not_visited() {
    let elsewhere = ScriptedServer::start(|_| Reply::ok(COMPONENT)).await;
    let manifest = String::from_utf8(component_manifest()).unwrap();
    let urls = format!(r#""mediaType":"application/wasm","urls":["http://{}/"],"#, elsewhere.address);
    let manifest = manifest.replace(r#""mediaType":"application/wasm","#, &urls);
    let server = ScriptedServer::start(move |request| {
        if request.target.contains("/manifests/") { Reply::ok(&manifest) } else { Reply::status(404) }
    })
    .await;
    insta::assert_snapshot!(check_refused(&server, ":1.0.0").await, @"the registry does not have the component of ADDRESS/team/catalog:1.0.0, sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29");
    assert_eq!(elsewhere.log(), "");
}

/// Describes and pulls an artifact whose config lists the layers that `layers` says; `Ok` where both are fine.
async fn check_config(layers: &str) -> Result<(), String> {
    let config = format!(r#"{{"architecture":"wasm","os":"wasip2","layerDigests":{layers}}}"#);
    let manifest = String::from_utf8(component_manifest()).unwrap();
    let kind = "application/vnd.wasm.config.v0+json";
    let manifest = manifest.replace(&descriptor(kind, CONFIG), &descriptor(kind, config.as_bytes()));
    let server = ScriptedServer::start(move |request| match request.target.as_str() {
        target if target.contains("/manifests/") => Reply::ok(&manifest),
        target if target.ends_with(&blob_path(COMPONENT)) => Reply::ok(COMPONENT),
        _ => Reply::ok(&config),
    })
    .await;
    let sandbox = Sandbox::new();
    let origin = reference(&format!("{}/team/catalog:1.0.0", server.address));
    let path = sandbox.directory.path().join("pulled.wasm");
    let told = |error: Error| told(&error, &[(&server.address, "ADDRESS")]);
    let described = sandbox.client.describe(&origin).await.map(drop).map_err(told);
    // Once from the registry, and once where it is there already.
    for _ in 0..2 {
        let pulled = sandbox.client.pull(&origin, &path).await.map(drop).map_err(told);
        assert_eq!(pulled, described);
        assert_eq!(std::fs::read(&path).ok().is_some_and(|bytes| bytes == COMPONENT), described.is_ok());
    }
    described
}

#[tokio::test(start_paused = true)]
async fn a_config_of_another_manifest_is_refused() {
    check_config("[]").await.unwrap();
    check_config(&format!(r#"["{}"]"#, Digest::of(COMPONENT))).await.unwrap();
    insta::assert_snapshot!(check_config(r#"["sha256:00"]"#).await.unwrap_err(), @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its config is for the layer sha256:00, and its image manifest lists sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29
    ");
    insta::assert_snapshot!(check_config(&format!(r#"["{}", "sha256:00"]"#, Digest::of(COMPONENT))).await.unwrap_err(), @"
    ADDRESS/team/catalog:1.0.0 is not a component
    its config is for the layer sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29, sha256:00, and its image manifest lists sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29
    ");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moves_meanwhile_changes_nothing() {
    // Every request for the manifest is answered with another one, and each has its own component.
    let count = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |request| {
        if request.target.contains("/manifests/") {
            let body = format!("component {}", count.fetch_add(1, Ordering::SeqCst));
            return Reply::ok(image_manifest(&[("application/wasm", body.as_bytes())]));
        }
        let bodies = (0..2).map(|number| format!("component {number}"));
        let body = bodies.into_iter().find(|body| request.target.ends_with(&blob_path(body.as_bytes())));
        body.map_or(Reply::status(404), Reply::ok)
    })
    .await;
    let sandbox = Sandbox::new();
    let origin = reference(&format!("{}/team/catalog:1.0.0", server.address));
    let first = sandbox.client.release(&origin).await.unwrap();
    let second = sandbox.client.release(&origin).await.unwrap();
    assert_ne!(first.manifest, second.manifest);
    assert_eq!(&*sandbox.client.fetch(&origin, &first).await.unwrap(), b"component 0");
    assert_eq!(&*sandbox.client.fetch(&origin, &second).await.unwrap(), b"component 1");
    assert!(!server.log().contains("HEAD"), "{}", server.log());
}

#[test]
fn repositories_that_would_lead_elsewhere_are_refused() {
    for path in ["..", "a/../b", "a/..", "../a", ".", "a//b", "a/", "a%2f..", "a\\b", "a?b", "a#b", "a@b"] {
        let text = format!("registry.example/{path}:1");
        assert!(text.parse::<registry_client::Reference>().is_err(), "{text}");
        let text = format!("oci://registry.example/{path}/x");
        assert!(text.parse::<registry_client::Registry>().is_err(), "{text}");
    }
}
