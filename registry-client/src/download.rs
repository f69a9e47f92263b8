//! How a blob comes into the store: from a repository and a descriptor to verified bytes, through answers that break off, begin
//! elsewhere, or come from a mirror.
//!
//! A download goes on where an earlier one ended, in this process or in one before. Who sent which bytes does not matter, because the
//! whole must have the digest. Where a whole that was pieced together does not, the next try starts from nothing and is not pieced
//! together, so that one bad piece can neither be kept nor keep a good server from being believed.

use reqwest::StatusCode;

use crate::blob::Mismatch;
use crate::client::blocking;
use crate::digest::Descriptor;
use crate::error::NetworkFailure;
use crate::event::{Event, EventSink};
use crate::ingest::{Ingest, Received};
use crate::repository::Repository;
use crate::retry::Attempts;
use crate::store::{Store, StoreError};
use crate::transport::{RequestError, Transport};

/// What makes a try worth it, so that the tries are counted from one again.
const PROGRESS: u64 = 1024 * 1024;

/// One blob on its way.
pub(crate) struct Download<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) store: &'a Store,
    pub(crate) events: &'a EventSink,
    pub(crate) component: Descriptor,
}

/// Why there is no verified file: nobody sent it, or the store cannot keep it.
#[derive(Debug)]
pub(crate) enum DownloadError {
    Request(RequestError),
    Store(StoreError),
}

impl From<RequestError> for DownloadError {
    fn from(error: RequestError) -> DownloadError {
        DownloadError::Request(error)
    }
}

impl From<NetworkFailure> for DownloadError {
    fn from(failure: NetworkFailure) -> DownloadError {
        DownloadError::Request(failure.into())
    }
}

impl From<StoreError> for DownloadError {
    fn from(error: StoreError) -> DownloadError {
        match error {
            StoreError::Mismatch(mismatch) => DownloadError::Request(mismatch.into()),
            error @ StoreError::Io { .. } => DownloadError::Store(error),
        }
    }
}

/// Whether a try may go on from the bytes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resume {
    Allowed,
    Forbidden,
}

/// What one answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// As many bytes as there should be.
    Complete,
    /// Nothing that could be appended to the bytes there are.
    NotTheRest,
}

impl Download<'_> {
    /// Downloads the blob: from a mirror, or else from `repository` itself.
    pub(crate) async fn run(&self, repository: &Repository) -> Result<Received, DownloadError> {
        for mirror in self.transport.mirrors(repository) {
            match self.from(&mirror, self.transport.one_attempt(self.component.size)).await {
                Err(DownloadError::Request(error)) => self.transport.pass_over(&mirror, &error),
                ended => return ended,
            }
        }
        let attempts = self.transport.attempts(self.component.size).of_blob(self.component.digest);
        self.from(repository, attempts).await
    }

    async fn from(&self, repository: &Repository, mut attempts: Attempts<'_>) -> Result<Received, DownloadError> {
        let url = self.transport.url(repository, &format!("blobs/{}", self.component.digest))?;
        let mut ingest = self.ingest().await?;
        let mut resume = Resume::Allowed;
        loop {
            if resume == Resume::Forbidden && ingest.received() > 0 {
                ingest.restart()?;
            }
            let before = ingest.received();
            let is_pieced = before > 0;
            let mut ended = attempts.make(&url, self.answer(&mut ingest, repository)).await;
            if let Ok(Outcome::Complete) = ended {
                match ingest.finish() {
                    Ok(received) => return Ok(received),
                    Err(error) => ended = Err(error.into()),
                }
                ingest = self.ingest().await?;
            }
            match ended {
                Ok(_) => resume = Resume::Forbidden,
                Err(DownloadError::Request(RequestError::Mismatch(_))) if is_pieced => {
                    resume = Resume::Forbidden;
                }
                Err(DownloadError::Request(error)) => {
                    if ingest.received() >= before.saturating_add(PROGRESS) {
                        attempts.progressed();
                    }
                    attempts.wait_after(error).await?;
                }
                Err(error @ DownloadError::Store(_)) => return Err(error),
            }
        }
    }

    /// Asks once, and takes in what comes.
    async fn answer(&self, ingest: &mut Ingest, repository: &Repository) -> Result<Outcome, DownloadError> {
        let Descriptor { digest, size } = self.component;
        let offset = ingest.received();
        if offset > 0 && offset == size {
            self.events.emit(Event::DownloadResumed { digest, received: offset });
            return Ok(Outcome::Complete);
        }
        let mut answer = self.transport.blob(repository, digest, offset).await?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if answer.begins_at(offset) => {
                self.events.emit(Event::DownloadResumed { digest, received: offset });
            }
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => return Ok(Outcome::NotTheRest),
            // All of it again: the server does not know ranges.
            _ if offset > 0 => ingest.restart()?,
            _ => {}
        }
        if let Some(length) = answer.declared_length() {
            let found = ingest.received().saturating_add(length);
            if found != size {
                return Err(RequestError::from(Mismatch::Size { expected: size, found }).into());
            }
        }
        while let Some(piece) = answer.piece().await? {
            // A piece is what one read of the socket gave, and goes to the page cache: too short to leave the runtime for.
            let received = ingest.write(piece.as_ref())?;
            self.events.emit(Event::DownloadProgress { digest, received });
        }
        match ingest.received() {
            // Neither a length nor a last chunk was there to tell this from the end.
            received if received < size => Err(answer.broken_off("the server closed the connection".to_owned()).into()),
            _ => Ok(Outcome::Complete),
        }
    }

    async fn ingest(&self) -> Result<Ingest, DownloadError> {
        let (store, component) = (self.store.clone(), self.component);
        // What an earlier run left is hashed first.
        Ok(blocking(move || store.ingest(&component)).await?)
    }
}
