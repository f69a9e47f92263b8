//! What a component says of itself without being downloaded: from an image manifest's config to the names of its imports and
//! exports.
//!
//! The [config](https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/#configuration-media-types) is written by
//! whoever publishes, and nothing proves it: its names are a hint. A config that says nothing of imports and exports, or that is
//! none, is no error.

use oci_client::manifest::OciImageManifest;
use serde::Deserialize;

use crate::artifact::WASM_CONFIG_TYPE;
use crate::digest::Descriptor;
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

#[derive(Deserialize)]
struct Config {
    component: Option<Interfaces>,
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

    fn location(media_type: &str, size: i64) -> Option<u64> {
        let digest = crate::Digest::of(b"config");
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
