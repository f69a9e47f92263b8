//! `compose check`: everything that `compose build` does, except writing files.

use composer::driver;

use super::{embedded, summary};
use crate::{
    args::{ManifestOptions, MessageFormat},
    environment,
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
};

pub(super) fn run(options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let session = Session::new(options, output)?;
    let checked = session.wait_for(async |session| driver::check(session).await)?;
    let plan = &checked.planned.plan;
    output.diagnostics(&checked.planned.warnings)?;
    let manifest = environment::shown(session.manifest());
    output.status("Checked", format_args!("{manifest} ({})", summary(plan)));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Checked { instances: plan.instances.len(), components: embedded(plan) })?;
    }
    Ok(Ended::Well)
}
