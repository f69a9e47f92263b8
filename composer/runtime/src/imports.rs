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
    component
        .imports(engine)
        .filter_map(|(name, import)| match import.ty {
            ComponentItem::ComponentInstance(instance) => {
                let items: Vec<_> = instance.exports(engine).filter(|(_, item)| must_be_defined(&item.ty)).collect();
                let absent: Vec<_> = items
                    .iter()
                    .filter(|(item, extern_)| is_absent(linker, Some(name), item, &extern_.ty))
                    .map(|(item, _)| (*item).to_owned())
                    .collect();
                match absent.len() {
                    0 => None,
                    all if all == items.len() => Some(MissingImport { name: name.to_owned(), items: Vec::new() }),
                    _ => Some(MissingImport { name: name.to_owned(), items: absent }),
                }
            }
            item => (must_be_defined(&item) && is_absent(linker, None, name, &item))
                .then(|| MissingImport { name: name.to_owned(), items: Vec::new() }),
        })
        .collect()
}

/// Whether a host has to provide something for an item of this kind; plain types are complete in themselves.
fn must_be_defined(item: &ComponentItem) -> bool {
    !matches!(item, ComponentItem::Type(_))
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
