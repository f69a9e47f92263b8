//! What can be asked for and what a registry answers: [`Origin`], [`Release`], and [`Subject`] for naming either in events and errors.

use std::fmt;

use semver::Version;

use crate::digest::{Descriptor, Digest};
use crate::package::PackageName;
use crate::reference::Reference;
use crate::registry::Registry;

/// Where one component comes from, or is pushed to, exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A version of a package in a registry.
    Package {
        /// The registry.
        registry: Registry,
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
    },
    /// An artifact by its OCI reference.
    Reference(Reference),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Package { registry, package, version } => write!(f, "{package}@{version} in {registry}"),
            Origin::Reference(reference) => write!(f, "{reference}"),
        }
    }
}

/// What an [`Origin`] turned out to be: enough to lock it and to fetch it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The image manifest; where the origin is an image index with one component, the manifest of that.
    pub manifest: Descriptor,
    /// The component: the one layer of the artifact.
    pub component: Descriptor,
}

/// What an event or an error is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// The list of a package's versions.
    Versions {
        /// The registry asked.
        registry: Registry,
        /// The package.
        package: PackageName,
    },
    /// An image manifest.
    Manifest(Origin),
    /// A component's bytes.
    Component(Origin),
    /// An artifact that is pushed.
    Push(Origin),
    /// The list of what refers to a manifest.
    Referrers {
        /// Where the manifest is.
        origin: Origin,
        /// The manifest.
        manifest: Digest,
    },
    /// What a host says of its registry.
    Metadata {
        /// The host.
        host: String,
    },
    /// Whether a registry accepts who somebody says they are.
    Login {
        /// The registry's host.
        host: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Versions { registry, package } => write!(f, "the list of versions of {package} in {registry}"),
            Subject::Manifest(origin) => write!(f, "the image manifest of {origin}"),
            Subject::Component(origin) => write!(f, "the component of {origin}"),
            Subject::Push(target) => write!(f, "{target}"),
            Subject::Referrers { origin, manifest } => write!(f, "the referrers of {manifest}, as {origin} has it"),
            Subject::Metadata { host } => write!(f, "the registry metadata of {host}"),
            Subject::Login { host } => write!(f, "an answer from {host}"),
        }
    }
}
