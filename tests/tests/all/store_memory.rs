//! What the store remembers of components saves time, and is never a reason to emit something else or something invalid.

use std::{fs, path::PathBuf};

use compose_tests::{
    artifact::publish,
    execution::{block_on, invoke},
    sandbox::Sandbox,
};
use composer::driver;
use insta::assert_snapshot;
use registry_client::{DerivedKind, Digest};

use crate::{
    refused,
    steps::{application, step},
};

const SHELL: DerivedKind<'_> = DerivedKind { name: "shell", binding: "4" };

/// An application of a file and a package.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(
        "[registries]\ndefault = \"dir:registry\"\n[components]\none = { path = \"one.wasm\" }\ntwo = \"t:two@1\"\n",
    );
    sandbox.write("one.wasm", step("a", Some("b"), 1));
    publish(&sandbox.path("registry"), "t:two@1.0.0", &step("b", None, 2));
    sandbox
}

/// Everything that the store remembers, of every kind.
fn records(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![sandbox.path(".cache/derived")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { directories.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A component that is `step("a", None, 1)` but for one instruction, which makes it invalid.
fn invalid_step() -> Vec<u8> {
    const MULTIPLY: u8 = 0x6c;
    const MULTIPLY_LONG: u8 = 0x7e;
    let mut component = step("a", None, 1);
    let body =
        component.windows(3).position(|bytes| bytes == [0x41, 10, MULTIPLY]).expect("the number is multiplied by ten");
    component[body + 2] = MULTIPLY_LONG;
    component
}

#[test]
fn shells_and_proofs_are_remembered() {
    let sandbox = sandbox();
    let built = sandbox.build();
    let first = records(&sandbox);
    // The shell of what is published is for every application; the rest is one record of this one.
    assert_eq!(first.len(), 2, "{first:#?}");
    assert_eq!(sandbox.build().bytes, built.bytes);
    assert_eq!(records(&sandbox), first);
}

#[test]
fn damaged_memory_changes_nothing() {
    let sandbox = sandbox();
    let built = sandbox.build();
    for record in records(&sandbox) {
        let whole = fs::read(&record).unwrap();
        for damaged in [&whole[..whole.len() / 2], &[], &whole[1..], &[whole.as_slice(), b"!"].concat()] {
            fs::write(&record, damaged).unwrap();
            assert!(sandbox.build().bytes == built.bytes, "{}", record.display());
        }
    }
}

#[test]
fn memory_of_one_thing_is_none_of_another() {
    let sandbox = sandbox();
    let built = sandbox.build();
    let records = records(&sandbox);
    for from in &records {
        for to in records.iter().filter(|to| *to != from) {
            let (forged, genuine) = (fs::read(from).unwrap(), fs::read(to).unwrap());
            fs::write(to, forged).unwrap();
            assert!(sandbox.build().bytes == built.bytes, "{} as {}", from.display(), to.display());
            fs::write(to, genuine).unwrap();
        }
    }
}

/// A package in a registry: its bytes are verified by the store, so that its shell is taken from there if it is there.
fn published(component: &[u8]) -> Sandbox {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n[components]\none = \"t:one@1\"\n");
    publish(&sandbox.path("registry"), "t:one@1.0.0", component);
    sandbox
}

#[test]
fn an_invalid_component_is_refused_whatever_the_store_remembers_of_a_valid_one() {
    let (valid, invalid) = (step("a", None, 1), invalid_step());
    let good = published(&valid);
    good.build();
    let bad = published(&invalid);

    // The store is told that the invalid component has the shell of the valid one, whose modules are proved.
    let shell = good.session().client.store().derived(SHELL, Digest::of(&valid)).expect("it is remembered");
    let session = bad.session();
    session.client.store().keep_derived(SHELL, Digest::of(&invalid), &shell);
    for record in records(&good) {
        let copy = bad.path(record.strip_prefix(good.path("")).unwrap());
        if !copy.exists() {
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(record, copy).unwrap();
        }
    }
    let message = || bad.try_build().unwrap_err().diagnostics()[0].message.clone();
    assert_eq!(message(), "the component `one` is not valid");
    assert!(!bad.path("target").exists());
}

#[test]
fn a_component_is_of_its_own_type_whatever_the_store_remembers() {
    let component = step("a", None, 1);
    let sandbox = published(&component);
    sandbox.build();
    let type_of = |component: &[u8]| wit::World::of_component(component).unwrap().to_type_section();
    let (own, other) = (type_of(&component), type_of(&step("b", None, 1)));
    assert_eq!(own.len(), other.len(), "the types differ in a name only");

    // The store is told that the component exports another interface.
    let session = sandbox.session();
    let store = session.client.store();
    let mut shell = store.derived(SHELL, Digest::of(&component)).expect("it is remembered");
    let place = shell.windows(own.len()).position(|bytes| bytes == own).expect("the type is in the record");
    shell[place..place + own.len()].copy_from_slice(&other);
    store.keep_derived(SHELL, Digest::of(&component), &shell);
    fs::remove_dir_all(sandbox.path("target")).unwrap();
    assert_snapshot!(refused(&sandbox), @"
    error[store-failure]: what the store remembers of the component `one` is not true
     |
     = note: the component is not of the type that is remembered
     = help: it is forgotten now: compose again
    exit status 3
    ");
    assert!(!sandbox.path("target").exists());
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "51");
}

#[test]
fn what_changes_between_reading_and_copying_is_not_copied() {
    let sandbox = application("", [("one", step("a", None, 1))]);
    let checked = block_on(driver::check(&sandbox.session())).unwrap();
    sandbox.write("one.wasm", step("a", None, 2));
    let error = checked.component.to_bytes().unwrap_err();
    assert_eq!(error.message, "a component cannot be read any more");
    assert_eq!(error.notes, ["it has other bytes than a moment ago"]);
}

#[test]
fn a_file_that_changes_behind_its_time_is_not_taken_for_what_it_was() {
    let sandbox = application("", [("one", step("a", None, 3))]);
    let file = fs::File::options().write(true).open(sandbox.path("one.wasm")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "53");
    sandbox.write("one.wasm", step("a", None, 4));
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(invoke(&sandbox.build().bytes, "a#f(5)"), "54");
}
