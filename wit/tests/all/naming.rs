//! Which types an import or export needs another one to name.

use insta::assert_snapshot;
use wasm_encoder::{
    ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentSection, ComponentTypeRef,
};
use wasmparser::WasmFeatures;
use wit::{ForeignType, Item, Side, TypeName, World};

use crate::synthesis::component;

const PACKAGES: &str = "
    interface base { record money { amount: u32 } resource cart; type amounts = list<u32>; }
    interface items { use base.{money}; record item { price: money, others: list<option<money>> } }
    interface shop { use items.{item}; find: func() -> result<item, string>; }
    interface till { use base.{cart, amounts}; record receipt { amounts: amounts } pay: func(cart: cart) -> receipt; }
";

/// The foreign types of all imports and exports of a component of the world, a line each.
#[track_caller]
fn check(world: &str) -> String {
    let wit = format!("package test:naming; {PACKAGES} world w {{ {world} }}");
    let component = World::of_component(&component(&wit)).unwrap();
    let lines = needs(&component);
    // Components of the type that the world is encoded as need the same.
    assert_eq!(needs(&of_type(&component)), lines);
    assert!(of_type(&component).is_named_as(&component));
    lines.join("\n")
}

/// The world of the components that are of the type of a world.
fn of_type(world: &World) -> World {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend(world.to_type_section());
    let mut imports = ComponentImportSection::new();
    imports.import("c", ComponentTypeRef::Component(0));
    imports.append_to_component(&mut bytes);
    let mut exports = ComponentExportSection::new();
    exports.export("e", ComponentExportKind::Component, 0, None);
    exports.append_to_component(&mut bytes);
    World::of_export(&bytes, "e", WasmFeatures::all()).unwrap()
}

fn needs(component: &World) -> Vec<String> {
    let imported = component.imports().flat_map(|(_, item)| lines("import", item));
    let exported = component.exports().flat_map(|(_, item)| lines("export", item));
    imported.chain(exported).collect()
}

fn lines(side: &str, item: Item<'_>) -> Vec<String> {
    let line = |foreign: ForeignType| format!("{side} {} needs {}", item.name(), named(&foreign.names));
    let needs = item.foreign_types().into_iter().map(line);
    let renamed = Some(item.renamed_type()).filter(|names| !names.is_empty());
    let is = renamed.map(|names| format!("{side} {} is {}", item.name(), named(names)));
    is.into_iter().chain(needs).collect()
}

/// `import a:b/c.item or export a:b/c.item`
fn named(names: &[TypeName]) -> String {
    let named = names.iter().map(|TypeName { side, owner, name }| match side {
        Side::Import => format!("import {owner}.{name}"),
        Side::Export => format!("export {owner}.{name}"),
    });
    named.collect::<Vec<_>>().join(" or ")
}

#[test]
fn an_interface_names_its_own_types() {
    assert_snapshot!(check("export base;"), @"");
}

#[test]
fn an_interface_names_what_it_uses_but_not_what_is_within() {
    assert_snapshot!(check("export shop;"), @"export test:naming/shop needs import test:naming/items.money");
}

#[test]
fn an_export_names_for_another() {
    assert_snapshot!(check("export base; export items; export shop;"), @"export test:naming/shop needs export test:naming/items.money");
}

#[test]
fn lists_need_no_name() {
    assert_snapshot!(check("export till;"), @"");
}

#[test]
fn a_function_at_the_root_names_nothing() {
    assert_snapshot!(check("use items.{item}; export find: func() -> option<item>;"), @"
    import item is import test:naming/items.item
    import item needs import test:naming/items.money
    export find needs import item.item
    ");
    assert_snapshot!(check("use base.{cart}; export pay: func(cart: borrow<cart>);"), @"
    import cart is import test:naming/base.cart
    export pay needs import cart.cart
    ");
}

#[test]
fn a_name_stands_for_its_own_type_alone() {
    // `money` of `items` is another name than `money` of `base`, and each needs what is within it.
    assert_snapshot!(check("export base; export items; export till; export shop;"), @"export test:naming/shop needs export test:naming/items.money");
    assert_snapshot!(check("import base; export items; export shop;"), @"export test:naming/shop needs export test:naming/items.money");
    assert_snapshot!(check("use items.{item}; type thing = item; export find: func() -> thing;"), @"
    import item is import test:naming/items.item
    import item needs import test:naming/items.money
    import thing is import item.item
    import thing needs import test:naming/items.money
    export find needs import thing.thing
    ");
}

#[test]
fn an_instance_that_is_passed_on_has_its_types_under_several_names() {
    let text = r#"(component
        (import "a:b/one" (instance $one (export "r" (type (sub resource)))))
        (alias export $one "r" (type $r))
        (import "a:b/two" (instance $two (alias outer 1 $r (type $r)) (export "r" (type (eq $r)))))
        (export "a:b/one" (instance $one))
        (export "a:b/more" (instance $one)))"#;
    let world = World::of_component(&wat::parse_str(text).unwrap()).unwrap();
    let names = |export: &str| named(world.export(&export.into()).unwrap().names_of_type("r"));
    assert_snapshot!(names("a:b/more"), @"import a:b/one.r or export a:b/one.r or export a:b/more.r");
    assert_eq!(names("a:b/one"), names("a:b/more"));
    assert_snapshot!(named(world.import(&"a:b/two".into()).unwrap().names_of_type("r")), @"import a:b/two.r");
}

#[test]
fn a_type_at_the_root_is_named_by_the_world_itself() {
    assert_snapshot!(check("record point { x: u32 } import plot: func(point: point); export draw: func(point: point);"), @"
    import plot needs import point.point
    export draw needs import point.point
    ");
}

#[test]
fn worlds_with_the_same_interfaces_may_be_named_differently() {
    let world = |names: &str| {
        let text = format!(
            r#"(component
                (import "a:b/one" (instance $one (type $r' (record (field "x" u32))) (export "r" (type $r (eq $r'))) {names})))"#
        );
        World::of_component(&wat::parse_str(text).unwrap()).unwrap()
    };
    let one = world(r#"(export "s" (type $s (eq $r))) (export "f" (func (param "p" $r)))"#);
    assert!(one.is_named_as(&one));
    assert!(!one.is_named_as(&world(r#"(export "f" (func (param "p" $r)))"#)));
}
