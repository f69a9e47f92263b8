//! `compose wit`: worlds and packages of WIT, as text, encoded, linted and compared.

mod compat;
mod conformance;
mod consumers;
mod document;
mod fetch;
mod input;
mod lint;
mod show;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub(super) use self::{
    conformance::{run as check, subject as checked},
    input::{Input, Inputs, package},
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure, nearest},
    driver, emit,
    manifest::{Manifest, RuleSettings},
};
use wit::{
    Package,
    compatibility::{Level, Policy, Rule},
    lint::LintRule,
};

use crate::{
    args::{ManifestOptions, MessageFormat, WitArgs, WitBuildArgs, WitCommand, WitLevelArgs},
    exit::{Complaint, Ended, Stop},
    output::Output,
    report::{Finding, Subject},
    text,
};

pub(super) fn run(arguments: &WitArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let inputs = Inputs::new(options, output);
    match &arguments.command {
        WitCommand::Show(arguments) => show::run(arguments, &inputs, output),
        WitCommand::Fetch(arguments) => fetch::run(arguments, &inputs, output),
        WitCommand::Update(arguments) => fetch::update(arguments, &inputs, output),
        WitCommand::Build(arguments) => build(arguments, &inputs, output),
        WitCommand::Lint(arguments) => lint::run(arguments, &inputs, output),
        WitCommand::Compat(arguments) => compat::run(arguments, &inputs, output),
    }
}

/// What a report is about, for commands that write one.
pub(super) fn subject(arguments: &WitArgs) -> Option<Subject> {
    let (command, wit) = match &arguments.command {
        WitCommand::Lint(arguments) => ("lint", &arguments.wit),
        WitCommand::Compat(arguments) if !arguments.suggest_version => ("compat", &arguments.new),
        WitCommand::Compat(_) | WitCommand::Show(_) | WitCommand::Build(_) => return None,
        WitCommand::Fetch(_) | WitCommand::Update(_) => return None,
    };
    Some(Subject {
        title: format!("compose wit {command} {wit}"),
        file: Some(wit.clone()).filter(|wit| Path::new(wit).exists()),
    })
}

fn build(arguments: &WitBuildArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let package = inputs.read(&arguments.wit, None)?.package()?;
    let bytes = package.encode().map_err(|error| Failure::from(driver::unreadable_wit(&error)))?;
    let default = || PathBuf::from(format!("{}.wasm", package.to_string().replace([':', '@'], "-")));
    let path = arguments.output.clone().unwrap_or_else(default);
    emit::replace(&path, &bytes).map_err(Failure::from)?;
    output.status("Encoded", format_args!("{package} in {} ({})", path.display(), text::size(bytes.len() as u64)));
    if output.format() == MessageFormat::Json {
        let (path, size) = (path.display().to_string(), bytes.len());
        let line =
            serde_json::json!({ "reason": "wit-built", "package": package.to_string(), "path": path, "size": size });
        output.data(format!("{line}\n"))?;
    }
    Ok(Ended::Well)
}

/// The manifest's settings for rules of one kind, with what the arguments set instead.
///
/// # Errors
/// When there is no such rule.
fn policy(settings: &RuleSettings, arguments: &WitLevelArgs, known: &[&'static str]) -> Result<Policy, Stop> {
    let mut policy = settings.policy.clone();
    policy.levels.extend(levels(arguments, known)?);
    Ok(policy)
}

/// The lines of the manifest that ignore nothing in the package: they can be deleted.
fn unused_ignores(
    unused: &[usize],
    settings: &RuleSettings,
    package: &Package,
    manifest: Option<&Manifest>,
) -> Vec<Diagnostic> {
    let Some(manifest) = manifest else { return Vec::new() };
    let name = package.name().to_string();
    let about_it = |place: &&usize| settings.policy.ignores[**place].path.starts_with(&name);
    let warnings = unused.iter().filter(about_it).map(|place| {
        Diagnostic::warning(Code::WitFinding, "what is ignored here is not found any more").label(
            &manifest.source,
            settings.ignores[*place].clone(),
            "can be removed",
        )
    });
    warnings.collect()
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
    let other = match (LintRule::find(rule), Rule::find(rule)) {
        (Some(_), _) => Some("compose wit lint"),
        (None, Some(_)) => Some("compose wit compat"),
        (None, None) => None,
    };
    if let Some(command) = other {
        return Complaint { message: format!("`{rule}` is a rule of `{command}`"), hints: Vec::new() };
    }
    // Who knows how a rule begins means that one.
    let begun = || known.iter().copied().find(|known| known.starts_with(rule));
    let near = nearest(rule, known.iter().copied()).or_else(begun).map(|near| format!("did you mean `{near}`?"));
    let all = "`compose explain` lists all rules".to_owned();
    Complaint { message: format!("there is no rule `{rule}` for this"), hints: near.into_iter().chain([all]).collect() }
}

/// Takes away places in the text that a component is printed as, which no file has; what has no place is in the file that is named.
fn place_in_files(finding: &mut Finding, named: &str, new: &Input, old: &Input) {
    if new.is_component() {
        finding.place = None;
    }
    if old.is_component() {
        finding.before = None;
    }
    if finding.place.is_none() {
        finding.file = Some(named.to_owned()).filter(|named| Path::new(named).exists());
    }
}

/// A finding, and how it looks to a person.
type Shown = (Finding, Diagnostic);

/// Says where to read why there is such a rule.
fn tell_why(output: &Output, findings: &[Shown]) {
    if let Some((finding, _)) = findings.first() {
        output.status("Why", format_args!("compose explain {}", finding.rule));
    }
}

/// Writes findings and warnings as the options ask for; how the command ended by them.
///
/// # Errors
/// When standard output cannot be written.
fn write(output: &Output, title: &str, findings: &[Shown], warnings: &[Diagnostic]) -> Result<Ended, Stop> {
    let fails = findings.iter().any(|(finding, _)| finding.fails());
    let ended = if fails { Ended::WithFindings } else { Ended::Well };
    let reported = findings.iter().map(|(finding, _)| finding.clone()).chain(warnings.iter().map(Finding::from));
    output.report(title, reported)?;
    match output.format() {
        _ if !output.tells_people() => return Ok(ended),
        MessageFormat::Human => findings.iter().for_each(|(finding, shown)| output.finding(finding.rule, shown)),
        MessageFormat::Json => {
            for (finding, _) in findings {
                let mut line = serde_json::to_value(finding).expect("a finding is JSON because its keys are strings");
                line["reason"] = "finding".into();
                output.data(format!("{line}\n"))?;
            }
        }
    }
    output.diagnostics(warnings)?;
    Ok(ended)
}
