//! Automatic providers: components that nobody wrote into the manifest, for imports that nothing else provides.

use compose_tests::{artifact::publish, execution::invoke, guest::Guest, sandbox::Sandbox};
use insta::assert_snapshot;

const AUTOMATIC: &str = "\
[registries]
default = { url = \"dir:registry\", auto = true }
[components]
front = { path = \"front.wasm\" }
";

const ASKED: &str = "\
[registries]
default = \"dir:registry\"
[components]
front = { path = \"front.wasm\" }
";

/// A component of the package `t:NAME`, whose interface of the same name appends a digit to what the imported one answers.
fn part(name: &str, import: Option<&str>, digit: u32) -> Vec<u8> {
    part_on(name, "1.0.0", import, digit)
}

fn part_on(name: &str, version: &str, import: Option<&str>, digit: u32) -> Vec<u8> {
    let package = |name: &str, version: &str| {
        format!("package t:{name}@{version} {{ interface {name} {{ f: func(n: u32) -> u32; }} }}\n")
    };
    let mut world = format!("export t:{name}/{name}@{version};");
    let mut packages = package(name, version);
    let mut before = "(local.get 0)".to_owned();
    if let Some(import) = import {
        world.push_str(&format!(" import t:{import}/{import}@1.0.0;"));
        packages.push_str(&package(import, "1.0.0"));
        before = format!("(call ${import}.f (local.get 0))");
    }
    let body = format!("(i32.add (i32.mul {before} (i32.const 10)) (i32.const {digit}))");
    Guest::new(&world, &packages).body(&format!("{name}#f"), &body).component()
}

/// An application whose one component needs `t:tax`, which is in the registry and needs `t:rates`, which is there too.
fn application(manifest: &str) -> Sandbox {
    let sandbox = Sandbox::with(manifest, [("front.wasm", part("front", Some("tax"), 1))]);
    release(&sandbox, "t:tax@1.0.0", &part("tax", Some("rates"), 2));
    release(&sandbox, "t:rates@1.3.0", &part("rates", None, 3));
    sandbox
}

fn release(sandbox: &Sandbox, package: &str, bytes: &[u8]) {
    publish(&sandbox.path("registry"), package, bytes);
}

fn answer(sandbox: &Sandbox) -> String {
    invoke(&sandbox.read("target/compose/app.wasm"), "front#f(5)")
}

#[test]
fn the_line_that_adds_a_provider_is_offered_and_mends_it() {
    let sandbox = application(ASKED);
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[missing-provider]: nothing provides `t:tax/tax@1.0.0` to `front`
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:tax/tax@1.0.0`
      |
      = note: no instance exports anything like it
      = help: add t:tax 1.0.0 of dir:registry, which exports it
              compose add t:tax@^1.0
      = help: or, if the runtime has it, say so
              [links.front]
              "t:tax/tax" = "host"
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("add t:tax@^1.0 t:rates@^1.3"), @r#"
    front  added        front.wasm
    rates  added 1.3.0  t:rates in dir:registry
    tax    added 1.0.0  t:tax in dir:registry
    front takes t:tax/tax@1.0.0 from tax
    tax takes t:rates/rates@1.0.0 from rates
    ---
           Added tax = "t:tax@^1.0" to compose.toml
           Added rates = "t:rates@^1.3" to compose.toml
          Locked compose.lock
    exit status 0
    "#);
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(answer(&sandbox), "5321");
}

#[test]
fn a_registry_that_is_marked_provides_what_nothing_else_does() {
    let sandbox = application(AUTOMATIC);
    assert_snapshot!(sandbox.compose("build"), @"
           Added rates 1.3.0 (t:rates in dir:registry) to compose.lock: nothing else provides what it exports
           Added tax 1.0.0 (t:tax in dir:registry) to compose.lock: nothing else provides what it exports
          Locked compose.lock
           Built target/compose/app.wasm (3.8 KiB, 3 instances of 3 components)
    exit status 0
    ");
    assert_eq!(answer(&sandbox), "5321");
    assert_snapshot!(sandbox.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [component.front]
    path = "front.wasm"

    [component.rates]
    automatic = true
    package = "t:rates"
    requirement = "^1.3"
    registry = "dir:registry"
    version = "1.3.0"
    digest = "sha256:628d87be645143d707bcc49480b968dd7eeafe9e7d0ae96fcc779c9d2d5e8bbb"
    size = 905
    manifest = "sha256:18cfde13e4ea8bbd5a73d9551c0ce5410551ffe4198ec7762441490107bb0a4c"
    manifest-size = 369

    [component.tax]
    automatic = true
    package = "t:tax"
    requirement = "^1.0"
    registry = "dir:registry"
    version = "1.0.0"
    digest = "sha256:8f101268a587595e5de71cde5a17338f2a97943ac6f87da54fa2a5775a4305e0"
    size = 1092
    manifest = "sha256:52d782f654150f033e89d772993b864140df1d6dd22f84f744847e76f687c416"
    manifest-size = 370

    [instance.front]
    component = "front"

    [instance.front.links]
    "t:tax/tax@1.0.0" = "tax"

    [instance.rates]
    component = "rates"

    [instance.tax]
    component = "tax"

    [instance.tax.links]
    "t:rates/rates@1.0.0" = "rates"
    "#);
    assert_snapshot!(sandbox.compose("tree"), @"
    app
    └── front (front.wasm): t:front/front@1.0.0
        └── tax (t:tax@1.0.0, automatic): t:tax/tax@1.0.0
            └── rates (t:rates@1.3.0, automatic): t:rates/rates@1.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("why rates"), @"
    rates (t:rates@1.3.0, automatic)
    it has no entry in the manifest: nothing else provides what it exports, and a registry may

    t:front/front@1.0.0 is exported from front: no other instance imports from it
      front imports t:tax/tax@1.0.0 from tax: no other instance exports it
        tax imports t:rates/rates@1.0.0 from rates: no other instance exports it
    exit status 0
    ");
}

#[test]
fn a_provider_that_is_locked_is_used_without_asking_again() {
    let sandbox = application(ASKED);
    assert_snapshot!(sandbox.compose("build --auto"), @"
           Added rates 1.3.0 (t:rates in dir:registry) to compose.lock: nothing else provides what it exports
           Added tax 1.0.0 (t:tax in dir:registry) to compose.lock: nothing else provides what it exports
          Locked compose.lock
           Built target/compose/app.wasm (3.8 KiB, 3 instances of 3 components)
    exit status 0
    ");
    let lock = sandbox.lock();
    release(&sandbox, "t:tax@1.1.0", &part("tax", None, 9));
    assert_eq!(sandbox.compose("build --frozen").status, Some(0));
    assert_eq!(sandbox.lock(), lock);
    assert_snapshot!(sandbox.compose("outdated"), @"
    component  current  compatible  latest  source
    tax        1.0.0    1.1.0       1.1.0   t:tax@^1.0
    ---
    The manifest allows 1 newer release; `compose update` takes what fits together
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("update tax"), @"
    rates  removed 1.3.0  t:rates in dir:registry
    tax    1.0.0 → 1.1.0  t:tax in dir:registry
    tax no longer takes t:rates/rates@1.0.0 from rates
    ---
          Locked compose.lock
    exit status 0
    ");
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(answer(&sandbox), "591");
}

#[test]
fn a_lock_without_a_provider_is_out_of_date() {
    assert_snapshot!(application(AUTOMATIC).compose("build --locked"), @"
    error[lock-out-of-date]: there is no `compose.lock`, and it must not be written
     |
     = help: write it, look at the change and commit it
             compose lock
    exit status 1
    ");
}

#[test]
fn a_provider_goes_when_the_manifest_has_one() {
    let sandbox = application(AUTOMATIC);
    sandbox.compose("build");
    sandbox.write("own.wasm", part("tax", None, 8));
    assert_snapshot!(sandbox.compose("add own.wasm"), @r#"
    own    added          own.wasm
    rates  removed 1.3.0  t:rates in dir:registry
    tax    removed 1.0.0  t:tax in dir:registry
    front takes t:tax/tax@1.0.0 from own, no longer from tax
    tax no longer takes t:rates/rates@1.0.0 from rates
    ---
           Added own = { path = "own.wasm" } to compose.toml
          Locked compose.lock
    exit status 0
    "#);
    sandbox.compose("build");
    assert_eq!(answer(&sandbox), "581");
}

#[test]
fn what_does_not_export_the_interface_with_its_types_is_not_taken() {
    let sandbox = Sandbox::with(AUTOMATIC, [("front.wasm", part("front", Some("tax"), 1))]);
    let other_types = "package t:tax@1.0.0 { interface tax { f: func(n: u64) -> u32; } }";
    release(&sandbox, "t:tax@1.0.0", &compose_tests::guest::stub("export t:tax/tax@1.0.0;", other_types));
    release(&sandbox, "t:tax@2.0.0", &part_on("tax", "2.0.0", None, 4));
    release(&sandbox, "t:tax@3.0.0", b"no component");
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[missing-provider]: nothing provides `t:tax/tax@1.0.0` to `front`
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:tax/tax@1.0.0`
      |
      = note: no instance exports anything like it
      = help: add a component that exports `t:tax/tax`
      = help: or, if the runtime has it, say so
              [links.front]
              "t:tax/tax" = "host"
    exit status 1
    "#);
    release(&sandbox, "t:tax@1.0.1", &part("tax", None, 7));
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(answer(&sandbox), "571");
}

#[test]
fn a_registry_that_is_not_there_is_told() {
    let sandbox = Sandbox::with(AUTOMATIC, [("front.wasm", part("front", Some("tax"), 1))]);
    assert_snapshot!(sandbox.compose("build"), @"
    error[unknown-registry]: the registry dir:registry does not exist
     |
     = note: it may have what nothing else has: nothing provides `t:tax/tax@1.0.0` to `front`
     = help: create the directory, or mend its path; it is relative to the manifest
    exit status 1
    ");
    sandbox.write("compose.toml", AUTOMATIC.replace("dir:registry", "oci://registry.invalid/team"));
    assert_snapshot!(sandbox.compose("build --offline"), @r#"
    error[missing-provider]: nothing provides `t:tax/tax@1.0.0` to `front`
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:tax/tax@1.0.0`
      |
      = note: no instance exports anything like it
      = note: whether a registry has a package that exports it is not known: the list of versions of t:tax in oci://registry.invalid/team cannot be had offline
      = help: add a component that exports `t:tax/tax`
      = help: or, if the runtime has it, say so
              [links.front]
              "t:tax/tax" = "host"
    exit status 1
    "#);
}

#[test]
fn the_long_form_of_a_registry_is_read_strictly() {
    let sandbox = Sandbox::new(
        "[registries]\ndefault = { url = \"dir:registry\", auto = \"yes\" }\nother = { auto = true, key = 1 }\n",
    );
    assert_snapshot!(sandbox.compose("check"), @r#"
    error[wrong-type]: `auto` must be `true` or `false`, and is a string
     --> compose.toml:2:42
      |
    2 | default = { url = "dir:registry", auto = "yes" }
      |                                          ^^^^^ expected `true` or `false`

    error[missing-key]: a registry lacks the key `url`
     --> compose.toml:3:9
      |
    3 | other = { auto = true, key = 1 }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^ `url = …` belongs here

    error[unknown-key]: a registry has no key `key`
     --> compose.toml:3:24
      |
    3 | other = { auto = true, key = 1 }
      |                        ^^^ unknown key
      |
      = note: it can have `url`, `operator-key` and `auto`

    error: 3 problems found
    exit status 1
    "#);
}

#[test]
fn a_provider_that_nobody_wrote_has_no_entry_to_change() {
    let sandbox = application(AUTOMATIC);
    sandbox.compose("lock");
    assert_snapshot!(sandbox.compose("remove tax"), @"
    error[unknown-name]: `tax` has no entry in the manifest that could be removed
     |
     = note: it is in `compose.lock` because nothing else provides what it exports
     = help: it goes when nothing imports that any more, or when another component exports it
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("update tax --precise 1.0.0"), @"
    error[unknown-name]: `tax` has no entry in the manifest that could require a version
     |
     = note: it is in `compose.lock` because nothing else provides what it exports
     = help: give it one, with the version
             compose add t:tax@=VERSION
    exit status 1
    ");
}

#[test]
fn another_semver_track_of_a_package_is_offered_under_a_name_of_its_own() {
    let sandbox = application(ASKED);
    release(&sandbox, "t:tax@2.0.0", &part_on("tax", "2.0.0", None, 4));
    assert_eq!(sandbox.compose("add t:tax@2").status, Some(0));
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[missing-provider]: nothing provides `t:tax/tax@1.0.0` to `front`
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:tax/tax@1.0.0`
      |
      = note: `tax` (version 2.0.0) exports `t:tax/tax@2.0.0`, which is on another semver track
      = help: add t:tax 1.0.0 of dir:registry, which exports it
              compose add t:tax@^1.0 --as t-tax
      = help: or, if the runtime has it, say so
              [links.front]
              "t:tax/tax" = "host"
    exit status 1
    "#);
    assert_eq!(sandbox.compose("add t:tax@^1.0 --as t-tax t:rates --no-check").status, Some(2));
    assert_eq!(sandbox.compose("add t:rates").status, Some(0));
    assert_eq!(sandbox.compose("add t:tax@^1.0 --as t-tax").status, Some(0));
    assert_snapshot!(sandbox.compose("why t:tax"), @"
    t-tax (t:tax@1.0.0)
    tax (t:tax@2.0.0)

    t:tax/tax@2.0.0 is exported from tax: no other instance imports from it

    t:front/front@1.0.0 is exported from front: no other instance imports from it
      front imports t:tax/tax@1.0.0 from t-tax: no other instance exports it
    exit status 0
    ");
}

#[test]
fn what_a_provider_that_nobody_wrote_lacks_is_told_of_it() {
    let sandbox = Sandbox::with(AUTOMATIC, [("front.wasm", part("front", Some("tax"), 1))]);
    release(&sandbox, "t:tax@1.0.0", &part("tax", Some("rates"), 2));
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[missing-provider]: nothing provides `t:rates/rates@1.0.0` to `tax`
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ `tax` is there for this
      |
      = note: no instance exports anything like it
      = note: `tax` is t:tax 1.0.0: it is there because nothing else provides what it exports
      = help: add a component that exports `t:rates/rates`
      = help: or, if the runtime has it, give `tax` an entry of its own, and say so
              compose add t:tax@^1.0
              [links.tax]
              "t:rates/rates" = "host"
    exit status 1
    "#);
    release(&sandbox, "t:rates@1.0.0", &part("rates", Some("tax"), 3));
    assert_snapshot!(sandbox.compose("build"), @r#"
    error[link-cycle]: instances need each other in a circle: tax → rates → tax
     --> compose.toml:4:1
      |
    4 | front = { path = "front.wasm" }
      | ^^^^^ the circle starts here
      |
      = note: `tax` imports `t:rates/rates@1.0.0` from `rates`
      = note: `rates` imports `t:tax/tax@1.0.0` from `tax`
      = note: `tax` is t:tax 1.0.0: it is there because nothing else provides what it exports
      = note: `rates` is t:rates 1.0.0: it is there because nothing else provides what it exports
      = help: link one of these imports elsewhere, or move one of the interfaces into a component of its own
    exit status 1
    "#);
}

#[test]
fn a_registry_that_is_gone_is_told_of_a_provider_that_nobody_wrote() {
    let sandbox = application(AUTOMATIC);
    sandbox.compose("lock");
    std::fs::remove_dir_all(sandbox.path("registry")).unwrap();
    assert_snapshot!(sandbox.compose("outdated"), @"
    error[unknown-registry]: the registry dir:registry does not exist
     |
     = note: `compose.lock` has `rates` from there
     = help: create the directory, or mend its path; it is relative to the manifest

    error[unknown-registry]: the registry dir:registry does not exist
     |
     = note: `compose.lock` has `tax` from there
     = help: create the directory, or mend its path; it is relative to the manifest

    error: 2 problems found
    exit status 1
    ");
}
