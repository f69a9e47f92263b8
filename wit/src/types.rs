//! Decides how the types of a world are held: definitions and resources in arenas, referred to by index.
//!
//! As in the binary format, every name that an import or export gives a type is a type of its own, which says what it is another name
//! of: whether a component may be exported depends on by which of its names each type is referred to. What two names mean is
//! compared by shapes and, for resources, by [`Types::identity`].

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

/// A type under one of its names, or without any.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// Where what it is was named first; `None` for a type written in place, such as `list<u8>`.
    pub(crate) home: Option<TypeName>,
    pub(crate) shape: Shape,
}

/// A name of a type: the import or export that has it, and the type's name within that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName {
    /// Whether it is imported or exported.
    pub side: Side,
    /// The import or export: an interface, or the type itself.
    pub owner: ExternName,
    /// The type's name in the interface; of a type at the root the same as its owner.
    pub name: String,
}

impl TypeName {
    /// Whether the type is an import or export itself, and not of an interface.
    pub fn is_at_root(&self) -> bool {
        matches!(&self.owner, ExternName::Plain(owner) if *owner == self.name)
    }
}

/// Whether a component imports something or exports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It imports it.
    Import,
    /// It exports it.
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
    definitions: Vec<Named<Definition>>,
    resources: Vec<Named<Resource>>,
}

/// A type, and what is known of it as one that has names.
#[derive(Debug, Clone)]
struct Named<T> {
    ty: T,
    /// The type that it is another name of.
    renames: Option<NamedType>,
    /// Its names, in the order in which imports and then exports give them. Only an instance that is passed on has several.
    names: Vec<TypeName>,
}

/// A resource under one of its names.
#[derive(Debug, Clone)]
enum Resource {
    /// All of its names, of which the first is where it is at home.
    Original(Vec<TypeName>),
    /// The same as the original.
    Alias(ResourceId),
}

impl Types {
    /// Adds a type that no import or export names.
    pub(crate) fn define(&mut self, shape: Shape) -> DefinitionId {
        self.push(Definition { home: None, shape }, None, Vec::new())
    }

    /// Adds a type that has a name.
    pub(crate) fn define_named(&mut self, shape: Shape, name: TypeName) -> DefinitionId {
        self.push(Definition { home: Some(name.clone()), shape }, None, vec![name])
    }

    /// Adds a type that is another name of one: what is at home elsewhere stays that.
    pub(crate) fn rename(&mut self, original: DefinitionId, name: TypeName) -> DefinitionId {
        let Definition { home, shape } = self.definition(original).clone();
        let home = home.or_else(|| Some(name.clone()));
        self.push(Definition { home, shape }, Some(NamedType::Value(original)), vec![name])
    }

    fn push(&mut self, ty: Definition, renames: Option<NamedType>, names: Vec<TypeName>) -> DefinitionId {
        self.definitions.push(Named { ty, renames, names });
        DefinitionId(self.definitions.len() - 1)
    }

    pub(crate) fn define_resource(&mut self, name: TypeName) -> ResourceId {
        self.resources.push(Named { ty: Resource::Original(vec![name.clone()]), renames: None, names: vec![name] });
        ResourceId(self.resources.len() - 1)
    }

    /// Adds another name of a resource.
    pub(crate) fn rename_resource(&mut self, original: ResourceId, name: TypeName) -> ResourceId {
        let identity = self.identity(original);
        self.note(identity, &name);
        let (ty, renames) = (Resource::Alias(identity), Some(NamedType::Resource(original)));
        self.resources.push(Named { ty, renames, names: vec![name] });
        ResourceId(self.resources.len() - 1)
    }

    /// Notes that one more import or export has the type under the very same name.
    pub(crate) fn add_name(&mut self, ty: NamedType, name: TypeName) {
        if let NamedType::Resource(id) = ty {
            self.note(self.identity(id), &name);
        }
        let names = match ty {
            NamedType::Value(id) => &mut self.definitions[id.0].names,
            NamedType::Resource(id) => &mut self.resources[id.0].names,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }

    fn note(&mut self, identity: ResourceId, name: &TypeName) {
        if let Resource::Original(names) = &mut self.resources[identity.0].ty
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }

    pub(crate) fn definition(&self, id: DefinitionId) -> &Definition {
        &self.definitions[id.0].ty
    }

    /// Where the resource is at home.
    pub(crate) fn resource(&self, id: ResourceId) -> &TypeName {
        self.names_of_resource(id).first().expect("a resource has a name because only a name makes one")
    }

    /// What a type is that may be another name of one.
    pub(crate) fn original(&self, ty: NamedType) -> NamedType {
        match ty {
            NamedType::Resource(id) => NamedType::Resource(self.identity(id)),
            NamedType::Value(id) => NamedType::Value(self.original_definition(id)),
        }
    }

    pub(crate) fn original_definition(&self, mut id: DefinitionId) -> DefinitionId {
        while let Some(NamedType::Value(original)) = self.definitions[id.0].renames {
            id = original;
        }
        id
    }

    /// What two names of one resource have in common.
    pub(crate) fn identity(&self, id: ResourceId) -> ResourceId {
        match self.resources[id.0].ty {
            Resource::Original(_) => id,
            Resource::Alias(original) => original,
        }
    }

    /// All names under which imports and exports have the resource.
    pub(crate) fn names_of_resource(&self, id: ResourceId) -> &[TypeName] {
        match &self.resources[self.identity(id).0].ty {
            Resource::Original(names) => names,
            Resource::Alias(_) => &[],
        }
    }

    /// The names of exactly this type; what it renames, and what renames it, has others.
    pub(crate) fn names(&self, ty: NamedType) -> &[TypeName] {
        match ty {
            NamedType::Value(id) => &self.definitions[id.0].names,
            NamedType::Resource(id) => &self.resources[id.0].names,
        }
    }

    /// The type that this one is another name of.
    pub(crate) fn renamed(&self, ty: NamedType) -> Option<NamedType> {
        match ty {
            NamedType::Value(id) => self.definitions[id.0].renames,
            NamedType::Resource(id) => self.resources[id.0].renames,
        }
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
