//! The Wasm OCI artifact of a component, and directory registries of such artifacts.
//!
//! <https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>

use std::{
    fs,
    path::{Path, PathBuf},
};

use registry_client::{Descriptor, Digest};
use serde_json::{Value, json};

/// The media type of an image manifest.
pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The artifact of one component: three blobs.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The image manifest.
    pub manifest: Vec<u8>,
    /// The config that it names.
    pub config: Vec<u8>,
    /// The one layer that it names.
    pub component: Vec<u8>,
}

impl Artifact {
    /// Makes the artifact of a component.
    pub fn of(component: &[u8]) -> Self {
        let layer = Digest::of(component).to_string();
        let config =
            json!({ "architecture": "wasm", "os": "wasip2", "layerDigests": [layer] }).to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": descriptor("application/vnd.wasm.config.v0+json", &config),
            "layers": [descriptor("application/wasm", component)],
        });
        Self { manifest: manifest.to_string().into_bytes(), config, component: component.to_vec() }
    }
}

/// Publishes a component in a directory registry, as `NAMESPACE:NAME@VERSION`; returns the file that the component is in.
///
/// # Panics
/// When the directory cannot be written.
pub fn publish(registry: &Path, package: &str, component: &[u8]) -> PathBuf {
    let (name, version) = package.split_once('@').expect("the package has a version");
    let (namespace, name) = name.split_once(':').expect("the package has a namespace");
    let layout = registry.join(namespace).join(name);
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("the registry can be written");
    let artifact = Artifact::of(component);
    let blob = |bytes: &[u8]| blobs.join(Digest::of(bytes).to_hex());
    for bytes in [&artifact.manifest, &artifact.config, &artifact.component] {
        fs::write(blob(bytes), bytes).expect("the registry can be written");
    }
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("the registry can be written");
    let mut entry = descriptor(IMAGE_MANIFEST, &artifact.manifest);
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": version.replace('+', "_") });
    let index_path = layout.join("index.json");
    let mut index: Value = match fs::read(&index_path) {
        Ok(bytes) => serde_json::from_slice(&bytes).expect("the index is JSON"),
        Err(_) => json!({ "schemaVersion": 2, "manifests": [] }),
    };
    index["manifests"].as_array_mut().expect("the index lists manifests").push(entry);
    fs::write(index_path, index.to_string()).expect("the registry can be written");
    blob(component)
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    let Descriptor { digest, size } = Descriptor::of(bytes);
    json!({ "mediaType": media_type, "digest": digest.to_string(), "size": size })
}
