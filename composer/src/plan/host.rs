//! The host: decides what an instance may import from the runtime, and merges what all of them do.
//!
//! From `[host]`, the target world and the finished links. Without `[host] imports` an instance may have what the target world
//! imports and `wasi:*`; whether the result then conforms to the target world is asked later, of all imports at once.

use std::ops::Range;

use wit::{ExternName, Item, ItemKind, MismatchKind};

use super::{
    HostImport, InstanceId,
    composition::Composition,
    report, type_link,
    wiring::{End, Wiring},
};
use crate::diagnostic::Diagnostic;

/// What the host says to an import.
pub(super) enum Permission {
    /// It may be a host import.
    Granted,
    /// It could be, but a line of the manifest says no.
    Denied(Denial),
    /// Nothing says that a host would have it.
    NotAHostInterface,
}

/// The line of the manifest that says no.
pub(super) struct Denial {
    pub(super) span: Option<Range<usize>>,
    pub(super) label: String,
}

/// Whether an import that no instance provides may go to the host.
pub(super) fn permission(composition: Composition<'_>, consumer: InstanceId, import: &ExternName) -> Permission {
    match (is_offered(composition, import), denial_for_instance(composition, consumer, import)) {
        (true, None) => Permission::Granted,
        (true, Some(denial)) => Permission::Denied(denial),
        (false, _) if is_wasi(import) => Permission::Denied(denial_for_all(composition)),
        (false, _) => Permission::NotAHostInterface,
    }
}

/// Whether an import that a link sends to the host may go there.
///
/// Without `[host] imports` the link itself is permission enough.
///
/// # Errors
/// The line that says no.
pub(super) fn explicit_permission(
    composition: Composition<'_>,
    consumer: InstanceId,
    import: &ExternName,
) -> Result<(), Denial> {
    if composition.manifest.host.imports.is_some() && !is_offered(composition, import) {
        return Err(denial_for_all(composition));
    }
    denial_for_instance(composition, consumer, import).map_or(Ok(()), Err)
}

fn is_offered(composition: Composition<'_>, import: &ExternName) -> bool {
    match &composition.manifest.host.imports {
        Some(patterns) => patterns.iter().any(|pattern| pattern.value.matches(import)),
        None => is_wasi(import) || is_in_target(composition, import),
    }
}

fn is_wasi(import: &ExternName) -> bool {
    matches!(import, ExternName::Interface(interface) if interface.package().namespace() == "wasi")
}

fn is_in_target(composition: Composition<'_>, import: &ExternName) -> bool {
    composition.target.is_some_and(|target| target.imports().any(|(name, _)| name.same_track(import)))
}

fn denial_for_all(composition: Composition<'_>) -> Denial {
    let patterns = composition.manifest.host.imports.as_deref().unwrap_or_default();
    let span = match (patterns.first(), patterns.last()) {
        (Some(first), Some(last)) => Some(first.span.start..last.span.end),
        _ => None,
    };
    Denial { span, label: "`[host] imports` allows only this".to_owned() }
}

fn denial_for_instance(composition: Composition<'_>, consumer: InstanceId, import: &ExternName) -> Option<Denial> {
    let name = composition.name(consumer);
    let rule = composition.manifest.host.instances.iter().find(|rule| rule.instance.value == *name)?;
    let is_allowed = rule.imports.iter().any(|pattern| pattern.matches(import));
    let label = if rule.imports.is_empty() { "this allows nothing" } else { "this allows nothing else" };
    (!is_allowed).then(|| Denial { span: Some(rule.span.clone()), label: label.to_owned() })
}

/// Merges the imports that go to the host, one for each interface and semver track, under the highest version of each.
///
/// Only the imports of `used` instances count. Types at the root are no capabilities, and not among the imports; but they share their
/// names with what else is imported.
pub(super) fn merge<'a>(
    composition: Composition<'a>,
    wiring: &Wiring<'a>,
    used: &[InstanceId],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<HostImport> {
    let mut groups: Vec<Vec<(InstanceId, &ExternName, Item<'a>)>> = Vec::new();
    for id in used {
        for wire in wiring.of(*id) {
            let Some((End::Host, _)) = wire.end else { continue };
            let group = groups.iter_mut().find(|group| group[0].1.same_track(wire.import));
            match group {
                Some(group) => group.push((*id, wire.import, wire.item)),
                None => groups.push(vec![(*id, wire.import, wire.item)]),
            }
        }
    }
    for (id, import, item) in used.iter().flat_map(|id| types_of_host(composition, wiring, *id)) {
        match groups.iter_mut().find(|group| group[0].1 == import) {
            Some(group) => group.push((id, import, item)),
            None => groups.push(vec![(id, import, item)]),
        }
    }
    for group in &groups {
        report_conflict(composition, group, diagnostics);
    }
    let mut imports: Vec<HostImport> = groups.into_iter().filter_map(|group| merged(&group)).collect();
    imports.sort_by(|a, b| a.name.cmp(&b.name));
    imports
}

/// The types at the root of an instance's world that nothing in the composition satisfies.
fn types_of_host<'a>(
    composition: Composition<'a>,
    wiring: &Wiring<'a>,
    id: InstanceId,
) -> impl Iterator<Item = (InstanceId, &'a ExternName, Item<'a>)> {
    let world = composition.world(id);
    let types = world.imports().filter(|(_, item)| item.kind() == ItemKind::Type);
    let of_host = types.filter(move |(import, item)| {
        let Some(link) = type_link(world, import, *item) else { return true };
        let wire = wiring.of(id).iter().find(|wire| *wire.import == link.interface);
        wire.is_some_and(|wire| matches!(wire.end, Some((End::Host, _))))
    });
    of_host.map(move |(import, item)| (id, import, item))
}

fn merged(group: &[(InstanceId, &ExternName, Item<'_>)]) -> Option<HostImport> {
    let capabilities = group.iter().filter(|(_, _, item)| item.kind() != ItemKind::Type);
    let consumers: Vec<_> = capabilities.map(|(id, name, _)| (*id, (*name).clone())).collect();
    let name = consumers.iter().map(|(_, name)| name).max()?.clone();
    Some(HostImport { name, consumers })
}

/// Reports the first two imports of a group whose common functions and types differ. Only different views of the interface are
/// compared, and of those there are few, however many instances have them.
fn report_conflict(
    composition: Composition<'_>,
    group: &[(InstanceId, &ExternName, Item<'_>)],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut distinct: Vec<&(InstanceId, &ExternName, Item<'_>)> = Vec::new();
    for entry in group {
        let digest = composition.part(entry.0).digest();
        if distinct.iter().any(|(id, _, _)| composition.part(*id).digest() == digest) {
            continue;
        }
        let mut is_known = false;
        for other in &distinct {
            let [mut mismatches, mut reverse] = [other.2.mismatches(&entry.2), entry.2.mismatches(&other.2)];
            is_known |= mismatches.is_empty() && reverse.is_empty();
            // What only one of them knows of an interface is no conflict; what only one has of a type, the other has not expected.
            for mismatches in [&mut mismatches, &mut reverse] {
                mismatches.retain(|mismatch| !matches!(mismatch.kind, MismatchKind::Missing { .. }));
            }
            if mismatches.is_empty() {
                mismatches = reverse;
            }
            if !mismatches.is_empty() {
                diagnostics.push(report::host_conflict(composition, other, entry, &mismatches));
                return;
            }
        }
        if !is_known {
            distinct.push(entry);
        }
    }
}
