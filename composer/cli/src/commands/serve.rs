//! `compose serve`: HTTP requests answered by the component, until the process is asked to end.

use std::{io, net::SocketAddr, sync::Arc};

use compose_runtime::{Event, Output as GuestOutput, ServeOptions};
use composer::diagnostic::{Code, Diagnostic};

use super::guest;
use crate::{
    args::{ManifestOptions, MessageFormat, ServeArgs},
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::block_on,
};

pub(super) fn run(arguments: &ServeArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let application = guest::load(&arguments.target, options, output)?.application;
    let told = *output;
    let options = ServeOptions {
        // In JSON, standard output is for messages.
        stdout: match output.format() {
            MessageFormat::Human => GuestOutput::Stdout,
            MessageFormat::Json => GuestOutput::Stderr,
        },
        stderr: GuestOutput::Stderr,
        access: guest::access(&arguments.access),
        report: Arc::new(move |event| report(&event, &told)),
        ..ServeOptions::new(arguments.addr)
    };
    let ready = |address| announce(address, output);
    block_on(async { application.serve(options, ready, asked_to_end()).await })?
        .map_err(|error| guest::failure(&error))?;
    Ok(Ended::Well)
}

/// Says where requests are answered. A reader of messages that went away is no reason to stop answering.
fn announce(address: SocketAddr, output: &Output) {
    let url = format!("http://{address}");
    match output.format() {
        MessageFormat::Human => output.remark(format_args!("Serving on {url} (Ctrl-C ends it)")),
        MessageFormat::Json => drop(output.message(&Message::Serving { url })),
    }
}

fn report(event: &Event, output: &Output) {
    match event {
        Event::Answered { method, path, status } => match output.format() {
            MessageFormat::Human => output.detail(format_args!("{method} {path} {status}")),
            MessageFormat::Json => {
                let (method, path) = (method.clone(), path.clone());
                drop(output.message(&Message::Answered { method, path, status: *status }));
            }
        },
        Event::Failed { method, path, error } => {
            let found = guest::diagnostic(error).note(format!("at the request {method} {path}"));
            drop(output.diagnostics(&[found]));
        }
        Event::NotAccepted { source } => drop(output.diagnostics(&[not_accepted(source)])),
        _ => {}
    }
}

/// Is ready when this process is asked to end: by Ctrl-C, or on Unix as service managers do.
async fn asked_to_end() {
    let interrupted = async {
        // Without the signal there is nothing to wait for, and the operating system ends the process its own way.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

fn not_accepted(error: &io::Error) -> Diagnostic {
    Diagnostic::warning(Code::RuntimeUnavailable, "the operating system refused a connection").note(error.to_string())
}
