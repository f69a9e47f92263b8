//! Decides which named types an import or export needs from elsewhere, from its types to the names that those have.
//!
//! A component may export a record, variant, enum, flags or resource only under a name, and that goes for [every type] that is within
//! an export. A name stands for its own type alone: what `use` makes is another name, and whether a type is needed by the one or the
//! other depends on which of them the export refers to. An interface names its own types and those that it `use`s; what is only
//! within these is named elsewhere. A type has one name, unless an instance that has it is passed on as it is: then any of its names
//! will do.
//!
//! [every type]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Explainer.md#import-and-export-definitions

use std::collections::HashSet;

use crate::types::{DefinitionId, Entity, Function, Interface, NamedType, ResourceId, Shape, Type, TypeName, Types};
use crate::world::{Item, World};

/// A type that an item needs and another import or export names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignType {
    /// Its names, each of which will do: those that imports give it first, in the order of the component.
    pub names: Vec<TypeName>,
}

impl<'a> Item<'a> {
    /// The types within this item that it does not name itself, each once, in the order in which they are met.
    ///
    /// Of a type at the root of a world they are those within what it stands for.
    pub fn foreign_types(&self) -> Vec<ForeignType> {
        let types = &self.world.types;
        let mut search =
            Search { types, own: HashSet::new(), within: HashSet::new(), seen: HashSet::new(), found: Vec::new() };
        match self.entity {
            Entity::Interface(interface) => search.interface(interface),
            Entity::Function(function) => search.function(function),
            Entity::Type(ty) => search.named(*ty),
        }
        search.found
    }

    fn own_types(&self) -> impl Iterator<Item = NamedType> + 'a {
        let (interface, own) = match self.entity {
            Entity::Interface(interface) => (Some(interface), None),
            Entity::Type(ty) => (None, Some(*ty)),
            Entity::Function(_) => (None, None),
        };
        interface.into_iter().flat_map(|interface| interface.types.values().copied()).chain(own)
    }

    /// The names of the type that a type at the root of a world is another name of, as `use` makes it; none where it is defined
    /// at the root, and for interfaces and functions.
    pub fn renamed_type(&self) -> &'a [TypeName] {
        match self.entity {
            Entity::Type(ty) => self.world.types.renamed(*ty).map_or(&[], |original| self.world.types.names(original)),
            Entity::Interface(_) | Entity::Function(_) => &[],
        }
    }

    /// All names of the type that an interface has under a name, which is among them.
    pub fn names_of_type(&self, name: &str) -> &'a [TypeName] {
        match self.entity {
            Entity::Interface(interface) => interface.types.get(name).map_or(&[], |ty| self.world.types.names(*ty)),
            Entity::Type(ty) => self.world.types.names(*ty),
            Entity::Function(_) => &[],
        }
    }
}

impl World {
    /// Whether every import and export has the same types by the same names as in another world, and needs the same of others.
    pub fn is_named_as(&self, other: &World) -> bool {
        // One item after the other: each type may have as many names as there are items.
        fn items(world: &World) -> impl Iterator<Item = (Vec<ForeignType>, &[TypeName], Vec<&[TypeName]>)> {
            world.imports().chain(world.exports()).map(move |(_, item)| {
                let own = item.own_types().map(|ty| world.types.names(ty)).collect();
                (item.foreign_types(), item.renamed_type(), own)
            })
        }
        items(self).eq(items(other))
    }
}

struct Search<'a> {
    types: &'a Types,
    own: HashSet<NamedType>,
    /// Types that were looked into: one may be in another more than once, and that one in a third.
    within: HashSet<DefinitionId>,
    seen: HashSet<NamedType>,
    found: Vec<ForeignType>,
}

impl Search<'_> {
    fn interface(&mut self, interface: &Interface) {
        // Nothing comes before what it refers to, but a name of a resource may come after others of it.
        self.own.extend(interface.types.values().copied());
        for ty in interface.types.values() {
            self.named(*ty);
        }
        for function in interface.functions.values() {
            self.function(function);
        }
    }

    fn function(&mut self, function: &Function) {
        for (_, ty) in &function.parameters {
            self.value(*ty);
        }
        if let Some(ty) = function.result {
            self.value(ty);
        }
    }

    /// What is directly within a type that has its name here.
    fn named(&mut self, ty: NamedType) {
        if let NamedType::Value(id) = ty {
            self.within(id);
        }
    }

    fn value(&mut self, ty: Type) {
        let Type::Defined(id) = ty else { return };
        match self.types.definition(id).shape {
            Shape::Record(_) | Shape::Variant(_) | Shape::Enum(_) | Shape::Flags(_) => {
                self.needed(NamedType::Value(id));
            }
            // Lists, tuples and the like may be written out wherever they stand.
            _ => self.within(id),
        }
    }

    fn within(&mut self, id: DefinitionId) {
        if !self.within.insert(id) {
            return;
        }
        let shape = &self.types.definition(id).shape;
        if let Shape::Own(resource) | Shape::Borrow(resource) = shape {
            self.resource(*resource);
        }
        for component in shape.components() {
            self.value(component);
        }
    }

    fn resource(&mut self, id: ResourceId) {
        self.needed(NamedType::Resource(id));
    }

    /// A type that must have a name. What is within it had to be named where that was given.
    fn needed(&mut self, ty: NamedType) {
        let names = self.types.names(ty);
        if !self.own.contains(&ty) && !names.is_empty() && self.seen.insert(ty) {
            self.found.push(ForeignType { names: names.to_vec() });
        }
    }
}
