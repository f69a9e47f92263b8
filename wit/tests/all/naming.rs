//! Which types an import or export needs another one to name.

use insta::assert_snapshot;
use wit::{ForeignType, Item, World};

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
    let imported = component.imports().flat_map(|(_, item)| lines("import", item));
    let exported = component.exports().flat_map(|(_, item)| lines("export", item));
    imported.chain(exported).collect::<Vec<_>>().join("\n")
}

fn lines(side: &str, item: Item<'_>) -> Vec<String> {
    let line = |foreign: ForeignType| {
        let named = match foreign {
            ForeignType::Import { interface, name } => format!("import {interface}.{name}"),
            ForeignType::Export { interface, name } => format!("export {interface}.{name}"),
        };
        format!("{side} {} needs {named}", item.name())
    };
    item.foreign_types().into_iter().map(line).collect()
}

#[test]
fn an_interface_names_its_own_types() {
    assert_snapshot!(check("export base;"), @"");
}

#[test]
fn an_interface_names_what_it_uses_but_not_what_is_within() {
    assert_snapshot!(check("export shop;"), @"export test:naming/shop needs import test:naming/base.money");
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
    import item needs import test:naming/items.item
    import item needs import test:naming/base.money
    export find needs import test:naming/items.item
    export find needs import test:naming/base.money
    ");
    assert_snapshot!(check("use base.{cart}; export pay: func(cart: borrow<cart>);"), @"
    import cart needs import test:naming/base.cart
    export pay needs import test:naming/base.cart
    ");
}

#[test]
fn a_type_that_is_defined_at_the_root_is_not_foreign() {
    assert_snapshot!(check("record point { x: u32 } import plot: func(point: point); export draw: func(point: point);"), @"");
}
