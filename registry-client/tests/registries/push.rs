//! Pushes: to a real registry, to directories, and to servers that answer a push as no registry should.

use std::num::NonZeroU64;
use std::path::Path;

use registry_client::{
    Artifact, ComponentConfig, Content, Credentials, Delivery, Digest, Error, Event, Origin, Os, Overwrite, PushMode,
    PushOptions, PushOutcome, Pushed, Registry,
};
use semver::Version;

use crate::artifact::{COMPONENT, blob_path, component_manifest};
use crate::docker_registry::{Access, DockerRegistry, PASSWORD};
use crate::sandbox::{Sandbox, docker_config, package, reference, told};
use crate::scripted_server::{Reply, Request, ScriptedServer};

fn artifact(content: impl Into<Vec<u8>>) -> Artifact {
    Artifact {
        content: Content::Bytes(content.into().into()),
        os: Os::WasiP2,
        component: Some(ComponentConfig::default()),
        annotations: [("org.opencontainers.image.description".to_owned(), "A catalog".to_owned())].into(),
    }
}

async fn push(sandbox: &Sandbox, target: &Origin, content: &[u8]) -> Result<Pushed, Error> {
    sandbox.client.push(target, &artifact(content), &PushOptions::default()).await
}

fn deliveries(pushed: &Pushed) -> Vec<Delivery> {
    pushed.blobs.iter().map(|(_, delivery)| *delivery).collect()
}

async fn check_pulled(sandbox: &Sandbox, origin: &Origin, pushed: &Pushed, bytes: &[u8]) {
    let (release, blob) = sandbox.pull(origin).await.unwrap();
    assert_eq!((release, &*blob), (pushed.release, bytes));
}

/// What holds of every kind of registry: `first` and `second` are two versions of one package.
async fn check_registry(first: &Origin, second: &Origin) {
    let sandbox = Sandbox::new();
    let created = push(&sandbox, first, COMPONENT).await.unwrap();
    assert_eq!((created.outcome, deliveries(&created)), (PushOutcome::Created, vec![Delivery::Sent; 2]));
    assert_eq!(Digest::of(&created.manifest), created.release.manifest.digest);
    check_pulled(&sandbox, first, &created, COMPONENT).await;

    let again = push(&sandbox, first, COMPONENT).await.unwrap();
    assert_eq!((again.outcome, deliveries(&again)), (PushOutcome::AlreadyThere, vec![Delivery::Present; 2]));
    assert_eq!(again.release, created.release);

    let error = push(&sandbox, first, b"other").await.unwrap_err();
    let Error::AlreadyExists { existing, pushed, .. } = error else { panic!("{error}") };
    assert_eq!(existing, created.release.manifest.digest);
    check_pulled(&sandbox, first, &created, COMPONENT).await;

    let options = PushOptions { mode: PushMode::DryRun, overwrite: Overwrite::Yes, ..PushOptions::default() };
    let planned = sandbox.client.push(first, &artifact("other"), &options).await.unwrap();
    assert_eq!(planned.outcome, PushOutcome::Replaced { previous: existing });
    assert_eq!((planned.release.manifest.digest, deliveries(&planned)), (pushed, vec![Delivery::Sent; 2]));
    check_pulled(&sandbox, first, &created, COMPONENT).await;

    let options = PushOptions { overwrite: Overwrite::Yes, ..PushOptions::default() };
    let replaced = sandbox.client.push(first, &artifact("other"), &options).await.unwrap();
    assert_eq!(replaced, planned);
    check_pulled(&sandbox, first, &replaced, b"other").await;

    let shared = push(&sandbox, second, COMPONENT).await.unwrap();
    assert_eq!((shared.outcome, deliveries(&shared)), (PushOutcome::Created, vec![Delivery::Present; 2]));
    check_pulled(&sandbox, second, &shared, COMPONENT).await;
}

#[tokio::test]
async fn a_component_is_pushed_to_a_registry_and_pulled_again() {
    let registry = DockerRegistry::start(Access::Anonymous);
    check_registry(&registry.package("1.0.0"), &registry.package("1.0.0+build.1")).await;
}

#[tokio::test]
async fn a_component_is_pushed_to_a_directory_and_pulled_again() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::Directory(directory.path().join("new/registry"));
    let version = |version: &str| Origin::Package {
        registry: registry.clone(),
        package: "shop:catalog".parse().unwrap(),
        version: Version::parse(version).unwrap(),
    };
    check_registry(&version("1.0.0"), &version("1.0.0+build.1")).await;
}

#[tokio::test]
async fn a_version_that_exists_is_refused_with_both_digests() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new();
    push(&sandbox, &registry.package("1.0.0"), COMPONENT).await.unwrap();
    let error = push(&sandbox, &registry.package("1.0.0"), b"other").await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"shop:catalog@1.0.0 in oci://ADDRESS/team exists with other content: its image manifest is sha256:6aeb0a134d2e294ab4902db746fa5530f888e148d4b31c6f7939d1afd85c769b, the one to be pushed is sha256:691ae892313e82fc6647a5db02f83068d7a9986193fae96bc89b6b55d1b18e81");
}

#[tokio::test]
async fn a_push_needs_the_password_that_the_registry_wants() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = Sandbox::with(registry.credentials(PASSWORD));
    push(&sandbox, &registry.package("1.0.0"), COMPONENT).await.unwrap();
    sandbox.pull(&registry.package("1.0.0")).await.unwrap();
    let error = push(&Sandbox::new(), &registry.package("1.0.0"), COMPONENT).await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"
    ADDRESS did not accept anonymous access
    GET http://ADDRESS/v2/team/shop/catalog/manifests/1.0.0 was answered with 401 UNAUTHORIZED: authentication required
    ");
}

#[tokio::test]
async fn an_artifact_is_pushed_under_a_tag_and_under_its_digest() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new();
    let repository = format!("{}/team/catalog", registry.address);
    let pushed = push(&sandbox, &reference(&format!("{repository}:stable")), COMPONENT).await.unwrap();
    let digest = pushed.release.manifest.digest;
    for selector in [format!("@{digest}"), format!(":next@{digest}")] {
        push(&sandbox, &reference(&format!("{repository}{selector}")), COMPONENT).await.unwrap();
    }
    check_pulled(&sandbox, &reference(&format!("{repository}:next")), &pushed, COMPONENT).await;
    let error = push(&sandbox, &reference(&format!("{repository}@{digest}")), b"other").await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"ADDRESS/team/catalog@sha256:e6e95dfba4cdb2442947886ddf9a6022838bdaf3bc22c136c1d57fc9fe4c8a66 is not what it should be: expected sha256:e6e95dfba4cdb2442947886ddf9a6022838bdaf3bc22c136c1d57fc9fe4c8a66, found sha256:f3578a2833cfa48ce6adb753ef0f830960182e184fc8a633f8233d208af6aaa1");
}

#[tokio::test]
async fn a_file_is_pushed_in_one_request_and_in_chunks() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new();
    for (chunk, size) in [(None, 300_001), (NonZeroU64::new(100_000), 300_000), (NonZeroU64::new(99_999), 7)] {
        let bytes: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(size).collect();
        let path = sandbox.directory.path().join("component.wasm");
        std::fs::write(&path, &bytes).unwrap();
        let artifact = Artifact { content: Content::File(path), ..artifact(b"") };
        let target = registry.package(&format!("1.0.{size}"));
        let pushed = sandbox.client.push(&target, &artifact, &PushOptions { chunk, ..PushOptions::default() }).await;
        check_pulled(&Sandbox::new(), &target, &pushed.unwrap(), &bytes).await;
    }
}

#[tokio::test]
async fn a_component_that_another_repository_has_is_mounted() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new();
    push(&sandbox, &registry.package("1.0.0"), COMPONENT).await.unwrap();
    let target = package(&registry.registry().to_string(), "mirror:catalog", "1.0.0");
    let options = PushOptions { mount_from: vec![registry.package("1.0.0")], ..PushOptions::default() };
    let pushed = sandbox.client.push(&target, &artifact(COMPONENT), &options).await.unwrap();
    assert_eq!(deliveries(&pushed), [Delivery::Mounted; 2]);
    check_pulled(&Sandbox::new(), &target, &pushed, COMPONENT).await;
}

#[tokio::test]
async fn a_push_tells_how_far_it_is() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new();
    push(&sandbox, &registry.package("1.0.0"), COMPONENT).await.unwrap();
    let one = ["UploadStarted", "UploadProgress", "UploadFinished"];
    assert_eq!(sandbox.event_names(), one.repeat(2));
    let sent = sandbox.events().into_iter().find_map(|event| match event {
        Event::UploadProgress { sent, .. } => Some(sent),
        _ => None,
    });
    assert_eq!(sent, Some(COMPONENT.len() as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_pushes_to_a_directory_all_succeed() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let registry = Registry::Directory(root);
    let pushes: Vec<_> = (0..16)
        .map(|patch| {
            // A client each, as if they were processes.
            let (client, registry) = (Sandbox::new().client, registry.clone());
            tokio::spawn(async move {
                let package = "shop:catalog".parse().unwrap();
                let target = Origin::Package { registry, package, version: Version::new(1, 0, patch) };
                let content = if patch % 2 == 0 { COMPONENT.to_vec() } else { patch.to_le_bytes().to_vec() };
                client.push(&target, &artifact(content), &PushOptions::default()).await.unwrap();
            })
        })
        .collect();
    for push in pushes {
        push.await.unwrap();
    }
    let versions = sandbox.client.versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap();
    assert_eq!(versions, (0..16).map(|patch| Version::new(1, 0, patch)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_push_to_a_directory_keeps_what_others_wrote_into_its_index() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let target = package(&format!("dir:{}", root.display()), "shop:catalog", "1.0.0");
    push(&sandbox, &target, COMPONENT).await.unwrap();
    let index = root.join("shop/catalog/index.json");
    let text = std::fs::read_to_string(&index).unwrap();
    let foreign = r#"{"mediaType":"a/b","digest":"sha256:0","size":1,"urls":["https://a.example"]}"#;
    std::fs::write(&index, text.replacen('[', &format!("[{foreign},"), 1).replacen('{', r#"{"foreign":1,"#, 1))
        .unwrap();
    let next = package(&format!("dir:{}", root.display()), "shop:catalog", "1.1.0");
    push(&sandbox, &next, b"next").await.unwrap();
    let text = std::fs::read_to_string(&index).unwrap();
    assert!(text.contains(r#""urls":["https://a.example"]"#) && text.contains(r#""foreign":1"#), "{text}");
    check_pulled(&sandbox, &target, &push(&sandbox, &target, COMPONENT).await.unwrap(), COMPONENT).await;
}

#[tokio::test]
async fn a_damaged_blob_of_a_directory_is_repaired_by_a_push() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let target = package(&format!("dir:{}", root.display()), "shop:catalog", "1.0.0");
    let pushed = push(&sandbox, &target, COMPONENT).await.unwrap();
    let blob = root.join("shop/catalog/blobs/sha256").join(Digest::of(COMPONENT).to_hex());
    std::fs::write(&blob, "rotten!!").unwrap();
    let again = push(&sandbox, &target, COMPONENT).await.unwrap();
    assert_eq!(
        (again.outcome, deliveries(&again)),
        (PushOutcome::AlreadyThere, vec![Delivery::Sent, Delivery::Present])
    );
    check_pulled(&sandbox, &target, &pushed, COMPONENT).await;
}

#[tokio::test]
async fn a_dry_run_creates_no_directory() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let target = package(&format!("dir:{}", root.display()), "shop:catalog", "1.0.0");
    let options = PushOptions { mode: PushMode::DryRun, ..PushOptions::default() };
    let pushed = sandbox.client.push(&target, &artifact(COMPONENT), &options).await.unwrap();
    assert_eq!((pushed.outcome, deliveries(&pushed)), (PushOutcome::Created, vec![Delivery::Sent; 2]));
    assert!(!root.exists());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    let sandbox = Sandbox::new();
    let file = sandbox.directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let target = package(&format!("dir:{}", file.display()), "shop:catalog", "1.0.0");
    let error = push(&sandbox, &target, COMPONENT).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&file.display().to_string(), "FILE")]), @"
    cannot write FILE/shop
    Not a directory (os error 20)
    ");
}

#[tokio::test]
async fn a_push_over_the_network_cannot_be_made_offline() {
    let target = reference("registry.invalid/team/catalog:1.0.0");
    let error =
        Sandbox::new().offline().push(&target, &artifact(COMPONENT), &PushOptions::default()).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"registry.invalid/team/catalog:1.0.0 cannot be pushed offline");
}

/// A registry that has nothing and takes everything, except where `answer` answers.
async fn start(answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |request| {
        if let Some(reply) = answer(request) {
            return reply;
        }
        match request.method.as_str() {
            "POST" => Reply::new(202, &["Location: /v2/team/catalog/blobs/uploads/1?state=a".to_owned()], b""),
            "PATCH" => Reply::new(202, &["Location: /v2/team/catalog/blobs/uploads/1?state=b".to_owned()], b""),
            "PUT" => Reply::status(201),
            _ => Reply::status(404),
        }
    })
    .await
}

async fn push_to(server: &ScriptedServer, content: &[u8], options: &PushOptions) -> Result<Pushed, String> {
    push_as(Credentials::anonymous(), server, content, options).await
}

async fn push_as(
    credentials: Credentials,
    server: &ScriptedServer,
    content: &[u8],
    options: &PushOptions,
) -> Result<Pushed, String> {
    let target = reference(&format!("{}/team/catalog:1.0.0", server.address));
    let pushed = Sandbox::with(credentials).client.push(&target, &artifact(content), options).await;
    pushed.map_err(|error| told(&error, &[(&server.address, "ADDRESS")]))
}

/// A push to a registry that answers as `answer` does must fail.
async fn check_refused(answer: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> String {
    let server = start(answer).await;
    let error = push_to(&server, COMPONENT, &PushOptions::default()).await.unwrap_err();
    assert!(!server.log().contains("PUT /v2/team/catalog/manifests/") || error.contains("/manifests/"), "{error}");
    error
}

/// Answers requests of `method` as `reply` says.
fn to(method: &'static str, reply: impl Fn() -> Reply) -> impl Fn(&Request) -> Option<Reply> {
    move |request| (request.method == method).then(&reply)
}

#[tokio::test]
async fn blobs_go_before_the_manifest_that_lists_them() {
    let server = start(|_| None).await;
    push_to(&server, COMPONENT, &PushOptions::default()).await.unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    HEAD /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    POST /v2/team/catalog/blobs/uploads/ -
    PUT /v2/team/catalog/blobs/uploads/1?state=a&digest=sha256%3A24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    HEAD /v2/team/catalog/blobs/sha256:babab88d668e7435e8a6301157e5048e7f0a4fcb4bad2fca529d21b71e70e524 -
    POST /v2/team/catalog/blobs/uploads/ -
    PUT /v2/team/catalog/blobs/uploads/1?state=a&digest=sha256%3Ababab88d668e7435e8a6301157e5048e7f0a4fcb4bad2fca529d21b71e70e524 -
    PUT /v2/team/catalog/manifests/1.0.0 -
    ");
}

#[tokio::test]
async fn what_the_registry_has_is_not_sent_again() {
    let server = start(|request| (request.method == "HEAD").then(|| Reply::ok(""))).await;
    let pushed = push_to(&server, COMPONENT, &PushOptions::default()).await.unwrap();
    assert_eq!(deliveries(&pushed), [Delivery::Present; 2]);
    assert!(!server.log().contains("POST"), "{}", server.log());
}

#[tokio::test]
async fn a_dry_run_only_asks() {
    let server = start(|_| None).await;
    let options = PushOptions { mode: PushMode::DryRun, ..PushOptions::default() };
    push_to(&server, COMPONENT, &options).await.unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    HEAD /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    HEAD /v2/team/catalog/blobs/sha256:babab88d668e7435e8a6301157e5048e7f0a4fcb4bad2fca529d21b71e70e524 -
    ");
}

#[tokio::test]
async fn an_upload_that_is_sent_elsewhere_is_refused_before_anything_goes_there() {
    let elsewhere = ScriptedServer::start(|_| Reply::status(201)).await;
    let location = format!("Location: http://{}/v2/team/catalog/blobs/uploads/1", elsewhere.address);
    let server = start(move |request| match (&request.authorization, request.method.as_str()) {
        (None, _) => Some(Reply::new(401, &["WWW-Authenticate: Basic realm=test".to_owned()], b"")),
        (Some(_), "POST") => Some(Reply::new(202, std::slice::from_ref(&location), b"")),
        (Some(_), _) => None,
    })
    .await;
    let credentials = docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#);
    let error = push_as(credentials, &server, COMPONENT, &PushOptions::default()).await.unwrap_err();
    insta::assert_snapshot!(error.replace(&elsewhere.address, "ELSEWHERE"), @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with http://ELSEWHERE/v2/team/catalog/blobs/uploads/1 for the next request of the upload, which is not the same server
    ");
    assert_eq!(elsewhere.log(), "");
}

#[tokio::test]
async fn an_upload_must_go_on_at_the_same_server() {
    let at = |location: &'static str| to("POST", move || Reply::new(202, &[format!("Location: {location}")], b""));
    insta::assert_snapshot!(check_refused(at("https://127.0.0.1/upload?token=s3cret")).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with https://127.0.0.1/upload for the next request of the upload, which is not the same server
    ");
    insta::assert_snapshot!(check_refused(at("http://user:pw@127.0.0.1/upload")).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with a place for the next request of the upload with a user name in it
    ");
    insta::assert_snapshot!(check_refused(at("http://[")).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with no place for the next request of the upload
    ");
    insta::assert_snapshot!(check_refused(to("POST", || Reply::status(202))).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with no place for the next request of the upload
    ");
}

#[tokio::test]
async fn an_upload_is_not_redirected() {
    let redirect = || Reply::redirect("https://storage.example/upload");
    insta::assert_snapshot!(check_refused(to("POST", redirect)).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with 307
    ");
    insta::assert_snapshot!(check_refused(to("PUT", redirect)).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    PUT http://ADDRESS/v2/team/catalog/blobs/uploads/1 was answered with 307
    ");
}

#[tokio::test]
async fn a_registry_that_refuses_a_push_is_quoted() {
    let body = br#"{"errors":[{"code":"DENIED","message":"read-only"}]}"#;
    insta::assert_snapshot!(check_refused(to("POST", || Reply::new(403, &[], body))).await, @"
    ADDRESS does not allow team/catalog to be written with anonymous access
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with 403 DENIED: read-only
    ");
    insta::assert_snapshot!(check_refused(to("PUT", || Reply::new(400, &[], body))).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    PUT http://ADDRESS/v2/team/catalog/blobs/uploads/1 was answered with 400 DENIED: read-only
    ");
    insta::assert_snapshot!(check_refused(to("POST", || Reply::status(404))).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    POST http://ADDRESS/v2/team/catalog/blobs/uploads/ was answered with 404
    ");
}

#[tokio::test]
async fn a_registry_that_stored_another_manifest_is_caught() {
    let other = |request: &Request| {
        let is_manifest = request.method == "PUT" && request.target.contains("/manifests/");
        let digest = Digest::of(b"other");
        is_manifest.then(|| Reply::new(201, &[format!("Docker-Content-Digest: {digest}")], b""))
    };
    insta::assert_snapshot!(check_refused(other).await, @"
    cannot push ADDRESS/team/catalog:1.0.0
    PUT http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with the digest sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa of another manifest
    ");
}

/// Pushes what another repository may have, to a registry that answers the mount with `reply`.
async fn check_mount(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Vec<Delivery>, String) {
    let server = start(move |request| request.target.contains("mount=").then(&reply)).await;
    let source = reference(&format!("{}/team/source:1.0.0", server.address));
    let elsewhere = reference("ghcr.io/team/source:1.0.0");
    let options = PushOptions { mount_from: vec![elsewhere, source], ..PushOptions::default() };
    let pushed = push_to(&server, COMPONENT, &options).await.unwrap();
    let component = blob_path(COMPONENT).replace("blobs/", "").replace(':', "%3A");
    let of_component = |line: &&str| line.starts_with("POST") || (line.starts_with("PUT") && line.contains(&component));
    (deliveries(&pushed), server.log().lines().filter(of_component).take(3).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn a_mount_that_is_made_sends_nothing() {
    let (deliveries, log) = check_mount(|| Reply::status(201)).await;
    assert_eq!(deliveries, [Delivery::Mounted; 2]);
    insta::assert_snapshot!(log, @"
    POST /v2/team/catalog/blobs/uploads/?mount=sha256%3A24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29&from=team%2Fsource -
    POST /v2/team/catalog/blobs/uploads/?mount=sha256%3Ababab88d668e7435e8a6301157e5048e7f0a4fcb4bad2fca529d21b71e70e524&from=team%2Fsource -
    ");
}

#[tokio::test]
async fn a_mount_that_is_accepted_goes_on_as_an_upload() {
    let accepted = || Reply::new(202, &["Location: /v2/team/catalog/blobs/uploads/2".to_owned()], b"");
    let (deliveries, log) = check_mount(accepted).await;
    assert_eq!(deliveries, [Delivery::Sent; 2]);
    insta::assert_snapshot!(log, @"
    POST /v2/team/catalog/blobs/uploads/?mount=sha256%3A24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29&from=team%2Fsource -
    PUT /v2/team/catalog/blobs/uploads/2?digest=sha256%3A24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    POST /v2/team/catalog/blobs/uploads/?mount=sha256%3Ababab88d668e7435e8a6301157e5048e7f0a4fcb4bad2fca529d21b71e70e524&from=team%2Fsource -
    ");
}

#[tokio::test]
async fn a_mount_that_is_refused_becomes_an_upload() {
    for status in [400, 401, 403, 404, 405, 500] {
        let (deliveries, _) = check_mount(move || Reply::status(status)).await;
        assert_eq!(deliveries, [Delivery::Sent; 2], "{status}");
    }
    let elsewhere = || Reply::new(202, &["Location: https://storage.example/upload".to_owned()], b"");
    assert_eq!(check_mount(elsewhere).await.0, [Delivery::Sent; 2]);
}

#[tokio::test]
async fn chunks_go_where_each_answer_says() {
    let server = start(|_| None).await;
    let options = PushOptions { chunk: NonZeroU64::new(3), ..PushOptions::default() };
    push_to(&server, COMPONENT, &options).await.unwrap();
    let log = server.log();
    insta::assert_snapshot!(log.lines().skip(2).take(5).collect::<Vec<_>>().join("\n"), @"
    POST /v2/team/catalog/blobs/uploads/ -
    PATCH /v2/team/catalog/blobs/uploads/1?state=a -
    PATCH /v2/team/catalog/blobs/uploads/1?state=b -
    PATCH /v2/team/catalog/blobs/uploads/1?state=b -
    PUT /v2/team/catalog/blobs/uploads/1?state=b&digest=sha256%3A24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 -
    ");
    let bodies: String = server
        .requests()
        .iter()
        .filter(|request| request.method == "PATCH")
        .take(3)
        .map(|request| request.body.as_str())
        .collect();
    assert_eq!(bodies.as_bytes(), COMPONENT);
}

#[tokio::test]
async fn a_chunk_has_at_least_the_bytes_that_the_registry_wants() {
    let location = "Location: /v2/team/catalog/blobs/uploads/1".to_owned();
    let server = start(move |request| {
        let headers = [location.clone(), "OCI-Chunk-Min-Length: 5".to_owned()];
        (request.method == "POST").then(|| Reply::new(202, &headers, b""))
    })
    .await;
    let options = PushOptions { chunk: NonZeroU64::new(3), ..PushOptions::default() };
    push_to(&server, COMPONENT, &options).await.unwrap();
    let first = server.requests().into_iter().find(|request| request.method == "PATCH").unwrap();
    assert_eq!(first.body.as_bytes(), &COMPONENT[..5]);
}

#[tokio::test]
async fn a_registry_that_lost_a_chunk_is_caught() {
    let server = start(|request| {
        let headers = ["Location: ?again".to_owned(), "Range: 0-0".to_owned()];
        (request.method == "PATCH").then(|| Reply::new(202, &headers, b""))
    })
    .await;
    let options = PushOptions { chunk: NonZeroU64::new(3), ..PushOptions::default() };
    insta::assert_snapshot!(push_to(&server, COMPONENT, &options).await.unwrap_err(), @"
    cannot push ADDRESS/team/catalog:1.0.0
    PATCH http://ADDRESS/v2/team/catalog/blobs/uploads/1 was answered with the range 0-0 after bytes 0-2 were sent
    ");
}

#[tokio::test]
async fn a_component_too_large_for_one_request_goes_in_chunks() {
    let too_large =
        |request: &Request| (request.method == "PUT" && request.body.len() > 1024 * 1024).then(|| Reply::status(413));
    let server = start(too_large).await;
    let pushed = push_to(&server, &vec![0; 17 * 1024 * 1024], &PushOptions::default()).await.unwrap();
    assert_eq!(deliveries(&pushed), [Delivery::Sent; 2]);
    let sizes = server.requests().into_iter().filter(|request| request.method == "PATCH");
    assert_eq!(sizes.map(|request| request.body.len()).collect::<Vec<_>>(), [16 * 1024 * 1024, 1024 * 1024]);
    let refused = check_refused(to("PUT", || Reply::status(413))).await;
    insta::assert_snapshot!(refused, @"
    cannot push ADDRESS/team/catalog:1.0.0
    PUT http://ADDRESS/v2/team/catalog/blobs/uploads/1 was answered with 413
    ");
}

/// A registry with bearer tokens, in which `grant` says what is granted for a request for one.
async fn start_with_tokens(grant: impl Fn(&Request) -> bool + Send + Sync + 'static) -> ScriptedServer {
    start(move |request| {
        if request.target.starts_with("/token") {
            return Some(if grant(request) { Reply::ok(r#"{"token":"granted"}"#) } else { Reply::status(401) });
        }
        let realm = format!("http://{}/token", request.host);
        let challenge = format!(r#"WWW-Authenticate: Bearer realm="{realm}",scope="repository:team/catalog:pull""#);
        (request.authorization.as_deref() != Some("Bearer granted")).then(|| Reply::new(401, &[challenge], b""))
    })
    .await
}

#[tokio::test]
async fn a_token_is_asked_for_with_all_that_a_push_needs() {
    let server = start_with_tokens(|_| true).await;
    let source = reference(&format!("{}/team/source:1.0.0", server.address));
    let options = PushOptions { mount_from: vec![source], ..PushOptions::default() };
    push_to(&server, COMPONENT, &options).await.unwrap();
    let log = server.log();
    insta::assert_snapshot!(log.lines().filter(|line| line.contains("/token")).collect::<Vec<_>>().join("\n"), @"
    GET /token?scope=repository%3Ateam%2Fcatalog%3Apull%2Cpush -
    GET /token?scope=repository%3Ateam%2Fcatalog%3Apull%2Cpush&scope=repository%3Ateam%2Fsource%3Apull -
    ");
}

#[tokio::test]
async fn a_refused_credential_is_not_replaced_by_an_anonymous_push() {
    let server = start_with_tokens(|request| request.authorization.is_none()).await;
    let credentials = docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#);
    let error = push_as(credentials, &server, COMPONENT, &PushOptions::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"
    ADDRESS did not accept the credential in /home/ada/.docker/config.json
    GET http://ADDRESS/token was answered with 401
    ");
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    GET /token?scope=repository%3Ateam%2Fcatalog%3Apull%2Cpush Basic
    ");
}

#[tokio::test]
async fn an_oversize_manifest_of_the_same_version_is_not_held_in_memory() {
    let oversize = to("GET", || Reply::new(200, &["Content-Length: 99999999999".to_owned()], b""));
    insta::assert_snapshot!(check_refused(oversize).await, @"the image manifest of ADDRESS/team/catalog:1.0.0 exceeds the limit of 4194304 bytes");
}

#[tokio::test]
async fn another_shape_of_the_same_component_is_other_content() {
    let error = check_refused(to("GET", || Reply::ok(component_manifest()))).await;
    insta::assert_snapshot!(error, @"ADDRESS/team/catalog:1.0.0 exists with other content: its image manifest is sha256:f4da88e5490a73c224aa3b5f78f48444bc0fd1da0d5c0c8c3ddf7deb3983d624, the one to be pushed is sha256:e6e95dfba4cdb2442947886ddf9a6022838bdaf3bc22c136c1d57fc9fe4c8a66");
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_pushed_is_not_pushed() {
    let sandbox = Sandbox::new();
    let path = sandbox.directory.path().join("component.wasm");
    std::fs::write(&path, COMPONENT).unwrap();
    let changed = path.clone();
    let shorten = move |path: &Path| std::fs::write(path, b"").unwrap();
    let server = start(move |request| {
        if request.method == "POST" {
            shorten(&changed);
        }
        None
    })
    .await;
    let target = reference(&format!("{}/team/catalog:1.0.0", server.address));
    let artifact = Artifact { content: Content::File(path.clone()), ..artifact(b"") };
    let error = sandbox.client.push(&target, &artifact, &PushOptions::default()).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS"), (&path.display().to_string(), "FILE")]), @"
    cannot push ADDRESS/team/catalog:1.0.0
    PUT http://ADDRESS/v2/team/catalog/blobs/uploads/1 failed
    error sending request
    client error (SendRequest)
    error from user's Body stream
    request or response body error
    what is pushed became shorter meanwhile
    ");
    assert!(!server.log().contains("PUT /v2/team/catalog/manifests/"), "{}", server.log());
}
