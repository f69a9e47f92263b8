//! Where results go: into files, through links, into pipes; and never in the place of what they are made of.

#[cfg(unix)]
use std::process::Command;
use std::{fs, thread};

use compose_tests::sandbox::Sandbox;
use insta::assert_snapshot;

use crate::steps::{application, step};

fn sandbox() -> Sandbox {
    application("", [("one", step("a", None, 1))])
}

#[test]
fn a_result_takes_the_place_of_nothing_that_it_is_made_of() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.compose("build -o one.wasm"), @"
    error[output-is-input]: the result cannot be `one.wasm`: the application is made of it
     |
     = help: name another file
             compose build -o FILE
    exit status 1
    ");
    sandbox.build();
    for (input, how) in [("compose.toml", ""), ("compose.lock", ""), ("one.wasm", "--wat ")] {
        let run = sandbox.compose(&format!("build {how}-o {input}")).to_string();
        assert!(run.contains(&format!("error[output-is-input]: the result cannot be `{input}`")), "{run}");
    }
    assert_eq!(sandbox.read("one.wasm"), step("a", None, 1));

    let sandbox = Sandbox::new("[components]\none = { path = \"target/compose/app.wasm\" }\n");
    sandbox.write("target/compose/app.wasm", step("a", None, 1));
    assert_snapshot!(sandbox.compose("build"), @"
    error[output-is-input]: the result cannot be `target/compose/app.wasm`: the application is made of it
     |
     = help: name another file
             compose build -o FILE
    exit status 1
    ");
}

#[test]
fn a_directory_is_no_place_for_a_result() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("out")).unwrap();
    assert_snapshot!(sandbox.compose("build -o out"), @"
    error[output-unwritable]: cannot write `out`: it is a directory
     |
     = help: name a file in it, as with
             compose build -o DIRECTORY/app.wasm
    exit status 3
    ");
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_the_result() {
    let sandbox = sandbox();
    let built = sandbox.build();
    fs::create_dir(sandbox.path("out")).unwrap();
    sandbox.write("out/real.wasm", "");
    std::os::unix::fs::symlink("out/real.wasm", sandbox.path("link.wasm")).unwrap();
    sandbox.compose("build -o link.wasm");
    assert!(sandbox.path("link.wasm").is_symlink());
    assert!(sandbox.read("out/real.wasm") == built.bytes);
    assert_eq!(fs::read_dir(sandbox.path("out")).unwrap().count(), 1, "no temporary is left");
}

#[cfg(unix)]
#[test]
fn a_pipe_gets_the_result_and_stays_one() {
    let sandbox = sandbox();
    let built = sandbox.build();
    let pipe = sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for _ in 0..2 {
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        sandbox.compose("build -o pipe");
        assert!(reader.join().unwrap() == built.bytes);
    }
}

#[test]
fn what_another_manifest_has_built_beside_is_not_unchanged() {
    let sandbox = sandbox();
    sandbox.write("two.wasm", step("a", None, 2));
    sandbox.write("other.toml", "[components]\ntwo = { path = \"two.wasm\" }\n");
    let built = sandbox.build();
    sandbox.compose("build --manifest-path other.toml");
    assert!(sandbox.read("target/compose/app.wasm") != built.bytes);
    sandbox.compose("build");
    assert!(sandbox.read("target/compose/app.wasm") == built.bytes);
}

#[test]
fn what_a_killed_build_has_left_goes_when_nobody_writes_it_any_more() {
    let sandbox = sandbox();
    sandbox.write("target/compose/.compose-abandoned", "half");
    sandbox.write("target/compose/.compose-written", "half");
    let file = fs::File::options().write(true).open(sandbox.path("target/compose/.compose-abandoned")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    sandbox.build();
    assert!(!sandbox.path("target/compose/.compose-abandoned").exists());
    assert!(sandbox.path("target/compose/.compose-written").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said_of_the_result_and_not_of_a_temporary() {
    assert_snapshot!(sandbox().compose("build -o /proc/app.wasm"), @"
    error[output-unwritable]: cannot write `/proc/app.wasm`
     |
     = note: No such file or directory (os error 2)
    exit status 3
    ");
}

#[test]
fn a_dash_is_no_file() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.compose("build -o -"), @"
    error: `-` is no file that a result is written to
     |
     = help: standard output is `/dev/stdout`, and a file of that name is `./-`
    exit status 2
    ");
    assert!(!sandbox.path("-").exists());
}

#[test]
fn programs_are_told_the_same_path_whether_anything_has_changed_or_not() {
    let sandbox = sandbox();
    let path = || {
        let run = sandbox.compose("build -q --message-format json").to_string();
        run.split_once("\"path\":").map(|(_, rest)| rest.split(',').next().unwrap_or_default().to_owned())
    };
    assert_eq!(
        (path(), path()),
        (Some("\"target/compose/app.wasm\"".into()), Some("\"target/compose/app.wasm\"".into()))
    );
}
