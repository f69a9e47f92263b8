//! The arguments: which commands and options there are, and what a command line asks for.
//!
//! From the command line to [`Cli`]. What an option means beyond its syntax is decided where it is used.

mod application;
mod guest;
mod help;
mod log;
mod options;
mod registry;
mod view;
mod wit;

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

#[cfg(feature = "runtime")]
pub(crate) use self::guest::{AccessArgs, SharedDirectory, TargetArgs};
#[cfg(feature = "warg")]
pub(crate) use self::log::{GrantArgs, KeyCommand, MayArg};
pub(crate) use self::{
    application::{
        AddArgs, BuildArgs, CheckArgs, InitArgs, LockArgs, NewArgs, OutdatedArgs, RemoveArgs, StartArgs, Template,
        UpdateArgs, VendorArgs,
    },
    guest::{InvokeArgs, RunArgs, ServeArgs},
    help::{CompletionsArgs, ExplainArgs},
    log::{KeyArgs, SigningArgs, YankArgs},
    options::{ManifestOptions, MessageFormat, OutputOptions, ReportFormat, When},
    registry::{CacheArgs, CacheCommand, DoctorArgs, KeptArgs, LoginArgs, LogoutArgs, PruneArgs, PullArgs, PushArgs},
    view::{InspectArgs, TreeArgs, WhyArgs},
    wit::{
        BuildArgs as WitBuildArgs, CompatArgs as WitCompatArgs, FeatureArgs as WitFeatureArgs,
        FetchArgs as WitFetchArgs, LevelArgs as WitLevelArgs, LintArgs as WitLintArgs, ShowArgs as WitShowArgs,
        SideArg, UpdateArgs as WitUpdateArgs, WitArgs, WitCommand,
    },
};

/// The colours of cargo's help.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::BrightGreen.on_default().bold())
    .usage(AnsiColor::BrightGreen.on_default().bold())
    .literal(AnsiColor::BrightCyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Composes WebAssembly components into one
#[derive(Debug, Parser)]
#[command(
    name = "compose",
    bin_name = "compose",
    version,
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = true,
    infer_subcommands = false,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands",
    after_help = "Examples:\n  compose new hello && cd hello && compose run\n  compose build --locked\n\n\
                  Exit status: 0 fine, 1 findings or errors in the input, 2 wrong usage, \
                  3 failure of a registry, the network or a disk, 101 a bug\n\n\
                  See 'compose COMMAND --help' for more on a command, and 'compose explain CODE' for more on an error."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start an application in a new directory
    New(NewArgs),
    /// Start an application in the current directory
    Init(InitArgs),
    /// Compose the application into one component
    Build(BuildArgs),
    /// Do everything that build does, except writing the component; or compare a component with a world
    Check(CheckArgs),
    /// Add components to the manifest
    Add(AddArgs),
    /// Remove components from the manifest
    Remove(RemoveArgs),
    /// Take newer releases into compose.lock
    Update(UpdateArgs),
    /// Show which newer releases there are
    Outdated(OutdatedArgs),
    /// Show the instances and what links them, from the exports down
    Tree(TreeArgs),
    /// Show why something is part of the application
    Why(WhyArgs),
    /// Show what any component is: size, digest, world, contents
    Inspect(InspectArgs),
    /// Choose versions and write compose.lock
    Lock(LockArgs),
    /// Download everything that building needs, for later use without a network
    Fetch,
    /// Copy everything that building needs into a directory, to build from there alone
    Vendor(VendorArgs),
    /// Run a command (wasi:cli/run)
    Run(RunArgs),
    /// Serve HTTP (wasi:http)
    Serve(ServeArgs),
    /// Call one exported function and print its result
    Invoke(InvokeArgs),
    /// Push the application, a component or a WIT package to a registry
    Push(PushArgs),
    /// Pull a component or a WIT package from a registry into a file
    Pull(PullArgs),
    /// Withdraw a version from a warg registry
    Yank(YankArgs),
    /// Make and show keys for warg registries, and say who may publish a package
    Key(KeyArgs),
    /// Say to a registry who you are, and keep that
    Login(LoginArgs),
    /// Forget who you are at a registry
    Logout(LogoutArgs),
    /// Show, verify and prune the store of downloads
    Cache(CacheArgs),
    /// Show which registries and credentials count, and why, and whether registries answer
    Doctor(DoctorArgs),
    /// Work with WIT: print worlds, encode packages, find what could be better, compare versions
    Wit(WitArgs),
    /// Explain the code of an error or a warning
    Explain(ExplainArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the JSON Schema of compose.toml, for editors
    Schema,
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &str) -> Cli {
        Cli::try_parse_from(arguments.split(' ')).expect("the arguments are valid")
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_in_one_line() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.contains('\n') && !about.ends_with('.'), "{}", command.get_name());
        }
    }

    #[test]
    fn global_options_are_taken_after_the_command_too() {
        for arguments in ["compose --frozen --color never check", "compose check --frozen --color never"] {
            let cli = parse(arguments);
            assert!(cli.manifest.frozen);
            assert_eq!(cli.output.color, When::Never);
        }
    }

    #[test]
    fn what_follows_two_dashes_belongs_to_the_guest() {
        let Command::Run(run) = parse("compose run app.wasm -- -q --env x").command else { panic!("it is `run`") };
        assert_eq!(run.target.file, Some(PathBuf::from("app.wasm")));
        assert_eq!(run.arguments, ["-q", "--env", "x"]);

        let Command::Run(run) = parse("compose run -- input.txt").command else { panic!("it is `run`") };
        assert_eq!(run.target.file, None);
        assert_eq!(run.arguments, ["input.txt"]);
    }
}
