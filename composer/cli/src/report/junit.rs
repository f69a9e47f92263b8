//! Decides how findings are written as a JUnit test suite: each is a case that failed, that was skipped with a warning, or that passed.

use std::fmt::Write as _;

use wit::compatibility::Level;

use super::Finding;

/// A whole document; a suite without findings has one case, which passed.
pub(super) fn suite(title: &str, findings: &[Finding]) -> String {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (cases, failures, skipped) = (findings.len().max(1), count(Level::Deny), count(Level::Warn));
    let title = escaped(title);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"{title}\" tests=\"{cases}\" failures=\"{failures}\" skipped=\"{skipped}\">\n"
    );
    if findings.is_empty() {
        let _ = writeln!(text, "  <testcase classname=\"compose\" name=\"{title}\"/>");
    }
    for finding in findings {
        let name = if finding.path.is_empty() { &finding.message } else { &finding.path };
        let (rule, name, message) = (finding.rule, escaped(name), escaped(&finding.message));
        let element = match finding.level {
            Level::Deny => "failure",
            Level::Warn => "skipped",
            Level::Allow => "system-out",
        };
        let attribute = if finding.level == Level::Allow { String::new() } else { format!(" message=\"{message}\"") };
        let file = finding.file().map(|file| format!(" file=\"{}\"", escaped(file))).unwrap_or_default();
        let told = Some(finding.message.clone()).filter(|_| attribute.is_empty());
        let lines = told.into_iter().chain(finding.location()).chain(finding.notes.iter().cloned());
        let lines: Vec<String> = lines.collect();
        let lines = escaped(&lines.join("\n"));
        let _ = writeln!(
            text,
            "  <testcase classname=\"{rule}\" name=\"{name}\"{file}>\n    <{element}{attribute}>{lines}</{element}>\n  </testcase>"
        );
    }
    text.push_str("</testsuite>\n");
    text
}

/// A text for an attribute or an element; line feeds would become spaces in an attribute, and stay in an element.
fn escaped(text: &str) -> String {
    let shown = text.replace(|character: char| is_unwritable(character), "\u{fffd}");
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether XML has no way to write the character at all: most control characters, and two that are none.
fn is_unwritable(character: char) -> bool {
    character.is_control() && character != '\n' || matches!(character, '\u{fffe}' | '\u{ffff}')
}
