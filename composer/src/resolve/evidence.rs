//! What the bytes of components have shown, which goes before what registries say of them.
//!
//! From loaded [`Part`]s to the names of their imports and exports, and to [`Conflict`]s: pairs of versions that are meant for
//! each other by name and differ in their types. Resolution takes it as given; it is never forgotten within a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use semver::Version;
use wit::{ExternName, Item, World, best_match};

use super::{
    catalog::Interfaces,
    designation::{self, Directed},
};
use crate::{
    manifest::{Instance, Manifest, Name},
    part::Part,
};

/// What bytes have shown.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The components that were read, by name and version.
    seen: BTreeMap<Name, BTreeMap<Option<Version>, Seen>>,
    conflicts: BTreeSet<Conflict>,
    /// The links that some versions cannot have because of their types: of these every pair of versions is compared.
    doubtful: BTreeSet<DoubtfulLink>,
    refuted: bool,
}

/// A component whose bytes were read.
#[derive(Debug)]
struct Seen {
    world: Arc<World>,
    interfaces: Interfaces,
}

/// An import of a component, and the component that is to provide it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct DoubtfulLink {
    consumer: Name,
    provider: Name,
    import: ExternName,
}

impl DoubtfulLink {
    fn of(conflict: &Conflict) -> Self {
        Self {
            consumer: conflict.consumer.component.clone(),
            provider: conflict.provider.component.clone(),
            import: conflict.import.unversioned(),
        }
    }
}

/// Whether another choice of versions may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What is wrong has nothing to do with versions, or everything about them was known before.
    Final,
    /// Something about these versions was found out that was not known when they were chosen.
    Learned,
}

/// A component in one version; files and references have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) component: Name,
    pub(super) version: Option<Version>,
}

/// Two components that cannot be linked although their names agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Conflict {
    pub(super) consumer: Candidate,
    pub(super) provider: Candidate,
    /// The consumer's import.
    pub(super) import: ExternName,
    /// Where the types differ, and how.
    pub(super) mismatches: Vec<String>,
}

impl Evidence {
    /// Notes what components really import and export. Says whether any of them was not known.
    pub fn note<'a>(&mut self, parts: impl IntoIterator<Item = &'a Part>) -> bool {
        let mut is_news = false;
        for part in parts {
            let seen = || Seen { world: Arc::clone(&part.world), interfaces: Interfaces::from(&*part.world) };
            let versions = self.seen.entry(part.name.clone()).or_default();
            if !versions.contains_key(&part.version) {
                versions.insert(part.version.clone(), seen());
                is_news = true;
            }
        }
        is_news
    }

    /// Learns from components that could not be planned together.
    ///
    /// Where two of them cannot be linked because of their types, all versions of both that were read are compared, so that no
    /// pair is chosen of which that is known already.
    pub fn refute(&mut self, manifest: &Manifest, parts: &[Part]) -> Verdict {
        let is_news = self.note(parts);
        let composition = Composition { manifest, parts };
        let findings: Vec<Finding> = manifest.instances.iter().flat_map(|i| composition.findings(i)).collect();
        if findings.is_empty() {
            return Verdict::Final;
        }
        self.refuted = true;
        let known = self.conflicts.len();
        for finding in findings {
            let Finding::Conflict { conflict, comparison } = finding else { continue };
            if comparison == Comparison::ByName {
                self.doubtful.insert(DoubtfulLink::of(&conflict));
            }
            self.conflicts.insert(*conflict);
        }
        let compared: Vec<Conflict> = self.doubtful.iter().flat_map(|link| self.compared(link)).collect();
        self.conflicts.extend(compared);
        if is_news || self.conflicts.len() > known { Verdict::Learned } else { Verdict::Final }
    }

    /// Every pair of versions that were read and cannot be linked.
    fn compared<'a>(&'a self, link: &'a DoubtfulLink) -> impl Iterator<Item = Conflict> + 'a {
        let versions = |component| self.seen.get(component).into_iter().flatten();
        versions(&link.consumer).flat_map(move |(version, consumer)| {
            let imports = consumer.world.imports().filter(|(import, _)| import.unversioned() == link.import);
            imports.flat_map(move |(import, imported)| {
                versions(&link.provider).filter_map(move |(other, provider)| {
                    let (_, exported) = best_match(provider.world.exports(), import)?;
                    let mismatches = mismatches(exported, imported)?;
                    let consumer = Candidate { component: link.consumer.clone(), version: version.clone() };
                    let provider = Candidate { component: link.provider.clone(), version: other.clone() };
                    Some(Conflict { consumer, provider, import: import.clone(), mismatches })
                })
            })
        })
    }

    /// Whether what a lock has was found not to fit.
    pub(super) fn is_against_lock(&self) -> bool {
        self.refuted
    }

    /// What the versions of a component that were read import and export.
    pub(super) fn versions(&self, component: &Name) -> SeenVersions<'_> {
        SeenVersions(self.seen.get(component))
    }

    /// The pairs that cannot be linked.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter()
    }
}

/// What the versions of one component that were read import and export.
#[derive(Clone, Copy)]
pub(super) struct SeenVersions<'a>(Option<&'a BTreeMap<Option<Version>, Seen>>);

impl<'a> SeenVersions<'a> {
    /// What a version imports and exports, if its bytes were read.
    pub(super) fn interfaces(self, version: Option<&Version>) -> Option<&'a Interfaces> {
        let seen = self.0?.get(&version.cloned())?;
        Some(&seen.interfaces)
    }
}

/// Where the types of an export and of the import that it is to satisfy differ; none where they agree.
fn mismatches(exported: Item<'_>, imported: Item<'_>) -> Option<Vec<String>> {
    let mismatches: Vec<String> = exported.mismatches(&imported).iter().map(ToString::to_string).collect();
    (!mismatches.is_empty()).then_some(mismatches)
}

impl Candidate {
    fn of(part: &Part) -> Self {
        Self { component: part.name.clone(), version: part.version.clone() }
    }
}

/// What keeps an import from being linked, where another version may help.
enum Finding {
    Conflict { conflict: Box<Conflict>, comparison: Comparison },
    Unprovided,
}

/// Which export of other versions an import would be linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// The one of its own name.
    ByName,
    /// Another one, by a line of the manifest.
    ByRule,
}

#[derive(Clone, Copy)]
struct Composition<'a> {
    manifest: &'a Manifest,
    parts: &'a [Part],
}

impl<'a> Composition<'a> {
    fn part(self, instance: &Instance) -> Option<&'a Part> {
        self.parts.iter().find(|part| part.name == instance.component)
    }

    fn findings(self, consumer: &'a Instance) -> impl Iterator<Item = Finding> {
        let part = self.part(consumer);
        let imports = part.into_iter().flat_map(|part| part.world.imports().map(move |import| (part, import)));
        imports.filter_map(move |(part, (name, item))| self.finding(consumer, part, name, item))
    }

    fn finding(self, consumer: &Instance, part: &Part, name: &ExternName, import: Item<'_>) -> Option<Finding> {
        let (provider, exported, comparison) = match designation::directed(self.manifest, consumer, name) {
            Some(Directed::Host) => return None,
            Some(Directed::Instance { instance, rule }) => {
                let provider = self.part(instance)?;
                let fitting = provider.world.exports().filter(|(export, _)| rule.is_met_by(export, name));
                let exported = best_match(fitting, name).map(|(_, item)| item);
                (provider, exported, if rule.renames() { Comparison::ByRule } else { Comparison::ByName })
            }
            None => {
                let others = self.manifest.instances.iter().filter(|other| {
                    other.name.value != consumer.name.value && !designation::hides(self.manifest, consumer, other, name)
                });
                let mut exporters = others.filter_map(|other| {
                    let provider = self.part(other)?;
                    Some((provider, best_match(provider.world.exports(), name)?.1))
                });
                match (exporters.next(), exporters.next()) {
                    (None, _) if designation::host_may_provide(self.manifest, consumer, name) => return None,
                    (None, _) => return Some(Finding::Unprovided),
                    (Some((provider, item)), None) => (provider, Some(item), Comparison::ByName),
                    (Some(_), Some(_)) => return None,
                }
            }
        };
        let Some(exported) = exported else { return Some(Finding::Unprovided) };
        let mismatches = mismatches(exported, import)?;
        let (consumer, provider) = (Candidate::of(part), Candidate::of(provider));
        let conflict = Box::new(Conflict { consumer, provider, import: name.clone(), mismatches });
        Some(Finding::Conflict { conflict, comparison })
    }
}
