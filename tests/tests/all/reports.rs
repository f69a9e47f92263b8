//! Reports for continuous integration: what stops a command is in them as what rules find is, with its place in a file.

use compose_tests::{guest::Guest, sandbox::Sandbox};
use insta::assert_snapshot;
use serde_json::Value;

use crate::steps::{step, steps};

/// The results of a SARIF log, each as its rule, its first place and its text.
fn sarif(text: &str) -> String {
    let log: Value = serde_json::from_str(text).expect("a report is JSON");
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().expect("a run has results");
    let line = |result: &Value| {
        let at = &result["locations"][0]["physicalLocation"];
        let (file, line) = (&at["artifactLocation"]["uri"], &at["region"]["startLine"]);
        let related = &result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        format!("{} {file}:{line} ({related}) {}\n", result["ruleId"], result["message"]["text"])
    };
    results.iter().map(line).collect()
}

#[test]
fn what_is_wrong_with_an_application_is_reported_where_the_manifest_says_it() {
    let sandbox = Sandbox::new("[components]\none = { path = \"one.wasm\" }\nthree = { path = \"three.wasm\" }\n");
    sandbox.write("one.wasm", step("a", Some("b"), 1));
    sandbox.write("three.wasm", step("c", None, 3));
    let check = |format: &str| sandbox.compose(&format!("check --message-format {format}"));
    assert_snapshot!(check("github"), @r#"
    ::error file=compose.toml,line=2,col=1,endColumn=4,title=missing-provider::nothing provides `t:steps/b@1.0.0` to `one`%0Aimports `t:steps/b@1.0.0`%0A`three` exports `t:steps/c`, which is another interface%0Ahelp: add a component that exports `t:steps/b`%0Ahelp: or, if the runtime has it, say so%0A[links.one]%0A"t:steps/b" = "host"
    exit status 1
    "#);
    assert_snapshot!(check("junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="compose check" tests="1" failures="1" skipped="0">
      <testcase classname="missing-provider" name="nothing provides `t:steps/b@1.0.0` to `one`" file="compose.toml">
        <failure message="nothing provides `t:steps/b@1.0.0` to `one`">compose.toml:2:1
    imports `t:steps/b@1.0.0`
    `three` exports `t:steps/c`, which is another interface
    help: add a component that exports `t:steps/b`
    help: or, if the runtime has it, say so
    [links.one]
    &quot;t:steps/b&quot; = &quot;host&quot;</failure>
      </testcase>
    </testsuite>
    ---
    error[missing-provider]: nothing provides `t:steps/b@1.0.0` to `one`
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `t:steps/b@1.0.0`
      |
      = note: `three` exports `t:steps/c`, which is another interface
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.one]
              "t:steps/b" = "host"
    exit status 1
    "#);
    assert_snapshot!(check("markdown"), @r#"
    ### compose check

    | | rule | where | what | breaks | needs |
    |---|---|---|---|---|---|
    | error | `missing-provider` | compose.toml:2:1 | nothing provides `t:steps/b@1.0.0` to `one`<br>imports `t:steps/b@1.0.0`<br>`three` exports `t:steps/c`, which is another interface<br>help: add a component that exports `t:steps/b`<br>help: or, if the runtime has it, say so<br>[links.one]<br>"t:steps/b" = "host" |  |  |
    ---
    error[missing-provider]: nothing provides `t:steps/b@1.0.0` to `one`
     --> compose.toml:2:1
      |
    2 | one = { path = "one.wasm" }
      | ^^^ imports `t:steps/b@1.0.0`
      |
      = note: `three` exports `t:steps/c`, which is another interface
      = help: add a component that exports `t:steps/b`
      = help: or, if the runtime has it, say so
              [links.one]
              "t:steps/b" = "host"
    exit status 1
    "#);
    let log = check("sarif");
    assert_eq!(log.status, Some(1));
    assert_snapshot!(sarif(&log.stdout), @r#""missing-provider" "compose.toml":2 (null) "nothing provides `t:steps/b@1.0.0` to `one`\nimports `t:steps/b@1.0.0`\n`three` exports `t:steps/c`, which is another interface\nhelp: add a component that exports `t:steps/b`\nhelp: or, if the runtime has it, say so\n[links.one]\n\"t:steps/b\" = \"host\"""#);
    sandbox.write("compose.toml", "[components]\none = 1\n");
    assert_snapshot!(check("github"), @"
    ::error file=compose.toml,line=2,col=7,endColumn=8,title=wrong-type::the component `one` must be a string or a table, and is an integer%0Aexpected a string or a table
    exit status 1
    ");
    sandbox.write("compose.toml", "[components]\none = { path = \"three.wasm\" }\n");
    assert_snapshot!(check("github"), @"
         Checked compose.toml (1 instance of 1 component)
    exit status 0
    ");
    assert_snapshot!(check("junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="compose check" tests="1" failures="0" skipped="0">
      <testcase classname="compose" name="compose check"/>
    </testsuite>
    ---
         Checked compose.toml (1 instance of 1 component)
    exit status 0
    "#);
    assert_snapshot!(sarif(&check("sarif").stdout), @"");
    std::fs::remove_file(sandbox.path("compose.toml")).expect("it was written");
    assert_snapshot!(check("github"), @"
    ::error title=manifest-not-found::there is no compose.toml in `[DIR]` or in a directory above it%0Ahelp: start an application here with `compose init`, or elsewhere with `compose new DIR`%0Ahelp: name the manifest with `--manifest-path FILE`
    exit status 1
    ");
}

#[test]
fn how_a_component_differs_from_a_world_is_reported_of_its_file() {
    let sandbox = Sandbox::bare([(
        "wit/w.wit",
        format!("package t:w;\nworld w {{ export t:steps/e@1.0.0; }}\n{}", steps("1.0.0")),
    )]);
    sandbox.write("a.wasm", step("a", Some("b"), 1));
    sandbox.write("e.wasm", step("e", None, 1));
    let check =
        |file: &str, format: &str| sandbox.compose(&format!("check {file} --world w --message-format {format}"));
    assert_snapshot!(check("a.wasm", "github"), @"
    ::error file=a.wasm,title=world-not-met::`t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.0.0`
    ::error file=a.wasm,title=world-not-met::`t:steps/b@1.0.0` is imported, but not by the target world%0A`a.wasm` must be of the world `w` of `wit`
    exit status 1
    ");
    assert_snapshot!(check("a.wasm", "junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="compose check a.wasm --world w" tests="2" failures="2" skipped="0">
      <testcase classname="world-not-met" name="`t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.0.0`" file="a.wasm">
        <failure message="`t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.0.0`">a.wasm</failure>
      </testcase>
      <testcase classname="world-not-met" name="`t:steps/b@1.0.0` is imported, but not by the target world" file="a.wasm">
        <failure message="`t:steps/b@1.0.0` is imported, but not by the target world">a.wasm
    `a.wasm` must be of the world `w` of `wit`</failure>
      </testcase>
    </testsuite>
    ---
    error[world-not-met]: `t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.0.0`

    error[world-not-met]: `t:steps/b@1.0.0` is imported, but not by the target world
     |
     = note: `a.wasm` must be of the world `w` of `wit`

    error: 2 problems found
    exit status 1
    "#);
    assert_snapshot!(sarif(&check("a.wasm", "sarif").stdout), @r#"
    "world-not-met" "a.wasm":null (null) "`t:steps/e@1.0.0` is not exported; there is `t:steps/a@1.0.0`"
    "world-not-met" "a.wasm":null (null) "`t:steps/b@1.0.0` is imported, but not by the target world\n`a.wasm` must be of the world `w` of `wit`"
    "#);
    assert_snapshot!(check("e.wasm", "junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="compose check e.wasm --world w" tests="1" failures="0" skipped="0">
      <testcase classname="compose" name="compose check e.wasm --world w"/>
    </testsuite>
    ---
         Checked e.wasm (0 imports, 1 export): it is of the world
    exit status 0
    "#);
    assert_snapshot!(sarif(&check("e.wasm", "sarif").stdout), @"");
    assert_snapshot!(check("gone.wasm", "github"), @"
    ::error file=gone.wasm,title=file-unreadable::there is no file `gone.wasm`%0Ahelp: build the component first, or mend the path
    exit status 1
    ");
}

#[test]
fn an_import_that_no_longer_links_is_reported_where_the_new_text_changed() {
    let old = "package shop:catalog@1.2.0;\n\ninterface api {\n  find: func(id: u32) -> u32;\n  stop: func();\n}\n";
    let sandbox = Sandbox::bare([("old.wit", old)]);
    let packages = "package shop:catalog@1.2.0 { interface api { find: func(id: u32) -> u32; stop: func(); } }";
    let guest = Guest::new("import shop:catalog/api@1.2.0; export run: func();", packages);
    sandbox.write("app.wasm", guest.body("run", "(call $api.stop) (drop (call $api.find (i32.const 1)))").component());
    let compat = |new: &str, format: &str| {
        sandbox.write("new.wit", new);
        sandbox.compose(&format!(
            "wit compat new.wit --against old.wit --allow function-removed --allow parameter-retyped \
             --allow interface-removed --consumers app.wasm --message-format {format}"
        ))
    };
    let new = old.replace("id: u32", "id: u64").replace("1.2.0", "1.3.0");
    assert_snapshot!(compat(&new, "human"), @"
    error[consumer-broken]: the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link
     --> new.wit:4:14
      |
    4 |   find: func(id: u64) -> u32;
      |              ^^ now
      |
      = note: shop:catalog/api.find.id: expected u32, found u64

        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
          Linked 1 consumer: 1 import would not link
             Why compose explain consumer-broken
    exit status 1
    ");
    assert_snapshot!(compat(&new, "github"), @"
    ::error file=new.wit,line=4,col=14,endColumn=16,title=consumer-broken::shop:catalog/api@1.2.0: the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; shop:catalog/api.find.id: expected u32, found u64
    ---
        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 1 change
          Linked 1 consumer: 1 import would not link
             Why compose explain consumer-broken
    exit status 1
    ");
    assert_snapshot!(sarif(&compat(&new, "sarif").stdout), @r#""consumer-broken" "new.wit":4 ("app.wasm") "shop:catalog/api@1.2.0: the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; shop:catalog/api.find.id: expected u32, found u64""#);
    assert_snapshot!(compat(&new, "junit").stdout, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="shop:catalog@1.3.0 compared with shop:catalog@1.2.0" tests="1" failures="1" skipped="0">
      <testcase classname="consumer-broken" name="shop:catalog/api@1.2.0" file="new.wit">
        <failure message="the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; shop:catalog/api.find.id: expected u32, found u64">new.wit:4:14</failure>
      </testcase>
    </testsuite>
    "#);
    assert_snapshot!(compat(&new, "markdown").stdout, @"
    ### shop:catalog@1.3.0 compared with shop:catalog@1.2.0

    | | rule | where | what | breaks | needs |
    |---|---|---|---|---|---|
    | error | `consumer-broken` | `shop:catalog/api@1.2.0` (new.wit:4:14) | the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; shop:catalog/api.find.id: expected u32, found u64 | importer |  |
    ");
    assert_snapshot!(compat(&new, "json").stdout, @r#"
    {"before":null,"breaks":["importer"],"file":"app.wasm","level":"deny","message":"the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; shop:catalog/api.find.id: expected u32, found u64","path":"shop:catalog/api@1.2.0","place":{"byte_end":60,"byte_start":58,"column":14,"end_column":16,"end_line":4,"file":"new.wit","line":4},"reason":"finding","requires":null,"rule":"consumer-broken"}
    {"after":"shop:catalog@1.3.0","before":"shop:catalog@1.2.0","changes":1,"fails":true,"made":"minor","reason":"compared","reported":0,"requires":"major","suggested_version":"2.0.0"}
    "#);
    // On another track, and gone.
    assert_snapshot!(sarif(&compat(&old.replace("1.2.0", "2.0.0"), "sarif").stdout), @r#""consumer-broken" "new.wit":3 ("app.wasm") "shop:catalog/api@1.2.0: the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; there is `shop:catalog/api@2.0.0`, which is on another semver track""#);
    assert_snapshot!(sarif(&compat("package shop:catalog@2.0.0;\ninterface other {}\n", "sarif").stdout), @r#""consumer-broken" "new.wit":1 ("app.wasm") "shop:catalog/api@1.2.0: the import `shop:catalog/api@1.2.0` of `app.wasm` would no longer link; nothing of that name is left""#);
}

#[test]
fn findings_about_components_are_of_their_files() {
    let sandbox = Sandbox::bare([("old.wasm", step("a", Some("b"), 1)), ("new.wasm", step("a", None, 1))]);
    let compat =
        |format: &str| sandbox.compose(&format!("wit compat new.wasm --against old.wasm --message-format {format}"));
    assert_snapshot!(compat("human"), @"
    error[world-import-removed]: root:component/root.t:steps/b: the import is gone
     --> new.wasm:3:7
      |
    3 | world root {
      |       ^^^^ now
      |
     ::: old.wasm:3:7
      |
    3 | world root {
      |       ---- before
      |
      = note: it breaks guests that import it, source code that is compiled against it
      = note: it needs a major version, and the version's change is none

        Compared root:component with root:component: 1 change, 1 to report
             Why compose explain world-import-removed
    exit status 1
    ");
    assert_snapshot!(compat("json").stdout, @r#"
    {"before":null,"breaks":["importer","source"],"file":"new.wasm","level":"deny","message":"the import is gone","path":"root:component/root.t:steps/b","place":null,"reason":"finding","requires":"major","rule":"world-import-removed"}
    {"after":"root:component","before":"root:component","changes":1,"fails":true,"made":"none","reason":"compared","reported":1,"requires":"major","suggested_version":null}
    "#);
    assert_snapshot!(sarif(&compat("sarif").stdout), @r#""world-import-removed" "new.wasm":null (null) "root:component/root.t:steps/b: the import is gone\nit breaks guests that import it, source code that is compiled against it\nit needs a major version, and the version's change is none""#);
    assert_eq!(sarif(&sandbox.compose("wit lint new.wasm --message-format sarif").stdout), "");
}

#[test]
fn what_stops_a_comparison_is_in_its_report_and_what_is_no_longer_ignored_as_well() {
    let sandbox = Sandbox::bare([
        ("old.wit", "package a:b@1.0.0;\ninterface i {}\n"),
        ("bad.wit", "package a:b@1.0.0;\ninterface i {\n"),
        ("compose.toml", "[wit.lint]\nignore = [{ path = \"a:b/gone\", reason = \"later\" }]\n"),
    ]);
    assert_snapshot!(sandbox.compose("wit compat bad.wit --against old.wit --message-format github"), @"
    ::error file=bad.wit,line=3,col=1,endColumn=1,title=world-unreadable::cannot read the WIT of `bad.wit`%0Aexpected `type`, `resource` or `func`, found eof
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit lint old.wit --message-format github"), @"
    ::warning file=old.wit,line=2,col=11,endColumn=12,title=missing-documentation::a:b/i: the interface has no documentation
    ::warning file=old.wit,line=2,col=11,endColumn=12,title=empty-interface::a:b/i: the interface is empty
    ::warning file=compose.toml,line=2,col=11,endColumn=50,title=wit-finding::what is ignored here is not found any more%0Acan be removed
    ---
          Linted a:b@1.0.0: 2 findings
             Why compose explain missing-documentation
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit lint old.wit --message-format junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="a:b@1.0.0" tests="3" failures="0" skipped="3">
      <testcase classname="missing-documentation" name="a:b/i" file="old.wit">
        <skipped message="the interface has no documentation">old.wit:2:11</skipped>
      </testcase>
      <testcase classname="empty-interface" name="a:b/i" file="old.wit">
        <skipped message="the interface is empty">old.wit:2:11</skipped>
      </testcase>
      <testcase classname="wit-finding" name="what is ignored here is not found any more" file="compose.toml">
        <skipped message="what is ignored here is not found any more">compose.toml:2:11
    can be removed</skipped>
      </testcase>
    </testsuite>
    ---
    warning[missing-documentation]: a:b/i: the interface has no documentation
     --> old.wit:2:11
      |
    2 | interface i {}
      |           ^

    warning[empty-interface]: a:b/i: the interface is empty
     --> old.wit:2:11
      |
    2 | interface i {}
      |           ^

    warning[wit-finding]: what is ignored here is not found any more
     --> compose.toml:2:11
      |
    2 | ignore = [{ path = "a:b/gone", reason = "later" }]
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ can be removed

          Linted a:b@1.0.0: 2 findings
             Why compose explain missing-documentation
    exit status 0
    "#);
    sandbox.write("less.wit", "package a:b@0.9.0;\ninterface i {}\n");
    assert_snapshot!(sandbox.compose("wit compat less.wit --against old.wit"), @"
    error[package-version-decreased]: a:b: the version is 0.9.0, and was 1.0.0
     --> less.wit:1:9
      |
    1 | package a:b@0.9.0;
      |         ^^^^^^^^^ now
      |
     ::: old.wit:1:9
      |
    1 | package a:b@1.0.0;
      |         --------- before
      |
      = note: it needs a patch version, and the version's change is none

        Compared a:b@0.9.0 with a:b@1.0.0: 1 change, 1 to report; version 1.0.1 would announce all
             Why compose explain package-version-decreased
    exit status 1
    ");
}

#[test]
fn commands_without_findings_refuse_to_report() {
    let sandbox = Sandbox::bare([("wit/a.wit", "package a:b@1.0.0;\ninterface i {}\n")]);
    assert_snapshot!(sandbox.compose("build --message-format sarif"), @"
    error: this command cannot write its results as `sarif`
     |
     = help: `compose check`, `compose wit lint` and `compose wit compat` write such reports
     = help: use `--message-format json` for programs
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit fetch --check --message-format github"), @"
    error: this command cannot write its results as `github`
     |
     = help: `compose check`, `compose wit lint` and `compose wit compat` write such reports
     = help: use `--message-format json` for programs
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("wit compat --against wit --suggest-version --message-format junit"), @"
    error: this command cannot write its results as `junit`
     |
     = help: `compose check`, `compose wit lint` and `compose wit compat` write such reports
     = help: use `--message-format json` for programs
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("check --message-format xml"), @"
    error: invalid value 'xml' for '--message-format <FORMAT>'
      [possible values: human, json, github, gitlab, sarif, junit, markdown]

    For more information, try '--help'.
    exit status 2
    ");
}

#[test]
fn all_changes_are_told_to_who_asks_for_them() {
    let old =
        "package shop:catalog@1.2.0;\ninterface api {\n  find: func(id: u32);\n  stop: func();\n  go: func();\n}\n";
    let new = "package shop:catalog@1.3.0;\ninterface api {\n  find: func(id: u64);\n  /// Goes.\n  go: func();\n  more: func();\n}\n";
    let sandbox = Sandbox::bare([
        ("old.wit", old),
        ("new.wit", new),
        (
            "compose.toml",
            "[wit.compat]\nignore = [{ path = \"shop:catalog/api.stop\", reason = \"nobody called it\" }]\n",
        ),
    ]);
    let compat = |format: &str| {
        sandbox.compose(&format!("wit compat new.wit --against old.wit --all --message-format {format}"))
    };
    assert_snapshot!(compat("human"), @"
    error[parameter-retyped]: shop:catalog/api.find.id: the parameter is `u64`, and was `u32`
     --> new.wit:3:14
      |
    3 |   find: func(id: u64);
      |              ^^ now
      |
     ::: old.wit:3:14
      |
    3 |   find: func(id: u32);
      |              -- before
      |
      = note: it breaks guests that import it, guests that export it, hosts that run newer guests, source code that is compiled against it
      = note: it needs a major version, and the version's change is minor

    note[function-removed]: shop:catalog/api.stop: the function is gone
     --> new.wit:2:11
      |
    2 | interface api {
      |           ^^^ now
      |
     ::: old.wit:4:3
      |
    4 |   stop: func();
      |   ---- before
      |
      = note: it breaks guests that import it, source code that is compiled against it
      = note: it needs a major version, and the version's change is minor
      = note: the manifest ignores it: nobody called it

    note[documentation-changed]: shop:catalog/api.go: the documentation is new
     --> new.wit:5:3
      |
    5 |   go: func();
      |   ^^ now
      |
     ::: old.wit:5:3
      |
    5 |   go: func();
      |   -- before
      |
      = note: it needs a patch version, and the version's change is minor
      = note: the version announces it

    note[function-added]: shop:catalog/api.more: the function is new
     --> new.wit:6:3
      |
    6 |   more: func();
      |   ^^^^ now
      |
     ::: old.wit:2:11
      |
    2 | interface api {
      |           --- before
      |
      = note: it breaks guests that export it, hosts that run newer guests
      = note: it needs a minor version, and the version's change is minor
      = note: the version announces it

        Compared shop:catalog@1.3.0 with shop:catalog@1.2.0: 4 changes, 2 announced by the version, 1 to report; version 2.0.0 would announce all
             Why compose explain parameter-retyped
    exit status 1
    ");
    assert_snapshot!(compat("github").stdout, @"
    ::error file=new.wit,line=3,col=14,endColumn=16,title=parameter-retyped::shop:catalog/api.find.id: the parameter is `u64`, and was `u32`%0Ait breaks guests that import it, guests that export it, hosts that run newer guests, source code that is compiled against it%0Ait needs a major version, and the version's change is minor
    ::notice file=new.wit,line=2,col=11,endColumn=14,title=function-removed::shop:catalog/api.stop: the function is gone%0Ait breaks guests that import it, source code that is compiled against it%0Ait needs a major version, and the version's change is minor%0Athe manifest ignores it: nobody called it
    ::notice file=new.wit,line=5,col=3,endColumn=5,title=documentation-changed::shop:catalog/api.go: the documentation is new%0Ait needs a patch version, and the version's change is minor%0Athe version announces it
    ::notice file=new.wit,line=6,col=3,endColumn=7,title=function-added::shop:catalog/api.more: the function is new%0Ait breaks guests that export it, hosts that run newer guests%0Ait needs a minor version, and the version's change is minor%0Athe version announces it
    ");
    assert_snapshot!(compat("junit").stdout, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="shop:catalog@1.3.0 compared with shop:catalog@1.2.0" tests="4" failures="1" skipped="0">
      <testcase classname="parameter-retyped" name="shop:catalog/api.find.id" file="new.wit">
        <failure message="the parameter is `u64`, and was `u32`">new.wit:3:14
    it breaks guests that import it, guests that export it, hosts that run newer guests, source code that is compiled against it
    it needs a major version, and the version's change is minor</failure>
      </testcase>
      <testcase classname="function-removed" name="shop:catalog/api.stop" file="new.wit">
        <system-out>the function is gone
    new.wit:2:11
    it breaks guests that import it, source code that is compiled against it
    it needs a major version, and the version's change is minor
    the manifest ignores it: nobody called it</system-out>
      </testcase>
      <testcase classname="documentation-changed" name="shop:catalog/api.go" file="new.wit">
        <system-out>the documentation is new
    new.wit:5:3
    it needs a patch version, and the version's change is minor
    the version announces it</system-out>
      </testcase>
      <testcase classname="function-added" name="shop:catalog/api.more" file="new.wit">
        <system-out>the function is new
    new.wit:6:3
    it breaks guests that export it, hosts that run newer guests
    it needs a minor version, and the version's change is minor
    the version announces it</system-out>
      </testcase>
    </testsuite>
    "#);
    let json = compat("json").stdout;
    let tolerated =
        json.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON")["tolerated"].to_string());
    assert_snapshot!(tolerated.collect::<Vec<_>>().join("\n"), @r#"
    null
    "the manifest ignores it: nobody called it"
    "the version announces it"
    "the version announces it"
    null
    "#);
    let log: Value = serde_json::from_str(&compat("sarif").stdout).expect("a report is JSON");
    assert_snapshot!(log["runs"][0]["results"][1]["suppressions"], @r#"[{"justification":"the manifest ignores it: nobody called it","kind":"external"}]"#);
}
