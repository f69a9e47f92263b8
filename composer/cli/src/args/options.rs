//! The options that every command has: which application is meant, and how results are shown.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{ArgAction, Args, ValueEnum, ValueHint};

/// Which application is meant, and what may change for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Application Options")]
pub(crate) struct ManifestOptions {
    /// The manifest, instead of the nearest compose.toml here or above
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) manifest_path: Option<PathBuf>,

    /// The application of the workspace that is meant: a package, or a member's directory
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) package: Option<String>,

    /// Fail if compose.lock would have to change
    #[arg(long, global = true)]
    pub(crate) locked: bool,

    /// Do not use the network
    #[arg(long, global = true)]
    pub(crate) offline: bool,

    /// The same as --locked and --offline
    #[arg(long, global = true)]
    pub(crate) frozen: bool,

    /// How much is done at once [default: one for each processor]
    #[arg(short, long, global = true, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// How results and findings are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output Options")]
pub(crate) struct OutputOptions {
    /// How results and findings are written: human, json; by check, wit lint and wit compat also github, gitlab, sarif, junit, markdown
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) message_format: Format,

    /// When to use colours: auto, always, never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) color: When,

    /// When to draw progress: auto, always, never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) progress: When,

    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what is done, step by step
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,
}

/// How results and findings are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: one JSON object a line.
    Json,
    /// As workflow commands of GitHub.
    Github,
    /// As a Code Quality report of GitLab.
    Gitlab,
    /// As a SARIF log.
    Sarif,
    /// As a JUnit test suite.
    Junit,
    /// As a Markdown document.
    Markdown,
}

impl Format {
    /// What it is called.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }

    /// For whom messages are written beside a report.
    pub(crate) fn messages(self) -> MessageFormat {
        match self {
            Self::Json => MessageFormat::Json,
            Self::Human | Self::Github | Self::Gitlab | Self::Sarif | Self::Junit | Self::Markdown => {
                MessageFormat::Human
            }
        }
    }

    /// The report that is asked for, if one is.
    pub(crate) fn report(self) -> Option<ReportFormat> {
        match self {
            Self::Human | Self::Json => None,
            Self::Github => Some(ReportFormat::Github),
            Self::Gitlab => Some(ReportFormat::Gitlab),
            Self::Sarif => Some(ReportFormat::Sarif),
            Self::Junit => Some(ReportFormat::Junit),
            Self::Markdown => Some(ReportFormat::Markdown),
        }
    }
}

/// How a whole report is written, for tools of continuous integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    /// Workflow commands of GitHub.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A SARIF log.
    Sarif,
    /// A JUnit test suite.
    Junit,
    /// A Markdown document.
    Markdown,
}

/// For whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    /// For people.
    Human,
    /// For programs: one JSON object a line.
    Json,
}

/// When something is done that suits a terminal only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Anywhere.
    Always,
    /// Nowhere.
    Never,
}
