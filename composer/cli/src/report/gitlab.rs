//! Decides how findings are written as a [Code Quality report] of GitLab, which shows them in the changes of a merge request.
//!
//! [Code Quality report]: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

use registry_client::Digest;
use serde_json::{Value, json};
use wit::compatibility::Level;

use super::Finding;

/// A whole report.
pub(super) fn report(title: &str, findings: &[Finding]) -> String {
    let issues: Vec<Value> = findings.iter().map(|finding| issue(title, finding)).collect();
    format!("{:#}\n", Value::Array(issues))
}

fn issue(title: &str, finding: &Finding) -> Value {
    // What GitLab cannot show in a file is told of what was examined.
    let file = finding.file().unwrap_or(title);
    json!({
        "description": finding.text(),
        "check_name": finding.rule,
        "fingerprint": fingerprint(file, finding),
        "severity": match finding.level {
            Level::Deny => "major",
            Level::Warn => "minor",
            Level::Allow => "info",
        },
        "location": { "path": file, "lines": { "begin": finding.place.as_ref().map_or(1, |place| place.line) } },
    })
}

/// What stays the same of a finding when lines around it come and go: by that GitLab knows which ones are new.
fn fingerprint(file: &str, finding: &Finding) -> String {
    let identity = [finding.rule, file, &finding.path, &finding.message].join("\0");
    Digest::of(identity.as_bytes()).to_hex()
}
