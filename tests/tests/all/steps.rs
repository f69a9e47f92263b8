//! Components whose composition can be read off a number: each appends a digit to what it was given.
//!
//! `t:steps` has the interfaces `a` to `e`, each with one function `f: func(n: u32) -> u32`. A component that exports `a`
//! with the digit 7 and imports `b` answers `a#f(5)` with what `b#f(5)` is, followed by a 7.

use compose_tests::{
    execution::invoke,
    guest::Guest,
    sandbox::{Composed, Sandbox},
};

/// The interfaces, in this version.
pub(crate) fn steps(version: &str) -> String {
    let interfaces: Vec<String> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|name| format!("interface {name} {{ f: func(n: u32) -> u32; }}"))
        .collect();
    format!("package t:steps@{version} {{ {} }}\n", interfaces.join(" "))
}

/// A component that exports one step and perhaps imports one, both without their package: `a`, or `a@1.2.0`.
pub(crate) fn step(export: &str, import: Option<&str>, digit: u32) -> Vec<u8> {
    let versioned = |name: &str| match name.split_once('@') {
        Some((interface, version)) => (interface.to_owned(), version.to_owned()),
        None => (name.to_owned(), "1.0.0".to_owned()),
    };
    let (exported, version) = versioned(export);
    let mut world = format!("export t:steps/{exported}@{version};");
    let mut versions = vec![version];
    let mut before = "(local.get 0)".to_owned();
    if let Some((imported, version)) = import.map(versioned) {
        world.push_str(&format!(" import t:steps/{imported}@{version};"));
        before = format!("(call ${imported}.f (local.get 0))");
        versions.push(version);
    }
    versions.dedup();
    let packages: String = versions.iter().map(|version| steps(version)).collect();
    let body = format!("(i32.add (i32.mul {before} (i32.const 10)) (i32.const {digit}))");
    Guest::new(&world, &packages).body(&format!("{exported}#f"), &body).component()
}

/// Builds an application of components that are in files of their names, and expects what a call of it answers.
pub(crate) fn check<const N: usize>(
    manifest: &str,
    components: [(&str, Vec<u8>); N],
    call: &str,
    expected: &str,
) -> Composed {
    let built = application(manifest, components).build();
    assert_eq!(invoke(&built.bytes, call), expected, "{call}");
    built
}

/// An application of components that are in files of their names, which its manifest need not list.
pub(crate) fn application<const N: usize>(manifest: &str, components: [(&str, Vec<u8>); N]) -> Sandbox {
    let entries: String =
        components.iter().map(|(name, _)| format!("{name} = {{ path = \"{name}.wasm\" }}\n")).collect();
    let sandbox = Sandbox::new(&format!("[components]\n{entries}\n{manifest}"));
    for (name, bytes) in components {
        sandbox.write(format!("{name}.wasm"), bytes);
    }
    sandbox
}

/// The names of what a component imports.
pub(crate) fn imports(built: &Composed) -> Vec<String> {
    let inspection = composer::inspect::inspect(&built.bytes).expect("a component");
    inspection.world.imports().map(|(name, _)| name.to_string()).collect()
}

/// The names of what a component exports.
pub(crate) fn exports(built: &Composed) -> Vec<String> {
    let inspection = composer::inspect::inspect(&built.bytes).expect("a component");
    inspection.world.exports().map(|(name, _)| name.to_string()).collect()
}

/// How often the bytes of `component` are in the result.
pub(crate) fn embedded(built: &Composed, component: &[u8]) -> usize {
    built.bytes.windows(component.len()).filter(|window| *window == component).count()
}
