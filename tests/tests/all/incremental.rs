//! A build after which nothing has changed does nothing; whatever has changed, the next one notices.

use std::{fs, path::Path};

use compose_tests::{artifact::publish, execution::invoke, sandbox::Sandbox};
use composer::driver::{self, LastBuild, Locking, Session, Unchanged};

use crate::steps::{application, step};

/// An application with a component, a folder with one, and a world.
fn sandbox() -> Sandbox {
    let sandbox =
        application("inner = { path = \"inner\" }\n[world]\nwit = \"wit\"", [("one", step("a", Some("b"), 1))]);
    sandbox.write("wit/world.wit", "package t:application;\nworld all { export t:steps/a@1.0.0; }\n");
    let steps = "package t:steps@1.0.0;\ninterface a { f: func(n: u32) -> u32; }\n";
    sandbox.write("wit/deps/steps/steps.wit", steps);
    sandbox.write("inner/compose.toml", "[components]\ntwo = { path = \"two.wasm\" }\n");
    sandbox.write("inner/two.wasm", step("b", None, 2));
    sandbox
}

fn unchanged(session: &Session, output: Option<&Path>) -> Option<Unchanged> {
    LastBuild::of(session).unchanged(session, output)
}

fn is_unchanged(sandbox: &Sandbox) -> bool {
    unchanged(&sandbox.session(), None).is_some()
}

/// Builds, changes something, and expects that this is noticed.
fn check(what: &str, change: impl FnOnce(&Sandbox)) {
    let sandbox = sandbox();
    sandbox.build();
    assert!(is_unchanged(&sandbox), "{what}");
    change(&sandbox);
    assert!(!is_unchanged(&sandbox), "{what}");
}

#[test]
fn every_change_is_noticed() {
    check("a component", |sandbox| sandbox.write("one.wasm", step("a", Some("b"), 3)));
    check("a component within a folder", |sandbox| sandbox.write("inner/two.wasm", step("b", None, 3)));
    check("the manifest", |sandbox| sandbox.write("compose.toml", sandbox.read_text("compose.toml") + "\n"));
    check("a manifest within", |sandbox| {
        sandbox.write("inner/compose.toml", sandbox.read_text("inner/compose.toml") + "\n");
    });
    check("the lock", |sandbox| sandbox.write("compose.lock", sandbox.lock() + "\n"));
    check("no lock", |sandbox| fs::remove_file(sandbox.path("compose.lock")).unwrap());
    check("the world", |sandbox| {
        sandbox.write("wit/world.wit", sandbox.read_text("wit/world.wit") + "\n");
    });
    check("a file more of the world", |sandbox| sandbox.write("wit/deps/steps/more.wit", ""));
    check("no component", |sandbox| fs::remove_file(sandbox.path("one.wasm")).unwrap());
    check("the result", |sandbox| sandbox.write("target/compose/app.wasm", "another"));
    check("no result", |sandbox| fs::remove_file(sandbox.path("target/compose/app.wasm")).unwrap());
    check("the fingerprint", |sandbox| sandbox.write("target/compose/fingerprint.json", "{}"));
}

#[test]
fn an_application_around_this_one_is_noticed() {
    let sandbox = Sandbox::new("");
    sandbox.write("apps/one/compose.toml", "[components]\none = { path = \"one.wasm\" }\n");
    sandbox.write("apps/one/one.wasm", step("a", None, 1));
    let mut session = sandbox.session();
    session.manifest = sandbox.path("apps/one/compose.toml");
    fs::remove_file(sandbox.path("compose.toml")).unwrap();
    compose_tests::execution::block_on(driver::build(&session, None, LastBuild::of(&session))).unwrap();
    assert!(unchanged(&session, None).is_some());
    sandbox.write("compose.toml", "[workspace]\nmembers = [\"apps/*\"]\n");
    assert!(unchanged(&session, None).is_none());
}

#[test]
fn a_change_is_built_and_nothing_else_is() {
    let sandbox = sandbox();
    sandbox.build();
    sandbox.write("one.wasm", step("a", Some("b"), 7));
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "527");
    sandbox.write("inner/two.wasm", step("b", None, 8));
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "587");
}

#[test]
fn another_output_is_another_result() {
    let sandbox = sandbox();
    sandbox.build();
    assert!(unchanged(&sandbox.session(), Some(&sandbox.path("other.wasm"))).is_none());
    assert!(unchanged(&sandbox.session(), Some(&sandbox.path("target/compose/app.wasm"))).is_some());
    assert!(unchanged(&Session { locking: Locking::Locked, ..sandbox.session() }, None).is_some());
}

#[test]
fn that_nothing_has_changed_is_said() {
    let sandbox = application("", [("one", step("a", None, 1))]);
    sandbox.compose("build");
    insta::assert_snapshot!(sandbox.compose("build"), @"
       Unchanged target/compose/app.wasm (1.1 KiB, 1 instance of 1 component)
    exit status 0
    ");
    let message = sandbox.compose("build --message-format json --quiet").stdout;
    let message: serde_json::Value = serde_json::from_str(&message).unwrap();
    let digest = registry_client::Digest::of(&sandbox.read("target/compose/app.wasm"));
    assert_eq!(message["digest"], digest.to_string());
    assert_eq!(message["exports"], serde_json::json!(["t:steps/a@1.0.0"]));
}

#[test]
fn what_was_warned_of_is_said_again() {
    let sandbox = application(
        "[exports]\n\"t:steps/a@1.0.0\" = \"one\"\n",
        [("one", step("a", None, 1)), ("spare", step("b", None, 2))],
    );
    let built = sandbox.compose("build").to_string();
    let unchanged = sandbox.compose("build").to_string();
    assert_eq!(built.matches("warning[").count(), 1, "{built}");
    insta::assert_snapshot!(unchanged, @r#"
    warning[unused-instance]: `spare` is not used and is left out
     --> compose.toml:3:1
      |
    3 | spare = { path = "spare.wasm" }
      | ^^^^^ nothing that is exported needs it

       Unchanged target/compose/app.wasm (1.1 KiB, 1 instance of 1 component)
    exit status 0
    "#);
}

#[test]
fn under_a_lock_names_are_asked_about_before_nothing_is_done() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n[components]\none = \"t:one@1\"\n");
    let registry = sandbox.path("registry");
    publish(&registry, "t:one@1.0.0", &step("a", None, 1));
    assert_eq!(sandbox.compose("build").status, Some(0));
    insta::assert_snapshot!(sandbox.compose("build --locked"), @"
       Unchanged target/compose/app.wasm (1.1 KiB, 1 instance of 1 component)
    exit status 0
    ");
    // The registry is gone, which matters to nobody who need not ask it; then it has something else under that name.
    fs::rename(&registry, sandbox.path("away")).unwrap();
    insta::assert_snapshot!(sandbox.compose("build"), @"
       Unchanged target/compose/app.wasm (1.1 KiB, 1 instance of 1 component)
    exit status 0
    ");
    insta::assert_snapshot!(sandbox.compose("build --locked"), @r#"
    error[unknown-registry]: the registry dir:registry does not exist
     --> compose.toml:4:7
      |
    4 | one = "t:one@1"
      |       ^^^^^^^^^ needed here
      |
      = help: create the directory, or mend its path; it is relative to the manifest
    exit status 1
    "#);
    publish(&registry, "t:one@1.0.0", &step("a", None, 2));
    insta::assert_snapshot!(sandbox.compose("build --locked"), @r#"
    error[tag-moved]: t:one@1.0.0 in dir:registry is not what it was when it was locked
     --> compose.toml:4:7
      |
    4 | one = "t:one@1"
      |       ^^^^^^^^^ named here
      |
      = note: `compose.lock` has sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
      = note: the registry has  sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10
      = help: if it was pushed again on purpose, take what is there now
              compose update one
    exit status 1
    "#);
}
