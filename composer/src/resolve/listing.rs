//! Which versions of a package an entry may have: from its requirement, what its registry lists and what the lock has.
//!
//! A pre-release is allowed where the requirement names one, a yanked version where the lock has it. What keeps an entry from
//! having any version is told here, for all entries at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use registry_client::{Availability, Error, Origin, PackageName, Published, Reference, Registry, Release};
use semver::{Version, VersionReq};

use super::{
    Catalog, Question,
    catalog::Answer,
    model::{Freedom, Knowledge, Package, Unready},
    places::Place,
};
use crate::{
    diagnostic::{Code, Diagnostic},
    lock::LockedSource,
    manifest::Manifest,
    registry_report,
};

/// What a line of the manifest wants.
pub(super) struct Wanted<'a> {
    pub(super) package: &'a PackageName,
    pub(super) requirement: &'a VersionReq,
    pub(super) registry: Option<&'a str>,
    /// The line.
    pub(super) span: &'a Range<usize>,
}

/// What the lock has for a line, where that still satisfies it.
pub(super) struct Locked {
    pub(super) version: Version,
    pub(super) release: Release,
}

impl Locked {
    pub(super) fn new(wanted: &Wanted<'_>, locked: Option<&LockedSource>, manifest: &Manifest) -> Option<Self> {
        let Some(LockedSource::Package { package, registry, version, release, .. }) = locked else { return None };
        let is_same = package == wanted.package
            && Some(registry) == manifest.registries.registry_for(wanted.package, wanted.registry);
        (is_same && wanted.requirement.matches(version)).then(|| Self { version: version.clone(), release: *release })
    }
}

/// Reads the catalog, and collects what is missing from it and what is wrong.
pub(super) struct Reader<'a> {
    pub(super) manifest: &'a Manifest,
    catalog: &'a Catalog,
    freedom: Freedom,
    questions: BTreeSet<Question>,
    diagnostics: Vec<Diagnostic>,
    lists: BTreeMap<(&'a Registry, &'a PackageName), BTreeSet<Version>>,
    /// The lines whose package could not be listed, which was reported.
    unlisted: BTreeSet<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(manifest: &'a Manifest, catalog: &'a Catalog, freedom: Freedom) -> Self {
        let (questions, diagnostics) = (BTreeSet::new(), Vec::new());
        let (lists, unlisted) = (BTreeMap::new(), BTreeSet::new());
        Self { manifest, catalog, freedom, questions, diagnostics, lists, unlisted }
    }

    /// Notes the versions of the package that a line wants.
    pub(super) fn list(&mut self, wanted: &Wanted<'a>, locked: Option<&LockedSource>) {
        let Some(registry) = self.reported_registry(wanted) else { return };
        let locked = Locked::new(wanted, locked, self.manifest).map(|locked| locked.version);
        let list = self.lists.entry((registry, wanted.package)).or_default();
        let is_settled = locked.is_some() && self.freedom == Freedom::Keep;
        let is_locked = locked.is_some();
        list.extend(locked);
        if is_settled {
            return;
        }
        match self.catalog.versions(registry, wanted.package) {
            Some(Ok(versions)) => list.extend(versions.iter().map(|published| published.version.clone())),
            // The locked version will do.
            Some(Err(_)) if is_locked => {}
            Some(Err(error)) => {
                self.unlisted.insert(wanted.span.start);
                self.needed(error, wanted.span);
            }
            None => {
                let (registry, package) = (registry.clone(), wanted.package.clone());
                self.questions.insert(Question::Versions { registry, package });
            }
        }
    }

    /// The packages of all lines, with the versions that are known.
    pub(super) fn packages(&mut self) -> Vec<Package<'a>> {
        let lists = std::mem::take(&mut self.lists).into_iter();
        lists
            .map(|((registry, name), versions)| Package { registry, name, versions: versions.into_iter().collect() })
            .collect()
    }

    /// The places in `versions` of those that a line may have, ascending, each with what its publisher says of it.
    pub(super) fn allowed(
        &mut self,
        wanted: &Wanted<'a>,
        locked: Option<&Locked>,
        versions: &[Version],
    ) -> Vec<(Place, Knowledge<'a>)> {
        let Some(registry) = self.registry(wanted) else { return Vec::new() };
        let listed = match self.catalog.versions(registry, wanted.package) {
            Some(Ok(listed)) => listed,
            Some(Err(_)) | None => &[],
        };
        let answers = self.catalog.releases(registry, wanted.package);
        let is_allowed = |version: &Version| {
            if locked.is_some_and(|locked| locked.version == *version) {
                return true;
            }
            if locked.is_some() && self.freedom == Freedom::Keep {
                return false;
            }
            let found = listed.binary_search_by(|published| published.version.cmp(version));
            let is_offered = found.is_ok_and(|found| listed[found].availability == Availability::Offered);
            is_offered && wanted.requirement.matches(version)
        };
        let places = (0..).zip(versions).filter(|(_, version)| is_allowed(version));
        let allowed: Vec<(Place, Knowledge<'a>)> = places
            .map(|(place, version)| (place, Knowledge::of(answers.and_then(|answers| answers.get(version)))))
            .collect();
        if allowed.is_empty() && !self.unlisted.contains(&wanted.span.start) {
            self.diagnostics.push(self.version_not_found(wanted, registry, listed));
        }
        allowed
    }

    /// What is known of the component behind a reference.
    pub(super) fn reference(&self, reference: &Reference) -> Knowledge<'a> {
        Knowledge::of(self.catalog.reference(reference))
    }

    /// The highest version that a line may have, or the locked one.
    pub(super) fn best(&mut self, wanted: &Wanted<'a>, locked: Option<&Locked>) -> Option<Version> {
        if let Some(locked) = locked {
            return Some(locked.version.clone());
        }
        let list = self.lists.get(&(self.registry(wanted)?, wanted.package))?;
        let versions: Vec<Version> = list.iter().cloned().collect();
        let (highest, _) = self.allowed(wanted, None, &versions).pop()?;
        versions.into_iter().nth(highest as usize)
    }

    /// The registry of the package that a line wants.
    pub(super) fn registry(&self, wanted: &Wanted<'a>) -> Option<&'a Registry> {
        self.manifest.registries.registry_for(wanted.package, wanted.registry)
    }

    fn reported_registry(&mut self, wanted: &Wanted<'a>) -> Option<&'a Registry> {
        let registry = self.registry(wanted);
        if registry.is_none() {
            let message = format!("no registry is known for `{}`", wanted.package);
            let label = "this package has to come from somewhere";
            let diagnostic = Diagnostic::error(Code::NoRegistry, message);
            self.diagnostics.push(diagnostic.label(&self.manifest.source, wanted.span.clone(), label));
        }
        registry
    }

    /// The release that a registry answered with; asks for it when it did not yet.
    pub(super) fn release(
        &mut self,
        answer: Option<&Answer>,
        span: &Range<usize>,
        origin: impl FnOnce() -> Origin,
    ) -> Option<Release> {
        match answer {
            Some(Ok(described)) => return Some(described.release),
            Some(Err(error)) => self.needed(error, span),
            None => {
                self.questions.insert(Question::Release(origin()));
            }
        }
        None
    }

    /// Whether nothing is missing; what is wrong can wait, for there may be more of it.
    pub(super) fn check(&mut self) -> Result<(), Unready> {
        if self.questions.is_empty() {
            return Ok(());
        }
        Err(Unready::Missing(std::mem::take(&mut self.questions).into_iter().collect()))
    }

    /// Whether nothing is missing and nothing wrong.
    pub(super) fn finish(mut self) -> Result<(), Unready> {
        self.check()?;
        if self.diagnostics.is_empty() { Ok(()) } else { Err(Unready::Wrong(self.diagnostics)) }
    }

    /// Reports what a registry said instead of answering.
    fn needed(&mut self, error: &Error, span: &Range<usize>) {
        let diagnostic = registry_report::diagnostic(error);
        self.diagnostics.push(diagnostic.label(&self.manifest.source, span.clone(), "needed here"));
    }

    fn version_not_found(&self, wanted: &Wanted<'_>, registry: &Registry, listed: &[Published]) -> Diagnostic {
        let Wanted { package, requirement, span, .. } = wanted;
        let with = |wanted| {
            let versions = listed.iter().filter(move |published| published.availability == wanted);
            versions.map(|published| published.version.clone()).collect::<Vec<_>>()
        };
        let offered = with(Availability::Offered);
        let diagnostic = version_not_found(package, requirement, registry, &offered);
        let diagnostic = diagnostic.label(&self.manifest.source, (*span).clone(), "required here");
        match with(Availability::Yanked).iter().rev().find(|version| requirement.matches(version)) {
            Some(yanked) => diagnostic.note(format!("{yanked} would satisfy it, and was withdrawn by its publisher")),
            None => diagnostic,
        }
    }
}

impl<'a> Knowledge<'a> {
    fn of(answer: Option<&'a Answer>) -> Self {
        match answer {
            None => Self::Unasked,
            Some(Ok(described)) => described.interfaces.as_ref().map_or(Self::Untold, Self::Known),
            Some(Err(_)) => Self::Untold,
        }
    }
}

/// Says that a registry has no version that would do, and which ones it has.
pub(crate) fn version_not_found(
    package: &PackageName,
    requirement: &VersionReq,
    registry: &Registry,
    offered: &[Version],
) -> Diagnostic {
    let message = format!("no version of `{package}` satisfies `{requirement}`");
    let diagnostic = Diagnostic::error(Code::VersionNotFound, message).note(available(registry, offered));
    match pre_release_for(requirement, offered) {
        Some(version) => diagnostic.note(format!(
            "{version} is a pre-release: only a requirement that names one takes it, such as `={version}`"
        )),
        None => diagnostic,
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
