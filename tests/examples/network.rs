//! Writes a large application for `tests/linking/bench.py`: `network DIRECTORY PATTERN COUNT BALLAST`.
//!
//! Beside the components and `compose.toml` there is `app.wac`, and the components once more as `wac` looks for them.

// A program for developers: what goes wrong ends it.
#![allow(clippy::expect_used, clippy::panic)]

use std::{fmt::Write as _, fs, path::Path};

use compose_tests::network::Node;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, pattern, count, ballast] = arguments.as_slice() else {
        panic!("expected DIRECTORY chain|tree COUNT BALLAST");
    };
    let directory = Path::new(directory);
    let count: usize = count.parse().expect("a number of components");
    let ballast: usize = ballast.parse().expect("a number of functions");
    let imports = |number: usize| match pattern.as_str() {
        "chain" => vec![number + 1],
        "tree" => vec![2 * number, 2 * number + 1],
        other => panic!("{other} is neither chain nor tree"),
    };
    let node = |number: usize| Node {
        number,
        imports: imports(number).into_iter().filter(|import| *import <= count).collect(),
        library: u32::try_from(number).expect("networks are small"),
        is_library_nested: false,
        ballast,
        library_ballast: 0,
    };
    let deps = directory.join("deps/c");
    fs::create_dir_all(&deps).expect("the directory can be written");
    let mut manifest = "[components]\n".to_owned();
    let mut instances = String::new();
    for number in (1..=count).rev() {
        let node = node(number);
        let file = directory.join(format!("n{number}.wasm"));
        fs::write(&file, node.to_binary()).expect("the directory can be written");
        fs::copy(&file, deps.join(format!("n{number}.wasm"))).expect("the directory can be written");
        let arguments: Vec<String> =
            node.imports.iter().map(|import| format!("\"t:net/n{import}\": n{import}[\"t:net/n{import}\"]")).collect();
        writeln!(manifest, "n{number} = {{ path = \"n{number}.wasm\" }}").expect("a string takes all");
        writeln!(instances, "let n{number} = new c:n{number} {{ {} }};", arguments.join(", "))
            .expect("a string takes all");
    }
    // One to change to and back: the first component with other ballast.
    let other = Node { ballast: ballast + 1, ..node(1) };
    fs::write(directory.join("other.wasm"), other.to_binary()).expect("the directory can be written");
    fs::write(directory.join("compose.toml"), manifest).expect("the directory can be written");
    let wac = format!("package t:app;\n{instances}export n1[\"t:net/n1\"];\n");
    fs::write(directory.join("app.wac"), wac).expect("the directory can be written");
}
