//! `compose wit fetch`: what comes into `deps`, what is locked, and what is said when something is missing.

use compose_tests::{
    artifact::publish,
    docker_registry::{Access, DockerRegistry},
    sandbox::Sandbox,
    wit::encoded,
};
use insta::assert_snapshot;
use registry_client::Digest;

const IO: &str = "package t:io@0.2.0 { interface poll { resource pollable; } interface streams { use poll.{pollable}; resource input { subscribe: func() -> pollable; } } }";
const HTTP: &str =
    "package t:http@0.2.0;\n/// Types.\ninterface types { use t:io/streams@0.2.0.{input}; body: func() -> input; }\n";
const WIT: &str = "package t:app;\nworld app {\n  import t:http/types@0.2.0;\n  import t:io/poll@0.2.0;\n}\n";

/// A WIT directory and a registry that has what it refers to.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new("[registries]\ndefault = \"dir:registry\"\n");
    sandbox.write("wit/app.wit", WIT);
    publish(&sandbox.path("registry"), "t:http@0.2.0", &encoded(&format!("{HTTP}{IO}")));
    publish(&sandbox.path("registry"), "t:io@0.2.0", &encoded(IO.replacen('{', ";", 1).trim_end_matches('}')));
    sandbox
}

#[test]
fn the_directory_may_be_the_current_one() {
    let [sandbox, other] = [sandbox(), sandbox()];
    assert_eq!(other.compose("wit fetch").status, Some(0));
    assert_snapshot!(sandbox.compose_in("wit", "wit fetch ."), @"
         Fetched t:http@0.2.0 from dir:[DIR]/registry
         Fetched t:io@0.2.0 from dir:[DIR]/registry
           Wrote ./deps (2 files)
    exit status 0
    ");
    assert_eq!(sandbox.lock(), other.lock());
    assert_eq!(sandbox.compose("wit fetch --check").status, Some(0));
    std::fs::create_dir(sandbox.path("wit/sub")).unwrap();
    assert_eq!(sandbox.compose_in("wit/sub", "wit fetch --check ..").status, Some(0));
}

#[test]
fn a_file_of_the_package_may_be_called_as_the_directory_of_others_is() {
    let sandbox = sandbox();
    sandbox.write("wit/deps.wit", "world other {\n  import t:io/streams@0.2.0;\n}\n");
    sandbox.write("wit/app.wit", "package t:app;\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @"
         Fetched t:io@0.2.0 from dir:registry
           Wrote wit/deps (1 file)
    exit status 0
    ");
}

#[test]
fn what_wit_refers_to_comes_into_its_deps_and_is_locked() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.compose("wit show"), @"
    error[world-unreadable]: `wit` refers to `t:http@0.2.0`, which is not there
     --> wit/app.wit:3:10
      |
    3 |   import t:http/types@0.2.0;
      |          ^^^^^^ not in its `deps`
      |
      = help: put it into its `deps`
              compose wit fetch
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit fetch --check"), @r"
    error[wit-out-of-date]: `wit/deps` is not what `t:app` needs
     |
     = note: `wit/deps/t-http-0.2.0/package.wit` is not there
     = note: `wit/deps/t-io-0.2.0/package.wit` is not there
     = note: `compose.lock` would change
     = help: bring it up to date, and commit it
             compose wit fetch
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit fetch"), @r"
         Fetched t:http@0.2.0 from dir:registry
         Fetched t:io@0.2.0 from dir:registry
           Wrote wit/deps (2 files)
    exit status 0
    ");
    assert_snapshot!(sandbox.read_text("wit/deps/t-http-0.2.0/package.wit"), @r"
    package t:http@0.2.0;

    /// Types.
    interface types {
      use t:io/streams@0.2.0.{input};

      body: func() -> input;
    }
    ");
    assert_snapshot!(sandbox.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [wit."t:http@0.2.0"]
    package = "t:http"
    requirement = "=0.2.0"
    registry = "dir:registry"
    version = "0.2.0"
    digest = "sha256:dda6532cbad5950785e105c059c2e72932f3537b5776fdf652c9dcb472b956ba"
    size = 307
    manifest = "sha256:a6597edbdb9fba4ec8ef299e5cb9b0c7a89a890d0695444571cb6ec4f56f62f5"
    manifest-size = 369

    [wit."t:io@0.2.0"]
    package = "t:io"
    requirement = "=0.2.0"
    registry = "dir:registry"
    version = "0.2.0"
    digest = "sha256:8aacfe835299cd18a365edbb418128ebfdf77755e62f18ac54d415f0f8f527b9"
    size = 298
    manifest = "sha256:0d49f9b762cef0047f77d396d3093d2d59a51ba9a3b679dbb67fe6ec2faf799f"
    manifest-size = 369
    "#);
    assert_snapshot!(sandbox.compose("wit fetch --check"), @r"
       Unchanged wit/deps
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show"), @"
    package t:app;

    world app {
      import t:io/poll@0.2.0;
      import t:io/streams@0.2.0;
      import t:http/types@0.2.0;
    }

    package t:http@0.2.0 {
      /// Types.
      interface types {
        use t:io/streams@0.2.0.{input};

        body: func() -> input;
      }
    }

    package t:io@0.2.0 {
      interface poll {
        resource pollable;
      }
      interface streams {
        use poll.{pollable};

        resource input {
          subscribe: func() -> pollable;
        }
      }
    }
    exit status 0
    ");
    let (lock, deps) = (sandbox.lock(), sandbox.read("wit/deps/t-io-0.2.0/package.wit"));
    std::fs::remove_dir_all(sandbox.path("wit/deps")).unwrap();
    assert_eq!(sandbox.compose("wit fetch --locked").status, Some(0));
    assert_eq!((sandbox.lock(), sandbox.read("wit/deps/t-io-0.2.0/package.wit")), (lock, deps));
}

#[test]
fn what_is_no_longer_referred_to_is_removed_and_what_is_there_by_hand_stays() {
    let sandbox = sandbox();
    assert_eq!(sandbox.compose("wit fetch").status, Some(0));
    sandbox.write("wit/app.wit", "package t:app;\nworld app {\n  import t:io/poll@0.2.0;\n  import t:mine/mine;\n}\n");
    sandbox.write("wit/deps/mine/mine.wit", "package t:mine;\ninterface mine {}\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @r"
         Fetched t:io@0.2.0 from dir:registry
            Kept t:mine, which is in deps by hand
         Removed wit/deps/t-http-0.2.0
           Wrote wit/deps
    exit status 0
    ");
    assert!(!sandbox.path("wit/deps/t-http-0.2.0").exists());
    sandbox.write("wit/app.wit", "package t:app;\nworld app {\n  import t:mine/mine;\n  import t:io/streams@0.2.0;\n  import t:http/types@0.2.0;\n}\n");
    assert_snapshot!(sandbox.compose("wit fetch --locked"), @r#"
    error[lock-out-of-date]: `compose.lock` would have to change, and must not
     |
     = note: it would change like this
             + [wit."t:http@0.2.0"]
             + package = "t:http"
             + requirement = "=0.2.0"
             + registry = "dir:registry"
             + version = "0.2.0"
             + digest = "sha256:dda6532cbad5950785e105c059c2e72932f3537b5776fdf652c9dcb472b956ba"
             + size = 307
             + manifest = "sha256:a6597edbdb9fba4ec8ef299e5cb9b0c7a89a890d0695444571cb6ec4f56f62f5"
             + manifest-size = 369
     = help: write it, look at the change and commit it
             compose wit fetch
    exit status 1
    "#);
}

#[test]
fn a_locked_package_is_taken_from_the_store() {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("team/t/io", "0.2.0", &encoded(IO.replacen('{', ";", 1).trim_end_matches('}')));
    let sandbox = Sandbox::new(&format!("[registries]\ndefault = \"oci://{}/team\"\n", registry.address()));
    sandbox.write("wit/app.wit", "package t:app;\nworld app {\n  import t:io/poll@0.2.0;\n}\n");
    let offline = sandbox.compose("wit fetch --offline");
    assert_snapshot!(offline.to_string().replace(registry.address(), "REGISTRY"), @r"
    error[offline]: the list of versions of t:io in oci://REGISTRY/team cannot be had offline
     |
     = help: run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store
    exit status 3
    ");
    assert_eq!(sandbox.compose("wit fetch").status, Some(0));
    drop(registry);
    std::fs::remove_dir_all(sandbox.path("wit/deps")).unwrap();
    assert_eq!(sandbox.compose("wit fetch --frozen").status, Some(0));
}

#[test]
fn overrides_of_wkg_are_honoured() {
    let sandbox = sandbox();
    sandbox.write("wkg.toml", "[overrides]\n\"t:http\" = { path = \"own-http\" }\n\"t:io\" = { version = \"=0.2.0\" }\n[metadata]\ndescription = \"x\"\n");
    sandbox.write("own-http/http.wit", "package t:http@0.2.0;\n/// Mine.\ninterface types {}\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @r"
         Fetched t:http@0.2.0 from `own-http`
         Fetched t:io@0.2.0 from dir:registry
           Wrote wit/deps (2 files)
    exit status 0
    ");
    assert!(sandbox.read_text("wit/deps/t-http-0.2.0/package.wit").contains("/// Mine."));
    sandbox.write("wkg.toml", "[overrides]\n\"t:http\" = \"own-http\"\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @r#"
    error[manifest-syntax]: `wkg.toml` cannot be used
     --> wkg.toml:2:12
      |
    2 | "t:http" = "own-http"
      |            ^^^^^^^^^^ invalid type: string "own-http", expected a table with `path` or `version`
    exit status 1
    "#);
}

#[test]
fn what_cannot_be_had_is_told_and_nothing_is_written() {
    let sandbox = sandbox();
    sandbox.write("wit/app.wit", "package t:app;\nworld app {\n  import t:http/types@0.3.0;\n}\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @r"
    error[version-not-found]: no version of `t:http` satisfies `=0.3.0`
     |
     = note: `dir:registry` has 0.2.0
    exit status 1
    ");
    sandbox.write("wit/app.wit", "package t:app;\nworld app {\n  import t:http/handler@0.2.0;\n}\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @"
    error[world-unreadable]: cannot read the WIT of `wit`
     --> wit/app.wit:3:17
      |
    3 |   import t:http/handler@0.2.0;
      |                 ^^^^^^^ `t:http@0.2.0` has no interface `handler`
      |
      = note: nothing was written
    exit status 1
    ");
    assert!(!sandbox.path("wit/deps").exists() && !sandbox.path("compose.lock").exists());
    assert_snapshot!(sandbox.compose("wit fetch nowhere"), @r"
    error[world-unreadable]: cannot read the directory `nowhere`
     |
     = note: No such file or directory (os error 2)
     = help: name the directory that has the `.wit` files
             compose wit fetch DIR
    exit status 1
    ");
}

#[test]
fn newer_releases_are_taken_where_there_is_a_choice() {
    let sandbox = sandbox();
    sandbox.write("wkg.toml", "[overrides]\n\"t:io\" = { version = \"^0.2\" }\n");
    assert_eq!(sandbox.compose("wit fetch").status, Some(0));
    let newer =
        IO.replacen('{', ";", 1).replace("0.2.0", "0.2.1").replace("resource input {", "/// Newer.\nresource input {");
    publish(&sandbox.path("registry"), "t:io@0.2.1", &encoded(newer.trim_end_matches('}')));
    assert_eq!(sandbox.compose("wit fetch --check").status, Some(0));
    assert_snapshot!(sandbox.compose("wit update t:http"), @r"
       Unchanged wit/deps
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit update t:nothing"), @r"
    error[unknown-name]: `wit` does not refer to `t:nothing`
     |
     = note: it refers to t:http@0.2.0, t:io@0.2.0
    exit status 1
    ");
    let locked = sandbox.compose("wit update --locked");
    assert!(locked.status == Some(1) && locked.stderr.contains("+ version = \"0.2.1\""), "{locked}");
    assert!(locked.stderr.trim_end().ends_with("compose wit update"), "{locked}");
    assert_snapshot!(sandbox.compose("wit update"), @r"
         Updated t:io 0.2.0 -> 0.2.1
           Wrote wit/deps (2 files)
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit update"), @r"
       Unchanged wit/deps
    exit status 0
    ");
}

/// What `wkg` 0.16 writes about one package.
fn wkg_lock(name: &str, requirement: &str, version: &str, digest: &str) -> String {
    format!(
        "# This file is automatically generated.\n# It is not intended for manual editing.\nversion = 1\n\n[[packages]]\n\
         name = \"{name}\"\nregistry = \"localhost:5000\"\n\n[[packages.versions]]\nrequirement = \"{requirement}\"\n\
         version = \"{version}\"\ndigest = \"{digest}\"\n"
    )
}

/// A WIT directory that `wkg` has fetched the packages of, with an older `t:io` than there is now; and its digest.
fn fetched_by_wkg() -> (Sandbox, String) {
    let sandbox = sandbox();
    sandbox.write("wkg.toml", "[overrides]\n\"t:io\" = { version = \"^0.2\" }\n");
    let io = |version: &str| {
        let io = IO.replacen('{', ";", 1).replace("0.2.0", version);
        encoded(io.trim_end_matches('}'))
    };
    publish(&sandbox.path("registry"), "t:io@0.2.1", &io("0.2.1"));
    let digest = Digest::of(&io("0.2.0")).to_string();
    sandbox.write("wkg.lock", wkg_lock("t:io", "^0.2", "0.2.0", &digest));
    (sandbox, digest)
}

#[test]
fn what_wkg_has_locked_is_taken_until_it_is_locked_here() {
    let (sandbox, _) = fetched_by_wkg();
    let lock = sandbox.read("wkg.lock");
    assert_snapshot!(sandbox.compose("wit fetch"), @"
         Fetched t:http@0.2.0 from dir:registry
         Fetched t:io@0.2.0 from dir:registry, in version 0.2.0 as `wkg.lock` has it
           Wrote wit/deps (2 files)
    exit status 0
    ");
    assert_snapshot!(sandbox.lock(), @r#"
    # Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
    # how it is wired, or what it may ask of its host.
    version = 1

    [wit."t:http@0.2.0"]
    package = "t:http"
    requirement = "=0.2.0"
    registry = "dir:registry"
    version = "0.2.0"
    digest = "sha256:dda6532cbad5950785e105c059c2e72932f3537b5776fdf652c9dcb472b956ba"
    size = 307
    manifest = "sha256:a6597edbdb9fba4ec8ef299e5cb9b0c7a89a890d0695444571cb6ec4f56f62f5"
    manifest-size = 369

    [wit."t:io@0.2.0"]
    package = "t:io"
    requirement = "^0.2"
    registry = "dir:registry"
    version = "0.2.0"
    digest = "sha256:8aacfe835299cd18a365edbb418128ebfdf77755e62f18ac54d415f0f8f527b9"
    size = 298
    manifest = "sha256:0d49f9b762cef0047f77d396d3093d2d59a51ba9a3b679dbb67fe6ec2faf799f"
    manifest-size = 369
    "#);
    // From now on it is not even read, and it is never written.
    assert_eq!(sandbox.read("wkg.lock"), lock);
    sandbox.write("wkg.lock", "[[packages]\n");
    assert_snapshot!(sandbox.compose("wit fetch --check"), @"
       Unchanged wit/deps
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit update"), @"
         Updated t:io 0.2.0 -> 0.2.1
           Wrote wit/deps (2 files)
    exit status 0
    ");
}

#[test]
fn a_requirement_that_wkg_has_nothing_for_is_resolved_anew() {
    let (sandbox, digest) = fetched_by_wkg();
    sandbox.write("wkg.toml", "[overrides]\n\"t:io\" = { version = \"=0.2.1\" }\n");
    assert_snapshot!(sandbox.compose("wit fetch"), @"
         Fetched t:http@0.2.0 from dir:registry
         Fetched t:io@0.2.1 from dir:registry
           Wrote wit/deps (3 files)
    exit status 0
    ");
    // A version that was locked for another requirement will do, and so will one of several.
    let (sandbox, _) = fetched_by_wkg();
    let more =
        format!("\n[[packages.versions]]\nrequirement = \"=0.1.0\"\nversion = \"0.1.0\"\ndigest = \"{digest}\"\n");
    sandbox.write("wkg.lock", wkg_lock("t:io", "=0.2.0", "0.2.0", &digest) + &more);
    assert_snapshot!(sandbox.compose("wit fetch --check"), @"
    error[wit-out-of-date]: `wit/deps` is not what `t:app` needs
     |
     = note: `wit/deps/t-http-0.2.0/package.wit` is not there
     = note: `wit/deps/t-io-0.2.0/package.wit` is not there
     = note: `compose.lock` would change
     = help: bring it up to date, and commit it
             compose wit fetch
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit fetch"), @"
         Fetched t:http@0.2.0 from dir:registry
         Fetched t:io@0.2.0 from dir:registry, in version 0.2.0 as `wkg.lock` has it
           Wrote wit/deps (2 files)
    exit status 0
    ");
}

#[test]
fn what_is_not_what_wkg_has_locked_is_told_and_not_taken() {
    let (sandbox, digest) = fetched_by_wkg();
    let other = "sha256:1282d8384636b2636e97692ce67d82af9845a08f6d60abc910d79ce5b013ac49";
    sandbox.write("wkg.lock", wkg_lock("t:io", "^0.2", "0.2.0", other));
    assert_snapshot!(sandbox.compose("wit fetch"), @"
    error[tag-moved]: t:io@0.2.0 in dir:registry is not what it was when `wkg` locked it
     |
     = note: `wkg.lock` has sha256:1282d8384636b2636e97692ce67d82af9845a08f6d60abc910d79ce5b013ac49
     = note: the registry has sha256:8aacfe835299cd18a365edbb418128ebfdf77755e62f18ac54d415f0f8f527b9
     = help: take what there is now, and commit `compose.lock`
             compose wit update t:io
    exit status 1
    ");
    sandbox.write("wkg.lock", wkg_lock("t:io", "^0.2", "0.2.7", &digest));
    assert_snapshot!(sandbox.compose("wit fetch"), @"
    error[version-not-found]: no version of `t:io` satisfies `=0.2.7`
     |
     = note: `dir:registry` has 0.2.1, 0.2.0
     = note: `wkg.lock` has 0.2.7
     = help: take what there is now, and commit `compose.lock`
             compose wit update t:io
    exit status 1
    ");
    assert!(!sandbox.path("wit/deps").exists() && !sandbox.path("compose.lock").exists());
    sandbox.write("wkg.lock", wkg_lock("t:io", "^0.2", "0.2.0", "sha256:12"));
    assert_snapshot!(sandbox.compose("wit fetch"), @r#"
    error[lock-invalid]: `wkg.lock` cannot be used
      --> wkg.lock:12:10
       |
    12 | digest = "sha256:12"
       |          ^^^^^^^^^^^ `sha256:12` is not a digest: expected 64 lowercase hexadecimal digits after `sha256:`
       |
       = note: it says in which version a package comes that `compose.lock` does not have yet
       = help: have `wkg` write it anew, or remove it: then the newest versions that fit are taken
    exit status 1
    "#);
    sandbox.write("wkg.lock", wkg_lock("t:io", "^0.2", "0.2.0", &digest).replace("version = 1", "version = 2"));
    assert_snapshot!(sandbox.compose("wit fetch"), @"
    error[lock-invalid]: `wkg.lock` cannot be used
     |
     = note: it says in which version a package comes that `compose.lock` does not have yet
     = note: it is of version 2, and only version 1 is known
     = help: have `wkg` write it anew, or remove it: then the newest versions that fit are taken
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit update t:io"), @"
    error[lock-invalid]: `wkg.lock` cannot be used
     |
     = note: it says in which version a package comes that `compose.lock` does not have yet
     = note: it is of version 2, and only version 1 is known
     = help: have `wkg` write it anew, or remove it: then the newest versions that fit are taken
    exit status 1
    ");
}
