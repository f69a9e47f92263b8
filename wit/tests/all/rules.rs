//! Every rule is what its pair of WIT files shows, and breaks whom the type checker refuses.

use indexmap::IndexMap;
use wit::compatibility::{Bump, Change, Features, Level, Rule, Side, compatibility};
use wit::{ExternName, Package, World};
use wit_component::semver_check;
use wit_parser::{PackageId, Resolve};

use crate::synthesis::{Instance, component_of, composition, valid};

fn changes(before: &str, after: &str) -> Vec<Change> {
    let [before, after] =
        [("before.wit", before), ("after.wit", after)].map(|(name, text)| Package::from_text(name, text).unwrap());
    compatibility(&before, &after, &Features::default()).changes
}

fn breaks(changes: &[Change], side: Side) -> bool {
    changes.iter().any(|change| change.breaks.contains(&side))
}

fn resolved(wit: &str) -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap_or_else(|error| panic!("{}", resolve.render_error(&error)));
    (resolve, package)
}

/// The names of the package's own interfaces, and of those of the other packages of the text.
fn interfaces(wit: &str) -> (Vec<String>, Vec<String>) {
    let (resolve, package) = resolved(wit);
    let own = resolve.packages[package].interfaces.keys().cloned().collect();
    let foreign = resolve.interfaces.iter().filter(|(_, interface)| interface.package != Some(package));
    (own, foreign.filter_map(|(id, _)| resolve.id_of(id)).collect())
}

/// A guest that exports all interfaces of the text.
fn exporter(wit: &str) -> Vec<u8> {
    let (own, foreign) = interfaces(wit);
    let exports: String = own.iter().chain(&foreign).map(|name| format!("export {name}; ")).collect();
    component_of(&format!("{wit}\nworld the-exporter {{ {exports} }}"), Some("the-exporter"))
}

/// A guest that imports the interface of the text's package.
fn importer(wit: &str, interface: &str) -> Vec<u8> {
    component_of(&format!("{wit}\nworld the-importer {{ import {interface}; }}"), Some("the-importer"))
}

/// Whether the consumer links with the provider: all its imports are exports of the provider, in versions of one track.
fn links(consumer: &[u8], provider: &[u8]) -> Result<(), String> {
    let [consumed, provided] = [consumer, provider].map(|bytes| World::of_component(bytes).unwrap());
    let names = |name: &ExternName| {
        let export = provided.exports().find(|(export, _)| export.same_track(name));
        export.map(|(export, _)| (name.to_string(), export.to_string()))
    };
    let links: Vec<(String, String)> = consumed.imports().filter_map(|(name, _)| names(name)).collect();
    let links: Vec<(&str, u32, &str)> =
        links.iter().map(|(import, export)| (import.as_str(), 0, export.as_str())).collect();
    valid(&composition(&[
        Instance { component: provider, links: &[] },
        Instance { component: consumer, links: &links },
    ]))
}

/// Whether guests made for one text, of which each imports one of the interfaces, link with one that exports those of the
/// other text.
fn all_link(importers: &str, exporters: &str, interfaces: &[String]) -> Result<(), String> {
    let provider = exporter(exporters);
    interfaces.iter().try_for_each(|interface| links(&importer(importers, interface), &provider))
}

/// What wit-component says: whether components of every world of one text are ones of the world of that name of the other.
fn guests_run(guests: &str, hosts: &str) -> Result<(), String> {
    let [(mut guests, one), (hosts, other)] = [(guests, "1.0.0"), (hosts, "2.0.0")].map(|(wit, version)| {
        // The check does not mind versions, but both have to fit into one `Resolve`.
        let (mut resolve, package) = resolved(wit);
        for (_, package) in resolve.packages.iter_mut() {
            package.name.version = Some(version.parse().unwrap());
        }
        resolve.package_names = resolve.packages.iter().map(|(id, package)| (package.name.clone(), id)).collect();
        (resolve, package)
    });
    let worlds: IndexMap<String, _> = hosts.packages[other].worlds.clone();
    let remap = guests.merge(hosts).unwrap();
    for (name, world) in guests.packages[one].worlds.clone() {
        let Some(host) = worlds.get(&name) else { continue };
        let host = remap.map_world(*host, wit_parser::Span::default()).unwrap();
        semver_check(guests.clone(), world, host).map_err(|error| format!("{error:#}"))?;
    }
    Ok(())
}

/// Proves the verdict on who breaks among importers and exporters, by linking guests.
#[track_caller]
pub(crate) fn prove_by_guests(before: &str, after: &str) {
    let changes = changes(before, after);
    let [old, new] = [before, after].map(|wit| interfaces(wit).0);
    let importers = all_link(before, after, &old);
    assert_eq!(importers.is_err(), breaks(&changes, Side::Importer), "importers: {importers:?}, we say {changes:#?}");
    // Nobody exports yet what is new.
    let in_both: Vec<String> = new.into_iter().filter(|name| old.contains(name)).collect();
    let exporters = all_link(after, before, &in_both);
    assert_eq!(exporters.is_err(), breaks(&changes, Side::Exporter), "exporters: {exporters:?}, we say {changes:#?}");
}

/// Proves the verdict on the guests and hosts of the worlds of both texts, by the types of components.
#[track_caller]
pub(crate) fn prove_by_worlds(before: &str, after: &str) {
    let changes = changes(before, after);
    let is_refused = |change: &Change| {
        change.used.imported && change.breaks.contains(&Side::Importer)
            || change.used.exported && change.breaks.contains(&Side::Exporter)
    };
    let guests = guests_run(before, after);
    assert_eq!(guests.is_err(), changes.iter().any(is_refused), "guests: {guests:?}, we say {changes:#?}");
    let hosts = guests_run(after, before);
    assert_eq!(hosts.is_err(), breaks(&changes, Side::Host), "hosts: {hosts:?}, we say {changes:#?}");
}

/// The text with a world for each interface, which has it on the given side.
pub(crate) fn with_worlds(wit: &str, side: &str) -> String {
    let (own, foreign) = interfaces(wit);
    let foreign: String = foreign.iter().map(|name| format!("{side} {name}; ")).collect();
    let worlds = own.iter().map(|name| format!("\nworld with-{name} {{ {foreign}{side} {name}; }}"));
    format!("{wit}{}", worlds.collect::<String>())
}

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
