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
    let location = finding.place.as_ref().map(|place| {
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": place.source },
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "byteOffset": place.start,
                "byteLength": place.end - place.start,
            },
        }})
    });
    json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": format!("{}: {}", finding.path, finding.message) },
        "locations": location.into_iter().collect::<Vec<_>>(),
    })
}
