//! Components made from WIT text, and compositions of them, to ask wasmparser's type checker about.

use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentInstanceSection, RawSection,
};
use wasmparser::{Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// A component of the only world of the WIT package, its functions doing nothing.
#[track_caller]
pub(crate) fn component(wit: &str) -> Vec<u8> {
    component_of(wit, None)
}

/// A component of a world of the WIT package, its functions doing nothing; of the only world if none is named.
#[track_caller]
pub(crate) fn component_of(wit: &str, world: Option<&str>) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap_or_else(|error| panic!("{}", resolve.render_error(&error)));
    let world = resolve.select_world(&[package], world).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// An instance of a composition: a component, and for each of its imports the index of the instance whose export of the
/// second name satisfies it.
pub(crate) struct Instance<'a> {
    pub(crate) component: &'a [u8],
    pub(crate) links: &'a [(&'a str, u32, &'a str)],
}

/// A component that instantiates each of the components, linked by their exports.
pub(crate) fn composition(instances: &[Instance<'_>]) -> Vec<u8> {
    const COMPONENT_SECTION: u8 = 4;
    let mut composition = Component::new();
    // An instance that is made takes an index as one that is aliased does; these are the made ones'.
    let mut made = Vec::new();
    let mut next = 0;
    for (index, Instance { component, links }) in (0..).zip(instances) {
        composition.section(&RawSection { id: COMPONENT_SECTION, data: component });
        let mut aliases = ComponentAliasSection::new();
        let mut arguments = Vec::new();
        for (import, provider, export) in *links {
            let instance = made[*provider as usize];
            aliases.alias(Alias::InstanceExport { instance, kind: ComponentExportKind::Instance, name: export });
            arguments.push((*import, ComponentExportKind::Instance, next));
            next += 1;
        }
        composition.section(&aliases);
        let mut section = ComponentInstanceSection::new();
        section.instantiate(index, arguments);
        composition.section(&section);
        made.push(next);
        next += 1;
    }
    composition.finish()
}

/// What the type checker says: whether the bytes are valid.
pub(crate) fn valid(bytes: &[u8]) -> Result<(), String> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    validator.validate_all(bytes).map(|_| ()).map_err(|error| error.message().to_owned())
}
