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
        let mut properties = Vec::new();
        properties.extend(finding.file().map(|file| format!("file={}", property(file))));
        if let Some(place) = &finding.place {
            properties.push(format!("line={},col={}", place.line, place.column));
            // GitHub takes columns of an end only where that is on the line of the start.
            if place.end_line == place.line {
                properties.push(format!("endColumn={}", place.end_column));
            }
        }
        properties.push(format!("title={}", property(finding.rule)));
        let message = data(&finding.text());
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
