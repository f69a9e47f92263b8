//! Decides what is told of a change, from the rule, where it happened and how worlds use that, to a [`Change`].

use std::collections::BTreeSet;
use std::fmt;

use crate::compatibility::rule::{Rule, Side};
use crate::compatibility::version::Bump;
use crate::texts::Place;

/// One difference between two versions of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The kind of change.
    pub rule: &'static Rule,
    /// Where, without versions: `shop:catalog/api.item.price`, `shop:catalog/api.find (result)`,
    /// `shop:catalog/storefront.wasi:io/streams`.
    pub path: String,
    /// What it was and what it is, in a phrase.
    pub message: String,
    /// Whom it breaks.
    pub breaks: BTreeSet<Side>,
    /// The bump it requires.
    pub requires: Bump,
    /// How the package's worlds use what changed.
    pub used: WorldUse,
    /// Where it is in the text before; of what was added, what it was added to.
    pub before: Option<Place>,
    /// Where it is in the text after; of what was removed, what it was removed from.
    pub after: Option<Place>,
}

/// How the worlds of a package use an interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorldUse {
    /// A world imports it: hosts provide it.
    pub imported: bool,
    /// A world exports it: its guests provide it, and hosts call it.
    pub exported: bool,
}

impl WorldUse {
    /// Whom a change breaks that breaks `sides` of the interface itself.
    ///
    /// A host provides what is imported, as an exporter does, and uses what is exported, as an importer does. An interface
    /// that no world uses counts as imported. A guest that has to export what is new has to be written anew.
    pub(crate) fn breaks(self, sides: &[Side]) -> BTreeSet<Side> {
        let mut breaks: BTreeSet<Side> = sides.iter().copied().filter(|side| *side != Side::Host).collect();
        // A rule of worlds that concerns hosts alone: what a world imports.
        if sides == [Side::Host] {
            breaks.insert(Side::Host);
        }
        let provides = self.imported || !self.exported;
        if provides && breaks.contains(&Side::Exporter) || self.exported && breaks.contains(&Side::Importer) {
            breaks.insert(Side::Host);
        }
        if self.exported && breaks.contains(&Side::Exporter) && sides.contains(&Side::Host) {
            breaks.insert(Side::Source);
        }
        breaks
    }

    /// The bump for a change of the rule: where guests of a world export the interface, what breaks them is major.
    pub(crate) fn requires(self, rule: &Rule) -> Bump {
        if self.exported && rule.breaks.contains(&Side::Exporter) { Bump::Major } else { rule.requires }
    }
}

/// Writes the path and the message: `shop:catalog/api.item.price: the field is u64, and was f64`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}
