//! Compositions that cannot be linked, and what a person is told.

use compose_tests::{
    guest::{Guest, stub},
    sandbox::Sandbox,
};
use insta::assert_snapshot;

use crate::{
    refused,
    steps::{application, step, steps},
};

fn check<const N: usize>(manifest: &str, components: [(&str, Vec<u8>); N]) -> String {
    refused(&application(manifest, components))
}

#[test]
fn nobody_provides_an_import() {
    assert_snapshot!(check("", [("front", step("a", Some("b"), 1))]), @r#"
    error[missing-provider]: nothing provides `t:steps/b@1.0.0` to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:steps/b@1.0.0`
      |
      = note: no instance exports anything like it
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.front]
              "t:steps/b" = "host"
    exit status 1
    "#);
}

#[test]
fn a_provider_is_on_another_track() {
    assert_snapshot!(check("", [("front", step("a", Some("b"), 1)), ("back", step("b@2.0.0", None, 2))]), @r#"
    error[missing-provider]: nothing provides `t:steps/b@1.0.0` to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:steps/b@1.0.0`
      |
      = note: `back` exports `t:steps/b@2.0.0`, which is on another semver track
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.front]
              "t:steps/b" = "host"
    exit status 1
    "#);
}

#[test]
fn a_provider_has_another_spelling() {
    const SHOP: &str = "package shop:catalog@1.0.0 { interface items { f: func(); } interface item { f: func(); } }";
    let front = stub("import shop:catalog/items@1.0.0; export run: func();", SHOP);
    let back = stub("export shop:catalog/item@1.0.0;", SHOP);
    assert_snapshot!(check("", [("front", front), ("back", back)]), @r#"
    error[missing-provider]: nothing provides `shop:catalog/items@1.0.0` to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `shop:catalog/items@1.0.0`
      |
      = note: `back` exports `shop:catalog/item`, which is another interface
      = help: add a component that exports `shop:catalog/items`
      = help: or, if the runtime has it, say so
              [links.front]
              "shop:catalog/items" = "host"
    exit status 1
    "#);
}

#[test]
fn several_instances_provide_an_import() {
    let components =
        [("front", step("a", Some("b"), 1)), ("left", step("b", None, 2)), ("right", step("b@1.1.0", None, 3))];
    assert_snapshot!(check("", components), @r#"
    error[ambiguous-provider]: 2 instances could provide `t:steps/b@1.0.0` to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:steps/b@1.0.0`
      |
      = note: `left` exports it
      = note: `right` exports it
      = help: decide with a line like this, with `left` or `right`
              [links.front]
              "t:steps/b" = "left"
    exit status 1
    "#);
}

#[test]
fn several_instances_of_one_component_provide_an_import() {
    let manifest = "[instances]\ntax-eu = { component = \"tax\" }\ntax-us = { component = \"tax\" }\n";
    assert_snapshot!(check(manifest, [("front", step("a", Some("b"), 1)), ("tax", step("b", None, 2))]), @r#"
    error[ambiguous-provider]: 2 instances could provide `t:steps/b@1.0.0` to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:steps/b@1.0.0`
      |
      = note: `tax-eu` (component `tax`) exports it
      = note: `tax-us` (component `tax`) exports it
      = help: decide with a line like this, with `tax-eu` or `tax-us`
              [links.front]
              "t:steps/b" = "tax-eu"
    exit status 1
    "#);
}

#[test]
fn types_differ_deep_inside() {
    let api = |price: &str, extra: &str| {
        format!(
            "package shop:catalog@1.0.0 {{ interface api {{ record money {{ amount: {price}, currency: string }} record item {{ sku: string, price: option<money> }} find: func(sku: string) -> result<list<item>, string>; {extra} }} }}"
        )
    };
    let front = stub("import shop:catalog/api@1.0.0; export run: func();", &api("u64", "remove: func(sku: string);"));
    let back = stub("export shop:catalog/api@1.0.0;", &api("f64", ""));
    assert_snapshot!(check("", [("front", front.clone()), ("back", back.clone())]), @r#"
    error[incompatible-provider]: `back` cannot provide `shop:catalog/api@1.0.0` to `front`: their types differ
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `shop:catalog/api@1.0.0`
      |
      = note: shop:catalog/api.money.amount: expected u64, found f64
      = note: shop:catalog/api.remove: expected func(sku: string), found nothing
      = help: build `front` and `back` against the same version of the interface, or link the import elsewhere
    exit status 1
    "#);
    assert_snapshot!(check("[links.front]\n\"shop:catalog/api\" = \"back\"\n", [("front", front.clone()), ("back", back.clone())]), @r#"
    error[incompatible-provider]: `back` cannot provide `shop:catalog/api@1.0.0` to `front`: their types differ
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `shop:catalog/api@1.0.0`
    ...
    6 | "shop:catalog/api" = "back"
      |                      ------ this line chose it
      |
      = note: shop:catalog/api.money.amount: expected u64, found f64
      = note: shop:catalog/api.remove: expected func(sku: string), found nothing
      = help: build `front` and `back` against the same version of the interface, or link the import elsewhere
    exit status 1
    "#);
    assert_snapshot!(check("", [("front", front), ("back", back.clone()), ("other", back)]), @r#"
    error[incompatible-provider]: none of 2 instances that export `shop:catalog/api@1.0.0` can provide it to `front`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `shop:catalog/api@1.0.0`
      |
      = note: `back`: shop:catalog/api.money.amount: expected u64, found f64
      = note: `back`: shop:catalog/api.remove: expected func(sku: string), found nothing
      = note: `other`: shop:catalog/api.money.amount: expected u64, found f64
      = note: `other`: shop:catalog/api.remove: expected func(sku: string), found nothing
    exit status 1
    "#);
}

const SHOP: &str = "package t:shop@1.0.0 {
  interface catalog { resource item { value: func() -> u32; } make: func() -> item; }
  interface pricing { use catalog.{item}; price: func(item: borrow<item>) -> u32; }
}";

#[test]
fn a_resource_comes_from_two_providers() {
    let manifest = "[instances]\none = { component = \"catalog\" }\ntwo = { component = \"catalog\" }\n[links.front]\n\"t:shop/catalog\" = \"one\"\n[links.pricing]\n\"t:shop/catalog\" = \"two\"\n";
    let components = [
        ("front", stub("import t:shop/catalog@1.0.0; import t:shop/pricing@1.0.0; export run: func();", SHOP)),
        ("pricing", stub("import t:shop/catalog@1.0.0; export t:shop/pricing@1.0.0;", SHOP)),
        ("catalog", stub("export t:shop/catalog@1.0.0;", SHOP)),
    ];
    assert_snapshot!(check(manifest, components), @r#"
    error[resource-conflict]: `front` would get the resource `item` from two providers: `one` and `two`
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `t:shop/catalog@1.0.0` and `t:shop/pricing@1.0.0`
      |
      = note: `t:shop/catalog@1.0.0`, which defines `item`, comes from `one`
      = note: `t:shop/pricing@1.0.0` comes from `pricing`, which takes `item` from `two`
      = help: let both have one provider
              [links.pricing]
              "t:shop/catalog" = "one"
    exit status 1
    "#);
}

#[test]
fn a_resource_cannot_be_named_from_outside() {
    let components = || {
        let inspector = stub("use t:shop/catalog@1.0.0.{item}; export inspect: func(item: borrow<item>) -> u32;", SHOP);
        [("inspector", inspector), ("catalog", stub("export t:shop/catalog@1.0.0;", SHOP))]
    };
    assert_snapshot!(check("[exports]\ninspect = \"inspector\"\n", components()), @r#"
    error[unnameable-type]: the export `inspect` needs the type `item` of `t:shop/catalog@1.0.0`, which is not exported
     --> compose.toml:2:1
      |
    2 | inspector = { path = "inspector.wasm" }
      | ^^^^^^^^^ exports `inspect`
      |
      = note: `t:shop/catalog@1.0.0` is an export of `catalog`
      = help: export it as well
              [exports]
              "t:shop/catalog" = "catalog"
    exit status 1
    "#);
    assert_snapshot!(check("", components()), @r#"
    error[unnameable-type]: the export `inspect` needs the type `item` of `t:shop/catalog@1.0.0`, which is not exported
     --> compose.toml:2:1
      |
    2 | inspector = { path = "inspector.wasm" }
      | ^^^^^^^^^ exports `inspect`
      |
      = note: `t:shop/catalog@1.0.0` is an export of `catalog`
      = help: export both
              [exports]
              "inspect" = "inspector"
              "t:shop/catalog" = "catalog"
    exit status 1
    "#);
}

#[test]
fn instances_need_each_other_in_a_circle() {
    let components = [
        ("one", step("a", Some("b"), 1)),
        ("two", step("b", Some("c"), 2)),
        ("three", step("c", Some("a"), 3)),
        ("out", step("e", Some("a"), 4)),
    ];
    assert_snapshot!(check("", components), @r#"
    error[link-cycle]: instances need each other in a circle: one → two → three → one
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ the circle starts here
      |
      = note: `one` imports `t:steps/b@1.0.0` from `two`
      = note: `two` imports `t:steps/c@1.0.0` from `three`
      = note: `three` imports `t:steps/a@1.0.0` from `one`
      = help: link one of these imports elsewhere, or move one of the interfaces into a component of its own
    exit status 1
    "#);
}

#[test]
fn a_member_of_a_chain_does_not_import_what_it_wraps() {
    let components = [("outer", step("a", None, 1)), ("inner", step("a", None, 2))];
    assert_snapshot!(check("[chains]\n\"t:steps/a\" = [\"outer\", \"inner\"]\n", components), @r#"
    error[broken-chain]: `outer` cannot wrap `inner` in the chain over `t:steps/a`: it does not import it
     --> compose.toml:6:16
      |
    6 | "t:steps/a" = ["outer", "inner"]
      |                ^^^^^^^ every member but the last must import the interface
      |
      = help: put `outer` last, or take it out of the chain
    exit status 1
    "#);
}

#[test]
fn a_member_of_a_chain_does_not_export_the_interface() {
    let components = [("outer", step("a", Some("a"), 1)), ("inner", step("b", None, 2))];
    assert_snapshot!(check("[chains]\n\"t:steps/a\" = [\"outer\", \"inner\"]\n", components), @r#"
    error[broken-chain]: `inner` cannot be in the chain over `t:steps/a`: it does not export it
     --> compose.toml:6:25
      |
    6 | "t:steps/a" = ["outer", "inner"]
      |                         ^^^^^^^ every member must export the interface
    exit status 1
    "#);
}

#[test]
fn nobody_has_what_is_to_be_exported() {
    let components = || [("one", step("a", Some("b"), 1)), ("two", step("b", None, 2))];
    assert_snapshot!(check("[exports]\n\"t:steps/b\" = \"one\"\n", components()), @r#"
    error[missing-export]: `one` does not export `t:steps/b`
     --> compose.toml:6:1
      |
    6 | "t:steps/b" = "one"
      | ^^^^^^^^^^^   ----- by this instance
      | |
      | to be exported by the result
      |
      = note: `one` exports `t:steps/a@1.0.0`
    exit status 1
    "#);
    assert_snapshot!(check("[exports]\n\"t:steps/e\" = \"one\"\n", components()), @r#"
    error[missing-export]: `one` does not export `t:steps/e`
     --> compose.toml:6:1
      |
    6 | "t:steps/e" = "one"
      | ^^^^^^^^^^^   ----- by this instance
      | |
      | to be exported by the result
      |
      = note: `one` exports `t:steps/a@1.0.0`
    exit status 1
    "#);
    assert_snapshot!(check("[exports]\nrun = { instance = \"one\", export = \"start\" }\n", components()), @r#"
    error[missing-export]: `one` does not export `start`
     --> compose.toml:6:36
      |
    6 | run = { instance = "one", export = "start" }
      |                    -----           ^^^^^^^ to be exported by the result
      |                    |
      |                    by this instance
      |
      = note: `one` exports `t:steps/a@1.0.0`
    exit status 1
    "#);
}

#[test]
fn several_instances_export_the_same() {
    assert_snapshot!(check("", [("one", step("a", None, 1)), ("two", step("a", None, 2))]), @r#"
    error[ambiguous-export]: 2 instances could provide the export `t:steps/a@1.0.0`
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ exports it
    3 | two = { path = "two.wasm" }
      | --- exports it
      |
      = help: decide with a line like this
              [exports]
              "t:steps/a" = "one"
    exit status 1
    "#);
}

#[test]
fn nothing_is_exported() {
    assert_snapshot!(check("", [("idle", stub("import wasi:cli/stdin@0.2.0;", "package wasi:cli@0.2.0 { interface stdin { f: func(); } }"))]), @"
    error[nothing-exported]: the application would export nothing
     |
     = note: `idle` exports nothing
     = help: add a component that exports something: without exports, nothing can be called
    exit status 1
    ");
    assert_snapshot!(check("[exports]\n", [("one", step("a", None, 1))]), @"
    error[nothing-exported]: the application would export nothing
     --> compose.toml:4:1
      |
    4 | [exports]
      | ^^^^^^^^^ this section is empty
      |
      = help: name what the application exports in it, or remove it: then everything is exported whose instance nobody consumes
    exit status 1
    ");
}

#[test]
fn a_world_is_not_met() {
    let sandbox = application(
        "[world]\nwit = \"app.wit\"\nname = \"app\"\n",
        [
            ("one", step("a", Some("b"), 1)),
            (
                "two",
                stub(
                    "import wasi:cli/stdin@0.2.0; export t:steps/b@1.0.0;",
                    &format!("package wasi:cli@0.2.0 {{ interface stdin {{ f: func(); }} }} {}", steps("1.0.0")),
                ),
            ),
        ],
    );
    let world = "package t:app;\nworld app {\n  import t:steps/d@1.0.0;\n  export a: func();\n  export t:steps/a@1.0.0;\n  export t:steps/e@1.0.0;\n}\n";
    let other = steps("1.0.0").replacen("f: func(n: u32) -> u32", "f: func(n: u64) -> u32", 1);
    sandbox.write("app.wit", format!("{world}{other}"));
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-not-met]: the application does not meet the world `app`
     --> compose.toml:7:8
      |
    7 | name = "app"
      |        ^^^^^ the world it must meet
      |
      = note: missing: the export `a`, which no instance has
      = note: wrong: the export `t:steps/a@1.0.0`, as `one` has it
      = note: t:steps/a.f.n: expected u64, found u32
      = note: missing: the export `t:steps/e@1.0.0`, which no instance has
      = note: `one` exports `t:steps/a`, which is another interface
      = note: extra: the import `wasi:cli/stdin@0.2.0`, needed by `two`
      = help: change the components, or what the world says
    exit status 1
    "#);
}

#[test]
fn a_world_is_not_known() {
    let sandbox = application("[world]\nwit = \"wit\"\nname = \"storefrnt\"\n", [("one", step("a", None, 1))]);
    sandbox.write("wit/app.wit", "package t:app;\nworld storefront {}\nworld admin {}\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-unreadable]: cannot read the target world
     --> compose.toml:6:8
      |
    6 | name = "storefrnt"
      |        ^^^^^^^^^^^ there is no such world
      |
      = note: the package `t:app` has no world `storefrnt`, only `storefront`, `admin`
      = help: did you mean `storefront`?
    exit status 1
    "#);
    let sandbox = application("[world]\nwit = \"wit\"\n", [("one", step("a", None, 1))]);
    sandbox.write("wit/app.wit", "package t:app;\nworld storefront {}\nworld admin {}\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-unreadable]: cannot read the target world
     --> compose.toml:5:7
      |
    5 | wit = "wit"
      |       ^^^^^ a `name` must say which world is meant
      |
      = note: the package `t:app` has several worlds: `storefront`, `admin`
    exit status 1
    "#);
    assert_snapshot!(check("[world]\nwit = \"wit\"\n", [("one", step("a", None, 1))]), @r#"
    error[world-unreadable]: there is no WIT at `wit`
     --> compose.toml:5:7
      |
    5 | wit = "wit"
      |       ^^^^^ named here
      |
      = help: WIT is a directory of `.wit` files, one such file, an encoded package or a component
      = help: or a package in a registry, `wasi:http@0.2`; an artifact, `oci://HOST/REPOSITORY:TAG`; or `git:REVISION:PATH`
    exit status 1
    "#);
}

#[test]
fn wit_is_wrong() {
    let sandbox = application("[world]\nwit = \"wit\"\n", [("one", step("a", None, 1))]);
    sandbox.write("wit/app.wit", "package t:app;\n\nworld app {\n  export run: fun();\n}\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-unreadable]: cannot read the WIT of `wit`
     --> wit/app.wit:4:18
      |
    4 |   export run: fun();
      |                  ^ expected ';', found '('
      |
     ::: compose.toml:5:7
      |
    5 | wit = "wit"
      |       ----- named here
    exit status 1
    "#);
    sandbox.write("wit/app.wit", "package t:app;\n\nworld app {\n  export t:steps/a@1.0.0;\n}\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[world-unreadable]: `wit` refers to `t:steps@1.0.0`, which is not there
     --> wit/app.wit:4:10
      |
    4 |   export t:steps/a@1.0.0;
      |          ^^^^^^^ not in its `deps`
      |
     ::: compose.toml:5:7
      |
    5 | wit = "wit"
      |       ----- named here
      |
      = help: put it into its `deps`
              compose wit fetch
    exit status 1
    "#);
}

const CLOCKS: &str = "package wasi:clocks@0.2.0 { interface wall-clock { now: func() -> u64; } interface monotonic-clock { now: func() -> u64; } }";

fn clocks() -> Vec<u8> {
    stub("import wasi:clocks/wall-clock@0.2.0; export run: func();", CLOCKS)
}

#[test]
fn a_host_import_is_denied() {
    assert_snapshot!(check("[host]\nimports = [\"wasi:io/*\", \"wasi:http/*\"]\n", [("front", clocks())]), @r#"
    error[denied-host-import]: `front` may not import `wasi:clocks/wall-clock@0.2.0` from the host
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `wasi:clocks/wall-clock@0.2.0`
    ...
    5 | imports = ["wasi:io/*", "wasi:http/*"]
      |            -------------------------- `[host] imports` allows only this
      |
      = help: provide it by a component of the application
      = help: or allow it by adding `wasi:clocks/wall-clock` to the list
    exit status 1
    "#);
    assert_snapshot!(check("[host]\nimports = []\n", [("front", clocks())]), @r#"
    error[denied-host-import]: `front` may not import `wasi:clocks/wall-clock@0.2.0` from the host
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `wasi:clocks/wall-clock@0.2.0`
      |
      = note: `[host] imports` is an empty list: the result may import nothing
      = help: provide it by a component of the application
      = help: or allow it by adding `wasi:clocks/wall-clock` to the list
    exit status 1
    "#);
}

#[test]
fn a_host_import_is_denied_to_one_instance() {
    assert_snapshot!(check("[host.instances]\nfront = []\n", [("front", clocks())]), @r#"
    error[denied-host-import]: `front` may not import `wasi:clocks/wall-clock@0.2.0` from the host
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `wasi:clocks/wall-clock@0.2.0`
    ...
    5 | front = []
      |         -- this allows nothing
      |
      = help: provide it by a component of the application
      = help: or allow it by adding `wasi:clocks/wall-clock` to the list
    exit status 1
    "#);
    assert_snapshot!(check("[host.instances]\nfront = [\"wasi:io/*\"]\n", [("front", clocks())]), @r#"
    error[denied-host-import]: `front` may not import `wasi:clocks/wall-clock@0.2.0` from the host
     --> compose.toml:2:1
      |
    2 | front = { path = "front.wasm" }
      | ^^^^^ imports `wasi:clocks/wall-clock@0.2.0`
    ...
    5 | front = ["wasi:io/*"]
      |         ------------- this allows nothing else
      |
      = help: provide it by a component of the application
      = help: or allow it by adding `wasi:clocks/wall-clock` to the list
    exit status 1
    "#);
}

#[test]
fn a_link_to_the_host_is_denied() {
    assert_snapshot!(
        check("[host]\nimports = [\"wasi:*\"]\n[links.front]\n\"t:steps/b\" = \"host\"\n", [("front", step("a", Some("b"), 1))]),
        @r#"
        error[denied-host-import]: `front` may not import `t:steps/b@1.0.0` from the host
         --> compose.toml:2:1
          |
        2 | front = { path = "front.wasm" }
          | ^^^^^ imports `t:steps/b@1.0.0`
        ...
        5 | imports = ["wasi:*"]
          |            -------- `[host] imports` allows only this
          |
          = help: provide it by a component of the application
          = help: or allow it by adding `t:steps/b` to the list
        exit status 1
        "#
    );
}

#[test]
fn host_imports_conflict() {
    let clock = |result: &str, version: &str| {
        let package =
            format!("package wasi:clocks@{version} {{ interface wall-clock {{ now: func() -> {result}; }} }}");
        stub(&format!("import wasi:clocks/wall-clock@{version}; export run-{result}: func();"), &package)
    };
    assert_snapshot!(check("", [("one", clock("u64", "0.2.0")), ("two", clock("u32", "0.2.1"))]), @r#"
    error[host-import-conflict]: `one` and `two` import `wasi:clocks/wall-clock@0.2.1` from the host with types that differ
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `wasi:clocks/wall-clock@0.2.0`
    3 | two = { path = "two.wasm" }
      | --- imports `wasi:clocks/wall-clock@0.2.1`
      |
      = note: wasi:clocks/wall-clock.now (result): expected u32, found u64
      = help: build `one` and `two` against the same version of the interface
    exit status 1
    "#);
}

#[test]
fn a_link_names_an_unknown_import() {
    let components = || [("front", step("a", Some("b"), 1)), ("back", step("b", None, 2))];
    assert_snapshot!(check("[links.front]\n\"t:step/b\" = \"back\"\n", components()), @r#"
    error[unknown-import]: `front` does not import `t:step/b`
     --> compose.toml:6:1
      |
    6 | "t:step/b" = "back"
      | ^^^^^^^^^^ this line links nothing
      |
      = help: did you mean `t:steps/b`?
    exit status 1
    "#);
    assert_snapshot!(check("[links.front]\n\"t:steps/b@2.0.0\" = \"back\"\n", components()), @r#"
    error[unknown-import]: `front` does not import `t:steps/b@2.0.0`
     --> compose.toml:6:1
      |
    6 | "t:steps/b@2.0.0" = "back"
      | ^^^^^^^^^^^^^^^^^ this line links nothing
      |
      = note: `front` imports `t:steps/b@1.0.0`
    exit status 1
    "#);
    assert_snapshot!(check("[links.back]\n\"t:steps/b\" = \"front\"\n", components()), @r#"
    error[unknown-import]: `back` does not import `t:steps/b`
     --> compose.toml:6:1
      |
    6 | "t:steps/b" = "front"
      | ^^^^^^^^^^^ this line links nothing
      |
      = note: `back` imports nothing
    exit status 1
    "#);
}

#[test]
fn a_link_names_an_unknown_export() {
    let components =
        || [("front", step("a", Some("b"), 1)), ("back", step("b", None, 2)), ("other", step("c", None, 3))];
    assert_snapshot!(check("[links.front]\n\"t:steps/b\" = \"other\"\n", components()), @r#"
    error[unknown-export]: `other` does not export `t:steps/b@1.0.0`
     --> compose.toml:7:15
      |
    7 | "t:steps/b" = "other"
      |               ^^^^^^^ the link of `front` needs it
      |
      = note: `other` exports `t:steps/c@1.0.0`
    exit status 1
    "#);
    assert_snapshot!(check("[links.front]\n\"t:steps/b\" = { instance = \"back\", export = \"t:steps/d\" }\n", components()), @r#"
    error[unknown-export]: `back` does not export `t:steps/d`
     --> compose.toml:7:28
      |
    7 | "t:steps/b" = { instance = "back", export = "t:steps/d" }
      |                            ^^^^^^ the link of `front` needs it
      |
      = note: `back` exports `t:steps/b@1.0.0`
    exit status 1
    "#);
}

#[test]
fn all_problems_are_told_in_the_order_of_the_manifest() {
    let manifest = "[links.two]\n\"t:steps/x\" = \"one\"\n\n[exports]\n\"t:steps/e\" = \"one\"\n";
    let components = [
        ("one", step("a", Some("b"), 1)),
        ("two", step("c", Some("d"), 2)),
        ("three", Guest::new("export run: func();", "").body("run", "").component()),
    ];
    assert_snapshot!(check(manifest, components), @r#"
    error[missing-provider]: nothing provides `t:steps/b@1.0.0` to `one`
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `t:steps/b@1.0.0`
      |
      = note: `two` exports `t:steps/c`, which is another interface
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.one]
              "t:steps/b" = "host"

    error[missing-provider]: nothing provides `t:steps/d@1.0.0` to `two`
     --> compose.toml:3:1
      |
    3 | two = { path = "two.wasm" }
      | ^^^ imports `t:steps/d@1.0.0`
      |
      = note: `one` exports `t:steps/a`, which is another interface
      = help: add a component that exports `t:steps/d`
      = help: or, if the runtime has it, say so
              [links.two]
              "t:steps/d" = "host"

    error[unknown-import]: `two` does not import `t:steps/x`
     --> compose.toml:7:1
      |
    7 | "t:steps/x" = "one"
      | ^^^^^^^^^^^ this line links nothing
      |
      = help: did you mean `t:steps/d`?

    error[missing-export]: `one` does not export `t:steps/e`
      --> compose.toml:10:1
       |
    10 | "t:steps/e" = "one"
       | ^^^^^^^^^^^   ----- by this instance
       | |
       | to be exported by the result
       |
       = note: `one` exports `t:steps/a@1.0.0`

    error: 4 problems found
    exit status 1
    "#);
}

#[test]
fn a_failure_leaves_no_lock_and_no_output() {
    let sandbox: Sandbox = application("", [("front", step("a", Some("b"), 1))]);
    assert_eq!(sandbox.compose("build").status, Some(1));
    assert!(!sandbox.path("compose.lock").exists() && !sandbox.path("target").exists());
}
