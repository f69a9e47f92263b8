//! Servers that lie, break off, never end, or send us elsewhere. Nothing of theirs becomes usable, and every message says what came.

use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use registry_client::{Descriptor, Digest, Registry};
use tokio::time::Instant;

use crate::artifact::{COMPONENT, blob_path, component_manifest, image_manifest};
use crate::sandbox::{Sandbox, docker_config, reference, told};
use crate::scripted_server::{Reply, ScriptedServer};

/// Answers for a manifest with `manifest`, and for anything else with `blob`.
async fn start(
    manifest: impl Fn() -> Reply + Send + Sync + 'static,
    blob: impl Fn() -> Reply + Send + Sync + 'static,
) -> ScriptedServer {
    ScriptedServer::start(move |request| if request.target.contains("/manifests/") { manifest() } else { blob() }).await
}

/// Pulls by tag, and expects a failure that leaves nothing in the store that could be taken for a component.
pub(crate) async fn check_refused(server: &ScriptedServer, selector: &str) -> String {
    let sandbox = Sandbox::new();
    let origin = reference(&format!("{}/team/catalog{selector}", server.address));
    let begun = Instant::now();
    let error = sandbox.pull(&origin).await.unwrap_err();
    // The clock is paused: this is what the waits add up to, for the manifest and for the component.
    assert!(begun.elapsed() <= Duration::from_secs(240), "{:?}", begun.elapsed());
    // Most of it is in the buffers of the five connections that a request may be tried over.
    assert!(server.flooded() < 64 * 1024 * 1024, "{}", server.flooded());
    let store = sandbox.directory.path().join("store");
    for directory in ["corrupt", "blobs/sha256"] {
        assert_eq!(std::fs::read_dir(store.join(directory)).unwrap().count(), 0, "{directory}");
    }
    told(&error, &[(&server.address, "ADDRESS")])
}

pub(crate) async fn check_manifest(reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let server = start(reply, || Reply::status(404)).await;
    check_refused(&server, ":1.0.0").await
}

async fn check_blob(reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let server = start(|| Reply::ok(component_manifest()), reply).await;
    check_refused(&server, ":1.0.0").await
}

#[tokio::test(start_paused = true)]
async fn a_manifest_with_another_digest_is_refused() {
    let server = start(|| Reply::ok(component_manifest()), || Reply::status(404)).await;
    let asked = Digest::of(b"another manifest");
    insta::assert_snapshot!(check_refused(&server, &format!("@{asked}")).await, @"the image manifest of ADDRESS/team/catalog@sha256:e7b0c7ca59efa17fc92e5aafb66a8109dd8bac6baf3db6e56c926dfa263ec1ea is not what it should be: expected sha256:e7b0c7ca59efa17fc92e5aafb66a8109dd8bac6baf3db6e56c926dfa263ec1ea, found sha256:f4da88e5490a73c224aa3b5f78f48444bc0fd1da0d5c0c8c3ddf7deb3983d624");
}

#[tokio::test(start_paused = true)]
async fn an_oversize_manifest_is_not_held_in_memory() {
    let announced = || Reply::new(200, &["Content-Length: 99999999999".to_owned()], b"");
    insta::assert_snapshot!(check_manifest(announced).await, @"the image manifest of ADDRESS/team/catalog:1.0.0 exceeds the limit of 4194304 bytes");
    let unannounced = || {
        let piece = [b"100000\r\n".as_slice(), &vec![b' '; 0x0010_0000], b"\r\n"].concat();
        Reply::new(200, &["Transfer-Encoding: chunked".to_owned()], &piece.repeat(6))
    };
    insta::assert_snapshot!(check_manifest(unannounced).await, @"the image manifest of ADDRESS/team/catalog:1.0.0 exceeds the limit of 4194304 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_not_held_in_memory() {
    insta::assert_snapshot!(check_manifest(|| Reply::unbounded(b"{").then_a_flood()).await, @"the image manifest of ADDRESS/team/catalog:1.0.0 exceeds the limit of 4194304 bytes");
    insta::assert_snapshot!(check_blob(|| Reply::unbounded(b"\0asm").then_a_flood()).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 9");
    insta::assert_snapshot!(check_manifest(|| Reply::new(500, &["Transfer-Encoding: identity".to_owned()], b"{").then_a_flood()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 500
    ");
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_a_lie_is_refused() {
    let lie = |length: &'static str| move || Reply::new(200, &[format!("Content-Length: {length}")], COMPONENT);
    insta::assert_snapshot!(check_blob(lie("7")).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 7");
    insta::assert_snapshot!(check_blob(lie("9")).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 9");
    insta::assert_snapshot!(check_blob(lie("18446744073709551615")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 failed
    error sending request
    client error (SendRequest)
    message head is too large
    ");
    insta::assert_snapshot!(check_blob(lie("-8")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 failed
    error sending request
    client error (SendRequest)
    invalid content-length parsed
    ");
}

#[tokio::test(start_paused = true)]
async fn trailing_bytes_are_refused() {
    insta::assert_snapshot!(check_blob(|| Reply::ok([COMPONENT, b"!"].concat())).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 9");
    insta::assert_snapshot!(check_blob(|| Reply::unbounded(&[COMPONENT, b"!"].concat())).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 9");
}

#[tokio::test(start_paused = true)]
async fn a_range_that_nobody_asked_for_is_refused() {
    let range = || Reply::new(206, &["Content-Range: bytes 0-7/8".to_owned()], COMPONENT);
    insta::assert_snapshot!(check_blob(range).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with 206
    ");
    insta::assert_snapshot!(check_blob(|| Reply::status(416)).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with 416
    ");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    insta::assert_snapshot!(check_manifest(Reply::silence).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 4 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 did not come to an end within 120 seconds
    ");
    insta::assert_snapshot!(check_blob(Reply::silence).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 4 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 did not come to an end within 120 seconds
    ");
    insta::assert_snapshot!(check_blob(|| Reply::ok(COMPONENT).cut(3).then_silence()).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 4 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 did not come to an end within 120 seconds
    ");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_a_byte_a_second_is_given_up() {
    let announced = || Reply::new(200, &["Content-Length: 4000000".to_owned()], b"{").then_a_drip();
    insta::assert_snapshot!(check_manifest(announced).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 4 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 did not come to an end within 120 seconds
    ");
    let large = vec![b' '; 40_000];
    let manifest = image_manifest(&[("application/wasm", &large)]);
    let blob = || Reply::new(200, &["Content-Length: 40000".to_owned()], b"").then_a_drip();
    let server = start(move || Reply::ok(&manifest), blob).await;
    insta::assert_snapshot!(check_refused(&server, ":1.0.0").await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:8add37c38869fb6df38ce7273423a30814492b46b9817d1cabadda29541d3b31 brought less than 1024 bytes a second for 30 seconds
    ");
}

#[tokio::test(start_paused = true)]
async fn what_a_server_asks_to_wait_for_has_a_limit() {
    let tomorrow = || Reply::new(429, &["Retry-After: 86400".to_owned()], b"");
    insta::assert_snapshot!(check_manifest(tomorrow).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 429 (it asks to wait 86400 seconds)
    ");
}

#[tokio::test(start_paused = true)]
async fn a_missing_artifact_is_absent_or_forbidden_as_the_registry_says() {
    insta::assert_snapshot!(check_manifest(|| Reply::status(404)).await, @"there is no ADDRESS/team/catalog:1.0.0");
    let denied = br#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
    insta::assert_snapshot!(check_manifest(|| Reply::new(401, &[], denied)).await, @"
    ADDRESS did not accept anonymous access
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 401 DENIED: requested access to the resource is denied
    ");
}

#[tokio::test(start_paused = true)]
async fn a_component_larger_than_any_is_not_downloaded() {
    let manifest = String::from_utf8(component_manifest()).unwrap();
    let size = format!(r#""size":{}"#, COMPONENT.len());
    let manifest = manifest.replace(&size, r#""size":9223372036854775807"#);
    insta::assert_snapshot!(check_manifest(move || Reply::ok(&manifest)).await, @"the component of ADDRESS/team/catalog:1.0.0 exceeds the limit of 4294967296 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_component_of_other_bytes_is_refused() {
    insta::assert_snapshot!(check_blob(|| Reply::ok(b"\0asm\x01\0\0\0")).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29, found sha256:93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476");
}

#[tokio::test(start_paused = true)]
async fn a_component_of_another_size_is_refused() {
    insta::assert_snapshot!(check_blob(|| Reply::ok(b"\0asm")).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 4");
    insta::assert_snapshot!(check_blob(|| Reply::ok(vec![0; 1024])).await, @"the component of ADDRESS/team/catalog:1.0.0 is not what it should be: expected 8 bytes, found 1024");
}

#[tokio::test(start_paused = true)]
async fn a_download_that_breaks_off_is_a_failure_of_the_network() {
    let truncated = || Reply::new(200, &["Content-Length: 8".to_owned()], b"\0asm");
    insta::assert_snapshot!(check_blob(truncated).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 broke off after 4 bytes: end of file before message length reached
    ");
}

#[tokio::test(start_paused = true)]
async fn a_component_that_the_registry_lists_and_does_not_have_is_named() {
    insta::assert_snapshot!(check_blob(|| Reply::status(404)).await, @"the registry does not have the component of ADDRESS/team/catalog:1.0.0, sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29");
}

#[tokio::test(start_paused = true)]
async fn the_servers_own_words_are_shown_on_one_line() {
    let body = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow\u001b[31m\ndown"}]}"#;
    insta::assert_snapshot!(check_manifest(move || Reply::new(429, &[], body.as_bytes())).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 429 TOOMANYREQUESTS: slow [31m down
    ");
    insta::assert_snapshot!(check_manifest(|| Reply::status(503)).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 503
    ");
    insta::assert_snapshot!(check_manifest(|| Reply::status(403)).await, @"
    ADDRESS does not allow team/catalog to be read with anonymous access
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 403
    ");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_is_a_failure_of_the_network() {
    insta::assert_snapshot!(check_manifest(Reply::hang_up).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 failed
    error sending request
    client error (SendRequest)
    connection closed before message completed
    ");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_plain_http_elsewhere_is_not_followed() {
    insta::assert_snapshot!(check_blob(|| Reply::redirect("http://storage.example/blob?signature=secret")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with a redirect to http://storage.example/blob, which is neither https nor on a host where plain http is allowed
    ");
    insta::assert_snapshot!(check_blob(|| Reply::redirect("file:///etc/passwd")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with a redirect to file:///etc/passwd, which is neither https nor on a host where plain http is allowed
    ");
    insta::assert_snapshot!(check_blob(|| Reply::redirect("http://user:pw@127.0.0.1/")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with a redirect to http://127.0.0.1/ with a user name in it
    ");
    insta::assert_snapshot!(check_blob(|| Reply::redirect("http://[")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with a redirect to nowhere
    ");
}

#[tokio::test(start_paused = true)]
async fn redirects_end() {
    insta::assert_snapshot!(check_blob(|| Reply::redirect("?again")).await, @"
    cannot get the component of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 was answered with more than 5 redirects
    ");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_carries_no_credential_to_another_server() {
    let storage = ScriptedServer::start(|_| Reply::ok(COMPONENT)).await;
    let elsewhere = format!("http://{}/blob?signature=1", storage.address);
    let server = ScriptedServer::start(move |request| match &request.authorization {
        None => Reply::new(401, &["WWW-Authenticate: Basic realm=test".to_owned()], b""),
        Some(_) if request.target.contains("/manifests/") => Reply::ok(component_manifest()),
        Some(_) => Reply::redirect(&elsewhere),
    })
    .await;
    let sandbox = Sandbox::with(docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#));
    sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    assert_eq!(storage.log(), "GET /blob?signature=1 -");
}

#[tokio::test(start_paused = true)]
async fn a_challenge_of_another_server_is_not_answered() {
    let storage =
        ScriptedServer::start(|_| Reply::new(401, &["WWW-Authenticate: Basic realm=test".to_owned()], b"")).await;
    let elsewhere = format!("http://{}/blob", storage.address);
    let server = start(|| Reply::ok(component_manifest()), move || Reply::redirect(&elsewhere)).await;
    let sandbox = Sandbox::with(docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#));
    sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap_err();
    assert_eq!(storage.log(), "GET /blob -");
}

/// Lists versions from pages that `page` makes of a request's target and number.
async fn check_versions(page: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Result<Vec<String>, String> {
    let count = Mutex::new(0);
    let server = ScriptedServer::start(move |request| {
        let mut count = count.lock().unwrap();
        *count += 1;
        page(&request.target, *count)
    })
    .await;
    let registry: Registry = format!("oci://{}", server.address).parse().unwrap();
    let versions = Sandbox::new().client.versions(&registry, &"shop:catalog".parse().unwrap()).await;
    versions
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| told(&error, &[(&server.address, "ADDRESS")]))
}

fn page(tags: &str, next: &str) -> Reply {
    Reply::new(200, &[format!(r#"Link: <{next}>; rel="next""#)], format!(r#"{{"name":"a","tags":{tags}}}"#).as_bytes())
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_tags_are_read() {
    let versions = check_versions(|target, _| {
        if target.contains("last=1.0.0") {
            Reply::ok(r#"{"name":"a","tags":["0.9.0","2.0.0"]}"#)
        } else {
            page(r#"["1.0.0"]"#, "/v2/shop/catalog/tags/list?last=1.0.0&n=1")
        }
    });
    assert_eq!(versions.await.unwrap(), ["0.9.0", "1.0.0", "2.0.0"]);
    assert!(check_versions(|_, _| Reply::ok(r#"{"name":"a","tags":null}"#)).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn pages_of_tags_end() {
    let many: Vec<String> = (0..1000).map(|patch| format!(r#""1.0.{patch}""#)).collect();
    let many = format!("[{}]", many.join(","));
    let endless = check_versions(move |_, count| page(&many, &format!("list?page={count}")));
    insta::assert_snapshot!(endless.await.unwrap_err(), @"the list of versions of shop:catalog in oci://ADDRESS exceeds the limit of 100000 tags");
    let standing = check_versions(|target, _| page("[]", target));
    insta::assert_snapshot!(standing.await.unwrap_err(), @"
    cannot get the list of versions of shop:catalog in oci://ADDRESS
    GET http://ADDRESS/v2/shop/catalog/tags/list was answered with a link to a next page that is not one of the same list
    ");
}

#[tokio::test(start_paused = true)]
async fn full_pages_without_links_are_gone_through_by_their_last_tag() {
    let full =
        |first: usize| (first..first + 1000).map(|patch| format!(r#""1.0.{patch}""#)).collect::<Vec<_>>().join(",");
    let versions = check_versions(move |target, _| match target {
        target if target.ends_with("last=1.0.999") => Reply::ok(format!(r#"{{"tags":[{}]}}"#, full(1000))),
        target if target.ends_with("last=1.0.1999") => Reply::ok(r#"{"tags":["2.0.0"]}"#),
        _ => Reply::ok(format!(r#"{{"tags":[{}]}}"#, full(0))),
    });
    assert_eq!(versions.await.unwrap().len(), 2001);
    // A registry that ignores `last` says the same again.
    assert_eq!(
        check_versions(move |_, _| Reply::ok(format!(r#"{{"tags":[{}]}}"#, full(0)))).await.unwrap().len(),
        1000
    );
}

#[tokio::test(start_paused = true)]
async fn slow_pages_of_tags_end() {
    let slow = check_versions(|_, count| page("[]", &format!("list?page={count}")).cut(0).then_silence());
    insta::assert_snapshot!(slow.await.unwrap_err(), @"
    cannot get the list of versions of shop:catalog in oci://ADDRESS, tried 4 times
    GET http://ADDRESS/v2/shop/catalog/tags/list did not come to an end within 120 seconds
    ");
    let limited = check_versions(|_, count| match count % 2 {
        0 => page("[]", &format!("list?page={count}")),
        _ => Reply::new(429, &["Retry-After: 50".to_owned()], b""),
    });
    insta::assert_snapshot!(limited.await.unwrap_err(), @"
    cannot get the list of versions of shop:catalog in oci://ADDRESS
    GET http://ADDRESS/v2/shop/catalog/tags/list was answered with 429 (it asks to wait 50 seconds)
    ");
}

#[tokio::test(start_paused = true)]
async fn tags_that_are_not_versions_are_not_listed() {
    let tags = r#"["1.0.0","latest","","v1.0.0","1.0.0\u0000","../../1.0.0","1.0.0+build","01.0.0","sha256-00","\u202e1.0.0"]"#;
    let versions = check_versions(move |_, _| Reply::ok(format!(r#"{{"name":"a","tags":{tags}}}"#)));
    assert_eq!(versions.await.unwrap(), ["1.0.0"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_tags_from_elsewhere_is_refused() {
    insta::assert_snapshot!(check_versions(|_, _| page("[]", "http://127.0.0.1:1/v2/x/tags/list")).await.unwrap_err(), @"
    cannot get the list of versions of shop:catalog in oci://ADDRESS
    GET http://ADDRESS/v2/shop/catalog/tags/list was answered with a link to a next page that is not one of the same list
    ");
    insta::assert_snapshot!(check_versions(|_, _| Reply::ok("[]")).await.unwrap_err(), @"
    cannot get the list of versions of shop:catalog in oci://ADDRESS
    GET http://ADDRESS/v2/shop/catalog/tags/list was answered with something else than a list of tags
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn downloads_run_in_parallel_up_to_the_bound() {
    // Each answer waits for another download to be under way; with the client's bound of two, they go in pairs.
    let pair = Arc::new(Barrier::new(2));
    let at_once = Arc::new(Mutex::new((0, 0)));
    let bodies: Vec<Vec<u8>> = (0..6).map(|number| vec![number; 100]).collect();
    let (served, counted) = (bodies.clone(), at_once.clone());
    let server = ScriptedServer::start(move |request| {
        {
            let mut at_once = counted.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.0.max(at_once.1);
        }
        tokio::task::block_in_place(|| pair.wait());
        counted.lock().unwrap().0 -= 1;
        let body = served.iter().find(|body| request.target.ends_with(&blob_path(body)));
        body.map_or(Reply::status(404), Reply::ok)
    })
    .await;
    let sandbox = Sandbox::new();
    let fetches: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = sandbox.client.clone();
            let origin = reference(&format!("{}/team/catalog:1", server.address));
            tokio::spawn(async move {
                let component = Descriptor::of(&body);
                let release = registry_client::Release { manifest: component, component, log: None };
                assert_eq!(&*client.fetch(&origin, &release).await.unwrap(), body);
            })
        })
        .collect();
    for fetch in fetches {
        fetch.await.unwrap();
    }
    assert_eq!(at_once.lock().unwrap().1, 2);
}
