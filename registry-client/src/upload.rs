//! How an OCI registry is given blobs and manifests, by the
//! [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push).
//!
//! A registry says where the next request of an upload goes. It must be the registry itself: bytes and authorization are sent nowhere
//! else. What was sent is verified by the registry, against the digest in the last request.

use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Method, StatusCode, Url};

use crate::artifact::{IMAGE_INDEX_TYPES, IMAGE_MANIFEST_TYPES};
use crate::authorization::Access;
use crate::digest::Digest;
use crate::error::{NetworkFailure, one_line};
use crate::event::{Event, EventSink};
use crate::oci::MAX_MANIFEST;
use crate::publication::Blob;
use crate::repository::Repository;
use crate::retry::Attempts;
use crate::transport::{Answer, RequestError, Transport, redacted, same_origin};

/// What a chunk has where a registry refuses a blob in one request and does not say how large a chunk must be.
const CHUNK: u64 = 16 * 1024 * 1024;
const CHUNK_MIN_LENGTH: &str = "oci-chunk-min-length";
const CONTENT_DIGEST: &str = "docker-content-digest";
const BYTES: &str = "application/octet-stream";

/// How one blob came to be in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It had it.
    Present,
    /// It took it from another repository of its own.
    Mounted,
    /// It was sent it.
    Sent,
}

/// Where blobs go, and how.
pub(crate) struct Upload<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) repository: &'a Repository,
    /// Repositories of the same registry that may have the blobs.
    pub(crate) sources: &'a [Repository],
    /// The most bytes a request may have, where there is such a limit.
    pub(crate) chunk: Option<u64>,
    pub(crate) events: &'a EventSink,
}

/// Where the next request of an upload goes, and the least bytes that it should have.
struct Session {
    location: Url,
    min_chunk: u64,
}

impl Upload<'_> {
    /// Whether the repository has the blob.
    pub(crate) async fn is_present(&self, digest: Digest) -> Result<bool, RequestError> {
        let url = self.transport.url(self.repository, &format!("blobs/{digest}"))?;
        let ask = || self.transport.ask(Method::HEAD, self.repository, &Access::Push, &url, "*/*");
        match self.persistently(self.transport.attempts(0), &url, ask).await {
            Ok(_) => Ok(true),
            Err(RequestError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The digest of the image manifest that `selector` selects, if there is one.
    pub(crate) async fn existing_manifest(&self, selector: &str) -> Result<Option<Digest>, RequestError> {
        let url = self.transport.url(self.repository, &format!("manifests/{selector}"))?;
        let accept = [IMAGE_MANIFEST_TYPES, IMAGE_INDEX_TYPES].concat().join(", ");
        let manifest = || async {
            let answer = self.transport.ask(Method::GET, self.repository, &Access::Push, &url, &accept).await?;
            answer.body(MAX_MANIFEST).await
        };
        match self.persistently(self.transport.attempts(MAX_MANIFEST), &url, manifest).await {
            Ok(manifest) => Ok(Some(Digest::of(&manifest))),
            Err(RequestError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the repository a blob that it does not have.
    pub(crate) async fn deliver(&self, blob: &Blob) -> Result<Delivery, RequestError> {
        for source in self.sources {
            // A mount only saves time: where it is refused, for whatever reason, the bytes are sent.
            match self.mount(blob.descriptor.digest, source).await {
                Ok(Mount::Done) => return Ok(Delivery::Mounted),
                Ok(Mount::Begun(session)) => {
                    if let Ok(delivery) = self.send(blob, session).await {
                        return Ok(delivery);
                    }
                }
                Err(_) => {}
            }
        }
        // An upload that breaks off is begun again, from its first byte.
        let url = self.transport.url(self.repository, "blobs/uploads/")?;
        let attempt = || async {
            match self.send(blob, self.begin().await?).await {
                // There is no point in sending a file again that has become another one.
                Err(RequestError::Failed(failure)) if !blob.is_whole() => {
                    Err(RequestError::GaveUp { failure, attempts: 1 })
                }
                outcome => outcome,
            }
        };
        let attempts = self.transport.attempts(blob.descriptor.size).of_blob(blob.descriptor.digest);
        self.persistently(attempts, &url, attempt).await
    }

    /// Puts an image manifest under `selector`, a tag or a digest. Its blobs are there.
    pub(crate) async fn put_manifest(&self, selector: &str, manifest: &[u8]) -> Result<(), RequestError> {
        let url = self.transport.url(self.repository, &format!("manifests/{selector}"))?;
        let attempts = self.transport.attempts(manifest.len() as u64);
        self.persistently(attempts, &url, || self.try_manifest(&url, manifest)).await
    }

    async fn try_manifest(&self, url: &Url, manifest: &[u8]) -> Result<(), RequestError> {
        let answer = self
            .change(Method::PUT, url, manifest.len() as u64, |request| {
                request.header(CONTENT_TYPE, OCI_IMAGE_MEDIA_TYPE).body(manifest.to_vec())
            })
            .await?;
        let answer = self.transport.expect(self.repository, answer, &[StatusCode::CREATED]).await?;
        let stored = answer.headers().get(CONTENT_DIGEST).map(|digest| String::from_utf8_lossy(digest.as_bytes()));
        match stored.filter(|stored| *stored != Digest::of(manifest).to_string()) {
            Some(stored) => {
                Err(answer.protocol(&format!("the digest {} of another manifest", one_line(&stored))).into())
            }
            None => Ok(()),
        }
    }

    /// Makes `attempt` as often as it makes sense.
    async fn persistently<T, F: Future<Output = Result<T, RequestError>>>(
        &self,
        mut attempts: Attempts<'_>,
        url: &Url,
        attempt: impl Fn() -> F,
    ) -> Result<T, RequestError> {
        loop {
            match attempts.make(url, attempt()).await {
                Err(error) => attempts.wait_after(error).await?,
                made => return made,
            }
        }
    }

    async fn mount(&self, digest: Digest, source: &Repository) -> Result<Mount, RequestError> {
        let mut url = self.transport.url(self.repository, "blobs/uploads/")?;
        url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", source.path());
        let access = Access::PushFrom(source.clone());
        let answer =
            self.transport.change(Method::POST, self.repository, &access, &url, 0, |request| request.body("")).await?;
        let wanted = [StatusCode::CREATED, StatusCode::ACCEPTED];
        let answer = self.transport.expect(self.repository, answer, &wanted).await?;
        if answer.status() == StatusCode::CREATED { Ok(Mount::Done) } else { Ok(Mount::Begun(session(&answer)?)) }
    }

    async fn begin(&self) -> Result<Session, RequestError> {
        let url = self.transport.url(self.repository, "blobs/uploads/")?;
        let answer = self.change(Method::POST, &url, 0, |request| request.body("")).await?;
        Ok(session(&self.transport.expect(self.repository, answer, &[StatusCode::ACCEPTED]).await?)?)
    }

    /// Sends the bytes: in one request, unless they are too many for one.
    async fn send(&self, blob: &Blob, session: Session) -> Result<Delivery, RequestError> {
        let size = blob.descriptor.size;
        match self.chunk {
            Some(chunk) if size > chunk => self.send_in_chunks(blob, session, chunk).await?,
            _ => {
                let answer = self.send_whole(blob, &session).await?;
                if answer.status() == StatusCode::PAYLOAD_TOO_LARGE && size > CHUNK {
                    self.send_in_chunks(blob, self.begin().await?, CHUNK).await?;
                } else {
                    self.transport.expect(self.repository, answer, &[StatusCode::CREATED]).await?;
                }
            }
        }
        Ok(Delivery::Sent)
    }

    async fn send_whole(&self, blob: &Blob, session: &Session) -> Result<Answer, RequestError> {
        let size = blob.descriptor.size;
        self.change(Method::PUT, &session.last(blob.descriptor.digest), size, |request| {
            request.header(CONTENT_TYPE, BYTES).header(CONTENT_LENGTH, size).body(self.body(blob, 0, size))
        })
        .await
    }

    async fn send_in_chunks(&self, blob: &Blob, mut session: Session, chunk: u64) -> Result<(), RequestError> {
        let size = blob.descriptor.size;
        let chunk = chunk.max(session.min_chunk);
        let mut start = 0;
        while start < size {
            let end = size.min(start.saturating_add(chunk));
            let answer = self
                .change(Method::PATCH, &session.location, end - start, |request| {
                    let request = request.header(CONTENT_TYPE, BYTES).header(CONTENT_LENGTH, end - start);
                    request.header(CONTENT_RANGE, format!("{start}-{}", end - 1)).body(self.body(blob, start, end))
                })
                .await?;
            let answer = self.transport.expect(self.repository, answer, &[StatusCode::ACCEPTED]).await?;
            let held = answer.headers().get(RANGE).map(|range| String::from_utf8_lossy(range.as_bytes()).into_owned());
            if let Some(held) = held.filter(|held| *held != format!("0-{}", end - 1)) {
                let problem = format!("the range {} after bytes 0-{} were sent", one_line(&held), end - 1);
                return Err(answer.protocol(&problem).into());
            }
            session.location = location(&answer)?;
            start = end;
        }
        let last = session.last(blob.descriptor.digest);
        let answer = self.change(Method::PUT, &last, 0, |request| request.header(CONTENT_LENGTH, 0)).await?;
        self.transport.expect(self.repository, answer, &[StatusCode::CREATED]).await.map(drop)
    }

    fn body(&self, blob: &Blob, start: u64, end: u64) -> reqwest::Body {
        let (events, digest) = (self.events.clone(), blob.descriptor.digest);
        blob.body(start, end, move |sent| events.emit(Event::UploadProgress { digest, sent }))
    }

    async fn change(
        &self,
        method: Method,
        url: &Url,
        bytes: u64,
        complete: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder + Sync,
    ) -> Result<Answer, RequestError> {
        self.transport.change(method, self.repository, &Access::Push, url, bytes, complete).await
    }
}

enum Mount {
    Done,
    /// The registry would rather be sent the bytes.
    Begun(Session),
}

impl Session {
    /// Where the request goes that ends the upload.
    fn last(&self, digest: Digest) -> Url {
        let mut url = self.location.clone();
        url.query_pairs_mut().append_pair("digest", &digest.to_string());
        url
    }
}

fn session(answer: &Answer) -> Result<Session, NetworkFailure> {
    let min_chunk = answer.headers().get(CHUNK_MIN_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(Session { location: location(answer)?, min_chunk: min_chunk.unwrap_or(1) })
}

/// Where the registry wants the next request, which is at the registry.
fn location(answer: &Answer) -> Result<Url, NetworkFailure> {
    let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(location) = location.and_then(|location| answer.url().join(location).ok()) else {
        return Err(answer.protocol("no place for the next request of the upload"));
    };
    if !location.username().is_empty() || location.password().is_some() {
        return Err(answer.protocol("a place for the next request of the upload with a user name in it"));
    }
    if !same_origin(&location, answer.url()) {
        let problem =
            format!("{} for the next request of the upload, which is not the same server", redacted(&location));
        return Err(answer.protocol(&problem));
    }
    Ok(location)
}
