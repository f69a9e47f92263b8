//! `compose check`: everything that `compose build` does, except writing files.

use std::path::{Path, PathBuf};

use composer::{
    diagnostic::Failure,
    driver::{self, Checked},
};

use super::{embedded, summary};
use crate::{
    args::{CheckArgs, ManifestOptions, MessageFormat},
    environment,
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
};

pub(super) fn run(arguments: &CheckArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let sessions = Session::all(options, output)?.into_iter();
    let sessions: Vec<Session> = sessions.map(|session| session.providing(arguments.providing.automatic())).collect();
    let Some(first) = sessions.first() else { return Ok(Ended::Well) };
    let manifests: Vec<PathBuf> = sessions.iter().map(|session| session.manifest().to_path_buf()).collect();
    let together = first.wait_for(async |session| driver::check_together(session, &manifests).await)?;
    for (manifest, checked) in &together.done {
        say(manifest, checked, output)?;
    }
    Failure::check(together.wrong)?;
    Ok(Ended::Well)
}

fn say(manifest: &Path, checked: &Checked, output: &Output) -> Result<(), Stop> {
    let plan = &checked.planned.plan;
    output.diagnostics(&checked.planned.warnings)?;
    let manifest = environment::shown(manifest);
    output.status("Checked", format_args!("{manifest} ({})", summary(plan)));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Checked { instances: plan.instances.len(), components: embedded(plan) })?;
    }
    Ok(())
}
