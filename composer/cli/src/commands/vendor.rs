//! `compose vendor`: everything that locks name, in a directory registry from which the application builds by itself.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use composer::{
    diagnostic::Failure,
    driver::{self, Planned},
    edit, emit,
};

use crate::{
    args::{ManifestOptions, MessageFormat, VendorArgs},
    environment,
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
    text,
};

pub(super) fn run(arguments: &VendorArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let root = Session::root(options, output)?;
    let home = root.parent().unwrap_or(Path::new("")).to_path_buf();
    let directory = arguments.directory.clone().unwrap_or_else(|| home.join("vendor"));
    let sessions = Session::all(options, output)?;
    let manifests: Vec<PathBuf> = sessions.iter().map(|session| session.manifest().to_path_buf()).collect();
    let Some(first) = sessions.first() else { return Ok(Ended::Well) };
    let vendored = first.wait_for(async |session| driver::vendor(session, &manifests, &directory).await)?;
    say(&vendored.planned, output)?;
    let releases = vendored.releases;
    let named = super::add::from_manifest(&directory, &root)?.display().to_string().replace('\\', "/");
    output
        .status("Vendored", format_args!("{} in {}", text::count(releases, "release"), environment::shown(&directory)));
    if arguments.write {
        write(&root, &named, output)?;
    }
    match output.format() {
        MessageFormat::Json => output.message(&Message::Vendored {
            directory: directory.display().to_string(),
            releases,
            manifest: arguments.write.then(|| root.display().to_string()),
        })?,
        MessageFormat::Human if arguments.write => {}
        MessageFormat::Human => {
            output.remark(format_args!("To build from there alone, put this into {}:\n", environment::shown(&root)));
            output.data(format!("[vendor]\ndirectory = {}\n", toml_text(&named)))?;
        }
    }
    Ok(Ended::Well)
}

fn say(planned: &[Planned], output: &Output) -> Result<(), Stop> {
    for planned in planned {
        output.diagnostics(&planned.warnings)?;
    }
    for lock in planned.iter().flat_map(Planned::stale_locks).collect::<BTreeSet<&Path>>() {
        output.status("Locked", environment::shown(lock));
    }
    Ok(())
}

/// Has the manifest at a path say where everything is.
fn write(root: &Path, directory: &str, output: &Output) -> Result<(), Stop> {
    let manifest = driver::read_manifest(root)?;
    let text = edit::vendor(&manifest, directory)?;
    if text == manifest.source.text() {
        return Ok(());
    }
    emit::replace(root, text.as_bytes()).map_err(Failure::from)?;
    output.status("Changed", format_args!("{}: [vendor] names {directory}", environment::shown(root)));
    Ok(())
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}
