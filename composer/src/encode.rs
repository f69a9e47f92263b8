//! Encoding: lays a plan out as one component, of which only the outermost level is encoded here.
//!
//! From a [`Plan`] and the shells of its components to a [`Layout`]. It decides nothing about the composition: every link, import and
//! export was decided by planning, and whatever is refused here is a fault of ours. The outermost component has, in this order:
//! what the host must provide, the modules and components that are defined once although several need them, the components, their
//! instances with the exports of others that each is given, the exports of the result, names, producers, and the plan itself. A
//! component that several instances are of is embedded once. Nothing is copied: a layout says from where to where.
//!
//! | module | decides |
//! |---|---|
//! | `imports` | the types of what the host must provide; it alone knows `wac-graph` |
//! | `share`, `closed` | what is defined once |
//! | `outer` | sections and indices of the outermost component |
//! | `layout` | which bytes come from where |

mod closed;
mod imports;
mod layout;
mod outer;
mod share;

use std::collections::{BTreeMap, BTreeSet};

use registry_client::Digest;
use serde::{Deserialize, Serialize};
use wasm_encoder::{ComponentExportKind, ComponentSection, CustomSection, ProducersField, ProducersSection};
use wit::{ExternName, ItemKind};

pub use self::layout::Layout;
pub(crate) use self::layout::{CopyError, LayoutReader, RESULT, Stretch};
use self::{
    imports::{Consumer, Imports},
    layout::lay_out,
    outer::{Defined, Names, Outer},
    share::Shared,
};
pub use crate::shell::Strip;
use crate::{
    diagnostic::{Code, Diagnostic},
    limits,
    part::Part,
    plan::{InstanceId, Plan, PlannedInstance, Provider},
    provenance::{self, Provenance},
};

/// What is defined once although several components have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Every component has its own copy.
    Nothing,
    /// Core modules.
    #[default]
    Modules,
    /// Core modules, and components within components.
    Components,
}

/// How the result is to be laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form {
    /// What is defined once although several components have it.
    pub share: Share,
    /// What the result is without.
    pub strip: Strip,
}

/// What sharing saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Savings {
    /// How many modules are defined once although several components have them.
    pub modules: usize,
    /// How many components are.
    pub components: usize,
    /// How many bytes the result would have more without.
    pub bytes: u64,
}

/// Encodes a plan.
///
/// # Errors
/// [`Code::LimitExceeded`] when the result would be larger than runtimes accept; [`Code::Internal`] when what planning found good
/// cannot be encoded.
pub fn encode(plan: &Plan, parts: &[Part], provenance: &Provenance, form: Form) -> Result<Layout, Diagnostic> {
    let composed = Composed::new(plan, parts);
    let consumers: Vec<Consumer<'_>> = plan.instances.iter().map(|instance| composed.consumer(instance)).collect();
    let imports = imports::encode(&consumers)?;

    let embedded = composed.embedded();
    let outlines: Vec<_> = embedded.iter().map(|part| (part.input(), part.outline())).collect();
    let shared = Shared::between(&outlines, form.share, form.strip);
    let mut outer = Outer::new(&imports);
    let mut saved = Saved::default();
    for (input, module) in shared.modules() {
        saved.defined.bytes += module.size(form.strip);
        saved.defined.modules += 1;
        outer.module(layout::Node::module(input, module, form.strip));
    }
    for (input, outline) in shared.components() {
        let node = shared.embed(input, outline, &mut saved.aliased);
        saved.defined.bytes += node.size();
        saved.defined.components += 1;
        outer.component(node);
    }
    let mut components = BTreeMap::new();
    for part in embedded {
        let index = match shared.component_index(part.outline()) {
            Some(index) => {
                saved.aliased.note_component(part.size());
                index
            }
            None => {
                let node = shared.embed(part.input(), part.outline(), &mut saved.aliased);
                outer.component(node.of_type(part.type_section()))
            }
        };
        components.insert(part.digest(), (index, part.name.as_ref()));
    }
    let mut named: Vec<(u32, &str)> = components.values().copied().collect();
    named.sort_unstable();
    for (index, name) in named {
        outer.name_component(index, name);
    }

    let mut wiring =
        Wiring { composed, imports: &imports, outer, instances: BTreeMap::new(), exports: BTreeMap::new() };
    for id in &plan.order {
        let (component, _) = components[&plan[*id].digest];
        wiring.instantiate(*id, component)?;
    }
    for export in &plan.exports {
        let defined = wiring.export_of(export.instance, &export.export)?;
        wiring.outer.export(&export.name.to_string(), defined);
    }
    limits::check(wiring.outer.extent())?;
    let names = if form.strip == Strip::All { Names::Omitted } else { Names::Written };
    let nodes = wiring.outer.finish(names, [producers(), plan_section(provenance)]);
    Ok(lay_out(&nodes, form.strip, saved.savings()))
}

/// A plan beside its parts.
#[derive(Clone)]
struct Composed<'a> {
    plan: &'a Plan,
    /// The first of the parts that have a digest gives all of them its name.
    parts: BTreeMap<Digest, &'a Part>,
}

impl<'a> Composed<'a> {
    fn new(plan: &'a Plan, parts: &'a [Part]) -> Self {
        let parts = parts.iter().rev().map(|part| (part.digest(), part)).collect();
        Self { plan, parts }
    }

    fn part(&self, digest: Digest) -> &'a Part {
        self.parts.get(&digest).expect("every planned instance has a part because the plan was made from the parts")
    }

    /// The components of the result, in the order in which instances need them.
    fn embedded(&self) -> Vec<&'a Part> {
        let mut known = BTreeSet::new();
        let digests = self.plan.order.iter().map(|id| self.plan[*id].digest);
        digests.filter(|digest| known.insert(*digest)).map(|digest| self.part(digest)).collect()
    }

    /// An instance, and which of its imports other instances satisfy.
    fn consumer(&self, instance: &PlannedInstance) -> Consumer<'a> {
        let links = instance.links.iter().filter(|link| matches!(link.provider, Provider::Instance { .. }));
        let types = instance.types.iter().filter(|ty| provider_of(instance, &ty.interface).is_some());
        let satisfied = links.map(|link| &link.import).chain(types.map(|ty| &ty.import));
        Consumer { part: self.part(instance.digest), satisfied: satisfied.map(ToString::to_string).collect() }
    }
}

/// The instance that satisfies an import of another, and its name for it.
fn provider_of<'a>(instance: &'a PlannedInstance, import: &ExternName) -> Option<(InstanceId, &'a ExternName)> {
    let link = instance.links.iter().find(|link| link.import == *import)?;
    match &link.provider {
        Provider::Instance { instance, export } => Some((*instance, export)),
        Provider::Host { .. } => None,
    }
}

/// Instances, and what of them is passed on.
struct Wiring<'a> {
    composed: Composed<'a>,
    imports: &'a Imports,
    outer: Outer<'a>,
    instances: BTreeMap<InstanceId, u32>,
    exports: BTreeMap<(InstanceId, String), Defined>,
}

impl Wiring<'_> {
    fn instantiate(&mut self, id: InstanceId, component: u32) -> Result<(), Diagnostic> {
        let instance = &self.composed.plan[id];
        let mut arguments = Vec::new();
        for link in &instance.links {
            let argument = match &link.provider {
                Provider::Instance { instance: provider, export } => self.export_of(*provider, export)?,
                Provider::Host { import } => self.import(import)?,
            };
            arguments.push((link.import.to_string(), argument));
        }
        let world = &self.composed.part(instance.digest).world;
        for (import, _) in world.imports().filter(|(_, item)| item.kind() == ItemKind::Type) {
            let linked = instance.types.iter().find(|ty| ty.import == *import);
            let linked = linked.and_then(|ty| Some((ty, provider_of(instance, &ty.interface)?)));
            let argument = match linked {
                Some((ty, (provider, export))) => {
                    let (_, interface) = self.export_of(provider, export)?;
                    self.outer.alias(interface, ComponentExportKind::Type, &ty.name)
                }
                None => self.import(import)?,
            };
            arguments.push((import.to_string(), argument));
        }
        let index = self.outer.instance(&instance.name, component, &arguments);
        self.instances.insert(id, index);
        Ok(())
    }

    fn import(&self, name: &ExternName) -> Result<Defined, Diagnostic> {
        let import = self.imports.items.get(&name.to_string()).copied();
        import.ok_or_else(|| refused_because(&format!("the import `{name}`"), "nothing imports it".to_owned()))
    }

    /// An export of an instance, which everybody who needs it shares.
    fn export_of(&mut self, instance: InstanceId, export: &ExternName) -> Result<Defined, Diagnostic> {
        let name = export.to_string();
        let key = (instance, name);
        if let Some(defined) = self.exports.get(&key) {
            return Ok(*defined);
        }
        let world = &self.composed.part(self.composed.plan[instance].digest).world;
        let Some(item) = world.export(export) else {
            return Err(refused_because(&format!("the export `{export}`"), "its instance does not have it".to_owned()));
        };
        let kind = match item.kind() {
            ItemKind::Interface => ComponentExportKind::Instance,
            ItemKind::Function => ComponentExportKind::Func,
            ItemKind::Type => ComponentExportKind::Type,
        };
        let index = self.instances.get(&instance);
        let index = *index.expect("a provider is encoded before its consumers because the plan's order says so");
        let defined = self.outer.alias(index, kind, &key.1);
        self.exports.insert(key, defined);
        Ok(defined)
    }
}

/// What occurrences would take, and what definitions take instead.
#[derive(Default)]
struct Saved {
    aliased: Savings,
    defined: Savings,
}

impl Saved {
    fn savings(self) -> Savings {
        Savings { bytes: self.aliased.bytes.saturating_sub(self.defined.bytes), ..self.defined }
    }
}

impl Savings {
    fn note_module(&mut self, size: u64) {
        self.modules += 1;
        self.bytes += size;
    }

    fn note_component(&mut self, size: u64) {
        self.components += 1;
        self.bytes += size;
    }
}

fn producers() -> Vec<u8> {
    let mut field = ProducersField::new();
    field.value("compose", env!("CARGO_PKG_VERSION"));
    let mut section = ProducersSection::new();
    section.field("processed-by", &field);
    let mut bytes = Vec::new();
    ComponentSection::append_to_component(&section, &mut bytes);
    bytes
}

fn plan_section(provenance: &Provenance) -> Vec<u8> {
    let mut bytes = Vec::new();
    let section = CustomSection { name: provenance::SECTION.into(), data: provenance.to_bytes().into() };
    ComponentSection::append_to_component(&section, &mut bytes);
    bytes
}

fn refused(what: &str, error: &dyn std::error::Error) -> Diagnostic {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        why = format!("{why}: {error}");
        cause = error.source();
    }
    refused_because(what, why)
}

fn refused_because(what: &str, why: String) -> Diagnostic {
    Diagnostic::error(Code::Internal, format!("the encoder refused {what}"))
        .note(why)
        .hint("this is a fault of `compose`: please report it with the manifest")
}
