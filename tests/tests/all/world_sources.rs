//! Where the target world comes from: each kind of source builds the same application, and says what is wrong with it.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    execution::invoke,
    git::commit,
    sandbox::Sandbox,
    wit::encoded,
};
use insta::assert_snapshot;

use crate::{
    refused,
    steps::{application, step, steps},
};

/// A package with two worlds, of which `step` is met by a component that exports `a`.
fn package(version: &str) -> String {
    format!(
        "package t:worlds@{version};\nworld step {{ export t:steps/a@1.0.0; }}\nworld other {{}}\n{}",
        steps("1.0.0")
    )
}

/// An application of a component that exports `a` with the digit 1 and `b` with the digit 2; the world has only the first.
fn with_world(world: &str) -> Sandbox {
    application(&format!("[world]\n{world}\n"), [("one", step("a", None, 1)), ("two", step("b", None, 2))])
}

/// Builds, and expects that the world decided what the result exports.
#[track_caller]
fn check(sandbox: &Sandbox) {
    let run = sandbox.compose("build");
    assert_eq!(run.status, Some(0), "{run}");
    let component = sandbox.read("target/compose/app.wasm");
    assert_eq!(invoke(&component, "a#f(5)"), "51");
    let wit = sandbox.compose("inspect target/compose/app.wasm --wit").stdout;
    assert!(!wit.contains("export t:steps/b"), "{wit}");
}

#[test]
fn an_encoded_package_and_a_component_have_worlds() {
    let sandbox = with_world("wit = \"worlds.wasm\"\nname = \"step\"");
    sandbox.write("worlds.wasm", encoded(&package("1.0.0")));
    check(&sandbox);
    let sandbox = with_world("wit = \"like.wasm\"");
    sandbox.write("like.wasm", step("a", None, 9));
    check(&sandbox);
}

#[test]
fn a_package_in_a_registry_is_locked_like_a_component() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/t/worlds", "1.0.0", &encoded(&package("1.0.0")));
    let world =
        format!("wit = \"t:worlds@1\"\nname = \"step\"\n[registries]\ndefault = \"oci://{}/team\"", registry.address());
    let sandbox = with_world(&world);
    check(&sandbox);
    let lock = sandbox.lock();
    assert!(lock.contains("[world]\npackage = \"t:worlds\"\nrequirement = \"^1\"\n"), "{lock}");
    registry.push("team/t/worlds", "1.1.0", &encoded("package t:worlds@1.1.0;\nworld step {}\n"));
    check(&sandbox);
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn a_world_is_named_with_its_package() {
    let sandbox = with_world("wit = \"t:worlds/step@1\"\n[registries]\ndefault = \"dir:registry\"");
    publish(&sandbox.path("registry"), "t:worlds@1.0.0", &encoded(&package("1.0.0")));
    check(&sandbox);
}

#[test]
fn an_artifact_is_locked_by_its_digest() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("wit/worlds", "stable", &encoded(&package("1.0.0")));
    let sandbox = with_world(&format!("wit = \"oci://{}/wit/worlds:stable\"\nname = \"step\"", registry.address()));
    check(&sandbox);
    let lock = sandbox.lock();
    assert!(lock.contains(&format!("[world]\noci = \"{}/wit/worlds:stable\"\n", registry.address())), "{lock}");
    registry.push("wit/worlds", "stable", &encoded("package t:worlds@1.1.0;\nworld step {}\n"));
    check(&sandbox);
    assert_eq!(sandbox.compose("build --locked").status, Some(1));
}

#[test]
fn a_revision_has_worlds() {
    let sandbox = with_world("wit = \"git:v1:wit\"\nname = \"step\"");
    sandbox.write("wit/worlds.wit", "package t:worlds;\nworld step { export t:steps/a@1.0.0; }\nworld other {}\n");
    sandbox.write("wit/deps/steps.wit", steps("1.0.0").replacen('{', ";", 1).trim_end().trim_end_matches('}'));
    commit(&sandbox.path(""), "v1");
    std::fs::remove_dir_all(sandbox.path("wit")).unwrap();
    check(&sandbox);
    let sandbox = with_world("wit = \"git:v2:wit\"");
    commit(&sandbox.path(""), "v1");
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-unreadable]: there is no revision `v2` in the git repository
     --> compose.toml:6:7
      |
    6 | wit = "git:v2:wit"
      |       ^^^^^^^^^^^^ named here
      |
      = help: a revision is a commit, a tag or a branch; what others have pushed since comes with
              git fetch --tags
    exit status 1
    "#);
}

#[test]
fn what_is_behind_a_feature_belongs_to_the_world_when_it_is_on() {
    let world = |features: &str| {
        let sandbox = with_world(&format!("wit = \"worlds.wit\"\n{features}"));
        let gated =
            "world step {\n  export t:steps/a@1.0.0;\n  @unstable(feature = more)\n  export t:steps/e@1.0.0;\n}\n";
        sandbox.write("worlds.wit", format!("package t:worlds@1.0.0;\n{gated}{}", steps("1.0.0")));
        sandbox
    };
    check(&world(""));
    assert_snapshot!(refused(&world("features = [\"more\"]")), @r#"
    error[world-not-met]: the application does not meet its target world
     --> compose.toml:6:7
      |
    6 | wit = "worlds.wit"
      |       ^^^^^^^^^^^^ the world it must meet
      |
      = note: missing: the export `t:steps/e@1.0.0`, which no instance has
      = note: `one` exports `t:steps/a`, which is another interface
      = help: change the components, or what the world says
    exit status 1
    "#);
}

#[test]
fn what_is_no_source_of_wit_is_refused() {
    assert_snapshot!(refused(&with_world("wit = \"https://wa.dev/wasi:http\"")), @r#"
    error[invalid-value]: `https://wa.dev/wasi:http` cannot be WIT
     --> compose.toml:6:7
      |
    6 | wit = "https://wa.dev/wasi:http"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^ a registry is asked by `oci://HOST/REPOSITORY:TAG` or `ns:name@VERSION`, and no other URL is known
    exit status 1
    "#);
    assert_snapshot!(refused(&with_world("wit = \"git:v1\"")), @r#"
    error[invalid-value]: `git:v1` cannot be WIT
     --> compose.toml:6:7
      |
    6 | wit = "git:v1"
      |       ^^^^^^^^ a revision needs a path, as in `git:v1.2.0:wit`
    exit status 1
    "#);
    assert_snapshot!(refused(&with_world("wit = \"wasi:http@latest\"")), @r#"
    error[invalid-value]: `wasi:http@latest` cannot be WIT
     --> compose.toml:6:7
      |
    6 | wit = "wasi:http@latest"
      |       ^^^^^^^^^^^^^^^^^^ not a version requirement after the `@`
      |
      = note: caused by: unexpected character 'l' while parsing major version number
      = note: a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`
    exit status 1
    "#);
    assert_snapshot!(refused(&with_world("wit = \"wasi:http/proxy@0.2\"\nname = \"proxy\"")), @r#"
    error[invalid-value]: the world is named twice
     --> compose.toml:7:8
      |
    7 | name = "proxy"
      |        ^^^^^^^ `wit` names one already
    exit status 1
    "#);
    let sandbox = with_world("wit = \"worlds.wasm\"");
    sandbox.write("worlds.wasm", b"\0asm\x01\0\0\0");
    assert_snapshot!(refused(&sandbox), @r#"
    error[not-a-component]: `worlds.wasm` is not a component
     --> compose.toml:6:7
      |
    6 | wit = "worlds.wasm"
      |       ^^^^^^^^^^^^^ named here
      |
      = note: a core WebAssembly module, not a component
      = help: make a component of it
              wasm-tools component new worlds.wasm -o worlds.component.wasm
      = help: if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`
    exit status 1
    "#);
}
