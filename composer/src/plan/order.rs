//! Order and circles: decides in which order instances can be created, from the links alone.

use std::collections::BTreeSet;

use super::{InstanceId, wiring::Wiring};

/// Every circle of links that a depth-first walk in manifest order closes, as the instances on it.
pub(super) fn cycles(ids: &[InstanceId], wiring: &Wiring<'_>) -> Vec<Vec<InstanceId>> {
    let mut walk = Walk { wiring, done: BTreeSet::new(), path: Vec::new(), cycles: Vec::new() };
    for id in ids {
        walk.visit(*id);
    }
    walk.cycles
}

struct Walk<'w, 'a> {
    wiring: &'w Wiring<'a>,
    done: BTreeSet<InstanceId>,
    path: Vec<InstanceId>,
    cycles: Vec<Vec<InstanceId>>,
}

impl Walk<'_, '_> {
    // Recursion is as deep as the longest chain of instances, which the manifest's author wrote out by name.
    fn visit(&mut self, id: InstanceId) {
        if self.done.contains(&id) {
            return;
        }
        if let Some(start) = self.path.iter().position(|on_path| *on_path == id) {
            let cycle = self.path[start..].to_vec();
            let same_members = |other: &Vec<InstanceId>| {
                other.len() == cycle.len() && cycle.iter().all(|member| other.contains(member))
            };
            if !self.cycles.iter().any(same_members) {
                self.cycles.push(cycle);
            }
            return;
        }
        self.path.push(id);
        let wiring = self.wiring;
        for (_, provider) in wiring.providers(id) {
            self.visit(provider);
        }
        self.path.pop();
        self.done.insert(id);
    }
}

/// Every provider before its consumers, else in manifest order. The links must be free of circles.
pub(super) fn providers_first(used: &[InstanceId], wiring: &Wiring<'_>) -> Vec<InstanceId> {
    let mut ordered = Vec::with_capacity(used.len());
    let mut placed = BTreeSet::new();
    let mut pending: Vec<(InstanceId, bool)> = used.iter().rev().map(|id| (*id, false)).collect();
    while let Some((id, are_providers_placed)) = pending.pop() {
        if placed.contains(&id) {
            continue;
        }
        if are_providers_placed {
            placed.insert(id);
            ordered.push(id);
            continue;
        }
        pending.push((id, true));
        let providers: Vec<InstanceId> = wiring.providers(id).map(|(_, provider)| provider).collect();
        pending.extend(providers.into_iter().rev().map(|provider| (provider, false)));
    }
    ordered
}

/// The instances that `roots` need, themselves included, in manifest order.
pub(super) fn needed_by(roots: impl IntoIterator<Item = InstanceId>, wiring: &Wiring<'_>) -> Vec<InstanceId> {
    let mut needed = BTreeSet::new();
    let mut pending: Vec<InstanceId> = roots.into_iter().collect();
    while let Some(id) = pending.pop() {
        if needed.insert(id) {
            pending.extend(wiring.providers(id).map(|(_, provider)| provider));
        }
    }
    needed.into_iter().collect()
}
