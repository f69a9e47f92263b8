//! Adding and removing components: from what a person wants to a manifest that can be composed, or to why it cannot.

use semver::VersionReq;

use super::{Planned, Session, home, newest, plan, plan_as, read_manifest, update::unknown};
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

/// Plans an application with further components. A package without a requirement gets the caret requirement of its newest
/// version.
///
/// # Errors
/// When a name is taken or a package cannot be found, and, for [`Checking::Whole`], with what would keep the application from
/// being composed that did not before.
pub async fn plan_add(
    session: &Session,
    wishes: &[Wish],
    checking: Checking,
) -> Result<(Vec<Addition>, Edited), Failure> {
    let manifest = read_manifest(&session.manifest)?;
    let mut additions = Vec::new();
    let mut diagnostics = Vec::new();
    for wish in wishes {
        match addition(session, &manifest, wish).await {
            Ok(addition) => additions.push(addition),
            Err(failure) => diagnostics.extend_from_slice(failure.diagnostics()),
        }
    }
    Failure::check(diagnostics)?;
    let text = edit::add(&manifest, &additions)?;
    let edited = edited(&session.beyond_vendor(), text, checking).await?;
    Ok((additions, edited))
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
        component.map(|component| component.name.value.clone()).ok_or_else(|| unknown(&manifest, name))
    };
    let (found, missing): (Vec<_>, Vec<_>) = names.iter().map(known).partition(Result::is_ok);
    Failure::check(missing.into_iter().filter_map(Result::err).collect())?;
    let components: Vec<Name> = found.into_iter().filter_map(Result::ok).collect();
    let removed = edit::remove(&manifest, &components, references)?;
    let edited = edited(session, removed.text, checking).await?;
    Ok((removed.others, edited))
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

async fn addition(session: &Session, manifest: &Manifest, wish: &Wish) -> Result<Addition, Failure> {
    let source = match &wish.spec {
        Spec::Package { package, requirement } => {
            let requirement: VersionReq = match requirement {
                Some(requirement) => requirement.clone(),
                None => caret(&newest(session, manifest, package, wish.registry.as_deref()).await?),
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
    if errors.clone().any(|found| found.code == Code::LockOutOfDate || !is_old(found)) {
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
