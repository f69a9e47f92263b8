//! Whether a component refers to nothing around it, so that it means the same anywhere.
//!
//! Every reference outwards is an `alias outer`: in an alias section, or within a type. One of unknown shape counts as a reference.

use wasmparser::{
    ComponentAlias, ComponentType, ComponentTypeDeclaration, CoreType, InstanceTypeDeclaration, ModuleTypeDeclaration,
    Parser, Payload,
};

use crate::shell::{COMPONENT_HEADER, Item, Outline};

/// Whether nothing in a component refers to what is around it.
pub(super) fn is_closed(outline: &Outline) -> bool {
    is_within(outline, 0)
}

/// Whether nothing in a component refers to more than `around` components around it.
fn is_within(outline: &Outline, around: u32) -> bool {
    outline.items.iter().all(|item| match item {
        Item::Sections(sections) => sections_are_within(sections, around),
        Item::Component(outline) => is_within(outline, around + 1),
        Item::Module(_) | Item::Custom(..) => true,
    })
}

fn sections_are_within(sections: &[u8], around: u32) -> bool {
    let component = [COMPONENT_HEADER.as_slice(), sections].concat();
    Parser::new(0).parse_all(&component).all(|payload| match payload {
        Ok(Payload::ComponentAliasSection(section)) => {
            section.into_iter().all(|alias| alias.is_ok_and(|alias| alias_is_within(&alias, around)))
        }
        Ok(Payload::ComponentTypeSection(section)) => {
            section.into_iter().all(|ty| ty.is_ok_and(|ty| type_is_within(&ty, around)))
        }
        Ok(Payload::CoreTypeSection(section)) => {
            section.into_iter().all(|ty| ty.is_ok_and(|ty| core_type_is_within(&ty, around)))
        }
        Ok(_) => true,
        Err(_) => false,
    })
}

fn alias_is_within(alias: &ComponentAlias<'_>, around: u32) -> bool {
    match alias {
        ComponentAlias::Outer { count, .. } => *count <= around,
        ComponentAlias::InstanceExport { .. } | ComponentAlias::CoreInstanceExport { .. } => true,
    }
}

fn type_is_within(ty: &ComponentType<'_>, around: u32) -> bool {
    match ty {
        ComponentType::Component(declarations) => declarations.iter().all(|declaration| match declaration {
            ComponentTypeDeclaration::CoreType(ty) => core_type_is_within(ty, around + 1),
            ComponentTypeDeclaration::Type(ty) => type_is_within(ty, around + 1),
            ComponentTypeDeclaration::Alias(alias) => alias_is_within(alias, around + 1),
            ComponentTypeDeclaration::Export { .. } | ComponentTypeDeclaration::Import(_) => true,
        }),
        ComponentType::Instance(declarations) => declarations.iter().all(|declaration| match declaration {
            InstanceTypeDeclaration::CoreType(ty) => core_type_is_within(ty, around + 1),
            InstanceTypeDeclaration::Type(ty) => type_is_within(ty, around + 1),
            InstanceTypeDeclaration::Alias(alias) => alias_is_within(alias, around + 1),
            InstanceTypeDeclaration::Export { .. } => true,
        }),
        ComponentType::Defined(_) | ComponentType::Func(_) | ComponentType::Resource { .. } => true,
    }
}

fn core_type_is_within(ty: &CoreType<'_>, around: u32) -> bool {
    match ty {
        CoreType::Rec(_) => true,
        CoreType::Module(declarations) => declarations.iter().all(|declaration| match declaration {
            ModuleTypeDeclaration::OuterAlias { count, .. } => *count <= around + 1,
            _ => true,
        }),
    }
}
