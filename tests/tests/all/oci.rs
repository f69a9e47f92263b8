//! Components from a real registry server, by tag, by digest and by version.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    execution::invoke,
    sandbox::Sandbox,
};

use crate::steps::step;

/// Builds an application of this manifest by the real command, and expects `a#f(5)` to be `expected`.
fn check(registry: &DockerRegistry, manifest: &str, expected: &str) -> Sandbox {
    let sandbox = Sandbox::new(&manifest.replace("ADDRESS", registry.address()));
    sandbox.write(".docker/config.json", registry.docker_config());
    let run = sandbox.compose("build");
    assert_eq!(run.status, Some(0), "{run}");
    assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), expected);
    sandbox
}

/// A registry that has `t:front` as 1.0.0, 1.2.0 and 2.0.0, and `stable` for the second of them.
fn registry(access: Access) -> (DockerRegistry, String) {
    let registry = DockerRegistry::start(access);
    registry.push("team/t/front", "1.0.0", &step("a", None, 1));
    registry.push("team/t/front", "1.2.0", &step("a", None, 2));
    registry.push("team/t/front", "2.0.0", &step("a", None, 3));
    let digest = registry.push("team/t/front", "stable", &step("a", None, 2));
    (registry, digest.to_string())
}

const BY_VERSION: &str = "[registries]\ndefault = \"oci://ADDRESS/team\"\n[components]\nfront = \"t:front@^1\"\n";

fn by_reference(selector: &str) -> String {
    format!("[components]\nfront = {{ oci = \"ADDRESS/team/t/front{selector}\" }}\n")
}

#[test]
fn a_component_is_had_by_tag_by_digest_and_by_version() {
    let (registry, digest) = registry(Access::Anonymous);
    check(&registry, BY_VERSION, "52");
    check(&registry, &by_reference(":2.0.0"), "53");
    check(&registry, &by_reference(":stable"), "52");
    check(&registry, &by_reference(&format!("@{digest}")), "52");
    check(&registry, "[components]\nfront = \"oci://ADDRESS/team/t/front:1.0.0\"\n", "51");
}

#[test]
fn a_password_in_dockers_configuration_opens_a_registry() {
    let (registry, digest) = registry(Access::Basic);
    check(&registry, BY_VERSION, "52");
    check(&registry, &by_reference(":stable"), "52");
    check(&registry, &by_reference(&format!("@{digest}")), "52");
}

#[test]
fn a_tag_that_moves_changes_nothing_while_it_is_locked() {
    let (registry, _) = registry(Access::Anonymous);
    let sandbox = check(&registry, &by_reference(":stable"), "52");
    registry.push("team/t/front", "stable", &step("a", None, 7));
    let lock = sandbox.lock();
    assert_eq!(sandbox.compose("build --locked").status, Some(1));
    for arguments in ["build", "build --frozen"] {
        assert_eq!(sandbox.compose(arguments).status, Some(0));
        assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), "52");
        assert_eq!(sandbox.lock(), lock);
    }
    std::fs::remove_file(sandbox.path("compose.lock")).unwrap();
    assert_eq!(sandbox.compose("build").status, Some(0));
    assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), "57");
}

#[test]
fn the_parts_of_an_application_come_from_several_sources() {
    let (registry, _) = registry(Access::Anonymous);
    registry.push("team/t/back", "1.0.0", &step("b", None, 4));
    let sandbox = Sandbox::new(&format!(
        "[registries]\ndefault = \"oci://{0}/team\"\nlocal = \"dir:registry\"\n[registries.namespaces]\nhere = \"local\"\n\
         [components]\ntop = {{ path = \"top.wasm\" }}\nback = \"t:back\"\nmiddle = \"here:middle@1\"\n[exports]\n\"t:steps/d\" = \"top\"\n",
        registry.address()
    ));
    sandbox.write("top.wasm", step("d", Some("c"), 1));
    publish(&sandbox.path("registry"), "here:middle@1.0.0", &step("c", Some("b"), 2));
    assert_eq!(invoke(&sandbox.build().bytes, "d#f(5)"), "5421");
}
