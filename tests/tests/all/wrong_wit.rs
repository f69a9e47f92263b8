//! What is said about WIT that is wrong, wherever WIT is named: the place in its text, why, and what to do.

use compose_tests::{artifact::publish, sandbox::Sandbox, wit::encoded};
use insta::assert_snapshot;

use crate::steps::step;

/// Shows WIT of one file, `a.wit`.
fn text(wit: &str) -> String {
    Sandbox::bare([("a.wit", wit)]).compose("wit show a.wit").to_string()
}

/// Shows the WIT of a directory.
fn directory<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Sandbox::bare(files).compose("wit show").to_string()
}

#[test]
fn wrong_text_is_pointed_at() {
    assert_snapshot!(text("package a:b;\ninterface i {\n  f: fun();\n}\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:3:6
      |
    3 |   f: fun();
      |      ^ expected keyword `func`, found an identifier
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\nworld w {\n  import missing;\n}\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:3:10
      |
    3 |   import missing;
      |          ^^^^^^^ interface or world `missing` does not exist
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\ninterface i {\n  type a = b;\n  type b = a;\n}\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:3:12
      |
    3 |   type a = b;
      |            ^ type `b` depends on itself
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\ninterface i {"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:2:14
      |
    2 | interface i {
      |              ^ expected `type`, `resource` or `func`, found eof
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\ninterface i { /* }\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:2:15
      |
    2 | interface i { /* }
      |               ^ unterminated block comment
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\ninterface i { type Foo = u8; }\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:2:20
      |
    2 | interface i { type Foo = u8; }
      |                    ^ invalid character in identifier 'o'
    exit status 1
    ");
    assert_snapshot!(text("package a:b@1;\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     --> a.wit:1:14
      |
    1 | package a:b@1;
      |              ^ expected '.', found ';'
    exit status 1
    ");
    assert_snapshot!(text("world w {}\n"), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     |
     = note: no `package` header was found in any WIT file for this package
     = help: begin one of its files with the package's name
             package example:name@0.1.0;
    exit status 1
    ");
    assert_snapshot!(text(""), @"
    error[world-unreadable]: cannot read the WIT of `a.wit`
     |
     = note: no `package` header was found in any WIT file for this package
     = help: begin one of its files with the package's name
             package example:name@0.1.0;
    exit status 1
    ");
}

#[test]
fn wrong_packages_are_pointed_at() {
    assert_snapshot!(directory([("wit/a.wit", "package a:b;\nworld w {\n  import c:d/e@1.0.0;\n}\n")]), @"
    error[world-unreadable]: `wit` refers to `c:d@1.0.0`, which is not there
     --> wit/a.wit:3:10
      |
    3 |   import c:d/e@1.0.0;
      |          ^^^ not in its `deps`
      |
      = help: put it into its `deps`
              compose wit fetch
    exit status 1
    ");
    assert_snapshot!(text("package a:b;\nworld w {\n  import c:d/e@1.0.0;\n}\n"), @"
    error[world-unreadable]: `a.wit` refers to `c:d@1.0.0`, which is not there
     --> a.wit:3:10
      |
    3 |   import c:d/e@1.0.0;
      |          ^^^ not in this file
      |
      = help: name the directory that it is in: what it refers to is read from the `deps` there
    exit status 1
    ");
    assert_snapshot!(directory([("wit/a.wit", "package a:b;\ninterface i {}\n"), ("wit/b.wit", "package a:c;\n")]), @"
    error[world-unreadable]: cannot read the WIT of `wit`
     --> wit/b.wit:1:9
      |
    1 | package a:c;
      |         ^^^ package identifier `a:c` does not match previous package name of `a:b`
    exit status 1
    ");
    assert_snapshot!(directory([
        ("wit/a.wit", "package a:b;\nworld w {\n  import c:d/e;\n}\n"),
        ("wit/deps/d/d.wit", "package c:d;\ninterface f {}\n"),
    ]), @"
    error[world-unreadable]: cannot read the WIT of `wit`
     --> wit/a.wit:3:14
      |
    3 |   import c:d/e;
      |              ^ `c:d` has no interface `e`
    exit status 1
    ");
    assert_snapshot!(directory([
        ("wit/a.wit", "package a:b;\nworld w {}\n"),
        ("wit/deps/one.wit", "package c:d;\ninterface f {}\n"),
        ("wit/deps/two.wit", "package c:d;\ninterface g {}\n"),
    ]), @"
    error[world-unreadable]: cannot read the WIT of `wit`
     --> wit/deps/two.wit:1:9
      |
    1 | package c:d;
      |         ^^^ the package `c:d` is there twice
      |
     ::: wit/deps/one.wit:1:9
      |
    1 | package c:d;
      |         --- and here
    exit status 1
    ");
    assert_snapshot!(directory([("wit/readme.md", "")]), @"
    error[world-unreadable]: there is no `.wit` file in `wit`
     |
     = help: name the directory that has them itself; one above it, or below it, is not looked into
    exit status 1
    ");
    assert_snapshot!(directory([("wit/deps/d.wit", "package c:d;\n")]), @"
    error[world-unreadable]: there is no `.wit` file in `wit`
     |
     = help: name the directory that has them itself; one above it, or below it, is not looked into
    exit status 1
    ");
}

#[test]
fn what_names_nothing_is_told_what_may_be_meant() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    publish(
        &sandbox.path("registry"),
        "t:io@0.2.0",
        &encoded("package t:io@0.2.0;\ninterface poll {}\nworld imports {}\nworld other {}\n"),
    );
    let show = |arguments: &str| sandbox.compose(&format!("wit show {arguments}"));
    assert_snapshot!(show("t:io/poll"), @"
    error[world-unreadable]: the package `t:io@0.2.0` has no world `poll`, only `imports`, `other`
     |
     = note: `poll` is an interface of it
    exit status 1
    ");
    assert_snapshot!(show("t:io@x"), @"
    package t:io@0.2.0;

    interface poll {
    }

    world imports {
    }
    world other {
    }
    exit status 0
    ");
    assert_snapshot!(show("ghcr.io/team/io:1.0.0"), @"
    error[world-unreadable]: there is no WIT at `ghcr.io/team/io:1.0.0`
     |
     = help: is it an artifact? `oci://ghcr.io/team/io:1.0.0`
    exit status 1
    ");
    assert_snapshot!(show("nowhere.wit"), @"
    error[world-unreadable]: there is no WIT at `nowhere.wit`
     |
     = help: WIT is a directory of `.wit` files, one such file, an encoded package or a component
     = help: or a package in a registry, `wasi:http@0.2`; an artifact, `oci://HOST/REPOSITORY:TAG`; or `git:REVISION:PATH`
    exit status 1
    ");
    assert_snapshot!(show("t:io --importize"), @"
    error[world-unreadable]: the package `t:io@0.2.0` has several worlds: `imports`, `other`
     |
     = help: say which one is meant with `--world NAME`
    exit status 1
    ");
    assert_snapshot!(show("T:io"), @"
    error[invalid-value]: `T:io` names no WIT
     |
     = note: it begins as a package in a registry, `namespace:name`, and names none
     = note: caused by: `T:io` is not a package name: `T` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter
    exit status 1
    ");
}

#[test]
fn a_feature_that_nothing_is_behind_is_told() {
    let gated = "package a:b@1.0.0;\nworld w {\n  @unstable(feature = fancy)\n  import f: func();\n}\n";
    let sandbox = Sandbox::bare([("gated.wit", gated), ("plain.wit", "package a:b@1.0.0;\nworld w {}\n")]);
    assert_snapshot!(sandbox.compose("wit show gated.wit --features fanci,fancy"), @"
    package a:b@1.0.0;

    world w {
      @unstable(feature = fancy)
      import f: func();
    }
    ---
    warning[unknown-name]: nothing is behind the feature `fanci`
     |
     = help: did you mean `fancy`?
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit compat gated.wit --against plain.wit --features more"), @"
    warning[unknown-name]: nothing is behind the feature `more`
     |
     = note: the features there are `fancy`

        Compared a:b@1.0.0 with a:b@1.0.0: 1 change
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show plain.wit --features more"), @"
    package a:b@1.0.0;

    world w {
    }
    ---
    warning[unknown-name]: nothing is behind the feature `more`
     |
     = note: nothing there is behind any
    exit status 0
    ");
}

#[test]
fn what_cannot_be_encoded_is_told() {
    let sandbox =
        Sandbox::bare([("empty.wit", "package a:b;\n"), ("record.wit", "package a:b;\ninterface i { record r {} }\n")]);
    assert_snapshot!(sandbox.compose("wit build empty.wit"), @"
    error[world-unreadable]: cannot encode `a:b`
     |
     = note: it has neither an interface nor a world, so that nothing is left of it when it is encoded
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit build record.wit"), @"
    error[world-unreadable]: cannot encode `a:b`
     |
     = note: record type must have at least one field
    exit status 1
    ");
    sandbox.write("a.wit", "package a:b@1.0.0;\ninterface i {}\n");
    assert_snapshot!(sandbox.compose("wit build a.wit --message-format json"), @r#"
    {"package":"a:b@1.0.0","path":"a-b-1.0.0.wasm","reason":"wit-built","size":108}
    ---
         Encoded a:b@1.0.0 in a-b-1.0.0.wasm (108 B)
    exit status 0
    "#);
    assert!(sandbox.compose("wit show a-b-1.0.0.wasm").stdout.contains("interface i"));
    sandbox.write("file", "");
    assert_snapshot!(sandbox.compose("wit build a.wit -o file/a.wasm"), @"
    error[output-unwritable]: cannot write `file/a.wasm`
     |
     = note: File exists (os error 17)
    exit status 3
    ");
}

#[test]
fn a_directory_to_fetch_for_is_no_file() {
    let sandbox = Sandbox::bare([("wit/a.wit", "package a:b@1.0.0;\nworld w {}\n"), ("wit.wasm", "")]);
    assert_snapshot!(sandbox.compose("wit fetch wit/a.wit"), @"
    error[world-unreadable]: cannot read the directory `wit/a.wit`
     |
     = note: Not a directory (os error 20)
     = help: name the directory that it is in
             compose wit fetch wit
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit fetch wit.wasm"), @"
    error[world-unreadable]: cannot read the directory `wit.wasm`
     |
     = note: Not a directory (os error 20)
     = help: `deps` belong to a directory of `.wit` files: name that
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit update wit"), @"
    error: invalid value 'wit' for '[NS:NAME]...': `wit` is not a package name, such as `wasi:http`; the directory of WIT is named with `--wit wit`

    For more information, try '--help'.
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit update wasi:io@0.2"), @"
    error: invalid value 'wasi:io@0.2' for '[NS:NAME]...': without a version, `wasi:io`: which versions will do is said in the WIT, or in wkg.toml

    For more information, try '--help'.
    exit status 2
    ");
}

#[test]
fn rules_are_known_by_their_command() {
    let sandbox = Sandbox::bare([("wit/a.wit", "package a:b@1.0.0;\ninterface i {}\n")]);
    assert_snapshot!(sandbox.compose("wit lint --deny function-removed"), @"
    error: `function-removed` is a rule of `compose wit compat`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit compat --against wit --allow missing-documentation"), @"
    error: `missing-documentation` is a rule of `compose wit lint`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit lint --deny missing-doc"), @"
    error: there is no rule `missing-doc` for this
     |
     = help: did you mean `missing-documentation`?
     = help: `compose explain` lists all rules
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit lint --deny everything"), @"
    error: there is no rule `everything` for this
     |
     = help: `compose explain` lists all rules
    exit status 2
    ");
}

#[test]
fn without_against_the_newest_published_version_is_meant() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    let package =
        |version: &str, items: &str| format!("package shop:catalog@{version};\ninterface api {{ {items} }}\n");
    sandbox.write("wit/catalog.wit", package("1.3.0", "find: func();"));
    std::fs::create_dir_all(sandbox.path("registry")).unwrap();
    assert_snapshot!(sandbox.compose("wit compat"), @"
    error[package-not-found]: dir:registry has no package shop:catalog
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor shop:catalog
     = help: without `--against` it is compared with the newest version that is published; name another one
             compose wit compat --against git:main:wit
    exit status 3
    ");
    publish(&sandbox.path("registry"), "shop:catalog@2.0.0", &encoded(&package("2.0.0", "")));
    assert_snapshot!(sandbox.compose("wit compat"), @"
    error[version-not-found]: no version of `shop:catalog` satisfies `<=1.3.0`
     |
     = note: `dir:registry` has 2.0.0
     = help: without `--against` it is compared with the newest version that is published; name another one
             compose wit compat --against git:main:wit
    exit status 1
    ");
    publish(&sandbox.path("registry"), "shop:catalog@1.1.0", &encoded(&package("1.1.0", "")));
    publish(
        &sandbox.path("registry"),
        "shop:catalog@1.2.0",
        &encoded(&package("1.2.0", "find: func(); stop: func();")),
    );
    assert_snapshot!(sandbox.compose("wit compat"), @"
    error[function-removed]: shop:catalog/api.stop: the function is gone
     --> wit/catalog.wit:2:11
      |
    2 | interface api { find: func(); }
      |           ^^^ now
      |
      = note: it breaks guests that import it, source code that is compiled against it
      = note: it needs a major version, and the version's change is minor

        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change, 1 to report; version 2.0.0 would announce all
             Why compose explain function-removed
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit compat --suggest-version"), @"
    2.0.0
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit compat --suggest-version --message-format json"), @r#"
    {"before":"1.2.0","package":"shop:catalog","reason":"version-suggested","requires":"major","version":"2.0.0"}
    exit status 0
    "#);
    sandbox.write("other.wit", "package shop:other@3.0.0;\ninterface api {}\n");
    assert_snapshot!(sandbox.compose("wit compat other.wit --against wit"), @"
    warning[wit-finding]: `shop:other` is not another version of `shop:catalog`
     |
     = note: what is different is told all the same; that the version announces it says nothing

        Compared shop:other@3.0.0 with shop:catalog@1.3.0: 2 changes, 2 announced by the version
    exit status 0
    ");
}

#[test]
fn what_is_fetched_must_be_what_is_referred_to() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    let registry = sandbox.path("registry");
    let io = encoded("package t:io@0.2.0;\ninterface poll {}\n");
    publish(&registry, "t:misnamed@1.0.0", &io);
    publish(&registry, "t:part@1.0.0", &step("a", None, 1));
    let fetch = |reference: &str, overrides: &str| {
        sandbox.write("wit/app.wit", format!("package t:app;\nworld app {{\n  import {reference};\n}}\n"));
        sandbox.write("wkg.toml", overrides);
        sandbox.compose("wit fetch")
    };
    assert_snapshot!(fetch("t:misnamed/x@1.0.0", ""), @"
    error[world-unreadable]: t:misnamed@1.0.0 in dir:registry has the WIT of `t:io@0.2.0`, and `t:misnamed@1.0.0` is wanted
     |
     = help: put the WIT of `t:misnamed` into `deps` by hand, or say in `wkg.toml` where it is
    exit status 1
    ");
    assert_snapshot!(fetch("t:part/x@1.0.0", ""), @"
    error[world-unreadable]: t:part@1.0.0 in dir:registry is a component, and `t:part@1.0.0` is wanted as WIT
     |
     = help: put the WIT of `t:part` into `deps` by hand, or say in `wkg.toml` where it is
    exit status 1
    ");
    assert_snapshot!(fetch("WASI:io/x@1.0.0", ""), @"
    error[package-not-found]: `WASI:io@1.0.0` cannot come from a registry
     |
     = note: `WASI:io` is not a package name: `WASI` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter
     = help: put it into `deps` by hand
    exit status 3
    ");
    sandbox.write("io.wasm", io);
    assert_snapshot!(fetch("t:other/x", "[overrides]\n\"t:other\" = { path = \"io.wasm\" }\n"), @"
    error[world-unreadable]: `io.wasm` has the WIT of `t:io@0.2.0`, and `t:other` is wanted
     |
     = help: mend `[overrides]` in `wkg.toml`
    exit status 1
    ");
    assert_snapshot!(fetch("t:other/x", "[overrides]\n\"t:other\" = { path = \"nowhere\" }\n"), @"
    error[world-unreadable]: there is no WIT at `nowhere`
     |
     = note: `wkg.toml` takes `t:other` from there
     = help: WIT is a directory of `.wit` files, one such file, an encoded package or a component
     = help: or a package in a registry, `wasi:http@0.2`; an artifact, `oci://HOST/REPOSITORY:TAG`; or `git:REVISION:PATH`
    exit status 1
    ");
    assert_snapshot!(fetch("t:other/x", "[overrides]\n\"t:other\" = { verson = \"1\" }\n"), @r#"
    error[manifest-syntax]: `wkg.toml` cannot be used
     --> wkg.toml:2:15
      |
    2 | "t:other" = { verson = "1" }
      |               ^^^^^^ unknown field `verson`, expected `path` or `version`
    exit status 1
    "#);
    assert_snapshot!(fetch("t:other/x", "[overrides]\nt-other = { version = \"1\" }\n"), @r#"
    error[manifest-syntax]: `wkg.toml` cannot be used
     --> wkg.toml:2:1
      |
    2 | t-other = { version = "1" }
      | ^^^^^^^ `t-other` is not a package name, such as `wasi:http`
    exit status 1
    "#);
    assert!(!sandbox.path("wit/deps").exists());
}

#[test]
fn a_version_must_stay_the_same_kind_of_thing() {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    publish(&sandbox.path("registry"), "t:part@1.0.0", &encoded("package t:part@1.0.0;\ninterface i {}\n"));
    publish(&sandbox.path("registry"), "t:wit@1.0.0", &step("a", None, 1));
    sandbox.write("part.wasm", step("a", None, 1));
    sandbox.write("wit.wit", "package t:wit@1.1.0;\ninterface i {}\n");
    assert_snapshot!(sandbox.compose("push part.wasm --as t:part@1.1.0"), @"
    error[breaking-change]: 1.0.0 is a WIT package, and 1.1.0 a component
     |
     = note: 1.1.0 says that it can stand in for 1.0.0
     = help: publish it as 2.0.0, which says that it cannot
     = help: or publish it all the same, with `--allow-breaking`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push wit.wit"), @"
    error[breaking-change]: 1.0.0 is a component, and 1.1.0 a WIT package
     |
     = note: 1.1.0 says that it can stand in for 1.0.0
     = help: publish it as 2.0.0, which says that it cannot
     = help: or publish it all the same, with `--allow-breaking`
    exit status 1
    ");
    sandbox.write("none.wit", "package t:none;\ninterface i {}\n");
    assert_snapshot!(sandbox.compose("check part.wasm --wit none.wit"), @"
    error[world-unreadable]: the package `t:none` has no world
     |
     = help: a world says what a component imports and exports: write one, or name WIT that has it
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit compat none.wit --against none.wit --suggest-version"), @"
    error: the package `t:none` has no version from which to go on
     |
     = help: give it one in its `package` line: `@0.1.0`
    exit status 2
    ");
}
