//! Random WIT and random bytes, by seed: nothing panics, what is read prints as what reads the same, a comparison of anything with
//! itself is empty, and the verdict on two versions is the type checker's.
//!
//! The everyday tests run a few rounds of each. For as many as one likes, from another seed, and beginning with the WIT of a directory
//! as well:
//!
//! ```text
//! WIT_FUZZ_ROUNDS=100000 WIT_FUZZ_SEED=7 WIT_FUZZ_CORPUS=DIR cargo test --release -p wit --test all fuzzing
//! ```
//!
//! A round depends on its seed alone, which is one more than that of the round before it. What fails prints how to run its round again.

mod texts;

use std::{env, panic, thread};

use wit::compatibility::{Change, Features, compatibility};
use wit::dependencies::{VersionedPackage, texts};
use wit::{Package, World};

use self::texts::{Corpus, PACKAGE, mutated, with_uses};
use crate::proof::{Proof, prove_by_guests, prove_by_worlds, prove_where_worlds_stay, with_worlds};

/// Marsaglia's xorshift: the same numbers for the same seed everywhere.
pub(crate) struct Random(u64);

impl Random {
    /// Numbers that have nothing in common with those of the seeds beside this.
    fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// A number that is set from outside.
fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Runs as many rounds as are asked for; how many of them had something to try.
fn rounds(everyday: u64, round: impl Fn(&mut Random, &Corpus) -> bool) -> u64 {
    /// Tells which round it was when that panics.
    struct Seed(u64);
    impl Drop for Seed {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("run it again with WIT_FUZZ_SEED={} WIT_FUZZ_ROUNDS=1", self.0);
            }
        }
    }
    let (count, first) = (setting("WIT_FUZZ_ROUNDS").unwrap_or(everyday), setting("WIT_FUZZ_SEED").unwrap_or(1));
    let corpus = Corpus::read(env::var_os("WIT_FUZZ_CORPUS"));
    let tried = (first..first + count).filter(|seed| {
        let seed = Seed(*seed);
        round(&mut Random::new(seed.0), &corpus)
    });
    tried.count() as u64
}

fn read(text: &str) -> Option<Package> {
    Package::from_text("test.wit", text).ok()
}

fn changes(before: &Package, after: &Package) -> Vec<Change> {
    compatibility(before, after, &Features::All).changes
}

/// A text of the corpus with some mutations, or with none.
fn text(random: &mut Random, corpus: &Corpus) -> String {
    let mut text = corpus.pick(random);
    for _ in 0..random.below(4) {
        text = mutated(&text, random);
    }
    text
}

#[test]
fn no_text_makes_reading_and_comparing_panic() {
    let original = read(PACKAGE).unwrap();
    rounds(800, |random, corpus| {
        let text = text(random, corpus);
        let Some(changed) = read(&text) else { return false };
        assert_eq!(changes(&changed, &changed), [], "{text}");
        assert_eq!(compatibility(&changed, &changed, &Features::default()).changes, [], "{text}");
        let (forth, back) = (changes(&original, &changed), changes(&changed, &original));
        assert_eq!(forth.is_empty(), back.is_empty(), "{text}");
        true
    });
}

/// The packages as texts, each with all that it refers to beside it.
fn printed(package: &Package) -> Vec<(VersionedPackage, String)> {
    texts(std::slice::from_ref(package)).unwrap_or_else(|error| panic!("{error}")).into_iter().collect()
}

/// Reads what [`printed`] wrote.
fn read_printed(package: &Package, texts: &[(VersionedPackage, String)]) -> Package {
    let of = VersionedPackage { name: package.name(), version: package.version().cloned() };
    let place = |index: usize, of_it: bool| if of_it { "main.wit".to_owned() } else { format!("deps/d{index}.wit") };
    let files =
        texts.iter().enumerate().map(|(index, (name, text))| (place(index, *name == of), text.clone().into_bytes()));
    let files = files.collect();
    Package::from_files("printed", &files).unwrap_or_else(|error| panic!("{error}\n{texts:#?}"))
}

#[test]
fn what_is_read_prints_and_encodes_as_what_reads_the_same() {
    rounds(120, |random, corpus| {
        let text = text(random, corpus);
        let Some(package) = read(&text) else { return false };
        let first = printed(&package);
        let again = read_printed(&package, &first);
        assert_eq!(printed(&again), first, "{text}");
        // What a world includes is written out in what is printed.
        let is_of_includes = |change: &Change| change.rule.id.starts_with("world-include-");
        let found: Vec<Change> =
            changes(&package, &again).into_iter().filter(|change| !is_of_includes(change)).collect();
        assert_eq!(found, [], "{text}");
        let Ok(bytes) = package.encode() else { return true };
        let decoded = Package::from_bytes("encoded", &bytes).unwrap_or_else(|error| panic!("{error}\n{text}"));
        // NB: wit-component loses since when a resource without functions is there.
        let is_lost =
            |change: &Change| change.rule.id.starts_with("since-") || change.rule.id.starts_with("documentation-");
        assert!(changes(&package, &decoded).iter().all(is_lost), "{text}");
        assert!(changes(&decoded, &package).iter().all(is_lost), "{text}");
        let again = Package::from_bytes("printed", &again.encode().unwrap()).unwrap();
        assert!(changes(&again, &decoded).iter().all(is_lost), "{text}");
        true
    });
}

#[test]
fn every_world_prints_as_what_reads_the_same() {
    rounds(120, |random, corpus| {
        let text = text(random, corpus);
        let Some(package) = read(&text) else { return false };
        let worlds: Vec<String> = package.worlds().map(str::to_owned).collect();
        for name in &worlds {
            let world = package.world(Some(name), &Features::All).unwrap();
            let first = world.to_wit();
            let again = World::from_text("printed.wit", &first, None);
            let again = again.unwrap_or_else(|error| panic!("{error}\n{first}\nof\n{text}"));
            assert_eq!(again.to_wit(), first, "{text}");
        }
        !worlds.is_empty()
    });
}

#[test]
fn the_verdict_on_what_is_still_wit_is_the_type_checkers() {
    let before = with_uses(PACKAGE).unwrap();
    let original = read(&before).unwrap();
    rounds(70, |random, _| {
        let Some(changed) = with_uses(&mutated(PACKAGE, random)) else { return false };
        let is_different = read(&changed).is_some_and(|changed| {
            let names: Vec<String> = changed.all().iter().map(ToString::to_string).collect();
            names == ["shop:catalog@1.2.0"]
                // Worlds of interfaces that come and go are in one text alone.
                && changed.items() == original.items() && changed.encode().is_ok() && !changes(&original, &changed).is_empty()
        });
        if is_different {
            prove_by_guests(&before, &changed);
            for side in ["import", "export"] {
                prove_by_worlds(&with_worlds(&before, side), &with_worlds(&changed, side));
            }
        }
        is_different
    });
}

#[test]
fn the_verdict_on_any_two_versions_is_that_of_wit_component() {
    rounds(70, |random, corpus| {
        let before = text(random, corpus);
        let after = mutated(&before, random);
        let [Some(before), Some(after)] = [before, after].map(|text| with_uses(&text)) else { return false };
        prove_where_worlds_stay(&before, &after) == Proof::Agrees
    });
}

#[test]
fn no_bytes_make_reading_and_comparing_panic() {
    let original = read(PACKAGE).unwrap();
    rounds(1_200, |random, corpus| {
        // Most of what is arbitrary is too large to be hit often where it matters.
        let package = if random.below(2) == 0 { Some(original.clone()) } else { read(&corpus.pick(random)) };
        let Some(Ok(bytes)) = package.map(|package| package.encode()) else { return false };
        let mut changed = bytes.clone();
        for _ in 0..=random.below(4) {
            if changed.is_empty() {
                break;
            }
            let at = random.below(changed.len());
            match random.below(4) {
                0 => drop(changed.remove(at)),
                1 => changed[at] = bytes[random.below(bytes.len())],
                2 => changed[at] ^= 1 << random.below(8),
                _ => changed.truncate(at.max(bytes.len() / 2)),
            }
        }
        let _ = World::of_component(&changed);
        let Ok(changed) = Package::from_bytes("test", &changed) else { return false };
        drop(changes(&original, &changed));
        assert_eq!(changes(&changed, &changed), []);
        true
    });
}
