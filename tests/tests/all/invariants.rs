//! What must be true of this repository's sources, so that its layers stay what the design says.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below a directory, each as its path from the root of the repository and its text.
fn sources(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pending = vec![root().join(directory)];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{directory} has no sources");
    found
}

/// The files below `directory` with a line of code (not of comment) that has `text`, those under `allowed` left out.
fn with(directory: &str, text: &str, allowed: &[&str]) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let files =
        sources(directory).into_iter().filter(|(name, _)| !allowed.iter().any(|allowed| name.starts_with(allowed)));
    let files = files.filter(|(_, source)| source.lines().filter(is_code).any(|line| line.contains(text)));
    let mut names: Vec<String> = files.map(|(name, _)| name).collect();
    names.sort();
    names
}

/// The names of the dependencies of a crate, those of its tests left out.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn only_the_driver_of_the_composer_is_asynchronous() {
    assert_eq!(with("composer/src", "async", &["composer/src/driver"]), [""; 0]);
    assert_eq!(with("composer/src", ".await", &["composer/src/driver"]), [""; 0]);
    assert_eq!(with("wit/src", "async fn", &[]), [""; 0]);
}

#[test]
fn only_encoding_knows_the_encoder() {
    assert_eq!(with("composer/src", "wac_graph", &["composer/src/encode/imports.rs"]), [""; 0]);
    for directory in ["composer/cli/src", "composer/runtime/src", "registry-client/src", "wit/src"] {
        assert_eq!(with(directory, "wac_graph", &[]), [""; 0]);
    }
}

#[test]
fn no_library_knows_a_terminal() {
    for manifest in
        ["composer/Cargo.toml", "composer/runtime/Cargo.toml", "registry-client/Cargo.toml", "wit/Cargo.toml"]
    {
        for dependency in dependencies(manifest) {
            assert!(
                !["annotate-snippets", "anyhow", "clap", "indicatif"].contains(&dependency.as_str()),
                "{manifest}: {dependency}"
            );
        }
    }
    for directory in ["composer/src", "composer/runtime/src", "registry-client/src", "wit/src"] {
        for text in ["println!", "eprintln!", "print!(", "eprint!(", "env::var", "env::args", "IsTerminal"] {
            // The streams of a guest have to say that they are no terminals.
            assert_eq!(with(directory, text, &["composer/runtime/src/host.rs"]), [""; 0], "{text}");
        }
    }
}

#[test]
fn the_leaves_do_not_know_each_other() {
    let ours = ["compose-cli", "compose-runtime", "composer", "registry-client", "wit"];
    for manifest in ["registry-client/Cargo.toml", "wit/Cargo.toml", "composer/runtime/Cargo.toml"] {
        assert!(dependencies(manifest).iter().all(|dependency| !ours.contains(&dependency.as_str())), "{manifest}");
    }
    assert!(dependencies("composer/Cargo.toml").iter().all(|dependency| !dependency.starts_with("compose-")));
}

#[test]
fn nothing_is_unsafe() {
    let unsafe_block = ["unsafe", " {"].concat();
    for directory in ["composer", "registry-client", "tests", "wit"] {
        assert_eq!(with(directory, &unsafe_block, &[]), [""; 0]);
    }
    for manifest in [
        "composer/Cargo.toml",
        "composer/cli/Cargo.toml",
        "composer/runtime/Cargo.toml",
        "registry-client/Cargo.toml",
        "wit/Cargo.toml",
    ] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest}");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for directory in ["composer", "registry-client", "tests", "wit"] {
        for (name, source) in sources(directory) {
            assert!(source.starts_with("//!"), "{name} does not begin with `//!`");
        }
    }
}
