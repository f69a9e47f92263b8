//! Decides how a type reads as WIT, from the types of a world, to the text that a diagnostic or a printed world shows.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::types::{Concurrency, Definition, Function, NamedType, ResourceId, Shape, Type, TypeName, Types};

/// How the text names types that have a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Naming<'a> {
    /// `item`
    Short,
    /// `shop:catalog/api@1.2.0.item`
    Qualified,
    /// As an interface calls the type; `item` for what it has no name for.
    Within(&'a Scope),
}

/// What an interface calls its types.
#[derive(Debug, Default)]
pub(crate) struct Scope(HashMap<NamedType, String>);

impl Scope {
    /// Of several names for one type the first counts.
    pub(crate) fn of<'a>(types: &Types, names: impl IntoIterator<Item = (&'a String, &'a NamedType)>) -> Scope {
        let mut scope = HashMap::new();
        for (name, ty) in names {
            for ty in [*ty, types.original(*ty)] {
                scope.entry(ty).or_insert_with(|| escaped(name).into_owned());
            }
        }
        Scope(scope)
    }

    fn name(&self, types: &Types, ty: NamedType) -> Option<&String> {
        self.0.get(&ty).or_else(|| self.0.get(&types.original(ty)))
    }
}

/// The [keywords] of WIT.
///
/// [keywords]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/WIT.md#keywords
const KEYWORDS: &[&str] = &[
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "enum",
    "error-context",
    "export",
    "f32",
    "f64",
    "flags",
    "from",
    "func",
    "future",
    "import",
    "include",
    "interface",
    "list",
    "map",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "static",
    "stream",
    "string",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "use",
    "variant",
    "with",
    "world",
];

/// A type, by its name if it has one: `list<item>`.
pub(crate) fn value(types: &Types, ty: Type, naming: Naming<'_>) -> String {
    let id = match ty {
        Type::Primitive(primitive) => return primitive.to_string(),
        Type::Defined(id) => id,
    };
    match types.definition(id) {
        Definition { home: Some(home), .. } => name(types, home, NamedType::Value(id), naming),
        Definition { home: None, shape } => self::shape(types, shape, naming),
    }
}

/// A type by what it is made of, as far as it fits a line: `list<item>`, but `record`.
pub(crate) fn shape(types: &Types, shape: &Shape, naming: Naming<'_>) -> String {
    let value = |ty: Type| value(types, ty, naming);
    let payload = |keyword: &str, ty: Option<Type>| match ty {
        Some(ty) => format!("{keyword}<{}>", value(ty)),
        None => keyword.to_owned(),
    };
    match shape {
        Shape::Primitive(primitive) => primitive.to_string(),
        Shape::Record(_) | Shape::Variant(_) | Shape::Enum(_) | Shape::Flags(_) => shape.keyword().to_owned(),
        Shape::Tuple(types) => format!("tuple<{}>", types.iter().map(|ty| value(*ty)).collect::<Vec<_>>().join(", ")),
        Shape::List(element) => format!("list<{}>", value(*element)),
        Shape::FixedLengthList(element, length) => format!("list<{}, {length}>", value(*element)),
        Shape::Map(key, item) => format!("map<{}, {}>", value(*key), value(*item)),
        Shape::Option(ty) => format!("option<{}>", value(*ty)),
        Shape::Result(None, None) => "result".to_owned(),
        Shape::Result(Some(ok), None) => format!("result<{}>", value(*ok)),
        Shape::Result(ok, Some(error)) => {
            format!("result<{}, {}>", ok.map_or_else(|| "_".to_owned(), value), value(*error))
        }
        Shape::Own(id) => resource(types, *id, naming),
        Shape::Borrow(id) => format!("borrow<{}>", resource(types, *id, naming)),
        Shape::Future(ty) => payload("future", *ty),
        Shape::Stream(ty) => payload("stream", *ty),
    }
}

/// The name of a resource.
pub(crate) fn resource(types: &Types, id: ResourceId, naming: Naming<'_>) -> String {
    name(types, types.resource(id), NamedType::Resource(id), naming)
}

fn name(types: &Types, home: &TypeName, ty: NamedType, naming: Naming<'_>) -> String {
    match naming {
        Naming::Short => home.name.clone(),
        Naming::Qualified => format!("{}.{}", home.owner, home.name),
        Naming::Within(scope) => scope.name(types, ty).unwrap_or(&home.name).clone(),
    }
}

/// What a named type is: `resource`, `record`, `list<u8>`.
pub(crate) fn named(types: &Types, ty: NamedType) -> String {
    match ty {
        NamedType::Resource(_) => "resource".to_owned(),
        NamedType::Value(id) => shape(types, &types.definition(id).shape, Naming::Short),
    }
}

/// A function's whole type: `async func(id: u64) -> option<item>`.
pub(crate) fn function(types: &Types, function: &Function, naming: Naming<'_>) -> String {
    let result = function.result.map(|ty| format!(" -> {}", value(types, ty, naming))).unwrap_or_default();
    format!("{}({}){result}", concurrency(function.concurrency), parameters(types, &function.parameters, naming))
}

/// `id: u64, deep: bool`
pub(crate) fn parameters(types: &Types, parameters: &[(String, Type)], naming: Naming<'_>) -> String {
    let parameter = |(name, ty): &(String, Type)| format!("{}: {}", escaped(name), value(types, *ty, naming));
    parameters.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

/// A name as WIT writes it where a keyword could stand: `%list`.
pub(crate) fn escaped(name: &str) -> Cow<'_, str> {
    if is_keyword(name) { Cow::Owned(format!("%{name}")) } else { Cow::Borrowed(name) }
}

/// Whether the name is a keyword.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// `func` or `async func`.
pub(crate) fn concurrency(concurrency: Concurrency) -> &'static str {
    match concurrency {
        Concurrency::Sync => "func",
        Concurrency::Async => "async func",
    }
}
