//! Whether a component is of the type that its world is encoded as, and whether that type is the same world.

use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentSection, ComponentTypeRef, RawSection,
};
use wasmparser::WasmFeatures;
use wit::{DecodeError, World};

use crate::synthesis::component;

/// A component that has another, and exports it as what a type section says.
fn claim(component: &[u8], type_section: &[u8]) -> Vec<u8> {
    let mut claim = Component::new().finish();
    RawSection { id: 4, data: component }.append_to_component(&mut claim);
    claim.extend_from_slice(type_section);
    let mut exports = ComponentExportSection::new();
    exports.export("subject", ComponentExportKind::Component, 0, Some(ComponentTypeRef::Component(0)));
    exports.append_to_component(&mut claim);
    claim
}

#[track_caller]
fn check(items: &str) {
    let component = component(&format!("package test:encoding; {items}"));
    let world = World::of_component(&component).unwrap();
    let claim = claim(&component, &world.to_type_section());
    let read = World::of_export(&claim, "subject", WasmFeatures::all()).unwrap();
    assert_eq!(read.to_wit(), world.to_wit());
    assert_eq!(read.to_type_section(), world.to_type_section());
}

#[test]
fn a_world_of_functions_is_the_type_of_its_components() {
    check("world w { import a: func(n: u32) -> string; export b: func() -> list<option<u8>>; }");
}

#[test]
fn every_shape_of_a_value_is_encoded() {
    check(
        "interface all {
            record point { x: f32, y: f64 }
            variant either { one(point), other, third(list<point>) }
            enum color { red, green }
            flags rights { read, write }
            type pair = tuple<color, rights>;
            type same = point;
            f: func(a: either, b: pair, c: same) -> result<option<char>, string>;
            g: func(a: list<u8>, b: list<list<s64>>, c: bool) -> result;
            h: func(a: result<_, color>, b: tuple<u8, u16, s8, s16, s32, u64>) -> result<same>;
        }
        world w { import all; export all; }",
    );
}

#[test]
fn what_interfaces_use_of_each_other_stays_one_type() {
    check(
        "interface pool { record size { n: u32 } resource cart { constructor(s: size); add: func(other: borrow<cart>) -> cart; } }
        interface shop { use pool.{cart, size as extent}; record box { cart: cart, extent: extent } sell: func(b: box) -> own<cart>; }
        interface post { use shop.{box}; use pool.{cart}; send: func(box: box, c: borrow<cart>) -> list<cart>; }
        world w { import post; export shop; export post; }",
    );
    check(
        "interface pool { resource cart; }
        interface shop { use pool.{cart}; sell: func(c: cart) -> option<cart>; }
        world w { import pool; export shop; }",
    );
    check(
        "interface pool { resource cart { constructor(); } resource lot; join: func(a: cart, b: lot); }
        world w { import pool; export pool; }",
    );
}

#[test]
fn types_at_the_root_of_a_world_are_encoded() {
    check(
        "interface pool { resource cart; record size { n: u32 } }
        world w {
            use pool.{cart, size};
            record own-one { s: size }
            import take: func(c: cart, o: own-one) -> size;
            export give: func(c: borrow<cart>) -> own-one;
        }",
    );
}

#[test]
fn asynchronous_functions_streams_and_futures_are_encoded() {
    check(
        "interface later { f: async func(s: stream<u8>) -> future<string>; g: func() -> tuple<stream, future>; }
        world w { import later; }",
    );
}

#[test]
fn versions_stay_in_names() {
    check(
        "interface a { f: func(); } world w { import test:other/b@1.2.3; export a; } package test:other@1.2.3 { interface b { record r { a: u8 } f: func(r: r); } }",
    );
}

#[test]
fn a_component_is_not_of_the_type_of_another_world() {
    let one = component("package test:encoding; interface a { f: func(); } world w { export a; }");
    let other = component("package test:encoding; interface a { f: func(n: u8); } world w { export a; }");
    let other = World::of_component(&other).unwrap();
    let claim = claim(&one, &other.to_type_section());
    assert!(matches!(World::of_export(&claim, "subject", WasmFeatures::all()), Err(DecodeError::Invalid { .. })));
}

#[test]
fn an_export_that_is_no_component_has_no_world() {
    let component = component("package test:encoding; interface a { f: func(); } world w { export a; }");
    let error = World::of_export(&component, "test:encoding/a", WasmFeatures::all()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a component whose type WIT cannot express: no component is exported as `test:encoding/a`"
    );
}
