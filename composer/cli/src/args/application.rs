//! The arguments of commands that start, change and build an application.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use composer::driver::Automatic;
use semver::Version;

use super::WitFeatureArgs;

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

/// What becomes of imports that nothing provides.
#[derive(Debug, Args)]
pub(crate) struct ProvidingArgs {
    /// Take what nothing else provides from the registries that the manifest names, and lock it
    #[arg(long)]
    pub(crate) auto: bool,
}

impl ProvidingArgs {
    /// Which registries may provide.
    pub(crate) fn automatic(&self) -> Automatic {
        if self.auto { Automatic::All } else { Automatic::Marked }
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose build\n  compose build --frozen -o app.wasm\n  compose build --wat | less"
)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) providing: ProvidingArgs,

    /// Where to write it [default: target/compose/NAME.wasm beside the manifest]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Print the text format too; with -o, FILE is for the text
    #[arg(long)]
    pub(crate) wat: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose check --locked\n  compose check app.wasm --wit wit --world storefront\n  \
                  compose check app.wasm --world wasi:http/proxy@0.2"
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) providing: ProvidingArgs,

    /// A component, binary or text, instead of the application
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// What has the world: a path, a package in a registry, oci://REFERENCE, or git:REV:PATH
    #[arg(long, value_name = "WIT", default_value = "wit", requires = "file", value_hint = ValueHint::AnyPath)]
    pub(crate) wit: String,

    /// The world that the component must be of, perhaps with its package in a registry [default: the only one]
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(crate) world: Option<String>,

    #[command(flatten)]
    pub(crate) features: WitFeatureArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose add shop:catalog\n  compose add acme:tax@~2.1 oci://ghcr.io/acme/fraud:3.0.1\n  \
                  compose add parts/gateway.wasm --as front\n\n\
                  A package without a requirement gets the caret requirement of the newest version that fits, as ^1.2 for 1.2.3. \
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
    #[command(flatten)]
    pub(crate) providing: ProvidingArgs,

    /// Write nothing, and fail if something would change
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose vendor --write\n  compose build --frozen\n\nThe directory is a directory registry (OCI image \
                  layouts) of all packages and references that compose.lock names, under their digests: compose.lock stays as it \
                  is. Releases that are in it from before stay in it."
)]
pub(crate) struct VendorArgs {
    /// Where to [default: vendor beside the manifest, for all of a workspace beside its manifest]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,

    /// Have the manifest build from there, instead of printing what it needs for that
    #[arg(short, long)]
    pub(crate) write: bool,
}
