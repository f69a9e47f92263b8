//! The verdict on every pair of types agrees with the real type checker's.

use wit::compatibility::{Features, Side, compatibility};
use wit::{Package, World};

use crate::synthesis::{Instance, component, composition, valid};

/// One of each kind of type, and for each kind all the ways in which two of a kind can differ.
const TYPES: &[&str] = &[
    "bool",
    "u8",
    "s8",
    "u64",
    "f32",
    "f64",
    "char",
    "string",
    "error-context",
    "list<u8>",
    "list<string>",
    "list<u8, 4>",
    "list<u8, 5>",
    "map<string, u8>",
    "map<u32, u8>",
    "map<string, u32>",
    "option<u8>",
    "option<option<u8>>",
    "result",
    "result<u8>",
    "result<u32>",
    "result<_, u8>",
    "result<u8, u8>",
    "tuple<u8>",
    "tuple<u8, u8>",
    "tuple<u8, string>",
    "future",
    "future<u8>",
    "future<u32>",
    "stream",
    "stream<u8>",
    "stream<u32>",
    "number",
    "bytes",
    "pair",
    "pair-renamed",
    "pair-swapped",
    "pair-retyped",
    "pair-and-more",
    "shape",
    "shape-same",
    "shape-renamed",
    "shape-swapped",
    "shape-retyped",
    "shape-without-payload",
    "color",
    "color-renamed",
    "color-swapped",
    "color-and-more",
    "access",
    "access-renamed",
    "access-swapped",
    "list<pair>",
    "list<pair-retyped>",
    "own<cart>",
    "borrow<cart>",
    "own<basket>",
    "list<cart>",
    "list<basket>",
];

const DEFINITIONS: &str = "
    type number = u8;
    type bytes = list<u8>;
    record pair { a: u8, b: string }
    record pair-renamed { a: u8, c: string }
    record pair-swapped { b: string, a: u8 }
    record pair-retyped { a: u8, b: u32 }
    record pair-and-more { a: u8, b: string, c: bool }
    variant shape { dot, circle(f32) }
    variant shape-same { dot, circle(f32) }
    variant shape-renamed { point, circle(f32) }
    variant shape-swapped { circle(f32), dot }
    variant shape-retyped { dot, circle(f64) }
    variant shape-without-payload { dot, circle }
    enum color { red, green }
    enum color-renamed { red, blue }
    enum color-swapped { green, red }
    enum color-and-more { red, green, blue }
    flags access { read, write }
    flags access-renamed { read, run }
    flags access-swapped { write, read }
    resource cart;
    resource basket;
";

/// Whether a type can be returned: nothing borrowed can.
fn is_result(ty: &str) -> bool {
    !ty.starts_with("borrow")
}

fn package(ty: &str) -> String {
    let result = if is_result(ty) { format!("-> {ty}") } else { String::new() };
    format!("package test:agreement; interface api {{ {DEFINITIONS} f: func(x: {ty}); g: func() {result}; }}")
}

fn world(side: &str, ty: &str) -> String {
    format!("{} world w {{ {side} api; }}", package(ty))
}

/// Whether a change from one package to the other breaks who imports its interface, and who exports it.
fn broken(before: &Package, after: &Package) -> [bool; 2] {
    let changes = compatibility(before, after, &Features::default()).changes;
    [Side::Importer, Side::Exporter].map(|side| changes.iter().any(|change| change.breaks.contains(&side)))
}

#[test]
fn every_pair_of_types_is_judged_as_the_type_checker_does() {
    const API: &str = "test:agreement/api";
    let decoded = |side: &str, ty: &&str| {
        let bytes = component(&world(side, ty));
        let world = World::of_component(&bytes).unwrap();
        (bytes, world)
    };
    let providers: Vec<_> = TYPES.iter().map(|ty| decoded("export", ty)).collect();
    let consumers: Vec<_> = TYPES.iter().map(|ty| decoded("import", ty)).collect();
    let packages: Vec<_> = TYPES.iter().map(|ty| Package::from_text("test.wit", &package(ty)).unwrap()).collect();
    let mut compatible = 0;
    for ((found, old), (provider, provided)) in TYPES.iter().zip(&packages).zip(&providers) {
        for ((expected, new), (consumer, consumed)) in TYPES.iter().zip(&packages).zip(&consumers) {
            let mismatches = provided.export(&API.into()).unwrap().mismatches(&consumed.import(&API.into()).unwrap());
            let composition = composition(&[
                Instance { component: provider, links: &[] },
                Instance { component: consumer, links: &[(API, 0, API)] },
            ]);
            let verdict = valid(&composition);
            assert_eq!(
                verdict.is_ok(),
                mismatches.is_empty(),
                "{found} for {expected}: the checker says {verdict:?}, we say {mismatches:?}"
            );
            // A function that changes breaks both sides, or none.
            assert_eq!(broken(old, new), [verdict.is_err(); 2], "{found} to {expected}");
            compatible += usize::from(verdict.is_ok());
        }
    }
    // Each type is compatible with itself, and these pairs are equal although written differently:
    // u8 and number, list<u8> and bytes, shape and shape-same.
    assert_eq!(compatible, TYPES.len() + 6);
}
