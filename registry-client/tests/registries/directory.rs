//! Directory registries: OCI image layouts, also without a network.

use std::fs;
use std::path::{Path, PathBuf};

use registry_client::{Descriptor, Digest, Error, Origin, Registry, Release};
use semver::Version;

use crate::artifact::{COMPONENT, CONFIG, component_manifest, descriptor};
use crate::sandbox::{Sandbox, package, told};

/// Writes the image layout of `shop:catalog` below `root`, with one manifest under each of `tags`.
fn write_layout(root: &Path, manifest: &[u8], tags: &[&str]) -> PathBuf {
    let layout = root.join("shop/catalog");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    for blob in [manifest, COMPONENT, CONFIG] {
        fs::write(blobs.join(Digest::of(blob).to_hex()), blob).unwrap();
    }
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let entries: Vec<String> = tags.iter().map(|tag| index_entry(manifest, tag)).collect();
    write_index(&layout, &entries);
    layout
}

fn index_entry(manifest: &[u8], tag: &str) -> String {
    let descriptor = descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
    let fields = descriptor.trim_end_matches('}');
    format!(r#"{fields},"annotations":{{"org.opencontainers.image.ref.name":"{tag}"}}}}"#)
}

fn write_index(layout: &Path, entries: &[String]) {
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
    fs::write(layout.join("index.json"), index).unwrap();
}

fn origin(root: &Path, version: &str) -> Origin {
    Origin::Package {
        registry: Registry::Directory(root.to_owned()),
        package: "shop:catalog".parse().unwrap(),
        version: Version::parse(version).unwrap(),
    }
}

#[tokio::test]
async fn a_directory_is_a_registry_that_needs_no_network() {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let manifest = component_manifest();
    write_layout(&root, &manifest, &["1.10.0", "1.9.0_a.1", "latest"]);
    let client = sandbox.offline();
    let registry = Registry::Directory(root.clone());
    let versions = client.versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap();
    assert_eq!(versions, [Version::parse("1.9.0+a.1").unwrap(), Version::new(1, 10, 0)]);
    for version in versions {
        let origin = origin(&root, &version.to_string());
        let release = client.release(&origin).await.unwrap();
        assert_eq!(release.manifest.digest, Digest::of(&manifest));
        assert_eq!(&*client.fetch(&origin, &release).await.unwrap(), COMPONENT);
    }
}

/// Spoils the layout of version 1.0.0, and expects what comes of pulling it.
async fn check_spoiled(version: &str, spoil: impl FnOnce(&Path)) -> String {
    let sandbox = Sandbox::new();
    let root = sandbox.directory.path().join("registry");
    let layout = write_layout(&root, &component_manifest(), &["1.0.0"]);
    spoil(&layout);
    let error = sandbox.pull(&origin(&root, version)).await.unwrap_err();
    told(&error, &[(&root.display().to_string(), "ROOT")])
}

fn blob(layout: &Path, bytes: &[u8]) -> PathBuf {
    layout.join("blobs/sha256").join(Digest::of(bytes).to_hex())
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_absent() {
    insta::assert_snapshot!(check_spoiled("2.0.0", |_| {}).await, @"there is no shop:catalog@2.0.0 in dir:ROOT");
    insta::assert_snapshot!(check_spoiled("1.0.0", |layout| fs::remove_dir_all(layout).unwrap()).await, @"dir:ROOT has no package shop:catalog");
    let gone = check_spoiled("1.0.0", |layout| fs::remove_dir_all(layout.ancestors().nth(2).unwrap()).unwrap());
    insta::assert_snapshot!(gone.await, @"the registry dir:ROOT does not exist");
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() {
    insta::assert_snapshot!(check_spoiled("1.0.0", |layout| fs::remove_file(layout.join("oci-layout")).unwrap()).await, @"
    cannot read ROOT/shop/catalog/oci-layout as part of an OCI image layout
    it does not exist
    ");
    insta::assert_snapshot!(check_spoiled("1.0.0", |layout| fs::remove_file(blob(layout, COMPONENT)).unwrap()).await, @"
    cannot read ROOT/shop/catalog/blobs/sha256/24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 as part of an OCI image layout
    it does not exist
    ");
}

#[tokio::test]
async fn a_file_that_is_not_what_it_should_be_is_named() {
    insta::assert_snapshot!(
        check_spoiled("1.0.0", |layout| fs::write(blob(layout, COMPONENT), "spoiled!").unwrap()).await, @"
    cannot read ROOT/shop/catalog/blobs/sha256/24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 as part of an OCI image layout
    its bytes are not what its name says
    expected sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29, found sha256:5d08084a3f2140b5c554ec9d1cc8bbbee18a94aaccb85761c0019a0a96f662f2
    "
    );
    insta::assert_snapshot!(
        check_spoiled("1.0.0", |layout| fs::write(blob(layout, &component_manifest()), "{}").unwrap()).await, @"
    cannot read ROOT/shop/catalog/blobs/sha256/f4da88e5490a73c224aa3b5f78f48444bc0fd1da0d5c0c8c3ddf7deb3983d624 as part of an OCI image layout
    its bytes are not what its name says
    expected 366 bytes, found 2
    "
    );
    insta::assert_snapshot!(check_spoiled("1.0.0", |layout| fs::write(layout.join("index.json"), "[").unwrap()).await, @"
    cannot read ROOT/shop/catalog/index.json as part of an OCI image layout
    its JSON is malformed: EOF while parsing a list at line 1 column 1
    ");
    insta::assert_snapshot!(
        check_spoiled("1.0.0", |layout| fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap())
            .await, @"
    cannot read ROOT/shop/catalog/oci-layout as part of an OCI image layout
    its layout version is `2.0.0`, expected `1.0.0`
    "
    );
    insta::assert_snapshot!(check_spoiled("1.0.0", |layout| fs::write(layout.join("oci-layout"), vec![b' '; 5000]).unwrap()).await, @"
    cannot read ROOT/shop/catalog/oci-layout as part of an OCI image layout
    it has more than 4096 bytes
    ");
}

#[tokio::test]
async fn an_index_cannot_name_a_file_outside_the_layout() {
    let spoil = |layout: &Path| {
        let entry = index_entry(&component_manifest(), "1.0.0");
        let digest = Digest::of(&component_manifest()).to_string();
        write_index(layout, &[entry.replace(&digest, "sha256:../../../../etc/passwd")]);
    };
    insta::assert_snapshot!(check_spoiled("1.0.0", spoil).await, @"
    cannot read ROOT/shop/catalog/index.json as part of an OCI image layout
    a digest in it is not valid
    `sha256:../../../../etc/passwd` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`
    ");
}

#[tokio::test]
async fn one_tag_for_two_manifests_is_ambiguous() {
    let spoil = |layout: &Path| {
        write_index(layout, &[index_entry(&component_manifest(), "1.0.0"), index_entry(b"{}", "1.0.0")]);
    };
    insta::assert_snapshot!(check_spoiled("1.0.0", spoil).await, @"
    cannot read ROOT/shop/catalog/index.json as part of an OCI image layout
    it lists two different manifests for the tag `1.0.0`
    ");
}

#[tokio::test]
async fn a_manifest_too_large_to_be_one_is_not_read() {
    let spoil = |layout: &Path| {
        let entry = index_entry(&component_manifest(), "1.0.0");
        let size = format!(r#""size":{}"#, component_manifest().len());
        write_index(layout, &[entry.replace(&size, r#""size":99999999999"#)]);
    };
    insta::assert_snapshot!(check_spoiled("1.0.0", spoil).await, @"
    cannot read ROOT/shop/catalog/blobs/sha256/f4da88e5490a73c224aa3b5f78f48444bc0fd1da0d5c0c8c3ddf7deb3983d624 as part of an OCI image layout
    it has more than 4194304 bytes
    ");
}

#[tokio::test]
async fn a_registry_over_the_network_cannot_be_asked_offline() {
    let sandbox = Sandbox::new();
    let registry: Registry = "oci://registry.invalid/team".parse().unwrap();
    let error = sandbox.offline().versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Offline { .. }));
    insta::assert_snapshot!(told(&error, &[]), @"the list of versions of shop:catalog in oci://registry.invalid/team cannot be had offline");

    let origin = package("oci://registry.invalid/team", "shop:catalog", "1.0.0");
    let error = sandbox.offline().release(&origin).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"the image manifest of shop:catalog@1.0.0 in oci://registry.invalid/team cannot be had offline");
    let component = Descriptor::of(COMPONENT);
    let error =
        sandbox.offline().fetch(&origin, &Release { manifest: component, component, log: None }).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"the component of shop:catalog@1.0.0 in oci://registry.invalid/team cannot be had offline");
}

#[cfg(not(feature = "warg"))]
#[tokio::test]
async fn a_build_without_warg_registries_says_so() {
    let sandbox = Sandbox::new();
    let registry: Registry = "warg+https://warg.example".parse().unwrap();
    let error = sandbox.client.versions(&registry, &"shop:catalog".parse().unwrap()).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"warg+https://warg.example cannot be used: this program was built without support for warg registries");
}
