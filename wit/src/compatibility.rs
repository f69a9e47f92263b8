//! Decides what is different between two versions of a WIT package and whom that breaks, from two [`Package`]s, to a
//! [`Compatibility`]: every [`Change`] at once, each by a [`Rule`].
//!
//! What breaks follows the Component Model's [subtyping]: an instance may have more than an import asks for, types of
//! functions and values have to be equal. Each [`Rule`] is tested against the type checker: components of its pair of WIT files
//! link exactly when the rule says so.
//!
//! Nothing here decides what is tolerated: a [`Policy`] does, afterwards.
//!
//! [subtyping]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Explainer.md#type-checking

mod change;
mod consumer;
mod definition;
mod function;
mod gate;
mod interface;
mod member;
mod policy;
mod rule;
mod rules;
mod sameness;
pub(crate) mod spelling;
mod version;
mod world;

use semver::Version;

pub use change::{Change, WorldUse};
pub use consumer::{Broken, BrokenImport, broken_imports};
pub use policy::{Finding, Ignore, Judgement, Policy};
pub use rule::{InvalidLevel, Level, Rule, Side};
pub use version::{Bump, suggest_version};

pub use crate::features::Features;
use crate::package::Package;

/// What is different between two versions of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compatibility {
    /// The package before, with its version.
    pub before: String,
    /// The package after, with its version.
    pub after: String,
    /// The version before.
    pub version_before: Option<Version>,
    /// The version after.
    pub version_after: Option<Version>,
    /// All changes: of the package, then by interface and by world in the order before, what was added last.
    pub changes: Vec<Change>,
}

impl Compatibility {
    /// The greatest bump that a change requires.
    pub fn required(&self) -> Bump {
        self.changes.iter().map(|change| change.requires).max().unwrap_or(Bump::None)
    }

    /// The bump that was made.
    pub fn made(&self) -> Bump {
        Bump::between(self.version_before.as_ref(), self.version_after.as_ref())
    }

    /// The least version that tells of all changes; `None` for a package that had no version.
    pub fn suggested_version(&self) -> Option<Version> {
        let before = self.version_before.as_ref()?;
        Some(suggest_version(before, self.required()))
    }
}

/// Compares every interface and world of a package, and those of its dependencies that its worlds import and export.
///
/// What is behind a feature that is off counts as not there. A comparison of anything with itself is empty.
pub fn compatibility(before: &Package, after: &Package, features: &Features) -> Compatibility {
    let mut comparison = interface::Comparison::new(before, after, features);
    comparison.packages();
    Compatibility {
        before: before.to_string(),
        after: after.to_string(),
        version_before: before.version().cloned(),
        version_after: after.version().cloned(),
        changes: comparison.finish(),
    }
}
