//! `compose pull`: by package and by reference, into a file, and what is refused.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    sandbox::{Run, Sandbox},
};
use insta::assert_snapshot;

use crate::steps::step;

/// A directory with a registry of three versions, and nothing else.
fn registry() -> Sandbox {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    for (version, digit) in [("1.0.0", 1), ("1.1.0", 2), ("2.0.0-rc.1", 3)] {
        publish(&sandbox.path("registry"), &format!("shop:catalog@{version}"), &step("a", None, digit));
    }
    sandbox
}

fn told(run: &Run, registry: &DockerRegistry) -> String {
    run.to_string().replace(registry.address(), "ADDRESS")
}

#[test]
fn a_package_is_pulled_in_the_version_that_is_asked_for() {
    let sandbox = registry();
    assert_snapshot!(sandbox.compose("pull shop:catalog"), @"
    dir:registry/shop/catalog@sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10
    ---
          Pulled shop:catalog@1.1.0 in dir:registry into catalog.wasm (869 B)
    exit status 0
    ");
    assert_eq!(sandbox.read("catalog.wasm"), step("a", None, 2));
    assert_snapshot!(sandbox.compose("pull shop:catalog@1.0.0 -o one.wasm"), @"
    dir:registry/shop/catalog@sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
    ---
          Pulled shop:catalog@1.0.0 in dir:registry into one.wasm (869 B)
    exit status 0
    ");
    assert_eq!(sandbox.read("one.wasm"), step("a", None, 1));
    assert_snapshot!(sandbox.compose("pull shop:catalog@2.0.0-rc.1 -o one.wasm -q"), @"
    dir:registry/shop/catalog@sha256:8e1a9d3d6f494042ead0dd24b243f68f1bc9df61826695d13de58576dd84db94
    exit status 0
    ");
    assert_eq!(sandbox.read("one.wasm"), step("a", None, 3));
    std::fs::create_dir(sandbox.path("parts")).unwrap();
    assert_snapshot!(sandbox.compose("pull shop:catalog@1 -o parts --message-format json"), @r#"
    {"reason":"pulled","origin":"shop:catalog@1.1.0 in dir:registry","pinned":"dir:registry/shop/catalog@sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10","version":"1.1.0","path":"parts/catalog.wasm","manifest":"sha256:7624576d7d664d16a1d80b115a1c4166d604637610b49babae23d926cee18e10","digest":"sha256:979c4d37f302161b86fcb9c37cd706faea5d478fd1ba0b0412793a0b28958a4e","size":869}
    ---
          Pulled shop:catalog@1.1.0 in dir:registry into parts/catalog.wasm (869 B)
    exit status 0
    "#);
    assert_eq!(sandbox.read("parts/catalog.wasm"), step("a", None, 2));
}

#[test]
fn several_are_pulled_at_once() {
    let sandbox = registry();
    publish(&sandbox.path("registry"), "shop:pricing@1.0.0", &step("a", None, 4));
    std::fs::create_dir(sandbox.path("parts")).unwrap();
    assert_snapshot!(sandbox.compose("pull shop:catalog@1.0.0 shop:pricing -o parts"), @"
    dir:registry/shop/catalog@sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
    dir:registry/shop/pricing@sha256:91223f9c6e3ed80ab5d5f50e992600533f95222b9ba9a6aa3165381483a1baf2
    ---
          Pulled shop:catalog@1.0.0 in dir:registry into parts/catalog.wasm (869 B)
          Pulled shop:pricing@1.0.0 in dir:registry into parts/pricing.wasm (869 B)
    exit status 0
    ");
    assert_eq!(sandbox.read("parts/catalog.wasm"), step("a", None, 1));
    assert_eq!(sandbox.read("parts/pricing.wasm"), step("a", None, 4));
    // What can be pulled is, whatever becomes of the others.
    assert_snapshot!(sandbox.compose("pull shop:absent shop:pricing shop:catalog@3.0.0"), @"
    dir:registry/shop/pricing@sha256:91223f9c6e3ed80ab5d5f50e992600533f95222b9ba9a6aa3165381483a1baf2
    ---
          Pulled shop:pricing@1.0.0 in dir:registry into pricing.wasm (869 B)
    error[package-not-found]: dir:registry has no package shop:absent
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor shop:absent

    error[version-not-found]: there is no shop:catalog@3.0.0 in dir:registry
     |
     = note: `dir:registry` has 2.0.0-rc.1, 1.1.0, 1.0.0

    error: 2 problems found
    exit status 3
    ");
    assert_eq!(sandbox.read("pricing.wasm"), step("a", None, 4));
}

#[test]
fn several_are_not_pulled_into_one_file() {
    let sandbox = registry();
    assert_snapshot!(sandbox.compose("pull shop:catalog shop:pricing -o parts"), @"
    error: several components do not fit into the one file `parts`
     |
     = help: name a directory that exists
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("pull shop:catalog@1.0.0 shop:catalog@1.1.0"), @"
    error: two of these would be written to `catalog.wasm`
     |
     = help: pull one of them by itself
             compose pull shop:catalog@1.1.0 -o ANOTHER.wasm
    exit status 2
    ");
}

#[test]
fn an_artifact_is_pulled_by_its_reference_and_then_from_the_store() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/shop/catalog", "stable", &step("a", None, 4));
    let sandbox = Sandbox::new("");
    let pull = |arguments: &str| {
        let run = sandbox.compose(&format!("pull {}/team/shop/catalog:stable {arguments}", registry.address()));
        told(&run, &registry)
    };
    assert_snapshot!(pull(""), @"
    ADDRESS/team/shop/catalog@sha256:91223f9c6e3ed80ab5d5f50e992600533f95222b9ba9a6aa3165381483a1baf2
    ---
     Downloading ADDRESS/team/shop/catalog:stable (869 B)
          Pulled ADDRESS/team/shop/catalog:stable into catalog.wasm (869 B)
    exit status 0
    ");
    assert_eq!(sandbox.read("catalog.wasm"), step("a", None, 4));
    assert_snapshot!(pull("-o again.wasm"), @"
    ADDRESS/team/shop/catalog@sha256:91223f9c6e3ed80ab5d5f50e992600533f95222b9ba9a6aa3165381483a1baf2
    ---
          Pulled ADDRESS/team/shop/catalog:stable into again.wasm (869 B)
    exit status 0
    ");
}

#[test]
fn what_cannot_be_pulled_is_told() {
    let sandbox = registry();
    sandbox.write("catalog.wasm", "mine");
    assert_snapshot!(sandbox.compose("pull shop:catalog"), @"
    error[already-exists]: `catalog.wasm` exists already
     |
     = help: say that it may be replaced, or another file
             compose pull shop:catalog -o catalog.wasm
    exit status 1
    ");
    assert_eq!(sandbox.read("catalog.wasm"), b"mine");
    assert_snapshot!(sandbox.compose("pull shop:catalog@^3 -o a.wasm"), @"
    error[version-not-found]: no version of `shop:catalog` satisfies `^3`
     |
     = note: `dir:registry` has 2.0.0-rc.1, 1.1.0, 1.0.0
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("pull shop:catalog@3.0.0 -o a.wasm"), @"
    error[version-not-found]: there is no shop:catalog@3.0.0 in dir:registry
     |
     = note: `dir:registry` has 2.0.0-rc.1, 1.1.0, 1.0.0
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("pull shop:absent"), @"
    error[package-not-found]: dir:registry has no package shop:absent
     |
     = help: check its spelling; why this registry is asked is shown by
             compose doctor shop:absent
    exit status 3
    ");
    assert_snapshot!(sandbox.compose("pull catalog"), @"
    error: the reference `catalog` names no registry: write its host too, as in `ghcr.io/catalog`
     |
     = help: pull `namespace:name`, `namespace:name@1.2` or `HOST/REPOSITORY:TAG`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("pull ghcr.io/acme/catalog"), @"
    error: the reference `ghcr.io/acme/catalog` has neither a tag nor a digest: write one, as in `ghcr.io/acme/catalog:1.0.0`
     |
     = help: pull `namespace:name`, `namespace:name@1.2` or `HOST/REPOSITORY:TAG`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("pull ghcr.io/acme/catalog:1 --registry dir:x"), @"
    error: `ghcr.io/acme/catalog:1` names its registry itself, so `--registry` means nothing
     |
     = help: leave `--registry` out
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("pull shop:catalog --registry locl -o a.wasm"), @"
    error[unknown-registry]: `locl` is no registry
     |
     = note: `locl` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("pull shop:catalog -o no/such/file.wasm"), @"
    error[output-unwritable]: cannot write no/such/file.wasm
     |
     = note: caused by: No such file or directory (os error 2)
    exit status 3
    ");
    assert_snapshot!(sandbox.compose("pull ghcr.io/acme/catalog:1 --offline -o a.wasm"), @"
    error[offline]: the image manifest of ghcr.io/acme/catalog:1 cannot be had offline
     |
     = note: what a name stands for is known by its registry alone
     = help: leave `--offline` and `--frozen` out; bytes that are in the store are not downloaded again
    exit status 3
    ");
}
