//! `compose run`: a command, with this process's standard streams, ending with the exit status that it chose.

use std::iter;

use compose_runtime::{Input, Output as GuestOutput, RunOptions};

use super::guest::{self, Guest};
use crate::{
    args::{ManifestOptions, RunArgs},
    exit::{Ended, Stop},
    output::Output,
    session::block_on,
};

pub(super) fn run(arguments: &RunArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let Guest { application, name } = guest::load(&arguments.target, options, output)?;
    let options = RunOptions {
        arguments: iter::once(name).chain(arguments.arguments.iter().cloned()).collect(),
        stdin: Input::Stdin,
        stdout: GuestOutput::Stdout,
        stderr: GuestOutput::Stderr,
        access: guest::access(&arguments.access),
    };
    let status = block_on(application.run(options))?.map_err(|error| guest::failure(&error))?;
    Ok(Ended::Guest(status))
}
