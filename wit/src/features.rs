//! Decides what is there of what stands behind a gate: from an item's `@unstable(feature = …)` and the features that are on, to
//! yes or no.

use std::collections::BTreeSet;

use wit_parser::Stability;

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
