//! `compose cache`: what the store holds, what is damaged in it, and what goes.

use std::fs;

use compose_tests::{
    docker_registry::{Access, DockerRegistry},
    sandbox::Sandbox,
};
use insta::assert_snapshot;

use crate::steps::step;

/// A store with one component in it.
fn filled() -> (DockerRegistry, Sandbox, String) {
    let registry = DockerRegistry::start(Access::Anonymous);
    registry.push("t/front", "1.0.0", &step("a", None, 1));
    let sandbox = Sandbox::new("");
    let pull = format!("pull {}/t/front:1.0.0 -o front.wasm", registry.address());
    assert_eq!(sandbox.compose(&pull).status, Some(0));
    (registry, sandbox, pull)
}

#[test]
fn an_empty_store_is_shown() {
    let sandbox = Sandbox::new("");
    assert_snapshot!(sandbox.compose("cache"), @"
    [DIR]/.cache
    downloads   0 files, 0 B
    broken off  0 files, 0 B
    damaged     0 files, 0 B
    remembered  0 files, 0 B
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("cache dir"), @"
    [DIR]/.cache
    exit status 0
    ");
    assert_snapshot!(ordered(&sandbox.compose("cache list").to_string()), @"exit status 0");
    assert_snapshot!(sandbox.compose("cache prune"), @"
       Unchanged there is nothing to remove
    whole downloads go with `--unused-for TIME`, `--max-size SIZE` or `--all`
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("cache verify"), @"
        Verified 0 files, 0 B
    exit status 0
    ");
}

#[test]
fn what_is_in_the_store_is_listed_and_goes() {
    let (_registry, sandbox, _) = filled();
    assert_snapshot!(sandbox.compose("cache info"), @"
    [DIR]/.cache
    downloads   2 files, 997 B
    broken off  0 files, 0 B
    damaged     0 files, 0 B
    remembered  0 files, 0 B
    exit status 0
    ");
    // Which of two that came in the same moment was used last is chance.
    let listed = sandbox.compose("cache list").to_string();
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_snapshot!(listed.join("\n"), @"
    exit status 0
    sha256:1f5fe679e27f85542646e7113ad4067deed8318d0c98d2ffeb0b05d2e501531f  128 B  used within the last hours
    sha256:ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5  869 B  used within the last hours
    ");
    assert_snapshot!(sandbox.compose("cache prune --unused-for 30d"), @"
       Unchanged there is nothing to remove
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("cache prune --max-size 1KiB"), @"
       Unchanged there is nothing to remove
    exit status 0
    ");
    assert_snapshot!(sandbox.compose("cache prune --all --dry-run"), @"
    Would remove 2 files, 997 B (downloads)
    exit status 0
    ");
    assert_snapshot!(ordered(&sandbox.compose("cache prune --all --message-format json").to_string()), @r#"
    {"reason":"pruned","blobs":[{"digest":"sha256:1f5fe679e27f85542646e7113ad4067deed8318d0c98d2ffeb0b05d2e501531f","size":128,"unused_seconds":0},{"digest":"sha256:ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5","size":869,"unused_seconds":0}],"partial":{"files":0,"bytes":0},"damaged":{"files":0,"bytes":0},"remembered":{"files":0,"bytes":0},"written":true}
    ---
         Removed 2 files, 997 B (downloads)
    exit status 0
    "#);
    assert_snapshot!(sandbox.compose("cache info --message-format json"), @r#"
    {"reason":"cache","path":"[DIR]/.cache","writable":true,"blobs":{"files":0,"bytes":0},"partial":{"files":0,"bytes":0},"damaged":{"files":0,"bytes":0},"remembered":{"files":0,"bytes":0}}
    exit status 0
    "#);
    assert_snapshot!(sandbox.compose("cache prune --unused-for soon"), @"
    error: invalid value 'soon' for '--unused-for <TIME>': a time is a whole number with a unit, as 12h, 30d or 8w

    For more information, try '--help'.
    exit status 2
    ");
}

/// A text in which the two files of [`filled`] stand in the order of their digests: they were used at almost the same moment.
fn ordered(text: &str) -> String {
    let entry = |start: &str| {
        let start = text.find(start)?;
        let length = text[start..].find(['}', '\n'])?;
        Some(&text[start..start + length])
    };
    let find = |digest: &str| entry(&format!("sha256:{digest}"));
    match (find("1f5fe679"), find("ac2a8063")) {
        (Some(config), Some(component)) if text.find(component) < text.find(config) => {
            text.replace(config, "\0").replace(component, config).replace('\0', component)
        }
        _ => text.to_owned(),
    }
}

/// What verifying says, without the random end of a file's name.
fn told(sandbox: &Sandbox) -> String {
    let text = sandbox.compose("cache verify").to_string();
    let end = text.find("corrupt/").map_or(0, |start| start + "corrupt/".len() + 64);
    let line_end = text[end..].find('\n').map_or(text.len(), |feed| end + feed);
    format!("{}{}", &text[..end], &text[line_end..])
}

#[test]
fn a_store_that_cannot_be_written_is_said_to_be_so() {
    let sandbox = Sandbox::new("");
    sandbox.write(".cache/blobs/sha256/README", "");
    sandbox.write(".cache/ingest", "a file where a directory belongs");
    assert_snapshot!(sandbox.compose("cache info"), @"
    [DIR]/.cache (read-only: what is in it is used, and nothing is added)
    downloads   0 files, 0 B
    broken off  0 files, 0 B
    damaged     0 files, 0 B
    remembered  0 files, 0 B
    exit status 0
    ");
}

#[test]
fn a_damaged_file_is_found_moved_away_and_downloaded_again() {
    let (_registry, sandbox, pull) = filled();
    let component = step("a", None, 1);
    let digest = registry_client::Digest::of(&component).to_hex();
    let blob = sandbox.path(format!(".cache/blobs/sha256/{}/{}", &digest[..2], &digest[2..]));
    fs::write(&blob, "rotten").unwrap();
    assert_snapshot!(told(&sandbox), @"
    error[store-damaged]: sha256:ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5 did not have the bytes that its name promises
     |
     = note: it was moved to [DIR]/.cache/corrupt/ac2a8063c723ff8f85b29884416c9c5975a521d2651526b41d4d9393e6f9b3e5
     = help: nothing needs to be done: what needs it downloads it again, `compose fetch` at once
     = help: if it happens again, examine the disk, and what else writes there

        Verified 1 file, 128 B
    exit status 1
    ");
    assert_snapshot!(sandbox.compose("cache"), @"
    [DIR]/.cache
    downloads   1 file, 128 B
    broken off  0 files, 0 B
    damaged     1 file, 6 B
    remembered  0 files, 0 B
    exit status 0
    ");
    // A file that has the component already would do without the store.
    fs::remove_file(sandbox.path("front.wasm")).unwrap();
    assert_eq!(sandbox.compose(&pull).status, Some(0));
    assert_eq!(fs::read(&blob).unwrap(), component);
    assert_snapshot!(sandbox.compose("cache prune"), @"
         Removed 1 file, 6 B (damaged)
    exit status 0
    ");
}
