//! The commands that say what `compose` knows: codes, shells, the shape of a manifest.

use compose_tests::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

#[test]
fn a_schema_describes_the_sections_of_a_manifest() {
    let run = Sandbox::new("").compose("schema");
    let schema: Value = serde_json::from_str(&run.stdout).expect("the schema is JSON");
    let sections = schema["properties"].as_object().expect("a manifest has sections");
    let lines: Vec<String> =
        sections.iter().map(|(name, section)| format!("{name}: {}", section["description"])).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    build: "How the result is laid out"
    chains: "Middleware: instances that wrap each other over an interface"
    components: "The components of the application, by a name of their own"
    exports: "What the result exports, and from which instance"
    host: "What the result may import from the runtime"
    instances: "Instances of components that are used more than once"
    links: "Who provides an import, where it is not plain: [links.INSTANCE]"
    package: "What the application is when it is published"
    registries: "Where packages come from"
    vendor: "The directory that has everything, instead of registries"
    wit: "What is done about what rules find in WIT"
    workspace: "The applications that share one lock"
    world: "The WIT world that the result must conform to"
    "#);
}

#[test]
fn completions_know_every_command() {
    let script = Sandbox::new("").compose("completions bash").stdout;
    for command in ["build", "serve", "outdated", "completions", "schema"] {
        assert!(script.contains(command), "{command} is missing");
    }
}
