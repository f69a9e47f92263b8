//! Types: a type that an export needs has a name in the result, and means the same thing to everybody.

use compose_tests::guest::{Guest, stub};
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
    error[unnameable-type]: the export `t:nested/shop@1.0.0` needs the type `money` of `t:nested/items@1.0.0`, which is not exported
     --> compose.toml:2:1
      |
    2 | shop = { path = "shop.wasm" }
      | ^^^^ exports `t:nested/shop@1.0.0`
      |
      = note: `t:nested/items@1.0.0` is an export of `types`
      = help: export it as well
              [exports]
              "t:nested/items" = "types"
    exit status 1
    "#);
    // `money` of `base` is another name, and does not stand in for that of `items`.
    let manifest = format!("{manifest}\"t:nested/base\" = \"types\"\n");
    assert_eq!(application(&manifest, nested()).compose("build").status, Some(1));
    let manifest = format!("{manifest}\"t:nested/items\" = \"types\"\n");
    let built = check(&manifest, nested(), "find(5)", "{price: {amount: 5}}");
    // What names a type comes before what needs the name.
    assert_eq!(exports(&built), ["t:nested/base@1.0.0", "t:nested/items@1.0.0", "t:nested/shop@1.0.0"]);
    let manifest = "[exports]\n\"t:nested/shop\" = \"shop\"\n\"t:nested/items\" = \"types\"\n";
    let built = check(manifest, nested(), "find(5)", "{price: {amount: 5}}");
    assert_eq!(exports(&built), ["t:nested/items@1.0.0", "t:nested/shop@1.0.0"]);
}

/// Two interfaces that are alike, and have resources of their own.
const ALIKE: &str = "package t:alike@1.0.0 {
  interface one { record point { x: u32 } resource thing; }
  interface two { record point { x: u32 } resource thing; }
}";

/// A component that answers what is in its `point`, and which of several it is.
fn at_root(name: &str, point: &str) -> Vec<u8> {
    Guest::new(&format!("{point} export {name}: func(p: point) -> u32;"), ALIKE).body(name, "(local.get 0)").component()
}

const HOST: &str = "[host]\nimports = [\"*\"]\n";

#[test]
fn types_of_one_name_at_the_root_are_one_import() {
    let points = ["record point { x: u32 }", "use t:alike/one@1.0.0.{point};", "use t:alike/two@1.0.0.{point};"];
    let components =
        |[first, second]: [usize; 2]| [("one", at_root("a", points[first])), ("two", at_root("b", points[second]))];
    let built = check(HOST, components([0, 0]), "b({x: 7})", "7");
    assert_eq!(imports(&built), ["point"]);
    for which in [[0, 1], [1, 0], [1, 1], [1, 2]] {
        let built = application(HOST, components(which)).build();
        assert_eq!(imports(&built).iter().filter(|import| *import == "point").count(), 1);
    }
}

#[test]
fn types_of_one_name_at_the_root_that_differ_are_told() {
    let shape = |one: &str, other: &str| {
        let components = [("one", at_root("a", one)), ("two", at_root("b", other))];
        refused(&application(HOST, components))
    };
    assert_snapshot!(shape("record point { x: u32 }", "record point { y: u32 }"), @r#"
    error[host-import-conflict]: `one` and `two` import `point` from the host with types that differ
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `point`
    3 | two = { path = "two.wasm" }
      | --- imports `point`
      |
      = note: point.x: expected nothing, found u32
      = help: a name at the root of a world is shared by all components: give it another one in `one` or `two`, or have an interface define it
    exit status 1
    "#);
    // Also where only one of them has more.
    let two = Guest::new("record point { x: u32, y: u32 } export b: func(p: point) -> u32;", ALIKE);
    let components =
        [("one", at_root("a", "record point { x: u32 }")), ("two", two.body("b", "(local.get 0)").component())];
    assert_snapshot!(refused(&application(HOST, components)), @r#"
    error[host-import-conflict]: `one` and `two` import `point` from the host with types that differ
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `point`
    3 | two = { path = "two.wasm" }
      | --- imports `point`
      |
      = note: point.y: expected nothing, found u32
      = help: a name at the root of a world is shared by all components: give it another one in `one` or `two`, or have an interface define it
    exit status 1
    "#);
    let thing = |name: &str, uses: &str| stub(&format!("{uses} export {name}: func(t: borrow<thing>);"), ALIKE);
    let [one, two] =
        ["one", "two"].map(|interface| thing(interface, &format!("use t:alike/{interface}@1.0.0.{{thing}};")));
    assert_snapshot!(refused(&application(HOST, [("one", one), ("two", two)])), @r#"
    error[host-import-conflict]: `one` and `two` import `thing` from the host with types that differ
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `thing`
    3 | two = { path = "two.wasm" }
      | --- imports `thing`
      |
      = note: thing: expected resource t:alike/two@1.0.0.thing, found resource t:alike/one@1.0.0.thing
      = help: a name at the root of a world is shared by all components: give it another one in `one` or `two`, or have an interface define it
    exit status 1
    "#);
    let function = stub("import point: func(); export a: func();", "");
    let components = [("one", function), ("two", at_root("b", "record point { x: u32 }"))];
    assert_snapshot!(refused(&application(HOST, components)), @r#"
    error[host-import-conflict]: `one` and `two` import `point` from the host with types that differ
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `point`
    3 | two = { path = "two.wasm" }
      | --- imports `point`
      |
      = note: point: expected a type, found a function
      = help: a name at the root of a world is shared by all components: give it another one in `one` or `two`, or have an interface define it
    exit status 1
    "#);
}

#[test]
fn a_world_may_use_a_type_by_another_of_its_names() {
    // `money` of `items` is of who exports `items`, and `base` is the host's: what the world uses is not what was named first.
    let items = Guest::new("import t:nested/base@1.0.0; export t:nested/items@1.0.0;", NESTED).component();
    let till = Guest::new("use t:nested/items@1.0.0.{money as coin}; export total: func(coin: coin) -> u32;", NESTED)
        .body("total", "(local.get 0)")
        .component();
    let manifest = format!("{HOST}[exports]\ntotal = \"till\"\n\"t:nested/items\" = \"items\"\n");
    let built = check(&manifest, [("till", till), ("items", items)], "total({amount: 5})", "5");
    assert_eq!(imports(&built), ["t:nested/base@1.0.0"]);
    assert_eq!(exports(&built), ["t:nested/items@1.0.0", "total"]);
}
