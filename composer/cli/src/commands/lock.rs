//! `compose lock` and `compose fetch`: versions chosen and written down, and everything that they name in the store.

use std::collections::BTreeSet;

use composer::{
    driver::{self, Planned},
    lock::LockedSource,
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
    let mut written = BTreeSet::new();
    let mut unchanged = BTreeSet::new();
    for session in Session::all(options, output)? {
        let planned = lock(arguments, &session.providing(arguments.providing.automatic()), output)?;
        for lock in planned.stale_locks().filter(|lock| written.insert(lock.to_path_buf())) {
            output.status("Locked", environment::shown(lock));
        }
        unchanged.insert(planned.lock_path);
    }
    // Of a workspace, all are in one file.
    for lock in unchanged.difference(&written) {
        output.status("Unchanged", environment::shown(lock));
    }
    Ok(Ended::Well)
}

fn lock(arguments: &LockArgs, session: &Session, output: &Output) -> Result<Planned, Stop> {
    let planned = if arguments.check {
        session.wait_for(async |session| driver::plan(&session.locked()).await)?
    } else {
        session.wait_for(async |session| driver::lock(session).await)?
    };
    output.diagnostics(&planned.warnings)?;
    changes::of_automatic(&planned, output);
    if output.format() == MessageFormat::Json {
        let changed = planned.stale_locks().next().is_some();
        output.message(&Message::Locked { path: planned.lock_path.display().to_string(), changed })?;
    }
    Ok(planned)
}

/// `compose fetch`.
pub(super) fn run_fetch(options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let mut written = BTreeSet::new();
    let mut fetched = BTreeSet::new();
    for session in Session::all(options, output)? {
        let planned = session.wait_for(async |session| driver::lock(session).await)?;
        output.diagnostics(&planned.warnings)?;
        for lock in planned.stale_locks().filter(|lock| written.insert(lock.to_path_buf())) {
            output.status("Locked", environment::shown(lock));
        }
        let nested = planned.nested.iter().map(|(_, lock)| lock);
        let sources = [&planned.lock].into_iter().chain(nested).flat_map(|lock| lock.components.values());
        fetched.extend(sources.filter_map(LockedSource::digest));
    }
    let components = fetched.len();
    output.status("Fetched", format_args!("{} from registries", text::count(components, "component")));
    if output.format() == MessageFormat::Json {
        output.message(&Message::Fetched { components })?;
    }
    Ok(Ended::Well)
}
