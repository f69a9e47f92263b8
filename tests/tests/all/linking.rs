//! Links: which import goes to which export. Every composition is built, validated and asked for its answer.

use compose_tests::{execution::invoke, guest::Guest, sandbox::Sandbox};

use crate::steps::{application, check, embedded, exports, imports, step};

/// A counter: every call gives the next number.
fn counter() -> Vec<u8> {
    Guest::new("export t:count/counter;", COUNT)
        .fields("(global $count (mut i32) (i32.const 0))")
        .body("counter#next", "(global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)")
        .component()
}

/// Asks two counters, the first one three times: `run() == 100 * first + second`.
fn two_counters() -> Vec<u8> {
    Guest::new("import t:count/first; import t:count/second; export run: func() -> u32;", COUNT)
        .body(
            "run",
            "(drop (call $first.next)) (drop (call $first.next))
             (i32.add (i32.mul (call $first.next) (i32.const 100)) (call $second.next))",
        )
        .component()
}

const COUNT: &str = "package t:count {
  interface counter { next: func() -> u32; }
  interface first { next: func() -> u32; }
  interface second { next: func() -> u32; }
}";

#[test]
fn imports_are_linked_to_the_only_exports_of_their_name_through_four_components() {
    let built = check(
        "",
        [
            ("one", step("a", Some("b"), 1)),
            ("two", step("b", Some("c"), 2)),
            ("three", step("c", Some("d"), 3)),
            ("four", step("d", None, 4)),
        ],
        "a#f(5)",
        "54321",
    );
    assert_eq!(imports(&built), [""; 0]);
    assert_eq!(exports(&built), ["t:steps/a@1.0.0"]);
}

#[test]
fn component_text_is_assembled_whatever_its_file_is_called() {
    let text = r#"(component
        (core module $m (func (export "f") (result i32) (i32.const 7)))
        (core instance $i (instantiate $m))
        (func (export "run") (result u32) (canon lift (core func $i "f"))))"#;
    for file in ["front.wat", "front.wasm", "front"] {
        let sandbox = Sandbox::new(&format!("[components]\nfront = {{ path = \"{file}\" }}\n"));
        sandbox.write(file, text);
        assert_eq!(invoke(&sandbox.build().bytes, "run()"), "7");
        // What is remembered of it fits as well.
        assert_eq!(invoke(&sandbox.build().bytes, "run()"), "7");
    }
}

#[test]
fn an_explicit_link_decides_between_two_providers() {
    let components =
        || [("front", step("a", Some("b"), 1)), ("left", step("b", None, 2)), ("right", step("b", None, 3))];
    check("[links.front]\n\"t:steps/b\" = \"left\"", components(), "a#f(5)", "521");
    check("[links.front]\n\"t:steps/b\" = \"right\"", components(), "a#f(5)", "531");
}

#[test]
fn a_link_with_a_track_goes_before_one_without() {
    check(
        "[links.front]\n\"t:steps/b@1\" = \"right\"\n\"t:steps/b\" = \"left\"",
        [("front", step("a", Some("b"), 1)), ("left", step("b", None, 2)), ("right", step("b", None, 3))],
        "a#f(5)",
        "531",
    );
}

#[test]
fn a_link_with_a_version_goes_before_one_without() {
    check(
        "[links.front]\n\"t:steps/b\" = \"left\"\n\"t:steps/b@1.0.0\" = \"right\"",
        [("front", step("a", Some("b"), 1)), ("left", step("b", None, 2)), ("right", step("b", None, 3))],
        "a#f(5)",
        "531",
    );
}

#[test]
fn a_link_can_go_to_an_interface_of_another_name() {
    check(
        "[links.front]\n\"t:steps/b\" = { instance = \"other\", export = \"t:steps/e\" }",
        [("front", step("a", Some("b"), 1)), ("other", step("e", None, 2))],
        "a#f(5)",
        "521",
    );
}

#[test]
fn two_instances_of_one_component_have_state_of_their_own_and_are_embedded_once() {
    let manifest = r#"
        [instances]
        left = { component = "counter" }
        right = { component = "counter" }
        [links.front]
        "t:count/first" = { instance = "left", export = "t:count/counter" }
        "t:count/second" = { instance = "right", export = "t:count/counter" }
    "#;
    let built = check(manifest, [("front", two_counters()), ("counter", counter())], "run()", "301");
    assert_eq!(embedded(&built, &counter()), 1);
}

#[test]
fn one_instance_behind_two_links_is_one_state() {
    let manifest = r#"
        [links.front]
        "t:count/first" = { instance = "counter", export = "t:count/counter" }
        "t:count/second" = { instance = "counter", export = "t:count/counter" }
    "#;
    check(manifest, [("front", two_counters()), ("counter", counter())], "run()", "304");
}

#[test]
fn two_entries_of_equal_bytes_are_two_instances_and_embedded_once() {
    let manifest = r#"
        [links.front]
        "t:count/first" = { instance = "left", export = "t:count/counter" }
        "t:count/second" = { instance = "right", export = "t:count/counter" }
    "#;
    let components = [("front", two_counters()), ("left", counter()), ("right", counter())];
    let built = check(manifest, components, "run()", "301");
    assert_eq!(embedded(&built, &counter()), 1);
}

#[test]
fn plain_functions_are_linked_by_their_names() {
    let front = Guest::new("import twice: func(n: u32) -> u32; export run: func() -> u32;", "");
    let twice = Guest::new("export twice: func(n: u32) -> u32;", "");
    check(
        "",
        [
            ("front", front.body("run", "(call $twice (i32.const 21))").component()),
            ("twice", twice.body("twice", "(i32.mul (local.get 0) (i32.const 2))").component()),
        ],
        "run()",
        "42",
    );
}

#[test]
fn texts_go_from_memory_to_memory() {
    const GREETINGS: &str = "package t:greetings { interface greetings { greet: func(name: string) -> string; } }";
    let greeter = Guest::new("export t:greetings/greetings;", GREETINGS)
        .fields(r#"(data (i32.const 1024) "hello ")"#)
        .body("greetings#greet", "(call $joined (i32.const 1024) (i32.const 6) (local.get 0) (local.get 1))");
    let front = Guest::new("import t:greetings/greetings; export run: func() -> string;", GREETINGS)
        .fields(r#"(data (i32.const 1024) "wörld")"#)
        .body("run", "(call $greetings.greet (i32.const 1024) (i32.const 6) (i32.const 0)) (i32.const 0)");
    check("", [("front", front.component()), ("greeter", greeter.component())], "run()", "\"hello wörld\"");
}

#[test]
fn an_instance_that_nothing_exported_needs_is_left_out_with_a_warning() {
    let idle = step("e", None, 9);
    let sandbox =
        application("[exports]\n\"t:steps/a\" = \"front\"", [("front", step("a", None, 1)), ("idle", idle.clone())]);
    let built = sandbox.build();
    let warnings: Vec<&str> = built.planned.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings, ["`idle` is not used and is left out"]);
    assert_eq!(embedded(&built, &idle), 0);
}

#[test]
fn a_component_can_be_a_folder_with_a_manifest_of_its_own() {
    let sandbox = application("inner = { path = \"inner\" }", [("front", step("a", Some("b"), 1))]);
    sandbox.write("inner/compose.toml", "[components]\nx = { path = \"x.wasm\" }\ny = { path = \"../y.wasm\" }");
    sandbox.write("inner/x.wasm", step("b", Some("c"), 2));
    sandbox.write("y.wasm", step("c", None, 3));
    let built = sandbox.build();
    assert_eq!(invoke(&built.bytes, "a#f(5)"), "5321");
    assert!(sandbox.read_text("inner/compose.lock").contains("[component.x]"));
}

#[test]
fn a_component_can_be_text() {
    let sandbox = Sandbox::new("[components]\nfront = { path = \"front.wasm\" }\ntext = { path = \"text.wat\" }");
    sandbox.write("front.wasm", step("a", Some("b"), 1));
    sandbox.write(
        "text.wat",
        r#"(component
          (core module $code (func (export "f") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))))
          (core instance $code (instantiate $code))
          (func $f (param "n" u32) (result u32) (canon lift (core func $code "f")))
          (instance $b (export "f" (func $f)))
          (export "t:steps/b@1.0.0" (instance $b)))"#,
    );
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "41");
}

#[test]
fn data_may_go_to_a_place_that_takes_long_to_say() {
    let sum = "i32.const 1 ".to_owned() + &"i32.const 1 i32.add ".repeat(100);
    let module = format!(
        "(core module $m (memory 1) (data (offset {sum}) \"\\07\")
           (func (export \"f\") (result i32) (i32.load8_u (i32.const 101))))"
    );
    let lifted = "(core instance $i (instantiate $m))
        (func (export \"f\") (result u32) (canon lift (core func $i \"f\")))";
    let component = format!("(component {module} {lifted})").into_bytes();
    let sandbox = Sandbox::with("[components]\none = { path = \"one.wat\" }\n", [("one.wat", component)]);
    assert_eq!(invoke(&sandbox.build().bytes, "f()"), "7");
}
