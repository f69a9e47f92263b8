//! What the bytes of components have shown, which goes before what registries say of them.
//!
//! From loaded [`Part`]s to the names of their imports and exports, and to [`Conflict`]s: pairs of versions that are meant for
//! each other by name and differ in their types. Resolution takes it as given; it is never forgotten within a run.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use wit::{ExternName, Item};

use super::{
    catalog::Interfaces,
    designation::{self, Directed},
};
use crate::{
    manifest::{Instance, Manifest, Name},
    part::Part,
    plan::best_match,
};

/// What bytes have shown.
#[derive(Debug, Default)]
pub struct Evidence {
    worlds: BTreeMap<Candidate, Interfaces>,
    conflicts: BTreeSet<Conflict>,
    refuted: bool,
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
    /// Notes what components really import and export.
    pub fn note<'a>(&mut self, parts: impl IntoIterator<Item = &'a Part>) {
        self.worlds.extend(parts.into_iter().map(|part| (Candidate::of(part), Interfaces::from(&part.world))));
    }

    /// Learns from components that could not be planned together; says whether that was about their versions.
    pub fn refute(&mut self, manifest: &Manifest, parts: &[Part]) -> bool {
        self.note(parts);
        let composition = Composition { manifest, parts };
        let findings: Vec<Finding> = manifest.instances.iter().flat_map(|i| composition.findings(i)).collect();
        self.refuted |= !findings.is_empty();
        let is_about_versions = !findings.is_empty();
        self.conflicts.extend(findings.into_iter().filter_map(|finding| match finding {
            Finding::Conflict(conflict) => Some(*conflict),
            Finding::Unprovided => None,
        }));
        is_about_versions
    }

    /// Whether what a lock has was found not to fit.
    pub(super) fn is_against_lock(&self) -> bool {
        self.refuted
    }

    /// What a component imports and exports, if its bytes were read.
    pub(super) fn world(&self, component: &Name, version: Option<&Version>) -> Option<&Interfaces> {
        self.worlds.get(&Candidate { component: component.clone(), version: version.cloned() })
    }

    /// Why an import cannot be linked to a provider, as far as was found out.
    pub(super) fn conflict(
        &self,
        consumer: &Candidate,
        provider: &Candidate,
        import: &ExternName,
    ) -> Option<&Conflict> {
        let mut conflicts = self.conflicts.iter();
        conflicts.find(|c| (&c.consumer, &c.provider, &c.import) == (consumer, provider, import))
    }
}

impl Candidate {
    fn of(part: &Part) -> Self {
        Self { component: part.name.clone(), version: part.version.clone() }
    }
}

/// What keeps an import from being linked, where another version may help.
enum Finding {
    Conflict(Box<Conflict>),
    Unprovided,
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
        let (provider, exported) = match designation::directed(self.manifest, consumer, name) {
            Some(Directed::Host) => return None,
            Some(Directed::Instance { instance, rule }) => {
                let provider = self.part(instance)?;
                let fitting = provider.world.exports().filter(|(export, _)| rule.is_met_by(export, name));
                (provider, best_match(fitting, name).map(|(_, item)| item))
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
                    (Some((provider, item)), None) => (provider, Some(item)),
                    (Some(_), Some(_)) => return None,
                }
            }
        };
        let Some(exported) = exported else { return Some(Finding::Unprovided) };
        let mismatches: Vec<String> = exported.mismatches(&import).iter().map(ToString::to_string).collect();
        if mismatches.is_empty() {
            return None;
        }
        let (consumer, provider) = (Candidate::of(part), Candidate::of(provider));
        Some(Finding::Conflict(Box::new(Conflict { consumer, provider, import: name.clone(), mismatches })))
    }
}
