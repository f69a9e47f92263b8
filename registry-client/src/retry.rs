//! Whether and when a request is tried again: from a failure and a [`RetryPolicy`] to a wait, or to the failure as it is.
//!
//! Waits grow, with chance in them, so that many clients of a server that comes back do not come back all at once. Time is tokio's,
//! which tests pause.

use std::error::Error as StdError;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use tokio::time::Instant;

use crate::digest::Digest;
use crate::error::{NetworkFailure, Slowness};
use crate::event::{Event, EventSink};
use crate::http_options::{Patience, RetryPolicy};
use crate::transport::{RequestError, redacted};

/// Counts the tries of one request, and ends them.
pub(crate) struct Attempts<'a> {
    policy: RetryPolicy,
    events: &'a EventSink,
    deadline: Instant,
    allowed: Duration,
    made: u32,
    method: &'static str,
    blob: Option<Digest>,
}

impl<'a> Attempts<'a> {
    /// Begins. What is to be transferred at the slowest rate, `bytes`, adds to the time there is.
    pub(crate) fn new(policy: RetryPolicy, patience: &Patience, bytes: u64, events: &'a EventSink) -> Attempts<'a> {
        let allowed = patience.total + Duration::from_secs(bytes / u64::from(patience.bytes_per_second.get()));
        Attempts { policy, events, deadline: Instant::now() + allowed, allowed, made: 0, method: "GET", blob: None }
    }

    /// Says of every further try that it is for `blob`.
    pub(crate) fn of_blob(self, blob: Digest) -> Attempts<'a> {
        Attempts { blob: Some(blob), ..self }
    }

    /// Says of failures that the request's method was another than `GET`.
    #[cfg(feature = "warg")]
    pub(crate) fn by(self, method: &'static str) -> Attempts<'a> {
        Attempts { method, ..self }
    }

    /// Makes one try, of asking for `url`, which ends with the time there is.
    pub(crate) async fn make<T, E: From<NetworkFailure>>(
        &mut self,
        url: &Url,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.made += 1;
        match tokio::time::timeout_at(self.deadline, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let slowness = Slowness::Total { limit: self.allowed };
                Err(NetworkFailure::Slow { method: self.method, url: redacted(url), slowness }.into())
            }
        }
    }

    /// Lets the tries begin again: the last one was worth it.
    pub(crate) fn progressed(&mut self) {
        self.made = 0;
    }

    /// Waits until the next try makes sense, or gives `error` back where none does.
    pub(crate) async fn wait_after(&mut self, error: RequestError) -> Result<(), RequestError> {
        let RequestError::Failed(failure) = error else { return Err(error) };
        let given_up = |failure, attempts| match attempts {
            1 => Err(RequestError::Failed(failure)),
            _ => Err(RequestError::GaveUp { failure, attempts }),
        };
        let advice = advice(&failure);
        if advice == Advice::Never || self.made >= self.policy.attempts.get() {
            return given_up(failure, self.made);
        }
        let backoff = backoff(&self.policy, self.made, chance());
        let wait = match advice {
            Advice::After(asked) => asked.max(backoff),
            Advice::Never | Advice::Soon => backoff,
        };
        // Waiting for a try that time does not allow would only delay the news.
        if Instant::now() + wait >= self.deadline {
            return given_up(failure, self.made);
        }
        let attempt = self.made + 1;
        self.events.emit(Event::Retrying { blob: self.blob, attempt, wait, failure: failure.to_string() });
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// What a failure says about another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Advice {
    Never,
    Soon,
    /// Not before.
    After(Duration),
}

fn advice(failure: &NetworkFailure) -> Advice {
    match failure {
        NetworkFailure::Status { status: 429 | 500 | 502 | 503 | 504, retry_after, .. } => {
            retry_after.map_or(Advice::Soon, Advice::After)
        }
        NetworkFailure::Transport { source, .. } if is_passing(source.as_ref()) => Advice::Soon,
        NetworkFailure::BrokenOff { .. } => Advice::Soon,
        NetworkFailure::Slow { slowness: Slowness::NoAnswer { .. } | Slowness::Rate { .. }, .. } => Advice::Soon,
        NetworkFailure::Status { .. }
        | NetworkFailure::Transport { .. }
        | NetworkFailure::Protocol { .. }
        | NetworkFailure::Slow { slowness: Slowness::Total { .. }, .. } => Advice::Never,
    }
}

/// Whether what broke a connection may be gone the next time. A name that does not exist, a port nobody listens on and a certificate
/// that is not trusted are not; a connection that came about and broke is.
fn is_passing(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    let Some(request) = error.downcast_ref::<reqwest::Error>() else { return false };
    let causes = std::iter::successors(Some(request as &(dyn StdError + 'static)), |&cause| cause.source());
    let io = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).next();
    // A certificate that is not accepted, on either side, may show only after the connection came about.
    if io.and_then(io::Error::get_ref).and_then(|cause| cause.downcast_ref::<rustls::Error>()).is_some() {
        return false;
    }
    if !request.is_connect() {
        return !request.is_builder();
    }
    request.is_timeout()
        || matches!(
            io.map(io::Error::kind),
            Some(
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::UnexpectedEof
            )
        )
}

/// How long to wait before the next try after `attempts`. `chance`, between 0 and 1, chooses from the upper half.
fn backoff(policy: &RetryPolicy, attempts: u32, chance: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let longest = policy.first_wait.saturating_mul(1 << doublings).min(policy.longest_wait);
    longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// A number between 0 and 1: the standard library seeds its hashers by chance, which is all that spreading clients needs.
fn chance() -> f64 {
    f64::from(u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// What a server's `Retry-After` asks for, which is [seconds or a date](https://www.rfc-editor.org/rfc/rfc9110#name-retry-after).
pub(crate) fn wait_asked_for(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let waits =
            |chance: f64| (1..=7).map(|attempts| backoff(&policy, attempts, chance).as_millis()).collect::<Vec<_>>();
        assert_eq!(waits(1.0), [500, 1000, 2000, 4000, 8000, 15000, 15000]);
        assert_eq!(waits(0.0), [250, 500, 1000, 2000, 4000, 7500, 7500]);
        assert_eq!(backoff(&policy, u32::MAX, 1.0), policy.longest_wait);
    }

    #[test]
    fn chance_differs_and_stays_between_0_and_1() {
        let chances: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)), "{chances:?}");
        assert!(chances.windows(2).any(|pair| pair[0].to_bits() != pair[1].to_bits()));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let seconds = |value: &str| wait_asked_for(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:30 GMT"), Some(30));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0));
        for malformed in ["soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(seconds(malformed), None, "{malformed:?}");
        }
    }

    fn status(status: u16, retry_after: Option<u64>) -> Box<NetworkFailure> {
        Box::new(NetworkFailure::Status {
            method: "GET",
            url: "https://registry.example/v2/".to_owned(),
            status,
            code: None,
            message: None,
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    /// How long is waited in all before a request that fails again and again is given up, and after how many tries.
    async fn check(
        patience: Patience,
        failure: impl Fn() -> Box<NetworkFailure>,
        tries: u32,
        waited: std::ops::Range<u64>,
    ) {
        let events = EventSink::silent();
        let mut attempts = Attempts::new(RetryPolicy::default(), &patience, 0, &events);
        let begun = Instant::now();
        let url = Url::parse("https://registry.example/v2/").unwrap();
        let mut made = 0;
        loop {
            made += 1;
            let failed: Result<(), RequestError> =
                attempts.make(&url, async { Err(RequestError::Failed(failure())) }).await;
            match attempts.wait_after(failed.unwrap_err()).await {
                Ok(()) => continue,
                Err(RequestError::GaveUp { attempts, .. }) => assert_eq!((attempts, made), (tries, tries)),
                Err(_) => assert_eq!((1, made), (tries, tries)),
            }
            break;
        }
        assert!(waited.contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_by_number() {
        check(Patience::default(), || status(503, None), 5, 3..8).await;
        check(Patience::default(), || status(429, Some(10)), 5, 40..41).await;
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_before_time_does() {
        check(Patience::default(), || status(429, Some(50)), 3, 100..101).await;
        check(Patience::default(), || status(429, Some(86_400)), 1, 0..1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_not_tried_again() {
        for final_status in [400, 404, 418, 501] {
            check(Patience::default(), || status(final_status, None), 1, 0..1).await;
        }
    }
}
