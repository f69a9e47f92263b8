//! Decides how a type reads as WIT, from the types of a world, to the text that a diagnostic shows.

use crate::types::{Concurrency, Definition, Function, NamedType, ResourceId, Shape, Type, Types};

/// How the text names types that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// `item`
    Short,
    /// `shop:catalog/api@1.2.0.item`
    Qualified,
}

/// A type, by its name if it has one: `list<item>`.
pub(crate) fn value(types: &Types, ty: Type, naming: Naming) -> String {
    let id = match ty {
        Type::Primitive(primitive) => return primitive.to_string(),
        Type::Defined(id) => id,
    };
    match types.definition(id) {
        Definition { home: Some(home), .. } if naming == Naming::Qualified => format!("{}.{}", home.owner, home.name),
        Definition { home: Some(home), .. } => home.name.clone(),
        Definition { home: None, shape } => self::shape(types, shape, naming),
    }
}

/// A type by what it is made of, as far as it fits a line: `list<item>`, but `record`.
pub(crate) fn shape(types: &Types, shape: &Shape, naming: Naming) -> String {
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
pub(crate) fn resource(types: &Types, id: ResourceId, naming: Naming) -> String {
    let home = types.resource(id);
    match naming {
        Naming::Short => home.name.clone(),
        Naming::Qualified => format!("{}.{}", home.owner, home.name),
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
pub(crate) fn function(types: &Types, function: &Function) -> String {
    let parameter = |(name, ty): &(String, Type)| format!("{name}: {}", value(types, *ty, Naming::Short));
    let parameters = function.parameters.iter().map(parameter).collect::<Vec<_>>().join(", ");
    let result = function.result.map(|ty| format!(" -> {}", value(types, ty, Naming::Short))).unwrap_or_default();
    format!("{}({parameters}){result}", concurrency(function.concurrency))
}

/// `func` or `async func`.
pub(crate) fn concurrency(concurrency: Concurrency) -> &'static str {
    match concurrency {
        Concurrency::Sync => "func",
        Concurrency::Async => "async func",
    }
}
