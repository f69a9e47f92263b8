//! Sharing and stripping: what is defined once, what is left out, and that nobody who calls the result can tell.

use compose_tests::{
    execution::invoke,
    network::{Node, answer},
    sandbox::Sandbox,
};

use crate::steps::{exports, imports};

/// A node with the library 7, whose text is worth sharing.
fn node(number: usize, imports: &[usize]) -> Node {
    Node { number, imports: imports.to_vec(), library: 7, library_ballast: 20, ..Node::default() }
}

/// An application of nodes, each a component of its name.
pub(crate) fn network(manifest: &str, nodes: &[Node]) -> Sandbox {
    let entries: String =
        nodes.iter().map(|node| format!("n{0} = {{ path = \"n{0}.wasm\" }}\n", node.number)).collect();
    let sandbox = Sandbox::new(&format!("[components]\n{entries}{manifest}"));
    for node in nodes {
        sandbox.write(format!("n{}.wasm", node.number), node.to_binary());
    }
    sandbox
}

/// How many core modules and how many components a component has in it.
fn contents(component: &[u8]) -> (usize, usize) {
    let inspection = composer::inspect::inspect(component).unwrap();
    (inspection.modules, inspection.components)
}

/// Builds an application with each kind of sharing, and expects its answer of each and how many modules and components each has.
fn check(nodes: &[Node], expected: [(usize, usize); 3]) {
    let mut found = Vec::new();
    for share in ["none", "modules", "components"] {
        let built = network(&format!("[build]\nshare = \"{share}\"\n"), nodes).build();
        let component = &built.bytes;
        assert_eq!(invoke(component, "n1#f(5)"), answer(nodes, 1, 5).to_string(), "{share}");
        assert_eq!(exports(&built).len(), 1);
        assert_eq!(imports(&built), [""; 0]);
        found.push((contents(component), component.len() as u64 + built.component.savings().bytes));
    }
    let contents: Vec<(usize, usize)> = found.iter().map(|(contents, _)| *contents).collect();
    assert_eq!(contents, expected);
    // What sharing is said to have saved is what the result is smaller by, but for what aliases take.
    let without = found[0].1;
    for (_, with) in found {
        assert!(with.abs_diff(without) <= without / 20, "{with} of {without}");
    }
}

#[test]
fn a_module_that_components_have_in_common_is_defined_once() {
    let nodes = [node(1, &[2]), node(2, &[3]), node(3, &[])];
    check(&nodes, [(6, 3), (4, 3), (4, 3)]);
}

#[test]
fn a_component_that_components_have_in_common_is_defined_once_where_that_is_wanted() {
    let nodes = [node(1, &[2]), node(2, &[3]), node(3, &[])].map(|node| Node { is_library_nested: true, ..node });
    check(&nodes, [(6, 6), (4, 6), (4, 4)]);
}

#[test]
fn a_module_that_one_component_has_twice_is_defined_once() {
    let text = r#"(component
      (core module (func (export "f") (result i32) (i32.const 40)) (data "a text that makes it worth sharing, of 64 letters or more......"))
      (core module (func (export "f") (result i32) (i32.const 40)) (data "a text that makes it worth sharing, of 64 letters or more......"))
      (core instance $a (instantiate 0))
      (core instance $b (instantiate 1))
      (core module $main
        (import "a" "f" (func $a (result i32))) (import "b" "f" (func $b (result i32)))
        (func (export "run") (result i32) (i32.add (call $a) (call $b))))
      (core instance $main (instantiate $main (with "a" (instance $a)) (with "b" (instance $b))))
      (func (export "run") (result u32) (canon lift (core func $main "run"))))"#;
    let sandbox = Sandbox::with("[components]\nmain = { path = \"main.wat\" }", [("main.wat", text.into())]);
    let component = sandbox.build().bytes;
    assert_eq!(invoke(&component, "run()"), "80");
    assert_eq!(contents(&component), (2, 1));
}

fn chain_of_four() -> [Node; 4] {
    [node(1, &[2]), node(2, &[3]), node(3, &[4]), node(4, &[])]
}

/// The first two of four nodes beside a folder of their own for the others.
fn with_folder() -> Sandbox {
    let nodes = chain_of_four();
    let sandbox = network("", &nodes[..2]);
    let manifest = sandbox.read_text("compose.toml");
    sandbox.write("compose.toml", format!("{manifest}inner = {{ path = \"inner\" }}\n"));
    sandbox.write("inner/compose.toml", "[components]\nn3 = { path = \"n3.wasm\" }\nn4 = { path = \"n4.wasm\" }\n");
    for node in &nodes[2..] {
        sandbox.write(format!("inner/n{}.wasm", node.number), node.to_binary());
    }
    sandbox
}

#[test]
fn what_an_application_within_another_shares_is_shared_with_the_others() {
    let sandbox = with_folder();
    let built = sandbox.build();
    assert_eq!(invoke(&built.bytes, "n1#f(5)"), answer(&chain_of_four(), 1, 5).to_string());
    // The library, and a main module for each node; the folder is a component, too.
    assert_eq!(contents(&built.bytes), (5, 5));
    assert_eq!(built.component.savings().modules, 1);
}

#[test]
fn what_was_composed_before_is_shared_with_as_well() {
    let sandbox = with_folder();
    let first = sandbox.build().bytes;
    assert_eq!(sandbox.compose("build --manifest-path inner/compose.toml -o inner.wasm").status, Some(0));
    let manifest = sandbox.read_text("compose.toml").replace("\"inner\"", "\"inner.wasm\"");
    sandbox.write("compose.toml", manifest);
    let second = sandbox.build().bytes;
    assert_eq!(invoke(&second, "n1#f(5)"), answer(&chain_of_four(), 1, 5).to_string());
    assert_eq!((contents(&second), second.len()), (contents(&first), first.len()));
}

#[test]
fn what_sharing_saved_is_said() {
    let sandbox = network("", &[node(1, &[2]), node(2, &[3]), node(3, &[])]);
    insta::assert_snapshot!(sandbox.compose("build"), @"
          Locked compose.lock
           Built target/compose/app.wasm (1.9 KiB, 3 instances of 3 components)
          Shared 1 core module, which saves 772 B
    exit status 0
    ");
}

/// What is said of sizes, from the heading on.
fn sizes(sandbox: &Sandbox) -> String {
    let run = sandbox.compose("inspect --sizes target/compose/app.wasm").to_string();
    run.split_once("\nBytes").map(|(_, sizes)| format!("Bytes{sizes}")).unwrap_or(run)
}

#[test]
fn what_is_large_or_repeated_is_listed() {
    let sandbox = network("", &[node(1, &[2]), node(2, &[3]), node(3, &[])]);
    sandbox.build();
    insta::assert_snapshot!(sizes(&sandbox), @"
    Bytes
      code, data         587 B  29 %
      names               91 B   5 %
      debugging            0 B   0 %
      other custom         0 B   0 %
      wiring           1.3 KiB  66 %

    Largest of the different core modules
           386 B module 1
           105 B n1, module 1
           105 B n2, module 1
            82 B n3, module 1

    Definitions in the outermost component, and in all
      core modules                   1 of at most 1000
      components                     3 of at most 1000
      instances                      7 of at most 1000
      modules and components in all  8 of at most 1000
    exit status 0
    ");
    sandbox.write("compose.toml", sandbox.read_text("compose.toml") + "[build]\nshare = \"none\"\n");
    sandbox.build();
    insta::assert_snapshot!(sizes(&sandbox), @r#"
    Bytes
      code, data       1.2 KiB  48 %
      names              125 B   5 %
      debugging            0 B   0 %
      other custom         0 B   0 %
      wiring           1.2 KiB  48 %

    Largest of the different core modules
           386 B n3, module 1 and 2 more
           105 B n1, module 2
           105 B n2, module 2
            82 B n3, module 2

    Defined more than once: 772 B could be shared
           386 B 3 times
                 n3, module 1
                 n2, module 1
                 n1, module 1
      It was composed with `share = "none"` under `[build]`, or these are too small to be worth it.

    Definitions in the outermost component, and in all
      core modules                   0 of at most 1000
      components                     3 of at most 1000
      instances                      7 of at most 1000
      modules and components in all  10 of at most 1000
    exit status 0
    "#);
    let run = sandbox.compose("inspect --sizes --message-format json target/compose/app.wasm").to_string();
    let expected = r#""limits":[{"what":"core modules","found":0,"limit":1000}"#;
    assert!(run.contains(r#""repeated":772"#) && run.contains(expected), "{run}");
}

/// A component whose module has names, sections for debuggers, and one that is neither.
fn named() -> Vec<u8> {
    let text = r#"(component
      (core module $named
        (func $answer (export "run") (result i32) (i32.const 42))
        (@custom ".debug_info" "where everything is, for debuggers")
        (@custom "producers" "\00")
        (@custom "sourceMappingURL" "\00"))
      (core instance $i (instantiate $named))
      (func (export "run") (result u32) (canon lift (core func $i "run"))))"#;
    wat::parse_str(text).unwrap()
}

fn check_stripped(strip: &str, expected: &[&str]) {
    let manifest = format!("[components]\none = {{ path = \"one.wasm\" }}\n[build]\nstrip = {strip}\n");
    let component = Sandbox::with(&manifest, [("one.wasm", named())]).build().bytes;
    assert_eq!(invoke(&component, "run()"), "42");
    let has = |name: &&str| component.windows(name.len()).any(|window| window == name.as_bytes());
    let names = ["\x04name", "component-name", ".debug_info", "sourceMappingURL", "producers", "compose:plan"];
    let found: Vec<&str> = names.into_iter().filter(has).collect();
    assert_eq!(found, expected, "{strip}");
}

#[test]
fn custom_sections_are_stripped_as_the_manifest_says() {
    const ALL: [&str; 6] =
        ["\x04name", "component-name", ".debug_info", "sourceMappingURL", "producers", "compose:plan"];
    check_stripped("false", &ALL);
    check_stripped("\"debug\"", &["\x04name", "component-name", "producers", "compose:plan"]);
    check_stripped("true", &["producers", "compose:plan"]);
}

#[test]
fn modules_that_differ_only_in_what_is_stripped_are_shared() {
    let number = |number: usize| {
        let text = node(number, if number == 1 { &[2] } else { &[] }).to_text();
        let named = format!("(core module $library (@custom \".debug_line\" \"of node {number}\")");
        wat::parse_str(text.replacen("(core module $library", &named, 1)).unwrap()
    };
    for (strip, modules) in [("false", 4), ("\"debug\"", 3)] {
        let manifest = format!(
            "[components]\na = {{ path = \"a.wasm\" }}\nb = {{ path = \"b.wasm\" }}\n[build]\nstrip = {strip}\n"
        );
        let component = Sandbox::with(&manifest, [("a.wasm", number(1)), ("b.wasm", number(2))]).build().bytes;
        assert_eq!(invoke(&component, "n1#f(5)"), answer(&[node(1, &[2]), node(2, &[])], 1, 5).to_string());
        assert_eq!(contents(&component).0, modules, "{strip}");
    }
}
