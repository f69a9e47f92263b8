//! `compose push`: applications, components and WIT packages, to a real registry and to directories, and what is refused.

use compose_tests::{
    docker_registry::{Access, DockerRegistry},
    sandbox::{Run, Sandbox},
};
use insta::assert_snapshot;

use crate::steps::step;

const PACKAGE: &str = "\
[package]
name = \"shop:front\"
version = \"1.2.0\"
description = \"The front\"
license = \"Apache-2.0\"

[registries]
default = \"dir:registry\"

[components]
front = { path = \"front.wasm\" }
";

fn application() -> Sandbox {
    Sandbox::with(PACKAGE, [("front.wasm", step("a", None, 1)), ("other.wasm", step("a", None, 2))])
}

/// What a command says, with the address of a registry on loopback replaced.
fn told(run: &Run, registry: &DockerRegistry) -> String {
    run.to_string().replace(registry.address(), "ADDRESS")
}

#[test]
fn an_application_is_built_and_pushed_as_its_package_says() {
    let sandbox = application();
    assert_snapshot!(sandbox.compose("push --dry-run"), @"
    dir:registry/shop/front@sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d
    ---
      Would send the component, sha256:6fe9104e6295 (1.2 KiB)
      Would send the config, sha256:b3a2d5d2d47b (218 B)
      Would push shop:front@1.2.0 in dir:registry
    exit status 0
    ");
    assert!(!sandbox.path("registry").exists() && !sandbox.path("target").exists());
    assert_snapshot!(sandbox.compose("push"), @"
    dir:registry/shop/front@sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d
    ---
          Locked compose.lock
           Built target/compose/front.wasm (1.2 KiB, 1 instance of 1 component)
            Sent the component, sha256:6fe9104e6295 (1.2 KiB)
            Sent the config, sha256:b3a2d5d2d47b (218 B)
          Pushed shop:front@1.2.0 in dir:registry
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("push -q"), @"
    dir:registry/shop/front@sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("push --message-format json"), @r#"
    {"reason":"pushed","target":"shop:front@1.2.0 in dir:registry","pinned":"dir:registry/shop/front@sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d","version":"1.2.0","manifest":"sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d","digest":"sha256:6fe9104e6295d01e3f7fd612fcdf637767d8835585875d8ad76ca127d1571617","size":1256,"outcome":"unchanged","previous":null,"blobs":[{"digest":"sha256:6fe9104e6295d01e3f7fd612fcdf637767d8835585875d8ad76ca127d1571617","size":1256,"delivery":"present"},{"digest":"sha256:b3a2d5d2d47b1de42627b6b43b800b387c74fdba75f1e301965ef7f18772c782","size":218,"delivery":"present"}],"written":true}
    ---
       Unchanged target/compose/front.wasm (1.2 KiB, 1 instance of 1 component)
     Has already the component, sha256:6fe9104e6295 (1.2 KiB)
     Has already the config, sha256:b3a2d5d2d47b (218 B)
       Unchanged shop:front@1.2.0 in dir:registry
    exit status 0
    "#);
    let index = sandbox.read_text("registry/shop/front/index.json");
    let manifest = sandbox.read_text(format!("registry/shop/front/blobs/sha256/{}", between(&index, "sha256:", "\"")));
    for annotation in ["description\":\"The front", "licenses\":\"Apache-2.0", "version\":\"1.2.0"] {
        assert!(manifest.contains(annotation), "{manifest}");
    }
}

/// What is between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map_or("", |(between, _)| between)
}

#[test]
fn a_component_is_pushed_to_a_registry_server_and_a_version_is_not_replaced_unnoticed() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = application();
    let push = |what: &str| {
        let run = sandbox.compose(&format!("push {what} --to oci://{}/team", registry.address()));
        told(&run, &registry)
    };
    assert_snapshot!(push("other.wasm --as shop:other@1.0.0+build.7"), @"
    ADDRESS/team/shop/other@sha256:db1b326d302b39e4a62509caac17d67f12a80e9fc405d7105c4ca7a469aed80d
    ---
            Sent the component, sha256:979c4d37f302 (869 B)
            Sent the config, sha256:8105f3ffca70 (218 B)
          Pushed shop:other@1.0.0+build.7 in oci://ADDRESS/team
    exit status 0
    ");
    assert_snapshot!(push("other.wasm --as shop:other@1.0.0+build.7"), @"
    ADDRESS/team/shop/other@sha256:db1b326d302b39e4a62509caac17d67f12a80e9fc405d7105c4ca7a469aed80d
    ---
     Has already the component, sha256:979c4d37f302 (869 B)
     Has already the config, sha256:8105f3ffca70 (218 B)
       Unchanged shop:other@1.0.0+build.7 in oci://ADDRESS/team
    exit status 0
    ");
    assert_snapshot!(push("front.wasm --as shop:other@1.0.0+build.7"), @"
    error[version-exists]: shop:other@1.0.0+build.7 in oci://ADDRESS/team exists already, with other content
     |
     = note: the registry has  sha256:db1b326d302b39e4a62509caac17d67f12a80e9fc405d7105c4ca7a469aed80d
     = note: to be pushed is   sha256:569acc02b8ea9f65d9539d27b56703f8384bc6fd7d5bf15f413142956f777dfe
     = help: publish it under a new version: whoever locked this one relies on it
     = help: `--force` replaces it
    exit status 1
    ");
    assert_snapshot!(push("front.wasm --as shop:other@1.0.0+build.7 --force --dry-run"), @"
    ADDRESS/team/shop/other@sha256:569acc02b8ea9f65d9539d27b56703f8384bc6fd7d5bf15f413142956f777dfe
    ---
      Would send the component, sha256:ac2a8063c723 (869 B)
      Would send the config, sha256:3566bc14cbe4 (218 B)
    Would replace shop:other@1.0.0+build.7 in oci://ADDRESS/team, which was sha256:db1b326d302b39e4a62509caac17d67f12a80e9fc405d7105c4ca7a469aed80d
    exit status 0
    ");
    assert_snapshot!(push("front.wasm --as shop:other@1.0.0+build.7 --force"), @"
    ADDRESS/team/shop/other@sha256:569acc02b8ea9f65d9539d27b56703f8384bc6fd7d5bf15f413142956f777dfe
    ---
            Sent the component, sha256:ac2a8063c723 (869 B)
            Sent the config, sha256:3566bc14cbe4 (218 B)
        Replaced shop:other@1.0.0+build.7 in oci://ADDRESS/team, which was sha256:db1b326d302b39e4a62509caac17d67f12a80e9fc405d7105c4ca7a469aed80d
    exit status 0
    ");
    let mount =
        format!("front.wasm --as shop:third@1.0.0 --mount-from {}/team/shop/other:1.0.0_build.7", registry.address());
    assert_snapshot!(push(&mount), @"
    ADDRESS/team/shop/third@sha256:5b4c8ce5208b05a3f8d9c10c963f866098037b2bb352acc62fb8fe6d49e9410e
    ---
         Mounted the component, sha256:ac2a8063c723 (869 B)
         Mounted the config, sha256:3566bc14cbe4 (218 B)
          Pushed shop:third@1.0.0 in oci://ADDRESS/team
    exit status 0
    ");
    let exactly = sandbox.compose(&format!("push other.wasm --to {}/any/place:stable", registry.address()));
    assert_snapshot!(told(&exactly, &registry), @"
    ADDRESS/any/place@sha256:f8c06f419c9f16d97310e2f1c2f9594eea94907749b5acb9322ad2ea79eb31b4
    ---
            Sent the component, sha256:979c4d37f302 (869 B)
            Sent the config, sha256:8105f3ffca70 (218 B)
          Pushed ADDRESS/any/place:stable
    exit status 0
    ");
}

#[test]
fn a_wit_package_says_its_own_name() {
    let sandbox = Sandbox::new("");
    sandbox.write("wit/api.wit", "package shop:types@2.1.0;\n\ninterface api {\n  price: func() -> u32;\n}\n");
    assert_snapshot!(sandbox.compose("push wit --to dir:registry"), @"
    dir:registry/shop/types@sha256:379b1bfe48616bca399ce28002a2854771d87ed62fe4bc25f54398f135f41052
    ---
            Sent the WIT package, sha256:73917ad3ab8f (134 B)
            Sent the config, sha256:9700746c6d58 (223 B)
          Pushed shop:types@2.1.0 in dir:registry
    exit status 0
    ");
    sandbox.compose("wit build wit -o types.wasm");
    assert_snapshot!(sandbox.compose("push types.wasm --to dir:registry"), @"
    dir:registry/shop/types@sha256:379b1bfe48616bca399ce28002a2854771d87ed62fe4bc25f54398f135f41052
    ---
     Has already the WIT package, sha256:73917ad3ab8f (134 B)
     Has already the config, sha256:9700746c6d58 (223 B)
       Unchanged shop:types@2.1.0 in dir:registry
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("pull shop:types --registry dir:registry -o again.wasm"), @"
    dir:registry/shop/types@sha256:379b1bfe48616bca399ce28002a2854771d87ed62fe4bc25f54398f135f41052
    ---
          Pulled shop:types@2.1.0 in dir:registry into again.wasm (134 B)
    exit status 0
    ");
    assert_eq!(sandbox.read("again.wasm"), sandbox.read("types.wasm"));
}

#[test]
fn what_cannot_be_published_is_told_with_what_to_write() {
    let sandbox =
        Sandbox::with("[components]\nfront = { path = \"front.wasm\" }\n", [("front.wasm", step("a", None, 1))]);
    sandbox.write("core.wasm", b"\0asm\x01\0\0\0");
    sandbox.write("wit/api.wit", "package shop:types;\n\ninterface api {\n  price: func() -> u32;\n}\n");
    assert_snapshot!(sandbox.compose("push"), @r#"
    error[not-publishable]: nothing says which package this is
     |
     = help: say it with `--as namespace:name@1.2.3`, or give `--to` an exact `HOST/REPOSITORY:TAG`
     = help: or, for an application, in its manifest
             [package]
             name = "namespace:name"
             version = "1.2.3"
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("push front.wasm --as shop:front"), @"
    error[not-publishable]: nothing says which version of `shop:front` this is
     |
     = help: say it with `--as shop:front@1.2.3`
     = help: or, for an application, with `version` in `[package]` of its manifest
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push wit"), @"
    error[not-publishable]: nothing says which version of `shop:types` this is
     |
     = help: say it with `--as shop:types@1.2.3`
     = help: or in the WIT itself
             package shop:types@1.2.3;
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push core.wasm --as a:b@1.0.0"), @"
    error[not-a-component]: `core.wasm` is not a component
     |
     = note: a core WebAssembly module, not a component
     = help: make a component of it
             wasm-tools component new core.wasm -o core.component.wasm
     = help: if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push nothing.wasm --as a:b@1.0.0"), @"
    error[file-unreadable]: there is no file `nothing.wasm`
     |
     = help: build the component first, or mend the path
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push front.wasm --as front"), @"
    error: `front` is no name to publish under: `front` is not a package name: expected `namespace:name`
     |
     = help: write it as `--as namespace:name@1.2.3`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("push front.wasm --as a:b@1"), @"
    error: `a:b@1` is no name to publish under: after the `@`, unexpected end of input while parsing major version number
     |
     = help: write it as `--as namespace:name@1.2.3`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("push front.wasm --as a:b@1.0.0 --to team"), @"
    error[unknown-registry]: `team` is no registry
     |
     = note: `team` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push front.wasm --as a:b@1.0.0 --to ghcr.io/acme"), @"
    error[unknown-registry]: `ghcr.io/acme` is no registry
     |
     = note: `ghcr.io/acme` does not say which kind of registry it is: write `oci://ghcr.io/acme`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push front.wasm --as a:b@1.0.0 --to ghcr.io/acme/b:1"), @"
    error: `ghcr.io/acme/b:1` says exactly where it goes, so `--as` means nothing
     |
     = help: give `--to` a registry, as `oci://HOST/PREFIX`, or leave `--as` out
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("push . --to dir:registry"), @"
    error[not-publishable]: `.` is an application, and is built before it is pushed
     |
     = help: push it by its manifest
             compose push --manifest-path ./compose.toml
    exit status 1
    ");
}

#[test]
fn a_registry_that_wants_credentials_is_not_pushed_to_without() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = application();
    let push = format!("push front.wasm --as shop:front@1.0.0 --to oci://{}/team", registry.address());
    assert_snapshot!(told(&sandbox.compose(&push), &registry), @"
    error[unauthorized]: ADDRESS did not accept anonymous access
     |
     = note: caused by: GET http://ADDRESS/v2/team/shop/front/manifests/1.0.0 was answered with 401 UNAUTHORIZED: authentication required
     = help: say who you are
             compose login ADDRESS
    exit status 3
    ");
    sandbox.write(".docker/config.json", registry.docker_config());
    assert_eq!(sandbox.compose(&push).status, Some(0));
}

#[test]
fn the_application_of_a_workspace_that_is_meant_is_pushed() {
    let sandbox = Sandbox::new("[workspace]\nmembers = [\"front\"]\n");
    sandbox.write("front/compose.toml", PACKAGE);
    sandbox.write("front/front.wasm", step("a", None, 1));
    assert_snapshot!(sandbox.compose("push"), @"
    error[workspace-member]: this manifest is of a workspace, and has nothing to compose itself
     --> compose.toml:1:1
      |
    1 | [workspace]
      | ^^^^^^^^^^^ several applications
      |
      = note: it has `front`
      = help: say which application is meant with `-p NAME`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("push -p shop:front -q"), @"
    dir:front/registry/shop/front@sha256:6eb2f305ca902dd755d132017c16ecaae462267db7ac02f421bea7330daaa16d
    exit status 0
    ");
    assert!(sandbox.path("front/registry/shop/front/index.json").is_file());
    let run = sandbox.compose("pull shop:front -p shop:front -q");
    assert_eq!((run.status, sandbox.path("front.wasm").is_file()), (Some(0), true), "{run}");
}
