//! What refers to an artifact, as signatures and SBOMs do: from a manifest's digest to descriptors of the manifests whose subject it is,
//! by the [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers).
//!
//! A registry without the API has them in an image index under a tag that is made of the digest. What refers to an artifact is what
//! somebody pushed: a list says nothing about whether it is right, or complete.

use std::collections::BTreeMap;

use oci_client::manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciImageIndex};
use reqwest::Url;

use crate::digest::{Descriptor, Digest};
use crate::error::one_line;
use crate::oci::{MAX_MANIFEST, MAX_PAGES, next_page};
use crate::repository::Repository;
use crate::retry::Attempts;
use crate::transport::{RequestError, Transport};

const MAX_REFERRERS: usize = 10_000;

/// A manifest that refers to another. What it says about itself is shortened to one printable line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// The manifest that refers.
    pub manifest: Descriptor,
    /// Its media type.
    pub media_type: String,
    /// What kind of artifact it says it is.
    pub artifact_type: Option<String>,
    /// Its annotations, as far as the list has them.
    pub annotations: BTreeMap<String, String>,
}

impl Referrer {
    /// Reads the entries of `index`, of which those of type `wanted` count.
    pub(crate) fn all(index: OciImageIndex, wanted: Option<&str>) -> Option<Vec<Referrer>> {
        let referrers: Option<Vec<Referrer>> = index.manifests.into_iter().map(Referrer::read).collect();
        let is_wanted = |referrer: &Referrer| wanted.is_none() || referrer.artifact_type.as_deref() == wanted;
        Some(referrers?.into_iter().filter(is_wanted).collect())
    }

    fn read(entry: ImageIndexEntry) -> Option<Referrer> {
        let annotations = entry.annotations.unwrap_or_default().into_iter();
        Some(Referrer {
            manifest: Descriptor { digest: entry.digest.parse().ok()?, size: u64::try_from(entry.size).ok()? },
            media_type: one_line(&entry.media_type),
            artifact_type: entry.artifact_type.as_deref().map(one_line),
            annotations: annotations.map(|(key, value)| (one_line(&key), one_line(&value))).collect(),
        })
    }
}

/// The tag under which a registry without the API has the referrers of `digest`.
pub(crate) fn fallback_tag(digest: Digest) -> String {
    format!("sha256-{}", digest.to_hex())
}

impl Transport {
    /// Lists what refers to the manifest of `digest`, of `artifact_type` if one is given.
    pub(crate) async fn referrers(
        &self,
        repository: &Repository,
        digest: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Referrer>, RequestError> {
        let mut attempts = self.attempts(0);
        let mut url = self.url(repository, &format!("referrers/{digest}"))?;
        if let Some(artifact_type) = artifact_type {
            url.query_pairs_mut().append_pair("artifactType", artifact_type);
        }
        match self.referrers_from(&mut attempts, repository, url, artifact_type).await {
            Err(RequestError::NotFound(_)) => {}
            listed => return listed,
        }
        let url = self.url(repository, &format!("manifests/{}", fallback_tag(digest)))?;
        match self.referrers_from(&mut attempts, repository, url, artifact_type).await {
            // A registry without the API and without the tag has nothing that refers.
            Err(RequestError::NotFound(_)) => Ok(Vec::new()),
            listed => listed,
        }
    }

    async fn referrers_from(
        &self,
        attempts: &mut Attempts<'_>,
        repository: &Repository,
        mut url: Url,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Referrer>, RequestError> {
        let mut referrers = Vec::new();
        for _ in 0..MAX_PAGES {
            let body = self.body(attempts, repository, &url, OCI_IMAGE_INDEX_MEDIA_TYPE, MAX_MANIFEST).await?;
            let index: Option<OciImageIndex> = serde_json::from_slice(&body.bytes).ok();
            let Some(page) = index.and_then(|index| Referrer::all(index, artifact_type)) else {
                return Err(body.protocol("something else than a list of referrers").into());
            };
            referrers.extend(page);
            if referrers.len() > MAX_REFERRERS {
                break;
            }
            match next_page(&body, &url)? {
                Some(next) => url = next,
                None => return Ok(referrers),
            }
            attempts.progressed();
        }
        Err(RequestError::TooLarge { limit: MAX_REFERRERS as u64, unit: "referrers" })
    }
}
