//! Encoding: lays a plan out as the bytes of one component.
//!
//! The only module that knows `wac-graph`. It decides nothing about the composition: every link, import and export was decided
//! by planning, and whatever the encoder refuses here is a fault of ours. Equal components are embedded once, however many
//! instances use them. The plan itself goes into the result as a custom section.

use std::collections::BTreeMap;

use registry_client::Digest;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, Processor, types::Package};
use wasm_encoder::{ComponentSection, CustomSection};
use wit::ExternName;

use crate::{
    diagnostic::{Code, Diagnostic},
    part::Part,
    plan::{InstanceId, Plan, PlannedInstance, Provider, TypeLink},
    provenance::{self, Provenance},
};

/// A component as it was laid out, not yet known to be valid.
#[derive(Debug)]
pub struct Layout {
    pub(crate) bytes: Vec<u8>,
}

/// Encodes a plan.
///
/// # Errors
/// [`Code::Internal`] when the encoder refuses what planning found good.
pub fn encode(plan: &Plan, parts: &[Part], provenance: &Provenance) -> Result<Layout, Diagnostic> {
    let mut encoder = Encoder { graph: CompositionGraph::new(), packages: BTreeMap::new(), nodes: BTreeMap::new() };
    for id in &plan.order {
        let instance = &plan[*id];
        let package = encoder.package(instance.digest, parts)?;
        let node = encoder.graph.instantiate(package);
        encoder.graph.set_node_name(node, &*instance.name);
        encoder.nodes.insert(*id, node);
        for link in &instance.links {
            if let Provider::Instance { instance: provider, export } = &link.provider {
                let argument = encoder.export_of(*provider, export)?;
                let set = encoder.graph.set_instantiation_argument(node, &link.import.to_string(), argument);
                set.map_err(|error| {
                    refused(&format!("the link of `{}` for `{}`", instance.name, link.import), &error)
                })?;
            }
        }
        for ty in &instance.types {
            encoder.link_type(node, instance, ty)?;
        }
    }
    for export in &plan.exports {
        let node = encoder.export_of(export.instance, &export.export)?;
        let exported = encoder.graph.export(node, export.name.to_string());
        exported.map_err(|error| refused(&format!("the export `{}`", export.name), &error))?;
    }
    let processor = Processor { name: "compose", version: env!("CARGO_PKG_VERSION") };
    // Validation is a phase of its own, and has the features of current runtimes.
    let options = EncodeOptions { define_components: true, validate: false, processor: Some(processor) };
    let mut bytes = encoder.graph.encode(options).map_err(|error| refused("the composition", &error))?;
    let section = CustomSection { name: provenance::SECTION.into(), data: provenance.to_bytes().into() };
    section.append_to_component(&mut bytes);
    Ok(Layout { bytes })
}

struct Encoder {
    graph: CompositionGraph,
    packages: BTreeMap<Digest, wac_graph::PackageId>,
    nodes: BTreeMap<InstanceId, NodeId>,
}

impl Encoder {
    fn package(&mut self, digest: Digest, parts: &[Part]) -> Result<wac_graph::PackageId, Diagnostic> {
        if let Some(package) = self.packages.get(&digest) {
            return Ok(*package);
        }
        let part = parts.iter().find(|part| part.digest() == digest);
        let part = part.expect("every planned instance has a part because the plan was made from the parts");
        let what = format!("the component `{}`", part.name);
        // The first component of these bytes gives the name; the graph needs one for each package and shows it to nobody else.
        let package = Package::from_bytes(&part.name, None, part.bytes().to_vec(), self.graph.types_mut());
        let package = package.map_err(|error| refused_because(&what, format!("{error:#}")))?;
        let id = self.graph.register_package(package).map_err(|error| refused(&what, &error))?;
        self.packages.insert(digest, id);
        Ok(id)
    }

    /// Links a type that stands for one of a linked interface. One of an interface of the host stays an import: it is one with
    /// the same type of every other instance.
    fn link_type(&mut self, node: NodeId, instance: &PlannedInstance, ty: &TypeLink) -> Result<(), Diagnostic> {
        let link = instance.links.iter().find(|link| link.import == ty.interface);
        let Some(Provider::Instance { instance: provider, export }) = link.map(|link| &link.provider) else {
            return Ok(());
        };
        let what = format!("the type `{}` of `{}`", ty.import, instance.name);
        let interface = self.export_of(*provider, export)?;
        let alias = self.graph.alias_instance_export(interface, &ty.name).map_err(|error| refused(&what, &error))?;
        let set = self.graph.set_instantiation_argument(node, &ty.import.to_string(), alias);
        set.map_err(|error| refused(&what, &error))
    }

    fn export_of(&mut self, instance: InstanceId, export: &ExternName) -> Result<NodeId, Diagnostic> {
        let node = self.nodes.get(&instance);
        let node = node.expect("a provider is encoded before its consumers because the plan's order says so");
        let alias = self.graph.alias_instance_export(*node, &export.to_string());
        alias.map_err(|error| refused(&format!("the export `{export}`"), &error))
    }
}

fn refused(what: &str, error: &dyn std::error::Error) -> Diagnostic {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        why = format!("{why}: {error}");
        cause = error.source();
    }
    refused_because(what, why)
}

fn refused_because(what: &str, why: String) -> Diagnostic {
    Diagnostic::error(Code::Internal, format!("the encoder refused {what}"))
        .note(why)
        .hint("this is a fault of `compose`: please report it with the manifest")
}
