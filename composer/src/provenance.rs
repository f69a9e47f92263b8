//! Provenance: the plan as the result carries it, so that an artifact can be explained without its manifest.
//!
//! Between a [`Plan`] and the JSON text of the custom section [`SECTION`]. It has no timestamps and no paths: the same inputs
//! give the same bytes anywhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    manifest::Manifest,
    part::Part,
    plan::{Plan, Provider},
};

/// The name of the custom section.
pub const SECTION: &str = "compose:plan";

/// The version of the section's format.
const FORMAT: u32 = 1;

/// What a composition was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of this format.
    pub format: u32,
    /// The composition's own package, `namespace:name`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The composition's own version, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The instances, by name.
    pub instances: BTreeMap<String, InstanceProvenance>,
    /// What each export comes from: the instance, and its own name for it.
    pub exports: BTreeMap<String, String>,
}

/// What an instance is, and how it is wired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProvenance {
    /// The manifest's name for the component.
    pub component: String,
    /// The component's version, where it comes from a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The digest of the component's bytes.
    pub digest: String,
    /// The instance that satisfies each import; `host` is the runtime.
    pub links: BTreeMap<String, String>,
}

impl Provenance {
    /// Writes down a plan.
    pub fn new(manifest: &Manifest, parts: &[Part], plan: &Plan) -> Self {
        let package = manifest.package.as_ref();
        let parts: BTreeMap<_, _> = parts.iter().map(|part| (&part.name, part)).collect();
        let instances = plan.instances.iter().map(|instance| {
            let part = parts.get(&instance.component);
            let links = instance.links.iter().map(|link| {
                let provider = match &link.provider {
                    Provider::Host { .. } => crate::manifest::HOST.to_owned(),
                    Provider::Instance { instance, .. } => plan[*instance].name.to_string(),
                };
                (link.import.to_string(), provider)
            });
            let instance_provenance = InstanceProvenance {
                component: instance.component.to_string(),
                version: part.and_then(|part| part.version.as_ref()).map(ToString::to_string),
                digest: instance.digest.to_string(),
                links: links.collect(),
            };
            (instance.name.to_string(), instance_provenance)
        });
        let exports =
            plan.exports.iter().map(|export| (export.name.to_string(), plan[export.instance].name.to_string()));
        Self {
            format: FORMAT,
            package: package.map(|package| package.name.value.to_string()),
            version: package.and_then(|package| package.version.as_ref()).map(ToString::to_string),
            instances: instances.collect(),
            exports: exports.collect(),
        }
    }

    /// The text of the section.
    ///
    /// # Panics
    /// Never: it consists of strings, numbers and maps of them.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("provenance is JSON because all of its keys are strings")
    }

    /// Reads the text of a section; `None` if it is not one of ours or of a later format.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|provenance: &Self| provenance.format <= FORMAT)
    }
}
