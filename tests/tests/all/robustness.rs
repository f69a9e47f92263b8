//! Whatever a file says, the answer is a result or a failure: nothing that comes from outside panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use compose_tests::{artifact::publish, mutation::Random, sandbox::Sandbox};
use composer::{diagnostic::SourceText, lock::LockFile, manifest::Manifest};

use crate::steps::{step, steps};

const MANIFEST: &str = r#"
[package]
name = "t:app"
version = "1.2.3"
authors = ["a", "b"]
[world]
wit = "app.wit"
name = "app"
[registries]
default = "dir:registry"
[registries.namespaces]
t = "default"
[components]
front = { path = "front.wasm" }
back = "t:back@^1"
other = { package = "t:back", version = ">=1, <3", registry = "default" }
[instances]
back-a = { component = "back" }
[links.front]
"t:steps/b" = { instance = "back-a", export = "t:steps/b@1.0.0" }
[chains]
"t:steps/b" = ["back-a"]
[host]
imports = ["wasi:*", "t:steps/d@1"]
[host.instances]
front = []
[exports]
"t:steps/a@1.0.0" = "front"
"#;

/// An application of [`MANIFEST`] that builds.
fn application() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("front.wasm", step("a", Some("b"), 1));
    sandbox.write("app.wit", format!("package t:app;\nworld app {{ export t:steps/a@1.0.0; }}\n{}", steps("1.0.0")));
    publish(&sandbox.path("registry"), "t:back@1.0.0", &step("b", None, 2));
    sandbox.build();
    sandbox
}

/// Gives `attempt` as many damaged copies of `bytes` as asked for, and names the first that makes it panic.
fn check(bytes: &[u8], times: usize, attempt: impl Fn(&[u8])) {
    let mut random = Random::new(0x5EED);
    for turn in 0..times {
        let mut damaged = random.damaged(bytes);
        for _ in 0..random.below(3) {
            if !damaged.is_empty() {
                damaged = random.damaged(&damaged);
            }
        }
        if catch_unwind(AssertUnwindSafe(|| attempt(&damaged))).is_err() {
            panic!(
                "panics at turn {turn}, given {:?}",
                std::str::from_utf8(&damaged).unwrap_or("something that is not text")
            );
        }
    }
}

/// Damages one file of an application and builds it.
fn check_file(path: &str, times: usize) {
    let sandbox = application();
    let whole = sandbox.read(path);
    check(&whole, times, |damaged| {
        sandbox.write(path, damaged);
        match sandbox.try_build() {
            Ok(_) => {}
            Err(failure) => {
                assert!(!failure.diagnostics().is_empty());
                for diagnostic in failure.diagnostics() {
                    assert_ne!(diagnostic.code.as_str(), "internal", "{diagnostic:#?}");
                    assert!(!diagnostic.message.is_empty());
                }
            }
        }
    });
}

#[test]
fn a_damaged_manifest_is_read_or_refused() {
    check(MANIFEST.as_bytes(), 3000, |damaged| {
        let source = SourceText::new("compose.toml", String::from_utf8_lossy(damaged));
        if let Err(failure) = Manifest::parse(&source) {
            for label in failure.diagnostics().iter().flat_map(|diagnostic| &diagnostic.labels) {
                assert!(
                    label.source.text().get(label.span.clone()).is_some(),
                    "a label outside of its text: {label:?}"
                );
            }
        }
    });
}

#[test]
fn a_damaged_lock_is_read_or_refused() {
    let lock = application().lock();
    check(lock.as_bytes(), 3000, |damaged| {
        let source = SourceText::new("compose.lock", String::from_utf8_lossy(damaged));
        match LockFile::parse(&source) {
            Ok(lock) => assert_eq!(LockFile::parse(&SourceText::new("again", lock.to_text())).unwrap(), lock),
            Err(failure) => assert!(!failure.diagnostics().is_empty()),
        }
    });
}

#[test]
fn an_application_with_a_damaged_manifest_is_built_or_refused() {
    check_file("compose.toml", 300);
}

#[test]
fn an_application_with_a_damaged_lock_is_built_or_refused() {
    check_file("compose.lock", 300);
}

#[test]
fn an_application_with_a_damaged_component_is_built_or_refused() {
    check_file("front.wasm", 1000);
}

#[test]
fn an_application_with_a_damaged_world_is_built_or_refused() {
    check_file("app.wit", 300);
}

#[test]
fn an_application_with_a_damaged_registry_is_built_or_refused() {
    check_file("registry/t/back/index.json", 300);
    let sandbox = application();
    let index = sandbox.read_text("registry/t/back/index.json");
    let (_, digest) = index.split_once("\"sha256:").unwrap();
    let path = format!("registry/t/back/blobs/sha256/{}", &digest[..64]);
    check_file(&path, 100);
}
