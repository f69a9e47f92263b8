//! Worlds read from WIT directories, files and texts, and what is said when there is none.

use std::error::Error;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use wit::{Features, Package, World, WorldError};

/// A directory with the files, given by their path within.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// The whole error of reading a world from the directory, which it calls `[wit]`.
#[track_caller]
fn check(files: &[(&str, &str)], world: Option<&str>) -> String {
    let directory = directory(files);
    let error = World::from_directory(directory.path(), world).unwrap_err();
    error.to_string().replace(&directory.path().display().to_string(), "[wit]")
}

const PACKAGE: &str =
    "package shop:storefront@1.4.0; world storefront { export run: func(); } world batch { export run: func(); }";

#[test]
fn reads_a_directory_with_its_dependencies() {
    let directory = directory(&[
        ("world.wit", "package shop:storefront@1.4.0; world storefront { import api; export wasi:cli/run@0.2.0; }"),
        ("api.wit", "interface api { use wasi:io/streams@0.2.0.{input}; f: func(input: input); }"),
        ("deps/cli/run.wit", "package wasi:cli@0.2.0; interface run { run: func() -> result; }"),
        ("deps/io.wit", "package wasi:io@0.2.0; interface streams { resource input; }"),
    ]);
    let world = World::from_directory(directory.path(), None).unwrap();
    let names =
        |names: Vec<_>| names.into_iter().map(|(name, _): (&wit::ExternName, _)| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(world.imports().collect()), ["wasi:io/streams@0.2.0", "shop:storefront/api@1.4.0"]);
    assert_eq!(names(world.exports().collect()), ["wasi:cli/run@0.2.0"]);
}

#[test]
fn a_resource_behind_a_feature_takes_its_methods_with_it() {
    let wit = "package a:b@1.0.0; world w { @unstable(feature = x) resource r { m: func(); } }";
    let package = Package::from_text("a.wit", wit).unwrap();
    let imports = |features: &Features| package.world(None, features).unwrap().imports().count();
    assert_eq!((imports(&Features::default()), imports(&Features::All)), (0, 2));
}

#[test]
fn an_outline_has_what_is_not_behind_a_feature() {
    let wit = "package a:b@1.0.0; world w { resource r { @unstable(feature = x) m: func(); } }";
    let package = Package::from_text("a.wit", wit).unwrap();
    let outline = |features: &Features| format!("{:?}", package.outline_of_world(None, features).unwrap());
    assert!(!outline(&Features::default()).contains("\"m\""), "{}", outline(&Features::default()));
    assert!(outline(&Features::All).contains("\"m\""), "{}", outline(&Features::All));
}

#[test]
fn reads_a_single_file_and_a_world_by_name() {
    let directory = directory(&[("store.wit", PACKAGE)]);
    World::from_directory(&directory.path().join("store.wit"), Some("batch")).unwrap();
}

#[test]
fn several_worlds_have_to_be_told_apart() {
    assert_snapshot!(check(&[("a.wit", PACKAGE)], None), @"the package `shop:storefront@1.4.0` has several worlds: `storefront`, `batch`");
}

#[test]
fn an_unknown_world_is_answered_with_those_there_are() {
    assert_snapshot!(check(&[("a.wit", PACKAGE)], Some("storefrnt")), @"the package `shop:storefront@1.4.0` has no world `storefrnt`, only `storefront`, `batch`");
    let error = World::from_text("a.wit", PACKAGE, Some("storefrnt")).unwrap_err();
    assert!(matches!(error, WorldError::UnknownWorld { nearest: Some(nearest), .. } if nearest == "storefront"));
}

#[test]
fn a_package_may_have_no_world() {
    assert_snapshot!(check(&[("a.wit", "package shop:types; interface types {}")], None), @"the package `shop:types` has no world");
    assert_snapshot!(check(&[("a.wit", "package shop:types; interface types {}")], Some("shop")), @"the package `shop:types` has no world");
}

#[test]
fn wrong_wit_is_shown_with_file_line_and_column() {
    assert_snapshot!(check(&[("a.wit", "package shop:types;\n\ninterface types {\n  f: fun();\n}\n")], None), @"cannot read the WIT of `[wit]`: expected keyword `func`, found an identifier, at [wit]/a.wit:4:6");
    assert_snapshot!(check(&[("a.wit", "package shop:types;\nworld w {\n  import missing;\n}\n")], None), @"cannot read the WIT of `[wit]`: interface or world `missing` does not exist, at [wit]/a.wit:3:10");
    assert_snapshot!(check(&[("a.wit", "package shop:types;\nworld w {\n  import wasi:http/types@0.2.0;\n}\n")], None), @"`[wit]` refers to `wasi:http@0.2.0`, which is not there, at [wit]/a.wit:3:10");
    assert_snapshot!(check(&[("deps/b/b.wit", "package a:b;\nworld w { import x: nonsense; }\n"), ("a.wit", PACKAGE)], None), @"cannot read the WIT of `[wit]`: interface or world `nonsense` does not exist, at [wit]/deps/b/b.wit:2:21");
}

#[test]
fn an_empty_directory_is_no_package() {
    assert_snapshot!(check(&[], None), @"there is no `.wit` file in `[wit]`");
}

#[test]
fn a_missing_path_is_named() {
    let error = World::from_directory(Path::new("no/such/directory"), None).unwrap_err();
    assert_snapshot!(error, @"cannot read `no/such/directory`");
    assert_snapshot!(error.source().unwrap(), @"No such file or directory (os error 2)");
}

/// A world of an encoded package.
fn of_bytes(bytes: &[u8], world: Option<&str>) -> Result<World, WorldError> {
    Package::from_bytes("shop:storefront", bytes)?.world(world, &Features::default())
}

/// The bytes of the WIT text as an encoded package.
fn encoded(wit: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve { all_features: true, ..wit_parser::Resolve::default() };
    let package = resolve.push_str("test.wit", wit).unwrap();
    wit_component::encode(&resolve, package).unwrap()
}

#[test]
fn an_encoded_package_has_the_worlds_of_its_text() {
    let wit = "package shop:storefront@1.4.0;
        interface types { resource cart { add: func(id: u64); } record item { id: u64 } }
        interface api { use types.{cart, item}; find: func(cart: borrow<cart>) -> option<item>; }
        world storefront { import types; export api; export run: func(); }
        world batch {}";
    let text = World::from_text("test.wit", wit, Some("storefront")).unwrap();
    let decoded = of_bytes(&encoded(wit), Some("storefront")).unwrap();
    assert_eq!(decoded.to_wit(), text.to_wit());
}

#[test]
fn what_is_wrong_with_an_encoded_package_is_said() {
    let check = |bytes: &[u8], world| of_bytes(bytes, world).unwrap_err();
    assert_snapshot!(check(&encoded(PACKAGE), None), @"the package `shop:storefront@1.4.0` has several worlds: `storefront`, `batch`");
    assert_snapshot!(check(&encoded(PACKAGE), Some("storefrnt")), @"the package `shop:storefront@1.4.0` has no world `storefrnt`, only `storefront`, `batch`");
    assert_snapshot!(check(&encoded("package shop:types; interface types {}"), None), @"the package `shop:types` has no world");
    assert_snapshot!(check(&crate::synthesis::component("package a:b; world w { export run: func(); }"), None), @"`shop:storefront` is a component, not an encoded WIT package");
    let error = check(b"no", None);
    assert_snapshot!(error, @"cannot read the WIT package `shop:storefront`");
    assert_snapshot!(error.source().unwrap(), @"not a WebAssembly binary: it starts with `no`");
}

const GATED: &str = "package shop:catalog@1.2.0;
    interface api {
        @since(version = 1.0.0) find: func();
        @unstable(feature = search) record query { text: string }
        @unstable(feature = search) search: func(query: query);
        @unstable(feature = carts) resource cart { @unstable(feature = carts) add: func(); }
    }
    @unstable(feature = carts) interface carts {}
    world w {
        import api;
        @unstable(feature = carts) import carts;
        @unstable(feature = search) export index: func();
    }";

#[test]
fn what_is_behind_a_feature_is_there_when_the_feature_is_on() {
    let names = |features: &Features| {
        let functions = |world: &World| -> Vec<String> {
            let items = world.imports().chain(world.exports());
            let functions =
                items.map(|(name, item)| item.functions().map(|function| format!("{name} {function}")).collect());
            functions.flat_map(|functions: Vec<String>| functions).collect()
        };
        let text = Package::from_text("a.wit", GATED).unwrap().world(None, features).unwrap();
        let bytes = Package::from_bytes("a.wasm", &encoded(GATED)).unwrap().world(None, features).unwrap();
        assert_eq!(text.to_wit(), bytes.to_wit());
        functions(&text)
    };
    let only = |feature: &str| Features::Only([feature.to_owned()].into());
    assert_eq!(names(&Features::default()), ["shop:catalog/api@1.2.0 find"]);
    assert_eq!(names(&only("search")), ["shop:catalog/api@1.2.0 find", "shop:catalog/api@1.2.0 search", "index index"]);
    assert_eq!(names(&only("carts")), ["shop:catalog/api@1.2.0 find", "shop:catalog/api@1.2.0 [method]cart.add"]);
    assert_eq!(names(&Features::All).len(), 4);
}

#[test]
fn what_a_component_exports_can_be_read_as_what_its_users_import() {
    let package = Package::from_text(
        "a.wit",
        "package shop:catalog@1.2.0;
         interface types { record item { id: u64 } }
         interface api { use types.{item}; find: func() -> option<item>; }
         interface clock { now: func() -> u64; }
         world service { import types; import clock; export api; export run: func(); }",
    );
    let (importized, world) = package.unwrap().importized(None).unwrap();
    assert_snapshot!(importized.world(Some(&world), &Features::default()).unwrap().to_wit(), @r"
        package root:component;

        world root {
          import shop:catalog/types@1.2.0;
          import shop:catalog/api@1.2.0;
          import run: func();
        }

        package shop:catalog@1.2.0 {
          interface types {
            record item {
              id: u64,
            }
          }
          interface api {
            use types.{item};
            find: func() -> option<item>;
          }
        }
    ");
}

#[test]
fn what_a_provider_of_a_package_exports_are_its_interfaces() {
    let package = Package::from_text("a.wit", GATED).unwrap();
    let names = |world: &World| world.exports().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&package.provider(&Features::default())), ["shop:catalog/api@1.2.0"]);
    assert_eq!(names(&package.provider(&Features::All)), ["shop:catalog/api@1.2.0", "shop:catalog/carts@1.2.0"]);
}

#[test]
fn what_no_component_type_can_say_is_not_encoded() {
    let refused = |wit: &str| Package::from_text("a.wit", wit).unwrap().encode().unwrap_err();
    assert_snapshot!(refused("package a:b; interface i { record r {} }"), @"cannot encode `a:b`: record type must have at least one field");
    assert_snapshot!(refused("package a:b;"), @"cannot encode `a:b`: it has neither an interface nor a world, so that nothing is left of it when it is encoded");
}

#[test]
fn what_wit_parser_cannot_stand_is_an_error() {
    let error = Package::from_text(
        "a.wit",
        "package a:b@1.0.0;\ninterface i { @unstable(feature = x) @unstable(feature = y) use c:d/e.{t}; }\n",
    );
    assert_snapshot!(error.unwrap_err(), @r#"cannot read the WIT of `a.wit`: wit-parser gave up on it: called `Result::unwrap()` on an `Err` value: ParseError(Syntax { span: Span { start: 57, end: 65 }, message: "cannot specify @unstable twice" })"#);
}

#[test]
fn a_file_that_is_too_large_is_not_read_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.wit");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    for at in [directory.path(), &path] {
        let error = Package::from_path(at).unwrap_err();
        let cause = Error::source(&error).unwrap().to_string().replace(path.to_str().unwrap(), "a.wit");
        assert_eq!(cause, "`a.wit` is larger than 67108864 bytes, which no WIT is");
    }
}

#[test]
fn files_that_are_too_large_together_or_too_many_are_not_read() {
    let refused = |path: &Path| Error::source(&Package::from_path(path).unwrap_err()).unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.wit", "b.wit"] {
        fs::File::create(directory.path().join(name)).unwrap().set_len(40 << 20).unwrap();
    }
    assert_eq!(refused(directory.path()), "its files are larger than 67108864 bytes together, which no WIT is");
    let directory = tempfile::tempdir().unwrap();
    for number in 0..4097 {
        fs::File::create(directory.path().join(format!("{number}.wit"))).unwrap();
    }
    assert_eq!(refused(directory.path()), "it has more than 4096 files, which no WIT has");
}
