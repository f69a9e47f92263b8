//! How a component comes to be here: from an [`Origin`] and its [`Release`] to verified bytes.
//!
//! The store comes first. Of those who want the same component at once, one downloads it and the others wait for the store to have it.

use std::sync::{Arc, PoisonError, Weak};

use tokio::sync::Mutex as AsyncMutex;

use super::{Client, Inner, Place, blocking, layout, place};
use crate::blob::VerifiedBlob;
use crate::digest::{Descriptor, Digest};
use crate::download::{Download, DownloadError};
use crate::error::Error;
use crate::event::Event;
use crate::file::VerifiedFile;
use crate::release::{Origin, Release, Subject};
use crate::repository::Repository;
use crate::store::{Lookup, Store, StoreError};
use crate::transport::RequestError;
use crate::turns::STREAM;

/// The largest component that is held in memory as a whole.
const MAX_IN_MEMORY: u64 = 512 * 1024 * 1024;
/// The largest component there is. Sizes within WebAssembly have 32 bits.
pub(crate) const MAX_COMPONENT: u64 = 4 * 1024 * 1024 * 1024;

impl Client {
    /// Returns the component of `release`, in memory: from the store, or else from `origin` and into the store.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] or [`Error::SizeMismatch`] where other bytes come than `release` says; [`Error::BlobNotFound`]
    /// where the registry does not have them; otherwise what kept it from answering.
    pub async fn fetch(&self, origin: &Origin, release: &Release) -> Result<VerifiedBlob, Error> {
        let component = release.component;
        bounded(origin, &component, MAX_IN_MEMORY)?;
        if let Some(blob) = self.stored(origin, component, Store::read).await? {
            return Ok(blob);
        }
        match place(origin)? {
            Place::Directory(root, package) => blocking(move || layout(&root, &package)?.blob(&component)).await,
            Place::Repository(repository) => in_memory(self.download(origin, &repository, component).await?).await,
            Place::Log(warg) => in_memory(self.download_logged(origin, &warg, component).await?).await,
        }
    }

    /// Returns the component of `release` as a file, of which little is ever in memory: from the store, or else from `origin` and into
    /// the store. A directory registry's own file is returned as it is.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_file(&self, origin: &Origin, release: &Release) -> Result<VerifiedFile, Error> {
        let component = release.component;
        bounded(origin, &component, MAX_COMPONENT)?;
        if let Some(file) = self.stored(origin, component, Store::file).await? {
            return Ok(file);
        }
        match place(origin)? {
            Place::Directory(root, package) => blocking(move || layout(&root, &package)?.file(&component)).await,
            Place::Repository(repository) => self.download(origin, &repository, component).await,
            Place::Log(warg) => self.download_logged(origin, &warg, component).await,
        }
    }

    /// What the store has of `component`, as `look` looks for it.
    pub(super) async fn stored<T: Send + 'static>(
        &self,
        origin: &Origin,
        component: Descriptor,
        look: fn(&Store, &Descriptor) -> Result<Lookup<T>, StoreError>,
    ) -> Result<Option<T>, Error> {
        let store = self.0.store.clone();
        let lookup = blocking(move || look(&store, &component)).await;
        match lookup.map_err(|error| Error::store(Subject::Component(origin.clone()), error))? {
            Lookup::Found(found) => {
                self.emit(Event::FromStore { origin: origin.clone(), component });
                Ok(Some(found))
            }
            Lookup::Absent => Ok(None),
            Lookup::Corrupt { moved_to } => {
                self.emit(Event::CorruptBlob { digest: component.digest, moved_to });
                Ok(None)
            }
        }
    }

    /// Downloads `component` into the store, unless somebody else in this process has by then.
    async fn download(
        &self,
        origin: &Origin,
        repository: &Repository,
        component: Descriptor,
    ) -> Result<VerifiedFile, Error> {
        let subject = Subject::Component(origin.clone());
        let flight = self.flight(component.digest);
        let _flight = match flight.try_lock() {
            Ok(held) => held,
            Err(_) => {
                let held = flight.lock().await;
                if let Some(file) = self.stored(origin, component, Store::file).await? {
                    return Ok(file);
                }
                held
            }
        };
        let turn = self.turn(&subject, component.size.min(STREAM)).await?;
        self.emit(Event::DownloadStarted { origin: origin.clone(), component });
        let Inner { transport, store, events, .. } = &*self.0;
        let outcome = match (Download { transport, store, events, component }).run(repository).await {
            Ok(received) => {
                // Somebody else can download while this is made to last.
                drop(turn);
                let _turn = self.0.turns.disk().await;
                blocking(move || received.commit()).await.map_err(DownloadError::from)
            }
            Err(error) => Err(error),
        };
        let failed = |subject, error| Error::request(subject, repository, error);
        self.downloaded(subject, component.digest, outcome, failed)
    }

    /// Tells listeners how a download ended; `failed` is what a request that failed means.
    pub(super) fn downloaded(
        &self,
        subject: Subject,
        digest: Digest,
        outcome: Result<VerifiedFile, DownloadError>,
        failed: impl FnOnce(Subject, RequestError) -> Error,
    ) -> Result<VerifiedFile, Error> {
        self.emit(match outcome {
            Ok(_) => Event::DownloadFinished { digest },
            Err(_) => Event::DownloadFailed { digest },
        });
        outcome.map_err(|error| match error {
            DownloadError::Request(RequestError::NotFound(_)) => {
                Error::BlobNotFound { subject: Box::new(subject), digest }
            }
            DownloadError::Request(error) => failed(subject, error),
            DownloadError::Store(error) => Error::store(subject, error),
        })
    }

    /// What is locked by whoever downloads the blob of `digest`.
    pub(super) fn flight(&self, digest: Digest) -> Arc<AsyncMutex<()>> {
        // Each change leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        let mut flights = self.0.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&digest).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(AsyncMutex::new(()));
        flights.insert(digest, Arc::downgrade(&flight));
        flight
    }
}

pub(super) fn bounded(origin: &Origin, component: &Descriptor, limit: u64) -> Result<(), Error> {
    if component.size <= limit {
        return Ok(());
    }
    let subject = Box::new(Subject::Component(origin.clone()));
    Err(Error::TooLarge { subject, limit, unit: "bytes" })
}

/// The bytes of a file that was just put into the store.
async fn in_memory(file: VerifiedFile) -> Result<VerifiedBlob, Error> {
    let digest = file.digest();
    blocking(move || file.into_blob()).await.map_err(|_| Error::StoreUnreliable { digest })
}
