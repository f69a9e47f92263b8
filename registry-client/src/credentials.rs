//! Who we are at a registry: from variables, and the text of Docker's `config.json`, to one [`Credential`] a repository.
//!
//! The [file](https://github.com/docker/cli/blob/v28.0.0/docs/reference/commandline/login.md) is also Podman's and Skopeo's
//! `auth.json`, whose keys may have a path: the longest one that a repository begins with counts.
//!
//! Asked in this order, until one has an answer: environment variables, the helper that a file names for the host, the files' own
//! entries, the helper that a file names for all hosts. A helper that fails is an error: anonymous access is no replacement for it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::credential_helper::{Helper, HelperError};
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
    /// A credential helper keeps it.
    Helper {
        /// The file that names the helper.
        file: PathBuf,
        /// The helper, without `docker-credential-`.
        helper: String,
    },
    /// It is in an environment variable.
    Variable(String),
    /// It was given for this one request.
    Given,
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Anonymous => f.write_str("anonymous access"),
            CredentialSource::File(path) => write!(f, "the credential in {}", path.display()),
            CredentialSource::Helper { file, helper } => {
                write!(f, "the credential of the helper `{helper}` in {}", file.display())
            }
            CredentialSource::Variable(name) => write!(f, "the credential in the variable {name}"),
            CredentialSource::Given => f.write_str("the credential that was given"),
        }
    }
}

/// Credentials by registry. Printing it shows hosts and user names, never secrets.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// By the host, as variables have it.
    variables: BTreeMap<String, (Credential, CredentialSource)>,
    entries: BTreeMap<String, (Credential, CredentialSource)>,
    helpers: BTreeMap<String, Helper>,
    default_helper: Option<Helper>,
    /// What helpers said: each is asked once for a host.
    answers: Arc<Mutex<Answers>>,
}

/// What helpers said, by the host they were asked for.
type Answers = BTreeMap<(Helper, String), Option<Credential>>;

/// Where a credential may be.
enum Candidate<'a> {
    Known(&'a Credential, &'a CredentialSource),
    Helper(&'a Helper),
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
        Credentials::from_docker_config(&read_file(path)?, path)
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
        let helper = |name| Helper { name, file: path.to_owned(), search: Vec::new() };
        let helpers = config.cred_helpers.into_iter().map(|(key, name)| (normalized(&key), helper(name))).collect();
        let default_helper = config.creds_store.filter(|name| !name.is_empty()).map(helper);
        Ok(Credentials { entries, helpers, default_helper, ..Credentials::default() })
    }

    /// Takes the credentials among environment variables:
    ///
    /// | variable | is |
    /// |---|---|
    /// | `COMPOSE_REGISTRY_<HOST>_USERNAME` and `…_PASSWORD` | a user name and a password |
    /// | `COMPOSE_REGISTRY_<HOST>_TOKEN` | a bearer token |
    /// | `WKG_REGISTRY_<HOST>_AUTH_BEARER` | the same, as `wkg` has it |
    ///
    /// `<HOST>` is the registry's host and port in upper case, with `_` for whatever is no letter or digit: `GHCR_IO`, `LOCALHOST_5000`.
    ///
    /// NB: `WKG_OCI_USERNAME` and `WKG_OCI_PASSWORD` are not taken: they name no host, and would be sent to every one that asks.
    ///
    /// # Errors
    /// [`CredentialsError::Variable`] where there is a user name without a password, or the other way around.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Credentials, CredentialsError> {
        let variables: BTreeMap<String, String> =
            variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut credentials = Credentials::default();
        for (variable, value) in &variables {
            let ours = |suffix| variable.strip_prefix("COMPOSE_REGISTRY_").and_then(|rest| rest.strip_suffix(suffix));
            let wkgs = || variable.strip_prefix("WKG_REGISTRY_").and_then(|rest| rest.strip_suffix("_AUTH_BEARER"));
            let other = |from: &str, to: &str| variables.get(&variable.replace(from, to));
            let malformed = |problem| CredentialsError::Variable { variable: variable.clone(), problem };
            let (host, credential) = if let Some(host) = ours("_TOKEN") {
                (host, Credential::Bearer(Secret::new(value)))
            } else if let Some(host) = ours("_USERNAME") {
                let password = other("_USERNAME", "_PASSWORD").ok_or(malformed(EntryProblem::NoPassword))?;
                (host, Credential::Basic { username: value.clone(), password: Secret::new(password) })
            } else if ours("_PASSWORD").is_some() {
                other("_PASSWORD", "_USERNAME").ok_or(malformed(EntryProblem::NoUsername))?;
                continue;
            } else if let Some(host) = wkgs() {
                (host, Credential::Bearer(Secret::new(value)))
            } else {
                continue;
            };
            let source = CredentialSource::Variable(variable.clone());
            // The variables are sorted: `wkg`'s come after ours, which count.
            credentials.variables.entry(host.to_owned()).or_insert((credential, source));
        }
        Ok(credentials)
    }

    /// Has credential helpers looked for in `directories` before the system looks for them.
    #[must_use]
    pub fn with_helpers_from(mut self, directories: &[PathBuf]) -> Credentials {
        for helper in self.helpers.values_mut().chain(&mut self.default_helper) {
            helper.search = directories.to_vec();
        }
        self
    }

    /// Adds what `other` has and this has not.
    #[must_use]
    pub fn or(mut self, other: Credentials) -> Credentials {
        for (host, variable) in other.variables {
            self.variables.entry(host).or_insert(variable);
        }
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

    /// The helper that keeps the credential of `host`.
    pub(crate) fn helper(&self, host: &str) -> Option<&Helper> {
        self.helpers.get(host).or(self.default_helper.as_ref())
    }

    /// Finds the credential for `repository`, if there is one, and where it is from.
    pub(crate) async fn find(
        &self,
        repository: &Repository,
    ) -> Result<(Option<Credential>, CredentialSource), HelperError> {
        for candidate in self.candidates(repository) {
            match candidate {
                Candidate::Known(credential, source) => return Ok((Some(credential.clone()), source.clone())),
                Candidate::Helper(helper) => {
                    if let Some(credential) = self.ask(helper, repository.host().as_str()).await? {
                        return Ok((Some(credential), source_of(helper)));
                    }
                }
            }
        }
        Ok((None, CredentialSource::Anonymous))
    }

    /// Where the credential that was found for `repository` is from.
    pub(crate) fn source(&self, repository: &Repository) -> CredentialSource {
        let host = repository.host().as_str();
        let source = self.candidates(repository).into_iter().find_map(|candidate| match candidate {
            Candidate::Known(_, source) => Some(source.clone()),
            Candidate::Helper(helper) => self.answer(helper, host).flatten().map(|_| source_of(helper)),
        });
        source.unwrap_or(CredentialSource::Anonymous)
    }

    fn candidates(&self, repository: &Repository) -> Vec<Candidate<'_>> {
        let host = repository.host().as_str();
        let known = |(credential, source)| Candidate::Known(credential, source);
        let variable = self.variables.get(&in_variables(host)).map(|(credential, source)| (credential, source));
        let path = repository.to_string();
        let prefixes = std::iter::successors(Some(path.as_str()), |path| path.rsplit_once('/').map(|(rest, _)| rest));
        let entry = prefixes.filter_map(|prefix| self.entries.get(prefix)).next();
        let entry = entry.map(|(credential, source)| (credential, source));
        let of_host = self.helpers.get(host).map(Candidate::Helper);
        let of_all = self.default_helper.as_ref().map(Candidate::Helper);
        [variable.map(known), of_host, entry.map(known), of_all].into_iter().flatten().collect()
    }

    async fn ask(&self, helper: &Helper, host: &str) -> Result<Option<Credential>, HelperError> {
        if let Some(answer) = self.answer(helper, host) {
            return Ok(answer);
        }
        let answer = helper.get(server_of(host)).await?;
        self.lock_answers().insert((helper.clone(), host.to_owned()), answer.clone());
        Ok(answer)
    }

    /// What the helper has said already.
    fn answer(&self, helper: &Helper, host: &str) -> Option<Option<Credential>> {
        self.lock_answers().get(&(helper.clone(), host.to_owned())).cloned()
    }

    fn lock_answers(&self) -> MutexGuard<'_, Answers> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a file of credentials.
pub(crate) fn read_file(path: &Path) -> Result<String, CredentialsError> {
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => CredentialsError::NotFound { path: path.to_owned() },
        _ => CredentialsError::Io { path: path.to_owned(), source },
    };
    let mut text = String::new();
    std::fs::File::open(path).map_err(io)?.take(MAX_FILE + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > MAX_FILE {
        return Err(CredentialsError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
    }
    Ok(text)
}

fn source_of(helper: &Helper) -> CredentialSource {
    CredentialSource::Helper { file: helper.file.clone(), helper: helper.name.clone() }
}

/// What Docker calls the registry of `host`, in its files and to its helpers.
pub(crate) fn server_of(host: &str) -> &str {
    if host == "docker.io" { "https://index.docker.io/v1/" } else { host }
}

/// A host as the name of a variable has it.
fn in_variables(host: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    host.chars().map(word).collect()
}

/// Brings a key into the form `host[/path]`. Docker's own has a scheme and a version, and three names for Docker Hub.
pub(crate) fn normalized(key: &str) -> String {
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
    /// A variable is malformed, or alone.
    #[error("the credential in the variable {variable} cannot be used")]
    Variable {
        /// The variable.
        variable: String,
        /// What is wrong.
        #[source]
        problem: EntryProblem,
    },
    /// A credential helper failed.
    #[error(transparent)]
    Helper(#[from] HelperError),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
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
    pub(crate) fn json(path: &Path, error: &serde_json::Error) -> CredentialsError {
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
        check_credentials(&config(json).unwrap(), host, path, expected);
    }

    fn check_credentials(credentials: &Credentials, host: &str, path: &str, expected: &str) {
        let repository = Repository::new(Host::parse(host).unwrap(), path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (credential, source) = match runtime.block_on(credentials.find(&repository)) {
            Ok(found) => found,
            Err(error) => return assert_eq!(chain(&error), expected),
        };
        assert_eq!(source, credentials.source(&repository));
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

    /// A directory of helpers, each a script.
    #[cfg(unix)]
    fn helpers(scripts: &[(&str, &str)]) -> tempfile::TempDir {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        for (name, script) in scripts {
            let path = directory.path().join(format!("docker-credential-{name}"));
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    #[cfg(unix)]
    #[test]
    fn helpers_are_asked_in_order() {
        let directory = helpers(&[
            (
                "host",
                r#"read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"ada@$server\",\"Secret\":\"$1\"}""#,
            ),
            ("token", r#"echo '{"Username":"<token>","Secret":"t"}'"#),
            ("none", "echo 'credentials not found in native keychain'; exit 1"),
            ("broken", "echo 'the keychain is locked'; exit 1"),
            ("liar", r#"echo '{"Username":"s3cret"}'"#),
            ("endless", "exec cat /dev/zero"),
        ]);
        let json = r#"{
            "auths": {"entry.io": {"auth": "YTpi"}, "both.io": {"auth": "YTpi"}, "empty.io": {"auth": "YTpi"}, "docker.io": {}},
            "credHelpers": {"both.io": "host", "empty.io": "none", "token.io": "token", "broken.io": "broken", "liar.io": "liar",
                "endless.io": "endless", "no.io": "absent", "evil.io": "../../bin/sh"},
            "credsStore": "host"
        }"#;
        let credentials = config(json).unwrap().with_helpers_from(&[directory.path().to_owned()]);
        let cases = [
            ("other.io:5000", "basic ada@other.io:5000 get: the credential of the helper `host` in /config.json"),
            (
                "docker.io",
                "basic ada@https://index.docker.io/v1/ get: the credential of the helper `host` in /config.json",
            ),
            ("entry.io", "basic a b: the credential in /config.json"),
            ("both.io", "basic ada@both.io get: the credential of the helper `host` in /config.json"),
            ("empty.io", "basic a b: the credential in /config.json"),
            ("token.io", "identity t: the credential of the helper `token` in /config.json"),
            ("broken.io", "the credential helper `broken` of /config.json failed: it says: the keychain is locked"),
            ("liar.io", "the credential helper `liar` of /config.json failed: its answer is not a credential"),
            ("endless.io", "the credential helper `endless` of /config.json failed: its answer is not a credential"),
            (
                "no.io",
                "the credential helper `absent` of /config.json failed: it cannot be run: No such file or directory (os error 2)",
            ),
            (
                "evil.io",
                "the credential helper `../../bin/sh` of /config.json failed: it has a name that no program has",
            ),
        ];
        for (host, expected) in cases {
            check_credentials(&credentials, host, "a", expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_helper_is_asked_once_for_a_host() {
        let directory = helpers(&[("once", r#"rm "$0"; echo '{"Username":"ada","Secret":"pw"}'"#)]);
        let credentials =
            config(r#"{"credsStore": "once"}"#).unwrap().with_helpers_from(&[directory.path().to_owned()]);
        for path in ["a", "b/c"] {
            let expected = "basic ada pw: the credential of the helper `once` in /config.json";
            check_credentials(&credentials.clone(), "a.io", path, expected);
        }
    }

    fn variables(variables: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        Credentials::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn variables_count_before_files() {
        let given = [
            ("COMPOSE_REGISTRY_GHCR_IO_USERNAME", "ada"),
            ("COMPOSE_REGISTRY_GHCR_IO_PASSWORD", "pw"),
            ("COMPOSE_REGISTRY_LOCALHOST_5000_TOKEN", "t"),
            ("WKG_REGISTRY_WASI_EXAMPLE_AUTH_BEARER", "w"),
            ("WKG_REGISTRY_LOCALHOST_5000_AUTH_BEARER", "w"),
            ("COMPOSE_REGISTRY_EMPTY_IO_TOKEN", ""),
            ("PATH", "/bin"),
        ];
        let file = config(r#"{"auths": {"ghcr.io": {"auth": "YTpi"}, "empty.io": {"auth": "YTpi"}}}"#).unwrap();
        let credentials = variables(&given).unwrap().or(file);
        let variable = |shown: &str, name: &str| format!("{shown}: the credential in the variable {name}");
        let cases = [
            ("ghcr.io", variable("basic ada pw", "COMPOSE_REGISTRY_GHCR_IO_USERNAME")),
            ("localhost:5000", variable("bearer t", "COMPOSE_REGISTRY_LOCALHOST_5000_TOKEN")),
            ("wasi.example", variable("bearer w", "WKG_REGISTRY_WASI_EXAMPLE_AUTH_BEARER")),
            ("empty.io", "basic a b: the credential in /config.json".to_owned()),
        ];
        for (host, expected) in cases {
            check_credentials(&credentials, host, "a/b", &expected);
        }
    }

    #[test]
    fn half_a_credential_in_variables_is_an_error() {
        let message = |name: &str| chain(&variables(&[(name, "s3cret")]).unwrap_err());
        assert_eq!(
            message("COMPOSE_REGISTRY_A_IO_USERNAME"),
            "the credential in the variable COMPOSE_REGISTRY_A_IO_USERNAME cannot be used: it has a `username` and no `password`"
        );
        assert_eq!(
            message("COMPOSE_REGISTRY_A_IO_PASSWORD"),
            "the credential in the variable COMPOSE_REGISTRY_A_IO_PASSWORD cannot be used: it has a `password` and no `username`"
        );
    }

    #[test]
    fn the_first_of_two_files_counts() {
        let first = config(r#"{"auths": {"a.io": {"auth": "YTpi"}}}"#).unwrap();
        let second = config(r#"{"auths": {"a.io": {"auth": "Yzpk"}, "b.io": {"auth": "Yzpk"}}}"#).unwrap();
        let both = first.or(second);
        check_credentials(&both, "a.io", "a", "basic a b: the credential in /config.json");
        check_credentials(&both, "b.io", "a", "basic c d: the credential in /config.json");
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
