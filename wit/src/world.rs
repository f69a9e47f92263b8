//! Decides what a component or a WIT world imports and exports, from bytes or WIT, to a [`World`] whose [`Item`]s can be
//! looked up, listed and compared.

use std::collections::HashSet;
use std::path::Path;

use indexmap::IndexMap;
use wasm_encoder::{ComponentSection, ComponentTypeSection};
use wasmparser::WasmFeatures;
use wasmparser::types::TypesRef;

use crate::binary::{ComponentBinary, DecodeError, Extern, externs_of};
use crate::comparison;
use crate::encoding;
use crate::features::Features;
use crate::mismatch::Mismatch;
use crate::name::ExternName;
use crate::package::Package;
use crate::printing;
use crate::reading::Reader;
use crate::source::WorldError;
use crate::types::{DefinitionId, Entity, Function, Interface, NamedType, ResourceId, Shape, Side, Type, Types};

/// What a component, or a WIT world, imports and exports, with all types.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) imports: IndexMap<ExternName, Entity>,
    pub(crate) exports: IndexMap<ExternName, Entity>,
    pub(crate) types: Types,
}

impl World {
    /// Reads the type of a component. The component is validated, except for the bodies of its functions.
    ///
    /// # Errors
    ///
    /// Any [`DecodeError`]: the bytes are something else, cut off, invalid, or not expressible in WIT.
    pub fn of_component(bytes: &[u8]) -> Result<World, DecodeError> {
        let component = ComponentBinary::validate(bytes, WasmFeatures::all())?;
        if component.is_wit_package() {
            return Err(DecodeError::WitPackage);
        }
        World::read(component.types(), component.imports(), component.exports())
    }

    /// Reads the type of a component that a component exports under a name. All of it is validated with these features,
    /// except for the bodies of functions.
    ///
    /// # Errors
    ///
    /// As [`of_component`](World::of_component); [`DecodeError::Unsupported`] when there is no such export as well.
    pub fn of_export(bytes: &[u8], name: &str, features: WasmFeatures) -> Result<World, DecodeError> {
        let component = ComponentBinary::validate(bytes, features)?;
        let Some(ty) = component.exported_component(name) else {
            return Err(DecodeError::Unsupported { what: format!("no component is exported as `{name}`") });
        };
        World::read(component.types(), &externs_of(&ty.imports), &externs_of(&ty.exports))
    }

    fn read(types: TypesRef<'_>, imports: &[Extern], exports: &[Extern]) -> Result<World, DecodeError> {
        let mut reader = Reader::new(types);
        let imports = reader.read(Side::Import, imports)?;
        let exports = reader.read(Side::Export, exports)?;
        Ok(World { imports, exports, types: reader.finish() })
    }

    /// The world in the binary format: a section of a component that defines one type, the one of the components that
    /// import and export what the world does.
    pub fn to_type_section(&self) -> Vec<u8> {
        let mut section = ComponentTypeSection::new();
        section.component(&encoding::component_type(self));
        let mut bytes = Vec::new();
        section.append_to_component(&mut bytes);
        bytes
    }

    /// Reads a world of the WIT package at `path`, as [`Package::from_path`] does, without what is behind a feature.
    /// Without a name it is the package's only world.
    ///
    /// # Errors
    ///
    /// Any [`WorldError`]: the path cannot be read, the WIT is wrong, or there is no such world.
    pub fn from_directory(path: &Path, world: Option<&str>) -> Result<World, WorldError> {
        Package::from_path(path)?.world(world, &Features::default())
    }

    /// Reads a world of the WIT package in `wit`, like [`from_directory`](World::from_directory); `name` stands for the
    /// file's name in errors.
    ///
    /// # Errors
    ///
    /// Any [`WorldError`] but [`WorldError::Unreadable`].
    pub fn from_text(name: &str, wit: &str, world: Option<&str>) -> Result<World, WorldError> {
        Package::from_text(name, wit)?.world(world, &Features::default())
    }

    /// All imports, in the component's own order.
    pub fn imports(&self) -> impl Iterator<Item = (&ExternName, Item<'_>)> {
        self.imports.iter().map(|(name, entity)| (name, self.item(Side::Import, name, entity)))
    }

    /// All exports, in the component's own order.
    pub fn exports(&self) -> impl Iterator<Item = (&ExternName, Item<'_>)> {
        self.exports.iter().map(|(name, entity)| (name, self.item(Side::Export, name, entity)))
    }

    /// The import of exactly this name.
    pub fn import(&self, name: &ExternName) -> Option<Item<'_>> {
        self.imports.get_key_value(name).map(|(name, entity)| self.item(Side::Import, name, entity))
    }

    /// The export of exactly this name.
    pub fn export(&self, name: &ExternName) -> Option<Item<'_>> {
        self.exports.get_key_value(name).map(|(name, entity)| self.item(Side::Export, name, entity))
    }

    /// Prints the world as WIT text that can be read again.
    ///
    /// The world is `root` of the package `root:component`; the packages of its interfaces follow, each with what the
    /// world shows of it.
    ///
    /// NB: WIT has one definition of an interface. Where a component imports and exports different views of one, the text
    /// has the union, and of two different definitions of one name the imported.
    pub fn to_wit(&self) -> String {
        printing::print(self)
    }

    fn item<'a>(&'a self, side: Side, name: &'a ExternName, entity: &'a Entity) -> Item<'a> {
        Item { world: self, side, name, entity }
    }
}

/// An import or export of a [`World`].
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub(crate) world: &'a World,
    pub(crate) side: Side,
    pub(crate) name: &'a ExternName,
    pub(crate) entity: &'a Entity,
}

/// What an [`Item`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// An interface: functions and types under one name.
    Interface,
    /// A function at the root of the world.
    Function,
    /// A type at the root of the world.
    Type,
}

/// A resource type that an interface exposes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Resource {
    /// The interface's own name for it; the defining name where the interface exposes it only within other types.
    pub name: String,
    /// The one place that makes it this resource and no other.
    pub origin: ResourceOrigin,
}

/// Where a resource gets its identity: two resources of a world are the same exactly when their origins are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceOrigin {
    /// Whoever satisfies the import decides.
    Import {
        /// The first import that has the resource.
        interface: ExternName,
        /// Its name there.
        resource: String,
    },
    /// The component itself makes it.
    Export {
        /// The first export that has the resource.
        interface: ExternName,
        /// Its name there.
        resource: String,
    },
}

impl<'a> Item<'a> {
    /// The name of the import or export.
    pub fn name(&self) -> &'a ExternName {
        self.name
    }

    /// Whether this is an interface, a function or a type.
    pub fn kind(&self) -> ItemKind {
        match self.entity {
            Entity::Interface(_) => ItemKind::Interface,
            Entity::Function(_) => ItemKind::Function,
            Entity::Type(_) => ItemKind::Type,
        }
    }

    /// Why this item, which a provider has, cannot be what a consumer expects; empty when it can.
    ///
    /// Follows the [subtyping] that validators implement: an interface may have more than is expected; functions and types
    /// have to be equal, down to the names of parameters. A resource that the expected interface defines can be any
    /// resource of that name; any other has to have an origin of the same name, in a version of the same track.
    ///
    /// All differences are reported, in the order of what is expected, each once: one within a named type at that type's
    /// own path and not where it is used.
    ///
    /// [subtyping]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Explainer.md#type-checking
    pub fn mismatches(&self, expected: &Item<'_>) -> Vec<Mismatch> {
        comparison::compare(self, expected)
    }

    /// The names of the functions: of an interface as the component has them, `[method]cart.add` among them; of a
    /// function its own; of a type none.
    pub fn functions(&self) -> impl Iterator<Item = &'a str> {
        let (interface, own) = match self.entity {
            Entity::Interface(interface) => (Some(interface), None),
            Entity::Function(_) => (None, Some(self.name)),
            Entity::Type(_) => (None, None),
        };
        let own = own.and_then(|name| match name {
            ExternName::Plain(name) => Some(name.as_str()),
            ExternName::Interface(_) => None,
        });
        interface.into_iter().flat_map(|interface| interface.functions.keys().map(String::as_str)).chain(own)
    }

    /// Every resource that the item exposes, by name or within the types of its functions, each once per name.
    pub fn resources(&self) -> Vec<Resource> {
        let mut exposed =
            Exposed { types: &self.world.types, seen: HashSet::new(), named: Vec::new(), within: Vec::new() };
        match self.entity {
            Entity::Interface(interface) => exposed.interface(interface),
            Entity::Function(function) => exposed.function(function),
            Entity::Type(ty) => exposed.named(&self.name.to_string(), *ty),
        }
        exposed.finish()
    }
}

/// Collects the resources an item exposes.
struct Exposed<'a> {
    types: &'a Types,
    seen: HashSet<DefinitionId>,
    named: Vec<(String, ResourceId)>,
    within: Vec<ResourceId>,
}

impl Exposed<'_> {
    fn interface(&mut self, interface: &Interface) {
        for (name, ty) in &interface.types {
            self.named(name, *ty);
        }
        for function in interface.functions.values() {
            self.function(function);
        }
    }

    fn named(&mut self, name: &str, ty: NamedType) {
        match ty {
            NamedType::Resource(id) => self.named.push((name.to_owned(), id)),
            NamedType::Value(id) => self.value(Type::Defined(id)),
        }
    }

    fn function(&mut self, function: &Function) {
        for (_, ty) in &function.parameters {
            self.value(*ty);
        }
        function.result.into_iter().for_each(|ty| self.value(ty));
    }

    fn value(&mut self, ty: Type) {
        let Type::Defined(id) = ty else { return };
        if !self.seen.insert(id) {
            return;
        }
        let shape = &self.types.definition(id).shape;
        if let Shape::Own(resource) | Shape::Borrow(resource) = shape {
            self.within.push(*resource);
        }
        shape.components().into_iter().for_each(|ty| self.value(ty));
    }

    fn finish(self) -> Vec<Resource> {
        let mut resources = self.named;
        for id in self.within {
            let identity = |id| self.types.identity(id);
            if resources.iter().all(|(_, named)| identity(*named) != identity(id)) {
                resources.push((self.types.resource(id).name.clone(), id));
            }
        }
        resources.into_iter().map(|(name, id)| Resource { name, origin: origin(self.types, id) }).collect()
    }
}

fn origin(types: &Types, id: ResourceId) -> ResourceOrigin {
    let home = types.resource(id).clone();
    match home.side {
        Side::Import => ResourceOrigin::Import { interface: home.owner, resource: home.name },
        Side::Export => ResourceOrigin::Export { interface: home.owner, resource: home.name },
    }
}
