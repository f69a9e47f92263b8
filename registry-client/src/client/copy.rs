//! A release that is copied into a directory registry, as it is: its image manifest, its config and its component.

use std::collections::BTreeMap;
use std::path::Path;

use semver::Version;

use super::tag::tag_of;
use super::{Client, Overwrite, PushOptions, blocking};
use crate::description::config_of;
use crate::error::Error;
use crate::layout::{Layout, LayoutWriter};
use crate::package::PackageName;
use crate::publication::{Artifact, Blob, Content, Os};
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};

impl Client {
    /// Copies what `release` is in `origin` into the directory registry at `root`, as a version of a package there. Everything keeps its
    /// digest, except that what a log has gets an image manifest. What is there already, whole, is not copied again.
    ///
    /// # Errors
    /// Those of [`Client::fetch`]; [`Error::Write`] where the directory cannot be written.
    pub async fn copy(
        &self,
        origin: &Origin,
        release: &Release,
        root: &Path,
        package: &PackageName,
        version: &Version,
    ) -> Result<(), Error> {
        if let Origin::Package { registry: Registry::Warg(_), .. } = origin {
            return self.copy_logged(origin, release, root, package, version).await;
        }
        let (root, package, tag) = (root.to_owned(), package.clone(), tag_of(version));
        let there = {
            let (root, package, tag, release) = (root.clone(), package.clone(), tag.clone(), *release);
            blocking(move || has(&root, &package, &tag, &release)).await
        };
        if there {
            return Ok(());
        }
        let subject = Subject::Manifest(origin.clone());
        let manifest = self.query(&subject, self.indexed_manifest(origin, &subject, release.manifest)).await?;
        let component = self.fetch(origin, release).await?;
        let config = match config_of(&manifest) {
            Some(config) => self.config_blob(origin, config, &subject).await?.map(|blob| (blob, config)),
            None => None,
        };
        let component = (component, release.component);
        blocking(move || {
            let writer = LayoutWriter::open(&root, &package)?;
            for (blob, descriptor) in [component].into_iter().chain(config) {
                let content = Content::Bytes(blob.as_ref().into());
                writer.put_blob(&Blob { content, descriptor })?;
            }
            writer.put_manifest(&tag, &manifest)
        })
        .await
    }

    /// A log has no image manifests: there the component gets one.
    async fn copy_logged(
        &self,
        origin: &Origin,
        release: &Release,
        root: &Path,
        package: &PackageName,
        version: &Version,
    ) -> Result<(), Error> {
        let component = self.fetch(origin, release).await?;
        let (registry, package, version) = (Registry::Directory(root.to_owned()), package.clone(), version.clone());
        let artifact = Artifact {
            content: Content::Bytes(component.as_ref().into()),
            os: Os::WasiP2,
            component: None,
            annotations: BTreeMap::new(),
        };
        let options = PushOptions { overwrite: Overwrite::Yes, ..PushOptions::default() };
        self.push(&Origin::Package { registry, package, version }, &artifact, &options).await.map(drop)
    }
}

fn has(root: &Path, package: &PackageName, tag: &str, release: &Release) -> bool {
    let Ok(Some(layout)) = Layout::open(root, package) else { return false };
    layout.tagged(tag) == Some(release.manifest.digest)
        && layout.has_blob(&release.manifest)
        && layout.has_blob(&release.component)
}
