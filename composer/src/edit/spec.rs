//! What a person wants to add: a package, an OCI reference or a path.

use std::{path::PathBuf, str::FromStr};

use registry_client::{PackageName, PackageNameError, Reference, ReferenceParseError};
use semver::VersionReq;

use crate::manifest::{InvalidName, Name};

/// `namespace:name`, `namespace:name@requirement`, `oci://host/repository:tag`, or a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// A registry package.
    Package {
        /// The package.
        package: PackageName,
        /// Which versions will do, if that was said.
        requirement: Option<VersionReq>,
    },
    /// An OCI reference.
    Reference(Reference),
    /// A component, or a folder with a manifest of its own.
    Path(PathBuf),
}

impl Spec {
    /// The name that the component has unless another one is given: the last part of what it comes from, as kebab-case words.
    ///
    /// # Errors
    /// When no name can be made of that.
    pub fn name(&self) -> Result<Name, InvalidName> {
        let last = match self {
            Self::Package { package, .. } => package.name().to_owned(),
            Self::Reference(reference) => reference.repository().rsplit('/').next().unwrap_or_default().to_owned(),
            Self::Path(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let words = last.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-").parse()
    }
}

impl FromStr for Spec {
    type Err = InvalidSpec;

    fn from_str(text: &str) -> Result<Self, InvalidSpec> {
        if let Some(reference) = text.strip_prefix("oci://") {
            return Ok(Self::Reference(reference.parse()?));
        }
        let (name, requirement) = match text.split_once('@') {
            Some((name, requirement)) => (name, Some(requirement)),
            None => (text, None),
        };
        if !name.contains(':') || name.contains(['/', '\\', '.']) {
            return Ok(Self::Path(PathBuf::from(text)));
        }
        let requirement = requirement.map(str::parse).transpose()?;
        Ok(Self::Package { package: name.parse()?, requirement })
    }
}

/// Why a text is nothing that can be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSpec {
    /// Something else than a reference follows `oci://`.
    #[error(transparent)]
    Reference(#[from] ReferenceParseError),
    /// Something else than a package is before the `@`.
    #[error(transparent)]
    Package(#[from] PackageNameError),
    /// Something else than a requirement follows the `@`.
    #[error("what follows the `@` is no version requirement, as `^1.2`, `~1.2.3` or `=1.2.3`: {0}")]
    Requirement(#[from] semver::Error),
}
