//! Decides what a rule is: a kind of change, whom it breaks, which bump it requires, and how it is explained.

use std::fmt;
use std::str::FromStr;

use crate::compatibility::rules;
use crate::compatibility::version::Bump;

/// Whom a change can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A guest that imports the interface as it was, and is given what is new.
    Importer,
    /// A guest that exports the interface as it was, where what is new is expected.
    Exporter,
    /// A host made for what was, which runs a guest made for what is new.
    Host,
    /// A guest's source code, compiled against bindings generated from what is new.
    Source,
}

impl Side {
    /// All of them.
    pub const ALL: &'static [Side] = &[Side::Importer, Side::Exporter, Side::Host, Side::Source];

    /// The word that options and machine formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Importer => "importer",
            Side::Exporter => "exporter",
            Side::Host => "host",
            Side::Source => "source",
        }
    }

    /// Those that a word of people stands for: one of them, or `guest` for both kinds of guests.
    pub fn of_word(word: &str) -> Option<&'static [Side]> {
        match word {
            "guest" => Some(&[Side::Importer, Side::Exporter]),
            "importer" => Some(&[Side::Importer]),
            "exporter" => Some(&[Side::Exporter]),
            "host" => Some(&[Side::Host]),
            "source" => Some(&[Side::Source]),
            _ => None,
        }
    }

    /// Who it is, in words.
    pub fn description(self) -> &'static str {
        match self {
            Side::Importer => "guests that import it",
            Side::Exporter => "guests that export it",
            Side::Host => "hosts that run newer guests",
            Side::Source => "source code that is compiled against it",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What is done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing: it is only listed.
    Allow,
    /// It is reported, and does not fail.
    Warn,
    /// It fails.
    Deny,
}

impl Level {
    /// The word that options and machine formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }
}

/// A text that is no [`Level`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a level: it is `deny`, `warn` or `allow`")]
#[non_exhaustive]
pub struct InvalidLevel {
    /// The text, whole.
    pub text: String,
}

impl FromStr for Level {
    type Err = InvalidLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let levels = [Level::Allow, Level::Warn, Level::Deny];
        let level = levels.into_iter().find(|level| level.as_str() == text);
        level.ok_or_else(|| InvalidLevel { text: text.to_owned() })
    }
}

/// A kind of change; [`Rule::all`] is the table of them.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The name: `field-added`. It never changes.
    pub id: &'static str,
    /// What changed: `a record has a further field`.
    pub what: &'static str,
    /// Whom it breaks, as far as the interface is imported; [`Change::breaks`](crate::compatibility::Change::breaks) is exact.
    pub breaks: &'static [Side],
    /// The bump that it requires, unless an interface that a world exports makes it a major one.
    pub requires: Bump,
    /// What is done about it unless the policy says otherwise.
    pub level: Level,
    /// The specification that it follows from, pinned.
    pub specification: &'static str,
    /// Why it breaks whom it breaks, in sentences.
    pub explanation: &'static str,
    /// A WIT text before such a change.
    pub before: &'static str,
    /// The text after it.
    pub after: &'static str,
}

impl Rule {
    /// The rule of this name.
    pub fn find(id: &str) -> Option<&'static Rule> {
        Rule::all().find(|rule| rule.id == id)
    }

    /// All rules, in the order of the table.
    pub fn all() -> impl Iterator<Item = &'static Rule> {
        let tables = [
            rules::package::TABLE,
            rules::world::TABLE,
            rules::function::TABLE,
            rules::value::TABLE,
            rules::gate::TABLE,
        ];
        tables.into_iter().flatten().copied()
    }
}

/// Writes the id only: the rest is in the table.
impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id)
    }
}
