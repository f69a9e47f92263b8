//! How servers are spoken to, as values: from what a configuration says to [`HttpOptions`], certificates already understood.
//!
//! Nothing here connects to anything; [`connections`](crate::connections) does, and [`retry`](crate::retry) tries again.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::registry::OciRegistry;

/// How servers are spoken to. The default is what registries on the internet need.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Certificates of authorities that are trusted beside the system's, for every host.
    pub authorities: Vec<Authorities>,
    /// What is different for a registry's host, with its port if it has one.
    pub hosts: BTreeMap<String, HostOptions>,
    /// How often a request is tried again, and when.
    pub retry: RetryPolicy,
    /// How long servers are waited for.
    pub patience: Patience,
}

/// What is different for one registry's host.
#[derive(Debug, Clone, Default)]
pub struct HostOptions {
    /// Which scheme to use, whatever the host is. By default plain http for loopback hosts and those marked insecure, and https
    /// for all others.
    pub scheme: Option<Scheme>,
    /// Whether its certificate is verified.
    pub verification: Verification,
    /// Certificates of authorities that are trusted for this host alone.
    pub authorities: Vec<Authorities>,
    /// What proves to this host, and to no other, who we are.
    pub identity: Option<ClientIdentity>,
    /// Registries that are asked before this one, in order, and without a second try; whatever one cannot answer, the next is asked.
    ///
    /// Digests make a mirror harmless: bytes under another digest than expected are refused, and asked for elsewhere. But which
    /// digest a *tag* has is what the first mirror with that tag says, so that a mirror decides what an unlocked version is. Lists
    /// of versions and of referrers come from the registry itself while it answers: a cache knows only what went through it.
    pub mirrors: Vec<OciRegistry>,
}

/// The scheme of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain, readable by anyone on the way.
    Http,
    /// With TLS.
    Https,
}

/// Whether a server has to prove who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verification {
    /// By a certificate of a trusted authority.
    #[default]
    Certificate,
    /// It does not: anyone on the way can be the server, read credentials, and decide what a tag means. Digests hold even so.
    Nothing,
}

/// Certificates of authorities, from one PEM text.
#[derive(Clone)]
pub struct Authorities(Vec<reqwest::Certificate>);

impl Authorities {
    /// Reads the certificates in `pem`, a text of one or more.
    ///
    /// # Errors
    /// [`CertificateError`] where there is none, or one is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Authorities, CertificateError> {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(CertificateError::Malformed)?;
        if certificates.is_empty() {
            return Err(CertificateError::None);
        }
        Ok(Authorities(certificates))
    }

    pub(crate) fn certificates(&self) -> impl Iterator<Item = reqwest::Certificate> {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} certificates)", self.0.len())
    }
}

/// A certificate and its private key, which prove to a server who we are. Never printed.
#[derive(Clone)]
pub struct ClientIdentity(reqwest::Identity);

impl ClientIdentity {
    /// Reads the private key and the certificates in `pem`, a text that has both.
    ///
    /// # Errors
    /// [`CertificateError`] where either is missing or malformed.
    pub fn from_pem(pem: &[u8]) -> Result<ClientIdentity, CertificateError> {
        reqwest::Identity::from_pem(pem).map(ClientIdentity).map_err(CertificateError::Malformed)
    }

    pub(crate) fn identity(&self) -> reqwest::Identity {
        self.0.clone()
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity([redacted])")
    }
}

/// Why certificates cannot be used. Never shows the text, which may have a private key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no certificate.
    #[error("there is no certificate in it")]
    None,
    /// A certificate or a key is malformed or missing.
    #[error("it is not PEM with the certificates and keys that are needed")]
    Malformed(#[source] reqwest::Error),
}

/// How often a request is tried again, and when: after 429, 500, 502, 503 and 504, and after a connection that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is tried in all. A download that brought a megabyte counts from one again.
    pub attempts: NonZeroU32,
    /// About how long to wait before the second try; each further wait is twice as long as the one before.
    pub first_wait: Duration,
    /// The longest wait, unless the server asks for a longer one.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            attempts: const { NonZeroU32::new(5).unwrap() },
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(15),
        }
    }
}

/// How long servers are waited for. Whatever a server does, a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take to come about.
    pub connect: Duration,
    /// How long a server may take to begin its answer, and how long it may then stay below `bytes_per_second`.
    pub silence: Duration,
    /// How long everything about one answer may take in all: every try, every wait between them, every page.
    pub total: Duration,
    /// The slowest a server may send. A download may take the time it needs at this rate beside `total`.
    pub bytes_per_second: NonZeroU32,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(120),
            bytes_per_second: const { NonZeroU32::new(1024).unwrap() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    #[test]
    fn refuses_what_has_no_certificates() {
        assert_eq!(Authorities::from_pem(b"").unwrap_err().to_string(), "there is no certificate in it");
        let key_alone = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let message = chain(&ClientIdentity::from_pem(key_alone).unwrap_err());
        assert!(message.starts_with("it is not PEM with the certificates and keys that are needed"), "{message}");
        assert!(!message.contains("c2VjcmV0"));
    }
}
