//! The arguments: which commands and options there are, and what a command line asks for.
//!
//! From the command line to [`Cli`]. What an option means beyond its syntax is decided where it is used.

mod wit;

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use clap::{
    ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint,
    builder::styling::{AnsiColor, Styles},
};
use clap_complete::Shell;
use semver::Version;

pub(crate) use self::wit::{
    BuildArgs as WitBuildArgs, CompatArgs as WitCompatArgs, LevelArgs as WitLevelArgs, LintArgs as WitLintArgs,
    ShowArgs as WitShowArgs, SideArg, WitArgs, WitCommand,
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
                  Exit status: 0 fine, 1 findings or errors in the input, 2 wrong usage, 3 network or registry failure, \
                  101 a bug\n\n\
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
    /// How results and findings are written: human, json; by wit compat and wit lint also github, sarif, junit, markdown
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
    /// As a SARIF log.
    Sarif,
    /// As a JUnit test suite.
    Junit,
    /// As a Markdown document.
    Markdown,
}

impl Format {
    /// For whom messages are written beside a report.
    pub(crate) fn messages(self) -> MessageFormat {
        match self {
            Self::Json => MessageFormat::Json,
            Self::Human | Self::Github | Self::Sarif | Self::Junit | Self::Markdown => MessageFormat::Human,
        }
    }

    /// The report that is asked for, if one is.
    pub(crate) fn report(self) -> Option<ReportFormat> {
        match self {
            Self::Human | Self::Json => None,
            Self::Github => Some(ReportFormat::Github),
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
    /// Run a command (wasi:cli/run)
    Run(RunArgs),
    /// Serve HTTP (wasi:http)
    Serve(ServeArgs),
    /// Call one exported function and print its result
    Invoke(InvokeArgs),
    /// Work with WIT: print worlds, encode packages, find what could be better, compare versions
    Wit(WitArgs),
    /// Explain the code of an error or a warning
    Explain(ExplainArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose new hello\n  compose new site --template http --name acme:site")]
pub(crate) struct NewArgs {
    /// The directory to make
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,

    #[command(flatten)]
    pub(crate) start: StartArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose init --template http")]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) start: StartArgs,
}

/// What an application starts with.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// What to start with
    #[arg(long, value_enum, default_value_t)]
    pub(crate) template: Template,

    /// The package that the application is [default: example: and the directory's name]
    #[arg(long, value_name = "NS:NAME")]
    pub(crate) name: Option<String>,
}

/// An application to start with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// A command that prints a greeting: for `compose run`
    #[default]
    Command,
    /// An HTTP service that answers with a greeting: for `compose serve`
    Http,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose build\n  compose build --frozen -o app.wasm\n  compose build --wat | less"
)]
pub(crate) struct BuildArgs {
    /// Where to write it [default: target/compose/NAME.wasm beside the manifest]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Print the text format too; with -o, FILE is for the text
    #[arg(long)]
    pub(crate) wat: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose check --locked\n  compose check app.wasm --wit wit --world storefront")]
pub(crate) struct CheckArgs {
    /// A component, binary or text, instead of the application
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// What has the world: a WIT directory or file, an encoded package, a component, or git:REV:PATH
    #[arg(long, value_name = "WIT", default_value = "wit", requires = "file", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// The world that the component must be of [default: the only one]
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(crate) world: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose add shop:catalog\n  compose add acme:tax@~2.1 oci://ghcr.io/acme/fraud:3.0.1\n  \
                  compose add parts/gateway.wasm --as front\n\n\
                  A package without a requirement gets the caret requirement of its newest version, as ^1.2 for 1.2.3. \
                  The manifest and compose.lock are written together, and only if the application can be composed with \
                  what is added."
)]
pub(crate) struct AddArgs {
    /// ns:name or ns:name@REQUIREMENT, oci://HOST/REPOSITORY:TAG, or a path
    #[arg(value_name = "SPEC", required = true)]
    pub(crate) specs: Vec<String>,

    /// The name that the component has in the manifest [default: the last part of SPEC]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The registry that packages come from, by its name in the manifest
    #[arg(long, value_name = "NAME")]
    pub(crate) registry: Option<String>,

    /// Change the manifest even if the application cannot be composed then; compose.lock is left alone
    #[arg(long = "no-check")]
    pub(crate) unchecked: bool,

    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose remove tax\n  compose remove tax --force --dry-run\n\n\
                  With a component go its instances, their links and their host rules. Lines about others that name it \
                  (links of other instances, chains, exports) keep it, unless --force is given.")]
pub(crate) struct RemoveArgs {
    /// The names of components
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,

    /// Remove the lines about others that name it as well
    #[arg(short, long)]
    pub(crate) force: bool,

    /// Change the manifest even if the application cannot be composed then; compose.lock is left alone
    #[arg(long = "no-check")]
    pub(crate) unchecked: bool,

    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose update\n  compose update catalog --dry-run\n  compose update catalog --precise 1.2.0"
)]
pub(crate) struct UpdateArgs {
    /// Components or packages that are updated; all of them without a name
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Take exactly this version of the one component, also an older one
    #[arg(long, value_name = "VERSION")]
    pub(crate) precise: Option<Version>,

    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 1 when `compose update` would take something newer, 0 when there is nothing newer that the \
                  manifest allows"
)]
pub(crate) struct OutdatedArgs {
    /// Show what is up to date as well
    #[arg(short, long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose lock\n  compose lock --check\n\n\
                  --check is for CI: it fails with the change that would be made, and where a tag or a version in a \
                  registry names something else than it did.")]
pub(crate) struct LockArgs {
    /// Write nothing, and fail if something would change
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose tree --depth 1\n  compose tree --invert wasi:sockets/tcp\n  compose tree --duplicates"
)]
pub(crate) struct TreeArgs {
    /// Show who needs it, up to the exports: an instance, a component, an interface or a host import
    #[arg(short, long, value_name = "NAME", conflicts_with = "duplicates")]
    pub(crate) invert: Option<String>,

    /// Show only so many levels
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,

    /// Show packages that are there in several versions, and who needs each
    #[arg(short, long)]
    pub(crate) duplicates: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose why wasi:sockets/tcp\n  compose why greeter")]
pub(crate) struct WhyArgs {
    /// An instance, a component, an interface or a host import
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose inspect app.wasm\n  compose inspect --wit app.wasm > world.wit")]
pub(crate) struct InspectArgs {
    /// A component, binary or text
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Print its world as WIT, and nothing else
    #[arg(long)]
    pub(crate) wit: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose run\n  compose run --dir .::/data --env LEVEL=3 -- --fast input.txt")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) access: AccessArgs,

    /// What the command gets as its arguments
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose serve\n  compose serve --addr 0.0.0.0:80 site.wasm")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose invoke 'greet(\"world\")'\n  compose invoke 'add(1, 2)' calculator.wasm")]
pub(crate) struct InvokeArgs {
    /// The call, with its arguments as WAVE: f(1, "x", {key: [true]})
    #[arg(value_name = "CALL")]
    pub(crate) call: String,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// Which component is executed.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// A component, binary or text, instead of the application
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

/// What a component that is executed may reach: nothing by default.
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    /// Set an environment variable for it
    #[arg(long, value_name = "KEY=VALUE", value_parser = environment_variable)]
    pub(crate) env: Vec<(String, String)>,

    /// Let it read and write a directory [default for GUEST: the same path]
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = directory, value_hint = ValueHint::DirPath)]
    pub(crate) dir: Vec<SharedDirectory>,

    /// Let it use the network
    #[arg(long)]
    pub(crate) network: bool,
}

/// A directory of this machine, and where a guest finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedDirectory {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose explain ambiguous-provider")]
pub(crate) struct ExplainArgs {
    /// The code, as messages show it in brackets; without it, all codes are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose completions bash > ~/.local/share/bash-completion/completions/compose")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

fn environment_variable(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a variable is written KEY=VALUE"),
    }
}

fn directory(text: &str) -> Result<SharedDirectory, &'static str> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("a directory is written HOST or HOST::GUEST");
    }
    Ok(SharedDirectory { host: PathBuf::from(host), guest: guest.to_owned() })
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_directory_is_found_by_the_guest_under_the_same_path_unless_said_otherwise() {
        let same = SharedDirectory { host: "data".into(), guest: "data".to_owned() };
        let other = SharedDirectory { host: r"C:\data".into(), guest: "/d".to_owned() };
        assert_eq!(directory("data"), Ok(same));
        assert_eq!(directory(r"C:\data::/d"), Ok(other));
        assert!(directory("::/d").is_err());
        assert!(directory("data::").is_err());
    }

    #[test]
    fn a_variable_has_a_name() {
        assert_eq!(environment_variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(environment_variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(environment_variable("A").is_err());
        assert!(environment_variable("=b").is_err());
    }
}
