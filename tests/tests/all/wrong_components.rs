//! Files that cannot be components of an application, and what a person is told.

use compose_tests::{guest, sandbox::Sandbox};
use insta::assert_snapshot;

use crate::{
    refused,
    steps::{application, step},
};

/// An application of one file.
fn check(file: &str, content: &[u8]) -> String {
    let sandbox = Sandbox::new(&format!("[components]\nfront = {{ path = \"{file}\" }}\n"));
    sandbox.write(file, content);
    refused(&sandbox)
}

#[test]
fn a_file_is_missing() {
    assert_snapshot!(refused(&Sandbox::new("[components]\nfront = { path = \"front.wasm\" }\n")), @r#"
    error[file-unreadable]: there is no file `front.wasm`
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: build the component first, or mend the path; it is relative to the manifest
    exit status 1
    "#);
}

#[test]
fn a_folder_has_no_manifest() {
    let sandbox = Sandbox::new("[components]\nfront = { path = \"front\" }\n");
    sandbox.write("front/front.wasm", "");
    assert_snapshot!(refused(&sandbox), @r#"
    error[file-unreadable]: the folder `front` has no `compose.toml`
     --> compose.toml:2:9
      |
    2 | front = { path = "front" }
      |         ^^^^^^^^^^^^^^^^^^ a folder is built by its own manifest
      |
      = help: name a component file in it, or write a manifest there
    exit status 1
    "#);
}

#[test]
fn a_file_is_empty() {
    assert_snapshot!(check("front.wasm", b""), @r#"
    error[not-a-component]: `front.wasm` is empty
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: the file is empty
      = help: build it again: a build that failed may have left it so
    exit status 1
    "#);
}

#[test]
fn a_file_is_not_wasm() {
    assert_snapshot!(check("front.wasm", b"#!/bin/sh\necho hello\n"), @r#"
    error[not-a-component]: `front.wasm` is not a component
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: not a WebAssembly binary: it starts with `#!/bin/s`
      = help: a component is a binary (`.wasm`), or its text (`.wat`)
    exit status 1
    "#);
}

#[test]
fn a_file_is_too_large_or_a_directory() {
    let sandbox = Sandbox::new("[components]\nfront = { path = \"front.wasm\" }\n");
    sandbox.write("front.wasm", "");
    // It has no blocks: only its size is that large.
    let file = std::fs::File::options().write(true).open(sandbox.path("front.wasm")).unwrap();
    file.set_len((1 << 30) + 1).unwrap();
    assert_snapshot!(refused(&sandbox), @r#"
    error[file-unreadable]: `front.wasm` is larger than 1073741824 bytes, which no runtime accepts
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: leave out what is only for debuggers: it is often the largest part
              wasm-tools strip
    exit status 1
    "#);
    assert_snapshot!(sandbox.compose("inspect front.wasm"), @"
    error[file-unreadable]: `front.wasm` is larger than 1073741824 bytes, which no runtime accepts
     |
     = help: leave out what is only for debuggers: it is often the largest part
             wasm-tools strip
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("wit show front.wasm"), @"
    error[file-unreadable]: `front.wasm` is larger than 1073741824 bytes, which no runtime accepts
     |
     = help: leave out what is only for debuggers: it is often the largest part
             wasm-tools strip
    exit status 1
    ");
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    assert_snapshot!(sandbox.compose("inspect folder"), @"
    error[file-unreadable]: `folder` is a directory, not a component file
     |
     = help: name a component file in it; of an application, the one that `compose build` writes
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("inspect nowhere.wasm"), @"
    error[file-unreadable]: there is no file `nowhere.wasm`
     |
     = help: build the component first, or mend the path
    exit status 1
    ");
}

#[test]
fn component_text_is_wrong() {
    assert_snapshot!(check("front.wat", b"(component\n  (export \"f\" (func $f)))\n"), @r#"
    error[invalid-component]: `front.wat` is not valid component text
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wat" }
      |         ^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: unknown func: failed to find name `$f`
                   --> front.wat:2:21
                    |
                  2 |   (export "f" (func $f)))
                    |                     ^
    exit status 1
    "#);
}

#[test]
fn a_file_is_a_core_module() {
    assert_snapshot!(check("build/front.wasm", b"\0asm\x01\0\0\0"), @r#"
    error[not-a-component]: `build/front.wasm` is not a component
     --> compose.toml:2:9
      |
    2 | front = { path = "build/front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: a core WebAssembly module, not a component
      = help: make a component of it
              wasm-tools component new build/front.wasm -o build/front.component.wasm
      = help: if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`
    exit status 1
    "#);
}

#[test]
fn a_file_is_a_wit_package() {
    assert_snapshot!(check("front.wasm", &guest::wit_package("package a:b; interface c { f: func(); }")), @r#"
    error[not-a-component]: `front.wasm` is not a component
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: an encoded WIT package, not a component
      = help: a WIT package can be the `wit` of `[world]`, and has no code to link
    exit status 1
    "#);
}

#[test]
fn a_component_is_truncated() {
    let component = step("a", None, 1);
    assert_snapshot!(check("front.wasm", &component[..component.len() / 2]), @r#"
    error[invalid-component]: `front.wasm` is truncated
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: truncated: the 434 bytes end within what starts at offset 433
      = help: copy or build it again: a copy or a download may have broken off
    exit status 1
    "#);
}

#[test]
fn a_component_imports_what_wit_cannot_say() {
    assert_snapshot!(check("front.wat", b"(component (import \"code\" (core module)))"), @r#"
    error[unsupported-component]: `front.wat` cannot be linked by its interfaces
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wat" }
      |         ^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: a component whose type WIT cannot express: the import `code` is a core module
    exit status 1
    "#);
}

#[test]
fn a_component_has_canonical_names() {
    // NB: no runtime reads them yet, so that a composition with them could not be executed.
    let text = r#"(component (instance $b) (export "t:steps/b@1" (versionsuffix ".2.0") (instance $b)))"#;
    assert_snapshot!(check("back.wat", text.as_bytes()), @r#"
    error[invalid-component]: the component `front` needs a WebAssembly feature that runtimes do not enable yet
     --> compose.toml:2:9
      |
    2 | front = { path = "back.wat" }
      |         ^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: the `cm-implements` feature is not active (at offset 0x10)
      = help: build it again without that feature
    exit status 1
    "#);
}

#[test]
fn a_component_has_a_function_that_is_not_valid() {
    // The type of the component is in order, and so reading it finds nothing.
    let mut component = step("a", None, 1);
    let ten_times = [0x41, 10, 0x6c];
    let at = component.windows(3).position(|window| window == ten_times).unwrap();
    component[at + 2] = 0x7c;
    assert_snapshot!(refused(&application("", [("front", component)])), @r#"
    error[invalid-component]: the component `front` is not valid
     --> compose.toml:2:9
      |
    2 | front = { path = "front.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: type mismatch: expected i64, found i32 (at offset 0xe4)
      = help: build it again, with a current compiler and a current `wasm-tools`
    exit status 1
    "#);
}

#[test]
fn folders_contain_each_other() {
    let sandbox = Sandbox::new("[components]\nleft = { path = \"left\" }\n");
    sandbox.write("left/compose.toml", "[components]\nright = { path = \"../right\" }\n");
    sandbox.write("right/compose.toml", "[components]\nleft = { path = \"../left\" }\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[nested-cycle]: folders contain each other: left/compose.toml → right/compose.toml → left/compose.toml
     --> right/compose.toml:2:8
      |
    2 | left = { path = "../left" }
      |        ^^^^^^^^^^^^^^^^^^^^ this folder, in the end, needs itself
      |
      = help: take one of them out of the other's `[components]`
    exit status 1
    "#);
}

#[test]
fn a_folder_contains_itself() {
    let sandbox = Sandbox::new("[components]\nself = { path = \".\" }\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[nested-cycle]: the folder contains itself as a component
     --> compose.toml:2:8
      |
    2 | self = { path = "." }
      |        ^^^^^^^^^^^^^^ this is the folder of this manifest
      |
      = help: take it out of `[components]`
    exit status 1
    "#);
}

#[test]
fn something_is_wrong_in_a_folder() {
    let sandbox = Sandbox::new("[components]\ninner = { path = \"inner\" }\n");
    sandbox.write("inner/compose.toml", "[components]\nx = { path = \"x.wasm\" }\n");
    assert_snapshot!(refused(&sandbox), @r#"
    error[file-unreadable]: there is no file `inner/x.wasm`
     --> inner/compose.toml:2:5
      |
    2 | x = { path = "x.wasm" }
      |     ^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: build the component first, or mend the path; it is relative to the manifest
    exit status 1
    "#);
}

#[test]
fn several_files_are_wrong() {
    let sandbox = Sandbox::new(
        "[components]\none = { path = \"one.wasm\" }\ntwo = { path = \"two.wasm\" }\nthree = { path = \"three.wasm\" }\n",
    );
    sandbox.write("two.wasm", "");
    assert_snapshot!(refused(&sandbox), @r#"
    error[file-unreadable]: there is no file `one.wasm`
     --> compose.toml:2:7
      |
    2 | one = { path = "one.wasm" }
      |       ^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: build the component first, or mend the path; it is relative to the manifest

    error[not-a-component]: `two.wasm` is empty
     --> compose.toml:3:7
      |
    3 | two = { path = "two.wasm" }
      |       ^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = note: the file is empty
      = help: build it again: a build that failed may have left it so

    error[file-unreadable]: there is no file `three.wasm`
     --> compose.toml:4:9
      |
    4 | three = { path = "three.wasm" }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ needed here
      |
      = help: build the component first, or mend the path; it is relative to the manifest

    error: 3 problems found
    exit status 1
    "#);
}
