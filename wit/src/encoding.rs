//! Encodes a world as the type of a component, in the [binary format].
//!
//! From a [`World`] to the one type that its imports and exports are. Each name of a type in the world is one here, of the same type,
//! and whatever refers to a type does so by the same name: within an interface by its index, from another through an alias. So what
//! a composition must export, for everything in it to have a name, is the same for components of this type as for the component
//! itself. Whether that is of this type is for a validator to say; what cannot be encoded becomes an index that refers to nothing,
//! which no validator accepts.
//!
//! [binary format]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Binary.md

use std::collections::HashMap;

use wasm_encoder::{
    Alias, ComponentExportKind, ComponentOuterAliasKind, ComponentType, ComponentTypeEncoder, ComponentTypeRef,
    ComponentValType, InstanceType, TypeBounds,
};

use crate::name::ExternName;
use crate::types::{
    Concurrency, DefinitionId, Entity, Function, Interface, NamedType, ResourceId, Shape, Side, Type, Types,
};
use crate::world::World;

/// An index of nothing.
const NOTHING: u32 = u32::MAX;

/// The type of the components that import and export what the world does.
pub(crate) fn component_type(world: &World) -> ComponentType {
    let mut root = Root {
        types: &world.types,
        encoded: ComponentType::new(),
        instances: 0,
        known: HashMap::new(),
        places: HashMap::new(),
    };
    for (side, entities) in [(Side::Import, &world.imports), (Side::Export, &world.exports)] {
        for (name, entity) in entities {
            root.entity(side, name, entity);
        }
    }
    root.encoded
}

/// Where types are defined one after the other.
trait Scope<'a> {
    fn types(&self) -> &'a Types;
    fn encoder(&mut self) -> ComponentTypeEncoder<'_>;
    /// How many types there are.
    fn count(&self) -> u32;
    /// Types that have an index here.
    fn known(&mut self) -> &mut HashMap<NamedType, u32>;
    /// Gives a type that is at home elsewhere an index here.
    fn bring(&mut self, ty: NamedType) -> Option<u32>;

    /// The index of a type that was defined before.
    fn find(&mut self, ty: NamedType) -> Option<u32> {
        if let Some(index) = self.known().get(&ty) {
            return Some(*index);
        }
        let index = self.bring(ty)?;
        self.known().insert(ty, index);
        Some(index)
    }

    /// What a name stands for: a type that was defined before, or one that begins with it.
    fn bounds(&mut self, ty: NamedType) -> TypeBounds {
        // What an instance that is passed on has is known already.
        let known = self.find(ty).or_else(|| self.types().renamed(ty).and_then(|original| self.find(original)));
        let known = known.or_else(|| self.find(self.types().original(ty)));
        match (known, ty) {
            (Some(index), _) => TypeBounds::Eq(index),
            (None, NamedType::Resource(_)) => TypeBounds::SubResource,
            (None, NamedType::Value(definition)) => TypeBounds::Eq(self.define(definition)),
        }
    }

    /// The index of a resource that a handle is of.
    fn resource(&mut self, id: ResourceId) -> u32 {
        self.find(NamedType::Resource(id)).unwrap_or(NOTHING)
    }

    fn value(&mut self, ty: Type) -> ComponentValType {
        match ty {
            Type::Primitive(primitive) => ComponentValType::Primitive(primitive.into()),
            Type::Defined(definition) => {
                let named = NamedType::Value(definition);
                ComponentValType::Type(match self.find(named) {
                    Some(index) => index,
                    None => {
                        let index = self.define(definition);
                        self.known().insert(named, index);
                        index
                    }
                })
            }
        }
    }

    fn maybe(&mut self, ty: Option<Type>) -> Option<ComponentValType> {
        ty.map(|ty| self.value(ty))
    }

    fn named(&mut self, fields: &'a [(String, Type)]) -> Vec<(&'a str, ComponentValType)> {
        fields.iter().map(|(name, ty)| (name.as_str(), self.value(*ty))).collect()
    }

    fn define(&mut self, definition: DefinitionId) -> u32 {
        match &self.types().definition(definition).shape {
            Shape::Primitive(primitive) => self.encoder().defined_type().primitive((*primitive).into()),
            Shape::Record(fields) => {
                let fields = self.named(fields);
                self.encoder().defined_type().record(fields);
            }
            Shape::Variant(cases) => {
                let cases: Vec<_> = cases.iter().map(|(name, payload)| (name.as_str(), self.maybe(*payload))).collect();
                self.encoder().defined_type().variant(cases);
            }
            Shape::Enum(cases) => self.encoder().defined_type().enum_type(cases.iter().map(String::as_str)),
            Shape::Flags(flags) => self.encoder().defined_type().flags(flags.iter().map(String::as_str)),
            Shape::Tuple(types) => {
                let types: Vec<_> = types.iter().map(|ty| self.value(*ty)).collect();
                self.encoder().defined_type().tuple(types);
            }
            Shape::List(element) => {
                let element = self.value(*element);
                self.encoder().defined_type().list(element);
            }
            Shape::FixedLengthList(element, length) => {
                let element = self.value(*element);
                self.encoder().defined_type().fixed_length_list(element, *length);
            }
            Shape::Map(key, value) => {
                let (key, value) = (self.value(*key), self.value(*value));
                self.encoder().defined_type().map(key, value);
            }
            Shape::Option(ty) => {
                let ty = self.value(*ty);
                self.encoder().defined_type().option(ty);
            }
            Shape::Result(ok, error) => {
                let (ok, error) = (self.maybe(*ok), self.maybe(*error));
                self.encoder().defined_type().result(ok, error);
            }
            Shape::Own(resource) => {
                let index = self.resource(*resource);
                self.encoder().defined_type().own(index);
            }
            Shape::Borrow(resource) => {
                let index = self.resource(*resource);
                self.encoder().defined_type().borrow(index);
            }
            Shape::Future(payload) => {
                let payload = self.maybe(*payload);
                self.encoder().defined_type().future(payload);
            }
            Shape::Stream(payload) => {
                let payload = self.maybe(*payload);
                self.encoder().defined_type().stream(payload);
            }
        }
        self.count() - 1
    }

    fn function(&mut self, function: &'a Function) -> u32 {
        let parameters = self.named(&function.parameters);
        let result = self.maybe(function.result);
        let mut encoder = self.encoder().function();
        encoder.async_(function.concurrency == Concurrency::Async).params(parameters).result(result);
        self.count() - 1
    }
}

/// The component.
struct Root<'a> {
    types: &'a Types,
    encoded: ComponentType,
    instances: u32,
    known: HashMap<NamedType, u32>,
    /// The instance and the name that a type is known by first.
    places: HashMap<NamedType, (u32, &'a str)>,
}

impl<'a> Root<'a> {
    fn entity(&mut self, side: Side, name: &ExternName, entity: &'a Entity) {
        match entity {
            Entity::Interface(interface) => {
                let instance = Inner::of(self, interface);
                self.encoded.ty().instance(&instance);
                let index = self.count() - 1;
                self.add(side, name, ComponentTypeRef::Instance(index));
                for (name, ty) in &interface.types {
                    self.places.entry(*ty).or_insert((self.instances, name));
                }
                self.instances += 1;
            }
            Entity::Function(function) => {
                let index = self.function(function);
                self.add(side, name, ComponentTypeRef::Func(index));
            }
            Entity::Type(ty) => {
                let bounds = self.bounds(*ty);
                self.add(side, name, ComponentTypeRef::Type(bounds));
                self.known.insert(*ty, self.count() - 1);
            }
        }
    }

    fn add(&mut self, side: Side, name: &ExternName, ty: ComponentTypeRef) {
        let name = name.to_string();
        match side {
            Side::Import => self.encoded.import(name, ty),
            Side::Export => self.encoded.export(name, ty),
        };
    }
}

impl<'a> Scope<'a> for Root<'a> {
    fn types(&self) -> &'a Types {
        self.types
    }

    fn encoder(&mut self) -> ComponentTypeEncoder<'_> {
        self.encoded.ty()
    }

    fn count(&self) -> u32 {
        self.encoded.type_count()
    }

    fn known(&mut self) -> &mut HashMap<NamedType, u32> {
        &mut self.known
    }

    fn bring(&mut self, ty: NamedType) -> Option<u32> {
        let (instance, name) = *self.places.get(&ty)?;
        self.encoded.alias(Alias::InstanceExport { instance, kind: ComponentExportKind::Type, name });
        Some(self.count() - 1)
    }
}

/// An interface of the component.
struct Inner<'r, 'a> {
    root: &'r mut Root<'a>,
    encoded: InstanceType,
    known: HashMap<NamedType, u32>,
}

impl<'r, 'a> Inner<'r, 'a> {
    fn of(root: &'r mut Root<'a>, interface: &'a Interface) -> InstanceType {
        let mut inner = Self { root, encoded: InstanceType::new(), known: HashMap::new() };
        for (name, ty) in &interface.types {
            let bounds = inner.bounds(*ty);
            inner.encoded.export(name, ComponentTypeRef::Type(bounds));
            let index = inner.count() - 1;
            inner.known.insert(*ty, index);
        }
        for (name, function) in &interface.functions {
            let index = inner.function(function);
            inner.encoded.export(name, ComponentTypeRef::Func(index));
        }
        inner.encoded
    }
}

impl<'a> Scope<'a> for Inner<'_, 'a> {
    fn types(&self) -> &'a Types {
        self.root.types
    }

    fn encoder(&mut self) -> ComponentTypeEncoder<'_> {
        self.encoded.ty()
    }

    fn count(&self) -> u32 {
        self.encoded.type_count()
    }

    fn known(&mut self) -> &mut HashMap<NamedType, u32> {
        &mut self.known
    }

    fn bring(&mut self, ty: NamedType) -> Option<u32> {
        let index = self.root.find(ty)?;
        self.encoded.alias(Alias::Outer { kind: ComponentOuterAliasKind::Type, count: 1, index });
        Some(self.count() - 1)
    }
}
