//! Whether what is to be published keeps the promise of its version: compared with the newest version of its semver track that the
//! registry has, from a [`Publication`] and where it goes to findings.
//!
//! A WIT package is compared by the rules of `compose wit compat`. A component must still export what it exported; what it
//! imports is checked where it is composed.

use registry_client::{Client, Error, Origin};
use semver::Version;
use wit::{
    Features, Nonconformance, Package, Track, World,
    compatibility::{Bump, Change, Policy, compatibility, suggest_version},
    conformance,
};

use super::wit_reader::Wit;
use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText},
    publication::Publication,
    registry_report,
};

/// Finds everything in a publication that breaks users of the newest version before it on the same track. There is nothing to be found
/// where it is the first of its track, or goes to a reference that says nothing of versions; that nothing could be compared is a warning.
///
/// # Errors
/// When the version before it cannot be read.
pub async fn breaking_changes(
    client: &Client,
    publication: &Publication,
    target: &Origin,
    policy: &Policy,
) -> Result<Vec<Diagnostic>, Failure> {
    let Origin::Package { registry, package, version } = target else { return Ok(Vec::new()) };
    let versions = match client.versions(registry, package).await {
        Ok(versions) => versions,
        Err(Error::PackageNotFound { .. } | Error::RegistryNotFound { .. }) => return Ok(Vec::new()),
        // Who may push need not be allowed to list. A registry that does not answer is for the push itself to tell of.
        Err(error) => return Ok(vec![unchecked(target, &error)]),
    };
    let is_before = |other: &&Version| *other < version && Track::of(other) == Track::of(version);
    let Some(newest) = versions.iter().filter(is_before).max() else { return Ok(Vec::new()) };
    let origin = Origin::Package { registry: registry.clone(), package: package.clone(), version: newest.clone() };
    let failed =
        |error| registry_report::diagnostic(&error).note(format!("{target} is compared with what is published"));
    let release = client.release(&origin).await.map_err(failed)?;
    let bytes = client.fetch(&origin, &release).await.map_err(failed)?;
    let found = match (Wit::of_bytes(&origin.to_string(), &bytes)?, &publication.wit) {
        (Wit::Package(before), Wit::Package(after)) => {
            let mut compared = compatibility(&before, after, &Features::default());
            (compared.version_before, compared.version_after) = (Some(newest.clone()), Some(version.clone()));
            let judgement = compared.judge(policy);
            judgement
                .findings
                .iter()
                .filter(|finding| finding.fails())
                .map(|finding| of_wit(finding.change, after))
                .collect()
        }
        (Wit::Component { world: before, .. }, Wit::Component { world: after, .. }) => of_component(after, &before),
        (Wit::Package(_), Wit::Component { .. }) => {
            vec![breaking(format!("{newest} is a WIT package, and {version} a component"))]
        }
        (Wit::Component { .. }, Wit::Package(_)) => {
            vec![breaking(format!("{newest} is a component, and {version} a WIT package"))]
        }
    };
    let announcing = suggest_version(newest, Bump::Major);
    let mut found: Vec<Diagnostic> = found
        .into_iter()
        .map(|found| found.note(format!("{version} says that it can stand in for {newest}")))
        .collect();
    if let Some(last) = found.last_mut() {
        last.hints.push(format!("publish it as {announcing}, which says that it cannot"));
        last.hints.push("or publish it all the same, with `--allow-breaking`".to_owned());
    }
    Ok(found)
}

fn of_wit(change: &Change, after: &Package) -> Diagnostic {
    let breaks: Vec<&str> = change.breaks.iter().map(|side| side.description()).collect();
    let found = breaking(change.to_string()).note(format!("the rule is `{}`", change.rule.id));
    let place = change.after.clone().or_else(|| after.declaration());
    let text = place.and_then(|place| Some((after.text(&place)?.to_string(), place)));
    let found = match text {
        Some((text, place)) => found.label(&SourceText::new(&place.source, text), place.range(), "now"),
        None => found,
    };
    if breaks.is_empty() { found } else { found.note(format!("it breaks {}", breaks.join(", "))) }
}

fn of_component(after: &World, before: &World) -> Vec<Diagnostic> {
    let exports = conformance(after, before)
        .into_iter()
        .filter(|found| matches!(found, Nonconformance::MissingExport { .. } | Nonconformance::WrongExport { .. }));
    let told = exports.map(|found| {
        let text = found.to_string();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        breaking(first).notes(lines.map(|line| line.trim().to_owned()))
    });
    told.collect()
}

fn unchecked(target: &Origin, error: &Error) -> Diagnostic {
    let message = format!("whether {target} breaks users of the versions before it was not checked");
    Diagnostic::warning(Code::BreakingChange, message).note(format!("the versions cannot be listed: {error}"))
}

fn breaking(message: String) -> Diagnostic {
    Diagnostic::error(Code::BreakingChange, message)
}
