//! `compose add` and `compose remove`: manifests changed by command, and changes that are refused.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    sandbox::Sandbox,
};
use insta::assert_snapshot;

use crate::steps::step;

const FRONT: &str = "\
# The front of it all.
[components]
front = { path = \"front.wasm\" }   # answers requests

[registries]
default = \"dir:registry\"
";

/// An application of one component that needs nothing, and a registry with what it could need.
fn application() -> Sandbox {
    let sandbox = Sandbox::with(FRONT, [("front.wasm", step("a", None, 1)), ("parts/back.wasm", step("b", None, 2))]);
    let registry = sandbox.path("registry");
    for (package, bytes) in [
        ("t:back@1.0.0", step("b", None, 2)),
        ("t:back@1.2.3", step("b", None, 3)),
        ("t:back@2.0.0-rc.1", step("b", None, 4)),
        ("t:middle@0.3.1", step("d", Some("c"), 5)),
        ("t:early@1.0.0-rc.1", step("e", None, 6)),
    ] {
        publish(&registry, package, &bytes);
    }
    sandbox
}

#[test]
fn a_package_is_added_in_its_newest_version() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("add t:back"), @r#"
    back   added 1.2.3  t:back in dir:registry
    front  added        front.wasm
    ---
           Added back = "t:back@^1.2" to compose.toml
          Locked compose.lock
    exit status 0
    "#);
    assert_snapshot!(sandbox.read_text("compose.toml"), @r#"
    # The front of it all.
    [components]
    front = { path = "front.wasm" }   # answers requests
    back = "t:back@^1.2"

    [registries]
    default = "dir:registry"
    "#);
    assert!(sandbox.lock().contains("version = \"1.2.3\""));
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
}

#[test]
fn several_are_added_at_once() {
    let sandbox = application();
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/fraud", "3.0", &step("d", None, 7));
    let run =
        sandbox.compose(&format!("add t:back@=1.0.0 oci://{}/team/fraud:3.0 parts/back.wasm -q", registry.address()));
    assert_snapshot!(run.to_string().replace(registry.address(), "ADDRESS"), @"
    error[already-exists]: two of the components would be named `back`
     |
     = help: add it alone, with a name of its own: `--as NAME`
    exit status 1
    ");
    // The path has the name of the package.
    assert_eq!(sandbox.read_text("compose.toml"), FRONT);
    let run = sandbox.compose(&format!("add t:back@=1.0.0 oci://{}/team/fraud:3.0", registry.address()));
    assert_snapshot!(run.to_string().replace(registry.address(), "ADDRESS"), @r#"
    back   added 1.0.0                t:back in dir:registry
    fraud  added sha256:c9efbabb7e23  oci://ADDRESS/team/fraud:3.0
    front  added                      front.wasm
    ---
     Downloading ADDRESS/team/fraud:3.0 (869 B)
           Added back = "t:back@=1.0.0" to compose.toml
           Added fraud = { oci = "ADDRESS/team/fraud:3.0" } to compose.toml
          Locked compose.lock
    exit status 0
    "#);
    assert_snapshot!(sandbox.read_text("compose.toml").replace(registry.address(), "ADDRESS"), @r#"
    # The front of it all.
    [components]
    front = { path = "front.wasm" }   # answers requests
    back = "t:back@=1.0.0"
    fraud = { oci = "ADDRESS/team/fraud:3.0" }

    [registries]
    default = "dir:registry"
    "#);
}

#[test]
fn a_path_is_relative_to_the_current_directory() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose_in("parts", "add back.wasm --as base"), @r#"
    base   added  parts/back.wasm
    front  added  front.wasm
    ---
           Added base = { path = "parts/back.wasm" } to [DIR]/compose.toml
          Locked [DIR]/compose.lock
    exit status 0
    "#);
    assert_snapshot!(sandbox.read_text("compose.toml"), @r#"
    # The front of it all.
    [components]
    front = { path = "front.wasm" }   # answers requests
    base = { path = "parts/back.wasm" }

    [registries]
    default = "dir:registry"
    "#);
}

#[test]
fn a_registry_can_be_named() {
    let sandbox = application();
    let archive = sandbox.read_text("compose.toml") + "archive = \"dir:registry\"\n";
    sandbox.write("compose.toml", archive);
    assert_eq!(sandbox.compose("add t:back --registry archive").status, Some(0));
    assert!(
        sandbox
            .read_text("compose.toml")
            .contains("{ package = \"t:back\", version = \"^1.2\", registry = \"archive\" }")
    );
    assert_snapshot!(sandbox.compose("add t:middle --registry other"), @"
    error[unknown-registry]: `[registries]` has no `other`
    exit status 1
    ");
}

#[test]
fn what_cannot_be_linked_is_refused() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("add t:middle"), @r#"
    error[missing-provider]: nothing provides `t:steps/c@1.0.0` to `middle`
     --> compose.toml:4:1
      |
    4 | middle = "t:middle@^0.3"
      | ^^^^^^ imports `t:steps/c@1.0.0`
      |
      = note: `front` exports `t:steps/a`, which is another interface
      = note: the manifest was left as it is; `--no-check` changes it all the same
      = help: add a component that exports `t:steps/c`
      = help: or, if the runtime has it, say so
              [links.middle]
              "t:steps/c" = "host"
    exit status 1
    "#);
    assert_eq!(sandbox.read_text("compose.toml"), FRONT);
    assert!(!sandbox.path("compose.lock").exists());
}

#[test]
fn what_cannot_be_linked_is_added_unchecked() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("add t:middle --no-check"), @r#"
           Added middle = "t:middle@^0.3" to compose.toml
    exit status 0
    "#);
    assert!(sandbox.read_text("compose.toml").contains("middle = \"t:middle@^0.3\"\n"));
    assert!(!sandbox.path("compose.lock").exists());
}

#[test]
fn an_application_that_is_wrong_already_is_mended_step_by_step() {
    let sandbox = application();
    sandbox.write("front.wasm", step("a", Some("b"), 1));
    sandbox.write("side.wasm", step("e", Some("d"), 1));
    assert_snapshot!(sandbox.compose("add parts/back.wasm side.wasm"), @r#"
    error[missing-provider]: nothing provides `t:steps/d@1.0.0` to `side`
     --> compose.toml:5:1
      |
    5 | side = { path = "side.wasm" }
      | ^^^^ imports `t:steps/d@1.0.0`
      |
      = note: `front` exports `t:steps/a`, which is another interface
      = note: the manifest was left as it is; `--no-check` changes it all the same
      = help: add a component that exports `t:steps/d`
      = help: or, if the runtime has it, say so
              [links.side]
              "t:steps/d" = "host"
    exit status 1
    "#);
    sandbox.write("compose.toml", format!("{FRONT}[links.front]\n\"t:steps/b\" = \"front\"\n"));
    assert_snapshot!(sandbox.compose("add parts/back.wasm"), @r#"
           Added back = { path = "parts/back.wasm" } to compose.toml

    The application cannot be composed yet, as before:

    error[unknown-export]: `front` does not export `t:steps/b@1.0.0`
     --> compose.toml:9:15
      |
    9 | "t:steps/b" = "front"
      |               ^^^^^^^ the link of `front` needs it
      |
      = note: `front` exports `t:steps/a@1.0.0`
    exit status 0
    "#);
    assert!(sandbox.read_text("compose.toml").contains("back"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("add t:back --dry-run"), @r#"
    back   added 1.2.3  t:back in dir:registry
    front  added        front.wasm
    ---
       Would add back = "t:back@^1.2" to compose.toml
      Would lock compose.lock
    exit status 0
    "#);
    assert_eq!(sandbox.read_text("compose.toml"), FRONT);
    assert!(!sandbox.path("compose.lock").exists());
}

#[test]
fn under_locked_nothing_is_added() {
    let sandbox = application();
    sandbox.compose("lock");
    let lock = sandbox.lock();
    assert_snapshot!(sandbox.compose("add t:back --locked"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
             + [component.back]
             + package = "t:back"
             + requirement = "^1.2"
             + registry = "dir:registry"
             + version = "1.2.3"
             + digest = "sha256:1242b2941758002021b3acc13073fa69398db3fce8676ee8922bd4d25ac4cccc"
             + size = 869
             + manifest = "sha256:05a8461b4388a55a508c76a7962d4f8f3eddc5480b6b26147209cfc712f72a5a"
             + manifest-size = 369
             + [instance.back]
             + component = "back"
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
    assert_eq!((sandbox.read_text("compose.toml"), sandbox.lock()), (FRONT.to_owned(), lock));
}

#[test]
fn what_cannot_be_added_is_explained() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("add t:missing"), @"
    error[package-not-found]: dir:registry has no package t:missing
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor t:missing
    exit status 3
    ");
    assert_snapshot!(sandbox.compose("add t:early"), @"
    error[version-not-found]: `t:early` has no version but pre-releases
     |
     = help: ask for one of them
             compose add t:early@1.0.0-rc.1
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("add t:back@^9"), @r#"
    error[version-not-found]: no version of `t:back` satisfies `^9`
     --> compose.toml:4:8
      |
    4 | back = "t:back@^9"
      |        ^^^^^^^^^^^ required here
      |
      = note: `dir:registry` has 2.0.0-rc.1, 1.2.3, 1.0.0
      = note: the manifest was left as it is; `--no-check` changes it all the same
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("add t:Back"), @"
    error: `t:Back` is not a package name: `Back` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter
     |
     = help: a component is `namespace:name@^1.2`, `oci://host/repository:tag` or a path
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("add oci://team/back"), @"
    error: the reference `team/back` names no registry: write its host too, as in `ghcr.io/team/back`
     |
     = help: a component is `namespace:name@^1.2`, `oci://host/repository:tag` or a path
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("add front.wasm"), @r#"
    error[already-exists]: `[components]` has a `front`, which is front.wasm
     --> compose.toml:3:1
      |
    3 | front = { path = "front.wasm" }   # answers requests
      | ^^^^^ this entry
      |
      = help: to have another version of it, change the entry
      = help: give it a name of its own: `--as NAME`
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("add t:back parts/back.wasm --as one"), @"
    error: `--as` names one component, and several are to be added
     |
     = help: add it alone
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("add missing.wasm"), @r#"
    error[file-unreadable]: there is no file `missing.wasm`
     --> compose.toml:4:11
      |
    4 | missing = { path = "missing.wasm" }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: the manifest was left as it is; `--no-check` changes it all the same
      = help: build the component first, or mend the path; it is relative to the manifest
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("add ../1.wasm"), @"
    error: no name can be made of `../1.wasm`
     |
     = help: give it one: `--as NAME`
    exit status 2
    ");
    assert_eq!(sandbox.read_text("compose.toml"), FRONT);
}

#[test]
fn programs_read_what_was_added() {
    assert_snapshot!(application().compose("add t:back --message-format json -q"), @r#"
    {"reason":"added","manifest":"compose.toml","components":[{"name":"back","entry":"\"t:back@^1.2\"","passed_over":null}],"written":true}
    {"reason":"changed","components":[{"component":"back","before":null,"after":{"source":"t:back in dir:registry","version":"1.2.3","digest":"sha256:1242b2941758002021b3acc13073fa69398db3fce8676ee8922bd4d25ac4cccc","manifest":"sha256:05a8461b4388a55a508c76a7962d4f8f3eddc5480b6b26147209cfc712f72a5a"}},{"component":"front","before":null,"after":{"source":"front.wasm","version":null,"digest":null,"manifest":null}}],"instances":[],"written":true}
    exit status 0
    "#);
}

const SHOP: &str = "\
[components]
front = { path = \"front.wasm\" }
# Behind the front.
back = { path = \"back.wasm\" }
spare = { path = \"spare.wasm\" }

[links.front]
\"t:steps/b\" = \"back\"
[links.spare]
\"t:steps/c\" = \"host\"

[host]
imports = [\"t:steps/*\"]

[exports]
\"t:steps/a\" = \"front\"
";

fn shop() -> Sandbox {
    Sandbox::with(
        SHOP,
        [
            ("front.wasm", step("a", Some("b"), 1)),
            ("back.wasm", step("b", None, 2)),
            ("spare.wasm", step("d", Some("c"), 3)),
        ],
    )
}

#[test]
fn a_component_is_removed_with_what_is_about_it() {
    let sandbox = shop();
    sandbox.compose("lock");
    assert_snapshot!(sandbox.compose("remove spare"), @"
    spare  removed  spare.wasm
    ---
         Removed [components] spare from compose.toml
         Removed [links.spare] from compose.toml
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.read_text("compose.toml"), @r#"
    [components]
    front = { path = "front.wasm" }
    # Behind the front.
    back = { path = "back.wasm" }

    [links.front]
    "t:steps/b" = "back"

    [host]
    imports = ["t:steps/*"]

    [exports]
    "t:steps/a" = "front"
    "#);
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
}

#[test]
fn a_component_that_others_need_stays() {
    let sandbox = shop();
    assert_snapshot!(sandbox.compose("remove back"), @r#"
    error[still-referenced]: `back` is still needed by other lines
     --> compose.toml:8:15
      |
    8 | "t:steps/b" = "back"
      |               ^^^^^^ `front` is linked to it
      |
      = help: to remove these lines as well
              compose remove back --force
    exit status 1
    "#);
    assert_eq!(sandbox.read_text("compose.toml"), SHOP);
    assert_snapshot!(sandbox.compose("remove back --force --dry-run"), @r#"
    front  added  front.wasm
    spare  added  spare.wasm
    front asks the host for t:steps/b@1.0.0
    ---
    Would remove [components] back from compose.toml
    Would remove [links.front] "t:steps/b" from compose.toml
    warning[unused-instance]: `spare` is not used and is left out
     --> compose.toml:3:1
      |
    3 | spare = { path = "spare.wasm" }
      | ^^^^^ nothing that is exported needs it

      Would lock compose.lock
    exit status 0
    "#);
    assert_eq!(sandbox.read_text("compose.toml"), SHOP);
    assert_snapshot!(sandbox.compose("remove front --force"), @r#"
    back   added  back.wasm
    spare  added  spare.wasm
    spare asks the host for t:steps/c@1.0.0
    ---
         Removed [components] front from compose.toml
         Removed [links.front] from compose.toml
         Removed [exports] "t:steps/a" from compose.toml
          Locked compose.lock
    exit status 0
    "#);
    assert_snapshot!(sandbox.read_text("compose.toml"), @r#"
    [components]
    # Behind the front.
    back = { path = "back.wasm" }
    spare = { path = "spare.wasm" }
    [links.spare]
    "t:steps/c" = "host"

    [host]
    imports = ["t:steps/*"]
    "#);
}

#[test]
fn what_is_not_there_cannot_be_removed() {
    let sandbox = shop();
    assert_snapshot!(sandbox.compose("remove bakc nothing-like-it"), @"
    error[unknown-name]: `[components]` has no `bakc`
     |
     = help: did you mean `back`?

    error[unknown-name]: `[components]` has no `nothing-like-it`
     |
     = note: it has `front`, `back` and `spare`

    error: 2 problems found
    exit status 1
    ");
}

#[test]
fn programs_read_what_was_removed() {
    assert_snapshot!(shop().compose("remove spare --message-format json -q"), @r#"
    {"reason":"removed","manifest":"compose.toml","components":["spare"],"others":["[links.spare]"],"written":true}
    {"reason":"changed","components":[{"component":"back","before":null,"after":{"source":"back.wasm","version":null,"digest":null,"manifest":null}},{"component":"front","before":null,"after":{"source":"front.wasm","version":null,"digest":null,"manifest":null}}],"instances":[{"instance":"front","host_gained":[],"host_lost":[],"links":[{"import":"t:steps/b@1.0.0","before":null,"after":"back"}]}],"written":true}
    exit status 0
    "#);
}

/// An application whose one component needs a version of `t:back` that is not its newest.
fn in_need_of_an_older_version() -> Sandbox {
    let sandbox = application();
    sandbox.write("front.wasm", step("a", Some("b"), 1));
    publish(&sandbox.path("registry"), "t:back@3.0.0", &step("b@3.0.0", None, 7));
    sandbox
}

#[test]
fn a_package_is_added_in_the_newest_version_that_fits() {
    let sandbox = in_need_of_an_older_version();
    assert_snapshot!(sandbox.compose("add t:back"), @r#"
    back   added 1.2.3  t:back in dir:registry
    front  added        front.wasm
    front takes t:steps/b@1.0.0 from back
    ---
           Added back = "t:back@^1.2" to compose.toml: 3.0.0 is newer and does not fit
          Locked compose.lock
    exit status 0
    "#);
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
}

#[test]
fn a_version_that_fits_what_is_there_so_far_is_added_where_something_else_is_wrong() {
    let sandbox = in_need_of_an_older_version();
    sandbox.write("compose.toml", FRONT.replace("front =", "middle = \"t:middle@0.3\"\nfront ="));
    assert_snapshot!(sandbox.compose("add t:back"), @r#"
           Added back = "t:back@^1.2" to compose.toml: 3.0.0 is newer and does not fit

    The application cannot be composed yet, as before:

    error[missing-provider]: nothing provides `t:steps/c@1.0.0` to `middle`
     --> compose.toml:3:1
      |
    3 | middle = "t:middle@0.3"
      | ^^^^^^ imports `t:steps/c@1.0.0`
      |
      = note: `front` exports `t:steps/a`, which is another interface
      = help: add a component that exports `t:steps/c`
      = help: or, if the runtime has it, say so
              [links.middle]
              "t:steps/c" = "host"
    exit status 0
    "#);
}

#[test]
fn a_lock_that_cannot_be_read_keeps_a_component_from_being_added() {
    let sandbox = application();
    sandbox.write("compose.lock", "version = 2\n");
    assert_snapshot!(sandbox.compose("add t:back"), @"
    error[lock-invalid]: `compose.lock` was written by a newer `compose`
     --> compose.lock:1:11
      |
    1 | version = 2
      |           ^ this `compose` knows the format 1
      |
      = note: the manifest was left as it is; `--no-check` changes it all the same
      = help: use the `compose` that wrote it, or a newer one
    exit status 1
    ");
    assert_eq!(sandbox.read_text("compose.toml"), FRONT);
}
