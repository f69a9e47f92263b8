//! Manifests before and after.

use insta::assert_snapshot;

use super::*;

fn manifest(text: &str) -> Manifest {
    Manifest::parse(&SourceText::new("compose.toml", text)).expect("the manifest is right")
}

fn messages(failure: &Failure) -> String {
    let labels = |d: &Diagnostic| {
        d.labels.iter().map(|l| format!("\n  {}: {}", &l.source.text()[l.span.clone()], l.text)).collect::<String>()
    };
    failure.diagnostics().iter().map(|d| format!("{}{}\n{}\n", d.message, labels(d), d.hints.join("\n"))).collect()
}

const SHOP: &str = r#"# The shop.
[package]
name = "shop:storefront"   # published nightly

[registries]
default = "dir:registry"

[components]
# Speaks HTTP.
gateway = "shop:gateway@^1"
tax     = "acme:tax@1"     # used twice

[instances]
tax-eu = { component = "tax" }
tax-us = { component = "tax" }

[links.gateway]
"acme:tax/rates" = "tax-us"
[links.tax-eu]
"acme:log/log" = "host"

[chains]
"wasi:http/handler" = ["tax-eu", "gateway"]

[host.instances]
tax-eu = []

[exports]
"acme:tax/rates" = { instance = "tax-us", export = "acme:tax/rates@1.0.0" }
"#;

fn addition(name: &str, source: AddedSource) -> Addition {
    Addition { name: name.parse().expect("a name"), source }
}

#[test]
fn an_entry_comes_after_the_others_and_nothing_else_changes() {
    let package = |registry: Option<&str>| AddedSource::Package {
        package: "shop:catalog".parse().expect("a package"),
        requirement: "^1.2".parse().expect("a requirement"),
        registry: registry.map(str::to_owned),
    };
    let reference = AddedSource::Reference("ghcr.io/acme/fraud:3.0.1".parse().expect("a reference"));
    let additions = [
        addition("catalog", package(None)),
        addition("archive", package(Some("archive"))),
        addition("fraud", reference),
        addition("local", AddedSource::Path("parts/local.wasm".to_owned())),
    ];
    let after = add(&manifest(SHOP), &additions).expect("the names are free");
    let added = r#"tax     = "acme:tax@1"     # used twice
catalog = "shop:catalog@^1.2"
archive = { package = "shop:catalog", version = "^1.2", registry = "archive" }
fraud = { oci = "ghcr.io/acme/fraud:3.0.1" }
local = { path = "parts/local.wasm" }
"#;
    assert_eq!(after, SHOP.replace("tax     = \"acme:tax@1\"     # used twice\n", added));
}

#[test]
fn a_section_that_is_not_there_is_made() {
    let entry = || [addition("a", AddedSource::Path("a.wasm".to_owned()))];
    let check = |before: &str, after: &str| assert_eq!(add(&manifest(before), &entry()).expect("it is free"), after);
    check("", "[components]\na = { path = \"a.wasm\" }\n");
    check("# nothing yet\n", "# nothing yet\n\n[components]\na = { path = \"a.wasm\" }\n");
    check("[host]\nimports = []\n", "[host]\nimports = []\n\n[components]\na = { path = \"a.wasm\" }\n");
}

#[test]
fn a_name_is_given_once() {
    let additions = ["tax", "tax-eu", "new", "new"].map(|name| addition(name, AddedSource::Path("a.wasm".to_owned())));
    assert_snapshot!(messages(&add(&manifest(SHOP), &additions).expect_err("the names are taken")), @"
    `[components]` has a `tax`, which is acme:tax@^1
      tax: this entry
    to have another version of it, change the entry
    add it alone, with a name of its own: `--as NAME`
    an instance of `tax` is named `tax-eu`
      tax-eu: this instance
    add it alone, with a name of its own: `--as NAME`
    two of the components would be named `new`
    add it alone, with a name of its own: `--as NAME`
    ");
}

#[test]
fn the_requirement_of_a_version_has_what_decides_about_its_interface() {
    let carets = ["1.2.3", "0.2.5", "0.0.3", "1.0.0-rc.1", "2.0.0+build"].map(|version| {
        let version = version.parse().expect("a version");
        let requirement = caret(&version);
        assert!(requirement.matches(&version));
        requirement.to_string()
    });
    assert_eq!(carets, ["^1.2", "^0.2", "^0.0.3", "^1.0.0-rc.1", "^2.0"]);
}

#[test]
fn a_spec_is_a_package_a_reference_or_a_path() {
    let check = |text: &str| {
        let spec: Spec = text.parse().expect("a spec");
        let kind = match &spec {
            Spec::Package { requirement: None, .. } => "package",
            Spec::Package { .. } => "package with a requirement",
            Spec::Reference(_) => "reference",
            Spec::Path(_) => "path",
        };
        format!("{kind} {}", spec.name().map_or_else(|error| error.to_string(), |name| name.to_string()))
    };
    assert_eq!(check("shop:catalog"), "package catalog");
    assert_eq!(check("shop:catalog@^1.2"), "package with a requirement catalog");
    assert_eq!(check("oci://ghcr.io/acme/fraud_check:3.0.1"), "reference fraud-check");
    assert_eq!(check("parts/My_Part.wasm"), "path my-part");
    assert_eq!(check("../tax"), "path tax");
    assert_eq!(check("C:\\parts\\1.wasm"), "path a name is lowercase words joined by `-`, each starting with a letter");
    assert!("shop:Catalog".parse::<Spec>().is_err());
    assert!("shop:catalog@new".parse::<Spec>().is_err());
    assert!("oci://acme".parse::<Spec>().is_err());
}

#[test]
fn what_others_say_of_a_component_keeps_it() {
    let tax = ["tax".parse().expect("a name")];
    let failure = remove(&manifest(SHOP), &tax, References::Keep).expect_err("it is referred to");
    assert_snapshot!(messages(&failure), @r#"
    `tax` is still needed by other lines
      "tax-us": `gateway` is linked to it
      "tax-eu": it is a member of this chain
      "tax-us": the application exports this from it
    to remove these lines as well
    compose remove tax --force
    "#);
}

#[test]
fn with_a_component_goes_what_is_about_it() {
    let tax = ["tax".parse().expect("a name")];
    let removed = remove(&manifest(SHOP), &tax, References::Remove).expect("everything may go");
    assert_snapshot!(removed.text, @r#"
    # The shop.
    [package]
    name = "shop:storefront"   # published nightly

    [registries]
    default = "dir:registry"

    [components]
    # Speaks HTTP.
    gateway = "shop:gateway@^1"

    [chains]
    "wasi:http/handler" = ["gateway"]
    "#);
    assert_snapshot!(removed.others.join("\n"), @r#"
    [instances] tax-eu
    [instances] tax-us
    [links.tax-eu]
    [links.gateway] "acme:tax/rates"
    [chains] "wasi:http/handler"
    [host.instances] tax-eu
    [exports] "acme:tax/rates"
    "#);
    let gateway = ["gateway".parse().expect("a name"), "tax".parse().expect("a name")];
    let removed = remove(&manifest(SHOP), &gateway, References::Remove).expect("everything may go");
    assert_snapshot!(removed.text, @r#"
    # The shop.
    [package]
    name = "shop:storefront"   # published nightly

    [registries]
    default = "dir:registry"

    [components]
    "#);
}

#[test]
fn the_ends_of_lines_stay_as_they_are() {
    let windows = manifest(&SHOP.replace('\n', "\r\n"));
    let extra = addition("extra", AddedSource::Path("extra.wasm".to_owned()));
    let added = add(&windows, &[extra]).expect("the name is free");
    assert_eq!(added.matches('\n').count(), added.matches("\r\n").count());
    let gateway = "gateway".parse().expect("a name");
    let removed = remove(&windows, &[gateway], References::Remove).expect("the component is there").text;
    assert_eq!(removed.matches('\n').count(), removed.matches("\r\n").count());
}
