//! The `compose` command: from arguments and the environment, through the library `composer`, to text and an exit status.
//!
//! | module | decides |
//! |---|---|
//! | `args` | what can be asked, and what is asked |
//! | `environment` | what the surroundings say: variables, directories, terminals |
//! | `configuration` | what files and variables say about registries and credentials |
//! | `commands` | what each command does, a file each |
//! | `session` | how the library is called: client, store, runtime, progress |
//! | `prompt` | how a person is asked |
//! | `progress` | how work under way is drawn |
//! | `render`, `message` | how a finding looks to a person, to a machine |
//! | `region` | where something is in a text, for machines |
//! | `report` | what a report for continuous integration looks like |
//! | `output` | what goes to standard output and what to standard error |
//! | `exit` | which exit status says how it went |
//!
//! Nothing is decided here about components: that is the library's part. Nothing slow (an executor, a compiler, a client) is
//! set up before a command needs it.

mod args;
mod commands;
mod configuration;
mod environment;
mod exit;
mod message;
mod output;
mod progress;
mod prompt;
mod region;
mod render;
mod report;
mod session;
mod signing;
mod text;

use std::{panic, process::ExitCode};

use clap::Parser;

/// Runs the command with the program's arguments.
pub fn main() -> ExitCode {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !wit::panics_are_errors() {
            tell(panic);
        }
    }));
    commands::run(&args::Cli::parse())
}
