//! WIT texts to begin with, and what becomes of them at random.

use std::ffi::OsString;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use arbitrary::Unstructured;
use wit::Package;
use wit::compatibility::Rule;
use wit_component::WitPrinter;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

use super::Random;

/// Of everything a package can have something, one item a line.
pub(super) const PACKAGE: &str = "package shop:catalog@1.2.0;

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

/// The texts to begin with: the pairs of the rules, what a directory has, and arbitrary ones.
pub(super) struct Corpus {
    texts: Vec<String>,
}

impl Corpus {
    /// The corpus with all `.wit` files in or below a directory.
    pub(super) fn read(directory: Option<OsString>) -> Corpus {
        let mut texts: Vec<String> =
            Rule::all().flat_map(|rule| [rule.before, rule.after]).map(str::to_owned).collect();
        texts.push(format!("{PACKAGE}\nworld w {{ import types; export api; }}\n"));
        if let Some(directory) = directory {
            let own = texts.len();
            add_texts(Path::new(&directory), &mut texts);
            assert!(texts.len() > own, "there is no WIT in WIT_FUZZ_CORPUS");
        }
        Corpus { texts }
    }

    /// One of the texts, or an arbitrary one.
    pub(super) fn pick(&self, random: &mut Random) -> String {
        let arbitrary = if random.below(2) == 0 { arbitrary(random) } else { None };
        arbitrary.unwrap_or_else(|| self.texts[random.below(self.texts.len())].clone())
    }
}

fn add_texts(directory: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_texts(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "wit") {
            texts.extend(fs::read_to_string(&path));
        }
    }
    texts.sort();
}

/// An arbitrary package, with those that it refers to in the same text.
fn arbitrary(random: &mut Random) -> Option<String> {
    let bytes: Vec<u8> = (0..200 + random.below(1_000)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
    let config = wit_smith::Config {
        max_packages: 1 + random.below(3),
        max_type_size: 20,
        max_interface_items: 6,
        max_world_items: 6,
        max_pkg_items: 4,
        max_type_parts: 5,
        max_resource_items: 4,
        async_: random.below(2) == 0,
        futures: random.below(4) == 0,
        streams: random.below(4) == 0,
        fixed_length_lists: random.below(4) == 0,
        ..wit_smith::Config::default()
    };
    // What it makes is not always WIT, which it finds out by panicking.
    let encoded = catch_unwind(|| wit_smith::smith(&config, &mut Unstructured::new(&bytes))).ok()?.ok()?;
    let DecodedWasm::WitPackage(resolve, main) = decode(&encoded).ok()? else { return None };
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    printer.print(&resolve, main, &others).ok()?;
    Some(printer.output.to_string())
}

/// The text with a function for each type of an interface, which passes it: a component has only the types that its functions need.
pub(super) fn with_uses(text: &str) -> Option<String> {
    // What makes wit-parser panic is an error here, and nowhere below.
    Package::from_text("test.wit", text).ok()?;
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", text).ok()?;
    let package = &resolve.packages[package];
    let named = package.interfaces.iter().map(|(name, id)| (format!("interface {name} {{"), *id));
    let worlds = package.worlds.values().map(|id| &resolve.worlds[*id]);
    let items = worlds.flat_map(|world| world.imports.iter().chain(&world.exports));
    let inline = items.filter_map(|item| match item {
        (WorldKey::Name(name), WorldItem::Interface { id, .. }) => Some((format!("{name}: interface {{"), *id)),
        _ => None,
    });
    let mut text = text.to_owned();
    for (head, id) in named.chain(inline) {
        let types = resolve.interfaces[id].types.keys();
        let functions: String = types.map(|ty| format!(" use-{ty}: func(x: %{ty});")).collect();
        text = text.replacen(&head, &format!("{head}{functions}"), 1);
    }
    Some(text)
}

/// The text with lines or words deleted, doubled, swapped and replaced.
pub(super) fn mutated(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        if lines.is_empty() {
            break;
        }
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
    }
    lines.join("\n")
}
