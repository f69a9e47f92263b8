//! How registries are spoken to, as files and variables say it: from their values to [`HttpOptions`], with the certificates that they name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ConfigurationError;
use crate::http_options::{
    Authorities, CertificateError, ClientIdentity, HostOptions, HttpOptions, Scheme, Verification,
};
use crate::registry::OciRegistry;

/// More than any file of certificates has.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// How registries are spoken to. Nothing is said by default, and nothing here has been read but names of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkRules {
    /// PEM files with authorities that are trusted beside the system's.
    pub authorities: Vec<PathBuf>,
    /// What is different for a registry's host, with its port if it has one.
    pub hosts: BTreeMap<String, HostRules>,
    /// How often a request is tried in all.
    pub attempts: Option<NonZeroU32>,
    /// How long a connection may take to come about.
    pub connect_timeout: Option<Duration>,
    /// How long everything about one answer may take in all.
    pub timeout: Option<Duration>,
}

/// What is different for one registry's host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Which scheme to use.
    pub scheme: Option<Scheme>,
    /// Whether its certificate is verified.
    pub verification: Verification,
    /// PEM files with authorities that are trusted for this host alone.
    pub authorities: Vec<PathBuf>,
    /// A PEM file with the certificate and the private key that prove to this host who we are.
    pub identity: Option<PathBuf>,
    /// Registries that are asked before this one.
    pub mirrors: Vec<OciRegistry>,
}

impl NetworkRules {
    /// Adds what `other` says and this does not. Authorities of both are trusted; a host is as one of them has it.
    pub(super) fn or(mut self, other: NetworkRules) -> NetworkRules {
        self.authorities.extend(other.authorities);
        for (host, rules) in other.hosts {
            self.hosts.entry(host).or_insert(rules);
        }
        self.attempts = self.attempts.or(other.attempts);
        self.connect_timeout = self.connect_timeout.or(other.connect_timeout);
        self.timeout = self.timeout.or(other.timeout);
        self
    }

    /// Reads the certificates that the rules name.
    ///
    /// # Errors
    /// [`ConfigurationError::Certificate`] where a file has none that can be used; [`ConfigurationError::NotFound`],
    /// [`ConfigurationError::Io`] and [`ConfigurationError::TooLarge`].
    pub fn options(&self) -> Result<HttpOptions, ConfigurationError> {
        let mut options = HttpOptions { authorities: authorities(&self.authorities)?, ..HttpOptions::default() };
        for (host, rules) in &self.hosts {
            let identity = match &rules.identity {
                Some(path) => Some(parsed(path, ClientIdentity::from_pem)?),
                None => None,
            };
            let authorities = authorities(&rules.authorities)?;
            let HostRules { scheme, verification, mirrors, .. } = rules.clone();
            options.hosts.insert(host.clone(), HostOptions { scheme, verification, authorities, identity, mirrors });
        }
        options.retry.attempts = self.attempts.unwrap_or(options.retry.attempts);
        options.patience.connect = self.connect_timeout.unwrap_or(options.patience.connect);
        options.patience.total = self.timeout.unwrap_or(options.patience.total);
        // Silence must not outlast the whole.
        options.patience.silence = options.patience.silence.min(options.patience.total);
        Ok(options)
    }
}

fn authorities(paths: &[PathBuf]) -> Result<Vec<Authorities>, ConfigurationError> {
    paths.iter().map(|path| parsed(path, Authorities::from_pem)).collect()
}

fn parsed<T>(path: &Path, parse: fn(&[u8]) -> Result<T, CertificateError>) -> Result<T, ConfigurationError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => ConfigurationError::NotFound { path: path.to_owned() },
        _ => ConfigurationError::Io { path: path.to_owned(), source },
    };
    let mut pem = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_FILE + 1).read_to_end(&mut pem).map_err(failed)?;
    if pem.len() as u64 > MAX_FILE {
        return Err(ConfigurationError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
    }
    parse(&pem).map_err(|source| ConfigurationError::Certificate { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first_counts_and_authorities_add_up() {
        let rules = |attempts: u32, host: &str, path: &str| NetworkRules {
            authorities: vec![path.into()],
            hosts: [(host.to_owned(), HostRules { scheme: Some(Scheme::Http), ..HostRules::default() })].into(),
            attempts: NonZeroU32::new(attempts),
            ..NetworkRules::default()
        };
        let both = rules(2, "a.io", "a.pem").or(rules(3, "b.io", "b.pem"));
        assert_eq!(both.authorities, [PathBuf::from("a.pem"), PathBuf::from("b.pem")]);
        assert_eq!(both.hosts.into_keys().collect::<Vec<_>>(), ["a.io", "b.io"]);
        assert_eq!(both.attempts, NonZeroU32::new(2));
    }

    #[test]
    fn times_become_options() {
        let rules = NetworkRules {
            attempts: NonZeroU32::new(1),
            connect_timeout: Some(Duration::from_secs(2)),
            timeout: Some(Duration::from_secs(3)),
            ..NetworkRules::default()
        };
        let options = rules.options().unwrap();
        assert_eq!(options.retry.attempts.get(), 1);
        let patience = options.patience;
        assert_eq!([patience.connect, patience.silence, patience.total].map(|time| time.as_secs()), [2, 3, 3]);
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let check = |rules: &NetworkRules| {
            let message = crate::error::chain(&rules.options().unwrap_err());
            message.replace(&directory.path().display().to_string(), "DIR")
        };
        let rules = NetworkRules { authorities: vec![path.clone()], ..NetworkRules::default() };
        assert_eq!(check(&rules), "there is no file DIR/ca.pem");
        std::fs::write(&path, "s3cret").unwrap();
        assert_eq!(check(&rules), "the certificates in DIR/ca.pem cannot be used: there is no certificate in it");
    }
}
