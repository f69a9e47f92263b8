//! Decides what a WIT package could do better, from a [`Package`], to [`Lint`]s: about names, documentation and gates. None of it
//! is wrong, and nothing breaks; [`Policy`] says what a team wants to hear about.

mod rules;
mod walk;

use std::fmt;

use crate::compatibility::{Ignore, Level, Policy};
use crate::package::Package;
use crate::texts::Place;

/// A kind of advice.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct LintRule {
    /// The name: `missing-documentation`. It never changes.
    pub id: &'static str,
    /// What it finds: `an item without documentation`.
    pub what: &'static str,
    /// What is done about it unless the policy says otherwise.
    pub level: Level,
    /// Why it is better otherwise, in sentences.
    pub explanation: &'static str,
    /// A WIT text in which it finds something.
    pub example: &'static str,
}

impl LintRule {
    /// The rule of this name.
    pub fn find(id: &str) -> Option<&'static LintRule> {
        LintRule::all().find(|rule| rule.id == id)
    }

    /// All rules, in the order of the table.
    pub fn all() -> impl Iterator<Item = &'static LintRule> {
        rules::TABLE.iter().copied()
    }
}

/// Writes the id only: the rest is in the table.
impl fmt::Debug for LintRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}

/// Something that could be better.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// The kind of advice.
    pub rule: &'static LintRule,
    /// Where, without versions: `shop:catalog/api.item.price`.
    pub path: String,
    /// What is found, in a phrase.
    pub message: String,
    /// Where it is in the text.
    pub place: Option<Place>,
}

/// Writes the path and the message: `shop:catalog/api.find: the function has no documentation`.
impl fmt::Display for Lint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

/// Finds all that could be better in the package itself, not in what it depends on; in its own order.
pub fn lint(package: &Package) -> Vec<Lint> {
    walk::Walk::new(package).finish()
}

/// The ignores of a policy that cover none of the findings, by their places in it.
pub fn unused_ignores(lints: &[Lint], policy: &Policy) -> Vec<usize> {
    let covers = |ignore: &Ignore| lints.iter().any(|lint| ignore.covers(lint.rule.id, &lint.path));
    policy.ignores.iter().enumerate().filter(|(_, ignore)| !covers(ignore)).map(|(place, _)| place).collect()
}

impl Lint {
    /// What the policy does about it: [`Level::Allow`], with the reason, where it is ignored.
    pub fn level<'p>(&self, policy: &'p Policy) -> (Level, Option<&'p Ignore>) {
        match policy.ignores.iter().find(|ignore| ignore.covers(self.rule.id, &self.path)) {
            Some(ignore) => (Level::Allow, Some(ignore)),
            None => (policy.levels.get(self.rule.id).copied().unwrap_or(self.rule.level), None),
        }
    }
}
