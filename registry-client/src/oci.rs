//! What an OCI registry has: from a repository to its tags, manifests and blobs, by the
//! [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull).
//!
//! Manifests are verified against the digest they were asked for by, if there is one. Nothing else here is: whoever asked knows what
//! the bytes must be.

use std::collections::BTreeSet;

use reqwest::Url;
use reqwest::header::LINK;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::artifact::{IMAGE_INDEX_TYPES, IMAGE_MANIFEST_TYPES};
use crate::blob::Mismatch;
use crate::digest::Digest;
use crate::error::NetworkFailure;
use crate::repository::Repository;
use crate::retry::Attempts;
use crate::transport::{Answer, Body, RequestError, Transport, same_origin};

/// What registries themselves accept, by the distribution specification's recommendation.
pub(crate) const MAX_MANIFEST: u64 = 4 * 1024 * 1024;
const MAX_TAGS_PAGE: u64 = 4 * 1024 * 1024;
const TAGS_PER_PAGE: usize = 1000;
/// Registries may send fewer tags a page than asked for: the limit is on the tags too.
pub(crate) const MAX_PAGES: usize = 1000;
const MAX_TAGS: usize = 100_000;

#[derive(Deserialize)]
struct Tags {
    /// Registries write `null` for none.
    tags: Option<Vec<String>>,
}

impl Transport {
    /// Lists the tags of `repository`, through all pages; from a mirror only where the registry itself does not answer.
    pub(crate) async fn tags(&self, repository: &Repository) -> Result<BTreeSet<String>, RequestError> {
        let failed = match self.tags_at(repository, self.attempts(0)).await {
            Err(error) if error.is_failure() => error,
            listed => return listed,
        };
        for mirror in self.mirrors(repository) {
            match self.tags_at(&mirror, self.one_attempt(0)).await {
                Ok(tags) => return Ok(tags),
                Err(error) => self.pass_over(&mirror, &error),
            }
        }
        Err(failed)
    }

    async fn tags_at(
        &self,
        repository: &Repository,
        mut attempts: Attempts<'_>,
    ) -> Result<BTreeSet<String>, RequestError> {
        let mut url = self.url(repository, "tags/list")?;
        url.query_pairs_mut().append_pair("n", &TAGS_PER_PAGE.to_string());
        let mut tags = BTreeSet::new();
        for _ in 0..MAX_PAGES {
            let body = self.body(&mut attempts, repository, &url, "application/json", MAX_TAGS_PAGE).await?;
            let page: Tags =
                serde_json::from_slice(&body.bytes).map_err(|_| body.protocol("something else than a list of tags"))?;
            let page = page.tags.unwrap_or_default();
            let linked = next_page(&body, &url)?;
            let unlinked = next_unlinked_page(&page, &url).filter(|_| page.iter().any(|tag| !tags.contains(tag)));
            tags.extend(page);
            if tags.len() > MAX_TAGS {
                break;
            }
            match linked.or(unlinked) {
                Some(next) => url = next,
                None => return Ok(tags),
            }
            attempts.progressed();
        }
        Err(RequestError::TooLarge { limit: MAX_TAGS as u64, unit: "tags" })
    }

    /// Gets the manifest that `selector`, a tag or a digest, selects: from a mirror, or else from the registry itself. Where `expected`
    /// is given, its bytes have that digest.
    pub(crate) async fn manifest(
        &self,
        repository: &Repository,
        selector: &str,
        expected: Option<Digest>,
    ) -> Result<Vec<u8>, RequestError> {
        for mirror in self.mirrors(repository) {
            let error = match self.manifest_at(&mirror, selector, expected, self.one_attempt(0)).await {
                Ok(body) if serde_json::from_slice::<IgnoredAny>(&body.bytes).is_ok() => return Ok(body.bytes),
                Ok(body) => body.protocol("something else than a manifest").into(),
                Err(error) => error,
            };
            self.pass_over(&mirror, &error);
        }
        Ok(self.manifest_at(repository, selector, expected, self.attempts(0)).await?.bytes)
    }

    /// Gets the manifest from `repository` itself.
    async fn manifest_at(
        &self,
        repository: &Repository,
        selector: &str,
        expected: Option<Digest>,
        mut attempts: Attempts<'_>,
    ) -> Result<Body, RequestError> {
        let url = self.url(repository, &format!("manifests/{selector}"))?;
        let accept = [IMAGE_MANIFEST_TYPES, IMAGE_INDEX_TYPES].concat().join(", ");
        let body = self.body(&mut attempts, repository, &url, &accept, MAX_MANIFEST).await?;
        let found = Digest::of(&body.bytes);
        match expected {
            Some(expected) if expected != found => Err(Mismatch::Digest { expected, found }.into()),
            _ => Ok(body),
        }
    }

    /// Begins to get the blob of `digest` from `repository` itself, from the byte at `offset`.
    pub(crate) async fn blob(
        &self,
        repository: &Repository,
        digest: Digest,
        offset: u64,
    ) -> Result<Answer, RequestError> {
        let url = self.url(repository, &format!("blobs/{digest}"))?;
        self.get_from(repository, &url, "*/*", offset).await
    }
}

/// The page after `url`, as [RFC 5988](https://www.rfc-editor.org/rfc/rfc5988) links it.
pub(crate) fn next_page(body: &Body, url: &Url) -> Result<Option<Url>, NetworkFailure> {
    let Some(target) = body.headers.get_all(LINK).iter().filter_map(|link| next_target(link.to_str().ok()?)).next()
    else {
        return Ok(None);
    };
    match url.join(target) {
        // Elsewhere is no page of this list, and must not be shown our authorization. The same page again would never end.
        Ok(next) if same_origin(&next, url) && next.path() == url.path() && next != *url => Ok(Some(next)),
        _ => Err(body.protocol("a link to a next page that is not one of the same list")),
    }
}

/// The page after a full one that links none. Some registries count on it that `last` is known from the specification.
fn next_unlinked_page(page: &[String], url: &Url) -> Option<Url> {
    let last = page.last().filter(|_| page.len() >= TAGS_PER_PAGE)?;
    let mut next = url.clone();
    next.query_pairs_mut().clear().append_pair("n", &TAGS_PER_PAGE.to_string()).append_pair("last", last);
    Some(next)
}

fn next_target(link: &str) -> Option<&str> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split([';', ',']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
    });
    is_next.then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_the_next_page_is_found() {
        assert_eq!(next_target(r#"</v2/a/tags/list?n=1&last=b>; rel="next""#), Some("/v2/a/tags/list?n=1&last=b"));
        assert_eq!(next_target("<x>;rel=next"), Some("x"));
    }

    #[test]
    fn other_links_are_not_pages() {
        for link in ["", "<", "<x>", r#"<x>; rel="prev""#, "x; rel=next", "<x; rel=next"] {
            assert_eq!(next_target(link), None, "{link:?}");
        }
    }
}
