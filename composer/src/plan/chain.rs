//! Chains: ordered middleware over one interface, outermost first.
//!
//! Decides who a chain gives to whom: each member gets the next one; every other consumer of the interface gets the outermost;
//! the last member is linked as if the chain did not exist. Everything follows from the manifest and the members' types.

use wit::{ExternName, Item};

use super::{
    InstanceId,
    composition::{Composition, selects},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    manifest::Chain,
};

/// What a chain has to say about an import.
pub(super) enum Verdict<'a> {
    /// The import goes to this export.
    Provider(InstanceId, &'a ExternName, Item<'a>),
    /// It would go to a member that does not export the interface, which [`check`] reports.
    Broken,
    /// Nothing: there is no chain over the interface, or the import is the innermost member's, or of another semver track.
    Silent,
}

/// What the chain over an interface says about an import of `consumer`.
pub(super) fn verdict<'a>(composition: Composition<'a>, consumer: InstanceId, import: &ExternName) -> Verdict<'a> {
    let Some(chain) = over(composition, import) else { return Verdict::Silent };
    let next = match place(composition, chain, consumer) {
        Some(place) => chain.members.get(place + 1),
        None => chain.members.first(),
    };
    let Some(next) = next else { return Verdict::Silent };
    let provider = composition.find(&next.value);
    match composition.export_for(provider, import) {
        Some((export, item)) => Verdict::Provider(provider, export, item),
        None if composition.selected_export(provider, &chain.interface.value).is_none() => Verdict::Broken,
        None => Verdict::Silent,
    }
}

/// Whether a chain keeps `consumer` from being linked to `provider`: the innermost member must not be linked back into its
/// own chain.
pub(super) fn hides(
    composition: Composition<'_>,
    consumer: InstanceId,
    provider: InstanceId,
    import: &ExternName,
) -> bool {
    over(composition, import).is_some_and(|chain| {
        place(composition, chain, consumer).is_some() && place(composition, chain, provider).is_some()
    })
}

/// The outermost member of the chain over an interface: it stands for all of them in the result's exports.
pub(super) fn outermost(composition: Composition<'_>, export: &ExternName) -> Option<InstanceId> {
    let chain = over(composition, export)?;
    chain.members.first().map(|member| composition.find(&member.value))
}

/// Reports members that cannot stand where they are.
pub(super) fn check(composition: Composition<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for chain in &composition.manifest.chains {
        for (place, member) in chain.members.iter().enumerate() {
            let world = composition.world(composition.find(&member.value));
            let exports = world.exports().any(|(name, _)| selects(&chain.interface.value, name));
            let imports = world.imports().any(|(name, _)| selects(&chain.interface.value, name));
            let interface = &chain.interface.value;
            let broken = |message: String, label: &str| {
                let diagnostic = Diagnostic::error(Code::BrokenChain, message);
                diagnostic.label(&composition.manifest.source, member.span.clone(), label)
            };
            if !exports {
                let message =
                    format!("`{}` cannot be in the chain over `{interface}`: it does not export it", member.value);
                diagnostics.push(broken(message, "every member must export the interface"));
            }
            if let Some(next) = chain.members.get(place + 1).filter(|_| !imports) {
                let message = format!(
                    "`{}` cannot wrap `{}` in the chain over `{interface}`: it does not import it",
                    member.value, next.value
                );
                let diagnostic = broken(message, "every member but the last must import the interface");
                let hint = format!("put `{}` last, or take it out of the chain", member.value);
                diagnostics.push(diagnostic.hint(hint));
            }
        }
    }
}

fn over<'a>(composition: Composition<'a>, name: &ExternName) -> Option<&'a Chain> {
    composition.manifest.chains.iter().find(|chain| selects(&chain.interface.value, name))
}

fn place(composition: Composition<'_>, chain: &Chain, id: InstanceId) -> Option<usize> {
    chain.members.iter().position(|member| member.value == *composition.name(id))
}
