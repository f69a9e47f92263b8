//! Decides which named types an import or export needs from elsewhere, from its types to the places where those are named.
//!
//! A component may export a record, variant, enum, flags or resource only under a name: every such type that is within an export
//! must be named by an export or an import of the component. An interface names its own types and those that it `use`s; what is
//! only within these is named elsewhere.

use std::collections::HashSet;

use crate::name::ExternName;
use crate::types::{DefinitionId, Entity, Function, Home, NamedType, ResourceId, Shape, Side, Type, Types};
use crate::world::Item;

/// A type that an item needs and another import or export names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForeignType {
    /// An imported interface names it.
    Import {
        /// The interface.
        interface: ExternName,
        /// The type's name there.
        name: String,
    },
    /// An exported interface names it.
    Export {
        /// The interface.
        interface: ExternName,
        /// The type's name there.
        name: String,
    },
}

impl<'a> Item<'a> {
    /// The types within this item that it does not name itself, each once, in the order in which they are met.
    ///
    /// A type at the root of a world that stands for one of an interface is foreign: the interface names it. One that is
    /// defined at the root is not.
    pub fn foreign_types(&self) -> Vec<ForeignType> {
        let mut search =
            Search { types: &self.world.types, own: HashSet::new(), seen: HashSet::new(), found: Vec::new() };
        match self.entity {
            Entity::Interface(interface) => {
                search.own.extend(interface.types.values().copied());
                for ty in interface.types.values() {
                    search.within_named(*ty);
                }
                for function in interface.functions.values() {
                    search.function(function);
                }
            }
            Entity::Function(function) => search.function(function),
            Entity::Type(ty) => search.named(*ty),
        }
        search.found
    }
}

struct Search<'a> {
    types: &'a Types,
    own: HashSet<NamedType>,
    seen: HashSet<NamedType>,
    found: Vec<ForeignType>,
}

impl Search<'_> {
    fn function(&mut self, function: &Function) {
        for (_, ty) in &function.parameters {
            self.value(*ty);
        }
        if let Some(ty) = function.result {
            self.value(ty);
        }
    }

    fn value(&mut self, ty: Type) {
        if let Type::Defined(id) = ty {
            self.named(NamedType::Value(id));
        }
    }

    fn named(&mut self, ty: NamedType) {
        if self.own.contains(&ty) || !self.seen.insert(ty) {
            return;
        }
        let home = match ty {
            NamedType::Resource(id) => Some(self.types.resource(id)),
            NamedType::Value(id) => self.types.definition(id).home.as_ref().filter(|_| self.needs_a_name(id)),
        };
        if let Some(foreign) = home.and_then(foreign) {
            self.found.push(foreign);
        }
        self.within_named(ty);
    }

    fn within_named(&mut self, ty: NamedType) {
        let NamedType::Value(id) = ty else { return };
        let shape = &self.types.definition(id).shape;
        if let Shape::Own(resource) | Shape::Borrow(resource) = shape {
            self.resource(*resource);
        }
        for component in shape.components() {
            self.value(component);
        }
    }

    fn resource(&mut self, id: ResourceId) {
        self.named(NamedType::Resource(id));
    }

    /// Lists, tuples and the like may be written out wherever they stand.
    fn needs_a_name(&self, id: DefinitionId) -> bool {
        matches!(
            self.types.definition(id).shape,
            Shape::Record(_) | Shape::Variant(_) | Shape::Enum(_) | Shape::Flags(_)
        )
    }
}

fn foreign(home: &Home) -> Option<ForeignType> {
    if home.is_at_root() {
        return None;
    }
    let (interface, name) = (home.owner.clone(), home.name.clone());
    Some(match home.side {
        Side::Import => ForeignType::Import { interface, name },
        Side::Export => ForeignType::Export { interface, name },
    })
}
