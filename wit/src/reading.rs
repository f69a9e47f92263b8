//! Decides the types of a world, from the validator's types of a component, to the arenas of [`Types`].
//!
//! The validator gives a type a new id wherever it is imported or exported, and keeps what that is another name of; so do
//! [`Types`], for it is by these ids that it decides what has a name. Resources are what the validator says they are, so two of
//! them are the same exactly when their values may be exchanged.

use std::collections::HashMap;

use indexmap::IndexMap;
use wasmparser::component_types::{
    self, AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;

use crate::binary::{DecodeError, Extern};
use crate::name::ExternName;
use crate::types::{
    Concurrency, DefinitionId, Entity, Function, Interface, NamedType, ResourceId, Shape, Side, Type, TypeName, Types,
};

/// Reads the imports or exports of a component; imports have to be read first, as exports refer to them.
pub(crate) struct Reader<'a> {
    validated: TypesRef<'a>,
    types: Types,
    definitions: HashMap<ComponentAnyTypeId, DefinitionId>,
    resources: HashMap<AliasableResourceId, ResourceId>,
    /// The first name of each resource.
    originals: HashMap<component_types::ResourceId, ResourceId>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(validated: TypesRef<'a>) -> Reader<'a> {
        let (definitions, resources, originals) = (HashMap::new(), HashMap::new(), HashMap::new());
        Reader { validated, types: Types::default(), definitions, resources, originals }
    }

    /// # Errors
    ///
    /// [`DecodeError::Unsupported`] for what is no interface, function or type of WIT.
    pub(crate) fn read(&mut self, side: Side, externs: &[Extern]) -> Result<IndexMap<ExternName, Entity>, DecodeError> {
        let mut entities = IndexMap::with_capacity(externs.len());
        for (name, ty) in externs {
            let name = ExternName::from(name.as_str());
            let entity = self.entity(side, &name, *ty)?;
            entities.insert(name, entity);
        }
        Ok(entities)
    }

    pub(crate) fn finish(self) -> Types {
        self.types
    }

    fn entity(&mut self, side: Side, owner: &ExternName, ty: ComponentEntityType) -> Result<Entity, DecodeError> {
        match ty {
            ComponentEntityType::Instance(id) => self.interface(side, owner, id).map(Entity::Interface),
            ComponentEntityType::Func(id) => Ok(Entity::Function(self.function(id))),
            ComponentEntityType::Type { created, referenced } => {
                let name = TypeName { side, owner: owner.clone(), name: owner.to_string() };
                self.named(name, created, referenced).map(Entity::Type)
            }
            other => Err(unsupported(side, owner, None, describe(other))),
        }
    }

    fn interface(
        &mut self,
        side: Side,
        owner: &ExternName,
        id: ComponentInstanceTypeId,
    ) -> Result<Interface, DecodeError> {
        let mut interface = Interface::default();
        let validated = self.validated;
        for (name, item) in &validated[id].exports {
            match item.ty {
                ComponentEntityType::Type { created, referenced } => {
                    let full = TypeName { side, owner: owner.clone(), name: name.clone() };
                    interface.types.insert(name.clone(), self.named(full, created, referenced)?);
                }
                ComponentEntityType::Func(id) => {
                    interface.functions.insert(name.clone(), self.function(id));
                }
                other => return Err(unsupported(side, owner, Some(name), describe(other))),
            }
        }
        Ok(interface)
    }

    /// The type that an import or export names: `created`, which is a name of `referenced`.
    fn named(
        &mut self,
        name: TypeName,
        created: ComponentAnyTypeId,
        referenced: ComponentAnyTypeId,
    ) -> Result<NamedType, DecodeError> {
        match created {
            ComponentAnyTypeId::Resource(id) => Ok(NamedType::Resource(self.resource(name, id, referenced))),
            ComponentAnyTypeId::Defined(id) => {
                let has_name = |known: &DefinitionId| self.types.definition(*known).home.is_some();
                if let Some(known) = self.definitions.get(&created).copied().filter(has_name) {
                    self.types.add_name(NamedType::Value(known), name);
                    return Ok(NamedType::Value(known));
                }
                let original = self.known(created).or_else(|| self.known(referenced)).filter(has_name);
                let definition = match original {
                    Some(original) => self.types.rename(original, name),
                    None => {
                        let shape = self.shape(id);
                        self.types.define_named(shape, name)
                    }
                };
                self.definitions.insert(created, definition);
                Ok(NamedType::Value(definition))
            }
            ComponentAnyTypeId::Func(_) | ComponentAnyTypeId::Instance(_) | ComponentAnyTypeId::Component(_) => {
                let kind = match created {
                    ComponentAnyTypeId::Func(_) => "the type of a function",
                    ComponentAnyTypeId::Instance(_) => "the type of an instance",
                    _ => "the type of a component",
                };
                let within = (!name.is_at_root()).then_some(name.name.as_str());
                Err(unsupported(name.side, &name.owner, within, kind))
            }
        }
    }

    /// The definition of a type, found along its chain of aliases.
    fn known(&self, id: ComponentAnyTypeId) -> Option<DefinitionId> {
        std::iter::successors(Some(id), |id| self.validated.peel_alias(*id))
            .find_map(|id| self.definitions.get(&id).copied())
    }

    fn resource(&mut self, name: TypeName, created: AliasableResourceId, referenced: ComponentAnyTypeId) -> ResourceId {
        if let Some(known) = self.resources.get(&created) {
            self.types.add_name(NamedType::Resource(*known), name);
            return *known;
        }
        let renamed = match referenced {
            ComponentAnyTypeId::Resource(id) => self.resources.get(&id),
            _ => None,
        };
        let resource = match renamed.or_else(|| self.originals.get(&created.resource())) {
            Some(original) => self.types.rename_resource(*original, name),
            None => self.types.define_resource(name),
        };
        self.resources.insert(created, resource);
        self.originals.entry(created.resource()).or_insert(resource);
        resource
    }

    /// The resource of a handle.
    fn handle(&mut self, id: AliasableResourceId) -> ResourceId {
        let named = self.resources.get(&id).or_else(|| self.originals.get(&id.resource()));
        *named.expect("handles refer to named resources because the validator asks for it")
    }

    fn function(&mut self, id: ComponentFuncTypeId) -> Function {
        let validated = self.validated;
        let function = &validated[id];
        Function {
            concurrency: if function.async_ { Concurrency::Async } else { Concurrency::Sync },
            parameters: function.params.iter().map(|(name, ty)| (name.to_string(), self.value(*ty))).collect(),
            result: function.result.map(|ty| self.value(ty)),
        }
    }

    fn value(&mut self, ty: ComponentValType) -> Type {
        match ty {
            ComponentValType::Primitive(primitive) => Type::Primitive(primitive),
            ComponentValType::Type(defined) => {
                let id = ComponentAnyTypeId::Defined(defined);
                if let Some(known) = self.known(id) {
                    return Type::Defined(known);
                }
                let shape = self.shape(defined);
                let definition = self.types.define(shape);
                self.definitions.insert(id, definition);
                Type::Defined(definition)
            }
        }
    }

    fn shape(&mut self, id: ComponentDefinedTypeId) -> Shape {
        let validated = self.validated;
        match &validated[id] {
            ComponentDefinedType::Primitive(primitive) => Shape::Primitive(*primitive),
            ComponentDefinedType::Record(record) => {
                Shape::Record(record.fields.iter().map(|(name, ty)| (name.to_string(), self.value(*ty))).collect())
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                Shape::Variant(cases.map(|(name, case)| (name.to_string(), case.ty.map(|ty| self.value(ty)))).collect())
            }
            ComponentDefinedType::Enum(cases) => Shape::Enum(cases.iter().map(ToString::to_string).collect()),
            ComponentDefinedType::Flags(flags) => Shape::Flags(flags.iter().map(ToString::to_string).collect()),
            ComponentDefinedType::Tuple(tuple) => Shape::Tuple(tuple.types.iter().map(|ty| self.value(*ty)).collect()),
            ComponentDefinedType::List { element, .. } => Shape::List(self.value(*element)),
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                Shape::FixedLengthList(self.value(*element), *length)
            }
            ComponentDefinedType::Map { key, value, .. } => Shape::Map(self.value(*key), self.value(*value)),
            ComponentDefinedType::Option { ty, .. } => Shape::Option(self.value(*ty)),
            ComponentDefinedType::Result { ok, err, .. } => {
                Shape::Result(ok.map(|ty| self.value(ty)), err.map(|ty| self.value(ty)))
            }
            ComponentDefinedType::Own(id) => Shape::Own(self.handle(*id)),
            ComponentDefinedType::Borrow(id) => Shape::Borrow(self.handle(*id)),
            ComponentDefinedType::Future { ty, .. } => Shape::Future(ty.map(|ty| self.value(ty))),
            ComponentDefinedType::Stream { ty, .. } => Shape::Stream(ty.map(|ty| self.value(ty))),
        }
    }
}

fn unsupported(side: Side, owner: &ExternName, within: Option<&str>, kind: &str) -> DecodeError {
    let side = match side {
        Side::Import => "import",
        Side::Export => "export",
    };
    let what = match within {
        Some(within) => format!("`{within}` of the {side} `{owner}` is {kind}"),
        None => format!("the {side} `{owner}` is {kind}"),
    };
    DecodeError::Unsupported { what }
}

fn describe(ty: ComponentEntityType) -> &'static str {
    match ty {
        ComponentEntityType::Module(_) => "a core module",
        ComponentEntityType::Func(_) => "a function",
        ComponentEntityType::Value(_) => "a value",
        ComponentEntityType::Type { .. } => "a type",
        ComponentEntityType::Instance(_) => "an instance",
        ComponentEntityType::Component(_) => "a component",
    }
}
