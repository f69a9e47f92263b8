//! Commands: what they are given and how they end.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use compose_runtime::{Access, Application, Directory, Error, Output, RunOptions};
use insta::assert_snapshot;

use crate::guest::{dummy, explain, guest, load};

static COMMAND: LazyLock<Application> = LazyLock::new(|| load(&guest!("command")));

/// Runs the command so that it ends as `how` says, and returns what it printed too.
async fn run(how: &str) -> (Result<u8, Error>, String) {
    let printed = Arc::new(Mutex::new(Vec::new()));
    let options = RunOptions {
        arguments: vec![how.to_owned(), "two words".to_owned()],
        stdout: Output::Writer(printed.clone()),
        access: Access {
            environment: vec![("GREETING".to_owned(), "hello".to_owned()), ("EMPTY".to_owned(), String::new())],
            directories: vec![Directory { host: std::env::temp_dir(), guest: "/data".to_owned() }],
            ..Access::default()
        },
        ..RunOptions::default()
    };
    let ended = COMMAND.run(options).await;
    let printed = String::from_utf8(printed.lock().unwrap().clone()).unwrap();
    (ended, printed)
}

#[tokio::test]
async fn gives_arguments_environment_and_directories_and_takes_what_is_printed() {
    let (status, printed) = run("ok").await;
    assert_eq!(status.unwrap(), 0);
    assert_snapshot!(printed, @"
    ok
    two words
    GREETING=hello
    EMPTY=
    /data
    ");
}

#[tokio::test]
async fn an_err_is_status_1() {
    assert_eq!(run("err").await.0.unwrap(), 1);
}

#[tokio::test]
async fn returns_the_status_that_the_guest_exits_with() {
    assert_eq!(run("status").await.0.unwrap(), 7);
}

#[tokio::test]
async fn a_trap_has_its_cause_and_its_backtrace_and_loses_no_output() {
    let (ended, printed) = run("trap").await;
    let error = ended.unwrap_err();
    assert_snapshot!(explain(&error), @"the component trapped: wasm `unreachable` instruction executed");
    let Error::Trap { backtrace, .. } = error else { panic!("{error:?}") };
    let backtrace: Vec<_> = backtrace.iter().map(ToString::to_string).collect();
    assert_snapshot!(backtrace.join("\n"), @"command: function 9");
    assert!(printed.starts_with("trap\n"));
}

#[tokio::test]
async fn a_command_of_wasi_0_3_runs_too() {
    let application = load(&guest!("command3"));
    assert_eq!(application.run(RunOptions::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_guest_without_end_stops_when_its_future_is_dropped() {
    let started = Arc::new(Mutex::new(Vec::new()));
    let options = RunOptions {
        arguments: vec!["loop".to_owned()],
        stdout: Output::Writer(started.clone()),
        ..RunOptions::default()
    };
    // One thread for both: the test goes on only because the guest yields.
    tokio::select! {
        ended = COMMAND.run(options) => panic!("{ended:?}"),
        () = async { while started.lock().unwrap().is_empty() { tokio::task::yield_now().await } } => {}
    }
}

#[tokio::test]
async fn says_what_a_component_exports_that_is_no_command() {
    let error = load(&guest!("shop")).run(RunOptions::default()).await.unwrap_err();
    assert_snapshot!(explain(&error), @"the component does not export `wasi:cli/run`");
    let Error::NotACommand { exports } = error else { panic!("{error:?}") };
    assert_eq!(exports, ["version", "shop:catalog/api@1.0.0", "shop:catalog/stock@1.0.0"]);
}

#[tokio::test]
async fn refuses_a_run_of_another_type() {
    let application = load(&dummy(
        "package test:differing;
         world differing { export wasi:cli/run@0.2.0; }
         package wasi:cli@0.2.0 { interface run { run: func() -> u32; } }",
    ));
    let error = application.run(RunOptions::default()).await.unwrap_err();
    assert_snapshot!(explain(&error), @"
    the component exports `wasi:cli/run` with another type than WASI's
    failed to convert function to given type
    type mismatch with results
    expected `result` found `u32`
    ");
    assert!(matches!(error, Error::IncompatibleExport { interface: "wasi:cli/run", .. }));
}

#[tokio::test]
async fn names_the_directory_that_it_cannot_open() {
    let directories = vec![Directory { host: PathBuf::from("/nonexistent/data"), guest: "/data".to_owned() }];
    let options = RunOptions { access: Access { directories, ..Access::default() }, ..RunOptions::default() };
    let error = COMMAND.run(options).await.unwrap_err();
    assert_snapshot!(explain(&error), @"
    cannot open the directory `/nonexistent/data`
    No such file or directory (os error 2)
    ");
}
