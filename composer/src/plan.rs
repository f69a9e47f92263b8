//! Planning: decides every link, host import and export of the composition, from the manifest and the types of its
//! components, before anything is encoded.
//!
//! From a [`Manifest`], the [`Part`]s that it names and perhaps a target world, to a [`Plan`],
//! or to **all** that is wrong, in manifest order. Planning does no I/O, and knows nothing of how a plan is encoded.

mod chain;
mod composition;
mod conformance;
mod export;
mod host;
mod order;
mod report;
mod resource;
mod wiring;

use std::collections::BTreeMap;

use registry_client::Digest;
use wit::{ExternName, Item, ItemKind, TypeName, World};

use crate::{
    diagnostic::{Diagnostic, Failure},
    manifest::{Manifest, Name},
    part::Part,
};
pub(crate) use composition::selects;
use composition::{Composition, Index};
use wiring::{End, Wiring};

/// Everything that is decided about a composition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The instances that the result needs, in manifest order.
    pub instances: Vec<PlannedInstance>,
    /// The order in which they can be instantiated: every provider before its consumers.
    pub order: Vec<InstanceId>,
    /// What the runtime must provide, merged for each semver track, sorted by name.
    pub host_imports: Vec<HostImport>,
    /// What the result exports, in the order of the target world, else of the manifest.
    pub exports: Vec<PlannedExport>,
}

/// The place of an instance in [`Plan::instances`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) usize);

impl std::ops::Index<InstanceId> for Plan {
    type Output = PlannedInstance;

    fn index(&self, id: InstanceId) -> &PlannedInstance {
        &self.instances[id.0]
    }
}

/// A component that will be instantiated, with all of its imports linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedInstance {
    /// The instance's name.
    pub name: Name,
    /// The manifest's name for the component.
    pub component: Name,
    /// The digest of the component's bytes.
    pub digest: Digest,
    /// One link for each imported interface and function, in the component's own order.
    pub links: Vec<Link>,
    /// The imported types that stand for a type of an imported interface: whatever satisfies that satisfies them.
    pub types: Vec<TypeLink>,
}

/// An imported type that stands for one of an imported interface, as `use` at the root of a world makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeLink {
    /// The import of the consumer.
    pub import: ExternName,
    /// The imported interface.
    pub interface: ExternName,
    /// The type's name in the interface.
    pub name: String,
}

/// One import and what satisfies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The import of the consumer.
    pub import: ExternName,
    /// What satisfies it.
    pub provider: Provider,
    /// Why it is this provider.
    pub reason: Reason,
}

/// What satisfies an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// An export of another instance.
    Instance {
        /// The provider.
        instance: InstanceId,
        /// The provider's own name for what it exports.
        export: ExternName,
    },
    /// The runtime, through an import of the result.
    Host {
        /// The name of the result's import: the highest version that any consumer on its track imports.
        import: ExternName,
    },
}

/// Why a link goes where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A line under `[links]` says so.
    Explicit,
    /// A chain says so.
    Chain,
    /// No other instance exports the interface.
    OnlyProvider,
    /// No instance exports the interface, and the host may provide it.
    Host,
}

/// An import of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostImport {
    /// The name of the import.
    pub name: ExternName,
    /// Who needs it, and under which name each imports it.
    pub consumers: Vec<(InstanceId, ExternName)>,
}

/// An export of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedExport {
    /// The name of the export.
    pub name: ExternName,
    /// Who provides it.
    pub instance: InstanceId,
    /// The provider's own name for it.
    pub export: ExternName,
    /// Why it is exported.
    pub reason: ExportReason,
}

/// Why something is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportReason {
    /// A line under `[exports]` says so.
    Explicit,
    /// The target world exports it.
    TargetWorld,
    /// Nobody in the composition consumes the instance that exports it.
    NobodyConsumes,
}

/// Decides everything about a composition, and gives the warnings with it.
///
/// `parts` has every component of the manifest; `target` is the world that the result must conform to.
///
/// # Errors
/// All that is wrong with the composition, in manifest order.
pub fn plan(manifest: &Manifest, parts: &[Part], target: Option<&World>) -> Result<(Plan, Vec<Diagnostic>), Failure> {
    let index = Index::new(manifest, parts);
    let composition = Composition::new(manifest, target, &index);
    let ids: Vec<InstanceId> = composition.ids().collect();
    let mut diagnostics = Vec::new();
    chain::check(composition, &mut diagnostics);
    let wiring = wiring::wire(composition, &mut diagnostics);
    let cycles = order::cycles(&ids, &wiring);
    if !cycles.is_empty() {
        // What follows walks along the links, and every answer about a circle would only repeat that it is one.
        diagnostics.extend(cycles.iter().map(|cycle| report::cycle(composition, cycle, &wiring)));
        return Err(failure(diagnostics));
    }
    resource::check(composition, &wiring, &mut diagnostics);
    let exports = export::exports(composition, &wiring, &mut diagnostics);
    export::check_names(composition, &wiring, &exports.planned, &mut diagnostics);
    let exporters = exports.planned.iter().map(|export| export.instance);
    let used = order::needed_by(exporters.chain(exports.unmet.iter().filter_map(export::Unmet::instance)), &wiring);
    let host_imports = host::merge(composition, &wiring, &used, &mut diagnostics);
    conformance::check(composition, &exports.unmet, &host_imports, &mut diagnostics);
    if exports.planned.is_empty() && diagnostics.is_empty() {
        diagnostics.push(report::nothing_exported(composition));
    }
    let mut diagnostics =
        Failure::check(diagnostics).map_err(|failure| self::failure(failure.diagnostics().to_vec()))?;
    diagnostics.extend(ids.iter().filter(|id| !used.contains(id)).map(|id| report::unused(composition, *id)));
    Ok((assemble(composition, &wiring, &used, host_imports, exports.planned), diagnostics))
}

/// An import that nothing in the application provides, and that no line of the manifest says anything about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unprovided {
    /// The instance whose import it is.
    pub(crate) consumer: Name,
    /// The import.
    pub(crate) import: ExternName,
}

impl Unprovided {
    /// What the finding about it says.
    pub(crate) fn message(&self) -> String {
        report::missing_message(&self.consumer, &self.import)
    }
}

/// The imports that nothing provides, in manifest order.
pub(crate) fn unprovided(manifest: &Manifest, parts: &[Part], target: Option<&World>) -> Vec<Unprovided> {
    let index = Index::new(manifest, parts);
    let composition = Composition::new(manifest, target, &index);
    let unprovided = composition.ids().flat_map(|id| {
        let imports = wiring::unprovided(composition, id);
        imports.map(move |import| Unprovided { consumer: composition.name(id).clone(), import: import.clone() })
    });
    unprovided.collect()
}

/// Findings in manifest order; those about one place keep the order in which they were found.
fn failure(mut diagnostics: Vec<Diagnostic>) -> Failure {
    diagnostics.sort_by_key(|d| d.labels.first().map_or(usize::MAX, |label| label.span.start));
    match Failure::check(diagnostics) {
        Err(failure) => failure,
        Ok(_) => unreachable!("planning fails only with errors because warnings are added after it succeeded"),
    }
}

/// The types at the root of a world that stand for types of its imported interfaces.
fn type_links(world: &World) -> Vec<TypeLink> {
    let types = world.imports().filter(|(_, item)| item.kind() == ItemKind::Type);
    types.filter_map(|(import, item)| type_link(world, import, item)).collect()
}

/// The type of an imported interface that a type at the root is another name of, perhaps by way of others at the root.
fn type_link(world: &World, import: &ExternName, item: Item<'_>) -> Option<TypeLink> {
    item.renamed_type().iter().find_map(|TypeName { owner, name, .. }| match world.import(owner)? {
        of if of.kind() == ItemKind::Type => type_link(world, import, of),
        _ => Some(TypeLink { import: import.clone(), interface: owner.clone(), name: name.clone() }),
    })
}

/// Writes down what was decided, with the used instances renumbered.
fn assemble(
    composition: Composition<'_>,
    wiring: &Wiring<'_>,
    used: &[InstanceId],
    mut host_imports: Vec<HostImport>,
    mut exports: Vec<PlannedExport>,
) -> Plan {
    let renumbered = |id: InstanceId| {
        let place = used.binary_search(&id);
        InstanceId(place.expect("a used instance links only to used ones because `used` is closed under links"))
    };
    let merged = host_imports.iter().flat_map(|host| host.consumers.iter().map(move |(_, name)| (name, &host.name)));
    let merged: BTreeMap<&ExternName, &ExternName> = merged.collect();
    let host_name = |import: &ExternName| merged.get(import).map_or_else(|| import.clone(), |name| (*name).clone());
    let links = |id: InstanceId| {
        let wires = wiring.of(id).iter();
        let links = wires.filter_map(|wire| {
            let (end, reason) = wire.end?;
            let provider = match end {
                End::Instance(provider, export) => {
                    Provider::Instance { instance: renumbered(provider), export: export.clone() }
                }
                End::Host => Provider::Host { import: host_name(wire.import) },
            };
            Some(Link { import: wire.import.clone(), provider, reason })
        });
        links.collect()
    };
    let instances = used.iter().map(|id| PlannedInstance {
        name: composition.name(*id).clone(),
        component: composition.instance(*id).component.clone(),
        digest: composition.part(*id).digest(),
        links: links(*id),
        types: type_links(composition.world(*id)),
    });
    let instances = instances.collect();
    let order = order::providers_first(used, wiring).into_iter().map(renumbered).collect();
    for (id, _) in host_imports.iter_mut().flat_map(|host| &mut host.consumers) {
        *id = renumbered(*id);
    }
    for export in &mut exports {
        export.instance = renumbered(export.instance);
    }
    Plan { instances, order, host_imports, exports }
}
