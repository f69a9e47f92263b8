//! The HTTP API of a warg registry: from a question to an answer of the right type, bounded in time and size, or to what was refused.
//!
//! The types are `warg-api`'s; what an answer claims is checked by whoever asked. API calls are not redirected: their answers are
//! believed by what they prove, but their questions may carry a credential. Content may be anywhere that [`destination`] allows: it has a
//! digest.
//!
//! [`destination`]: crate::destination

use std::borrow::Cow;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use warg_api::v1::content::{ContentSource, ContentSourcesResponse};
use warg_api::v1::fetch::{FetchLogsRequest, FetchLogsResponse};
use warg_api::v1::package::{PackageRecord, PublishRecordRequest};
use warg_api::v1::paths;
use warg_api::v1::proof::{ConsistencyRequest, ConsistencyResponse, InclusionRequest, InclusionResponse};
use warg_crypto::hash::AnyHash;
use warg_protocol::registry::{LogId, RecordId};

use super::checkpoint::Checkpoint;
use super::hash;
use crate::credential::{Credential, CredentialSource};
use crate::digest::Digest;
use crate::error::{NetworkFailure, one_line};
use crate::repository::Repository;
use crate::retry::{Attempts, wait_asked_for};
use crate::transport::{Answer, RequestError, Transport, redacted};
use crate::warg_registry::WargRegistry;

/// A checkpoint, the state of a record, the places of some content.
const MAX_SMALL: u64 = 256 * 1024;
/// A page of records, or proofs.
const MAX_LARGE: u64 = 16 * 1024 * 1024;
const MAX_REFUSAL: u64 = 64 * 1024;
/// How many places of some content are looked at.
const MAX_PLACES: usize = 8;

/// The API of one registry.
pub(super) struct Api<'a> {
    pub(super) registry: &'a WargRegistry,
    pub(super) transport: &'a Transport,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum ApiError {
    Request(RequestError),
    /// The registry refused, for a reason that it has words of its own for.
    Refused(Refusal, Box<NetworkFailure>),
}

/// A reason that warg has words for.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no log of this identifier.
    NoSuchLog,
    NamespaceNotDefined,
    NamespaceImported(String),
    /// What was sent is not acceptable, in the registry's words.
    Rejected(String),
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> ApiError {
        ApiError::Request(error)
    }
}

impl From<NetworkFailure> for ApiError {
    fn from(failure: NetworkFailure) -> ApiError {
        ApiError::Request(failure.into())
    }
}

/// What a registry says when it refuses. All of it is optional: something else may answer in its place.
#[derive(Debug, Default, Deserialize)]
struct RefusalBody {
    message: Option<String>,
    reason: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<serde_json::Value>,
}

impl Api<'_> {
    pub(super) async fn checkpoint(&self) -> Result<Checkpoint, ApiError> {
        self.get(paths::fetch_checkpoint(), MAX_SMALL).await
    }

    /// The records of the operator's log and of one package after those with these tokens, in a log of `length` records. All pages
    /// share `attempts`, and the time there is for them.
    pub(super) async fn logs(
        &self,
        attempts: &mut Attempts<'_>,
        length: u64,
        operator: Option<&str>,
        package: Option<&(LogId, Option<String>)>,
    ) -> Result<FetchLogsResponse, ApiError> {
        let packages: IndexMap<LogId, Option<String>> = package.cloned().into_iter().collect();
        let request = FetchLogsRequest {
            log_length: index(length),
            limit: None,
            operator: operator.map(Cow::Borrowed),
            packages: Cow::Owned(packages),
        };
        let answer = self.ask(attempts, Method::POST, paths::fetch_logs(), Some(written(&request)), MAX_LARGE).await?;
        attempts.progressed();
        Ok(answer)
    }

    pub(super) async fn inclusion(&self, length: u64, leaves: &[u64]) -> Result<InclusionResponse, ApiError> {
        let leafs = leaves.iter().map(|leaf| index(*leaf)).collect();
        let request = InclusionRequest { log_length: index(length), leafs };
        self.post(paths::prove_inclusion(), &request, MAX_LARGE).await
    }

    pub(super) async fn consistency(&self, from: u64, to: u64) -> Result<Vec<u8>, ApiError> {
        let request = ConsistencyRequest { from: index(from), to: index(to) };
        let answer: ConsistencyResponse = self.post(paths::prove_consistency(), &request, MAX_LARGE).await?;
        Ok(answer.proof)
    }

    /// Where the content of `digest` can be had, with its size where the registry says it.
    pub(super) async fn sources(&self, digest: Digest) -> Result<Vec<(Url, Option<u64>)>, ApiError> {
        let key: AnyHash = hash(digest);
        let path = paths::content_sources(&key);
        let base = self.url(&path)?;
        let mut answer: ContentSourcesResponse = self.get(&path, MAX_SMALL).await?;
        let sources = answer.content_sources.swap_remove(&key).unwrap_or_default();
        let mut places = Vec::new();
        for ContentSource::HttpGet { url, size, .. } in sources.into_iter().take(MAX_PLACES) {
            let place = base.join(&url).map_err(|_| protocol("GET", &base, "a place that is no URL"))?;
            self.transport
                .check_destination(&base, &place)
                .map_err(|problem| protocol("GET", &base, &format!("a place of the content at {problem}")))?;
            places.push((place, size));
        }
        if places.is_empty() {
            return Err(protocol("GET", &base, "no place of the content").into());
        }
        Ok(places)
    }

    /// Asks for content at a place that [`Api::sources`] named, from the byte at `offset` on, or for its headers alone.
    pub(super) async fn content(&self, method: Method, place: &Url, offset: u64) -> Result<Answer, RequestError> {
        let authorization = self.authorization(place).await?;
        let answer = self.transport.follow(method, place, "*/*", offset, authorization.as_ref()).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => Ok(answer),
            StatusCode::NOT_FOUND => Err(RequestError::NotFound(Box::new(answer.into_failure().await))),
            _ => Err(answer.into_failure().await.into()),
        }
    }

    pub(super) async fn publish(
        &self,
        log: &LogId,
        request: &PublishRecordRequest<'_>,
    ) -> Result<PackageRecord, ApiError> {
        self.post(&paths::publish_package_record(log), request, MAX_SMALL).await
    }

    pub(super) async fn record(&self, log: &LogId, record: &RecordId) -> Result<PackageRecord, ApiError> {
        self.get(&paths::package_record(log, record), MAX_SMALL).await
    }

    /// Sends content to where the registry wants it, which may be relative to the registry.
    pub(super) async fn upload(
        &self,
        method: &str,
        place: &str,
        headers: &IndexMap<String, String>,
        size: u64,
        body: impl Fn() -> reqwest::Body,
    ) -> Result<(), ApiError> {
        let base = self.url("")?;
        let failed = |problem: &str| ApiError::from(protocol("POST", &base, problem));
        let (method, name) = match method {
            "POST" => (Method::POST, "POST"),
            "PUT" => (Method::PUT, "PUT"),
            _ => return Err(failed("an upload that is neither POST nor PUT")),
        };
        let place = base.join(place).map_err(|_| failed("a place for content that is no URL"))?;
        self.transport
            .check_destination(&base, &place)
            .map_err(|problem| failed(&format!("a place for content at {problem}")))?;
        let authorization = self.authorization(&place).await?;
        let mut attempts = self.transport.attempts(size).by(name);
        loop {
            let attempt = async {
                let answer = self.transport.send(method.clone(), &place, |request| {
                    let mut request = request.body(body());
                    request = request.header(reqwest::header::CONTENT_LENGTH, size);
                    for (name, value) in headers {
                        // What is allowed to be asked for, by the protocol.
                        if name == "authorization" || name == "content-type" {
                            request = request.header(name, value);
                        }
                    }
                    match &authorization {
                        Some(value) if !headers.contains_key("authorization") => {
                            request.header(AUTHORIZATION, value.clone())
                        }
                        _ => request,
                    }
                });
                let answer = answer.await?;
                if answer.status().is_success() { Ok(()) } else { Err(self.refused(answer, &place).await) }
            };
            match attempts.make(&place, attempt).await {
                Err(ApiError::Request(error)) => attempts.wait_after(error).await?,
                ended => return ended,
            }
        }
    }

    /// The tries there are for all pages of a log.
    pub(super) fn attempts(&self) -> Attempts<'_> {
        self.transport.attempts(MAX_LARGE).by("POST")
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, limit: u64) -> Result<T, ApiError> {
        self.ask(&mut self.transport.attempts(limit), Method::GET, path, None, limit).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, request: &impl Serialize, limit: u64) -> Result<T, ApiError> {
        let mut attempts = self.transport.attempts(limit).by("POST");
        self.ask(&mut attempts, Method::POST, path, Some(written(request)), limit).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        attempts: &mut Attempts<'_>,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        limit: u64,
    ) -> Result<T, ApiError> {
        let url = self.url(path)?;
        let authorization = self.authorization(&url).await?;
        let name = if method == Method::GET { "GET" } else { "POST" };
        let bytes = loop {
            let attempt = async {
                let answer = self.transport.send(method.clone(), &url, |request| {
                    let request = request.header(ACCEPT, "application/json");
                    let request = match &body {
                        Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
                        None => request,
                    };
                    match &authorization {
                        Some(value) => request.header(AUTHORIZATION, value.clone()),
                        None => request,
                    }
                });
                let answer = self.transport.soon(name, &url, answer).await?;
                if !answer.status().is_success() {
                    return Err(self.refused(answer, &url).await);
                }
                Ok(answer.body(limit).await?)
            };
            match attempts.make(&url, attempt).await {
                Ok(bytes) => break bytes,
                Err(ApiError::Request(error)) => attempts.wait_after(error).await?,
                Err(error) => return Err(error),
            }
        };
        Ok(read(name, &url, &bytes)?)
    }

    fn url(&self, path: &str) -> Result<Url, NetworkFailure> {
        let text = format!("{}/{path}", self.registry.url());
        Url::parse(&text).map_err(|source| NetworkFailure::Transport {
            method: "GET",
            url: one_line(&text),
            source: Box::new(source),
        })
    }

    /// What proves to the registry, and to nobody else, who we are.
    async fn authorization(&self, url: &Url) -> Result<Option<HeaderValue>, RequestError> {
        let base = self.url("")?;
        if !crate::transport::same_origin(&base, url) {
            return Ok(None);
        }
        let Some(repository) = self.repository() else { return Ok(None) };
        let (credential, _) = self.transport.credentials().find(&repository).await.map_err(RequestError::Helper)?;
        Ok(credential.as_ref().and_then(header_of))
    }

    /// Asks for the checkpoint with a credential that was given, or with none.
    pub(super) async fn ask_as(&self, credential: Option<&Credential>) -> Result<(), RequestError> {
        let url = self.url(paths::fetch_checkpoint())?;
        let authorization = credential.and_then(header_of);
        let answer = self.transport.follow(Method::GET, &url, "application/json", 0, authorization.as_ref()).await?;
        match answer.status() {
            // Something else than a registry may let everybody in.
            StatusCode::OK => Ok(read::<Checkpoint>("GET", &url, &answer.body(MAX_SMALL).await?).map(drop)?),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let failure = Box::new(answer.into_failure().await);
                Err(RequestError::Unauthorized(CredentialSource::Given, failure))
            }
            _ => Err(answer.into_failure().await.into()),
        }
    }

    fn credential_source(&self) -> CredentialSource {
        let source = self.repository().map(|repository| self.transport.credentials().source(&repository));
        source.unwrap_or(CredentialSource::Anonymous)
    }

    /// The registry as credentials name it.
    fn repository(&self) -> Option<Repository> {
        Repository::new(self.registry.parsed_host().clone(), "v1").ok()
    }

    async fn refused(&self, answer: Answer, url: &Url) -> ApiError {
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| wait_asked_for(value, SystemTime::now()));
        let method = answer.method();
        // The body only explains; where it cannot be had, the status has to do.
        let body = answer.body(MAX_REFUSAL).await.unwrap_or_default();
        let refusal: RefusalBody = serde_json::from_slice(&body).unwrap_or_default();
        let shown = |text: Option<String>| text.map(|text| one_line(&text)).filter(|line| !line.is_empty());
        let (kind, id) = (refusal.kind.unwrap_or_default(), refusal.id.as_ref().and_then(serde_json::Value::as_str));
        let id = one_line(id.unwrap_or_default());
        let message = shown(refusal.message.or(refusal.reason));
        let failure = Box::new(NetworkFailure::Status {
            method,
            url: redacted(url),
            status: status.as_u16(),
            code: shown(Some(kind.clone())),
            message: message.clone(),
            retry_after,
        });
        let reason = match (status, kind.as_str()) {
            (StatusCode::NOT_FOUND, "log") => Some(Refusal::NoSuchLog),
            (StatusCode::NOT_FOUND, "namespace") => Some(Refusal::NamespaceNotDefined),
            (StatusCode::CONFLICT, "namespaceImport") => Some(Refusal::NamespaceImported(id)),
            (StatusCode::CONFLICT, "record") => {
                Some(Refusal::Rejected("another record is being published, try again when it was".to_owned()))
            }
            (StatusCode::UNPROCESSABLE_ENTITY, "") => message.map(Refusal::Rejected),
            _ => None,
        };
        match (reason, status) {
            (Some(reason), _) => ApiError::Refused(reason, failure),
            (None, StatusCode::NOT_FOUND) => RequestError::NotFound(failure).into(),
            (None, StatusCode::UNAUTHORIZED) => RequestError::Unauthorized(self.credential_source(), failure).into(),
            (None, StatusCode::FORBIDDEN) => RequestError::Forbidden(self.credential_source(), failure).into(),
            (None, _) => RequestError::Failed(failure).into(),
        }
    }
}

fn read<T: DeserializeOwned>(method: &'static str, url: &Url, bytes: &[u8]) -> Result<T, NetworkFailure> {
    serde_json::from_slice(bytes).map_err(|error| {
        protocol(method, url, &format!("something that is not warg's: {}", one_line(&error.to_string())))
    })
}

fn written(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).expect("can be written, because its maps have texts for keys")
}

/// A credential as a request has it. One that cannot be sent is none: the registry says whether it wants one.
fn header_of(credential: &Credential) -> Option<HeaderValue> {
    let value = match credential {
        Credential::Basic { username, password } => {
            format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose())))
        }
        Credential::Identity(token) | Credential::Bearer(token) => format!("Bearer {}", token.expose()),
    };
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The protocol's own type for a place in the log. Lengths are checked to be below 2³¹ before they are asked about.
fn index(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn protocol(method: &'static str, url: &Url, problem: &str) -> NetworkFailure {
    NetworkFailure::Protocol { method, url: redacted(url), problem: problem.to_owned() }
}
