//! Whether a component is what its target world asks for.

use insta::assert_snapshot;
use wit::{World, conformance, extra_exports};

use crate::synthesis::component;

const PACKAGES: &str = "
    package wasi:io@0.2.0 { interface streams { resource input { read: func(size: u64) -> list<u8>; } } }
    package wasi:io@0.2.6 { interface streams { resource input { read: func(size: u64) -> list<u8>; skip: func(size: u64); } } }
    package wasi:io@0.3.0 { interface streams { resource input; f: func(); } }
    package wasi:http@0.2.0 { interface handler { handle: func(path: string) -> u16; } }
    package wasi:http@0.2.6 { interface handler { handle: func(path: string) -> u16; } }
    package wasi:http@0.2.7 { interface handler { handle: func(path: list<u8>) -> u16; } }
    package shop:log@1.0.0 { interface log { line: func(text: string); } }
    package shop:pen@1.0.0 { interface pens { resource pen; } interface paper { use pens.{pen}; write: func(pen: pen); } }
";

/// All nonconformance of a component of the one world to the other, as a text.
#[track_caller]
fn check(world: &str, target: &str) -> String {
    let wit = |world: &str| format!("package test:conforming; world w {{ {world} }} {PACKAGES}");
    let component = World::of_component(&component(&wit(world))).unwrap();
    let target = World::from_text("target.wit", &wit(target), None).unwrap();
    conformance(&component, &target).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_component_of_the_world_conforms() {
    let world = "import wasi:io/streams@0.2.0; export wasi:http/handler@0.2.0; export run: func();";
    assert_eq!(check(world, world), "");
}

#[test]
fn versions_of_a_track_conform_both_ways() {
    assert_eq!(check("import wasi:io/streams@0.2.0;", "import wasi:io/streams@0.2.6;"), "");
    assert_eq!(check("export wasi:http/handler@0.2.0;", "export wasi:http/handler@0.2.6;"), "");
    assert_eq!(check("export wasi:http/handler@0.2.6;", "export wasi:http/handler@0.2.0;"), "");
}

#[test]
fn of_several_versions_the_very_one_counts_and_else_the_highest() {
    let both = "export wasi:http/handler@0.2.6; export wasi:http/handler@0.2.7;";
    assert_eq!(check(both, "export wasi:http/handler@0.2.6;"), "");
    assert_snapshot!(check(both, "export wasi:http/handler@0.2.0;"), @r"
        `wasi:http/handler@0.2.7` is exported with another type
          wasi:http/handler.handle.path: expected string, found list<u8>
    ");
}

#[test]
fn a_newer_import_has_to_be_in_what_the_target_has() {
    assert_snapshot!(check("import wasi:io/streams@0.2.6;", "import wasi:io/streams@0.2.0;"), @r"
        `wasi:io/streams@0.2.6` is imported with another type than the target world gives it
          wasi:io/streams.input.skip: expected func(self: borrow<input>, size: u64), found nothing
    ");
}

#[test]
fn more_imports_than_the_target_do_not_conform() {
    assert_snapshot!(check("import wasi:io/streams@0.3.0; import shop:log/log@1.0.0;", "import wasi:io/streams@0.2.0;"), @r"
        `wasi:io/streams@0.3.0` is imported, but not by the target world; there is `wasi:io/streams@0.2.0`
        `shop:log/log@1.0.0` is imported, but not by the target world
    ");
}

#[test]
fn fewer_imports_and_more_exports_conform() {
    assert_eq!(
        check("export run: func(); export more: func();", "import wasi:io/streams@0.2.0; export run: func();"),
        ""
    );
    let component =
        World::from_text("a.wit", "package a:a; world w { export run: func(); export more: func(); }", None).unwrap();
    let target = World::from_text("b.wit", "package a:a; world w { export run: func(); }", None).unwrap();
    assert_eq!(extra_exports(&component, &target).map(ToString::to_string).collect::<Vec<_>>(), ["more"]);
}

#[test]
fn missing_exports_are_reported_with_what_may_be_meant() {
    assert_snapshot!(check("export rum: func();", "export run: func(); export wasi:http/handler@0.2.0;"), @r"
        `run` is not exported; there is `rum`
        `wasi:http/handler@0.2.0` is not exported
    ");
    assert_snapshot!(check("export wasi:io/streams@0.2.0;", "export wasi:io/streams@0.3.0;"), @"`wasi:io/streams@0.3.0` is not exported; there is `wasi:io/streams@0.2.0`");
}

#[test]
fn exports_of_another_type_are_explained() {
    assert_snapshot!(check("export wasi:http/handler@0.2.7; export run: func(code: u8);", "export wasi:http/handler@0.2.0; export run: func(code: u16);"), @r"
        `run` is exported with another type
          run.code: expected u16, found u8
        `wasi:http/handler@0.2.7` is exported with another type
          wasi:http/handler.handle.path: expected string, found list<u8>
    ");
}

#[test]
fn an_imported_resource_is_not_an_exported_one() {
    let imported = "import shop:pen/pens@1.0.0; export shop:pen/paper@1.0.0;";
    assert_eq!(check(imported, imported), "");
    assert_snapshot!(check("export shop:pen/pens@1.0.0; export shop:pen/paper@1.0.0;", imported), @r"
        `shop:pen/paper@1.0.0` is exported with another type
          shop:pen/paper.pen: expected imported resource shop:pen/pens@1.0.0.pen, found exported resource shop:pen/pens@1.0.0.pen
    ");
}
