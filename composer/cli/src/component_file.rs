//! A component in a file that the command line names: from its path to its bytes, binary or assembled from text.

use std::{borrow::Cow, fs::File, io::Read as _, path::Path};

use composer::diagnostic::{Code, Diagnostic, Failure};

/// No component is larger: current runtimes refuse modules beyond this.
const LIMIT: u64 = 1 << 30;

/// Reads a component; text is assembled.
///
/// # Errors
/// When the file cannot be read, is too large, or is text that is not the text format.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path).note(error.to_string()))?;
    if bytes.len() as u64 > LIMIT {
        return Err(unreadable(path).note(format!("it is larger than {LIMIT} bytes")).into());
    }
    if !is_text(&bytes) {
        return Ok(bytes);
    }
    let assembled = wat::parse_bytes(&bytes).map(Cow::into_owned);
    assembled.map_err(|error| {
        let message = format!("`{}` is neither a component nor the text format of one", path.display());
        Diagnostic::error(Code::NotAComponent, message).note(error.to_string()).into()
    })
}

/// The text format begins with a parenthesis or a comment; no binary does.
fn is_text(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'(' | b';'))
}

fn unreadable(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::FileUnreadable, format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(contents: &[u8], expected: Result<&[u8], Code>) {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let path = directory.path().join("file");
        fs::write(&path, contents).expect("it can be written");
        match (read(&path), expected) {
            (Ok(bytes), Ok(expected)) => assert_eq!(bytes, expected),
            (Err(failure), Err(code)) => assert_eq!(failure.diagnostics()[0].code, code),
            (found, expected) => panic!("expected {expected:?}, found {found:?}"),
        }
    }

    #[test]
    fn text_is_assembled_and_anything_else_is_left_as_it_is() {
        const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
        check(b"  (component)", Ok(EMPTY));
        check(b";; nothing\n(component)", Ok(EMPTY));
        check(EMPTY, Ok(EMPTY));
        check(b"ELF", Ok(b"ELF"));
        check(b"(component", Err(Code::NotAComponent));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = read(Path::new("nowhere.wasm")).expect_err("there is no such file");
        assert_eq!(failure.diagnostics()[0].message, "cannot read `nowhere.wasm`");
    }
}
