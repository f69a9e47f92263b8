//! Decides whether two types are the same, from a type of each version, to a [`Sameness`].
//!
//! Types that one interface defines under one name count as the same wherever they are used: how their definitions differ is
//! reported once, where they are.

use std::collections::HashMap;

use wit_parser::{Handle, PackageId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

use crate::package::Package;
use crate::track::Track;

/// How alike two types are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sameness {
    /// The same, by name and for the type checker.
    Same,
    /// Two types that are made up the same: equal for the type checker only.
    Equal,
    /// Others.
    Different,
}

/// Where a type is defined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Home<'a> {
    /// The name of the package; `None` for the packages that are compared.
    pub(crate) package: Option<(&'a str, &'a str, Track)>,
    /// The interface or world; `None` for an interface without a name.
    pub(crate) owner: Option<&'a str>,
    /// The type's name.
    pub(crate) name: &'a str,
}

impl<'a> Home<'a> {
    /// Whether both are the same type, in any version of another package.
    pub(crate) fn is_of_the_name(&self, other: &Home<'a>) -> bool {
        let package = |home: &Self| home.package.as_ref().map(|(namespace, name, _)| (*namespace, *name));
        self.name == other.name && self.owner == other.owner && package(self) == package(other)
    }
}

/// Compares types of two packages.
pub(crate) struct Types<'a> {
    before: &'a Resolve,
    after: &'a Resolve,
    packages: [PackageId; 2],
    // A type may have another in it twice, and that one a third: each pair is compared once.
    structures: HashMap<(TypeId, TypeId), Sameness>,
    equalities: HashMap<(TypeId, TypeId), bool>,
}

impl<'a> Types<'a> {
    pub(crate) fn new(before: &'a Package, after: &'a Package) -> Types<'a> {
        Types {
            before: before.resolve(),
            after: after.resolve(),
            packages: [before.id(), after.id()],
            structures: HashMap::new(),
            equalities: HashMap::new(),
        }
    }

    /// How alike the types are where they are used.
    pub(crate) fn compare(&mut self, before: Type, after: Type) -> Sameness {
        if let (Type::Id(before), Type::Id(after)) = (before, after)
            && self.are_of_one_name(before, after)
        {
            return Sameness::Same;
        }
        match (target(self.before, before), target(self.after, after)) {
            (Type::Id(before), Type::Id(after)) => self.compare_definitions(before, after),
            (before, after) if before == after => Sameness::Same,
            _ => Sameness::Different,
        }
    }

    /// How alike the types are, if there are any.
    pub(crate) fn compare_optional(&mut self, before: Option<Type>, after: Option<Type>) -> Sameness {
        match (before, after) {
            (Some(before), Some(after)) => self.compare(before, after),
            (None, None) => Sameness::Same,
            _ => Sameness::Different,
        }
    }

    /// How alike two types are by what they are made up of, whatever their own names.
    pub(crate) fn compare_structures(&mut self, before: TypeId, after: TypeId) -> Sameness {
        if let Some(sameness) = self.structures.get(&(before, after)) {
            return *sameness;
        }
        let (kind_before, kind_after) = (&self.before.types[before].kind, &self.after.types[after].kind);
        let sameness = if same_constructor(kind_before, kind_after) {
            let (before, after) = (components(kind_before), components(kind_after));
            let pairs = before.into_iter().zip(after).map(|(before, after)| self.compare(before, after));
            pairs.max().unwrap_or(Sameness::Same)
        } else {
            Sameness::Different
        };
        self.structures.insert((before, after), sameness);
        sameness
    }

    /// Whether the type checker takes one for the other.
    pub(crate) fn are_equal(&mut self, before: Type, after: Type) -> bool {
        match (target(self.before, before), target(self.after, after)) {
            (Type::Id(before), Type::Id(after)) => self.definitions_are_equal(before, after),
            (before, after) => before == after,
        }
    }

    /// Where the type before is defined.
    pub(crate) fn home_before(&self, id: TypeId) -> Option<Home<'a>> {
        home(self.before, self.packages[0], id)
    }

    /// Where the type after is defined.
    pub(crate) fn home_after(&self, id: TypeId) -> Option<Home<'a>> {
        home(self.after, self.packages[1], id)
    }

    fn compare_definitions(&mut self, before: TypeId, after: TypeId) -> Sameness {
        if self.are_of_one_name(before, after) {
            return Sameness::Same;
        }
        let is_nominal = is_nominal(&self.before.types[before].kind) || is_nominal(&self.after.types[after].kind);
        match is_nominal {
            true if self.definitions_are_equal(before, after) => Sameness::Equal,
            true => Sameness::Different,
            false => self.compare_structures(before, after),
        }
    }

    fn are_of_one_name(&self, before: TypeId, after: TypeId) -> bool {
        match (self.home_before(before), self.home_after(after)) {
            (Some(before), Some(after)) => before.is_of_the_name(&after),
            _ => false,
        }
    }

    fn definitions_are_equal(&mut self, before: TypeId, after: TypeId) -> bool {
        if let Some(equal) = self.equalities.get(&(before, after)) {
            return *equal;
        }
        let (kind_before, kind_after) = (&self.before.types[before].kind, &self.after.types[after].kind);
        let equal = match (kind_before, kind_after) {
            (TypeDefKind::Resource, TypeDefKind::Resource) => self.home_before(before) == self.home_after(after),
            _ => {
                same_constructor(kind_before, kind_after) && {
                    let (before, after) = (components(kind_before), components(kind_after));
                    before.into_iter().zip(after).all(|(before, after)| self.are_equal(before, after))
                }
            }
        };
        self.equalities.insert((before, after), equal);
        equal
    }
}

/// What an alias stands for, through all aliases.
pub(crate) fn target(resolve: &Resolve, mut ty: Type) -> Type {
    while let Type::Id(id) = ty
        && let TypeDefKind::Type(aliased) = resolve.types[id].kind
    {
        ty = aliased;
    }
    ty
}

fn home(resolve: &Resolve, main: PackageId, id: TypeId) -> Option<Home<'_>> {
    let definition = &resolve.types[id];
    let name = definition.name.as_deref()?;
    let (package, owner) = match definition.owner {
        TypeOwner::Interface(id) => (resolve.interfaces[id].package, resolve.interfaces[id].name.as_deref()),
        TypeOwner::World(id) => (resolve.worlds[id].package, Some(resolve.worlds[id].name.as_str())),
        TypeOwner::None => return None,
    };
    let package = package.filter(|id| *id != main).map(|id| {
        let name = &resolve.packages[id].name;
        let track = name.version.as_ref().map_or(Track::Unversioned, Track::of);
        (name.namespace.as_str(), name.name.as_str(), track)
    });
    Some(Home { package, owner, name })
}

/// Whether bindings have a type of its own for each definition of the kind.
fn is_nominal(kind: &TypeDefKind) -> bool {
    match kind {
        TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource => true,
        TypeDefKind::Handle(_)
        | TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result(_)
        | TypeDefKind::List(_)
        | TypeDefKind::Map(..)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Type(_)
        | TypeDefKind::Unknown => false,
    }
}

/// Whether both are made by the same constructor with the same labels, so that only their components can differ.
fn same_constructor(before: &TypeDefKind, after: &TypeDefKind) -> bool {
    match (before, after) {
        (TypeDefKind::Record(before), TypeDefKind::Record(after)) => {
            before.fields.iter().map(|it| &it.name).eq(after.fields.iter().map(|it| &it.name))
        }
        (TypeDefKind::Variant(before), TypeDefKind::Variant(after)) => {
            let before = before.cases.iter().map(|it| (&it.name, it.ty.is_some()));
            before.eq(after.cases.iter().map(|it| (&it.name, it.ty.is_some())))
        }
        (TypeDefKind::Enum(before), TypeDefKind::Enum(after)) => {
            before.cases.iter().map(|it| &it.name).eq(after.cases.iter().map(|it| &it.name))
        }
        (TypeDefKind::Flags(before), TypeDefKind::Flags(after)) => {
            before.flags.iter().map(|it| &it.name).eq(after.flags.iter().map(|it| &it.name))
        }
        (TypeDefKind::Tuple(before), TypeDefKind::Tuple(after)) => before.types.len() == after.types.len(),
        (TypeDefKind::FixedLengthList(_, before), TypeDefKind::FixedLengthList(_, after)) => before == after,
        (TypeDefKind::Result(before), TypeDefKind::Result(after)) => {
            before.ok.is_some() == after.ok.is_some() && before.err.is_some() == after.err.is_some()
        }
        (TypeDefKind::Future(before), TypeDefKind::Future(after))
        | (TypeDefKind::Stream(before), TypeDefKind::Stream(after)) => before.is_some() == after.is_some(),
        (TypeDefKind::Handle(Handle::Own(_)), TypeDefKind::Handle(Handle::Own(_)))
        | (TypeDefKind::Handle(Handle::Borrow(_)), TypeDefKind::Handle(Handle::Borrow(_)))
        | (TypeDefKind::List(_), TypeDefKind::List(_))
        | (TypeDefKind::Map(..), TypeDefKind::Map(..))
        | (TypeDefKind::Option(_), TypeDefKind::Option(_))
        | (TypeDefKind::Resource, TypeDefKind::Resource) => true,
        _ => false,
    }
}

/// The types that a definition is made up of, in their order.
fn components(kind: &TypeDefKind) -> Vec<Type> {
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|it| it.ty).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().filter_map(|it| it.ty).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.clone(),
        TypeDefKind::Option(ty)
        | TypeDefKind::List(ty)
        | TypeDefKind::FixedLengthList(ty, _)
        | TypeDefKind::Type(ty) => vec![*ty],
        TypeDefKind::Map(key, value) => vec![*key, *value],
        TypeDefKind::Result(result) => result.ok.into_iter().chain(result.err).collect(),
        TypeDefKind::Future(ty) | TypeDefKind::Stream(ty) => ty.iter().copied().collect(),
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => vec![Type::Id(*id)],
        TypeDefKind::Enum(_) | TypeDefKind::Flags(_) | TypeDefKind::Resource | TypeDefKind::Unknown => Vec::new(),
    }
}
