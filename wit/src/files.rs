//! Decides which files of a directory can be WIT, from a directory to their bytes by path, up to a size that no WIT has.
//!
//! A package is the `.wit` files of the directory itself; what it refers to is under `deps`, as a directory of `.wit` files, a
//! `.wit` file or an encoded `.wasm` package each. Nothing else is looked at, and nothing further down.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// The directory of what a WIT directory refers to.
pub const DEPS: &str = "deps";

/// How many bytes the files of a package may have together. All of WASI has less than half a megabyte.
const SIZE_LIMIT: u64 = 64 << 20;

/// How many files a package may have with its `deps`. All of WASI has forty.
const NUMBER_LIMIT: usize = 4096;

/// The files of a WIT directory by their paths within it, with `/` between their parts: no more than a package can have.
#[derive(Debug, Clone, Default)]
pub struct Files {
    by_path: BTreeMap<String, Vec<u8>>,
    size: u64,
}

/// Why files are not WIT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooMuch {
    /// One file has more bytes than a package may have.
    #[error("`{path}` is larger than {SIZE_LIMIT} bytes, which no WIT is")]
    File {
        /// The path, as it was found.
        path: String,
    },
    /// All files together have more bytes than a package may have.
    #[error("its files are larger than {SIZE_LIMIT} bytes together, which no WIT is")]
    Size,
    /// There are too many files.
    #[error("it has more than {NUMBER_LIMIT} files, which no WIT has")]
    Number,
}

impl Files {
    /// How many bytes one file may have.
    pub const SIZE_LIMIT: u64 = SIZE_LIMIT;

    /// How many bytes may still be added.
    pub fn room(&self) -> u64 {
        SIZE_LIMIT - self.size
    }

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// [`TooMuch`], when that makes it more than a package can have.
    pub fn add(&mut self, path: String, bytes: Vec<u8>) -> Result<(), TooMuch> {
        let size = bytes.len() as u64;
        if size > SIZE_LIMIT {
            return Err(TooMuch::File { path });
        }
        if size > self.room() {
            return Err(TooMuch::Size);
        }
        if self.by_path.len() == NUMBER_LIMIT {
            return Err(TooMuch::Number);
        }
        self.size += size;
        self.by_path.insert(path, bytes);
        Ok(())
    }

    /// The files.
    pub fn into_map(self) -> BTreeMap<String, Vec<u8>> {
        self.by_path
    }
}

/// A directory that may have WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The directory of the package itself.
    Package,
    /// Its `deps`.
    Deps,
    /// A directory in `deps`.
    Dependency,
}

impl Level {
    /// Whether a file of this name is WIT there.
    pub fn has(self, name: &str) -> bool {
        name.ends_with(".wit") || self == Self::Deps && name.ends_with(".wasm")
    }
}

/// The files of a directory and of its `deps` that can be WIT, by their paths within.
///
/// # Errors
///
/// When a file or a directory cannot be read, or they are too much to be WIT.
pub fn directory(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = Files::default();
    add_level(path, "", Level::Package, &mut files)?;
    let deps = path.join(DEPS);
    if deps.is_dir() {
        add_level(&deps, &format!("{DEPS}/"), Level::Deps, &mut files)?;
        for entry in fs::read_dir(&deps)? {
            let entry = entry?;
            if let (true, Some(name)) = (entry.path().is_dir(), entry.file_name().to_str()) {
                add_level(&entry.path(), &format!("{DEPS}/{name}/"), Level::Dependency, &mut files)?;
            }
        }
    }
    Ok(files.into_map())
}

/// Reads a file of WIT.
///
/// # Errors
///
/// When it cannot be read, or is too large to be WIT.
pub(crate) fn file(path: &Path) -> io::Result<Vec<u8>> {
    let too_large = || TooMuch::File { path: path.display().to_string() };
    up_to(path, SIZE_LIMIT)?.ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, too_large()))
}

fn add_level(directory: &Path, prefix: &str, level: Level, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !level.has(name) || !path.is_file() {
            continue;
        }
        let added = match up_to(&path, files.room())? {
            Some(bytes) => files.add(format!("{prefix}{name}"), bytes),
            None if files.room() == SIZE_LIMIT => Err(TooMuch::File { path: path.display().to_string() }),
            None => Err(TooMuch::Size),
        };
        added.map_err(|much| io::Error::new(io::ErrorKind::FileTooLarge, much))?;
    }
    Ok(())
}

/// The bytes of a file, unless it has more than `limit`.
fn up_to(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}
