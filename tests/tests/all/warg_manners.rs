//! Warg registries that are silent, slow or without an end: every call to one ends, in bounded time and memory, and says which it was.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use compose_tests::{
    sandbox::Sandbox,
    warg_server::WargServer,
    warg_stage::{Manner, Stage},
};
use composer::registry_report::diagnostic;
use insta::assert_snapshot;
use registry_client::{Client, Error, Registry};

use crate::{
    steps::step,
    warg::{Publisher, origin},
};

/// The calls that a build makes, that publishing makes, and the one that a further build makes.
const READING: [&str; 5] = [
    "GET /v1/fetch/checkpoint",
    "POST /v1/fetch/logs",
    "POST /v1/proof/inclusion",
    "GET /v1/content/",
    "GET /content/",
];
const CONTINUING: &str = "POST /v1/proof/consistency";
/// The registry's own name of the package's log is between them.
const PUBLISHING: [(&str, &str); 3] =
    [("POST /v1/package/", "/record"), ("POST /v1/package/", "/content/"), ("GET /v1/package/", "/record/")];

/// What is said of a registry that treats one kind of call so, and how many bytes it flooded.
fn check(manner: Manner, is_it: impl Fn(&str) -> bool + Send + Sync + 'static, work: Work) -> (String, u64) {
    let server = WargServer::start(&["t"]);
    let publisher = Publisher::new();
    publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let sandbox = Sandbox::new("");
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    paused.block_on(async {
        let is_on = Arc::new(AtomicBool::new(work != Work::Continue));
        let on = Arc::clone(&is_on);
        let stage = Stage::start(server.address(), move |asked| match on.load(Ordering::SeqCst) && is_it(asked) {
            true => manner,
            false => Manner::Honest,
        })
        .await;
        let client = sandbox.session().client;
        let registry = stage.registry();
        let outcome = match work {
            Work::Fetch => fetch(&client, &registry).await,
            Work::Continue => {
                fetch(&client, &registry).await.unwrap();
                // The real registry is not on this thread.
                let server = server.registry();
                tokio::task::spawn_blocking(move || publisher.publish(&server, "t:front@1.1.0", &step("a", None, 2)))
                    .await
                    .unwrap();
                is_on.store(true, Ordering::SeqCst);
                fetch(&client, &registry).await
            }
            Work::Publish => {
                let component = step("a", None, 2);
                publisher.push(&client, &registry, "t:front@1.1.0", &component).await.map(drop)
            }
        };
        let said = outcome.map_or_else(|error| shown(&error, &registry), |()| "nothing is wrong".to_owned());
        (said, stage.flooded())
    })
}

/// What is done with a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Fetch,
    Continue,
    Publish,
}

async fn fetch(client: &Client, registry: &str) -> Result<(), Error> {
    let parsed: Registry = registry.parse().unwrap();
    client.versions(&parsed, &"t:front".parse().unwrap()).await?;
    let origin = origin(registry, "t:front@1.0.0");
    let release = client.release(&origin).await?;
    client.fetch_file(&origin, &release).await.map(drop)
}

/// An error as a person is told it, a line for each part.
pub(crate) fn shown(error: &Error, registry: &str) -> String {
    let found = diagnostic(error);
    let parts = [format!("{}: {}", found.code, found.message)].into_iter().chain(found.notes).chain(found.hints);
    let said = parts.collect::<Vec<_>>().join("\n  ");
    let said = said.replace(registry.trim_start_matches("warg+http://"), "HOST");
    let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digests: Vec<&str> = said.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_digest).collect();
    digests.iter().fold(said.clone(), |said, digest| said.replace(digest, "DIGEST"))
}

/// What is said for every call that is treated so.
fn all(manner: Manner) -> String {
    let mut said = Vec::new();
    let mut flooded = 0;
    let mut add = |(message, bytes): (String, u64)| {
        said.push(message);
        flooded += bytes;
    };
    for call in READING {
        add(check(manner, move |asked| asked.starts_with(call), Work::Fetch));
    }
    add(check(manner, |asked| asked == CONTINUING, Work::Continue));
    for (begin, part) in PUBLISHING {
        add(check(
            manner,
            move |asked| asked.starts_with(begin) && asked.rsplit_once(part).is_some_and(|(_, end)| !end.contains('/')),
            Work::Publish,
        ));
    }
    // The caps of what is read, and what is in the buffers of sockets.
    assert!(flooded < 128 * 1024 * 1024, "{flooded}");
    said.join("\n")
}

#[test]
fn a_registry_that_does_not_answer_is_not_waited_for_forever() {
    assert_snapshot!(all(Manner::Silence), @"
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/fetch/checkpoint had no answer within 30 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/fetch/logs had no answer within 30 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/proof/inclusion had no answer within 30 seconds
    registry-failure: cannot get the record of t:front@1.0.0 in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/content/sha256:DIGEST had no answer within 30 seconds
    registry-failure: cannot get the component of t:front@1.0.0 in warg+http://HOST, tried 4 times
      caused by: GET http://HOST/content/sha256-DIGEST did not come to an end within 120 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/proof/consistency had no answer within 30 seconds
    registry-failure: cannot push t:front@1.1.0 in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/package/sha256:DIGEST/record had no answer within 30 seconds
    registry-failure: cannot push t:front@1.1.0 in warg+http://HOST
      caused by: POST http://HOST/v1/package/sha256:DIGEST/record/sha256:DIGEST/content/sha256:… did not come to an end within 120 seconds
    registry-failure: cannot push t:front@1.1.0 in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/package/sha256:DIGEST/record/sha256:DIGEST had no answer within 30 seconds
    ");
}

#[test]
fn a_registry_that_drips_is_not_waited_for_forever() {
    assert_snapshot!(all(Manner::Drip), @"
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/fetch/checkpoint brought less than 1024 bytes a second for 30 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/fetch/logs brought less than 1024 bytes a second for 30 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/proof/inclusion brought less than 1024 bytes a second for 30 seconds
    registry-failure: cannot get the record of t:front@1.0.0 in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/content/sha256:DIGEST brought less than 1024 bytes a second for 30 seconds
    registry-failure: cannot get the component of t:front@1.0.0 in warg+http://HOST, tried 4 times
      caused by: GET http://HOST/content/sha256-DIGEST did not come to an end within 120 seconds
    registry-failure: cannot get the list of versions of t:front in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/proof/consistency brought less than 1024 bytes a second for 30 seconds
    registry-failure: cannot push t:front@1.1.0 in warg+http://HOST, tried 5 times
      caused by: POST http://HOST/v1/package/sha256:DIGEST/record brought less than 1024 bytes a second for 30 seconds
    registry-failure: warg+http://HOST took the record for t:front, and did not publish it within 120 seconds
      it may still be published: do the same again later, which changes nothing where it was, and ask whoever runs the registry if it never is
    registry-failure: cannot push t:front@1.1.0 in warg+http://HOST, tried 5 times
      caused by: GET http://HOST/v1/package/sha256:DIGEST/record/sha256:DIGEST brought less than 1024 bytes a second for 30 seconds
    ");
}

#[test]
fn answers_without_an_end_are_cut_off() {
    assert_snapshot!(all(Manner::Flood), @"
    registry-failure: the list of versions of t:front in warg+http://HOST exceeds the limit of 262144 bytes
    registry-failure: the list of versions of t:front in warg+http://HOST exceeds the limit of 16777216 bytes
    registry-failure: the list of versions of t:front in warg+http://HOST exceeds the limit of 16777216 bytes
    registry-failure: the record of t:front@1.0.0 in warg+http://HOST exceeds the limit of 262144 bytes
    digest-mismatch: the component of t:front@1.0.0 in warg+http://HOST is not what it should be: expected 869 bytes, found 870
      what arrived was thrown away
      if it happens again, somebody or something changed the artifact: do not trust it
    registry-failure: the list of versions of t:front in warg+http://HOST exceeds the limit of 16777216 bytes
    registry-failure: t:front@1.1.0 in warg+http://HOST exceeds the limit of 262144 bytes
    registry-failure: warg+http://HOST took the record for t:front, and did not publish it within 120 seconds
      it may still be published: do the same again later, which changes nothing where it was, and ask whoever runs the registry if it never is
    registry-failure: t:front@1.1.0 in warg+http://HOST exceeds the limit of 262144 bytes
    ");
}
