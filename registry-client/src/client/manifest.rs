//! Which image manifest an origin means: from an [`Origin`] to a [`Release`] and the bytes that say so.
//!
//! A tag is asked for each time. What is named by a digest never changes: it is kept in the store, and taken from there.

use std::path::PathBuf;

use semver::Version;

use super::component::{MAX_COMPONENT, bounded};
use super::tag::{tag_of, versions_of};
use super::{Client, Place, blocking, layout, locate, place};
use crate::artifact::{NotAComponent, component_of_index, read_manifest};
use crate::blob::VerifiedBlob;
use crate::digest::{Descriptor, Digest};
use crate::error::Error;
use crate::layout::Layout;
use crate::oci::MAX_MANIFEST;
use crate::package::PackageName;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};
use crate::store::Lookup;
use crate::transport::RequestError;
use crate::turns::USUAL_BODY;

impl Client {
    /// The release and the bytes of the image manifest that says so, where it is not a log that does.
    pub(super) async fn image_manifest(
        &self,
        origin: &Origin,
        subject: &Subject,
    ) -> Result<(Release, Option<Vec<u8>>), Error> {
        if let Origin::Package { registry: Registry::Warg(warg), package, version } = origin {
            return Ok((self.logged_release(warg, package, version, subject).await?, None));
        }
        let not_a_component = |why| Error::NotAComponent { origin: Box::new(origin.clone()), why };
        let mut bytes = self.manifest(origin, subject).await?;
        let indexed = component_of_index(&bytes).map_err(not_a_component)?;
        if let Some(manifest) = indexed {
            bytes = self.indexed_manifest(origin, subject, manifest).await?;
        }
        let release = read_manifest(&bytes).map_err(not_a_component)?;
        bounded(origin, &release.component, MAX_COMPONENT)?;
        let has_digest = matches!(origin, Origin::Reference(reference) if reference.digest().is_some());
        if has_digest || (indexed.is_some() && matches!(place(origin)?, Place::Repository(_))) {
            bytes = self.keep_manifest(release.manifest, bytes).await;
        }
        Ok((release, Some(bytes)))
    }

    /// The bytes of the image manifest; where the reference has a digest, they have it too.
    async fn manifest(&self, origin: &Origin, subject: &Subject) -> Result<Vec<u8>, Error> {
        match origin {
            Origin::Reference(reference) => {
                let digest = reference.digest();
                if let Some(kept) = self.kept_manifest(digest).await {
                    return Ok(kept);
                }
                let _turn = self.turn(subject, USUAL_BODY).await?;
                self.reference_manifest(reference, subject).await
            }
            Origin::Package { registry, package, version } => match registry {
                Registry::Oci(oci) => {
                    let repository = locate(oci, package)?;
                    let _turn = self.turn(subject, USUAL_BODY).await?;
                    match self.0.transport.manifest(&repository, &tag_of(version), None).await {
                        Ok(bytes) => Ok(bytes),
                        Err(RequestError::NotFound(_)) => {
                            let available = self.oci_versions(registry, package, &repository).await?;
                            Err(Error::VersionNotFound { origin: Box::new(origin.clone()), available })
                        }
                        Err(error) => Err(Error::request(subject.clone(), &repository, error)),
                    }
                }
                Registry::Directory(root) => directory_manifest(root.clone(), package.clone(), version.clone()).await,
                Registry::Warg(_) => Err(no_manifest(origin)),
            },
        }
    }

    async fn reference_manifest(&self, reference: &Reference, subject: &Subject) -> Result<Vec<u8>, Error> {
        let selector = reference.selector();
        match self.0.transport.manifest(reference.location(), &selector, reference.digest()).await {
            Ok(bytes) => Ok(bytes),
            Err(RequestError::NotFound(_)) => Err(Error::ReferenceNotFound { reference: Box::new(reference.clone()) }),
            Err(error) => Err(Error::request(subject.clone(), reference.location(), error)),
        }
    }

    /// The bytes of a manifest that an image index lists.
    pub(super) async fn indexed_manifest(
        &self,
        origin: &Origin,
        subject: &Subject,
        manifest: Descriptor,
    ) -> Result<Vec<u8>, Error> {
        if manifest.size > MAX_MANIFEST {
            return Err(Error::TooLarge { subject: Box::new(subject.clone()), limit: MAX_MANIFEST, unit: "bytes" });
        }
        match place(origin)? {
            Place::Directory(root, package) => {
                Ok(blocking(move || layout(&root, &package)?.blob(&manifest)).await?.to_vec())
            }
            Place::Log(_) => Err(no_manifest(origin)),
            Place::Repository(repository) => {
                let digest = manifest.digest;
                if let Some(kept) = self.kept_manifest(Some(digest)).await {
                    return Ok(kept);
                }
                let _turn = self.turn(subject, USUAL_BODY).await?;
                let bytes = self.0.transport.manifest(&repository, &digest.to_string(), Some(digest)).await;
                bytes.map_err(|error| Error::request(subject.clone(), &repository, error))
            }
        }
    }

    /// The manifest of this digest, if the store has it: what is named by its digest never changes.
    async fn kept_manifest(&self, digest: Option<Digest>) -> Option<Vec<u8>> {
        let (store, digest) = (self.0.store.clone(), digest?);
        blocking(move || {
            let manifest = store.sized(digest).filter(|manifest| manifest.size <= MAX_MANIFEST)?;
            match store.read(&manifest) {
                Ok(Lookup::Found(blob)) => Some(blob.to_vec()),
                // A store that cannot be relied on is found out when the component is wanted.
                Ok(Lookup::Absent | Lookup::Corrupt { .. }) | Err(_) => None,
            }
        })
        .await
    }

    /// Keeps a manifest whose bytes were found to have a digest. Where that cannot be done it is asked for again.
    async fn keep_manifest(&self, manifest: Descriptor, bytes: Vec<u8>) -> Vec<u8> {
        let store = self.0.store.clone();
        blocking(move || {
            if !store.contains(&manifest) {
                let _ = store.keep(&manifest, &bytes);
            }
            bytes
        })
        .await
    }
}

/// A log is asked for releases, and has no image manifests.
fn no_manifest(origin: &Origin) -> Error {
    Error::NotAComponent { origin: Box::new(origin.clone()), why: NotAComponent::Index }
}

async fn directory_manifest(root: PathBuf, package: PackageName, version: Version) -> Result<Vec<u8>, Error> {
    blocking(move || {
        let layout = layout(&root, &package)?;
        let origin = Origin::Package { registry: Registry::Directory(root), package, version: version.clone() };
        Ok(manifest_of_version(&layout, &origin, &version)?.to_vec())
    })
    .await
}

/// The manifest of a version, which `origin` is too.
pub(super) fn manifest_of_version(layout: &Layout, origin: &Origin, version: &Version) -> Result<VerifiedBlob, Error> {
    layout.manifest(&tag_of(version))?.ok_or_else(|| {
        let available = versions_of(layout.tags());
        Error::VersionNotFound { origin: Box::new(origin.clone()), available }
    })
}
