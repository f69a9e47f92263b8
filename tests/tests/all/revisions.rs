//! WIT that a revision of a git repository has: what is read, and what is said when there is nothing to read.

use std::{fs::File, os::unix::fs::symlink};

use compose_tests::{
    git::{commit, git},
    guest,
    sandbox::Sandbox,
};
use insta::assert_snapshot;

/// A package that refers to two others.
const API: &str = "package a:api;\nworld w { import a:one/i; import a:two/i; export f: func(); }\n";

fn one(name: &str) -> String {
    format!("package a:{name};\ninterface i {{ f: func(); }}\n")
}

/// A repository whose revision `v1` has the package, and nothing else does: the directory is gone.
fn repository() -> Sandbox {
    let sandbox = Sandbox::bare([("api/wit/api.wit", API)]);
    sandbox.write("api/wit/notes.txt", "no WIT");
    sandbox.write("api/wit/deps/one/one.wit", one("one"));
    sandbox.write("api/wit/deps/two.wit", one("two"));
    sandbox
}

fn forget(sandbox: &Sandbox) {
    commit(&sandbox.path(""), "v1");
    std::fs::remove_dir_all(sandbox.path("api/wit")).unwrap();
}

/// The package as it is shown.
const SHOWN: &str = "\
package a:api;

world w {
  import a:one/i;
  import a:two/i;

  export f: func();
}

package a:one {
  interface i {
    f: func();
  }
}

package a:two {
  interface i {
    f: func();
  }
}
";

#[track_caller]
fn check(sandbox: &Sandbox, directory: &str, name: &str) {
    let shown = sandbox.compose_in(directory, &format!("wit show {name}"));
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), (SHOWN, ""));
}

#[test]
fn a_revision_is_read_from_wherever_it_is_asked_for() {
    let sandbox = repository();
    forget(&sandbox);
    check(&sandbox, "", "git:v1:api/wit");
    check(&sandbox, "", "git:HEAD:api/wit/");
    check(&sandbox, "api", "git:main:wit");
    check(&sandbox, "api", "git:v1^{commit}:../api/./wit");
    // What hooks of git set means another directory than the one that a path is relative to.
    let shown = sandbox.compose_with([("GIT_DIR", "nowhere"), ("LANG", "de_DE.UTF-8")], "wit show git:v1:api/wit");
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), (SHOWN, ""));
}

#[test]
fn links_are_followed_within_a_revision() {
    let sandbox = repository();
    sandbox.write("shared/one/one.wit", one("one"));
    sandbox.write("shared/two.wit", one("two"));
    sandbox.write("shared/api.wit", API);
    std::fs::remove_dir_all(sandbox.path("api/wit")).unwrap();
    std::fs::create_dir_all(sandbox.path("api/wit/deps")).unwrap();
    symlink("../../../shared/one", sandbox.path("api/wit/deps/one")).unwrap();
    symlink("../../../shared/two.wit", sandbox.path("api/wit/deps/two.wit")).unwrap();
    symlink("../../shared/api.wit", sandbox.path("api/wit/api.wit")).unwrap();
    symlink("nowhere.wit", sandbox.path("api/wit/deps/old.wit")).unwrap();
    symlink("/etc", sandbox.path("api/wit/deps/outside")).unwrap();
    symlink("api", sandbox.path("linked")).unwrap();
    forget(&sandbox);
    check(&sandbox, "", "git:v1:api/wit");
    check(&sandbox, "", "git:v1:linked/wit");
}

#[test]
fn a_file_of_a_revision_may_be_whatever_one_on_disk_may() {
    let component = guest::stub("export a:one/i;", "package a:one { interface i { f: func(); } }");
    let sandbox = Sandbox::bare([("component.wasm", component)]);
    sandbox.write("empty.wat", "(component (import \"f\" (func)))");
    sandbox.write("api.wit", "package a:api;\nworld w {}\n");
    sandbox.write("core.wasm", "\0asm\x01\0\0\0");
    commit(&sandbox.path(""), "v1");
    assert_snapshot!(sandbox.compose("wit show git:v1:component.wasm"), @"
    package root:component;

    world root {
      export a:one/i;
    }

    package a:one {
      interface i {
        f: func();
      }
    }
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:empty.wat"), @"
    package root:component;

    world root {
      import f: func();
    }
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:api.wit"), @"
    package a:api;

    world w {
    }
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:core.wasm"), @"
    error[not-a-component]: `git:v1:core.wasm` is not a component
     |
     = note: a core WebAssembly module, not a component
     = help: make a component of it
             wasm-tools component new git:v1:core.wasm -o git:v1:core.component.wasm
     = help: if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`
    exit status 1
    ");
}

#[test]
fn what_cannot_be_read_of_a_revision_is_told() {
    let sandbox = repository();
    assert_snapshot!(sandbox.compose("wit show git:v1:api/wit"), @"
    error[world-unreadable]: cannot read `git:v1:api/wit`
     |
     = note: git says: fatal: not a git repository (or any of the parent directories): .git
     = help: `git:` is for a directory that is in a git repository
    exit status 1
    ");
    sandbox.write("bad/api.wit", "package a:api;\nworld {}\n");
    forget(&sandbox);
    assert_snapshot!(sandbox.compose("wit show git:v2:api/wit"), @"
    error[world-unreadable]: there is no revision `v2` in the git repository
     |
     = help: a revision is a commit, a tag or a branch; what others have pushed since comes with
             git fetch --tags
    exit status 1
    ");
    assert_snapshot!(sandbox.compose_in("api", "wit show git:v1:wti"), @"
    error[world-unreadable]: the revision `v1` has nothing at `wti`
     |
     = note: it is looked for at `api/wti` of the repository
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:bad"), @"
    error[world-unreadable]: cannot read the WIT of `git:v1:bad`
     --> git:v1:bad/api.wit:2:7
      |
    2 | world {}
      |       ^ expected an identifier or string, found '{'
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:api"), @"
    error[world-unreadable]: there is no `.wit` file in `git:v1:api`
     |
     = help: name the directory that has them itself; one above it, or below it, is not looked into
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:--help:api"), @"
    error[invalid-value]: `git:--help:api` names no WIT
     |
     = note: `--help` is no revision of git
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1..v1:api"), @"
    error[world-unreadable]: there is no revision `v1..v1` in the git repository
     |
     = help: a revision is a commit, a tag or a branch; what others have pushed since comes with
             git fetch --tags
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:../../etc"), @"
    error[world-unreadable]: cannot read `git:v1:../../etc`
     |
     = note: git says: fatal: './../../etc' is outside repository at '[DIR]'
    exit status 1
    ");
    assert_snapshot!(sandbox.compose_with([("PATH", "/nowhere")], "wit show git:v1:api/wit"), @"
    error[world-unreadable]: cannot read `git:v1:api/wit`
     |
     = note: there is no program `git` to ask
     = help: install git, or name a directory
    exit status 1
    ");
}

#[test]
fn a_revision_that_was_not_cloned_is_told_with_how_to_get_it() {
    let origin = repository();
    commit(&origin.path(""), "v1");
    origin.write("api/wit/more.wit", "interface more {}\n");
    commit(&origin.path(""), "v2");
    git(&origin.path(""), "branch old v1");
    let sandbox = Sandbox::bare([("note", "")]);
    let url = format!("file://{}", origin.path("").display());
    git(&sandbox.path(""), &format!("clone --quiet --depth 1 {url} shallow"));
    assert_snapshot!(sandbox.compose_in("shallow", "wit show git:v1:api/wit"), @"
    error[world-unreadable]: there is no revision `v1` in the git repository
     |
     = note: the repository is a shallow clone, and has some revisions only
     = help: get the others, too
             git fetch --unshallow --tags
    exit status 1
    ");
    git(&sandbox.path(""), &format!("clone --quiet {url} whole"));
    assert_snapshot!(sandbox.compose_in("whole", "wit show git:old:api/wit"), @"
    error[world-unreadable]: there is no revision `old` in the git repository
     |
     = help: did you mean `git:origin/old:api/wit`?
    exit status 1
    ");
    git(&sandbox.path("whole"), &format!("submodule --quiet add {url} sub"));
    commit(&sandbox.path("whole"), "v3");
    assert_snapshot!(sandbox.compose_in("whole", "wit show git:v3:sub"), @"
    error[world-unreadable]: cannot read `git:v3:sub`
     |
     = note: it is a submodule, whose files are in another repository
    exit status 1
    ");
}

#[test]
fn more_than_wit_can_have_is_not_read_of_a_revision() {
    let sandbox = Sandbox::bare([("large/a.wit", ""), ("large/b.wit", ""), ("huge/a.wit", ""), ("many/0.wit", "")]);
    for (name, size) in [("large/a.wit", 40 << 20), ("large/b.wit", 40 << 20), ("huge/a.wit", 65 << 20)] {
        File::options().write(true).open(sandbox.path(name)).unwrap().set_len(size).unwrap();
    }
    for number in 0..4097 {
        File::create(sandbox.path(format!("many/{number}.wit"))).unwrap();
    }
    commit(&sandbox.path(""), "v1");
    assert_snapshot!(sandbox.compose("wit show git:v1:large"), @"
    error[world-unreadable]: cannot read `git:v1:large`
     |
     = note: its files are larger than 67108864 bytes together, which no WIT is
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:huge"), @"
    error[world-unreadable]: cannot read `git:v1:huge`
     |
     = note: `a.wit` is larger than 67108864 bytes, which no WIT is
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:huge/a.wit"), @"
    error[world-unreadable]: cannot read `git:v1:huge/a.wit`
     |
     = note: it is larger than 67108864 bytes, which no WIT is
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show git:v1:many"), @"
    error[world-unreadable]: cannot read `git:v1:many`
     |
     = note: it has more than 4096 files, which no WIT has
    exit status 1
    ");
}
