//! What is refused before anything runs.

use compose_runtime::{Error, MissingImport, RunOptions, Runtime, RuntimeOptions};
use insta::assert_snapshot;

use crate::guest::{dummy, explain, guest, load};

fn refused(component: &[u8]) -> Error {
    let runtime = Runtime::new(RuntimeOptions::default()).expect("a runtime");
    runtime.load(component).err().expect("a refusal")
}

#[test]
fn refuses_a_core_module_as_such() {
    let error = refused(&wat::parse_str("(module)").unwrap());
    assert!(matches!(error, Error::NotAComponent));
    assert_snapshot!(explain(&error), @"expected a component, found a core module");
}

#[test]
fn refuses_bytes_that_are_no_component() {
    assert_snapshot!(explain(&refused(b"\0asm\x0d\0\x01\0 and then nonsense")), @"
    cannot compile the component
    failed to parse WebAssembly module
    unexpected end-of-file (at offset 0xa)
    ");
    assert_snapshot!(explain(&refused(b"")), @"
    cannot compile the component
    failed to parse WebAssembly module
    unexpected end-of-file (at offset 0x0)
    ");
}

#[tokio::test]
async fn names_every_missing_import_and_what_lacks_of_those_that_are_there_in_part() {
    let application = load(&dummy(include_str!("guests/wanting.wit")));
    let error = application.run(RunOptions::default()).await.unwrap_err();
    assert_snapshot!(explain(&error), @"the runtime does not provide `acme:kv/store@1.0.0`, `get-horoscope` of `wasi:cli/environment@0.2.0`, `wasi:made-up/things@0.2.0` and `log`");
    let Error::MissingImports { imports } = error else { panic!("{error:?}") };
    let missing = |name: &str, items: &[&str]| MissingImport {
        name: name.to_owned(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
    };
    assert_eq!(
        imports,
        [
            missing("acme:kv/store@1.0.0", &[]),
            missing("wasi:cli/environment@0.2.0", &["get-horoscope"]),
            missing("wasi:made-up/things@0.2.0", &[]),
            missing("log", &[]),
        ]
    );
}

#[tokio::test]
async fn says_how_an_import_differs_from_what_the_runtime_provides() {
    let application = load(&dummy(
        "package test:differing;
         world differing {
           import wasi:cli/environment@0.2.0;
           export wasi:cli/run@0.2.0;
         }
         package wasi:cli@0.2.0 {
           interface environment { get-arguments: func() -> u32; }
           interface run { run: func() -> result; }
         }",
    ));
    let error = application.run(RunOptions::default()).await.unwrap_err();
    assert_snapshot!(explain(&error), @"
    the runtime provides an import of the component with another type
    component imports instance `wasi:cli/environment@0.2.0`, but a matching implementation was not found in the linker
    instance export `get-arguments` has the wrong type
    type mismatch with results
    expected `list` found `u32`
    ");
}

#[test]
fn keeps_compiled_code_in_the_cache_directory() {
    let cache = tempfile::tempdir().unwrap();
    let options = RuntimeOptions { cache: Some(cache.path().join("compiled")) };
    let runtime = Runtime::new(options).unwrap();
    runtime.load(&guest!("shop")).unwrap();
    assert!(std::fs::read_dir(cache.path().join("compiled")).unwrap().next().is_some());
}

#[test]
fn names_the_cache_directory_that_it_cannot_use() {
    let cache = tempfile::NamedTempFile::new().unwrap();
    let options = RuntimeOptions { cache: Some(cache.path().to_owned()) };
    let error = Runtime::new(options).err().expect("a refusal");
    assert!(matches!(error, Error::Cache { directory, .. } if directory == cache.path()));
}
