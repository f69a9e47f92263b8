//! Decides which imports of an actual component link to a provider of what is new, from the component's world and what providers of
//! both versions export, to every [`BrokenImport`].

use crate::conformance::best_match;
use crate::mismatch::Mismatch;
use crate::name::ExternName;
use crate::world::World;

/// An import that a provider of the new version does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenImport {
    /// The import.
    pub import: ExternName,
    /// Why it does not link.
    pub why: Broken,
    /// Whether it linked to a provider of the version before.
    pub linked_before: bool,
}

/// Why an import does not link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Nothing of that name is there in a version of its track; these are on other tracks.
    Missing(Vec<ExternName>),
    /// What is there has another type.
    Different(Vec<Mismatch>),
}

/// Finds the imports of a component that do not link to what `after` exports. Imports of which neither `before` nor `after` exports
/// anything are no business of theirs.
pub fn broken_imports(consumer: &World, before: &World, after: &World) -> Vec<BrokenImport> {
    let broken = |provider: &World, name: &ExternName| -> Option<Broken> {
        let expected = consumer.import(name)?;
        match best_match(provider.exports(), name).map(|(_, item)| item.mismatches(&expected)) {
            Some(mismatches) if mismatches.is_empty() => None,
            Some(mismatches) => Some(Broken::Different(mismatches)),
            None => {
                let others = provider.exports().filter(|(other, _)| other.unversioned() == name.unversioned());
                Some(Broken::Missing(others.map(|(other, _)| other.clone()).collect()))
            }
        }
    };
    let concerns = |name: &ExternName| {
        let of = |provider: &World| provider.exports().any(|(other, _)| other.unversioned() == name.unversioned());
        of(before) || of(after)
    };
    let names = consumer.imports().map(|(name, _)| name).filter(|name| concerns(name));
    let found = names.filter_map(|name| {
        let why = broken(after, name)?;
        Some(BrokenImport { import: name.clone(), why, linked_before: broken(before, name).is_none() })
    });
    found.collect()
}
