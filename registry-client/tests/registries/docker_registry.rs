//! A real registry server: Debian's `docker-registry`, anonymous and with basic authentication.

use registry_client::{Credentials, Digest, Error, Origin, Registry};
pub(crate) use registry_server::{Access, PASSWORD, USER};
use reqwest::header::{CONTENT_TYPE, LOCATION};

use crate::artifact::{COMPONENT, CONFIG, component_manifest, image_manifest};
use crate::sandbox::{Sandbox, docker_config, package, reference, told};

/// A registry on loopback, which ends with its value.
pub(crate) struct DockerRegistry {
    server: registry_server::DockerRegistry,
    pub(crate) address: String,
}

impl DockerRegistry {
    pub(crate) fn start(access: Access) -> DockerRegistry {
        DockerRegistry::start_with(access, "")
    }

    /// Starts a registry with more in the `http` section of its configuration.
    pub(crate) fn start_with(access: Access, http: &str) -> DockerRegistry {
        let server = registry_server::DockerRegistry::start_with(access, http);
        DockerRegistry { address: server.address().to_owned(), server }
    }

    pub(crate) fn registry(&self) -> Registry {
        format!("oci://{}/team", self.address).parse().unwrap()
    }

    pub(crate) fn package(&self, version: &str) -> Origin {
        package(&self.registry().to_string(), "shop:catalog", version)
    }

    pub(crate) fn credentials(&self, password: &str) -> Credentials {
        docker_config(&self.address, &format!(r#"{{"username": "{USER}", "password": "{password}"}}"#))
    }

    /// Publishes an artifact with the protocol's own requests, and returns its manifest's digest.
    async fn push(&self, repository: &str, tag: &str, manifest: &[u8], blobs: &[&[u8]]) -> Digest {
        // Whichever test of a process comes first says which cryptography it has.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Without certificates, so that a machine that has none can run this.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let authorized = |request: reqwest::RequestBuilder| match self.server.access() {
            Access::Anonymous => request,
            Access::Basic => request.basic_auth(USER, Some(PASSWORD)),
        };
        let base = format!("http://{}/v2/{repository}", self.address);
        for blob in blobs {
            let begun = authorized(client.post(format!("{base}/blobs/uploads/"))).send().await.unwrap();
            let mut location = reqwest::Url::parse(begun.headers()[LOCATION].to_str().unwrap()).unwrap();
            location.query_pairs_mut().append_pair("digest", &Digest::of(blob).to_string());
            authorized(client.put(location)).body(blob.to_vec()).send().await.unwrap().error_for_status().unwrap();
        }
        let put = client.put(format!("{base}/manifests/{tag}"));
        let put = put.header(CONTENT_TYPE, "application/vnd.oci.image.manifest.v1+json").body(manifest.to_vec());
        authorized(put).send().await.unwrap().error_for_status().unwrap();
        Digest::of(manifest)
    }

    pub(crate) async fn push_component(&self, tag: &str) -> Digest {
        self.push("team/shop/catalog", tag, &component_manifest(), &[COMPONENT, CONFIG]).await
    }

    pub(crate) fn told(&self, error: &Error) -> String {
        told(error, &[(&self.address, "ADDRESS")])
    }
}

#[tokio::test]
async fn a_package_is_pulled_by_version() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    let digest = registry.push_component("1.2.0").await;
    let (release, blob) = sandbox.pull(&registry.package("1.2.0")).await.unwrap();
    assert_eq!(release.manifest.digest, digest);
    assert_eq!(release.component.digest, Digest::of(COMPONENT));
    assert_eq!(&*blob, COMPONENT);
}

#[tokio::test]
async fn versions_are_the_tags_that_are_versions() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    for tag in ["1.10.0", "latest", "1.9.0", "2.0.0-rc.1", "1.9.0_build.7"] {
        registry.push_component(tag).await;
    }
    let versions = sandbox.client.versions(&registry.registry(), &"shop:catalog".parse().unwrap()).await.unwrap();
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["1.9.0", "1.9.0+build.7", "1.10.0", "2.0.0-rc.1"]);
    sandbox.pull(&registry.package("1.9.0+build.7")).await.unwrap();
}

#[tokio::test]
async fn an_artifact_is_pulled_by_tag_and_by_digest() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    let digest = registry.push_component("stable").await;
    let repository = format!("{}/team/shop/catalog", registry.address);
    for selector in [":stable".to_owned(), format!("@{digest}"), format!(":stable@{digest}")] {
        let (release, blob) = sandbox.pull(&reference(&format!("{repository}{selector}"))).await.unwrap();
        assert_eq!((release.manifest.digest, &*blob), (digest, COMPONENT), "{selector}");
    }
}

#[tokio::test]
async fn what_was_fetched_once_is_had_offline() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    let origin = registry.package("1.2.0");
    let (release, _) = sandbox.pull(&origin).await.unwrap();
    drop(registry);
    assert_eq!(&*sandbox.offline().fetch(&origin, &release).await.unwrap(), COMPONENT);
    assert_eq!(&*sandbox.client.fetch(&origin, &release).await.unwrap(), COMPONENT);
    assert_eq!(
        sandbox.event_names(),
        ["QueryStarted", "QueryFinished", "DownloadStarted", "DownloadProgress", "DownloadFinished", "FromStore"]
    );
}

#[tokio::test]
async fn a_corrupt_file_of_the_store_is_downloaded_again() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    let origin = registry.package("1.2.0");
    let (release, _) = sandbox.pull(&origin).await.unwrap();
    let hex = release.component.digest.to_hex();
    let file = sandbox.directory.path().join("store/blobs/sha256").join(&hex[..2]).join(&hex[2..]);
    std::fs::write(&file, b"rotten!!").unwrap();
    assert_eq!(&*sandbox.client.fetch(&origin, &release).await.unwrap(), COMPONENT);
    assert_eq!(std::fs::read(&file).unwrap(), COMPONENT);
    assert!(sandbox.event_names().contains(&"CorruptBlob".to_owned()));
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_absent() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push_component("1.2.0").await;
    registry.push_component("1.3.0").await;

    let error = sandbox.client.release(&registry.package("9.0.0")).await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"there is no shop:catalog@9.0.0 in oci://ADDRESS/team");
    let Error::VersionNotFound { available, .. } = error else { panic!("{error}") };
    assert_eq!(available.len(), 2);

    let absent = package(&registry.registry().to_string(), "shop:pricing", "1.0.0");
    let error = sandbox.client.release(&absent).await.unwrap_err();
    assert!(matches!(error, Error::PackageNotFound { .. }));
    insta::assert_snapshot!(registry.told(&error), @"oci://ADDRESS/team has no package shop:pricing");

    let absent = reference(&format!("{}/team/shop/catalog:stable", registry.address));
    let error = sandbox.client.release(&absent).await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"there is no ADDRESS/team/shop/catalog:stable");
}

#[tokio::test]
async fn an_artifact_of_several_layers_is_refused() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    let manifest = image_manifest(&[("application/wasm", COMPONENT), ("application/wasm", CONFIG)]);
    registry.push("team/shop/catalog", "1.0.0", &manifest, &[COMPONENT, CONFIG]).await;
    let error = sandbox.client.release(&registry.package("1.0.0")).await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"
    shop:catalog@1.0.0 in oci://ADDRESS/team is not a component
    it has 2 layers (artifact type `application/vnd.wasm.config.v0+json`), expected one of type `application/wasm`
    ");
}

#[tokio::test]
async fn a_password_opens_a_registry_that_wants_one() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = Sandbox::with(registry.credentials(PASSWORD));
    registry.push_component("1.2.0").await;
    let (_, blob) = sandbox.pull(&registry.package("1.2.0")).await.unwrap();
    assert_eq!(&*blob, COMPONENT);
}

#[tokio::test]
async fn a_registry_that_wants_a_password_refuses_anonymous_access() {
    let registry = DockerRegistry::start(Access::Basic);
    let error = Sandbox::new().client.release(&registry.package("1.2.0")).await.unwrap_err();
    insta::assert_snapshot!(registry.told(&error), @"
    ADDRESS did not accept anonymous access
    GET http://ADDRESS/v2/team/shop/catalog/manifests/1.2.0 was answered with 401 UNAUTHORIZED: authentication required
    ");
}

#[tokio::test]
async fn a_refused_password_is_named_by_its_file_and_never_shown() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = Sandbox::with(registry.credentials("wrong-password"));
    let error = sandbox.client.release(&registry.package("1.2.0")).await.unwrap_err();
    assert!(!format!("{error:?}").contains("wrong-password"));
    insta::assert_snapshot!(registry.told(&error), @"
    ADDRESS did not accept the credential in /home/ada/.docker/config.json
    GET http://ADDRESS/v2/team/shop/catalog/manifests/1.2.0 was answered with 401 UNAUTHORIZED: authentication required
    ");
}
