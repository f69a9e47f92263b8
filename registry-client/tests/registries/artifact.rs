//! Artifacts as registries hold them.

use registry_client::{Descriptor, Digest};

/// The bytes of a component. The client never looks inside, so that the preamble alone will do.
pub(crate) const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// The config of a Wasm OCI artifact.
pub(crate) const CONFIG: &[u8] = br#"{"architecture":"wasm","os":"wasip2","layerDigests":[]}"#;

/// The image manifest of an artifact with `layers`, each a media type and its bytes.
pub(crate) fn image_manifest(layers: &[(&str, &[u8])]) -> Vec<u8> {
    let layers: Vec<String> = layers.iter().map(|(media_type, bytes)| descriptor(media_type, bytes)).collect();
    let config = descriptor("application/vnd.wasm.config.v0+json", CONFIG);
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let layers = layers.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{config},"layers":[{layers}]}}"#).into_bytes()
}

/// The image manifest of [`COMPONENT`].
pub(crate) fn component_manifest() -> Vec<u8> {
    image_manifest(&[("application/wasm", COMPONENT)])
}

/// An OCI descriptor as JSON.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> String {
    let Descriptor { digest, size } = Descriptor::of(bytes);
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

/// The path of a blob below its repository.
pub(crate) fn blob_path(bytes: &[u8]) -> String {
    format!("blobs/{}", Digest::of(bytes))
}
