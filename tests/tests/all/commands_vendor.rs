//! `compose vendor`: everything that locks name, in a directory from which the application builds by itself.

use std::fs;

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    execution::invoke,
    guest,
    sandbox::Sandbox,
};
use insta::assert_snapshot;

use crate::steps::step;

const ENTRIES: &str = "\
[components]
front = \"t:front@1\"
back = \"t:back@1\"
";

fn application() -> Sandbox {
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = \"dir:registry\"\n{ENTRIES}"));
    publish(&sandbox.path("registry"), "t:front@1.0.0", &step("a", Some("b"), 1));
    publish(&sandbox.path("registry"), "t:back@1.0.0", &step("b", None, 2));
    sandbox
}

fn answer(sandbox: &Sandbox) -> String {
    invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)")
}

#[test]
fn the_lines_that_build_from_there_are_printed() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("vendor parts/vendored"), @r#"
    [vendor]
    directory = "parts/vendored"
    ---
          Locked compose.lock
        Vendored 2 releases in parts/vendored
    To build from there alone, put this into compose.toml:
    exit status 0
    "#);
    assert_snapshot!(sandbox.compose("vendor --message-format json"), @r#"
    {"reason":"vendored","directory":"vendor","releases":2,"manifest":null}
    ---
        Vendored 2 releases in vendor
    exit status 0
    "#);
}

#[test]
fn an_application_builds_from_what_was_vendored_alone() {
    let sandbox = application();
    sandbox.compose("lock");
    let lock = sandbox.lock();
    assert_snapshot!(sandbox.compose("vendor --write"), @"
        Vendored 2 releases in vendor
         Changed compose.toml: [vendor] names vendor
    exit status 0
    ");
    assert_snapshot!(sandbox.read_text("compose.toml"), @r#"
    [registries]
    default = "dir:registry"
    [components]
    front = "t:front@1"
    back = "t:back@1"

    [vendor]
    directory = "vendor"
    "#);
    for gone in ["registry", ".cache"] {
        fs::remove_dir_all(sandbox.path(gone)).unwrap();
    }
    assert_snapshot!(sandbox.compose("build --frozen"), @"
           Built target/compose/app.wasm (2.4 KiB, 2 instances of 2 components)
    exit status 0
    ");
    assert_eq!(sandbox.lock(), lock);
    assert_eq!(answer(&sandbox), "521");
    for gone in ["vendor/t/back", ".cache", "target"] {
        fs::remove_dir_all(sandbox.path(gone)).unwrap();
    }
    assert_snapshot!(sandbox.compose("build --frozen"), @r#"
    error[package-not-found]: dir:vendor has no package t:back
     --> compose.toml:5:8
      |
    5 | back = "t:back@1"
      |        ^^^^^^^^^^ needed here
      |
      = help: check its spelling; why this registry is asked is shown by
              compose doctor t:back
      = help: what the lock names is put where `[vendor]` says by
              compose vendor
    exit status 3
    "#);
}

#[test]
fn newer_releases_are_asked_for_in_the_registries_themselves() {
    let sandbox = application();
    sandbox.compose("vendor --write");
    publish(&sandbox.path("registry"), "t:back@1.1.0", &step("b", None, 7));
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(answer(&sandbox), "521");
    assert_snapshot!(sandbox.compose("update"), @"
    back  1.0.0 → 1.1.0  t:back in dir:registry
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.compose("vendor").status, Some(0));
    assert_eq!(sandbox.compose("build --frozen").status, Some(0));
    assert_eq!(answer(&sandbox), "571");
}

#[test]
fn references_wit_packages_and_folders_are_vendored_too() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/back", "latest", &step("b", None, 2));
    let reference = format!("{}/team/back:latest", registry.address());
    let sandbox = Sandbox::new(&format!(
        "[world]\nwit = \"t:steps@1\"\n[registries]\ndefault = \"dir:registry\"\n[components]\n\
         front = \"t:front@1\"\nstore = {{ path = \"store\" }}\nback = {{ oci = \"{reference}\" }}\n"
    ));
    publish(&sandbox.path("registry"), "t:front@1.0.0", &step("a", Some("c"), 1));
    publish(&sandbox.path("store/registry"), "t:third@1.0.0", &step("c", Some("b"), 3));
    let interfaces = crate::steps::steps("1.0.0").replacen(" {", ";", 1);
    let interfaces = interfaces.trim_end().trim_end_matches('}');
    let world = format!("{interfaces} world app {{ export a; }}");
    publish(&sandbox.path("registry"), "t:steps@1.0.0", &guest::wit_package(&world));
    sandbox.write(
        "store/compose.toml",
        "[registries]\ndefault = \"dir:registry\"\n[components]\nthird = \"t:third@1\"\n[host]\nimports = [\"t:steps/*\"]\n",
    );
    let run = sandbox.compose("vendor --write").to_string().replace(registry.address(), "REGISTRY");
    assert_snapshot!(run, @"
     Downloading REGISTRY/team/back:latest (869 B)
          Locked compose.lock
          Locked store/compose.lock
        Vendored 4 releases in vendor
         Changed compose.toml: [vendor] names vendor
    exit status 0
    ");
    drop(registry);
    for gone in ["registry", "store/registry", ".cache"] {
        fs::remove_dir_all(sandbox.path(gone)).unwrap();
    }
    assert_eq!(sandbox.compose("build --frozen").status, Some(0));
    assert_eq!(answer(&sandbox), "5231");
}

#[test]
fn one_version_that_is_two_things_is_refused() {
    let sandbox = Sandbox::new(
        "[registries]\none = \"dir:one\"\ntwo = \"dir:two\"\n[components]\n\
         front = { package = \"t:front\", registry = \"one\" }\nstore = { path = \"store\" }\n",
    );
    publish(&sandbox.path("one"), "t:front@1.0.0", &step("a", None, 1));
    publish(&sandbox.path("store/two"), "t:front@1.0.0", &step("b", None, 2));
    sandbox.write("store/compose.toml", "[registries]\ndefault = \"dir:two\"\n[components]\nfront = \"t:front@1\"\n");
    assert_snapshot!(sandbox.compose("vendor"), @"
    error[invalid-value]: t:front@1.0.0 is not the same in two registries, and one directory can have only one
     |
     = note: one is t:front@1.0.0 in dir:one
     = note: the other is t:front@1.0.0 in dir:store/two
    exit status 1
    ");
}
