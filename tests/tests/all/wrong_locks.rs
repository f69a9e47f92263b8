//! Locks that cannot be used or would have to change, and what a person is told.

use compose_tests::{artifact::publish, sandbox::Sandbox};
use insta::assert_snapshot;

use crate::{refused, steps::step};

const MANIFEST: &str = "[registries]\ndefault = \"dir:registry\"\n[components]\nfront = \"t:front@1\"\n";

/// An application of one package, which is in its registry as 1.0.0.
fn application() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    publish(&sandbox.path("registry"), "t:front@1.0.0", &step("a", None, 1));
    sandbox
}

/// What is said about a lock of this text.
fn check(lock: &str) -> String {
    let sandbox = application();
    sandbox.write("compose.lock", lock);
    refused(&sandbox)
}

#[test]
fn there_is_no_lock() {
    assert_snapshot!(application().compose("build --locked"), @"");
}

#[test]
fn a_lock_is_out_of_date() {
    let sandbox = application();
    sandbox.compose("lock");
    sandbox.write("compose.toml", format!("{MANIFEST}back = {{ path = \"back.wasm\" }}\n"));
    sandbox.write("back.wasm", step("b", None, 2));
    assert_snapshot!(sandbox.compose("build --locked"), @"");
    assert_snapshot!(sandbox.compose("check --frozen"), @"");
}

#[test]
fn a_lock_shows_that_an_instance_would_reach_more_of_the_host() {
    let stub = |imports: &str| {
        let packages = "package wasi:sockets@0.2.0 { interface tcp { f: func(); } interface udp { f: func(); } }";
        compose_tests::guest::stub(&format!("{imports} export run: func();"), packages)
    };
    let sandbox = Sandbox::new("[components]\npricing = { path = \"pricing.wasm\" }\n");
    sandbox.write("pricing.wasm", stub("import wasi:sockets/udp@0.2.0;"));
    sandbox.compose("lock");
    sandbox.write("pricing.wasm", stub("import wasi:sockets/udp@0.2.0; import wasi:sockets/tcp@0.2.0;"));
    assert_snapshot!(sandbox.compose("build --locked"), @"");
}

#[test]
fn a_lock_is_not_one() {
    assert_snapshot!(check("version = 1\n<<<<<<< HEAD\n"), @"");
    assert_snapshot!(check("[[package]]\nname = \"x\"\n"), @"");
    assert_snapshot!(check("version = 1\n\n[[component]]\nname = \"front\"\npackage = \"t:front\"\n"), @"");
    assert_snapshot!(check("version = 1\n\n[[component]]\nname = \"Front\"\npath = \"x\"\n"), @"");
}

#[test]
fn a_lock_is_of_a_later_format() {
    assert_snapshot!(check("version = 2\nsomething = \"new\"\n"), @"");
}

#[test]
fn a_lock_is_not_text() {
    let sandbox = application();
    sandbox.write("compose.lock", b"version = 1\n# caf\xe9\n");
    assert_snapshot!(refused(&sandbox), @"");
}

#[test]
fn a_version_was_replaced_in_its_registry() {
    let sandbox = application();
    sandbox.compose("lock");
    std::fs::remove_dir_all(sandbox.path("registry")).unwrap();
    publish(&sandbox.path("registry"), "t:front@1.0.0", &step("a", None, 9));
    assert_snapshot!(refused(&sandbox), @"");
}
