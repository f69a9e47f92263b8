//! What a credential helper says: from a registry's name to a credential, by a program of the user's choice.
//!
//! The [protocol](https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development) is Docker's: the program
//! `docker-credential-NAME` is run with an action, and speaks JSON. What it answers is bounded in size and in time; nothing that it
//! prints is shown, except its message when it fails.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use crate::credential::{Credential, Secret};
use crate::error::one_line;

/// Real answers have some kilobytes.
const MAX_ANSWER: u64 = 256 * 1024;
/// Some ask their user for a password first.
const PATIENCE: Duration = Duration::from_secs(120);
/// What helpers call the user of an identity token.
pub(crate) const TOKEN_USER: &str = "<token>";
const NOT_FOUND: &str = "credentials not found";

/// A program that keeps credentials, and the file that names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Helper {
    /// Without `docker-credential-`.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    /// Where to look for it first.
    pub(crate) search: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(rename = "ServerURL")]
    server_url: &'a str,
    username: &'a str,
    secret: &'a str,
}

impl Helper {
    /// Asks for the credential of `server`; there may be none.
    pub(crate) async fn get(&self, server: &str) -> Result<Option<Credential>, HelperError> {
        let Some(answer) = self.run("get", server.as_bytes()).await? else { return Ok(None) };
        let answer: Answer = serde_json::from_slice(&answer).map_err(|_| self.error(HelperProblem::Answer))?;
        let secret = Secret::new(answer.secret);
        Ok(Some(match answer.username.as_str() {
            TOKEN_USER => Credential::Identity(secret),
            _ => Credential::Basic { username: answer.username, password: secret },
        }))
    }

    /// Has it keep a user name and a password for `server`.
    pub(crate) async fn store(&self, server: &str, username: &str, password: &Secret) -> Result<(), HelperError> {
        let entry = Entry { server_url: server, username, secret: password.expose() };
        let entry = serde_json::to_vec(&entry).map_err(|_| self.error(HelperProblem::Answer))?;
        self.run("store", &entry).await.map(drop)
    }

    /// Has it forget what it keeps for `server`; false where that was nothing.
    pub(crate) async fn erase(&self, server: &str) -> Result<bool, HelperError> {
        let known = self.get(server).await?.is_some();
        if known {
            self.run("erase", server.as_bytes()).await?;
        }
        Ok(known)
    }

    /// Runs it; nothing where it says that there is nothing.
    async fn run(&self, action: &str, input: &[u8]) -> Result<Option<Vec<u8>>, HelperError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !self.name.bytes().all(is_name) {
            return Err(self.error(HelperProblem::Name));
        }
        let conversation = self.converse(action, input);
        let conversation = tokio::time::timeout(PATIENCE, conversation).await;
        let (succeeded, output) = conversation.map_err(|_| self.error(HelperProblem::Slow { limit: PATIENCE }))??;
        if succeeded {
            return Ok(Some(output));
        }
        let message = one_line(&String::from_utf8_lossy(&output));
        if message.contains(NOT_FOUND) { Ok(None) } else { Err(self.error(HelperProblem::Failed { message })) }
    }

    async fn converse(&self, action: &str, input: &[u8]) -> Result<(bool, Vec<u8>), HelperError> {
        let io = |source| self.error(HelperProblem::Io(source));
        let mut process = Command::new(self.program())
            .arg(action)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(io)?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        if let Some(mut stdin) = stdin {
            // One that does not read has closed its end; its answer says why.
            let _ = stdin.write_all(input).await;
        }
        let mut output = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(MAX_ANSWER + 1).read_to_end(&mut output).await.map_err(io)?;
        }
        if output.len() as u64 > MAX_ANSWER {
            return Err(self.error(HelperProblem::Answer));
        }
        Ok((process.wait().await.map_err(io)?.success(), output))
    }

    fn program(&self) -> PathBuf {
        let name = format!("docker-credential-{}", self.name);
        let found = self.search.iter().map(|directory| directory.join(&name)).find(|program| program.is_file());
        found.unwrap_or_else(|| PathBuf::from(name))
    }

    fn error(&self, problem: HelperProblem) -> HelperError {
        HelperError { helper: self.name.clone(), file: self.file.clone(), problem }
    }
}

impl fmt::Display for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the credential helper `{}` of {}", self.name, self.file.display())
    }
}

/// Why a credential helper was of no use.
#[derive(Debug, thiserror::Error)]
#[error("the credential helper `{helper}` of {} failed", file.display())]
pub struct HelperError {
    /// The helper, without `docker-credential-`.
    pub helper: String,
    /// The file that names it.
    pub file: PathBuf,
    /// How it failed.
    #[source]
    pub problem: HelperProblem,
}

/// How a credential helper failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HelperProblem {
    /// No program can have that name.
    #[error("it has a name that no program has")]
    Name,
    /// It cannot be run, or not be spoken to.
    #[error("it cannot be run")]
    Io(#[source] std::io::Error),
    /// It says that it failed.
    #[error("it says: {message}")]
    Failed {
        /// What it says, shortened to one line.
        message: String,
    },
    /// Its answer is not what the protocol has, or endless.
    #[error("its answer is not a credential")]
    Answer,
    /// It does not end.
    #[error("it did not end within {} seconds", limit.as_secs())]
    Slow {
        /// How long it was waited for.
        limit: Duration,
    },
}
