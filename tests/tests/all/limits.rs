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
     = note: an interface that one instance passes on to others counts as an instance, too
     = help: put a part of the application into a folder with a manifest of its own: all of it counts as one component
    exit status 1
    ");
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
