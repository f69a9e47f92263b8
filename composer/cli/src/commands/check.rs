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
    for session in Session::all(options, output)? {
        check(&session, output)?;
    }
    Ok(Ended::Well)
}

fn check(session: &Session, output: &Output) -> Result<(), Stop> {
    let checked = session.wait_for(async |session| driver::check(session).await)?;
    let plan = &checked.planned.plan;
    output.diagnostics(&checked.planned.warnings)?;
    let manifest = environment::shown(session.manifest());
    output.status("Checked", format_args!("{manifest} ({})", summary(plan)));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Checked { instances: plan.instances.len(), components: embedded(plan) })?;
    }
    Ok(())
}
