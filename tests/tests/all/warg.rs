//! Components from a real warg registry: published, chosen by range, downloaded, built from, locked, withdrawn.

use std::{fs, sync::Arc};

use compose_tests::{
    artifact::publish as publish_in_directory,
    docker_registry::{Access, DockerRegistry},
    execution::{block_on, invoke},
    sandbox::Sandbox,
    warg_server::{Meddler, WargServer, new_key, public, signing},
};
use registry_client::{
    Artifact, Availability, Client, Content, Error, Origin, Os, Permission, PushOptions, PushOutcome, Pushed, Registry,
};

use crate::{steps::step, warg_attacks::shown};

/// Somebody who publishes, with a key and a store of their own.
pub(crate) struct Publisher {
    sandbox: Sandbox,
    pub(crate) key: String,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        Self { sandbox: Sandbox::new(""), key: new_key() }
    }

    /// The same person, at another machine.
    pub(crate) fn another(&self) -> Self {
        Self { sandbox: Sandbox::new(""), key: self.key.clone() }
    }

    pub(crate) fn client(&self) -> Client {
        self.sandbox.session().client
    }

    /// Publishes a component as `NAMESPACE:NAME@VERSION`.
    pub(crate) fn try_publish(&self, registry: &str, package: &str, component: &[u8]) -> Result<Pushed, Error> {
        block_on(self.push(&self.client(), registry, package, component))
    }

    pub(crate) async fn push(
        &self,
        client: &Client,
        registry: &str,
        package: &str,
        component: &[u8],
    ) -> Result<Pushed, Error> {
        let artifact = Artifact {
            content: Content::Bytes(Arc::from(component)),
            os: Os::WasiP2,
            component: None,
            annotations: [].into(),
        };
        let options = PushOptions { signing_key: Some(signing(&self.key)), ..PushOptions::default() };
        client.push(&origin(registry, package), &artifact, &options).await
    }

    pub(crate) fn publish(&self, registry: &str, package: &str, component: &[u8]) -> Pushed {
        let pushed = self.try_publish(registry, package, component);
        pushed.unwrap_or_else(|error| panic!("{}", told(&error)))
    }
}

/// An error with its causes.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// `NAMESPACE:NAME@VERSION` in a registry.
pub(crate) fn origin(registry: &str, package: &str) -> Origin {
    let (package, version) = package.split_once('@').unwrap();
    let registry = registry.parse().unwrap();
    Origin::Package { registry, package: package.parse().unwrap(), version: version.parse().unwrap() }
}

/// A registry that has `t:front` as 1.0.0, 1.2.0 and 2.0.0.
fn registry() -> (WargServer, Publisher) {
    let (server, publisher) = (WargServer::start(&["t", "other", "third"]), Publisher::new());
    for (version, digit) in [("1.0.0", 1), ("1.2.0", 2), ("2.0.0", 3)] {
        publisher.publish(&server.registry(), &format!("t:front@{version}"), &step("a", None, digit));
    }
    (server, publisher)
}

fn manifest(registry: &str, components: &str) -> String {
    format!("[registries]\ndefault = \"{registry}\"\n[components]\n{components}\n")
}

fn build(sandbox: &Sandbox, arguments: &str, expected: &str) {
    let run = sandbox.compose(arguments);
    assert_eq!(run.status, Some(0), "{run}");
    assert_eq!(invoke(&sandbox.read("target/compose/app.wasm"), "a#f(5)"), expected);
}

#[test]
fn what_is_published_is_chosen_by_range_locked_and_built_again() {
    let (server, _) = registry();
    let sandbox = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@^1\""));
    build(&sandbox, "build", "52");
    let lock = sandbox.lock();
    assert!(lock.contains("\nversion = \"1.2.0\"\n") && lock.contains("\nlog-length = 4\n"), "{lock}");
    assert!(lock.contains(&format!("\nlog-operator = \"{}\"\n", server.operator_key().fingerprint())), "{lock}");
    for arguments in ["build --locked", "build --frozen", "build --offline", "build"] {
        build(&sandbox, arguments, "52");
        assert_eq!(sandbox.lock(), lock, "{arguments}");
    }
}

#[test]
fn what_was_verified_resolves_offline() {
    let (server, _) = registry();
    let sandbox = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@^1\""));
    build(&sandbox, "build", "52");
    drop(server);
    fs::remove_file(sandbox.path("compose.lock")).unwrap();
    build(&sandbox, "build --offline", "52");
}

#[test]
fn a_newer_release_does_not_make_a_lock_stale() {
    let (server, publisher) = registry();
    let sandbox = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@^1\""));
    build(&sandbox, "build", "52");
    let lock = sandbox.lock();
    publisher.publish(&server.registry(), "t:front@1.3.0", &step("a", None, 7));
    build(&sandbox, "build --locked", "52");
    assert_eq!(sandbox.lock(), lock);
    let run = sandbox.compose("update");
    assert_eq!(run.status, Some(0), "{run}");
    build(&sandbox, "build", "57");
    assert!(sandbox.lock().contains("\nlog-length = 5\n"));
}

#[test]
fn an_application_is_built_from_a_log_an_oci_registry_and_a_directory() {
    let (server, publisher) = registry();
    publisher.publish(&server.registry(), "other:front@1.0.0", &step("a", Some("b"), 1));
    publisher.publish(&server.registry(), "third:middle@1.0.0", &step("c", Some("d"), 2));
    let oci = DockerRegistry::start(Access::Anonymous);
    oci.push("team/t/back", "1.0.0", &step("b", Some("c"), 4));
    let sandbox = Sandbox::new(&format!(
        "[registries]\nlogged = \"{}\"\nteam = \"oci://{}/team\"\nlocal = \"dir:registry\"\n\
         [registries.namespaces]\nother = \"logged\"\nthird = \"logged\"\nt = \"team\"\nhere = \"local\"\n\
         [components]\nfront = \"other:front@1\"\nback = \"t:back@1\"\nmiddle = \"third:middle@1\"\nend = \"here:end@1\"\n",
        server.registry(),
        oci.address()
    ));
    publish_in_directory(&sandbox.path("registry"), "here:end@1.0.0", &step("d", None, 9));
    build(&sandbox, "build", "59241");
    let lock = sandbox.lock();
    fs::remove_dir_all(sandbox.path("target")).unwrap();
    build(&sandbox, "build --locked", "59241");
    drop((server, oci));
    fs::remove_dir_all(sandbox.path("target")).unwrap();
    build(&sandbox, "build --frozen", "59241");
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn what_is_vendored_builds_without_the_registry() {
    let (server, _) = registry();
    let sandbox = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@^1\""));
    build(&sandbox, "build", "52");
    let lock = sandbox.lock();
    let run = sandbox.compose("vendor --write");
    assert_eq!(run.status, Some(0), "{run}");
    drop(server);
    fs::remove_dir_all(sandbox.path(".cache")).unwrap();
    fs::remove_dir_all(sandbox.path("target")).unwrap();
    build(&sandbox, "build --frozen", "52");
    assert_eq!(sandbox.lock(), lock);
}

#[test]
fn a_provider_that_nobody_wrote_comes_from_a_log_whose_operator_is_required() {
    let (server, publisher) = (WargServer::start(&["t"]), Publisher::new());
    publisher.publish(&server.registry(), "t:steps@1.0.0", &step("b", None, 4));
    let registry =
        format!("{{ url = \"{}\", operator-key = \"{}\", auto = true }}", server.registry(), server.operator_key());
    let sandbox = Sandbox::new(&format!(
        "[registries]\ndefault = {registry}\n[components]\nfront = {{ path = \"front.wasm\" }}\n"
    ));
    sandbox.write("front.wasm", step("a", Some("b"), 1));
    build(&sandbox, "build", "541");
    build(&sandbox, "build --frozen", "541");
}

#[test]
fn a_withdrawn_version_is_not_chosen_and_whoever_has_it_keeps_it() {
    let (server, publisher) = registry();
    let sandbox = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@^1\""));
    build(&sandbox, "build", "52");
    let (client, registry) = (publisher.client(), server.registry().parse().unwrap());
    let (package, version) = ("t:front".parse().unwrap(), "1.2.0".parse().unwrap());
    block_on(client.yank(&registry, &package, &version, &signing(&publisher.key))).unwrap();
    for arguments in ["build --locked", "build"] {
        build(&sandbox, arguments, "52");
    }
    let published = block_on(client.published(&registry, &package)).unwrap();
    let yanked = published.iter().filter(|published| published.availability == Availability::Yanked);
    assert_eq!(yanked.map(|published| published.version.to_string()).collect::<Vec<_>>(), ["1.2.0"]);
    fs::remove_file(sandbox.path("compose.lock")).unwrap();
    build(&sandbox, "build", "51");

    let again = block_on(client.yank(&registry, &package, &version, &signing(&publisher.key))).unwrap_err();
    assert!(matches!(again, Error::Yanked { .. }), "{again}");
    let again = publisher.try_publish(&server.registry(), "t:front@1.2.0", &step("a", None, 2)).unwrap_err();
    assert!(matches!(again, Error::Yanked { .. }), "{again}");

    let needs_it = Sandbox::new(&manifest(&server.registry(), "front = \"t:front@=1.2.0\""));
    insta::assert_snapshot!(said(&needs_it, "build", &server.registry()), @r#"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[version-not-found]: no version of `t:front` satisfies `=1.2.0`
     --> compose.toml:4:9
      |
    4 | front = "t:front@=1.2.0"
      |         ^^^^^^^^^^^^^^^^ required here
      |
      = note: `REGISTRY` has 2.0.0, 1.0.0
      = note: 1.2.0 would satisfy it, and was withdrawn by its publisher
    exit status 1
    "#);
}

#[test]
fn what_is_released_is_released_for_good() {
    let (server, publisher) = registry();
    let again = publisher.publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    assert_eq!(again.outcome, PushOutcome::AlreadyThere);
    let other = publisher.try_publish(&server.registry(), "t:front@1.0.0", &step("a", None, 2)).unwrap_err();
    assert!(matches!(other, Error::AlreadyReleased { .. }), "{other}");
}

#[test]
fn keys_are_allowed_and_disallowed_to_publish() {
    let (server, publisher) = registry();
    let (other, registry): (_, Registry) = (Publisher::new(), server.registry().parse().unwrap());
    let publish = |version: &str| {
        other.try_publish(&server.registry(), &format!("t:front@{version}"), &step("a", None, 4)).map(drop)
    };
    assert!(matches!(publish("3.0.0"), Err(Error::KeyNotAllowed { .. })));
    let (client, package, key) = (publisher.client(), "t:front".parse().unwrap(), signing(&publisher.key));
    let theirs = public(&other.key);
    let release = [Permission::Release];
    block_on(client.grant(&registry, &package, &theirs, &release, &key)).unwrap();
    publish("3.0.0").unwrap();
    block_on(client.revoke(&registry, &package, theirs.fingerprint(), &release, &key)).unwrap();
    assert!(matches!(publish("3.1.0"), Err(Error::KeyNotAllowed { .. })));
}

/// What `compose` says, without what is different at every run.
fn said(sandbox: &Sandbox, arguments: &str, server: &str) -> String {
    shown(&sandbox.compose(arguments).to_string().replace(server, "REGISTRY"))
}

#[test]
fn a_person_makes_a_key_publishes_lets_others_publish_and_withdraws() {
    let server = WargServer::start(&["t"]);
    let registry = server.registry();
    let sandbox = Sandbox::with("", [("front.wasm", step("a", None, 1))]);
    let made = sandbox.compose("key new key");
    assert_eq!(made.status, Some(0), "{made}");
    let printed = sandbox.compose("key show --signing-key key");
    assert_eq!((printed.status, printed.stdout), (Some(0), made.stdout));
    insta::assert_snapshot!(sandbox.compose("key new key").to_string(), @"
    error[output-unwritable]: cannot write `key`
     |
     = note: it exists already
     = help: name another file: a key that is lost is lost for good
    exit status 3
    ");

    let push = format!("push front.wasm --as t:front@1.0.0 --to {registry} --signing-key key");
    let pushed = sandbox.compose(&push);
    assert_eq!(pushed.status, Some(0), "{pushed}");
    assert!(pushed.stdout.starts_with(&format!("{registry}/t/front@sha256:")), "{pushed}");
    insta::assert_snapshot!(shown(&pushed.stderr.replace(&registry, "REGISTRY")), @"
    Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
          Sent the component, sha256:ac2a8063c723 (869 B)
        Pushed t:front@1.0.0 in REGISTRY
    ");
    insta::assert_snapshot!(sandbox.compose(&push).stderr.replace(&registry, "REGISTRY"), @"
    Has already the component, sha256:ac2a8063c723 (869 B)
      Unchanged t:front@1.0.0 in REGISTRY
    ");

    let theirs = public(&new_key());
    let grant = format!("key grant t:front {theirs} --may release --registry {registry} --signing-key key");
    insta::assert_snapshot!(said(&sandbox, &grant, &registry).replace(&theirs.to_string(), "KEY"), @"
         Granted for t:front in REGISTRY, KEY
    exit status 0
    ");
    let revoke = format!("key revoke t:front {theirs} --may release --registry {registry} --signing-key key");
    insta::assert_snapshot!(said(&sandbox, &revoke, &registry).replace(&theirs.to_string(), "KEY"), @"
         Revoked for t:front in REGISTRY, KEY
    exit status 0
    ");

    let yank = format!("yank t:front@1.0.0 --registry {registry} --signing-key key");
    insta::assert_snapshot!(said(&sandbox, &yank, &registry), @"
       Withdrawn t:front@1.0.0 in REGISTRY
    exit status 0
    ");
    insta::assert_snapshot!(said(&sandbox, &yank, &registry), @"
    error[version-exists]: t:front@1.0.0 in REGISTRY was withdrawn by its publisher, which cannot be undone
     |
     = help: whoever needs it again needs a new version
    exit status 1
    ");
    let pulled = sandbox.compose(&format!("pull t:front@1.0.0 --registry {registry} -o pulled.wasm"));
    assert_eq!(pulled.status, Some(0), "{pulled}");
    assert_eq!(sandbox.read("pulled.wasm"), sandbox.read("front.wasm"));
    assert_eq!(pulled.stdout, pushed.stdout);
    insta::assert_snapshot!(pulled.stderr.replace(&registry, "REGISTRY"), @"
         Taking t:front@1.0.0 in REGISTRY, which its publisher withdrew
    Downloading t:front@1.0.0 in REGISTRY (869 B)
         Pulled t:front@1.0.0 in REGISTRY into pulled.wasm (869 B)
    ");
}

#[test]
fn what_keeps_a_person_out_is_told_apart() {
    let server = WargServer::start(&["t", "moved=elsewhere.example"]);
    let registry = server.registry();
    let wants = |package: &str| Sandbox::new(&manifest(&registry, &format!("front = \"{package}\"")));
    insta::assert_snapshot!(said(&wants("t:front"), "lock", &registry), @r#"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[package-not-found]: REGISTRY has no package t:front
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = help: check its spelling; why this registry is asked is shown by
              compose doctor t:front
    exit status 3
    "#);
    insta::assert_snapshot!(said(&wants("nobody:front"), "lock", &registry), @r#"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[namespace-not-defined]: REGISTRY does not define the namespace `nobody`
     --> compose.toml:4:9
      |
    4 | front = "nobody:front"
      |         ^^^^^^^^^^^^^^ needed here
      |
      = help: check the namespace's spelling, and which registry the manifest names for it; only its operator can define it
    exit status 3
    "#);
    insta::assert_snapshot!(said(&wants("moved:front"), "lock", &registry), @r#"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[namespace-not-defined]: REGISTRY does not define the namespace `moved`: it says that its packages are in elsewhere.example
     --> compose.toml:4:9
      |
    4 | front = "moved:front"
      |         ^^^^^^^^^^^^^ needed here
      |
      = help: name that registry for the namespace, under `[registries.namespaces]`
    exit status 3
    "#);

    let sandbox = Sandbox::with("", [("front.wasm", step("a", None, 1)), ("key", new_key().into_bytes())]);
    let push = |key: &str| format!("push front.wasm --as t:front@1.0.0 --to {registry} {key}");
    insta::assert_snapshot!(said(&sandbox, &push(""), &registry), @"
      Remembered the operator key of REGISTRY, seen for the first time: OPERATOR
    error[signing-key]: REGISTRY takes only what is signed, and no signing key was given
     |
     = help: give the file of a private key with `--signing-key FILE`, or the key itself in the variable `COMPOSE_SIGNING_KEY`
     = help: a first key is made with
             compose key new FILE
    exit status 1
    ");
    sandbox.write("public", public(&new_key()).to_string());
    insta::assert_snapshot!(said(&sandbox, &push("--signing-key public"), &registry), @"
    error[signing-key]: `public` has no signing key
     |
     = note: this is a public key; the private one is needed to sign
     = help: a private key is `ecdsa-p256:` and the base64 of 32 bytes, in a text of its own
             compose key new FILE
    exit status 1
    ");

    Publisher::new().publish(&registry, "t:front@0.1.0", &step("a", None, 2));
    insta::assert_snapshot!(said(&sandbox, &push("--signing-key key"), &registry), @"
    error[key-not-allowed]: the key sha256:DIGEST may not release versions of t:front
     |
     = help: sign with a key that may, or have whoever has one allow it to this key, which `compose key show` prints
             compose key grant t:front KEY
    exit status 3
    ");

    let locked_up =
        Meddler::start(server.address(), |_, _| (401, br#"{"status":401,"message":"who are you?"}"#.to_vec()));
    let sandbox = Sandbox::new(&manifest(&locked_up.registry(), "front = \"t:front\""));
    let address = locked_up.registry().replace("warg+http://", "");
    insta::assert_snapshot!(said(&sandbox, "lock", &address), @r#"
    error[unauthorized]: warg+http://REGISTRY did not accept anonymous access
     --> compose.toml:4:9
      |
    4 | front = "t:front"
      |         ^^^^^^^^^ needed here
      |
      = note: caused by: GET http://REGISTRY/v1/fetch/checkpoint was answered with 401 who are you?
      = help: say who you are
              compose login warg+http://REGISTRY
    exit status 3
    "#);
}

#[test]
fn a_login_is_checked_and_sent() {
    let server = WargServer::start(&["t"]);
    Publisher::new().publish(&server.registry(), "t:front@1.0.0", &step("a", None, 1));
    let gate = Meddler::guarded(server.address(), "Bearer s3cret");
    let sandbox = Sandbox::new(&manifest(&gate.registry(), "front = \"t:front\""));
    let address = gate.registry().replace("warg+http://", "");
    let login = |token: &str| {
        let run = sandbox.compose_reading(token, &format!("login {} --token-stdin", gate.registry()));
        run.to_string().replace(&address, "REGISTRY")
    };
    insta::assert_snapshot!(login("wrong"), @"
    error[unauthorized]: warg+http://REGISTRY did not accept the credential that was given
     |
     = note: caused by: GET http://REGISTRY/v1/fetch/checkpoint was answered with 401
     = help: check the user name and the password, or the token; nothing was stored
    exit status 3
    ");
    insta::assert_snapshot!(login("s3cret"), @"
       Logged in to REGISTRY; kept in .docker/config.json
    exit status 0
    ");
    let run = sandbox.compose("lock");
    assert_eq!(run.status, Some(0), "{run}");
}
