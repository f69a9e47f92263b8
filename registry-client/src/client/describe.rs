//! What releases say of themselves: from an [`Origin`] to a [`Description`], without its component.
//!
//! A config never changes under its digest. It is kept in the store like a component, and asked for once.

use std::path::Path;

use futures::{StreamExt, stream};
use semver::Version;

use super::component::{MAX_COMPONENT, bounded};
use super::manifest::manifest_of_version;
use super::{Client, Place, blocking, layout, place};
use crate::artifact::{component_of_index, read_manifest};
use crate::blob::VerifiedBlob;
use crate::description::{Description, check_layers, config_of, read_config};
use crate::digest::Descriptor;
use crate::error::Error;
use crate::event::Event;
use crate::layout::Layout;
use crate::oci::MAX_MANIFEST;
use crate::package::PackageName;
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};
use crate::store::Lookup;
use crate::turns::USUAL_BODY;

/// How many versions of a package are described at a time; the client bounds its requests itself.
const DESCRIPTIONS_AT_A_TIME: usize = 16;

impl Client {
    /// Finds out what `origin` is at this moment, and what its publisher says that it imports and exports.
    ///
    /// A config that cannot be had, is damaged or of another kind is as good as none.
    ///
    /// # Errors
    /// As [`release`](Client::release), and [`Error::NotAComponent`] where the config is that of another image manifest.
    pub async fn describe(&self, origin: &Origin) -> Result<Description, Error> {
        let subject = Subject::Manifest(origin.clone());
        self.query(&subject, async {
            let (release, manifest) = self.image_manifest(origin, &subject).await?;
            let config = self.config(origin, &release, manifest.as_deref(), &subject).await?;
            Ok(Description { release, interfaces: config.and_then(|config| read_config(&config)) })
        })
        .await
    }

    /// Describes several versions of one package, in their order. A directory's index is read once for all of them.
    ///
    /// # Errors
    /// For each version as [`describe`](Client::describe).
    pub async fn describe_versions(
        &self,
        registry: &Registry,
        package: &PackageName,
        versions: Vec<Version>,
    ) -> Vec<(Version, Result<Description, Error>)> {
        let origin = |version: &Version| {
            let (registry, package, version) = (registry.clone(), package.clone(), version.clone());
            Origin::Package { registry, package, version }
        };
        if let Registry::Directory(root) = registry {
            let subjects: Vec<Subject> = versions.iter().map(|version| Subject::Manifest(origin(version))).collect();
            subjects.iter().for_each(|subject| self.emit(Event::QueryStarted { subject: subject.clone() }));
            let (root, package) = (root.clone(), package.clone());
            let described = blocking(move || of_directory(&root, &package, versions)).await;
            subjects.into_iter().for_each(|subject| self.emit(Event::QueryFinished { subject }));
            return described;
        }
        let described = stream::iter(versions).map(|version| async {
            let description = self.describe(&origin(&version)).await;
            (version, description)
        });
        described.buffered(DESCRIPTIONS_AT_A_TIME).collect().await
    }

    /// The config that `manifest` names, which is for the component of `release`; nothing where there is none to be had.
    pub(super) async fn config(
        &self,
        origin: &Origin,
        release: &Release,
        manifest: Option<&[u8]>,
        subject: &Subject,
    ) -> Result<Option<VerifiedBlob>, Error> {
        let Some(config) = manifest.and_then(config_of) else { return Ok(None) };
        let Some(config) = self.config_blob(origin, config, subject).await? else { return Ok(None) };
        check_layers(&config, release.component.digest)
            .map_err(|why| Error::NotAComponent { origin: Box::new(origin.clone()), why })?;
        Ok(Some(config))
    }

    /// A config's bytes; nothing where they are not to be had.
    pub(super) async fn config_blob(
        &self,
        origin: &Origin,
        config: Descriptor,
        subject: &Subject,
    ) -> Result<Option<VerifiedBlob>, Error> {
        let repository = match place(origin)? {
            Place::Repository(repository) => repository,
            Place::Log(_) => return Ok(None),
            Place::Directory(root, package) => {
                return blocking(move || Ok(layout(&root, &package)?.blob(&config).ok())).await;
            }
        };
        let store = self.0.store.clone();
        // Most of it is only a hint: a store or a registry that cannot be relied on is found out when the component is wanted.
        if let Ok(Lookup::Found(blob)) = blocking(move || store.read(&config)).await {
            return Ok(Some(blob));
        }
        let _turn = self.turn(subject, USUAL_BODY).await?;
        let body = async {
            let transport = &self.0.transport;
            let url = transport.url(&repository, &format!("blobs/{}", config.digest))?;
            transport.body(&mut transport.attempts(config.size), &repository, &url, "*/*", config.size).await
        };
        let blob = body.await.ok().and_then(|body| VerifiedBlob::read(body.bytes.as_slice(), &config).ok());
        let Some(blob) = blob else { return Ok(None) };
        let store = self.0.store.clone();
        let kept = blocking(move || {
            // Where it cannot be kept it is asked for again.
            let _ = store.keep(&config, &blob);
            blob
        });
        Ok(Some(kept.await))
    }
}

fn of_directory(
    root: &Path,
    package: &PackageName,
    versions: Vec<Version>,
) -> Vec<(Version, Result<Description, Error>)> {
    let opened = layout(root, package);
    let described = versions.into_iter().map(|version| {
        let origin = Origin::Package {
            registry: Registry::Directory(root.to_owned()),
            package: package.clone(),
            version: version.clone(),
        };
        let description = match &opened {
            Ok(layout) => of_layout(layout, &origin, &version),
            // Each version has an error of its own, and whoever looks anew finds the same.
            Err(_) => layout(root, package).and_then(|layout| of_layout(&layout, &origin, &version)),
        };
        (version, description)
    });
    described.collect()
}

fn of_layout(layout: &Layout, origin: &Origin, version: &Version) -> Result<Description, Error> {
    let not_a_component = |why| Error::NotAComponent { origin: Box::new(origin.clone()), why };
    let mut manifest = manifest_of_version(layout, origin, version)?;
    if let Some(indexed) = component_of_index(&manifest).map_err(not_a_component)? {
        if indexed.size > MAX_MANIFEST {
            let subject = Box::new(Subject::Manifest(origin.clone()));
            return Err(Error::TooLarge { subject, limit: MAX_MANIFEST, unit: "bytes" });
        }
        manifest = layout.blob(&indexed)?;
    }
    let release = read_manifest(&manifest).map_err(not_a_component)?;
    bounded(origin, &release.component, MAX_COMPONENT)?;
    let config = config_of(&manifest).and_then(|config| layout.blob(&config).ok());
    if let Some(config) = &config {
        check_layers(config, release.component.digest).map_err(not_a_component)?;
    }
    Ok(Description { release, interfaces: config.and_then(|config| read_config(&config)) })
}
