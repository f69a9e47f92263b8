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

mod answer;
mod error;
mod url;

pub(crate) use answer::{Answer, Body};
pub(crate) use error::RequestError;
use url::plain_url;
pub(crate) use url::{is_loopback, redacted, same_origin};

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION, RANGE};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use tokio::time::timeout;

use crate::authorization::{Access, Challenge};
use crate::connections::Connections;
use crate::credentials::Credentials;
use crate::destination::{self, PlainHttp};
use crate::error::{NetworkFailure, Slowness};
use crate::event::{Event, EventSink};
use crate::http_options::{HttpOptions, Patience, RetryPolicy, Scheme};
use crate::repository::Repository;
use crate::retry::Attempts;
use crate::turns::LargeBodies;

const MAX_REDIRECTS: usize = 5;

/// Speaks HTTP to registries, with their credentials.
pub(crate) struct Transport {
    credentials: Credentials,
    insecure: Vec<Url>,
    connections: Connections,
    retry: RetryPolicy,
    patience: Patience,
    events: EventSink,
    large_bodies: LargeBodies,
    authorizations: Mutex<BTreeMap<(Repository, Access), HeaderValue>>,
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
            large_bodies: LargeBodies::default(),
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
        if answer.status() != StatusCode::UNAUTHORIZED || !same_origin(answer.url(), url) {
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
            Ok(response) => Ok(Answer::new(response, name, url.clone(), self.patience, self.large_bodies.clone())),
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
        let Some(mut next) = location.and_then(|location| answer.url().join(location).ok()) else {
            return Err(answer.protocol("a redirect to nowhere"));
        };
        self.check_destination(answer.url(), &next)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;

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
}
