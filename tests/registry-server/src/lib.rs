//! A real registry server on loopback, for tests and benchmarks: Debian's `docker-registry`, which ends with its value.
//!
//! From who may use it to an address. It uses no other crate of this workspace, so that the tests of each can use it.

// NB: `allow-*-in-tests` of clippy's configuration does not reach libraries, and this one is nothing but tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The one user of a registry that wants a password.
pub const USER: &str = "ada";
/// Her password.
pub const PASSWORD: &str = "s3cret-of-a-test";
/// `USER:PASSWORD` in base64, as HTTP's basic authentication and Docker's files have it.
pub const CREDENTIALS: &str = "YWRhOnMzY3JldC1vZi1hLXRlc3Q=";
/// `USER` and the bcrypt hash of `PASSWORD`.
const HTPASSWD: &str = "ada:$2b$05$abcdefghijklmnopqrstuuUye9KAb65Fza6CF.CT57kJsr9j2GQAG\n";

/// Who may use a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Anonymous,
    /// Who has the one user's password.
    Basic,
}

/// A registry on loopback, which ends with its value.
#[derive(Debug)]
pub struct DockerRegistry {
    process: Child,
    address: String,
    access: Access,
    _directory: TempDir,
}

impl DockerRegistry {
    /// Starts an empty registry on a port that the operating system chooses.
    ///
    /// # Panics
    /// When `docker-registry` is not installed, or does not start.
    pub fn start(access: Access) -> DockerRegistry {
        DockerRegistry::start_with(access, "")
    }

    /// Starts an empty registry with more in the `http` section of its configuration: a comma and YAML, as `, tls: { … }`.
    ///
    /// # Panics
    /// As [`DockerRegistry::start`].
    pub fn start_with(access: Access, http: &str) -> DockerRegistry {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name).display().to_string();
        fs::write(path("htpasswd"), HTPASSWD).expect("the directory can be written");
        let auth = match access {
            Access::Anonymous => String::new(),
            Access::Basic => format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", path("htpasswd")),
        };
        let text = format!(
            "version: 0.1\nlog: {{ level: info, formatter: text }}\nhttp: {{ addr: '127.0.0.1:0'{http} }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }} }}\n{auth}",
            path("data")
        );
        fs::write(path("config.yml"), text).expect("the directory can be written");
        let command = Command::new("docker-registry")
            .arg("serve")
            .arg(path("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = command.unwrap_or_else(|error| {
            panic!("cannot start `docker-registry` ({error}): install it with `apt-get install docker-registry`")
        });
        let mut log = BufReader::new(process.stderr.take().expect("its standard error is a pipe")).lines();
        let lines = log.by_ref().map_while(Result::ok);
        let mut addresses =
            lines.filter_map(|line| Some(line.split_once("listening on ")?.1.split(['"', ',']).next()?.to_owned()));
        let address = addresses.next().expect("docker-registry listens");
        drop(addresses);
        // Its log goes on, and it must not wait for a reader.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        DockerRegistry { process, address, access, _directory: directory }
    }

    /// Where it listens: `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Who may use it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The content of a `config.json` of Docker's with the registry's password.
    pub fn docker_config(&self) -> String {
        format!(r#"{{"auths":{{"{}":{{"auth":"{CREDENTIALS}"}}}}}}"#, self.address)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
