//! HTTP as this crate allows it: from a URL and a repository's authorization to an answer whose body is read under a limit.
//!
//! - Plain http only to loopback hosts, which are always spoken to so, and to hosts marked insecure.
//! - At most [`MAX_REDIRECTS`] redirects, to where [`destination`] allows them.
//! - Authorization goes to the origin it is for and to no other.
//! - Every body held in memory has a cap; every answer must begin soon and come at a minimum rate.
//! - What fails in a way that may pass is tried again, as [`retry`](crate::retry) has it. A wait that this ends in is bounded.
//!
//! It is written on `reqwest` rather than on the client in `oci-client`, of which this crate uses the data types: that client reads
//! manifests, tag lists, tokens and error bodies of any size into memory, treats a credential that the token server refused as none,
//! and leaves redirects to `reqwest`'s defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use oci_client::errors::OciEnvelope;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_RANGE, HeaderMap, HeaderValue, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use tokio::time::{Instant, timeout};

use crate::authorization::{Access, Challenge};
use crate::blob::Mismatch;
use crate::connections::Connections;
use crate::credential_helper::HelperError;
use crate::credentials::{CredentialSource, Credentials};
use crate::destination::{self, PlainHttp};
use crate::error::{NetworkFailure, Slowness, one_line};
use crate::event::{Event, EventSink};
use crate::host::{Host, is_loopback_name};
use crate::http_options::{HttpOptions, Patience, RetryPolicy, Scheme};
use crate::repository::Repository;
use crate::retry::{Attempts, wait_asked_for};

const MAX_REDIRECTS: usize = 5;
const MAX_ERROR_BODY: u64 = 64 * 1024;

/// Speaks HTTP to registries, with their credentials.
pub(crate) struct Transport {
    credentials: Credentials,
    insecure: Vec<Url>,
    connections: Connections,
    retry: RetryPolicy,
    patience: Patience,
    events: EventSink,
    authorizations: Mutex<BTreeMap<(Repository, Access), HeaderValue>>,
}

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

impl Transport {
    /// Remembers what is needed; connects to nothing, and needs no certificates before the first request under TLS. What is no host
    /// in `insecure` allows nothing.
    pub(crate) fn new(
        credentials: Credentials,
        insecure: &BTreeSet<String>,
        http: HttpOptions,
        events: EventSink,
    ) -> Transport {
        let HttpOptions { authorities, hosts, retry, patience } = http;
        Transport {
            credentials,
            insecure: insecure.iter().filter_map(|host| plain_url(host)).collect(),
            connections: Connections::new(authorities, hosts, patience),
            retry,
            patience,
            events,
            authorizations: Mutex::default(),
        }
    }

    /// The URL of `path` below the API of a registry.
    pub(crate) fn url(&self, repository: &Repository, path: &str) -> Result<Url, NetworkFailure> {
        self.url_at(repository.host().endpoint(), &format!("/v2/{}/{path}", repository.path()))
    }

    /// The URL of `path` at `host`, with the scheme that host is spoken to in.
    pub(crate) fn url_at(&self, host: &str, path: &str) -> Result<Url, NetworkFailure> {
        let url = |scheme: &str| {
            let url = format!("{scheme}://{host}{path}");
            let parsed = Url::parse(&url);
            parsed.map_err(|source| NetworkFailure::Transport { method: "GET", url, source: Box::new(source) })
        };
        let (plain, tls) = (url("http")?, url("https")?);
        let plain_is_allowed = self.allows_plain_http(&plain);
        match self.connections.scheme(&tls) {
            Some(Scheme::Http) => Ok(plain),
            None if plain_is_allowed => Ok(plain),
            Some(Scheme::Https) | None => Ok(tls),
        }
    }

    /// Gets `url`, which is of `repository`'s registry, authorized as that registry asks for it.
    pub(crate) async fn get(&self, repository: &Repository, url: &Url, accept: &str) -> Result<Answer, RequestError> {
        self.get_from(repository, url, accept, 0).await
    }

    /// Gets the bytes of `url` from the one at `offset`. What the answer begins with is what its status and headers say.
    pub(crate) async fn get_from(
        &self,
        repository: &Repository,
        url: &Url,
        accept: &str,
        offset: u64,
    ) -> Result<Answer, RequestError> {
        let answer = self
            .authorized(repository, &Access::Pull, url, |authorization| async move {
                self.follow(Method::GET, url, accept, offset, authorization.as_ref()).await
            })
            .await?;
        let ranged = [StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::RANGE_NOT_SATISFIABLE];
        self.expect(repository, answer, if offset > 0 { &ranged } else { &ranged[..1] }).await
    }

    /// Asks for `url` or, with `HEAD`, whether it is there, authorized for `access`.
    pub(crate) async fn ask(
        &self,
        method: Method,
        repository: &Repository,
        access: &Access,
        url: &Url,
        accept: &str,
    ) -> Result<Answer, RequestError> {
        let answer = self
            .authorized(repository, access, url, |authorization| {
                let method = method.clone();
                async move { self.follow(method, url, accept, 0, authorization.as_ref()).await }
            })
            .await?;
        self.expect(repository, answer, &[StatusCode::OK]).await
    }

    /// Sends a request of `bytes` that changes something, authorized for `access`. Redirects are not followed: whoever changes a
    /// registry talks to that registry.
    pub(crate) async fn change(
        &self,
        method: Method,
        repository: &Repository,
        access: &Access,
        url: &Url,
        bytes: u64,
        complete: impl Fn(RequestBuilder) -> RequestBuilder + Sync,
    ) -> Result<Answer, RequestError> {
        let (complete, name) = (&complete, name_of(&method));
        let limit =
            self.patience.silence + Duration::from_secs(bytes / u64::from(self.patience.bytes_per_second.get()));
        self.authorized(repository, access, url, |authorization| {
            let method = method.clone();
            async move {
                let answer =
                    self.send(method, url, |request| with_authorization(complete(request), authorization.as_ref()));
                timeout(limit, answer).await.unwrap_or_else(|_| {
                    let slowness = Slowness::NoAnswer { limit };
                    Err(NetworkFailure::Slow { method: name, url: redacted(url), slowness }.into())
                })
            }
        })
        .await
    }

    /// Makes `attempt` with the authorization that is remembered and, where `url`'s own registry refuses that, once more with a new one.
    async fn authorized<F: Future<Output = Result<Answer, RequestError>>>(
        &self,
        repository: &Repository,
        access: &Access,
        url: &Url,
        attempt: impl Fn(Option<HeaderValue>) -> F,
    ) -> Result<Answer, RequestError> {
        let key = (repository.clone(), access.clone());
        let remembered = self.lock_authorizations().get(&key).cloned();
        let answer = attempt(remembered).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !same_origin(&answer.url, url) {
            return Ok(answer);
        }
        let challenge = Challenge::read(answer.headers());
        let refusal = answer.into_failure().await;
        let authorization = self.authorize(repository, access, challenge, refusal).await?;
        let answer = attempt(Some(authorization.clone())).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            self.lock_authorizations().insert(key, authorization);
        }
        Ok(answer)
    }

    /// Who we are at `repository`'s registry.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Sends one request, with whatever `complete` adds to it, to a URL that is ours or was checked. Redirects are the caller's.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, RequestError> {
        let name = name_of(&method);
        let request = complete(self.connections.client(url)?.request(method, url.clone()));
        match request.send().await {
            Ok(response) => Ok(Answer {
                response,
                method: name,
                url: url.clone(),
                received: 0,
                patience: self.patience,
                pace: Pace::default(),
            }),
            Err(error) => Err(transport_failure(name, url, error).into()),
        }
    }

    /// Gets the whole body of `url`, which may have `limit` bytes, with as many tries as `attempts` has.
    pub(crate) async fn body(
        &self,
        attempts: &mut Attempts<'_>,
        repository: &Repository,
        url: &Url,
        accept: &str,
        limit: u64,
    ) -> Result<Body, RequestError> {
        loop {
            let attempt = async { self.get(repository, url, accept).await?.into_body(limit).await };
            match attempts.make(url, attempt).await {
                Err(error) => attempts.wait_after(error).await?,
                answered => return answered,
            }
        }
    }

    /// The tries there are for one request, or for a sequence of them, that brings about `bytes`.
    pub(crate) fn attempts(&self, bytes: u64) -> Attempts<'_> {
        Attempts::new(self.retry, &self.patience, bytes, &self.events)
    }

    /// A single try, where somebody else can be asked after it.
    pub(crate) fn one_attempt(&self, bytes: u64) -> Attempts<'_> {
        let once = RetryPolicy { attempts: NonZeroU32::MIN, ..self.retry };
        Attempts::new(once, &self.patience, bytes, &self.events)
    }

    /// The repositories that mirror `repository`, in the order in which to ask them.
    pub(crate) fn mirrors(&self, repository: &Repository) -> Vec<Repository> {
        let Ok(url) = self.url(repository, "") else { return Vec::new() };
        let mirrors = self.connections.options(&url).map(|options| options.mirrors.as_slice()).unwrap_or_default();
        // A prefix that makes the path too long is that of a registry which does not have it.
        mirrors.iter().filter_map(|mirror| mirror.mirror_of(repository).ok()).collect()
    }

    /// Says that a mirror was of no use.
    pub(crate) fn pass_over(&self, mirror: &Repository, error: &RequestError) {
        let mirror = mirror.host().as_str().to_owned();
        self.events.emit(Event::MirrorFailed { mirror, failure: error.to_string() });
    }

    /// Waits for `answer` to begin, but not forever.
    pub(crate) async fn soon(
        &self,
        method: &'static str,
        url: &Url,
        answer: impl Future<Output = Result<Answer, RequestError>>,
    ) -> Result<Answer, RequestError> {
        let limit = self.patience.silence;
        timeout(limit, answer).await.unwrap_or_else(|_| {
            let slowness = Slowness::NoAnswer { limit };
            Err(NetworkFailure::Slow { method, url: redacted(url), slowness }.into())
        })
    }

    /// Asks for `start`, and goes where it is sent, as far as that is allowed.
    pub(crate) async fn follow(
        &self,
        method: Method,
        start: &Url,
        accept: &str,
        offset: u64,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, RequestError> {
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            let authorization = authorization.filter(|_| same_origin(&url, start));
            let answer = self.send(method.clone(), &url, |request| {
                let request = request.header(ACCEPT, accept);
                let request = if offset > 0 { request.header(RANGE, format!("bytes={offset}-")) } else { request };
                with_authorization(request, authorization)
            });
            let answer = self.soon(name_of(&method), &url, answer).await?;
            match self.redirect(&answer)? {
                Some(next) => url = next,
                None => return Ok(answer),
            }
        }
        Err(NetworkFailure::Protocol {
            method: name_of(&method),
            url: redacted(start),
            problem: format!("more than {MAX_REDIRECTS} redirects"),
        }
        .into())
    }

    /// Where `answer` sends us, if it does.
    fn redirect(&self, answer: &Answer) -> Result<Option<Url>, NetworkFailure> {
        if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(mut next) = location.and_then(|location| answer.url.join(location).ok()) else {
            return Err(answer.protocol("a redirect to nowhere"));
        };
        self.check_destination(&answer.url, &next)
            .map_err(|problem| answer.protocol(&format!("a redirect to {problem}")))?;
        next.set_fragment(None);
        Ok(Some(next))
    }

    /// The answer if its status is one of `wanted`, or else what it says.
    pub(crate) async fn expect(
        &self,
        repository: &Repository,
        answer: Answer,
        wanted: &[StatusCode],
    ) -> Result<Answer, RequestError> {
        let status = answer.status();
        if wanted.contains(&status) {
            return Ok(answer);
        }
        let source = || self.credentials.source(repository);
        let failure = Box::new(answer.into_failure().await);
        Err(match status {
            StatusCode::NOT_FOUND => RequestError::NotFound(failure),
            StatusCode::UNAUTHORIZED => RequestError::Unauthorized(source(), failure),
            StatusCode::FORBIDDEN => RequestError::Forbidden(source(), failure),
            _ => RequestError::Failed(failure),
        })
    }

    /// Checks a URL that the server at `from` gave us; an error is a phrase that says what it is.
    pub(crate) fn check_destination(&self, from: &Url, to: &Url) -> Result<(), String> {
        let plain_http = if self.allows_plain_http(to) { PlainHttp::Allowed } else { PlainHttp::Refused };
        destination::check(from, to, plain_http)
    }

    fn allows_plain_http(&self, url: &Url) -> bool {
        is_loopback(url) || self.insecure.iter().any(|insecure| same_origin(insecure, url))
    }

    fn lock_authorizations(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Repository, Access), HeaderValue>> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.authorizations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server's answer, its body not yet read.
pub(crate) struct Answer {
    response: Response,
    method: &'static str,
    url: Url,
    /// How much of the body was read.
    received: u64,
    patience: Patience,
    pace: Pace,
}

/// How much came of a body lately. Only the time spent waiting for the server counts.
#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
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
        while let Some(piece) = self.piece().await? {
            let piece = piece.as_ref();
            if (body.len() as u64).saturating_add(piece.len() as u64) > limit {
                return Err(too_large);
            }
            body.extend_from_slice(piece);
        }
        Ok(body)
    }

    /// Reads the body with what is said about it.
    async fn into_body(self, limit: u64) -> Result<Body, RequestError> {
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

/// A URL for messages: the query of a presigned URL is as good as a password.
pub(crate) fn redacted(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // These fail only for URLs that cannot have a user.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    one_line(shown.as_str())
}

fn with_authorization(request: RequestBuilder, authorization: Option<&HeaderValue>) -> RequestBuilder {
    match authorization {
        Some(value) => request.header(AUTHORIZATION, value.clone()),
        None => request,
    }
}

/// The names of the methods that this crate uses.
fn name_of(method: &Method) -> &'static str {
    [Method::HEAD, Method::POST, Method::PUT, Method::PATCH]
        .iter()
        .zip(["HEAD", "POST", "PUT", "PATCH"])
        .find_map(|(other, name)| (other == method).then_some(name))
        .unwrap_or("GET")
}

fn transport_failure(method: &'static str, url: &Url, error: reqwest::Error) -> NetworkFailure {
    NetworkFailure::Transport { method, url: redacted(url), source: Box::new(error.without_url()) }
}

/// What is at the bottom of an error: the layers above it say where it passed through.
fn innermost(error: &dyn StdError) -> String {
    let causes = std::iter::successors(Some(error), |&cause| cause.source());
    causes.last().map(|cause| one_line(&cause.to_string())).unwrap_or_default()
}

pub(crate) fn same_origin(left: &Url, right: &Url) -> bool {
    left.origin() == right.origin()
}

/// Where the registry named `host` answers in plain http.
fn plain_url(host: &str) -> Option<Url> {
    let host = Host::parse(host).ok()?;
    Url::parse(&format!("http://{}", host.endpoint())).ok()
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_url(host: &str, insecure: &[&str], expected: &str) {
        let insecure = insecure.iter().map(|host| (*host).to_owned()).collect();
        let transport =
            Transport::new(Credentials::anonymous(), &insecure, HttpOptions::default(), EventSink::silent());
        let repository = Repository::new(Host::parse(host).unwrap(), "a/b").unwrap();
        assert_eq!(transport.url(&repository, "tags/list").unwrap().as_str(), expected);
    }

    #[test]
    fn plain_http_is_for_loopback_and_for_hosts_marked_insecure() {
        check_url("ghcr.io", &[], "https://ghcr.io/v2/a/b/tags/list");
        check_url("docker.io", &[], "https://registry-1.docker.io/v2/a/b/tags/list");
        check_url("[::1]:5000", &[], "http://[::1]:5000/v2/a/b/tags/list");
        check_url("registry.example:80", &["Registry.example"], "http://registry.example/v2/a/b/tags/list");
        check_url(
            "registry.example:5000",
            &["registry.example", "other:5000"],
            "https://registry.example:5000/v2/a/b/tags/list",
        );
    }

    #[test]
    fn a_host_that_no_url_can_have_is_an_error() {
        let transport =
            Transport::new(Credentials::anonymous(), &BTreeSet::new(), HttpOptions::default(), EventSink::silent());
        let repository = Repository::new(Host::parse("1.2.3.4.5").unwrap(), "a").unwrap();
        assert!(transport.url(&repository, "tags/list").is_err());
    }

    #[test]
    fn a_url_in_a_message_has_no_secrets() {
        let url = Url::parse("https://user:pw@storage.example/blob?signature=secret#fragment").unwrap();
        assert_eq!(redacted(&url), "https://storage.example/blob");
    }
}
