//! Adding and removing components: from what a person wants to a manifest that can be composed, or to why it cannot.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use super::{
    Planned, Session,
    choose::{self, Unsettled},
    fingerprint::Known,
    home, home_of, load, newest, parse_manifest, plan, plan_as, read_manifest, registries, remembered,
    update::unknown,
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, Severity},
    edit::{self, AddedSource, Addition, References, Spec, caret},
    manifest::{Manifest, Name},
};

/// Whether a change that keeps the application from being composed is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checking {
    /// It is.
    Whole,
    /// It is not, as long as the manifest can be read: the application is not even planned, and its lock not changed.
    ManifestOnly,
}

/// A component that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What it comes from; a path is relative to the manifest.
    pub spec: Spec,
    /// The name that it shall have.
    pub name: Name,
    /// The registry that its package shall come from.
    pub registry: Option<String>,
}

/// A manifest that was changed, and not yet written.
#[derive(Debug)]
pub struct Edited {
    /// The plan; none where nothing was planned, or where the application could not be composed before either.
    pub planned: Option<Planned>,
    /// What was wrong before, and still is.
    pub remaining: Vec<Diagnostic>,
    /// The manifest's text.
    pub text: String,
}

/// Components that were added to a manifest, which was not yet written.
#[derive(Debug)]
pub struct Added {
    /// Their entries, in the order in which they were wanted.
    pub additions: Vec<Addition>,
    /// The newest versions of packages, by component, where an older one was taken because that fits and the newest does not.
    pub passed_over: BTreeMap<Name, Version>,
    /// The manifest, and what follows from it.
    pub edited: Edited,
}

/// Plans an application with further components. A package without a requirement gets the caret requirement of its newest
/// version, or of the newest one that fits the application, where some does.
///
/// # Errors
/// When a name is taken or a package cannot be found, and, for [`Checking::Whole`], with what would keep the application from
/// being composed that did not before.
pub async fn plan_add(session: &Session, wishes: &[Wish], checking: Checking) -> Result<Added, Failure> {
    let manifest = read_manifest(&session.manifest)?;
    let mut additions = Vec::new();
    let mut newest = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for wish in wishes {
        match addition(session, &manifest, wish, &mut newest).await {
            Ok(addition) => additions.push(addition),
            Err(failure) => diagnostics.extend_from_slice(failure.diagnostics()),
        }
    }
    Failure::check(diagnostics)?;
    let text = edit::add(&manifest, &additions)?;
    let session = &session.beyond_vendor();
    let edited_to = edited(session, text, checking).await;
    let is_composed = edited_to.as_ref().is_ok_and(|edited| edited.planned.is_some());
    if checking == Checking::Whole
        && !is_composed
        && let Some(added) = add_fitting(session, &manifest, &additions, &newest).await
    {
        return Ok(added);
    }
    Ok(Added { additions, passed_over: BTreeMap::new(), edited: edited_to? })
}

/// Adds packages whose newest versions do not fit in the versions that do, if there are some.
async fn add_fitting(
    session: &Session,
    manifest: &Manifest,
    additions: &[Addition],
    newest: &BTreeMap<Name, Version>,
) -> Option<Added> {
    if newest.is_empty() {
        return None;
    }
    let with = |requirement: &dyn Fn(&Name) -> VersionReq| {
        let mut additions = additions.to_vec();
        for addition in additions.iter_mut().filter(|addition| newest.contains_key(&addition.name)) {
            if let AddedSource::Package { requirement: wanted, .. } = &mut addition.source {
                *wanted = requirement(&addition.name);
            }
        }
        additions
    };
    let any = edit::add(manifest, &with(&|_| VersionReq::STAR)).ok()?;
    let fitting = versions(session, any).await.ok()?;
    let mut passed_over = newest.clone();
    passed_over.retain(|name, newest| fitting.get(name).is_some_and(|fitting| fitting != newest));
    if passed_over.is_empty() {
        return None;
    }
    let additions = with(&|name| caret(fitting.get(name).unwrap_or(&newest[name])));
    let text = edit::add(manifest, &additions).ok()?;
    let edited = edited(session, text, Checking::Whole).await.ok()?;
    Some(Added { additions, passed_over, edited })
}

/// The versions that are chosen for an application whose manifest has this text; also where it cannot be composed, if that has
/// nothing to do with versions.
async fn versions(session: &Session, text: String) -> Result<BTreeMap<Name, Version>, Failure> {
    let mut manifest = parse_manifest(&session.manifest, text)?;
    let home = home_of(session, &manifest)?;
    registries::assign(session, &mut manifest, home.lock()).await?;
    let (known, memory) = (Known::default(), remembered(session));
    let around = load::Around { known: &known, memory: &memory, above: &[] };
    let resolution = match choose::settle(session, manifest, around, home.lock(), home.lock()).await {
        Ok(settled) => settled.resolution,
        Err(Unsettled { resolution: Some(resolution), .. }) => resolution,
        Err(Unsettled { failure, resolution: None }) => return Err(failure),
    };
    let components = resolution.components.into_iter();
    Ok(components.filter_map(|component| Some((component.name, component.source.version()?.clone()))).collect())
}

/// Plans an application without some of its components. Gives what went with them as well, by section and key.
///
/// # Errors
/// When there is no such component, or other lines name it and are kept, and, for [`Checking::Whole`], with what would keep the
/// application from being composed that did not before.
pub async fn plan_remove(
    session: &Session,
    names: &[String],
    references: References,
    checking: Checking,
) -> Result<(Vec<String>, Edited), Failure> {
    let manifest = read_manifest(&session.manifest)?;
    let known = |name: &String| {
        let component = manifest.components.iter().find(|component| *component.name.value == **name);
        component.map(|component| component.name.value.clone()).ok_or_else(|| absent(session, &manifest, name))
    };
    let (found, missing): (Vec<_>, Vec<_>) = names.iter().map(known).partition(Result::is_ok);
    Failure::check(missing.into_iter().filter_map(Result::err).collect())?;
    let components: Vec<Name> = found.into_iter().filter_map(Result::ok).collect();
    let removed = edit::remove(&manifest, &components, references)?;
    let edited = edited(session, removed.text, checking).await?;
    Ok((removed.others, edited))
}

/// Nothing in `[components]` has this name, though something that nobody wrote may have it.
fn absent(session: &Session, manifest: &Manifest, name: &str) -> Diagnostic {
    let home = home_of(session, manifest).ok();
    let lock = home.as_ref().and_then(home::Home::lock);
    let is_automatic = lock.is_some_and(|lock| lock.automatic.iter().any(|known| **known == *name));
    if !is_automatic {
        return unknown(manifest, name);
    }
    Diagnostic::error(Code::UnknownName, format!("`{name}` has no entry in the manifest that could be removed"))
        .note("it is in `compose.lock` because nothing else provides what it exports")
        .hint("it goes when nothing imports that any more, or when another component exports it")
}

/// Writes a manifest that was changed, and its locks with it: all or none.
///
/// # Errors
/// When a file cannot be written.
pub fn write_edited(session: &Session, edited: &Edited) -> Result<(), Failure> {
    let manifest = (session.manifest.clone(), edited.text.clone());
    let stale = edited.planned.iter().flat_map(|planned| &planned.stale_locks);
    Ok(home::write([&manifest], stale)?)
}

/// The entry that a wish means; a version that had to be found out for it is noted.
async fn addition(
    session: &Session,
    manifest: &Manifest,
    wish: &Wish,
    found: &mut BTreeMap<Name, Version>,
) -> Result<Addition, Failure> {
    let source = match &wish.spec {
        Spec::Package { package, requirement } => {
            let requirement: VersionReq = match requirement {
                Some(requirement) => requirement.clone(),
                None => {
                    let newest = newest(session, manifest, package, wish.registry.as_deref()).await?;
                    let requirement = caret(&newest);
                    found.insert(wish.name.clone(), newest);
                    requirement
                }
            };
            AddedSource::Package { package: package.clone(), requirement, registry: wish.registry.clone() }
        }
        Spec::Reference(reference) => AddedSource::Reference(reference.clone()),
        Spec::Path(path) => AddedSource::Path(path.to_string_lossy().replace('\\', "/")),
    };
    Ok(Addition { name: wish.name.clone(), source })
}

async fn edited(session: &Session, text: String, checking: Checking) -> Result<Edited, Failure> {
    if checking == Checking::ManifestOnly {
        return Ok(Edited { planned: None, remaining: Vec::new(), text });
    }
    let failure = match plan_as(session, text.clone()).await {
        Ok(planned) => return Ok(Edited { planned: Some(planned), remaining: Vec::new(), text }),
        Err(failure) => failure,
    };
    // What is wrong already must not keep the person from mending it, one step after the other.
    let Err(before) = plan(session).await else { return Err(refused(&failure)) };
    let is_old = |found: &Diagnostic| {
        before.diagnostics().iter().any(|old| (old.code, &old.message) == (found.code, &found.message))
    };
    let errors = failure.diagnostics().iter().filter(|found| found.severity == Severity::Error);
    // A lock that cannot be read says nothing of the change, and must not be taken for the application's own trouble.
    let is_about_lock = |found: &Diagnostic| matches!(found.code, Code::LockOutOfDate | Code::LockInvalid);
    if errors.clone().any(|found| is_about_lock(found) || !is_old(found)) {
        return Err(refused(&failure));
    }
    Ok(Edited { planned: None, remaining: failure.diagnostics().to_vec(), text })
}

/// Why the change is not made, and how it is made all the same.
fn refused(failure: &Failure) -> Failure {
    let mut diagnostics = failure.diagnostics().to_vec();
    if let Some(last) = diagnostics.last_mut().filter(|last| last.code != Code::LockOutOfDate) {
        last.notes.push("the manifest was left as it is; `--no-check` changes it all the same".to_owned());
    }
    match Failure::check(diagnostics) {
        Err(failure) => failure,
        Ok(_) => failure.clone(),
    }
}
