//! What is pulled, and to where: from a package or a reference to a file, and from a host to the registry that it says it is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use futures::future::try_join;
use semver::{Version, VersionReq};

use super::{Client, blocking};
use crate::client;
use crate::configuration::Place;
use crate::digest::Descriptor;
use crate::error::Error;
use crate::event::Event;
use crate::file::VerifiedFile;
use crate::host::Host;
use crate::metadata::MetadataError;
use crate::package::PackageName;
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};
use crate::replacement::replace_reproducible;
use crate::store::{Lookup, Store, StoreError};
use crate::turns::USUAL_BODY;

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

    /// Writes the component of `origin` to the file at `path`, replacing it only once the whole component is verified. Little of it is
    /// ever in memory, and bytes that are in the store are read once. A file that holds the component already is left alone.
    ///
    /// # Errors
    /// Those of [`Client::describe`] and [`Client::fetch_file`]; [`Error::Write`] where the file cannot be written.
    pub async fn pull(&self, origin: &Origin, path: &Path) -> Result<Release, Error> {
        let subject = Subject::Manifest(origin.clone());
        let (release, manifest) = self.query(&subject, self.image_manifest(origin, &subject)).await?;
        let component = release.component;
        let config = self.config(origin, &release, manifest.as_deref(), &subject);
        if let client::Place::Directory(..) = client::place(origin)? {
            config.await?;
            let file = self.fetch_file(origin, &release).await?;
            self.write(path, move |target| file.copy_to(target)).await?;
            return Ok(release);
        }
        let (found, _) = try_join(self.find(origin, &release, path), config).await?;
        let file = match found {
            Found::Written => return Ok(release),
            Found::Stored if self.write_stored(origin, component, path).await? => return Ok(release),
            Found::Stored => self.fetch_file(origin, &release).await?,
            Found::Fetched(file) => file,
        };
        self.write(path, move |target| file.clone_to(target)).await?;
        Ok(release)
    }

    /// Finds the component where it is nearest.
    async fn find(&self, origin: &Origin, release: &Release, path: &Path) -> Result<Found, Error> {
        let component = release.component;
        if self.is_written(component, path).await {
            self.emit(Event::AlreadyWritten { origin: origin.clone(), component });
            return Ok(Found::Written);
        }
        // What is in the store is verified while it is copied.
        if self.0.store.contains(&component) {
            return Ok(Found::Stored);
        }
        self.fetch_file(origin, release).await.map(Found::Fetched)
    }

    /// Whether the file at `path` holds the component as it is.
    async fn is_written(&self, component: Descriptor, path: &Path) -> bool {
        let _turn = self.0.turns.disk().await;
        let path = path.to_owned();
        blocking(move || {
            let has_its_size = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == component.size);
            has_its_size && File::open(&path).is_ok_and(|file| VerifiedFile::verify(file, &path, &component).is_ok())
        })
        .await
    }

    /// Replaces the file at `path` with one that `write` writes.
    async fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut File) -> io::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        let _turn = self.0.turns.disk().await;
        let path = path.to_owned();
        blocking(move || {
            let failed = |source: io::Error| Error::Write { path: path.clone(), source };
            replace_reproducible(&path, failed, |target| write(target).map_err(failed))
        })
        .await
    }

    /// Replaces the file at `path` with what the store has; returns whether it has it, whole.
    async fn write_stored(&self, origin: &Origin, component: Descriptor, path: &Path) -> Result<bool, Error> {
        let _turn = self.0.turns.disk().await;
        let (store, target) = (self.0.store.clone(), path.to_owned());
        match blocking(move || copy_stored(&store, &component, &target)).await {
            Ok(()) => {
                self.emit(Event::FromStore { origin: origin.clone(), component });
                Ok(true)
            }
            Err(NotCopied::Absent) => Ok(false),
            Err(NotCopied::Corrupt { moved_to }) => {
                self.emit(Event::CorruptBlob { digest: component.digest, moved_to });
                Ok(false)
            }
            Err(NotCopied::Store(error)) => Err(Error::store(Subject::Component(origin.clone()), error)),
            Err(NotCopied::Write(source)) => Err(Error::Write { path: path.to_owned(), source }),
        }
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
                let _turn = self.turn(&subject, USUAL_BODY).await?;
                let metadata = self.0.transport.metadata(&parsed).await.map_err(|error| match error {
                    MetadataError::Request(error) => Error::request_at(subject.clone(), host, "", error),
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

/// Where a component is that is to be in a file.
enum Found {
    /// In that file.
    Written,
    /// In the store, as it seems.
    Stored,
    /// In the store, from where it was fetched to.
    Fetched(VerifiedFile),
}

/// Why a component was not copied out of the store.
enum NotCopied {
    Absent,
    Corrupt { moved_to: PathBuf },
    Store(StoreError),
    Write(io::Error),
}

fn copy_stored(store: &Store, component: &Descriptor, path: &Path) -> Result<(), NotCopied> {
    replace_reproducible(path, NotCopied::Write, |target| {
        match store.copy(component, target).map_err(NotCopied::Store)? {
            Lookup::Found(written) => written.map_err(NotCopied::Write),
            Lookup::Absent => Err(NotCopied::Absent),
            Lookup::Corrupt { moved_to } => Err(NotCopied::Corrupt { moved_to }),
        }
    })
}
