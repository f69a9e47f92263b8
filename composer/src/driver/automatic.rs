//! Automatic providers: components that nobody wrote into the manifest, for imports that nothing else provides.
//!
//! From the imports that planning found unprovided to an application with further components: each is the registry package that
//! the interface belongs to, in a version that exports it. It is taken where the lock has it already, without a question, and else
//! where a registry is marked `auto = true` or the session takes any. What is not taken is offered, with the line that adds it.
//!
//! The application starts anew from its manifest each time, so that a component which nothing needs any more is not there.

use std::collections::BTreeMap;

use registry_client::{Error, Origin, PackageName, Registry};
use semver::{Version, VersionReq};
use wit::{ExternName, Track, World};

use super::{Session, reachable, reachable_origin, registry_of};
use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    edit::caret,
    lock::{Lock, LockedSource},
    manifest::{Component, Introduction, Manifest, Name, Source},
    part::Part,
    plan::{Unprovided, unprovided},
    registry_report,
};

/// Which registries may provide what nothing else provides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Automatic {
    /// Those that the manifest marks with `auto = true`.
    #[default]
    Marked,
    /// All that the manifest names.
    All,
}

/// How many versions of a package are looked at.
const VERSIONS: usize = 16;

/// How many components of a package are read: what a publisher says of them may be wrong, and a WIT package says the same.
const READ: usize = 4;

/// How many components are taken that nobody wrote: a chain of packages that each need another one has an end.
const MOST: usize = 128;

/// Finds providers for one application.
pub(super) struct Providers<'a> {
    session: &'a Session,
    /// What is locked, also where newer releases are wanted.
    locked: BTreeMap<PackageName, Locked>,
    found: BTreeMap<ExternName, Option<Offer>>,
    /// Why registries could not be asked.
    unasked: Vec<(ExternName, Error)>,
    taken: usize,
}

/// A component that is locked and that nobody wrote.
#[derive(Debug, Clone)]
struct Locked {
    name: Name,
    requirement: VersionReq,
    registry: Registry,
}

/// A component that is to be taken.
struct Taken {
    name: Name,
    requirement: VersionReq,
    /// The registry's name, where the package does not come from it by itself.
    registry: Option<String>,
    place: Registry,
}

/// A package that could provide an import.
#[derive(Debug, Clone)]
struct Offer {
    package: PackageName,
    version: Version,
    registry: Registry,
    /// The registry's name, where the package does not come from it by itself.
    named: Option<String>,
    is_automatic: bool,
}

impl<'a> Providers<'a> {
    /// For an application whose lock on disk is this.
    pub(super) fn new(session: &'a Session, lock: Option<&Lock>) -> Self {
        let components = lock.into_iter().flat_map(|lock| lock.automatic.iter().map(|name| (name, &lock.components)));
        let locked = components.filter_map(|(name, components)| match components.get(name)? {
            LockedSource::Package { package, requirement, registry, .. } => {
                let (name, requirement, registry) = (name.clone(), requirement.clone(), registry.clone());
                Some((package.clone(), Locked { name, requirement, registry }))
            }
            LockedSource::Path(_) | LockedSource::Reference { .. } => None,
        });
        let locked = locked.collect();
        Self { session, locked, found: BTreeMap::new(), unasked: Vec::new(), taken: 0 }
    }

    /// The application with those components that it lacks and may have without being asked; nothing where there are none.
    ///
    /// # Errors
    /// When a registry that may provide cannot be asked.
    pub(super) async fn extend(
        &mut self,
        manifest: &Manifest,
        parts: &[Part],
        target: Option<&World>,
    ) -> Result<Option<Manifest>, Failure> {
        let mut extended = None;
        for missing in unprovided(manifest, parts, target) {
            let mut known: Manifest = extended.clone().unwrap_or_else(|| manifest.clone());
            let Some(package) = package_of(&missing.import) else { continue };
            if has(manifest, &package) {
                // What the lock has does not provide it: it is for an import that was another one.
                let Some(outlived) = self.locked.remove(&package) else { continue };
                known = known.without_automatic(&outlived.name);
            }
            if has(&known, &package) || self.taken == MOST {
                continue;
            }
            let Some(taken) = self.take(&package, &known, &missing, parts).await? else { continue };
            self.taken += 1;
            let Taken { name, requirement, registry, place } = taken;
            if registry.is_none() {
                known.registries.assigned.insert(package.clone(), place);
            }
            let source = Source::Package { package, requirement, registry };
            let consumer = known.instances.iter().find(|instance| instance.name.value == missing.consumer);
            let span = consumer.map_or(0..0, |consumer| consumer.name.span.clone());
            extended = Some(known.with_automatic(name, source, &span));
        }
        Ok(extended)
    }

    /// The component that a package is to be.
    async fn take(
        &mut self,
        package: &PackageName,
        manifest: &Manifest,
        missing: &Unprovided,
        parts: &[Part],
    ) -> Result<Option<Taken>, Failure> {
        let candidates = self.candidates(manifest, package).await;
        if let Some(Locked { name, requirement, registry }) = self.locked.get(package)
            && let Some((title, _)) = candidates.iter().find(|(_, known)| known == registry)
            && is_free(manifest, name)
        {
            let (place, registry) = (registry.clone(), named(manifest, package, title));
            return Ok(Some(Taken { name: name.clone(), requirement: requirement.clone(), registry, place }));
        }
        let is_wanted = candidates.iter().any(|(name, _)| self.is_automatic(manifest, name));
        if !is_wanted {
            return Ok(None);
        }
        let offer = self.offer(package, manifest, missing, parts).await;
        if let Some((_, error)) = self.unasked.iter().find(|(import, _)| *import == missing.import)
            && !matches!(error, Error::Offline { .. })
        {
            let diagnostic = registry_report::diagnostic(error);
            let note = format!("it may have what nothing else has: {}", missing.message());
            return Err(diagnostic.note(note).into());
        }
        let name = free_name(manifest, package);
        let taken = offer.filter(|offer| offer.is_automatic);
        Ok(taken.map(|Offer { version, registry: place, named: registry, .. }| Taken {
            name,
            requirement: caret(&version),
            registry,
            place,
        }))
    }

    /// Where a package could come from, with the registries' names: where the manifest names none, from where others say.
    async fn candidates(&self, manifest: &Manifest, package: &PackageName) -> Vec<(String, Registry)> {
        let named = manifest.registries.candidates(package).into_iter();
        let named: Vec<_> = named.map(|(name, registry)| (name.to_owned(), registry.clone())).collect();
        if !named.is_empty() {
            return named;
        }
        let around = Some((manifest, self.session.manifest.as_path()));
        let registry = registry_of(&self.session.client, &self.session.rules, around, package, None).await;
        registry.map(|registry| (String::new(), registry)).into_iter().collect()
    }

    fn is_automatic(&self, manifest: &Manifest, name: &str) -> bool {
        self.session.automatic == Automatic::All || manifest.registries.automatic.contains(name)
    }

    /// What provides an import, if a registry has it.
    async fn offer(
        &mut self,
        package: &PackageName,
        manifest: &Manifest,
        missing: &Unprovided,
        parts: &[Part],
    ) -> Option<Offer> {
        if let Some(known) = self.found.get(&missing.import) {
            return known.clone();
        }
        let mut offer = None;
        for (name, registry) in &self.candidates(manifest, package).await {
            match self.fitting(package, registry, manifest, missing, parts).await {
                Ok(Some(version)) => {
                    let is_automatic = self.is_automatic(manifest, name);
                    let (package, registry) = (package.clone(), registry.clone());
                    let named = named(manifest, &package, name);
                    offer = Some(Offer { package, version, registry, named, is_automatic });
                    break;
                }
                Ok(None) | Err(Error::PackageNotFound { .. } | Error::UnsupportedRegistry { .. }) => {}
                // Another registry must not step in for one that could not be asked.
                Err(error) => {
                    self.unasked.push((missing.import.clone(), error));
                    break;
                }
            }
        }
        self.found.insert(missing.import.clone(), offer.clone());
        offer
    }

    /// The newest version of a package that exports what an import wants.
    async fn fitting(
        &self,
        package: &PackageName,
        registry: &Registry,
        manifest: &Manifest,
        missing: &Unprovided,
        parts: &[Part],
    ) -> Result<Option<Version>, Error> {
        let Unprovided { consumer, import } = missing;
        let client = &self.session.client;
        let place = reachable(self.session, registry.clone());
        let versions = client.versions(&place, package).await?;
        let newest = versions.into_iter().rev().filter(|version| version.pre.is_empty()).take(VERSIONS);
        let described = client.describe_versions(&place, package, newest.collect()).await;
        let says_so = described.into_iter().filter_map(|(version, description)| {
            let description = description.ok()?;
            let exports = description.interfaces.as_ref().map(|interfaces| &interfaces.exports);
            let exports_it = |name: &String| ExternName::from(name.as_str()).same_track(import);
            exports.is_none_or(|exports| exports.iter().any(exports_it)).then_some((version, description.release))
        });
        let instance = manifest.instances.iter().find(|instance| instance.name.value == *consumer);
        let part = instance.and_then(|instance| parts.iter().find(|part| part.name == instance.component));
        let Some(wanted) = part.and_then(|part| part.world.import(import)) else { return Ok(None) };
        for (version, release) in says_so.take(READ) {
            let (registry, package) = (registry.clone(), package.clone());
            let origin = Origin::Package { registry, package, version: version.clone() };
            let bytes = client.fetch(&reachable_origin(self.session, origin), &release).await?;
            let Ok(world) = World::of_component(&bytes) else { continue };
            let exported = world.exports().find(|(name, _)| name.same_track(import));
            if exported.is_some_and(|(_, exported)| exported.mismatches(&wanted).is_empty()) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// A refusal, with the lines that would mend it.
    pub(super) async fn offered(
        &mut self,
        refusal: Failure,
        manifest: &Manifest,
        parts: &[Part],
        target: Option<&World>,
    ) -> Failure {
        let is_about_providers = refusal.diagnostics().iter().any(|found| found.code == Code::MissingProvider);
        if !is_about_providers {
            return refusal;
        }
        let mut diagnostics = refusal.diagnostics().to_vec();
        for missing in unprovided(manifest, parts, target) {
            let Some(package) = package_of(&missing.import) else { continue };
            let offer = self.offer(&package, manifest, &missing, parts).await;
            let offer = offer.filter(|offer| !offer.is_beside_its_like(manifest, parts));
            let message = missing.message();
            for diagnostic in diagnostics.iter_mut().filter(|found| found.message == message) {
                match &offer {
                    Some(offer) => offer.write(manifest, diagnostic),
                    None => self.write_unasked(&missing.import, diagnostic),
                }
            }
        }
        match Failure::check(diagnostics) {
            Err(failure) => failure,
            Ok(_) => refusal,
        }
    }

    fn write_unasked(&self, import: &ExternName, diagnostic: &mut Diagnostic) {
        let Some((_, error)) = self.unasked.iter().find(|(unasked, _)| unasked == import) else { return };
        diagnostic.notes.push(format!("whether a registry has a package that exports it is not known: {error}"));
    }
}

impl Offer {
    /// Whether the application has the package on the same semver track, of which it can have one version.
    fn is_beside_its_like(&self, manifest: &Manifest, parts: &[Part]) -> bool {
        let mut entries = manifest.components.iter();
        entries.any(|entry| {
            let part = parts.iter().find(|part| part.name == entry.name.value);
            let version = part.and_then(|part| part.version.as_ref());
            entry.source.value.package() == Some(&self.package)
                && version.is_none_or(|version| Track::of(version) == Track::of(&self.version))
        })
    }

    fn write(&self, manifest: &Manifest, diagnostic: &mut Diagnostic) {
        let Self { package, version, registry, named, .. } = self;
        let registry_option = named.as_ref().map(|name| format!(" --registry {name}")).unwrap_or_default();
        let name = free_name(manifest, package);
        let name_option = if *name == *package.name() { String::new() } else { format!(" --as {name}") };
        let line = format!("compose add {package}@{}{registry_option}{name_option}", caret(version));
        let advice = format!("add {package} {version} of {registry}, which exports it\n{line}");
        // It is better than the advice to look for one.
        match diagnostic.hints.first_mut() {
            Some(first) => *first = advice,
            None => diagnostic.hints.push(advice),
        }
    }
}

/// A refusal that says of components that nobody wrote what they are, where it speaks of them.
pub(super) fn introduced(refusal: Failure, manifest: &Manifest, parts: &[Part]) -> Failure {
    let mut diagnostics = refusal.diagnostics().to_vec();
    for component in manifest.components.iter().filter(|c| c.introduction == Introduction::Automatic) {
        let name = format!("`{}`", component.name.value);
        let version =
            parts.iter().find(|part| part.name == component.name.value).and_then(|part| part.version.as_ref());
        let source = match (component.source.value.package(), version) {
            (Some(package), Some(version)) => format!("{package} {version}"),
            _ => component.source.value.to_string(),
        };
        let speaks_of_it =
            |found: &Diagnostic| [&found.message].into_iter().chain(&found.notes).any(|t| t.contains(&name));
        for diagnostic in diagnostics.iter_mut().filter(|found| speaks_of_it(found)) {
            diagnostic
                .notes
                .push(format!("{name} is {source}: it is there because nothing else provides what it exports"));
            if diagnostic.code == Code::MissingProvider && diagnostic.message.ends_with(&format!("to {name}")) {
                as_lacking(diagnostic, component);
            }
        }
    }
    Failure::check(diagnostics).err().unwrap_or(refusal)
}

/// What a component lacks that nobody wrote is no import of the entry that it is there for, and no line can speak of it.
fn as_lacking(diagnostic: &mut Diagnostic, component: &Component) {
    let name = &component.name.value;
    for label in diagnostic.labels.iter_mut().filter(|label| label.span == component.name.span) {
        label.text = format!("`{name}` is there for this");
    }
    let is_named_so = component.source.value.package().is_some_and(|package| *package.name() == **name);
    let name_option = if is_named_so { String::new() } else { format!(" --as {name}") };
    for hint in diagnostic.hints.iter_mut().filter(|hint| hint.contains(&format!("[links.{name}]"))) {
        let add = format!("compose add {}{name_option}", component.source.value);
        let lines = hint.split_once('\n').map_or("", |(_, lines)| lines);
        *hint = format!("or, if the runtime has it, give `{name}` an entry of its own, and say so\n{add}\n{lines}");
    }
}

/// The registry package that an interface belongs to, where its name can be one.
fn package_of(import: &ExternName) -> Option<PackageName> {
    import.as_interface()?.package().to_string().parse().ok()
}

fn has(manifest: &Manifest, package: &PackageName) -> bool {
    manifest.components.iter().any(|component| component.source.value.package() == Some(package))
}

/// The name of a registry, unless the package comes from it by itself.
fn named(manifest: &Manifest, package: &PackageName, name: &str) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    let registries = &manifest.registries;
    (registries.registry_for(package, None) != registries.registry_for(package, Some(name))).then(|| name.to_owned())
}

fn is_free(manifest: &Manifest, name: &Name) -> bool {
    manifest.component(name).is_none() && !manifest.instances.iter().any(|instance| instance.name.value == *name)
}

/// A name for a package that nothing in the application has: the package's own, else with its namespace, else with a number.
fn free_name(manifest: &Manifest, package: &PackageName) -> Name {
    let long = format!("{}-{}", package.namespace(), package.name());
    // A package's name may have words that begin with a digit, and a component's not.
    let base = if long.parse::<Name>().is_ok() { long.as_str() } else { "provider" };
    let numbered = (2..).map(|number| format!("{base}-v{number}"));
    let mut names = [package.name(), base].into_iter().map(str::to_owned).chain(numbered);
    let free = names.find_map(|name| name.parse::<Name>().ok().filter(|name| is_free(manifest, name)));
    free.expect("a free name is found because there is no end of numbers")
}
