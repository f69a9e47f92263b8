//! What an OCI registry has: from a repository to its tags, manifests and blobs, by the
//! [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull).
//!
//! Nothing here is verified: whoever asked knows what the bytes must be.

use reqwest::Url;
use reqwest::header::LINK;
use serde::Deserialize;

use crate::artifact::{IMAGE_INDEX_TYPES, IMAGE_MANIFEST_TYPES};
use crate::digest::Digest;
use crate::error::NetworkFailure;
use crate::repository::Repository;
use crate::transport::{Answer, RequestError, Transport, same_origin};

/// What registries themselves accept, by the distribution specification's recommendation.
pub(crate) const MAX_MANIFEST: u64 = 4 * 1024 * 1024;
const MAX_TAGS_PAGE: u64 = 4 * 1024 * 1024;
const TAGS_PER_PAGE: &str = "1000";
/// Registries may send fewer tags a page than asked for: the limit is on the tags too.
const MAX_PAGES: usize = 1000;
const MAX_TAGS: usize = 100_000;

#[derive(Deserialize)]
struct Tags {
    /// Registries write `null` for none.
    tags: Option<Vec<String>>,
}

impl Transport {
    /// Lists the tags of `repository`, through all pages.
    pub(crate) async fn tags(&self, repository: &Repository) -> Result<Vec<String>, RequestError> {
        let mut url = self.url(repository, "tags/list")?;
        url.query_pairs_mut().append_pair("n", TAGS_PER_PAGE);
        let mut tags = Vec::new();
        for _ in 0..MAX_PAGES {
            let answer = self.get(repository, &url, "application/json").await?;
            let next = next_page(&answer, &url)?;
            let malformed = answer.protocol("something else than a list of tags");
            let page: Tags = serde_json::from_slice(&answer.body(MAX_TAGS_PAGE).await?).map_err(|_| malformed)?;
            tags.extend(page.tags.unwrap_or_default());
            if tags.len() > MAX_TAGS {
                break;
            }
            match next {
                Some(next) => url = next,
                None => return Ok(tags),
            }
        }
        Err(RequestError::TooLarge { limit: MAX_TAGS as u64, unit: "tags" })
    }

    /// Gets the manifest that `selector`, a tag or a digest, selects.
    pub(crate) async fn manifest(&self, repository: &Repository, selector: &str) -> Result<Vec<u8>, RequestError> {
        let url = self.url(repository, &format!("manifests/{selector}"))?;
        let accept = [IMAGE_MANIFEST_TYPES, IMAGE_INDEX_TYPES].concat().join(", ");
        self.get(repository, &url, &accept).await?.body(MAX_MANIFEST).await
    }

    /// Begins to get the blob of `digest`.
    pub(crate) async fn blob(&self, repository: &Repository, digest: Digest) -> Result<Answer, RequestError> {
        let url = self.url(repository, &format!("blobs/{digest}"))?;
        self.get(repository, &url, "*/*").await
    }
}

/// The page after `url`, as [RFC 5988](https://www.rfc-editor.org/rfc/rfc5988) links it.
fn next_page(answer: &Answer, url: &Url) -> Result<Option<Url>, NetworkFailure> {
    let Some(target) = answer.headers().get_all(LINK).iter().filter_map(|link| next_target(link.to_str().ok()?)).next()
    else {
        return Ok(None);
    };
    match url.join(target) {
        // Elsewhere is no page of this list, and must not be shown our authorization. The same page again would never end.
        Ok(next) if same_origin(&next, url) && next.path() == url.path() && next != *url => Ok(Some(next)),
        _ => Err(answer.protocol("a link to a next page that is not one of the same list")),
    }
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
