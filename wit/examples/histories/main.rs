//! Compares published versions of WASI and of Zed's extension API, and prints the verdict on each step; or, asked with
//! `speed`, how long it takes to compare two versions of all of WASI.
//!
//! The WIT is in published crates, which the package manager fetches; `tests/histories` names them, and has the recorded verdicts:
//!
//! ```text
//! cargo fetch --locked --manifest-path wit/tests/histories/Cargo.toml
//! cargo run -p wit --example histories | diff wit/tests/histories/verdicts.txt -
//! cargo run --release -p wit --example histories speed
//! ```

#![allow(clippy::panic, reason = "an example ends where something is missing")]

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use wit::Package;
use wit::compatibility::{Bump, Compatibility, Features, Policy, compatibility};

/// The crates of successive versions of WASI, and what each has.
const WASI: &[(&str, &str)] = &[
    ("wasi@0.12", "0.2.0"),
    ("wasi@0.13", "0.2.2"),
    ("wasi@0.14", "0.2.4"),
    ("wasip2@1", "0.2.12"),
    ("wasip3@0", "0.3.2"),
];

/// The directories of successive versions of Zed's extension API in its crate.
const ZED: &[&str] = &["0.0.1", "0.0.4", "0.0.6", "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0"];

fn main() {
    let crates = crates();
    let wasi: Vec<(&str, Package)> =
        WASI.iter().map(|(name, version)| (*version, read(&crate_of(&crates, name).join("wit")))).collect();
    if env::args().nth(1).as_deref() == Some("speed") {
        return speed(&wasi);
    }
    for pair in wasi.windows(2) {
        let [(before, old), (after, new)] = pair else { continue };
        println!("# WASI {before} to {after}\n");
        packages(old, new).iter().for_each(print);
    }
    let zed = crate_of(&crates, "zed_extension_api@0");
    let zed: Vec<(&str, Package)> =
        ZED.iter().map(|version| (*version, read(&zed.join(format!("wit/since_v{version}"))))).collect();
    for pair in zed.windows(2) {
        let [(before, old), (after, new)] = pair else { continue };
        println!("# zed:extension {before} to {after}\n");
        print(&compatibility(old, new, &Features::default()));
    }
}

fn read(path: &Path) -> Package {
    Package::from_path(path).unwrap_or_else(|error| panic!("{error}"))
}

/// Compares each package of one reading with that of its name of another.
fn packages(before: &Package, after: &Package) -> Vec<Compatibility> {
    let after = after.all();
    let pair = |old: Package| {
        let new = after.iter().find(|new| new.name() == old.name() && old.version().is_some())?;
        Some(compatibility(&old, new, &Features::default()))
    };
    before.all().into_iter().filter_map(pair).collect()
}

/// Prints the verdict, and what a version of the kind does not announce: how often each rule, and where first.
fn print(compared: &Compatibility) {
    let (required, made) = (compared.required(), compared.made());
    let policy = Policy::default();
    let judgement = compared.judge(&policy);
    let verdict = match (judgement.fails(), made) {
        (false, _) => "fine",
        (true, Bump::None) => "not versioned",
        (true, _) => "breaks",
    };
    println!(
        "{} to {}: {verdict}; {} changes, requires {required}, made {made}",
        compared.before,
        compared.after,
        compared.changes.len()
    );
    let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in judgement.findings.iter().filter(|finding| finding.is_reported()) {
        rules.entry(finding.change.rule.id).or_default().push(&finding.change.path);
    }
    for (rule, paths) in rules {
        println!(
            "  {rule}: {}{}",
            paths[0],
            if paths.len() > 1 { format!(" and {} more", paths.len() - 1) } else { String::new() }
        );
    }
    println!();
}

/// Prints how long the comparison of all packages of the first 0.2 with the last takes, without and with reading them.
fn speed(wasi: &[(&str, Package)]) {
    const ROUNDS: u32 = 20;
    let (old, new) = (&wasi[0].1, &wasi[3].1);
    let start = Instant::now();
    let changes: usize = (0..ROUNDS).flat_map(|_| packages(old, new)).map(|compared| compared.changes.len()).sum();
    let each = start.elapsed() / ROUNDS;
    let changes = changes / ROUNDS as usize;
    println!("WASI 0.2.0 with 0.2.12, all packages: {:.2} ms, {changes} changes", each.as_secs_f64() * 1000.0);
}

/// The directory of a crate, by its name and the beginning of its version.
fn crate_of(crates: &BTreeMap<String, PathBuf>, name: &str) -> PathBuf {
    let found = crates.iter().find(|(found, _)| *found == name || found.starts_with(&format!("{name}.")));
    found.unwrap_or_else(|| panic!("{name} is not among the crates: fetch them first")).1.clone()
}

/// Where the package manager keeps the crates, by `name@version`.
fn crates() -> BTreeMap<String, PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories/Cargo.toml");
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo runs because it runs this");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let path = |package: &serde_json::Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        Some((format!("{}@{}", package["name"].as_str()?, package["version"].as_str()?), manifest.parent()?.to_owned()))
    };
    packages.iter().filter_map(path).collect()
}
