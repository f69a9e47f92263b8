//! `compose lock` and `compose fetch`: versions chosen and written down, and everything that they name in the store.

use std::path::Path;

use composer::{
    driver,
    lock::{FILE_NAME, LockedSource},
};

use super::changes;
use crate::{
    args::{LockArgs, ManifestOptions, MessageFormat},
    environment,
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
    text,
};

/// `compose lock`.
pub(super) fn run(arguments: &LockArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    for session in Session::all(options, output)? {
        lock(arguments, &session.providing(arguments.providing.automatic()), output)?;
    }
    Ok(Ended::Well)
}

fn lock(arguments: &LockArgs, session: &Session, output: &Output) -> Result<(), Stop> {
    let planned = if arguments.check {
        session.wait_for(async |session| driver::plan(&session.locked()).await)?
    } else {
        session.wait_for(async |session| driver::lock(session).await)?
    };
    output.diagnostics(&planned.warnings)?;
    changes::of_automatic(&planned, output);
    let path = session.manifest().with_file_name(FILE_NAME);
    let stale: Vec<&Path> = planned.stale_locks().collect();
    for lock in &stale {
        output.status("Locked", environment::shown(lock));
    }
    if stale.is_empty() {
        output.status("Unchanged", environment::shown(&path));
    }
    if output.format() == MessageFormat::Json {
        output.message(&Message::Locked { path: path.display().to_string(), changed: !stale.is_empty() })?;
    }
    Ok(())
}

/// `compose fetch`.
pub(super) fn run_fetch(options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    for session in Session::all(options, output)? {
        fetch(&session, output)?;
    }
    Ok(Ended::Well)
}

fn fetch(session: &Session, output: &Output) -> Result<(), Stop> {
    let planned = session.wait_for(async |session| driver::lock(session).await)?;
    output.diagnostics(&planned.warnings)?;
    for lock in planned.stale_locks() {
        output.status("Locked", environment::shown(lock));
    }
    let local = |source: &&LockedSource| matches!(source, LockedSource::Path(_));
    let components = planned.lock.components.values().filter(|source| !local(source)).count();
    output.status("Fetched", format_args!("{} from registries", text::count(components, "component")));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Fetched { components })?;
    }
    Ok(())
}
