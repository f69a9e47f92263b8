//! The arguments of commands about warg registries alone: keys, and what is withdrawn.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use registry_client::PublicKey;

/// What a change of a log is signed with.
#[derive(Debug, Args)]
pub(crate) struct SigningArgs {
    /// The file with the private key that warg registries want a signature of [default: the key in COMPOSE_SIGNING_KEY]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose yank shop:catalog@1.2.4 --signing-key ~/.keys/shop\n\n\
                  Nobody chooses a withdrawn version anew, and whoever has it in a lock keeps it. It cannot be undone, nor \
                  can the version be published again. Only warg registries know this.")]
pub(crate) struct YankArgs {
    /// The package and the version: ns:name@1.2.3
    #[arg(value_name = "PACKAGE")]
    pub(crate) what: String,

    /// The registry: warg+https://HOST, or a name in the manifest [default: what the manifest says]
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) registry: Option<String>,

    #[command(flatten)]
    pub(crate) signing: SigningArgs,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a private key, write it into a file that is yours alone, and print the public one
    New {
        /// The file, which must not exist
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Print the public key, and its fingerprint on standard error
    Show {
        #[command(flatten)]
        signing: SigningArgs,
    },
    /// Let somebody else publish or withdraw versions of a package
    Grant(GrantArgs),
    /// Let them no more; what they did stays
    Revoke(GrantArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose key grant shop:catalog ecdsa-p256:A1Of… --may release --signing-key FILE")]
pub(crate) struct GrantArgs {
    /// The package: ns:name
    #[arg(value_name = "PACKAGE")]
    pub(crate) what: registry_client::PackageName,

    /// Their public key
    #[arg(value_name = "KEY")]
    pub(crate) key: PublicKey,

    /// What it is about [default: both]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) may: Vec<MayArg>,

    /// The registry: warg+https://HOST, or a name in the manifest [default: what the manifest says]
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) registry: Option<String>,

    #[command(flatten)]
    pub(crate) signing: SigningArgs,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MayArg {
    /// Publish versions
    Release,
    /// Withdraw versions
    Yank,
}
