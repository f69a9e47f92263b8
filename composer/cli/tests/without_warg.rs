//! What a build without warg registries says of them: `cargo test -p compose-cli --no-default-features`.

#![cfg(not(feature = "warg"))]
// A test that cannot go on panics; that is how it fails.
#![allow(clippy::expect_used)]

use std::{fs, process::Command};

use insta::assert_snapshot;

/// What the command says in a directory with a manifest of one component of a warg registry.
fn said(arguments: &str) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let manifest = "[registries]\narchive = \"warg+https://warg.example\"\n\
                    [components]\nfront = { package = \"shop:front\", registry = \"archive\" }\n";
    fs::write(directory.path().join("compose.toml"), manifest).expect("it can be written");
    fs::write(directory.path().join("front.wasm"), b"\0asm\r\0\x01\0").expect("it can be written");
    fs::write(directory.path().join("token"), "s3cret").expect("it can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_compose"));
    command.current_dir(&directory).env_clear().env("HOME", directory.path()).args(arguments.split(' '));
    command.stdin(fs::File::open(directory.path().join("token")).expect("it was written"));
    let output = command.output().expect("it was built with the test");
    format!("{}{}", String::from_utf8_lossy(&output.stderr), output.status)
}

#[test]
fn a_component_in_one_is_refused_with_how_to_get_it() {
    assert_snapshot!(said("build"), @r#"
    error[unsupported-registry]: warg+https://warg.example cannot be used: this program was built without support for warg registries
     --> compose.toml:4:9
      |
    4 | front = { package = "shop:front", registry = "archive" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: get a `compose` that has them: they are left out only by `--no-default-features`
              cargo install --path composer/cli --features warg
    exit status: 1
    "#);
}

#[test]
fn so_is_what_would_be_published_there() {
    assert_snapshot!(said("push front.wasm --as shop:front@1.0.0 --to archive"), @"
    error[unsupported-registry]: warg+https://warg.example cannot be used: this program was built without support for warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 1
    ");
    assert_snapshot!(said("push front.wasm --as shop:front@1.0.0 --to warg+https://warg.example"), @"
    error[unsupported-registry]: warg+https://warg.example cannot be used: this program was built without support for warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 1
    ");
}

#[test]
fn so_is_what_would_be_pulled_from_there() {
    assert_snapshot!(said("pull shop:front@1.0.0 --registry warg+https://warg.example -o pulled.wasm"), @"
    error[unsupported-registry]: warg+https://warg.example cannot be used: this program was built without support for warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 1
    ");
}

#[test]
fn so_are_commands_that_only_they_know() {
    assert_snapshot!(said("yank shop:front@1.0.0"), @"
    error: this `compose` was built without warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 2
    ");
    assert_snapshot!(said("key new file"), @"
    error: this `compose` was built without warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 2
    ");
    assert_snapshot!(said("login warg+https://warg.example --token-stdin"), @"
    error[unsupported-registry]: warg+https://warg.example cannot be used: this program was built without support for warg registries
     |
     = help: get a `compose` that has them: they are left out only by `--no-default-features`
             cargo install --path composer/cli --features warg
    exit status: 1
    ");
}
