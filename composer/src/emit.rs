//! Emission: puts bytes into a file, all of them or none.

use std::{io::Write, path::Path};

use tempfile::NamedTempFile;

use crate::{
    diagnostic::{Code, Diagnostic, shown},
    encode::CopyError,
    validate::{Validated, unreadable},
};

/// Writes a proven component to a file.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; an existing file is then as it was.
pub fn emit(component: &Validated, path: &Path) -> Result<(), Diagnostic> {
    let mut temporary = temporary_beside(path).map_err(|error| unwritable(path, &error))?;
    component.write_to(temporary.as_file_mut()).map_err(|error| match error {
        CopyError::Input(error) => unreadable(&error),
        CopyError::Output(error) => unwritable(path, &error),
    })?;
    // Not synced: whatever a crash leaves of it can be built again, and is no output that `compose` believes to be up to date.
    temporary.persist(path).map_err(|error| unwritable(path, &error.error))?;
    Ok(())
}

/// Replaces a file atomically: a temporary beside it is written, synced and renamed.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; an existing file is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let staged = stage(path, bytes).map_err(|error| unwritable(path, &error))?;
    staged.persist(path).map_err(|error| unwritable(path, &error.error))?;
    Ok(())
}

/// Replaces a file that can be made again: whatever a crash leaves of it is found out by whoever reads it.
pub(crate) fn replace_unsynced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(bytes)?;
    temporary.persist(path)?;
    Ok(())
}

/// Replaces several files, all or none: nothing is renamed before everything is written, and what was renamed is taken back
/// when a later file cannot be.
///
/// NB: a crash between two renames leaves the earlier ones done.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; existing files are then as they were.
pub fn replace_all<'a>(files: impl IntoIterator<Item = (&'a Path, &'a [u8])>) -> Result<(), Diagnostic> {
    let mut staged = Vec::new();
    for (path, bytes) in files {
        let earlier = std::fs::read(path).ok();
        staged.push((path, stage(path, bytes).map_err(|error| unwritable(path, &error))?, earlier));
    }
    let mut done: Vec<(&Path, Option<Vec<u8>>)> = Vec::new();
    for (path, temporary, earlier) in staged {
        if let Err(error) = temporary.persist(path) {
            for (path, earlier) in done.into_iter().rev() {
                // What cannot be taken back either is for the error that is reported to explain.
                let _ = match earlier {
                    Some(bytes) => replace(path, &bytes),
                    None => std::fs::remove_file(path).map_err(|error| unwritable(path, &error)),
                };
            }
            return Err(unwritable(path, &error.error));
        }
        done.push((path, earlier));
    }
    Ok(())
}

/// Writes bytes to a temporary beside their target, and syncs it.
fn stage(path: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// A new file beside the one that it will become.
fn temporary_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary is private by default; the result is a file like any other, and the umask still narrows this.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".compose-").tempfile_in(directory)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::OutputUnwritable, format!("cannot write `{}`", shown(path))).note(error.to_string())
}
