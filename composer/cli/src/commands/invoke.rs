//! `compose invoke`: one call of an exported function, its result as WAVE.

use compose_runtime::{InvokeOptions, Output as GuestOutput};

use super::guest;
use crate::{
    args::{InvokeArgs, ManifestOptions, MessageFormat},
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::block_on,
};

pub(super) fn run(arguments: &InvokeArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let application = guest::load(&arguments.target, options, output)?.application;
    // Standard output is for the result.
    let options = InvokeOptions {
        stdout: GuestOutput::Stderr,
        stderr: GuestOutput::Stderr,
        access: guest::access(&arguments.access),
    };
    let value = block_on(application.invoke(&arguments.call, options))?;
    let value = value.map_err(|error| guest::call_failure(&error, &arguments.call))?;
    let value = Some(value).filter(|value| !value.is_empty());
    match (output.format(), value) {
        (MessageFormat::Human, None) => {}
        (MessageFormat::Human, Some(value)) => output.data(value + "\n")?,
        (MessageFormat::Json, value) => output.message(&Message::Returned { value })?,
    }
    Ok(Ended::Well)
}
