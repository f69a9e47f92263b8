//! Docker's [`config.json`](https://github.com/docker/cli/blob/v28.0.0/docs/reference/commandline/login.md): from its text to
//! entries and the names of helpers. It is also Podman's and Skopeo's `auth.json`, whose keys may have a path.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use super::{Credentials, CredentialsError, normalized};
use crate::credential::{Credential, CredentialSource, EntryProblem, Secret};
use crate::credential_helper::Helper;

/// More than any such file has.
const MAX_FILE: u64 = 1024 * 1024;

impl Credentials {
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
            return Ok(Some(Credential::Identity(Secret::new(token))));
        }
        if let Some(token) = given(self.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret::new(token))));
        }
        if let Some(encoded) = given(self.auth) {
            return Credential::decode(&encoded).map(Some);
        }
        match (given(self.username), given(self.password)) {
            (Some(username), Some(password)) => {
                Ok(Some(Credential::Basic { username, password: Secret::new(password) }))
            }
            (None, None) => Ok(None),
            (Some(_), None) => Err(EntryProblem::NoPassword),
            (None, Some(_)) => Err(EntryProblem::NoUsername),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::tests::{check, config};
    use crate::error::chain;

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
