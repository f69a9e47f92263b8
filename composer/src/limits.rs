//! The limits of those who read the result: how many definitions an index space of one component may have, and how many modules and
//! components a binary may.
//!
//! They are those of `wasmparser`, and so wasmtime's, which validates with it. Against those of index spaces a composition counts in its
//! outermost component alone; what is in its parts was counted where they were made. The one of the whole binary counts everything at any
//! depth, the outermost component as well; it is younger than the validator here, which does not know it.

use crate::diagnostic::{Code, Diagnostic};

/// How many core modules a component may have.
pub(crate) const MODULES: usize = 1_000;
/// How many components a component may have in it.
pub(crate) const COMPONENTS: usize = 1_000;
/// How many instances a component may have: imported, made, and exports of others that are passed on.
pub(crate) const INSTANCES: usize = 1_000;

/// How many core modules and components a binary may have.
pub(crate) const IN_ALL: usize = 1_000;

/// How much a component defines of what is bounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Its core modules.
    pub(crate) modules: usize,
    /// The components in it.
    pub(crate) components: usize,
    /// Its instances: those that are imported, those that are made, and those that are exports of others.
    pub(crate) instances: usize,
    /// Modules and components at any depth, and itself.
    pub(crate) in_all: usize,
}

impl Extent {
    /// What is bounded: its name, how much there is, and how much there can be.
    pub(crate) fn counts(self) -> [(&'static str, usize, usize); 4] {
        [
            ("core modules", self.modules, MODULES),
            ("components", self.components, COMPONENTS),
            ("instances", self.instances, INSTANCES),
            ("modules and components in all", self.in_all, IN_ALL),
        ]
    }
}

/// Checks that runtimes accept a composition of this extent.
///
/// # Errors
/// [`Code::LimitExceeded`], with how much there is of everything.
pub(crate) fn check(extent: Extent) -> Result<(), Diagnostic> {
    let counts = extent.counts();
    let Some((what, ..)) = counts.into_iter().find(|(_, found, limit)| found > limit) else { return Ok(()) };
    let mut diagnostic =
        Diagnostic::error(Code::LimitExceeded, format!("the application has more {what} than runtimes accept"));
    for (what, found, limit) in counts {
        diagnostic = diagnostic.note(format!("{what}: {} of at most {}", grouped(found), grouped(limit)));
    }
    if extent.instances > INSTANCES {
        diagnostic = diagnostic.note("an interface that one instance passes on to others counts as an instance, too");
    }
    Err(if extent.in_all > IN_ALL {
        diagnostic
            .hint("have equal modules and components in it once\n[build]\nshare = \"components\"")
            .hint("or make two applications of it, or fewer components that do more")
    } else {
        diagnostic.hint(
            "put a part of the application into a folder with a manifest of its own: all of it counts as one component",
        )
    })
}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
