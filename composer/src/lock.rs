//! The lock, `compose.lock`: what was chosen, so that it is chosen again.
//!
//! From [`Resolution`] and [`Plan`] to a [`Lock`]; a [`LockFile`] is one or, for a workspace, several of them, and the text that
//! people review. Beside versions and digests it holds the links and, for every instance, what it imports from the host. How it
//! is written is decided in `text`, and what two locks differ in, in `change`.

mod change;
mod read;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use registry_client::{Digest, LogState, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::{
    diagnostic::{Failure, SourceText},
    manifest::{Introduction, Name},
    plan::{Plan, Provider},
    resolve::{Resolution, ResolvedSource},
};
pub use change::{Changes, InstanceChange, Rewiring, SourceChange};

/// The file name of a lock, beside its manifest.
pub const FILE_NAME: &str = "compose.lock";

/// What was chosen for an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The sources of the components, by the manifest's names.
    pub components: BTreeMap<Name, LockedSource>,
    /// Those of them that nobody wrote into the manifest: they provide what nothing else provides.
    pub automatic: BTreeSet<Name>,
    /// The WIT package of the target world, where that comes from a registry.
    pub world: Option<LockedSource>,
    /// The WIT packages that were fetched into `deps`, each as the WIT refers to it.
    pub wit: BTreeMap<String, LockedSource>,
    /// The instances of the result.
    pub instances: BTreeMap<Name, LockedInstance>,
}

/// A source, with the bytes that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockedSource {
    /// A file or folder of the application itself: as trusted as its manifest, so its bytes are not pinned.
    Path(String),
    /// A package in a registry.
    Package {
        /// The package.
        package: PackageName,
        /// The requirement that the version was chosen for.
        requirement: VersionReq,
        /// The registry, as the manifest names it.
        registry: Registry,
        /// The version.
        version: Version,
        /// Its bytes.
        release: Release,
    },
    /// An OCI reference.
    Reference {
        /// The reference.
        reference: Reference,
        /// Its bytes.
        release: Release,
    },
}

/// An instance: how it is wired, and what it may ask of the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedInstance {
    /// The component's name.
    pub component: String,
    /// What it imports from the host, sorted.
    #[serde(default)]
    pub host: Vec<String>,
    /// Its imports that other instances satisfy, and which ones.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
}

impl Lock {
    /// Writes down what was resolved and planned; of WIT packages only the target world's.
    pub fn new(resolution: &Resolution, plan: &Plan) -> Self {
        let components = resolution.components.iter();
        let automatic = components.clone().filter(|c| c.introduction == Introduction::Automatic);
        let automatic = automatic.map(|component| component.name.clone()).collect();
        let components = components.map(|c| (c.name.clone(), LockedSource::from(&c.source))).collect();
        let instances = plan.instances.iter().map(|instance| {
            let mut locked =
                LockedInstance { component: instance.component.to_string(), host: Vec::new(), links: BTreeMap::new() };
            for link in &instance.links {
                match &link.provider {
                    Provider::Host { .. } => locked.host.push(link.import.to_string()),
                    Provider::Instance { instance, export } => {
                        let provider = &plan[*instance].name;
                        let provider = if *export == link.import {
                            provider.to_string()
                        } else {
                            format!("{provider} ({export})")
                        };
                        locked.links.insert(link.import.to_string(), provider);
                    }
                }
            }
            locked.host.sort();
            (instance.name.clone(), locked)
        });
        let instances = instances.collect();
        let world = resolution.world.as_ref().map(LockedSource::from);
        Self { components, automatic, world, wit: BTreeMap::new(), instances }
    }

    /// What the logs of registries were when something in them was locked.
    pub fn logs(&self) -> impl Iterator<Item = (&Registry, LogState)> {
        self.components.values().chain(&self.world).filter_map(|source| match source {
            LockedSource::Package { registry, release, .. } => Some((registry, release.log?)),
            LockedSource::Path(_) | LockedSource::Reference { .. } => None,
        })
    }

    /// The text of a lock file that has this lock alone.
    pub fn to_text(&self) -> String {
        LockFile::default().with(BESIDE, self.clone(), &[]).to_text()
    }
}

/// The member of a [`LockFile`] that is the application whose manifest is beside it.
pub const BESIDE: &str = ".";

/// What a lock file says: of the application beside it, and of the members of its workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockFile {
    /// The locks by the directories of their manifests, relative to the file; [`BESIDE`] for the one beside it.
    pub applications: BTreeMap<String, Lock>,
}

impl LockFile {
    /// Reads a lock file from its text.
    ///
    /// # Errors
    /// When the text is not a lock, or one of a later format.
    pub fn parse(source: &Arc<SourceText>) -> Result<Self, Failure> {
        read::parse(source)
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// The same file with one application's lock replaced, and without those that are not among `members`.
    #[must_use]
    pub fn with(&self, member: &str, lock: Lock, members: &[String]) -> Self {
        let others = self.applications.iter().filter(|(known, _)| *known != member && members.contains(known));
        let others = others.map(|(known, lock)| (known.clone(), lock.clone()));
        Self { applications: others.chain([(member.to_owned(), lock)]).collect() }
    }
}

impl From<&ResolvedSource> for LockedSource {
    fn from(source: &ResolvedSource) -> Self {
        match source.clone() {
            ResolvedSource::Path(path) => Self::Path(path.to_string_lossy().replace('\\', "/")),
            ResolvedSource::Package { package, requirement, registry, version, release } => {
                Self::Package { package, requirement, registry, version, release }
            }
            ResolvedSource::Reference { reference, release } => Self::Reference { reference, release },
        }
    }
}

impl LockedSource {
    /// The digest of the bytes; `None` for files of the application itself.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Path(_) => None,
            Self::Package { release, .. } | Self::Reference { release, .. } => Some(release.component.digest),
        }
    }
}
