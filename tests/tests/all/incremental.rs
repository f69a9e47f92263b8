//! A build after which nothing has changed does nothing; whatever has changed, the next one notices.

use std::fs;

use compose_tests::{execution::invoke, sandbox::Sandbox};
use composer::driver::{self, Locking};

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

fn is_unchanged(sandbox: &Sandbox) -> bool {
    driver::unchanged(&sandbox.session(), None).is_some()
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
    compose_tests::execution::block_on(driver::build(&session, None)).unwrap();
    assert!(driver::unchanged(&session, None).is_some());
    sandbox.write("compose.toml", "[workspace]\nmembers = [\"apps/*\"]\n");
    assert!(driver::unchanged(&session, None).is_none());
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
    assert!(driver::unchanged(&sandbox.session(), Some(&sandbox.path("other.wasm"))).is_none());
    assert!(driver::unchanged(&sandbox.session(), Some(&sandbox.path("target/compose/app.wasm"))).is_some());
    assert!(driver::unchanged(&driver::Session { locking: Locking::Locked, ..sandbox.session() }, None).is_some());
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
