//! The arguments of commands that help.

use clap::Args;
use clap_complete::Shell;

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
