//! `compose build`: the application as one component in a file, and as text where that is wanted.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use composer::{
    component_file,
    diagnostic::{Code, Diagnostic, Failure},
    driver::{self, Built, LastBuild, Locking, Made, Planned, Summary, Unchanged},
    emit,
    encode::Savings,
};

use registry_client::Digest;

use super::changes;
use crate::{
    args::{BuildArgs, ManifestOptions, MessageFormat},
    environment,
    exit::{Complaint, Ended, Stop},
    message::Message,
    output::Output,
    session::Session,
    text,
};

pub(super) fn run(arguments: &BuildArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let file = arguments.output.as_deref();
    if arguments.wat && file.is_none() && output.format() == MessageFormat::Json {
        return Err(Stop::Usage(text_among_messages()));
    }
    if file == Some(Path::new("-")) {
        return Err(Stop::Usage(no_dash()));
    }
    let sessions = Session::all(options, output)?;
    if sessions.len() > 1 && (file.is_some() || arguments.wat) {
        return Err(Stop::Usage(one_at_a_time()));
    }
    let sessions = sessions.into_iter().map(|session| session.providing(arguments.providing.automatic()));
    let sessions: Vec<Session> = sessions.collect();
    let [session] = sessions.as_slice() else { return build_together(&sessions, output) };
    if arguments.wat {
        if let Some(file) = file {
            driver::refuse_inputs(session.driver(), file)?;
        }
        let (done, built) = build_anew(session, None, LastBuild::of(session.driver()), output)?;
        message(&done, output)?;
        write_text(&built, file, output)?;
    } else {
        message(&build_one(session, file, output)?, output)?;
    }
    Ok(Ended::Well)
}

/// Builds those of several applications of which anything has changed, and says what became of each.
fn build_together(sessions: &[Session], output: &Output) -> Result<Ended, Stop> {
    let Some(first) = sessions.first() else { return Ok(Ended::Well) };
    let manifests: Vec<PathBuf> = sessions.iter().map(|session| session.manifest().to_path_buf()).collect();
    let together = first.wait_for(async |session| driver::build_together(session, &manifests).await)?;
    let built = together.done.iter().filter_map(|(_, made)| match made {
        Made::Built(built) => Some(&built.planned),
        Made::Unchanged(_) => None,
    });
    for planned in built.clone() {
        output.diagnostics(&planned.warnings)?;
        changes::of_automatic(planned, output);
    }
    for lock in built.flat_map(Planned::stale_locks).collect::<BTreeSet<&Path>>() {
        output.status("Locked", environment::shown(lock));
    }
    for (_, made) in &together.done {
        let done = match made {
            Made::Unchanged(done) => {
                output.diagnostics(&done.warnings)?;
                say("Unchanged", done, output);
                done.clone()
            }
            Made::Built(built) => {
                let done = Unchanged {
                    path: built.path.clone(),
                    summary: built.summary(),
                    warnings: built.planned.warnings.clone(),
                };
                say_built(&done, output);
                done
            }
        };
        message(&done, output)?;
    }
    Failure::check(together.wrong)?;
    Ok(Ended::Well)
}

/// Builds the application that is meant and says so, in its default place; the file.
#[cfg(feature = "runtime")]
pub(super) fn build(options: &ManifestOptions, output: &Output) -> Result<PathBuf, Stop> {
    Ok(of(&Session::new(options, output)?, output)?.path)
}

/// Builds an application if anything has changed and says so, in its default place.
pub(super) fn of(session: &Session, output: &Output) -> Result<Unchanged, Stop> {
    build_one(session, None, output)
}

/// Builds an application if anything has changed, and says so; `path` is where to, instead of the default.
fn build_one(session: &Session, path: Option<&Path>, output: &Output) -> Result<Unchanged, Stop> {
    let last = LastBuild::of(session.driver());
    let mut unchanged = last.unchanged(session.driver(), path);
    if unchanged.is_none() && session.driver().locking == Locking::Locked {
        unchanged = session.wait_for(async |session| Ok(last.unchanged_and_unmoved(session, path).await))?;
    }
    if let Some(done) = unchanged {
        output.diagnostics(&done.warnings)?;
        say("Unchanged", &done, output);
        return Ok(done);
    }
    let (done, built) = build_anew(session, path, last, output)?;
    // The program ends soon: to free the many small things that a composition is made of would take longer than to leave them.
    std::mem::forget(built);
    Ok(done)
}

fn build_anew(
    session: &Session,
    path: Option<&Path>,
    last: LastBuild,
    output: &Output,
) -> Result<(Unchanged, Built), Stop> {
    let built = session.wait_for(async |session| driver::build(session, path, last).await)?;
    output.diagnostics(&built.planned.warnings)?;
    changes::of_automatic(&built.planned, output);
    for lock in built.planned.stale_locks() {
        output.status("Locked", environment::shown(lock));
    }
    let done =
        Unchanged { path: built.path.clone(), summary: built.summary(), warnings: built.planned.warnings.clone() };
    say_built(&done, output);
    Ok((done, built))
}

fn say_built(done: &Unchanged, output: &Output) {
    say("Built", done, output);
    let savings = done.summary.savings;
    if savings.bytes > 0 {
        output.status("Shared", shared(savings));
    }
}

fn say(verb: &str, done: &Unchanged, output: &Output) {
    let Summary { size, instances, components, .. } = done.summary;
    let contents = format!("{} of {}", text::count(instances, "instance"), text::count(components, "component"));
    let path = environment::shown(&done.path);
    output.status(verb, format_args!("{path} ({}, {contents})", text::size(size)));
}

/// What sharing saved, in a few words.
fn shared(Savings { modules, components, bytes }: Savings) -> String {
    let of = |count: usize, what: &str| (count > 0).then(|| text::count(count, what));
    let what: Vec<String> = [of(components, "component"), of(modules, "core module")].into_iter().flatten().collect();
    format!("{}, which saves {}", what.join(" and "), text::size(bytes))
}

fn write_text(built: &Built, file: Option<&Path>, output: &Output) -> Result<(), Stop> {
    let bytes = built.component.to_bytes().map_err(Failure::from)?;
    let text = wasmprinter::print_bytes(bytes).map_err(|error| Stop::Failure(unprintable(&error).into()))?;
    let Some(file) = file else { return output.data(text) };
    emit::replace(file, text.as_bytes()).map_err(|error| Stop::Failure(error.into()))?;
    output.status("Printed", environment::shown(file));
    Ok(())
}

/// Tells programs what was built.
fn message(done: &Unchanged, output: &Output) -> Result<(), Stop> {
    if output.format() != MessageFormat::Json {
        return Ok(());
    }
    let Unchanged { path, summary, .. } = done;
    output.message(&Message::Built {
        path: path.display().to_string(),
        size: summary.size,
        saved: summary.savings.bytes,
        digest: Digest::of(&component_file::read(path)?).to_string(),
        instances: summary.instances,
        components: summary.components,
        host_imports: summary.host_imports.clone(),
        exports: summary.exports.clone(),
    })?;
    Ok(())
}

fn one_at_a_time() -> Complaint {
    Complaint {
        message: "several applications are built, and `-o` and `--wat` are for one".to_owned(),
        hints: vec!["say which with `-p NAME`".to_owned()],
    }
}

fn no_dash() -> Complaint {
    Complaint {
        message: "`-` is no file that a result is written to".to_owned(),
        hints: vec!["standard output is `/dev/stdout`, and a file of that name is `./-`".to_owned()],
    }
}

fn text_among_messages() -> Complaint {
    Complaint {
        message: "the text format cannot be printed among JSON messages".to_owned(),
        hints: vec!["write it to a file with `-o FILE`".to_owned()],
    }
}

fn unprintable(error: &impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(Code::Internal, "the component was built, but cannot be printed as text").note(error.to_string())
}
