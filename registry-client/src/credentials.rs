//! Who we are at a registry: from the text of Docker's `config.json` to one [`Credential`] a repository.
//!
//! The [file](https://github.com/docker/cli/blob/v28.0.0/docs/reference/commandline/login.md) is also Podman's and Skopeo's
//! `auth.json`, whose keys may have a path: the longest one that a repository begins with counts.
//!
//! NB: credential helpers are not run. Where one is configured for a host and nothing else is, the error of a refused request says so.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::repository::Repository;

/// More than any such file has.
const MAX_FILE: u64 = 1024 * 1024;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that is never to be printed.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one request it is for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What proves who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// For HTTP's basic authentication, or for a token server.
    Basic { username: String, password: Secret },
    /// A refresh token, which a token server exchanges for a bearer token.
    Identity(Secret),
    /// A bearer token for the registry itself.
    Bearer(Secret),
}

/// Where a credential came from. Printed as a noun phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// There is none for the registry.
    Anonymous,
    /// It is in a file.
    File(PathBuf),
    /// A file names a credential helper for it. Helpers are not run yet, so access was anonymous.
    Helper {
        /// The file.
        file: PathBuf,
        /// The helper, without `docker-credential-`.
        helper: String,
    },
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Anonymous => f.write_str("anonymous access"),
            CredentialSource::File(path) => write!(f, "the credential in {}", path.display()),
            CredentialSource::Helper { file, helper } => {
                write!(
                    f,
                    "anonymous access (the credential helper `{helper}` in {} is not supported yet)",
                    file.display()
                )
            }
        }
    }
}

/// Credentials by registry. Printing it shows hosts and user names, never secrets.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    entries: BTreeMap<String, (Credential, CredentialSource)>,
    helpers: BTreeMap<String, CredentialSource>,
    default_helper: Option<CredentialSource>,
}

impl Credentials {
    /// Has no credential for any registry.
    pub fn anonymous() -> Credentials {
        Credentials::default()
    }

    /// Reads the file at `path`, in the format of Docker's `config.json`.
    ///
    /// # Errors
    /// [`CredentialsError::NotFound`] where there is no file, and the others where it cannot be read or understood.
    pub fn read_docker_config(path: &Path) -> Result<Credentials, CredentialsError> {
        let io = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => CredentialsError::NotFound { path: path.to_owned() },
            _ => CredentialsError::Io { path: path.to_owned(), source },
        };
        let mut text = String::new();
        std::fs::File::open(path).map_err(io)?.take(MAX_FILE + 1).read_to_string(&mut text).map_err(io)?;
        if text.len() as u64 > MAX_FILE {
            return Err(CredentialsError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
        }
        Credentials::from_docker_config(&text, path)
    }

    /// Reads `json`, in the format of Docker's `config.json`. `path` is where it came from, for messages.
    ///
    /// # Errors
    /// [`CredentialsError::Json`] where it is not such a file; [`CredentialsError::Entry`] where one registry's entry is malformed.
    pub fn from_docker_config(json: &str, path: &Path) -> Result<Credentials, CredentialsError> {
        let config: DockerConfig = serde_json::from_str(json).map_err(|error| CredentialsError::json(path, &error))?;
        let mut entries = BTreeMap::new();
        for (key, auth) in config.auths {
            match auth.into_credential() {
                Ok(Some(credential)) => {
                    entries.insert(normalized(&key), (credential, CredentialSource::File(path.to_owned())));
                }
                Ok(None) => {}
                Err(problem) => return Err(CredentialsError::Entry { path: path.to_owned(), key, problem }),
            }
        }
        let helper = |helper| CredentialSource::Helper { file: path.to_owned(), helper };
        let helpers = config.cred_helpers.into_iter().map(|(key, name)| (normalized(&key), helper(name))).collect();
        Ok(Credentials { entries, helpers, default_helper: config.creds_store.map(helper) })
    }

    /// Adds what `other` has and this has not.
    #[must_use]
    pub fn or(mut self, other: Credentials) -> Credentials {
        for (key, entry) in other.entries {
            self.entries.entry(key).or_insert(entry);
        }
        for (key, helper) in other.helpers {
            self.helpers.entry(key).or_insert(helper);
        }
        self.default_helper = self.default_helper.or(other.default_helper);
        self
    }

    /// Adds a credential for what `key`, a host or the beginning of a repository, names.
    pub(crate) fn insert(&mut self, key: &str, credential: Credential, source: CredentialSource) {
        self.entries.insert(normalized(key), (credential, source));
    }

    /// The credential for `repository`, or why there is none.
    pub(crate) fn of(&self, repository: &Repository) -> (Option<&Credential>, CredentialSource) {
        let mut key = repository.to_string();
        loop {
            if let Some((credential, source)) = self.entries.get(&key) {
                return (Some(credential), source.clone());
            }
            match key.rfind('/') {
                Some(end) => key.truncate(end),
                None => break,
            }
        }
        let helper = self.helpers.get(repository.host().as_str()).or(self.default_helper.as_ref());
        (None, helper.cloned().unwrap_or(CredentialSource::Anonymous))
    }
}

/// Brings a key into the form `host[/path]`. Docker's own has a scheme and a version, and three names for Docker Hub.
fn normalized(key: &str) -> String {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    let (host, path) = key.split_once('/').map_or((key, None), |(host, path)| (host, Some(path)));
    let host = match host.to_ascii_lowercase().as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        other => other.to_owned(),
    };
    path.map_or(host.clone(), |path| format!("{host}/{path}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl Auth {
    /// Docker leaves an empty entry where a helper has the credential.
    fn into_credential(self) -> Result<Option<Credential>, EntryProblem> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(token) = given(self.identitytoken) {
            return Ok(Some(Credential::Identity(Secret(token))));
        }
        if let Some(token) = given(self.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret(token))));
        }
        if let Some(encoded) = given(self.auth) {
            return Credential::decode(&encoded).map(Some);
        }
        match (given(self.username), given(self.password)) {
            (Some(username), Some(password)) => Ok(Some(Credential::Basic { username, password: Secret(password) })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(EntryProblem::NoPassword),
            (None, Some(_)) => Err(EntryProblem::NoUsername),
        }
    }
}

/// Docker pads what it encodes; `wkg` takes it either way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Credential {
    /// Reads the base64 of a user name, a colon and a password.
    pub(crate) fn decode(encoded: &str) -> Result<Credential, EntryProblem> {
        let bytes = BASE64.decode(encoded.trim()).map_err(|_| EntryProblem::Encoding)?;
        let text = String::from_utf8(bytes).map_err(|_| EntryProblem::Encoding)?;
        let (username, password) = text.split_once(':').ok_or(EntryProblem::Encoding)?;
        // Docker pads with zero bytes, and strips them when it reads.
        let password = Secret(password.trim_end_matches('\0').to_owned());
        Ok(Credential::Basic { username: username.to_owned(), password })
    }
}

/// Why a file of credentials cannot be used. Never shows what the file says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any such file.
    #[error("{} has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// The file is not JSON, or of another shape.
    #[error("{} is not a file of credentials as Docker writes it: see line {line}, column {column}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it differs, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
    },
    /// The entry of one registry is malformed.
    #[error("the credential for `{key}` in {} cannot be used", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The registry, as the file has it.
        key: String,
        /// What is wrong.
        #[source]
        problem: EntryProblem,
    },
}

impl CredentialsError {
    /// The error's own text may quote what stands where something else was expected: a secret in the wrong place.
    fn json(path: &Path, error: &serde_json::Error) -> CredentialsError {
        CredentialsError::Json { path: path.to_owned(), line: error.line(), column: error.column() }
    }
}

/// What is wrong with one registry's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryProblem {
    /// `auth` is not the base64 of a user name, a colon and a password.
    #[error("its `auth` is not the base64 of `username:password`")]
    Encoding,
    /// There is a user name alone.
    #[error("it has a `username` and no `password`")]
    NoPassword,
    /// There is a password alone.
    #[error("it has a `password` and no `username`")]
    NoUsername,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;
    use crate::host::Host;

    fn config(json: &str) -> Result<Credentials, CredentialsError> {
        Credentials::from_docker_config(json, Path::new("/config.json"))
    }

    /// What `json` has for a repository: the credential, secrets shown, and where it is from.
    fn check(json: &str, host: &str, path: &str, expected: &str) {
        let repository = Repository::new(Host::parse(host).unwrap(), path).unwrap();
        let credentials = config(json).unwrap();
        let (credential, source) = credentials.of(&repository);
        let shown = match credential {
            Some(Credential::Basic { username, password }) => format!("basic {username} {}", password.expose()),
            Some(Credential::Identity(token)) => format!("identity {}", token.expose()),
            Some(Credential::Bearer(token)) => format!("bearer {}", token.expose()),
            None => "none".to_owned(),
        };
        assert_eq!(format!("{shown}: {source}"), expected);
    }

    #[test]
    fn an_entry_is_one_of_four_kinds() {
        let from_file = |kind: &str| format!("{kind}: the credential in /config.json");
        let cases = [
            (r#"{"auth": "YWRhOnA6dw=="}"#, "basic ada p:w"),
            (r#"{"username": "ada", "password": "pw"}"#, "basic ada pw"),
            (r#"{"auth": "YWRhOg==", "identitytoken": "t"}"#, "identity t"),
            (r#"{"registrytoken": "t"}"#, "bearer t"),
        ];
        for (entry, expected) in cases {
            check(&format!(r#"{{"auths": {{"ghcr.io": {entry}}}}}"#), "ghcr.io", "a", &from_file(expected));
        }
    }

    #[test]
    fn a_registry_without_an_entry_is_anonymous() {
        check("{}", "ghcr.io", "a", "none: anonymous access");
        check(r#"{"auths": {"ghcr.io": {"auth": "YTpi"}}}"#, "ghcr.io:444", "a", "none: anonymous access");
    }

    #[test]
    fn the_longest_key_counts() {
        let json = r#"{"auths": {"ghcr.io": {"auth": "YTpi"}, "ghcr.io/acme/shop": {"auth": "Yzpk"}}}"#;
        check(json, "ghcr.io", "acme/shop/catalog", "basic c d: the credential in /config.json");
        check(json, "ghcr.io", "acme/shop", "basic c d: the credential in /config.json");
        check(json, "ghcr.io", "acme/shopping", "basic a b: the credential in /config.json");
    }

    #[test]
    fn docker_hub_has_its_own_key() {
        let json = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}}}"#;
        check(json, "docker.io", "library/a", "basic a b: the credential in /config.json");
    }

    #[test]
    fn a_helper_is_named_where_there_is_nothing_else() {
        let json = r#"{"auths": {"ghcr.io": {}}, "credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}}"#;
        let named = |helper: &str| {
            format!("none: anonymous access (the credential helper `{helper}` in /config.json is not supported yet)")
        };
        check(json, "ghcr.io", "a", &named("desktop"));
        check(json, "gcr.io", "a", &named("gcloud"));
    }

    #[test]
    fn the_first_of_two_files_counts() {
        let first = config(r#"{"auths": {"a.io": {"auth": "YTpi"}}}"#).unwrap();
        let second = config(r#"{"auths": {"a.io": {"auth": "Yzpk"}, "b.io": {"auth": "Yzpk"}}}"#).unwrap();
        let both = first.or(second);
        let username = |host: &str| match both.of(&Repository::new(Host::parse(host).unwrap(), "a").unwrap()).0 {
            Some(Credential::Basic { username, .. }) => username.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((username("a.io"), username("b.io")), ("a".to_owned(), "c".to_owned()));
    }

    #[test]
    fn secrets_are_never_printed() {
        let json =
            r#"{"auths": {"a.io": {"username": "ada", "password": "s3cret"}, "b.io": {"registrytoken": "s3cret"}}}"#;
        let printed = format!("{:?}", config(json).unwrap());
        assert!(printed.contains("[redacted]") && !printed.contains("s3cret"), "{printed}");
    }

    fn check_malformed(json: &str, expected: &str) {
        let message = chain(&config(json).unwrap_err());
        assert!(!message.contains("s3cret"), "{message}");
        assert_eq!(message, expected);
    }

    #[test]
    fn a_malformed_file_is_named_and_not_quoted() {
        check_malformed(
            r#"{"auths": {"a.io": "s3cret"}}"#,
            "/config.json is not a file of credentials as Docker writes it: see line 1, column 27",
        );
        check_malformed(
            r#"{"auths": {"a.io": {"auth": "s3cret"}}}"#,
            "the credential for `a.io` in /config.json cannot be used: its `auth` is not the base64 of `username:password`",
        );
        check_malformed(
            r#"{"auths": {"a.io": {"password": "s3cret"}}}"#,
            "the credential for `a.io` in /config.json cannot be used: it has a `password` and no `username`",
        );
    }

    #[test]
    fn a_file_that_is_missing_or_too_large_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        let message = |path: &Path| Credentials::read_docker_config(path).unwrap_err().to_string();
        assert_eq!(message(&path), format!("there is no file {}", path.display()));
        std::fs::write(&path, " ".repeat(2 * 1024 * 1024)).unwrap();
        assert_eq!(message(&path), format!("{} has more than 1048576 bytes", path.display()));
    }
}
