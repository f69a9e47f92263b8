//! What tools for continuous integration read: findings in the formats of GitHub, SARIF, JUnit and Markdown.
//!
//! From [`Finding`]s to the text of a whole report. It neither decides what is found nor where it is written.

mod github;
mod junit;
mod markdown;
mod sarif;

use serde::Serialize;
use wit::Place;
use wit::compatibility::Level;

use crate::args::ReportFormat;

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    #[serde(serialize_with = "level")]
    pub(crate) level: Level,
    /// The WIT path.
    pub(crate) path: String,
    pub(crate) message: String,
    /// Where it is in the text that was given.
    #[serde(serialize_with = "place")]
    pub(crate) place: Option<Place>,
    /// Where it is in the text that it is compared with.
    #[serde(serialize_with = "place")]
    pub(crate) before: Option<Place>,
    /// Whom it breaks, for a comparison.
    pub(crate) breaks: Vec<&'static str>,
    /// The bump it requires, for a comparison.
    pub(crate) requires: Option<&'static str>,
    /// What the rule is about, in a phrase.
    #[serde(skip)]
    pub(crate) what: &'static str,
    /// Why there is such a rule.
    #[serde(skip)]
    pub(crate) explanation: &'static str,
    /// What the rule follows from.
    #[serde(skip)]
    pub(crate) specification: Option<&'static str>,
}

impl Finding {
    /// Whether it makes the command fail.
    pub(crate) fn fails(&self) -> bool {
        self.level == Level::Deny
    }
}

/// Writes the report; `title` says what was examined.
pub(crate) fn report(format: ReportFormat, title: &str, findings: &[Finding]) -> String {
    match format {
        ReportFormat::Github => github::annotations(findings),
        ReportFormat::Sarif => sarif::log(findings),
        ReportFormat::Junit => junit::suite(title, findings),
        ReportFormat::Markdown => markdown::document(title, findings),
    }
}

fn level<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.as_str())
}

fn place<S: serde::Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Span<'a> {
        file: &'a str,
        byte_start: usize,
        byte_end: usize,
        line: usize,
        column: usize,
        end_line: usize,
        end_column: usize,
    }
    let span = place.as_ref().map(|place| Span {
        file: &place.source,
        byte_start: place.start,
        byte_end: place.end,
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    });
    span.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wit::Package;
    use wit::lint::lint;

    use super::*;

    fn check(format: ReportFormat) -> String {
        let package = Package::from_text("wit/a.wit", "package shop:catalog@1.2.0;\n\ninterface api {\n}\n");
        let lints = lint(&package.expect("it is WIT"));
        let finding = |(index, lint): (usize, &wit::lint::Lint)| Finding {
            rule: lint.rule.id,
            level: if index == 0 { Level::Deny } else { lint.rule.level },
            path: lint.path.clone(),
            message: lint.message.clone(),
            place: lint.place.clone(),
            before: None,
            breaks: Vec::new(),
            requires: None,
            what: lint.rule.what,
            explanation: lint.rule.explanation,
            specification: None,
        };
        let findings: Vec<Finding> = lints.iter().enumerate().map(finding).collect();
        report(format, "shop:catalog@1.2.0", &findings)
    }

    #[test]
    fn github_gets_workflow_commands() {
        assert_snapshot!(check(ReportFormat::Github), @r"
            ::error file=wit/a.wit,line=3,col=11,endColumn=14,title=missing-documentation::shop:catalog/api: the interface has no documentation
            ::warning file=wit/a.wit,line=3,col=11,endColumn=14,title=empty-interface::shop:catalog/api: the interface is empty
        ");
    }

    #[test]
    fn sarif_has_each_rule_once() {
        assert_snapshot!(check(ReportFormat::Sarif), @r#"
            {
              "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
              "runs": [
                {
                  "columnKind": "unicodeCodePoints",
                  "results": [
                    {
                      "level": "error",
                      "locations": [
                        {
                          "logicalLocations": [
                            {
                              "fullyQualifiedName": "shop:catalog/api"
                            }
                          ],
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "wit/a.wit"
                            },
                            "region": {
                              "byteLength": 3,
                              "byteOffset": 39,
                              "endColumn": 14,
                              "endLine": 3,
                              "startColumn": 11,
                              "startLine": 3
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "shop:catalog/api: the interface has no documentation"
                      },
                      "ruleId": "missing-documentation"
                    },
                    {
                      "level": "warning",
                      "locations": [
                        {
                          "logicalLocations": [
                            {
                              "fullyQualifiedName": "shop:catalog/api"
                            }
                          ],
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "wit/a.wit"
                            },
                            "region": {
                              "byteLength": 3,
                              "byteOffset": 39,
                              "endColumn": 14,
                              "endLine": 3,
                              "startColumn": 11,
                              "startLine": 3
                            }
                          }
                        }
                      ],
                      "message": {
                        "text": "shop:catalog/api: the interface is empty"
                      },
                      "ruleId": "empty-interface"
                    }
                  ],
                  "tool": {
                    "driver": {
                      "name": "compose",
                      "rules": [
                        {
                          "fullDescription": {
                            "text": "Whoever imports it gets nothing."
                          },
                          "id": "empty-interface",
                          "shortDescription": {
                            "text": "an interface with nothing in it"
                          }
                        },
                        {
                          "fullDescription": {
                            "text": "Whoever implements or calls an interface in another language has nothing else to read: what a function does, which errors it returns and who owns what is said here or nowhere."
                          },
                          "id": "missing-documentation",
                          "shortDescription": {
                            "text": "an item without documentation"
                          }
                        }
                      ],
                      "version": "0.1.0"
                    }
                  }
                }
              ],
              "version": "2.1.0"
            }
        "#);
    }

    #[test]
    fn junit_has_a_case_for_each_finding() {
        assert_snapshot!(check(ReportFormat::Junit), @r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite name="shop:catalog@1.2.0" tests="2" failures="1" skipped="1">
              <testcase classname="missing-documentation" name="shop:catalog/api" file="wit/a.wit">
                <failure message="the interface has no documentation">wit/a.wit:3:11</failure>
              </testcase>
              <testcase classname="empty-interface" name="shop:catalog/api" file="wit/a.wit">
                <skipped message="the interface is empty">wit/a.wit:3:11</skipped>
              </testcase>
            </testsuite>
        "#);
    }

    #[test]
    fn markdown_is_a_table() {
        assert_snapshot!(check(ReportFormat::Markdown), @r"
            ### shop:catalog@1.2.0

            | | rule | where | what | breaks | needs |
            |---|---|---|---|---|---|
            | error | `missing-documentation` | `shop:catalog/api` (wit/a.wit:3:11) | the interface has no documentation |  |  |
            | warning | `empty-interface` | `shop:catalog/api` (wit/a.wit:3:11) | the interface is empty |  |  |
        ");
    }
}
