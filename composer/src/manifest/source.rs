//! Where a component comes from: the right-hand side of an entry of `[components]`.

use std::{fmt, path::PathBuf, str::FromStr};

use registry_client::{PackageName, Reference};
use semver::VersionReq;

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A component binary, a component text, or a folder with a manifest of its own; relative to the manifest.
    Path(PathBuf),
    /// A package in a registry.
    Package {
        /// The package.
        package: PackageName,
        /// Which versions will do.
        requirement: VersionReq,
        /// The registry's name, if the entry gives one.
        registry: Option<String>,
    },
    /// An exact OCI reference.
    Reference(Reference),
}

impl Source {
    /// The registry package, if it is one.
    pub fn package(&self) -> Option<&PackageName> {
        match self {
            Self::Package { package, .. } => Some(package),
            Self::Path(_) | Self::Reference(_) => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Package { package, requirement, .. } => write!(f, "{package}@{requirement}"),
            Self::Reference(reference) => write!(f, "oci://{reference}"),
        }
    }
}

/// `namespace:name`, or `namespace:name@requirement`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageRequirement {
    pub(super) package: PackageName,
    pub(super) requirement: VersionReq,
}

impl FromStr for PackageRequirement {
    type Err = InvalidPackageRequirement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (package, requirement) = text.split_once('@').unwrap_or((text, "*"));
        Ok(Self {
            package: package.parse().map_err(InvalidPackageRequirement::Package)?,
            requirement: requirement.parse().map_err(InvalidPackageRequirement::Requirement)?,
        })
    }
}

/// Why a text is no package requirement.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidPackageRequirement {
    #[error("not `namespace:name` before the `@`")]
    Package(#[source] registry_client::PackageNameError),
    #[error("not a version requirement after the `@`")]
    Requirement(#[source] semver::Error),
}
