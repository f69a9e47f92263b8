//! Decides what is there of what stands behind a gate: from an item's `@unstable(feature = …)` and the features that are on, to
//! yes or no. And what else gates say.

use std::collections::BTreeSet;

use semver::Version;
use wit_parser::{Resolve, Stability, WorldItem};

/// Which items behind `@unstable` are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Features {
    /// Those of these features; of none by default.
    Only(BTreeSet<String>),
    /// Those of every feature.
    All,
}

impl Default for Features {
    fn default() -> Self {
        Features::Only(BTreeSet::new())
    }
}

impl Features {
    /// Whether an item of this stability is there.
    pub(crate) fn show(&self, stability: &Stability) -> bool {
        match stability {
            Stability::Unknown | Stability::Stable { .. } => true,
            Stability::Unstable { feature, .. } => match self {
                Features::Only(features) => features.contains(feature),
                Features::All => true,
            },
        }
    }
}

/// Since which version an item says that it is there.
pub(crate) fn since(stability: &Stability) -> Option<&Version> {
    match stability {
        Stability::Stable { since, .. } => Some(since),
        Stability::Unknown | Stability::Unstable { .. } => None,
    }
}

/// Since which version an item says that it is deprecated.
pub(crate) fn deprecated(stability: &Stability) -> Option<&Version> {
    match stability {
        Stability::Stable { deprecated, .. } | Stability::Unstable { deprecated, .. } => deprecated.as_ref(),
        Stability::Unknown => None,
    }
}

/// The features that something is behind, in any of the packages.
pub(crate) fn features(resolve: &Resolve) -> BTreeSet<&str> {
    let worlds = || resolve.worlds.iter().map(|(_, world)| world);
    let interfaces = || resolve.interfaces.iter().map(|(_, interface)| interface);
    let items = worlds().flat_map(|world| world.imports.values().chain(world.exports.values()));
    let items = items.filter_map(|item| match item {
        WorldItem::Interface { stability, .. } => Some(stability),
        WorldItem::Function(function) => Some(&function.stability),
        WorldItem::Type { .. } => None,
    });
    let functions = interfaces().flat_map(|interface| interface.functions.values().map(|function| &function.stability));
    let types = resolve.types.iter().map(|(_, definition)| &definition.stability);
    let owners = worlds().map(|world| &world.stability).chain(interfaces().map(|interface| &interface.stability));
    let features = owners.chain(items).chain(functions).chain(types).filter_map(|stability| match stability {
        Stability::Unstable { feature, .. } => Some(feature.as_str()),
        Stability::Unknown | Stability::Stable { .. } => None,
    });
    features.collect()
}
