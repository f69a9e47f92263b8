//! Links: decides for every import of every instance what satisfies it.
//!
//! For each import, in this order: an explicit link, a chain, the one other instance that exports the interface with a
//! compatible type, the host where it may, an error. A decision about one import never depends on that about another, so all
//! problems are found in one run.

use std::collections::BTreeSet;

use wit::{ExternName, Item, ItemKind};

use super::{
    InstanceId, Reason,
    chain::{self, Verdict},
    composition::{Composition, selects},
    host, report,
};
use crate::{
    diagnostic::Diagnostic,
    manifest::{LinkRule, LinkTarget},
};

/// An import and what was decided about it.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) import: &'a ExternName,
    pub(super) item: Item<'a>,
    /// `None` when nothing can satisfy it, and that was reported.
    pub(super) end: Option<(End<'a>, Reason)>,
}

/// What satisfies an import.
#[derive(Clone, Copy)]
pub(super) enum End<'a> {
    Instance(InstanceId, &'a ExternName),
    Host,
}

/// The wires of every instance, in its component's own order.
pub(super) struct Wiring<'a> {
    wires: Vec<Vec<Wire<'a>>>,
    /// The exports that some instance imports.
    consumed: BTreeSet<(InstanceId, &'a ExternName)>,
    /// The instances that they are exports of.
    providers: BTreeSet<InstanceId>,
}

impl<'a> Wiring<'a> {
    pub(super) fn of(&self, id: InstanceId) -> &[Wire<'a>] {
        &self.wires[id.0]
    }

    /// The wires of `consumer` that end at another instance.
    pub(super) fn providers(&self, consumer: InstanceId) -> impl Iterator<Item = (&Wire<'a>, InstanceId)> {
        self.of(consumer).iter().filter_map(|wire| match wire.end {
            Some((End::Instance(provider, _), _)) => Some((wire, provider)),
            _ => None,
        })
    }

    /// Whether some instance imports this export of `provider`.
    pub(super) fn is_consumed(&self, provider: InstanceId, export: &ExternName) -> bool {
        self.consumed.contains(&(provider, export))
    }

    /// Whether some instance imports anything of `provider`.
    pub(super) fn has_consumers(&self, provider: InstanceId) -> bool {
        self.providers.contains(&provider)
    }
}

/// Links every import.
pub(super) fn wire<'a>(composition: Composition<'a>, diagnostics: &mut Vec<Diagnostic>) -> Wiring<'a> {
    let wires = composition.ids().map(|consumer| {
        // A type is no capability: it is satisfied by whatever satisfies the interface that it is of.
        let imports = composition.world(consumer).imports().filter(|(_, item)| item.kind() != ItemKind::Type);
        imports
            .map(|(import, item)| Wire { import, item, end: end(composition, consumer, import, item, diagnostics) })
            .collect()
    });
    let wires: Vec<Vec<Wire<'a>>> = wires.collect();
    report_idle_rules(composition, diagnostics);
    let ends = wires.iter().flatten().filter_map(|wire| match wire.end {
        Some((End::Instance(provider, export), _)) => Some((provider, export)),
        _ => None,
    });
    let consumed: BTreeSet<(InstanceId, &ExternName)> = ends.collect();
    let providers = consumed.iter().map(|(provider, _)| *provider).collect();
    Wiring { wires, consumed, providers }
}

fn end<'a>(
    composition: Composition<'a>,
    consumer: InstanceId,
    import: &'a ExternName,
    item: Item<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(End<'a>, Reason)> {
    if let Some(rule) = explicit_rule(composition, consumer, import) {
        return explicit(composition, consumer, import, item, rule, diagnostics).map(|end| (end, Reason::Explicit));
    }
    match chain::verdict(composition, consumer, import) {
        Verdict::Provider(provider, export, exported) => {
            let mismatches = exported.mismatches(&item);
            if mismatches.is_empty() {
                return Some((End::Instance(provider, export), Reason::Chain));
            }
            diagnostics.push(report::incompatible(composition, consumer, import, provider, &mismatches));
            None
        }
        Verdict::Broken => None,
        Verdict::Silent => automatic(composition, consumer, import, item, diagnostics),
    }
}

/// The line under `[links]` for an import; one with a version goes before one without.
fn explicit_rule<'a>(composition: Composition<'a>, consumer: InstanceId, import: &ExternName) -> Option<&'a LinkRule> {
    let name = composition.name(consumer);
    let rules = composition.manifest.links.iter();
    let rules = rules.filter(|rule| rule.consumer.value == *name && selects(&rule.import.value, import));
    rules.max_by_key(|rule| rule.import.value != rule.import.value.unversioned())
}

fn explicit<'a>(
    composition: Composition<'a>,
    consumer: InstanceId,
    import: &'a ExternName,
    item: Item<'a>,
    rule: &'a LinkRule,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<End<'a>> {
    let (instance, chosen) = match &rule.target.value {
        LinkTarget::Host => {
            if let Err(denial) = host::explicit_permission(composition, consumer, import) {
                diagnostics.push(report::denied(composition, consumer, import, &denial));
                return None;
            }
            return Some(End::Host);
        }
        LinkTarget::Instance { instance, export } => (composition.find(instance), export.as_ref()),
    };
    let found = match chosen {
        Some(export) => composition.selected_export(instance, export),
        None => composition.export_for(instance, import),
    };
    let Some((export, exported)) = found else {
        diagnostics.push(report::unknown_link_export(composition, rule, instance, chosen.unwrap_or(import)));
        return None;
    };
    let mismatches = exported.mismatches(&item);
    if !mismatches.is_empty() {
        let diagnostic = report::incompatible(composition, consumer, import, instance, &mismatches);
        diagnostics.push(diagnostic.label(
            &composition.manifest.source,
            rule.target.span.clone(),
            "this line chose it",
        ));
        return None;
    }
    Some(End::Instance(instance, export))
}

fn automatic<'a>(
    composition: Composition<'a>,
    consumer: InstanceId,
    import: &'a ExternName,
    item: Item<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(End<'a>, Reason)> {
    let mut fitting = Vec::new();
    let mut misfits = Vec::new();
    for provider in composition.exporters(import).iter().copied().filter(|id| *id != consumer) {
        let Some((export, exported)) = composition.export_for(provider, import) else { continue };
        if chain::hides(composition, consumer, provider, import) {
            continue;
        }
        let mismatches = exported.mismatches(&item);
        if mismatches.is_empty() { fitting.push((provider, export)) } else { misfits.push((provider, mismatches)) }
    }
    match fitting.as_slice() {
        [(provider, export)] => Some((End::Instance(*provider, export), Reason::OnlyProvider)),
        [] => match misfits.as_slice() {
            [] => from_host(composition, consumer, import, diagnostics),
            [(provider, mismatches)] => {
                diagnostics.push(report::incompatible(composition, consumer, import, *provider, mismatches));
                None
            }
            several => {
                diagnostics.push(report::all_incompatible(composition, consumer, import, several));
                None
            }
        },
        several => {
            let providers: Vec<InstanceId> = several.iter().map(|(provider, _)| *provider).collect();
            diagnostics.push(report::ambiguous(composition, consumer, import, &providers));
            None
        }
    }
}

fn from_host<'a>(
    composition: Composition<'a>,
    consumer: InstanceId,
    import: &'a ExternName,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(End<'a>, Reason)> {
    match host::permission(composition, consumer, import) {
        host::Permission::Granted => return Some((End::Host, Reason::Host)),
        host::Permission::Denied(denial) => diagnostics.push(report::denied(composition, consumer, import, &denial)),
        host::Permission::NotAHostInterface => diagnostics.push(report::missing(composition, consumer, import)),
    }
    None
}

/// The imports of an instance that no line speaks of, no instance exports and the host is not known to have.
pub(super) fn unprovided<'a>(
    composition: Composition<'a>,
    consumer: InstanceId,
) -> impl Iterator<Item = &'a ExternName> + 'a {
    let imports = composition.world(consumer).imports().filter(|(_, item)| item.kind() != ItemKind::Type);
    let unprovided = imports.filter(move |(import, _)| {
        let others = || composition.ids().filter(|id| *id != consumer);
        explicit_rule(composition, consumer, import).is_none()
            && matches!(chain::verdict(composition, consumer, import), Verdict::Silent)
            && !others().any(|id| composition.export_for(id, import).is_some())
            && matches!(host::permission(composition, consumer, import), host::Permission::NotAHostInterface)
    });
    unprovided.map(|(import, _)| import)
}

/// Reports lines under `[links]` that no import answers to.
fn report_idle_rules(composition: Composition<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for rule in &composition.manifest.links {
        let consumer = composition.find(&rule.consumer.value);
        let imports = || composition.world(consumer).imports().map(|(name, _)| name);
        if !imports().any(|import| selects(&rule.import.value, import)) {
            let other_versions =
                imports().filter(|import| import.unversioned() == rule.import.value.unversioned()).collect();
            diagnostics.push(report::unknown_import(composition, rule, consumer, other_versions));
        }
    }
}
