//! What is said about a package that could be better.

use insta::assert_snapshot;
use wit::Package;
use wit::compatibility::{Ignore, Level, Policy};
use wit::lint::{LintRule, lint};

/// All lints but those about documentation, a line each.
#[track_caller]
fn check(wit: &str) -> String {
    let lints = lint(&Package::from_text("a.wit", wit).unwrap());
    let others = lints.iter().filter(|lint| !lint.rule.id.ends_with("documentation"));
    let line = |lint: &wit::lint::Lint| {
        let place = lint.place.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
        format!("{}: {lint} | {place}", lint.rule.id)
    };
    others.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_example_shows_its_rule_and_no_other() {
    for rule in LintRule::all() {
        assert_eq!(LintRule::find(rule.id), Some(rule));
        let lints = lint(&Package::from_text("a.wit", rule.example).unwrap());
        let found: Vec<_> = lints.iter().map(|lint| lint.rule.id).collect();
        let is_about_members = rule.id == "missing-member-documentation";
        let others: Vec<_> =
            found.into_iter().filter(|id| is_about_members || *id != "missing-member-documentation").collect();
        assert_eq!(others, [rule.id]);
    }
}

#[test]
fn names_are_found_everywhere() {
    assert_snapshot!(check(
        "package shop:catalog@1.2.0;
         interface api {
           enum color { RED, %type }
           flags api-access { read, WRITE }
           resource cart { cart-add: func(); constructor(); }
         }
         world w {
           import w-log: interface { variant level { high, low } }
           export RUN-it: func();
         }"
    ), @r"
        uppercase-name: shop:catalog/api.color.RED: the name of the case has capital letters | a.wit:3:25
        keyword-name: shop:catalog/api.color.type: the name of the case is a keyword | a.wit:3:30
        name-repeats-owner: shop:catalog/api.api-access: the name of the type repeats `api`, to which it belongs | a.wit:4:18
        uppercase-name: shop:catalog/api.api-access.WRITE: the name of the flag has capital letters | a.wit:4:37
        name-repeats-owner: shop:catalog/api.cart.cart-add: the name of the function repeats `cart`, to which it belongs | a.wit:5:28
        variant-without-payload: shop:catalog/w.w-log.level: the variant has no payloads: it can be an enum | a.wit:8:46
        uppercase-name: shop:catalog/w.RUN-it: the name of the function has capital letters | a.wit:9:19
    ");
}

#[test]
fn a_package_without_annotations_needs_none() {
    assert_eq!(check("package shop:catalog@1.2.0; interface api { find: func(); }"), "");
    assert_snapshot!(check("package shop:catalog@1.2.0; interface api { @since(version = 1.0.0) find: func(); stop: func(); @unstable(feature = x) search: func(); }"), @r"
        since-missing: shop:catalog/api: the interface does not say since when it is there | a.wit:1:39
        since-missing: shop:catalog/api.stop: the function does not say since when it is there | a.wit:1:83
    ");
}

#[test]
fn a_policy_decides_what_is_done_about_a_lint() {
    let lints = lint(&Package::from_text("a.wit", "package shop:catalog@1.2.0; interface api { f: func(); }").unwrap());
    let levels = |policy: &Policy| lints.iter().map(|lint| lint.level(policy).0).collect::<Vec<_>>();
    let mut policy = Policy::default();
    assert_eq!(levels(&policy), [Level::Warn, Level::Warn]);
    policy.levels.insert("missing-documentation".to_owned(), Level::Deny);
    policy.ignores.push(Ignore {
        path: "shop:catalog/api.f".to_owned(),
        rule: Some("missing-documentation".to_owned()),
        reason: "it says it all".to_owned(),
    });
    assert_eq!(levels(&policy), [Level::Deny, Level::Allow]);
}
