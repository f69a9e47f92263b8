//! What registries have answered so far, and what is still to be asked of them.
//!
//! A value that the driver fills and resolution reads; it decides nothing.

use std::collections::BTreeMap;

use registry_client::{Description, Error, Origin, PackageName, Published, Reference, Registry, Release};
use semver::Version;
use wit::{ExternName, World};

/// Something that only a registry knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which versions a package has.
    Versions {
        /// The registry, as the manifest names it.
        registry: Registry,
        /// The package.
        package: PackageName,
    },
    /// What a version or a reference stands for, and what it says of its imports and exports.
    Release(Origin),
}

/// The names of a component's imports and exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    /// The imports.
    pub imports: Vec<ExternName>,
    /// The exports.
    pub exports: Vec<ExternName>,
}

impl From<&registry_client::Interfaces> for Interfaces {
    fn from(interfaces: &registry_client::Interfaces) -> Self {
        let names = |names: &[String]| names.iter().map(|name| ExternName::from(name.as_str())).collect();
        Self { imports: names(&interfaces.imports), exports: names(&interfaces.exports) }
    }
}

impl From<&World> for Interfaces {
    fn from(world: &World) -> Self {
        let imports = world.imports().map(|(name, _)| name.clone()).collect();
        Self { imports, exports: world.exports().map(|(name, _)| name.clone()).collect() }
    }
}

/// What registries have answered.
#[derive(Debug, Default)]
pub struct Catalog {
    versions: BTreeMap<(Registry, PackageName), Result<Vec<Published>, Error>>,
    packages: BTreeMap<(Registry, PackageName), BTreeMap<Version, Answer>>,
    references: BTreeMap<Reference, Answer>,
}

/// What a registry said of a release.
pub(super) type Answer = Result<Described, Error>;

/// What a release is.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) release: Release,
    /// A hint: what its publisher says.
    pub(super) interfaces: Option<Interfaces>,
}

impl Catalog {
    /// Notes the versions of a package, or why there are none to be had.
    pub fn insert_versions(
        &mut self,
        registry: Registry,
        package: PackageName,
        versions: Result<Vec<Published>, Error>,
    ) {
        let versions = versions.map(|mut versions| {
            versions.sort();
            versions.dedup_by(|one, other| one.version == other.version);
            versions
        });
        self.versions.insert((registry, package), versions);
    }

    /// Notes what a version or a reference stands for, or why that cannot be told.
    pub fn insert_release(&mut self, origin: Origin, description: Result<Description, Error>) {
        let described = description.map(|description| Described {
            release: description.release,
            interfaces: description.interfaces.as_ref().map(Interfaces::from),
        });
        match origin {
            Origin::Package { registry, package, version } => {
                self.packages.entry((registry, package)).or_default().insert(version, described);
            }
            Origin::Reference(reference) => {
                self.references.insert(reference, described);
            }
        }
    }

    /// The versions of a package, ascending; `None` when nobody has asked.
    pub(super) fn versions(&self, registry: &Registry, package: &PackageName) -> Option<Result<&[Published], &Error>> {
        let known = self.versions.get(&(registry.clone(), package.clone()))?;
        Some(known.as_ref().map(Vec::as_slice))
    }

    /// What was said of the versions of a package that were asked for.
    pub(super) fn releases(&self, registry: &Registry, package: &PackageName) -> Option<&BTreeMap<Version, Answer>> {
        self.packages.get(&(registry.clone(), package.clone()))
    }

    /// What was said of a reference; `None` when nobody has asked.
    pub(super) fn reference(&self, reference: &Reference) -> Option<&Answer> {
        self.references.get(reference)
    }
}
