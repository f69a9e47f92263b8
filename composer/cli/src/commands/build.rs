//! `compose build`: the application as one component in a file, and as text where that is wanted.

use std::path::Path;

use composer::{
    diagnostic::{Code, Diagnostic},
    driver::{self, Built},
    emit,
};

use super::summary;
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
    let sessions = Session::all(options, output)?;
    if sessions.len() > 1 && (file.is_some() || arguments.wat) {
        return Err(Stop::Usage(one_at_a_time()));
    }
    for session in &sessions {
        let built = build_one(session, file.filter(|_| !arguments.wat), output)?;
        if output.format() == MessageFormat::Json {
            output.message(&message(&built))?;
        }
        if arguments.wat {
            write_text(&built, file, output)?;
        }
    }
    Ok(Ended::Well)
}

/// Builds the application that is meant and says so, in its default place.
#[cfg(feature = "runtime")]
pub(super) fn build(options: &ManifestOptions, output: &Output) -> Result<Built, Stop> {
    of(&Session::new(options, output)?, output)
}

/// Builds an application and says so, in its default place.
pub(super) fn of(session: &Session, output: &Output) -> Result<Built, Stop> {
    build_one(session, None, output)
}

/// Builds an application and says so; `path` is where to, instead of the default.
fn build_one(session: &Session, path: Option<&Path>, output: &Output) -> Result<Built, Stop> {
    let built = session.wait_for(async |session| driver::build(session, path).await)?;
    output.diagnostics(&built.planned.warnings)?;
    for lock in built.planned.stale_locks() {
        output.status("Locked", environment::shown(lock));
    }
    let size = text::size(built.component.bytes().len() as u64);
    let path = environment::shown(&built.path);
    output.status("Built", format_args!("{path} ({size}, {})", summary(&built.planned.plan)));
    Ok(built)
}

fn write_text(built: &Built, file: Option<&Path>, output: &Output) -> Result<(), Stop> {
    let text =
        wasmprinter::print_bytes(built.component.bytes()).map_err(|error| Stop::Failure(unprintable(&error).into()))?;
    let Some(file) = file else { return output.data(text) };
    emit::replace(file, text.as_bytes()).map_err(|error| Stop::Failure(error.into()))?;
    output.status("Printed", environment::shown(file));
    Ok(())
}

fn message(built: &Built) -> Message<'static> {
    let plan = &built.planned.plan;
    Message::Built {
        path: built.path.display().to_string(),
        size: built.component.bytes().len() as u64,
        digest: built.digest.to_string(),
        instances: plan.instances.len(),
        components: super::embedded(plan),
        host_imports: plan.host_imports.iter().map(|import| import.name.to_string()).collect(),
        exports: plan.exports.iter().map(|export| export.name.to_string()).collect(),
    }
}

fn one_at_a_time() -> Complaint {
    Complaint {
        message: "several applications are built, and `-o` and `--wat` are for one".to_owned(),
        hints: vec!["say which with `-p NAME`".to_owned()],
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
