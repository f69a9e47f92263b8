//! `[wit.lint]` and `[wit.compat]`: what a team wants to hear about its WIT, and what it tolerates for a reason.

use std::{collections::BTreeSet, ops::Range};

use wit::{
    compatibility::{Ignore, Level, Policy, Rule, Side},
    lint::LintRule,
};

use super::{
    read::{Reader, Section, Value},
    schema,
};
use crate::diagnostic::{Code, Diagnostic, Spanned, nearest};

/// `[wit]`.
#[derive(Debug, Clone, Default)]
pub struct WitRules {
    /// `[wit.lint]`.
    pub lint: RuleSettings,
    /// `[wit.compat]`.
    pub compat: RuleSettings,
}

/// What is done about what the rules of one kind find.
#[derive(Debug, Clone, Default)]
pub struct RuleSettings {
    /// The levels of rules, and what is ignored.
    pub policy: Policy,
    /// The places of the policy's ignores, in their order.
    pub ignores: Vec<Range<usize>>,
}

pub(super) fn wit(reader: &mut Reader, value: &Value<'_>) -> WitRules {
    let Some(section) = reader.section("[wit]", value) else { return WitRules::default() };
    section.refuse_unknown_keys(reader, &schema::WIT);
    let lint: Vec<&str> = LintRule::all().map(|rule| rule.id).collect();
    let compat: Vec<&str> = Rule::all().map(|rule| rule.id).collect();
    let mut settings = |key, title, known: &[&str], others: &[&str]| {
        let value = section.key(key)?;
        Some(settings(reader, title, value, known, others))
    };
    WitRules {
        lint: settings("lint", "[wit.lint]", &lint, &["ignore"]).unwrap_or_default(),
        compat: settings("compat", "[wit.compat]", &compat, &["ignore", "sides"]).unwrap_or_default(),
    }
}

/// A table of rules with their levels, and of `others`.
fn settings(reader: &mut Reader, title: &str, value: &Value<'_>, rules: &[&str], others: &[&str]) -> RuleSettings {
    let mut settings = RuleSettings::default();
    let Some(section) = reader.section(title, value) else { return settings };
    for (key, value) in section.entries() {
        let name = key.get_ref().as_ref();
        if rules.contains(&name) {
            let level = reader.parsed_text::<Level>("a rule's level", value);
            settings.policy.levels.extend(level.map(|level| (name.to_owned(), level.value)));
        } else if !others.contains(&name) {
            unknown_rule(reader, title, Spanned::new(name.to_owned(), key.span()), rules, others);
        }
    }
    if let Some(value) = section.key("sides").filter(|_| others.contains(&"sides")) {
        settings.policy.sides = sides(reader, value).unwrap_or(settings.policy.sides);
    }
    if let Some(items) = section.key("ignore").and_then(|value| reader.array("`ignore`", value)) {
        for item in items {
            if let Some(ignore) = ignore(reader, title, item, rules) {
                settings.ignores.push(item.span());
                settings.policy.ignores.push(ignore);
            }
        }
    }
    settings
}

fn sides(reader: &mut Reader, value: &Value<'_>) -> Option<BTreeSet<Side>> {
    let items = reader.array("`sides`", value)?;
    let mut sides = BTreeSet::new();
    for item in items {
        let Some(word) = reader.text("a side", item) else { continue };
        match Side::of_word(&word.value) {
            Some(named) => sides.extend(named),
            None => {
                let why = "a side is `guest`, `importer`, `exporter`, `host` or `source`".to_owned();
                reader.invalid("a side", &word.value, word.span, why);
            }
        }
    }
    Some(sides)
}

/// `{ path = "…", rule = "…", reason = "…" }`.
fn ignore(reader: &mut Reader, title: &str, value: &Value<'_>, rules: &[&str]) -> Option<Ignore> {
    let section: Section<'_> = reader.section("what is ignored", value)?;
    section.refuse_unknown_keys(reader, &schema::IGNORE);
    let path = section.required(reader, "path").and_then(|value| reader.text("a WIT path", value));
    let reason = section.required(reader, "reason").and_then(|value| reader.text("a reason", value));
    let rule = section.key("rule").and_then(|value| reader.text("a rule", value));
    if let Some(rule) = rule.as_ref().filter(|rule| !rules.contains(&rule.value.as_str())) {
        unknown_rule(reader, title, rule.clone(), rules, &[]);
    }
    if let Some(reason) = reason.as_ref().filter(|reason| reason.value.trim().is_empty()) {
        let message = "what is ignored needs a reason".to_owned();
        reader.report(Code::InvalidValue, reason.span.clone(), message, "say why it is tolerated");
    }
    Some(Ignore { path: path?.value, rule: rule.map(|rule| rule.value), reason: reason?.value })
}

fn unknown_rule(reader: &mut Reader, title: &str, given: Spanned<String>, rules: &[&str], others: &[&str]) {
    let message = format!("there is no rule `{}` for `{title}`", given.value);
    let diagnostic = Diagnostic::error(Code::UnknownKey, message).label(reader.source(), given.span, "unknown rule");
    reader.diagnostics.push(match nearest(&given.value, rules.iter().chain(others).copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint("`compose explain` lists all rules"),
    });
}
