//! `compose doctor`: what counts, and what is wrong.

use compose_tests::{
    docker_registry::{Access, DockerRegistry},
    sandbox::{Run, Sandbox},
};
use insta::assert_snapshot;

fn told(run: &Run, registry: &DockerRegistry) -> String {
    let text = run.to_string();
    assert!(!text.contains("s3cret"), "{text}");
    // How wide a column is depends on the port.
    let line = |line: &str| {
        let text = line.trim_start();
        let words: Vec<&str> = text.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        format!("{}{}", " ".repeat(line.len() - text.len()), words.join("  "))
    };
    text.replace(registry.address(), "ADDRESS").lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_counts_is_shown_with_its_reason() {
    let registry = DockerRegistry::start(Access::Basic);
    let address = registry.address();
    let sandbox = Sandbox::new(&format!(
        "[registries]\ndefault = \"oci://{address}/team\"\nlocal = \"dir:registry\"\n[registries.namespaces]\nacme = \"local\"\n\
         [components]\ncatalog = \"shop:catalog\"\ntax = \"acme:tax\"\nfront = {{ package = \"shop:front\", registry = \"local\" }}\n"
    ));
    sandbox.write(".docker/config.json", registry.docker_config());
    sandbox.write(
        ".home/.config/wasm-pkg/config.toml",
        format!("[package_registry_overrides]\n\"shop:other\" = \"{address}\"\n"),
    );
    assert_snapshot!(told(&sandbox.compose("doctor"), &registry), @"
    Store
      [DIR]/.cache

    Where packages come from, the first counts
      not there  [DIR]/.home/.config/compose/config.toml
      read  [DIR]/.home/.config/wasm-pkg/config.toml

    Credentials, the first counts
      not there  [DIR]/.home/.config/containers/auth.json
      read  [DIR]/.docker/config.json

    Packages
      acme:tax  dir:registry  by the registry of the namespace `acme` in compose.toml
      shop:catalog  oci://ADDRESS/team  by the default registry in compose.toml
      shop:front  dir:registry  by the registry `local` that its entry in the manifest names

    Registries
      ADDRESS  answers, and accepts the credential in [DIR]/.docker/config.json
    exit status 0
    ");
    assert_snapshot!(told(&sandbox.compose("doctor shop:other --message-format json"), &registry), @r#"
    {"reason":"doctor","store":"[DIR]/.cache","store_writable":true,"files":[{"name":"[DIR]/.home/.config/compose/config.toml","purpose":"registries","outcome":"missing"},{"name":"[DIR]/.home/.config/wasm-pkg/config.toml","purpose":"registries","outcome":"read"},{"name":"[DIR]/.home/.config/containers/auth.json","purpose":"credentials","outcome":"missing"},{"name":"[DIR]/.docker/config.json","purpose":"credentials","outcome":"read"}],"packages":[{"package":"shop:other","registry":"oci://ADDRESS","because":"the registry of the package shop:other in [DIR]/.home/.config/wasm-pkg/config.toml"}],"registries":{"ADDRESS":"answers, and accepts the credential in [DIR]/.docker/config.json"}}
    exit status 0
    "#);
    assert_snapshot!(told(&sandbox.compose("doctor wasi:http --offline"), &registry), @"
    Store
      [DIR]/.cache

    Where packages come from, the first counts
      not there  [DIR]/.home/.config/compose/config.toml
      read  [DIR]/.home/.config/wasm-pkg/config.toml

    Credentials, the first counts
      not there  [DIR]/.home/.config/containers/auth.json
      read  [DIR]/.docker/config.json

    Packages
      wasi:http  oci://ADDRESS/team  by the default registry in compose.toml

    Registries
      ADDRESS  is not asked offline
    exit status 0
    ");
}

#[test]
fn what_is_wrong_is_told_after_all_else() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = Sandbox::new("");
    sandbox.write(".home/.config/compose/config.toml", "[registries]\ndefault = \"a/b\"\n");
    let config = serde_json::json!({ "auths": { registry.address(): { "username": "ada", "password": "s3cret" } } });
    sandbox.write(".docker/config.json", config.to_string());
    sandbox.write(".home/.config/containers/auth.json", "{");
    assert_snapshot!(told(&sandbox.compose("doctor shop:catalog"), &registry), @"
    Store
      [DIR]/.cache

    Where packages come from, the first counts
      unusable  [DIR]/.home/.config/compose/config.toml
      not there  [DIR]/.home/.config/wasm-pkg/config.toml

    Credentials, the first counts
      unusable  [DIR]/.home/.config/containers/auth.json
      read  [DIR]/.docker/config.json

    Packages
      shop:catalog  unknown

    Registries
      ADDRESS  failed: see below
    ---
    warning[credentials-unusable]: [DIR]/.home/.config/containers/auth.json is not a file of credentials as Docker writes it: see line 1, column 1
     |
     = note: registries are asked without the credentials in it

    error[configuration-invalid]: `default` in [DIR]/.home/.config/compose/config.toml names no registry
     |
     = note: caused by: `a/b` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`
     = help: mend it: going on without it could take packages from another registry than is meant

    error[unauthorized]: ADDRESS did not accept the credential in [DIR]/.docker/config.json
     |
     = note: caused by: GET http://ADDRESS/v2/ was answered with 401 UNAUTHORIZED: authentication required
     = help: log in as somebody whom it lets in
             compose login ADDRESS
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("doctor catalog"), @"
    error: `catalog` is not a package name: expected `namespace:name`
     |
     = help: name packages, as in `compose doctor wasi:http`
    exit status 2
    ");
}
