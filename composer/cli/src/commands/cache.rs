//! `compose cache`: what the store holds, whether that is whole, and what of it can go.

use std::time::{Duration, SystemTime};

use composer::diagnostic::{Code, Diagnostic, Failure};
use registry_client::{PrunePolicy, Pruned, Store, StoreEntry, StoreError, Tally};

use crate::{
    args::{CacheArgs, CacheCommand, MessageFormat, PruneArgs},
    exit::{Ended, Stop},
    message::{self, Message},
    output::Output,
    session, text,
};

pub(super) fn run(arguments: &CacheArgs, output: &Output) -> Result<Ended, Stop> {
    let store = session::store()?;
    match arguments.command.as_ref().unwrap_or(&CacheCommand::Info) {
        CacheCommand::Info => info(&store, output),
        CacheCommand::List => list(&store, output),
        CacheCommand::Verify => verify(&store, output),
        CacheCommand::Prune(arguments) => prune(&store, arguments, output),
        CacheCommand::Dir => directory(&store, output),
    }
}

fn info(store: &Store, output: &Output) -> Result<Ended, Stop> {
    let usage = store.usage().map_err(|error| failure(&error))?;
    let (path, is_writable) = (store.directory().display().to_string(), store.is_writable());
    match output.format() {
        MessageFormat::Json => output.message(&Message::Cache {
            path,
            writable: is_writable,
            blobs: usage.blobs.into(),
            partial: usage.partial.into(),
            damaged: usage.corrupt.into(),
            remembered: usage.derived.into(),
        })?,
        MessageFormat::Human => {
            let access = if is_writable { "" } else { " (read-only: what is in it is used, and nothing is added)" };
            let rows = [
                ["downloads".to_owned(), tally(usage.blobs)],
                ["broken off".to_owned(), tally(usage.partial)],
                ["damaged".to_owned(), tally(usage.corrupt)],
                ["remembered".to_owned(), tally(usage.derived)],
            ];
            output.data(format!("{path}{access}\n{}", text::columns(&rows)))?;
        }
    }
    Ok(Ended::Well)
}

fn list(store: &Store, output: &Output) -> Result<Ended, Stop> {
    let mut entries = store.entries().map_err(|error| failure(&error))?;
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.last_used), entry.descriptor));
    let now = SystemTime::now();
    match output.format() {
        MessageFormat::Json => {
            entries.iter().try_for_each(|entry| output.message(&Message::Cached(blob(entry, now))))?;
        }
        MessageFormat::Human => {
            let row = |entry: &StoreEntry| {
                let size = text::size(entry.descriptor.size);
                [entry.descriptor.digest.to_string(), size, format!("used {}", ago(unused(entry, now)))]
            };
            output.data(text::columns(&entries.iter().map(row).collect::<Vec<_>>()))?;
        }
    }
    Ok(Ended::Well)
}

fn verify(store: &Store, output: &Output) -> Result<Ended, Stop> {
    let verification = store.verify().map_err(|error| failure(&error))?;
    if output.format() == MessageFormat::Json {
        output.message(&Message::Verified {
            intact: verification.intact.into(),
            damaged: verification.corrupt.iter().map(|(digest, _)| digest.to_string()).collect(),
        })?;
    }
    let found = verification.corrupt.iter().map(|(digest, moved_to)| {
        Diagnostic::error(Code::StoreDamaged, format!("{digest} did not have the bytes that its name promises"))
            .note(format!("it was moved to {}", moved_to.display()))
            .hint("nothing needs to be done: what needs it downloads it again, `compose fetch` at once")
            .hint("if it happens again, examine the disk, and what else writes there")
    });
    let found: Vec<Diagnostic> = found.collect();
    output.diagnostics(&found)?;
    output.status("Verified", format_args!("{}", tally(verification.intact)));
    Ok(if found.is_empty() { Ended::Well } else { Ended::WithFindings })
}

fn prune(store: &Store, arguments: &PruneArgs, output: &Output) -> Result<Ended, Stop> {
    let now = SystemTime::now();
    let policy = PrunePolicy {
        unused_for: if arguments.all { Some(Duration::ZERO) } else { arguments.unused_for },
        max_bytes: arguments.max_size,
        ..PrunePolicy::default()
    };
    let pruned = if arguments.dry_run { store.prunable(&policy, now) } else { store.prune(&policy, now) };
    let Pruned { blobs, partial, corrupt, derived } = pruned.map_err(|error| failure(&error))?;
    let size = |entries: &[StoreEntry]| entries.iter().map(|entry| entry.descriptor.size).sum();
    let whole = Tally { files: blobs.len() as u64, bytes: size(&blobs) };
    let verb = if arguments.dry_run { "Would remove" } else { "Removed" };
    let sums = [("downloads", whole), ("broken off", partial), ("damaged", corrupt), ("remembered", derived)];
    for (what, sum) in sums {
        if sum.files > 0 {
            output.status(verb, format_args!("{} ({what})", tally(sum)));
        }
    }
    if sums.iter().all(|(_, sum)| sum.files == 0) {
        output.status("Unchanged", "there is nothing to remove");
        if policy.unused_for.is_none() && policy.max_bytes.is_none() {
            output.remark("whole downloads go with `--unused-for TIME`, `--max-size SIZE` or `--all`");
        }
    }
    if output.format() == MessageFormat::Json {
        output.message(&Message::Pruned {
            blobs: blobs.iter().map(|entry| blob(entry, now)).collect(),
            partial: partial.into(),
            damaged: corrupt.into(),
            remembered: derived.into(),
            written: !arguments.dry_run,
        })?;
    }
    Ok(Ended::Well)
}

fn directory(store: &Store, output: &Output) -> Result<Ended, Stop> {
    let path = store.directory().display().to_string();
    match output.format() {
        MessageFormat::Human => output.data(format!("{path}\n"))?,
        MessageFormat::Json => output.message(&Message::CacheDirectory { path })?,
    }
    Ok(Ended::Well)
}

fn tally(sum: Tally) -> String {
    format!("{}, {}", text::count(usize::try_from(sum.files).unwrap_or(usize::MAX), "file"), text::size(sum.bytes))
}

fn blob(entry: &StoreEntry, now: SystemTime) -> message::CachedBlob {
    message::CachedBlob {
        digest: entry.descriptor.digest.to_string(),
        size: entry.descriptor.size,
        unused_seconds: unused(entry, now).as_secs(),
    }
}

fn unused(entry: &StoreEntry, now: SystemTime) -> Duration {
    now.duration_since(entry.last_used).unwrap_or_default()
}

/// A stretch of time, as far as the store knows it: to the hour.
fn ago(time: Duration) -> String {
    let hours = usize::try_from(time.as_secs() / 3600).unwrap_or(usize::MAX);
    match hours {
        0..2 => "within the last hours".to_owned(),
        2..48 => format!("{} ago", text::count(hours, "hour")),
        _ => format!("{} ago", text::count(hours / 24, "day")),
    }
}

fn failure(error: &StoreError) -> Failure {
    Diagnostic::error(Code::StoreFailure, error.to_string())
        .causes(error)
        .hint("check who may read and write it, or set COMPOSE_CACHE to another directory")
        .into()
}
