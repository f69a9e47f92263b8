//! Which layer of an OCI artifact is its component: from an image manifest's bytes to a [`Release`], or why there is none.
//!
//! The shape is the [CNCF Wasm OCI artifact](https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/): exactly one
//! layer, uncompressed, so that the layer's digest is the component's. Older tools wrote the same shape with other media types.

use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciImageIndex, OciImageManifest, WASM_LAYER_MEDIA_TYPE,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::digest::{Descriptor, Digest, DigestParseError};
use crate::error::one_line;
use crate::release::Release;

/// Media types of an [image manifest](https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md), the first being OCI's own.
pub(crate) const IMAGE_MANIFEST_TYPES: [&str; 2] = [OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];

/// Media types of an [image index](https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md).
///
/// They are asked for, because a registry that may not answer with an index says `not found` instead. One of a single component is
/// read through; others are refused by name.
pub(crate) const IMAGE_INDEX_TYPES: [&str; 2] = [OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE];

/// The media type of a layer that is a component.
pub(crate) const COMPONENT_LAYER_TYPE: &str = "application/wasm";

/// Media types of a layer that is a component: the specification's, then those of `wasm-to-oci` and of early wasmCloud and Krustlet.
const COMPONENT_LAYER_TYPES: [&str; 3] =
    [COMPONENT_LAYER_TYPE, WASM_LAYER_MEDIA_TYPE, "application/vnd.module.wasm.content.layer.v1+wasm"];

/// The config of an artifact that is a component, and the artifact type that stands for it.
pub(crate) const WASM_CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// The architecture of a platform that is WebAssembly.
const WASM_ARCHITECTURE: &str = "wasm";

/// What tells an image manifest from other documents, and from one that is made to be read as two kinds at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    schema_version: u64,
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
}

/// Finds the image manifest of the one component in an image index; where `bytes` are no image index, there is nothing to find.
///
/// An entry is a component's when it says so, by its artifact type or its platform. An index of a single image manifest need not say.
pub(crate) fn component_of_index(bytes: &[u8]) -> Result<Option<Descriptor>, NotAComponent> {
    let malformed = |error: serde_json::Error| NotAComponent::Malformed { problem: one_line(&error.to_string()) };
    let kind: Kind = serde_json::from_slice(bytes).map_err(malformed)?;
    if kind.schema_version != 2 || !kind.media_type.is_some_and(|kind| IMAGE_INDEX_TYPES.contains(&kind.as_str())) {
        return Ok(None);
    }
    let index: OciImageIndex = serde_json::from_slice(bytes).map_err(malformed)?;
    let is_manifest = |entry: &&ImageIndexEntry| IMAGE_MANIFEST_TYPES.contains(&entry.media_type.as_str());
    let says_so = |entry: &&ImageIndexEntry| {
        entry.artifact_type.as_deref() == Some(WASM_CONFIG_TYPE)
            || entry.platform.as_ref().is_some_and(|platform| platform.architecture.to_string() == WASM_ARCHITECTURE)
    };
    let manifests: Vec<&ImageIndexEntry> = index.manifests.iter().filter(is_manifest).collect();
    let components: Vec<&ImageIndexEntry> = manifests.iter().copied().filter(says_so).collect();
    let entry = match (components.as_slice(), manifests.as_slice()) {
        ([entry], _) | ([], [entry]) => entry,
        ([], _) => return Err(NotAComponent::Index),
        (several, _) => return Err(NotAComponent::SeveralComponents { count: several.len() }),
    };
    let digest = one_line(&entry.digest).parse().map_err(NotAComponent::ManifestDigest)?;
    let size = u64::try_from(entry.size).map_err(|_| NotAComponent::Size { size: entry.size })?;
    Ok(Some(Descriptor { digest, size }))
}

/// Reads an image manifest whose bytes were verified as far as anything was promised about them.
pub(crate) fn read_manifest(bytes: &[u8]) -> Result<Release, NotAComponent> {
    let malformed = |error: serde_json::Error| NotAComponent::Malformed { problem: one_line(&error.to_string()) };
    let kind: Kind = serde_json::from_slice(bytes).map_err(malformed)?;
    if kind.schema_version != 2 {
        return Err(NotAComponent::SchemaVersion { version: kind.schema_version });
    }
    let media_type = kind.media_type.as_deref();
    if kind.manifests.is_some() || media_type.is_some_and(|media_type| IMAGE_INDEX_TYPES.contains(&media_type)) {
        return Err(NotAComponent::Index);
    }
    if let Some(media_type) = media_type.filter(|media_type| !IMAGE_MANIFEST_TYPES.contains(media_type)) {
        return Err(NotAComponent::MediaType { media_type: one_line(media_type) });
    }
    let manifest: OciImageManifest = serde_json::from_slice(bytes).map_err(malformed)?;
    let artifact_type = || Some(one_line(manifest.artifact_type.as_ref().unwrap_or(&manifest.config.media_type)));
    match manifest.layers.as_slice() {
        [] => Err(NotAComponent::NoLayer { artifact_type: artifact_type() }),
        [layer] if COMPONENT_LAYER_TYPES.contains(&layer.media_type.as_str()) => {
            let digest = one_line(&layer.digest).parse().map_err(NotAComponent::Digest)?;
            let size = u64::try_from(layer.size).map_err(|_| NotAComponent::Size { size: layer.size })?;
            Ok(Release { manifest: Descriptor::of(bytes), component: Descriptor { digest, size }, log: None })
        }
        [layer] => Err(NotAComponent::LayerType { media_type: one_line(&layer.media_type) }),
        layers => Err(NotAComponent::SeveralLayers { count: layers.len(), artifact_type: artifact_type() }),
    }
}

/// Why an artifact is not one component. What its manifest says is shortened to one printable line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAComponent {
    /// It is not an image manifest at all.
    #[error("its image manifest is malformed: {problem}")]
    Malformed {
        /// Where and how.
        problem: String,
    },
    /// It is an image manifest of another version.
    #[error("its image manifest has schema version {version}, expected 2")]
    SchemaVersion {
        /// The version.
        version: u64,
    },
    /// It is an index of several artifacts.
    #[error("it is an image index: refer to one of its manifests by digest")]
    Index,
    /// It is an index of several components.
    #[error("it is an image index of {count} components: refer to one of its manifests by digest")]
    SeveralComponents {
        /// How many.
        count: usize,
    },
    /// The digest of a manifest in an index is malformed or of an unsupported algorithm.
    #[error("its image index has no valid digest")]
    ManifestDigest(#[source] DigestParseError),
    /// It is something else.
    #[error("it has the media type `{media_type}`, expected an image manifest")]
    MediaType {
        /// The media type.
        media_type: String,
    },
    /// There is no layer.
    #[error("it has no layer{}, expected one of type `application/wasm`", kind(artifact_type.as_deref()))]
    NoLayer {
        /// What kind of artifact it calls itself.
        artifact_type: Option<String>,
    },
    /// There are several layers.
    #[error("it has {count} layers{}, expected one of type `application/wasm`", kind(artifact_type.as_deref()))]
    SeveralLayers {
        /// How many.
        count: usize,
        /// What kind of artifact it calls itself.
        artifact_type: Option<String>,
    },
    /// The one layer is of another type.
    #[error("its layer has the media type `{media_type}`, expected `application/wasm`")]
    LayerType {
        /// The media type.
        media_type: String,
    },
    /// The config and the image manifest were not made for each other.
    #[error("its config is for the layer {listed}, and its image manifest lists {component}")]
    OtherLayers {
        /// The layers that the config lists.
        listed: String,
        /// The layer that the image manifest lists.
        component: Digest,
    },
    /// The layer's digest is malformed or of an unsupported algorithm.
    #[error("its layer has no valid digest")]
    Digest(#[source] DigestParseError),
    /// The layer's size is none.
    #[error("its layer has the size {size}")]
    Size {
        /// The size, which is negative.
        size: i64,
    },
}

fn kind(artifact_type: Option<&str>) -> String {
    artifact_type.map(|artifact_type| format!(" (artifact type `{artifact_type}`)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    const CONFIG: &str =
        r#""config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": "sha256:00", "size": 2}"#;

    fn layer(media_type: &str, digest: &str) -> String {
        format!(r#"{{"mediaType": "{media_type}", "digest": "{digest}", "size": 9}}"#)
    }

    fn manifest(layers: &str) -> String {
        format!(
            r#"{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", {CONFIG}, "layers": [{layers}]}}"#
        )
    }

    fn check(manifest: &str, expected: Result<(), &str>) {
        let actual = read_manifest(manifest.as_bytes()).map(|release| {
            assert_eq!(release.manifest, Descriptor::of(manifest.as_bytes()));
            assert_eq!(release.component, Descriptor::of(b"component"));
        });
        assert_eq!(actual.map_err(|error| chain(&error)), expected.map_err(str::to_owned));
    }

    #[test]
    fn the_one_wasm_layer_is_the_component() {
        let digest = Digest::of(b"component").to_string();
        for media_type in COMPONENT_LAYER_TYPES {
            check(&manifest(&layer(media_type, &digest)), Ok(()));
        }
        check(
            &format!(r#"{{"schemaVersion": 2, {CONFIG}, "layers": [{}]}}"#, layer("application/wasm", &digest)),
            Ok(()),
        );
    }

    #[test]
    fn refuses_an_index() {
        check(
            r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}"#,
            Err("it is an image index: refer to one of its manifests by digest"),
        );
        check(
            r#"{"schemaVersion": 2, "manifests": [{}]}"#,
            Err("it is an image index: refer to one of its manifests by digest"),
        );
        let layer = layer("application/wasm", &Digest::of(b"component").to_string());
        check(
            &manifest(&layer).replacen('{', r#"{"manifests": 1, "#, 1),
            Err("it is an image index: refer to one of its manifests by digest"),
        );
    }

    #[test]
    fn refuses_any_other_number_of_layers() {
        let wasm = layer("application/wasm", &Digest::of(b"component").to_string());
        check(
            &manifest(""),
            Err(
                "it has no layer (artifact type `application/vnd.wasm.config.v0+json`), expected one of type `application/wasm`",
            ),
        );
        check(
            &manifest(&format!("{wasm}, {wasm}")),
            Err(
                "it has 2 layers (artifact type `application/vnd.wasm.config.v0+json`), expected one of type `application/wasm`",
            ),
        );
    }

    #[test]
    fn refuses_other_layers_and_digests() {
        check(
            &manifest(&layer("application/vnd.oci.image.layer.v1.tar+gzip", "sha256:00")),
            Err(
                "its layer has the media type `application/vnd.oci.image.layer.v1.tar+gzip`, expected `application/wasm`",
            ),
        );
        check(
            &manifest(&layer("application/wasm", "sha512:00")),
            Err("its layer has no valid digest: the digest algorithm `sha512` is not supported: expected `sha256`"),
        );
        let negative = layer("application/wasm", &Digest::of(b"component").to_string()).replace(": 9}", ": -9}");
        check(&manifest(&negative), Err("its layer has the size -9"));
    }

    #[test]
    fn refuses_what_is_no_image_manifest() {
        check("<html>", Err("its image manifest is malformed: expected value at line 1 column 1"));
        check(r#"{"schemaVersion": 1}"#, Err("its image manifest has schema version 1, expected 2"));
        check(
            r#"{"schemaVersion": 2, "layers": [], "layers": []}"#,
            Err("its image manifest is malformed: duplicate field `layers` at line 1 column 43"),
        );
        check(
            r#"{"schemaVersion": 2, "mediaType": "text/plain"}"#,
            Err("it has the media type `text/plain`, expected an image manifest"),
        );
    }
}
