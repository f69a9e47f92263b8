//! What a lock says otherwise than before, as a table: what `add`, `remove` and `update` have in common.

use composer::{
    driver::{Edited, Planned},
    lock::{Changes, InstanceChange, LockedSource, SourceChange},
};

use crate::{
    args::MessageFormat,
    environment,
    exit::Stop,
    message::{self, Message},
    output::Output,
    text,
};

/// Says what follows from a manifest that was changed.
pub(super) fn of_edited(edited: &Edited, is_dry: bool, output: &Output) -> Result<(), Stop> {
    match &edited.planned {
        Some(planned) => of_planned(planned, is_dry, output),
        None if edited.remaining.is_empty() => Ok(()),
        None => {
            output.remark("\nThe application cannot be composed yet, as before:\n");
            output.diagnostics(&edited.remaining)
        }
    }
}

/// Says what a plan changes.
pub(super) fn of_planned(planned: &Planned, is_dry: bool, output: &Output) -> Result<(), Stop> {
    output.diagnostics(&planned.warnings)?;
    if !is_dry {
        of_automatic(planned, output);
    }
    let verb = if is_dry { "Would lock" } else { "Locked" };
    for lock in planned.stale_locks() {
        output.status(verb, environment::shown(lock));
    }
    match output.format() {
        MessageFormat::Human => output.data(table(&planned.changes)),
        MessageFormat::Json => output.message(&message(&planned.changes, is_dry)),
    }
}

/// Says which components came into the application without an entry, and why.
pub(super) fn of_automatic(planned: &Planned, output: &Output) {
    for change in &planned.changes.sources {
        let (Some(name), None, Some(after)) = (&change.component, &change.before, &change.after) else { continue };
        if planned.lock.automatic.contains(name) {
            let why = "nothing else provides what it exports";
            output.status("Added", format_args!("{name} {} ({}) to compose.lock: {why}", alone(after), origin(after)));
        }
    }
}

/// A line for each change: components first, then what instances may do and who they are linked to.
pub(super) fn table(changes: &Changes) -> String {
    let sources = changes.sources.iter().map(row);
    let instances = changes.instances.iter().flat_map(sentences);
    text::columns(&sources.collect::<Vec<_>>()) + &instances.collect::<String>()
}

fn row(change: &SourceChange) -> [String; 3] {
    let name = change.component.as_ref().map_or_else(|| "the target world".to_owned(), ToString::to_string);
    let (what, source) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            (format!("{} → {}", identity(before, after), identity(after, before)), origin(after))
        }
        (None, Some(after)) => (format!("added {}", alone(after)), origin(after)),
        (Some(before), None) => (format!("removed {}", alone(before)), origin(before)),
        (None, None) => (String::new(), String::new()),
    };
    [name, what.trim_end().to_owned(), source]
}

/// What a source is, where it takes another one's place: its version, unless that is the same and the bytes are not.
fn identity(source: &LockedSource, other: &LockedSource) -> String {
    match (source, other) {
        (LockedSource::Package { package, version, .. }, LockedSource::Package { package: p, version: v, .. })
            if package == p && version != v =>
        {
            version.to_string()
        }
        (
            LockedSource::Package { package, version, release, .. },
            LockedSource::Package { package: p, version: v, .. },
        ) if package == p && version == v => {
            format!("{version} ({})", text::short(release.manifest.digest))
        }
        (LockedSource::Package { package, version, .. }, _) => format!("{package}@{version}"),
        (LockedSource::Reference { reference, release }, LockedSource::Reference { reference: r, .. })
            if reference == r =>
        {
            text::short(release.manifest.digest)
        }
        (LockedSource::Reference { reference, .. }, _) => format!("oci://{reference}"),
        (LockedSource::Path(path), _) => path.clone(),
    }
}

fn alone(source: &LockedSource) -> String {
    match source {
        LockedSource::Package { version, .. } => version.to_string(),
        LockedSource::Reference { release, .. } => text::short(release.manifest.digest),
        LockedSource::Path(_) => String::new(),
    }
}

fn origin(source: &LockedSource) -> String {
    match source {
        LockedSource::Package { package, registry, .. } => format!("{package} in {registry}"),
        LockedSource::Reference { reference, .. } => format!("oci://{reference}"),
        LockedSource::Path(path) => path.clone(),
    }
}

fn sentences(change: &InstanceChange) -> Vec<String> {
    let name = &change.name;
    let gained = change.host_gained.iter().map(|import| format!("{name} asks the host for {import}\n"));
    let lost = change.host_lost.iter().map(|import| format!("{name} no longer asks the host for {import}\n"));
    let rewired = change.rewired.iter().map(|link| {
        let import = &link.import;
        match (&link.before, &link.after) {
            (Some(before), Some(after)) => format!("{name} takes {import} from {after}, no longer from {before}\n"),
            (Some(before), None) => format!("{name} no longer takes {import} from {before}\n"),
            (None, after) => format!("{name} takes {import} from {}\n", after.as_deref().unwrap_or_default()),
        }
    });
    rewired.chain(gained).chain(lost).collect()
}

fn message(changes: &Changes, is_dry: bool) -> Message<'static> {
    let sources = changes.sources.iter().map(|change| message::SourceChange {
        component: change.component.as_ref().map(ToString::to_string),
        before: change.before.as_ref().map(source),
        after: change.after.as_ref().map(source),
    });
    let instances = changes.instances.iter().map(|change| message::InstanceChange {
        instance: change.name.to_string(),
        host_gained: change.host_gained.clone(),
        host_lost: change.host_lost.clone(),
        links: change
            .rewired
            .iter()
            .map(|link| message::Rewiring {
                import: link.import.clone(),
                before: link.before.clone(),
                after: link.after.clone(),
            })
            .collect(),
    });
    Message::Changed { components: sources.collect(), instances: instances.collect(), written: !is_dry }
}

fn source(source: &LockedSource) -> message::Source {
    let (version, release) = match source {
        LockedSource::Package { version, release, .. } => (Some(version.to_string()), Some(release)),
        LockedSource::Reference { release, .. } => (None, Some(release)),
        LockedSource::Path(_) => (None, None),
    };
    message::Source {
        source: origin(source),
        version,
        digest: release.map(|release| release.component.digest.to_string()),
        manifest: release.map(|release| release.manifest.digest.to_string()),
    }
}
