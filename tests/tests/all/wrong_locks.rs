//! Locks that cannot be used or would have to change, and what a person is told.

use compose_tests::{artifact::publish, guest, sandbox::Sandbox};
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
    assert_snapshot!(application().compose("build --locked"), @"
    error[lock-out-of-date]: there is no `compose.lock`, and it must not be written
     |
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    ");
}

#[test]
fn a_lock_is_out_of_date() {
    let sandbox = application();
    sandbox.compose("lock");
    sandbox.write("compose.toml", format!("{MANIFEST}back = {{ path = \"back.wasm\" }}\n"));
    sandbox.write("back.wasm", step("b", None, 2));
    assert_snapshot!(sandbox.compose("build --locked"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
             + [component.back]
             + path = "back.wasm"
             + [instance.back]
             + component = "back"
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("check --frozen"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
             + [component.back]
             + path = "back.wasm"
             + [instance.back]
             + component = "back"
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
}

#[test]
fn a_lock_shows_that_an_instance_would_reach_more_of_the_host() {
    let stub = |imports: &str| {
        let packages = "package wasi:sockets@0.2.0 { interface tcp { f: func(); } interface udp { f: func(); } }";
        guest::stub(&format!("{imports} export run: func();"), packages)
    };
    let sandbox = Sandbox::new("[components]\npricing = { path = \"pricing.wasm\" }\n");
    sandbox.write("pricing.wasm", stub("import wasi:sockets/udp@0.2.0;"));
    sandbox.compose("lock");
    sandbox.write("pricing.wasm", stub("import wasi:sockets/udp@0.2.0; import wasi:sockets/tcp@0.2.0;"));
    assert_snapshot!(sandbox.compose("build --locked"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
               [instance.pricing]
             +     "wasi:sockets/tcp@0.2.0",
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
}

#[test]
fn a_lock_is_not_one() {
    assert_snapshot!(check("version = 1\n<<<<<<< HEAD\n"), @"
    error[lock-invalid]: `compose.lock` is not a lock
     --> compose.lock:2:9
      |
    2 | <<<<<<< HEAD
      |         ^ key with no value, expected `=`
      |
      = help: a merge left conflict marks in it: take either side, and run `compose lock`
    exit status 1
    ");
    assert_snapshot!(check("[[package]]\nname = \"x\"\n"), @"
    error[lock-invalid]: `compose.lock` is not a lock
     --> compose.lock:1:1
      |
    1 | [[package]]
      | ^ missing field `version`
      |
      = help: take the last version that was committed, or delete it and run `compose lock`
    exit status 1
    ");
    assert_snapshot!(check("version = 1\n\n[component.front]\npackage = \"t:front\"\n"), @"
    error[lock-invalid]: the component `front` in `compose.lock` lacks `requirement`, `registry`, `version`, `digest`, `size`, `manifest` and `manifest-size`
     --> compose.lock:3:12
      |
    3 | [component.front]
      |            ^^^^^ this entry is not whole
      |
      = help: take the last version that was committed, or delete it and run `compose lock`
    exit status 1
    ");
    let of = |name: &str, digest: &str| {
        let bytes = format!("digest = \"sha256:{digest}\"\nsize = 1\nmanifest = \"sha256:{}\"", "a".repeat(64));
        format!("[component.{name}]\noci = \"ghcr.io/a/b:1\"\n{bytes}\nmanifest-size = 2\n")
    };
    let (front, back) = (of("front", "12"), of("back", &"b".repeat(64)).replace("size = 1\n", ""));
    assert_snapshot!(check(&format!("version = 1\n{front}{back}")), @r#"
    error[lock-invalid]: the component `front` in `compose.lock` has a `digest` that cannot be used
     --> compose.lock:4:10
      |
    4 | digest = "sha256:12"
      |          ^^^^^^^^^^^ `sha256:12` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`

    error[lock-invalid]: the component `back` in `compose.lock` lacks `size`
     --> compose.lock:8:12
      |
    8 | [component.back]
      |            ^^^^ this entry is not whole
      |
      = help: take the last version that was committed, or delete it and run `compose lock`

    error: 2 problems found
    exit status 1
    "#);
    assert_snapshot!(check("version = 1\n\n[component.Front]\npath = \"x\"\n"), @"
    error[lock-invalid]: the component `Front` in `compose.lock` has a `name` that cannot be used
     --> compose.lock:3:12
      |
    3 | [component.Front]
      |            ^^^^^ a name is lowercase words joined by `-`, each starting with a letter
      |
      = help: take the last version that was committed, or delete it and run `compose lock`
    exit status 1
    ");
}

#[test]
fn a_lock_is_of_a_later_format() {
    assert_snapshot!(check("version = 2\nsomething = \"new\"\n"), @"
    error[lock-invalid]: `compose.lock` was written by a newer `compose`
     --> compose.lock:1:11
      |
    1 | version = 2
      |           ^ this `compose` knows the format 1
      |
      = help: use the `compose` that wrote it, or a newer one
    exit status 1
    ");
}

#[test]
fn a_checkout_with_other_ends_of_lines_is_no_change() {
    let sandbox = application();
    sandbox.compose("lock");
    let windows = sandbox.lock().replace('\n', "\r\n");
    sandbox.write("compose.lock", &windows);
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(sandbox.lock(), windows);
}

#[test]
fn a_lock_is_not_text() {
    let sandbox = application();
    sandbox.write("compose.lock", b"version = 1\n# caf\xe9\n");
    assert_snapshot!(refused(&sandbox), @"
    error[lock-invalid]: cannot read `compose.lock`
     |
     = note: it is not UTF-8 text: the first byte that cannot be is at offset 17, in line 2
    exit status 1
    ");
}

#[test]
fn a_version_was_replaced_in_its_registry() {
    let sandbox = application();
    sandbox.compose("lock");
    std::fs::remove_dir_all(sandbox.path("registry")).unwrap();
    publish(&sandbox.path("registry"), "t:front@1.0.0", &step("a", None, 9));
    assert_snapshot!(refused(&sandbox), @r#"
    error[registry-failure]: cannot read registry/t/front/blobs/sha256/ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5 as part of an OCI image layout
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: caused by: it does not exist
      = note: `compose.lock` names these bytes, and the registry no longer has them
      = help: if the version was replaced on purpose, take its entry out of `compose.lock` and run `compose lock`
    exit status 3
    "#);
}
