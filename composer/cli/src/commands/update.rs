//! `compose update` and `compose outdated`: newer releases taken, or shown.

use composer::driver::{self, Standing, StandingSource};

use super::changes;
use crate::{
    args::{ManifestOptions, MessageFormat, OutdatedArgs, UpdateArgs},
    environment,
    exit::{Complaint, Ended, Stop},
    message::{self, Message},
    output::Output,
    session::Session,
    text,
};

/// `compose update`.
pub(super) fn run(arguments: &UpdateArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let sessions = Session::all(options, output)?;
    if sessions.len() > 1 && (arguments.precise.is_some() || !arguments.names.is_empty()) {
        return Err(Stop::Usage(one_at_a_time()));
    }
    for session in &sessions {
        if sessions.len() > 1 {
            output.status("Updating", environment::shown(session.manifest()));
        }
        update(arguments, session, output)?;
    }
    Ok(Ended::Well)
}

fn one_at_a_time() -> Complaint {
    Complaint {
        message: "names are those of one application, and all of the workspace are updated".to_owned(),
        hints: vec!["say which with `-p NAME`".to_owned()],
    }
}

fn update(arguments: &UpdateArgs, session: &Session, output: &Output) -> Result<(), Stop> {
    let planned = match (&arguments.precise, arguments.names.as_slice()) {
        (None, names) => session.wait_for(async |session| driver::plan_update(session, names).await)?,
        (Some(version), [name]) => {
            session.wait_for(async |session| driver::plan_precise(session, name, version).await)?
        }
        (Some(_), names) => return Err(Stop::Usage(precise_what(names.len()))),
    };
    if !arguments.dry_run {
        session.wait_for(async |_| driver::write(&planned))?;
    }
    changes::of_planned(&planned, arguments.dry_run, output)?;
    if planned.changes.is_empty() {
        output.remark("Nothing changes: the manifest allows nothing newer that fits");
    }
    Ok(())
}

fn precise_what(names: usize) -> Complaint {
    let hint = "compose update NAME --precise VERSION".to_owned();
    let message = match names {
        0 => "`--precise` needs the name of one component",
        _ => "`--precise` is for one component at a time",
    };
    Complaint { message: message.to_owned(), hints: vec![hint] }
}

/// `compose outdated`.
pub(super) fn run_outdated(
    arguments: &OutdatedArgs,
    options: &ManifestOptions,
    output: &Output,
) -> Result<Ended, Stop> {
    let sessions = Session::all(options, output)?;
    let mut ended = Ended::Well;
    for session in &sessions {
        if sessions.len() > 1 {
            output.status("Comparing", environment::shown(session.manifest()));
        }
        if let Ended::WithFindings = outdated(arguments, session, output)? {
            ended = Ended::WithFindings;
        }
    }
    Ok(ended)
}

fn outdated(arguments: &OutdatedArgs, session: &Session, output: &Output) -> Result<Ended, Stop> {
    let standings = session.wait_for(async |session| driver::outdated(session).await)?;
    let shown: Vec<&Standing> = standings.iter().filter(|standing| arguments.all || standing.is_behind()).collect();
    match output.format() {
        MessageFormat::Human => output.data(table(&shown))?,
        MessageFormat::Json => {
            output.message(&Message::Outdated { components: standings.iter().map(message).collect() })?;
        }
    }
    let outdated = standings.iter().filter(|standing| standing.is_outdated()).count();
    let behind = standings.iter().filter(|standing| standing.is_behind()).count();
    match (outdated, behind) {
        (0, 0) => output.remark("Everything is the newest that there is"),
        (0, _) => output.remark("Everything is the newest that the manifest allows"),
        (number, _) => {
            let newer = text::count(number, "newer release");
            output.remark(format_args!("The manifest allows {newer}; `compose update` takes what fits together"));
            return Ok(Ended::WithFindings);
        }
    }
    Ok(Ended::Well)
}

fn table(standings: &[&Standing]) -> String {
    if standings.is_empty() {
        return String::new();
    }
    let heading = ["component", "current", "compatible", "latest", "source"].map(str::to_owned);
    let rows = standings.iter().map(|standing| {
        let name = standing.component.as_ref().map_or_else(|| "the target world".to_owned(), ToString::to_string);
        let shown = |version: &Option<_>| version.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        match &standing.source {
            StandingSource::Package { package, requirement, current, compatible, latest } => {
                let source = format!("{package}@{requirement}");
                [name, shown(current), shown(compatible), shown(latest), source]
            }
            StandingSource::Tag { reference, current, latest } => {
                let current = current.map_or_else(|| "-".to_owned(), text::short);
                let latest = text::short(*latest);
                [name, current, latest.clone(), latest, format!("oci://{reference}")]
            }
        }
    });
    text::columns(&[heading].into_iter().chain(rows).collect::<Vec<_>>())
}

fn message(standing: &Standing) -> message::Standing {
    let component = standing.component.as_ref().map(ToString::to_string);
    let text = |version: &Option<_>| version.as_ref().map(ToString::to_string);
    let is_outdated = standing.is_outdated();
    match &standing.source {
        StandingSource::Package { package, requirement, current, compatible, latest } => message::Standing {
            component,
            source: package.to_string(),
            requirement: Some(requirement.to_string()),
            current: text(current),
            compatible: text(compatible),
            latest: text(latest),
            outdated: is_outdated,
        },
        StandingSource::Tag { reference, current, latest } => message::Standing {
            component,
            source: format!("oci://{reference}"),
            requirement: None,
            current: current.map(|digest| digest.to_string()),
            compatible: Some(latest.to_string()),
            latest: Some(latest.to_string()),
            outdated: is_outdated,
        },
    }
}
