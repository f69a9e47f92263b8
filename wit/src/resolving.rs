//! Decides the types of a world, from what wit-parser makes of WIT text, to the arenas of [`Types`].
//!
//! wit-parser has one definition of an interface that a world both imports and exports; a component has two, with
//! resources of their own. What an exported interface uses of another is the exported one's, if that is exported, too,
//! and else the imported one's; what is used at the root of the world is always imported.

use std::collections::HashMap;

use indexmap::IndexMap;
use wasmparser::PrimitiveValType;
use wit_parser::{
    Docs, Handle, InterfaceId, Resolve, Span, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem, WorldKey,
};

use crate::features::Features;
use crate::name::ExternName;
use crate::types::{
    Concurrency, Entity, Function, Interface, NamedType, ResourceId, Shape, Side, Type, TypeName, Types,
};
use crate::world::World;

/// Reads a world of resolved packages, with what the features show of it.
///
/// NB: a type that is used by what is there and is itself behind a feature that is off is read without a name; wit-parser
/// refuses such texts when it is told the features.
pub(crate) fn read(resolve: &Resolve, world: WorldId, features: &Features) -> World {
    let world = &resolve.worlds[world];
    read_items(resolve, &world.imports, &world.exports, features)
}

/// Reads interfaces as the exports of a world of their own, each under its own name.
pub(crate) fn read_exports(resolve: &Resolve, interfaces: &[InterfaceId], features: &Features) -> World {
    let export = |id: &InterfaceId| {
        let stability = resolve.interfaces[*id].stability.clone();
        let (external_id, docs, span) = (None, Docs::default(), Span::default());
        (WorldKey::Interface(*id), WorldItem::Interface { id: *id, stability, external_id, docs, span })
    };
    read_items(resolve, &Items::default(), &interfaces.iter().map(export).collect(), features)
}

type Items = IndexMap<WorldKey, WorldItem>;

fn read_items<'a>(resolve: &'a Resolve, imports: &'a Items, exports: &'a Items, features: &'a Features) -> World {
    let (interfaces, known) = (HashMap::new(), HashMap::new());
    let mut reader = Reader { resolve, features, interfaces, types: Types::default(), known };
    let sides = [(Side::Import, imports), (Side::Export, exports)];
    let shown = |items: &'a Items| items.iter().filter(|(_, item)| is_shown(resolve, item, features));
    for (side, items) in sides {
        for (key, item) in shown(items) {
            if let WorldItem::Interface { id, .. } = item {
                let name = ExternName::from(resolve.name_world_key(key).as_str());
                reader.interfaces.entry((side, *id)).or_insert(name);
            }
        }
    }
    let [imports, exports] = sides.map(|(side, items)| {
        let entity = |(key, item)| {
            let name = ExternName::from(resolve.name_world_key(key).as_str());
            let entity = reader.entity(side, &name, item);
            (name, entity)
        };
        shown(items).map(entity).collect::<IndexMap<_, _>>()
    });
    World { imports, exports, types: reader.types }
}

/// Whether the item is there: neither it nor the interface that it is stands behind a feature that is off.
pub(crate) fn is_shown(resolve: &Resolve, item: &WorldItem, features: &Features) -> bool {
    match item {
        WorldItem::Interface { id, .. } => {
            features.show(&resolve.interfaces[*id].stability) && features.show(item.stability(resolve))
        }
        WorldItem::Function(function) => is_function_shown(resolve, function, features),
        WorldItem::Type { .. } => features.show(item.stability(resolve)),
    }
}

/// Whether the function is there: neither it nor the resource that it is of stands behind a feature that is off.
pub(crate) fn is_function_shown(resolve: &Resolve, function: &wit_parser::Function, features: &Features) -> bool {
    let resource = function.kind.resource().map(|id| &resolve.types[id].stability);
    features.show(&function.stability) && resource.is_none_or(|stability| features.show(stability))
}

struct Reader<'a> {
    resolve: &'a Resolve,
    features: &'a Features,
    /// Under which name each interface is first imported or exported.
    interfaces: HashMap<(Side, InterfaceId), ExternName>,
    types: Types,
    known: HashMap<(View, TypeId), NamedType>,
}

/// The import or export from within which a type is seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct View {
    side: Side,
    owner: ExternName,
    interface: Option<InterfaceId>,
}

impl Reader<'_> {
    fn entity(&mut self, side: Side, name: &ExternName, item: &WorldItem) -> Entity {
        let root = View { side, owner: name.clone(), interface: None };
        match item {
            WorldItem::Interface { id, .. } => {
                Entity::Interface(self.interface(&View { interface: Some(*id), ..root }))
            }
            WorldItem::Function(function) => Entity::Function(self.function(&root, function)),
            WorldItem::Type { id, .. } => Entity::Type(self.named(&root, *id)),
        }
    }

    fn interface(&mut self, view: &View) -> Interface {
        let resolve = self.resolve;
        let Some(interface) = view.interface.map(|id| &resolve.interfaces[id]) else { return Interface::default() };
        let mut types = IndexMap::with_capacity(interface.types.len());
        let shown = interface.types.iter().filter(|(_, id)| self.features.show(&resolve.types[**id].stability));
        for (name, id) in shown {
            types.insert(name.clone(), self.named(view, *id));
        }
        Interface {
            types,
            functions: interface
                .functions
                .iter()
                .filter(|(_, function)| is_function_shown(resolve, function, self.features))
                .map(|(name, function)| (name.clone(), self.function(view, function)))
                .collect(),
        }
    }

    fn function(&mut self, view: &View, function: &wit_parser::Function) -> Function {
        Function {
            concurrency: if function.kind.is_async() { Concurrency::Async } else { Concurrency::Sync },
            parameters: function.params.iter().map(|it| (it.name.clone(), self.value(view, it.ty))).collect(),
            result: function.result.map(|ty| self.value(view, ty)),
        }
    }

    /// What a definition is that is used in a view.
    fn named(&mut self, user: &View, id: TypeId) -> NamedType {
        let resolve = self.resolve;
        let definition = &resolve.types[id];
        let view = self.view_of(user, definition.owner, definition.name.as_deref());
        if let Some(known) = self.known.get(&(view.clone(), id)) {
            return *known;
        }
        let name = definition.name.clone().map(|name| TypeName { side: view.side, owner: view.owner.clone(), name });
        let named = match (&definition.kind, name) {
            (TypeDefKind::Type(wit_parser::Type::Id(original)), name) => {
                let original = self.named(&view, *original);
                name.map_or(original, |name| self.rename(original, name))
            }
            (TypeDefKind::Resource, Some(name)) => NamedType::Resource(self.types.define_resource(name)),
            (kind, name) => {
                let shape = self.shape(&view, kind);
                NamedType::Value(match name {
                    Some(name) => self.types.define_named(shape, name),
                    None => self.types.define(shape),
                })
            }
        };
        self.known.insert((view, id), named);
        named
    }

    fn rename(&mut self, original: NamedType, name: TypeName) -> NamedType {
        match original {
            NamedType::Resource(id) => NamedType::Resource(self.types.rename_resource(id, name)),
            NamedType::Value(id) => NamedType::Value(self.types.rename(id, name)),
        }
    }

    /// The view in which a definition is at home that `user` refers to.
    fn view_of(&self, user: &View, owner: TypeOwner, name: Option<&str>) -> View {
        let id = match owner {
            TypeOwner::None => return user.clone(),
            TypeOwner::World(_) => {
                let owner = ExternName::Plain(name.unwrap_or_default().to_owned());
                return View { side: Side::Import, owner, interface: None };
            }
            TypeOwner::Interface(id) if user.interface == Some(id) => return user.clone(),
            TypeOwner::Interface(id) => id,
        };
        let exported = self.interfaces.get(&(Side::Export, id)).filter(|_| user.side == Side::Export);
        let (side, owner) = match (exported, self.interfaces.get(&(Side::Import, id))) {
            (Some(exported), _) => (Side::Export, exported.clone()),
            (None, Some(imported)) => (Side::Import, imported.clone()),
            (None, None) => (Side::Import, ExternName::from(self.resolve.id_of(id).unwrap_or_default().as_str())),
        };
        View { side, owner, interface: Some(id) }
    }

    fn value(&mut self, view: &View, ty: wit_parser::Type) -> Type {
        match primitive(ty) {
            Ok(primitive) => Type::Primitive(primitive),
            Err(id) => match self.named(view, id) {
                NamedType::Value(id) => Type::Defined(id),
                NamedType::Resource(id) => Type::Defined(self.types.define(Shape::Own(id))),
            },
        }
    }

    fn shape(&mut self, view: &View, kind: &TypeDefKind) -> Shape {
        match kind {
            TypeDefKind::Record(record) => {
                Shape::Record(record.fields.iter().map(|it| (it.name.clone(), self.value(view, it.ty))).collect())
            }
            TypeDefKind::Variant(variant) => {
                let mut payload = |ty: Option<wit_parser::Type>| ty.map(|ty| self.value(view, ty));
                Shape::Variant(variant.cases.iter().map(|it| (it.name.clone(), payload(it.ty))).collect())
            }
            TypeDefKind::Enum(cases) => Shape::Enum(cases.cases.iter().map(|it| it.name.clone()).collect()),
            TypeDefKind::Flags(flags) => Shape::Flags(flags.flags.iter().map(|it| it.name.clone()).collect()),
            TypeDefKind::Tuple(tuple) => Shape::Tuple(tuple.types.iter().map(|ty| self.value(view, *ty)).collect()),
            TypeDefKind::List(ty) => Shape::List(self.value(view, *ty)),
            TypeDefKind::FixedLengthList(ty, length) => Shape::FixedLengthList(self.value(view, *ty), *length),
            TypeDefKind::Map(key, value) => Shape::Map(self.value(view, *key), self.value(view, *value)),
            TypeDefKind::Option(ty) => Shape::Option(self.value(view, *ty)),
            TypeDefKind::Result(result) => {
                Shape::Result(result.ok.map(|ty| self.value(view, ty)), result.err.map(|ty| self.value(view, ty)))
            }
            TypeDefKind::Handle(Handle::Own(id)) => self.handle(view, *id, Shape::Own),
            TypeDefKind::Handle(Handle::Borrow(id)) => self.handle(view, *id, Shape::Borrow),
            TypeDefKind::Future(payload) => Shape::Future(payload.map(|ty| self.value(view, ty))),
            TypeDefKind::Stream(payload) => Shape::Stream(payload.map(|ty| self.value(view, ty))),
            TypeDefKind::Type(ty) => match self.value(view, *ty) {
                Type::Primitive(primitive) => Shape::Primitive(primitive),
                Type::Defined(id) => self.types.definition(id).shape.clone(),
            },
            TypeDefKind::Resource | TypeDefKind::Unknown => {
                unreachable!("a resource has a name, and a resolved package has no unknown types")
            }
        }
    }

    fn handle(&mut self, view: &View, id: TypeId, make: impl FnOnce(ResourceId) -> Shape) -> Shape {
        match self.named(view, id) {
            NamedType::Resource(id) => make(id),
            NamedType::Value(id) => self.types.definition(id).shape.clone(),
        }
    }
}

/// The primitive that the type is, or the definition it refers to.
fn primitive(ty: wit_parser::Type) -> Result<PrimitiveValType, TypeId> {
    Ok(match ty {
        wit_parser::Type::Bool => PrimitiveValType::Bool,
        wit_parser::Type::U8 => PrimitiveValType::U8,
        wit_parser::Type::U16 => PrimitiveValType::U16,
        wit_parser::Type::U32 => PrimitiveValType::U32,
        wit_parser::Type::U64 => PrimitiveValType::U64,
        wit_parser::Type::S8 => PrimitiveValType::S8,
        wit_parser::Type::S16 => PrimitiveValType::S16,
        wit_parser::Type::S32 => PrimitiveValType::S32,
        wit_parser::Type::S64 => PrimitiveValType::S64,
        wit_parser::Type::F32 => PrimitiveValType::F32,
        wit_parser::Type::F64 => PrimitiveValType::F64,
        wit_parser::Type::Char => PrimitiveValType::Char,
        wit_parser::Type::String => PrimitiveValType::String,
        wit_parser::Type::ErrorContext => PrimitiveValType::ErrorContext,
        wit_parser::Type::Id(id) => return Err(id),
    })
}
