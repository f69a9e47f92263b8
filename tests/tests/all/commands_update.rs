//! `compose update`, `compose outdated`, `compose lock --check`: what is newer, taken or shown, and tags that moved.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    guest::stub,
    sandbox::Sandbox,
};
use insta::assert_snapshot;

use crate::steps::step;

const MANIFEST: &str = "\
[registries]
default = \"dir:registry\"
[components]
front = \"t:front@^1\"
back = \"t:back@~1.0\"
[exports]
\"t:steps/a\" = \"front\"
";

/// An application of two packages, locked, with releases that came later.
fn application() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    release(&sandbox, "t:front@1.0.0", &step("a", Some("b"), 1));
    release(&sandbox, "t:back@1.0.0", &step("b", None, 2));
    assert_eq!(sandbox.compose("lock").status, Some(0));
    release(&sandbox, "t:front@1.1.0", &step("a", Some("b"), 3));
    release(&sandbox, "t:front@2.0.0", &step("a", Some("b"), 4));
    release(&sandbox, "t:front@3.0.0-rc.1", &step("a", Some("b"), 5));
    release(&sandbox, "t:back@1.0.1", &step("b", None, 6));
    release(&sandbox, "t:back@1.1.0", &step("b", None, 7));
    sandbox
}

fn release(sandbox: &Sandbox, package: &str, bytes: &[u8]) {
    publish(&sandbox.path("registry"), package, bytes);
}

#[test]
fn everything_is_updated() {
    let sandbox = application();
    let before = sandbox.lock();
    assert_snapshot!(sandbox.compose("update --dry-run"), @"
    back   1.0.0 → 1.0.1  t:back in dir:registry
    front  1.0.0 → 1.1.0  t:front in dir:registry
    ---
      Would lock compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.lock(), before);
    assert_snapshot!(sandbox.compose("update"), @"
    back   1.0.0 → 1.0.1  t:back in dir:registry
    front  1.0.0 → 1.1.0  t:front in dir:registry
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("update"), @"
    Nothing changes: the manifest allows nothing newer that fits
    exit status 0
    ");
}

#[test]
fn some_are_updated_by_component_or_by_package() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("update back"), @"
    back  1.0.0 → 1.0.1  t:back in dir:registry
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("update t:front"), @"
    front  1.0.0 → 1.1.0  t:front in dir:registry
    ---
          Locked compose.lock
    exit status 0
    ");
}

#[test]
fn a_precise_version_is_taken_and_kept() {
    let sandbox = application();
    sandbox.compose("update");
    assert_snapshot!(sandbox.compose("update front --precise 1.0.0"), @"
    front  1.1.0 → 1.0.0  t:front in dir:registry
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
    assert_snapshot!(sandbox.compose("update front --precise 2.0.0"), @r#"
    error[version-not-found]: `front` must satisfy `^1`, and 2.0.0 does not
     --> compose.toml:4:9
      |
    4 | front = "t:front@^1"
      |         ^^^^^^^^^^^^ required here
      |
      = help: require it first
              front = "t:front@2.0.0"
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("update front --precise 1.7.0"), @r#"
    error[version-not-found]: there is no t:front@1.7.0 in dir:registry
     --> compose.toml:4:9
      |
    4 | front = "t:front@^1"
      |         ^^^^^^^^^^^^ needed here
      |
      = note: `dir:registry` has 3.0.0-rc.1, 2.0.0, 1.1.0, 1.0.0
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("update --precise 1.0.0"), @"
    error: `--precise` needs the name of one component
     |
     = help: compose update NAME --precise VERSION
    exit status 2
    ");
}

#[test]
fn what_is_not_there_cannot_be_updated() {
    assert_snapshot!(application().compose("update frnt"), @"
    error[unknown-name]: `[components]` has no `frnt`
     |
     = help: did you mean `front`?
    exit status 1
    ");
}

#[test]
fn an_update_shows_what_it_lets_an_instance_do() {
    let sockets = "package wasi:sockets@0.2.0 { interface tcp { f: func(); } }";
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n[components]\npricing = \"t:pricing@1\"\n");
    release(&sandbox, "t:pricing@1.0.0", &stub("export run: func();", ""));
    sandbox.compose("lock");
    release(&sandbox, "t:pricing@1.1.0", &stub("import wasi:sockets/tcp@0.2.0; export run: func();", sockets));
    assert_snapshot!(sandbox.compose("update"), @"
    pricing  1.0.0 → 1.1.0  t:pricing in dir:registry
    pricing asks the host for wasi:sockets/tcp@0.2.0
    ---
          Locked compose.lock
    exit status 0
    ");
}

#[test]
fn programs_read_what_changes() {
    assert_snapshot!(application().compose("update back --dry-run --message-format json -q"), @r#"
    {"reason":"changed","components":[{"component":"back","before":{"source":"t:back in dir:registry","version":"1.0.0","digest":"sha256:edd84d2b831a2a7eeb6116fa4386d5b1219c583a90d8d7739826a9988f82958a","manifest":"sha256:ce4c6b826a83ebaf0b90d69afc6e60cb33b7d91251c6e350b2dd8591dc806838"},"after":{"source":"t:back in dir:registry","version":"1.0.1","digest":"sha256:0a1f25ad6018e1851b9d4f77cd4dcc0d8ee426b48934486a887e8d21be341f82","manifest":"sha256:8a8412dd53a9ca1caf76832986e232194e40231e36808c33cf185aa3494a05a3"}}],"instances":[],"written":false}
    exit status 0
    "#);
}

#[test]
fn newer_releases_are_shown() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    front      1.0.0    1.1.0       2.0.0   t:front@^1
    back       1.0.0    1.0.1       1.1.0   t:back@~1.0
    ---
    The manifest allows 2 newer releases; `compose update` takes what fits together
    exit status 1
    ");
    sandbox.compose("update");
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    front      1.1.0    1.1.0       2.0.0   t:front@^1
    back       1.0.1    1.0.1       1.1.0   t:back@~1.0
    ---
    Everything is the newest that the manifest allows
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("outdated --message-format json -q"), @r#"
    {"reason":"outdated","components":[{"component":"front","source":"t:front","requirement":"^1","current":"1.1.0","compatible":"1.1.0","latest":"2.0.0","outdated":false},{"component":"back","source":"t:back","requirement":"~1.0","current":"1.0.1","compatible":"1.0.1","latest":"1.1.0","outdated":false}]}
    exit status 0
    "#);
    sandbox.write("compose.toml", MANIFEST.replace("^1", "2").replace("~1.0", "1"));
    sandbox.compose("lock");
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    back       1.0.1    1.1.0       1.1.0   t:back@^1
    ---
    The manifest allows 1 newer release; `compose update` takes what fits together
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("outdated --all"), @"
    component  current  compatible  latest  source
    front      2.0.0    2.0.0       2.0.0   t:front@^2
    back       1.0.1    1.1.0       1.1.0   t:back@^1
    ---
    The manifest allows 1 newer release; `compose update` takes what fits together
    exit status 1
    ");
}

#[test]
fn without_a_lock_everything_is_outdated() {
    let sandbox = application();
    std::fs::remove_file(sandbox.path("compose.lock")).unwrap();
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    front      -        1.1.0       2.0.0   t:front@^1
    back       -        1.0.1       1.1.0   t:back@~1.0
    ---
    The manifest allows 2 newer releases; `compose update` takes what fits together
    exit status 1
    ");
}

#[test]
fn a_newer_release_makes_no_lock_stale() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("lock --check"), @"
       Unchanged compose.lock
    exit status 0
    ");
}

#[test]
fn a_lock_that_would_change_is_found() {
    let sandbox = application();
    let before = sandbox.lock();
    sandbox.write("compose.toml", MANIFEST.replace("^1", "2"));
    assert_snapshot!(sandbox.compose("lock --check"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
               [component.front]
             - requirement = "^1"
             + requirement = "^2"
             - version = "1.0.0"
             - digest = "sha256:5c1bee603a80b3e9b1d03bd4b18418957a3110a8b96c2c4f381c48217e87390e"
             + version = "2.0.0"
             + digest = "sha256:8122ec94aa301e3b9633791ed7d92d767309bbc0f8b417240e8fd524c1b27cc2"
             - manifest = "sha256:c51ffe93fa00f8262b86201554eb9f2b9ca12f70c9bf7b4ecefa5225796aaefd"
             + manifest = "sha256:39cd6b1632a60f9f7967b3fb8c6b94c74a3c58d01935d18d63e232f63592cb5b"
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
    assert_eq!(sandbox.lock(), before);
    assert_snapshot!(sandbox.compose("lock --check --message-format json"), @r#"
    {"reason":"diagnostic","code":"lock-out-of-date","severity":"error","message":"`compose.lock` would have to change, and must not","spans":[],"notes":["it would change like this\n  [component.front]\n- requirement = \"^1\"\n+ requirement = \"^2\"\n- version = \"1.0.0\"\n- digest = \"sha256:5c1bee603a80b3e9b1d03bd4b18418957a3110a8b96c2c4f381c48217e87390e\"\n+ version = \"2.0.0\"\n+ digest = \"sha256:8122ec94aa301e3b9633791ed7d92d767309bbc0f8b417240e8fd524c1b27cc2\"\n- manifest = \"sha256:c51ffe93fa00f8262b86201554eb9f2b9ca12f70c9bf7b4ecefa5225796aaefd\"\n+ manifest = \"sha256:39cd6b1632a60f9f7967b3fb8c6b94c74a3c58d01935d18d63e232f63592cb5b\""],"hints":["write it, look at the change and commit it\ncompose lock"],"rendered":"error[lock-out-of-date]: `compose.lock` would have to change, and must not\n |\n = note: it would change like this\n           [component.front]\n         - requirement = \"^1\"\n         + requirement = \"^2\"\n         - version = \"1.0.0\"\n         - digest = \"sha256:5c1bee603a80b3e9b1d03bd4b18418957a3110a8b96c2c4f381c48217e87390e\"\n         + version = \"2.0.0\"\n         + digest = \"sha256:8122ec94aa301e3b9633791ed7d92d767309bbc0f8b417240e8fd524c1b27cc2\"\n         - manifest = \"sha256:c51ffe93fa00f8262b86201554eb9f2b9ca12f70c9bf7b4ecefa5225796aaefd\"\n         + manifest = \"sha256:39cd6b1632a60f9f7967b3fb8c6b94c74a3c58d01935d18d63e232f63592cb5b\"\n = help: write it, look at the change and commit it\n         compose lock\n"}
    exit status 1
    "#);
}

#[test]
fn a_tag_that_moved_is_named_with_both_digests() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let reference = format!("{}/team/front:stable", registry.address());
    registry.push("team/front", "stable", &step("a", None, 1));
    let sandbox = Sandbox::new(&format!("[components]\nfront = {{ oci = \"{reference}\" }}\n"));
    sandbox.compose("lock");
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
    registry.push("team/front", "stable", &step("a", None, 2));
    let told = |arguments: &str| sandbox.compose(arguments).to_string().replace(registry.address(), "ADDRESS");
    assert_snapshot!(told("build --locked"), @r#"
    error[tag-moved]: ADDRESS/team/front:stable is not what it was when it was locked
     --> compose.toml:2:9
      |
    2 | front = { oci = "ADDRESS/team/front:stable" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
      |
      = note: `compose.lock` has sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
      = note: the registry has  sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10
      = help: if it was pushed again on purpose, take what is there now
              compose update front
      = help: a reference by digest never moves
              { oci = "ADDRESS/team/front:stable@sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990" }
    exit status 1
    "#);
    assert_snapshot!(told("lock --check"), @r#"
    error[tag-moved]: ADDRESS/team/front:stable is not what it was when it was locked
     --> compose.toml:2:9
      |
    2 | front = { oci = "ADDRESS/team/front:stable" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
      |
      = note: `compose.lock` has sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
      = note: the registry has  sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10
      = help: if it was pushed again on purpose, take what is there now
              compose update front
      = help: a reference by digest never moves
              { oci = "ADDRESS/team/front:stable@sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990" }
    exit status 1
    "#);
    // Without the network, and without being asked to look, the lock is what counts.
    assert_eq!(sandbox.compose("build --frozen").status, Some(0));
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_snapshot!(told("outdated"), @"
    component  current              compatible           latest               source
    front      sha256:5c4c59c52dee  sha256:7624576d7d66  sha256:7624576d7d66  oci://ADDRESS/team/front:stable
    ---
    The manifest allows 1 newer release; `compose update` takes what fits together
    exit status 1
    ");
    assert_snapshot!(told("update"), @"
    front  sha256:5c4c59c52dee → sha256:7624576d7d66  oci://ADDRESS/team/front:stable
    ---
     Downloading ADDRESS/team/front:stable (869 B)
          Locked compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
}

#[test]
fn a_registry_that_is_gone_is_no_reason_to_refuse_what_is_locked() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/front", "stable", &step("a", None, 1));
    let address = registry.address().to_owned();
    let sandbox = Sandbox::new(&format!("[components]\nfront = {{ oci = \"{address}/team/front:stable\" }}\n"));
    sandbox.compose("fetch");
    drop(registry);
    let told = |arguments: &str| sandbox.compose(arguments).to_string().replace(&address, "ADDRESS");
    assert_snapshot!(told("check --locked"), @r#"
    warning[registry-failure]: nobody can tell whether ADDRESS/team/front:stable is still what it was when it was locked
     --> compose.toml:2:9
      |
    2 | front = { oci = "ADDRESS/team/front:stable" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
      |
      = note: cannot get the image manifest of ADDRESS/team/front:stable
      = note: GET http://ADDRESS/v2/team/front/manifests/stable failed
      = note: caused by: Connection refused (os error 111)

         Checked compose.toml (1 instance of 1 component)
    exit status 0
    "#);
}

#[test]
fn a_registry_that_is_gone_is_told_once() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let address = registry.address().to_owned();
    let entries = ["front", "middle", "back"].map(|name| {
        registry.push(&format!("team/{name}"), "stable", &step("a", None, 1));
        format!("{name} = {{ oci = \"{address}/team/{name}:stable\" }}\n")
    });
    let exports = "[exports]\n\"t:steps/a\" = \"front\"\n";
    let sandbox = Sandbox::new(&format!("[components]\n{}{exports}", entries.concat()));
    sandbox.compose("fetch");
    drop(registry);
    let told = sandbox.compose("lock --check").to_string().replace(&address, "ADDRESS");
    assert_snapshot!(told, @r#"
    warning[registry-failure]: nobody can tell whether ADDRESS/team/front:stable and 2 more are still what they were when they were locked
     --> compose.toml:2:9
      |
    2 | front = { oci = "ADDRESS/team/front:stable" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ named here
    3 | middle = { oci = "ADDRESS/team/middle:stable" }
      |          ---------------------------------------------- named here
    4 | back = { oci = "ADDRESS/team/back:stable" }
      |        -------------------------------------------- named here
      |
      = note: cannot get the image manifest of ADDRESS/team/front:stable
      = note: GET http://ADDRESS/v2/team/front/manifests/stable failed
      = note: caused by: Connection refused (os error 111)

    warning[unused-instance]: `middle` is not used and is left out
     --> compose.toml:3:1
      |
    3 | middle = { oci = "ADDRESS/team/middle:stable" }
      | ^^^^^^ nothing that is exported needs it

    warning[unused-instance]: `back` is not used and is left out
     --> compose.toml:4:1
      |
    4 | back = { oci = "ADDRESS/team/back:stable" }
      | ^^^^ nothing that is exported needs it

       Unchanged compose.lock
    exit status 0
    "#);
}

#[test]
fn a_version_that_was_pushed_again_is_named_with_both_digests() {
    let sandbox = application();
    std::fs::remove_dir_all(sandbox.path("registry/t/back")).unwrap();
    release(&sandbox, "t:back@1.0.0", &step("b", None, 9));
    assert_snapshot!(sandbox.compose("lock --check"), @r#"
    error[tag-moved]: t:back@1.0.0 in dir:registry is not what it was when it was locked
     --> compose.toml:5:8
      |
    5 | back = "t:back@~1.0"
      |        ^^^^^^^^^^^^^ named here
      |
      = note: `compose.lock` has sha256:ce4c6b826a83ebaf0b90d69afc6e60cb33b7d91251c6e350b2dd8591dc806838
      = note: the registry has  sha256:8a507a7012f95c6c77866165dcc72327cb725f7f1903383a16cffefe8ae23bbe
      = help: if it was pushed again on purpose, take what is there now
              compose update back
    exit status 1
    "#);
}

/// An application in which only one version of each package fits the other's, and both are locked in the older ones.
fn in_step() -> Sandbox {
    let sandbox = Sandbox::new(
        "[registries]\ndefault = \"dir:registry\"\n[components]\nfront = \"t:front@1\"\nback = \"t:back@1\"\n",
    );
    release(&sandbox, "t:front@1.0.0", &step("a", Some("b"), 1));
    release(&sandbox, "t:back@1.0.0", &step("b", None, 2));
    assert_eq!(sandbox.compose("lock").status, Some(0));
    release(&sandbox, "t:front@1.1.0", &step("a", Some("b@2.0.0"), 3));
    sandbox
}

#[test]
fn a_version_that_does_not_fit_is_refused_where_it_is_asked_for() {
    let sandbox = in_step();
    let before = sandbox.lock();
    assert_snapshot!(sandbox.compose("update front --precise 1.1.0"), @r#"
    error[missing-provider]: nothing provides `t:steps/b@2.0.0` to `front`
     --> compose.toml:4:1
      |
    4 | front = "t:front@1"
      | ^^^^^ imports `t:steps/b@2.0.0`
      |
      = note: `back` (version 1.0.0) exports `t:steps/b@1.0.0`, which is on another semver track
      = note: `front` was asked for in the version 1.1.0
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.front]
              "t:steps/b" = "host"
    exit status 1
    "#);
    assert_eq!(sandbox.lock(), before);
    assert_snapshot!(sandbox.compose("update"), @"
    Nothing changes: the manifest allows nothing newer that fits
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    front      1.0.0    1.1.0       1.1.0   t:front@^1
    ---
    The manifest allows 1 newer release; `compose update` takes what fits together
    exit status 1
    ");
}

#[test]
fn a_version_that_does_not_exist_is_not_to_be_required() {
    let sandbox = in_step();
    assert_snapshot!(sandbox.compose("update front --precise 7.0.0"), @r#"
    error[version-not-found]: there is no t:front@7.0.0 in dir:registry
     --> compose.toml:4:9
      |
    4 | front = "t:front@1"
      |         ^^^^^^^^^^^ needed here
      |
      = note: `dir:registry` has 1.1.0, 1.0.0
    exit status 1
    "#);
}

#[test]
fn what_a_version_needs_changes_with_it() {
    let sandbox = in_step();
    release(&sandbox, "t:back@1.1.0", &step("b@2.0.0", None, 4));
    assert_snapshot!(sandbox.compose("update front --precise 1.1.0"), @"
    back   1.0.0 → 1.1.0  t:back in dir:registry
    front  1.0.0 → 1.1.0  t:front in dir:registry
    front no longer takes t:steps/b@1.0.0 from back
    front takes t:steps/b@2.0.0 from back
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("update back --precise 1.0.0"), @"
    back   1.1.0 → 1.0.0  t:back in dir:registry
    front  1.1.0 → 1.0.0  t:front in dir:registry
    front takes t:steps/b@1.0.0 from back
    front no longer takes t:steps/b@2.0.0 from back
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
}
