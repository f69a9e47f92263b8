//! Pulls into files: from a real registry, from the store, and where either is not as it should be.

use std::fs;
use std::path::PathBuf;

use registry_client::{
    Artifact, Content, Descriptor, Digest, Event, Origin, Os, PushOptions, Release, StoreUsage, Tally,
};

use crate::artifact::{COMPONENT, blob_path, component_manifest, image_manifest};
use crate::docker_registry::{Access, DockerRegistry};
use crate::sandbox::{Sandbox, package, reference, told};
use crate::scripted_server::{Reply, ScriptedServer};

/// Where a sandbox's pulls go.
fn target(sandbox: &Sandbox) -> PathBuf {
    sandbox.directory.path().join("pulled.wasm")
}

#[tokio::test]
async fn a_component_is_pulled_into_a_file_and_then_from_the_store() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    let sandbox = Sandbox::new();
    let path = target(&sandbox);
    fs::write(&path, "an older one, which is longer").unwrap();
    let pull = async || {
        let release = sandbox.client.pull(&registry.package("1.2.0"), &path).await.unwrap();
        assert_eq!(release.component, Descriptor::of(COMPONENT));
        assert_eq!(fs::read(&path).unwrap(), COMPONENT);
    };
    pull().await;
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    pull().await;
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
    // The file is its owner's to change: the store has its own.
    for changed in [b"changed!".as_slice(), b"longer than it was"] {
        fs::write(&path, changed).unwrap();
        pull().await;
    }
    let names = ["DownloadStarted", "AlreadyWritten", "FromStore"];
    let events = sandbox.event_names().into_iter().filter(|name| names.contains(&name.as_str()));
    assert_eq!(events.collect::<Vec<_>>(), ["DownloadStarted", "AlreadyWritten", "FromStore", "FromStore"]);
}

#[tokio::test]
async fn a_component_is_pulled_from_a_directory() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let origin = package(&format!("dir:{}", root.display()), "shop:catalog", "1.0.0");
    let artifact =
        Artifact { content: Content::Bytes(COMPONENT.into()), os: Os::WasiP2, component: None, annotations: [].into() };
    sandbox.client.push(&origin, &artifact, &PushOptions::default()).await.unwrap();
    sandbox.client.pull(&origin, &target(&sandbox)).await.unwrap();
    assert_eq!(fs::read(target(&sandbox)).unwrap(), COMPONENT);
    assert_eq!(sandbox.store().usage().unwrap(), StoreUsage::default());
}

/// Pulls [`COMPONENT`] once, spoils its file in the store, and pulls again.
async fn check_spoiled(bytes: &[u8]) {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    let sandbox = Sandbox::new();
    let path = target(&sandbox);
    sandbox.client.pull(&registry.package("1.2.0"), &path).await.unwrap();
    let hex = Digest::of(COMPONENT).to_hex();
    let stored = sandbox.directory.path().join("store/blobs/sha256").join(&hex[..2]).join(&hex[2..]);
    fs::write(&stored, bytes).unwrap();
    fs::remove_file(&path).unwrap();
    sandbox.client.pull(&registry.package("1.2.0"), &path).await.unwrap();
    assert_eq!((fs::read(&path).unwrap(), fs::read(&stored).unwrap()), (COMPONENT.to_vec(), COMPONENT.to_vec()));
    assert!(sandbox.event_names().contains(&"CorruptBlob".to_owned()));
    assert_eq!(sandbox.store().usage().unwrap().corrupt, Tally { files: 1, bytes: bytes.len() as u64 });
}

#[tokio::test]
async fn a_corrupt_file_of_the_store_is_not_copied_but_fetched_again() {
    check_spoiled(b"rotten!!").await;
    check_spoiled(b"short").await;
}

#[tokio::test]
async fn a_pull_that_fails_changes_nothing() {
    let server = ScriptedServer::start(|request| match request.target.as_str() {
        target if target.contains("/manifests/") => Reply::ok(component_manifest()),
        _ => Reply::ok(b"\0asm\x01\0\0\0"),
    })
    .await;
    let sandbox = Sandbox::new();
    let path = target(&sandbox);
    fs::write(&path, "an older one").unwrap();
    let origin = reference(&format!("{}/team/catalog:1", server.address));
    sandbox.client.pull(&origin, &path).await.unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"an older one");
    assert_eq!(fs::read_dir(sandbox.directory.path()).unwrap().count(), 2, "the store and the older file");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    let sandbox = Sandbox::new();
    let path = sandbox.directory.path().join("no/such/directory/pulled.wasm");
    let error = async || {
        let error = sandbox.client.pull(&registry.package("1.2.0"), &path).await.unwrap_err();
        told(&error, &[(&path.display().to_string(), "FILE")])
    };
    let first = error().await;
    insta::assert_snapshot!(first, @"
    cannot write FILE
    No such file or directory (os error 2)
    ");
    // By now the store has it.
    assert_eq!(error().await, first);
}

/// A server of `body` whose first answer breaks off after 200,000 bytes.
async fn serve_brokenly(body: Vec<u8>) -> (ScriptedServer, Descriptor) {
    let (manifest, component) = (image_manifest(&[("application/wasm", &body)]), Descriptor::of(&body));
    let server = ScriptedServer::start(move |request| match request.target.as_str() {
        target if target.contains("/manifests/") => Reply::ok(&manifest),
        target if target.ends_with(&blob_path(&body)) && request.range.is_none() => Reply::ok(&body).cut(200_000),
        target if target.ends_with(&blob_path(&body)) => Reply::part(request, &body),
        _ => Reply::status(404),
    })
    .await;
    (server, component)
}

#[tokio::test(start_paused = true)]
async fn a_pull_tells_how_far_it_is() {
    let (server, component) = serve_brokenly(vec![7; 300_000]).await;
    let sandbox = Sandbox::new();
    let origin: Origin = reference(&format!("{}/team/catalog:1", server.address));
    let release: Release = sandbox.client.pull(&origin, &target(&sandbox)).await.unwrap();
    assert_eq!(release.component, component);
    let told: Vec<String> = sandbox
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::DownloadStarted { component, .. } => Some(format!("started: {} bytes", component.size)),
            Event::DownloadProgress { received, .. } if received == component.size => Some("all bytes".to_owned()),
            Event::Retrying { blob, attempt, .. } => {
                assert_eq!(blob, Some(component.digest));
                Some(format!("try {attempt}"))
            }
            Event::DownloadResumed { received, .. } => Some(format!("resumed after {received} bytes")),
            Event::DownloadFinished { .. } => Some("finished".to_owned()),
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    started: 300000 bytes
    try 2
    resumed after 200000 bytes
    all bytes
    finished
    ");
}
