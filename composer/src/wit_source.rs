//! What a text that names WIT means, in the manifest and on the command line alike: from the text to a [`WitSource`], and perhaps a
//! world in it. Nothing is looked up: that a path exists, or a registry has the package, is found out by whoever reads it.
//!
//! | text | is |
//! |---|---|
//! | `git:REVISION:PATH` | a directory or file as a revision of the git repository has it |
//! | `oci://HOST/REPOSITORY:TAG` | an artifact in an OCI registry |
//! | `ns:name`, `ns:name@REQUIREMENT` | a package in a registry |
//! | `ns:name/WORLD`, `ns:name/WORLD@REQUIREMENT` | a world of one |
//! | anything else | a path: a WIT directory or file, an encoded package, a component |

use std::{fmt, path::PathBuf, str::FromStr};

use registry_client::{PackageName, PackageNameError, Reference, ReferenceParseError};
use semver::VersionReq;

/// Where WIT comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitSource {
    /// A directory of WIT files, a WIT file, an encoded package or a component; relative to the manifest, or to the current directory.
    Path(PathBuf),
    /// A package in a registry.
    Package {
        /// The package.
        package: PackageName,
        /// Which versions will do.
        requirement: VersionReq,
    },
    /// An exact OCI reference.
    Reference(Reference),
    /// A path in a revision of the git repository that the manifest, or the current directory, is in.
    Revision(Revision),
}

/// What a revision of a git repository has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    revision: String,
    path: String,
}

impl Revision {
    /// The revision, as git knows it: a commit, a branch, a tag.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The path, with `/` between its parts, relative to where git is asked.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// WIT that a text names, and perhaps a world in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitName {
    /// Where it comes from.
    pub source: WitSource,
    /// The world, where the text names one.
    pub world: Option<String>,
}

impl WitName {
    /// Whether the text says by its form that it names a world in a registry, rather than one of WIT that is named elsewhere.
    pub fn is_qualified(text: &str) -> bool {
        package_like(text).is_some_and(|(name, _)| name.contains('/'))
    }
}

impl FromStr for WitName {
    type Err = InvalidWitSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alone = |source| Self { source, world: None };
        if text.is_empty() {
            return Err(InvalidWitSource::Empty);
        }
        if let Some(rest) = text.strip_prefix("git:")
            && (rest.contains(':') || !rest.contains('@'))
        {
            return revision(rest).map(WitSource::Revision).map(alone);
        }
        if let Some(reference) = text.strip_prefix("oci://") {
            return Ok(alone(WitSource::Reference(reference.parse().map_err(InvalidWitSource::Reference)?)));
        }
        if text.contains("://") {
            return Err(InvalidWitSource::Url);
        }
        let Some((name, requirement)) = package_like(text) else {
            return Ok(alone(WitSource::Path(PathBuf::from(text))));
        };
        let (package, world) = match name.split_once('/') {
            Some((package, world)) => (package, Some(world)),
            None => (name, None),
        };
        let package = package.parse().map_err(InvalidWitSource::Package)?;
        let requirement = requirement.unwrap_or("*").parse().map_err(InvalidWitSource::Requirement)?;
        Ok(Self { source: WitSource::Package { package, requirement }, world: world.map(str::to_owned) })
    }
}

/// What precedes and what follows the `@` of a text that is meant as a package, or as a world of one, rather than as a path.
fn package_like(text: &str) -> Option<(&str, Option<&str>)> {
    let (name, requirement) = text.split_once('@').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let (_, rest) = name.split_once(':')?;
    let is_one = !name.contains(['\\', '.']) && !rest.starts_with('/') && rest.matches('/').count() <= 1;
    let is_of_package = name.find('/').is_none_or(|slash| name.find(':').is_some_and(|colon| colon < slash));
    (is_one && is_of_package).then_some((name, requirement))
}

fn revision(text: &str) -> Result<Revision, InvalidWitSource> {
    let (revision, path) = text.split_once(':').ok_or(InvalidWitSource::RevisionAlone)?;
    // One that begins with a dash would be an option of git's.
    if revision.is_empty() || revision.starts_with('-') {
        return Err(InvalidWitSource::Revision { revision: revision.to_owned() });
    }
    Ok(Revision { revision: revision.to_owned(), path: path.to_owned() })
}

impl fmt::Display for WitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Package { package, requirement } if *requirement == VersionReq::STAR => write!(f, "{package}"),
            Self::Package { package, requirement } => write!(f, "{package}@{requirement}"),
            Self::Reference(reference) => write!(f, "oci://{reference}"),
            Self::Revision(Revision { revision, path }) => write!(f, "git:{revision}:{path}"),
        }
    }
}

/// Why a text names no WIT.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWitSource {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// It is a URL of another protocol.
    #[error("a registry is asked by `oci://HOST/REPOSITORY:TAG` or `ns:name@VERSION`, and no other URL is known")]
    Url,
    /// It begins as a package's name and is none.
    #[error("it begins as a package in a registry, `namespace:name`, and names none")]
    Package(#[source] PackageNameError),
    /// The requirement is none.
    #[error("not a version requirement after the `@`")]
    Requirement(#[source] semver::Error),
    /// The OCI reference is none.
    #[error("not an OCI reference after `oci://`")]
    Reference(#[source] ReferenceParseError),
    /// A revision without a path.
    #[error("a revision needs a path, as in `git:v1.2.0:wit`")]
    RevisionAlone,
    /// No revision, or one that git would take for an option.
    #[error("`{revision}` is no revision of git")]
    Revision {
        /// As it was given.
        revision: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the text means, with its kind before it, or why nothing.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match text.parse::<WitName>() {
            Ok(WitName { source, world }) => {
                let kind = match source {
                    WitSource::Path(_) => "path",
                    WitSource::Package { .. } => "package",
                    WitSource::Reference(_) => "reference",
                    WitSource::Revision(_) => "revision",
                };
                let world = world.map(|world| format!(", world {world}")).unwrap_or_default();
                format!("{kind} {source}{world}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_form_of_a_text_says_what_it_names() {
        check("wit", "path wit");
        check("./a:b", "path ./a:b");
        check("a/b:c", "path a/b:c");
        check(r"C:\wit", r"path C:\wit");
        check("C:/wit", "path C:/wit");
        check("app.wasm", "path app.wasm");
        check("wasi:http", "package wasi:http");
        check("wasi:http@0.2", "package wasi:http@^0.2");
        check("wasi:http@>=0.2.1, <0.3", "package wasi:http@>=0.2.1, <0.3");
        check("wasi:http/proxy", "package wasi:http, world proxy");
        check("wasi:http/proxy@=0.2.3", "package wasi:http@=0.2.3, world proxy");
        check("oci://ghcr.io/webassembly/wasi/http:0.2.3", "reference oci://ghcr.io/webassembly/wasi/http:0.2.3");
        check("git:v1.2.0:wit", "revision git:v1.2.0:wit");
        check("git:main:", "revision git:main:");
        check("git:tools@1", "package git:tools@^1");
        check("git:catalog@1.2.0:wit", "revision git:catalog@1.2.0:wit");
    }

    #[test]
    fn a_text_that_means_nothing_is_answered_with_what_it_lacks() {
        check("", "it is empty");
        check(
            "https://wa.dev/wasi:http",
            "a registry is asked by `oci://HOST/REPOSITORY:TAG` or `ns:name@VERSION`, and no other URL is known",
        );
        check("wasi:@0.2", "it begins as a package in a registry, `namespace:name`, and names none");
        check("wasi:http@newest", "not a version requirement after the `@`");
        check("oci://", "not an OCI reference after `oci://`");
        check("git:v1", "a revision needs a path, as in `git:v1.2.0:wit`");
        check("git:--upload-pack=x:wit", "`--upload-pack=x` is no revision of git");
    }
}
