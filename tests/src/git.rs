//! Git repositories, as the installed `git` makes them.

use std::{path::Path, process::Command};

/// Runs git in a directory, with arguments that spaces separate.
///
/// # Panics
/// When git is not installed, or fails.
pub fn git(directory: &Path, arguments: &str) {
    let mut git = Command::new("git");
    git.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    git.env("HOME", directory).env("GIT_CONFIG_NOSYSTEM", "1");
    git.args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]);
    git.args(["-c", "protocol.file.allow=always"]);
    let output = git.args(arguments.split_whitespace()).current_dir(directory).output();
    let output = output.expect("git is installed");
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes a repository of a directory, with everything in it as the revision of a tag.
///
/// # Panics
/// As [`git`].
pub fn commit(directory: &Path, tag: &str) {
    git(directory, "init --quiet");
    git(directory, "add --all");
    git(directory, &format!("commit --quiet --message {tag}"));
    git(directory, &format!("tag {tag}"));
}
