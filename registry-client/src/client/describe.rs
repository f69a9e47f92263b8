//! What a release says of itself: from an [`Origin`] to a [`Description`], without its component.

use crate::blob::VerifiedBlob;
use crate::client::{Client, Place, blocking, layout, place};
use crate::description::{Description, check_layers, config_of, read_config};
use crate::digest::Descriptor;
use crate::error::Error;
use crate::release::{Origin, Release, Subject};
use crate::turns::USUAL_BODY;

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

    async fn config_blob(
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
        let _turn = self.turn(subject, USUAL_BODY).await?;
        let body = async {
            let transport = &self.0.transport;
            let url = transport.url(&repository, &format!("blobs/{}", config.digest))?;
            transport.body(&mut transport.attempts(config.size), &repository, &url, "*/*", config.size).await
        };
        // Most of it is only a hint: a registry that cannot be relied on is found out when the component is wanted.
        Ok(body.await.ok().and_then(|body| VerifiedBlob::read(body.bytes.as_slice(), &config).ok()))
    }
}
