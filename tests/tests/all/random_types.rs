//! Random types: however interfaces use each other's, and whichever of them a result exports, it is refused exactly when a type in it
//! would have no name, and is valid otherwise.

use std::fmt::Write as _;

use compose_tests::{guest::stub, sandbox::Sandbox};
use wit::{ExternName, Side, World};

use crate::random_networks::Numbers;

/// Interfaces of which each uses types of the ones before; the types of each by name, and whether they are resources.
struct Interfaces {
    text: String,
    types: Vec<Vec<(String, bool)>>,
}

impl Interfaces {
    fn random(numbers: &mut Numbers) -> Self {
        let mut interfaces = Self { text: "package t:types@1.0.0 {\n".to_owned(), types: Vec::new() };
        for place in 0..2 + numbers.below(4) {
            write!(interfaces.text, "interface i{place} {{ ").unwrap();
            let mut types = interfaces.uses(numbers, place);
            for number in 0..numbers.below(4) {
                interfaces.definition(numbers, format!("t{place}x{number}"), &mut types);
            }
            for number in 0..numbers.below(3) {
                let (parameter, result) = (reference(numbers, &types), reference(numbers, &types));
                write!(interfaces.text, "f{number}: func(p: {parameter}) -> {result}; ").unwrap();
            }
            interfaces.text.push_str("}\n");
            interfaces.types.push(types);
        }
        interfaces.text.push('}');
        interfaces
    }

    fn uses(&mut self, numbers: &mut Numbers, place: usize) -> Vec<(String, bool)> {
        let mut types = Vec::new();
        for number in 0..if place == 0 { 0 } else { numbers.below(4) } {
            let from = numbers.below(place);
            if let Some((name, is_resource)) = any(numbers, &self.types[from]).cloned() {
                write!(self.text, "use i{from}.{{{name} as u{place}x{number}}}; ").unwrap();
                types.push((format!("u{place}x{number}"), is_resource));
            }
        }
        types
    }

    fn definition(&mut self, numbers: &mut Numbers, name: String, types: &mut Vec<(String, bool)>) {
        let [one, other] = [reference(numbers, types), reference(numbers, types)];
        let (text, is_resource) = match (numbers.below(6), any(numbers, types)) {
            (0, _) => (format!("enum {name} {{ x, y }}"), false),
            (1, _) => (format!("variant {name} {{ x({one}), y }}"), false),
            (2, _) => (format!("resource {name} {{ constructor(); }}"), true),
            (3, Some((original, is_resource))) => (format!("type {name} = {original};"), *is_resource),
            _ => (format!("record {name} {{ a: {one}, b: {other} }}"), false),
        };
        write!(self.text, "{text} ").unwrap();
        types.push((name, is_resource));
    }
}

fn any<'a, T>(numbers: &mut Numbers, of: &'a [T]) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[numbers.below(of.len())])
}

/// A type that refers to one of these, or to none.
fn reference(numbers: &mut Numbers, types: &[(String, bool)]) -> String {
    match (any(numbers, types), numbers.below(4)) {
        (None, _) | (_, 0) => "u32".to_owned(),
        (Some((name, _)), 1) => format!("option<{name}>"),
        (Some((name, false)), 2) => format!("list<{name}>"),
        (Some((name, _)), _) => name.clone(),
    }
}

/// An application of components that export some of the interfaces, one after the other, and import what these use; the first few
/// interfaces may be the host's. What it could export, as lines of the manifest.
fn application(numbers: &mut Numbers) -> (Sandbox, Vec<String>) {
    let Interfaces { text, types } = Interfaces::random(numbers);
    let sandbox = Sandbox::new("");
    let (mut manifest, mut lines) = ("[host]\nimports = [\"*\"]\n[components]\n".to_owned(), Vec::new());
    let mut start = numbers.below(2);
    let mut number = 0;
    while start < types.len() {
        let end = start + 1 + numbers.below(types.len() - start);
        let mut world: String = (start..end).map(|place| format!("export t:types/i{place}@1.0.0; ")).collect();
        lines.extend((start..end).map(|place| format!("\"t:types/i{place}\" = \"c{number}\"\n")));
        let below = numbers.below(start.max(1));
        if let Some((name, _)) = any(numbers, &types[below]).filter(|_| below < start) {
            write!(world, "use t:types/i{below}@1.0.0.{{{name} as root{number}}}; ").unwrap();
            write!(world, "export g{number}: func(p: root{number}); ").unwrap();
            lines.push(format!("g{number} = \"c{number}\"\n"));
        }
        sandbox.write(format!("c{number}.wasm"), stub(&world, &text));
        writeln!(manifest, "c{number} = {{ path = \"c{number}.wasm\" }}").unwrap();
        (start, number) = (end, number + 1);
    }
    sandbox.write("compose.toml", manifest + "[exports]\n");
    (sandbox, lines)
}

/// Builds an application with these exports.
fn build(sandbox: &Sandbox, exports: &[String]) -> Result<World, Vec<String>> {
    let manifest = sandbox.read_text("compose.toml");
    let (components, _) = manifest.split_once("[exports]\n").unwrap();
    sandbox.write("compose.toml", format!("{components}[exports]\n{}", exports.concat()));
    match sandbox.try_build() {
        Ok(built) => Ok(World::of_component(&std::fs::read(&built.path).unwrap()).expect("the result is valid")),
        Err(failure) => Err(failure.diagnostics().iter().map(|diagnostic| diagnostic.code.to_string()).collect()),
    }
}

/// Whether a result with all exports could do with some of them: every type in these has a name in them, or in an import.
fn is_named(whole: &World, exports: &[String]) -> bool {
    let is_kept = |name: &str| exports.iter().any(|line| line.trim_start_matches('"').starts_with(name));
    let kept = || whole.exports().filter(|(name, _)| is_kept(&name.unversioned().to_string()));
    let is_there = |side: Side, owner: &ExternName| side == Side::Import || kept().any(|(name, _)| name == owner);
    kept()
        .flat_map(|(_, item)| item.foreign_types())
        .all(|ty| ty.names.iter().any(|name| is_there(name.side, &name.owner)))
}

#[test]
fn a_result_is_refused_exactly_when_a_type_in_it_has_no_name() {
    let mut refused = 0;
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let (sandbox, mut lines) = application(&mut numbers);
        let Ok(whole) = build(&sandbox, &lines) else { panic!("seed {seed}: all exports together name all types") };
        for place in (1..lines.len()).rev() {
            lines.swap(place, numbers.below(place + 1));
        }
        lines.truncate(1 + numbers.below(lines.len()));
        match build(&sandbox, &lines) {
            Ok(_) => assert!(is_named(&whole, &lines), "seed {seed} is built with {lines:?}"),
            Err(codes) => {
                assert!(codes.iter().all(|code| code == "unnameable-type"), "seed {seed}: {codes:?}");
                assert!(!is_named(&whole, &lines), "seed {seed} is refused with {lines:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 5, "{refused}");
}
