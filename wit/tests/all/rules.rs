//! Every rule is what its pair of WIT files shows, and breaks whom the type checker refuses.

use wit::compatibility::{Bump, Level, Rule, Side};

use crate::proof::{changes, prove_by_guests, prove_by_worlds, with_worlds};

/// The rules of interfaces, but for those of the names that `guests_run` does not mind.
fn rules_of_interfaces() -> impl Iterator<Item = &'static Rule> {
    Rule::all().filter(|rule| !has_worlds(rule.before) && !rule.id.starts_with("package-"))
}

fn has_worlds(wit: &str) -> bool {
    wit.lines().any(|line| line.starts_with("world "))
}

#[test]
fn every_pair_shows_its_change_and_no_other() {
    for rule in Rule::all() {
        let changes = changes(rule.before, rule.after);
        let [change] = &changes[..] else { panic!("{}: {changes:#?}", rule.id) };
        assert_eq!(change.rule.id, rule.id);
        assert_eq!(change.requires, rule.requires, "{}", rule.id);
        if !has_worlds(rule.before) {
            assert_eq!(change.breaks.iter().copied().collect::<Vec<_>>(), rule.breaks, "{}", rule.id);
        }
    }
}

#[test]
fn an_unchanged_text_shows_no_change() {
    for rule in Rule::all() {
        for text in [rule.before, rule.after] {
            assert_eq!(changes(text, text), [], "{}", rule.id);
        }
    }
}

#[test]
fn guests_of_every_pair_link_exactly_when_the_rule_says_so() {
    for rule in Rule::all().filter(|rule| !has_worlds(rule.before)) {
        prove_by_guests(rule.before, rule.after);
        prove_by_guests(rule.before, rule.before);
        prove_by_guests(rule.after, rule.after);
    }
}

#[test]
fn worlds_of_every_pair_run_exactly_when_the_rule_says_so() {
    for rule in Rule::all().filter(|rule| has_worlds(rule.before)) {
        prove_by_worlds(rule.before, rule.after);
        prove_by_worlds(rule.before, rule.before);
    }
}

#[test]
fn a_world_that_imports_the_interface_of_a_pair_runs_exactly_when_the_rule_says_so() {
    for rule in rules_of_interfaces() {
        prove_by_worlds(&with_worlds(rule.before, "import"), &with_worlds(rule.after, "import"));
    }
}

#[test]
fn a_world_that_exports_the_interface_of_a_pair_runs_exactly_when_the_rule_says_so() {
    for rule in rules_of_interfaces() {
        prove_by_worlds(&with_worlds(rule.before, "export"), &with_worlds(rule.after, "export"));
    }
}

#[test]
fn the_table_is_consistent() {
    let mut ids = std::collections::BTreeSet::new();
    for rule in Rule::all() {
        assert!(ids.insert(rule.id), "`{}` is there twice", rule.id);
        assert_eq!(Rule::find(rule.id), Some(rule));
        assert!(rule.explanation.ends_with('.') && !rule.what.ends_with('.'), "{}", rule.id);
        assert!(rule.breaks.is_sorted(), "{}", rule.id);
        // Only what breaks nobody may pass unnoticed.
        assert!(rule.breaks.is_empty() || rule.level == Level::Deny, "{}", rule.id);
        let breaks_guests = rule.breaks.contains(&Side::Importer) || rule.breaks.contains(&Side::Source);
        assert_eq!(rule.requires == Bump::Major, breaks_guests, "{}", rule.id);
    }
}
