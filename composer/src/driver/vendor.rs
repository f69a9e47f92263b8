//! Vendoring: everything that locks name, in one directory registry, and composing from there alone.
//!
//! From a plan to copies under the same digests, so that no lock changes: what the lock says of a registry stays true, and the
//! manifest's `[vendor]` only says where its bytes are. Packages have their own names there. OCI references have names that are made
//! of them, in the namespace `oci`, which is no namespace of WIT packages that anybody publishes under.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use futures::{StreamExt, stream};
use registry_client::{Digest, Origin, PackageName, Reference, Registry, Release};
use semver::Version;

use super::{Planned, Session, choose::QUESTIONS_AT_A_TIME, directory_of, home, plan};
use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    lock::LockedSource,
    registry_report,
};

/// Where the bytes of registries come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Vendoring {
    /// From where the manifest says: its `[vendor]` directory, or else the registries themselves.
    #[default]
    Manifest,
    /// From the registries themselves.
    Registries,
    /// From this directory registry.
    Directory(PathBuf),
}

/// What was vendored.
#[derive(Debug)]
pub struct Vendored {
    /// The plans of the applications.
    pub planned: Vec<Planned>,
    /// How many versions of packages, and artifacts of references, the locks name.
    pub releases: usize,
}

/// Plans applications from their registries, copies everything that their locks name into one directory registry, and writes
/// the locks.
///
/// # Errors
/// As [`plan()`], and when something cannot be copied: everything that cannot.
pub async fn vendor(session: &Session, manifests: &[PathBuf], directory: &Path) -> Result<Vendored, Failure> {
    let mut planned = Vec::new();
    for manifest in manifests {
        let (manifest, vendoring) = (manifest.clone(), Vendoring::Registries);
        planned.push(plan(&Session { manifest, vendoring, ..session.clone() }).await?);
    }
    let own = manifests.iter().zip(planned.iter().map(|planned| &planned.lock));
    let nested = planned.iter().flat_map(|planned| planned.nested.iter().map(|(manifest, lock)| (manifest, lock)));
    let mut copies: BTreeMap<(PackageName, Version), (Origin, Release)> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (manifest, lock) in own.chain(nested) {
        for source in lock.components.values().chain(&lock.world) {
            let Some((origin, release)) = origin(source, manifest) else { continue };
            let target = target(&origin);
            let known = copies.entry(target.clone()).or_insert_with(|| (origin.clone(), release));
            if known.1.manifest.digest != release.manifest.digest {
                diagnostics.push(ambiguous(&target, &known.0, &origin));
            }
        }
    }
    Failure::check(diagnostics)?;
    let client = &session.client;
    let copied = stream::iter(&copies).map(|((package, version), (origin, release))| async move {
        let copied = client.copy(origin, release, directory, package, version).await;
        copied.map_err(|error| registry_report::diagnostic(&error))
    });
    let copied: Vec<Result<(), Diagnostic>> = copied.buffered(QUESTIONS_AT_A_TIME).collect().await;
    Failure::check(copied.into_iter().filter_map(Result::err).collect())?;
    home::write([], planned.iter().flat_map(|planned| &planned.stale_locks))?;
    Ok(Vendored { planned, releases: copies.len() })
}

/// What a lock names, as it can be reached from where the program runs.
fn origin(source: &LockedSource, manifest: &Path) -> Option<(Origin, Release)> {
    match source.clone() {
        LockedSource::Path(_) => None,
        LockedSource::Reference { reference, release } => Some((Origin::Reference(reference), release)),
        LockedSource::Package { package, registry, version, release, .. } => {
            let registry = registry.relative_to(directory_of(manifest));
            Some((Origin::Package { registry, package, version }, release))
        }
    }
}

fn ambiguous((package, version): &(PackageName, Version), one: &Origin, other: &Origin) -> Diagnostic {
    let message = format!("{package}@{version} is not the same in two registries, and one directory can have only one");
    Diagnostic::error(Code::InvalidValue, message).note(format!("one is {one}")).note(format!("the other is {other}"))
}

/// The origin that is asked instead of another one, where everything is in a directory registry.
pub(super) fn vendored(directory: &Path, origin: &Origin) -> Origin {
    let (package, version) = target(origin);
    Origin::Package { registry: Registry::Directory(directory.to_path_buf()), package, version }
}

/// The package and version that an origin has in a directory registry of everything.
fn target(origin: &Origin) -> (PackageName, Version) {
    match origin {
        Origin::Package { package, version, .. } => (package.clone(), version.clone()),
        Origin::Reference(reference) => (package_of(reference), version_of(reference)),
    }
}

/// `oci:` and the words of the location; a digest of it keeps those apart that have the same words.
fn package_of(reference: &Reference) -> PackageName {
    let location = format!("{}/{}", reference.registry(), reference.repository());
    let words = location.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    let name = format!("oci:at-{}-{}", words.join("-"), short(&location));
    name.parse().expect("it is a package's name because it is made of words of letters and digits")
}

/// The tag, where it is a version; else a version that is made of it or of the digest.
fn version_of(reference: &Reference) -> Version {
    let selector = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or_default().to_owned(),
    };
    if reference.digest().is_none()
        && let Ok(version) = selector.parse()
    {
        return version;
    }
    let made = format!("0.0.0-x{}", short(&selector));
    made.parse().expect("it is a version because a digest's digits after a letter are a pre-release")
}

fn short(text: &str) -> String {
    Digest::of(text.as_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reference: &str, package: &str, version: &str) {
        let (found, found_version) = target(&Origin::Reference(reference.parse().unwrap()));
        assert_eq!((found.to_string(), found_version.to_string()), (package.to_owned(), version.to_owned()));
    }

    #[test]
    fn a_reference_has_a_package_and_a_version() {
        let hex = "ab".repeat(32);
        check("ghcr.io/acme/fraud:3.0.1", "oci:at-ghcr-io-acme-fraud-29facfe7b6c71548", "3.0.1");
        check(
            "localhost:5000/a_b/c.d:latest",
            "oci:at-localhost-5000-a-b-c-d-d74d84143a603323",
            "0.0.0-x5e1e2bcac305958b",
        );
        check(
            &format!("ghcr.io/acme/fraud@sha256:{hex}"),
            "oci:at-ghcr-io-acme-fraud-29facfe7b6c71548",
            "0.0.0-x7b28e61bc1d29223",
        );
    }
}
