//! What the result exports and imports: defaults, explicit lines, the target world and the host.

use compose_tests::{execution::invoke, guest::Guest};

use crate::steps::{application, check, exports, imports, step, steps};

/// The packages of two versions of an interface that the runtime provides.
const RANDOM: &str = "
    package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }
    package wasi:random@0.2.3 { interface random { get-random-u64: func() -> u64; } }
    package wasi:cli@0.2.0 { interface environment { initial-cwd: func() -> option<string>; } }
";

/// Exports a step that asks the host for a random number, and answers with its digit whatever that was.
fn random_step(export: &str, version: &str, digit: u32) -> Vec<u8> {
    let world = format!("import wasi:random/random@{version}; export t:steps/{export}@1.0.0;");
    let body = format!("(drop (call $random.get-random-u64)) (i32.const {digit})");
    Guest::new(&world, &format!("{RANDOM}{}", steps("1.0.0"))).body(&format!("{export}#f"), &body).component()
}

#[test]
fn what_nobody_consumes_is_exported() {
    let built = check(
        "",
        [("one", step("a", Some("c"), 1)), ("two", step("b", Some("c"), 2)), ("three", step("c", None, 3))],
        "b#f(5)",
        "532",
    );
    assert_eq!(exports(&built), ["t:steps/a@1.0.0", "t:steps/b@1.0.0"]);
}

#[test]
fn explicit_exports_are_all_there_are() {
    let components =
        [("one", step("a", Some("b"), 1)), ("two", step("b", None, 2)), ("three", step("c", Some("b"), 3))];
    let built = check("[exports]\n\"t:steps/b\" = \"two\"\n\"t:steps/c\" = \"three\"", components, "c#f(5)", "523");
    assert_eq!(exports(&built), ["t:steps/b@1.0.0", "t:steps/c@1.0.0"]);
}

#[test]
fn an_export_can_have_another_name() {
    let line = "[exports]\n\"t:steps/d@3.0.0\" = { instance = \"one\", export = \"t:steps/a\" }";
    let built = check(line, [("one", step("a", None, 1))], "d#f(5)", "51");
    assert_eq!(exports(&built), ["t:steps/d@3.0.0"]);
}

#[test]
fn the_target_world_decides_what_is_exported() {
    let sandbox = application(
        "[world]\nwit = \"wit\"\nname = \"app\"",
        [("one", step("a", Some("b"), 1)), ("two", step("b", None, 2)), ("three", step("c", Some("b"), 3))],
    );
    sandbox.write("wit/app.wit", "package t:app;\nworld app { export t:steps/c@1.0.0; }\nworld other {}");
    sandbox.write("wit/deps/steps.wit", steps("1.0.0").replacen('{', ";", 1).trim_end().trim_end_matches('}'));
    let built = sandbox.build();
    assert_eq!(exports(&built), ["t:steps/c@1.0.0"]);
    assert_eq!(invoke(&built.bytes, "c#f(5)"), "523");
}

#[test]
fn a_world_in_one_file_needs_no_name() {
    let sandbox = application("[world]\nwit = \"app.wit\"", [("one", step("a", None, 1))]);
    sandbox.write("app.wit", format!("package t:app;\nworld app {{ export t:steps/a@1.0.0; }}\n{}", steps("1.0.0")));
    assert_eq!(exports(&sandbox.build()), ["t:steps/a@1.0.0"]);
}

#[test]
fn the_target_world_says_what_the_host_provides() {
    let sandbox = application("[world]\nwit = \"app.wit\"", [("one", step("a", Some("b"), 1))]);
    let world = "world app { import t:steps/b@1.0.0; export t:steps/a@1.0.0; }";
    sandbox.write("app.wit", format!("package t:app;\n{world}\n{}", steps("1.0.0")));
    assert_eq!(imports(&sandbox.build()), ["t:steps/b@1.0.0"]);
}

#[test]
fn wasi_goes_to_the_host_by_default() {
    let built = check("", [("one", random_step("a", "0.2.0", 1))], "a#f(5)", "1");
    assert_eq!(imports(&built), ["wasi:random/random@0.2.0"]);
}

#[test]
fn host_imports_of_a_track_are_merged_under_the_highest_version() {
    let built = check(
        "",
        [
            ("one", random_step("a", "0.2.0", 1)),
            ("two", random_step("b", "0.2.3", 2)),
            ("three", random_step("c", "0.2.0", 3)),
        ],
        "b#f(5)",
        "2",
    );
    assert_eq!(imports(&built), ["wasi:random/random@0.2.3"]);
}

#[test]
fn a_link_can_send_an_import_to_the_host() {
    let line = "[links.one]\n\"t:steps/b\" = \"host\"\n[exports]\n\"t:steps/a\" = \"one\"";
    let sandbox = application(line, [("one", step("a", Some("b"), 1)), ("two", step("b", None, 2))]);
    assert_eq!(imports(&sandbox.build()), ["t:steps/b@1.0.0"]);
}

#[test]
fn the_host_rules_allow_by_pattern() {
    for pattern in ["wasi:*", "wasi:random/*", "wasi:random/random", "*"] {
        let manifest = format!("[host]\nimports = [\"{pattern}\"]");
        check(&manifest, [("one", random_step("a", "0.2.0", 1))], "a#f(5)", "1");
    }
    let sandbox = application("[host]\nimports = [\"t:steps/b\"]", [("one", step("a", Some("b"), 1))]);
    assert_eq!(imports(&sandbox.build()), ["t:steps/b@1.0.0"]);
}
