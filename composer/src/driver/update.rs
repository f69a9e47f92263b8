//! Newer releases: taking them, and saying which there are.
//!
//! From names of components to a plan that does not hold on to what the lock says of them, and from the lock to the versions
//! that registries have beside what is locked.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use registry_client::{Digest, Origin, PackageName, Reference, Registry};
use semver::{Comparator, Op, Version, VersionReq};

use super::{
    Basis, Planned, Session, choose::QUESTIONS_AT_A_TIME, home_of, plan_from, reachable, reachable_origin,
    read_manifest, registries, registry_of,
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, listed, nearest},
    lock::{Lock, LockedSource},
    manifest::{Component, Manifest, Name, Source, WitSource},
    registry_report,
};

/// Plans an application with the newest releases that its manifest allows for the components of these names, or for all where
/// there are none; writes nothing. A name is a component's or a package's. Everything else stays as it is locked.
///
/// # Errors
/// As [`plan()`](super::plan()), and for names that mean nothing.
pub async fn plan_update(session: &Session, names: &[String]) -> Result<Planned, Failure> {
    let mut basis = Basis::read(session)?;
    let updated = named(&basis.manifest, basis.lock.as_ref(), names)?;
    if let Some(lock) = &mut basis.lock {
        lock.components.retain(|name, _| !updated.contains(name));
        if names.is_empty() {
            lock.world = None;
        }
    }
    plan_from(&session.beyond_vendor(), basis, &[]).await
}

/// Plans an application with exactly this version of one component, which may be older than the one that is locked.
///
/// # Errors
/// As [`plan_update`], and when the component is of no package, its requirement does not allow the version, or the version
/// does not fit.
pub async fn plan_precise(session: &Session, name: &str, version: &Version) -> Result<Planned, Failure> {
    let session = &session.beyond_vendor();
    let basis = Basis::read(session)?;
    let updated = precisely_named(&basis.manifest, basis.lock.as_ref(), name)?;
    // A lock only says what is preferred, and a requirement what must be: what else changes for it is found with that.
    let required = requiring(session, basis, &updated, version).await?;
    let chosen = plan_from(session, required, &[]).await.map_err(|failure| {
        let mut diagnostics = failure.diagnostics().to_vec();
        if let Some(last) = diagnostics.last_mut() {
            last.notes.push(format!("`{name}` was asked for in the version {version}"));
        }
        Failure::check(diagnostics).err().unwrap_or(failure)
    })?;
    let basis = Basis { lock: Some(chosen.lock), ..Basis::read(session)? };
    plan_from(session, basis, &[]).await
}

/// The components that a name means, where they are to have one version.
fn precisely_named(manifest: &Manifest, lock: Option<&Lock>, name: &str) -> Result<BTreeSet<Name>, Failure> {
    let automatic = lock.map(automatic).unwrap_or_default();
    let found = automatic
        .iter()
        .find(|(known, package)| ***known == *name || package.is_some_and(|package| package.to_string() == *name));
    match (named(manifest, None, &[name.to_owned()]), found) {
        (Err(_), Some((name, Some(package)))) => {
            let message = format!("`{name}` has no entry in the manifest that could require a version");
            let diagnostic = Diagnostic::error(Code::UnknownName, message);
            let diagnostic = diagnostic.note("it is in `compose.lock` because nothing else provides what it exports");
            Err(diagnostic.hint(format!("give it one, with the version\ncompose add {package}@=VERSION")).into())
        }
        (named, _) => named,
    }
}

/// An application in which some components must have a version.
async fn requiring(
    session: &Session,
    mut basis: Basis,
    components: &BTreeSet<Name>,
    version: &Version,
) -> Result<Basis, Failure> {
    registries::assign(session, &mut basis.manifest, basis.lock.as_ref()).await?;
    let exact = Comparator {
        op: Op::Exact,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre.clone(),
    };
    let mut lock = basis.lock.take().unwrap_or_default();
    let mut manifest = basis.manifest.clone();
    for component in manifest.components.iter_mut().filter(|component| components.contains(&component.name.value)) {
        let source = precise(session, &basis.manifest, component, version).await?;
        lock.components.insert(component.name.value.clone(), source);
        if let Source::Package { requirement, .. } = &mut component.source.value {
            *requirement = VersionReq { comparators: vec![exact.clone()] };
        }
    }
    Ok(Basis { lock: Some(lock), manifest, ..basis })
}

async fn precise(
    session: &Session,
    manifest: &Manifest,
    component: &Component,
    version: &Version,
) -> Result<LockedSource, Failure> {
    let (source, span) = (&component.source.value, component.source.span.clone());
    let Source::Package { package, requirement, registry } = source else {
        let message = format!("`{}` is of no registry package, so there is no version to choose", component.name.value);
        return Err(Diagnostic::error(Code::InvalidValue, message).label(&manifest.source, span, "this is all").into());
    };
    // A version that does not exist is no reason to require it.
    let registry = registry_for(manifest, package, registry.as_deref());
    let origin = Origin::Package { registry: registry.clone(), package: package.clone(), version: version.clone() };
    let release = session.client.release(&reachable_origin(session, origin)).await;
    let release = release
        .map_err(|error| registry_report::diagnostic(&error).label(&manifest.source, span.clone(), "needed here"))?;
    if !requirement.matches(version) {
        let message = format!("`{}` must satisfy `{requirement}`, and {version} does not", component.name.value);
        let diagnostic = Diagnostic::error(Code::VersionNotFound, message);
        let diagnostic = diagnostic.label(&manifest.source, span, "required here");
        return Err(diagnostic
            .hint(format!("require it first\n{} = \"{package}@{version}\"", component.name.value))
            .into());
    }
    Ok(LockedSource::Package {
        package: package.clone(),
        requirement: requirement.clone(),
        registry: registry.clone(),
        version: version.clone(),
        release,
    })
}

/// The components that these names mean, those that nobody wrote among them where there is a lock; all where there are no names.
fn named(manifest: &Manifest, lock: Option<&Lock>, names: &[String]) -> Result<BTreeSet<Name>, Failure> {
    let automatic: Vec<(&Name, Option<&PackageName>)> = lock.map(automatic).unwrap_or_default();
    if names.is_empty() {
        let written = manifest.components.iter().map(|component| &component.name.value);
        return Ok(written.chain(automatic.into_iter().map(|(name, _)| name)).cloned().collect());
    }
    let mut found = BTreeSet::new();
    let mut diagnostics = Vec::new();
    for name in names {
        let meant = manifest.components.iter().filter(|component| {
            let package = component.source.value.package().map(ToString::to_string);
            *component.name.value == **name || package.as_ref() == Some(name)
        });
        let automatic = automatic.iter().filter(|(known, package)| {
            ***known == **name || package.is_some_and(|package| package.to_string() == **name)
        });
        let before = found.len();
        found.extend(meant.map(|component| component.name.value.clone()));
        found.extend(automatic.map(|(known, _)| (*known).clone()));
        if found.len() == before && !found.iter().any(|known| **known == **name) {
            diagnostics.push(unknown(manifest, name));
        }
    }
    Failure::check(diagnostics)?;
    Ok(found)
}

/// The components in a lock that nobody wrote.
fn automatic(lock: &Lock) -> Vec<(&Name, Option<&PackageName>)> {
    let package = |name| match lock.components.get(name) {
        Some(LockedSource::Package { package, .. }) => Some(package),
        Some(LockedSource::Path(_) | LockedSource::Reference { .. }) | None => None,
    };
    lock.automatic.iter().map(|name| (name, package(name))).collect()
}

/// Nothing in `[components]` has this name.
pub(super) fn unknown(manifest: &Manifest, name: &str) -> Diagnostic {
    let known: Vec<&str> = manifest.components.iter().map(|component| &*component.name.value).collect();
    let diagnostic = Diagnostic::error(Code::UnknownName, format!("`[components]` has no `{name}`"));
    let instance = manifest.instances.iter().find(|instance| *instance.name.value == *name);
    match (instance, nearest(name, known.iter().copied())) {
        (Some(instance), _) => {
            diagnostic.note(format!("`{name}` is an instance of the component `{}`", instance.component))
        }
        (None, Some(near)) => diagnostic.hint(format!("did you mean `{near}`?")),
        (None, None) if known.is_empty() => diagnostic,
        (None, None) => diagnostic.note(format!("it has {}", listed(known))),
    }
}

/// What registries have beside what is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The component; none for the target world.
    pub component: Option<Name>,
    /// What it comes from, with what there is of it.
    pub source: StandingSource,
}

/// A source, with what is locked and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandingSource {
    /// A registry package.
    Package {
        /// The package.
        package: PackageName,
        /// What the manifest requires.
        requirement: VersionReq,
        /// What is locked, if anything is.
        current: Option<Version>,
        /// The highest version that the manifest allows.
        compatible: Option<Version>,
        /// The highest version; a pre-release only where the manifest allows that one.
        latest: Option<Version>,
    },
    /// An OCI reference by tag.
    Tag {
        /// The reference.
        reference: Reference,
        /// The image manifest that is locked, if one is.
        current: Option<Digest>,
        /// The image manifest that the tag names now.
        latest: Digest,
    },
}

impl Standing {
    /// Whether `compose update` would take something else than what is locked.
    pub fn is_outdated(&self) -> bool {
        match &self.source {
            StandingSource::Package { current, compatible, .. } => compatible.is_some() && compatible > current,
            StandingSource::Tag { current, latest, .. } => *current != Some(*latest),
        }
    }

    /// Whether there is something newer, also where the manifest does not allow it.
    pub fn is_behind(&self) -> bool {
        match &self.source {
            StandingSource::Package { current, latest, .. } => self.is_outdated() || latest > current,
            StandingSource::Tag { .. } => self.is_outdated(),
        }
    }
}

/// Asks for each component, and for the target world, what registries have beside what is locked; in the manifest's order.
/// Paths, and references by digest, are what they are, and left out.
///
/// # Errors
/// When the manifest or the lock is wrong, or registries cannot be asked: everything that is wrong.
pub async fn outdated(session: &Session) -> Result<Vec<Standing>, Failure> {
    let mut manifest = read_manifest(&session.manifest)?;
    let home = home_of(session, &manifest)?;
    let none = Lock::default();
    let lock = home.lock().unwrap_or(&none);
    registries::assign(session, &mut manifest, Some(lock)).await?;
    let components = manifest.components.iter().map(|component| {
        let name = &component.name.value;
        let span = Some(component.source.span.clone());
        (Some(name), component.source.value.clone(), span, lock.components.get(name))
    });
    let automatic = lock.automatic.iter().filter_map(|name| match lock.components.get(name)? {
        locked @ LockedSource::Package { package, requirement, registry, .. } => {
            let candidates = manifest.registries.candidates(package);
            let registry = candidates.iter().find(|(_, known)| *known == registry)?.0.to_owned();
            let (package, requirement) = (package.clone(), requirement.clone());
            let source = Source::Package { package, requirement, registry: Some(registry) };
            Some((Some(name), source, None, Some(locked)))
        }
        LockedSource::Path(_) | LockedSource::Reference { .. } => None,
    });
    let world = manifest.world.iter().filter_map(|world| match &world.wit.value {
        WitSource::Path(_) | WitSource::Revision(_) => None,
        WitSource::Reference(reference) => Some((world, Source::Reference(reference.clone()))),
        WitSource::Package { package, requirement } => {
            let (package, requirement) = (package.clone(), requirement.clone());
            Some((world, Source::Package { package, requirement, registry: None }))
        }
    });
    let world = world.map(|(world, source)| (None, source, Some(world.wit.span.clone()), lock.world.as_ref()));
    let asked = components.chain(automatic).chain(world).collect::<Vec<_>>();
    let manifest = &manifest;
    let answers = stream::iter(asked).map(|(name, source, span, locked)| async move {
        let source = standing(session, manifest, source, locked).await;
        let source = source.map_err(|diagnostic| match (span, name) {
            (Some(span), _) => diagnostic.label(&manifest.source, span, "named here"),
            (None, Some(name)) => diagnostic.note(format!("`compose.lock` has `{name}` from there")),
            (None, None) => diagnostic,
        })?;
        Ok::<_, Diagnostic>(source.map(|source| Standing { component: name.cloned(), source }))
    });
    let answers: Vec<_> = answers.buffered(QUESTIONS_AT_A_TIME).collect().await;
    let mut standings = Vec::new();
    let mut diagnostics = Vec::new();
    for answer in answers {
        match answer {
            Ok(standing) => standings.extend(standing),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    Failure::check(diagnostics)?;
    Ok(standings)
}

async fn standing(
    session: &Session,
    manifest: &Manifest,
    source: Source,
    locked: Option<&LockedSource>,
) -> Result<Option<StandingSource>, Diagnostic> {
    match source {
        Source::Path(_) => Ok(None),
        Source::Reference(reference) if reference.digest().is_some() => Ok(None),
        Source::Reference(reference) => {
            let current = match locked {
                Some(LockedSource::Reference { reference: same, release }) if *same == reference => {
                    Some(release.manifest.digest)
                }
                _ => None,
            };
            let release = session.client.release(&Origin::Reference(reference.clone())).await;
            let latest = release.map_err(|error| registry_report::diagnostic(&error))?.manifest.digest;
            Ok(Some(StandingSource::Tag { reference, current, latest }))
        }
        Source::Package { package, requirement, registry } => {
            let current = match locked {
                Some(LockedSource::Package { package: same, version, .. }) if *same == package => Some(version.clone()),
                _ => None,
            };
            let versions = versions(session, manifest, &package, registry.as_deref()).await?;
            let compatible = versions.iter().filter(|version| requirement.matches(version)).max().cloned();
            let is_wanted = |version: &&Version| version.pre.is_empty() || requirement.matches(version);
            let latest = versions.iter().filter(is_wanted).max().cloned();
            Ok(Some(StandingSource::Package { package, requirement, current, compatible, latest }))
        }
    }
}

async fn versions(
    session: &Session,
    manifest: &Manifest,
    package: &PackageName,
    registry: Option<&str>,
) -> Result<Vec<Version>, Diagnostic> {
    let registry = registry_for(manifest, package, registry);
    let versions = session.client.versions(&reachable(session, registry.clone()), package).await;
    versions.map_err(|error| registry_report::diagnostic(&error))
}

fn registry_for<'a>(manifest: &'a Manifest, package: &PackageName, registry: Option<&str>) -> &'a Registry {
    let registry = manifest.registries.registry_for(package, registry);
    registry.expect("a package of the manifest has a registry because its registries were assigned")
}

/// The newest version of a package that is not in the manifest yet, in the registry that it comes from; never a pre-release.
///
/// # Errors
/// When no registry is known for it, the registry does not have it or cannot be asked, or has nothing but pre-releases.
pub async fn newest(
    session: &Session,
    manifest: &Manifest,
    package: &PackageName,
    registry: Option<&str>,
) -> Result<Version, Failure> {
    let around = Some((manifest, session.manifest.as_path()));
    let registry = registry_of(&session.client, &session.rules, around, package, registry).await?;
    let versions = session.client.versions(&registry, package).await;
    let versions = versions.map_err(|error| registry_report::diagnostic(&error))?;
    let newest = versions.iter().filter(|version| version.pre.is_empty()).max().cloned();
    newest.ok_or_else(|| {
        let diagnostic =
            Diagnostic::error(Code::VersionNotFound, format!("`{package}` has no version but pre-releases"));
        let diagnostic = match versions.iter().max() {
            Some(version) => diagnostic.hint(format!("ask for one of them\ncompose add {package}@{version}")),
            None => diagnostic,
        };
        diagnostic.into()
    })
}
