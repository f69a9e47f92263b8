//! Decides which changes fail, from a [`Compatibility`] and what a team tolerates, to a [`Judgement`].

use std::collections::{BTreeMap, BTreeSet};

use crate::compatibility::Compatibility;
use crate::compatibility::change::Change;
use crate::compatibility::rule::{Level, Rule, Side};
use crate::compatibility::version::Bump;

/// What a team tolerates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Whom changes may not break unannounced: all sides by default. A change that only breaks others is tolerated; one that
    /// breaks nobody is judged by its bump.
    pub sides: BTreeSet<Side>,
    /// Levels other than the rules' own, by the id of the rule.
    pub levels: BTreeMap<String, Level>,
    /// Changes that are tolerated, each for a reason.
    pub ignores: Vec<Ignore>,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { sides: Side::ALL.iter().copied().collect(), levels: BTreeMap::new(), ignores: Vec::new() }
    }
}

impl Policy {
    fn level(&self, rule: &Rule) -> Level {
        self.levels.get(rule.id).copied().unwrap_or(rule.level)
    }

    fn concerns(&self, change: &Change) -> bool {
        change.breaks.is_empty() || change.breaks.iter().any(|side| self.sides.contains(side))
    }
}

/// A change that is tolerated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// The path of what changed; everything within it is ignored, too: `shop:catalog/api.item`.
    pub path: String,
    /// The id of the rule; any, if there is none.
    pub rule: Option<String>,
    /// Why, for those who read the report.
    pub reason: String,
}

impl Ignore {
    /// Whether what the rule found at the path is to be ignored.
    pub(crate) fn covers(&self, rule: &str, path: &str) -> bool {
        let is_within = path
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || self.path.is_empty() || rest.starts_with(['.', '/', ' ']));
        is_within && self.rule.as_ref().is_none_or(|wanted| wanted == rule)
    }
}

/// A change, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding<'a> {
    /// The change.
    pub change: &'a Change,
    /// What is done about it.
    pub level: Level,
    /// Whether the version was raised enough for it.
    pub announced: bool,
    /// Why it is tolerated, if it is.
    pub ignored: Option<&'a Ignore>,
}

impl Finding<'_> {
    /// Whether it is to be reported, and may fail: the version does not announce it and nobody tolerates it.
    pub fn is_reported(&self) -> bool {
        !self.announced && self.ignored.is_none() && self.level > Level::Allow
    }

    /// Whether it fails.
    pub fn fails(&self) -> bool {
        self.is_reported() && self.level == Level::Deny
    }
}

/// What a policy makes of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement<'a> {
    /// Every change that concerns one of the policy's sides, in the order of the comparison.
    pub findings: Vec<Finding<'a>>,
    /// The ignores that cover no change: they can be deleted.
    pub unused: Vec<&'a Ignore>,
}

impl Judgement<'_> {
    /// Whether a finding fails.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(Finding::fails)
    }
}

impl Compatibility {
    /// Judges every change by the policy.
    pub fn judge<'a>(&'a self, policy: &'a Policy) -> Judgement<'a> {
        let made = self.made();
        let finding = |change: &'a Change| Finding {
            change,
            level: policy.level(change.rule),
            announced: change.requires <= made && change.requires > Bump::None,
            ignored: policy.ignores.iter().find(|ignore| ignore.covers(change.rule.id, &change.path)),
        };
        let covers_none =
            |ignore: &&Ignore| !self.changes.iter().any(|change| ignore.covers(change.rule.id, &change.path));
        Judgement {
            findings: self.changes.iter().filter(|change| policy.concerns(change)).map(finding).collect(),
            unused: policy.ignores.iter().filter(covers_none).collect(),
        }
    }
}
