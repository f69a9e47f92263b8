//! Resolution: decides which release of each package an application uses.
//!
//! From the [`Manifest`], a [`Catalog`] of what registries have said so far, perhaps the [`Lock`], and the [`Evidence`] of bytes
//! that were read, to a [`Resolution`], or to the [`Question`]s whose answers are missing from the catalog. The driver asks them
//! and calls again, so that resolution itself does no I/O and gives the same answer for the same catalog.
//!
//! | module | decides | from → to |
//! |---|---|---|
//! | `catalog` | nothing: what registries answered | answers → [`Catalog`] |
//! | `evidence` | what bytes have shown | loaded components → [`Evidence`] |
//! | `listing` | which versions an entry may have | requirement, catalog, lock → versions |
//! | `designation` | who must provide an import | manifest → instance, or the host |
//! | `model` | what there is to choose, and what each choice asks of others | all of these → options and needs |
//! | `solve` | what is chosen, by PubGrub | model → places, or a contradiction |
//! | `inquiry` | what is worth knowing of what was chosen unseen | model, places → [`Question`]s |
//! | `explain` | nothing: how a contradiction reads | contradiction → diagnostic |
//!
//! What a publisher says of imports and exports is believed until bytes were read. A version about which nothing is known is
//! taken to fit, and asked about when it would be chosen: so a package with thousands of versions costs a few questions, and an
//! artifact that says nothing of itself is as good as another. The more often a guess was wrong, the more is asked at once, also
//! about what is linked to it, so that a long row of entries that step down one because of the other takes few rounds.
//!
//! An application that is locked as a whole stays as it is while its lock satisfies the manifest, without a question: neither
//! a newer version nor a tag that moved changes it. Where only some entries are locked, those stay and the others are chosen
//! to fit them, and only where that cannot be do locked entries change as well.

mod catalog;
mod designation;
mod evidence;
mod explain;
mod inquiry;
mod listing;
mod model;
mod places;
mod solve;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::PathBuf,
};

use registry_client::{Origin, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};
use wit::Track;

use crate::{
    diagnostic::{Diagnostic, Failure},
    lock::{Lock, LockedSource},
    manifest::{Component, Introduction, Manifest, Name, Source, WitSource},
};
pub use catalog::{Catalog, Interfaces, Question};
pub use evidence::{Evidence, Verdict};
use listing::{Locked, Reader, Wanted};
pub(crate) use listing::{available, version_not_found};
use model::{Freedom, Kind, Model, Unready};
use places::Place;

/// What each component comes from, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The components, in the manifest's order.
    pub components: Vec<ResolvedComponent>,
    /// The WIT package of the target world, where that comes from a registry.
    pub world: Option<ResolvedSource>,
}

/// A component and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedComponent {
    /// The manifest's name for it.
    pub name: Name,
    /// Where it comes from.
    pub source: ResolvedSource,
    /// Who put it there.
    pub introduction: Introduction,
}

impl ResolvedComponent {
    fn new(component: &Component, source: ResolvedSource) -> Self {
        Self { name: component.name.value.clone(), source, introduction: component.introduction }
    }
}

/// A source, with the release that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedSource {
    /// A file or folder, relative to the manifest.
    Path(PathBuf),
    /// A package in a registry.
    Package {
        /// The package.
        package: PackageName,
        /// The manifest's requirement.
        requirement: VersionReq,
        /// The registry, as the manifest names it.
        registry: Registry,
        /// The version that was chosen.
        version: Version,
        /// Its bytes.
        release: Release,
    },
    /// An OCI reference.
    Reference {
        /// The reference.
        reference: Reference,
        /// Its bytes.
        release: Release,
    },
}

impl ResolvedSource {
    /// The registry's name for the bytes, and the release; `None` for a path.
    pub fn release(&self) -> Option<(Origin, Release)> {
        match self {
            Self::Path(_) => None,
            Self::Package { registry, package, version, release, .. } => {
                let (registry, package, version) = (registry.clone(), package.clone(), version.clone());
                Some((Origin::Package { registry, package, version }, *release))
            }
            Self::Reference { reference, release } => Some((Origin::Reference(reference.clone()), *release)),
        }
    }

    /// The version; `None` for paths and references.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Package { version, .. } => Some(version),
            Self::Path(_) | Self::Reference { .. } => None,
        }
    }
}

/// What resolution came to.
#[derive(Debug)]
pub enum Outcome {
    /// Everything is decided.
    Resolved(Box<Resolution>),
    /// These questions must be answered first.
    Missing(Vec<Question>),
}

/// Decides which release of each package the application uses.
///
/// # Errors
/// Packages and versions that do not exist, and registries that could not be asked: all of them. Otherwise every group of
/// entries that has versions which satisfy their requirements, and none that fit together.
pub fn resolve(
    manifest: &Manifest,
    catalog: &Catalog,
    lock: Option<&Lock>,
    evidence: &Evidence,
) -> Result<Outcome, Failure> {
    let components = match lock.filter(|_| !evidence.is_against_lock()).and_then(|lock| as_locked(manifest, lock)) {
        Some(components) => Ok(components),
        None => components(manifest, catalog, lock, evidence),
    };
    let world = world(manifest, catalog, lock);
    let mut diagnostics = Vec::new();
    let mut questions = BTreeSet::new();
    for unready in [components.as_ref().err(), world.as_ref().err()].into_iter().flatten() {
        match unready {
            Unready::Wrong(wrong) => diagnostics.extend(wrong.iter().cloned()),
            Unready::Missing(missing) => questions.extend(missing.iter().cloned()),
        }
    }
    // What can be told with what is known is told only when no answer can add to it.
    match (components, world) {
        (Ok(components), Ok(world)) => Ok(Outcome::Resolved(Box::new(Resolution { components, world }))),
        _ if questions.is_empty() => Err(failure(diagnostics)),
        _ => Ok(Outcome::Missing(questions.into_iter().collect())),
    }
}

/// The components as the lock has them, if it has all of them and they satisfy the manifest.
fn as_locked(manifest: &Manifest, lock: &Lock) -> Option<Vec<ResolvedComponent>> {
    let mut versions = BTreeMap::new();
    let components = manifest.components.iter().map(|component| {
        let locked = lock.components.get(&component.name.value);
        let source = match (&component.source.value, locked) {
            (Source::Path(path), _) => ResolvedSource::Path(path.clone()),
            (Source::Reference(reference), Some(LockedSource::Reference { reference: same, release }))
                if reference == same =>
            {
                ResolvedSource::Reference { reference: reference.clone(), release: *release }
            }
            (Source::Package { package, requirement, registry }, _) => {
                let wanted =
                    Wanted { package, requirement, registry: registry.as_deref(), span: &component.source.span };
                let Locked { version, release } = Locked::new(&wanted, locked, manifest)?;
                let registry = manifest.registries.registry_for(package, registry.as_deref())?;
                let meeting = versions.entry((registry, package, Track::of(&version))).or_insert(version.clone());
                if *meeting != version {
                    return None;
                }
                let (package, requirement, registry) = (package.clone(), requirement.clone(), registry.clone());
                ResolvedSource::Package { package, requirement, registry, version, release }
            }
            (Source::Reference(_), _) => return None,
        };
        Some(ResolvedComponent::new(component, source))
    });
    components.collect()
}

fn components(
    manifest: &Manifest,
    catalog: &Catalog,
    lock: Option<&Lock>,
    evidence: &Evidence,
) -> Result<Vec<ResolvedComponent>, Unready> {
    let freedoms: &[Freedom] =
        if evidence.is_against_lock() { &[Freedom::Prefer] } else { &[Freedom::Keep, Freedom::Prefer] };
    let mut contradiction = None;
    for freedom in freedoms {
        let model = Model::new(manifest, catalog, lock, evidence, *freedom)?;
        match solve::solve(&model, &BTreeSet::new()) {
            Ok(chosen) => return settled(&model, catalog, &chosen),
            Err(first) => contradiction = Some(refused(&model, first)),
        }
        if model.entries.iter().all(|entry| entry.locked.is_none()) {
            break;
        }
    }
    Err(contradiction.expect("every freedom that was tried was refused because the first that is not returns"))
}

/// Every contradiction, or what must be asked to find those that have nothing to do with the first.
fn refused(model: &Model<'_>, first: solve::Contradiction) -> Unready {
    let explain::Explained { diagnostics, told, rest } = explain::all(model, first);
    // An entry of which nothing is known could provide anything, and so keep another contradiction from being seen.
    let chosen = rest.into_iter().enumerate().map(|(number, place)| {
        let entry = &model.entries[number];
        let best = || entry.best(&entry.places).filter(|_| entry.is_mute());
        if told.contains(&number) { best() } else { Some(place) }
    });
    let chosen: Vec<Option<Place>> = chosen.collect();
    let questions = inquiry::about_choice(model, &chosen);
    if questions.is_empty() { Unready::Wrong(diagnostics) } else { Unready::Missing(questions) }
}

/// What was chosen, once everything about it is known.
fn settled(model: &Model<'_>, catalog: &Catalog, chosen: &[Place]) -> Result<Vec<ResolvedComponent>, Unready> {
    let places: Vec<Option<Place>> = chosen.iter().copied().map(Some).collect();
    let mut questions = inquiry::about_choice(model, &places);
    if questions.is_empty() && model.leaves_imports_open(chosen) {
        questions = inquiry::about_older_versions(model);
    }
    if !questions.is_empty() {
        return Err(Unready::Missing(questions));
    }
    let mut reader = Reader::new(model.manifest, catalog, Freedom::Prefer);
    let mut resolved = Vec::new();
    for component in &model.manifest.components {
        let entry = model.entries.binary_search_by(|entry| entry.component.name.value.cmp(&component.name.value));
        let entry = entry.expect("every component has an entry because the model was made of all of them");
        let source = source(model, catalog, entry, chosen[entry], &mut reader);
        resolved.extend(source.map(|source| ResolvedComponent::new(component, source)));
    }
    reader.finish().map(|()| resolved)
}

/// The source of an entry, with the release that its lock or else its registry gives.
fn source(
    model: &Model<'_>,
    catalog: &Catalog,
    number: usize,
    place: Place,
    reader: &mut Reader<'_>,
) -> Option<ResolvedSource> {
    let entry = &model.entries[number];
    let span = &entry.component.source.span;
    match &entry.kind {
        Kind::Path(path) => Some(ResolvedSource::Path(path.to_path_buf())),
        Kind::Reference(reference, locked) => {
            let reference = (*reference).clone();
            let release = locked.or_else(|| {
                reader.release(catalog.reference(&reference), span, || Origin::Reference(reference.clone()))
            })?;
            Some(ResolvedSource::Reference { reference, release })
        }
        Kind::Package(package, requirement, locked) => {
            let package = &model.packages[*package];
            let version = package.versions.get(place as usize)?;
            let (registry, name) = (package.registry.clone(), package.name.clone());
            let release = locked.filter(|_| entry.locked == Some(place)).or_else(|| {
                let answers = catalog.releases(package.registry, package.name);
                let answer = answers.and_then(|answers| answers.get(version));
                let (registry, package, version) = (registry.clone(), name.clone(), version.clone());
                reader.release(answer, span, || Origin::Package { registry, package, version })
            })?;
            let (requirement, version) = ((*requirement).clone(), version.clone());
            Some(ResolvedSource::Package { package: name, requirement, registry, version, release })
        }
    }
}

/// The WIT package of the target world: whatever satisfies the requirement, for nothing depends on it.
fn world(manifest: &Manifest, catalog: &Catalog, lock: Option<&Lock>) -> Result<Option<ResolvedSource>, Unready> {
    let Some(world) = &manifest.world else { return Ok(None) };
    let locked = lock.and_then(|lock| lock.world.as_ref());
    let (package, requirement) = match &world.wit.value {
        WitSource::Package { package, requirement } => (package, requirement),
        WitSource::Reference(reference) => {
            return world_of_reference(reference, &world.wit.span, manifest, catalog, locked).map(Some);
        }
        WitSource::Path(_) | WitSource::Revision(_) => return Ok(None),
    };
    let wanted = Wanted { package, requirement, registry: None, span: &world.wit.span };
    let mut reader = Reader::new(manifest, catalog, Freedom::Keep);
    reader.list(&wanted, locked);
    reader.check()?;
    let locked = Locked::new(&wanted, locked, manifest);
    let chosen = reader.best(&wanted, locked.as_ref()).zip(reader.registry(&wanted));
    let source = chosen.and_then(|(version, registry)| {
        let answer = catalog.releases(registry, package).and_then(|answers| answers.get(&version));
        let origin =
            || Origin::Package { registry: registry.clone(), package: package.clone(), version: version.clone() };
        let release = locked.map(|locked| locked.release).or_else(|| reader.release(answer, wanted.span, origin))?;
        let (package, requirement, registry) = (package.clone(), requirement.clone(), registry.clone());
        Some(ResolvedSource::Package { package, requirement, registry, version, release })
    });
    reader.finish().map(|()| source)
}

/// The WIT of an artifact: as it is locked, or else as its registry has it.
fn world_of_reference(
    reference: &Reference,
    span: &Range<usize>,
    manifest: &Manifest,
    catalog: &Catalog,
    locked: Option<&LockedSource>,
) -> Result<ResolvedSource, Unready> {
    let reference = reference.clone();
    if let Some(LockedSource::Reference { reference: same, release }) = locked
        && *same == reference
    {
        return Ok(ResolvedSource::Reference { reference, release: *release });
    }
    let mut reader = Reader::new(manifest, catalog, Freedom::Keep);
    let release = reader.release(catalog.reference(&reference), span, || Origin::Reference(reference.clone()));
    reader.finish()?;
    let release = release.expect("a release is there because nothing is missing and nothing wrong");
    Ok(ResolvedSource::Reference { reference, release })
}

/// All findings in the manifest's order.
fn failure(mut diagnostics: Vec<Diagnostic>) -> Failure {
    diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map_or(usize::MAX, |label| label.span.start));
    match Failure::check(diagnostics) {
        Err(failure) => failure,
        Ok(_) => unreachable!("resolution fails only with errors because it gives no warnings"),
    }
}
