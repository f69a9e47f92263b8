//! Decides how findings are written as Markdown: for a comment under a change request.

use std::fmt::Write as _;

use wit::compatibility::Level;

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
        let mark = match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Allow => "note",
        };
        let path = if finding.path.is_empty() { String::new() } else { format!("`{}`", cell(&finding.path)) };
        let places = [Some(path).filter(|path| !path.is_empty()), finding.location().map(|place| cell(&place))];
        let [place, location] = places.map(Option::unwrap_or_default);
        let place =
            if place.is_empty() || location.is_empty() { place + &location } else { format!("{place} ({location})") };
        // Of what a comparison finds, the columns say what its notes do.
        let notes = finding.notes.iter().filter(|_| finding.requires.is_none());
        let what: Vec<&str> = std::iter::once(&finding.message).chain(notes).flat_map(|note| note.lines()).collect();
        let _ = writeln!(
            text,
            "| {mark} | `{}` | {place} | {} | {} | {} |",
            finding.rule,
            what.into_iter().map(cell).collect::<Vec<_>>().join("<br>"),
            finding.breaks.join(", "),
            finding.requires.unwrap_or_default(),
        );
    }
    text
}

/// A text in one cell: without what ends a cell or a line, and, outside of code, what would begin an element of HTML.
fn cell(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`").replace('|', "\\|").replace('\n', " ")
}
