//! `compose wit show, build, lint and compat`, and `compose check --world`: what they read, what they say, and how they end.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    guest::Guest,
    sandbox::Sandbox,
    wit::encoded,
};
use insta::assert_snapshot;

use crate::steps::{step, steps};

/// A package with what documentation can be about.
const CATALOG: &str = "/// What a shop sells.
package shop:catalog@1.2.0;

/// Types of the catalog.
@since(version = 1.0.0)
interface types {
  /// Something for sale.
  record item {
    /// In cents.
    price: u64,
    name: option<string>,
  }
  enum color { red, blue }
}

interface api {
  use types.{item};
  /// A basket.
  resource cart {
    constructor(limit: u32);
    add: func(item: item);
    total: static func(carts: list<borrow<cart>>) -> u64;
  }
  /// Finds an item.
  find: func(id: u64) -> result<item, string>;
  @unstable(feature = search)
  search: async func(text: string) -> list<item>;
}

/// What a catalog is.
world service {
  import log: func(line: string);
  export api;
}
";

fn catalog() -> Sandbox {
    Sandbox::bare([("wit/catalog.wit", CATALOG)])
}

#[test]
fn a_world_is_printed_with_the_features_that_are_on() {
    assert_snapshot!(catalog().compose("wit show"), @"
    /// What a shop sells.
    package shop:catalog@1.2.0;

    /// Types of the catalog.
    @since(version = 1.0.0)
    interface types {
      /// Something for sale.
      record item {
        /// In cents.
        price: u64,
        name: option<string>,
      }

      enum color {
        red,
        blue,
      }
    }

    interface api {
      use types.{item};

      /// A basket.
      resource cart {
        constructor(limit: u32);
        add: func(item: item);
        total: static func(carts: list<borrow<cart>>) -> u64;
      }

      /// Finds an item.
      find: func(id: u64) -> result<item, string>;
    }

    /// What a catalog is.
    world service {
      import types;
      import log: func(line: string);

      export api;
    }
    exit status 0
    ");
    let with = |features: &str| catalog().compose(&format!("wit show wit {features}")).stdout;
    assert!(!with("").contains("search"));
    assert!(with("--features search").contains("search: async func"));
    assert!(with("--all-features").contains("search: async func"));
}

#[test]
fn a_world_is_printed_as_its_users_see_it() {
    assert_snapshot!(catalog().compose("wit show --importize"), @"
    /// What a shop sells.
    package shop:catalog@1.2.0;

    /// Types of the catalog.
    @since(version = 1.0.0)
    interface types {
      /// Something for sale.
      record item {
        /// In cents.
        price: u64,
        name: option<string>,
      }

      enum color {
        red,
        blue,
      }
    }

    interface api {
      use types.{item};

      /// A basket.
      resource cart {
        constructor(limit: u32);
        add: func(item: item);
        total: static func(carts: list<borrow<cart>>) -> u64;
      }

      /// Finds an item.
      find: func(id: u64) -> result<item, string>;
    }

    /// What a catalog is.
    world service-importized {
      import types;
      import api;
    }
    exit status 0
    ");
}

#[test]
fn a_world_is_printed_as_documentation() {
    assert_snapshot!(catalog().compose("wit show --markdown --features search"), @r"
    # `shop:catalog/service@1.2.0`

    What a catalog is.

    ## Imports

    - [`shop:catalog/types@1.2.0`](#interface-shopcatalogtypes120)
    - `log: func(line: string)`

    ## Exports

    - [`shop:catalog/api@1.2.0`](#interface-shopcatalogapi120)

    ## Interface `shop:catalog/types@1.2.0`

    *Since 1.0.0.*

    Types of the catalog.

    ### `record item`

    Something for sale.

    | field | type | |
    |---|---|---|
    | `price` | `u64` | In cents. |
    | `name` | `option<string>` |  |

    ### `enum color`

    | case | type | |
    |---|---|---|
    | `red` |  |  |
    | `blue` |  |  |

    ## Interface `shop:catalog/api@1.2.0`

    ### `use shop:catalog/types@1.2.0.{item}`

    ### `resource cart`

    A basket.

    #### `constructor(limit: u32)`

    #### `add: func(item: item)`

    #### `total: static func(carts: list<borrow<cart>>) -> u64`

    ### `find: func(id: u64) -> result<item, string>`

    Finds an item.

    ### `search: async func(text: string) -> list<item>`

    *Unstable: needs the feature `search`.*
    exit status 0
    ");
}

#[test]
fn a_world_is_data() {
    let run = catalog().compose("wit show --message-format json");
    let line: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(line["reason"], "world");
    assert_snapshot!(serde_json::to_string_pretty(&line["outline"]["interfaces"][1]["items"][2]).unwrap(), @r#"
    {
      "async": false,
      "documentation": "Finds an item.",
      "kind": "function",
      "name": "find",
      "parameters": [
        {
          "name": "id",
          "type": "u64"
        }
      ],
      "result": "result<item, string>",
      "wit": "find: func(id: u64) -> result<item, string>"
    }
    "#);
    assert_eq!(line["outline"]["exports"][0]["name"], "shop:catalog/api@1.2.0");
}

#[test]
fn a_package_without_a_world_is_shown_as_a_whole() {
    let sandbox = Sandbox::bare([("wit/a.wit", "package a:b@1.0.0;\n\n/// One.\ninterface one {\n  f: func();\n}\n")]);
    assert_snapshot!(sandbox.compose("wit show"), @r"
    package a:b@1.0.0;

    /// One.
    interface one {
      f: func();
    }
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show --markdown"), @r"
    # `a:b@1.0.0`

    ## Interface `a:b/one@1.0.0`

    One.

    ### `f: func()`
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show --world one"), @"
    error[world-unreadable]: the package `a:b@1.0.0` has no world
     |
     = help: a world says what a component imports and exports: write one, or name WIT that has it
    exit status 1
    ");
}

#[test]
fn wit_in_registries_is_read_like_any_other() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/shop/catalog", "1.2.0", &encoded(CATALOG));
    registry.push("team/shop/catalog", "1.1.0", &encoded("package shop:catalog@1.1.0;\nworld old {}\n"));
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = \"oci://{}/team\"\n", registry.address()));
    let shown = catalog().compose("wit show wit").stdout;
    let reference = format!("oci://{}/team/shop/catalog:1.2.0", registry.address());
    for argument in
        ["shop:catalog", "shop:catalog@1", "shop:catalog/service@=1.2.0", "--world shop:catalog/service", &reference]
    {
        assert_eq!(sandbox.compose(&format!("wit show {argument}")).stdout, shown, "{argument}");
    }
    assert_snapshot!(sandbox.compose("wit show shop:catalog/servic"), @r"
    error[world-unreadable]: the package `shop:catalog@1.2.0` has no world `servic`, only `service`
     |
     = help: did you mean `service`?
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show shop:catalog@3").to_string().replace(registry.address(), "REGISTRY"), @r"
    error[version-not-found]: no version of `shop:catalog` satisfies `^3`
     |
     = note: `oci://REGISTRY/team` has 1.2.0, 1.1.0
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show shop:nothing").to_string().replace(registry.address(), "REGISTRY"), @r"
    error[package-not-found]: oci://REGISTRY/team has no package shop:nothing
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor shop:nothing
    exit status 3
    ");
    assert_snapshot!(sandbox.compose("wit show shop:catalog --offline").to_string().replace(registry.address(), "REGISTRY"), @r"
    error[offline]: the list of versions of shop:catalog in oci://REGISTRY/team cannot be had offline
     |
     = help: run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store
    exit status 3
    ");
    assert_snapshot!(sandbox.compose("wit show shop:catalog/service --world other"), @r"
    error: two worlds are named: `service` and `other`
     |
     = help: leave `--world other` out
    exit status 2
    ");
}

#[test]
fn what_names_no_wit_is_told() {
    let sandbox = Sandbox::bare([
        ("core.wasm", b"\0asm\x01\0\0\0".as_slice()),
        ("bad.wit", b"package a:b;\nworld {\n".as_slice()),
    ]);
    assert_snapshot!(sandbox.compose("wit show nowhere"), @r"
    error[world-unreadable]: there is no WIT at `nowhere`
     |
     = help: WIT is a directory of `.wit` files, one such file, an encoded package or a component
     = help: or a package in a registry, `wasi:http@0.2`; an artifact, `oci://HOST/REPOSITORY:TAG`; or `git:REVISION:PATH`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show core.wasm"), @r"
    error[not-a-component]: `core.wasm` is not a component
     |
     = note: a core WebAssembly module, not a component
     = help: make a component of it
             wasm-tools component new core.wasm -o core.component.wasm
     = help: if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show bad.wit"), @"
    error[world-unreadable]: cannot read the WIT of `bad.wit`
     --> bad.wit:2:7
      |
    2 | world {
      |       ^ expected an identifier or string, found '{'
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show https://wa.dev/wasi:http"), @r"
    error[invalid-value]: `https://wa.dev/wasi:http` names no WIT
     |
     = note: a registry is asked by `oci://HOST/REPOSITORY:TAG` or `ns:name@VERSION`, and no other URL is known
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show unknown:package"), @r#"
    error[no-registry]: no registry is known for `unknown:package`
     |
     = help: name a default registry
             [registries]
             default = "oci://registry.example/team"
     = help: or one for its namespace
             [registries.namespaces]
             unknown = "NAME"
     = help: `compose doctor` shows which files outside of the manifest can say it too
    exit status 1
    "#);
}

#[test]
fn a_component_is_checked_against_a_world_of_a_registry() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    let world = |version: &str, items: &str| {
        format!("package t:worlds@{version};\nworld step {{ {items} }}\n{}", steps("1.0.0"))
    };
    publish(&sandbox.path("registry"), "t:worlds@1.0.0", &encoded(&world("1.0.0", "export t:steps/a@1.0.0;")));
    publish(
        &sandbox.path("registry"),
        "t:worlds@2.0.0",
        &encoded(&world("2.0.0", "import t:steps/c@1.0.0; export t:steps/e@1.0.0;")),
    );
    sandbox.write("a.wasm", step("a@1.2.0", Some("b"), 1));
    sandbox.write("alone.wasm", step("a", None, 1));
    assert_snapshot!(sandbox.compose("check alone.wasm --world t:worlds/step@1"), @r"
         Checked alone.wasm (0 imports, 1 export): it is of the world
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("check a.wasm --world t:worlds/step@1"), @"
    error[world-not-met]: `t:steps/b@1.0.0` is imported, but not by the target world
     |
     = note: `a.wasm` must be of the world `t:worlds/step@1`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("check a.wasm --world t:worlds/step@2"), @"
    error[world-not-met]: `t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.2.0`

    error[world-not-met]: `t:steps/b@1.0.0` is imported, but not by the target world; there is `t:steps/c@1.0.0`
     |
     = note: `a.wasm` must be of the world `t:worlds/step@2`

    error: 2 problems found
    exit status 1
    ");
}

#[test]
fn rules_are_set_in_the_manifest() {
    let manifest = "[wit.lint]\nmissing-documentation = \"deny\"\nsince-missing = \"allow\"\nignore = [\n  { path = \"shop:catalog/types\", reason = \"plain\" },\n  { path = \"shop:catalog/gone\", rule = \"missing-documentation\", reason = \"later\" },\n]\n";
    let sandbox = Sandbox::with(manifest, [("wit/catalog.wit", CATALOG.as_bytes().to_vec())]);
    assert_snapshot!(sandbox.compose("wit lint"), @r#"
    error[missing-documentation]: shop:catalog/api: the interface has no documentation
      --> wit/catalog.wit:16:11
       |
    16 | interface api {
       |           ^^^

    error[missing-documentation]: shop:catalog/api.cart.constructor: the constructor has no documentation
      --> wit/catalog.wit:20:5
       |
    20 |     constructor(limit: u32);
       |     ^^^^^^^^^^^

    error[missing-documentation]: shop:catalog/api.cart.add: the function has no documentation
      --> wit/catalog.wit:21:5
       |
    21 |     add: func(item: item);
       |     ^^^

    error[missing-documentation]: shop:catalog/api.cart.total: the function has no documentation
      --> wit/catalog.wit:22:5
       |
    22 |     total: static func(carts: list<borrow<cart>>) -> u64;
       |     ^^^^^

    error[missing-documentation]: shop:catalog/api.search: the function has no documentation
      --> wit/catalog.wit:27:3
       |
    27 |   search: async func(text: string) -> list<item>;
       |   ^^^^^^

    error[missing-documentation]: shop:catalog/service.log: the function has no documentation
      --> wit/catalog.wit:32:10
       |
    32 |   import log: func(line: string);
       |          ^^^

    warning[wit-finding]: what is ignored here is not found any more
     --> compose.toml:6:3
      |
    6 |   { path = "shop:catalog/gone", rule = "missing-documentation", reason = "later" },
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ can be removed

          Linted shop:catalog@1.2.0: 6 findings
             Why compose explain missing-documentation
    exit status 1
    "#);
    assert_eq!(sandbox.compose("wit lint --warn missing-documentation").status, Some(0));
    let check = |manifest: &str| {
        Sandbox::with(manifest, [("wit/catalog.wit", CATALOG.as_bytes().to_vec())]).compose("wit lint")
    };
    assert_snapshot!(check("[wit.lint]\nmissing-documentatio = \"deny\"\n"), @r#"
    error[unknown-key]: there is no rule `missing-documentatio` for `[wit.lint]`
     --> compose.toml:2:1
      |
    2 | missing-documentatio = "deny"
      | ^^^^^^^^^^^^^^^^^^^^ unknown rule
      |
      = help: did you mean `missing-documentation`?
    exit status 1
    "#);
    assert_snapshot!(check("[wit.compat]\nfield-added = \"forbid\"\nsides = [\"client\"]\n"), @r#"
    error[invalid-value]: `forbid` cannot be a rule's level
     --> compose.toml:2:15
      |
    2 | field-added = "forbid"
      |               ^^^^^^^^ `forbid` is not a level: it is `deny`, `warn` or `allow`

    error[invalid-value]: `client` cannot be a side
     --> compose.toml:3:10
      |
    3 | sides = ["client"]
      |          ^^^^^^^^ a side is `guest`, `importer`, `exporter`, `host` or `source`

    error: 2 problems found
    exit status 1
    "#);
    assert_snapshot!(check("[wit.lint]\nignore = [{ path = \"shop:catalog\", reason = \" \" }, { path = \"a:b\", rule = \"field-added\", reason = \"no\" }, { path = \"a:b\" }]\n"), @r#"
    error[invalid-value]: what is ignored needs a reason
     --> compose.toml:2:45
      |
    2 | ignore = [{ path = "shop:catalog", reason = " " }, { path = "a:b", rule = "field-added", reason = "no" }, { path = "a:b" }]
      |                                             ^^^ say why it is tolerated

    error[unknown-key]: there is no rule `field-added` for `[wit.lint]`
     --> compose.toml:2:75
      |
    2 | ignore = [{ path = "shop:catalog", reason = " " }, { path = "a:b", rule = "field-added", reason = "no" }, { path = "a:b" }]
      |                                                                           ^^^^^^^^^^^^^ unknown rule
      |
      = help: `compose explain` lists all rules

    error[missing-key]: what is ignored lacks the key `reason`
     --> compose.toml:2:107
      |
    2 | ignore = [{ path = "shop:catalog", reason = " " }, { path = "a:b", rule = "field-added", reason = "no" }, { path = "a:b" }]
      |                                                                                                           ^^^^^^^^^^^^^^^^ `reason = …` belongs here

    error: 3 problems found
    exit status 1
    "#);
}

const OLD: &str = "package shop:catalog@1.2.0;\n\ninterface api {\n  find: func(id: u32) -> u32;\n  stop: func();\n}\n";
const NEW: &str = "package shop:catalog@1.3.0;\n\ninterface api {\n  find: func(id: u32) -> u32;\n}\n";

#[test]
fn a_breaking_change_is_tolerated_for_a_reason() {
    let sandbox = Sandbox::bare([("new.wit", NEW), ("old.wit", OLD)]);
    assert_snapshot!(sandbox.compose("wit compat new.wit --against old.wit"), @"
    error[function-removed]: shop:catalog/api.stop: the function is gone
     --> new.wit:3:11
      |
    3 | interface api {
      |           ^^^ now
      |
     ::: old.wit:5:3
      |
    5 |   stop: func();
      |   ---- before
      |
      = note: it breaks guests that import it, source code that is compiled against it
      = note: it needs a major version, and the version's change is minor

        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change, 1 to report; version 2.0.0 would announce all
             Why compose explain function-removed
    exit status 1
    ");
    sandbox.write(
        "compose.toml",
        "[wit.compat]\nignore = [{ path = \"shop:catalog/api.stop\", reason = \"nobody called it\" }]\n",
    );
    assert_snapshot!(sandbox.compose("wit compat new.wit --against old.wit"), @r"
        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
    exit status 0
    ");
    sandbox.write("compose.toml", "[wit.compat]\nsides = [\"host\"]\nfunction-removed = \"warn\"\n");
    assert_snapshot!(sandbox.compose("wit compat new.wit --against old.wit"), @r"
        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
    exit status 0
    ");
}

/// A component that imports `api`, with one of its functions or both.
fn consumer(function: &str) -> Vec<u8> {
    let packages = format!("package shop:catalog@1.2.0 {{ interface api {{ {function} }} }}");
    let body = match function {
        "stop: func();" => "(call $api.stop)",
        _ => "(drop (call $api.find (i32.const 1)))",
    };
    Guest::new("import shop:catalog/api@1.2.0; export run: func();", &packages).body("run", body).component()
}

#[test]
fn the_imports_of_actual_components_that_no_longer_link_are_named() {
    let sandbox = Sandbox::bare([("new.wit", NEW), ("old.wit", OLD)]);
    sandbox.write("finder.wasm", consumer("find: func(id: u32) -> u32;"));
    sandbox.write("app/stopper.wasm", consumer("stop: func();"));
    sandbox.write(
        "app/provider.wasm",
        Guest::new(
            "export shop:catalog/api@1.2.0;",
            "package shop:catalog@1.2.0 { interface api { find: func(id: u32) -> u32; stop: func(); } }",
        )
        .body("api#find", "(local.get 0)")
        .body("api#stop", "")
        .component(),
    );
    sandbox.write("app/compose.toml", "[components]\nstopper = { path = \"stopper.wasm\" }\nprovider = { path = \"provider.wasm\" }\n[exports]\nrun = \"stopper\"\n");
    assert_eq!(sandbox.compose_in("app", "lock").status, Some(0));
    let compat = |new: &str, consumers: &str| {
        sandbox.compose(&format!("wit compat {new} --against old.wit --allow function-removed --consumers {consumers}"))
    };
    assert_snapshot!(compat("new.wit", "finder.wasm"), @r"
        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
          Linked 1 consumer: 0 imports would not link
    exit status 0
    ");
    assert_snapshot!(compat("new.wit", "finder.wasm app"), @"
    error[consumer-broken]: the import `shop:catalog/api@1.2.0` of `stopper` of `app/compose.lock` would no longer link
     --> new.wit:3:11
      |
    3 | interface api {
      |           ^^^ now
      |
      = note: shop:catalog/api.stop: expected func(), found nothing

        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
          Linked 3 consumers: 1 import would not link
             Why compose explain consumer-broken
    exit status 1
    ");
    sandbox.write("major.wit", NEW.replace("1.3.0", "2.0.0"));
    assert_snapshot!(compat("major.wit", "app/compose.lock"), @"
    error[consumer-broken]: the import `shop:catalog/api@1.2.0` of `stopper` of `app/compose.lock` would no longer link
     --> major.wit:3:11
      |
    3 | interface api {
      |           ^^^ now
      |
      = note: there is `shop:catalog/api@2.0.0`, which is on another semver track

        Compared shop:catalog@2.0.0 with shop:catalog@1.2.0: 1 change, 1 announced by the version
          Linked 2 consumers: 1 import would not link
             Why compose explain consumer-broken
    exit status 1
    ");
    assert_snapshot!(compat("new.wit", "nowhere.wasm"), @r"
    error[file-unreadable]: there is no component at `nowhere.wasm`
     |
     = help: consumers are components, or applications by their directory or `compose.lock`
    exit status 1
    ");
    sandbox.write("empty/x", "");
    assert_snapshot!(compat("new.wit", "empty"), @r"
    error[lock-invalid]: cannot read `empty/compose.lock`
     |
     = note: No such file or directory (os error 2)
     = help: an application's components are those that its lock names: write it
             compose lock
    exit status 1
    ");
}

#[test]
fn a_push_that_breaks_users_of_the_version_before_is_refused() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    std::fs::create_dir_all(sandbox.path("registry")).unwrap();
    sandbox.write("old.wit", OLD);
    sandbox.write("new.wit", NEW);
    assert_eq!(sandbox.compose("push old.wit").status, Some(0));
    assert_snapshot!(sandbox.compose("push new.wit"), @"
    error[breaking-change]: shop:catalog/api.stop: the function is gone
     --> new.wit:3:11
      |
    3 | interface api {
      |           ^^^ now
      |
      = note: the rule is `function-removed`
      = note: it breaks guests that import it, source code that is compiled against it
      = note: 1.3.0 says that it can stand in for 1.2.0
      = help: publish it as 2.0.0, which says that it cannot
      = help: or publish it all the same, with `--allow-breaking`
    exit status 1
    ");
    assert_eq!(sandbox.compose("push new.wit --as shop:catalog@2.0.0 --dry-run").status, Some(0));
    let allowed = sandbox.compose("push new.wit --allow-breaking");
    assert_eq!((allowed.status, allowed.stderr.starts_with("warning[breaking-change]")), (Some(0), true), "{allowed}");
    sandbox.write("both.wasm", step("a", None, 1));
    sandbox.write("other.wasm", step("b", None, 1));
    assert_eq!(sandbox.compose("push both.wasm --as t:part@1.0.0").status, Some(0));
    assert_snapshot!(sandbox.compose("push other.wasm --as t:part@1.1.0"), @r"
    error[breaking-change]: `t:steps/a@1.0.0` is not exported; there is `t:steps/b@1.0.0`
     |
     = note: 1.1.0 says that it can stand in for 1.0.0
     = help: publish it as 2.0.0, which says that it cannot
     = help: or publish it all the same, with `--allow-breaking`
    exit status 1
    ");
}

#[test]
fn a_push_is_compared_with_what_a_real_registry_has() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = \"oci://{}/team\"\n", registry.address()));
    sandbox.write("old.wit", OLD);
    sandbox.write("new.wit", NEW);
    let push = |what: &str| sandbox.compose(&format!("push {what}"));
    assert_eq!(push("old.wit").status, Some(0));
    assert_eq!(push("old.wit --as shop:catalog@0.9.0").status, Some(0));
    assert_snapshot!(push("new.wit -q"), @"
    error[breaking-change]: shop:catalog/api.stop: the function is gone
     --> new.wit:3:11
      |
    3 | interface api {
      |           ^^^ now
      |
      = note: the rule is `function-removed`
      = note: it breaks guests that import it, source code that is compiled against it
      = note: 1.3.0 says that it can stand in for 1.2.0
      = help: publish it as 2.0.0, which says that it cannot
      = help: or publish it all the same, with `--allow-breaking`
    exit status 1
    ");
    assert!(!sandbox.compose("wit show shop:catalog@1.3").stdout.contains("find"));
    assert_eq!(push("new.wit --as shop:catalog@2.0.0").status, Some(0));
    assert_eq!(push("new.wit --allow-breaking").status, Some(0));
}

#[test]
fn what_wit_parser_panics_over_is_an_error_and_nothing_else() {
    let text = "package a:b@1.0.0;\ninterface i { @unstable(feature = x) @unstable(feature = y) use c:d/e.{t}; }\n";
    let sandbox = Sandbox::bare([("a.wit", text)]);
    assert_snapshot!(sandbox.compose("wit show a.wit"), @r#"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     |
     = note: wit-parser gave up on it: called `Result::unwrap()` on an `Err` value: ParseError(Syntax { span: Span { start: 57, end: 65 }, message: "cannot specify @unstable twice" })
    exit status 1
    "#);
}
