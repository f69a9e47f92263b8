//! What runtimes bound, and what a person is told who goes beyond.

use compose_tests::sandbox::Sandbox;

use crate::steps::step;

/// An application of so many instances of one component, each of which the result exports.
fn instances(count: usize) -> Sandbox {
    let numbers = 0..count;
    let instances: String = numbers.clone().map(|i| format!("i{i} = {{ component = \"one\" }}\n")).collect();
    let exports: String =
        numbers.map(|i| format!("\"t:many/e{i}\" = {{ instance = \"i{i}\", export = \"t:steps/a\" }}\n")).collect();
    let manifest =
        format!("[components]\none = {{ path = \"one.wasm\" }}\n[instances]\n{instances}[exports]\n{exports}");
    Sandbox::with(&manifest, [("one.wasm", step("a", None, 1))])
}

#[test]
fn as_much_is_composed_as_runtimes_accept_and_no_more() {
    let built = instances(333).build();
    assert_eq!(built.planned.plan.instances.len(), 333);
    insta::assert_snapshot!(crate::refused(&instances(334)), @"
    error[limit-exceeded]: the application has more instances than runtimes accept
     |
     = note: core modules: 0 of at most 1,000
     = note: components: 1 of at most 1,000
     = note: instances: 1,002 of at most 1,000
     = note: modules and components in all: 4 of at most 1,000
     = note: an interface that one instance passes on to others counts as an instance, too
     = help: put a part of the application into a folder with a manifest of its own: all of it counts as one component
    exit status 1
    ");
}

/// An application of so many components with a module each, none of which is another's, and what the result exports of them.
fn components(count: usize, share: &str) -> Sandbox {
    let numbers = 0..count;
    let components: String = numbers.clone().map(|i| format!("c{i} = {{ path = \"c{i}.wat\" }}\n")).collect();
    let manifest = format!("[build]\nshare = \"{share}\"\n[components]\n{components}");
    let component = |i: usize| {
        let data = "worth sharing ".repeat(8);
        let function = "(func (export \"f\") (result i32) i32.const 7)";
        let module = format!("(core module $m (memory 1) (data (i32.const 0) \"{data}\") {function})");
        let lifted =
            "(core instance $i (instantiate $m)) (func (export \"FN\") (result u32) (canon lift (core func $i \"f\")))";
        (format!("c{i}.wat"), format!("(component {module} {})", lifted.replace("FN", &format!("f{i}"))))
    };
    let files: Vec<(String, String)> = numbers.map(component).collect();
    Sandbox::with(&manifest, files.iter().map(|(path, text)| (path.as_str(), text.clone().into_bytes())))
}

#[test]
fn modules_and_components_count_at_any_depth_and_where_they_are_shared_once() {
    let built = components(499, "none").build();
    assert_eq!(built.planned.plan.instances.len(), 499);
    insta::assert_snapshot!(crate::refused(&components(500, "none")), @r#"
    error[limit-exceeded]: the application has more modules and components in all than runtimes accept
     |
     = note: core modules: 0 of at most 1,000
     = note: components: 500 of at most 1,000
     = note: instances: 500 of at most 1,000
     = note: modules and components in all: 1,001 of at most 1,000
     = help: have equal modules and components in it once
             [build]
             share = "components"
     = help: or make two applications of it, or fewer components that do more
    exit status 1
    "#);
    components(500, "modules").build();
}

#[test]
fn wrong_layouts_are_refused() {
    let sandbox = Sandbox::new("[build]\nshare = \"module\"\nstrip = \"names\"\nfast = true\n");
    insta::assert_snapshot!(crate::refused(&sandbox), @r#"
    error[invalid-value]: `module` cannot be what is shared
     --> compose.toml:2:9
      |
    2 | share = "module"
      |         ^^^^^^^^ expected `modules`, `components` or `none`
      |
      = help: did you mean `modules`?

    error[invalid-value]: `names` cannot be what is stripped
     --> compose.toml:3:9
      |
    3 | strip = "names"
      |         ^^^^^^^ expected `true`, `false` or `"debug"`

    error[unknown-key]: [build] has no key `fast`
     --> compose.toml:4:1
      |
    4 | fast = true
      | ^^^^ unknown key
      |
      = note: it can have `share` and `strip`

    error: 3 problems found
    exit status 1
    "#);
    sandbox.write("compose.toml", "[build]\nshare = true\nstrip = 1\n");
    insta::assert_snapshot!(crate::refused(&sandbox), @r#"
    error[wrong-type]: `share` must be a string, and is a boolean
     --> compose.toml:2:9
      |
    2 | share = true
      |         ^^^^ expected a string

    error[wrong-type]: `strip` must be a boolean or `"debug"`, and is an integer
     --> compose.toml:3:9
      |
    3 | strip = 1
      |         ^ expected a boolean or `"debug"`

    error: 2 problems found
    exit status 1
    "#);
}
