//! All files in `tests/scenarios`. `UPDATE_SCENARIOS=1 cargo test -p composer --test resolution` writes what comes of them.

use std::{fs, path::PathBuf};

use similar::TextDiff;

use crate::{
    scenario::Scenario,
    shelf::{Answer, manifest},
};

fn files() -> Vec<(PathBuf, String)> {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios"));
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    texts.collect()
}

#[test]
fn every_scenario_comes_out_as_expected() {
    let is_update = std::env::var_os("UPDATE_SCENARIOS").is_some();
    let mut differences = String::new();
    for (path, text) in files() {
        let scenario = Scenario::parse(&text);
        let found = scenario.run();
        if found == scenario.expected {
            continue;
        }
        if is_update {
            fs::write(&path, format!("{}--- expect\n{found}", scenario.given)).unwrap();
            continue;
        }
        let diff = TextDiff::from_lines(&scenario.expected, &found);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        differences.push_str(&diff.unified_diff().header(&name, "what came of it").to_string());
    }
    assert!(differences.is_empty(), "\n{differences}\nUPDATE_SCENARIOS=1 writes what came of them");
}

#[test]
fn there_are_scenarios_of_every_kind() {
    assert!(files().len() >= 60, "{}", files().len());
    let kinds = ["deep-backtracking", "tracks", "diamond", "cycle", "yanked", "pre-release", "thousands-of-versions"];
    for kind in kinds {
        let is_of_kind = |path: &PathBuf| path.file_stem().is_some_and(|name| name.to_string_lossy().contains(kind));
        assert!(files().iter().any(|(path, _)| is_of_kind(path)), "{kind}");
    }
}

/// The manifest with its entries the other way round.
fn reversed(text: &str) -> String {
    let (before, entries) = text.split_once("[components]\n").unwrap();
    let end = entries.find("\n[").map_or(entries.len(), |end| end + 1);
    let mut lines: Vec<&str> = entries[..end].lines().filter(|line| !line.is_empty()).collect();
    lines.reverse();
    format!("{before}[components]\n{}\n{}", lines.join("\n"), &entries[end..])
}

fn versions(answer: &Answer) -> Option<Vec<String>> {
    let (resolution, _) = answer.outcome.as_ref().ok()?;
    let mut versions: Vec<String> =
        resolution.components.iter().map(|c| format!("{} {:?}", c.name, c.source.version())).collect();
    versions.sort();
    Some(versions)
}

#[test]
fn the_order_of_the_manifest_changes_nothing() {
    for (path, text) in files() {
        let scenario = Scenario::parse(&text);
        let (Ok(one), Ok(other)) = (manifest(&scenario.manifest), manifest(&reversed(&scenario.manifest))) else {
            continue;
        };
        let one = scenario.shelf.settle(&one, scenario.lock_of(&one).as_ref());
        let other = scenario.shelf.settle(&other, scenario.lock_of(&other).as_ref());
        assert_eq!(versions(&one), versions(&other), "{}", path.display());
        assert_eq!((one.questions, one.choices), (other.questions, other.choices), "{}", path.display());
    }
}

#[test]
fn what_was_locked_is_chosen_again_without_a_question_and_gives_the_same_lock() {
    for (path, text) in files() {
        let scenario = Scenario::parse(&text);
        let Ok(manifest) = manifest(&scenario.manifest) else { continue };
        let Ok((_, lock)) = scenario.shelf.settle(&manifest, scenario.lock_of(&manifest).as_ref()).outcome else {
            continue;
        };
        let again = scenario.shelf.settle(&manifest, Some(&lock));
        let (_, relocked) = again.outcome.unwrap();
        assert_eq!(relocked.to_text(), lock.to_text(), "{}", path.display());
        assert_eq!(again.questions, 0, "{}", path.display());
    }
}
