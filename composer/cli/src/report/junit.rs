//! Decides how findings are written as a JUnit test suite: each is a case that failed, or that was skipped with a warning.

use std::fmt::Write as _;

use super::Finding;

/// A whole document; a suite without findings has one case, which passed.
pub(super) fn suite(title: &str, findings: &[Finding]) -> String {
    let failures = findings.iter().filter(|finding| finding.fails()).count();
    let (cases, skipped) = (findings.len().max(1), findings.len() - failures);
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
        let element = if finding.fails() { "failure" } else { "skipped" };
        let file = finding.file().map(|file| format!(" file=\"{}\"", escaped(file))).unwrap_or_default();
        let lines: Vec<String> = finding.location().into_iter().chain(finding.notes.iter().cloned()).collect();
        let lines = escaped(&lines.join("\n"));
        let _ = writeln!(
            text,
            "  <testcase classname=\"{rule}\" name=\"{name}\"{file}>\n    <{element} message=\"{message}\">{lines}</{element}>\n  </testcase>"
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
