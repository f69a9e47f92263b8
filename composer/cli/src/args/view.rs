//! The arguments of commands that show what an application or a component is.

use std::path::PathBuf;

use clap::{Args, ValueHint};

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
    /// An instance, a component or its package, an interface or a host import
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

    /// Say what is big in it, what is there more than once, and how near it is to what runtimes accept
    #[arg(long, conflicts_with = "wit")]
    pub(crate) sizes: bool,
}
