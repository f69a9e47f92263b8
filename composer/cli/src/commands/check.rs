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
    report::Subject,
    session::{Session, manifest},
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
    if output.report_format().is_none() {
        Failure::check(together.wrong)?;
        return Ok(Ended::Well);
    }
    // A report has everything at once.
    let warnings = together.done.into_iter().flat_map(|(_, checked)| checked.planned.warnings);
    let warnings = Failure::check(warnings.chain(together.wrong).collect())?;
    let subject = subject(options);
    output.report(&subject.title, warnings.iter().map(|warning| subject.finding(warning)))?;
    if output.tells_people() {
        output.diagnostics(&warnings)?;
    }
    Ok(Ended::Well)
}

/// What a report is about.
pub(super) fn subject(options: &ManifestOptions) -> Subject {
    let manifest = manifest(options.manifest_path.as_deref()).ok();
    Subject { title: "compose check".to_owned(), file: manifest.map(|path| environment::shown(&path).to_string()) }
}

fn say(manifest: &Path, checked: &Checked, output: &Output) -> Result<(), Stop> {
    let plan = &checked.planned.plan;
    if output.report_format().is_none() {
        output.diagnostics(&checked.planned.warnings)?;
    }
    let manifest = environment::shown(manifest);
    output.status("Checked", format_args!("{manifest} ({})", summary(plan)));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Checked { instances: plan.instances.len(), components: embedded(plan) })?;
    }
    Ok(())
}
