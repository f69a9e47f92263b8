//! Component files: from a path to the component in the file, whoever named it.
//!
//! What a file holds is told by how it begins, not by its name: with the magic number it is a binary, and stays where it is until its
//! bytes are wanted; with a parenthesis or a comment it is the text format, and is assembled. Anything else is left to whoever
//! decodes it, and knows better what it could be. A pipe will do as well as a file.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Code, Diagnostic, Failure, shown},
    input::Input,
};

/// No component is larger: current runtimes refuse modules beyond this.
pub(crate) const LIMIT: u64 = 1 << 30;

/// What every WebAssembly binary begins with.
const MAGIC: &[u8] = b"\0asm";

/// Why there is no component to be had from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentFileError {
    /// There is no such file.
    #[error("there is no file `{}`", shown(path))]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// It is a directory.
    #[error("`{}` is a directory, not a component file", shown(path))]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It has more bytes than any runtime accepts.
    #[error("`{}` is larger than {limit} bytes, which no runtime accepts", shown(path))]
    TooLarge {
        /// The path as given.
        path: PathBuf,
        /// How many bytes it may have.
        limit: u64,
    },
    /// It is text, and not the text format.
    #[error("`{}` is not valid component text", shown(path))]
    InvalidText {
        /// The path as given.
        path: PathBuf,
        /// Where and why.
        source: wat::Error,
    },
}

impl ComponentFileError {
    /// What a person is told.
    pub fn diagnostic(&self) -> Diagnostic {
        let code = match self {
            Self::InvalidText { .. } => Code::InvalidComponent,
            _ => Code::FileUnreadable,
        };
        let diagnostic = Diagnostic::error(code, self.to_string());
        match self {
            Self::NotFound { .. } => diagnostic.hint("build the component first, or mend the path"),
            Self::Directory { .. } => {
                diagnostic.hint("name a component file in it; of an application, the one that `compose build` writes")
            }
            Self::Unreadable { source, .. } => diagnostic.note(source.to_string()),
            Self::TooLarge { .. } => {
                diagnostic.hint("leave out what is only for debuggers: it is often the largest part\nwasm-tools strip")
            }
            Self::InvalidText { source, .. } => diagnostic.note(source.to_string()),
        }
    }
}

impl From<ComponentFileError> for Failure {
    fn from(error: ComponentFileError) -> Self {
        error.diagnostic().into()
    }
}

/// Opens a component; a binary in a file is not read yet.
///
/// # Errors
/// Any [`ComponentFileError`]. That the bytes are a component is not asked.
pub fn open(path: &Path) -> Result<Input, ComponentFileError> {
    match look(path, LIMIT)? {
        Found::Binary(_) => Input::file(path).map_err(|error| unreadable(path, error)),
        Found::Memory(bytes) => Ok(Input::memory(bytes)),
    }
}

/// Reads a component.
///
/// # Errors
/// Any [`ComponentFileError`]. That the bytes are a component is not asked.
pub fn read(path: &Path) -> Result<Vec<u8>, ComponentFileError> {
    match look(path, LIMIT)? {
        Found::Binary(file) => rest(path, file, MAGIC, LIMIT),
        Found::Memory(bytes) => Ok(bytes),
    }
}

/// What a path leads to.
#[derive(Debug)]
enum Found {
    /// A file with a binary, of which the magic number has been read.
    Binary(File),
    /// Text, assembled; what came from a pipe; what is neither text nor binary.
    Memory(Vec<u8>),
}

fn look(path: &Path, limit: u64) -> Result<Found, ComponentFileError> {
    let unreadable = |error| unreadable(path, error);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(ComponentFileError::Directory { path: path.to_owned() });
    }
    if metadata.len() > limit {
        return Err(ComponentFileError::TooLarge { path: path.to_owned(), limit });
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut start = Vec::with_capacity(MAGIC.len());
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut start).map_err(unreadable)?;
    if metadata.is_file() && start == MAGIC {
        return Ok(Found::Binary(file));
    }
    assembled(path, rest(path, file, &start, limit)?).map(Found::Memory)
}

/// The bytes of a file; of text, those of what it says.
pub(crate) fn assembled(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, ComponentFileError> {
    if !is_text(&bytes) {
        return Ok(bytes);
    }
    let assembled = wat::Parser::new().parse_bytes(Some(Path::new(&shown(path))), &bytes).map(Cow::into_owned);
    let invalid = |source| ComponentFileError::InvalidText { path: path.to_owned(), source };
    assembled.map_err(invalid)
}

/// All bytes of a file of which `start` has been read.
fn rest(path: &Path, file: File, start: &[u8], limit: u64) -> Result<Vec<u8>, ComponentFileError> {
    let mut bytes = start.to_vec();
    let more = (limit + 1).saturating_sub(start.len() as u64);
    file.take(more).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(ComponentFileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// The text format begins with a parenthesis or a comment; no binary does, and no WIT.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'(' | b';'))
}

fn unreadable(path: &Path, source: io::Error) -> ComponentFileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => ComponentFileError::NotFound { path },
        _ => ComponentFileError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    /// What a file `app` with this content holds: its bytes, and whether they stay in the file; else what is said.
    fn check(content: &[u8]) -> Result<(Vec<u8>, bool), String> {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let path = directory.path().join("app");
        fs::write(&path, content).expect("it can be written");
        let told = |error: ComponentFileError| told(&error, directory.path());
        let input = open(&path).map_err(told)?;
        let bytes = read(&path).map_err(told)?;
        assert_eq!(input.to_bytes().expect("it is still there"), bytes);
        Ok((bytes, input.path().is_some()))
    }

    /// All that a person is told, without the directory.
    fn told(error: &ComponentFileError, directory: &Path) -> String {
        let Diagnostic { code, message, notes, hints, .. } = error.diagnostic();
        let lines = [format!("[{code}] {message}")].into_iter().chain(notes).chain(hints);
        lines.collect::<Vec<_>>().join("\n").replace(&format!("{}/", directory.display()), "")
    }

    #[test]
    fn a_binary_stays_where_it_is() {
        assert_eq!(check(EMPTY), Ok((EMPTY.to_vec(), true)));
    }

    #[test]
    fn text_is_assembled_whatever_the_file_is_called() {
        assert_eq!(check(b"  (component)"), Ok((EMPTY.to_vec(), false)));
        assert_eq!(check(b";; nothing\n(component)"), Ok((EMPTY.to_vec(), false)));
    }

    #[test]
    fn what_is_neither_is_left_to_who_decodes_it() {
        assert_eq!(check(b"ELF"), Ok((b"ELF".to_vec(), false)));
        assert_eq!(check(b"\0as"), Ok((b"\0as".to_vec(), false)));
        assert_eq!(check(b""), Ok((Vec::new(), false)));
    }

    #[test]
    fn text_that_is_wrong_is_told_with_its_place() {
        assert_snapshot!(check(b"(component").expect_err("it is not closed"), @"
        [invalid-component] `app` is not valid component text
        expected `)`
             --> app:1:11
              |
            1 | (component
              |           ^
        ");
    }

    #[test]
    fn a_file_that_is_not_there_and_a_directory_are_told() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let told = |path: &Path| told(&read(path).expect_err("it is no file"), directory.path());
        assert_snapshot!(told(&directory.path().join("nowhere.wasm")), @"
        [file-unreadable] there is no file `nowhere.wasm`
        build the component first, or mend the path
        ");
        let folder = directory.path().join("folder");
        fs::create_dir(&folder).expect("it can be made");
        assert_snapshot!(told(&folder), @"
        [file-unreadable] `folder` is a directory, not a component file
        name a component file in it; of an application, the one that `compose build` writes
        ");
        assert!(matches!(open(&folder), Err(ComponentFileError::Directory { .. })));
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let path = directory.path().join("large.wasm");
        // It has no blocks: only its size is that large.
        File::create(&path).and_then(|file| file.set_len(LIMIT + 1)).expect("it can be made");
        assert_snapshot!(told(&read(&path).expect_err("it is too large"), directory.path()), @"
        [file-unreadable] `large.wasm` is larger than 1073741824 bytes, which no runtime accepts
        leave out what is only for debuggers: it is often the largest part
        wasm-tools strip
        ");
        assert!(matches!(open(&path), Err(ComponentFileError::TooLarge { .. })));
    }

    #[test]
    fn the_limit_counts_what_is_read_and_not_what_a_file_says() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let path = directory.path().join("app.wasm");
        fs::write(&path, EMPTY).expect("it can be written");
        let size = EMPTY.len() as u64;
        let file = || File::open(&path).expect("it is there");
        assert_eq!(rest(&path, file(), b"", size).expect("it fits"), EMPTY);
        assert!(matches!(rest(&path, file(), b"", size - 1), Err(ComponentFileError::TooLarge { limit: 7, .. })));
    }
}
