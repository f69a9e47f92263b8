//! The imports of the result: what the components leave to the host, merged and typed.
//!
//! The only module that knows `wac-graph`, which knows how types of several consumers become one. It is given of each component only
//! what stands before and in its imports, and of that only what no other instance satisfies; components whose imports are the same
//! bytes are given once. From that to the first sections of the result, and where in its index spaces each import is.

use std::collections::{BTreeMap, BTreeSet};

use registry_client::Digest;
use wac_graph::{CompositionGraph, EncodeOptions, types::Package};
use wasm_encoder::ComponentExportKind;
use wasmparser::{ComponentAlias, ComponentExternalKind, ComponentTypeRef, Parser, Payload};

use super::{refused, refused_because};
use crate::{diagnostic::Diagnostic, part::Part};

/// The first sections of the result.
#[derive(Debug, Default)]
pub(super) struct Imports {
    pub(super) sections: Vec<u8>,
    /// The next free index of each space that imports use.
    pub(super) types: u32,
    pub(super) functions: u32,
    pub(super) instances: u32,
    /// What each import is, and its index.
    pub(super) items: BTreeMap<String, (ComponentExportKind, u32)>,
}

/// A component, and which of its imports other instances satisfy.
pub(super) struct Consumer<'a> {
    pub(super) part: &'a Part,
    pub(super) satisfied: BTreeSet<String>,
}

/// Encodes what the consumers leave to the host.
pub(super) fn encode(consumers: &[Consumer<'_>]) -> Result<Imports, Diagnostic> {
    let mut graph = CompositionGraph::new();
    let mut known = BTreeSet::new();
    for consumer in consumers {
        let leaves = |name: String| !consumer.satisfied.contains(&name);
        if !consumer.part.world.imports().any(|(name, _)| leaves(name.to_string())) {
            continue;
        }
        let bytes = consumer.part.imports_alone();
        if !known.insert((Digest::of(&bytes), &consumer.satisfied)) {
            continue;
        }
        let what = format!("the imports of `{}`", consumer.part.name);
        // The graph needs a name for each package, and shows it to nobody.
        let name = format!("consumer-{}", known.len());
        let package = Package::from_bytes(&name, None, bytes, graph.types_mut());
        let package = package.map_err(|error| refused_because(&what, format!("{error:#}")))?;
        let world = package.ty();
        graph.types_mut()[world].imports.retain(|name, _| !consumer.satisfied.contains(name));
        let id = graph.register_package(package).map_err(|error| refused(&what, &error))?;
        graph.instantiate(id);
    }
    if known.is_empty() {
        return Ok(Imports::default());
    }
    // What is encoded here is validated as part of the result.
    let options = EncodeOptions { define_components: true, validate: false, processor: None };
    let encoded = graph.encode(options).map_err(|error| refused("the imports of the composition", &error))?;
    first_sections(&encoded).map_err(|error| refused("the imports of the composition", &error))
}

/// What stands before the first component.
fn first_sections(encoded: &[u8]) -> Result<Imports, wasmparser::Error> {
    let mut imports = Imports::default();
    let mut start = 0;
    let mut end = 0;
    for payload in Parser::new(0).parse_all(encoded) {
        let payload = payload?;
        match &payload {
            Payload::Version { range, .. } => start = range.end,
            Payload::ComponentSection { .. } => break,
            Payload::ComponentTypeSection(section) => imports.types += section.count(),
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    imports.count_alias(&alias?);
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    let import = import?;
                    imports.add(import.name.name, import.ty);
                }
            }
            _ => break,
        }
        end = payload.as_section().map_or(start, |(_, range)| range.end);
    }
    let section = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
    imports.sections = encoded.get(section(start)..section(end)).unwrap_or_default().to_vec();
    Ok(imports)
}

impl Imports {
    fn count_alias(&mut self, alias: &ComponentAlias<'_>) {
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Type, .. } | ComponentAlias::Outer { .. } => {
                self.types += 1;
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Func, .. } => self.functions += 1,
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Instance, .. } => self.instances += 1,
            ComponentAlias::InstanceExport { .. } | ComponentAlias::CoreInstanceExport { .. } => {}
        }
    }

    fn add(&mut self, name: &str, ty: ComponentTypeRef) {
        let (kind, next) = match ty {
            ComponentTypeRef::Func(_) => (ComponentExportKind::Func, &mut self.functions),
            ComponentTypeRef::Instance(_) => (ComponentExportKind::Instance, &mut self.instances),
            ComponentTypeRef::Type(_) => (ComponentExportKind::Type, &mut self.types),
            // No component that is composed imports any of these.
            ComponentTypeRef::Module(_) | ComponentTypeRef::Component(_) | ComponentTypeRef::Value(_) => return,
        };
        self.items.insert(name.to_owned(), (kind, *next));
        *next += 1;
    }
}
