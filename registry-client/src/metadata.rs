//! Which registry a host says that it is: from `/.well-known/wasm-pkg/registry.json`, or the same in `wkg`'s file, to a [`Registry`].
//!
//! The document is `wkg`'s; see `RegistryMetadata` in its crate `wasm-pkg-common`. A host without one is an OCI registry itself.

use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;

use crate::error::one_line;
use crate::host::Host;
use crate::registry::{Registry, RegistryParseError};
use crate::transport::{RequestError, Transport};

const PATH: &str = "/.well-known/wasm-pkg/registry.json";
const MAX_DOCUMENT: u64 = 256 * 1024;

/// What a host says of its registry. Protocols that this crate does not know are not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    preferred_protocol: Option<String>,
    oci: Option<OciMetadata>,
    warg: Option<WargMetadata>,
    /// An older way to write `oci.registry`.
    oci_registry: Option<String>,
    /// An older way to write `oci.namespacePrefix`.
    oci_namespace_prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OciMetadata {
    registry: Option<String>,
    namespace_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WargMetadata {
    url: Option<String>,
}

impl Metadata {
    /// The registry that `host` says it is.
    pub(crate) fn registry(self, host: &Host) -> Result<Registry, MetadataProblem> {
        let has_oci = self.oci.is_some() || self.oci_registry.is_some();
        let protocol = match self.preferred_protocol.as_deref() {
            Some(protocol) => protocol,
            None if self.warg.is_some() && !has_oci => "warg",
            None => "oci",
        };
        match protocol {
            "oci" => {
                let oci = self.oci.unwrap_or_default();
                let registry = self.oci_registry.or(oci.registry).unwrap_or_else(|| host.as_str().to_owned());
                let prefix = self.oci_namespace_prefix.or(oci.namespace_prefix).unwrap_or_default();
                // `wkg` puts the prefix before the namespace as it is; a repository of ours begins with whole words.
                if !prefix.is_empty() && !prefix.ends_with('/') {
                    return Err(MetadataProblem::Prefix { prefix });
                }
                let text = format!("oci://{registry}/{prefix}");
                text.trim_end_matches('/').parse().map_err(MetadataProblem::Registry)
            }
            "warg" => {
                let url = self.warg.and_then(|warg| warg.url).unwrap_or_else(|| format!("https://{host}"));
                format!("warg+{url}").parse().map_err(MetadataProblem::Registry)
            }
            other => Err(MetadataProblem::Protocol { protocol: one_line(other) }),
        }
    }
}

impl Transport {
    /// Asks `host` for its metadata, as nobody in particular. A host that answers with another kind of document, as many do to any path,
    /// has none.
    pub(crate) async fn metadata(&self, host: &Host) -> Result<Option<Metadata>, MetadataError> {
        let url = self.url_at(host.as_str(), PATH).map_err(RequestError::from)?;
        let mut attempts = self.attempts(MAX_DOCUMENT);
        let body = loop {
            match attempts.make(&url, self.document(&url)).await {
                Err(error) => attempts.wait_after(error).await?,
                Ok(None) => return Ok(None),
                Ok(Some(body)) => break body,
            }
        };
        if !body.trim_ascii_start().starts_with(b"{") {
            return Ok(None);
        }
        let metadata = serde_json::from_slice(&body);
        metadata.map(Some).map_err(|error| MetadataProblem::Json { problem: one_line(&error.to_string()) }.into())
    }

    async fn document(&self, url: &Url) -> Result<Option<Vec<u8>>, RequestError> {
        let answer = self.follow(Method::GET, url, "application/json", 0, None).await?;
        let status = answer.status();
        if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            return Ok(None);
        }
        if status != StatusCode::OK {
            return Err(answer.into_failure().await.into());
        }
        answer.body(MAX_DOCUMENT).await.map(Some)
    }
}

/// Why there is no metadata to be had.
#[derive(Debug)]
pub(crate) enum MetadataError {
    Request(RequestError),
    Problem(MetadataProblem),
}

impl From<RequestError> for MetadataError {
    fn from(error: RequestError) -> MetadataError {
        MetadataError::Request(error)
    }
}

impl From<MetadataProblem> for MetadataError {
    fn from(problem: MetadataProblem) -> MetadataError {
        MetadataError::Problem(problem)
    }
}

/// Why metadata names no registry that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataProblem {
    /// It is not the JSON it should be.
    #[error("its JSON is malformed: {problem}")]
    Json {
        /// Where and how, shortened to one line.
        problem: String,
    },
    /// It wants a protocol that is not known.
    #[error("its protocol is `{protocol}`, expected `oci` or `warg`")]
    Protocol {
        /// The protocol.
        protocol: String,
    },
    /// Its prefix of namespaces ends within a word.
    #[error("its namespace prefix `{prefix}` does not end with `/`")]
    Prefix {
        /// The prefix.
        prefix: String,
    },
    /// The registry in it is malformed.
    #[error(transparent)]
    Registry(RegistryParseError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    fn check(json: &str) -> String {
        let metadata: Metadata = serde_json::from_str(json).unwrap();
        let registry = metadata.registry(&Host::parse("wasi.dev").unwrap());
        registry.map_or_else(|error| chain(&error), |registry| registry.to_string())
    }

    #[test]
    fn metadata_names_a_registry() {
        let cases = [
            ("{}", "oci://wasi.dev"),
            (r#"{"oci": {}}"#, "oci://wasi.dev"),
            (r#"{"oci": {"registry": "ghcr.io", "namespacePrefix": "webassembly/"}}"#, "oci://ghcr.io/webassembly"),
            (r#"{"ociRegistry": "ghcr.io", "ociNamespacePrefix": "webassembly/"}"#, "oci://ghcr.io/webassembly"),
            (r#"{"ociRegistry": "a.io", "oci": {"registry": "b.io", "namespacePrefix": "c/"}}"#, "oci://a.io/c"),
            (r#"{"warg": {"url": "https://warg.example"}}"#, "warg+https://warg.example"),
            (r#"{"preferredProtocol": "warg"}"#, "warg+https://wasi.dev"),
            (r#"{"preferredProtocol": "oci", "warg": {}, "other": {"key": 1}}"#, "oci://wasi.dev"),
        ];
        for (json, expected) in cases {
            assert_eq!(check(json), expected, "{json}");
        }
    }

    #[test]
    fn refuses_metadata_that_names_none() {
        insta::assert_snapshot!(check(r#"{"preferredProtocol": "local"}"#), @"its protocol is `local`, expected `oci` or `warg`");
        insta::assert_snapshot!(check(r#"{"ociNamespacePrefix": "acme-"}"#), @"its namespace prefix `acme-` does not end with `/`");
        insta::assert_snapshot!(check(r#"{"ociRegistry": "../etc"}"#), @"`oci://../etc` is not a registry: `..` is not a host: expected a name or an address, and optionally `:` and a port");
        insta::assert_snapshot!(check(r#"{"ociNamespacePrefix": "a/../"}"#), @"`oci://wasi.dev/a/..` is not a registry: `a/..` is not a repository: expected lowercase letters and digits, single `.`, `_` or `-` between them, and `/`");
    }
}
