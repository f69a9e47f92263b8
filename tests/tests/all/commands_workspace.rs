//! Workspaces: several applications, one lock.

use compose_tests::{artifact::publish, execution::invoke, sandbox::Sandbox};
use insta::assert_snapshot;

use crate::steps::step;

/// Two applications and a third of which both are parts, in the order of their names the other way around.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::new("[workspace]\nmembers = [\"apps/*\"]\n");
    publish(&sandbox.path("registry"), "t:back@1.0.0", &step("b", None, 2));
    sandbox.write("apps/notes.txt", "no application");
    sandbox.write(
        "apps/all/compose.toml",
        "[package]\nname = \"t:whole\"\n[components]\nfront = { path = \"front.wasm\" }\nstore = { path = \"../store\" }\n",
    );
    sandbox.write("apps/all/front.wasm", step("a", Some("b"), 1));
    sandbox.write(
        "apps/store/compose.toml",
        "[package]\nname = \"t:store\"\n[registries]\ndefault = \"dir:../../registry\"\n[components]\nback = \"t:back@1\"\n",
    );
    sandbox
}

#[test]
fn all_are_built_with_one_lock_those_that_others_need_first() {
    let sandbox = workspace();
    assert_snapshot!(sandbox.compose("build"), @"
          Locked compose.lock
           Built apps/store/target/compose/store.wasm (1.2 KiB, 1 instance of 1 component)
           Built apps/all/target/compose/whole.wasm (2.8 KiB, 2 instances of 2 components)
    exit status 0
    ");
    assert_snapshot!(sandbox.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [application."apps/all".component.front]
    path = "front.wasm"

    [application."apps/all".component.store]
    path = "../store"

    [application."apps/all".instance.front]
    component = "front"

    [application."apps/all".instance.front.links]
    "t:steps/b@1.0.0" = "store"

    [application."apps/all".instance.store]
    component = "store"

    [application."apps/store".component.back]
    package = "t:back"
    requirement = "^1"
    registry = "dir:../../registry"
    version = "1.0.0"
    digest = "sha256:edd84d2b831a2a7eeb6116fa4386d5b1219c583a90d8d7739826a9988f82958a"
    size = 869
    manifest = "sha256:ce4c6b826a83ebaf0b90d69afc6e60cb33b7d91251c6e350b2dd8591dc806838"
    manifest-size = 369

    [application."apps/store".instance.back]
    component = "back"
    "#);
    assert!(!sandbox.path("apps/all/compose.lock").exists() && !sandbox.path("apps/store/compose.lock").exists());
    assert_snapshot!(sandbox.compose("check --locked"), @"
         Checked apps/store/compose.toml (1 instance of 1 component)
         Checked apps/all/compose.toml (2 instances of 2 components)
    exit status 0
    ");
}

#[test]
fn one_is_meant_by_its_name_or_by_where_one_is() {
    let sandbox = workspace();
    assert_snapshot!(sandbox.compose("lock -p t:store"), @"
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose_in("apps/all", "lock"), @"
          Locked [DIR]/compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree -p whole"), @"
    t:whole
    └── front (front.wasm): t:steps/a@1.0.0
        └── store (../store): t:steps/b@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("tree"), @"
    error[workspace-member]: this manifest is of a workspace, and has nothing to compose itself
     --> compose.toml:1:1
      |
    1 | [workspace]
      | ^^^^^^^^^^^ several applications
      |
      = note: it has `apps/all` and `apps/store`
      = help: say which application is meant with `-p NAME`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("tree -p other"), @"
    error[unknown-name]: the workspace has no application `other`
     |
     = note: it has `apps/all` and `apps/store`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("build -o app.wasm"), @"
    error: several applications are built, and `-o` and `--wat` are for one
     |
     = help: say which with `-p NAME`
    exit status 2
    ");
    assert_eq!(sandbox.compose("build -p all -o app.wasm").status, Some(0));
}

#[test]
fn a_member_that_goes_takes_its_part_of_the_lock_with_it() {
    let sandbox = workspace();
    sandbox.compose("lock");
    std::fs::remove_dir_all(sandbox.path("apps/all")).unwrap();
    assert_snapshot!(sandbox.compose("lock --check"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
             - [application."apps/all".component.front]
             - path = "front.wasm"
             - [application."apps/all".component.store]
             - path = "../store"
             - [application."apps/all".instance.front]
             - component = "front"
             - [application."apps/all".instance.front.links]
             - "t:steps/b@1.0.0" = "store"
             - [application."apps/all".instance.store]
             - component = "store"
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    "#);
    sandbox.compose("lock");
    assert!(!sandbox.lock().contains("apps/all"));
}

#[test]
fn members_must_be_there() {
    let sandbox = workspace();
    sandbox.write("compose.toml", "[workspace]\nmembers = [\"apps/all\", \"apps/none\", \"tools/*\", \"../other\"]\n");
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[invalid-value]: `../other` cannot be a member
     --> compose.toml:2:48
      |
    2 | members = ["apps/all", "apps/none", "tools/*", "../other"]
      |                                                ^^^^^^^^^^ a member is a directory below the one of this manifest
    exit status 1
    "#);
    sandbox.write("compose.toml", "[workspace]\nmembers = [\"apps/all\", \"apps/none\", \"tools/*\"]\n");
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[workspace-member]: the member `apps/none` has no `compose.toml`
     --> compose.toml:2:24
      |
    2 | members = ["apps/all", "apps/none", "tools/*"]
      |                        ^^^^^^^^^^^ named here

    error[workspace-member]: no directory that `tools/*` means has a `compose.toml`
     --> compose.toml:2:37
      |
    2 | members = ["apps/all", "apps/none", "tools/*"]
      |                                     ^^^^^^^^^ named here

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn members_have_the_registries_of_their_workspace() {
    let sandbox = Sandbox::new(
        "[workspace]\nmembers = [\"apps/*\"]\n[registries]\ndefault = \"dir:registry\"\nother = \"dir:other\"\n",
    );
    publish(&sandbox.path("registry"), "t:back@1.0.0", &step("b", None, 2));
    publish(&sandbox.path("other"), "t:front@1.0.0", &step("a", Some("b"), 1));
    publish(&sandbox.path("apps/own/registry"), "t:back@1.0.0", &step("b", None, 7));
    let entries = "[components]\nback = \"t:back@1\"\nfront = { package = \"t:front\", registry = \"other\" }\n";
    sandbox.write("apps/inheriting/compose.toml", entries);
    sandbox.write("apps/own/compose.toml", format!("[registries]\ndefault = \"dir:registry\"\n{entries}"));
    assert_snapshot!(sandbox.compose("build"), @"
          Locked compose.lock
           Built apps/inheriting/target/compose/app.wasm (2.4 KiB, 2 instances of 2 components)
           Built apps/own/target/compose/app.wasm (2.4 KiB, 2 instances of 2 components)
    exit status 0
    ");
    let answer = |app: &str| invoke(&sandbox.read(format!("apps/{app}/target/compose/app.wasm")), "a#f(5)");
    assert_eq!((answer("inheriting"), answer("own")), ("521".to_owned(), "571".to_owned()));
    assert!(sandbox.lock().contains("registry = \"dir:../../registry\""));
}

#[test]
fn all_are_updated_and_compared() {
    let sandbox = workspace();
    sandbox.compose("build");
    publish(&sandbox.path("registry"), "t:back@1.1.0", &step("b", None, 3));
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    back       1.0.0    1.1.0       1.1.0   t:back@^1
    ---
       Comparing apps/store/compose.toml
    The manifest allows 1 newer release; `compose update` takes what fits together
       Comparing apps/all/compose.toml
    Everything is the newest that there is
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("update"), @"
    back  1.0.0 → 1.1.0  t:back in dir:../../registry
    ---
        Updating apps/store/compose.toml
          Locked compose.lock
        Updating apps/all/compose.toml
    Nothing changes: the manifest allows nothing newer that fits
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("update back"), @"
    error: names are those of one application, and all of the workspace are updated
     |
     = help: say which with `-p NAME`
    exit status 2
    ");
    assert_eq!(sandbox.compose("build --locked").status, Some(0));
    assert_eq!(invoke(&sandbox.read("apps/all/target/compose/whole.wasm"), "a#f(5)"), "531");
}

#[test]
fn what_is_wrong_with_one_keeps_only_those_back_that_have_it() {
    let sandbox = workspace();
    sandbox.write("apps/alone/compose.toml", "[components]\nfront = { path = \"../all/back.wasm\" }\n");
    sandbox.write("apps/all/back.wasm", step("a", None, 4));
    sandbox.write("apps/store/compose.toml", "[components]\nback = { path = \"back.wasm\" }\n");
    assert_snapshot!(sandbox.compose("build -j 4"), @r#"
          Locked compose.lock
           Built apps/alone/target/compose/app.wasm (1.1 KiB, 1 instance of 1 component)
    error[file-unreadable]: there is no file `apps/store/back.wasm`
     --> apps/store/compose.toml:2:8
      |
    2 | back = { path = "back.wasm" }
      |        ^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: build the component first, or mend the path; it is relative to the manifest
    exit status 1
    "#);
}

#[test]
fn applications_that_have_each_other_are_a_circle() {
    let sandbox = Sandbox::new("[workspace]\nmembers = [\"one\", \"two\"]\n");
    sandbox.write("one/compose.toml", "[components]\nother = { path = \"../two\" }\n");
    sandbox.write("two/compose.toml", "[components]\nother = { path = \"../one\" }\n");
    assert_snapshot!(sandbox.compose("check -j 4"), @r#"
    error[nested-cycle]: folders contain each other: two/compose.toml → one/compose.toml → two/compose.toml
     --> one/compose.toml:2:9
      |
    2 | other = { path = "../two" }
      |         ^^^^^^^^^^^^^^^^^^^ this folder, in the end, needs itself
      |
      = help: take one of them out of the other's `[components]`
    exit status 1
    "#);
}

#[test]
fn all_are_locked_fetched_and_vendored_as_one() {
    let sandbox = workspace();
    assert_snapshot!(sandbox.compose("lock"), @"
          Locked compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("lock --check"), @"
       Unchanged compose.lock
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("fetch"), @"
         Fetched 1 component from registries
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("vendor --write"), @"
        Vendored 1 release in vendor
         Changed compose.toml: [vendor] names vendor
    exit status 0
    ");
    for gone in ["registry", ".cache"] {
        std::fs::remove_dir_all(sandbox.path(gone)).unwrap();
    }
    assert_eq!(sandbox.compose("build --frozen").status, Some(0));
}

#[test]
fn one_version_that_is_two_things_for_two_members_is_not_vendored() {
    let sandbox = Sandbox::new("[workspace]\nmembers = [\"one\", \"two\"]\n");
    for (name, digit) in [("one", 1), ("two", 2)] {
        publish(&sandbox.path(format!("{name}/registry")), "t:back@1.0.0", &step("b", None, digit));
        let manifest = "[registries]\ndefault = \"dir:registry\"\n[components]\nback = \"t:back@1\"\n";
        sandbox.write(format!("{name}/compose.toml"), manifest);
    }
    assert_snapshot!(sandbox.compose("vendor"), @"
    error[invalid-value]: t:back@1.0.0 is not the same in two registries, and one directory can have only one
     |
     = note: one is t:back@1.0.0 in dir:one/registry
     = note: the other is t:back@1.0.0 in dir:two/registry
    exit status 1
    ");
    assert!(!sandbox.path("vendor").exists());
}
