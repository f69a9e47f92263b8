//! What an OCI reference names: from `host/repository[:tag][@digest]` to a [`Reference`]. Nothing is defaulted.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestParseError};
use crate::host::{Host, looks_like_host};
use crate::repository::{LocationError, Repository};

/// The longest tag, by the distribution specification.
const MAX_TAG: usize = 128;

/// An artifact in an OCI registry, by tag, by digest or by both.
///
/// Unlike Docker's, a reference here says its registry, and its tag or digest: there is no implied `docker.io/library/` or `latest`.
/// With both a tag and a digest, the digest decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    selector: Selector,
}

/// What selects one artifact of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Selector {
    Tag(String),
    Digest { digest: Digest, tag: Option<String> },
}

impl Reference {
    /// The registry's host, with its port if it has one.
    pub fn registry(&self) -> &str {
        self.repository.host().as_str()
    }

    /// The path of the repository in its registry.
    pub fn repository(&self) -> &str {
        self.repository.path()
    }

    /// The tag, if there is one.
    pub fn tag(&self) -> Option<&str> {
        match &self.selector {
            Selector::Tag(tag) => Some(tag),
            Selector::Digest { tag, .. } => tag.as_deref(),
        }
    }

    /// The digest, if there is one.
    pub fn digest(&self) -> Option<Digest> {
        match &self.selector {
            Selector::Tag(_) => None,
            Selector::Digest { digest, .. } => Some(*digest),
        }
    }

    /// What a registry is asked for: the digest, or else the tag.
    pub(crate) fn selector(&self) -> String {
        match &self.selector {
            Selector::Tag(tag) => tag.clone(),
            Selector::Digest { digest, .. } => digest.to_string(),
        }
    }

    pub(crate) fn location(&self) -> &Repository {
        &self.repository
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest() {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceParseError;

    fn from_str(text: &str) -> Result<Reference, ReferenceParseError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest =
                    digest.parse().map_err(|source| ReferenceParseError::Digest { text: text.to_owned(), source })?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        let Some((host, path)) = rest.split_once('/').filter(|(host, _)| looks_like_host(host)) else {
            return Err(ReferenceParseError::NoRegistry { text: text.to_owned() });
        };
        let (path, tag) = match path.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        let malformed = |source| ReferenceParseError::Location { text: text.to_owned(), source };
        let repository = Repository::new(Host::parse(host).map_err(malformed)?, path).map_err(malformed)?;
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceParseError::Tag { text: text.to_owned(), tag: tag.to_owned() });
        }
        let selector = match (tag.map(str::to_owned), digest) {
            (tag, Some(digest)) => Selector::Digest { digest, tag },
            (Some(tag), None) => Selector::Tag(tag),
            (None, None) => return Err(ReferenceParseError::NoTagOrDigest { text: text.to_owned() }),
        };
        Ok(Reference { repository, selector })
    }
}

/// Whether `tag` is one, by the [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests).
fn is_tag(tag: &str) -> bool {
    tag.len() <= MAX_TAG
        && tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceParseError {
    /// The text does not begin with the host of a registry.
    #[error("the reference `{text}` names no registry: write its host too, as in `ghcr.io/{text}`")]
    NoRegistry {
        /// The text.
        text: String,
    },
    /// There is neither a tag nor a digest.
    #[error("the reference `{text}` has neither a tag nor a digest: write one, as in `{text}:1.0.0`")]
    NoTagOrDigest {
        /// The text.
        text: String,
    },
    /// The tag is malformed.
    #[error("`{tag}` in the reference `{text}` is not a tag: expected up to 128 letters, digits, `_`, `.` and `-`")]
    Tag {
        /// The text.
        text: String,
        /// The text in the tag's place.
        tag: String,
    },
    /// The digest is malformed.
    #[error("the reference `{text}` has no valid digest")]
    Digest {
        /// The text.
        text: String,
        /// What is wrong with it.
        source: DigestParseError,
    },
    /// The host or the repository is malformed.
    #[error("`{text}` is not a reference")]
    Location {
        /// The text.
        text: String,
        /// What is wrong with it.
        source: LocationError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_reference_prints_as_it_was_written() {
        for text in ["ghcr.io/acme/fraud:3.0.1", "localhost:5000/a:b", "docker.io/library/a:latest", "[::1]:5000/a:b"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        for text in [format!("ghcr.io/acme/fraud@{DIGEST}"), format!("ghcr.io/acme/fraud:3@{DIGEST}")] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_reference_has_parts() {
        let reference: Reference = format!("localhost:5000/acme/fraud:3@{DIGEST}").parse().unwrap();
        assert_eq!(reference.registry(), "localhost:5000");
        assert_eq!(reference.repository(), "acme/fraud");
        assert_eq!(reference.tag(), Some("3"));
        assert_eq!(reference.digest(), Some(Digest::of(b"")));
    }

    fn check(text: &str, expected: &str) {
        let error = text.parse::<Reference>().unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        assert_eq!(format!("{error}{cause}"), expected);
    }

    #[test]
    fn nothing_is_defaulted() {
        check(
            "acme/fraud:1",
            "the reference `acme/fraud:1` names no registry: write its host too, as in `ghcr.io/acme/fraud:1`",
        );
        check("fraud", "the reference `fraud` names no registry: write its host too, as in `ghcr.io/fraud`");
        check(
            "ghcr.io/acme/fraud",
            "the reference `ghcr.io/acme/fraud` has neither a tag nor a digest: write one, as in `ghcr.io/acme/fraud:1.0.0`",
        );
    }

    #[test]
    fn refuses_malformed_parts() {
        check(
            "ghcr.io/acme/Fraud:1",
            "`ghcr.io/acme/Fraud:1` is not a reference: `acme/Fraud` is not a repository: expected lowercase letters and digits, single `.`, `_` or `-` between them, and `/`",
        );
        check(
            "ghcr.io/a:b:c",
            "`b:c` in the reference `ghcr.io/a:b:c` is not a tag: expected up to 128 letters, digits, `_`, `.` and `-`",
        );
        check(
            "ghcr.io/a@sha512:00",
            "the reference `ghcr.io/a@sha512:00` has no valid digest: the digest algorithm `sha512` is not supported: expected `sha256`",
        );
    }
}
