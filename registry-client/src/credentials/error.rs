//! Why credentials cannot be had or kept.

use std::path::{Path, PathBuf};

use crate::credential::EntryProblem;
use crate::credential_helper::HelperError;

/// Why a file of credentials cannot be used. Never shows what the file says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any such file.
    #[error("{} has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// The file is not JSON, or of another shape.
    #[error("{} is not a file of credentials as Docker writes it: see line {line}, column {column}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it differs, from 1.
        line: usize,
        /// Where in the line, from 1.
        column: usize,
    },
    /// A variable is malformed, or alone.
    #[error("the credential in the variable {variable} cannot be used")]
    Variable {
        /// The variable.
        variable: String,
        /// What is wrong.
        #[source]
        problem: EntryProblem,
    },
    /// A credential helper failed.
    #[error(transparent)]
    Helper(#[from] HelperError),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The entry of one registry is malformed.
    #[error("the credential for `{key}` in {} cannot be used", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The registry, as the file has it.
        key: String,
        /// What is wrong.
        #[source]
        problem: EntryProblem,
    },
}

impl CredentialsError {
    /// The error's own text may quote what stands where something else was expected: a secret in the wrong place.
    pub(crate) fn json(path: &Path, error: &serde_json::Error) -> CredentialsError {
        CredentialsError::Json { path: path.to_owned(), line: error.line(), column: error.column() }
    }
}
