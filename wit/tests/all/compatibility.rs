//! What is said about two versions of a package.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use wit::compatibility::{Bump, Change, Compatibility, Features, Ignore, Level, Policy, Side, compatibility};
use wit::{Package, Place};

const HEAD: &str = "package shop:catalog@1.2.0;\n";

fn compared(before: &str, after: &str) -> Compatibility {
    let read = |name: &str, text: &str| {
        let head = if text.starts_with("package ") { "" } else { HEAD };
        Package::from_text(name, &format!("{head}{text}")).unwrap()
    };
    compatibility(&read("before.wit", before), &read("after.wit", after), &Features::default())
}

/// All changes, a line each: the rule, what it says, whom it breaks, the bump, and both places.
#[track_caller]
fn check(before: &str, after: &str) -> String {
    compared(before, after).changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(change: &Change) -> String {
    let breaks = change.breaks.iter().map(|side| side.as_str()).collect::<Vec<_>>().join(" ");
    let place = |place: &Option<Place>| place.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
    let (before, after) = (place(&change.before), place(&change.after));
    format!("{}: {change} | {breaks} | {} | {before} -> {after}", change.rule.id, change.requires)
}

#[test]
fn all_changes_are_reported_at_once_with_both_places() {
    assert_snapshot!(check(
        "interface api {\n  record item { id: u64, price: f64 }\n  find: func(id: u64) -> item;\n  stop: func();\n}\n",
        "interface api {\n  record item { price: u64, id: u64 }\n  find: func(id: u64) -> option<item>;\n  /// Adds.\n  add: func();\n}\n",
    ), @r"
        field-retyped: shop:catalog/api.item.price: the field is `u64`, and was `f64` | importer exporter host source | major | before.wit:3:26 -> after.wit:3:17
        fields-reordered: shop:catalog/api.item: the fields are price, id, and were id, price | importer exporter host | major | before.wit:3:10 -> after.wit:3:10
        result-made-optional: shop:catalog/api.find (result): the function returns `option<item>`, and returned `item` | importer exporter host source | major | before.wit:4:3 -> after.wit:4:3
        function-removed: shop:catalog/api.stop: the function is gone | importer source | major | before.wit:5:3 -> after.wit:2:11
        function-added: shop:catalog/api.add: the function is new | exporter host | minor | before.wit:2:11 -> after.wit:6:3
    ");
}

#[test]
fn an_interface_that_a_world_exports_cannot_grow() {
    assert_snapshot!(check(
        "interface api { find: func(); } world w { export api; }",
        "interface api { find: func(); more: func(); } world w { export api; }",
    ), @"function-added: shop:catalog/api.more: the function is new | exporter source | major | before.wit:2:11 -> after.wit:2:31");
}

#[test]
fn what_a_world_uses_behind_a_feature_binds_nobody() {
    let of = |ty: &str| {
        format!(
            "world w {{ @unstable(feature = more) export other:kit/api; }}\n\
             package other:kit {{ interface api {{ f: func() -> {ty}; }} }}"
        )
    };
    assert_snapshot!(check(&of("u32"), &of("u64")), @"unstable-changed: other:kit/api: the interface, which worlds use behind a feature, changed |  | patch | before.wit:3:31 -> after.wit:3:31");
}

#[test]
fn functions_of_a_resource_behind_a_feature_change_with_it() {
    let of = |ty: &str| {
        format!(
            "interface api {{ @unstable(feature = more) resource cart {{ total: func() -> {ty}; size: func() -> u8; }} }}"
        )
    };
    assert_snapshot!(check(&of("u32"), &of("u64")), @"unstable-changed: shop:catalog/api.cart: the resource, which is behind a feature, changed |  | patch | before.wit:2:52 -> after.wit:2:52");
    assert_snapshot!(check(&of("u32"), &of("u32")), @"");
}

#[test]
fn types_that_have_each_other_often_are_compared_once() {
    // Written out, the last of them would have more than a hundred trillion members.
    let of = |name: &str| {
        let types = (1..50).map(|level| format!("type {name}{level} = tuple<{name}{0}, {name}{0}>;", level - 1));
        let types: Vec<String> = types.collect();
        format!("interface api {{ type {name}0 = u8; {} f: func(a: {name}49); }}", types.join(" "))
    };
    let changes = compared(&of("a"), &of("b")).changes;
    assert!(changes.iter().all(|change| ["type-removed", "type-added"].contains(&change.rule.id)), "{changes:#?}");
    assert!(compared(&of("a"), &of("a")).changes.is_empty());
}

#[test]
fn a_type_that_changes_is_reported_where_it_is_defined_and_once() {
    assert_snapshot!(check(
        "interface types { record item { id: u32 } } interface api { use types.{item}; f: func(item: item) -> list<item>; }",
        "interface types { record item { id: u64 } } interface api { use types.{item}; f: func(item: item) -> list<item>; }",
    ), @"field-retyped: shop:catalog/types.item.id: the field is `u64`, and was `u32` | importer exporter host source | major | before.wit:2:33 -> after.wit:2:33");
}

#[test]
fn what_a_world_includes_is_its_own() {
    assert_snapshot!(check(
        "interface log { line: func(); } world base { import log; } world w { include base; }",
        "interface log { line: func(); } world base { import log; export run: func(); } world w { include base; }",
    ), @r"
        world-export-added: shop:catalog/base.run: the export is new | exporter source | major | before.wit:2:39 -> after.wit:2:65
        world-export-added: shop:catalog/w.run: the export is new | exporter source | major | before.wit:2:66 -> after.wit:2:65
    ");
}

#[test]
fn inline_interfaces_and_functions_of_worlds_are_compared() {
    assert_snapshot!(check(
        "world w { import log: interface { line: func(text: string); } import now: func() -> u64; export run: func(); }",
        "world w { import log: interface { line: func(text: string, level: u8); more: func(); } import now: func() -> u32; export run: async func(); }",
    ), @r"
        parameter-added: shop:catalog/w.log.line.level: the parameter is new | importer exporter host source | major | before.wit:2:35 -> after.wit:2:60
        function-added: shop:catalog/w.log.more: the function is new | exporter host | minor | before.wit:2:7 -> after.wit:2:72
        result-retyped: shop:catalog/w.now (result): the function returns `u32`, and returned `u64` | importer exporter host source | major | before.wit:2:70 -> after.wit:2:95
        function-made-async: shop:catalog/w.run: the function is async, and was not | importer exporter host source | major | before.wit:2:97 -> after.wit:2:122
    ");
}

#[test]
fn interfaces_of_other_packages_count_where_worlds_use_them() {
    assert_snapshot!(check(
        "package shop:catalog@1.2.0; world w { import wasi:io/streams@0.2.0; }
         package wasi:io@0.2.0 { interface streams { resource input { read: func(); } } }",
        "package shop:catalog@1.2.0; world w { import wasi:io/streams@0.2.6; }
         package wasi:io@0.2.6 { interface streams { resource input { read: func(); skip: func(); } } }",
    ), @r"
        world-dependency-changed: shop:catalog/w.wasi:io/streams: it is `wasi:io/streams@0.2.6`, and was `wasi:io/streams@0.2.0` |  | patch | before.wit:1:35 -> after.wit:1:35
        method-added: wasi:io/streams.input.skip: the method is new | exporter host | minor | before.wit:2:44 -> after.wit:2:85
    ");
    assert_snapshot!(check(
        "package shop:catalog@1.2.0; world w { import wasi:io/streams@0.2.0; }
         package wasi:io@0.2.0 { interface streams { resource input { read: func(); } } }",
        "package shop:catalog@1.2.0; world w { import wasi:io/streams@0.3.0; }
         package wasi:io@0.3.0 { interface streams { resource input { read: func(); } } }",
    ), @r"
        world-import-removed: shop:catalog/w.wasi:io/streams: the import is gone | importer source | major | before.wit:1:35 -> after.wit:1:35
        world-import-added: shop:catalog/w.wasi:io/streams: the import is new | host | minor | before.wit:1:35 -> after.wit:1:35
    ");
}

#[test]
fn the_functions_of_a_resource_come_and_go_with_it() {
    assert_snapshot!(check(
        "interface api { resource cart { constructor(); add: func(); } }",
        "interface api { resource basket { constructor(); add: func(); } }",
    ), @r"
        resource-removed: shop:catalog/api.cart: the resource is gone | importer source | major | before.wit:2:26 -> after.wit:2:11
        resource-added: shop:catalog/api.basket: the resource is new | exporter host | minor | before.wit:2:11 -> after.wit:2:26
    ");
}

#[test]
fn features_that_are_off_hide_what_is_behind_them() {
    let before = "interface api { find: func(); @unstable(feature = search) search: func(text: string); }";
    let after = "interface api { find: func(); @unstable(feature = search) search: func(text: list<u8>); }";
    assert_snapshot!(check(before, after), @"unstable-changed: shop:catalog/api.search: the function, which is behind a feature, changed |  | patch | before.wit:2:59 -> after.wit:2:59");
    let [before, after] = [before, after].map(|text| Package::from_text("a.wit", &format!("{HEAD}{text}")).unwrap());
    let all = compatibility(&before, &after, &Features::All);
    assert_snapshot!(line(&all.changes[0]), @"parameter-retyped: shop:catalog/api.search.text: the parameter is `list<u8>`, and was `string` | importer exporter host source | major | a.wit:2:72 -> a.wit:2:72");
}

#[test]
fn the_bump_that_was_made_announces_changes() {
    let judge = |version: &str| {
        let compared = compared(
            "interface api { find: func(); }",
            &format!("package shop:catalog@{version}; interface api {{ find: func(); more: func(); }}"),
        );
        let fails = compared.judge(&Policy::default()).fails();
        (compared.made(), fails, compared.suggested_version().unwrap().to_string())
    };
    assert_eq!(judge("1.2.0"), (Bump::None, true, "1.3.0".to_owned()));
    assert_eq!(judge("1.2.1"), (Bump::Patch, true, "1.3.0".to_owned()));
    assert_eq!(judge("1.3.0"), (Bump::Minor, false, "1.3.0".to_owned()));
    assert_eq!(judge("2.0.0"), (Bump::Major, false, "1.3.0".to_owned()));
}

#[test]
fn a_version_that_decreases_is_never_announced() {
    let compared = compared("interface api {}", "package shop:catalog@1.1.0; interface api {}");
    assert!(compared.judge(&Policy::default()).fails());
}

#[test]
fn a_policy_chooses_sides_levels_and_what_is_ignored() {
    let compared = compared(
        "interface api { find: func(); record item { id: u64 } }",
        "interface api { find: func(); more: func(); record item { id: u64, price: f64 } }",
    );
    let reported = |policy: &Policy| {
        let judgement = compared.judge(policy);
        let reported = judgement.findings.iter().filter(|finding| finding.is_reported());
        let lines: Vec<_> = reported.map(|it| format!("{} {}", it.level.as_str(), it.change.rule.id)).collect();
        (lines.join(", "), judgement.fails(), judgement.unused.len())
    };
    let policy = Policy::default();
    assert_eq!(reported(&policy), ("deny field-added, deny function-added".to_owned(), true, 0));

    let mut policy = Policy::default();
    policy.sides = [Side::Importer].into();
    assert_eq!(reported(&policy), ("deny field-added".to_owned(), true, 0));

    let mut policy = Policy::default();
    policy.levels =
        BTreeMap::from([("field-added".to_owned(), Level::Warn), ("function-added".to_owned(), Level::Allow)]);
    assert_eq!(reported(&policy), ("warn field-added".to_owned(), false, 0));

    let ignore = |path: &str, rule: Option<&str>| Ignore {
        path: path.to_owned(),
        rule: rule.map(str::to_owned),
        reason: "nobody has it yet".to_owned(),
    };
    let mut policy = Policy::default();
    policy.ignores = vec![
        ignore("shop:catalog/api.item", None),
        ignore("shop:catalog/api", Some("function-removed")),
        ignore("shop:catalog/ap", None),
    ];
    assert_eq!(reported(&policy), ("deny function-added".to_owned(), true, 2));
}

#[test]
fn a_directory_files_text_and_encoded_package_are_the_same_package() {
    let text =
        "package shop:catalog@1.2.0;\ninterface api { use wasi:io/streams@0.2.0.{input}; f: func(input: input); }\n";
    let io = "package wasi:io@0.2.0;\ninterface streams { resource input; }\n";
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("deps/io")).unwrap();
    std::fs::write(directory.path().join("api.wit"), text).unwrap();
    std::fs::write(directory.path().join("deps/io/io.wit"), io).unwrap();
    let from_directory = Package::from_path(directory.path()).unwrap();

    let files = [("api.wit", text), ("deps/io.wit", io)];
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect();
    let from_files = Package::from_files("wit", &files).unwrap();

    let mut resolve = wit_parser::Resolve::default();
    resolve.push_str("io.wit", io).unwrap();
    let id = resolve.push_str("api.wit", text).unwrap();
    let bytes = wit_component::encode(&resolve, id).unwrap();
    std::fs::write(directory.path().join("package.wasm"), &bytes).unwrap();
    let from_bytes = Package::from_path(&directory.path().join("package.wasm")).unwrap();

    let whole = text.replacen(';', ";\n", 1) + &io.replacen(";\n", " {\n", 1) + "}";
    let from_text = Package::from_text("api.wit", &whole).unwrap();
    let packages = [from_directory, from_files, from_bytes, from_text];
    for one in &packages {
        assert_eq!(one.to_string(), "shop:catalog@1.2.0");
        for other in &packages {
            assert_eq!(compatibility(one, other, &Features::default()).changes, []);
        }
    }
}

#[test]
fn what_an_encoded_package_forgets_of_others_is_no_change() {
    let dependency = |gated: &str, more: &str| {
        format!(
            "package wasi:io@0.2.3 {{ /// Errors.\n@since(version = 0.2.0) interface error {{ @since(version = 0.2.0) resource error {{ \
             /// Of it.\n@since(version = 0.2.1) @deprecated(version = 0.2.2) text: func() -> string; {gated} code: func() -> u8; }} {more} }} }}"
        )
    };
    let package = |version: &str, dependency: &str| {
        let main = "@since(version = 1.0.0) interface api { use wasi:io/error@0.2.3.{error}; @unstable(feature = more) f: func() -> error; }";
        let world = "world w { import api; export wasi:io/error@0.2.3; }";
        let text = format!("package shop:catalog@{version};\n{main}\n{world}\n{dependency}\n");
        Package::from_text("a.wit", &text).unwrap()
    };
    let gated = dependency("@unstable(feature = codes)", "");
    let text = package("1.2.0", &gated);
    let encoded = Package::from_bytes("a.wasm", &text.encode().unwrap()).unwrap();
    let lines = |before: &Package, after: &Package| {
        compatibility(before, after, &Features::default()).changes.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    assert_eq!((lines(&text, &encoded), lines(&encoded, &text)), (String::new(), String::new()));
    // What is gated otherwise, and what comes, are changes where both say so.
    let newer = dependency("", "more: func();");
    assert_snapshot!(lines(&text, &package("1.2.0", &newer)), @"
    unstable-promoted: wasi:io/error.error.code: the method is there for all, and was behind a feature | exporter host source | major | a.wit:6:105 -> a.wit:6:79
    function-added: wasi:io/error.more: the function is new | exporter host source | major | a.wit:5:35 -> a.wit:6:101
    ");
    assert_snapshot!(lines(&encoded, &package("1.2.0", &newer)), @"function-added: wasi:io/error.more: the function is new | exporter host source | major | nowhere -> a.wit:6:101");
}

#[test]
fn what_is_no_package_is_said() {
    let error = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Package::from_files("wit", &files).unwrap_err().to_string()
    };
    assert_snapshot!(error(&[("readme.md", "")]), @"there is no `.wit` file in `wit`");
    assert_snapshot!(error(&[("a.wit", "package a:b;\ninterface i { f: fun(); }\n")]), @"cannot read the WIT of `wit`: expected keyword `func`, found an identifier, at wit/a.wit:2:18");
    assert_snapshot!(error(&[("a.wit", "package a:b;\ninterface i { use c:d/e.{t}; }\n")]), @"`wit` refers to `c:d`, which is not there, at wit/a.wit:2:19");
}
