//! Why a request has no usable answer, before anyone says what it was for.

use std::error::Error as StdError;

use crate::blob::Mismatch;
use crate::credential::CredentialSource;
use crate::credential_helper::HelperError;
use crate::error::NetworkFailure;

/// Why a request has no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("{0}")]
    NotFound(Box<NetworkFailure>),
    #[error("{1}")]
    Unauthorized(CredentialSource, Box<NetworkFailure>),
    #[error("{1}")]
    Forbidden(CredentialSource, Box<NetworkFailure>),
    #[error("more than {limit} {unit}")]
    TooLarge { limit: u64, unit: &'static str },
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error("{0}")]
    Failed(Box<NetworkFailure>),
    /// It failed so again and again.
    #[error("{failure}")]
    GaveUp { failure: Box<NetworkFailure>, attempts: u32 },
    #[error("{0}")]
    Setup(Box<dyn StdError + Send + Sync>),
    #[error(transparent)]
    Helper(HelperError),
}

impl RequestError {
    /// Whether the server, or the way to it, is at fault: another one may do better.
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            RequestError::Failed(_) | RequestError::GaveUp { .. } | RequestError::Setup(_) => true,
            RequestError::NotFound(_)
            | RequestError::Unauthorized(..)
            | RequestError::Forbidden(..)
            | RequestError::TooLarge { .. }
            | RequestError::Mismatch(_)
            | RequestError::Helper(_) => false,
        }
    }
}

impl From<NetworkFailure> for RequestError {
    fn from(failure: NetworkFailure) -> RequestError {
        RequestError::Failed(Box::new(failure))
    }
}
