//! `compose explain`: what the code of a finding means, from the library's own table.

use std::fmt::Write as _;

use composer::diagnostic::{Blame, Code, Diagnostic, nearest};

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

/// Every code with the beginning of its explanation.
fn all() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in Code::ALL {
        let _ = writeln!(text, "{:width$}  {}", code.as_str(), first_sentence(code.explanation()));
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
    let near = nearest(name, Code::ALL.iter().map(|code| code.as_str()));
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
    fn every_code_has_one_line_in_the_list() {
        let text = all();
        assert_eq!(text.lines().count(), Code::ALL.len());
        for (line, code) in text.lines().zip(Code::ALL) {
            assert!(line.starts_with(code.as_str()), "{line}");
        }
    }
}
