//! What can be asked for and what a registry answers: [`Origin`], [`Release`], and [`Subject`] for naming either in events and errors.

use std::fmt;

use semver::Version;

use crate::digest::{Descriptor, Digest};
use crate::log_problem::LogState;
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
    /// The image manifest; where the origin is an image index with one component, the manifest of that. In a warg registry, the record
    /// that released it: its identifier, and how many bytes it has.
    pub manifest: Descriptor,
    /// The component: the one layer of the artifact.
    pub component: Descriptor,
    /// What the log was in which it was verified, in a warg registry.
    pub log: Option<LogState>,
}

/// A version of a package, as its registry lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Published {
    /// The version.
    pub version: Version,
    /// Whether it is still offered.
    pub availability: Availability,
}

impl From<Version> for Published {
    /// A version in a registry that knows no withdrawing.
    fn from(version: Version) -> Published {
        Published { version, availability: Availability::Offered }
    }
}

/// Whether a version may be chosen anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Availability {
    /// It may.
    Offered,
    /// Its publisher withdrew it: whoever has it keeps it. Only warg registries know this.
    Yanked,
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
    /// What is to be added to the log of a package in a warg registry.
    Log {
        /// The registry.
        registry: Registry,
        /// The package.
        package: PackageName,
    },
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
        /// The registry's host, or the whole name of a warg registry.
        host: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Versions { registry, package } => write!(f, "the list of versions of {package} in {registry}"),
            Subject::Manifest(Origin::Package { registry: Registry::Warg(registry), package, version }) => {
                write!(f, "the record of {package}@{version} in {registry}")
            }
            Subject::Manifest(origin) => write!(f, "the image manifest of {origin}"),
            Subject::Component(origin) => write!(f, "the component of {origin}"),
            Subject::Push(target) => write!(f, "{target}"),
            Subject::Log { registry, package } => write!(f, "the log of {package} in {registry}"),
            Subject::Referrers { origin, manifest } => write!(f, "the referrers of {manifest}, as {origin} has it"),
            Subject::Metadata { host } => write!(f, "the registry metadata of {host}"),
            Subject::Login { host } => write!(f, "an answer from {host}"),
        }
    }
}
