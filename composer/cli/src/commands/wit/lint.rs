//! `compose wit lint`: what a package could do better.

use composer::diagnostic::{Code, Diagnostic, Severity, SourceText};
use wit::{
    Package, Place,
    compatibility::Level,
    lint::{self, Lint, LintRule, lint},
};

use super::{Inputs, Shown, place_in_files, policy, tell_why, unused_ignores, write};
use crate::{
    args::{MessageFormat, WitLintArgs},
    exit::{Ended, Stop},
    output::Output,
    region::Region,
    report::Finding,
    text,
};

/// What is found of every component: it keeps neither documentation nor a version of its own.
const NOT_OF_COMPONENTS: &[&str] = &["missing-documentation", "missing-member-documentation", "package-unversioned"];

pub(super) fn run(arguments: &WitLintArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let known: Vec<&str> = LintRule::all().map(|rule| rule.id).collect();
    let around = inputs.rules()?;
    let settings = around.as_ref().map(|(rules, _)| rules.lint.clone()).unwrap_or_default();
    let policy = policy(&settings, &arguments.levels, &known)?;
    let input = inputs.read(&arguments.wit, None)?;
    let package = input.package()?;
    let lints = lint(&package);
    let is_known = |lint: &&Lint| !(input.is_component() && NOT_OF_COMPONENTS.contains(&lint.rule.id));
    let reported = lints.iter().filter(is_known).filter_map(|lint| match lint.level(&policy) {
        (Level::Allow, _) => None,
        (level, _) => Some(shown(&package, lint, level)),
    });
    let mut reported: Vec<Shown> = reported.collect();
    for (finding, _) in &mut reported {
        place_in_files(finding, &arguments.wit, &input, &input);
    }
    let unused = lint::unused_ignores(&lints, &policy);
    let unused = unused_ignores(&unused, &settings, &package, around.as_ref().map(|(_, manifest)| manifest));
    let ended = write(output, &package.to_string(), &reported, &unused)?;
    output.status("Linted", format_args!("{package}: {}", text::count(reported.len(), "finding")));
    tell_why(output, &reported);
    if output.format() == MessageFormat::Json {
        let line = serde_json::json!({
            "reason": "linted", "package": package.to_string(), "findings": reported.len(), "fails": ended == Ended::WithFindings,
        });
        output.data(format!("{line}\n"))?;
    }
    Ok(ended)
}

fn shown(package: &Package, lint: &Lint, level: Level) -> Shown {
    // What is about the package as a whole is where its name is.
    let place = lint.place.clone().or_else(|| package.declaration());
    let finding = Finding {
        rule: lint.rule.id,
        level,
        path: lint.path.clone(),
        message: lint.message.clone(),
        place: place.as_ref().map(Region::from),
        before: None,
        file: None,
        breaks: Vec::new(),
        requires: None,
        tolerated: None,
        notes: Vec::new(),
        what: lint.rule.what,
        explanation: lint.rule.explanation,
        specification: None,
    };
    let diagnostic = diagnostic(level, lint.to_string());
    (finding, labelled(diagnostic, package, place.as_ref(), ""))
}

/// A finding of the level.
pub(super) fn diagnostic(level: Level, message: String) -> Diagnostic {
    match level {
        Level::Deny => Diagnostic::error(Code::WitFinding, message),
        Level::Warn => Diagnostic::warning(Code::WitFinding, message),
        Level::Allow => Diagnostic { severity: Severity::Note, ..Diagnostic::warning(Code::WitFinding, message) },
    }
}

/// Points at a place of a package's text.
pub(super) fn labelled(diagnostic: Diagnostic, package: &Package, place: Option<&Place>, label: &str) -> Diagnostic {
    let text = place.and_then(|place| Some((place, package.text(place)?)));
    match text {
        Some((place, text)) => {
            let source = SourceText::new(&place.source, &**text);
            diagnostic.label(&source, place.range(), label)
        }
        None => diagnostic,
    }
}
