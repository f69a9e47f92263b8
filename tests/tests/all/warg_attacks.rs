//! Warg registries that lie, or that somebody lies for: each lie is noticed, told in its own words, and changes nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use compose_tests::{
    sandbox::Sandbox,
    warg_server::{Meddler, WargServer, new_key, private, public},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use warg_protocol::{
    ProtoEnvelope, ProtoEnvelopeBody, SerdeEnvelope,
    operator::{OperatorEntry, OperatorRecord},
    registry::TimestampedCheckpoint,
};

use crate::{steps::step, warg::Publisher};

pub(crate) const CHECKPOINT: &str = "/v1/fetch/checkpoint";
pub(crate) const LOGS: &str = "/v1/fetch/logs";
pub(crate) const INCLUSION: &str = "/v1/proof/inclusion";
pub(crate) const CONSISTENCY: &str = "/v1/proof/consistency";

/// A registry that has `t:front@1.0.0`.
pub(crate) fn registry() -> (WargServer, Publisher) {
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    (server, publisher)
}

/// A registry of the same operator at the same address, with another past of `releases`.
fn begun_anew(server: WargServer, releases: u64) -> WargServer {
    let (address, operator) = (server.address(), server.operator().to_owned());
    drop(server);
    let server = WargServer::start_at(&address, &operator, &["t"]);
    let publisher = Publisher::new();
    for patch in 0..releases {
        publisher.publish(&server.registry(), &format!("t:front@1.0.{patch}"), &step("a", None, 6));
    }
    server
}

pub(crate) fn application(registry: &str) -> Sandbox {
    Sandbox::new(&manifest(&format!("\"{registry}\"")))
}

fn manifest(registry: &str) -> String {
    format!("[registries]\ndefault = {registry}\n[components]\nfront = \"t:front\"\n")
}

/// What `compose` says, without what is different at every run.
pub(crate) fn said(sandbox: &Sandbox, arguments: &str, hidden: &[(&str, &str)]) -> String {
    let mut said = sandbox.compose(arguments).to_string();
    for (text, name) in hidden {
        said = said.replace(text, name);
    }
    let port = said.find("warg+http://127.0.0.1:").map(|start| &said[start + 22..]);
    let port = port.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    match port {
        Some(port) => said.replace(&format!("127.0.0.1:{port}"), "HOST").replace(&format!("127-0-0-1-{port}"), "HOST"),
        None => said,
    }
}

/// The names of directories of what is remembered are digests of ports and keys; a registry's operator is somebody else at every run.
pub(crate) fn shown(said: &str) -> String {
    let is_digest = |word: &&str| word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut shown = said.to_owned();
    if let Some((_, rest)) = said.split_once("seen for the first time: ") {
        shown = shown.replace(rest.lines().next().unwrap_or_default(), "OPERATOR");
    }
    for digest in said.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_digest) {
        shown = shown.replace(digest, "DIGEST");
    }
    shown
}

#[test]
fn a_registry_that_begins_anew_is_noticed() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    let lock = sandbox.lock();
    let _server = begun_anew(server, 0);
    assert_snapshot!(shown(&said(&sandbox, "update", &[])), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its log has the length 1, and had 2 when it was last verified: records were taken back
      = help: if its operator says, by another way than this registry, that it began anew, forget what is known of it, here and in `compose.lock`
              rm -r [DIR]/.cache/logs/HOST-DIGEST
    exit status 3
    "#);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn a_past_of_the_same_length_that_is_another_is_noticed() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    let _server = begun_anew(server, 1);
    assert_snapshot!(shown(&said(&sandbox, "update", &[])), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: the first 2 records of its log are not those that it had when it was last verified: its past was changed
      = help: if its operator says, by another way than this registry, that it began anew, forget what is known of it, here and in `compose.lock`
              rm -r [DIR]/.cache/logs/HOST-DIGEST
    exit status 3
    "#);
}

#[test]
fn a_longer_log_with_another_past_is_noticed() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    let _server = begun_anew(server, 4);
    assert_snapshot!(shown(&said(&sandbox, "update", &[])), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: the first 2 records of its log are not those that it had when it was last verified: its past was changed
      = help: if its operator says, by another way than this registry, that it began anew, forget what is known of it, here and in `compose.lock`
              rm -r [DIR]/.cache/logs/HOST-DIGEST
    exit status 3
    "#);
}

#[test]
fn a_machine_that_never_saw_the_registry_notices_by_the_lock() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    fs::remove_dir_all(sandbox.path(".cache")).unwrap();
    let _server = begun_anew(server, 4);
    assert_snapshot!(shown(&said(&sandbox, "update", &[])), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: the first 2 records of its log are not those that it had when it was last verified: its past was changed
      = help: if its operator says, by another way than this registry, that it began anew, forget what is known of it, here and in `compose.lock`
              rm -r [DIR]/.cache/logs/HOST-DIGEST
    exit status 3
    "#);
}

#[test]
fn another_operator_is_noticed() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    let (address, first, second) = (server.address(), server.operator_key().to_string(), new_key());
    drop(server);
    let server = WargServer::start_at(&address, &second, &["t"]);
    let second = public(&second).to_string();
    let hidden = [(first.as_str(), "FIRST"), (second.as_str(), "SECOND")];
    assert_snapshot!(shown(&said(&sandbox, "update", &hidden)), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its log was begun by the operator key SECOND, and was by another when it was first seen: FIRST
      = note: nothing of it was used
      = help: if its operator says, by another way than this registry, that this is the new key, require it in the manifest
              operator-key = "SECOND"
    exit status 3
    "#);

    // The way out that it tells: whoever requires the new key has decided.
    Publisher::new().publish(&server.registry(), "t:front@1.0.0", &step("a", None, 7));
    let required = format!("{{ url = \"{}\", operator-key = \"{second}\" }}", server.registry());
    sandbox.write("compose.toml", manifest(&required));
    let run = sandbox.compose("lock");
    assert_eq!(run.status, Some(0), "{run}");
    assert!(sandbox.lock().contains(&format!("operator-key = \"{second}\"")), "{}", sandbox.lock());
}

#[test]
fn a_required_operator_is_required_from_the_first_contact_on() {
    let (server, _) = registry();
    let (required, found) = (public(&new_key()).to_string(), server.operator_key().to_string());
    let registry = format!("{{ url = \"{}\", operator-key = \"{required}\" }}", server.registry());
    let sandbox = Sandbox::new(&manifest(&registry));
    let hidden = [(required.as_str(), "REQUIRED"), (found.as_str(), "FOUND")];
    assert_snapshot!(shown(&said(&sandbox, "lock", &hidden)), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its log was begun by the operator key FOUND, and must be by REQUIRED
      = help: ask its operator for the key, by another way than this registry; `operator-key` in the manifest must be that
    exit status 3
    "#);
    sandbox.write("compose.toml", manifest(&registry.replace(&required, &found)));
    let run = sandbox.compose("lock");
    assert_eq!(run.status, Some(0), "{run}");
}

#[test]
fn content_of_another_digest_is_noticed() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    fs::remove_dir_all(sandbox.path(".cache/blobs")).unwrap();
    let right = step("a", None, 1);
    let wrong = step("a", None, 2);
    assert_eq!(right.len(), wrong.len());
    let digest = registry_client::Digest::of(&right).to_string();
    fs::write(server.content(&digest), wrong).unwrap();
    assert_snapshot!(said(&sandbox, "build", &[]), @r#"
     Downloading t:front@1.0.0 in warg+http://HOST (869 B)
    error[digest-mismatch]: the component of t:front@1.0.0 in warg+http://HOST is not what it should be: expected sha256:ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5, found sha256:979c4d37f302161b86fcb9c37cd706faea5d478fd1ba0b0412793a0b28958a4e
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

/// What is said of a registry whose answers to `path` are replaced.
fn meddled(path: &'static str, meddle: impl Fn(Value) -> Value + Send + Sync + 'static) -> String {
    let (server, _) = registry();
    meddled_at(&server, path, meddle)
}

fn meddled_at(
    server: &WargServer,
    path: &'static str,
    meddle: impl Fn(Value) -> Value + Send + Sync + 'static,
) -> String {
    let meddler = Meddler::start(server.address(), move |asked, (status, body)| {
        if asked != path {
            return (status, body);
        }
        let answer = serde_json::from_slice(&body).unwrap();
        (status, meddle(answer).to_string().into_bytes())
    });
    said(&application(&meddler.registry()), "lock", &[])
}

#[test]
fn no_proofs_prove_nothing() {
    assert_snapshot!(meddled(INCLUSION, |_| json!({ "log": "", "map": "" })), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: it proves 0 of 2 records in its log
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn proofs_of_the_map_are_counted_too() {
    assert_snapshot!(meddled(INCLUSION, |mut answer| {
        answer["map"] = json!("");
        answer
    }), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: it proves 0 of 2 ends of logs in its map
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn a_proof_with_more_hashes_than_levels_ends_nothing() {
    let hashes = [0x0a, 0x00].repeat(300);
    let proof = [&[0x0a, 0xd8, 0x04][..], &hashes].concat().repeat(2);
    assert_snapshot!(meddled(INCLUSION, move |mut answer| {
        answer["map"] = json!(BASE64_STANDARD.encode(&proof));
        answer
    }), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its proof of ends of logs in its map is wrong: it has more hashes than the map has levels
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn a_proof_of_another_record_proves_nothing() {
    assert_snapshot!(meddled(INCLUSION, |mut answer| {
        let log = BASE64_STANDARD.decode(answer["log"].as_str().unwrap()).unwrap();
        // The indices of the leaves are the bytes after the length of the log: both become the first one's.
        let bytes = log.windows(4).position(|window| window == [0x1a, 2, 0, 2]).unwrap();
        let mut log = log;
        log[bytes + 3] = 0;
        answer["log"] = json!(BASE64_STANDARD.encode(log));
        answer
    }), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its proof of records in its log is wrong: it is about another record, or another length of the log
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn no_history_proves_nothing() {
    let (server, publisher) = registry();
    let meddler = Meddler::start(server.address(), |asked, answer| match asked {
        CONSISTENCY => (200, json!({ "proof": "" }).to_string().into_bytes()),
        _ => answer,
    });
    let sandbox = application(&meddler.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    publisher.publish(&server.registry(), "t:front@1.1.0", &step("a", None, 2));
    assert_snapshot!(said(&sandbox, "update", &[]), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: it proves 0 of 1 continuations of its past
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn a_history_of_nothing_ends_nothing() {
    let (server, publisher) = registry();
    let meddler = Meddler::start(server.address(), |asked, answer| match asked {
        // A proof that two records follow from none, which has nothing to add up.
        CONSISTENCY => {
            (200, json!({ "proof": BASE64_STANDARD.encode([0x08, 3, 0x12, 1, 0]) }).to_string().into_bytes())
        }
        _ => answer,
    });
    let sandbox = application(&meddler.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    publisher.publish(&server.registry(), "t:front@1.1.0", &step("a", None, 2));
    assert_snapshot!(said(&sandbox, "update", &[]), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its proof of continuations of its past is wrong: it is about other lengths of the log
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn a_checkpoint_that_is_held_back_is_noticed() {
    let (server, _) = registry();
    let operator = server.operator().to_owned();
    let aged = |by: i64| {
        let operator = operator.clone();
        move |answer: Value| {
            let signed: SerdeEnvelope<TimestampedCheckpoint> = serde_json::from_value(answer).unwrap();
            let mut contents = signed.into_contents();
            contents.timestamp = contents.timestamp.checked_add_signed(by).unwrap();
            serde_json::to_value(SerdeEnvelope::signed_contents(&private(&operator), contents).unwrap()).unwrap()
        }
    };
    assert_snapshot!(meddled_at(&server, CHECKPOINT, aged(-3 * 86_400)), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its checkpoint is 3 days old, and at most 24 hours are allowed: newer records may be held back
      = help: check this machine's clock, and then whether the registry, or a mirror of it, stands still
    exit status 3
    "#);
    assert_snapshot!(meddled_at(&server, CHECKPOINT, aged(7_300)), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its checkpoint is from 2 hours ahead of this machine's clock
      = help: check this machine's clock, and then whether the registry, or a mirror of it, stands still
    exit status 3
    "#);
}

#[test]
fn a_checkpoint_that_somebody_else_signed_is_refused() {
    let somebody = new_key();
    assert_snapshot!(shown(&meddled(CHECKPOINT, move |answer| {
        let signed: SerdeEnvelope<TimestampedCheckpoint> = serde_json::from_value(answer).unwrap();
        serde_json::to_value(SerdeEnvelope::signed_contents(&private(&somebody), signed.into_contents()).unwrap()).unwrap()
    })), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: its checkpoint is signed by the key sha256:DIGEST, which its operator's log does not allow that
      = note: nothing of it was used
    exit status 3
    "#);
    assert_snapshot!(meddled(CHECKPOINT, |mut answer| {
        let timestamp = answer["contents"]["timestamp"].as_u64().unwrap();
        answer["contents"]["timestamp"] = json!(timestamp - 1);
        answer
    }), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: the signature of its checkpoint is wrong
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn an_operator_who_is_introduced_by_somebody_else_is_refused() {
    let (server, _) = registry();
    let (operator, somebody) = (private(server.operator()).public_key(), new_key());
    let forged = move |mut answer: Value| {
        let init =
            OperatorEntry::Init { hash_algorithm: warg_crypto::hash::HashAlgorithm::Sha256, key: operator.clone() };
        let record = OperatorRecord { prev: None, version: 0, timestamp: SystemTime::now(), entries: vec![init] };
        let envelope = ProtoEnvelope::signed_contents(&private(&somebody), record).unwrap();
        let mut body = serde_json::to_value(ProtoEnvelopeBody::from(envelope)).unwrap();
        body["registryIndex"] = json!(0);
        body["fetchToken"] = json!("any");
        answer["operator"] = json!([body]);
        answer
    };
    assert_snapshot!(meddled_at(&server, LOGS, forged), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: the first record of its operator is not signed by the key that it introduces
      = note: nothing of it was used
    exit status 3
    "#);
}

#[test]
fn a_package_that_disappears_is_noticed() {
    let (server, publisher) = registry();
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let meddler = Meddler::start(server.address(), move |asked, answer| match asked {
        LOGS if gone.load(Ordering::SeqCst) => {
            let body = json!({ "status": 404, "type": "log", "id": "sha256:00" });
            (404, body.to_string().into_bytes())
        }
        _ => answer,
    });
    let sandbox = application(&meddler.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    is_gone.store(true, Ordering::SeqCst);
    publisher.publish(&server.registry(), "t:other@1.0.0", &step("a", None, 2));
    assert_snapshot!(said(&sandbox, "update", &[]), @r#"
    error[registry-untrusted]: warg+http://HOST cannot be trusted
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: it says that it has no package of this name, whose log was verified before
      = help: nothing can be taken out of a log: ask its operator; what is locked and in the store can be had with `--offline`
    exit status 3
    "#);
}

#[test]
fn what_is_remembered_and_damaged_is_not_forgotten() {
    let (server, _) = registry();
    let sandbox = application(&server.registry());
    assert_eq!(sandbox.compose("lock").status, Some(0));
    let path = find(&sandbox.path(".cache/logs"), "registry.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    let said = said(&sandbox, "update", &[]);
    // Where the text breaks off depends on the length of signatures.
    assert_snapshot!(shown(said.split("EOF").next().unwrap()), @"error[registry-untrusted]: [DIR]/.cache/logs/HOST-DIGEST/DIGEST/registry.json cannot be used, which says what is known of warg+http://HOST:");
}

fn find(directory: &Path, name: &str) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut found = entries.filter_map(|path| {
        if path.is_dir() {
            Some(find(&path, name)).filter(|path| path.is_file())
        } else {
            path.ends_with(name).then_some(path)
        }
    });
    found.next().unwrap_or_default()
}
