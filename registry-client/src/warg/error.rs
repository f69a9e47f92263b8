//! Why there is no answer that could be used, as far as it matters to whoever asked.

use std::time::Duration;

use semver::Version;
use warg_crypto::signing::{PrivateKeyParseError, SignatureError};

use super::api::{ApiError, Refusal};
use super::memory::MemoryError;
use crate::digest::Digest;
use crate::log_problem::LogProblem;
use crate::transport::RequestError;

/// Why something of a package cannot be had, or done.
#[derive(Debug)]
pub(crate) enum WargError {
    Unverified(Unverified),
    PackageNotFound,
    NamespaceNotDefined {
        imported_from: Option<String>,
    },
    /// What was to be published was refused, in the registry's words.
    Rejected(String),
    /// A record does not fit the log, in the registry's words; perhaps because another one is in its place by now.
    Outrun(String),
    KeyNotAllowed {
        key: String,
        action: &'static str,
    },
    SignerRefused {
        key: String,
        reason: String,
    },
    NothingToRevoke {
        key: Digest,
    },
    UnusableKey(PrivateKeyParseError),
    Signature(SignatureError),
    VersionNotFound {
        available: Vec<Version>,
    },
    AlreadyReleased {
        existing: Digest,
    },
    Yanked,
    NotPublished {
        waited: Duration,
    },
}

/// Why it is not known what a log says.
#[derive(Debug)]
pub(crate) enum Unverified {
    Request(RequestError),
    /// The registry cannot be believed.
    Problem(LogProblem),
    Memory(MemoryError),
}

/// Why a log could not be read.
pub(super) enum ReadError {
    /// The registry says that there is none.
    NoSuchLog,
    Unverified(Unverified),
}

impl From<RequestError> for Unverified {
    fn from(error: RequestError) -> Unverified {
        Unverified::Request(error)
    }
}

impl From<LogProblem> for Unverified {
    fn from(problem: LogProblem) -> Unverified {
        Unverified::Problem(problem)
    }
}

impl From<MemoryError> for Unverified {
    fn from(error: MemoryError) -> Unverified {
        Unverified::Memory(error)
    }
}

/// What a registry says about packages where it was asked for something else is no more than a failure.
impl From<ApiError> for Unverified {
    fn from(error: ApiError) -> Unverified {
        Unverified::Request(error.into())
    }
}

impl<E: Into<Unverified>> From<E> for ReadError {
    fn from(error: E) -> ReadError {
        ReadError::Unverified(error.into())
    }
}

impl From<ApiError> for RequestError {
    fn from(error: ApiError) -> RequestError {
        match error {
            ApiError::Request(error) => error,
            ApiError::Refused(Refusal::NoSuchLog, failure) => RequestError::NotFound(failure),
            ApiError::Refused(_, failure) => RequestError::Failed(failure),
        }
    }
}

impl From<Unverified> for WargError {
    fn from(error: Unverified) -> WargError {
        WargError::Unverified(error)
    }
}

impl From<RequestError> for WargError {
    fn from(error: RequestError) -> WargError {
        WargError::Unverified(error.into())
    }
}

impl From<LogProblem> for WargError {
    fn from(problem: LogProblem) -> WargError {
        WargError::Unverified(problem.into())
    }
}

impl From<MemoryError> for WargError {
    fn from(error: MemoryError) -> WargError {
        WargError::Unverified(error.into())
    }
}

/// What a registry says when it is to publish something is about the package.
impl From<ApiError> for WargError {
    fn from(error: ApiError) -> WargError {
        match error {
            ApiError::Request(error) => error.into(),
            ApiError::Refused(Refusal::NoSuchLog, failure) => RequestError::NotFound(failure).into(),
            ApiError::Refused(Refusal::NamespaceNotDefined, _) => {
                WargError::NamespaceNotDefined { imported_from: None }
            }
            ApiError::Refused(Refusal::NamespaceImported(from), _) => {
                WargError::NamespaceNotDefined { imported_from: Some(from) }
            }
            ApiError::Refused(Refusal::Rejected(reason), _) => WargError::Rejected(reason),
        }
    }
}
