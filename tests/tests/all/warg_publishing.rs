//! What keeps a person from changing a log, told so that they know what to do.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use compose_tests::{
    execution::block_on,
    sandbox::{Run, Sandbox},
    warg_server::{Meddler, WargServer, new_key, public, signing},
    warg_stage::{Manner, Stage},
};
use insta::assert_snapshot;
use registry_client::{Client, ClientOptions, Credentials, Event, EventSink, Network, Store};

use crate::{steps::step, warg::Publisher, warg_attacks::shown, warg_manners};

/// Somebody with a component and a key, and a registry that defines `t`.
struct Person {
    sandbox: Sandbox,
    server: WargServer,
}

impl Person {
    fn new() -> Self {
        Self::with(WargServer::start(&["t"]))
    }

    fn with(server: WargServer) -> Self {
        let files = [("front.wasm", step("a", None, 1)), ("other.wasm", step("a", None, 2))];
        let sandbox = Sandbox::with("", files);
        sandbox.write("key", new_key());
        Self { sandbox, server }
    }

    fn key(&self) -> String {
        public(&self.sandbox.read_text("key")).to_string()
    }

    /// What a command says that is about the registry, and signs with the key.
    fn said(&self, arguments: &str) -> String {
        let registry = self.server.registry();
        let option = if arguments.starts_with("push") { "--to" } else { "--registry" };
        let run = self.sandbox.compose(&format!("{arguments} {option} {registry} --signing-key key"));
        shown(
            &run.to_string()
                .replace(&registry, "REGISTRY")
                .replace(&self.server.operator_key().to_string(), "OPERATOR"),
        )
    }

    fn did(&self, arguments: &str) {
        let said = self.said(arguments);
        assert!(said.ends_with("exit status 0"), "{said}");
    }
}

#[test]
fn the_first_contact_is_told_once() {
    let person = Person::new();
    assert_snapshot!(person.said("push front.wasm --as t:front@1.0.0"), @"
    REGISTRY/t/front@sha256:DIGEST
    ---
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
            Sent the component, sha256:ac2a8063c723 (869 B)
          Pushed t:front@1.0.0 in REGISTRY
    exit status 0
    ");
    assert_snapshot!(person.said("push other.wasm --as t:front@1.1.0"), @"
    REGISTRY/t/front@sha256:DIGEST
    ---
     Downloading t:front@1.0.0 in REGISTRY (869 B)
            Sent the component, sha256:979c4d37f302 (869 B)
          Pushed t:front@1.1.0 in REGISTRY
    exit status 0
    ");
}

#[test]
fn whoever_requires_an_operator_is_not_told_whose_log_it_is() {
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let registry = format!("{{ url = \"{}\", operator-key = \"{}\" }}", server.registry(), server.operator_key());
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = {registry}\n[components]\nfront = \"t:front\"\n"));
    let run = sandbox.compose("lock");
    assert!(run.status == Some(0) && !run.stderr.contains("Remembered"), "{run}");
}

#[test]
fn a_release_is_not_replaced() {
    let person = Person::new();
    person.did("push front.wasm --as t:front@1.0.0");
    assert_snapshot!(person.said("push other.wasm --as t:front@1.0.0"), @"
    error[version-exists]: t:front@1.0.0 in REGISTRY was released with other content: its component is sha256:DIGEST, the one to be pushed is sha256:DIGEST
     |
     = help: publish it under a new version: in a log, nothing is ever replaced
    exit status 1
    ");
    assert_snapshot!(person.said("push other.wasm --as t:front@1.0.0 --force"), @"
    error[version-exists]: t:front@1.0.0 in REGISTRY was released with other content: its component is sha256:DIGEST, the one to be pushed is sha256:DIGEST
     |
     = help: publish it under a new version: in a log, nothing is ever replaced
    exit status 1
    ");
    person.did("yank t:front@1.0.0");
    assert_snapshot!(person.said("push front.wasm --as t:front@1.0.0"), @"
    error[version-exists]: t:front@1.0.0 in REGISTRY was withdrawn by its publisher, which cannot be undone
     |
     = help: whoever needs it again needs a new version
    exit status 1
    ");
    assert_snapshot!(person.said("yank t:front@2.0.0"), @"
    error[version-not-found]: there is no t:front@2.0.0 in REGISTRY
     |
     = note: `REGISTRY` has no version of it
    exit status 1
    ");
    assert_snapshot!(person.said("yank t:back@2.0.0"), @"
    error[package-not-found]: REGISTRY has no package t:back
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor t:back
    exit status 3
    ");
}

#[test]
fn several_publish_at_once() {
    let (server, first) = (WargServer::start(&["t"]), Publisher::new());
    let others = [first.another(), first.another(), first.another()];
    std::thread::scope(|scope| {
        for (patch, publisher) in others.iter().enumerate() {
            let registry = server.registry();
            let package = format!("t:front@1.0.{patch}");
            scope.spawn(move || publisher.publish(&registry, &package, &step("a", None, 1)));
        }
    });
    let versions = block_on(first.client().versions(&server.registry().parse().unwrap(), &"t:front".parse().unwrap()));
    assert_eq!(versions.unwrap().len(), others.len());
}

#[test]
fn a_dry_run_changes_nothing() {
    let person = Person::new();
    assert_snapshot!(person.said("push front.wasm --as t:front@1.0.0 --dry-run"), @"
    REGISTRY/t/front@sha256:DIGEST
    ---
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
      Would send the component, sha256:ac2a8063c723 (869 B)
      Would push t:front@1.0.0 in REGISTRY
    exit status 0
    ");
    assert_snapshot!(person.said("yank t:front@1.0.0"), @"
    error[package-not-found]: REGISTRY has no package t:front
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor t:front
    exit status 3
    ");
}

#[test]
fn a_namespace_must_be_defined() {
    let person = Person::with(WargServer::start(&["t", "moved=elsewhere.example"]));
    assert_snapshot!(person.said("push front.wasm --as nobody:front@1.0.0"), @"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[namespace-not-defined]: REGISTRY does not define the namespace `nobody`
     |
     = help: check the namespace's spelling, and which registry the manifest names for it; only its operator can define it
    exit status 3
    ");
    assert_snapshot!(person.said("push front.wasm --as moved:front@1.0.0"), @"
    error[namespace-not-defined]: REGISTRY does not define the namespace `moved`: it says that its packages are in elsewhere.example
     |
     = help: name that registry for the namespace, under `[registries.namespaces]`
    exit status 3
    ");
}

#[test]
fn a_key_that_may_not_is_told_what_it_may_not() {
    let person = Person::new();
    Publisher::new().publish(&person.server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let hidden = |said: String| said.replace(&person.key(), "KEY");
    assert_snapshot!(hidden(person.said("push other.wasm --as t:front@1.1.0")), @"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
     Downloading t:front@1.0.0 in REGISTRY (869 B)
    error[key-not-allowed]: the key sha256:DIGEST may not release versions of t:front
     |
     = help: sign with a key that may, or have whoever has one allow it to this key, which `compose key show` prints
             compose key grant t:front KEY
    exit status 3
    ");
    assert_snapshot!(hidden(person.said("yank t:front@1.0.0")), @"
    error[key-not-allowed]: the key sha256:DIGEST may not withdraw versions of t:front
     |
     = help: sign with a key that may, or have whoever has one allow it to this key, which `compose key show` prints
             compose key grant t:front KEY
    exit status 3
    ");
    assert_snapshot!(hidden(person.said(&format!("key grant t:front {}", person.key()))), @"
    error[key-not-allowed]: the key sha256:DIGEST may not decide who else may publish t:front
     |
     = help: sign with a key that may, or have whoever has one allow it to this key, which `compose key show` prints
             compose key grant t:front KEY
    exit status 3
    ");
}

#[test]
fn only_what_was_allowed_can_be_disallowed() {
    let person = Person::new();
    person.did("push front.wasm --as t:front@1.0.0");
    let theirs = public(&new_key()).to_string();
    let hidden = |said: String| said.replace(&theirs, "KEY");
    assert_snapshot!(hidden(person.said(&format!("key revoke t:front {theirs}"))), @"
    error[key-not-allowed]: the key sha256:DIGEST has nothing that could be taken from it for t:front
     |
     = help: check that it is the right key; the fingerprint of yours is shown by `compose key show`
    exit status 3
    ");
    person.did(&format!("key grant t:front {theirs} --may release"));
    // Both are meant, and it has one of them.
    assert_snapshot!(hidden(person.said(&format!("key revoke t:front {theirs}"))), @"
         Revoked for t:front in REGISTRY, KEY
    exit status 0
    ");
    assert_snapshot!(hidden(person.said(&format!("key revoke t:front {theirs} --may release"))), @"
    error[key-not-allowed]: the key sha256:DIGEST has nothing that could be taken from it for t:front
     |
     = help: check that it is the right key; the fingerprint of yours is shown by `compose key show`
    exit status 3
    ");
}

#[test]
fn a_registry_may_take_nothing_from_a_key() {
    let allowed = public(&new_key());
    let person = Person::with(WargServer::start_for("t", &allowed));
    assert_snapshot!(person.said("push front.wasm --as t:front@1.0.0"), @"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[key-not-allowed]: REGISTRY does not take what the key sha256:DIGEST signs for t:front: key id `sha256:DIGEST` is not authorized to publish to package `t:front`
     |
     = help: have whoever runs the registry allow this key, which `compose key show` prints
     = help: if the registry wants to know first who you are, log in
             compose login REGISTRY
    exit status 3
    ");
}

#[test]
fn a_key_may_be_in_a_variable() {
    let person = Person::new();
    let push = format!("push front.wasm --as t:front@1.0.0 --to {}", person.server.registry());
    let said = |key: &str| {
        let run = person.sandbox.compose_with([("COMPOSE_SIGNING_KEY", key)], &push);
        run.stderr
            .replace(&person.server.registry(), "REGISTRY")
            .replace(&person.server.operator_key().to_string(), "OPERATOR")
    };
    assert_snapshot!(said("ecdsa-p256:c2VjcmV0"), @"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[signing-key]: the variable `COMPOSE_SIGNING_KEY` has no signing key
     |
     = note: a key has 32 bytes, and this has 6
     = help: a private key is `ecdsa-p256:` and the base64 of 32 bytes, in a text of its own
             compose key new FILE
    ");
    assert_snapshot!(said(&person.sandbox.read_text("key")), @"
      Sent the component, sha256:ac2a8063c723 (869 B)
    Pushed t:front@1.0.0 in REGISTRY
    ");
}

#[test]
fn content_that_the_registry_does_not_want_is_refused_in_its_words() {
    let server = WargServer::start(&["t"]);
    let error = Publisher::new().try_publish(&server.registry(), "t:front@1.0.0", b"no component").unwrap_err();
    assert_snapshot!(warg_manners::shown(&error, &server.registry()), @"
    registry-failure: warg+http://HOST refused the record for t:front: content is not valid WebAssembly: magic header not detected: bad magic number - expected=[     0x0,     0x61,     0x73,     0x6d, ] actual=[     0x6e,     0x6f,     0x20,     0x63, ] (at offset 0x0)
      what a registry takes is up to whoever runs it; nothing was published
    ");
}

#[test]
fn a_record_that_is_never_published_is_waited_for_and_given_up() {
    const PROCESSING: &str = r#"{"recordId":"sha256:0000000000000000000000000000000000000000000000000000000000000000","state":"processing"}"#;
    let server = WargServer::start(&["t"]);
    let (publisher, sandbox) = (Publisher::new(), Sandbox::new(""));
    let waits = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&waits);
    let client = Client::new(ClientOptions {
        store: Store::open(&sandbox.path(".cache")).unwrap(),
        credentials: Credentials::anonymous(),
        network: Network::Online,
        insecure: [].into(),
        parallel: NonZeroUsize::MIN,
        events: EventSink::new(move |event| {
            if let Event::Publishing { waited, .. } = event {
                heard.lock().unwrap().push(waited);
            }
        }),
    });
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (error, registry) = paused.block_on(async {
        let is_state = |asked: &str| asked.starts_with("GET /v1/package/");
        let manner = move |asked: &str| if is_state(asked) { Manner::Says(PROCESSING) } else { Manner::Honest };
        let stage = Stage::start(server.address(), manner).await;
        let component = step("a", None, 1);
        let pushed = publisher.push(&client, &stage.registry(), "t:front@1.0.0", &component).await;
        (pushed.unwrap_err(), stage.registry())
    });
    assert_snapshot!(warg_manners::shown(&error, &registry), @"
    registry-failure: warg+http://HOST took the record for t:front, and did not publish it within 120 seconds
      it may still be published: do the same again later, which changes nothing where it was, and ask whoever runs the registry if it never is
    ");
    let waits = waits.lock().unwrap();
    assert_eq!(waits.first(), Some(&Duration::ZERO));
    assert!((10..=12).contains(&waits.len()), "{waits:?}");
}

#[test]
fn a_record_that_the_registry_finds_invalid_is_told_in_its_words() {
    const REJECTED: &str = r#"{"recordId":"sha256:0000000000000000000000000000000000000000000000000000000000000000","state":"rejected","reason":"no more of this"}"#;
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (error, registry) = paused.block_on(async {
        let is_record = |asked: &str| asked.contains(" /v1/package/");
        let manner = move |asked: &str| if is_record(asked) { Manner::Says(REJECTED) } else { Manner::Honest };
        let stage = Stage::start(server.address(), manner).await;
        let component = step("a", None, 1);
        let pushed = publisher.push(&publisher.client(), &stage.registry(), "t:front@1.0.0", &component).await;
        (pushed.unwrap_err(), stage.registry())
    });
    assert_snapshot!(warg_manners::shown(&error, &registry), @"
    registry-failure: warg+http://HOST refused the record for t:front: no more of this
      what a registry takes is up to whoever runs it; nothing was published
    ");
}

#[test]
fn a_registry_that_says_published_has_to_prove_it() {
    const PUBLISHED: &str = r#"{"recordId":"sha256:0000000000000000000000000000000000000000000000000000000000000000","state":"published","registryIndex":0}"#;
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let paused = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (error, registry) = paused.block_on(async {
        let is_record = |asked: &str| asked.contains(" /v1/package/");
        let manner = move |asked: &str| if is_record(asked) { Manner::Says(PUBLISHED) } else { Manner::Honest };
        let stage = Stage::start(server.address(), manner).await;
        let (client, registry) = (publisher.client(), stage.registry());
        let (package, version) = ("t:front".parse().unwrap(), "1.0.0".parse().unwrap());
        let withdrawn = client.yank(&registry.parse().unwrap(), &package, &version, &signing(&publisher.key)).await;
        (withdrawn.unwrap_err(), registry)
    });
    assert_snapshot!(warg_manners::shown(&error, &registry), @"
    registry-failure: warg+http://HOST took the record for t:front, and did not publish it within 120 seconds
      it may still be published: do the same again later, which changes nothing where it was, and ask whoever runs the registry if it never is
    ");
}

#[test]
fn a_wit_package_is_published_and_used() {
    let person = Person::new();
    person
        .sandbox
        .write("wit/greet.wit", "package t:greeting@1.0.0;\n\ninterface greet {\n    hello: func() -> string;\n}\n");
    assert_snapshot!(
        person.said("push wit").split("\n").filter(|line| !line.contains("Remembered")).collect::<Vec<_>>().join("\n"), @"
    REGISTRY/t/greeting@sha256:DIGEST
    ---
            Sent the WIT package, sha256:536ec42b8a4d (138 B)
          Pushed t:greeting@1.0.0 in REGISTRY
    exit status 0
    ");
    let registry = person.server.registry();
    let uses = Sandbox::new(&format!("[registries]\ndefault = \"{registry}\"\n"));
    uses.write("wit/world.wit", "package u:app;\n\nworld app {\n    import t:greeting/greet@1.0.0;\n}\n");
    let run = uses.compose("wit fetch");
    assert_eq!(run.status, Some(0), "{run}");
    let run = uses.compose("wit show wit");
    assert_snapshot!(run.stdout, @"
    package u:app;

    world app {
      import t:greeting/greet@1.0.0;
    }

    package t:greeting@1.0.0 {
      interface greet {
        hello: func() -> string;
      }
    }
    ");
}

#[test]
fn a_person_is_told_whose_log_it_is_and_whether_it_answers() {
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let manifest = |registry: &str| format!("[registries]\ndefault = {registry}\n[components]\nfront = \"t:front\"\n");
    let sandbox = Sandbox::new(&manifest(&format!("\"{}\"", server.registry())));
    let doctor = || {
        let run = sandbox.compose("doctor").to_string();
        let registries = run.split("Registries\n").last().unwrap().to_owned();
        registries.replace(&server.registry(), "REGISTRY").replace(&server.operator_key().to_string(), "OPERATOR")
    };
    assert_snapshot!(doctor(), @"
      REGISTRY  answers, and proved its log of 2 records, begun by OPERATOR, seen for the first time
    ---
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    exit status 0
    ");
    assert_snapshot!(doctor(), @"
      REGISTRY  answers, and proved its log of 2 records, begun by OPERATOR, as when it was first seen
    exit status 0
    ");
    let required = |key: &str| manifest(&format!("{{ url = \"{}\", operator-key = \"{key}\" }}", server.registry()));
    sandbox.write("compose.toml", required(&server.operator_key().to_string()));
    assert_snapshot!(doctor(), @"
      REGISTRY  answers, and proved its log of 2 records, begun by OPERATOR, as is required
    exit status 0
    ");
    let other = public(&new_key()).to_string();
    sandbox.write("compose.toml", required(&other));
    assert_snapshot!(doctor().replace(&other, "OTHER"), @"
      REGISTRY  failed: see below
    ---
    error[registry-untrusted]: REGISTRY cannot be trusted
     |
     = note: caused by: its log was begun by the operator key OPERATOR, and must be by OTHER
     = help: ask its operator for the key, by another way than this registry; `operator-key` in the manifest must be that
    exit status 1
    ");
}

#[test]
fn a_login_is_to_a_warg_registry_where_it_is_named_as_one() {
    let server = WargServer::start(&["t"]);
    let gate = Meddler::guarded(server.address(), "Bearer s3cret");
    let (sandbox, address) = (Sandbox::bare([("token", "")]), gate.registry().replace("warg+http://", ""));
    let said = |run: Run| run.to_string().replace(&address, "HOST");
    let registry = gate.registry();
    assert_snapshot!(said(sandbox.compose_reading("s3cret", &format!("login {registry} --token-stdin"))), @"
       Logged in to HOST; kept in .docker/config.json
    exit status 0
    ");
    let open = server.address();
    let run = sandbox.compose_reading("s3cret", &format!("login {open} --token-stdin"));
    assert_snapshot!(run.to_string().replace(&open, "HOST"), @"
    error[registry-failure]: cannot get an answer from HOST
     |
     = note: caused by: GET http://HOST/v2/ was answered with 404
     = help: it answers, and is no OCI registry; a warg registry is named as one: `warg+https://HOST`
    exit status 3
    ");
    sandbox.compose_reading("s3cret", &format!("login {} --token-stdin", server.registry()));
    let doctor = sandbox.compose("doctor").to_string().replace(&open, "OPEN");
    assert!(doctor.contains("answers, and is no OCI registry"), "{doctor}");
}
