//! Which registry each package comes from: the manifest's rules together with those around it.
//!
//! From a [`Manifest`], a [`Lock`] and the [`RegistryRules`] of files and variables to a manifest in which every package has its registry, so
//! that resolution need not know that there is anything outside of the manifest. A host is asked which registry it is only where no
//! file says so.
//!
//! What the manifest or a variable decides counts. What is decided elsewhere differs from machine to machine: there, the lock is
//! held on to.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
};

use registry_client::{Choice, Client, Configuration, PackageName, Registry, Rule};

use super::{Session, directory_of};
use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    lock::{Lock, LockedSource},
    manifest::{Manifest, Source, WitSource},
    registry_report,
};

/// What files and variables outside of a manifest say about registries.
#[derive(Debug, Clone, Default)]
pub struct RegistryRules {
    /// What they say.
    pub configuration: Configuration,
    /// What is wrong with those that cannot be used. It is an error only where a package's registry could hinge on it.
    pub unusable: Vec<Diagnostic>,
}

impl RegistryRules {
    /// Those of a manifest, if there is one, on top of these.
    pub fn with_manifest(&self, manifest: Option<&Manifest>) -> Configuration {
        let Some(manifest) = manifest else { return self.configuration.clone() };
        let registries = &manifest.registries;
        let namespaces = registries
            .namespaces
            .iter()
            .filter_map(|(namespace, name)| Some((namespace.clone(), registries.registry(&name.value)?.clone())));
        let file = manifest.source.name().as_ref();
        let own = Configuration::of_manifest(file, registries.default.clone(), namespaces.collect());
        own.over(self.configuration.clone())
    }
}

/// Gives every package of a manifest that names no registry for it itself the one that it comes from.
///
/// # Errors
/// All packages for which no registry is known, or whose host does not say which registry it is, and unusable files.
pub(super) async fn assign(session: &Session, manifest: &mut Manifest, lock: Option<&Lock>) -> Result<(), Failure> {
    let rules = session.rules.with_manifest(Some(manifest));
    let mut assigned = BTreeMap::new();
    let mut diagnostics = Vec::new();
    let mut hinges = false;
    for (package, span) in unnamed(manifest) {
        let choice = rules.choose(&package);
        let is_firm = choice.as_ref().is_some_and(|choice| is_firm(Some(manifest), choice));
        if !is_firm && let Some(registry) = locked(lock, &package) {
            assigned.insert(package, registry);
            continue;
        }
        hinges |= !is_firm;
        match found(&session.client, &package, choice).await {
            Ok(registry) => {
                assigned.insert(package, registry);
            }
            Err(error) => {
                let label = "this package has to come from somewhere";
                diagnostics.push(error.label(&manifest.source, span, label));
            }
        }
    }
    if hinges {
        // What else is wrong may be so only for want of what these say.
        Failure::check(session.rules.unusable.clone())?;
    }
    Failure::check(diagnostics)?;
    manifest.registries.assigned = assigned;
    Ok(())
}

/// The registry that a package comes from which is not, or not yet, in a manifest; as it can be reached from where the program runs.
/// `around` is the manifest whose rules count as well, if there is one, and `named` what it calls the registry that is meant.
///
/// # Errors
/// When no registry is known for the package, its host does not say which registry it is, or a file that could say cannot be used.
pub async fn registry_of(
    client: &Client,
    rules: &RegistryRules,
    around: Option<(&Manifest, &Path)>,
    package: &PackageName,
    named: Option<&str>,
) -> Result<Registry, Failure> {
    let manifest = around.map(|(manifest, _)| manifest);
    let directory = around.map_or(Path::new(""), |(_, path)| directory_of(path));
    if let Some(name) = named {
        let registry = manifest.and_then(|manifest| manifest.registries.registry(name)).cloned();
        return registry.map(|registry| registry.relative_to(directory)).ok_or_else(|| unknown_name(name).into());
    }
    let choice = rules.with_manifest(manifest).choose(package);
    if !choice.as_ref().is_some_and(|choice| is_firm(manifest, choice)) {
        Failure::check(rules.unusable.clone())?;
    }
    Ok(found(client, package, choice).await?.relative_to(directory))
}

/// Whether a choice is the same wherever the manifest is composed, or was made for this one run.
fn is_firm(manifest: Option<&Manifest>, choice: &Choice) -> bool {
    let file = manifest.map(|manifest| manifest.source.name());
    matches!(choice.rule, Rule::Variable(_)) || (file.is_some() && choice.file.as_deref() == file.map(Path::new))
}

async fn found(client: &Client, package: &PackageName, choice: Option<Choice>) -> Result<Registry, Diagnostic> {
    let Some(choice) = choice else { return Err(unknown(package)) };
    let registry = client.registry_of(&choice.place).await;
    registry.map_err(|error| registry_report::diagnostic(&error).note(format!("{package} comes from {choice}")))
}

/// The packages whose entries name no registry, each with the first of its places.
fn unnamed(manifest: &Manifest) -> Vec<(PackageName, Range<usize>)> {
    let components = manifest.components.iter().filter_map(|component| match &component.source.value {
        Source::Package { package, registry: None, .. } => Some((package.clone(), component.source.span.clone())),
        Source::Package { .. } | Source::Path(_) | Source::Reference(_) => None,
    });
    let world = manifest.world.iter().filter_map(|world| match &world.wit.value {
        WitSource::Package { package, .. } => Some((package.clone(), world.wit.span.clone())),
        WitSource::Path(_) | WitSource::Reference(_) | WitSource::Revision(_) => None,
    });
    let mut seen = BTreeSet::new();
    components.chain(world).filter(|(package, _)| seen.insert(package.clone())).collect()
}

/// The registry that a lock has for a package.
fn locked(lock: Option<&Lock>, package: &PackageName) -> Option<Registry> {
    let lock = lock?;
    lock.components.values().chain(&lock.world).find_map(|source| match source {
        LockedSource::Package { package: same, registry, .. } if same == package => Some(registry.clone()),
        LockedSource::Package { .. } | LockedSource::Reference { .. } | LockedSource::Path(_) => None,
    })
}

fn unknown_name(name: &str) -> Diagnostic {
    Diagnostic::error(Code::UnknownRegistry, format!("`[registries]` has no `{name}`"))
}

fn unknown(package: &PackageName) -> Diagnostic {
    Diagnostic::error(Code::NoRegistry, format!("no registry is known for `{package}`"))
        .hint("name a default registry\n[registries]\ndefault = \"oci://registry.example/team\"")
        .hint(format!("or one for its namespace\n[registries.namespaces]\n{} = \"NAME\"", package.namespace()))
        .hint("`compose doctor` shows which files outside of the manifest can say it too")
}
