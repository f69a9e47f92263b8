//! What a component says of itself without being downloaded: from an image manifest's config to the names of its imports and
//! exports, and whether it is the config of that manifest at all.
//!
//! The [config](https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/#configuration-media-types) is written by
//! whoever publishes, and nothing proves it: its names are a hint. A config that says nothing of imports and exports, or that is
//! none, is no error. One that lists other layers than the manifest is: the two were not made for each other, and nobody can tell which
//! of them is meant.

use oci_client::manifest::OciImageManifest;
use serde::Deserialize;

use crate::artifact::{NotAComponent, WASM_CONFIG_TYPE};
use crate::digest::{Descriptor, Digest};
use crate::error::one_line;
use crate::release::Release;

/// The largest config that is read: some 10,000 names.
const MAX_CONFIG: u64 = 1 << 20;

/// A release, and what its publisher says is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The bytes.
    pub release: Release,
    /// The imports and exports, where the artifact has them beside the component.
    pub interfaces: Option<Interfaces>,
}

/// The names of a component's imports and exports, as its publisher gives them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Interfaces {
    /// The imports: `wasi:http/types@0.2.3` and the like.
    pub imports: Vec<String>,
    /// The exports.
    pub exports: Vec<String>,
}

/// What a config says of imports and exports.
#[derive(Deserialize)]
struct Config {
    component: Option<Interfaces>,
}

/// What a config says of the image manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layers {
    layer_digests: Option<Vec<String>>,
}

/// Where the config of an image manifest is; `None` when it cannot be one of a component.
pub(crate) fn config_of(manifest: &[u8]) -> Option<Descriptor> {
    let manifest: OciImageManifest = serde_json::from_slice(manifest).ok()?;
    let config = manifest.config;
    let size = u64::try_from(config.size).ok().filter(|size| *size <= MAX_CONFIG)?;
    (config.media_type == WASM_CONFIG_TYPE).then_some(())?;
    Some(Descriptor { digest: config.digest.parse().ok()?, size })
}

/// The imports and exports in a config, if it has them.
pub(crate) fn read_config(bytes: &[u8]) -> Option<Interfaces> {
    serde_json::from_slice::<Config>(bytes).ok()?.component
}

/// Checks that a config lists no other layers than `component`. One that lists none does not.
pub(crate) fn check_layers(config: &[u8], component: Digest) -> Result<(), NotAComponent> {
    let layers = serde_json::from_slice::<Layers>(config).ok().and_then(|layers| layers.layer_digests);
    match layers.unwrap_or_default().as_slice() {
        [] => Ok(()),
        [layer] if *layer == component.to_string() => Ok(()),
        layers => Err(NotAComponent::OtherLayers { listed: one_line(&layers.join(", ")), component }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &str, expected: Option<(&[&str], &[&str])>) {
        let interfaces = read_config(config.as_bytes());
        let names = |names: &[String]| names.to_vec();
        let expected = expected.map(|(imports, exports)| {
            let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
            (owned(imports), owned(exports))
        });
        assert_eq!(interfaces.map(|found| (names(&found.imports), names(&found.exports))), expected, "{config}");
    }

    #[test]
    fn a_config_names_imports_and_exports() {
        check(
            r#"{"architecture": "wasm", "component": {"imports": ["a:b/c@1.0.0"], "exports": ["run"], "target": null}}"#,
            Some((&["a:b/c@1.0.0"], &["run"])),
        );
        check(r#"{"component": {"imports": [], "exports": []}}"#, Some((&[], &[])));
    }

    #[test]
    fn a_config_without_them_gives_no_hint() {
        for config in
            ["", "{}", "[]", r#"{"component": null}"#, r#"{"component": {"exports": []}}"#, r#"{"component": 3}"#]
        {
            check(config, None);
        }
    }

    fn layers(config: &str) -> Result<(), String> {
        check_layers(config.as_bytes(), Digest::of(b"")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_config_lists_the_layer_of_its_manifest_or_none() {
        let listed = format!(r#"{{"layerDigests": ["{}"], "component": 3}}"#, Digest::of(b""));
        for config in ["", "[]", "{}", r#"{"layerDigests": null}"#, r#"{"layerDigests": []}"#, &listed] {
            assert_eq!(layers(config), Ok(()), "{config}");
        }
    }

    #[test]
    fn refuses_a_config_of_another_manifest() {
        insta::assert_snapshot!(layers(r#"{"layerDigests": ["sha256:00"]}"#).unwrap_err(), @"its config is for the layer sha256:00, and its image manifest lists sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        insta::assert_snapshot!(layers(r#"{"layerDigests": ["a", "b\u001b"]}"#).unwrap_err(), @"its config is for the layer a, b , and its image manifest lists sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    fn location(media_type: &str, size: i64) -> Option<u64> {
        let digest = Digest::of(b"config");
        let manifest = format!(
            r#"{{"schemaVersion": 2, "config": {{"mediaType": "{media_type}", "digest": "{digest}", "size": {size}}}, "layers": []}}"#
        );
        config_of(manifest.as_bytes()).map(|descriptor| descriptor.size)
    }

    #[test]
    fn only_a_small_config_of_a_component_is_read() {
        assert_eq!(location(WASM_CONFIG_TYPE, 6), Some(6));
        assert_eq!(location(WASM_CONFIG_TYPE, -1), None);
        assert_eq!(location(WASM_CONFIG_TYPE, 2 << 20), None);
        assert_eq!(location("application/vnd.oci.image.config.v1+json", 6), None);
        assert_eq!(config_of(b"<html>"), None);
    }
}
