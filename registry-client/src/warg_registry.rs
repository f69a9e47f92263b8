//! Which warg registry a text names: from `https://host/path`, without `warg+`, to a [`WargRegistry`].

use std::fmt;
use std::sync::Arc;

use reqwest::Url;

use crate::host::{Host, is_loopback_name};
use crate::key::PublicKey;
use crate::registry::RegistryParseError;

/// A warg registry: where its API is, and whose log it must be.
///
/// Two that differ only in the operator key are different: a log that another operator vouches for is another log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WargRegistry(Arc<Inner>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Inner {
    /// Without a slash at its end.
    url: String,
    host: Host,
    operator_key: Option<PublicKey>,
}

impl WargRegistry {
    pub(crate) fn parse(text: &str) -> Result<WargRegistry, RegistryParseError> {
        let malformed = |problem| RegistryParseError::Warg { text: format!("warg+{text}"), problem };
        let url = Url::parse(text).map_err(|_| malformed("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // Neither is repeated, nor is it kept: what is in a manifest is in everybody's hands.
            let text = format!("warg+{}://…", url.scheme());
            let problem = "it has a user in it; credentials belong into a login";
            return Err(RegistryParseError::Warg { text, problem });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(malformed("it has more than a host and a path"));
        }
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => Host::parse(&format!("{host}:{port}")),
            (host, _) => Host::parse(host.unwrap_or_default()),
        };
        let host = host.map_err(|_| malformed("its host is none"))?;
        match url.scheme() {
            "https" => {}
            "http" if url.host_str().is_some_and(is_loopback_name) => {}
            "http" => return Err(malformed("plain http is for registries on this machine: write `warg+https://`")),
            _ => return Err(malformed("expected `warg+https://`")),
        }
        let url = url.as_str().trim_end_matches('/').to_owned();
        Ok(WargRegistry(Arc::new(Inner { url, host, operator_key: None })))
    }

    /// The same registry, whose log must be this operator's.
    #[must_use]
    pub fn with_operator_key(self, key: PublicKey) -> WargRegistry {
        let Inner { url, host, .. } = Arc::unwrap_or_clone(self.0);
        WargRegistry(Arc::new(Inner { url, host, operator_key: Some(key) }))
    }

    /// Where the API is, without `warg+`.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The host, with its port if it has one.
    pub fn host(&self) -> &str {
        self.0.host.as_str()
    }

    /// The key that the operator's log must have been begun with, where one is required.
    pub fn operator_key(&self) -> Option<&PublicKey> {
        self.0.operator_key.as_ref()
    }

    #[cfg(feature = "warg")]
    pub(crate) fn parsed_host(&self) -> &Host {
        &self.0.host
    }
}

/// As it is written in a manifest; the operator key stands beside it there, and is not shown.
impl fmt::Display for WargRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "warg+{}", self.url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let actual = WargRegistry::parse(text).map(|registry| registry.to_string());
        assert_eq!(actual.map_err(|error| error.to_string()), expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn a_registry_is_a_url() {
        check("https://warg.example", Ok("warg+https://warg.example"));
        check("https://Warg.Example/team/", Ok("warg+https://warg.example/team"));
        check("http://127.0.0.1:8090", Ok("warg+http://127.0.0.1:8090"));
        check("http://[::1]:8090/", Ok("warg+http://[::1]:8090"));
    }

    #[test]
    fn plain_http_does_not_leave_this_machine() {
        check(
            "http://warg.example",
            Err(
                "`warg+http://warg.example` is not a registry: plain http is for registries on this machine: write `warg+https://`",
            ),
        );
    }

    #[test]
    fn refuses_what_is_more_than_a_place() {
        check(
            "https://ada:s3cret@warg.example",
            Err("`warg+https://…` is not a registry: it has a user in it; credentials belong into a login"),
        );
        check(
            "https://warg.example/?a=b",
            Err("`warg+https://warg.example/?a=b` is not a registry: it has more than a host and a path"),
        );
        check("https://", Err("`warg+https://` is not a registry: it is no URL"));
    }
}
