//! Resource identity: decides where each resource type comes from in the composition, and that nobody would have to mix two
//! of them up.
//!
//! From the finished links, which must be free of circles. A resource is nominal: it belongs to the instance that defines
//! it, or to a host import. An interface that a consumer imports and that uses a resource of another interface must come from a
//! provider that means the same resource as the consumer does.

use wit::{ExternName, Item, Resource, ResourceOrigin};

use super::{
    InstanceId,
    composition::Composition,
    report,
    wiring::{End, Wire, Wiring},
};
use crate::diagnostic::Diagnostic;

/// Who defines a resource type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Definer<'a> {
    Instance(InstanceId, &'a ExternName),
    Host(&'a ExternName),
}

impl Definer<'_> {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Instance(a, i), Self::Instance(b, j)) => a == b && i == j,
            (Self::Host(a), Self::Host(b)) => a.same_track(b),
            _ => false,
        }
    }
}

/// A use of a resource that two providers would define.
pub(super) struct Conflict<'a> {
    pub(super) consumer: InstanceId,
    /// The interface that uses the resource, and who its provider takes the resource from.
    pub(super) user: &'a ExternName,
    pub(super) user_provider: Option<InstanceId>,
    pub(super) through_user: Definer<'a>,
    /// The interface that the consumer knows the resource by, and who that comes from.
    pub(super) known: &'a ExternName,
    pub(super) through_known: Definer<'a>,
    pub(super) resource: String,
}

/// Answers who defines what.
#[derive(Clone, Copy)]
pub(super) struct Definers<'w, 'a> {
    pub(super) composition: Composition<'a>,
    pub(super) wiring: &'w Wiring<'a>,
}

impl<'w, 'a> Definers<'w, 'a> {
    /// Who defines a resource that an export of an instance exposes; `None` where a link is missing.
    pub(super) fn of_export(self, id: InstanceId, item: Item<'a>, resource: &str) -> Option<Definer<'a>> {
        let resource = item.resources().into_iter().find(|r| r.name == resource)?;
        self.of_origin(id, &resource.origin)
    }

    /// Who defines a resource that an instance's type says comes from `origin`.
    pub(super) fn of_origin(self, id: InstanceId, origin: &ResourceOrigin) -> Option<Definer<'a>> {
        match origin {
            ResourceOrigin::Export { interface, .. } => {
                let mut exports = self.composition.world(id).exports();
                exports.find(|(name, _)| *name == interface).map(|(name, _)| Definer::Instance(id, name))
            }
            ResourceOrigin::Import { interface, resource } => {
                let wire = self.wiring.of(id).iter().find(|wire| wire.import == interface)?;
                self.of_wire(wire, resource)
            }
        }
    }

    /// Who defines a resource that an instance gets through one of its imports, which is where its type first names it.
    fn of_wire(self, wire: &Wire<'a>, resource: &str) -> Option<Definer<'a>> {
        match wire.end?.0 {
            End::Host => Some(Definer::Host(wire.import)),
            End::Instance(provider, export) => {
                let (_, item) = self.composition.world(provider).exports().find(|(name, _)| *name == export)?;
                self.of_export(provider, item, resource)
            }
        }
    }

    /// The uses of one instance's imports that do not agree.
    fn conflicts_of(self, consumer: InstanceId) -> Vec<Conflict<'a>> {
        let mut conflicts = Vec::new();
        for wire in self.wiring.of(consumer) {
            for Resource { name, origin, .. } in wire.item.resources() {
                let ResourceOrigin::Import { interface, resource } = &origin else { continue };
                if interface == wire.import {
                    continue;
                }
                let Some(known) = self.wiring.of(consumer).iter().find(|wire| wire.import == interface) else {
                    continue;
                };
                let through_known = self.of_wire(known, resource);
                let through_user = match wire.end {
                    Some((End::Host, _)) => Some(Definer::Host(known.import)),
                    Some((End::Instance(provider, export), _)) => self.of_provider_export(provider, export, &name),
                    None => None,
                };
                let (Some(through_user), Some(through_known)) = (through_user, through_known) else { continue };
                if !through_user.is_same(&through_known) {
                    let (user, known) = (wire.import, known.import);
                    let user_provider = match wire.end {
                        Some((End::Instance(provider, _), _)) => Some(provider),
                        _ => None,
                    };
                    conflicts.push(Conflict {
                        consumer,
                        user,
                        user_provider,
                        through_user,
                        known,
                        through_known,
                        resource: name,
                    });
                }
            }
        }
        conflicts
    }

    fn of_provider_export(self, provider: InstanceId, export: &ExternName, resource: &str) -> Option<Definer<'a>> {
        let (_, item) = self.composition.world(provider).exports().find(|(name, _)| *name == export)?;
        self.of_export(provider, item, resource)
    }
}

/// Reports every import whose resources would come from two providers.
pub(super) fn check<'a>(composition: Composition<'a>, wiring: &Wiring<'a>, diagnostics: &mut Vec<Diagnostic>) {
    let definers = Definers { composition, wiring };
    for consumer in composition.ids() {
        let conflicts = definers.conflicts_of(consumer);
        diagnostics.extend(conflicts.iter().map(|conflict| report::resource_conflict(composition, conflict)));
    }
}
