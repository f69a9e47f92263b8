//! Resources: a handle means the same thing to everybody who gets it.

use compose_tests::{execution::invoke, guest::Guest};

use crate::steps::{application, check, exports};

/// A catalog of items that know their value, and an interface over items that somebody else implements.
const SHOP: &str = "package t:shop@1.0.0 {
  interface catalog { resource item { constructor(value: u32); value: func() -> u32; } }
  interface pricing { use catalog.{item}; price: func(item: borrow<item>) -> u32; }
}";

fn catalog() -> Vec<u8> {
    Guest::new("export t:shop/catalog@1.0.0;", SHOP)
        .body("catalog#[constructor]item", "(call $item.new (local.get 0))")
        .body("catalog#[method]item.value", "(local.get 0)")
        .component()
}

/// Asks the item itself, and takes ten times that.
fn pricing() -> Vec<u8> {
    Guest::new("import t:shop/catalog@1.0.0; export t:shop/pricing@1.0.0;", SHOP)
        .body(
            "pricing#price",
            "(local $price i32)
             (local.set $price (i32.mul (call $catalog.method.item.value (local.get 0)) (i32.const 10)))
             (call $catalog.drop.item (local.get 0))
             (local.get $price)",
        )
        .component()
}

/// Makes an item and asks the item itself.
fn direct() -> Vec<u8> {
    Guest::new("import t:shop/catalog@1.0.0; export run: func(value: u32) -> u32;", SHOP)
        .body("run", "(call $catalog.method.item.value (call $catalog.constructor.item (local.get 0)))")
        .component()
}

/// Makes an item and lends it to who knows its price.
fn through_pricing() -> Vec<u8> {
    let world = "import t:shop/catalog@1.0.0; import t:shop/pricing@1.0.0; export run: func(value: u32) -> u32;";
    Guest::new(world, SHOP)
        .body(
            "run",
            "(local $item i32) (local $price i32)
             (local.set $item (call $catalog.constructor.item (local.get 0)))
             (local.set $price (call $pricing.price (local.get $item)))
             (call $catalog.drop.item (local.get $item))
             (local.get $price)",
        )
        .component()
}

#[test]
fn a_consumer_uses_a_resource_of_a_provider() {
    check("", [("front", direct()), ("catalog", catalog())], "run(7)", "7");
}

#[test]
fn a_resource_keeps_its_identity_through_a_third_component() {
    check("", [("front", through_pricing()), ("pricing", pricing()), ("catalog", catalog())], "run(7)", "70");
}

#[test]
fn a_resource_goes_through_two_instances_of_its_provider_apart() {
    let manifest = r#"
        [instances]
        one = { component = "catalog" }
        two = { component = "catalog" }
        [links.front]
        "t:shop/catalog" = "one"
        [links.pricing]
        "t:shop/catalog" = "one"
        [links.other]
        "t:shop/catalog" = "two"
        [exports]
        "run" = "front"
        "t:shop/catalog" = "two"
    "#;
    let built = application(
        manifest,
        [("front", through_pricing()), ("pricing", pricing()), ("other", direct()), ("catalog", catalog())],
    )
    .build();
    assert_eq!(invoke(&built.bytes, "run(7)"), "70");
    assert_eq!(exports(&built), ["run", "t:shop/catalog@1.0.0"]);
}

#[test]
fn a_resource_keeps_its_identity_through_an_application_within_an_application() {
    for lines in [["catalog", "pricing"], ["pricing", "catalog"]] {
        let sandbox = application("inner = { path = \"inner\" }\n", [("front", through_pricing())]);
        let exports = lines.map(|name| format!("\"t:shop/{name}\" = \"{name}\"\n")).concat();
        let components = "catalog = { path = \"catalog.wasm\" }\npricing = { path = \"pricing.wasm\" }\n";
        sandbox.write("inner/compose.toml", format!("[components]\n{components}[exports]\n{exports}"));
        sandbox.write("inner/catalog.wasm", catalog());
        sandbox.write("inner/pricing.wasm", pricing());
        assert_eq!(invoke(&sandbox.build().bytes, "run(7)"), "70");
    }
}

#[test]
fn an_exported_interface_names_the_resources_that_it_uses() {
    let components = [("pricing", pricing()), ("catalog", catalog())];
    let built = application("[exports]\n\"t:shop/pricing\" = \"pricing\"\n", components).build();
    assert_eq!(exports(&built), ["t:shop/pricing@1.0.0"]);
}
