//! What an argument that names WIT means: from a directory, file, encoded package, component or `git:REV:PATH` to a world or a
//! package.

use std::{collections::BTreeMap, error::Error, path::Path, process::Command};

use composer::diagnostic::{Code, Diagnostic, Failure};
use wit::{DecodeError, Features, Package, World, WorldError};

use crate::component_file;

/// Reads a world; the only one if none is named.
///
/// # Errors
/// When it cannot be read, or there is no such world.
pub(super) fn world(argument: &str, name: Option<&str>) -> Result<World, Failure> {
    let path = Path::new(argument);
    let wit = |result: Result<World, WorldError>| result.map_err(|error| failure(&error));
    if let Some((revision, path)) = git(argument) {
        return wit(of_git(argument, revision, path)?.world(name, &Features::default()));
    }
    if is_wit(path) {
        return wit(World::from_directory(path, name));
    }
    let bytes = component_file::read(path)?;
    match World::of_component(&bytes) {
        Ok(world) => Ok(world),
        Err(DecodeError::WitPackage) => {
            wit(Package::from_bytes(argument, &bytes).and_then(|package| package.world(name, &Features::default())))
        }
        Err(error) => Err(Diagnostic::error(Code::NotAComponent, format!("cannot read `{argument}`"))
            .note(error.to_string())
            .causes(&error)
            .into()),
    }
}

/// Reads a package; of a component, the package that its world is printed as.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn package(argument: &str) -> Result<Package, Failure> {
    let path = Path::new(argument);
    if let Some((revision, path)) = git(argument) {
        return of_git(argument, revision, path);
    }
    if is_wit(path) {
        return Package::from_path(path).map_err(|error| failure(&error));
    }
    let bytes = component_file::read(path)?;
    let package = match World::of_component(&bytes) {
        Ok(world) => Package::from_text(argument, &world.to_wit()),
        Err(_) => Package::from_bytes(argument, &bytes),
    };
    package.map_err(|error| failure(&error))
}

/// What is said when there is no world or package.
pub(super) fn failure(error: &WorldError) -> Failure {
    let diagnostic = Diagnostic::error(Code::WorldUnreadable, first_line(&error.to_string())).causes(error);
    let rest = error.to_string().lines().skip(1).collect::<Vec<_>>().join("\n");
    if rest.is_empty() { diagnostic.into() } else { diagnostic.note(rest).into() }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Whether the path is of WIT text: a directory or a `.wit` file, which need not exist.
fn is_wit(path: &Path) -> bool {
    path.is_dir() || !path.exists() || path.extension().is_some_and(|extension| extension == "wit")
}

/// The revision and the path of `git:REV:PATH`.
fn git(argument: &str) -> Option<(&str, &str)> {
    argument.strip_prefix("git:")?.split_once(':')
}

/// Reads the package from a revision of the repository of the current directory, without checking anything out.
fn of_git(argument: &str, revision: &str, path: &str) -> Result<Package, Failure> {
    let object = format!("{revision}:./{path}");
    let package = match git_output(argument, &["cat-file", "-t", &object])?.trim_ascii() {
        b"tree" => {
            let mut files = BTreeMap::new();
            let listing = git_output(argument, &["ls-tree", "-r", "-z", "--name-only", &object])?;
            for name in String::from_utf8_lossy(&listing).split_terminator('\0') {
                if name.ends_with(".wit") || name.ends_with(".wasm") {
                    let bytes = git_output(argument, &["cat-file", "blob", &format!("{object}/{name}")])?;
                    files.insert(name.to_owned(), bytes);
                }
            }
            Package::from_files(argument, &files)
        }
        _ => {
            let bytes = git_output(argument, &["cat-file", "blob", &object])?;
            match std::str::from_utf8(&bytes) {
                Ok(text) if !bytes.starts_with(b"\0asm") => Package::from_text(argument, text),
                _ => Package::from_bytes(argument, &bytes),
            }
        }
    };
    package.map_err(|error| failure(&error))
}

/// What git writes to standard output.
fn git_output(argument: &str, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let fail = |note: String| {
        let message = format!("cannot read `{argument}`");
        Err(Diagnostic::error(Code::WorldUnreadable, message).note(note).into())
    };
    // A revision that begins with a dash would be an option.
    if arguments.iter().skip(1).any(|argument| argument.contains(':') && argument.starts_with('-')) {
        return fail("a revision does not begin with `-`".to_owned());
    }
    match Command::new("git").args(arguments).output() {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => fail(format!("git: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => fail(format!("git cannot be run: {error}{}", cause(&error))),
    }
}

fn cause(error: &dyn Error) -> String {
    error.source().map(|cause| format!(": {cause}")).unwrap_or_default()
}
