//! The lock, `compose.lock`: what was chosen, so that it is chosen again.
//!
//! Between [`Resolution`] and [`Plan`] on one side and text on the other. The text is sorted and stable, and made to be read
//! in a diff: beside versions and digests it holds the links and, for every instance, what it imports from the host.

use std::{collections::BTreeMap, sync::Arc};

use registry_client::{Descriptor, Digest, PackageName, Reference, Registry, Release};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText},
    manifest::Name,
    plan::{Plan, Provider},
    resolve::{Resolution, ResolvedSource},
};

/// The version of the lock's format.
const FORMAT: u32 = 1;

const HEADER: &str = "\
# Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
# how it is wired, or what it may ask of its host.
";

/// The file name of a lock, beside its manifest.
pub const FILE_NAME: &str = "compose.lock";

/// What was chosen for an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The sources of the components, by the manifest's names.
    pub components: BTreeMap<Name, LockedSource>,
    /// The WIT package of the target world, where that comes from a registry.
    pub world: Option<LockedSource>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedInstance {
    /// The component's name.
    pub component: String,
    /// What it imports from the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<String>,
    /// Its imports that other instances satisfy, and which ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
}

impl Lock {
    /// Writes down what was resolved and planned.
    pub fn new(resolution: &Resolution, plan: &Plan) -> Self {
        let components = resolution.components.iter();
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
        Self { components, world: resolution.world.as_ref().map(LockedSource::from), instances }
    }

    /// Reads a lock from its text.
    ///
    /// # Errors
    /// When the text is not a lock, or one of a later format.
    pub fn parse(source: &Arc<SourceText>) -> Result<Self, Failure> {
        let format = toml::from_str::<FormatOnly>(source.text()).map(|format| format.version);
        match format {
            Ok(FORMAT) => {}
            Ok(version) => {
                let message =
                    format!("`{}` has the format {version}, and this `compose` knows {FORMAT}", source.name());
                return Err(Diagnostic::error(Code::LockInvalid, message).hint("use a newer `compose`").into());
            }
            Err(error) => return Err(invalid(source, &error)),
        }
        let text: LockText = toml::from_str(source.text()).map_err(|error| invalid(source, &error))?;
        text.into_lock().map_err(|why| {
            Diagnostic::error(Code::LockInvalid, format!("`{}` cannot be used: {why}", source.name()))
                .hint("take the last version that was committed, or delete it and run `compose lock`")
                .into()
        })
    }

    /// The text of the lock.
    ///
    /// # Panics
    /// Never: everything in it can be written as TOML.
    pub fn to_text(&self) -> String {
        let text = toml::to_string_pretty(&LockText::new(self));
        let text = text.expect("a lock is TOML because it consists of strings, integers, arrays and tables of them");
        format!("{HEADER}{text}")
    }
}

fn invalid(source: &Arc<SourceText>, error: &toml::de::Error) -> Failure {
    let diagnostic = Diagnostic::error(Code::LockInvalid, format!("`{}` is not a lock", source.name()));
    let diagnostic = diagnostic.label(source, error.span().unwrap_or(0..0), error.message().replace('\n', "; "));
    diagnostic.hint("take the last version that was committed, or delete it and run `compose lock`").into()
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

#[derive(Deserialize)]
struct FormatOnly {
    version: u32,
}

/// The lock as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockText {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    world: Option<SourceLines>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    component: Vec<ComponentLines>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    instance: Vec<InstanceLines>,
}

#[derive(Serialize, Deserialize)]
struct ComponentLines {
    name: String,
    #[serde(flatten)]
    source: SourceLines,
}

#[derive(Serialize, Deserialize)]
struct InstanceLines {
    name: String,
    #[serde(flatten)]
    instance: LockedInstance,
}

#[derive(Serialize, Deserialize)]
struct SourceLines {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oci: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requirement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(rename = "manifest-size", default, skip_serializing_if = "Option::is_none")]
    manifest_size: Option<u64>,
}

impl SourceLines {
    const EMPTY: Self = Self {
        path: None,
        oci: None,
        package: None,
        requirement: None,
        registry: None,
        version: None,
        digest: None,
        size: None,
        manifest: None,
        manifest_size: None,
    };

    fn new(source: &LockedSource) -> Self {
        match source {
            LockedSource::Path(path) => Self { path: Some(path.clone()), ..Self::EMPTY },
            LockedSource::Package { package, requirement, registry, version, release } => Self {
                package: Some(package.to_string()),
                requirement: Some(requirement.to_string()),
                registry: Some(registry.to_string()),
                version: Some(version.clone()),
                ..Self::of_release(release)
            },
            LockedSource::Reference { reference, release } => {
                Self { oci: Some(reference.to_string()), ..Self::of_release(release) }
            }
        }
    }

    fn of_release(release: &Release) -> Self {
        Self {
            digest: Some(release.component.digest.to_string()),
            size: Some(release.component.size),
            manifest: Some(release.manifest.digest.to_string()),
            manifest_size: Some(release.manifest.size),
            ..Self::EMPTY
        }
    }

    fn into_source(self) -> Result<LockedSource, String> {
        if let Some(path) = self.path {
            return Ok(LockedSource::Path(path));
        }
        let release = Release {
            manifest: Descriptor {
                digest: needed("manifest", self.manifest)?,
                size: present("manifest-size", self.manifest_size)?,
            },
            component: Descriptor { digest: needed("digest", self.digest)?, size: present("size", self.size)? },
        };
        if self.oci.is_some() {
            return Ok(LockedSource::Reference { reference: needed("oci", self.oci)?, release });
        }
        Ok(LockedSource::Package {
            package: needed("package", self.package)?,
            requirement: needed("requirement", self.requirement)?,
            registry: needed("registry", self.registry)?,
            version: present("version", self.version)?,
            release,
        })
    }
}

fn present<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("an entry lacks `{key}`"))
}

fn needed<T>(key: &str, text: Option<String>) -> Result<T, String>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    present(key, text)?.parse().map_err(|error| format!("`{key}` of an entry: {error}"))
}

impl LockText {
    fn new(lock: &Lock) -> Self {
        let component = lock.components.iter();
        let instance = lock.instances.iter();
        Self {
            version: FORMAT,
            world: lock.world.as_ref().map(SourceLines::new),
            component: component
                .map(|(name, source)| ComponentLines { name: name.to_string(), source: SourceLines::new(source) })
                .collect(),
            instance: instance
                .map(|(name, instance)| InstanceLines { name: name.to_string(), instance: instance.clone() })
                .collect(),
        }
    }

    fn into_lock(self) -> Result<Lock, String> {
        let name = |text: String| text.parse::<Name>().map_err(|error| format!("`{text}`: {error}"));
        let components = self.component.into_iter().map(|lines| Ok((name(lines.name)?, lines.source.into_source()?)));
        let instances = self.instance.into_iter().map(|lines| Ok((name(lines.name)?, lines.instance)));
        Ok(Lock {
            components: components.collect::<Result<_, String>>()?,
            world: self.world.map(SourceLines::into_source).transpose()?,
            instances: instances.collect::<Result<_, String>>()?,
        })
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
