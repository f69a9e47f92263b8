//! Resolution: decides which release of each package an application uses.
//!
//! From the [`Manifest`], a [`Catalog`] of what registries have said so far, and perhaps the [`Lock`], to a [`Resolution`], or
//! to the [`Question`]s whose answers are missing from the catalog. The driver asks them and calls again, so that resolution
//! itself does no I/O and gives the same answer for the same catalog.
//!
//! A package that is locked stays as it is while its lock entry satisfies the manifest: neither a newer version nor a tag that
//! moved changes it.

use std::{collections::BTreeMap, path::PathBuf};

use registry_client::{Origin, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};

use crate::{
    diagnostic::{Code, Diagnostic, Failure, Spanned},
    lock::{Lock, LockedSource},
    manifest::{Manifest, Name, Source, WitSource},
    registry_report,
};

/// Something that only a registry knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which versions a package has.
    Versions {
        /// The registry, as the manifest names it.
        registry: Registry,
        /// The package.
        package: PackageName,
    },
    /// What a version or a reference stands for.
    Release(Origin),
}

/// What registries have answered.
#[derive(Debug, Default)]
pub struct Catalog {
    versions: BTreeMap<(Registry, PackageName), Result<Vec<Version>, registry_client::Error>>,
    releases: BTreeMap<Origin, Result<Release, registry_client::Error>>,
}

impl Catalog {
    /// Notes the versions of a package, or why there are none to be had.
    pub fn insert_versions(
        &mut self,
        registry: Registry,
        package: PackageName,
        versions: Result<Vec<Version>, registry_client::Error>,
    ) {
        self.versions.insert((registry, package), versions);
    }

    /// Notes what a version or a reference stands for, or why that cannot be told.
    pub fn insert_release(&mut self, origin: Origin, release: Result<Release, registry_client::Error>) {
        self.releases.insert(origin, release);
    }
}

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
/// Packages and versions that do not exist, and registries that could not be asked: all of them.
pub fn resolve(manifest: &Manifest, catalog: &Catalog, lock: Option<&Lock>) -> Result<Outcome, Failure> {
    let mut resolver = Resolver { manifest, catalog, questions: Vec::new(), diagnostics: Vec::new() };
    let mut components = Vec::new();
    for component in &manifest.components {
        let locked = lock.and_then(|lock| lock.components.get(&component.name.value));
        if let Some(source) = resolver.source(&component.source, locked) {
            components.push(ResolvedComponent { name: component.name.value.clone(), source });
        }
    }
    let world = manifest.world.as_ref().and_then(|world| match &world.wit.value {
        WitSource::Path(_) => None,
        WitSource::Package { package, requirement } => {
            let wanted = Wanted { package, requirement, registry: None, span: &world.wit.span };
            resolver.package(&wanted, lock.and_then(|lock| lock.world.as_ref()))
        }
    });
    Failure::check(resolver.diagnostics)?;
    if resolver.questions.is_empty() {
        return Ok(Outcome::Resolved(Box::new(Resolution { components, world })));
    }
    resolver.questions.sort();
    resolver.questions.dedup();
    Ok(Outcome::Missing(resolver.questions))
}

struct Resolver<'a> {
    manifest: &'a Manifest,
    catalog: &'a Catalog,
    questions: Vec<Question>,
    diagnostics: Vec<Diagnostic>,
}

struct Wanted<'a> {
    package: &'a PackageName,
    requirement: &'a VersionReq,
    registry: Option<&'a str>,
    span: &'a std::ops::Range<usize>,
}

impl Resolver<'_> {
    fn source(&mut self, source: &Spanned<Source>, locked: Option<&LockedSource>) -> Option<ResolvedSource> {
        match &source.value {
            Source::Path(path) => Some(ResolvedSource::Path(path.clone())),
            Source::Package { package, requirement, registry } => {
                let wanted = Wanted { package, requirement, registry: registry.as_deref(), span: &source.span };
                self.package(&wanted, locked)
            }
            Source::Reference(reference) => self.reference(reference, &source.span, locked),
        }
    }

    fn reference(
        &mut self,
        reference: &Reference,
        span: &std::ops::Range<usize>,
        locked: Option<&LockedSource>,
    ) -> Option<ResolvedSource> {
        let locked = match locked {
            Some(LockedSource::Reference { reference: same, release }) if same == reference => Some(*release),
            _ => None,
        };
        let release = locked.or_else(|| self.release(Origin::Reference(reference.clone()), span))?;
        Some(ResolvedSource::Reference { reference: reference.clone(), release })
    }

    fn package(&mut self, wanted: &Wanted<'_>, locked: Option<&LockedSource>) -> Option<ResolvedSource> {
        let registries = &self.manifest.registries;
        let Some(registry) = registries.registry_for(wanted.package, wanted.registry) else {
            let message = format!("no registry is known for `{}`", wanted.package);
            let diagnostic = Diagnostic::error(Code::NoRegistry, message).label(
                &self.manifest.source,
                wanted.span.clone(),
                "this package has to come from somewhere",
            );
            self.diagnostics.push(diagnostic);
            return None;
        };
        let resolved = |version: &Version, release: Release| ResolvedSource::Package {
            package: wanted.package.clone(),
            requirement: wanted.requirement.clone(),
            registry: registry.clone(),
            version: version.clone(),
            release,
        };
        if let Some(LockedSource::Package { package, registry: same, version, release, .. }) = locked
            && (package, same) == (wanted.package, registry)
            && wanted.requirement.matches(version)
        {
            return Some(resolved(version, *release));
        }
        let version = self.highest(wanted, registry)?;
        let origin =
            Origin::Package { registry: registry.clone(), package: wanted.package.clone(), version: version.clone() };
        let release = self.release(origin, wanted.span)?;
        Some(resolved(&version, release))
    }

    fn highest(&mut self, wanted: &Wanted<'_>, registry: &Registry) -> Option<Version> {
        let known = self.catalog.versions.get(&(registry.clone(), wanted.package.clone()));
        let versions = match known {
            Some(Ok(versions)) => versions,
            Some(Err(error)) => {
                let diagnostic = registry_report::diagnostic(error);
                self.diagnostics.push(diagnostic.label(&self.manifest.source, wanted.span.clone(), "needed here"));
                return None;
            }
            None => {
                self.questions.push(Question::Versions { registry: registry.clone(), package: wanted.package.clone() });
                return None;
            }
        };
        let highest = versions.iter().filter(|version| wanted.requirement.matches(version)).max();
        if highest.is_none() {
            let Wanted { package, requirement, span, .. } = wanted;
            let message = format!("no version of `{package}` satisfies `{requirement}`");
            let diagnostic = Diagnostic::error(Code::VersionNotFound, message).label(
                &self.manifest.source,
                (*span).clone(),
                "required here",
            );
            let diagnostic = diagnostic.note(available(registry, versions));
            self.diagnostics.push(match pre_release_for(requirement, versions) {
                Some(version) => diagnostic.note(format!(
                    "{version} is a pre-release: only a requirement that names one takes it, such as `={version}`"
                )),
                None => diagnostic,
            });
        }
        highest.cloned()
    }

    fn release(&mut self, origin: Origin, span: &std::ops::Range<usize>) -> Option<Release> {
        match self.catalog.releases.get(&origin) {
            Some(Ok(release)) => Some(*release),
            Some(Err(error)) => {
                let diagnostic = registry_report::diagnostic(error);
                self.diagnostics.push(diagnostic.label(&self.manifest.source, span.clone(), "needed here"));
                None
            }
            None => {
                self.questions.push(Question::Release(origin));
                None
            }
        }
    }
}

/// The newest pre-release that a requirement would take if it were released.
fn pre_release_for<'a>(requirement: &VersionReq, versions: &'a [Version]) -> Option<&'a Version> {
    let released = |version: &Version| Version::new(version.major, version.minor, version.patch);
    let pre_releases = versions.iter().filter(|version| !version.pre.is_empty());
    pre_releases.filter(|version| requirement.matches(&released(version))).max()
}

/// The newest versions there are, in a sentence.
pub(crate) fn available(registry: &Registry, versions: &[Version]) -> String {
    const SHOWN: usize = 5;
    let mut newest: Vec<&Version> = versions.iter().collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    let shown: Vec<String> = newest.iter().take(SHOWN).map(ToString::to_string).collect();
    match newest.len() {
        0 => format!("`{registry}` has no version of it"),
        count if count > SHOWN => format!("`{registry}` has {} and {} older ones", shown.join(", "), count - SHOWN),
        _ => format!("`{registry}` has {}", shown.join(", ")),
    }
}
