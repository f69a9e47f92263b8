//! A real registry server: Debian's `docker-registry`, anonymous or with basic authentication, and components in it.

use registry_client::Digest;
pub use registry_server::Access;
use registry_server::CREDENTIALS;

use crate::{
    artifact::{Artifact, IMAGE_MANIFEST},
    http::{Request, Response},
};

/// A registry on loopback, which ends with its value.
#[derive(Debug)]
pub struct DockerRegistry(registry_server::DockerRegistry);

impl DockerRegistry {
    /// Starts an empty registry on a port that the operating system chooses.
    ///
    /// # Panics
    /// When `docker-registry` is not installed, or does not start.
    pub fn start(access: Access) -> Self {
        Self(registry_server::DockerRegistry::start(access))
    }

    /// Where it listens: `HOST:PORT`.
    pub fn address(&self) -> &str {
        self.0.address()
    }

    /// The content of a `config.json` of Docker's with the registry's password.
    pub fn docker_config(&self) -> String {
        self.0.docker_config()
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
            let (_, path) = location.split_once(self.address()).expect("the location is absolute");
            let separator = if path.contains('?') { '&' } else { '?' };
            let target = format!("{path}{separator}digest={}", Digest::of(blob));
            self.send(&Request::new("PUT", &target).header("Content-Type", "application/octet-stream").body(blob));
        }
        let target = format!("/v2/{repository}/manifests/{tag}");
        self.send(&Request::new("PUT", &target).header("Content-Type", IMAGE_MANIFEST).body(&artifact.manifest));
        Digest::of(&artifact.manifest)
    }

    fn send(&self, request: &Request<'_>) -> Response {
        let request = match self.0.access() {
            Access::Anonymous => request.clone(),
            Access::Basic => request.clone().header("Authorization", format!("Basic {CREDENTIALS}")),
        };
        let response = request.send(self.address());
        assert!((200..300).contains(&response.status), "{request:?} was answered with {}", response.status);
        response
    }
}
