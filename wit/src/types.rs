//! Decides how the types of a world are held: definitions and resources in arenas, referred to by index, so that a type
//! used in many places is one definition and two handles of one resource are equal.

use indexmap::IndexMap;
use wasmparser::PrimitiveValType;

use crate::name::ExternName;

/// A value type: a primitive one, or a definition of the same [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Primitive(PrimitiveValType),
    Defined(DefinitionId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DefinitionId(usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ResourceId(usize);

/// A definition; every other name that an interface gives it is the same [`DefinitionId`].
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// Where it is named first; `None` for a type written in place, such as `list<u8>`.
    pub(crate) home: Option<Home>,
    pub(crate) shape: Shape,
}

/// Where a type is defined: the import or export, and the type's name within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) side: Side,
    pub(crate) owner: ExternName,
    pub(crate) name: String,
}

impl Home {
    /// Whether the type is an import or export itself, and not of an interface.
    pub(crate) fn is_at_root(&self) -> bool {
        matches!(&self.owner, ExternName::Plain(owner) if *owner == self.name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Import,
    Export,
}

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Primitive(PrimitiveValType),
    Record(Vec<(String, Type)>),
    Variant(Vec<(String, Option<Type>)>),
    Enum(Vec<String>),
    Flags(Vec<String>),
    Tuple(Vec<Type>),
    List(Type),
    FixedLengthList(Type, u32),
    Map(Type, Type),
    Option(Type),
    Result(Option<Type>, Option<Type>),
    Own(ResourceId),
    Borrow(ResourceId),
    Future(Option<Type>),
    Stream(Option<Type>),
}

/// What the name of a type stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NamedType {
    Resource(ResourceId),
    Value(DefinitionId),
}

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) concurrency: Concurrency,
    pub(crate) parameters: Vec<(String, Type)>,
    pub(crate) result: Option<Type>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    Sync,
    Async,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Interface {
    pub(crate) types: IndexMap<String, NamedType>,
    pub(crate) functions: IndexMap<String, Function>,
}

/// What an import or export is.
#[derive(Debug, Clone)]
pub(crate) enum Entity {
    Interface(Interface),
    Function(Function),
    Type(NamedType),
}

/// All types of one world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Types {
    definitions: Vec<Definition>,
    /// All names of each resource; the first is where it is at home.
    resources: Vec<Vec<Home>>,
}

impl Types {
    pub(crate) fn define(&mut self, definition: Definition) -> DefinitionId {
        self.definitions.push(definition);
        DefinitionId(self.definitions.len() - 1)
    }

    pub(crate) fn define_resource(&mut self, home: Home) -> ResourceId {
        self.resources.push(vec![home]);
        ResourceId(self.resources.len() - 1)
    }

    pub(crate) fn definition(&self, id: DefinitionId) -> &Definition {
        &self.definitions[id.0]
    }

    pub(crate) fn resource(&self, id: ResourceId) -> &Home {
        &self.resources[id.0][0]
    }

    /// Notes a further name of a resource.
    pub(crate) fn name_resource(&mut self, id: ResourceId, name: Home) {
        let names = &mut self.resources[id.0];
        if !names.contains(&name) {
            names.push(name);
        }
    }

    /// All names under which imports and exports have the resource.
    pub(crate) fn names_of_resource(&self, id: ResourceId) -> &[Home] {
        &self.resources[id.0]
    }
}

impl Shape {
    /// The value types directly within, in order.
    pub(crate) fn components(&self) -> Vec<Type> {
        match self {
            Shape::Primitive(_) | Shape::Enum(_) | Shape::Flags(_) | Shape::Own(_) | Shape::Borrow(_) => Vec::new(),
            Shape::Record(fields) => fields.iter().map(|(_, ty)| *ty).collect(),
            Shape::Variant(cases) => cases.iter().filter_map(|(_, payload)| *payload).collect(),
            Shape::Tuple(types) => types.clone(),
            Shape::List(ty) | Shape::FixedLengthList(ty, _) | Shape::Option(ty) => vec![*ty],
            Shape::Map(key, value) => vec![*key, *value],
            Shape::Result(ok, error) => ok.iter().chain(error).copied().collect(),
            Shape::Future(payload) | Shape::Stream(payload) => payload.iter().copied().collect(),
        }
    }

    /// The keyword of WIT that makes such a type.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Shape::Primitive(_) => "primitive",
            Shape::Record(_) => "record",
            Shape::Variant(_) => "variant",
            Shape::Enum(_) => "enum",
            Shape::Flags(_) => "flags",
            Shape::Tuple(_) => "tuple",
            Shape::List(_) | Shape::FixedLengthList(..) => "list",
            Shape::Map(..) => "map",
            Shape::Option(_) => "option",
            Shape::Result(..) => "result",
            Shape::Own(_) => "own",
            Shape::Borrow(_) => "borrow",
            Shape::Future(_) => "future",
            Shape::Stream(_) => "stream",
        }
    }
}
