//! The structure of a result: a small component that is valid exactly when the result is, provided that what it has instead of
//! modules and components was proved to be of the same type.
//!
//! - In the place of each component whose type is known stands one of that type. That the component itself is valid and of the type
//!   was proved when it was read, and here that each alias in it means the very module that it stands for; nothing else of it
//!   depends on what is around it.
//! - In the place of each module that is left stands its stub.
//!
//! A component of a type is had by importing it. So that every index means what it means in the result, and the result imports
//! nothing more, all of them are imported by a component around it, and the result has aliases of them. A validator takes time that
//! is quadratic in how many components and modules it looks into: of a type it looks into none, and stubs that are needed more than
//! once are defined once, after the modules that the result has itself.

use std::{collections::BTreeMap, sync::Arc};

use wasm_encoder::{
    Alias, ComponentAliasSection, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentOuterAliasKind, ComponentSection, ComponentTypeRef,
};

use super::Node;
use crate::{
    limits,
    shell::{COMPONENT_HEADER, COMPONENT_SECTION, MODULE_SECTION, Module, section},
};

/// The name under which a structure exports what has the type of the result.
pub(crate) const RESULT: &str = "result";

/// The structure of the component of these parts.
pub(super) fn write(parts: &[Node<'_>]) -> Vec<u8> {
    let structure = Structure::of(parts);
    let mut around = COMPONENT_HEADER.to_vec();
    let mut imports = ComponentImportSection::new();
    let mut imported = 0;
    let mut result = COMPONENT_HEADER.to_vec();
    let own = parts.iter().take_while(|part| !matches!(part, Node::Component { .. })).count();
    for part in &parts[..own] {
        structure.node(part, 0, &mut result);
    }
    for stub in &structure.definitions {
        section(MODULE_SECTION, stub, &mut result);
    }
    for (part, type_section) in parts[own..].iter().zip(&structure.types[own..]) {
        match type_section {
            Some(type_section) => {
                around.extend_from_slice(type_section);
                imports.import(format!("c{imported}"), ComponentTypeRef::Component(imported));
                alias(ComponentOuterAliasKind::Component, 1, imported, &mut result);
                imported += 1;
            }
            None => structure.node(part, 0, &mut result),
        }
    }
    if imported > 0 {
        imports.append_to_component(&mut around);
    }
    section(COMPONENT_SECTION, &result, &mut around);
    let mut exports = ComponentExportSection::new();
    exports.export(RESULT, ComponentExportKind::Component, imported, None);
    exports.append_to_component(&mut around);
    around
}

struct Structure<'a> {
    /// The section that defines the type of each part that is a component, where that stands for it.
    types: Vec<Option<&'a [u8]>>,
    /// The indices of the stubs that are defined once.
    indices: BTreeMap<&'a [u8], u32>,
    definitions: Vec<&'a [u8]>,
}

impl<'a> Structure<'a> {
    fn of(parts: &'a [Node<'_>]) -> Self {
        let modules: Vec<&Arc<Module>> = parts
            .iter()
            .filter_map(|part| match part {
                Node::Module { module, .. } => Some(*module),
                _ => None,
            })
            .collect();
        // The component around the result has the result besides.
        let mut left = limits::COMPONENTS - 1;
        let mut counts = BTreeMap::new();
        let mut types = Vec::new();
        for part in parts {
            types.push(None);
            if let Node::Component { children, type_section, .. } = part {
                if let Some(type_section) = type_section
                    && left > 0
                    && aliases_are_right(children, 1, &modules)
                {
                    left -= 1;
                    types.pop();
                    types.push(Some(*type_section));
                } else {
                    count(children, &mut counts);
                }
            }
        }
        let repeated = counts.into_iter().filter(|(_, count)| *count > 1).map(|(stub, _)| stub);
        let definitions: Vec<&[u8]> = repeated.take(limits::MODULES.saturating_sub(modules.len())).collect();
        let first = u32::try_from(modules.len()).unwrap_or(u32::MAX);
        Self { types, indices: definitions.iter().copied().zip(first..).collect(), definitions }
    }

    fn node(&self, node: &Node<'_>, depth: u32, bytes: &mut Vec<u8>) {
        match node {
            Node::Bytes(sections) => bytes.extend_from_slice(sections),
            Node::ModuleAlias { bytes: sections, .. } | Node::ComponentAlias(sections) => {
                bytes.extend_from_slice(sections);
            }
            Node::Module { module, .. } => match self.indices.get(&module.stub[..]).filter(|_| depth > 0) {
                Some(index) => alias(ComponentOuterAliasKind::CoreModule, depth, *index, bytes),
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

/// Whether each alias in a component with `depth` components around it means the module that it stands for, one of the outermost
/// component's `modules`. Of an alias of a component that is not known here.
fn aliases_are_right(children: &[Node<'_>], depth: u32, modules: &[&Arc<Module>]) -> bool {
    children.iter().all(|child| match child {
        Node::Bytes(_) | Node::Module { .. } => true,
        Node::ModuleAlias { depth: meant, index, module, .. } => {
            *meant == depth && modules.get(*index as usize).is_some_and(|found| found.has_code_of(module))
        }
        Node::ComponentAlias(_) => false,
        Node::Component { children, .. } => aliases_are_right(children, depth + 1, modules),
    })
}

fn count<'a>(nodes: &'a [Node<'_>], counts: &mut BTreeMap<&'a [u8], usize>) {
    for node in nodes {
        match node {
            Node::Module { module, .. } => *counts.entry(&module.stub[..]).or_default() += 1,
            Node::Component { children, .. } => count(children, counts),
            Node::Bytes(_) | Node::ModuleAlias { .. } | Node::ComponentAlias(_) => {}
        }
    }
}

fn alias(kind: ComponentOuterAliasKind, count: u32, index: u32, bytes: &mut Vec<u8>) {
    let mut section = ComponentAliasSection::new();
    section.alias(Alias::Outer { kind, count, index });
    section.append_to_component(bytes);
}
