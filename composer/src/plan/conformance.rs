//! The target world: decides whether what was planned is what the world asks for.
//!
//! From the host imports and the exports as planned; the same question is asked again of the bytes when they are validated.

use wit::{ExternName, Mismatch, best_match};

use super::{HostImport, InstanceId, composition::Composition, export::Unmet, report};
use crate::diagnostic::Diagnostic;

/// Reports, as one finding, all that is missing, extra or wrong.
pub(super) fn check(
    composition: Composition<'_>,
    unmet: &[Unmet],
    host_imports: &[HostImport],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (Some(target), Some(world)) = (composition.target, &composition.manifest.world) else { return };
    let mut extra: Vec<(ExternName, Vec<InstanceId>)> = Vec::new();
    let mut wrong: Vec<(ExternName, Vec<Mismatch>)> = Vec::new();
    for host in host_imports {
        let Some((_, offered)) = best_match(target.imports(), &host.name) else {
            extra.push((host.name.clone(), host.consumers.iter().map(|(id, _)| *id).collect()));
            continue;
        };
        let mut mismatches: Vec<Mismatch> = Vec::new();
        for (id, import) in &host.consumers {
            let Some(needed) = composition.world(*id).import(import) else { continue };
            mismatches.extend(offered.mismatches(&needed));
        }
        mismatches.sort();
        mismatches.dedup();
        if !mismatches.is_empty() {
            wrong.push((host.name.clone(), mismatches));
        }
    }
    if !(unmet.is_empty() && extra.is_empty() && wrong.is_empty()) {
        diagnostics.push(report::world_not_met(composition, world, unmet, &extra, &wrong));
    }
}
