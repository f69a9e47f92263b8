//! Decides which imports of a component the runtime leaves open, from the component's type and the linker.
//!
//! wasmtime names the first such import only, and a person who is told one missing import an attempt gives up.

use std::fmt;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

use crate::host::Host;
use crate::wasi;

/// An import that the runtime does not provide, or not all of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingImport {
    /// The import's name, as the component has it.
    pub name: String,
    /// The functions and resources that lack, where the runtime provides the rest of the interface; else empty.
    pub items: Vec<String>,
}

impl fmt::Display for MissingImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() {
            return write!(f, "`{}`", self.name);
        }
        write!(f, "`{}` of `{}`", self.items.join("`, `"), self.name)
    }
}

/// Lists the imports of `component` that `linker` does not define, in the component's order.
pub(crate) fn missing(component: &Component, linker: &Linker<Host>) -> Vec<MissingImport> {
    let engine = linker.engine();
    let component = component.component_type();
    let mut resources = Vec::new();
    let mut missing = Vec::new();
    for (name, import) in component.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else {
            if is_needed(&import.ty, &mut resources) && is_absent(linker, None, name, &import.ty) {
                missing.push(MissingImport { name: name.to_owned(), items: Vec::new() });
            }
            continue;
        };
        let mut needed = 0;
        let mut items = Vec::new();
        for (item, export) in instance.exports(engine) {
            if is_needed(&export.ty, &mut resources) {
                needed += 1;
                if is_absent(linker, Some(name), item, &export.ty) {
                    items.push(item.to_owned());
                }
            }
        }
        if items.is_empty() {
            continue;
        }
        if items.len() == needed {
            items.clear();
        }
        missing.push(MissingImport { name: name.to_owned(), items });
    }
    missing
}

/// Whether a host has to provide something for an item: not for a plain type, which is complete in itself, nor for another
/// name of a resource that an import before it has, which `resources` keeps.
fn is_needed(item: &ComponentItem, resources: &mut Vec<ResourceType>) -> bool {
    match item {
        ComponentItem::Type(_) => false,
        ComponentItem::Resource(resource) if resources.contains(resource) => false,
        ComponentItem::Resource(resource) => {
            resources.push(*resource);
            true
        }
        ComponentItem::ComponentFunc(_)
        | ComponentItem::ComponentInstance(_)
        | ComponentItem::Component(_)
        | ComponentItem::Module(_)
        | ComponentItem::CoreFunc(_) => true,
    }
}

/// Whether the linker has no item of that name.
///
/// A linker cannot be asked, but refuses a second definition; so the copy that accepts one had none.
fn is_absent(linker: &Linker<Host>, interface: Option<&str>, item: &str, kind: &ComponentItem) -> bool {
    let mut copy = linker.clone();
    copy.allow_shadowing(false);
    let instance = match interface {
        Some(interface) => copy.instance(&wasi::linked_name(interface)),
        None => Ok(copy.root()),
    };
    let Ok(mut instance) = instance else { return true };
    match kind {
        ComponentItem::ComponentFunc(_) => instance.func_new(item, |_, _, _, _| Ok(())).is_ok(),
        ComponentItem::Resource(_) => instance.resource(item, ResourceType::host::<()>(), |_, _| Ok(())).is_ok(),
        // The linker defines nothing of these kinds.
        ComponentItem::ComponentInstance(_)
        | ComponentItem::Component(_)
        | ComponentItem::Module(_)
        | ComponentItem::CoreFunc(_)
        | ComponentItem::Type(_) => true,
    }
}
