//! Who we are at a registry: from variables and files to one [`Credential`] a repository.
//!
//! Asked in this order, until one has an answer: environment variables, the helper that a file names for the host, the files' own
//! entries, of which the longest key that a repository begins with counts, the helper that a file names for all hosts. A helper that
//! fails is an error: anonymous access is no replacement for it.

mod docker_config;
mod error;
mod variables;

pub(crate) use docker_config::read_file;
pub use error::CredentialsError;
use variables::in_variables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::credential::{Credential, CredentialSource};
use crate::credential_helper::{Helper, HelperError};
use crate::host::Host;
use crate::repository::Repository;

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

    /// Finds out where the credential is from that is used for the registry `host`, or for what `repository` names, `host/path`. A helper
    /// is asked for it.
    ///
    /// # Errors
    /// [`CredentialsError::Helper`] where a helper fails.
    pub async fn source_for(&self, repository: &str) -> Result<CredentialSource, CredentialsError> {
        let path = normalized(repository);
        let host = path.split('/').next().unwrap_or_default();
        Ok(self.find_at(host, &path).await?.1)
    }

    /// The registries, and the beginnings of repositories, that files have a credential for, or name a helper for.
    pub fn named(&self) -> BTreeSet<&str> {
        self.entries.keys().chain(self.helpers.keys()).map(String::as_str).collect()
    }

    /// Finds the credential for `repository`, if there is one, and where it is from.
    pub(crate) async fn find(
        &self,
        repository: &Repository,
    ) -> Result<(Option<Credential>, CredentialSource), HelperError> {
        self.find_at(repository.host().as_str(), &repository.to_string()).await
    }

    /// Finds the credential for `host` as a whole, if there is one, and where it is from.
    pub(crate) async fn find_for_host(
        &self,
        host: &Host,
    ) -> Result<(Option<Credential>, CredentialSource), HelperError> {
        self.find_at(host.as_str(), host.as_str()).await
    }

    async fn find_at(&self, host: &str, path: &str) -> Result<(Option<Credential>, CredentialSource), HelperError> {
        for candidate in self.candidates(host, path) {
            match candidate {
                Candidate::Known(credential, source) => return Ok((Some(credential.clone()), source.clone())),
                Candidate::Helper(helper) => {
                    if let Some(credential) = self.ask(helper, host).await? {
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
        let source = self.candidates(host, &repository.to_string()).into_iter().find_map(|candidate| match candidate {
            Candidate::Known(_, source) => Some(source.clone()),
            Candidate::Helper(helper) => self.answer(helper, host).flatten().map(|_| source_of(helper)),
        });
        source.unwrap_or(CredentialSource::Anonymous)
    }

    /// Where the credential for `path`, a repository of `host` or `host` itself, may be.
    fn candidates(&self, host: &str, path: &str) -> Vec<Candidate<'_>> {
        let known = |(credential, source)| Candidate::Known(credential, source);
        let variable = self.variables.get(&in_variables(host)).map(|(credential, source)| (credential, source));
        let prefixes = std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(rest, _)| rest));
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

fn source_of(helper: &Helper) -> CredentialSource {
    CredentialSource::Helper { file: helper.file.clone(), helper: helper.name.clone() }
}

/// What Docker calls the registry of `host`, in its files and to its helpers.
pub(crate) fn server_of(host: &str) -> &str {
    if host == "docker.io" { "https://index.docker.io/v1/" } else { host }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::chain;
    use crate::host::Host;

    pub(super) fn config(json: &str) -> Result<Credentials, CredentialsError> {
        Credentials::from_docker_config(json, Path::new("/config.json"))
    }

    /// What `json` has for a repository: the credential, secrets shown, and where it is from.
    pub(super) fn check(json: &str, host: &str, path: &str, expected: &str) {
        check_credentials(&config(json).unwrap(), host, path, expected);
    }

    pub(super) fn check_credentials(credentials: &Credentials, host: &str, path: &str, expected: &str) {
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
}
