//! Real clients both ways: what `skopeo` writes is pulled, and what is pushed is read by `skopeo`, byte for byte.

use std::path::Path;
use std::process::Command;

use registry_client::{Artifact, ComponentConfig, Content, Digest, Origin, Os, PushOptions, Registry};
use semver::Version;

use crate::artifact::COMPONENT;
use crate::docker_registry::{Access, DockerRegistry};
use crate::sandbox::Sandbox;

fn skopeo_copy(from: &str, to: &str) {
    let output = Command::new("skopeo")
        .args(["--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", from, to])
        .output()
        .unwrap_or_else(|error| panic!("cannot start `skopeo` ({error}): install it with `apt-get install skopeo`"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn artifact() -> Artifact {
    Artifact {
        content: Content::Bytes(COMPONENT.into()),
        os: Os::WasiP2,
        component: Some(ComponentConfig::default()),
        annotations: [].into(),
    }
}

fn in_directory(root: &Path, package: &str) -> Origin {
    Origin::Package {
        registry: Registry::Directory(root.to_owned()),
        package: package.parse().unwrap(),
        version: Version::new(1, 0, 0),
    }
}

#[tokio::test]
async fn skopeo_copies_from_a_directory_to_a_registry_and_back() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    let root = sandbox.directory.path().join("registry");
    let pushed = in_directory(&root, "shop:catalog");
    let pushed = sandbox.client.push(&pushed, &artifact(), &PushOptions::default()).await.unwrap();
    let manifest = pushed.release.manifest.digest;

    let remote = format!("docker://{}/team/shop/catalog:1.0.0", registry.address);
    skopeo_copy(&format!("oci:{}:1.0.0", root.join("shop/catalog").display()), &remote);
    let (release, component) = sandbox.pull(&registry.package("1.0.0")).await.unwrap();
    assert_eq!((release.manifest.digest, &*component), (manifest, COMPONENT));

    std::fs::create_dir_all(root.join("mirror")).unwrap();
    skopeo_copy(&remote, &format!("oci:{}:1.0.0", root.join("mirror/catalog").display()));
    let (release, component) = sandbox.pull(&in_directory(&root, "mirror:catalog")).await.unwrap();
    assert_eq!((release.manifest.digest, &*component), (manifest, COMPONENT));
}

#[tokio::test]
async fn skopeo_reads_what_was_pushed_to_a_registry() {
    let sandbox = Sandbox::new();
    let registry = DockerRegistry::start(Access::Anonymous);
    sandbox.client.push(&registry.package("1.0.0"), &artifact(), &PushOptions::default()).await.unwrap();
    let layout = sandbox.directory.path().join("layout");
    let remote = format!("docker://{}/team/shop/catalog:1.0.0", registry.address);
    skopeo_copy(&remote, &format!("oci:{}:1.0.0", layout.display()));
    assert_eq!(std::fs::read(layout.join("blobs/sha256").join(Digest::of(COMPONENT).to_hex())).unwrap(), COMPONENT);
}

#[tokio::test]
async fn a_push_and_skopeo_write_to_one_directory() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let client = &sandbox.client;
    client.push(&in_directory(&root, "shop:catalog"), &artifact(), &PushOptions::default()).await.unwrap();
    let layout = root.join("shop/catalog");
    skopeo_copy(&format!("oci:{}:1.0.0", layout.display()), &format!("oci:{}:1.1.0", layout.display()));
    let registry = Registry::Directory(root.clone());
    let next = Origin::Package {
        registry: registry.clone(),
        package: "shop:catalog".parse().unwrap(),
        version: Version::new(1, 2, 0),
    };
    client.push(&next, &artifact(), &PushOptions::default()).await.unwrap();
    let versions = client.versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap();
    assert_eq!(versions, [Version::new(1, 0, 0), Version::new(1, 1, 0), Version::new(1, 2, 0)]);
}
