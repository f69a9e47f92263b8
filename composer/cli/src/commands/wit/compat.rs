//! `compose wit compat`: what is different between two versions of a package, whom that breaks, and which version it needs.

use composer::{
    diagnostic::{Code, Diagnostic},
    manifest::RuleSettings,
};
use wit::{
    Package,
    compatibility::{Compatibility, Finding as Judged, Ignore, Judgement, Level, Policy, Rule, Side, compatibility},
};

use super::{
    Inputs, Shown,
    consumers::{self, Blamed},
    input::{features, unknown_features},
    lint::{diagnostic, labelled},
    place_in_files, tell_why, unused_ignores, write,
};
use crate::{
    args::{MessageFormat, SideArg, WitCompatArgs},
    exit::{Complaint, Ended, Stop},
    output::Output,
    region::Region,
    report::Finding,
    text,
};

pub(super) fn run(arguments: &WitCompatArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let around = inputs.rules()?;
    let settings = around.as_ref().map(|(rules, _)| rules.compat.clone()).unwrap_or_default();
    let policy = policy(arguments, &settings)?;
    let features = features(&arguments.features);
    let new = inputs.read(&arguments.new, None)?;
    let after = new.package()?;
    let old = match &arguments.against {
        Some(old) => inputs.read(old, None)?,
        None => inputs.read(&published(&after), None).map_err(unpublished)?,
    };
    let before = old.package()?;
    let consumers = consumers::read(&arguments.consumers, inputs)?;
    let compared = compatibility(&before, &after, &features);
    let mut warnings = unknown_features(&arguments.features, &[&before, &after]);
    warnings.extend(other_package(&before, &after));
    if arguments.suggest_version {
        output.diagnostics(&warnings)?;
        return suggest(&before, &compared, output);
    }
    let judgement = compared.judge(&policy);
    let changes = judgement.findings.iter().filter(|finding| finding.is_reported()).count();
    let told = judgement.findings.iter().filter(|finding| arguments.all || finding.is_reported());
    let mut reported: Vec<Shown> = told.map(|finding| shown(&before, &after, &compared, finding)).collect();
    for (finding, _) in &mut reported {
        place_in_files(finding, &arguments.new, &new, &old);
    }
    let blamed = Blamed { after: &after, changes: &compared.changes };
    let broken = consumers::findings(&consumers, &old.provider(&features), &new.provider(&features), blamed);
    let imports = text::count(broken.len(), "import");
    reported.extend(broken);
    let title = format!("{} compared with {}", compared.after, compared.before);
    let unused = |ignore: &&Ignore| policy.ignores.iter().position(|known| std::ptr::eq(known, *ignore));
    let unused: Vec<usize> = judgement.unused.iter().filter_map(unused).collect();
    warnings.extend(unused_ignores(&unused, &settings, &after, around.as_ref().map(|(_, manifest)| manifest)));
    let ended = write(output, &title, &reported, &warnings)?;
    output.status("Compared", summary(&compared, &judgement, changes));
    if !consumers.is_empty() {
        let consumers = text::count(consumers.len(), "consumer");
        output.status("Linked", format_args!("{consumers}: {imports} would not link"));
    }
    tell_why(output, &reported);
    if output.format() == MessageFormat::Json {
        let line = serde_json::json!({
            "reason": "compared", "before": compared.before, "after": compared.after,
            "changes": compared.changes.len(), "reported": changes, "fails": ended == Ended::WithFindings,
            "requires": compared.required().as_str(), "made": compared.made().as_str(),
            "suggested_version": compared.suggested_version().map(|version| version.to_string()),
        });
        output.data(format!("{line}\n"))?;
    }
    Ok(ended)
}

/// The newest version of a package that its registry has, up to its own.
fn published(after: &Package) -> String {
    let name = after.name();
    after.version().map_or_else(|| name.to_string(), |version| format!("{name}@<={version}"))
}

/// A package of which nothing is published yet is compared with what somebody names.
fn unpublished(stop: Stop) -> Stop {
    match stop {
        Stop::Failure(failure) => Stop::Failure(failure.hint(
            "without `--against` it is compared with the newest version that is published; name another one\n\
             compose wit compat --against git:main:wit",
        )),
        stop => stop,
    }
}

/// Says that two packages are compared which are not versions of one.
fn other_package(before: &Package, after: &Package) -> Option<Diagnostic> {
    (before.name() != after.name()).then(|| {
        let message = format!("`{}` is not another version of `{}`", after.name(), before.name());
        Diagnostic::warning(Code::WitFinding, message)
            .note("what is different is told all the same; that the version announces it says nothing")
    })
}

/// Prints the least version that announces all changes.
fn suggest(before: &Package, compared: &Compatibility, output: &Output) -> Result<Ended, Stop> {
    let version = compared.suggested_version().ok_or_else(|| Stop::Usage(unversioned(before)))?;
    let (package, required) = (before.name().to_string(), compared.required().as_str());
    match output.format() {
        MessageFormat::Human => output.data(format!("{version}\n"))?,
        MessageFormat::Json => {
            let line = serde_json::json!({
                "reason": "version-suggested", "package": package, "version": version.to_string(), "requires": required,
                "before": compared.version_before.as_ref().map(ToString::to_string),
            });
            output.data(format!("{line}\n"))?;
        }
    }
    Ok(Ended::Well)
}

fn policy(arguments: &WitCompatArgs, settings: &RuleSettings) -> Result<Policy, Stop> {
    let known: Vec<&str> = Rule::all().map(|rule| rule.id).collect();
    let mut policy = super::policy(settings, &arguments.levels, &known)?;
    if !arguments.side.is_empty() {
        policy.sides = arguments.side.iter().flat_map(|side| sides(*side)).copied().collect();
    }
    Ok(policy)
}

fn sides(side: SideArg) -> &'static [Side] {
    match side {
        SideArg::Guest => &[Side::Importer, Side::Exporter],
        SideArg::Importer => &[Side::Importer],
        SideArg::Exporter => &[Side::Exporter],
        SideArg::Host => &[Side::Host],
        SideArg::Source => &[Side::Source],
    }
}

fn shown(before: &Package, after: &Package, compared: &Compatibility, finding: &Judged<'_>) -> Shown {
    let change = finding.change;
    // What is about a package as a whole is where its name is.
    let place = change.after.clone().or_else(|| after.declaration());
    let place_before = change.before.clone().or_else(|| before.declaration());
    let level = if finding.is_reported() { finding.level } else { Level::Allow };
    let found = labelled(diagnostic(level, change.to_string()), after, place.as_ref(), "now");
    let found = labelled(found, before, place_before.as_ref(), "before");
    let breaks: Vec<&str> = change.breaks.iter().map(|side| side.description()).collect();
    let found = if breaks.is_empty() { found } else { found.note(format!("it breaks {}", breaks.join(", "))) };
    let found =
        found.note(format!("it needs a {} version, and the version's change is {}", change.requires, compared.made()));
    let tolerated = tolerated(finding);
    let found = found.notes(tolerated.clone());
    let reported = Finding {
        rule: change.rule.id,
        level,
        path: change.path.clone(),
        message: change.message.clone(),
        place: place.as_ref().map(Region::from),
        before: place_before.as_ref().map(Region::from),
        file: None,
        breaks: change.breaks.iter().map(|side| side.as_str()).collect(),
        requires: Some(change.requires.as_str()),
        tolerated,
        notes: found.notes.clone(),
        what: change.rule.what,
        explanation: change.rule.explanation,
        specification: Some(change.rule.specification),
    };
    (reported, found)
}

/// Why a change is told only to who asks for all.
fn tolerated(finding: &Judged<'_>) -> Option<String> {
    match (finding.announced, finding.ignored) {
        (true, _) => Some("the version announces it".to_owned()),
        (false, Some(ignore)) => Some(format!("the manifest ignores it: {}", ignore.reason)),
        (false, None) if finding.level == Level::Allow => Some(format!("`{}` is allowed", finding.change.rule.id)),
        (false, None) => None,
    }
}

/// One line about the whole comparison.
fn summary(compared: &Compatibility, judgement: &Judgement<'_>, reported: usize) -> String {
    let announced = judgement.findings.iter().filter(|finding| finding.announced).count();
    let changes = text::count(compared.changes.len(), "change");
    let mut line = format!("{} with {}: {changes}", compared.after, compared.before);
    if announced > 0 {
        line += &format!(", {announced} announced by the version");
    }
    if reported > 0 {
        line += &format!(", {reported} to report");
    }
    match compared.suggested_version() {
        Some(version) if reported > 0 => line + &format!("; version {version} would announce all"),
        _ => line,
    }
}

fn unversioned(before: &Package) -> Complaint {
    Complaint {
        message: format!("the package `{before}` has no version from which to go on"),
        hints: vec!["give it one in its `package` line: `@0.1.0`".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wit::Features;

    use super::*;
    use crate::render::{self, Colour};

    /// All that is said about two versions, findings first.
    fn check(before: &str, after: &str) -> String {
        let read = |name: &str, text: &str| Package::from_text(name, text).expect("it is WIT");
        let (before, after) = (read("git:v1:api.wit", before), read("api.wit", after));
        let compared = compatibility(&before, &after, &Features::default());
        let policy = Policy::default();
        let judgement = compared.judge(&policy);
        let reported = judgement.findings.iter().filter(|finding| finding.is_reported());
        let reported: Vec<Shown> = reported.map(|finding| shown(&before, &after, &compared, finding)).collect();
        let text = |(finding, found): &Shown| render::finding(finding.rule, found, Colour::Plain);
        let findings: String = reported.iter().map(text).collect();
        findings + &summary(&compared, &judgement, reported.len())
    }

    #[test]
    fn a_change_is_shown_in_both_texts_with_whom_it_breaks() {
        assert_snapshot!(check(
            "package shop:catalog@1.2.0;\n\ninterface api {\n  find: func(id: u32);\n}\n",
            "package shop:catalog@1.3.0;\n\ninterface api {\n  find: func(id: u64);\n  stop: func();\n}\n",
        ), @r"
            error[parameter-retyped]: shop:catalog/api.find.id: the parameter is `u64`, and was `u32`
             --> api.wit:4:14
              |
            4 |   find: func(id: u64);
              |              ^^ now
              |
             ::: git:v1:api.wit:4:14
              |
            4 |   find: func(id: u32);
              |              -- before
              |
              = note: it breaks guests that import it, guests that export it, hosts that run newer guests, source code that is compiled against it
              = note: it needs a major version, and the version's change is minor
            shop:catalog@1.3.0 with shop:catalog@1.2.0: 2 changes, 1 announced by the version, 1 to report; version 2.0.0 would announce all
        ");
    }

    #[test]
    fn what_the_version_announces_is_only_counted() {
        assert_snapshot!(check(
            "package shop:catalog@1.2.0;\ninterface api { find: func(id: u32); }\n",
            "package shop:catalog@2.0.0;\ninterface api { find: func(id: u64); }\n",
        ), @"shop:catalog@2.0.0 with shop:catalog@1.2.0: 1 change, 1 announced by the version");
    }
}
