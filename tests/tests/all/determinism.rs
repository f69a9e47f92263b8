//! The same inputs give the same bytes, wherever and however they are composed.

use std::num::NonZeroUsize;

use compose_tests::{
    artifact::publish,
    execution::{block_on, invoke},
    sandbox::Sandbox,
};
use composer::driver::{self, LastBuild};

use crate::steps::{application, check, step};

/// An application with everything that could come in another order: packages, files, a folder, host imports, instances.
fn large_application() -> Sandbox {
    let sandbox = Sandbox::new(
        r#"
        [registries]
        default = "dir:registry"
        [components]
        one = { path = "one.wasm" }
        two = "t:two@1"
        three = { path = "folder" }
        four = "t:four@1"
        [instances]
        four-b = { component = "four" }
        four-a = { component = "four" }
        [links.three]
        "t:steps/d" = "four-a"
        [exports]
        "t:steps/a" = "one"
        "t:steps/d" = "four-b"
        "#,
    );
    sandbox.write("one.wasm", step("a", Some("b"), 1));
    publish(&sandbox.path("registry"), "t:two@1.0.0", &step("b", Some("c"), 2));
    sandbox.write("folder/inner.wasm", step("c", Some("d"), 3));
    sandbox.write(
        "folder/compose.toml",
        "[components]\ninner = { path = \"inner.wasm\" }\n[links.inner]\n\"t:steps/d\" = \"host\"\n",
    );
    publish(&sandbox.path("registry"), "t:four@1.0.0", &step("d", None, 4));
    sandbox
}

/// The bytes of the result and of both locks.
fn outputs(jobs: usize) -> [Vec<u8>; 3] {
    let sandbox = large_application();
    let mut session = sandbox.session();
    session.jobs = NonZeroUsize::new(jobs).unwrap();
    let built = block_on(driver::build(&session, None, LastBuild::of(&session))).unwrap();
    assert_eq!(invoke(&built.component.to_bytes().unwrap(), "a#f(5)"), "54321");
    [sandbox.read("target/compose/app.wasm"), sandbox.read("compose.lock"), sandbox.read("folder/compose.lock")]
}

#[test]
fn directories_and_parallelism_leave_no_trace_in_the_outputs() {
    let one = outputs(1);
    for jobs in [1, 2, 8] {
        assert!(one == outputs(jobs), "with {jobs} jobs");
    }
}

#[test]
fn the_command_gives_the_bytes_that_the_library_gives() {
    let sandbox = large_application();
    let run = sandbox.compose("build --jobs 3 -o elsewhere/out.wasm");
    assert_eq!(run.status, Some(0), "{run}");
    assert!(sandbox.read("elsewhere/out.wasm") == outputs(1)[0]);
}

#[test]
fn a_second_build_does_not_touch_the_lock() {
    let sandbox = large_application();
    sandbox.build();
    let lock = sandbox.path("compose.lock");
    let written = || std::fs::metadata(&lock).unwrap().modified().unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&lock).unwrap().set_modified(long_ago).unwrap();
    let before = sandbox.lock();
    sandbox.build();
    assert_eq!(sandbox.compose("lock").status, Some(0));
    assert_eq!((sandbox.lock(), written()), (before, long_ago));
}

#[test]
fn a_build_leaves_nothing_but_its_outputs() {
    let sandbox = application("", [("one", step("a", None, 1))]);
    sandbox.build();
    let names = |directory: &str| {
        let entries = std::fs::read_dir(sandbox.path(directory)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(""), [".cache", "compose.lock", "compose.toml", "one.wasm", "target"]);
    assert_eq!(names("target/compose"), ["app.wasm", "fingerprint.json"]);
}

#[test]
fn the_order_of_entries_does_not_change_the_providers() {
    let mut components = [
        ("one", step("a", Some("b"), 1)),
        ("two", step("b", Some("c"), 2)),
        ("three", step("c", None, 3)),
        ("four", step("e", None, 4)),
    ];
    let exports = "[exports]\n\"t:steps/a\" = \"one\"\n";
    let first = check(exports, components.clone(), "a#f(5)", "5321").planned.lock.clone();
    for _ in 0..3 {
        components.rotate_left(1);
        assert_eq!(check(exports, components.clone(), "a#f(5)", "5321").planned.lock, first);
    }
}

#[test]
fn the_result_names_neither_a_path_nor_a_user() {
    let sandbox = large_application();
    let built = sandbox.build();
    let directory = sandbox.path("").display().to_string();
    let directory = directory.trim_end_matches('/').as_bytes();
    assert!(!built.bytes.windows(directory.len()).any(|window| window == directory));
}
