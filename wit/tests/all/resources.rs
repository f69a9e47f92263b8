//! Where the resources of components get their identity from.

use insta::assert_snapshot;
use wit::{Item, ResourceOrigin, World};

use crate::synthesis::{Instance, component, composition, valid};

const PACKAGES: &str = "
    interface pool { resource cart; }
    interface shop { use pool.{cart}; record box { cart: cart } sell: func(cart: cart); }
    interface post { use shop.{box}; send: func(box: box); }
";

/// The resources of all imports and exports of a component of the world, a line each.
#[track_caller]
fn check(world: &str) -> String {
    let wit = format!("package test:resources; {PACKAGES} world w {{ {world} }}");
    let component = World::of_component(&component(&wit)).unwrap();
    let text = World::from_text("test.wit", &wit, None).unwrap();
    let listed = listed(&component);
    // A component imports less than its world where it uses less; what it exports is the same.
    let exports =
        |listed: &str| listed.lines().filter(|line| line.starts_with("export")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(exports(&listed), exports(&self::listed(&text)));
    listed
}

fn listed(world: &World) -> String {
    let lines = |side: &'static str, item: Item<'_>| {
        let name = item.name().to_string();
        let line = move |resource: wit::Resource| {
            let origin = match resource.origin {
                ResourceOrigin::Import { interface, resource } => format!("import {interface}.{resource}"),
                ResourceOrigin::Export { interface, resource } => format!("export {interface}.{resource}"),
            };
            format!("{side} {name}.{}: {origin}", resource.name)
        };
        item.resources().into_iter().map(line).collect::<Vec<_>>()
    };
    let imports = world.imports().flat_map(|(_, item)| lines("import", item));
    let exports = world.exports().flat_map(|(_, item)| lines("export", item));
    imports.chain(exports).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_exporter_owns_its_resources() {
    assert_snapshot!(check("export pool; export shop;"), @r"
        export test:resources/pool.cart: export test:resources/pool.cart
        export test:resources/shop.cart: export test:resources/pool.cart
    ");
}

#[test]
fn an_importer_has_its_resources_from_the_first_import_that_has_them() {
    assert_snapshot!(check("import shop;"), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        import test:resources/shop.cart: import test:resources/pool.cart
    ");
}

#[test]
fn an_export_may_have_resources_of_an_import() {
    assert_snapshot!(check("import pool; export shop;"), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        export test:resources/shop.cart: import test:resources/pool.cart
    ");
}

#[test]
fn a_resource_that_is_imported_and_exported_is_two() {
    assert_snapshot!(check("import pool; import shop; export pool; export shop;"), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        import test:resources/shop.cart: import test:resources/pool.cart
        export test:resources/pool.cart: export test:resources/pool.cart
        export test:resources/shop.cart: export test:resources/pool.cart
    ");
}

#[test]
fn resources_within_other_types_are_exposed() {
    assert_snapshot!(check("import pool; import shop; export post;"), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        import test:resources/shop.cart: import test:resources/pool.cart
        export test:resources/post.cart: import test:resources/pool.cart
    ");
}

#[test]
fn functions_and_types_at_the_root_expose_resources() {
    assert_snapshot!(check("use pool.{cart as basket}; import sell: func(basket: basket); export buy: func() -> basket;"), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        import basket.basket: import test:resources/pool.cart
        import sell.cart: import test:resources/pool.cart
        export buy.cart: import test:resources/pool.cart
    ");
}

#[test]
fn an_instance_that_is_passed_on_keeps_its_identity() {
    let bytes = wat(r#"(component
            (import "test:resources/pool" (instance $pool (export "cart" (type (sub resource)))))
            (export "test:resources/pool" (instance $pool))
            (export "other" (instance $pool)))"#);
    assert_snapshot!(listed(&World::of_component(&bytes).unwrap()), @r"
        import test:resources/pool.cart: import test:resources/pool.cart
        export test:resources/pool.cart: import test:resources/pool.cart
        export other.cart: import test:resources/pool.cart
    ");
}

#[test]
fn a_consumer_accepts_the_same_resource_from_wherever_the_type_checker_does() {
    let wit = |world: &str| component(&format!("package test:resources; {PACKAGES} world w {{ {world} }}"));
    let [owner, passer, consumer] =
        [wit("export pool;"), wit("import pool; export shop;"), wit("import pool; import shop;")];
    let [pool, shop] = ["test:resources/pool", "test:resources/shop"];
    let [passer_world, consumer_world] = [&passer, &consumer].map(|bytes| World::of_component(bytes).unwrap());
    let mismatches =
        passer_world.export(&shop.into()).unwrap().mismatches(&consumer_world.import(&shop.into()).unwrap());
    assert_eq!(mismatches, []);
    let linked = |pool_of_consumer| {
        valid(&composition(&[
            Instance { component: &owner, links: &[] },
            Instance { component: &owner, links: &[] },
            Instance { component: &passer, links: &[(pool, 0, pool)] },
            Instance { component: &consumer, links: &[(pool, pool_of_consumer, pool), (shop, 2, shop)] },
        ]))
    };
    assert_eq!(linked(0), Ok(()));
    // The interfaces fit, but the cart is another instance's: what origins are for.
    let refusal = linked(1).unwrap_err();
    assert!(refusal.contains("resource types are not the same"), "{refusal}");
}

#[test]
fn the_order_of_exports_does_not_matter() {
    let provider = wat(r#"(component
            (type $cart' (resource (rep i32)))
            (instance $pool (export "cart" (type $cart')))
            (component $seller
                (import "cart" (type $cart (sub resource)))
                (export "cart" (type $cart)))
            (instance $shop (instantiate $seller (with "cart" (type $cart'))))
            (export "test:resources/shop" (instance $shop))
            (export "test:resources/pool" (instance $pool)))"#);
    let wit = "package test:resources;
        interface pool { resource cart; }
        interface shop { use pool.{cart}; }
        world w { import pool; import shop; }";
    let provider = World::of_component(&provider).unwrap();
    let consumer = World::from_text("test.wit", wit, None).unwrap();
    for name in ["test:resources/pool", "test:resources/shop"] {
        let mismatches = provider.export(&name.into()).unwrap().mismatches(&consumer.import(&name.into()).unwrap());
        assert_eq!(mismatches, []);
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}
