//! Manifests that cannot be used, and what a person is told.

use compose_tests::sandbox::Sandbox;
use insta::assert_snapshot;

use crate::refused;

fn check(manifest: &str) -> String {
    refused(&Sandbox::new(manifest))
}

#[test]
fn there_is_no_manifest() {
    let sandbox = Sandbox::new("");
    std::fs::remove_file(sandbox.path("compose.toml")).unwrap();
    assert_snapshot!(refused(&sandbox), @"
    error[manifest-not-found]: there is no compose.toml in `[DIR]` or in a directory above it
     |
     = help: start an application here with `compose init`, or elsewhere with `compose new DIR`
     = help: name the manifest with `--manifest-path FILE`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("build --manifest-path app/compose.toml"), @"
    error[manifest-not-found]: there is no manifest `app/compose.toml`
     |
     = help: start an application here with
             compose init
    exit status 1
    ");
}

#[test]
fn a_manifest_is_not_text() {
    let sandbox = Sandbox::new("");
    sandbox.write("compose.toml", b"[components]\n# caf\xe9\n");
    assert_snapshot!(refused(&sandbox), @"
    error[manifest-unreadable]: cannot read the manifest `compose.toml`
     |
     = note: it is not UTF-8 text: the first byte that cannot be is at offset 18, in line 2
    exit status 1
    ");
}

#[test]
fn a_manifest_is_not_toml() {
    assert_snapshot!(check("[components\nfront = { path = \"front.wasm\" }\n"), @"
    error[manifest-syntax]: the manifest is not valid TOML
     --> compose.toml:1:12
      |
    1 | [components
      |            ^ unclosed table, expected `]`
    exit status 1
    ");
    assert_snapshot!(check("[components]\nfront = path = \"front.wasm\"\n"), @r#"
    error[manifest-syntax]: the manifest is not valid TOML
     --> compose.toml:2:9
      |
    2 | front = path = "front.wasm"
      |         ^^^^ string values must be quoted, expected literal string

    error[manifest-syntax]: the manifest is not valid TOML
     --> compose.toml:2:14
      |
    2 | front = path = "front.wasm"
      |              ^ unexpected key or value, expected newline, `#`

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn a_key_stands_twice() {
    assert_snapshot!(check("[components]\nfront = \"a:b\"\nfront = \"c:d\"\n"), @r#"
    error[manifest-syntax]: the manifest is not valid TOML
     --> compose.toml:3:1
      |
    3 | front = "c:d"
      | ^^^^^ duplicate key
    exit status 1
    "#);
    assert_snapshot!(check("[components]\nfront = \"a:b\"\n[components]\nback = \"c:d\"\n"), @"
    error[manifest-syntax]: the manifest is not valid TOML
     --> compose.toml:3:2
      |
    3 | [components]
      |  ^^^^^^^^^^ duplicate key
    exit status 1
    ");
}

#[test]
fn a_manifest_is_empty() {
    assert_snapshot!(check(""), @r#"
    error[nothing-exported]: the application has no components
     --> compose.toml:1:1
      |
    1 |
      | ^ there is no entry under `[components]`
      |
      = help: add one
              [components]
              main = { path = "main.wasm" }
    exit status 1
    "#);
}

#[test]
fn a_key_is_not_known() {
    assert_snapshot!(check("[component]\nfront = { path = \"front.wasm\" }\n"), @"
    error[unknown-key]: the manifest has no key `component`
     --> compose.toml:1:2
      |
    1 | [component]
      |  ^^^^^^^^^ unknown key
      |
      = help: did you mean `components`?
    exit status 1
    ");
    assert_snapshot!(check("[components]\nfront = { pth = \"front.wasm\", path = \"front.wasm\" }\n"), @r#"
    error[unknown-key]: the component `front` has no key `pth`
     --> compose.toml:2:11
      |
    2 | front = { pth = "front.wasm", path = "front.wasm" }
      |           ^^^ unknown key
      |
      = help: did you mean `path`?
    exit status 1
    "#);
    assert_snapshot!(check("[package]\nname = \"a:b\"\ncolour = \"red\"\n"), @r#"
    error[unknown-key]: [package] has no key `colour`
     --> compose.toml:3:1
      |
    3 | colour = "red"
      | ^^^^^^ unknown key
      |
      = note: it can have `name`, `version`, `description`, `license`, `authors`, `repository`, `homepage`, `documentation`, `vendor` and `revision`
    exit status 1
    "#);
}

#[test]
fn a_value_has_another_type() {
    assert_snapshot!(check("[components]\nfront = 1\nback = { path = true }\n[chains]\n\"a:b/c\" = \"front\"\n"), @r#"
    error[wrong-type]: the component `front` must be a string or a table, and is an integer
     --> compose.toml:2:9
      |
    2 | front = 1
      |         ^ expected a string or a table

    error[wrong-type]: a path must be a string, and is a boolean
     --> compose.toml:3:17
      |
    3 | back = { path = true }
      |                 ^^^^ expected a string

    error[wrong-type]: a chain must be an array of strings, and is a string
     --> compose.toml:5:11
      |
    5 | "a:b/c" = "front"
      |           ^^^^^^^ expected an array of strings

    error: 3 problems found
    exit status 1
    "#);
}

#[test]
fn a_name_is_not_one() {
    assert_snapshot!(check("[components]\nFront_End = { path = \"front.wasm\" }\nhost = { path = \"host.wasm\" }\n"), @r#"
    error[invalid-value]: `Front_End` cannot be a component's name
     --> compose.toml:2:1
      |
    2 | Front_End = { path = "front.wasm" }
      | ^^^^^^^^^ a name is lowercase words joined by `-`, each starting with a letter

    error[invalid-value]: `host` cannot be a component's name
     --> compose.toml:3:1
      |
    3 | host = { path = "host.wasm" }
      | ^^^^ `host` means the runtime, so nothing else can have this name

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn a_version_is_not_one() {
    assert_snapshot!(check("[package]\nname = \"a:b\"\nversion = \"1.0\"\n"), @r#"
    error[invalid-value]: `1.0` cannot be the package's version
     --> compose.toml:3:11
      |
    3 | version = "1.0"
      |           ^^^^^ unexpected end of input while parsing minor version number
      |
      = note: a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`
    exit status 1
    "#);
}

#[test]
fn a_package_is_not_one() {
    assert_snapshot!(check("[package]\nname = \"storefront\"\n"), @r#"
    error[invalid-value]: `storefront` cannot be the package's name
     --> compose.toml:2:8
      |
    2 | name = "storefront"
      |        ^^^^^^^^^^^^ `storefront` is not a package name: expected `namespace:name`
    exit status 1
    "#);
    assert_snapshot!(check("[components]\nfront = \"Shop:front\"\nback = { package = \"back\" }\n"), @r#"
    error[invalid-value]: `Shop:front` cannot be a package
     --> compose.toml:2:9
      |
    2 | front = "Shop:front"
      |         ^^^^^^^^^^^^ not `namespace:name` before the `@`
      |
      = note: caused by: `Shop:front` is not a package name: `Shop` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter

    error[invalid-value]: `back` cannot be a package
     --> compose.toml:3:20
      |
    3 | back = { package = "back" }
      |                    ^^^^^^ `back` is not a package name: expected `namespace:name`

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn a_path_stands_where_a_package_belongs() {
    assert_snapshot!(check("[components]\nfront = \"./front.wasm\"\n"), @r#"
    error[invalid-value]: `./front.wasm` cannot be a package
     --> compose.toml:2:9
      |
    2 | front = "./front.wasm"
      |         ^^^^^^^^^^^^^^ expected `namespace:name@requirement`
      |
      = help: for a file or a folder, write
              { path = "./front.wasm" }
      = help: for an OCI reference, write
              { oci = "./front.wasm" }
    exit status 1
    "#);
}

#[test]
fn a_requirement_is_not_one() {
    assert_snapshot!(check("[components]\nfront = \"a:b@newest\"\nback = { package = \"a:b\", version = \"1.x.y\" }\n"), @r#"
    error[invalid-value]: `a:b@newest` cannot be a package
     --> compose.toml:2:9
      |
    2 | front = "a:b@newest"
      |         ^^^^^^^^^^^^ not a version requirement after the `@`
      |
      = note: caused by: unexpected character 'n' while parsing major version number
      = note: a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`

    error[invalid-value]: `1.x.y` cannot be a version requirement
     --> compose.toml:3:37
      |
    3 | back = { package = "a:b", version = "1.x.y" }
      |                                     ^^^^^^^ unexpected character after wildcard in version req
      |
      = note: a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn a_reference_is_not_one() {
    assert_snapshot!(check("[components]\nfront = { oci = \"ghcr.io/Acme:\" }\n"), @r#"
    error[invalid-value]: `ghcr.io/Acme:` cannot be an OCI reference
     --> compose.toml:2:17
      |
    2 | front = { oci = "ghcr.io/Acme:" }
      |                 ^^^^^^^^^^^^^^^ `ghcr.io/Acme:` is not a reference
      |
      = note: caused by: `Acme` is not a repository: expected lowercase letters and digits, single `.`, `_` or `-` between them, and `/`
    exit status 1
    "#);
}

#[test]
fn an_interface_is_not_one() {
    assert_snapshot!(check("[components]\nfront = { path = \"front.wasm\" }\n[links.front]\n\"shop/api\" = \"host\"\n"), @r#"
    error[invalid-value]: `shop/api` cannot be an import
     --> compose.toml:4:1
      |
    4 | "shop/api" = "host"
      | ^^^^^^^^^^ an interface is `namespace:package/interface`, perhaps with `@version`
    exit status 1
    "#);
}

#[test]
fn a_host_pattern_is_not_one() {
    assert_snapshot!(check("[host]\nimports = [\"wasi\"]\n"), @r#"
    error[invalid-value]: `wasi` cannot be a host import
     --> compose.toml:2:12
      |
    2 | imports = ["wasi"]
      |            ^^^^^^ `wasi` is not an interface pattern; these are: `*`, `wasi:*`, `wasi:http/*`, `wasi:http/types`, `wasi:http/types@0.2`
    exit status 1
    "#);
}

#[test]
fn a_component_comes_from_nowhere() {
    assert_snapshot!(check("[components]\nfront = { version = \"1\" }\n"), @r#"
    error[missing-key]: the component `front` comes from nowhere
     --> compose.toml:2:9
      |
    2 | front = { version = "1" }
      |         ^^^^^^^^^^^^^^^^^ needs one of `path`, `package` and `oci`
    exit status 1
    "#);
}

#[test]
fn a_component_comes_from_several_places() {
    assert_snapshot!(check("[components]\nfront = { path = \"front.wasm\", package = \"a:b\" }\n"), @r#"
    error[conflicting-keys]: the component `front` comes from several places
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm", package = "a:b" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `path` and `package` exclude each other
    exit status 1
    "#);
}

#[test]
fn an_instance_is_of_an_unknown_component() {
    assert_snapshot!(check("[components]\ntax = { path = \"tax.wasm\" }\n[instances]\ntax-eu = { component = \"taxes\" }\n"), @r#"
    error[unknown-component]: the instance `tax-eu` is of the unknown component `taxes`
     --> compose.toml:4:24
      |
    4 | tax-eu = { component = "taxes" }
      |                        ^^^^^^^ `[components]` has no such entry
      |
      = note: there is only `tax`
    exit status 1
    "#);
    assert_snapshot!(check("[components]\ntax = { path = \"tax.wasm\" }\n[instances]\neu = {}\n"), @"
    error[missing-key]: the instance `eu` lacks the key `component`
     --> compose.toml:4:6
      |
    4 | eu = {}
      |      ^^ `component = …` belongs here
    exit status 1
    ");
}

#[test]
fn two_instances_have_one_name() {
    assert_snapshot!(
        check("[components]\ntax = { path = \"tax.wasm\" }\nfront = { path = \"front.wasm\" }\n[instances]\nfront = { component = \"tax\" }\n"),
        @r#"
        error[duplicate-instance]: two instances are named `front`
         --> compose.toml:5:1
          |
        3 | front = { path = "front.wasm" }
          | ----- this component is an instance of its own name
        4 | [instances]
        5 | front = { component = "tax" }
          | ^^^^^ a second instance of this name
          |
          = help: give the instance in `[instances]` another name
        exit status 1
        "#
    );
}

#[test]
fn an_instance_is_not_known() {
    let links = "[components]\nfront = { path = \"front.wasm\" }\npricing = { path = \"pricing.wasm\" }\n[links.front]\n\"a:b/c\" = \"prising\"\n";
    assert_snapshot!(check(links), @r#"
    error[unknown-instance]: there is no instance `prising`
     --> compose.toml:5:11
      |
    5 | "a:b/c" = "prising"
      |           ^^^^^^^^^ not an instance of this application
      |
      = help: did you mean `pricing`?
    exit status 1
    "#);
    let used = "[components]\nfront = { path = \"front.wasm\" }\ntax = { path = \"tax.wasm\" }\n[instances]\neu = { component = \"tax\" }\n[links.front]\n\"a:b/c\" = \"tax\"\n";
    assert_snapshot!(check(used), @r#"
    error[unknown-instance]: there is no instance `tax`
     --> compose.toml:7:11
      |
    7 | "a:b/c" = "tax"
      |           ^^^^^ not an instance of this application
      |
      = note: `tax` is a component; its instances are `eu`
    exit status 1
    "#);
    let elsewhere = "[components]\nfront = { path = \"front.wasm\" }\n[links.nobody]\n\"a:b/c\" = \"host\"\n[chains]\n\"a:b/c\" = [\"frond\"]\n[host.instances]\nfrnt = []\n[exports]\n\"a:b/c\" = \"x\"\n";
    assert_snapshot!(check(elsewhere), @r#"
    error[unknown-instance]: there is no instance `nobody`
     --> compose.toml:3:8
      |
    3 | [links.nobody]
      |        ^^^^^^ not an instance of this application
      |
      = note: there is only `front`

    error[unknown-instance]: there is no instance `frond`
     --> compose.toml:6:12
      |
    6 | "a:b/c" = ["frond"]
      |            ^^^^^^^ not an instance of this application
      |
      = help: did you mean `front`?

    error[unknown-instance]: there is no instance `frnt`
     --> compose.toml:8:1
      |
    8 | frnt = []
      | ^^^^ not an instance of this application
      |
      = help: did you mean `front`?

    error[unknown-instance]: there is no instance `x`
      --> compose.toml:10:11
       |
    10 | "a:b/c" = "x"
       |           ^^^ not an instance of this application
       |
       = note: there is only `front`

    error: 4 problems found
    exit status 1
    "#);
}

#[test]
fn a_chain_has_no_members_or_one_twice() {
    assert_snapshot!(check("[components]\nfront = { path = \"front.wasm\" }\n[chains]\n\"a:b/c\" = []\n\"a:b/d\" = [\"front\", \"front\"]\n"), @r#"
    error[broken-chain]: the chain over `a:b/c` has no members
     --> compose.toml:4:11
      |
    4 | "a:b/c" = []
      |           ^^ expected the names of instances, outermost first

    error[broken-chain]: `front` stands twice in the chain over `a:b/d`
     --> compose.toml:5:21
      |
    5 | "a:b/d" = ["front", "front"]
      |                     ^^^^^^^ a member wraps the next one, so each can stand in a chain only once

    error: 2 problems found
    exit status 1
    "#);
}

#[test]
fn no_registry_is_known_for_a_package() {
    assert_snapshot!(check("[components]\ncatalog = \"shop:catalog@1\"\n"), @r#"
    error[no-registry]: no registry is known for `shop:catalog`
     --> compose.toml:2:11
      |
    2 | catalog = "shop:catalog@1"
      |           ^^^^^^^^^^^^^^^^ this package has to come from somewhere
      |
      = help: name a default registry
              [registries]
              default = "oci://registry.example/team"
      = help: or one for its namespace
              [registries.namespaces]
              shop = "NAME"
      = help: `compose doctor` shows which files outside of the manifest can say it too
    exit status 1
    "#);
}

#[test]
fn a_registry_is_not_known() {
    assert_snapshot!(
        check("[registries]\narchive = \"dir:registry\"\n[components]\ncatalog = { package = \"shop:catalog\", registry = \"archiv\" }\n"),
        @r#"
        error[unknown-registry]: the component `catalog` is of the unknown registry `archiv`
         --> compose.toml:4:11
          |
        4 | catalog = { package = "shop:catalog", registry = "archiv" }
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `[registries]` has no such entry
          |
          = help: did you mean `archive`?
        exit status 1
        "#
    );
    assert_snapshot!(
        check("[registries.namespaces]\nshop = \"archive\"\n[components]\ncatalog = \"shop:catalog\"\n"),
        @r#"
        error[unknown-registry]: packages of `shop` come from the unknown registry `archive`
         --> compose.toml:2:8
          |
        2 | shop = "archive"
          |        ^^^^^^^^^ `[registries]` has no such entry
        exit status 1
        "#
    );
}

#[test]
fn a_registry_is_not_one() {
    assert_snapshot!(check("[registries]\ndefault = \"https://registry.example\"\n"), @r#"
    error[invalid-value]: `https://registry.example` cannot be a registry
     --> compose.toml:2:11
      |
    2 | default = "https://registry.example"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^ `https://registry.example` does not say which kind of registry it is: write `oci://registry.example`
    exit status 1
    "#);
}

#[test]
fn a_warg_registry_is_elsewhere_in_plain_http_or_has_no_such_key() {
    assert_snapshot!(check("[registries]\ndefault = \"warg+http://warg.example\"\n"), @r#"
    error[invalid-value]: `warg+http://warg.example` cannot be a registry
     --> compose.toml:2:11
      |
    2 | default = "warg+http://warg.example"
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^ `warg+http://warg.example` is not a registry: plain http is for registries on this machine: write `warg+https://`
    exit status 1
    "#);
    let entry = |rest: &str| format!("[registries]\narchive = {{ url = {rest} }}\n");
    assert_snapshot!(check(&entry("\"warg+https://warg.example\", operator-key = \"ecdsa-p256:I+UlDo0HxyBBFeelhPPWmD+LnklOpqZDkrFP5VduASk=\"")), @"
    error[invalid-value]: an `operator-key` in `[registries]` is a private key
     |
     = note: whoever could read this manifest can sign as its owner
     = help: replace that key where it is used, and give the public one here
             compose key show --signing-key FILE
    exit status 1
    ");
    assert_snapshot!(check(&entry("\"oci://ghcr.io\", operator-key = \"ecdsa-p256:A1OfZz5Y9Ny7VKPVwroCTQPAr9tmlI4U/UTYHZHA87AF\"")), @r#"
    error[conflicting-keys]: oci://ghcr.io has no operator, so `operator-key` means nothing
     --> compose.toml:2:51
      |
    2 | archive = { url = "oci://ghcr.io", operator-key = "ecdsa-p256:A1OfZz5Y9Ny7VKPVwroCTQPAr9tmlI4U/UTYHZHA87AF" }
      |                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ only warg registries have one
    exit status 1
    "#);
    assert_snapshot!(check(&entry("\"oci://ghcr.io\", operator = \"x\"")), @r#"
    error[unknown-key]: a registry has no key `operator`
     --> compose.toml:2:36
      |
    2 | archive = { url = "oci://ghcr.io", operator = "x" }
      |                                    ^^^^^^^^ unknown key
      |
      = note: it can have `url`, `operator-key` and `auto`
    exit status 1
    "#);
}

#[test]
fn all_problems_are_told_in_the_order_of_the_manifest() {
    let manifest = "[package]\nname = \"shop\"\n\n[components]\nfront = { pat = \"front.wasm\" }\nBack = { path = \"back.wasm\" }\n\n[links.frunt]\n\"a:b/c\" = \"host\"\n\n[hosts]\n";
    assert_snapshot!(check(manifest), @r#"
    error[invalid-value]: `shop` cannot be the package's name
     --> compose.toml:2:8
      |
    2 | name = "shop"
      |        ^^^^^^ `shop` is not a package name: expected `namespace:name`

    error[missing-key]: the component `front` comes from nowhere
     --> compose.toml:5:9
      |
    5 | front = { pat = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^ needs one of `path`, `package` and `oci`

    error[unknown-key]: the component `front` has no key `pat`
     --> compose.toml:5:11
      |
    5 | front = { pat = "front.wasm" }
      |           ^^^ unknown key
      |
      = help: did you mean `path`?

    error[invalid-value]: `Back` cannot be a component's name
     --> compose.toml:6:1
      |
    6 | Back = { path = "back.wasm" }
      | ^^^^ a name is lowercase words joined by `-`, each starting with a letter

    error[unknown-instance]: there is no instance `frunt`
     --> compose.toml:8:8
      |
    8 | [links.frunt]
      |        ^^^^^ not an instance of this application

    error[unknown-key]: the manifest has no key `hosts`
      --> compose.toml:11:2
       |
    11 | [hosts]
       |  ^^^^^ unknown key
       |
       = help: did you mean `host`?

    error: 6 problems found
    exit status 1
    "#);
}
