//! What proves who we are, and where that came from. A secret is never printed.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that is never to be printed.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one request it is for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What proves who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// For HTTP's basic authentication, or for a token server.
    Basic { username: String, password: Secret },
    /// A refresh token, which a token server exchanges for a bearer token.
    Identity(Secret),
    /// A bearer token for the registry itself.
    Bearer(Secret),
}

/// Where a credential came from. Printed as a noun phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// There is none for the registry.
    Anonymous,
    /// It is in a file.
    File(PathBuf),
    /// A credential helper keeps it.
    Helper {
        /// The file that names the helper.
        file: PathBuf,
        /// The helper, without `docker-credential-`.
        helper: String,
    },
    /// It is in an environment variable.
    Variable(String),
    /// It was given for this one request.
    Given,
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Anonymous => f.write_str("anonymous access"),
            CredentialSource::File(path) => write!(f, "the credential in {}", path.display()),
            CredentialSource::Helper { file, helper } => {
                write!(f, "the credential of the helper `{helper}` in {}", file.display())
            }
            CredentialSource::Variable(name) => write!(f, "the credential in the variable {name}"),
            CredentialSource::Given => f.write_str("the credential that was given"),
        }
    }
}

/// Docker pads what it encodes; `wkg` takes it either way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Credential {
    /// Reads the base64 of a user name, a colon and a password.
    pub(crate) fn decode(encoded: &str) -> Result<Credential, EntryProblem> {
        let bytes = BASE64.decode(encoded.trim()).map_err(|_| EntryProblem::Encoding)?;
        let text = String::from_utf8(bytes).map_err(|_| EntryProblem::Encoding)?;
        let (username, password) = text.split_once(':').ok_or(EntryProblem::Encoding)?;
        // Docker pads with zero bytes, and strips them when it reads.
        let password = Secret(password.trim_end_matches('\0').to_owned());
        Ok(Credential::Basic { username: username.to_owned(), password })
    }
}

/// What is wrong with one registry's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryProblem {
    /// `auth` is not the base64 of a user name, a colon and a password.
    #[error("its `auth` is not the base64 of `username:password`")]
    Encoding,
    /// There is a user name alone.
    #[error("it has a `username` and no `password`")]
    NoPassword,
    /// There is a password alone.
    #[error("it has a `password` and no `username`")]
    NoUsername,
}
