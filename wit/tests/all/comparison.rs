//! What is said about two interfaces that differ; each verdict is the real type checker's, too.

use insta::assert_snapshot;
use wit::World;

use crate::synthesis::{Instance, component, composition, valid};

/// All mismatches of an interface `found`, exported, with the same interface `expected`, imported; a line each.
///
/// The types are read from the WIT as written. Components of the same WIT, which import less where something is not used,
/// are compared as well, and the verdict on them has to be the type checker's.
#[track_caller]
fn check(found: &str, expected: &str) -> String {
    let wit = |side: &str, body: &str| {
        format!("package shop:catalog@1.2.0; interface api {{ {body} }} world w {{ {side} api; }}")
    };
    check_worlds(&wit("export", found), &wit("import", expected), "shop:catalog/api@1.2.0")
}

/// As [`check`] does, for whole packages, of which the one world exports or imports the interface `name`.
#[track_caller]
fn check_worlds(found: &str, expected: &str, name: &str) -> String {
    let provider = component(found);
    let consumer = component(expected);
    let provided = World::of_component(&provider).unwrap();
    let consumed = World::of_component(&consumer).unwrap();
    let mismatches = provided.export(&name.into()).unwrap().mismatches(&consumed.import(&name.into()).unwrap());
    let verdict = valid(&composition(&[
        Instance { component: &provider, links: &[] },
        Instance { component: &consumer, links: &[(name, 0, name)] },
    ]));
    assert_eq!(verdict.is_ok(), mismatches.is_empty(), "the checker says {verdict:?}, we say {mismatches:?}");

    let found = World::from_text("found.wit", found, None).unwrap();
    let expected = World::from_text("expected.wit", expected, None).unwrap();
    let mismatches = found.export(&name.into()).unwrap().mismatches(&expected.import(&name.into()).unwrap());
    mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_interface_may_have_more_than_is_expected() {
    let found = "record item { id: u64 } enum color { red } find: func(id: u64) -> item; add: func(id: u64);";
    assert_eq!(check(found, "add: func(id: u64);"), "");
    assert_eq!(check(found, found), "");
}

#[test]
fn functions_and_types_that_are_missing_are_shown_whole() {
    assert_snapshot!(check(
        "ping: func();",
        "record item { id: u64 }
         ping: func();
         find: func(ids: list<u64>, deep: bool) -> result<item, string>;
         resource cart { constructor(); add: func(item: item); merge: static func(carts: list<cart>) -> cart; }"
    ), @r"
        shop:catalog/api.item: expected record, found nothing
        shop:catalog/api.cart: expected resource, found nothing
        shop:catalog/api.find: expected func(ids: list<u64>, deep: bool) -> result<item, string>, found nothing
        shop:catalog/api.cart.constructor: expected func() -> cart, found nothing
        shop:catalog/api.cart.add: expected func(self: borrow<cart>, item: item), found nothing
        shop:catalog/api.cart.merge: expected func(carts: list<cart>) -> cart, found nothing
    ");
}

#[test]
fn a_difference_within_a_named_type_is_reported_there_and_once() {
    assert_snapshot!(check(
        "record item { id: u64, price: f64 } find: func(id: u64) -> item; all: func() -> list<item>; add: func(item: item);",
        "record item { id: u64, price: u64 } find: func(id: u64) -> item; all: func() -> list<item>; add: func(item: item);",
    ), @"shop:catalog/api.item.price: expected u64, found f64");
}

#[test]
fn all_differences_are_reported() {
    assert_snapshot!(check(
        "record item { id: u64, price: f64 } enum color { red } find: func(id: u64) -> item; paint: func(color: color, times: u8);",
        "record item { id: u32, price: u64 } enum color { red, blue } find: func(id: u32) -> option<item>; paint: func(color: color, times: u16);",
    ), @r"
        shop:catalog/api.item.id: expected u32, found u64
        shop:catalog/api.item.price: expected u64, found f64
        shop:catalog/api.color.blue: expected case, found nothing
        shop:catalog/api.find.id: expected u32, found u64
        shop:catalog/api.find (result): expected option<item>, found item
        shop:catalog/api.paint.times: expected u16, found u8
    ");
}

#[test]
fn records_differ_in_fields_and_their_order() {
    assert_snapshot!(check(
        "record a { x: u8, y: u8 } record b { x: u8, z: bool } f: func(a: a, b: b);",
        "record a { y: u8, x: u8 } record b { x: u8, y: u8 } f: func(a: a, b: b);",
    ), @r"
        shop:catalog/api.a: expected fields { y, x }, found fields { x, y }
        shop:catalog/api.b.y: expected u8, found nothing
        shop:catalog/api.b.z: expected nothing, found bool
    ");
}

#[test]
fn variants_differ_in_cases_payloads_and_order() {
    assert_snapshot!(check(
        "variant a { x, y(u8) } variant b { x(u8), y, z } variant c { y(u32) } f: func(a: a, b: b, c: c);",
        "variant a { y(u8), x } variant b { x, y(u8), w(string) } variant c { y(u8) } f: func(a: a, b: b, c: c);",
    ), @r"
        shop:catalog/api.a: expected cases { y, x }, found cases { x, y }
        shop:catalog/api.b.x: expected case, found case(u8)
        shop:catalog/api.b.y: expected case(u8), found case
        shop:catalog/api.b.w: expected case(string), found nothing
        shop:catalog/api.b.z: expected nothing, found case
        shop:catalog/api.c.y: expected u8, found u32
    ");
}

#[test]
fn enums_and_flags_differ_in_labels_and_order() {
    assert_snapshot!(check(
        "enum a { x, y } enum b { x, z } flags c { x, y } flags d { x, z } f: func(a: a, b: b, c: c, d: d);",
        "enum a { y, x } enum b { x, y } flags c { y, x } flags d { x, y } f: func(a: a, b: b, c: c, d: d);",
    ), @r"
        shop:catalog/api.a: expected cases { y, x }, found cases { x, y }
        shop:catalog/api.b.y: expected case, found nothing
        shop:catalog/api.b.z: expected nothing, found case
        shop:catalog/api.c: expected flags { y, x }, found flags { x, y }
        shop:catalog/api.d.y: expected flag, found nothing
        shop:catalog/api.d.z: expected nothing, found flag
    ");
}

#[test]
fn a_name_may_stand_for_another_kind_of_type() {
    assert_snapshot!(check(
        "enum a { x } record b { x: u8 } type c = list<u8>; resource d; f: func(a: a, b: b, c: c, d: borrow<d>);",
        "variant a { x } resource b; enum c { x } record d { x: u8 } f: func(a: a, b: borrow<b>, c: c, d: d);",
    ), @r"
        shop:catalog/api.a: expected variant, found enum
        shop:catalog/api.b: expected resource, found record
        shop:catalog/api.c: expected enum, found list<u8>
        shop:catalog/api.d: expected record, found resource
        shop:catalog/api.f.b: expected borrow<b>, found b
        shop:catalog/api.f.d: expected d, found borrow<d>
    ");
}

#[test]
fn types_written_in_place_are_shown_whole() {
    assert_snapshot!(check(
        "a: func(x: list<u8>); b: func(x: option<u8>); c: func(x: tuple<u8, string>); d: func() -> result<u8>;
         e: func(x: map<string, u8>); f: func(x: list<u8, 4>); g: func(x: future<u8>); h: func(x: stream); i: func(x: error-context);
         j: func() -> result<_, u8>; k: func() -> result; l: func(x: option<list<tuple<u8, f32>>>);",
        "a: func(x: list<u32>); b: func(x: u8); c: func(x: tuple<u8>); d: func() -> result<u8, string>;
         e: func(x: map<u32, u8>); f: func(x: list<u8, 5>); g: func(x: future); h: func(x: stream<u8>); i: func(x: string);
         j: func() -> result<u8, u8>; k: func() -> result<_, string>; l: func(x: option<list<tuple<u8, f64>>>);",
    ), @r"
        shop:catalog/api.a.x: expected list<u32>, found list<u8>
        shop:catalog/api.b.x: expected u8, found option<u8>
        shop:catalog/api.c.x: expected tuple<u8>, found tuple<u8, string>
        shop:catalog/api.d (result): expected result<u8, string>, found result<u8>
        shop:catalog/api.e.x: expected map<u32, u8>, found map<string, u8>
        shop:catalog/api.f.x: expected list<u8, 5>, found list<u8, 4>
        shop:catalog/api.g.x: expected future, found future<u8>
        shop:catalog/api.h.x: expected stream<u8>, found stream
        shop:catalog/api.i.x: expected string, found error-context
        shop:catalog/api.j (result): expected result<u8, u8>, found result<_, u8>
        shop:catalog/api.k (result): expected result<_, string>, found result
        shop:catalog/api.l.x: expected option<list<tuple<u8, f64>>>, found option<list<tuple<u8, f32>>>
    ");
}

#[test]
fn parameters_count_by_name_order_and_number() {
    assert_snapshot!(check(
        "a: func(x: u8); b: func(x: u8, y: u8); c: func(x: u8); d: func(x: u8, y: u8);",
        "a: func(y: u8); b: func(y: u8, x: u8); c: func(x: u8, y: u8); d: func(x: u8);",
    ), @r"
        shop:catalog/api.a.y: expected u8, found nothing
        shop:catalog/api.a.x: expected nothing, found u8
        shop:catalog/api.b: expected parameters (y, x), found parameters (x, y)
        shop:catalog/api.c.y: expected u8, found nothing
        shop:catalog/api.d.y: expected nothing, found u8
    ");
}

#[test]
fn results_may_be_there_on_one_side_only() {
    assert_snapshot!(check("a: func() -> u8; b: func();", "a: func(); b: func() -> u8;"), @r"
        shop:catalog/api.a (result): expected nothing, found u8
        shop:catalog/api.b (result): expected u8, found nothing
    ");
}

#[test]
fn functions_are_async_or_not() {
    assert_snapshot!(check("a: async func(); b: func(); c: async func();", "a: func(); b: async func(); c: async func();"), @r"
        shop:catalog/api.a: expected func, found async func
        shop:catalog/api.b: expected async func, found func
    ");
}

#[test]
fn methods_are_found_by_resource_and_name() {
    assert_snapshot!(check(
        "resource cart { constructor(size: u8); add: func(id: u64) -> bool; count: static func() -> u32; }",
        "resource cart { constructor(size: u16); add: func(id: u64); count: static func() -> u64; clear: func(); }",
    ), @r"
        shop:catalog/api.cart.constructor.size: expected u16, found u8
        shop:catalog/api.cart.add (result): expected nothing, found bool
        shop:catalog/api.cart.count (result): expected u64, found u32
        shop:catalog/api.cart.clear: expected func(self: borrow<cart>), found nothing
    ");
}

#[test]
fn handles_differ_in_ownership_and_resource() {
    assert_snapshot!(check(
        "resource cart; resource basket; a: func(x: cart); b: func(x: borrow<cart>); c: func(x: list<cart>) -> cart;",
        "resource cart; resource basket; a: func(x: borrow<cart>); b: func(x: borrow<basket>); c: func(x: list<basket>) -> cart;",
    ), @r"
        shop:catalog/api.a.x: expected borrow<cart>, found cart
        shop:catalog/api.b.x: expected borrow<basket>, found borrow<cart>
        shop:catalog/api.c.x: expected list<basket>, found list<cart>
    ");
}

#[test]
fn aliases_stand_for_what_they_name() {
    assert_eq!(check("type id = u64; find: func(id: id);", "find: func(id: u64);"), "");
    assert_eq!(
        check(
            "find: func(id: u64, more: list<u64>);",
            "type ids = list<id>; type id = u64; find: func(id: id, more: ids);"
        )
        .lines()
        .filter(|line| line.contains("find"))
        .count(),
        0
    );
    assert_snapshot!(check("type id = u64; find: func(id: id);", "type id = u32; find: func(id: id);"), @"shop:catalog/api.id: expected u32, found u64");
}

#[test]
fn types_of_different_names_are_compared_by_structure() {
    assert_eq!(
        check(
            "record a { x: u8 } record b { x: u8 } f: func(x: a);",
            "record a { x: u8 } record b { x: u8 } f: func(x: b);"
        ),
        ""
    );
    assert_snapshot!(check(
        "record a { x: u8 } record b { x: u16 } f: func(x: a);",
        "record a { x: u8 } record b { x: u16 } f: func(x: b);",
    ), @"shop:catalog/api.f.x: expected b, found a");
}

#[test]
fn versions_of_a_track_are_compared_by_what_is_used() {
    let wit = |version: &str, side: &str, body: &str| {
        format!("package wasi:clock@{version}; interface wall {{ {body} }} world w {{ {side} wall; }}")
    };
    let newer = World::from_text("a.wit", &wit("0.2.6", "export", "now: func() -> u64; zone: func() -> string;"), None)
        .unwrap();
    let older = World::from_text("b.wit", &wit("0.2.0", "import", "now: func() -> u64;"), None).unwrap();
    let found = newer.export(&"wasi:clock/wall@0.2.6".into()).unwrap();
    let expected = older.import(&"wasi:clock/wall@0.2.0".into()).unwrap();
    assert_eq!(found.mismatches(&expected), []);
    assert_snapshot!(expected.mismatches(&found)[0], @"wasi:clock/wall.zone: expected func() -> string, found nothing");
}

#[test]
fn a_used_type_that_differs_is_reported_where_it_is_defined() {
    let wit = |price: &str, side: &str| {
        format!(
            "package shop:catalog@1.2.0;
             interface types {{ record item {{ price: {price} }} }}
             interface api {{ use types.{{item}}; find: func() -> item; all: func() -> list<item>; }}
             world w {{ {side} types; {side} api; }}"
        )
    };
    let found = World::from_text("found.wit", &wit("f64", "export"), None).unwrap();
    let expected = World::from_text("expected.wit", &wit("u64", "import"), None).unwrap();
    let name = "shop:catalog/api@1.2.0".into();
    let mismatches = found.export(&name).unwrap().mismatches(&expected.import(&name).unwrap());
    assert_eq!(mismatches.len(), 1);
    assert_snapshot!(mismatches[0], @"shop:catalog/types.item.price: expected u64, found f64");
}

#[test]
fn a_used_resource_has_to_come_from_the_same_interface() {
    let wit = |streams: &str, side: &str| {
        format!(
            "package test:root;
             interface api {{ use {streams}.{{input}}; read: func(input: borrow<input>); }}
             world w {{ {side} api; }}
             package wasi:io@0.2.0 {{ interface streams {{ resource input; }} }}
             package wasi:io@0.2.6 {{ interface streams {{ resource input; }} }}
             package my:io@0.2.0 {{ interface streams {{ resource input; }} }}"
        )
    };
    let check = |found: &str, expected: &str| {
        let found = World::from_text("found.wit", &wit(found, "export"), None).unwrap();
        let expected = World::from_text("expected.wit", &wit(expected, "import"), None).unwrap();
        let name = "test:root/api".into();
        let mismatches = found.export(&name).unwrap().mismatches(&expected.import(&name).unwrap());
        mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(check("wasi:io/streams@0.2.6", "wasi:io/streams@0.2.0"), "");
    assert_snapshot!(check("my:io/streams@0.2.0", "wasi:io/streams@0.2.0"), @"test:root/api.input: expected resource wasi:io/streams@0.2.0.input, found resource my:io/streams@0.2.0.input");
}

#[test]
fn items_of_different_kinds_never_match() {
    let world = World::from_text(
        "test.wit",
        "package test:root; interface api { f: func(); } world w { export api; export run: func(code: u8); import run: func(code: u16); }",
        None,
    )
    .unwrap();
    let interface = world.export(&"test:root/api".into()).unwrap();
    let function = world.export(&"run".into()).unwrap();
    assert_snapshot!(interface.mismatches(&function)[0], @"run: expected a function, found an interface");
    assert_snapshot!(function.mismatches(&world.import(&"run".into()).unwrap())[0], @"run.code: expected u16, found u8");
}
