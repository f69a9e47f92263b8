//! How a file comes to have other contents: written beside it, made to last, and renamed over it. No reader ever sees half of it, and a
//! crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the file at `path`, or creates it, with what `write` writes. `failed` says what an error of this function's own means.
pub(crate) fn replace<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let file = temporary().make_in(directory_of(path), create_file).map_err(&failed)?;
    finish(file, path, failed, write)
}

/// The same, for what can be made again: it is not made to last, and a power cut may leave it empty.
pub(crate) fn replace_reproducible<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = temporary().make_in(directory_of(path), create_file).map_err(&failed)?;
    write(file.as_file_mut())?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

/// The same as [`replace`], with a file that is its owner's alone to read.
pub(crate) fn replace_private<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    // What `tempfile` creates by itself is its owner's alone.
    let file = temporary().tempfile_in(directory_of(path)).map_err(&failed)?;
    finish(file, path, failed, write)
}

fn finish<E>(
    mut file: NamedTempFile,
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    write(file.as_file_mut())?;
    file.as_file().sync_all().map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_directory(directory_of(path)).map_err(&failed)
}

fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    builder
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename in `directory` survive a crash. Only Unix opens directories as files; elsewhere a rename may be lost.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Creates the directory that the file at `path` is to be in.
pub(crate) fn create_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
        replace(path, |error| error, |file| file.write_all(bytes))
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write(&path, b"first").unwrap();
        write(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
    }

    #[test]
    fn a_write_that_fails_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write(&path, b"first").unwrap();
        replace(&path, |error| error, |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
