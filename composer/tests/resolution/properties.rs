//! What must be true of every answer, for applications made by chance from seeds that do not change.

use std::collections::BTreeMap;

use composer::{
    diagnostic::Code,
    lock::Lock,
    manifest::{Manifest, Source},
    resolve::Resolution,
};
use semver::{Version, VersionReq};

use crate::shelf::{Component, Shelf, manifest};

const SEEDS: u64 = 120;

/// Numbers that look like chance and are the same each time: xorshift64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let place = self.below(choices.len() as u64);
        choices[usize::try_from(place).unwrap()]
    }
}

/// Packages `t:p0` to `t:p5`, each with an interface of its own, and versions that import those of later packages.
struct Made {
    shelf: Shelf,
    entries: Vec<(String, String)>,
}

impl Made {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut shelf = Shelf::default();
        let mut entries = Vec::new();
        let packages = 2 + chance.below(4);
        for package in 0..packages {
            for version in ["1.0.0", "1.1.0", "2.0.0", "2.1.0"] {
                if version == "1.0.0" || chance.below(3) > 0 {
                    let component = component(&mut chance, package, packages);
                    shelf.insert(&format!("t:p{package}"), version, component);
                }
            }
            let requirement = chance.one_of(&["*", "*", "*", "^1", ">=1, <3", "~1.0", "=1.0.0"]);
            entries.push((format!("p{package}"), format!("t:p{package}@{requirement}")));
        }
        Self { shelf, entries }
    }

    fn manifest(&self) -> Manifest {
        let entries: String = self.entries.iter().map(|(name, source)| format!("{name} = \"{source}\"\n")).collect();
        manifest(&format!("[registries]\ndefault = \"dir:registry\"\n[components]\n{entries}")).unwrap()
    }

    /// Whether there is any choice of versions in which every import is exported.
    fn has_answer(&self) -> bool {
        self.has_answer_with(&self.manifest(), &mut Vec::new())
    }

    fn has_answer_with<'a>(&'a self, manifest: &Manifest, chosen: &mut Vec<&'a Component>) -> bool {
        let Some(entry) = manifest.components.get(chosen.len()) else {
            return fit(chosen.iter().copied());
        };
        let (package, requirement) = wanted(&entry.source.value);
        let items = self.shelf.packages[package].iter().filter(|(version, _)| requirement.matches(version));
        items.into_iter().any(|(_, item)| {
            chosen.push(&item.component);
            let has_answer = self.has_answer_with(manifest, chosen);
            chosen.pop();
            has_answer
        })
    }
}

/// Whether every import of some components is exported by one of them.
fn fit<'a>(components: impl Iterator<Item = &'a Component> + Clone) -> bool {
    let exports: Vec<&String> = components.clone().flat_map(|component| &component.exports).collect();
    components.flat_map(|component| &component.imports).all(|import| exports.contains(&import))
}

fn component(chance: &mut Chance, package: u64, packages: u64) -> Component {
    let track = |chance: &mut Chance| chance.one_of(&["1.0.0", "2.0.0", "3.0.0"]);
    let mut component =
        Component { exports: vec![format!("t:p{package}/api@{}", track(chance))], ..Component::default() };
    for provider in package + 1..packages {
        if chance.below(3) == 0 {
            component.imports.push(format!("t:p{provider}/api@{}", track(chance)));
        }
    }
    component
}

fn wanted(source: &Source) -> (&registry_client::PackageName, &VersionReq) {
    match source {
        Source::Package { package, requirement, .. } => (package, requirement),
        other => panic!("not a package: {other}"),
    }
}

fn chosen(resolution: &Resolution) -> BTreeMap<String, Version> {
    let components = resolution.components.iter();
    components.map(|c| (c.name.to_string(), c.source.version().unwrap().clone())).collect()
}

/// Every application that has an answer, with it.
fn answered() -> impl Iterator<Item = (Made, Manifest, Resolution, Lock)> {
    (0..SEEDS).filter_map(|seed| {
        let made = Made::new(seed);
        let manifest = made.manifest();
        let (resolution, lock) = made.shelf.settle(&manifest, None).outcome.ok()?;
        Some((made, manifest, resolution, lock))
    })
}

#[test]
fn an_answer_is_found_exactly_when_there_is_one() {
    let mut found = 0;
    for seed in 0..SEEDS {
        let made = Made::new(seed);
        let answer = made.shelf.settle(&made.manifest(), None);
        assert_eq!(answer.outcome.is_ok(), made.has_answer(), "seed {seed}: {:#?}", answer.outcome);
        found += u64::from(answer.outcome.is_ok());
    }
    assert!(found > SEEDS / 10 && found < SEEDS * 9 / 10, "{found} of {SEEDS} have an answer");
}

#[test]
fn what_has_no_answer_is_explained_by_versions_or_links() {
    for seed in 0..SEEDS {
        let made = Made::new(seed);
        let Err(failure) = made.shelf.settle(&made.manifest(), None).outcome else { continue };
        for diagnostic in failure.diagnostics() {
            let is_known = [Code::VersionConflict, Code::MissingProvider].contains(&diagnostic.code);
            assert!(is_known && !diagnostic.labels.is_empty(), "seed {seed}: {diagnostic:#?}");
        }
    }
}

#[test]
fn every_answer_satisfies_every_requirement() {
    for (_, manifest, resolution, _) in answered() {
        let chosen = chosen(&resolution);
        for entry in &manifest.components {
            let (_, requirement) = wanted(&entry.source.value);
            assert!(requirement.matches(&chosen[&*entry.name.value]), "{} {chosen:?}", entry.name.value);
        }
    }
}

#[test]
fn no_entry_could_have_a_higher_version_beside_the_others() {
    for (made, manifest, resolution, _) in answered() {
        let chosen = chosen(&resolution);
        let version_of = |entry: &composer::manifest::Component| chosen[&*entry.name.value].clone();
        for raised in &manifest.components {
            let (package, requirement) = wanted(&raised.source.value);
            let higher = made.shelf.packages[package].keys().filter(|version| **version > version_of(raised));
            for version in higher.filter(|version| requirement.matches(version)) {
                let components = manifest.components.iter().map(|entry| {
                    let (package, _) = wanted(&entry.source.value);
                    let version = if entry.name == raised.name { version.clone() } else { version_of(entry) };
                    &made.shelf.packages[package][&version].component
                });
                assert!(!fit(components), "{} could be {version} beside {chosen:?}", raised.name.value);
            }
        }
    }
}

#[test]
fn newer_versions_change_nothing_under_a_lock() {
    for (mut made, manifest, resolution, lock) in answered() {
        for package in 0..made.entries.len() {
            let newest = Component { exports: vec![format!("t:p{package}/api@9.0.0")], ..Component::default() };
            made.shelf.insert(&format!("t:p{package}"), "2.9.0", newest.clone());
            made.shelf.insert(&format!("t:p{package}"), "1.0.9", newest);
        }
        made.shelf.insert("t:unrelated", "1.0.0", Component::default());
        let answer = made.shelf.settle(&manifest, Some(&lock));
        let (again, relocked) = answer.outcome.unwrap();
        assert_eq!(again, resolution);
        assert_eq!(relocked.to_text(), lock.to_text());
        assert_eq!(answer.questions, 0);
    }
}

#[test]
fn an_entry_that_is_added_leaves_what_is_locked() {
    for (mut made, _, resolution, lock) in answered() {
        made.shelf.insert(
            "t:added",
            "1.0.0",
            Component { exports: vec!["t:added/api@1.0.0".to_owned()], ..Component::default() },
        );
        for package in 0..made.entries.len() {
            made.shelf.insert(&format!("t:p{package}"), "2.9.0", Component::default());
        }
        made.entries.insert(0, ("added".to_owned(), "t:added@1".to_owned()));
        let (with_added, _) = made.shelf.settle(&made.manifest(), Some(&lock)).outcome.unwrap();
        let mut versions = chosen(&with_added);
        assert_eq!(versions.remove("added"), Some(Version::new(1, 0, 0)));
        assert_eq!(versions, chosen(&resolution));
    }
}

#[test]
fn the_order_of_the_manifest_and_a_second_run_change_nothing() {
    for (mut made, manifest, resolution, lock) in answered() {
        let (again, relocked) = made.shelf.settle(&manifest, None).outcome.unwrap();
        assert_eq!((again, relocked.to_text()), (resolution.clone(), lock.to_text()));
        made.entries.reverse();
        let (reversed, reversed_lock) = made.shelf.settle(&made.manifest(), None).outcome.unwrap();
        assert_eq!(chosen(&reversed), chosen(&resolution));
        assert_eq!(reversed_lock.to_text(), lock.to_text());
    }
}
