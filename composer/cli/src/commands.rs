//! What each command does: one module a command, and the dispatch between them.

mod add;
mod build;
mod cache;
mod changes;
mod check;
mod completions;
mod describe;
mod doctor;
mod explain;
#[cfg(feature = "runtime")]
mod guest;
mod inspect;
#[cfg(feature = "runtime")]
mod invoke;
#[cfg(feature = "warg")]
mod key;
mod lock;
mod login;
mod new;
mod place;
mod pull;
mod push;
mod remove;
#[cfg(feature = "runtime")]
mod run;
#[cfg(test)]
mod sample;
mod schema;
#[cfg(feature = "runtime")]
mod serve;
mod tree;
mod update;
mod vendor;
mod why;
mod wit;
#[cfg(feature = "warg")]
mod yank;

use std::{collections::BTreeSet, process::ExitCode};

use composer::plan::Plan;

use crate::{
    args::{Cli, Command},
    exit::{Complaint, Ended, Stop},
    output::Output,
    report::Subject,
    text,
};

/// Does what the command line asks for, and says why if that cannot be done.
pub(crate) fn run(cli: &Cli) -> ExitCode {
    let output = Output::new(&cli.output);
    match dispatch(cli, &output) {
        Ok(ended) => ended.into(),
        Err(stop) => {
            // Whether or not it can still be said, the exit status tells.
            let _ = output.stop(&stop, subject(cli).as_ref());
            ExitCode::from(stop.status())
        }
    }
}

fn dispatch(cli: &Cli, output: &Output) -> Result<Ended, Stop> {
    let options = &cli.manifest;
    if output.report_format().is_some() && subject(cli).is_none() {
        return Err(Stop::Usage(no_report(cli)));
    }
    match &cli.command {
        Command::New(arguments) => new::run(arguments, output),
        Command::Init(arguments) => new::run_here(arguments, output),
        Command::Build(arguments) => build::run(arguments, options, output),
        Command::Check(arguments) => match &arguments.file {
            Some(file) => wit::check(file, arguments, options, output),
            None => check::run(arguments, options, output),
        },
        Command::Add(arguments) => add::run(arguments, options, output),
        Command::Remove(arguments) => remove::run(arguments, options, output),
        Command::Update(arguments) => update::run(arguments, options, output),
        Command::Outdated(arguments) => update::run_outdated(arguments, options, output),
        Command::Tree(arguments) => tree::run(arguments, options, output),
        Command::Why(arguments) => why::run(arguments, options, output),
        Command::Inspect(arguments) => inspect::run(arguments, output),
        Command::Lock(arguments) => lock::run(arguments, options, output),
        Command::Fetch => lock::run_fetch(options, output),
        Command::Vendor(arguments) => vendor::run(arguments, options, output),
        #[cfg(feature = "runtime")]
        Command::Run(arguments) => run::run(arguments, options, output),
        #[cfg(feature = "runtime")]
        Command::Serve(arguments) => serve::run(arguments, options, output),
        #[cfg(feature = "runtime")]
        Command::Invoke(arguments) => invoke::run(arguments, options, output),
        #[cfg(not(feature = "runtime"))]
        Command::Run(_) | Command::Serve(_) | Command::Invoke(_) => Err(Stop::Usage(no_runtime())),
        Command::Push(arguments) => push::run(arguments, options, output),
        Command::Pull(arguments) => pull::run(arguments, options, output),
        #[cfg(feature = "warg")]
        Command::Yank(arguments) => yank::run(arguments, options, output),
        #[cfg(feature = "warg")]
        Command::Key(arguments) => key::run(arguments, options, output),
        #[cfg(not(feature = "warg"))]
        Command::Yank(_) | Command::Key(_) => Err(Stop::Usage(no_warg())),
        Command::Login(arguments) => login::run(arguments, options, output),
        Command::Logout(arguments) => login::run_logout(arguments, output),
        Command::Cache(arguments) => cache::run(arguments, output),
        Command::Doctor(arguments) => doctor::run(arguments, options, output),
        Command::Wit(arguments) => wit::run(arguments, options, output),
        Command::Explain(arguments) => explain::run(arguments, output),
        Command::Completions(arguments) => completions::run(arguments, output),
        Command::Schema => schema::run(output),
    }
}

/// What a report is about, for commands that write one.
fn subject(cli: &Cli) -> Option<Subject> {
    match &cli.command {
        Command::Check(arguments) => Some(match &arguments.file {
            Some(file) => wit::checked(file, arguments),
            None => check::subject(&cli.manifest),
        }),
        Command::Wit(arguments) => wit::subject(arguments),
        _ => None,
    }
}

fn no_report(cli: &Cli) -> Complaint {
    let format = cli.output.message_format.as_str();
    Complaint {
        message: format!("this command cannot write its results as `{format}`"),
        hints: vec![
            "`compose check`, `compose wit lint` and `compose wit compat` write such reports".to_owned(),
            "use `--message-format json` for programs".to_owned(),
        ],
    }
}

/// What an application consists of, in a few words.
fn summary(plan: &Plan) -> String {
    let (instances, components) = (plan.instances.len(), embedded(plan));
    format!("{} of {}", text::count(instances, "instance"), text::count(components, "component"))
}

/// How many different components are in the result: equal ones are embedded once.
fn embedded(plan: &Plan) -> usize {
    plan.instances.iter().map(|instance| instance.digest).collect::<BTreeSet<_>>().len()
}

#[cfg(not(feature = "warg"))]
fn no_warg() -> Complaint {
    Complaint {
        message: "this `compose` was built without warg registries".to_owned(),
        hints: vec![
            "get a `compose` that has them: they are left out only by `--no-default-features`\n\
             cargo install --path composer/cli --features warg"
                .to_owned(),
        ],
    }
}

#[cfg(not(feature = "runtime"))]
fn no_runtime() -> Complaint {
    Complaint {
        message: "this `compose` was built without a runtime".to_owned(),
        hints: vec![
            "build it with the feature `runtime`, which is on by default".to_owned(),
            "or give the component that `compose build` writes to another runtime, like wasmtime".to_owned(),
        ],
    }
}
