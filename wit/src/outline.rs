//! Decides what there is to tell about a world or a package, from a [`Package`], to an [`Outline`]: every item with its documentation,
//! its gates and its types as text. How it is laid out is decided by whoever shows it.

use indexmap::IndexSet;
use semver::Version;
use wit_parser::{
    Docs, Function, FunctionKind, Interface, InterfaceId, Resolve, Stability, Type, TypeDefKind, TypeId, TypeOwner,
    WorldId, WorldItem,
};

use crate::compatibility::spelling::spell;
use crate::features::Features;
use crate::package::Package;
use crate::resolving::{is_function_shown, is_shown};
use crate::source::{WorldError, select_resolved};
use crate::text::escaped;

/// What there is to tell about a world, or about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outline {
    /// The world, or the package, with its version: `shop:catalog/storefront@1.2.0`, `shop:catalog@1.2.0`.
    pub name: String,
    /// What its text says of it.
    pub documentation: Option<String>,
    /// Behind which gate it is.
    pub gate: Gate,
    /// What the world imports; interfaces by their name alone. Empty for a package.
    pub imports: Vec<Entry>,
    /// What the world exports; interfaces by their name alone. Empty for a package.
    pub exports: Vec<Entry>,
    /// The interfaces that are imported or exported, each once; all of a package.
    pub interfaces: Vec<Entry>,
    /// The worlds of a package, without their interfaces.
    pub worlds: Vec<Outline>,
}

/// Something that has a name: an interface, a function, a type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name; of an interface in a package the whole one.
    pub name: String,
    /// What its text says of it.
    pub documentation: Option<String>,
    /// Behind which gate it is.
    pub gate: Gate,
    /// What it is.
    pub kind: EntryKind,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// An interface that is told about elsewhere.
    InterfaceName,
    /// An interface: its types, then its functions.
    Interface(Vec<Entry>),
    /// A function.
    Function(Signature),
    /// A record, with its fields.
    Record(Vec<Member>),
    /// A variant, with its cases.
    Variant(Vec<Member>),
    /// An enum, with its cases.
    Enum(Vec<Member>),
    /// Flags.
    Flags(Vec<Member>),
    /// A resource, with its functions.
    Resource(Vec<Entry>),
    /// Another name for a type.
    Alias(String),
    /// A type of another interface.
    Use {
        /// The interface, with its version.
        interface: String,
        /// The type's name there.
        name: String,
    },
}

/// A field, a case or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The type of a field, or what a case carries.
    pub ty: Option<String>,
    /// What its text says of it.
    pub documentation: Option<String>,
}

/// What a function takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// How it is called.
    pub call: Call,
    /// Whether it is declared `async`.
    pub is_async: bool,
    /// Its parameters with their types, without the resource that a method is called on.
    pub parameters: Vec<(String, String)>,
    /// What it gives, if it gives anything.
    pub result: Option<String>,
    /// All of it as WIT, with its name: `find: func(id: u64) -> option<item>`.
    pub wit: String,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// By itself.
    Free,
    /// On a resource.
    Method,
    /// By the name of a resource.
    Static,
    /// To make a resource.
    Constructor,
}

/// Since when something is there, until when, and whether only with a feature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Gate {
    /// `@since`.
    pub since: Option<Version>,
    /// `@unstable`.
    pub feature: Option<String>,
    /// `@deprecated`.
    pub deprecated: Option<Version>,
}

impl Package {
    /// Tells about a world; the only one if none is named.
    ///
    /// # Errors
    ///
    /// As [`world`](Package::world).
    pub fn outline_of_world(&self, name: Option<&str>, features: &Features) -> Result<Outline, WorldError> {
        let id = select_resolved(self.resolve(), self.id(), name)?;
        Ok(Teller { resolve: self.resolve(), features }.world(id))
    }

    /// Tells about all interfaces and worlds of the package itself.
    pub fn outline(&self, features: &Features) -> Outline {
        let teller = Teller { resolve: self.resolve(), features };
        let package = self.package();
        let interfaces = package.interfaces.values().copied();
        let worlds = package.worlds.values().copied();
        let worlds = worlds.filter(|id| features.show(&teller.resolve.worlds[*id].stability));
        Outline {
            name: self.to_string(),
            documentation: documentation(&package.docs),
            gate: Gate::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            interfaces: interfaces.filter_map(|id| teller.named_interface(id)).collect(),
            worlds: worlds.map(|id| Outline { interfaces: Vec::new(), ..teller.world(id) }).collect(),
        }
    }
}

struct Teller<'a> {
    resolve: &'a Resolve,
    features: &'a Features,
}

impl Teller<'_> {
    fn world(&self, id: WorldId) -> Outline {
        let world = &self.resolve.worlds[id];
        let package = world.package.map(|package| self.resolve.id_of_name(package, &world.name));
        let mut interfaces = IndexSet::new();
        let [imports, exports] = [&world.imports, &world.exports].map(|items| {
            let shown = items.iter().filter(|(_, item)| is_shown(self.resolve, item, self.features));
            let entries = shown.filter_map(|(key, item)| {
                let name = self.resolve.name_world_key(key);
                match (key, item) {
                    (wit_parser::WorldKey::Interface(id), _) => {
                        interfaces.insert(*id);
                        let WorldItem::Interface { docs, stability, .. } = item else { return None };
                        let (documentation, gate) = (documentation(docs), gate(stability));
                        Some(Entry { name, documentation, gate, kind: EntryKind::InterfaceName })
                    }
                    (_, WorldItem::Interface { id, docs, stability, .. }) => {
                        let entry = self.interface(name, *id);
                        let documentation = documentation(docs).or(entry.documentation);
                        Some(Entry { documentation, gate: gate(stability), ..entry })
                    }
                    (_, WorldItem::Function(function)) if function.kind.resource().is_some() => None,
                    (_, WorldItem::Function(function)) => Some(self.function(&name, function)),
                    (_, WorldItem::Type { id, .. }) => {
                        let functions = items.values().filter_map(|item| match item {
                            WorldItem::Function(it) if is_function_shown(self.resolve, it, self.features) => Some(it),
                            WorldItem::Function(_) | WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
                        });
                        Some(self.type_(name, *id, functions))
                    }
                }
            });
            entries.collect()
        });
        Outline {
            name: package.unwrap_or_else(|| world.name.clone()),
            documentation: documentation(&world.docs),
            gate: gate(&world.stability),
            imports,
            exports,
            interfaces: interfaces.into_iter().filter_map(|id| self.named_interface(id)).collect(),
            worlds: Vec::new(),
        }
    }

    fn named_interface(&self, id: InterfaceId) -> Option<Entry> {
        let name = self.resolve.id_of(id)?;
        self.features.show(&self.resolve.interfaces[id].stability).then(|| self.interface(name, id))
    }

    fn interface(&self, name: String, id: InterfaceId) -> Entry {
        let interface: &Interface = &self.resolve.interfaces[id];
        let shown = |function: &&Function| is_function_shown(self.resolve, function, self.features);
        let types = interface.types.iter().filter(|(_, id)| self.features.show(&self.resolve.types[**id].stability));
        let types = types.map(|(name, id)| self.type_(name.clone(), *id, interface.functions.values().filter(shown)));
        let functions = interface.functions.iter().filter(|(_, function)| function.kind.resource().is_none());
        let functions = functions.filter(|(_, function)| shown(function)).map(|(name, it)| self.function(name, it));
        Entry {
            name,
            documentation: documentation(&interface.docs),
            gate: gate(&interface.stability),
            kind: EntryKind::Interface(types.chain(functions).collect()),
        }
    }

    /// A type, among the functions of what it is in.
    fn type_<'f>(&self, name: String, id: TypeId, functions: impl Iterator<Item = &'f Function>) -> Entry {
        let definition = &self.resolve.types[id];
        let member = |name: &String, ty: Option<&Type>, docs: &Docs| Member {
            name: name.clone(),
            ty: ty.map(|ty| spell(self.resolve, *ty)),
            documentation: documentation(docs),
        };
        let kind = match &definition.kind {
            TypeDefKind::Record(record) => {
                EntryKind::Record(record.fields.iter().map(|it| member(&it.name, Some(&it.ty), &it.docs)).collect())
            }
            TypeDefKind::Variant(variant) => {
                EntryKind::Variant(variant.cases.iter().map(|it| member(&it.name, it.ty.as_ref(), &it.docs)).collect())
            }
            TypeDefKind::Enum(cases) => {
                EntryKind::Enum(cases.cases.iter().map(|it| member(&it.name, None, &it.docs)).collect())
            }
            TypeDefKind::Flags(flags) => {
                EntryKind::Flags(flags.flags.iter().map(|it| member(&it.name, None, &it.docs)).collect())
            }
            TypeDefKind::Resource => {
                let own = functions.filter(|function| function.kind.resource() == Some(id));
                EntryKind::Resource(own.map(|function| self.function(function.item_name(), function)).collect())
            }
            TypeDefKind::Type(Type::Id(original)) => match self.foreign(id, *original) {
                Some(kind) => kind,
                None => EntryKind::Alias(spell(self.resolve, Type::Id(*original))),
            },
            kind => EntryKind::Alias(crate::compatibility::spelling::spell_structure(self.resolve, kind)),
        };
        Entry { name, documentation: documentation(&definition.docs), gate: gate(&definition.stability), kind }
    }

    /// The interface that a type is used from, if it is of another one.
    fn foreign(&self, id: TypeId, original: TypeId) -> Option<EntryKind> {
        let (user, original) = (self.resolve.types[id].owner, &self.resolve.types[original]);
        let TypeOwner::Interface(owner) = original.owner else { return None };
        if user == original.owner {
            return None;
        }
        Some(EntryKind::Use { interface: self.resolve.id_of(owner)?, name: original.name.clone()? })
    }

    fn function(&self, name: &str, function: &Function) -> Entry {
        let call = match &function.kind {
            FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => Call::Free,
            FunctionKind::Method(_) | FunctionKind::AsyncMethod(_) => Call::Method,
            FunctionKind::Static(_) | FunctionKind::AsyncStatic(_) => Call::Static,
            FunctionKind::Constructor(_) => Call::Constructor,
        };
        let own = usize::from(call == Call::Method);
        let parameters = function.params.iter().skip(own);
        let parameters: Vec<_> = parameters.map(|it| (it.name.clone(), spell(self.resolve, it.ty))).collect();
        let result = function.result.map(|ty| spell(self.resolve, ty));
        let resource = function.kind.resource().and_then(|id| self.resolve.types[id].name.as_ref());
        let result = result.filter(|result| call != Call::Constructor || Some(result) != resource);
        let is_async = function.kind.is_async();
        let listed =
            parameters.iter().map(|(name, ty)| format!("{}: {ty}", escaped(name))).collect::<Vec<_>>().join(", ");
        let gives = result.as_ref().map(|result| format!(" -> {result}")).unwrap_or_default();
        let modifiers = [(call == Call::Static, "static "), (is_async, "async ")];
        let modifiers: String = modifiers.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        let wit = match call {
            Call::Constructor => format!("constructor({listed}){gives}"),
            Call::Free | Call::Method | Call::Static => format!("{}: {modifiers}func({listed}){gives}", escaped(name)),
        };
        let name = if call == Call::Constructor { "constructor" } else { name }.to_owned();
        let kind = EntryKind::Function(Signature { call, is_async, parameters, result, wit });
        Entry { name, documentation: documentation(&function.docs), gate: gate(&function.stability), kind }
    }
}

fn documentation(docs: &Docs) -> Option<String> {
    let text = docs.contents.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn gate(stability: &Stability) -> Gate {
    match stability {
        Stability::Unknown => Gate::default(),
        Stability::Stable { since, deprecated } => {
            Gate { since: Some(since.clone()), feature: None, deprecated: deprecated.clone() }
        }
        Stability::Unstable { feature, deprecated } => {
            Gate { since: None, feature: Some(feature.clone()), deprecated: deprecated.clone() }
        }
    }
}
