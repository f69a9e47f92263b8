//! The arguments of `compose wit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use wit::PackageName;

#[derive(Debug, Args)]
pub(crate) struct WitArgs {
    #[command(subcommand)]
    pub(crate) command: WitCommand,
}

/// What is asked about WIT.
#[derive(Debug, Subcommand)]
pub(crate) enum WitCommand {
    /// Print a world or a package: as WIT, as Markdown, or as data
    Show(ShowArgs),
    /// Put what a directory of WIT refers to into its deps, and lock it
    Fetch(FetchArgs),
    /// Take newer releases of what a directory of WIT refers to, where it leaves a choice
    Update(UpdateArgs),
    /// Encode a package in one file, as registries hold it
    Build(BuildArgs),
    /// Find what a package could do better: names, documentation, annotations
    Lint(LintArgs),
    /// Compare two versions of a package: what changed, whom that breaks, which version it needs
    Compat(CompatArgs),
}

/// Which items behind `@unstable` are there.
#[derive(Debug, Args)]
pub(crate) struct FeatureArgs {
    /// Count what is behind these features as there
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    pub(crate) features: Vec<String>,

    /// Count what is behind any feature as there
    #[arg(long, conflicts_with = "features")]
    pub(crate) all_features: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose wit show wit --world storefront\n  compose wit show app.wasm --importize\n  \
                  compose wit show wasi:http/proxy@0.2 --markdown > proxy.md\n\n\
                  WIT is a directory or file, an encoded package, a component, a package in a registry \
                  (ns:name, ns:name@REQUIREMENT, ns:name/WORLD), oci://REFERENCE, or git:REV:PATH. A package that has not \
                  just one world is shown as a whole, unless a world is named."
)]
pub(crate) struct ShowArgs {
    /// A path, a package in a registry, oci://REFERENCE, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// The world, perhaps with its package in a registry [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub(crate) world: Option<String>,

    #[command(flatten)]
    pub(crate) features: FeatureArgs,

    /// Show what the world is to those who use a component of it: its exports as imports
    #[arg(long)]
    pub(crate) importize: bool,

    /// Print it as a page of documentation, in Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit fetch\n  compose wit fetch wit --check\n\n\
                  What is fetched is locked in compose.lock beside the directory. Packages that are in deps under other names \
                  than NAMESPACE-NAME-VERSION are left as they are. [overrides] of a wkg.toml beside the directory are honoured; a \
                  package that compose.lock does not have yet comes in the version that a wkg.lock has.")]
pub(crate) struct FetchArgs {
    /// The directory of WIT [default: the one of the manifest's world, else wit]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) wit: Option<PathBuf>,

    /// Write nothing, and fail if something would be written
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit update\n  compose wit update wasi:http\n\n\
                  A reference with a version, as in `wasi:http/types@0.2.3`, is to that version, and stays. There is a choice where it \
                  has none, or [overrides] of a wkg.toml say which versions will do.")]
pub(crate) struct UpdateArgs {
    /// Only these packages [default: all]
    #[arg(value_name = "NS:NAME", value_parser = package)]
    pub(crate) packages: Vec<PackageName>,

    /// The directory of WIT [default: the one of the manifest's world, else wit]
    #[arg(long = "wit", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) wit: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit build\n  compose wit build wit -o catalog.wasm\n\n\
                  What is behind features is in it with its gates: whoever uses the package turns features on.")]
pub(crate) struct BuildArgs {
    /// A path, a package in a registry, oci://REFERENCE, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// Where to write it [default: NAMESPACE-NAME-VERSION.wasm here]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
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
#[command(after_help = "Example:\n  compose wit lint wit --deny missing-documentation\n\n\
                  What is behind features is examined as well. [wit.lint] of the manifest sets levels, and says what is ignored.")]
pub(crate) struct LintArgs {
    /// A path, a package in a registry, oci://REFERENCE, or git:REV:PATH
    #[arg(value_name = "WIT", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    #[command(flatten)]
    pub(crate) levels: LevelArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose wit compat\n  compose wit compat wit --against git:v1.2.0:wit\n  \
                  compose wit compat new.wasm --against old.wasm --side guest\n  \
                  compose wit compat wit --against shop:catalog@1 --consumers ../storefront/compose.lock\n  \
                  compose wit compat wit --against git:v1.2.0:wit --suggest-version")]
pub(crate) struct CompatArgs {
    /// The new version: a path, a package in a registry, oci://REFERENCE, or git:REV:PATH
    #[arg(value_name = "NEW", default_value = "wit", value_hint = ValueHint::AnyPath)]
    pub(crate) new: String,

    /// The version to compare it with, in the same ways [default: the newest in its registry that is not newer]
    #[arg(long, value_name = "OLD", value_hint = ValueHint::AnyPath)]
    pub(crate) against: Option<String>,

    /// Whom changes may not break: guest, importer, exporter, host, source [default: all]
    #[arg(long, value_name = "SIDE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub(crate) side: Vec<SideArg>,

    /// Show all changes: those that the version announces, or that are ignored or allowed, as notes
    #[arg(long)]
    pub(crate) all: bool,

    /// Print the least version that announces all changes, and nothing else
    #[arg(long)]
    pub(crate) suggest_version: bool,

    /// Components, or applications by their directory or compose.lock, whose imports must still link
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) consumers: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) features: FeatureArgs,

    #[command(flatten)]
    pub(crate) levels: LevelArgs,
}

/// The name of a package to update.
fn package(text: &str) -> Result<PackageName, String> {
    text.parse().map_err(|error| match text.split_once('@') {
        Some((name, _)) => {
            format!("without a version, `{name}`: which versions will do is said in the WIT, or in wkg.toml")
        }
        None => format!("{error}; the directory of WIT is named with `--wit {text}`"),
    })
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
