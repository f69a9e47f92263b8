//! Exports: decides what the result exports.
//!
//! Lines under `[exports]` first; then what the target world exports; without a target world and without `[exports]`,
//! everything exported by instances that nobody consumes. Where a chain stands over an interface, its outermost member exports
//! it. From the finished links, which must be free of circles.

use wit::{ExternName, Item, ItemKind, Mismatch, Side, TypeName, World};

use super::{
    ExportReason, InstanceId, PlannedExport, chain,
    composition::Composition,
    report,
    wiring::{End, Wiring},
};
use crate::{diagnostic::Diagnostic, manifest::ExportRule};

/// What the exports are, and what of the target world they cannot meet.
pub(super) struct Exports {
    pub(super) planned: Vec<PlannedExport>,
    pub(super) unmet: Vec<Unmet>,
}

/// An export of the target world that the result cannot have.
pub(super) enum Unmet {
    /// No instance exports the interface; these export something near it.
    Missing { name: ExternName, near: Vec<String> },
    /// An instance exports it with other types.
    Wrong { name: ExternName, instance: InstanceId, mismatches: Vec<Mismatch> },
}

impl Unmet {
    /// The instance whose export it is, if there is one.
    pub(super) fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Missing { .. } => None,
            Self::Wrong { instance, .. } => Some(*instance),
        }
    }
}

/// Decides the exports.
///
/// Whom nobody consumes can be told only when every link is known: as long as something is wrong with them, the exports that
/// would follow from that are not judged.
pub(super) fn exports<'a>(
    composition: Composition<'a>,
    wiring: &Wiring<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Exports {
    let are_links_known = diagnostics.is_empty();
    let mut exports = Exports { planned: Vec::new(), unmet: Vec::new() };
    let rules = composition.manifest.exports.as_deref();
    for rule in rules.unwrap_or_default() {
        exports.planned.extend(explicit(composition, rule, diagnostics));
    }
    match (composition.target, rules) {
        (Some(target), _) => of_target(composition, wiring, target, &mut exports, diagnostics),
        (None, None) if are_links_known => of_roots(composition, wiring, &mut exports, diagnostics),
        (None, _) => {}
    }
    exports.planned = namers_first(composition, wiring, exports.planned);
    exports
}

fn explicit(
    composition: Composition<'_>,
    rule: &ExportRule,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<PlannedExport> {
    let instance = composition.find(&rule.instance.value);
    let wanted = rule.export.as_ref().map_or(&rule.name.value, |export| &export.value);
    let Some((export, _)) = composition.selected_export(instance, wanted) else {
        diagnostics.push(report::missing_export(composition, rule, instance, wanted));
        return None;
    };
    let name = if rule.export.is_some() { &rule.name.value } else { export };
    Some(PlannedExport { name: name.clone(), instance, export: export.clone(), reason: ExportReason::Explicit })
}

fn of_target<'a>(
    composition: Composition<'a>,
    wiring: &Wiring<'a>,
    target: &'a World,
    exports: &mut Exports,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (wanted, wanted_item) in target.exports() {
        if let Some(planned) = exports.planned.iter().find(|planned| planned.name.same_track(wanted)) {
            let exported = composition.world(planned.instance).export(&planned.export);
            let mismatches = exported.map(|item| item.mismatches(&wanted_item)).unwrap_or_default();
            if !mismatches.is_empty() {
                exports.unmet.push(Unmet::Wrong { name: wanted.clone(), instance: planned.instance, mismatches });
            }
            continue;
        }
        match for_target(composition, wiring, wanted, wanted_item) {
            Found::One(instance, export) => exports.planned.push(PlannedExport {
                name: export.clone(),
                instance,
                export: export.clone(),
                reason: ExportReason::TargetWorld,
            }),
            Found::Several(candidates) => diagnostics.push(report::ambiguous_export(composition, wanted, &candidates)),
            Found::Unmet(unmet) => exports.unmet.push(unmet),
        }
    }
}

enum Found<'a> {
    One(InstanceId, &'a ExternName),
    Several(Vec<InstanceId>),
    Unmet(Unmet),
}

fn for_target<'a>(composition: Composition<'a>, wiring: &Wiring<'a>, wanted: &ExternName, item: Item<'_>) -> Found<'a> {
    let outermost = chain::outermost(composition, wanted);
    let candidates = composition.ids().filter(|id| outermost.is_none_or(|outermost| outermost == *id));
    let candidates =
        candidates.filter_map(|id| composition.export_for(id, wanted).map(|(name, found)| (id, name, found)));
    let mut candidates: Vec<_> = candidates.collect();
    if candidates.iter().any(|(id, export, _)| !wiring.is_consumed(*id, export)) {
        candidates.retain(|(id, export, _)| !wiring.is_consumed(*id, export));
    }
    let fitting: Vec<_> = candidates.iter().filter(|(_, _, found)| found.mismatches(&item).is_empty()).collect();
    match (fitting.as_slice(), candidates.as_slice()) {
        ([(id, export, _)], _) => Found::One(*id, export),
        ([], [(id, _, found), ..]) => {
            let mismatches = found.mismatches(&item);
            Found::Unmet(Unmet::Wrong { name: wanted.clone(), instance: *id, mismatches })
        }
        ([], []) => {
            let near = report::near_exports(composition, None, wanted);
            Found::Unmet(Unmet::Missing { name: wanted.clone(), near })
        }
        (several, _) => Found::Several(several.iter().map(|(id, _, _)| *id).collect()),
    }
}

fn of_roots<'a>(
    composition: Composition<'a>,
    wiring: &Wiring<'a>,
    exports: &mut Exports,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let roots: Vec<InstanceId> = composition.ids().filter(|id| !wiring.has_consumers(*id)).collect();
    let mut reported: Vec<&ExternName> = Vec::new();
    for instance in &roots {
        for (export, _) in composition.world(*instance).exports() {
            if reported.contains(&export) {
                continue;
            }
            if exports.planned.iter().any(|planned| planned.name == *export) {
                let exports_it = |id: &&InstanceId| composition.world(**id).export(export).is_some();
                let candidates: Vec<InstanceId> = roots.iter().filter(exports_it).copied().collect();
                diagnostics.push(report::ambiguous_export(composition, export, &candidates));
                reported.push(export);
                continue;
            }
            exports.planned.push(PlannedExport {
                name: export.clone(),
                instance: *instance,
                export: export.clone(),
                reason: ExportReason::NobodyConsumes,
            });
        }
    }
}

/// Puts an interface that names a type before those that need it: a type must have its name before it is used.
fn namers_first(composition: Composition<'_>, wiring: &Wiring<'_>, planned: Vec<PlannedExport>) -> Vec<PlannedExport> {
    let mut ordered: Vec<PlannedExport> = Vec::with_capacity(planned.len());
    let mut waiting = planned;
    while !waiting.is_empty() {
        let is_ready = |export: &PlannedExport| {
            let is_named = |namers: &Vec<Namer>| {
                let by =
                    |exports: &[PlannedExport]| exports.iter().any(|other| other != export && is_among(namers, other));
                by(&ordered) || !by(&waiting)
            };
            needed_names(composition, wiring, export).iter().all(is_named)
        };
        let ready = waiting.iter().position(is_ready).unwrap_or(0);
        ordered.push(waiting.remove(ready));
    }
    ordered
}

/// An export of an instance that names a type which another export needs.
pub(super) struct Namer {
    pub(super) instance: InstanceId,
    pub(super) export: ExternName,
    pub(super) ty: String,
}

fn is_among(namers: &[Namer], export: &PlannedExport) -> bool {
    namers.iter().any(|namer| (namer.instance, &namer.export) == (export.instance, &export.export))
}

/// What else must be exported so that every type within an export has a name: for each type those of whom one must be. Types of the
/// host have one: its interfaces are imports of the result.
fn needed_names(composition: Composition<'_>, wiring: &Wiring<'_>, export: &PlannedExport) -> Vec<Vec<Namer>> {
    let Some(item) = composition.world(export.instance).export(&export.export) else { return Vec::new() };
    let foreign = item.foreign_types().into_iter();
    foreign.filter_map(|foreign| namers(composition, wiring, export.instance, &foreign.names)).collect()
}

/// The exports that name a type which an instance knows by these names; nothing where the host names it.
fn namers(
    composition: Composition<'_>,
    wiring: &Wiring<'_>,
    instance: InstanceId,
    names: &[TypeName],
) -> Option<Vec<Namer>> {
    let mut found = Vec::new();
    for TypeName { side, owner, name } in names {
        if *side == Side::Export {
            found.push(Namer { instance, export: owner.clone(), ty: name.clone() });
            continue;
        }
        let world = composition.world(instance);
        if let Some(item) = world.import(owner).filter(|item| item.kind() == ItemKind::Type) {
            // What a type at the root stands for satisfies it; one that is defined there is the host's.
            let renamed = item.renamed_type();
            if renamed.is_empty() {
                return None;
            }
            found.extend(namers(composition, wiring, instance, renamed)?);
            continue;
        }
        let wire = wiring.of(instance).iter().find(|wire| wire.import == owner);
        match wire.and_then(|wire| wire.end) {
            Some((End::Host, _)) => return None,
            Some((End::Instance(provider, export), _)) => {
                let exported = composition.world(provider).export(export);
                let names = exported.map(|item| item.names_of_type(name)).unwrap_or_default();
                found.extend(namers(composition, wiring, provider, names)?);
            }
            // That nothing satisfies the import is reported already.
            None => return None,
        }
    }
    Some(found)
}

/// Reports exports that need a type which the result does not name.
pub(super) fn check_names(
    composition: Composition<'_>,
    wiring: &Wiring<'_>,
    planned: &[PlannedExport],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for export in planned {
        let mut reported: Vec<(InstanceId, ExternName)> = Vec::new();
        for namers in needed_names(composition, wiring, export) {
            let is_known = planned.iter().any(|other| is_among(&namers, other));
            let Some(namer) = namers.into_iter().next().filter(|_| !is_known) else { continue };
            let place = (namer.instance, namer.export.clone());
            if !reported.contains(&place) {
                diagnostics.push(report::unnameable_type(composition, export, &namer));
                reported.push(place);
            }
        }
    }
}
