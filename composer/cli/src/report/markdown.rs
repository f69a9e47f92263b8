//! Decides how findings are written as Markdown: for a comment under a change request.

use std::fmt::Write as _;

use super::Finding;

/// A heading and a table, or a sentence when there is nothing to tell.
pub(super) fn document(title: &str, findings: &[Finding]) -> String {
    let mut text = format!("### {}\n\n", cell(title));
    if findings.is_empty() {
        text.push_str("Nothing to report.\n");
        return text;
    }
    text.push_str("| | rule | where | what | breaks | needs |\n|---|---|---|---|---|---|\n");
    for finding in findings {
        let mark = if finding.fails() { "error" } else { "warning" };
        let place = finding.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {mark} | `{}` | `{}`{} | {} | {} | {} |",
            finding.rule,
            cell(&finding.path),
            cell(&place),
            cell(&finding.message),
            finding.breaks.join(", "),
            finding.requires.unwrap_or_default(),
        );
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
