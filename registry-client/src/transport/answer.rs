//! What a server answers: from a response to its body, read under a limit and at a minimum rate, or to what it says went wrong.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use oci_client::errors::OciEnvelope;
use reqwest::header::{CONTENT_RANGE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use tokio::time::{Instant, timeout};

use super::error::RequestError;
use super::url::redacted;
use crate::error::{NetworkFailure, Slowness, one_line};
use crate::http_options::Patience;
use crate::retry::wait_asked_for;
use crate::turns::{LargeBodies, USUAL_BODY};

const MAX_ERROR_BODY: u64 = 64 * 1024;

/// A server's answer, its body not yet read.
pub(crate) struct Answer {
    response: Response,
    method: &'static str,
    url: Url,
    /// How much of the body was read.
    received: u64,
    patience: Patience,
    pace: Pace,
    large_bodies: LargeBodies,
}

/// How much came of a body lately. Only the time spent waiting for the server counts.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Answer {
    /// Takes the answer to a request of `method` for `url`, which will be read with `patience`.
    pub(super) fn new(
        response: Response,
        method: &'static str,
        url: Url,
        patience: Patience,
        large_bodies: LargeBodies,
    ) -> Answer {
        Answer { response, method, url, received: 0, patience, pace: Pace::default(), large_bodies }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    #[cfg(feature = "warg")]
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// How many bytes the server says that the body has.
    pub(crate) fn declared_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Reads the next piece of the body, which must come at the minimum rate.
    pub(crate) async fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, NetworkFailure> {
        let Patience { silence: over, bytes_per_second, .. } = self.patience;
        let least = u64::from(bytes_per_second.get()).saturating_mul(over.as_secs());
        loop {
            let begun = Instant::now();
            let piece = timeout(over.saturating_sub(self.pace.waited), self.response.chunk()).await;
            self.pace.waited += begun.elapsed();
            if let Ok(piece) = piece {
                let piece = piece.map_err(|error| self.broken_off(innermost(&error)))?;
                let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                self.pace.bytes += length;
                self.received += length;
                return Ok(piece);
            }
            if self.pace.bytes < least {
                let slowness = Slowness::Rate { bytes_per_second: bytes_per_second.get(), over };
                return Err(NetworkFailure::Slow { method: self.method, url: redacted(&self.url), slowness });
            }
            self.pace = Pace::default();
        }
    }

    /// Reads the body, which may have at most `limit` bytes.
    pub(crate) async fn body(mut self, limit: u64) -> Result<Vec<u8>, RequestError> {
        let too_large = RequestError::TooLarge { limit, unit: "bytes" };
        if self.response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large);
        }
        let mut body = Vec::new();
        let mut place = None;
        while let Some(piece) = self.piece().await? {
            let piece = piece.as_ref();
            let length = (body.len() as u64).saturating_add(piece.len() as u64);
            if length > limit {
                return Err(too_large);
            }
            if length > USUAL_BODY && place.is_none() {
                place = Some(self.large_bodies.place().await);
            }
            body.extend_from_slice(piece);
        }
        Ok(body)
    }

    /// Reads the body with what is said about it.
    pub(super) async fn into_body(self, limit: u64) -> Result<Body, RequestError> {
        let (headers, method, url) = (self.headers().clone(), self.method, redacted(&self.url));
        Ok(Body { headers, bytes: self.body(limit).await?, method, url })
    }

    /// Whether the body begins with the byte at `offset`.
    pub(crate) fn begins_at(&self, offset: u64) -> bool {
        let range = self.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let first = range.and_then(|range| range.trim().strip_prefix("bytes")?.trim_start().split_once('-'));
        first.is_some_and(|(first, _)| first.parse() == Ok(offset))
    }

    /// The failure of a body that ended too early.
    pub(crate) fn broken_off(&self, reason: String) -> NetworkFailure {
        NetworkFailure::BrokenOff { method: self.method, url: redacted(&self.url), received: self.received, reason }
    }

    /// Turns an answer that is no success into what it says.
    pub(crate) async fn into_failure(self) -> NetworkFailure {
        let (method, url, status) = (self.method, redacted(&self.url), self.status().as_u16());
        let retry_after = self.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| wait_asked_for(value, SystemTime::now()));
        // The body only explains; where it cannot be had, the status has to do.
        let body = self.body(MAX_ERROR_BODY).await.unwrap_or_default();
        let envelope: Option<OciEnvelope> = serde_json::from_slice(&body).ok();
        let first = envelope.and_then(|envelope| envelope.errors.into_iter().next());
        let shown = |text: &str| Some(one_line(text)).filter(|line| !line.is_empty());
        let code = first.as_ref().and_then(|error| shown(serde_json::to_value(&error.code).ok()?.as_str()?));
        let message = first.and_then(|error| shown(&error.message));
        NetworkFailure::Status { method, url, status, code, message, retry_after }
    }

    pub(crate) fn protocol(&self, problem: &str) -> NetworkFailure {
        NetworkFailure::Protocol { method: self.method, url: redacted(&self.url), problem: problem.to_owned() }
    }
}

/// An answer whose body was read.
pub(crate) struct Body {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    method: &'static str,
    url: String,
}

impl Body {
    pub(crate) fn protocol(&self, problem: &str) -> NetworkFailure {
        NetworkFailure::Protocol { method: self.method, url: self.url.clone(), problem: problem.to_owned() }
    }
}

/// What is at the bottom of an error: the layers above it say where it passed through.
fn innermost(error: &dyn StdError) -> String {
    let causes = std::iter::successors(Some(error), |&cause| cause.source());
    causes.last().map(|cause| one_line(&cause.to_string())).unwrap_or_default()
}
