//! The lock: what was chosen is chosen again, until a person says otherwise.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    execution::invoke,
    sandbox::Sandbox,
};

use crate::steps::{self, step};

fn manifest(requirement: &str) -> String {
    format!("[registries]\ndefault = \"dir:registry\"\n[components]\nfront = \"t:front@{requirement}\"\n")
}

/// An application of one package, whose version 1.0.0 answers 51 to `a#f(5)`, 1.1.0 answers 52, and so on.
fn application(requirement: &str) -> Sandbox {
    let sandbox = Sandbox::new(&manifest(requirement));
    release(&sandbox, "1.0.0", 1);
    sandbox
}

fn release(sandbox: &Sandbox, version: &str, digit: u32) {
    publish(&sandbox.path("registry"), &format!("t:front@{version}"), &step("a", None, digit));
}

fn answer(sandbox: &Sandbox) -> String {
    invoke(&sandbox.build().bytes, "a#f(5)")
}

#[test]
fn the_highest_version_that_satisfies_is_taken() {
    let sandbox = application("^1");
    release(&sandbox, "1.10.0", 2);
    release(&sandbox, "1.9.0", 3);
    release(&sandbox, "2.0.0", 4);
    release(&sandbox, "1.11.0-rc.1", 5);
    assert_eq!(answer(&sandbox), "52");
}

#[test]
fn a_newer_version_is_taken_only_without_the_lock() {
    let sandbox = application("^1");
    assert_eq!(answer(&sandbox), "51");
    release(&sandbox, "1.1.0", 2);
    assert_eq!(answer(&sandbox), "51");
    std::fs::remove_file(sandbox.path("compose.lock")).unwrap();
    assert_eq!(answer(&sandbox), "52");
}

#[test]
fn a_requirement_that_changes_keeps_a_version_that_satisfies_it() {
    let sandbox = application("^1");
    assert_eq!(answer(&sandbox), "51");
    release(&sandbox, "1.1.0", 2);
    sandbox.write("compose.toml", manifest(">=1, <3"));
    assert_eq!(answer(&sandbox), "51");
    assert!(sandbox.lock().contains("requirement = \">=1, <3\"\n"));
    sandbox.write("compose.toml", manifest("^1.1"));
    assert_eq!(answer(&sandbox), "52");
}

#[test]
fn an_entry_that_is_gone_from_the_manifest_goes_from_the_lock() {
    let sandbox = application("^1");
    sandbox.write("compose.toml", format!("{}extra = {{ path = \"extra.wasm\" }}\n", manifest("^1")));
    sandbox.write("extra.wasm", step("e", None, 1));
    sandbox.build();
    assert!(sandbox.lock().contains("extra"));
    sandbox.write("compose.toml", manifest("^1"));
    sandbox.build();
    assert!(!sandbox.lock().contains("extra"));
}

#[test]
fn the_lock_says_what_is_linked_and_what_the_host_is_asked_for() {
    let sandbox = application("^1");
    sandbox.build();
    insta::assert_snapshot!(sandbox.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [component.front]
    package = "t:front"
    requirement = "^1"
    registry = "dir:registry"
    version = "1.0.0"
    digest = "sha256:ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5"
    size = 869
    manifest = "sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990"
    manifest-size = 369

    [instance.front]
    component = "front"
    "#);
    let linked = steps::application(
        r#"
        [links.front]
        "t:steps/b" = { instance = "back", export = "t:steps/c" }
        [links.back]
        "t:steps/d" = "host"
        "#,
        [("front", step("a", Some("b"), 1)), ("back", step("c", Some("d"), 2))],
    );
    linked.build();
    insta::assert_snapshot!(linked.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [component.back]
    path = "back.wasm"

    [component.front]
    path = "front.wasm"

    [instance.back]
    component = "back"
    host = [
        "t:steps/d@1.0.0",
    ]

    [instance.front]
    component = "front"

    [instance.front.links]
    "t:steps/b@1.0.0" = "back (t:steps/c@1.0.0)"
    "#);
}

#[test]
fn a_lock_that_is_up_to_date_satisfies_locked_and_frozen() {
    let sandbox = application("^1");
    sandbox.build();
    for arguments in ["build --locked", "build --frozen", "check --frozen", "lock --locked"] {
        let run = sandbox.compose(arguments);
        assert_eq!(run.status, Some(0), "{run}");
    }
}

#[test]
fn what_was_fetched_is_built_offline_when_the_registry_is_gone() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/t/front", "1.0.0", &step("a", None, 1));
    let manifest = format!(
        "[registries]\ndefault = \"oci://{}/team\"\n[components]\nfront = \"t:front@1\"\nback = {{ oci = \"{0}/team/t/front:1.0.0\" }}\n[exports]\n\"t:steps/a\" = \"front\"\n",
        registry.address()
    );
    let sandbox = Sandbox::new(&manifest);
    let fetched = sandbox.compose("fetch");
    assert_eq!(fetched.status, Some(0), "{fetched}");
    drop(registry);
    for arguments in ["build --offline", "build --frozen"] {
        let built = sandbox.compose(arguments);
        assert_eq!(built.status, Some(0), "{built}");
    }
    assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), "51");
}
