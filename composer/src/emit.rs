//! Emission: puts bytes into a file, all of them or none.

use std::{
    borrow::Cow,
    fs::{self, File, Metadata},
    io::{self, Write},
    num::NonZeroUsize,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tempfile::NamedTempFile;

use crate::{
    diagnostic::{Code, Diagnostic, shown},
    encode::CopyError,
    validate::{Validated, unreadable},
};

/// How many bytes one thread copies at a time.
const STRETCH: u64 = 512 * 1024;

/// Whether the time of a file's last change tells it from whatever is written to it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It does.
    Unique,
    /// A later change may have the same time.
    Ambiguous,
}

/// What became of a result.
#[derive(Debug)]
pub(crate) enum Emitted {
    /// It is a file, of which the system says this.
    File(Metadata, Mark),
    /// It went into a device or a pipe.
    Stream,
}

/// The names of temporaries begin so.
const TEMPORARY: &str = ".compose-";

/// Nobody still writes a temporary that was changed so long ago.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Writes a proven component to a file, in as many threads as `jobs`. A link stays one, and devices and pipes are written into.
///
/// # Errors
/// [`Code::OutputUnwritable`] when the file system refuses; an existing file is then as it was.
pub(crate) fn emit(component: &Validated, path: &Path, jobs: NonZeroUsize) -> Result<Emitted, Diagnostic> {
    let refused = |error| match error {
        CopyError::Input(error) => unreadable(&error),
        CopyError::Output(error) => unwritable(path, &error),
    };
    let target = match fs::metadata(path) {
        Ok(earlier) if earlier.is_dir() => return Err(is_a_directory(path)),
        Ok(earlier) if !earlier.is_file() => {
            let stream = File::options().write(true).open(path);
            component.write_to(&mut stream.map_err(|error| unwritable(path, &error))?).map_err(refused)?;
            return Ok(Emitted::Stream);
        }
        Ok(_) if path.is_symlink() => Cow::Owned(path.canonicalize().map_err(|error| unwritable(path, &error))?),
        Ok(_) | Err(_) => Cow::Borrowed(path),
    };
    let temporary = temporary_beside(&target).map_err(|error| unwritable(path, &error))?;
    copy(component, &temporary, jobs).map_err(refused)?;
    let mark = mark(temporary.as_file()).unwrap_or(Mark::Ambiguous);
    // Not synced: whatever a crash leaves of it can be built again, and is no output that `compose` believes to be up to date.
    let file = put_unsynced(temporary, &target).map_err(|error| unwritable(path, &error))?;
    // Of the file that was written, whatever another process has put in its place by now.
    let metadata = file.metadata().map_err(|error| unwritable(path, &error))?;
    Ok(Emitted::File(metadata, mark))
}

/// Removes the temporaries that were left in a directory of ours by processes which were ended while they wrote.
pub(crate) fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let changed = || entry.metadata().and_then(|metadata| metadata.modified()).ok();
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && changed().and_then(|changed| changed.elapsed().ok()).is_some_and(|age| age > ABANDONED)
        {
            // Whoever builds next tries it again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Sets the time of a file's last change a nanosecond later than the system did: for some milliseconds that gives every change the
/// same time, and never this one.
fn mark(file: &File) -> io::Result<Mark> {
    let written = file.metadata()?.modified()?;
    let marked = written + Duration::from_nanos(1);
    file.set_modified(marked)?;
    // Not every file system knows nanoseconds.
    let is_kept = marked != written && file.metadata()?.modified()? == marked;
    Ok(if is_kept { Mark::Unique } else { Mark::Ambiguous })
}

fn copy(component: &Validated, target: &NamedTempFile, jobs: NonZeroUsize) -> Result<(), CopyError> {
    let stretches = component.stretches(STRETCH);
    let next = AtomicUsize::new(0);
    let work = || {
        // Each thread has a file of its own, whose position nobody else changes.
        let mut file = target.reopen().map_err(CopyError::Output)?;
        while let Some(stretch) = stretches.get(next.fetch_add(1, Ordering::Relaxed)) {
            stretch.write_to(&mut file)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..jobs.get().min(stretches.len())).map(|_| scope.spawn(work)).collect();
        let copied = work();
        others.into_iter().fold(copied, |copied, other| match other.join() {
            Ok(other) => copied.and(other),
            Err(crash) => std::panic::resume_unwind(crash),
        })
    })
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
pub(crate) fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(bytes)?;
    put_unsynced(temporary, path)?;
    Ok(())
}

/// Puts a temporary in the place of a file, at once, and gives it.
///
/// For the sake of programs that do not sync, some file systems begin to write a file out when it replaces another one, which takes
/// longer than much of a build does. Two files whose names are exchanged replace nothing.
fn put_unsynced(temporary: NamedTempFile, path: &Path) -> io::Result<File> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    if fs::symlink_metadata(path).is_ok_and(|earlier| earlier.is_file()) {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, temporary.path(), CWD, path, RenameFlags::EXCHANGE).is_ok() {
            // The earlier file has the temporary's name now, and goes as that.
            return Ok(temporary.into_parts().0);
        }
    }
    Ok(temporary.persist(path)?)
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
        let earlier = fs::read(path).ok();
        staged.push((path, stage(path, bytes).map_err(|error| unwritable(path, &error))?, earlier));
    }
    let mut done: Vec<(&Path, Option<Vec<u8>>)> = Vec::new();
    for (path, temporary, earlier) in staged {
        if let Err(error) = temporary.persist(path) {
            for (path, earlier) in done.into_iter().rev() {
                // What cannot be taken back either is for the error that is reported to explain.
                let _ = match earlier {
                    Some(bytes) => replace(path, &bytes),
                    None => fs::remove_file(path).map_err(|error| unwritable(path, &error)),
                };
            }
            return Err(unwritable(path, &error.error));
        }
        done.push((path, earlier));
    }
    Ok(())
}

/// Writes bytes to a temporary beside their target, and syncs it.
fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// A new file beside the one that it will become.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary is private by default; the result is a file like any other, and the umask still narrows this.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.prefix(TEMPORARY).tempfile_in(directory)
}

fn is_a_directory(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::OutputUnwritable, format!("cannot write `{}`: it is a directory", shown(path)))
        .hint("name a file in it, as with\ncompose build -o DIRECTORY/app.wasm")
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let reason = error.to_string();
    // `tempfile` adds the name of the temporary, which a person has never heard of.
    let reason = reason.split_once(" at path \"").map_or(reason.as_str(), |(reason, _)| reason);
    Diagnostic::error(Code::OutputUnwritable, format!("cannot write `{}`", shown(path))).note(reason)
}
