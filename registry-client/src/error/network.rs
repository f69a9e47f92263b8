//! How one request failed, as data.

use std::error::Error as StdError;
use std::time::Duration;

/// How one request failed. The URL is without user, query and fragment, which may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFailure {
    /// No complete answer came.
    #[error("{method} {url} failed")]
    Transport {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server answered with an error.
    #[error("{method} {url} was answered with {status}{}{}", answer(code.as_deref(), message.as_deref()), wait(*retry_after))]
    Status {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The server's own code, as `MANIFEST_UNKNOWN`.
        code: Option<String>,
        /// The server's own explanation, shortened to one line.
        message: Option<String>,
        /// How long the server asks to wait before the next request.
        retry_after: Option<Duration>,
    },
    /// The body ended too early.
    #[error("{method} {url} broke off after {received} bytes: {reason}")]
    BrokenOff {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// How many bytes of the body there were by then.
        received: u64,
        /// What happened, as a phrase.
        reason: String,
    },
    /// The server is too slow to be waited for.
    #[error("{method} {url} {slowness}")]
    Slow {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// In which way.
        slowness: Slowness,
    },
    /// The server's answer breaks the protocol or a rule of safety.
    #[error("{method} {url} was answered with {problem}")]
    Protocol {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// What came, as a phrase.
        problem: String,
    },
}

impl NetworkFailure {
    /// The HTTP status, where the server answered with one that is an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            NetworkFailure::Status { status, .. } => Some(*status),
            NetworkFailure::Transport { .. }
            | NetworkFailure::BrokenOff { .. }
            | NetworkFailure::Slow { .. }
            | NetworkFailure::Protocol { .. } => None,
        }
    }

    /// The failure of the same request in another way.
    pub(crate) fn protocol(&self, problem: &str) -> NetworkFailure {
        let (NetworkFailure::Transport { method, url, .. }
        | NetworkFailure::Status { method, url, .. }
        | NetworkFailure::BrokenOff { method, url, .. }
        | NetworkFailure::Slow { method, url, .. }
        | NetworkFailure::Protocol { method, url, .. }) = self;
        NetworkFailure::Protocol { method, url: url.clone(), problem: problem.to_owned() }
    }
}

fn answer(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!(" {code}: {message}"),
        (Some(text), None) | (None, Some(text)) => format!(" {text}"),
        (None, None) => String::new(),
    }
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" (it asks to wait {} seconds)", wait.as_secs())).unwrap_or_default()
}

/// In which way a server is too slow. Printed as a phrase about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Slowness {
    /// No answer began.
    #[error("had no answer within {} seconds", limit.as_secs())]
    NoAnswer {
        /// How long was waited.
        limit: Duration,
    },
    /// The answer came too slowly to go on.
    #[error("brought less than {bytes_per_second} bytes a second for {} seconds", over.as_secs())]
    Rate {
        /// The least rate.
        bytes_per_second: u32,
        /// How long it was not reached.
        over: Duration,
    },
    /// All tries together took too long.
    #[error("did not come to an end within {} seconds", limit.as_secs())]
    Total {
        /// How long was waited.
        limit: Duration,
    },
}
