//! The outermost component: its sections one after the other, and the indices of what they define.
//!
//! Knows the index spaces of a component and nothing of what is composed.

use std::borrow::Cow;

use wasm_encoder::{
    Alias, ComponentAliasSection, ComponentExportKind, ComponentExportSection, ComponentInstanceSection,
    ComponentNameSection, ComponentSection, NameMap,
};

use super::{imports::Imports, layout::Node};
use crate::limits::Extent;

/// Something in an index space.
pub(super) type Defined = (ComponentExportKind, u32);

/// A component that is being written.
pub(super) struct Outer<'a> {
    parts: Vec<Node<'a>>,
    /// The section that is being written: neighbours of one kind are one section.
    open: Open,
    types: u32,
    functions: u32,
    instances: u32,
    modules: u32,
    components: u32,
    component_names: NameMap,
    instance_names: NameMap,
}

enum Open {
    Nothing,
    Aliases(ComponentAliasSection),
    Instances(ComponentInstanceSection),
    Exports(ComponentExportSection),
}

impl<'a> Outer<'a> {
    pub(super) fn new(imports: &Imports) -> Self {
        let mut parts = Vec::new();
        if !imports.sections.is_empty() {
            parts.push(Node::Bytes(Cow::Owned(imports.sections.clone())));
        }
        Self {
            parts,
            open: Open::Nothing,
            types: imports.types,
            functions: imports.functions,
            instances: imports.instances,
            modules: 0,
            components: 0,
            component_names: NameMap::new(),
            instance_names: NameMap::new(),
        }
    }

    /// Defines a module.
    pub(super) fn module(&mut self, module: Node<'a>) {
        self.close();
        self.parts.push(module);
        self.modules += 1;
    }

    /// Defines a component.
    pub(super) fn component(&mut self, component: Node<'a>) -> u32 {
        self.close();
        self.parts.push(component);
        next(&mut self.components)
    }

    /// Gives a component a name.
    pub(super) fn name_component(&mut self, index: u32, name: &str) {
        self.component_names.append(index, name);
    }

    /// Defines an instance of a component, which has a name.
    pub(super) fn instance(&mut self, name: &str, component: u32, arguments: &[(String, Defined)]) -> u32 {
        if !matches!(self.open, Open::Instances(_)) {
            self.close();
            self.open = Open::Instances(ComponentInstanceSection::new());
        }
        if let Open::Instances(section) = &mut self.open {
            let arguments = arguments.iter().map(|(name, (kind, index))| (name.as_str(), *kind, *index));
            section.instantiate(component, arguments);
        }
        self.instance_names.append(self.instances, name);
        next(&mut self.instances)
    }

    /// Makes an export of an instance a definition.
    pub(super) fn alias(&mut self, instance: u32, kind: ComponentExportKind, name: &str) -> Defined {
        if !matches!(self.open, Open::Aliases(_)) {
            self.close();
            self.open = Open::Aliases(ComponentAliasSection::new());
        }
        if let Open::Aliases(section) = &mut self.open {
            section.alias(Alias::InstanceExport { instance, kind, name });
        }
        (kind, next(self.space(kind)))
    }

    /// Exports a definition.
    pub(super) fn export(&mut self, name: &str, (kind, index): Defined) {
        if !matches!(self.open, Open::Exports(_)) {
            self.close();
            self.open = Open::Exports(ComponentExportSection::new());
        }
        if let Open::Exports(section) = &mut self.open {
            section.export(name, kind, index, None);
        }
        next(self.space(kind));
    }

    /// How much is defined of what runtimes bound.
    pub(super) fn extent(&self) -> Extent {
        Extent {
            modules: self.modules as usize,
            components: self.components as usize,
            instances: self.instances as usize,
            in_all: 1 + self.parts.iter().map(Node::definitions).sum::<usize>(),
        }
    }

    /// Ends the component: its parts.
    pub(super) fn finish(mut self, names: Names, custom: impl IntoIterator<Item = Vec<u8>>) -> Vec<Node<'a>> {
        self.close();
        if names == Names::Written {
            let mut section = ComponentNameSection::new();
            if !self.component_names.is_empty() {
                section.components(&self.component_names);
            }
            if !self.instance_names.is_empty() {
                section.instances(&self.instance_names);
            }
            self.section(&section);
        }
        self.parts.extend(custom.into_iter().map(|section| Node::Bytes(Cow::Owned(section))));
        self.parts
    }

    fn space(&mut self, kind: ComponentExportKind) -> &mut u32 {
        match kind {
            ComponentExportKind::Module => &mut self.modules,
            ComponentExportKind::Func => &mut self.functions,
            ComponentExportKind::Type | ComponentExportKind::Value => &mut self.types,
            ComponentExportKind::Instance => &mut self.instances,
            ComponentExportKind::Component => &mut self.components,
        }
    }

    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Aliases(section) => self.section(&section),
            Open::Instances(section) => self.section(&section),
            Open::Exports(section) => self.section(&section),
        }
    }

    fn section(&mut self, section: &impl ComponentSection) {
        let mut bytes = Vec::new();
        section.append_to_component(&mut bytes);
        self.parts.push(Node::Bytes(Cow::Owned(bytes)));
    }
}

/// Whether the names of what is defined are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Written,
    Omitted,
}

fn next(space: &mut u32) -> u32 {
    let index = *space;
    *space += 1;
    index
}
