//! `compose wit`: worlds and packages of WIT, as text, encoded, linted and compared.

mod compat;
mod conformance;
mod input;
mod lint;

use std::{collections::BTreeMap, fs};

pub(super) use self::{conformance::run as check, input::package};

use composer::diagnostic::{Code, Diagnostic, Failure, nearest};
use wit::compatibility::Level;

use crate::{
    args::{MessageFormat, WitArgs, WitBuildArgs, WitCommand, WitLevelArgs, WitShowArgs},
    exit::{Complaint, Ended, Stop},
    output::Output,
    report::{self, Finding},
};

pub(super) fn run(arguments: &WitArgs, output: &Output) -> Result<Ended, Stop> {
    match &arguments.command {
        WitCommand::Show(arguments) => show(arguments, output),
        WitCommand::Build(arguments) => build(arguments, output),
        WitCommand::Lint(arguments) => lint::run(arguments, output),
        WitCommand::Compat(arguments) => compat::run(arguments, output),
    }
}

fn show(arguments: &WitShowArgs, output: &Output) -> Result<Ended, Stop> {
    let wit = input::world(&arguments.wit, arguments.world.as_deref())?.to_wit();
    match output.format() {
        MessageFormat::Human => output.data(wit)?,
        MessageFormat::Json => {
            let line = serde_json::json!({ "reason": "world", "source": arguments.wit, "wit": wit });
            output.data(format!("{line}\n"))?;
        }
    }
    Ok(Ended::Well)
}

fn build(arguments: &WitBuildArgs, output: &Output) -> Result<Ended, Stop> {
    let package = package(&arguments.wit)?;
    let bytes = package.encode().map_err(|error| input::failure(&error))?;
    let path = &arguments.output;
    fs::write(path, &bytes).map_err(|error| {
        let message = format!("cannot write `{}`", path.display());
        Failure::from(Diagnostic::error(Code::OutputUnwritable, message).note(error.to_string()))
    })?;
    output.status("Encoded", format_args!("{package} in {}", path.display()));
    Ok(Ended::Well)
}

/// The levels that the arguments set, by rule.
///
/// # Errors
/// When there is no such rule.
fn levels(arguments: &WitLevelArgs, known: &[&'static str]) -> Result<BTreeMap<String, Level>, Stop> {
    let given = [(&arguments.allow, Level::Allow), (&arguments.warn, Level::Warn), (&arguments.deny, Level::Deny)];
    let mut levels = BTreeMap::new();
    for (rules, level) in given {
        for rule in rules {
            if !known.contains(&rule.as_str()) {
                return Err(Stop::Usage(unknown_rule(rule, known)));
            }
            levels.insert(rule.clone(), level);
        }
    }
    Ok(levels)
}

fn unknown_rule(rule: &str, known: &[&'static str]) -> Complaint {
    let near = nearest(rule, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let all = "`compose explain` lists all rules".to_owned();
    Complaint { message: format!("there is no rule `{rule}` for this"), hints: near.into_iter().chain([all]).collect() }
}

/// A finding, and how it looks to a person.
type Shown = (Finding, Diagnostic);

/// Writes findings as the options ask for; how the command ended by them.
///
/// # Errors
/// When standard output cannot be written.
fn write(output: &Output, title: &str, findings: &[Shown]) -> Result<Ended, Stop> {
    match (output.report(), output.format()) {
        (Some(format), _) => {
            let findings: Vec<Finding> = findings.iter().map(|(finding, _)| finding.clone()).collect();
            output.data(report::report(format, title, &findings))?;
        }
        (None, MessageFormat::Human) => {
            findings.iter().for_each(|(finding, diagnostic)| output.finding(finding.rule, diagnostic));
        }
        (None, MessageFormat::Json) => {
            for (finding, _) in findings {
                let mut line = serde_json::to_value(finding).expect("a finding is JSON because its keys are strings");
                line["reason"] = "finding".into();
                output.data(format!("{line}\n"))?;
            }
        }
    }
    let fails = findings.iter().any(|(finding, _)| finding.fails());
    Ok(if fails { Ended::WithFindings } else { Ended::Well })
}
