//! Decides how findings are written as GitHub's workflow commands, which annotate a change request.

use std::fmt::Write as _;

use wit::compatibility::Level;

use super::Finding;

/// One command a line.
pub(super) fn annotations(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Allow => "notice",
        };
        let mut properties = vec![format!("title={}", property(finding.rule))];
        if let Some(place) = &finding.place {
            let mut at = format!("file={},line={},col={}", property(&place.source), place.line, place.column);
            // GitHub takes columns of an end only where that is on the line of the start.
            if place.end_line == place.line {
                let _ = write!(at, ",endColumn={}", place.end_column);
            }
            properties.insert(0, at);
        }
        let message = data(&format!("{}: {}", finding.path, finding.message));
        let _ = writeln!(text, "::{level} {}::{message}", properties.join(","));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
