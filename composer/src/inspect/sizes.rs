//! What takes up the bytes of a component: which modules there are, how large what in them is, and what is there more than once.
//!
//! From an input to [`Sizes`]; the component is read once, and not held.

use std::collections::BTreeMap;

use registry_client::Digest;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentName, ComponentNameSectionReader, ComponentOuterAliasKind,
    ComponentTypeRef, KnownCustom, Parser, Payload,
};

use crate::{
    input::Input,
    limits::Extent,
    part::PartError,
    shell::{COMPONENT_HEADER, Content, Item, Module, Outline, Shell, Strip},
};

/// What takes up the bytes of a component.
#[derive(Debug)]
pub struct Sizes {
    /// All bytes.
    pub total: u64,
    /// What is executed, and its data.
    pub code: u64,
    /// Names of functions and the like, in modules.
    pub names: u64,
    /// What debuggers need, in modules.
    pub debug: u64,
    /// Other custom sections of modules.
    pub other: u64,
    /// What modules are wired with: types, imports, instances, exports, and custom sections about them.
    pub structure: u64,
    /// The different modules, the largest first.
    pub modules: Vec<ModuleSize>,
    /// What the outermost component defines of what runtimes bound: its name, how much there is, and how much there can be.
    pub limits: [(&'static str, usize, usize); 4],
}

/// A core module, as often as it is there.
#[derive(Debug)]
pub struct ModuleSize {
    /// Its bytes, once.
    pub size: u64,
    /// Each place where it is defined: the names of the components around it, or their numbers, and its own number.
    pub places: Vec<String>,
}

impl Sizes {
    /// How many bytes there would be less if every module were defined once.
    pub fn repeated(&self) -> u64 {
        self.modules.iter().map(|module| module.size * (module.places.len() as u64 - 1)).sum()
    }
}

/// Measures a component.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn sizes(input: &Input) -> Result<Sizes, PartError> {
    let (shell, _) = Shell::of(input).map_err(|error| PartError::of_cut(input, error))?;
    let mut sizes = Sizes {
        total: input.size(),
        code: 0,
        names: 0,
        debug: 0,
        other: 0,
        structure: 0,
        modules: Vec::new(),
        limits: extent(&shell.root).counts(),
    };
    let mut modules = BTreeMap::new();
    sizes.add(&shell.root, "", &mut modules);
    sizes.modules = modules.into_values().collect();
    sizes.modules.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.places.cmp(&b.places)));
    sizes.structure = sizes.total.saturating_sub(sizes.code + sizes.names + sizes.debug + sizes.other);
    Ok(sizes)
}

impl Sizes {
    fn add(&mut self, outline: &Outline, place: &str, modules: &mut BTreeMap<Digest, ModuleSize>) {
        let names = component_names(outline);
        let mut number = 0;
        let mut component = 0;
        for item in &outline.items {
            match item {
                Item::Module(module) => {
                    number += 1;
                    self.add_module(module);
                    let known = modules.entry(module.identity(Strip::Nothing));
                    let known =
                        known.or_insert_with(|| ModuleSize { size: module.size(Strip::Nothing), places: Vec::new() });
                    known.places.push(format!("{place}module {number}"));
                }
                Item::Component(nested) => {
                    let name = names.get(&component).cloned().unwrap_or_else(|| format!("component {component}"));
                    component += 1;
                    self.add(nested, &format!("{place}{name}, "), modules);
                }
                Item::Sections(sections) => component += components_of(sections),
                Item::Custom(..) => {}
            }
        }
    }

    fn add_module(&mut self, module: &Module) {
        for segment in &module.segments {
            *match segment.content {
                Content::Code => &mut self.code,
                Content::Names => &mut self.names,
                Content::Debug => &mut self.debug,
                Content::Other => &mut self.other,
            } += segment.size();
        }
    }
}

/// The names that a component gives those in it, by their indices.
fn component_names(outline: &Outline) -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    for item in &outline.items {
        let Item::Custom(Content::Names, section) = item else { continue };
        each_payload(section, |payload| {
            let Payload::CustomSection(section) = payload else { return };
            let KnownCustom::ComponentName(names) = section.as_known() else { return };
            found.extend(names_of_components(names));
        });
    }
    found
}

fn names_of_components(names: ComponentNameSectionReader<'_>) -> Vec<(u32, String)> {
    let maps = names.into_iter().map_while(Result::ok).filter_map(|name| match name {
        ComponentName::Components(map) => Some(map),
        _ => None,
    });
    let namings = maps.flat_map(|map| map.into_iter().map_while(Result::ok).collect::<Vec<_>>());
    namings.map(|naming| (naming.index, naming.name.to_owned())).collect()
}

/// How many components sections add to the index space without defining them.
fn components_of(sections: &[u8]) -> u32 {
    let mut count = 0;
    each_payload(sections, |payload| match payload {
        Payload::ComponentAliasSection(section) => {
            let aliases = section.into_iter().map_while(Result::ok);
            count += aliases.filter(|alias| defines(alias, Defined::Component)).count();
        }
        Payload::ComponentImportSection(section) => {
            let imports = section.into_iter().map_while(Result::ok);
            count += imports.filter(|import| matches!(import.ty, ComponentTypeRef::Component(_))).count();
        }
        _ => {}
    });
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Defined {
    Module,
    Component,
    Instance,
}

fn defines(alias: &ComponentAlias<'_>, what: Defined) -> bool {
    let defined = match alias {
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. }
        | ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => Defined::Module,
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. }
        | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, .. } => Defined::Component,
        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Instance, .. } => Defined::Instance,
        _ => return false,
    };
    defined == what
}

/// How many modules and components there are at any depth, the component itself as well.
fn definitions(outline: &Outline) -> usize {
    let within = outline.items.iter().map(|item| match item {
        Item::Module(_) => 1,
        Item::Component(nested) => definitions(nested),
        Item::Custom(..) | Item::Sections(_) => 0,
    });
    1 + within.sum::<usize>()
}

/// What a component defines of what runtimes bound.
fn extent(outline: &Outline) -> Extent {
    let mut extent = Extent { in_all: definitions(outline), ..Extent::default() };
    for item in &outline.items {
        match item {
            Item::Module(_) => extent.modules += 1,
            Item::Component(_) => extent.components += 1,
            Item::Custom(..) => {}
            Item::Sections(sections) => each_payload(sections, |payload| match payload {
                Payload::InstanceSection(section) => extent.instances += section.count() as usize,
                Payload::ComponentInstanceSection(section) => extent.instances += section.count() as usize,
                Payload::ComponentAliasSection(section) => {
                    for alias in section.into_iter().map_while(Result::ok) {
                        extent.modules += usize::from(defines(&alias, Defined::Module));
                        extent.components += usize::from(defines(&alias, Defined::Component));
                        extent.instances += usize::from(defines(&alias, Defined::Instance));
                    }
                }
                Payload::ComponentImportSection(section) => {
                    for import in section.into_iter().map_while(Result::ok) {
                        extent.modules += usize::from(matches!(import.ty, ComponentTypeRef::Module(_)));
                        extent.components += usize::from(matches!(import.ty, ComponentTypeRef::Component(_)));
                        extent.instances += usize::from(matches!(import.ty, ComponentTypeRef::Instance(_)));
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section.into_iter().map_while(Result::ok) {
                        extent.modules += usize::from(export.kind == ComponentExternalKind::Module);
                        extent.components += usize::from(export.kind == ComponentExternalKind::Component);
                        extent.instances += usize::from(export.kind == ComponentExternalKind::Instance);
                    }
                }
                _ => {}
            }),
        }
    }
    extent
}

/// Reads sections as far as they can be read.
fn each_payload(sections: &[u8], mut each: impl FnMut(Payload<'_>)) {
    let component = [COMPONENT_HEADER.as_slice(), sections].concat();
    for payload in Parser::new(0).parse_all(&component).map_while(Result::ok) {
        each(payload);
    }
}
