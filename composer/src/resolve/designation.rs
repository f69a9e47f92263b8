//! Who is to provide an import, as far as the manifest alone decides it: a link, a chain, the host.
//!
//! The same order as in planning, over names: planning has the types of the components that were chosen, and this has none yet.

use wit::ExternName;

use crate::{
    manifest::{Chain, Instance, LinkRule, LinkTarget, Manifest},
    plan::selects,
};

/// Who the manifest names for an import.
pub(super) enum Directed<'a> {
    /// The runtime.
    Host,
    /// Another instance.
    Instance { instance: &'a Instance, rule: Rule<'a> },
}

/// Why an instance is the one that must provide an import.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'a> {
    /// A line under `[links]` says so.
    Link(&'a LinkRule),
    /// A chain says so.
    Chain(&'a Chain),
    /// No other instance exports the interface in any version that was looked at.
    Only,
}

impl Rule<'_> {
    /// Whether the export may have another name than the import.
    pub(super) fn renames(self) -> bool {
        let Self::Link(link) = self else { return false };
        matches!(link.target.value, LinkTarget::Instance { export: Some(_), .. })
    }

    /// Whether an export is what the rule asks of the provider of `import`.
    pub(super) fn is_met_by(self, export: &ExternName, import: &ExternName) -> bool {
        match self {
            Self::Link(LinkRule { target, .. }) => match &target.value {
                LinkTarget::Instance { export: Some(chosen), .. } => selects(chosen, export),
                LinkTarget::Instance { export: None, .. } | LinkTarget::Host => export.same_track(import),
            },
            Self::Chain(_) | Self::Only => export.same_track(import),
        }
    }
}

/// Who a link or a chain names for an import; `None` when both are silent.
pub(super) fn directed<'a>(manifest: &'a Manifest, consumer: &Instance, import: &ExternName) -> Option<Directed<'a>> {
    let instance = |name: &_| manifest.instances.iter().find(|instance| instance.name.value == *name);
    let links = manifest.links.iter().filter(|link| link.consumer.value == consumer.name.value);
    let links = links.filter(|link| selects(&link.import.value, import));
    // A line with a version goes before one without.
    if let Some(link) = links.max_by_key(|link| link.import.value != link.import.value.unversioned()) {
        return match &link.target.value {
            LinkTarget::Host => Some(Directed::Host),
            LinkTarget::Instance { instance: name, .. } => {
                Some(Directed::Instance { instance: instance(name)?, rule: Rule::Link(link) })
            }
        };
    }
    let chain = over(manifest, import)?;
    let next = match place(chain, consumer) {
        Some(place) => chain.members.get(place + 1)?,
        None => chain.members.first()?,
    };
    Some(Directed::Instance { instance: instance(&next.value)?, rule: Rule::Chain(chain) })
}

/// Whether a chain keeps one of its members from being linked to another by itself.
pub(super) fn hides(manifest: &Manifest, consumer: &Instance, provider: &Instance, import: &ExternName) -> bool {
    over(manifest, import).is_some_and(|chain| place(chain, consumer).is_some() && place(chain, provider).is_some())
}

/// Whether an import may be left to the runtime. A target world may import anything, for all that is known here.
pub(super) fn host_may_provide(manifest: &Manifest, consumer: &Instance, import: &ExternName) -> bool {
    let is_wasi = import.as_interface().is_some_and(|name| name.package().namespace() == "wasi");
    let is_offered = match &manifest.host.imports {
        Some(patterns) => patterns.iter().any(|pattern| pattern.value.matches(import)),
        None => is_wasi || manifest.world.is_some(),
    };
    let own = manifest.host.instances.iter().find(|rule| rule.instance.value == consumer.name.value);
    is_offered && own.is_none_or(|rule| rule.imports.iter().any(|pattern| pattern.matches(import)))
}

fn over<'a>(manifest: &'a Manifest, import: &ExternName) -> Option<&'a Chain> {
    manifest.chains.iter().find(|chain| selects(&chain.interface.value, import))
}

fn place(chain: &Chain, instance: &Instance) -> Option<usize> {
    chain.members.iter().position(|member| member.value == instance.name.value)
}
