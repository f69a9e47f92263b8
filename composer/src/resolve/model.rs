//! What the solver chooses between: the entries of `[components]`, with the versions that each could have.
//!
//! From manifest, catalog, lock and evidence to a [`Model`], or to what is missing or wrong before anything can be chosen.
//! Entries are sorted by name, so that the manifest's order changes nothing.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    rc::Rc,
};

use pubgrub::VersionSet as _;
use registry_client::{Origin, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};
use wit::ExternName;

use super::{
    Catalog, Evidence, Interfaces, Question,
    designation::{self, Directed, Rule},
    evidence::{Candidate, Conflict},
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
    /// The instances of each entry.
    instances_of: Vec<Vec<usize>>,
    /// What bytes have shown against choices of consumers.
    misfits: BTreeMap<(usize, Place), Vec<Misfit<'a>>>,
    /// Who provides which import of which instance, as far as that was asked: it is the same for all versions.
    designations: RefCell<HashMap<ImportOf<'a>, Option<Rc<Designation<'a>>>>>,
}

/// An instance, and one of its imports.
type ImportOf<'a> = (usize, &'a ExternName);

/// Who provides an import.
struct Designation<'a> {
    provider: usize,
    rule: Rule<'a>,
    /// The places of the provider that export it, or may for all that is known.
    exporting: Places,
}

/// A choice of a provider that a choice of a consumer cannot be linked to.
struct Misfit<'a> {
    import: &'a ExternName,
    provider: usize,
    place: Place,
    mismatches: &'a [String],
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
    /// Where that is.
    pub(super) places: Places,
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
        let mut instances_of = vec![Vec::new(); entries.len()];
        let mut exporters: BTreeMap<ExternName, BTreeSet<usize>> = BTreeMap::new();
        let mut mute = BTreeSet::new();
        for (instance, entry) in instances.iter().enumerate() {
            instances_of[*entry].push(instance);
            if entries[*entry].is_mute() {
                mute.insert(instance);
            }
            let known = entries[*entry].options.iter().filter_map(|option| option.knowledge.interfaces());
            // Most versions export what the others do.
            let exports: HashSet<&ExternName> = known.flat_map(|interfaces| &interfaces.exports).collect();
            for export in exports {
                exporters.entry(export.unversioned()).or_default().insert(instance);
            }
        }
        let misfits = misfits(&packages, &entries, evidence);
        let designations = RefCell::default();
        Self { manifest, packages, entries, exporters, mute, instances, instances_of, misfits, designations }
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
        let own = self.instances_of[entry].iter();
        let imports = own.flat_map(|instance| interfaces.imports.iter().map(move |import| (*instance, import)));
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
        let designation = self.designation(consumer, import)?;
        let Designation { provider, rule, ref exporting } = *designation;
        let entry = self.instances[consumer];
        let (ours, theirs) = (&self.entries[entry], &self.entries[provider]);
        // Where nothing can be chosen, planning has the better words for what does not fit.
        if entry == provider || (ours.options.len() == 1 && theirs.options.len() == 1) {
            return None;
        }
        let misfits = self.misfits_of(entry, place).filter(|m| m.provider == provider && m.import == import);
        let misfits: Places = misfits.map(|misfit| misfit.place).collect();
        let allowed =
            if misfits.is_empty() { exporting.clone() } else { exporting.intersection(&misfits.complement()) };
        (theirs.places != allowed).then_some(Need { import, provider, rule, allowed })
    }

    fn misfits_of(&self, entry: usize, place: Place) -> impl Iterator<Item = &Misfit<'a>> {
        self.misfits.get(&(entry, place)).into_iter().flatten()
    }

    /// Who must provide an import of an instance, if there is no doubt.
    fn designation(&self, consumer: usize, import: &'a ExternName) -> Option<Rc<Designation<'a>>> {
        if let Some(known) = self.designations.borrow().get(&(consumer, import)) {
            return known.clone();
        }
        let designation = self.designated(consumer, import).map(|(provider, rule)| {
            let provider = self.instances[provider];
            let may_be_absent = matches!(rule, Rule::Only)
                && designation::host_may_provide(self.manifest, &self.manifest.instances[consumer], import);
            let exporting = self.entries[provider].options.iter().filter(|option| {
                let exports = option.knowledge.interfaces().map(|interfaces| &interfaces.exports);
                may_be_absent
                    || exports.is_none_or(|exports| exports.iter().any(|export| rule.is_met_by(export, import)))
            });
            let exporting = exporting.map(|option| option.place).collect();
            Rc::new(Designation { provider, rule, exporting })
        });
        self.designations.borrow_mut().insert((consumer, import), designation.clone());
        designation
    }

    /// The entries whose choice an entry's may depend on, in any of the versions of which something is known.
    pub(super) fn providers(&self, entry: usize) -> BTreeSet<usize> {
        let known = self.entries[entry].options.iter().filter_map(|option| option.knowledge.interfaces());
        let imports: HashSet<&'a ExternName> = known.flat_map(|interfaces| &interfaces.imports).collect();
        let own = self.instances_of[entry].iter();
        let providers = own.flat_map(|own| imports.iter().filter_map(|import| self.designation(*own, import)));
        providers.map(|designation| designation.provider).filter(|provider| *provider != entry).collect()
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

    /// Where the types of an import and of its provider differ, as far as was found out.
    pub(super) fn mismatches(
        &self,
        consumer: (usize, Place),
        provider: (usize, Place),
        import: &ExternName,
    ) -> &'a [String] {
        let mut misfits = self.misfits_of(consumer.0, consumer.1);
        let found = misfits.find(|misfit| (misfit.provider, misfit.place) == provider && misfit.import == import);
        found.map_or(&[], |misfit| misfit.mismatches)
    }
}

/// What bytes have shown, by the places of consumers.
fn misfits<'a>(
    packages: &[Package<'a>],
    entries: &[Entry<'a>],
    evidence: &'a Evidence,
) -> BTreeMap<(usize, Place), Vec<Misfit<'a>>> {
    let place = |candidate: &Candidate| {
        let entry = entries.binary_search_by(|entry| entry.component.name.value.cmp(&candidate.component)).ok()?;
        let place = match (&entries[entry].kind, &candidate.version) {
            (Kind::Package(package, ..), Some(version)) => packages[*package].versions.binary_search(version).ok()?,
            _ => 0,
        };
        Some((entry, Place::try_from(place).ok()?))
    };
    let mut misfits: BTreeMap<_, Vec<Misfit<'a>>> = BTreeMap::new();
    for Conflict { consumer, provider, import, mismatches } in evidence.conflicts() {
        let (Some(consumer), Some((provider, place))) = (place(consumer), place(provider)) else { continue };
        misfits.entry(consumer).or_default().push(Misfit { import, provider, place, mismatches });
    }
    misfits
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
        let seen = evidence.versions(&component.name.value);
        let read = |version: Option<&Version>| seen.interfaces(version).map(Knowledge::Known);
        let single = |kind, knowledge| {
            let options = vec![Choice { place: 0, knowledge }];
            Some(Self { component, kind, options, places: Places::singleton(0), locked: None })
        };
        match &component.source.value {
            Source::Path(path) => single(Kind::Path(path), read(None).unwrap_or(Knowledge::Untold)),
            Source::Reference(reference) => {
                let locked = locked_reference(reference, locked);
                let knowledge = read(None).unwrap_or_else(|| reader.reference(reference));
                single(Kind::Reference(reference, locked), knowledge)
            }
            Source::Package { package, requirement, registry } => {
                let registry = registry.as_deref();
                let wanted = Wanted { package, requirement, registry, span: &component.source.span };
                let locked = Locked::new(&wanted, locked, reader.manifest);
                let registry = reader.registry(&wanted)?;
                // They are sorted so because the reader lists them so.
                let place =
                    packages.binary_search_by(|known| (known.registry, known.name).cmp(&(registry, package))).ok()?;
                let versions = &packages[place].versions;
                let allowed = reader.allowed(&wanted, locked.as_ref(), versions);
                let options = allowed.into_iter().map(|(place, answer)| {
                    let version = versions.get(place as usize);
                    Choice { place, knowledge: read(version).unwrap_or(answer) }
                });
                let locked_place = locked.as_ref().and_then(|locked| versions.binary_search(&locked.version).ok());
                let locked_place = locked_place.and_then(|place| Place::try_from(place).ok());
                let kind = Kind::Package(place, requirement, locked.map(|locked| locked.release));
                let options: Vec<Choice<'a>> = options.collect();
                let places = options.iter().map(|option| option.place).collect();
                (!options.is_empty()).then_some(Self { component, kind, options, places, locked: locked_place })
            }
        }
    }

    /// What is at a place, if that could be chosen.
    pub(super) fn option(&self, place: Place) -> Option<&Choice<'a>> {
        let found = self.options.binary_search_by_key(&place, |option| option.place);
        found.ok().map(|found| &self.options[found])
    }

    /// Whether nothing is known of any version.
    pub(super) fn is_mute(&self) -> bool {
        self.options.iter().all(|option| option.knowledge.interfaces().is_none())
    }

    /// How many versions were asked about.
    pub(super) fn asked(&self) -> usize {
        self.options.iter().filter(|option| !matches!(option.knowledge, Knowledge::Unasked)).count()
    }

    /// Whether nobody has asked about what is at a place.
    pub(super) fn is_unasked(&self, place: Place) -> bool {
        self.option(place).is_some_and(|option| matches!(option.knowledge, Knowledge::Unasked))
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
