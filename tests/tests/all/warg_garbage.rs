//! Warg registries that answer with something else: noticed at every call, and told with the call and what came.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use compose_tests::{
    execution::block_on,
    mutation::Random,
    sandbox::Sandbox,
    warg_server::{Answer, Meddler, WargServer, new_key},
    warg_stage::{Manner, Stage},
};
use insta::assert_snapshot;
use registry_client::{Client, Error, Registry, Release};

use crate::{
    steps::step,
    warg::{Publisher, origin, told},
    warg_attacks::{CHECKPOINT, CONSISTENCY, INCLUSION, LOGS, application, registry, said, shown},
};

/// In how many ways an answer is damaged.
const LIES: u64 = 24;

/// What a gateway may answer to anything.
const PAGE: &[u8] = b"<html>Please accept our terms.</html>";

/// Somebody who answers the calls that begin so, and go on so, with a page.
fn gateway(server: &WargServer, begin: &'static str, part: &'static str) -> Meddler {
    Meddler::start(server.address(), move |asked, (status, body)| {
        let is_it =
            asked.strip_prefix(begin).and_then(|rest| rest.split_once(part)).is_some_and(|(_, end)| !end.contains('/'));
        (status, if is_it { PAGE.to_vec() } else { body })
    })
}

/// What is said when an application is built.
fn built(begin: &'static str) -> String {
    let (server, _) = registry();
    let gateway = gateway(&server, begin, "");
    shown(&said(&application(&gateway.registry()), "build", &[]))
}

/// What is said when a component is published.
fn pushed(part: &'static str) -> String {
    let server = WargServer::start(&["t"]);
    let gateway = gateway(&server, "/v1/package/", part);
    let sandbox = Sandbox::with("", [("front.wasm", step("a", None, 1)), ("key", new_key().into_bytes())]);
    let push = format!("push front.wasm --as t:front@1.0.0 --to {} --signing-key key", gateway.registry());
    shown(&said(&sandbox, &push, &[]))
}

#[test]
fn as_a_checkpoint() {
    assert_snapshot!(built("/v1/fetch/checkpoint"), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: GET http://HOST/v1/fetch/checkpoint was answered with something that is not warg's: expected value at line 1 column 1
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

#[test]
fn as_records() {
    assert_snapshot!(built("/v1/fetch/logs"), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: POST http://HOST/v1/fetch/logs was answered with something that is not warg's: expected value at line 1 column 1
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

#[test]
fn as_proofs_of_inclusion() {
    assert_snapshot!(built("/v1/proof/inclusion"), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: POST http://HOST/v1/proof/inclusion was answered with something that is not warg's: expected value at line 1 column 1
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

#[test]
fn as_a_proof_of_consistency() {
    let (server, publisher) = registry();
    let is_on = Arc::new(AtomicBool::new(false));
    let on = Arc::clone(&is_on);
    let gateway = Meddler::start(server.address(), move |asked, (status, body)| {
        let is_it = on.load(Ordering::SeqCst) && asked == "/v1/proof/consistency";
        (status, if is_it { PAGE.to_vec() } else { body })
    });
    let sandbox = application(&gateway.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    publisher.publish(&server.registry(), "t:front@1.1.0", &step("a", None, 2));
    is_on.store(true, Ordering::SeqCst);
    assert_snapshot!(shown(&said(&sandbox, "update", &[])), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: POST http://HOST/v1/proof/consistency was answered with something that is not warg's: expected value at line 1 column 1
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

#[test]
fn as_places_of_content() {
    assert_snapshot!(built("/v1/content/"), @r#"
      Remembered the operator key of warg+http://HOST, seen for the first time: OPERATOR
    error[registry-failure]: cannot get the record of t:front@1.0.0 in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: GET http://HOST/v1/content/sha256:DIGEST was answered with something that is not warg's: expected value at line 1 column 1
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

#[test]
fn as_content() {
    assert_snapshot!(built("/content/"), @r#"
      Remembered the operator key of warg+http://HOST, seen for the first time: OPERATOR
     Downloading t:front@1.0.0 in warg+http://HOST (869 B)
    error[digest-mismatch]: the component of t:front@1.0.0 in warg+http://HOST is not what it should be: expected 869 bytes, found 37
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: what arrived was thrown away
      = help: if it happens again, somebody or something changed the artifact: do not trust it
    exit status 3
    "#);
}

#[test]
fn as_the_state_of_a_record_that_was_sent() {
    assert_snapshot!(pushed("/record"), @"
      Remembered the operator key of warg+http://HOST, seen for the first time: OPERATOR
    error[registry-failure]: cannot push t:front@1.0.0 in warg+http://HOST
     |
     = note: caused by: POST http://HOST/v1/package/sha256:DIGEST/record was answered with something that is not warg's: expected value at line 1 column 1
     = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    ");
}

#[test]
fn as_the_state_of_a_record_that_is_waited_for() {
    assert_snapshot!(pushed("/record/"), @"
      Remembered the operator key of warg+http://HOST, seen for the first time: OPERATOR
    error[registry-failure]: cannot push t:front@1.0.0 in warg+http://HOST
     |
     = note: caused by: GET http://HOST/v1/package/sha256:DIGEST/record/sha256:DIGEST was answered with something that is not warg's: expected value at line 1 column 1
     = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    ");
}

/// Whoever takes content has nothing to say but that it did: that is believed for as long as the record is not published.
#[test]
fn as_the_receipt_of_content() {
    assert_snapshot!(pushed("/content/"), @"
    warg+http://HOST/t/front@sha256:DIGEST
    ---
      Remembered the operator key of warg+http://HOST, seen for the first time: OPERATOR
            Sent the component, sha256:ac2a8063c723 (869 B)
          Pushed t:front@1.0.0 in warg+http://HOST
    exit status 0
    ");
}

#[test]
fn as_an_answer_to_a_login() {
    let server = WargServer::start(&["t"]);
    let gateway = gateway(&server, "/v1/fetch/checkpoint", "");
    let sandbox = Sandbox::new("");
    let login = format!("login {} --token-stdin", gateway.registry());
    let address = gateway.registry().replace("warg+http://", "");
    assert_snapshot!(sandbox.compose_reading("s3cret", &login).to_string().replace(&address, "HOST"), @"
    error[registry-failure]: cannot get an answer from warg+http://HOST
     |
     = note: caused by: GET http://HOST/v1/fetch/checkpoint was answered with something that is not warg's: expected value at line 1 column 1
     = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    ");
}

/// A page with another status than a registry would give it.
#[test]
fn in_place_of_everything() {
    let server = WargServer::start(&["t"]);
    let gateway = Meddler::start(server.address(), |_, _| (404, PAGE.to_vec()));
    assert_snapshot!(said(&application(&gateway.registry()), "build", &[]), @r#"
    error[registry-failure]: cannot get the list of versions of t:front in warg+http://HOST
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: GET http://HOST/v1/fetch/checkpoint was answered with 404
      = help: check that it is a warg registry, and that nothing in front of it answers in its place
    exit status 3
    "#);
}

/// What a client that knows nothing makes of a registry.
fn asked(client: &Client, registry: &Registry) -> Result<Release, Error> {
    block_on(async {
        client.versions(registry, &"t:front".parse().unwrap()).await?;
        let origin = origin(&registry.to_string(), "t:front@1.0.0");
        let release = client.release(&origin).await?;
        client.fetch_file(&origin, &release).await?;
        Ok(release)
    })
}

#[test]
fn garbage_in_any_answer_is_an_error() {
    let (server, publisher) = registry();
    let truth = asked(&Sandbox::new("").session().client, &server.registry().parse().unwrap()).unwrap();
    for path in [CHECKPOINT, LOGS, INCLUSION, "/v1/content/", "/content/"] {
        for seed in 0..LIES {
            let meddler =
                Meddler::start(
                    server.address(),
                    move |asked, answer| {
                        if asked.starts_with(path) { garbage(seed, answer) } else { answer }
                    },
                );
            let sandbox = Sandbox::new("");
            let (client, registry) = (sandbox.session().client, meddler.registry().parse().unwrap());
            match asked(&client, &registry) {
                Ok(release) => assert_eq!(
                    (release.manifest, release.component),
                    (truth.manifest, truth.component),
                    "{path}, {seed}"
                ),
                Err(error) => assert!(!told(&error).is_empty()),
            }
        }
    }
    // Who knows an earlier state asks for a proof of what was before.
    let sandbox = Sandbox::new("");
    let lie = Arc::new(AtomicU64::new(0));
    let seed = Arc::clone(&lie);
    let meddler = Meddler::start(server.address(), move |asked, answer| {
        if asked == CONSISTENCY { garbage(seed.load(Ordering::SeqCst), answer) } else { answer }
    });
    let (client, registry) = (sandbox.session().client, meddler.registry().parse().unwrap());
    asked(&client, &registry).unwrap();
    publisher.publish(&server.registry(), "t:front@1.1.0", &step("a", None, 2));
    for seed in 0..LIES {
        lie.store(seed, Ordering::SeqCst);
        if let Ok(release) = asked(&client, &registry) {
            assert_eq!(release.component, truth.component);
        }
    }
}

/// Nothing is called published that is not there, whatever the registry says of it.
#[test]
fn garbage_while_publishing_is_an_error() {
    let server = WargServer::start(&["t"]);
    let (publisher, honest) = (Publisher::new(), Publisher::new());
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let component = step("a", None, 1);
    let mut version = 0;
    for (begin, part) in [("POST /v1/package/", "/record"), ("GET /v1/package/", "/record/")] {
        for seed in 0..LIES {
            version += 1;
            let package = format!("t:front@0.0.{version}");
            let pushed = paused.block_on(async {
                let manner = move |asked: &str| {
                    let is_it =
                        asked.starts_with(begin) && asked.rsplit_once(part).is_some_and(|(_, end)| !end.contains('/'));
                    if is_it { Manner::Meddled(seed, garbage) } else { Manner::Honest }
                };
                let stage = Stage::start(server.address(), manner).await;
                publisher.push(&publisher.client(), &stage.registry(), &package, &component).await
            });
            match pushed {
                Ok(pushed) => {
                    let release = block_on(honest.client().release(&origin(&server.registry(), &package)));
                    assert_eq!(release.unwrap().component, pushed.release.component, "{package}, {seed}");
                }
                Err(error) => assert!(!told(&error).is_empty()),
            }
        }
    }
}

/// An answer that is damaged in one of many ways, the same for the same seed.
fn garbage(seed: u64, (status, body): Answer) -> Answer {
    let mut random = Random::new(seed);
    let whole = [
        &b""[..],
        b"null",
        b"{}",
        b"[]",
        b"<html>",
        b"\xff\xfe",
        br#"{"log":"AAAA","map":"AAAA","proof":"AAAA"}"#,
        br#"{"contentSources":{}}"#,
        br#"{"more":true}"#,
        br#"{"status":404,"type":"namespace","id":"t"}"#,
    ];
    match usize::try_from(seed).ok().and_then(|seed| whole.get(seed)) {
        Some(whole) => (if seed == 9 { 404 } else { status }, whole.to_vec()),
        None if seed == 10 => (status, b"[".repeat(100_000)),
        None => (status, damaged(&mut random, body)),
    }
}

/// Some bytes of it replaced, within base64 too.
fn damaged(random: &mut Random, mut body: Vec<u8>) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFabcdef0123456789+/\"{}:,";
    for _ in 0..=random.below(4) {
        let place = random.below(body.len());
        if let Some(byte) = body.get_mut(place) {
            *byte = LETTERS[random.below(LETTERS.len())];
        }
    }
    body
}
