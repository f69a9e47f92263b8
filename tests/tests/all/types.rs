//! Types: a type that an export needs has a name in the result, and means the same thing to everybody.

use compose_tests::guest::Guest;
use insta::assert_snapshot;

use crate::{
    refused,
    steps::{application, check, exports, imports},
};

const SHOP: &str = "package t:shop@1.0.0 {
  interface catalog { resource item { constructor(value: u32); value: func() -> u32; } }
  interface money { record price { amount: u32, tax: u32 } }
}";

fn catalog() -> Vec<u8> {
    Guest::new("export t:shop/catalog@1.0.0;", SHOP)
        .body("catalog#[constructor]item", "(call $item.new (local.get 0))")
        .body("catalog#[method]item.value", "(local.get 0)")
        .component()
}

#[test]
fn a_world_uses_a_resource_of_an_interface_that_is_linked() {
    let uses = "use t:shop/catalog@1.0.0.{item};";
    let inspector = Guest::new(&format!("{uses} export inspect: func(item: borrow<item>) -> u32;"), SHOP).body(
        "inspect",
        "(local $value i32)
         (local.set $value (i32.add (call $catalog.method.item.value (local.get 0)) (i32.const 1)))
         (call $catalog.drop.item (local.get 0))
         (local.get $value)",
    );
    let world = format!("{uses} import inspect: func(item: borrow<item>) -> u32; export run: func(value: u32) -> u32;");
    let front = Guest::new(&world, SHOP).body(
        "run",
        "(local $item i32) (local $value i32)
         (local.set $item (call $catalog.constructor.item (local.get 0)))
         (local.set $value (call $inspect (local.get $item)))
         (call $catalog.drop.item (local.get $item))
         (local.get $value)",
    );
    let (front, inspector) = (front.component(), inspector.component());
    let components = || [("front", front.clone()), ("inspector", inspector.clone()), ("catalog", catalog())];
    check("", components(), "run(7)", "8");
    let manifest = "[exports]\nrun = \"front\"\ninspect = \"inspector\"\n\"t:shop/catalog\" = \"catalog\"\n";
    let built = check(manifest, components(), "run(7)", "8");
    assert_eq!(exports(&built), ["run", "t:shop/catalog@1.0.0", "inspect"]);
}

#[test]
fn a_world_uses_a_record_of_an_interface_that_is_linked() {
    let till = Guest::new("use t:shop/money@1.0.0.{price}; export total: func(price: price) -> u32;", SHOP)
        .body("total", "(i32.add (local.get 0) (local.get 1))")
        .component();
    let money = Guest::new("export t:shop/money@1.0.0;", SHOP).component();
    let manifest = "[exports]\ntotal = \"till\"\n\"t:shop/money\" = \"money\"\n";
    let built = check(manifest, [("till", till), ("money", money)], "total({amount: 40, tax: 2})", "42");
    assert_eq!(exports(&built), ["t:shop/money@1.0.0", "total"]);
}

#[test]
fn a_world_uses_a_record_of_an_interface_of_the_host() {
    const CLOCKS: &str = "package wasi:clocks@0.2.0 {
      interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
    }";
    let uses = "use wasi:clocks/wall-clock@0.2.0.{datetime};";
    let clock = Guest::new(&format!("{uses} export seconds: func(time: datetime) -> u64;"), CLOCKS)
        .body("seconds", "(local.get 0)")
        .component();
    let built = check("", [("clock", clock)], "seconds({seconds: 7, nanoseconds: 1})", "7");
    assert_eq!(imports(&built), ["wasi:clocks/wall-clock@0.2.0", "datetime"]);
}

/// An interface whose records are nested over three interfaces, and one component for the types and one for the function.
const NESTED: &str = "package t:nested@1.0.0 {
  interface base { record money { amount: u32 } }
  interface items { use base.{money}; record item { price: money } }
  interface shop { use items.{item}; find: func(amount: u32) -> item; }
}";

fn nested() -> [(&'static str, Vec<u8>); 2] {
    let shop = Guest::new("export t:nested/shop@1.0.0;", NESTED).body("shop#find", "(local.get 0)").component();
    let types = Guest::new("export t:nested/base@1.0.0; export t:nested/items@1.0.0;", NESTED).component();
    [("shop", shop), ("types", types)]
}

#[test]
fn a_record_within_a_record_needs_a_name_too() {
    let manifest = "[exports]\n\"t:nested/shop\" = \"shop\"\n";
    assert_snapshot!(refused(&application(manifest, nested())), @r#"
    error[unnameable-type]: the export `t:nested/shop@1.0.0` needs the type `money` of `t:nested/base@1.0.0`, which is not exported
     --> compose.toml:2:1
      |
    2 | shop = { path = "shop.wasm" }
      | ^^^^ exports `t:nested/shop@1.0.0`
      |
      = note: `t:nested/base@1.0.0` is an export of `types`
      = help: export it as well
              [exports]
              "t:nested/base" = "types"
    exit status 1
    "#);
    let manifest = format!("{manifest}\"t:nested/items\" = \"types\"\n\"t:nested/base\" = \"types\"\n");
    let built = check(&manifest, nested(), "find(5)", "{price: {amount: 5}}");
    // What names a type comes before what needs the name.
    assert_eq!(exports(&built), ["t:nested/items@1.0.0", "t:nested/base@1.0.0", "t:nested/shop@1.0.0"]);
}
