//! The lock as a document: how it merges, and how a tree shows what it holds.

use std::process::Command;

use compose_tests::{artifact::publish, sandbox::Sandbox};
use insta::assert_snapshot;

use crate::steps::{application, step};

/// The lock of an application of these components, each a file.
fn lock_of(components: &[&str]) -> String {
    let entries: String = components.iter().map(|name| format!("{name} = {{ path = \"{name}.wasm\" }}\n")).collect();
    let sandbox = Sandbox::new(&format!("[components]\n{entries}[exports]\n\"t:steps/a\" = \"{}\"\n", components[0]));
    for name in components {
        sandbox.write(format!("{name}.wasm"), step("a", None, 1));
    }
    let run = sandbox.compose("lock");
    assert_eq!(run.status, Some(0), "{run}");
    sandbox.lock()
}

#[test]
fn branches_that_add_different_components_merge() {
    let ours = ["b", "d", "f", "h"];
    let sandbox = Sandbox::new("");
    sandbox.write("base", lock_of(&ours));
    sandbox.write("one", lock_of(&["b", "c", "d", "f", "h"]));
    sandbox.write("other", lock_of(&["b", "d", "f", "g", "h", "i"]));
    let git =
        Command::new("git").args(["merge-file", "-p", "one", "base", "other"]).current_dir(sandbox.path("")).output();
    let merged = git.expect("git is installed").stdout;
    assert_eq!(String::from_utf8(merged).unwrap(), lock_of(&["b", "c", "d", "f", "g", "h", "i"]));
}

#[test]
fn a_lock_with_conflict_marks_says_what_to_do() {
    let sandbox = application("", [("front", step("a", None, 1))]);
    sandbox.write("compose.lock", "version = 1\n<<<<<<< HEAD\n=======\n>>>>>>> other\n");
    assert_snapshot!(sandbox.compose("build"), @"
    error[lock-invalid]: `compose.lock` is not a lock
     --> compose.lock:2:9
      |
    2 | <<<<<<< HEAD
      |         ^ key with no value, expected `=`
      |
      = help: a merge left conflict marks in it: take either side, and run `compose lock`
    exit status 1
    ");
}

/// Two versions of one package, one behind the other, and a host import at the end.
fn two_versions() -> Sandbox {
    let sandbox = Sandbox::new(
        "[registries]\ndefault = \"dir:registry\"\n\
         [components]\nfront = \"t:part@1\"\nback = \"t:part@2\"\n\
         [host]\nimports = [\"t:steps/*\"]\n",
    );
    publish(&sandbox.path("registry"), "t:part@1.0.0", &step("a", Some("b"), 1));
    publish(&sandbox.path("registry"), "t:part@2.0.0", &step("b", Some("c"), 2));
    sandbox
}

#[test]
fn a_tree_is_shown_from_either_end() {
    let sandbox = two_versions();
    assert_snapshot!(sandbox.compose("tree"), @"
    app
    └── front (t:part@1.0.0): t:steps/a@1.0.0
        └── back (t:part@2.0.0): t:steps/b@1.0.0
            └── host: t:steps/c@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree --depth 1"), @"
    app
    └── front (t:part@1.0.0): t:steps/a@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree --invert t:steps/c"), @"
    t:steps/c
    └── back (t:part@2.0.0): t:steps/c@1.0.0
        └── front (t:part@1.0.0): t:steps/b@1.0.0
            └── exported: t:steps/a@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree --invert back --depth 0"), @"
    back (t:part@2.0.0)
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree --duplicates"), @"
    front (t:part@1.0.0)
    └── exported: t:steps/a@1.0.0

    back (t:part@2.0.0)
    └── front (t:part@1.0.0): t:steps/b@1.0.0
        └── exported: t:steps/a@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree --invert bck"), @"
    error[unknown-name]: the application has no instance, component or interface `bck`
     |
     = help: did you mean `back`?
     = help: `compose tree` shows all instances and interfaces
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("tree --invert front --duplicates"), @"
    error: the argument '--invert <NAME>' cannot be used with '--duplicates'

    Usage: compose tree --invert <NAME>

    For more information, try '--help'.
    exit status 2
    ");
}

#[test]
fn an_application_may_have_no_duplicates() {
    let sandbox = application("", [("front", step("a", None, 1))]);
    assert_snapshot!(sandbox.compose("tree --duplicates"), @"
    No package is there in several versions
    exit status 0
    ");
}

#[test]
fn programs_read_trees() {
    let sandbox = two_versions();
    assert_snapshot!(sandbox.compose("tree --invert back --message-format json"), @r#"
    {"reason":"inverted-tree","name":"back","trees":[{"name":"back (t:part@2.0.0)","needs":null,"exports":[],"branches":[{"name":"front (t:part@1.0.0)","needs":"t:steps/b@1.0.0","exports":["t:steps/a@1.0.0"],"branches":[],"repeated":false}],"repeated":false}]}
    exit status 0
    "#);
    assert_snapshot!(sandbox.compose("tree --duplicates --message-format json"), @r#"
    {"reason":"duplicates","packages":[{"package":"t:part","versions":[{"version":"1.0.0","needed_by":[{"name":"front (t:part@1.0.0)","needs":null,"exports":["t:steps/a@1.0.0"],"branches":[],"repeated":false}]},{"version":"2.0.0","needed_by":[{"name":"back (t:part@2.0.0)","needs":null,"exports":[],"branches":[{"name":"front (t:part@1.0.0)","needs":"t:steps/b@1.0.0","exports":["t:steps/a@1.0.0"],"branches":[],"repeated":false}],"repeated":false}]}]}]}
    exit status 0
    "#);
}

#[test]
fn why_answers_for_a_component_an_interface_and_a_host_import() {
    let sandbox = two_versions();
    assert_snapshot!(sandbox.compose("why back"), @"
    back (t:part@2.0.0)

    t:steps/a@1.0.0 is exported from front: no other instance imports from it
      front imports t:steps/b@1.0.0 from back: no other instance exports it
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("why t:steps/b"), @"
    t:steps/a@1.0.0 is exported from front: no other instance imports from it
      front imports t:steps/b@1.0.0 from back: no other instance exports it
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("why t:steps/c"), @"
    t:steps/a@1.0.0 is exported from front: no other instance imports from it
      front imports t:steps/b@1.0.0 from back: no other instance exports it
        back imports t:steps/c@1.0.0 from the host: no instance exports it, and the host may provide it
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("why t:steps/c --message-format json"), @r#"
    {"reason":"why","name":"t:steps/c","chains":[{"export":{"name":"t:steps/a@1.0.0","instance":"front","export":"t:steps/a@1.0.0","because":"nobody-consumes"},"links":[{"consumer":"front","import":"t:steps/b@1.0.0","provider":"back","export":"t:steps/b@1.0.0","because":"only-provider"},{"consumer":"back","import":"t:steps/c@1.0.0","provider":"host","export":"t:steps/c@1.0.0","because":"host"}]}]}
    exit status 0
    "#);
}
