//! Thousands of small, seeded mutations: of WIT that stays WIT, on which the verdict has to be the type checker's; and of
//! text and bytes, which nothing may make panic.

use wit::compatibility::{Features, compatibility};
use wit::{Package, World};

use crate::rules::{prove_by_guests, prove_by_worlds, with_worlds};

/// Of everything a package can have something, one item a line.
const PACKAGE: &str = "package shop:catalog@1.2.0;

interface types {
  type key = u64;
  type keys = list<key>;
  record item { id: key, price: f64, tags: list<string>, next: option<u32> }
  record offer { id: key, price: f64, tags: list<string>, next: option<u32> }
  variant amount { none, some(u32), all(item) }
  enum color { red, green, blue }
  flags access { read, write, append }
  resource cart {
    constructor(owner: string);
    add: func(item: item, count: u32) -> result<amount, string>;
    count: func() -> u32;
    merge: static func(carts: list<cart>) -> cart;
  }
  paint: func(color: color, access: access) -> tuple<color, u8>;
  list-all: func(keys: keys) -> list<item>;
  sell: func(offer: offer) -> bool;
}

interface api {
  use types.{item, cart, color as tint};
  find: func(id: u64, tint: tint) -> option<item>;
  open: func(cart: borrow<cart>) -> result<_, u32>;
  close: func(cart: cart);
  wait: async func(seconds: f32) -> string;
}
";

/// Words that can stand for each other in some places.
const WORDS: &[&str] = &[
    "u8",
    "u32",
    "u64",
    "f64",
    "string",
    "bool",
    "item",
    "offer",
    "amount",
    "color",
    "access",
    "key",
    "list<u8>",
    "option<item>",
    "cart",
    "red",
    "read",
    "id",
    "count",
    "func",
    "async func",
    "static func",
    "price",
    "none",
    "borrow<cart>",
];

/// Marsaglia's xorshift: the same numbers for the same seed everywhere.
struct Random(u64);

impl Random {
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

/// The text with lines or words deleted, doubled, swapped and replaced.
fn mutated(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let line = random.below(lines.len());
        let words: Vec<&str> = lines[line].split_inclusive([' ', ',', '(', ')', '<', '>', ':', ';']).collect();
        match random.below(5) {
            0 => drop(lines.remove(line)),
            1 => {
                let other = (line + 1) % lines.len();
                lines.swap(line, other);
            }
            2 if words.len() > 1 => {
                let word = random.below(words.len());
                let name = words[word].trim_end_matches([' ', ',', '(', ')', '<', '>', ':', ';']);
                let replaced = words[word].replacen(name, random.pick(WORDS), usize::from(!name.is_empty()));
                lines[line] = [&words[..word], &[replaced.as_str()], &words[word + 1..]].concat().concat();
            }
            3 if words.len() > 1 => {
                let word = random.below(words.len());
                lines[line] = [&words[..word], &words[word + 1..]].concat().concat();
            }
            _ => {
                let (one, other) = (random.below(words.len().max(1)), random.below(words.len().max(1)));
                let mut words = words;
                if !words.is_empty() {
                    words.swap(one, other);
                }
                lines[line] = words.concat();
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

fn package(text: &str) -> Option<Package> {
    Package::from_text("test.wit", text).ok()
}

#[test]
fn the_verdict_on_what_is_still_wit_is_the_type_checkers() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let original = package(PACKAGE).unwrap();
    let mut proved = 0;
    while proved < 40 {
        let changed = mutated(PACKAGE, &mut random);
        let is_different = package(&changed).is_some_and(|changed| {
            let names: Vec<String> = changed.all().iter().map(ToString::to_string).collect();
            names == ["shop:catalog@1.2.0"] && !compatibility(&original, &changed, &Features::All).changes.is_empty()
        });
        if !is_different {
            continue;
        }
        prove_by_guests(PACKAGE, &changed);
        for side in ["import", "export"] {
            prove_by_worlds(&with_worlds(PACKAGE, side), &with_worlds(&changed, side));
        }
        proved += 1;
    }
}

#[test]
fn no_text_makes_reading_and_comparing_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let original = package(PACKAGE).unwrap();
    let (mut read, mut text) = (0, PACKAGE.to_owned());
    for round in 0..3_000 {
        if round % 4 == 0 {
            PACKAGE.clone_into(&mut text);
        }
        text = mutated(&text, &mut random);
        let Some(changed) = package(&text) else { continue };
        read += 1;
        assert_eq!(compatibility(&changed, &changed, &Features::default()).changes, []);
        let forth = compatibility(&original, &changed, &Features::default());
        let back = compatibility(&changed, &original, &Features::default());
        assert_eq!(forth.changes.is_empty(), back.changes.is_empty(), "{text}");
    }
    assert!(read > 100, "only {read} texts are WIT");
}

#[test]
fn what_is_read_prints_as_what_reads_the_same() {
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    let mut printed = 0;
    while printed < 150 {
        let text = format!("{}\nworld w {{ import types; export api; }}", mutated(PACKAGE, &mut random));
        let Ok(world) = World::from_text("test.wit", &text, None) else { continue };
        let first = world.to_wit();
        let again = World::from_text("printed.wit", &first, None).unwrap_or_else(|error| panic!("{error}\n{first}"));
        assert_eq!(again.to_wit(), first);
        printed += 1;
    }
}

#[test]
fn no_bytes_make_reading_and_comparing_panic() {
    let mut resolve = wit_parser::Resolve::default();
    let id = resolve.push_str("test.wit", PACKAGE).unwrap();
    let bytes = wit_component::encode(&resolve, id).unwrap();
    let original = Package::from_bytes("test", &bytes).unwrap();
    let mut random = Random(0xBF58_476D_1CE4_E5B9);
    for _ in 0..5_000 {
        let mut changed = bytes.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(changed.len());
            match random.below(4) {
                0 => drop(changed.remove(at)),
                1 => changed[at] = bytes[random.below(bytes.len())],
                2 => changed[at] ^= 1 << random.below(8),
                _ => changed.truncate(at.max(bytes.len() / 2)),
            }
        }
        if let Ok(changed) = Package::from_bytes("test", &changed) {
            compatibility(&original, &changed, &Features::default());
            assert_eq!(compatibility(&changed, &changed, &Features::default()).changes, []);
        }
    }
}
