//! What two locks differ in: versions, bytes, wiring and authority.
//!
//! From the lock before and the lock after to [`Changes`]: what a person wants to know before the new one is committed.

use std::collections::BTreeSet;

use super::{Lock, LockedInstance, LockedSource};
use crate::manifest::Name;

/// What a lock says otherwise than another one; each list is sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What components, and the target world, come from.
    pub sources: Vec<SourceChange>,
    /// How instances are wired, and what they may ask of the host.
    pub instances: Vec<InstanceChange>,
}

/// A source that came, went, or stands for other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceChange {
    /// The component; none for the target world.
    pub component: Option<Name>,
    /// What it was.
    pub before: Option<LockedSource>,
    /// What it is.
    pub after: Option<LockedSource>,
}

/// An instance that is wired otherwise, or that may ask for other things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceChange {
    /// The instance.
    pub name: Name,
    /// What it newly imports from the host.
    pub host_gained: Vec<String>,
    /// What it no longer imports from the host.
    pub host_lost: Vec<String>,
    /// Its imports that other instances satisfy now, or satisfied before.
    pub rewired: Vec<Rewiring>,
}

/// An import with another provider than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewiring {
    /// The import.
    pub import: String,
    /// Who provided it, if another instance did.
    pub before: Option<String>,
    /// Who provides it, if another instance does.
    pub after: Option<String>,
}

impl Changes {
    /// Finds what `after` says otherwise than `before`.
    pub fn between(before: &Lock, after: &Lock) -> Self {
        let world = SourceChange::between(None, before.world.as_ref(), after.world.as_ref());
        let names: BTreeSet<&Name> = before.components.keys().chain(after.components.keys()).collect();
        let components = names.into_iter().filter_map(|name| {
            SourceChange::between(Some(name), before.components.get(name), after.components.get(name))
        });
        let names: BTreeSet<&Name> = before.instances.keys().chain(after.instances.keys()).collect();
        let instances = names
            .into_iter()
            .filter_map(|name| InstanceChange::between(name, before.instances.get(name), after.instances.get(name)));
        Self { sources: components.chain(world).collect(), instances: instances.collect() }
    }

    /// Whether nothing that matters is different.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.instances.is_empty()
    }
}

impl SourceChange {
    fn between(component: Option<&Name>, before: Option<&LockedSource>, after: Option<&LockedSource>) -> Option<Self> {
        let is_same = match (before, after) {
            (Some(before), Some(after)) => before.is_same_choice(after),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let change = || Self { component: component.cloned(), before: before.cloned(), after: after.cloned() };
        (!is_same).then(change)
    }
}

impl LockedSource {
    /// Whether both stand for the same choice, whatever it was that required it.
    fn is_same_choice(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Package { package, requirement: _, registry, version, release },
                Self::Package { package: p, requirement: _, registry: g, version: v, release: r },
            ) => (package, registry, version, release) == (p, g, v, r),
            (Self::Path(_) | Self::Reference { .. } | Self::Package { .. }, _) => self == other,
        }
    }
}

impl InstanceChange {
    fn between(name: &Name, before: Option<&LockedInstance>, after: Option<&LockedInstance>) -> Option<Self> {
        let host = |instance: Option<&LockedInstance>| -> BTreeSet<String> {
            instance.map(|instance| instance.host.iter().cloned().collect()).unwrap_or_default()
        };
        let (host_before, host_after) = (host(before), host(after));
        let links =
            |instance: Option<&LockedInstance>| instance.map(|instance| instance.links.clone()).unwrap_or_default();
        let (links_before, links_after) = (links(before), links(after));
        let imports: BTreeSet<&String> = links_before.keys().chain(links_after.keys()).collect();
        let rewired = imports.into_iter().filter(|import| links_before.get(*import) != links_after.get(*import));
        let change = Self {
            name: name.clone(),
            host_gained: host_after.difference(&host_before).cloned().collect(),
            host_lost: host_before.difference(&host_after).cloned().collect(),
            rewired: rewired
                .map(|import| Rewiring {
                    import: import.clone(),
                    before: links_before.get(import).cloned(),
                    after: links_after.get(import).cloned(),
                })
                .collect(),
        };
        let is_same = change.host_gained.is_empty() && change.host_lost.is_empty() && change.rewired.is_empty();
        (!is_same).then_some(change)
    }
}
