//! `compose explain`: what the code of a finding or a rule about WIT means, from the libraries' own tables.

use std::fmt::Write as _;

use composer::diagnostic::{Blame, Code, Diagnostic, nearest};
use wit::{compatibility::Rule, lint::LintRule};

use crate::{
    args::{ExplainArgs, MessageFormat},
    exit::{Ended, Stop},
    message::Message,
    output::Output,
};

pub(super) fn run(arguments: &ExplainArgs, output: &Output) -> Result<Ended, Stop> {
    match &arguments.code {
        Some(given) => explain(given, output)?,
        None => list(output)?,
    }
    Ok(Ended::Well)
}

fn explain(given: &str, output: &Output) -> Result<(), Stop> {
    // People copy codes with the brackets that messages put around them.
    let name = given.trim_start_matches("error[").trim_matches(['[', ']']);
    if let Some(text) = wit_rule(name) {
        return match output.format() {
            MessageFormat::Human => output.data(text),
            MessageFormat::Json => {
                let line =
                    serde_json::json!({ "reason": "explanation", "code": name, "blame": "input", "explanation": text });
                output.data(format!("{line}\n"))
            }
        };
    }
    let code: Code = name.parse().map_err(|_| Stop::Failure(unknown(name).into()))?;
    match output.format() {
        MessageFormat::Human => output.data(format!("{code}\n\n{}\n", code.explanation())),
        MessageFormat::Json => output.message(&message(code)),
    }
}

fn list(output: &Output) -> Result<(), Stop> {
    match output.format() {
        MessageFormat::Human => output.data(all()),
        MessageFormat::Json => Code::ALL.iter().try_for_each(|code| output.message(&message(*code))),
    }
}

/// What a rule about WIT finds, why, and a text that shows it.
fn wit_rule(name: &str) -> Option<String> {
    if let Some(rule) = LintRule::find(name) {
        let (id, what, explanation, level) = (rule.id, rule.what, rule.explanation, rule.level.as_str());
        return Some(format!(
            "{id}: {what}\n\n{explanation}\n\nLevel: {level}\n\nExample:\n\n{}",
            indented(rule.example)
        ));
    }
    let rule = Rule::find(name)?;
    let breaks: Vec<&str> = rule.breaks.iter().map(|side| side.description()).collect();
    let breaks = if breaks.is_empty() { "nobody".to_owned() } else { breaks.join(", ") };
    Some(format!(
        "{}: {}\n\n{}\n\nBreaks: {breaks}\nNeeds:  a {} version\nLevel:  {}\nSee:    {}\n\nBefore:\n\n{}\nAfter:\n\n{}",
        rule.id,
        rule.what,
        rule.explanation,
        rule.requires,
        rule.level.as_str(),
        rule.specification,
        indented(rule.before),
        indented(rule.after),
    ))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

/// Every code with the beginning of its explanation.
fn all() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in Code::ALL {
        let _ = writeln!(text, "{:width$}  {}", code.as_str(), first_sentence(code.explanation()));
    }
    text.push_str("\nRules of `compose wit compat`:\n");
    for rule in Rule::all() {
        let _ = writeln!(text, "{:width$}  {}", rule.id, rule.what);
    }
    text.push_str("\nRules of `compose wit lint`:\n");
    for rule in LintRule::all() {
        let _ = writeln!(text, "{:width$}  {}", rule.id, rule.what);
    }
    text
}

fn first_sentence(explanation: &str) -> String {
    let paragraph = explanation.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |stop| stop + 1);
    paragraph[..end].to_owned()
}

fn message(code: Code) -> Message<'static> {
    let blame = match code.blame() {
        Blame::Input => "input",
        Blame::Environment => "environment",
        Blame::Bug => "bug",
    };
    Message::Explanation { code: code.as_str(), blame, explanation: code.explanation() }
}

fn unknown(name: &str) -> Diagnostic {
    let rules = Rule::all().map(|rule| rule.id).chain(LintRule::all().map(|rule| rule.id));
    let near = nearest(name, Code::ALL.iter().map(|code| code.as_str()).chain(rules));
    let suggestion = near.map(|code| format!("did you mean `{code}`?"));
    let diagnostic = Diagnostic::error(Code::UnknownName, format!("no error or warning has the code `{name}`"));
    let diagnostic = suggestion.into_iter().fold(diagnostic, Diagnostic::hint);
    diagnostic.hint("`compose explain` lists all codes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_code_is_answered_with_the_nearest() {
        assert_eq!(unknown("ambigous-provider").hints[0], "did you mean `ambiguous-provider`?");
        assert_eq!(unknown("xyz").hints, ["`compose explain` lists all codes"]);
    }

    #[test]
    fn every_code_and_rule_has_one_line_in_the_list() {
        let text = all();
        for (line, code) in text.lines().zip(Code::ALL) {
            assert!(line.starts_with(code.as_str()), "{line}");
        }
        for id in Rule::all().map(|rule| rule.id).chain(LintRule::all().map(|rule| rule.id)) {
            assert_eq!(text.lines().filter(|line| line.split(' ').next() == Some(id)).count(), 1, "{id}");
            assert!(wit_rule(id).is_some_and(|text| text.starts_with(id)), "{id}");
        }
    }
}
