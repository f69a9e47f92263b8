//! The structure of a result: the result with a stub in the place of each module, which is valid exactly when the result is and each
//! module is one of its stub's type.
//!
//! Most modules have their type in common with others, and a validator takes time for each module that is quadratic in how many
//! there are. Stubs that are needed more than once are therefore defined once, in the outermost component, after the modules that
//! it has itself; each occurrence within a component is an alias, in its place, so that every index means what it means in the result.

use std::collections::BTreeMap;

use wasm_encoder::{Alias, ComponentAliasSection, ComponentOuterAliasKind, ComponentSection};

use super::Node;
use crate::{
    limits,
    shell::{COMPONENT_HEADER, COMPONENT_SECTION, MODULE_SECTION, leb128},
};

/// The structure of the component of these parts.
pub(super) fn write(parts: &[Node<'_>]) -> Vec<u8> {
    let mut structure = Structure::of(parts);
    let mut bytes = COMPONENT_HEADER.to_vec();
    let own = parts.iter().take_while(|part| !matches!(part, Node::Component { .. })).count();
    for part in &parts[..own] {
        structure.node(part, 0, &mut bytes);
    }
    for stub in std::mem::take(&mut structure.definitions) {
        section(MODULE_SECTION, stub, &mut bytes);
    }
    for part in &parts[own..] {
        structure.node(part, 0, &mut bytes);
    }
    bytes
}

struct Structure<'a> {
    /// The indices of the stubs that are defined once.
    indices: BTreeMap<&'a [u8], u32>,
    definitions: Vec<&'a [u8]>,
}

impl<'a> Structure<'a> {
    fn of(parts: &'a [Node<'_>]) -> Self {
        let mut counts = BTreeMap::new();
        let mut own = 0;
        for part in parts {
            match part {
                Node::Module { .. } => own += 1,
                Node::Component { children, .. } => count(children, &mut counts),
                Node::Bytes(_) => {}
            }
        }
        let repeated = counts.into_iter().filter(|(_, count)| *count > 1).map(|(stub, _)| stub);
        let definitions: Vec<&[u8]> = repeated.take(limits::MODULES.saturating_sub(own)).collect();
        let first = u32::try_from(own).unwrap_or(u32::MAX);
        Self { indices: definitions.iter().copied().zip(first..).collect(), definitions }
    }

    fn node(&self, node: &Node<'_>, depth: u32, bytes: &mut Vec<u8>) {
        match node {
            Node::Bytes(sections) => bytes.extend_from_slice(sections),
            Node::Module { module, .. } => match self.indices.get(module.stub.as_slice()).filter(|_| depth > 0) {
                Some(index) => {
                    let mut alias = ComponentAliasSection::new();
                    let kind = ComponentOuterAliasKind::CoreModule;
                    alias.alias(Alias::Outer { kind, count: depth, index: *index });
                    alias.append_to_component(bytes);
                }
                None => section(MODULE_SECTION, &module.stub, bytes),
            },
            Node::Component { children, .. } => {
                let mut nested = COMPONENT_HEADER.to_vec();
                for child in children {
                    self.node(child, depth + 1, &mut nested);
                }
                section(COMPONENT_SECTION, &nested, bytes);
            }
        }
    }
}

fn count<'a>(nodes: &'a [Node<'_>], counts: &mut BTreeMap<&'a [u8], usize>) {
    for node in nodes {
        match node {
            Node::Module { module, .. } => *counts.entry(module.stub.as_slice()).or_default() += 1,
            Node::Component { children, .. } => count(children, counts),
            Node::Bytes(_) => {}
        }
    }
}

fn section(id: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(id);
    leb128(content.len() as u64, bytes);
    bytes.extend_from_slice(content);
}
