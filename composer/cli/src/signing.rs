//! What changes of logs are signed with: from an option or a variable to a key.

use std::{fs::File, io::Read as _, path::Path};

use composer::diagnostic::{Code, Diagnostic, Failure};
use registry_client::SigningKey;

use crate::{args::SigningArgs, environment};

/// More than any such file has.
const MAX_FILE: u64 = 64 * 1024;

/// The key of the file that is named, else of the variable, if there is either.
///
/// # Errors
/// When it cannot be read, or is none.
pub(crate) fn key(arguments: &SigningArgs) -> Result<Option<SigningKey>, Failure> {
    let (text, source) = match &arguments.signing_key {
        Some(path) => (read(path)?, format!("`{}`", path.display())),
        None => match environment::signing_key() {
            Some(text) => (text, "the variable `COMPOSE_SIGNING_KEY`".to_owned()),
            None => return Ok(None),
        },
    };
    let key = SigningKey::parse(&text).map_err(|error| {
        let found = Diagnostic::error(Code::SigningKey, format!("{source} has no signing key")).note(error.to_string());
        found.hint(
            "a private key is `ecdsa-p256:` and the base64 of 32 bytes, in a text of its own\ncompose key new FILE",
        )
    });
    Ok(Some(key?))
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(error) => {
            let message = format!("cannot read the signing key in `{}`", path.display());
            Err(Diagnostic::error(Code::SigningKey, message).note(error.to_string()).into())
        }
    }
}
