//! `compose completions`: the script that teaches a shell the arguments, made from their definition.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    exit::{Ended, Stop},
    output::Output,
};

pub(super) fn run(arguments: &CompletionsArgs, output: &Output) -> Result<Ended, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "compose", &mut script);
    output.data(script)?;
    Ok(Ended::Well)
}
