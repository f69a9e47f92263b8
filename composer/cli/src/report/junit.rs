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
        let _ = writeln!(text, "  <testcase classname=\"wit\" name=\"{title}\"/>");
    }
    for finding in findings {
        let (rule, path, message) = (finding.rule, escaped(&finding.path), escaped(&finding.message));
        let element = if finding.fails() { "failure" } else { "skipped" };
        let file =
            finding.place.as_ref().map(|place| format!(" file=\"{}\"", escaped(&place.source))).unwrap_or_default();
        let place = finding.place.as_ref().map(|place| escaped(&place.to_string())).unwrap_or_default();
        let _ = writeln!(
            text,
            "  <testcase classname=\"{rule}\" name=\"{path}\"{file}>\n    <{element} message=\"{message}\">{place}</{element}>\n  </testcase>"
        );
    }
    text.push_str("</testsuite>\n");
    text
}

fn escaped(text: &str) -> String {
    let shown = text.replace(|character: char| is_unwritable(character), "\u{fffd}");
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether XML has no way to write the character at all: most control characters, and two that are none.
fn is_unwritable(character: char) -> bool {
    character.is_control() && character != '\n' || matches!(character, '\u{fffe}' | '\u{ffff}')
}
