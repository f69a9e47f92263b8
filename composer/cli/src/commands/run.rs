//! `compose run`: a command, with this process's standard streams, ending with the exit status that it chose.

use compose_runtime::{Input, Output as GuestOutput, RunOptions};

use super::guest;
use crate::{
    args::{ManifestOptions, RunArgs},
    exit::{Ended, Stop},
    output::Output,
    session::block_on,
};

/// What a command finds as the name that it was called by, which means nothing to a component.
const PROGRAM: &str = "app";

pub(super) fn run(arguments: &RunArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let application = guest::load(&arguments.target, options, output)?;
    let options = RunOptions {
        arguments: [PROGRAM.to_owned()].into_iter().chain(arguments.arguments.iter().cloned()).collect(),
        stdin: Input::Stdin,
        stdout: GuestOutput::Stdout,
        stderr: GuestOutput::Stderr,
        access: guest::access(&arguments.access),
    };
    let status = block_on(application.run(options))?.map_err(|error| guest::failure(&error))?;
    Ok(Ended::Guest(status))
}
