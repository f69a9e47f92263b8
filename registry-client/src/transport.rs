//! HTTP as this crate allows it: from a URL and a repository's authorization to an answer whose body is read under a limit.
//!
//! - Plain http only to loopback hosts, which are always spoken to so, and to hosts marked insecure.
//! - At most [`MAX_REDIRECTS`] redirects; none to a place where plain http is not allowed, and none from https to http.
//! - Authorization goes to the origin it is for and to no other.
//! - Every body held in memory has a cap; every wait has a timeout.
//!
//! It is written on `reqwest` rather than on the client in `oci-client`, of which this crate uses the data types: that client reads
//! manifests, tag lists, tokens and error bodies of any size into memory, treats a credential that the token server refused as none,
//! and leaves redirects to `reqwest`'s defaults.
//!
//! NB: nothing is retried, and a download that breaks off starts afresh. A server that keeps sending a little within each timeout is
//! waited for until it reaches a cap.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use oci_client::errors::OciEnvelope;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use crate::authorization::{Access, Challenge};
use crate::credentials::{CredentialSource, Credentials};
use crate::error::{NetworkFailure, one_line};
use crate::host::{Host, is_loopback_name};
use crate::repository::Repository;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a server may stay silent; not how long an answer may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_REDIRECTS: usize = 5;
const MAX_ERROR_BODY: u64 = 64 * 1024;
const USER_AGENT: &str = concat!("compose/", env!("CARGO_PKG_VERSION"));

/// Speaks HTTP to registries, with their credentials.
pub(crate) struct Transport {
    credentials: Credentials,
    insecure: Vec<Url>,
    proxied: OnceLock<reqwest::Client>,
    direct: OnceLock<reqwest::Client>,
    authorizations: Mutex<BTreeMap<(Repository, Access), HeaderValue>>,
}

/// Why a request has no usable answer.
#[derive(Debug)]
pub(crate) enum RequestError {
    NotFound(Box<NetworkFailure>),
    Unauthorized(CredentialSource, Box<NetworkFailure>),
    Forbidden(CredentialSource, Box<NetworkFailure>),
    TooLarge { limit: u64, unit: &'static str },
    Failed(Box<NetworkFailure>),
    Setup(Box<dyn StdError + Send + Sync>),
}

impl From<NetworkFailure> for RequestError {
    fn from(failure: NetworkFailure) -> RequestError {
        RequestError::Failed(Box::new(failure))
    }
}

impl Transport {
    /// Remembers what is needed; connects to nothing, and needs no certificates before the first request. What is no host in
    /// `insecure` allows nothing.
    pub(crate) fn new(credentials: Credentials, insecure: &BTreeSet<String>) -> Transport {
        Transport {
            credentials,
            insecure: insecure.iter().filter_map(|host| plain_url(host)).collect(),
            proxied: OnceLock::new(),
            direct: OnceLock::new(),
            authorizations: Mutex::default(),
        }
    }

    /// The URL of `path` below the API of a registry.
    pub(crate) fn url(&self, repository: &Repository, path: &str) -> Result<Url, NetworkFailure> {
        let host = repository.host();
        let url = |scheme: &str| {
            let url = format!("{scheme}://{}/v2/{}/{path}", host.endpoint(), repository.path());
            let parsed = Url::parse(&url);
            parsed.map_err(|source| NetworkFailure::Transport { method: "GET", url, source: Box::new(source) })
        };
        let plain = url("http")?;
        if self.allows_plain_http(&plain) { Ok(plain) } else { url("https") }
    }

    /// Gets `url`, which is of `repository`'s registry, authorized as that registry asks for it.
    pub(crate) async fn get(&self, repository: &Repository, url: &Url, accept: &str) -> Result<Answer, RequestError> {
        self.ask(Method::GET, repository, &Access::Pull, url, accept).await
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
                async move { self.follow(method, url, accept, authorization.as_ref()).await }
            })
            .await?;
        self.expect(repository, answer, &[StatusCode::OK]).await
    }

    /// Sends a request that changes something, authorized for `access`. Redirects are not followed: whoever changes a registry talks
    /// to that registry.
    pub(crate) async fn change(
        &self,
        method: Method,
        repository: &Repository,
        access: &Access,
        url: &Url,
        complete: impl Fn(RequestBuilder) -> RequestBuilder + Sync,
    ) -> Result<Answer, RequestError> {
        let complete = &complete;
        self.authorized(repository, access, url, |authorization| {
            let method = method.clone();
            async move {
                self.send(method, url, |request| with_authorization(complete(request), authorization.as_ref())).await
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
        let request = complete(self.client(url)?.request(method, url.clone()));
        match request.send().await {
            Ok(response) => Ok(Answer { response, method: name, url: url.clone() }),
            Err(error) => Err(transport_failure(name, url, error).into()),
        }
    }

    async fn follow(
        &self,
        method: Method,
        start: &Url,
        accept: &str,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, RequestError> {
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            let authorization = authorization.filter(|_| same_origin(&url, start));
            let answer = self
                .send(method.clone(), &url, |request| with_authorization(request.header(ACCEPT, accept), authorization))
                .await?;
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
        // A user in a URL would become a credential that nobody gave us.
        if !next.username().is_empty() || next.password().is_some() {
            return Err(answer.protocol("a redirect with a user name in it"));
        }
        if answer.url.scheme() == "https" && next.scheme() != "https" {
            return Err(answer.protocol(&format!("a redirect from https to {}", redacted(&next))));
        }
        self.check_scheme(&next).map_err(|problem| answer.protocol(&format!("a redirect to {problem}")))?;
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
        let source = || self.credentials.of(repository).1;
        let failure = Box::new(answer.into_failure().await);
        Err(match status {
            StatusCode::NOT_FOUND => RequestError::NotFound(failure),
            StatusCode::UNAUTHORIZED => RequestError::Unauthorized(source(), failure),
            StatusCode::FORBIDDEN => RequestError::Forbidden(source(), failure),
            _ => RequestError::Failed(failure),
        })
    }

    /// Checks a URL that a server gave us; an error is a phrase that says what it is.
    pub(crate) fn check_scheme(&self, url: &Url) -> Result<(), String> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allows_plain_http(url) => Ok(()),
            _ => Err(format!("{}, which is neither https nor on a host where plain http is allowed", redacted(url))),
        }
    }

    fn allows_plain_http(&self, url: &Url) -> bool {
        is_loopback(url) || self.insecure.iter().any(|insecure| same_origin(insecure, url))
    }

    /// The client for `url`. What stays on this machine never goes through a proxy.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, RequestError> {
        let is_direct = is_loopback(url);
        let cell = if is_direct { &self.direct } else { &self.proxied };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT);
        let builder = if is_direct { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| RequestError::Setup(Box::new(error)))?;
        Ok(cell.get_or_init(|| client))
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

    /// Reads the next piece of the body.
    pub(crate) async fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, NetworkFailure> {
        self.response.chunk().await.map_err(|error| transport_failure(self.method, &self.url, error))
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

    /// Turns an answer that is no success into what it says.
    pub(crate) async fn into_failure(self) -> NetworkFailure {
        let (method, url, status) = (self.method, redacted(&self.url), self.status().as_u16());
        // The body only explains; where it cannot be had, the status has to do.
        let body = self.body(MAX_ERROR_BODY).await.unwrap_or_default();
        let envelope: Option<OciEnvelope> = serde_json::from_slice(&body).ok();
        let first = envelope.and_then(|envelope| envelope.errors.into_iter().next());
        let shown = |text: &str| Some(one_line(text)).filter(|line| !line.is_empty());
        let code = first.as_ref().and_then(|error| shown(serde_json::to_value(&error.code).ok()?.as_str()?));
        let message = first.and_then(|error| shown(&error.message));
        NetworkFailure::Status { method, url, status, code, message }
    }

    pub(crate) fn protocol(&self, problem: &str) -> NetworkFailure {
        NetworkFailure::Protocol { method: self.method, url: redacted(&self.url), problem: problem.to_owned() }
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

pub(crate) fn same_origin(left: &Url, right: &Url) -> bool {
    left.origin() == right.origin()
}

/// Where the registry named `host` answers in plain http.
fn plain_url(host: &str) -> Option<Url> {
    let host = Host::parse(host).ok()?;
    Url::parse(&format!("http://{}", host.endpoint())).ok()
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_url(host: &str, insecure: &[&str], expected: &str) {
        let insecure = insecure.iter().map(|host| (*host).to_owned()).collect();
        let transport = Transport::new(Credentials::anonymous(), &insecure);
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
        let transport = Transport::new(Credentials::anonymous(), &BTreeSet::new());
        let repository = Repository::new(Host::parse("1.2.3.4.5").unwrap(), "a").unwrap();
        assert!(transport.url(&repository, "tags/list").is_err());
    }

    #[test]
    fn a_url_in_a_message_has_no_secrets() {
        let url = Url::parse("https://user:pw@storage.example/blob?signature=secret#fragment").unwrap();
        assert_eq!(redacted(&url), "https://storage.example/blob");
    }
}
