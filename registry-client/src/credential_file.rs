//! Where a login is kept: from a [`Login`] to an entry of Docker's `config.json`, or of the helper that it names.
//!
//! The file is rewritten as a whole and its owner's alone; what else is in it stays as it was written.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;

use crate::credential::{Credential, CredentialSource, Secret};
use crate::credential_helper::{Helper, TOKEN_USER};
use crate::credentials::{Credentials, CredentialsError, normalized, read_file, server_of};
use crate::json_text;
use crate::replacement::{create_parent, replace_private};

const AUTHS: &str = "auths";
/// An empty file in Docker's layout, whose indentation new entries take over.
const EMPTY: &str = "{\n\t\"auths\": {}\n}\n";

/// A file of credentials in the format of Docker's `config.json`, to which logins are added.
#[derive(Debug, Clone)]
pub struct CredentialFile {
    path: PathBuf,
    search: Vec<PathBuf>,
}

/// What somebody logs in with. Printing it shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A user name and a password, or what a registry takes in a password's place.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An identity token, which the registry's token server exchanges for others.
    Identity(Secret),
    /// A bearer token for the registry itself.
    Bearer(Secret),
}

impl Login {
    pub(crate) fn credential(&self) -> Credential {
        match self.clone() {
            Login::Password { username, password } => Credential::Basic { username, password },
            Login::Identity(token) => Credential::Identity(token),
            Login::Bearer(token) => Credential::Bearer(token),
        }
    }

    /// The user name and the secret as a credential helper knows them.
    fn for_helper(&self) -> Option<(&str, &Secret)> {
        match self {
            Login::Password { username, password } => Some((username, password)),
            Login::Identity(token) => Some((TOKEN_USER, token)),
            Login::Bearer(_) => None,
        }
    }

    /// The field of an entry of the file, and its value.
    fn for_file(&self) -> (&'static str, String) {
        match self {
            Login::Password { username, password } => {
                let auth = format!("{username}:{}", password.expose());
                ("auth", base64::engine::general_purpose::STANDARD.encode(auth))
            }
            Login::Identity(token) => ("identitytoken", token.expose().to_owned()),
            Login::Bearer(token) => ("registrytoken", token.expose().to_owned()),
        }
    }
}

impl CredentialFile {
    /// The file at `path`, which need not exist.
    pub fn at(path: &Path) -> CredentialFile {
        CredentialFile { path: path.to_owned(), search: Vec::new() }
    }

    /// Has credential helpers looked for in `directories` before the system looks for them.
    #[must_use]
    pub fn with_helpers_from(mut self, directories: &[PathBuf]) -> CredentialFile {
        self.search = directories.to_vec();
        self
    }

    /// Keeps a login for the registry `host`, and says where: in the helper that the file names for it, or else in the file. A bearer token
    /// is always in the file: helpers have no words for it. Whether the registry accepts it is
    /// [`Client::check_login`](crate::Client::check_login)'s to find out first.
    ///
    /// # Errors
    /// [`CredentialsError::Helper`] where the helper fails; the others where the file cannot be read, understood or written.
    pub async fn login(&self, host: &str, login: &Login) -> Result<CredentialSource, CredentialsError> {
        let text = self.read()?;
        let host = normalized(host);
        if let Some(helper) = self.helper(&text, &host)?
            && let Some((username, secret)) = login.for_helper()
        {
            helper.store(server_of(&host), username, secret).await?;
            return Ok(CredentialSource::Helper { file: self.path.clone(), helper: helper.name });
        }
        let (field, value) = login.for_file();
        let value = serde_json::Value::String(value);
        let (key, indent) = (key_in(&text, &host), if text.contains("\n\t") { "\t\t" } else { "" });
        let entry = match indent {
            "" => format!(r#"{{"{field}":{value}}}"#),
            indent => format!("{{\n{indent}\t\"{field}\": {value}\n{indent}}}"),
        };
        let text = json_text::set(&text, AUTHS, &key, &entry);
        self.write(&text.map_err(|error| CredentialsError::json(&self.path, &error))?)?;
        Ok(CredentialSource::File(self.path.clone()))
    }

    /// Forgets what is kept for the registry `host`, in the helper and in the file, and says where that was.
    ///
    /// # Errors
    /// As [`CredentialFile::login`].
    pub async fn logout(&self, host: &str) -> Result<Vec<CredentialSource>, CredentialsError> {
        let text = self.read()?;
        let host = normalized(host);
        let mut forgotten = Vec::new();
        if let Some(helper) = self.helper(&text, &host)?
            && helper.erase(server_of(&host)).await?
        {
            forgotten.push(CredentialSource::Helper { file: self.path.clone(), helper: helper.name });
        }
        let removed = json_text::remove(&text, AUTHS, &key_in(&text, &host));
        if let Some(text) = removed.map_err(|error| CredentialsError::json(&self.path, &error))? {
            self.write(&text)?;
            forgotten.push(CredentialSource::File(self.path.clone()));
        }
        Ok(forgotten)
    }

    fn helper(&self, text: &str, host: &str) -> Result<Option<Helper>, CredentialsError> {
        let credentials = Credentials::from_docker_config(text, &self.path)?.with_helpers_from(&self.search);
        Ok(credentials.helper(host).cloned())
    }

    fn read(&self) -> Result<String, CredentialsError> {
        match read_file(&self.path) {
            Err(CredentialsError::NotFound { .. }) => Ok(EMPTY.to_owned()),
            Ok(text) if text.trim().is_empty() => Ok(EMPTY.to_owned()),
            text => text,
        }
    }

    fn write(&self, text: &str) -> Result<(), CredentialsError> {
        let failed = |source: io::Error| CredentialsError::Write { path: self.path.clone(), source };
        create_parent(&self.path).map_err(failed)?;
        // A file that is a link to another stays one.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        replace_private(&path, failed, |file| file.write_all(text.as_bytes()).map_err(failed))
    }
}

/// The key that the file has for `host`, or else the one that Docker would give it.
fn key_in(text: &str, host: &str) -> String {
    let file: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let key = file[AUTHS].as_object().and_then(|auths| auths.keys().find(|key| normalized(key) == host));
    key.cloned().unwrap_or_else(|| server_of(host).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    fn ada() -> Login {
        Login::Password { username: "ada".to_owned(), password: Secret::new("pw") }
    }

    /// Logs in to `host` with a file of `before`, expects `after`, and logs out again.
    fn check(before: Option<&str>, host: &str, after: &str, logged_out: &str) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker/config.json");
        if let Some(before) = before {
            create_parent(&path).unwrap();
            fs::write(&path, before).unwrap();
        }
        let file = CredentialFile::at(&path);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(file.login(host, &ada())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
        assert_eq!(runtime.block_on(file.logout(host)).unwrap(), [CredentialSource::File(path.clone())]);
        assert_eq!(fs::read_to_string(&path).unwrap(), logged_out);
        assert_eq!(runtime.block_on(file.logout(host)).unwrap(), []);
    }

    #[test]
    fn a_login_is_an_entry_and_a_logout_removes_it() {
        let new = "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"YWRhOnB3\"\n\t\t}\n\t}\n}\n";
        check(None, "GHCR.io", new, "{\n\t\"auths\": {}\n}\n");
        check(
            Some(r#"{ "zzz": [1,  2], "auths": {"b.io": {"auth": "YTpi"}} }"#),
            "a.io:5000",
            r#"{ "zzz": [1,  2], "auths": {"a.io:5000":{"auth":"YWRhOnB3"},"b.io": {"auth": "YTpi"}} }"#,
            r#"{ "zzz": [1,  2], "auths": {"b.io": {"auth": "YTpi"}} }"#,
        );
    }

    #[test]
    fn a_token_is_an_entry_that_is_read_again() {
        for (login, text) in [
            (Login::Identity(Secret::new("to\"ken")), r#"{"auths":{"a.io":{"identitytoken":"to\"ken"}}}"#),
            (Login::Bearer(Secret::new("token")), r#"{"auths":{"a.io":{"registrytoken":"token"}}}"#),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("config.json");
            fs::write(&path, "{}").unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(CredentialFile::at(&path).login("a.io", &login)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            let credentials = Credentials::read_docker_config(&path).unwrap();
            assert_eq!(credentials.named().into_iter().collect::<Vec<_>>(), ["a.io"]);
            let source = runtime.block_on(credentials.source_for("a.io/some/repository")).unwrap();
            assert_eq!(source, CredentialSource::File(path));
        }
    }

    #[test]
    fn docker_hub_has_its_own_key() {
        check(
            Some("{}"),
            "docker.io",
            r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWRhOnB3"}}}"#,
            r#"{"auths":{}}"#,
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_login_is_its_owners_alone_and_a_link_stays_one() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target.json"), directory.path().join("config.json"));
        fs::write(&target, "{}").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(CredentialFile::at(&link).login("a.io", &ada())).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_login_goes_to_the_helper_that_the_file_names() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("docker-credential-test");
        let kept = directory.path().join("kept");
        let script = format!(
            "#!/bin/sh\nkept='{}'\ncase $1 in store) cat > $kept;; erase) rm $kept;; get) cat $kept 2>/dev/null || {{ echo credentials not found; exit 1; }};; esac\n",
            kept.display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().join("config.json");
        fs::write(&path, r#"{"credsStore":"test"}"#).unwrap();
        let file = CredentialFile::at(&path).with_helpers_from(&[directory.path().to_owned()]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let helper = CredentialSource::Helper { file: path.clone(), helper: "test".to_owned() };
        assert_eq!(runtime.block_on(file.login("a.io", &ada())).unwrap(), helper);
        assert_eq!(fs::read_to_string(&kept).unwrap(), r#"{"ServerURL":"a.io","Username":"ada","Secret":"pw"}"#);
        assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"credsStore":"test"}"#);
        assert_eq!(runtime.block_on(file.logout("a.io")).unwrap(), [helper]);
        assert!(!kept.exists());
        assert_eq!(runtime.block_on(file.logout("a.io")).unwrap(), []);
    }

    #[test]
    fn a_file_that_is_not_understood_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        fs::write(&path, "{s3cret").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(CredentialFile::at(&path).login("a.io", &ada())).unwrap_err();
        let message = chain(&error);
        assert!(message.contains("is not a file of credentials") && !message.contains("s3cret"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "{s3cret");
    }
}
