//! Servers and connections that fail for a while: what was wanted arrives all the same, and nothing is fetched twice that need not be.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use registry_client::{Credentials, Descriptor, Event, HttpOptions, Release, RetryPolicy, StoreUsage, Tally};
use tokio::time::Instant;

use crate::artifact::{COMPONENT, component_manifest, image_manifest};
use crate::sandbox::{Sandbox, reference, told};
use crate::scripted_server::{Reply, Request, ScriptedServer};

/// A component that no single read of a socket brings: 240,000 bytes.
fn large() -> Vec<u8> {
    (0..60_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// A server of `body`, which answers for its blob with what `answer` makes of the request and of how many there were before it.
async fn serve(
    body: Vec<u8>,
    answer: impl Fn(&Request, &[u8], usize) -> Reply + Send + Sync + 'static,
) -> ScriptedServer {
    let manifest = image_manifest(&[("application/wasm", &body)]);
    let count = AtomicUsize::new(0);
    ScriptedServer::start(move |request| {
        if request.target.contains("/manifests/") {
            return Reply::ok(&manifest);
        }
        answer(request, &body, count.fetch_add(1, Ordering::SeqCst))
    })
    .await
}

/// Pulls from a server that answers for a blob as `answer` says, and returns which ranges that took.
async fn check(answer: impl Fn(&Request, &[u8], usize) -> Reply + Send + Sync + 'static) -> String {
    let server = serve(large(), answer).await;
    let sandbox = Sandbox::new();
    let begun = Instant::now();
    let (_, blob) = sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    assert!(*blob == *large());
    assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", begun.elapsed());
    let bytes = blob.size();
    let usage = StoreUsage { blobs: Tally { files: 1, bytes }, ..StoreUsage::default() };
    assert_eq!(sandbox.store().usage().unwrap(), usage);
    server.ranges()
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_is_completed() {
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        1 => Reply::part(request, body).cut(1),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    bytes=200001-
    ");
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_length_is_completed() {
    let ranges = check(|request, body, count| match count {
        0 => Reply::unbounded(&body[..5]),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=5-
    ");
}

#[tokio::test(start_paused = true)]
async fn a_reset_connection_is_tried_again() {
    // A reset may also lose what had arrived: what matters is that the whole does in the end.
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(120_000).then_reset(),
        1 => Reply::hang_up().then_reset(),
        _ => Reply::part(request, body),
    });
    assert_eq!(ranges.await.lines().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_asked_for_the_rest() {
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(140_000).then_silence(),
        1 => Reply::silence(),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=140000-
    bytes=140000-
    ");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        _ => Reply::ok(body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    ");
}

#[tokio::test(start_paused = true)]
async fn another_range_than_was_asked_for_is_not_used() {
    let wrong_offset = |offset: usize, body: &[u8]| {
        let range = format!("Content-Range: bytes {offset}-{}/{}", body.len() - 1, body.len());
        Reply::new(206, &[range], &body[offset..])
    };
    let ranges = check(move |request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        1 => wrong_offset(199_999, body),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    all
    ");
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        1 => Reply::new(206, &["Content-Type: multipart/byteranges; boundary=a".to_owned()], b"--a\r\n"),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    all
    ");
    let ranges = check(|request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        1 => Reply::new(416, &[format!("Content-Range: bytes */{}", body.len())], b""),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    all
    ");
}

#[tokio::test(start_paused = true)]
async fn pieces_that_do_not_fit_are_given_up_for_a_whole() {
    // The first piece is not of the blob at all.
    let ranges = check(|request, body, count| match count {
        0 => Reply::ok(vec![0; body.len()]).cut(200_000),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    all
    ");
    // The last one goes on after the end.
    let ranges = check(|request, body, count| match request.offset() {
        0 if count == 0 => Reply::part(request, body).cut(200_000),
        0 => Reply::part(request, body),
        offset => {
            let range = format!("Content-Range: bytes {offset}-{}/{}", body.len(), body.len() + 1);
            Reply::new(206, &[range], &[&body[offset..], b"!"].concat())
        }
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    bytes=200000-
    all
    ");
}

#[tokio::test(start_paused = true)]
async fn a_server_in_trouble_is_asked_again() {
    let ranges = check(|request, body, count| match count {
        0 => Reply::status(500),
        1 => Reply::status(503),
        2 => Reply::status(504),
        3 => Reply::status(502),
        _ => Reply::part(request, body),
    });
    insta::assert_snapshot!(ranges.await, @"
    all
    all
    all
    all
    all
    ");
}

/// A server that answers for the manifest of [`COMPONENT`] with `first`, and rightly from then on.
async fn serve_manifest_after(first: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> ScriptedServer {
    let count = AtomicUsize::new(0);
    ScriptedServer::start(move |request| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            return first(request);
        }
        if request.target.contains("/manifests/") { Reply::ok(component_manifest()) } else { Reply::ok(COMPONENT) }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_when_to_come_back_is_asked_then() {
    let server = serve_manifest_after(|_| Reply::new(429, &["Retry-After: 70".to_owned()], b"")).await;
    let sandbox = Sandbox::new();
    let begun = Instant::now();
    sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 70);
    let retries = sandbox.events().into_iter().filter_map(|event| match event {
        Event::Retrying { attempt, wait, failure, .. } => {
            Some(format!("{attempt} {} {}", wait.as_secs(), failure.replace(&server.address, "ADDRESS")))
        }
        _ => None,
    });
    insta::assert_snapshot!(retries.collect::<Vec<_>>().join("\n"), @"2 70 GET http://ADDRESS/v2/team/catalog/manifests/1 was answered with 429 (it asks to wait 70 seconds)");
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_breaks_off_or_does_not_come_is_asked_for_again() {
    let first_answers: [fn(&Request) -> Reply; 4] = [
        |_| Reply::ok(component_manifest()).cut(10),
        |_| Reply::ok(component_manifest()).cut(10).then_a_drip(),
        |_| Reply::hang_up(),
        |_| Reply::silence(),
    ];
    for first in first_answers {
        let server = serve_manifest_after(first).await;
        Sandbox::new().pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_server_in_trouble_is_asked_again() {
    let count = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |request| {
        if request.target.starts_with("/token") {
            return match count.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::status(503),
                1 => Reply::hang_up(),
                _ => Reply::ok(r#"{"token":"granted"}"#),
            };
        }
        if request.authorization.is_none() {
            return Reply::new(
                401,
                &[format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, request.host)],
                b"",
            );
        }
        if request.target.contains("/manifests/") { Reply::ok(component_manifest()) } else { Reply::ok(COMPONENT) }
    })
    .await;
    Sandbox::new().pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
}

/// Options that try everything once.
fn once() -> HttpOptions {
    let retry = RetryPolicy { attempts: NonZeroU32::MIN, ..RetryPolicy::default() };
    HttpOptions { retry, ..HttpOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn a_later_run_goes_on_from_what_an_earlier_one_left() {
    let server = serve(large(), |request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        _ => Reply::part(request, body),
    })
    .await;
    let sandbox = Sandbox::with_http(Credentials::anonymous(), once());
    let origin = reference(&format!("{}/team/catalog:1", server.address));
    let error = sandbox.pull(&origin).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS")]), @"
    cannot get the component of ADDRESS/team/catalog:1
    GET http://ADDRESS/v2/team/catalog/blobs/sha256:f3735378d09429bcb8bfd491357b590972799ee2ef9cdfab38eb3641eb657550 broke off after 200000 bytes: end of file before message length reached
    ");
    assert_eq!(sandbox.store().usage().unwrap().partial, Tally { files: 1, bytes: 200_000 });
    let (_, blob) = sandbox.pull(&origin).await.unwrap();
    assert!(*blob == *large());
    insta::assert_snapshot!(server.ranges(), @"
    all
    bytes=200000-
    ");
}

/// Leaves `partial` of a download, and pulls; returns which ranges that took.
async fn check_left(partial: &[u8]) -> String {
    let server = serve(large(), |request, body, _| Reply::part(request, body)).await;
    let sandbox = Sandbox::new();
    sandbox.store().ingest(&Descriptor::of(&large())).unwrap().write(partial).unwrap();
    let (_, blob) = sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    assert!(*blob == *large());
    server.ranges()
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_left_is_not_believed() {
    insta::assert_snapshot!(check_left(&large()[..200_000]).await, @"bytes=200000-");
    insta::assert_snapshot!(check_left(&[0; 200_000]).await, @"
    bytes=200000-
    all
    ");
    insta::assert_snapshot!(check_left(&vec![0; large().len()]).await, @"all");
    insta::assert_snapshot!(check_left(&large()).await, @"");
}

#[tokio::test(start_paused = true)]
async fn a_range_is_asked_for_where_a_redirect_leads() {
    let storage = Arc::new(serve(large(), |request, body, _| Reply::part(request, body).cut(100_000)).await);
    let elsewhere = format!("http://{}/blob", storage.address);
    let server = serve(large(), move |_, _, _| Reply::redirect(&elsewhere)).await;
    let sandbox = Sandbox::new();
    sandbox.pull(&reference(&format!("{}/team/catalog:1", server.address))).await.unwrap();
    insta::assert_snapshot!(storage.ranges(), @"
    all
    bytes=100000-
    bytes=200000-
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_fetched_by_many_at_once_is_downloaded_once() {
    let server = serve(large(), |request, body, count| match count {
        0 => Reply::part(request, body).cut(200_000),
        _ => Reply::part(request, body),
    })
    .await;
    let sandbox = Sandbox::new();
    let component = Descriptor::of(&large());
    let fetches: Vec<_> = (0..8)
        .map(|number| {
            let client = sandbox.client.clone();
            let origin = reference(&format!("{}/team/catalog:{number}", server.address));
            tokio::spawn(async move {
                let release = Release { manifest: component, component, log: None };
                if number % 2 == 0 {
                    assert!(*client.fetch(&origin, &release).await.unwrap() == *large());
                } else {
                    let mut bytes = Vec::new();
                    client.fetch_file(&origin, &release).await.unwrap().copy_to(&mut bytes).unwrap();
                    assert!(bytes == large());
                }
            })
        })
        .collect();
    for fetch in fetches {
        fetch.await.unwrap();
    }
    insta::assert_snapshot!(server.ranges(), @"
    all
    bytes=200000-
    ");
}
