//! What tools for continuous integration read: findings in the formats of GitHub, GitLab, SARIF, JUnit and Markdown.
//!
//! From [`Finding`]s, which are what rules find and what stops a command alike, to the text of a whole report. It neither decides what
//! is found nor where it is written.

mod github;
mod gitlab;
mod junit;
mod markdown;
mod sarif;

use composer::diagnostic::{Diagnostic, Severity};
use serde::Serialize;
use wit::compatibility::Level;

use crate::{args::ReportFormat, region::Region};

/// Something that a rule found, or that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    #[serde(serialize_with = "level")]
    pub(crate) level: Level,
    /// The WIT path; empty for what is about no WIT.
    pub(crate) path: String,
    pub(crate) message: String,
    /// Where it is in the text that was given.
    pub(crate) place: Option<Region>,
    /// Where it is in the text that it is compared with.
    pub(crate) before: Option<Region>,
    /// The file that it is about, where that is no text, or not the one of the place: a component, a lock.
    pub(crate) file: Option<String>,
    /// Whom it breaks, for a comparison.
    pub(crate) breaks: Vec<&'static str>,
    /// The bump it requires, for a comparison.
    pub(crate) requires: Option<&'static str>,
    /// Why it is told only to who asks for all: the version announces it, or a line of the manifest tolerates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tolerated: Option<String>,
    /// Why, and what to do.
    #[serde(skip)]
    pub(crate) notes: Vec<String>,
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

    /// The file that it is in.
    fn file(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.file.as_str()).or(self.file.as_deref())
    }

    /// Where it is, as compilers write it.
    fn location(&self) -> Option<String> {
        self.place.as_ref().map(ToString::to_string).or_else(|| self.file.clone())
    }

    /// What is wrong, with the WIT path before it.
    fn title(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{}: {}", self.path, self.message) }
    }

    /// All that is to be said: the title, and each note from a line of its own on.
    fn text(&self) -> String {
        std::iter::once(self.title()).chain(self.notes.iter().cloned()).collect::<Vec<_>>().join("\n")
    }
}

impl From<&Diagnostic> for Finding {
    fn from(found: &Diagnostic) -> Self {
        let place = found.labels.first().map(Region::from);
        let labels = found.labels.iter().enumerate().filter(|(_, label)| !label.text.is_empty());
        let labels = labels.map(|(index, label)| match index {
            0 => label.text.clone(),
            _ => format!("{}: {}", Region::from(label), label.text),
        });
        let hints = found.hints.iter().map(|hint| format!("help: {hint}"));
        Self {
            rule: found.code.as_str(),
            level: match found.severity {
                Severity::Error => Level::Deny,
                Severity::Warning => Level::Warn,
                Severity::Note => Level::Allow,
            },
            path: String::new(),
            message: found.message.clone(),
            place,
            before: None,
            file: None,
            breaks: Vec::new(),
            requires: None,
            tolerated: None,
            notes: labels.chain(found.notes.iter().cloned()).chain(hints).collect(),
            what: found.code.summary(),
            explanation: found.code.explanation(),
            specification: None,
        }
    }
}

/// What a command examines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// What it is called.
    pub(crate) title: String,
    /// The file that findings are about which say no place.
    pub(crate) file: Option<String>,
}

impl Subject {
    /// What was found in it.
    pub(crate) fn finding(&self, found: &Diagnostic) -> Finding {
        let finding = Finding::from(found);
        let file = self.file.clone().filter(|_| finding.place.is_none());
        Finding { file, ..finding }
    }
}

/// Writes the report; `title` says what was examined.
pub(crate) fn report(format: ReportFormat, title: &str, findings: &[Finding]) -> String {
    match format {
        ReportFormat::Github => github::annotations(findings),
        ReportFormat::Gitlab => gitlab::report(title, findings),
        ReportFormat::Sarif => sarif::log(findings),
        ReportFormat::Junit => junit::suite(title, findings),
        ReportFormat::Markdown => markdown::document(title, findings),
    }
}

fn level<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.as_str())
}

#[cfg(test)]
mod tests {
    use composer::diagnostic::{Code, SourceText};
    use insta::assert_snapshot;
    use wit::Package;
    use wit::lint::lint;

    use super::*;

    /// What stops a command: with a place in a text, with a file alone, with neither.
    fn check_stops(format: ReportFormat) -> String {
        let manifest = SourceText::new("compose.toml", "[components]\na = 1\n");
        let wrong = Diagnostic::error(Code::WrongType, "`a` must be a string")
            .label(&manifest, 17..18, "this is a number")
            .label(&manifest, 1..11, "in this table")
            .note("why | not")
            .hint("name a package\na = \"shop:a\"");
        let component = Finding {
            file: Some("a b.wasm".to_owned()),
            ..(&Diagnostic::error(Code::WorldNotMet, "`run` is not exported")).into()
        };
        let findings = [(&wrong).into(), component, (&Diagnostic::warning(Code::RegistryFailure, "no answer")).into()];
        report(format, "compose check", &findings)
    }

    fn check(format: ReportFormat) -> String {
        let package = Package::from_text("wit/a.wit", "package shop:catalog@1.2.0;\n\ninterface api {\n}\n");
        let lints = lint(&package.expect("it is WIT"));
        let finding = |(index, lint): (usize, &wit::lint::Lint)| Finding {
            rule: lint.rule.id,
            level: if index == 0 { Level::Deny } else { lint.rule.level },
            path: lint.path.clone(),
            message: lint.message.clone(),
            place: lint.place.as_ref().map(Region::from),
            before: None,
            file: None,
            breaks: Vec::new(),
            requires: None,
            tolerated: None,
            notes: Vec::new(),
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
                      "help": {
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
                      "help": {
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

    #[test]
    fn what_stops_a_command_is_reported_in_every_format() {
        assert_snapshot!(check_stops(ReportFormat::Github), @r#"
        ::error file=compose.toml,line=2,col=5,endColumn=6,title=wrong-type::`a` must be a string%0Athis is a number%0Acompose.toml:1:2: in this table%0Awhy | not%0Ahelp: name a package%0Aa = "shop:a"
        ::error file=a b.wasm,title=world-not-met::`run` is not exported
        ::warning title=registry-failure::no answer
        "#);
        assert_snapshot!(check_stops(ReportFormat::Gitlab), @r#"
        [
          {
            "check_name": "wrong-type",
            "description": "`a` must be a string\nthis is a number\ncompose.toml:1:2: in this table\nwhy | not\nhelp: name a package\na = \"shop:a\"",
            "fingerprint": "9138c807505d76f59b43948d2c96dd2f6687d9c0cb8738fb85b6fb6bae7a3284",
            "location": {
              "lines": {
                "begin": 2
              },
              "path": "compose.toml"
            },
            "severity": "major"
          },
          {
            "check_name": "world-not-met",
            "description": "`run` is not exported",
            "fingerprint": "2f5195c89891325776306418ab60bb9a319070b61d14e310b8c65526125cdf88",
            "location": {
              "lines": {
                "begin": 1
              },
              "path": "a b.wasm"
            },
            "severity": "major"
          },
          {
            "check_name": "registry-failure",
            "description": "no answer",
            "fingerprint": "e62cf09315cae57c92185711c1cea366ca0813f19636393bb3f594d414f906a5",
            "location": {
              "lines": {
                "begin": 1
              },
              "path": "compose check"
            },
            "severity": "minor"
          }
        ]
        "#);
        assert_snapshot!(check_stops(ReportFormat::Junit), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="compose check" tests="3" failures="2" skipped="1">
          <testcase classname="wrong-type" name="`a` must be a string" file="compose.toml">
            <failure message="`a` must be a string">compose.toml:2:5
        this is a number
        compose.toml:1:2: in this table
        why | not
        help: name a package
        a = &quot;shop:a&quot;</failure>
          </testcase>
          <testcase classname="world-not-met" name="`run` is not exported" file="a b.wasm">
            <failure message="`run` is not exported">a b.wasm</failure>
          </testcase>
          <testcase classname="registry-failure" name="no answer">
            <skipped message="no answer"></skipped>
          </testcase>
        </testsuite>
        "#);
        assert_snapshot!(check_stops(ReportFormat::Markdown), @r#"
        ### compose check

        | | rule | where | what | breaks | needs |
        |---|---|---|---|---|---|
        | error | `wrong-type` | compose.toml:2:5 | `a` must be a string<br>this is a number<br>compose.toml:1:2: in this table<br>why \| not<br>help: name a package<br>a = "shop:a" |  |  |
        | error | `world-not-met` | a b.wasm | `run` is not exported |  |  |
        | warning | `registry-failure` |  | no answer |  |  |
        "#);
        let log: serde_json::Value = serde_json::from_str(&check_stops(ReportFormat::Sarif)).expect("it is JSON");
        assert_snapshot!(format!("{:#}", log["runs"][0]["results"]), @r#"
        [
          {
            "level": "error",
            "locations": [
              {
                "physicalLocation": {
                  "artifactLocation": {
                    "uri": "compose.toml"
                  },
                  "region": {
                    "byteLength": 1,
                    "byteOffset": 17,
                    "endColumn": 6,
                    "endLine": 2,
                    "startColumn": 5,
                    "startLine": 2
                  }
                }
              }
            ],
            "message": {
              "text": "`a` must be a string\nthis is a number\ncompose.toml:1:2: in this table\nwhy | not\nhelp: name a package\na = \"shop:a\""
            },
            "ruleId": "wrong-type"
          },
          {
            "level": "error",
            "locations": [
              {
                "physicalLocation": {
                  "artifactLocation": {
                    "uri": "a%20b.wasm"
                  }
                }
              }
            ],
            "message": {
              "text": "`run` is not exported"
            },
            "ruleId": "world-not-met"
          },
          {
            "level": "warning",
            "locations": [],
            "message": {
              "text": "no answer"
            },
            "ruleId": "registry-failure"
          }
        ]
        "#);
        assert_snapshot!(format!("{:#}", log["runs"][0]["tool"]["driver"]["rules"][2]), @r#"
        {
          "fullDescription": {
            "text": "A key of the manifest has a value of another type than it needs: a number where a string belongs, for instance."
          },
          "help": {
            "text": "A key of the manifest has a value of another type than it needs: a number where a string belongs, for instance."
          },
          "id": "wrong-type",
          "shortDescription": {
            "text": "The manifest has a value of the wrong type."
          }
        }
        "#);
    }
}
