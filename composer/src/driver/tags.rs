//! Tags that moved: whether what is locked is still what registries have under that name.
//!
//! Asked only where the lock must not change, and never a reason to take other bytes: those of the lock have its digests.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use registry_client::{Error, Origin, Release};

use super::{Session, Vendoring, choose::QUESTIONS_AT_A_TIME, reachable_origin};
use crate::{
    diagnostic::{Code, Diagnostic},
    lock::{Lock, LockedSource},
    manifest::{Manifest, Name},
    registry_report,
};

/// Asks for every version and every tag in a lock what it names now: an error for each that names something else,
/// and a warning for each registry that would not tell. What cannot be told without the network is passed over in its absence.
pub(super) async fn check(session: &Session, manifest: &Manifest, lock: &Lock) -> Vec<Diagnostic> {
    let components = manifest.components.iter().map(|component| &component.name.value).chain(&lock.automatic);
    let components = components.filter_map(|name| Some((Some(name), lock.components.get(name)?)));
    let sources = components.chain(lock.world.as_ref().map(|world| (None, world)));
    let asked = sources.filter_map(|(name, source)| Some((name, movable(source)?)));
    let answers = stream::iter(asked).map(|(name, (origin, locked))| async move {
        let now = session.client.release(&reachable_origin(session, origin.clone())).await;
        (name, origin, locked, now)
    });
    let answers: Vec<_> = answers.buffered(QUESTIONS_AT_A_TIME).collect().await;
    let mut found = Vec::new();
    let mut untold: BTreeMap<String, Vec<Untold>> = BTreeMap::new();
    for (name, origin, locked, now) in answers {
        match now {
            Ok(now) if is_same(session, &locked, &now) => {}
            Ok(now) => found.push(labelled(moved(name, &origin, &locked, &now), manifest, name)),
            Err(Error::Offline { .. }) => {}
            Err(error) => {
                let registry = match &origin {
                    Origin::Package { registry, .. } => registry.to_string(),
                    Origin::Reference(reference) => format!("oci://{}", reference.registry()),
                };
                untold.entry(registry).or_default().push(Untold { name, origin, error });
            }
        }
    }
    found.extend(untold.values().filter_map(|untold| unknown(untold, manifest)));
    found
}

/// Something that its registry would not tell about.
struct Untold<'a> {
    name: Option<&'a Name>,
    origin: Origin,
    error: Error,
}

/// Whether a release is what was locked. What was vendored from a log has no record there, only its component.
fn is_same(session: &Session, locked: &Release, now: &Release) -> bool {
    let is_from_log = locked.log.is_some() && matches!(session.vendoring, Vendoring::Directory(_));
    if is_from_log { now.component == locked.component } else { now.manifest.digest == locked.manifest.digest }
}

/// A source whose name could come to mean other bytes.
fn movable(source: &LockedSource) -> Option<(Origin, Release)> {
    match source {
        LockedSource::Path(_) => None,
        LockedSource::Reference { reference, .. } if reference.digest().is_some() => None,
        LockedSource::Reference { reference, release } => Some((Origin::Reference(reference.clone()), *release)),
        LockedSource::Package { registry, package, version, release, .. } => {
            let (registry, package, version) = (registry.clone(), package.clone(), version.clone());
            Some((Origin::Package { registry, package, version }, *release))
        }
    }
}

fn moved(name: Option<&Name>, origin: &Origin, locked: &Release, now: &Release) -> Diagnostic {
    let update = name.map_or_else(|| "compose update".to_owned(), |name| format!("compose update {name}"));
    let diagnostic = Diagnostic::error(Code::TagMoved, format!("{origin} is not what it was when it was locked"))
        .note(format!("`compose.lock` has {}", locked.manifest.digest))
        .note(format!("the registry has  {}", now.manifest.digest))
        .hint(format!("if it was pushed again on purpose, take what is there now\n{update}"));
    match origin {
        Origin::Reference(reference) => {
            let fixed = format!("{{ oci = \"{reference}@{}\" }}", locked.manifest.digest);
            diagnostic.hint(format!("a reference by digest never moves\n{fixed}"))
        }
        Origin::Package { .. } => diagnostic,
    }
}

/// One warning for all that a registry would not tell about: what keeps it from telling is the same.
fn unknown(untold: &[Untold<'_>], manifest: &Manifest) -> Option<Diagnostic> {
    let (first, others) = untold.split_first()?;
    let message = match others {
        [] => format!("nobody can tell whether {} is still what it was when it was locked", first.origin),
        others => format!(
            "nobody can tell whether {} and {} more are still what they were when they were locked",
            first.origin,
            others.len()
        ),
    };
    let why = registry_report::diagnostic(&first.error);
    let warning = Diagnostic::warning(Code::RegistryFailure, message).note(why.message).notes(why.notes);
    Some(untold.iter().fold(warning, |warning, untold| labelled(warning, manifest, untold.name)))
}

fn labelled(diagnostic: Diagnostic, manifest: &Manifest, name: Option<&Name>) -> Diagnostic {
    let component = name.and_then(|name| manifest.component(name)).map(|component| component.source.span.clone());
    let world = || manifest.world.as_ref().map(|world| world.wit.span.clone());
    match component.or_else(world) {
        Some(span) => diagnostic.label(&manifest.source, span, "named here"),
        None => diagnostic,
    }
}
