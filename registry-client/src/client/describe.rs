//! What a release says of itself: from an [`Origin`] to a [`Description`], without its component.

use crate::blob::VerifiedBlob;
use crate::client::{Client, Place, blocking, layout, place};
use crate::description::{Description, Interfaces, config_of, read_config};
use crate::digest::Descriptor;
use crate::error::Error;
use crate::release::{Origin, Subject};

impl Client {
    /// Finds out what `origin` is at this moment, and what its publisher says that it imports and exports.
    ///
    /// A config that cannot be had, is damaged or of another kind is as good as none.
    ///
    /// # Errors
    /// As [`release`](Client::release).
    pub async fn describe(&self, origin: &Origin) -> Result<Description, Error> {
        let subject = Subject::Manifest(origin.clone());
        self.query(&subject, async {
            let (release, manifest) = self.image_manifest(origin, &subject).await?;
            let interfaces = match config_of(&manifest) {
                Some(config) => self.interfaces(origin, config, &subject).await?,
                None => None,
            };
            Ok(Description { release, interfaces })
        })
        .await
    }

    async fn interfaces(
        &self,
        origin: &Origin,
        config: Descriptor,
        subject: &Subject,
    ) -> Result<Option<Interfaces>, Error> {
        let repository = match place(origin)? {
            Place::Repository(repository) => repository,
            Place::Directory(root, package) => {
                let blob = blocking(move || Ok::<_, Error>(layout(&root, &package)?.blob(&config).ok())).await?;
                return Ok(blob.and_then(|blob| read_config(&blob)));
            }
        };
        let _permit = self.permit(subject).await?;
        let body = async {
            let transport = &self.0.transport;
            let url = transport.url(&repository, &format!("blobs/{}", config.digest))?;
            transport.body(&mut transport.attempts(config.size), &repository, &url, "*/*", config.size).await
        };
        // It is only a hint: a registry that cannot be relied on is found out when the component is wanted.
        let blob = body.await.ok().and_then(|body| VerifiedBlob::read(body.bytes.as_slice(), &config).ok());
        Ok(blob.and_then(|blob| read_config(&blob)))
    }
}
