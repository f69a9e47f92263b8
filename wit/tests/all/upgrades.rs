//! A world is upgraded, in each of the ways that the semver check of wasm-tools has a case for: it says what we say.
//!
//! [Its cases](https://github.com/bytecodealliance/wasm-tools/tree/v1.258.0/tests/cli) compare two worlds of one text; these are pairs of
//! texts that cover the same.

use wit::compatibility::Side;

use crate::proof::{changes, guests_run, refuses_guests};

/// Whether guests of a world run in hosts of its next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upgrade {
    Compatible,
    Refused,
}

/// Checks what both say of the upgrade.
#[track_caller]
fn check(before: &str, after: &str, expected: Upgrade) {
    let [before, after] = [before, after].map(|text| format!("package shop:catalog@1.2.0; {text}"));
    let verdict = |refused: bool| if refused { Upgrade::Refused } else { Upgrade::Compatible };
    let theirs = guests_run(&before, &after);
    let ours = changes(&before, &after);
    assert_eq!(verdict(theirs.is_err()), expected, "{theirs:?}");
    assert_eq!(verdict(ours.iter().any(refuses_guests)), expected, "{ours:#?}");
}

#[test]
fn a_world_that_stays_empty() {
    check("world w {}", "world w {}", Upgrade::Compatible);
}

#[test]
fn what_a_world_imports_may_become_more() {
    check(
        "interface log {} world w {}",
        "interface log {} world w { import now: func() -> u64; import extra: interface {} import log; }",
        Upgrade::Compatible,
    );
}

#[test]
fn what_a_world_imports_may_not_become_less() {
    check("world w { import now: func() -> u64; }", "world w {}", Upgrade::Refused);
    check(
        "world w { import now: func(); import extra: interface { f: func(); } }",
        "world w { import now: func(); }",
        Upgrade::Refused,
    );
    check(
        "interface log { line: func(); } world w { import log; }",
        "interface log {} world w { import log; }",
        Upgrade::Refused,
    );
}

#[test]
fn what_a_world_exports_may_become_less() {
    check(
        "interface log { line: func(); } world w { export run: func(); export extra: interface {} export log; }",
        "interface log { line: func(); } world w {}",
        Upgrade::Compatible,
    );
}

#[test]
fn what_a_world_exports_may_not_become_more() {
    check("world w {}", "world w { export run: func(); }", Upgrade::Refused);
    check(
        "interface log {} world w { export log; }",
        "interface log { line: func(); } world w { export log; }",
        Upgrade::Refused,
    );
}

#[test]
fn another_version_of_what_a_world_imports_stands_in_for_the_one_before() {
    let world = |version: &str, functions: &str| {
        format!(
            "world w {{ import shop:stock/api@{version}; }} package shop:stock@{version} {{ interface api {{ {functions} }} }}"
        )
    };
    let before = world("1.0.0", "count: func();");
    check(&before, &world("1.0.1", "count: func();"), Upgrade::Compatible);
    check(&before, &world("1.0.1", "count: func(); order: func();"), Upgrade::Compatible);
    check(&before, &world("1.0.1", "order: func();"), Upgrade::Refused);
}

#[test]
fn packages_beside_the_worlds_own_do_not_matter() {
    check(
        "world w {} package shop:stock { world w {} }",
        "interface log {} world w { import now: func(); import log; } package shop:stock { world w { export now: func(); } }",
        Upgrade::Compatible,
    );
}

#[test]
fn a_world_of_another_package_is_another_world() {
    let (before, after) = ("package shop:catalog; world w {}", "package shop:stock; world w { import now: func(); }");
    assert!(guests_run(before, after).is_err());
    let changes = changes(before, after);
    assert_eq!(changes[0].rule.id, "package-renamed");
    assert!(changes[0].breaks.contains(&Side::Importer) && changes[0].breaks.contains(&Side::Exporter));
}
