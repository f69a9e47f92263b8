//! What is said about bytes that are no component, and that no bytes make it panic.

use std::error::Error;

use insta::assert_snapshot;
use wit::{DecodeError, ExternName, ItemKind, Package, World};

use crate::synthesis::component;

const WIT: &str = "
    package test:decoding;
    interface types { resource cart { add: func(id: u64); } record item { id: u64, name: option<string> } }
    interface api { use types.{cart, item}; find: func(cart: borrow<cart>, ids: list<u64>) -> result<item, string>; }
    world w { import types; import log: func(line: string); export api; }
";

#[track_caller]
fn check(bytes: &[u8]) -> String {
    World::of_component(bytes).unwrap_err().to_string()
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn names<'a>(names: impl Iterator<Item = (&'a ExternName, wit::Item<'a>)>) -> Vec<(String, ItemKind)> {
    names.map(|(name, item)| (name.to_string(), item.kind())).collect()
}

#[test]
fn recognizes_what_is_no_component() {
    assert_snapshot!(check(b""), @"the file is empty");
    assert_snapshot!(check(b"#!/bin/sh\nexit"), @"not a WebAssembly binary: it starts with `#!/bin/s`");
    assert_snapshot!(check(b"\x7fELF\x02\x01\x01\x00\x00\x00"), @r#"not a WebAssembly binary: it starts with `\x7fELF\x02\x01\x01\x00`"#);
    assert_snapshot!(check(b"PK"), @"not a WebAssembly binary: it starts with `PK`");
    assert_snapshot!(check(b"\0as"), @"truncated: the 3 bytes end within what starts at offset 0");
    assert_snapshot!(check(b"\0asm\x01\0\0\0"), @"a core WebAssembly module, not a component");
    assert_snapshot!(check(b"\0asm\x0d\0\x07\0"), @"not a valid component: unknown binary version:    0x7000d (at offset 0x4)");
    assert_snapshot!(check(&wat("(module (func (export \"run\")))")), @"a core WebAssembly module, not a component");
}

#[test]
fn recognizes_an_encoded_wit_package() {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("test.wit", WIT).unwrap();
    assert_snapshot!(check(&wit_component::encode(&resolve, package).unwrap()), @"an encoded WIT package, not a component");
}

#[test]
fn says_what_is_invalid() {
    let mut bytes = component(WIT);
    bytes.push(0x7f);
    bytes.push(0);
    assert_snapshot!(check(&bytes), @"not a valid component: malformed section id: 127 (at offset 0x812)");
}

#[test]
fn says_what_wit_cannot_express() {
    assert_snapshot!(check(&wat("(component (import \"m\" (core module)))")), @"a component whose type WIT cannot express: the import `m` is a core module");
    assert_snapshot!(check(&wat("(component (import \"c\" (component)))")), @"a component whose type WIT cannot express: the import `c` is a component");
    assert_snapshot!(check(&wat("(component (component $c) (export \"c\" (component $c)))")), @"a component whose type WIT cannot express: the export `c` is a component");
    assert_snapshot!(check(&wat("(component (import \"i\" (instance (export \"nested\" (instance)))))")), @"a component whose type WIT cannot express: `nested` of the import `i` is an instance");
    assert_snapshot!(check(&wat("(component (type $f (func)) (export \"f\" (type $f)) (import \"g\" (func)))")), @"a component whose type WIT cannot express: the export `f` is the type of a function");
}

#[test]
fn every_cut_of_a_component_is_an_error_or_a_shorter_component() {
    let bytes = component(WIT);
    assert!(World::of_component(&bytes).is_ok());
    let mut truncated = 0;
    for size in 1..bytes.len() {
        match World::of_component(&bytes[..size]) {
            Err(DecodeError::Truncated { size: reported, offset }) => {
                assert_eq!(reported, size);
                assert!(offset <= size);
                truncated += 1;
            }
            // The cut is between two sections.
            Ok(_) | Err(DecodeError::Invalid { .. }) => {}
            Err(error) => panic!("{size}: {error}"),
        }
    }
    assert!(truncated * 10 > bytes.len() * 9, "{truncated} of {} cuts are recognized", bytes.len());
    assert_snapshot!(check(&bytes[..bytes.len() - 1]), @"truncated: the 2063 bytes end within what starts at offset 2015");
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let bytes = component(WIT);
    // A linear congruential generator: the same changes in every run.
    let mut state: u64 = 1;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut read = 0;
    for _ in 0..5_000 {
        let mut changed = bytes.clone();
        for _ in 0..=next(3) {
            let at = next(changed.len());
            changed[at] = next(256).to_le_bytes()[0];
        }
        if let Ok(world) = World::of_component(&changed) {
            read += 1;
            world.to_wit();
            for (_, item) in world.imports().chain(world.exports()) {
                item.resources();
                assert_eq!(item.mismatches(&item), []);
            }
        }
    }
    assert!(read > 0);
}

#[test]
fn lists_imports_and_exports_in_the_components_order() {
    let world = World::from_text("test.wit", WIT, None).unwrap();
    assert_eq!(
        names(world.imports()),
        [("test:decoding/types".to_owned(), ItemKind::Interface), ("log".to_owned(), ItemKind::Function)]
    );
    let api = world.export(&"test:decoding/api".into()).unwrap();
    assert_eq!(api.functions().collect::<Vec<_>>(), ["find"]);
    assert_eq!(world.import(&"log".into()).unwrap().functions().collect::<Vec<_>>(), ["log"]);
    assert!(world.import(&"test:decoding/api".into()).is_none());
}

#[test]
fn extra_exports_at_the_root_are_plain() {
    let bytes = wat(r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (component $nested (import "f" (func $f)) (export "g" (func $f)))
            (instance $n (instantiate $nested (with "f" (func $f))))
            (instance $exports (export "inner" (func $f)))
            (export "exports" (instance $exports))
            (export "init" (func $f))
            (export "test:nested/api@1.0.0" (instance $n)))"#);
    let world = World::of_component(&bytes).unwrap();
    assert_eq!(
        names(world.exports()),
        [
            ("exports".to_owned(), ItemKind::Interface),
            ("init".to_owned(), ItemKind::Function),
            ("test:nested/api@1.0.0".to_owned(), ItemKind::Interface),
        ]
    );
    assert_eq!(world.export(&"test:nested/api@1.0.0".into()).unwrap().functions().collect::<Vec<_>>(), ["g"]);
}

#[test]
fn a_nested_binary_may_be_the_last_of_all() {
    for text in [
        "(component (core module (func)))",
        "(component (component (core module (func) (data \"x\"))))",
        "(component (component (component)))",
    ] {
        World::of_component(&wat(text)).expect(text);
    }
}

#[test]
fn a_code_section_may_not_leave_its_module() {
    let mut bytes = wat("(component (core module (func)) (core module (func)))");
    let body = [10, 4, 1, 2, 0, 11];
    let at = bytes.windows(body.len()).position(|window| window == body).unwrap();
    bytes[at + 1] = 20;
    assert_snapshot!(check(&bytes), @"not a valid component: section too large, 20 goes past 0x22 (at offset 0x1d)");
}

#[test]
fn canonical_names_are_interfaces() {
    let bytes = wat(r#"(component (import "wasi:io/streams@0.2" (versionsuffix ".6") (instance)))"#);
    let world = World::of_component(&bytes).unwrap();
    let (name, _) = world.imports().next().unwrap();
    assert!(name.same_track(&"wasi:io/streams@0.2.6".into()));
}

#[test]
fn handles_of_a_closed_over_resource_are_refused() {
    let imported = r#"(component (type $r (resource (rep i32))) (import "f" (func (param "x" (own $r)))))"#;
    assert_snapshot!(check(&wat(imported)), @"not a valid component: func not valid to be used as import (at offset 0x1a)");
    let packaged = r#"(component
            (type $r (resource (rep i32)))
            (type $w (component
                (alias outer 1 $r (type $a))
                (type $inner (component
                    (alias outer 1 $a (type $b))
                    (import "f" (func (param "x" (own $b))))))
                (export "a:b/w" (component (type $inner)))))
            (export "w" (type $w)))"#;
    assert_snapshot!(Package::from_bytes("a:b", &wat(packaged)).unwrap_err().source().unwrap(), @"not a valid component: func not valid to be used as import (at offset 0xe)");
}
