//! Proofs by the real type checker: whom a change breaks is found out by linking components of both versions.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use wit::compatibility::{Change, Features, Side, WorldUse, compatibility};
use wit::{ExternName, Package, World};
use wit_component::semver_check;
use wit_parser::{PackageId, Resolve};

use crate::synthesis::{Instance, component_of, composition, valid};

/// What is different between two texts.
pub(crate) fn changes(before: &str, after: &str) -> Vec<Change> {
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
pub(crate) fn guests_run(guests: &str, hosts: &str) -> Result<(), String> {
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

/// Whether the change keeps guests that were made before from running in hosts that are made after.
pub(crate) fn refuses_guests(change: &Change) -> bool {
    change.used.imported && change.breaks.contains(&Side::Importer)
        || change.used.exported && change.breaks.contains(&Side::Exporter)
}

/// Proves the verdict on the guests and hosts of the worlds of both texts, by the types of components.
#[track_caller]
pub(crate) fn prove_by_worlds(before: &str, after: &str) {
    let changes = changes(before, after);
    let guests = guests_run(before, after);
    assert_eq!(guests.is_err(), changes.iter().any(refuses_guests), "guests: {guests:?}, we say {changes:#?}");
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

/// What a proof came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The checker says what we say.
    Agrees,
    /// The checker cannot be asked about these texts.
    None,
}

/// Proves the verdict on the guests and hosts of the worlds that both texts have, where these have the same imports and exports by name.
#[track_caller]
pub(crate) fn prove_where_worlds_stay(before: &str, after: &str) -> Proof {
    // What makes wit-parser panic is an error here, and nowhere below.
    if [before, after].iter().any(|wit| Package::from_text("test.wit", wit).is_err()) {
        return Proof::None;
    }
    let [old, new] = [before, after].map(worlds);
    let is_checkable = |wit: &str| guests_run(wit, wit).is_ok();
    if old.is_none() || old != new || !is_checkable(before) || !is_checkable(after) {
        return Proof::None;
    }
    let changes = changes(before, after);
    // What no world uses, the checker is not asked about.
    let asked = || changes.iter().filter(|change| change.used != WorldUse::default());
    let guests = guests_run(before, after);
    assert_eq!(
        guests.is_err(),
        asked().any(refuses_guests),
        "guests: {guests:?}, we say {changes:#?} of\n{before}\nto\n{after}"
    );
    let hosts = guests_run(after, before);
    let refused = asked().any(|change| change.breaks.contains(&Side::Host));
    assert_eq!(hosts.is_err(), refused, "hosts: {hosts:?}, we say {changes:#?} of\n{before}\nto\n{after}");
    Proof::Agrees
}

/// The names of a package's worlds, and of each what it imports and exports by name.
type Worlds = Vec<(String, Vec<String>, Vec<String>)>;

/// The name of the package, and of each of its worlds what it imports and exports; none for a text that is no WIT, has no world, or has
/// packages that differ in their versions alone, which the check does not tell apart.
fn worlds(wit: &str) -> Option<(String, Worlds)> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).ok()?;
    let name = |id: PackageId| format!("{}:{}", resolve.packages[id].name.namespace, resolve.packages[id].name.name);
    let names: BTreeSet<String> = resolve.packages.iter().map(|(id, _)| name(id)).collect();
    let keys = |items: &IndexMap<_, _>| items.keys().map(|key| resolve.name_world_key(key)).collect::<Vec<_>>();
    let worlds: Vec<_> = resolve.packages[package]
        .worlds
        .iter()
        .map(|(name, id)| {
            let world = &resolve.worlds[*id];
            let sorted = |mut keys: Vec<String>| {
                keys.sort();
                keys
            };
            (name.clone(), sorted(keys(&world.imports)), sorted(keys(&world.exports)))
        })
        .collect();
    (names.len() == resolve.packages.len() && !worlds.is_empty()).then(|| (name(package), worlds))
}
