//! A real registry server: Debian's `docker-registry`, anonymous or with basic authentication.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use registry_client::Digest;
use tempfile::TempDir;

use crate::{
    artifact::{Artifact, IMAGE_MANIFEST},
    http::{Request, Response},
};

const USER: &str = "ada";
const PASSWORD: &str = "s3cret-of-a-test";
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
    pub fn start(access: Access) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let htpasswd = directory.path().join("htpasswd");
        fs::write(&htpasswd, HTPASSWD).expect("the directory can be written");
        let storage = directory.path().join("data");
        let auth = match access {
            Access::Anonymous => String::new(),
            Access::Basic => format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", htpasswd.display()),
        };
        let config = directory.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{ level: info, formatter: text }}\nhttp: {{ addr: '127.0.0.1:0' }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }} }}\n{auth}",
            storage.display()
        );
        fs::write(&config, text).expect("the directory can be written");
        let command = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = command.unwrap_or_else(|error| {
            panic!("cannot start `docker-registry` ({error}): install it with `apt-get install docker-registry`")
        });
        let mut log = BufReader::new(process.stderr.take().expect("its standard error is a pipe")).lines();
        let lines = log.by_ref().map_while(Result::ok);
        let mut addresses =
            lines.filter_map(|line| Some(line.split_once("listening on ")?.1.split('"').next()?.to_owned()));
        let address = addresses.next().expect("docker-registry listens");
        drop(addresses);
        // Its log goes on, and it must not wait for a reader.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Self { process, address, access, _directory: directory }
    }

    /// Where it listens: `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The content of a `config.json` of Docker's with the registry's password.
    pub fn docker_config(&self) -> String {
        serde_json::json!({ "auths": { &self.address: { "auth": credentials() } } }).to_string()
    }

    /// Publishes a component with the protocol's own requests, and returns its manifest's digest.
    ///
    /// <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push>
    ///
    /// # Panics
    /// When the registry refuses it.
    pub fn push(&self, repository: &str, tag: &str, component: &[u8]) -> Digest {
        let artifact = Artifact::of(component);
        for blob in [&artifact.component, &artifact.config] {
            let begun = self.send(&Request::new("POST", &format!("/v2/{repository}/blobs/uploads/")));
            let location = begun.header("Location").expect("an upload has a location");
            let (_, path) = location.split_once(&self.address).expect("the location is absolute");
            let separator = if path.contains('?') { '&' } else { '?' };
            let target = format!("{path}{separator}digest={}", Digest::of(blob));
            self.send(&Request::new("PUT", &target).header("Content-Type", "application/octet-stream").body(blob));
        }
        let target = format!("/v2/{repository}/manifests/{tag}");
        self.send(&Request::new("PUT", &target).header("Content-Type", IMAGE_MANIFEST).body(&artifact.manifest));
        Digest::of(&artifact.manifest)
    }

    fn send(&self, request: &Request<'_>) -> Response {
        let request = match self.access {
            Access::Anonymous => request.clone(),
            Access::Basic => request.clone().header("Authorization", format!("Basic {}", credentials())),
        };
        let response = request.send(&self.address);
        assert!((200..300).contains(&response.status), "{request:?} was answered with {}", response.status);
        response
    }
}

fn credentials() -> String {
    BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"))
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
