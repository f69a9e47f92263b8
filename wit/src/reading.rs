//! Decides the types of a world, from the validator's types of a component, to the arenas of [`Types`].
//!
//! The validator gives a type a new identity wherever it is imported, exported or aliased, and keeps the chain of
//! aliases; here all of these are one definition, at home where it was named first. Resources are what the validator
//! says they are, so two of them are equal exactly when their values may be exchanged.

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
    Concurrency, Definition, DefinitionId, Entity, Function, Home, Interface, NamedType, ResourceId, Shape, Side, Type,
    Types,
};

/// Reads the imports or exports of a component; imports have to be read first, as exports refer to them.
pub(crate) struct Reader<'a> {
    validated: TypesRef<'a>,
    types: Types,
    definitions: HashMap<ComponentAnyTypeId, DefinitionId>,
    resources: HashMap<component_types::ResourceId, ResourceId>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(validated: TypesRef<'a>) -> Reader<'a> {
        Reader { validated, types: Types::default(), definitions: HashMap::new(), resources: HashMap::new() }
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
            ComponentEntityType::Type { created, .. } => {
                let home = Home { side, owner: owner.clone(), name: owner.to_string() };
                self.named(home, created).map(Entity::Type)
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
                ComponentEntityType::Type { created, .. } => {
                    let home = Home { side, owner: owner.clone(), name: name.clone() };
                    interface.types.insert(name.clone(), self.named(home, created)?);
                }
                ComponentEntityType::Func(id) => {
                    interface.functions.insert(name.clone(), self.function(id));
                }
                other => return Err(unsupported(side, owner, Some(name), describe(other))),
            }
        }
        Ok(interface)
    }

    /// The type that an import or export names: one that has been named before, or a new one, which then is at `home`.
    fn named(&mut self, home: Home, id: ComponentAnyTypeId) -> Result<NamedType, DecodeError> {
        match id {
            ComponentAnyTypeId::Resource(id) => Ok(NamedType::Resource(self.resource(id, home))),
            ComponentAnyTypeId::Defined(defined) => {
                let known = self.known(id).filter(|known| self.types.definition(*known).home.is_some());
                let definition = known.unwrap_or_else(|| self.define(Some(home), defined));
                self.definitions.insert(id, definition);
                Ok(NamedType::Value(definition))
            }
            ComponentAnyTypeId::Func(_) | ComponentAnyTypeId::Instance(_) | ComponentAnyTypeId::Component(_) => {
                let kind = match id {
                    ComponentAnyTypeId::Func(_) => "the type of a function",
                    ComponentAnyTypeId::Instance(_) => "the type of an instance",
                    _ => "the type of a component",
                };
                let within = (home.owner.to_string() != home.name).then_some(home.name.as_str());
                Err(unsupported(home.side, &home.owner, within, kind))
            }
        }
    }

    /// The definition of a type, found along its chain of aliases.
    fn known(&self, id: ComponentAnyTypeId) -> Option<DefinitionId> {
        std::iter::successors(Some(id), |id| self.validated.peel_alias(*id))
            .find_map(|id| self.definitions.get(&id).copied())
    }

    fn resource(&mut self, id: AliasableResourceId, name: Home) -> ResourceId {
        match self.resources.get(&id.resource()) {
            Some(&known) => {
                self.types.name_resource(known, name);
                known
            }
            None => {
                let resource = self.types.define_resource(name);
                self.resources.insert(id.resource(), resource);
                resource
            }
        }
    }

    /// The resource of a handle.
    fn handle(&mut self, id: AliasableResourceId) -> ResourceId {
        *self.resources.get(&id.resource()).expect("handles refer to named resources because the validator asks for it")
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
                let definition = self.known(id).unwrap_or_else(|| self.define(None, defined));
                self.definitions.insert(id, definition);
                Type::Defined(definition)
            }
        }
    }

    fn define(&mut self, home: Option<Home>, id: ComponentDefinedTypeId) -> DefinitionId {
        let shape = self.shape(id);
        self.types.define(Definition { home, shape })
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
