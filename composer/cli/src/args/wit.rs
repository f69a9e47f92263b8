//! The arguments of `compose wit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct WitArgs {
    #[command(subcommand)]
    pub(crate) command: WitCommand,
}

impl WitArgs {
    /// Whether the command finds something that a report can be about.
    pub(crate) fn reports(&self) -> bool {
        match self.command {
            WitCommand::Lint(_) | WitCommand::Compat(_) => true,
            WitCommand::Show(_) | WitCommand::Build(_) => false,
        }
    }
}

/// What is asked about WIT.
#[derive(Debug, Subcommand)]
pub(crate) enum WitCommand {
    /// Print a world as WIT
    Show(ShowArgs),
    /// Encode a package in one file, as registries hold it
    Build(BuildArgs),
    /// Find what a package could do better: names, documentation, annotations
    Lint(LintArgs),
    /// Compare two versions of a package: what changed, whom that breaks, which version it needs
    Compat(CompatArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit show wit --world storefront\n  compose wit show app.wasm")]
pub(crate) struct ShowArgs {
    /// A WIT directory or file, an encoded package, a component, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// The world [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose wit build wit -o catalog.wasm")]
pub(crate) struct BuildArgs {
    /// A WIT directory or file, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// Where to write it
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
}

/// Which rules matter how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct LevelArgs {
    /// Fail on what a rule finds
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<String>,

    /// Report what a rule finds, and do not fail
    #[arg(long, value_name = "RULE")]
    pub(crate) warn: Vec<String>,

    /// Do not report what a rule finds
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose wit lint wit --deny missing-documentation")]
pub(crate) struct LintArgs {
    /// A WIT directory or file, an encoded package, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    #[command(flatten)]
    pub(crate) levels: LevelArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit compat wit --against git:v1.2.0:wit\n  \
                  compose wit compat new.wasm --against old.wasm --side guest\n  \
                  compose wit compat wit --against git:v1.2.0:wit --suggest-version")]
pub(crate) struct CompatArgs {
    /// The new version: a WIT directory or file, an encoded package, a component, or git:REV:PATH
    #[arg(value_name = "NEW", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) new: String,

    /// The version to compare it with, in the same ways
    #[arg(long, value_name = "OLD", value_hint = ValueHint::AnyPath)]
    pub(crate) against: String,

    /// Whom changes may not break: guest, importer, exporter, host, source [default: all]
    #[arg(long, value_name = "SIDE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub(crate) side: Vec<SideArg>,

    /// Print the least version that announces all changes, and nothing else
    #[arg(long)]
    pub(crate) suggest_version: bool,

    /// Count what is behind these features as there
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    pub(crate) features: Vec<String>,

    /// Count what is behind any feature as there
    #[arg(long, conflicts_with = "features")]
    pub(crate) all_features: bool,

    #[command(flatten)]
    pub(crate) levels: LevelArgs,
}

/// Whom a change can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArg {
    /// Both importers and exporters.
    Guest,
    /// Guests that import an interface.
    Importer,
    /// Guests that export an interface.
    Exporter,
    /// Hosts that run newer guests.
    Host,
    /// Source code of guests.
    Source,
}
