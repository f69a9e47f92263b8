//! Decides how findings are written as a SARIF 2.1.0 log, which code scanning reads.

use serde_json::{Value, json};
use wit::compatibility::Level;

use super::Finding;

/// A whole log with one run.
pub(super) fn log(findings: &[Finding]) -> String {
    let mut rules: Vec<&Finding> = findings.iter().collect();
    rules.sort_by_key(|finding| finding.rule);
    rules.dedup_by_key(|finding| finding.rule);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "compose",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            // Without this, columns are counted in units of UTF-16.
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(finding: &Finding) -> Value {
    let mut rule = json!({
        "id": finding.rule,
        "shortDescription": { "text": finding.what },
        "fullDescription": { "text": finding.explanation },
        "help": { "text": finding.explanation },
    });
    if let Some(specification) = finding.specification {
        rule["helpUri"] = json!(specification);
    }
    rule
}

fn result(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow => "note",
    };
    let mut location = json!({});
    if !finding.path.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": finding.path }]);
    }
    if let Some(file) = finding.file() {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": uri(file) } });
    }
    if let Some(place) = &finding.place {
        location["physicalLocation"]["region"] = json!({
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
            "byteOffset": place.byte_start,
            "byteLength": place.byte_end - place.byte_start,
        });
    }
    let is_somewhere = location.as_object().is_some_and(|location| !location.is_empty());
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": finding.text() },
        "locations": if is_somewhere { vec![location] } else { Vec::new() },
    });
    if let Some(why) = &finding.tolerated {
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    if let (Some(_), Some(file)) = (&finding.place, &finding.file) {
        result["relatedLocations"] = json!([{ "physicalLocation": { "artifactLocation": { "uri": uri(file) } } }]);
    }
    result
}

/// A path as a reference of a [URI](https://www.rfc-editor.org/rfc/rfc3986#section-3.3): what such a path cannot have is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' => {
                uri.push(char::from(byte));
            }
            other => uri += &format!("%{other:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_is_a_reference_of_a_uri() {
        assert_eq!(super::uri("wit/deps/a b.wit"), "wit/deps/a%20b.wit");
        assert_eq!(super::uri("git:v1:wit/ä.wit"), "git%3Av1%3Awit/%C3%A4.wit");
        assert_eq!(super::uri(r"wit\a.wit"), "wit/a.wit");
    }
}
