//! What is pulled, and to where: from a package or a reference to a file, and from a host to the registry that it says it is.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use semver::{Version, VersionReq};

use super::{Client, blocking};
use crate::configuration::Place;
use crate::error::Error;
use crate::host::Host;
use crate::metadata::MetadataError;
use crate::package::PackageName;
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};
use crate::replacement::replace;

impl Client {
    /// Finds the newest version of `package` in `registry` that `requirement` allows, as Cargo would: pre-releases only where they are asked
    /// for.
    ///
    /// # Errors
    /// [`Error::NoMatchingVersion`] where there is none, and those of [`Client::versions`].
    pub async fn newest(
        &self,
        registry: &Registry,
        package: &PackageName,
        requirement: &VersionReq,
    ) -> Result<Version, Error> {
        let available = self.versions(registry, package).await?;
        let newest = available.iter().rev().find(|version| requirement.matches(version)).cloned();
        newest.ok_or_else(|| Error::NoMatchingVersion {
            registry: Box::new(registry.clone()),
            package: package.clone(),
            requirement: requirement.clone(),
            available,
        })
    }

    /// Writes the component of `origin` to the file at `path`, replacing it only once the whole component is verified.
    ///
    /// # Errors
    /// Those of [`Client::release`] and [`Client::fetch`]; [`Error::Write`] where the file cannot be written.
    pub async fn pull(&self, origin: &Origin, path: &Path) -> Result<Release, Error> {
        let release = self.release(origin).await?;
        let component = self.fetch_file(origin, &release).await?;
        let path = path.to_owned();
        blocking(move || {
            let failed = |source: io::Error| Error::Write { path: path.clone(), source };
            replace(&path, failed, |file| component.copy_to(file).map_err(failed))
        })
        .await?;
        Ok(release)
    }

    /// Finds out which registry `place` is. A host is asked for its metadata, once as long as this client lives; one that has none is an OCI
    /// registry itself, as it is for `wkg`.
    ///
    /// # Errors
    /// [`Error::Metadata`] where a host's metadata cannot be used; [`Error::UnsupportedProtocol`]; otherwise what kept the host from
    /// answering.
    pub async fn registry_of(&self, place: &Place) -> Result<Registry, Error> {
        let host = match place {
            Place::Registry(registry) => return Ok(registry.clone()),
            Place::Unsupported { host, protocol } => {
                return Err(Error::UnsupportedProtocol { host: host.clone(), protocol: protocol.clone() });
            }
            Place::Host(host) => host,
        };
        let subject = Subject::Metadata { host: host.clone() };
        if let Some(registry) = self.lock_discovered().get(host) {
            return Ok(registry.clone());
        }
        let parsed = Host::parse(host).map_err(|source| Error::Host { host: host.clone(), source })?;
        let unusable = |source| Error::Metadata { host: host.clone(), source: Box::new(source) };
        let registry = self
            .query(&subject, async {
                let _permit = self.permit(&subject).await?;
                let metadata = self.0.transport.metadata(&parsed).await.map_err(|error| match error {
                    MetadataError::Request(error) => Error::request_at(subject.clone(), &parsed, "", error),
                    MetadataError::Problem(problem) => unusable(problem),
                })?;
                metadata.unwrap_or_default().registry(&parsed).map_err(unusable)
            })
            .await?;
        self.lock_discovered().insert(host.clone(), registry.clone());
        Ok(registry)
    }

    fn lock_discovered(&self) -> MutexGuard<'_, BTreeMap<String, Registry>> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.0.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
