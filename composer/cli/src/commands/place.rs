//! Where a package or an artifact is: from what a command line names to a registry or an origin, and from an origin to the text that
//! names it by digest.

use std::path::Path;

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    driver,
    manifest::Manifest,
    registry_report,
};
use registry_client::{Configuration, Digest, Origin, PackageName, Reference, Registry, Release};
use semver::Version;

use crate::session::Registries;

/// The manifest around a command, and its path.
pub(super) type Around<'a> = Option<(&'a Manifest, &'a Path)>;

/// The registry that a package comes from: the one that is named, else the one that the rules give it.
///
/// # Errors
/// When there is none, or it cannot be told.
pub(super) async fn registry(
    registries: &Registries,
    around: Around<'_>,
    package: &PackageName,
    named: Option<&str>,
) -> Result<Registry, Failure> {
    match named {
        Some(text) => named_registry(registries, around, text).await,
        None => driver::registry_of(&registries.client, &registries.rules, around, package, None).await,
    }
}

/// The registry that a text names: with its protocol, by its name in the manifest, or as a host.
async fn named_registry(registries: &Registries, around: Around<'_>, text: &str) -> Result<Registry, Failure> {
    let parsed = text.parse::<Registry>();
    if let Ok(registry) = parsed {
        return Ok(match around {
            Some((manifest, _)) => manifest.registries.with_key_of(registry),
            None => registry,
        });
    }
    if let Some((manifest, path)) = around
        && let Some(registry) = manifest.registries.registry(text)
    {
        return Ok(registry.clone().relative_to(path.parent().unwrap_or(Path::new(""))));
    }
    let unknown = |why: String| {
        let known =
            around.map(|(manifest, _)| manifest.registries.named.keys().map(String::as_str).collect::<Vec<_>>());
        let found = Diagnostic::error(Code::UnknownRegistry, format!("`{text}` is no registry")).note(why);
        match known.filter(|known| !known.is_empty()) {
            Some(known) => found.note(format!("the manifest has {}", known.join(", "))),
            None => found,
        }
    };
    let is_host = text.contains('.') || text.contains(':');
    let place = Configuration::of_variable("registry", text).ok().filter(|_| is_host);
    let place = place.and_then(|rules| Some(rules.choose(&"a:b".parse().ok()?)?.place));
    let Some(place) = place else {
        return Err(unknown(parsed.map_or_else(|error| error.to_string(), |registry| registry.to_string())).into());
    };
    let registry = registries.client.registry_of(&place).await;
    Ok(registry.map_err(|error| registry_report::diagnostic(&error))?)
}

/// The reference that a text is meant as, with or without `oci://`; nothing where it is a registry or a package.
pub(super) fn reference(text: &str) -> Option<Reference> {
    text.strip_prefix("oci://").unwrap_or(text).parse().ok()
}

/// The version, where an origin has one.
pub(super) fn version(origin: &Origin) -> Option<&Version> {
    match origin {
        Origin::Package { version, .. } => Some(version),
        Origin::Reference(_) => None,
    }
}

/// The digest that names what a release is. In a log, content has no image manifest around it.
pub(super) fn identity(origin: &Origin, release: &Release) -> Digest {
    match origin {
        Origin::Package { registry: Registry::Warg(_), .. } => release.component.digest,
        _ => release.manifest.digest,
    }
}

/// What names an artifact and never means anything else: where it is, and its digest.
pub(super) fn pinned(origin: &Origin, digest: Digest) -> String {
    match origin {
        Origin::Reference(reference) => format!("{}/{}@{digest}", reference.registry(), reference.repository()),
        Origin::Package { registry, package, .. } => {
            let (namespace, name) = (package.namespace(), package.name());
            match registry {
                Registry::Oci(oci) => format!("{oci}/{namespace}/{name}@{digest}"),
                other => format!("{other}/{namespace}/{name}@{digest}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_tag_or_a_digest() {
        for text in ["ghcr.io/acme/fraud:3.0.1", "oci://localhost:5000/a:b"] {
            assert!(reference(text).is_some(), "{text}");
        }
        for text in ["oci://ghcr.io/acme", "oci://localhost:5000", "shop:catalog", "dir:registry", "team"] {
            assert!(reference(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_artifact_is_named_by_its_digest() {
        let digest = Digest::of(b"");
        let package = |registry: &str| Origin::Package {
            registry: registry.parse().expect("it is a registry"),
            package: "shop:catalog".parse().expect("it is a package"),
            version: Version::new(1, 0, 0),
        };
        assert_eq!(pinned(&package("oci://a.io/team"), digest), format!("a.io/team/shop/catalog@{digest}"));
        assert_eq!(pinned(&package("dir:registry"), digest), format!("dir:registry/shop/catalog@{digest}"));
    }
}
