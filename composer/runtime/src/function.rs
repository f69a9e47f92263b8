//! The exported functions of a component: their names, and their types in WIT's words, for people to read.

use std::fmt;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Type};

/// An exported function and its type.
///
/// Prints as `shop:catalog/api@1.0.0#find: func(id: u32) -> option<string>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The exported instance that has the function; none where the component itself exports it.
    pub instance: Option<String>,
    /// The function's name.
    pub name: String,
    /// The function's type. Records, variants, enums and flags are spelled out, since a component does not name them.
    pub signature: String,
}

impl Function {
    /// The name that tells this function from every other of the component: `instance#name`, or `name`.
    pub fn path(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{instance}#{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.signature)
    }
}

/// A function of a component, with what it takes to call it.
pub(crate) struct Export {
    pub(crate) function: Function,
    pub(crate) index: ComponentExportIndex,
    pub(crate) ty: ComponentFunc,
}

impl Export {
    fn new(instance: Option<&str>, name: &str, ty: ComponentFunc, index: ComponentExportIndex) -> Export {
        let function = Function {
            instance: instance.map(str::to_owned),
            name: name.to_owned(),
            signature: Signature(&ty).to_string(),
        };
        Export { function, index, ty }
    }

    /// The first type of a parameter or of the result that has no text, in WIT's words.
    pub(crate) fn textless_type(&self) -> Option<String> {
        self.ty
            .params()
            .find_map(|(_, ty)| textless(&ty, Side::Parameter))
            .or_else(|| self.ty.results().find_map(|ty| textless(&ty, Side::Result)))
    }
}

/// Lists the functions that the component and its instances export, in their order. Instances within instances are left
/// out: WIT cannot express them.
pub(crate) fn exports(component: &Component) -> Vec<Export> {
    let engine = component.engine();
    let mut functions = Vec::new();
    for (name, export) in component.component_type().exports(engine) {
        let index = component.get_export_index(None, name);
        match (export.ty, index) {
            (ComponentItem::ComponentFunc(ty), Some(index)) => functions.push(Export::new(None, name, ty, index)),
            (ComponentItem::ComponentInstance(instance), Some(index)) => {
                functions.extend(instance.exports(engine).filter_map(|(item, export)| {
                    let ComponentItem::ComponentFunc(ty) = export.ty else { return None };
                    let index = component.get_export_index(Some(&index), item)?;
                    Some(Export::new(Some(name), item, ty, index))
                }));
            }
            _ => {}
        }
    }
    functions
}

/// Lists the exported functions whose parameters and results have text.
pub(crate) fn callable(component: &Component) -> Vec<Function> {
    exports(component)
        .into_iter()
        .filter(|export| export.textless_type().is_none())
        .map(|export| export.function)
        .collect()
}

/// Which way a value goes.
#[derive(Clone, Copy)]
enum Side {
    Parameter,
    Result,
}

/// Finds the first type within `ty` that WAVE has no values for.
fn textless(ty: &Type, side: Side) -> Option<String> {
    let optional = |ty: Option<Type>| ty.and_then(|ty| textless(&ty, side));
    match ty {
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64
        | Type::Float32
        | Type::Float64
        | Type::Char
        | Type::String
        | Type::Enum(_)
        | Type::Flags(_) => None,
        Type::List(list) => textless(&list.ty(), side),
        Type::Record(record) => record.fields().find_map(|field| textless(&field.ty, side)),
        Type::Tuple(tuple) => tuple.types().find_map(|ty| textless(&ty, side)),
        Type::Variant(variant) => variant.cases().find_map(|case| optional(case.ty)),
        Type::Option(option) => textless(&option.ty(), side),
        Type::Result(result) => optional(result.ok()).or_else(|| optional(result.err())),
        Type::FixedLengthList(list) => match side {
            // NB: `wasm-wave` prints lists of a fixed length, but does not read them.
            Side::Parameter => Some(Wit(ty).to_string()),
            Side::Result => textless(&list.ty(), side),
        },
        Type::Own(_) | Type::Borrow(_) | Type::Future(_) | Type::Stream(_) | Type::ErrorContext | Type::Map(_) => {
            Some(Wit(ty).to_string())
        }
    }
}

/// Prints a function type as WIT does.
struct Signature<'a>(&'a ComponentFunc);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.async_() {
            f.write_str("async ")?;
        }
        f.write_str("func(")?;
        list(f, self.0.params(), |f, (name, ty)| write!(f, "{name}: {}", Wit(&ty)))?;
        f.write_str(")")?;
        self.0.results().try_for_each(|ty| write!(f, " -> {}", Wit(&ty)))
    }
}

/// Prints a type as WIT does; a named type by its structure.
pub(crate) struct Wit<'a>(pub(crate) &'a Type);

impl fmt::Display for Wit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Type::Bool => f.write_str("bool"),
            Type::S8 => f.write_str("s8"),
            Type::U8 => f.write_str("u8"),
            Type::S16 => f.write_str("s16"),
            Type::U16 => f.write_str("u16"),
            Type::S32 => f.write_str("s32"),
            Type::U32 => f.write_str("u32"),
            Type::S64 => f.write_str("s64"),
            Type::U64 => f.write_str("u64"),
            Type::Float32 => f.write_str("f32"),
            Type::Float64 => f.write_str("f64"),
            Type::Char => f.write_str("char"),
            Type::String => f.write_str("string"),
            Type::List(list) => write!(f, "list<{}>", Wit(&list.ty())),
            Type::FixedLengthList(list) => write!(f, "list<{}, {}>", Wit(&list.ty()), list.len()),
            Type::Map(map) => write!(f, "map<{}, {}>", Wit(&map.key()), Wit(&map.value())),
            Type::Record(record) => {
                f.write_str("record { ")?;
                list(f, record.fields(), |f, field| write!(f, "{}: {}", field.name, Wit(&field.ty)))?;
                f.write_str(" }")
            }
            Type::Tuple(tuple) => {
                f.write_str("tuple<")?;
                list(f, tuple.types(), |f, ty| write!(f, "{}", Wit(&ty)))?;
                f.write_str(">")
            }
            Type::Variant(variant) => {
                f.write_str("variant { ")?;
                list(f, variant.cases(), |f, case| match case.ty {
                    Some(ty) => write!(f, "{}({})", case.name, Wit(&ty)),
                    None => f.write_str(case.name),
                })?;
                f.write_str(" }")
            }
            Type::Enum(cases) => {
                f.write_str("enum { ")?;
                list(f, cases.names(), |f, name| write!(f, "{name}"))?;
                f.write_str(" }")
            }
            Type::Flags(flags) => {
                f.write_str("flags { ")?;
                list(f, flags.names(), |f, name| write!(f, "{name}"))?;
                f.write_str(" }")
            }
            Type::Option(option) => write!(f, "option<{}>", Wit(&option.ty())),
            Type::Result(result) => match (result.ok(), result.err()) {
                (None, None) => f.write_str("result"),
                (Some(ok), None) => write!(f, "result<{}>", Wit(&ok)),
                (None, Some(err)) => write!(f, "result<_, {}>", Wit(&err)),
                (Some(ok), Some(err)) => write!(f, "result<{}, {}>", Wit(&ok), Wit(&err)),
            },
            // A component's type says which resources are the same, but not what they are called.
            Type::Own(_) => f.write_str("own<_>"),
            Type::Borrow(_) => f.write_str("borrow<_>"),
            Type::Future(future) => payload(f, "future", future.ty()),
            Type::Stream(stream) => payload(f, "stream", stream.ty()),
            Type::ErrorContext => f.write_str("error-context"),
        }
    }
}

fn payload(f: &mut fmt::Formatter<'_>, name: &str, ty: Option<Type>) -> fmt::Result {
    match ty {
        Some(ty) => write!(f, "{name}<{}>", Wit(&ty)),
        None => f.write_str(name),
    }
}

/// Prints items with commas between them.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    print: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        print(f, item)?;
    }
    Ok(())
}
