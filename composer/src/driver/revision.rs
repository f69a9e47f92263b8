//! What a revision of a git repository has at a path: asks git for it, and checks nothing out.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use wit::Package;

use super::wit_reader::{Wit, unreadable};
use crate::{
    diagnostic::{Code, Diagnostic},
    wit_source::{Revision, WitSource},
};

/// Reads a directory of WIT files, a WIT file, an encoded package or a component, relative to `directory`.
pub(super) fn read(directory: &Path, revision: &Revision) -> Result<Wit, Diagnostic> {
    let name = WitSource::Revision(revision.clone()).to_string();
    let git = Git { directory, name: &name };
    let object = format!("{}:./{}", revision.revision(), revision.path());
    if git.ask(&["cat-file", "-t", &object])?.trim_ascii() != b"tree" {
        let bytes = git.ask(&["cat-file", "blob", &object])?;
        return match std::str::from_utf8(&bytes) {
            Ok(text) if !bytes.starts_with(b"\0asm") => package(Package::from_text(&name, text)),
            _ => Wit::of_bytes(&name, &bytes),
        };
    }
    let mut files = BTreeMap::new();
    let folder = object.trim_end_matches('/');
    let listing = git.ask(&["ls-tree", "-r", "-z", "--name-only", &object])?;
    for file in String::from_utf8_lossy(&listing).split_terminator('\0') {
        if file.ends_with(".wit") || file.ends_with(".wasm") {
            files.insert(file.to_owned(), git.ask(&["cat-file", "blob", &format!("{folder}/{file}")])?);
        }
    }
    package(Package::from_files(&name, &files))
}

fn package(package: Result<Package, wit::WorldError>) -> Result<Wit, Diagnostic> {
    package.map(Wit::Package).map_err(|error| unreadable(&error))
}

struct Git<'a> {
    directory: &'a Path,
    /// What is read, as the person named it.
    name: &'a str,
}

impl Git<'_> {
    /// What git writes to standard output.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Diagnostic> {
        let failed =
            |note: String| Diagnostic::error(Code::WorldUnreadable, format!("cannot read `{}`", self.name)).note(note);
        let directory = if self.directory.as_os_str().is_empty() { Path::new(".") } else { self.directory };
        let output = Command::new("git").args(arguments).current_dir(directory).stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => Err(failed(format!("git says: {}", String::from_utf8_lossy(&output.stderr).trim()))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(failed("there is no program `git` to ask".to_owned()).hint("install git, or name a directory"))
            }
            Err(error) => Err(failed(format!("git cannot be run: {error}"))),
        }
    }
}
