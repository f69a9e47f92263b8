//! Decides why one item cannot be what another expects, from two items, to all mismatches with their WIT paths.
//!
//! Follows wasmparser's `SubtypeCx`: instances may have more exports than expected; functions and values have to be equal.
//! Where it stops at the first difference, this goes on and says where each is: a difference within a named type is
//! reported at that type, once, and what merely uses the type is then not reported.

use std::collections::{HashMap, HashSet};

use crate::mismatch::{Mismatch, MismatchKind};
use crate::text::{self, Naming};
use crate::types::{DefinitionId, Entity, Function, Interface, NamedType, ResourceId, Shape, Side, Type, TypeName};
use crate::world::Item;

/// Compares `found`, which a provider has, with `expected`, which a consumer needs.
pub(crate) fn compare(found: &Item<'_>, expected: &Item<'_>) -> Vec<Mismatch> {
    let mut comparison = Comparison {
        found: *found,
        expected: *expected,
        bound: HashMap::new(),
        equal: HashMap::new(),
        reported: HashSet::new(),
        reported_resources: HashSet::new(),
        mismatches: Vec::new(),
    };
    comparison.entities();
    comparison.mismatches
}

/// One comparison of two items, `found` and `expected` always in this order.
struct Comparison<'a> {
    found: Item<'a>,
    expected: Item<'a>,
    /// For the resources that the expected item defines, which ones they have to be in the found item.
    bound: HashMap<ResourceId, ResourceId>,
    /// Verdicts so far: a type may be used any number of times.
    equal: HashMap<(DefinitionId, DefinitionId), bool>,
    reported: HashSet<(DefinitionId, DefinitionId)>,
    reported_resources: HashSet<(ResourceId, ResourceId)>,
    mismatches: Vec<Mismatch>,
}

/// A field, parameter, case or flag: its name, and its type if it has one.
type Member<'a> = (&'a str, Option<Type>);

/// What the members of something are called in WIT.
#[derive(Clone, Copy)]
enum MemberKind {
    Field,
    Parameter,
    Case,
    Flag,
}

impl Comparison<'_> {
    fn entities(&mut self) {
        let path = self.expected.name.unversioned().to_string();
        match (self.found.entity, self.expected.entity) {
            (Entity::Interface(found), Entity::Interface(expected)) => self.interfaces(found, expected, &path),
            (Entity::Function(found), Entity::Function(expected)) => self.functions(found, expected, &path),
            (Entity::Type(found), Entity::Type(expected)) => {
                self.bind(*found, *expected, &path);
                self.named_types(*found, *expected, &path);
            }
            (found, expected) => self.different(path, entity_kind(expected).into(), entity_kind(found).into()),
        }
    }

    fn interfaces(&mut self, found: &Interface, expected: &Interface, path: &str) {
        for (name, expected) in &expected.types {
            if let Some(found) = found.types.get(name) {
                self.bind(*found, *expected, name);
            }
        }
        for (name, expected) in &expected.types {
            let path = format!("{path}.{name}");
            match found.types.get(name) {
                Some(found) => self.named_types(*found, *expected, &path),
                None => self.missing(path, text::named(&self.expected.world.types, *expected)),
            }
        }
        for (name, expected) in &expected.functions {
            let path = format!("{path}.{}", function_path(name));
            match found.functions.get(name) {
                Some(found) => self.functions(found, expected, &path),
                None => self.missing(path, text::function(&self.expected.world.types, expected, Naming::Short)),
            }
        }
    }

    /// Fixes which resource of the found item a resource stands for that the expected item defines under `name`.
    fn bind(&mut self, found: NamedType, expected: NamedType, name: &str) {
        let (NamedType::Resource(found), NamedType::Resource(expected)) = (found, expected) else { return };
        let home = self.expected.world.types.resource(expected);
        if home.owner == *self.expected.name && home.side == self.expected.side && home.name == name {
            let [found, expected] = self.identities(found, expected);
            self.bound.insert(expected, found);
        }
    }

    fn named_types(&mut self, found: NamedType, expected: NamedType, path: &str) {
        match (found, expected) {
            (NamedType::Resource(found), NamedType::Resource(expected)) => {
                let [found, expected] = self.identities(found, expected);
                if !self.same_resource(found, expected) && self.reported_resources.insert((found, expected)) {
                    let [expected, found] = self.resource_texts(found, expected);
                    self.different(path.to_owned(), expected, found);
                }
            }
            (NamedType::Value(found), NamedType::Value(expected)) => {
                let path = self.shared_home(found, expected).unwrap_or_else(|| path.to_owned());
                self.definitions(found, expected, &path);
            }
            (found, expected) => {
                let expected = text::named(&self.expected.world.types, expected);
                let found = text::named(&self.found.world.types, found);
                self.different(path.to_owned(), expected, found);
            }
        }
    }

    fn functions(&mut self, found: &Function, expected: &Function, path: &str) {
        if found.concurrency != expected.concurrency {
            let [expected, found] = [expected, found].map(|it| text::concurrency(it.concurrency).to_owned());
            self.different(path.to_owned(), expected, found);
        }
        let [found_members, expected_members] = [found, expected]
            .map(|it| it.parameters.iter().map(|(name, ty)| (name.as_str(), Some(*ty))).collect::<Vec<_>>());
        self.members(MemberKind::Parameter, &found_members, &expected_members, path);
        let path = format!("{path} (result)");
        match (found.result, expected.result) {
            (Some(found), Some(expected)) => self.values(found, expected, &path),
            (None, Some(expected)) => self.missing(path, self.expected_text(expected, Naming::Short)),
            (Some(found), None) => self.unexpected(path, self.found_text(found, Naming::Short)),
            (None, None) => {}
        }
    }

    /// Compares two definitions of one name; reports their differences once.
    fn definitions(&mut self, found: DefinitionId, expected: DefinitionId, path: &str) {
        let [found_types, expected_types] = [&self.found.world.types, &self.expected.world.types];
        let originals = (found_types.original_definition(found), expected_types.original_definition(expected));
        if self.same_definition(found, expected) || !self.reported.insert(originals) {
            return;
        }
        let found_shape = &self.found.world.types.definition(found).shape;
        let expected_shape = &self.expected.world.types.definition(expected).shape;
        match (found_shape, expected_shape) {
            (Shape::Record(found), Shape::Record(expected)) => {
                let [found, expected] = [found, expected]
                    .map(|it| it.iter().map(|(name, ty)| (name.as_str(), Some(*ty))).collect::<Vec<_>>());
                self.members(MemberKind::Field, &found, &expected, path);
            }
            (Shape::Variant(found), Shape::Variant(expected)) => {
                let [found, expected] =
                    [found, expected].map(|it| it.iter().map(|(name, ty)| (name.as_str(), *ty)).collect::<Vec<_>>());
                self.members(MemberKind::Case, &found, &expected, path);
            }
            (Shape::Enum(found), Shape::Enum(expected)) => {
                self.members(MemberKind::Case, &labels(found), &labels(expected), path);
            }
            (Shape::Flags(found), Shape::Flags(expected)) => {
                self.members(MemberKind::Flag, &labels(found), &labels(expected), path);
            }
            (found, expected) => {
                if self.explained_by_components(found, expected) {
                    return;
                }
                let short = self.shape_texts(found, expected, Naming::Short);
                let [expected, found] =
                    if short[0] == short[1] { self.shape_texts(found, expected, Naming::Qualified) } else { short };
                self.different(path.to_owned(), expected, found);
            }
        }
    }

    /// Compares members, which have to have the same names in the same order, and equal types.
    fn members(&mut self, kind: MemberKind, found: &[Member<'_>], expected: &[Member<'_>], path: &str) {
        let before = self.mismatches.len();
        for (name, expected) in expected {
            let path = format!("{path}.{name}");
            match (found.iter().find(|(found, _)| found == name), expected) {
                (None, _) => self.missing(path, self.member_text(self.expected, kind, *expected)),
                (Some((_, Some(found))), Some(expected)) => self.values(*found, *expected, &path),
                (Some((_, None)), None) => {}
                (Some((_, found)), _) => {
                    let expected = self.member_text(self.expected, kind, *expected);
                    self.different(path, expected, self.member_text(self.found, kind, *found));
                }
            }
        }
        for (name, ty) in found {
            if !expected.iter().any(|(expected, _)| expected == name) {
                self.unexpected(format!("{path}.{name}"), self.member_text(self.found, kind, *ty));
            }
        }
        if self.mismatches.len() == before
            && !found.iter().map(|(name, _)| name).eq(expected.iter().map(|(name, _)| name))
        {
            self.different(path.to_owned(), order_text(kind, expected), order_text(kind, found));
        }
    }

    /// Compares the types of a member or result.
    fn values(&mut self, found: Type, expected: Type, path: &str) {
        if self.same(found, expected) || self.explained(found, expected) {
            return;
        }
        let [mut expected_text, mut found_text] =
            [self.expected_text(expected, Naming::Short), self.found_text(found, Naming::Short)];
        if expected_text == found_text {
            expected_text = self.expected_text(expected, Naming::Qualified);
            found_text = self.found_text(found, Naming::Qualified);
        }
        self.different(path.to_owned(), expected_text, found_text);
    }

    /// Whether two different types differ only in what named types within them are, which then is reported there.
    fn explained(&mut self, found: Type, expected: Type) -> bool {
        let (Type::Defined(found), Type::Defined(expected)) = (found, expected) else { return false };
        if let Some(path) = self.shared_home(found, expected) {
            self.definitions(found, expected, &path);
            return true;
        }
        let found = self.found.world.types.definition(found);
        let expected = self.expected.world.types.definition(expected);
        if found.home.is_some() || expected.home.is_some() {
            return false;
        }
        self.explained_by_components(&found.shape, &expected.shape)
    }

    fn explained_by_components(&mut self, found: &Shape, expected: &Shape) -> bool {
        match (found, expected) {
            (Shape::Own(found), Shape::Own(expected)) | (Shape::Borrow(found), Shape::Borrow(expected)) => {
                let [found, expected] = self.identities(*found, *expected);
                return self.reported_resources.contains(&(found, expected));
            }
            (found, expected) if !same_constructor(found, expected) => return false,
            _ => {}
        }
        let components = found.components().into_iter().zip(expected.components());
        let mut explained = true;
        for (found, expected) in components {
            explained &= self.same(found, expected) || self.explained(found, expected);
        }
        explained
    }

    /// The path of both definitions, where they are what one interface defines under one name.
    fn shared_home(&self, found: DefinitionId, expected: DefinitionId) -> Option<String> {
        let found = self.found.world.types.definition(found).home.as_ref()?;
        let expected = self.expected.world.types.definition(expected).home.as_ref()?;
        let of_the_items = found.owner == *self.found.name && expected.owner == *self.expected.name;
        let same =
            found.name == expected.name && (of_the_items || found.owner.unversioned() == expected.owner.unversioned());
        same.then(|| home_path(expected))
    }

    fn same(&mut self, found: Type, expected: Type) -> bool {
        match (found, expected) {
            (Type::Defined(found), Type::Defined(expected)) => self.same_definition(found, expected),
            (Type::Primitive(found), Type::Primitive(expected)) => found == expected,
            (Type::Primitive(primitive), Type::Defined(id)) => {
                matches!(self.expected.world.types.definition(id).shape, Shape::Primitive(it) if it == primitive)
            }
            (Type::Defined(id), Type::Primitive(primitive)) => {
                matches!(self.found.world.types.definition(id).shape, Shape::Primitive(it) if it == primitive)
            }
        }
    }

    fn same_definition(&mut self, found: DefinitionId, expected: DefinitionId) -> bool {
        if let Some(&same) = self.equal.get(&(found, expected)) {
            return same;
        }
        let found_shape = &self.found.world.types.definition(found).shape;
        let expected_shape = &self.expected.world.types.definition(expected).shape;
        let same = self.same_shape(found_shape, expected_shape);
        self.equal.insert((found, expected), same);
        same
    }

    fn same_shape(&mut self, found: &Shape, expected: &Shape) -> bool {
        match (found, expected) {
            (Shape::Own(found), Shape::Own(expected)) | (Shape::Borrow(found), Shape::Borrow(expected)) => {
                self.same_resource(*found, *expected)
            }
            (found, expected) => {
                same_constructor(found, expected)
                    && found
                        .components()
                        .into_iter()
                        .zip(expected.components())
                        .all(|(found, expected)| self.same(found, expected))
            }
        }
    }

    /// Whether two resources are the same: the one that the expected item's own is bound to, or one that has the same name
    /// in an interface of the same track. What a component exports is not what it imports under the same name.
    ///
    /// Which of its names a component defines a resource under cannot be seen in its type, so any of them counts; but the
    /// name in the expected item itself only says what the items have in common anyway.
    fn same_resource(&self, found: ResourceId, expected: ResourceId) -> bool {
        let [found, expected] = self.identities(found, expected);
        if let Some(bound) = self.bound.get(&expected) {
            return *bound == found;
        }
        let both_exports = self.found.side == Side::Export && self.expected.side == Side::Export;
        let same = |found: &TypeName, expected: &TypeName| {
            found.name == expected.name
                && found.owner.same_track(&expected.owner)
                && (!both_exports || found.side == expected.side)
        };
        let found = self.found.world.types.names_of_resource(found);
        let expected = self.expected.world.types.names_of_resource(expected);
        let mut elsewhere =
            expected.iter().filter(|name| name.owner != *self.expected.name || name.side != self.expected.side);
        elsewhere.any(|expected| found.iter().any(|found| same(found, expected)))
    }

    /// What the resources are, whatever the names that are used for them.
    fn identities(&self, found: ResourceId, expected: ResourceId) -> [ResourceId; 2] {
        [self.found.world.types.identity(found), self.expected.world.types.identity(expected)]
    }

    fn found_text(&self, ty: Type, naming: Naming<'_>) -> String {
        text::value(&self.found.world.types, ty, naming)
    }

    fn expected_text(&self, ty: Type, naming: Naming<'_>) -> String {
        text::value(&self.expected.world.types, ty, naming)
    }

    /// The texts of what is expected and of what is found, which say whether it is imported where only that differs.
    fn resource_texts(&self, found: ResourceId, expected: ResourceId) -> [String; 2] {
        let [expected, found] = [(self.expected, expected), (self.found, found)].map(|(item, id)| {
            let types = &item.world.types;
            (types.resource(id).side, text::resource(types, id, Naming::Qualified))
        });
        let same = expected.1 == found.1;
        [expected, found].map(|(side, text)| match side {
            _ if !same => format!("resource {text}"),
            Side::Import => format!("imported resource {text}"),
            Side::Export => format!("exported resource {text}"),
        })
    }

    /// The texts of what is expected and of what is found.
    fn shape_texts(&self, found: &Shape, expected: &Shape, naming: Naming<'_>) -> [String; 2] {
        [text::shape(&self.expected.world.types, expected, naming), text::shape(&self.found.world.types, found, naming)]
    }

    fn member_text(&self, item: Item<'_>, kind: MemberKind, ty: Option<Type>) -> String {
        let ty = ty.map(|ty| text::value(&item.world.types, ty, Naming::Short));
        match (kind, ty) {
            (MemberKind::Case, Some(ty)) => format!("case({ty})"),
            (MemberKind::Case, None) => "case".to_owned(),
            (MemberKind::Flag, _) => "flag".to_owned(),
            (MemberKind::Field | MemberKind::Parameter, ty) => ty.unwrap_or_default(),
        }
    }

    fn missing(&mut self, path: String, expected: String) {
        self.mismatches.push(Mismatch { path, kind: MismatchKind::Missing { expected } });
    }

    fn unexpected(&mut self, path: String, found: String) {
        self.mismatches.push(Mismatch { path, kind: MismatchKind::Unexpected { found } });
    }

    fn different(&mut self, path: String, expected: String, found: String) {
        self.mismatches.push(Mismatch { path, kind: MismatchKind::Different { expected, found } });
    }
}

/// Whether both are made by the same constructor with the same labels, so that only their components can differ.
fn same_constructor(found: &Shape, expected: &Shape) -> bool {
    match (found, expected) {
        (Shape::Primitive(found), Shape::Primitive(expected)) => found == expected,
        (Shape::Record(found), Shape::Record(expected)) => {
            found.iter().map(|(name, _)| name).eq(expected.iter().map(|(name, _)| name))
        }
        (Shape::Variant(found), Shape::Variant(expected)) => {
            let case = |(name, ty): &(String, Option<Type>)| (name.clone(), ty.is_some());
            found.iter().map(case).eq(expected.iter().map(case))
        }
        (Shape::Enum(found), Shape::Enum(expected)) | (Shape::Flags(found), Shape::Flags(expected)) => {
            found == expected
        }
        (Shape::Tuple(found), Shape::Tuple(expected)) => found.len() == expected.len(),
        (Shape::FixedLengthList(_, found), Shape::FixedLengthList(_, expected)) => found == expected,
        (Shape::Result(found_ok, found_error), Shape::Result(ok, error)) => {
            found_ok.is_some() == ok.is_some() && found_error.is_some() == error.is_some()
        }
        (Shape::Future(found), Shape::Future(expected)) | (Shape::Stream(found), Shape::Stream(expected)) => {
            found.is_some() == expected.is_some()
        }
        (Shape::List(_), Shape::List(_))
        | (Shape::Map(..), Shape::Map(..))
        | (Shape::Option(_), Shape::Option(_))
        | (Shape::Own(_), Shape::Own(_))
        | (Shape::Borrow(_), Shape::Borrow(_)) => true,
        _ => false,
    }
}

fn labels(names: &[String]) -> Vec<Member<'_>> {
    names.iter().map(|name| (name.as_str(), None)).collect()
}

/// All members' names, for when only their order differs.
fn order_text(kind: MemberKind, members: &[Member<'_>]) -> String {
    let names = members.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    match kind {
        MemberKind::Field => format!("fields {{ {names} }}"),
        MemberKind::Parameter => format!("parameters ({names})"),
        MemberKind::Case => format!("cases {{ {names} }}"),
        MemberKind::Flag => format!("flags {{ {names} }}"),
    }
}

fn entity_kind(entity: &Entity) -> &'static str {
    match entity {
        Entity::Interface(_) => "an interface",
        Entity::Function(_) => "a function",
        Entity::Type(_) => "a type",
    }
}

/// A function's name without its annotation: `cart.add` of `[method]cart.add`, `cart.constructor` of `[constructor]cart`.
pub(crate) fn function_path(name: &str) -> String {
    match name.strip_prefix('[').and_then(|name| name.split_once(']')) {
        Some(("constructor", resource)) => format!("{resource}.constructor"),
        Some((_, name)) => name.to_owned(),
        None => name.to_owned(),
    }
}

fn home_path(home: &TypeName) -> String {
    match home {
        home if home.is_at_root() => home.name.clone(),
        home => format!("{}.{}", home.owner.unversioned(), home.name),
    }
}
