//! Chains: ordered middleware over one interface.

use crate::steps::{check, embedded, exports, step};

#[test]
fn three_members_wrap_one_another_in_the_order_of_the_chain() {
    let components =
        || [("inner", step("a", None, 1)), ("middle", step("a", Some("a"), 2)), ("outer", step("a", Some("a"), 3))];
    check("[chains]\n\"t:steps/a\" = [\"outer\", \"middle\", \"inner\"]", components(), "a#f(5)", "5123");
    check("[chains]\n\"t:steps/a\" = [\"middle\", \"outer\", \"inner\"]", components(), "a#f(5)", "5132");
}

#[test]
fn a_consumer_outside_a_chain_gets_its_outermost_member() {
    let built = check(
        "[chains]\n\"t:steps/b\" = [\"outer\", \"inner\"]",
        [("front", step("a", Some("b"), 7)), ("inner", step("b", None, 1)), ("outer", step("b", Some("b"), 2))],
        "a#f(5)",
        "5127",
    );
    assert_eq!(exports(&built), ["t:steps/a@1.0.0"]);
}

#[test]
fn the_last_member_is_linked_as_if_there_were_no_chain() {
    check(
        "[chains]\n\"t:steps/a\" = [\"outer\", \"inner\"]",
        [("outer", step("a", Some("a"), 2)), ("inner", step("a", Some("b"), 1)), ("base", step("b", None, 4))],
        "a#f(5)",
        "5412",
    );
}

#[test]
fn an_explicit_link_goes_before_a_chain() {
    check(
        "[chains]\n\"t:steps/b\" = [\"outer\", \"inner\"]\n[links.front]\n\"t:steps/b\" = \"inner\"\n[exports]\n\"t:steps/a\" = \"front\"",
        [("front", step("a", Some("b"), 7)), ("inner", step("b", None, 1)), ("outer", step("b", Some("b"), 2))],
        "a#f(5)",
        "517",
    );
}

#[test]
fn one_component_can_stand_twice_in_a_chain_as_two_instances() {
    let manifest = r#"
        [instances]
        outer = { component = "layer" }
        inner = { component = "layer" }
        [chains]
        "t:steps/a" = ["outer", "inner", "base"]
    "#;
    let layer = step("a", Some("a"), 2);
    let built = check(manifest, [("layer", layer.clone()), ("base", step("a", None, 1))], "a#f(5)", "5122");
    assert_eq!(embedded(&built, &layer), 1);
}
