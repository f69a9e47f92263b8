//! Decides whether a component is what a target world asks for, from both worlds, to everything that is wrong.

use std::fmt;

use crate::mismatch::Mismatch;
use crate::name::ExternName;
use crate::nearest::nearest;
use crate::world::{Item, World};

/// One way in which a component is not of its target world.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nonconformance {
    /// The target exports it and the component does not.
    MissingExport {
        /// As the target has it.
        name: ExternName,
        /// Exports of the component that may be meant: the same interface on other tracks, else the nearest name.
        near: Vec<ExternName>,
    },
    /// Both export it and its type differs.
    WrongExport {
        /// As the component has it.
        name: ExternName,
        /// How the component's differs from the target's.
        mismatches: Vec<Mismatch>,
    },
    /// The component imports it and the target does not.
    ExtraImport {
        /// As the component has it.
        name: ExternName,
        /// Imports of the target that may be meant: the same interface on other tracks, else the nearest name.
        near: Vec<ExternName>,
    },
    /// Both import it and what the target gives is not what the component needs.
    WrongImport {
        /// As the component has it.
        name: ExternName,
        /// How the target's differs from the component's.
        mismatches: Vec<Mismatch>,
    },
}

/// Checks that `component` exports all that `target` exports and imports nothing that `target` does not import.
///
/// Interfaces match by semver track, and each has to be compatible: the component's export for the target's, the
/// target's import for the component's. Exports come first, in the target's order, then imports, in the component's.
/// Further exports conform; [`extra_exports`] lists them.
pub fn conformance(component: &World, target: &World) -> Vec<Nonconformance> {
    let exports = target.exports().filter_map(|(name, expected)| {
        let Some((name, found)) = best_match(component.exports(), name) else {
            let near = near(name, component.exports.keys());
            return Some(Nonconformance::MissingExport { name: name.clone(), near });
        };
        let mismatches = found.mismatches(&expected);
        (!mismatches.is_empty()).then(|| Nonconformance::WrongExport { name: name.clone(), mismatches })
    });
    let imports = component.imports().filter_map(|(name, expected)| {
        let Some((_, found)) = best_match(target.imports(), name) else {
            let near = near(name, target.imports.keys());
            return Some(Nonconformance::ExtraImport { name: name.clone(), near });
        };
        let mismatches = found.mismatches(&expected);
        (!mismatches.is_empty()).then(|| Nonconformance::WrongImport { name: name.clone(), mismatches })
    });
    exports.chain(imports).collect()
}

/// The exports of the component that its target does not ask for, in the component's order.
pub fn extra_exports<'a>(component: &'a World, target: &'a World) -> impl Iterator<Item = &'a ExternName> {
    component.exports.keys().filter(|name| !target.exports.keys().any(|wanted| wanted.same_track(name)))
}

/// What is taken for a name, of several items: the one of exactly this name, else the highest version on its semver track. Runtimes
/// choose so, whatever the types are.
pub fn best_match<'a>(
    items: impl Iterator<Item = (&'a ExternName, Item<'a>)>,
    name: &ExternName,
) -> Option<(&'a ExternName, Item<'a>)> {
    highest(items.filter(|(candidate, _)| candidate.same_track(name)), name)
}

/// The item of exactly this name, else the highest version.
pub fn highest<'a>(
    items: impl Iterator<Item = (&'a ExternName, Item<'a>)>,
    name: &ExternName,
) -> Option<(&'a ExternName, Item<'a>)> {
    items.max_by(|(one, _), (other, _)| (*one == name).cmp(&(*other == name)).then_with(|| one.cmp(other)))
}

/// The names that may be meant by one that is not there.
fn near<'a>(name: &ExternName, candidates: impl Iterator<Item = &'a ExternName> + Clone) -> Vec<ExternName> {
    let unversioned = name.unversioned();
    let other_tracks: Vec<ExternName> =
        candidates.clone().filter(|candidate| candidate.unversioned() == unversioned).cloned().collect();
    if !other_tracks.is_empty() {
        return other_tracks;
    }
    let texts: Vec<String> = candidates.map(ToString::to_string).collect();
    let nearest = nearest(&name.to_string(), texts.iter().map(String::as_str));
    nearest.map(ExternName::from).into_iter().collect()
}

/// A line for the problem, and for a wrong type a further one for each mismatch.
impl fmt::Display for Nonconformance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, verb, near, mismatches): (_, _, &[ExternName], &[Mismatch]) = match self {
            Nonconformance::MissingExport { name, near } => (name, "is not exported", near, &[]),
            Nonconformance::WrongExport { name, mismatches } => {
                (name, "is exported with another type", &[], mismatches)
            }
            Nonconformance::ExtraImport { name, near } => (name, "is imported, but not by the target world", near, &[]),
            Nonconformance::WrongImport { name, mismatches } => {
                (name, "is imported with another type than the target world gives it", &[], mismatches)
            }
        };
        write!(formatter, "`{name}` {verb}")?;
        for (index, name) in near.iter().enumerate() {
            write!(formatter, "{}`{name}`", if index == 0 { "; there is " } else { ", " })?;
        }
        mismatches.iter().try_for_each(|mismatch| write!(formatter, "\n  {mismatch}"))
    }
}
