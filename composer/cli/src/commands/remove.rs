//! `compose remove`: components out of the manifest, with all that is about them alone.

use composer::{
    driver::{self, Checking},
    edit::References,
};

use super::changes;
use crate::{
    args::{ManifestOptions, MessageFormat, RemoveArgs},
    environment,
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
};

pub(super) fn run(arguments: &RemoveArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let session = Session::new(options, output)?;
    let checking = if arguments.unchecked { Checking::ManifestOnly } else { Checking::Whole };
    let references = if arguments.force { References::Remove } else { References::Keep };
    let plan = async |session: &_| driver::plan_remove(session, &arguments.names, references, checking).await;
    let (others, edited) = session.wait_for(plan)?;
    if !arguments.dry_run {
        session.wait_for(async |session| driver::write_edited(session, &edited))?;
    }
    let manifest = environment::shown(session.manifest());
    let verb = if arguments.dry_run { "Would remove" } else { "Removed" };
    let components = arguments.names.iter().map(|name| format!("[components] {name}"));
    for line in components.chain(others.iter().cloned()) {
        output.status(verb, format_args!("{line} from {manifest}"));
    }
    if output.format() == MessageFormat::Json {
        output.message(&Message::Removed {
            manifest: session.manifest().display().to_string(),
            components: &arguments.names,
            others: &others,
            written: !arguments.dry_run,
        })?;
    }
    changes::of_edited(&edited, arguments.dry_run, output)?;
    Ok(Ended::Well)
}
