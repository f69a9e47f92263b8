//! Decides how a type reads in a message, from wit-parser's types, to WIT text.

use wit_parser::{Handle, Resolve, Type, TypeDefKind, TypeId};

/// A type as it is written where it is used: `option<item>`.
pub(crate) fn spell(resolve: &Resolve, ty: Type) -> String {
    let name = match ty {
        Type::Id(id) => return spell_definition(resolve, id),
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
    };
    name.to_owned()
}

/// `option<item>`, or nothing.
pub(crate) fn spell_optional(resolve: &Resolve, ty: Option<Type>) -> String {
    ty.map_or_else(|| "nothing".to_owned(), |ty| format!("`{}`", spell(resolve, ty)))
}

/// What a named type is: `a record`, `list<u8>`.
pub(crate) fn spell_kind(resolve: &Resolve, id: TypeId) -> String {
    match &resolve.types[id].kind {
        kind @ (TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource
        | TypeDefKind::Unknown) => format!("a {}", kind.as_str()),
        TypeDefKind::Enum(_) => "an enum".to_owned(),
        kind => format!("`{}`", spell_structure(resolve, kind)),
    }
}

fn spell_definition(resolve: &Resolve, id: TypeId) -> String {
    let definition = &resolve.types[id];
    definition.name.clone().unwrap_or_else(|| spell_structure(resolve, &definition.kind))
}

pub(crate) fn spell_structure(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let spelled = |ty: &Type| spell(resolve, *ty);
    let payload = |keyword: &str, ty: &Option<Type>| match ty {
        Some(ty) => format!("{keyword}<{}>", spelled(ty)),
        None => keyword.to_owned(),
    };
    match kind {
        TypeDefKind::Type(ty) => spelled(ty),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(spelled).collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", spelled(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", spelled(ty)),
        TypeDefKind::FixedLengthList(ty, length) => format!("list<{}, {length}>", spelled(ty)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", spelled(key), spelled(value)),
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (ok, None) => payload("result", ok),
            (None, Some(error)) => format!("result<_, {}>", spelled(error)),
            (Some(ok), Some(error)) => format!("result<{}, {}>", spelled(ok), spelled(error)),
        },
        TypeDefKind::Handle(Handle::Own(id)) => spell_definition(resolve, *id),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", spell_definition(resolve, *id)),
        TypeDefKind::Future(ty) => payload("future", ty),
        TypeDefKind::Stream(ty) => payload("stream", ty),
        TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource
        | TypeDefKind::Unknown => kind.as_str().to_owned(),
    }
}
