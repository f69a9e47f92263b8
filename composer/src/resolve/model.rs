//! What the solver chooses between: the entries of `[components]`, with the versions that each could have.
//!
//! From manifest, catalog, lock and evidence to a [`Model`], or to what is missing or wrong before anything can be chosen.
//! Entries are sorted by name, so that the manifest's order changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use pubgrub::VersionSet as _;
use registry_client::{Origin, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};
use wit::ExternName;

use super::{
    Catalog, Evidence, Interfaces, Question,
    designation::{self, Directed, Rule},
    evidence::Candidate,
    listing::{Locked, Reader, Wanted},
    places::{Place, Places},
};
use crate::{
    diagnostic::Diagnostic,
    lock::{Lock, LockedSource},
    manifest::{Component, Instance, Manifest, Source},
};

/// What may become of a version that is locked and satisfies its requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freedom {
    /// It stays.
    Keep,
    /// It stays where possible.
    Prefer,
}

/// Everything that can be chosen, and what is known about it.
pub(super) struct Model<'a> {
    pub(super) manifest: &'a Manifest,
    evidence: &'a Evidence,
    /// The packages that entries come from.
    pub(super) packages: Vec<Package<'a>>,
    /// The entries, by name.
    pub(super) entries: Vec<Entry<'a>>,
    /// Which instances may export an interface in some version, by its name without a version.
    exporters: BTreeMap<ExternName, BTreeSet<usize>>,
    /// The instances of which nothing is known: they may export anything.
    mute: BTreeSet<usize>,
    /// The entry of each instance of the manifest.
    instances: Vec<usize>,
}

/// A package and its versions.
pub(super) struct Package<'a> {
    pub(super) registry: &'a Registry,
    pub(super) name: &'a PackageName,
    /// Ascending; a [`Place`] is a place in here.
    pub(super) versions: Vec<Version>,
}

/// An entry of `[components]` and what it could be.
pub(super) struct Entry<'a> {
    pub(super) component: &'a Component,
    pub(super) kind: Kind<'a>,
    /// What could be chosen, in ascending order; at least one.
    pub(super) options: Vec<Choice<'a>>,
    /// What the lock has.
    pub(super) locked: Option<Place>,
}

/// What an entry comes from.
pub(super) enum Kind<'a> {
    /// A file, a folder.
    Path(&'a Path),
    /// A reference, perhaps with the release that is locked for it.
    Reference(&'a Reference, Option<Release>),
    /// A package, by its place in [`Model::packages`], perhaps with the release that is locked for it.
    Package(usize, &'a VersionReq, Option<Release>),
}

/// Something that an entry could be.
pub(super) struct Choice<'a> {
    pub(super) place: Place,
    pub(super) knowledge: Knowledge<'a>,
}

/// What is known about the imports and exports of a component.
#[derive(Clone, Copy)]
pub(super) enum Knowledge<'a> {
    /// Nobody has asked.
    Unasked,
    /// There was no answer.
    Untold,
    /// These are they, or its publisher says so.
    Known(&'a Interfaces),
}

/// What an import asks of the versions of its provider.
pub(super) struct Need<'a> {
    pub(super) import: &'a ExternName,
    pub(super) provider: usize,
    pub(super) rule: Rule<'a>,
    /// The places of the provider that will do.
    pub(super) allowed: Places,
}

/// Why there is nothing to choose between yet.
pub(super) enum Unready {
    Missing(Vec<Question>),
    Wrong(Vec<Diagnostic>),
}

impl<'a> Model<'a> {
    pub(super) fn new(
        manifest: &'a Manifest,
        catalog: &'a Catalog,
        lock: Option<&Lock>,
        evidence: &'a Evidence,
        freedom: Freedom,
    ) -> Result<Self, Unready> {
        let mut reader = Reader::new(manifest, catalog, freedom);
        let mut components: Vec<(&Component, Option<&LockedSource>)> = manifest
            .components
            .iter()
            .map(|component| (component, lock.and_then(|lock| lock.components.get(&component.name.value))))
            .collect();
        for (component, locked) in &components {
            let span = &component.source.span;
            match &component.source.value {
                Source::Path(_) => {}
                Source::Package { package, requirement, registry } => {
                    reader.list(&Wanted { package, requirement, registry: registry.as_deref(), span }, *locked);
                }
                Source::Reference(reference) if locked_reference(reference, *locked).is_none() => {
                    // Nothing that is chosen depends on it, so that what is wrong with it is told with all else.
                    reader.release(catalog.reference(reference), span, || Origin::Reference(reference.clone()));
                }
                Source::Reference(_) => {}
            }
        }
        reader.check()?;
        components.sort_by(|(one, _), (other, _)| one.name.value.cmp(&other.name.value));
        let packages = reader.packages();
        let mut entries = Vec::new();
        for (component, locked) in components {
            entries.extend(Entry::new(component, locked, &packages, &mut reader, evidence));
        }
        reader.finish()?;
        Ok(Self::of(manifest, evidence, packages, entries))
    }

    fn of(manifest: &'a Manifest, evidence: &'a Evidence, packages: Vec<Package<'a>>, entries: Vec<Entry<'a>>) -> Self {
        let entry_of = |instance: &Instance| {
            let found = entries.binary_search_by(|entry| entry.component.name.value.cmp(&instance.component));
            found.expect("an instance is of a component because the manifest was checked for that when it was read")
        };
        let instances: Vec<usize> = manifest.instances.iter().map(entry_of).collect();
        let mut exporters: BTreeMap<ExternName, BTreeSet<usize>> = BTreeMap::new();
        let mut mute = BTreeSet::new();
        for (instance, entry) in instances.iter().enumerate() {
            if entries[*entry].is_mute() {
                mute.insert(instance);
            }
            let known = entries[*entry].options.iter().filter_map(|option| option.knowledge.interfaces());
            for export in known.flat_map(|interfaces| &interfaces.exports) {
                exporters.entry(export.unversioned()).or_default().insert(instance);
            }
        }
        Self { manifest, evidence, packages, entries, exporters, mute, instances }
    }

    /// The version at a place of an entry; `None` for a file or a reference.
    pub(super) fn version(&self, entry: usize, place: Place) -> Option<&Version> {
        match self.entries[entry].kind {
            Kind::Package(package, ..) => self.packages[package].versions.get(place as usize),
            Kind::Path(_) | Kind::Reference(..) => None,
        }
    }

    /// The registry's name for what is at a place of an entry; `None` for a file.
    pub(super) fn origin(&self, entry: usize, place: Place) -> Option<Origin> {
        match self.entries[entry].kind {
            Kind::Path(_) => None,
            Kind::Reference(reference, _) => Some(Origin::Reference(reference.clone())),
            Kind::Package(package, ..) => {
                let Package { registry, name, versions } = &self.packages[package];
                let version = versions.get(place as usize)?.clone();
                Some(Origin::Package { registry: (*registry).clone(), package: (*name).clone(), version })
            }
        }
    }

    /// What an entry asks of others when it is what is at a place.
    pub(super) fn needs(&self, entry: usize, place: Place) -> Vec<Need<'a>> {
        let Some(interfaces) = self.interfaces(entry, place) else { return Vec::new() };
        let own = (0..self.instances.len()).filter(|instance| self.instances[*instance] == entry);
        let imports = own.flat_map(|instance| interfaces.imports.iter().map(move |import| (instance, import)));
        imports.filter_map(|(instance, import)| self.need(instance, place, import)).collect()
    }

    /// Whether some import of what was chosen is provided by nobody, as far as is known.
    pub(super) fn leaves_imports_open(&self, chosen: &[Place]) -> bool {
        let instances = self.manifest.instances.iter().enumerate();
        let mut imports = instances.flat_map(|(place, instance)| {
            let entry = self.instances[place];
            let interfaces = self.interfaces(entry, chosen[entry]).into_iter();
            interfaces.flat_map(|interfaces| &interfaces.imports).map(move |import| (place, instance, import))
        });
        imports.any(|(place, instance, import)| {
            designation::directed(self.manifest, instance, import).is_none()
                && !designation::host_may_provide(self.manifest, instance, import)
                && self.possible_providers(place, import).is_empty()
        })
    }

    fn interfaces(&self, entry: usize, place: Place) -> Option<&'a Interfaces> {
        self.entries[entry].option(place)?.knowledge.interfaces()
    }

    fn need(&self, consumer: usize, place: Place, import: &'a ExternName) -> Option<Need<'a>> {
        let (provider, rule) = self.designated(consumer, import)?;
        let provider = self.instances[provider];
        let entry = self.instances[consumer];
        let (ours, theirs) = (&self.entries[entry], &self.entries[provider]);
        // Where nothing can be chosen, planning has the better words for what does not fit.
        if entry == provider || (ours.options.len() == 1 && theirs.options.len() == 1) {
            return None;
        }
        let may_be_absent = matches!(rule, Rule::Only)
            && designation::host_may_provide(self.manifest, &self.manifest.instances[consumer], import);
        let us = self.candidate(entry, place);
        let allowed = theirs.options.iter().filter(|option| {
            let exports = option.knowledge.interfaces().map(|interfaces| &interfaces.exports);
            let has_it = exports.is_none_or(|exports| exports.iter().any(|export| rule.is_met_by(export, import)));
            (has_it || may_be_absent)
                && self.evidence.conflict(&us, &self.candidate(provider, option.place), import).is_none()
        });
        let allowed: Places = allowed.map(|option| option.place).collect();
        if theirs.places() == allowed {
            return None;
        }
        Some(Need { import, provider, rule, allowed })
    }

    /// The instance that must provide an import, if there is no doubt.
    fn designated(&self, consumer: usize, import: &ExternName) -> Option<(usize, Rule<'a>)> {
        match designation::directed(self.manifest, &self.manifest.instances[consumer], import) {
            Some(Directed::Host) => return None,
            Some(Directed::Instance { instance, rule }) => {
                let provider = self.manifest.instances.iter().position(|i| i.name.value == instance.name.value)?;
                let options = &self.entries[self.instances[provider]].options;
                let applies = match rule {
                    Rule::Link(_) | Rule::Only => true,
                    // A chain over another semver track has nothing to say.
                    Rule::Chain(_) => options.iter().any(|option| {
                        let interfaces = option.knowledge.interfaces();
                        interfaces.is_none_or(|i| i.exports.iter().any(|export| rule.is_met_by(export, import)))
                    }),
                };
                if applies {
                    return Some((provider, rule));
                }
            }
            None => {}
        }
        match self.possible_providers(consumer, import).as_slice() {
            [only] if !self.mute.contains(only) => Some((*only, Rule::Only)),
            _ => None,
        }
    }

    /// The other instances that export an interface in some version, or may for all that is known.
    fn possible_providers(&self, consumer: usize, import: &ExternName) -> Vec<usize> {
        let exporters = self.exporters.get(&import.unversioned());
        let known = exporters.into_iter().flatten().chain(&self.mute).copied().collect::<BTreeSet<usize>>();
        let instances = &self.manifest.instances;
        let others = known.into_iter().filter(|other| {
            *other != consumer && !designation::hides(self.manifest, &instances[consumer], &instances[*other], import)
        });
        others.collect()
    }

    /// An entry at a place, as evidence knows it.
    pub(super) fn candidate(&self, entry: usize, place: Place) -> Candidate {
        let component = self.entries[entry].component.name.value.clone();
        Candidate { component, version: self.version(entry, place).cloned() }
    }

    /// Where the types of an import and of its provider differ, as far as was found out.
    pub(super) fn mismatches(
        &self,
        consumer: (usize, Place),
        provider: (usize, Place),
        import: &ExternName,
    ) -> &'a [String] {
        let (us, them) = (self.candidate(consumer.0, consumer.1), self.candidate(provider.0, provider.1));
        self.evidence.conflict(&us, &them, import).map_or(&[], |conflict| &conflict.mismatches)
    }
}

/// The release that the lock has for a reference.
fn locked_reference(reference: &Reference, locked: Option<&LockedSource>) -> Option<Release> {
    match locked {
        Some(LockedSource::Reference { reference: same, release }) if same == reference => Some(*release),
        _ => None,
    }
}

impl<'a> Entry<'a> {
    fn new(
        component: &'a Component,
        locked: Option<&LockedSource>,
        packages: &[Package<'a>],
        reader: &mut Reader<'a>,
        evidence: &'a Evidence,
    ) -> Option<Self> {
        let read = |version: Option<&Version>| evidence.world(&component.name.value, version).map(Knowledge::Known);
        let single = |knowledge| vec![Choice { place: 0, knowledge }];
        match &component.source.value {
            Source::Path(path) => {
                let options = single(read(None).unwrap_or(Knowledge::Untold));
                Some(Self { component, kind: Kind::Path(path), options, locked: None })
            }
            Source::Reference(reference) => {
                let locked = locked_reference(reference, locked);
                let options = single(read(None).unwrap_or_else(|| reader.reference(reference)));
                Some(Self { component, kind: Kind::Reference(reference, locked), options, locked: None })
            }
            Source::Package { package, requirement, registry } => {
                let registry = registry.as_deref();
                let wanted = Wanted { package, requirement, registry, span: &component.source.span };
                let locked = Locked::new(&wanted, locked, reader.manifest);
                let registry = reader.registry(&wanted)?;
                let place = packages.iter().position(|known| (known.registry, known.name) == (registry, package))?;
                let versions = &packages[place].versions;
                let allowed = reader.allowed(&wanted, locked.as_ref(), versions);
                let options = allowed.into_iter().map(|(place, answer)| {
                    let version = versions.get(place as usize);
                    Choice { place, knowledge: read(version).unwrap_or(answer) }
                });
                let locked_place = locked.as_ref().and_then(|locked| versions.binary_search(&locked.version).ok());
                let locked_place = locked_place.and_then(|place| Place::try_from(place).ok());
                let kind = Kind::Package(place, requirement, locked.map(|locked| locked.release));
                let entry = Self { component, kind, options: options.collect(), locked: locked_place };
                (!entry.options.is_empty()).then_some(entry)
            }
        }
    }

    /// What is at a place, if that could be chosen.
    pub(super) fn option(&self, place: Place) -> Option<&Choice<'a>> {
        let found = self.options.binary_search_by_key(&place, |option| option.place);
        found.ok().map(|found| &self.options[found])
    }

    /// All places that could be chosen.
    pub(super) fn places(&self) -> Places {
        self.options.iter().map(|option| option.place).collect()
    }

    /// Whether nothing is known of any version.
    pub(super) fn is_mute(&self) -> bool {
        self.options.iter().all(|option| option.knowledge.interfaces().is_none())
    }

    /// The best of some places: the locked one, else the highest.
    pub(super) fn best(&self, among: &Places) -> Option<Place> {
        let mut preferred = self.locked.into_iter().chain(self.options.iter().rev().map(|option| option.place));
        preferred.find(|place| among.contains(place) && self.option(*place).is_some())
    }
}

impl<'a> Knowledge<'a> {
    /// The imports and exports, if they are known.
    pub(super) fn interfaces(self) -> Option<&'a Interfaces> {
        match self {
            Self::Known(interfaces) => Some(interfaces),
            Self::Unasked | Self::Untold => None,
        }
    }
}
