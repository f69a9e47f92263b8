//! Where to ask, and in which order: from an [`Origin`] to versions, a release and a component's bytes.
//!
//! The store comes first, then the registry. A component becomes usable only verified, and every component that came over the
//! network is in the store before it is returned.

mod copy;
mod describe;
mod log;
mod login;
mod pull;
mod push;
#[cfg(feature = "warg")]
mod warg;
#[cfg(not(feature = "warg"))]
mod without_warg;

pub(crate) use log::Change;
pub use log::Permission;
pub use login::{AccessCheck, LogCheck, LoginCheck};
pub use push::{Overwrite, PushMode, PushOptions, PushOutcome, Pushed};

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use semver::Version;
use tokio::sync::Mutex as AsyncMutex;

use crate::artifact::{NotAComponent, component_of_index, read_manifest};
use crate::blob::VerifiedBlob;
use crate::credentials::Credentials;
use crate::digest::{Descriptor, Digest};
use crate::download::{Download, DownloadError};
use crate::error::Error;
use crate::event::{Event, EventSink};
use crate::file::VerifiedFile;
use crate::http_options::HttpOptions;
use crate::layout::Layout;
use crate::log_problem::LogState;
use crate::oci::MAX_MANIFEST;
use crate::package::PackageName;
use crate::reference::Reference;
use crate::referrers::Referrer;
use crate::registry::{OciRegistry, Registry};
use crate::release::{Availability, Origin, Published, Release, Subject};
use crate::repository::Repository;
use crate::store::{Lookup, Store, StoreError};
use crate::transport::{RequestError, Transport};
use crate::turns::{STREAM, Turn, Turns, USUAL_BODY};
use crate::warg_registry::WargRegistry;

/// The largest component that is held in memory as a whole.
const MAX_IN_MEMORY: u64 = 512 * 1024 * 1024;
/// The largest component there is. Sizes within WebAssembly have 32 bits.
pub(crate) const MAX_COMPONENT: u64 = 4 * 1024 * 1024 * 1024;

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It may.
    Online,
    /// It must not: whatever needs it is [`Error::Offline`].
    Offline,
}

/// What a [`Client`] works with.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where components are kept.
    pub store: Store,
    /// Who we are at which registry.
    pub credentials: Credentials,
    /// Whether the network may be used.
    pub network: Network,
    /// Hosts, with their ports, that are spoken to in plain http. Loopback hosts always are.
    pub insecure: BTreeSet<String>,
    /// How many requests and downloads may be under way at once; fewer are where they would hold too much in memory.
    pub parallel: NonZeroUsize,
    /// Who is told what happens.
    pub events: EventSink,
}

/// Asks registries for versions, releases and components. Cheap to clone, and made to be shared.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    store: Store,
    network: Network,
    transport: Transport,
    turns: Turns,
    events: EventSink,
    /// Who is downloading which blob: whoever wants the same waits, and finds it in the store.
    flights: Mutex<BTreeMap<Digest, Weak<AsyncMutex<()>>>>,
    /// What hosts said of their registries.
    discovered: Mutex<BTreeMap<String, Registry>>,
    /// What locks know of the logs of warg registries, by their URLs.
    remembered: Mutex<BTreeMap<String, BTreeSet<LogState>>>,
}

impl Client {
    /// Creates a client that speaks to servers as [`HttpOptions`] has it by default. It connects to nothing yet.
    pub fn new(options: ClientOptions) -> Client {
        Client::with_http(options, HttpOptions::default())
    }

    /// Creates a client that speaks to servers as `http` has it. It connects to nothing yet.
    ///
    /// TLS is rustls, which wants a cryptography provider for the whole process. Where the process has chosen none, this makes
    /// it `ring`.
    pub fn with_http(options: ClientOptions, http: HttpOptions) -> Client {
        // An error says that the process has a provider already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let ClientOptions { store, credentials, network, insecure, parallel, events } = options;
        let transport = Transport::new(credentials, &insecure, http, events.clone());
        Client(Arc::new(Inner {
            store,
            network,
            transport,
            turns: Turns::new(parallel),
            events,
            flights: Mutex::default(),
            discovered: Mutex::default(),
            remembered: Mutex::default(),
        }))
    }

    /// Where components are kept.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Lists the versions of `package` in `registry` that are offered, ascending. Tags that are not versions are not listed.
    ///
    /// # Errors
    /// [`Error::PackageNotFound`] where the registry does not have the package; otherwise what kept it from answering.
    pub async fn versions(&self, registry: &Registry, package: &PackageName) -> Result<Vec<Version>, Error> {
        let published = self.published(registry, package).await?.into_iter();
        let offered = published.filter(|published| published.availability == Availability::Offered);
        Ok(offered.map(|published| published.version).collect())
    }

    /// Lists the versions of `package` in `registry`, ascending, with those that were withdrawn.
    ///
    /// # Errors
    /// As [`Client::versions`].
    pub async fn published(&self, registry: &Registry, package: &PackageName) -> Result<Vec<Published>, Error> {
        let subject = Subject::Versions { registry: registry.clone(), package: package.clone() };
        self.query(&subject, async {
            let versions = match registry {
                Registry::Oci(oci) => {
                    let repository = locate(oci, package)?;
                    let _turn = self.turn(&subject, USUAL_BODY).await?;
                    self.oci_versions(registry, package, &repository).await?
                }
                Registry::Directory(root) => directory_versions(root.clone(), package.clone()).await?,
                Registry::Warg(warg) => return self.logged_versions(warg, package, &subject).await,
            };
            Ok(versions.into_iter().map(Published::from).collect())
        })
        .await
    }

    /// Finds out what `origin` is at this moment, by its image manifest alone. An image index of exactly one component is read through.
    ///
    /// # Errors
    /// [`Error::PackageNotFound`], [`Error::VersionNotFound`] or [`Error::ReferenceNotFound`] where it does not exist;
    /// [`Error::NotAComponent`] where it is something else; otherwise what kept the registry from answering.
    pub async fn release(&self, origin: &Origin) -> Result<Release, Error> {
        let subject = Subject::Manifest(origin.clone());
        self.query(&subject, async { Ok(self.image_manifest(origin, &subject).await?.0) }).await
    }

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

    /// Lists what refers to `manifest` in the registry of `origin`, as signatures and SBOMs do; those of `artifact_type` if one is given.
    ///
    /// See the [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers).
    ///
    /// # Errors
    /// What kept the registry from answering. That nothing refers is no error.
    pub async fn referrers(
        &self,
        origin: &Origin,
        manifest: Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Referrer>, Error> {
        let subject = Subject::Referrers { origin: origin.clone(), manifest };
        self.query(&subject, async {
            match place(origin)? {
                Place::Directory(root, package) => {
                    let artifact_type = artifact_type.map(str::to_owned);
                    blocking(move || layout(&root, &package)?.referrers(manifest, artifact_type.as_deref())).await
                }
                Place::Repository(repository) => {
                    let _turn = self.turn(&subject, USUAL_BODY).await?;
                    let referrers = self.0.transport.referrers(&repository, manifest, artifact_type).await;
                    referrers.map_err(|error| Error::request(subject.clone(), &repository, error))
                }
                // A log has no artifacts that could refer to each other.
                Place::Log(_) => Ok(Vec::new()),
            }
        })
        .await
    }

    async fn query<T>(&self, subject: &Subject, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.emit(Event::QueryStarted { subject: subject.clone() });
        let outcome = work.await;
        self.emit(Event::QueryFinished { subject: subject.clone() });
        outcome
    }

    /// The release and the bytes of the image manifest that says so, where it is not a log that does.
    async fn image_manifest(&self, origin: &Origin, subject: &Subject) -> Result<(Release, Option<Vec<u8>>), Error> {
        if let Origin::Package { registry: Registry::Warg(warg), package, version } = origin {
            return Ok((self.logged_release(warg, package, version, subject).await?, None));
        }
        let not_a_component = |why| Error::NotAComponent { origin: Box::new(origin.clone()), why };
        let mut bytes = self.manifest(origin, subject).await?;
        let indexed = component_of_index(&bytes).map_err(not_a_component)?;
        if let Some(manifest) = indexed {
            bytes = self.indexed_manifest(origin, subject, manifest).await?;
        }
        let release = read_manifest(&bytes).map_err(not_a_component)?;
        bounded(origin, &release.component, MAX_COMPONENT)?;
        let has_digest = matches!(origin, Origin::Reference(reference) if reference.digest().is_some());
        if has_digest || (indexed.is_some() && matches!(place(origin)?, Place::Repository(_))) {
            bytes = self.keep_manifest(release.manifest, bytes).await;
        }
        Ok((release, Some(bytes)))
    }

    /// The bytes of the image manifest; where the reference has a digest, they have it too.
    async fn manifest(&self, origin: &Origin, subject: &Subject) -> Result<Vec<u8>, Error> {
        match origin {
            Origin::Reference(reference) => {
                let digest = reference.digest();
                if let Some(kept) = self.kept_manifest(digest).await {
                    return Ok(kept);
                }
                let _turn = self.turn(subject, USUAL_BODY).await?;
                self.reference_manifest(reference, subject).await
            }
            Origin::Package { registry, package, version } => match registry {
                Registry::Oci(oci) => {
                    let repository = locate(oci, package)?;
                    let _turn = self.turn(subject, USUAL_BODY).await?;
                    match self.0.transport.manifest(&repository, &tag_of(version), None).await {
                        Ok(bytes) => Ok(bytes),
                        Err(RequestError::NotFound(_)) => {
                            let available = self.oci_versions(registry, package, &repository).await?;
                            Err(Error::VersionNotFound { origin: Box::new(origin.clone()), available })
                        }
                        Err(error) => Err(Error::request(subject.clone(), &repository, error)),
                    }
                }
                Registry::Directory(root) => directory_manifest(root.clone(), package.clone(), version.clone()).await,
                Registry::Warg(_) => Err(no_manifest(origin)),
            },
        }
    }

    async fn reference_manifest(&self, reference: &Reference, subject: &Subject) -> Result<Vec<u8>, Error> {
        let selector = reference.selector();
        match self.0.transport.manifest(reference.location(), &selector, reference.digest()).await {
            Ok(bytes) => Ok(bytes),
            Err(RequestError::NotFound(_)) => Err(Error::ReferenceNotFound { reference: Box::new(reference.clone()) }),
            Err(error) => Err(Error::request(subject.clone(), reference.location(), error)),
        }
    }

    /// The bytes of a manifest that an image index lists.
    async fn indexed_manifest(
        &self,
        origin: &Origin,
        subject: &Subject,
        manifest: Descriptor,
    ) -> Result<Vec<u8>, Error> {
        if manifest.size > MAX_MANIFEST {
            return Err(Error::TooLarge { subject: Box::new(subject.clone()), limit: MAX_MANIFEST, unit: "bytes" });
        }
        match place(origin)? {
            Place::Directory(root, package) => {
                Ok(blocking(move || layout(&root, &package)?.blob(&manifest)).await?.to_vec())
            }
            Place::Log(_) => Err(no_manifest(origin)),
            Place::Repository(repository) => {
                let digest = manifest.digest;
                if let Some(kept) = self.kept_manifest(Some(digest)).await {
                    return Ok(kept);
                }
                let _turn = self.turn(subject, USUAL_BODY).await?;
                let bytes = self.0.transport.manifest(&repository, &digest.to_string(), Some(digest)).await;
                bytes.map_err(|error| Error::request(subject.clone(), &repository, error))
            }
        }
    }

    /// The manifest of this digest, if the store has it: what is named by its digest never changes.
    async fn kept_manifest(&self, digest: Option<Digest>) -> Option<Vec<u8>> {
        let (store, digest) = (self.0.store.clone(), digest?);
        blocking(move || {
            let manifest = store.sized(digest).filter(|manifest| manifest.size <= MAX_MANIFEST)?;
            match store.read(&manifest) {
                Ok(Lookup::Found(blob)) => Some(blob.to_vec()),
                // A store that cannot be relied on is found out when the component is wanted.
                Ok(Lookup::Absent | Lookup::Corrupt { .. }) | Err(_) => None,
            }
        })
        .await
    }

    /// Keeps a manifest whose bytes were found to have a digest. Where that cannot be done it is asked for again.
    async fn keep_manifest(&self, manifest: Descriptor, bytes: Vec<u8>) -> Vec<u8> {
        let store = self.0.store.clone();
        blocking(move || {
            if !store.contains(&manifest) {
                let _ = store.keep(&manifest, &bytes);
            }
            bytes
        })
        .await
    }

    async fn oci_versions(
        &self,
        registry: &Registry,
        package: &PackageName,
        repository: &Repository,
    ) -> Result<Vec<Version>, Error> {
        match self.0.transport.tags(repository).await {
            Ok(tags) => Ok(versions_of(tags.iter().map(String::as_str))),
            Err(RequestError::NotFound(_)) => Err(package_not_found(registry, package)),
            Err(error) => {
                let subject = Subject::Versions { registry: registry.clone(), package: package.clone() };
                Err(Error::request(subject, repository, error))
            }
        }
    }

    /// What the store has of `component`, as `look` looks for it.
    async fn stored<T: Send + 'static>(
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
    fn downloaded(
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

    fn lock_remembered(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<LogState>>> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is locked by whoever downloads the blob of `digest`.
    fn flight(&self, digest: Digest) -> Arc<AsyncMutex<()>> {
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

    /// Waits for a turn on the network, which `subject` needs, to hold up to `bytes` in memory.
    async fn turn(&self, subject: &Subject, bytes: u64) -> Result<Turn<'_>, Error> {
        if self.0.network == Network::Offline {
            return Err(Error::Offline { subject: Box::new(subject.clone()) });
        }
        Ok(self.0.turns.take(bytes).await)
    }

    fn emit(&self, event: Event) {
        self.0.events.emit(event);
    }
}

/// Where an origin's manifests and blobs are.
enum Place {
    Repository(Repository),
    Directory(PathBuf, PackageName),
    Log(WargRegistry),
}

fn place(origin: &Origin) -> Result<Place, Error> {
    match origin {
        Origin::Reference(reference) => Ok(Place::Repository(reference.location().clone())),
        Origin::Package { registry, package, .. } => match registry {
            Registry::Oci(oci) => Ok(Place::Repository(locate(oci, package)?)),
            Registry::Directory(root) => Ok(Place::Directory(root.clone(), package.clone())),
            Registry::Warg(warg) => Ok(Place::Log(warg.clone())),
        },
    }
}

fn locate(oci: &OciRegistry, package: &PackageName) -> Result<Repository, Error> {
    oci.repository(package).map_err(|source| Error::Location {
        registry: Registry::Oci(oci.clone()),
        package: package.clone(),
        source: Box::new(source),
    })
}

fn bounded(origin: &Origin, component: &Descriptor, limit: u64) -> Result<(), Error> {
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

/// A log is asked for releases, and has no image manifests.
fn no_manifest(origin: &Origin) -> Error {
    Error::NotAComponent { origin: Box::new(origin.clone()), why: NotAComponent::Index }
}

fn package_not_found(registry: &Registry, package: &PackageName) -> Error {
    Error::PackageNotFound { registry: registry.clone(), package: package.clone() }
}

async fn directory_versions(root: PathBuf, package: PackageName) -> Result<Vec<Version>, Error> {
    blocking(move || Ok(versions_of(layout(&root, &package)?.tags()))).await
}

async fn directory_manifest(root: PathBuf, package: PackageName, version: Version) -> Result<Vec<u8>, Error> {
    blocking(move || {
        let layout = layout(&root, &package)?;
        let origin = Origin::Package { registry: Registry::Directory(root), package, version: version.clone() };
        Ok(manifest_of_version(&layout, &origin, &version)?.to_vec())
    })
    .await
}

/// The manifest of a version, which `origin` is too.
fn manifest_of_version(layout: &Layout, origin: &Origin, version: &Version) -> Result<VerifiedBlob, Error> {
    layout.manifest(&tag_of(version))?.ok_or_else(|| {
        let available = versions_of(layout.tags());
        Error::VersionNotFound { origin: Box::new(origin.clone()), available }
    })
}

fn layout(root: &Path, package: &PackageName) -> Result<Layout, Error> {
    Layout::open(root, package)?.ok_or_else(|| package_not_found(&Registry::Directory(root.to_owned()), package))
}

fn versions_of<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<Version> {
    let versions: BTreeSet<Version> = tags.filter_map(version_of).collect();
    versions.into_iter().collect()
}

/// A tag cannot have the `+` before build metadata; `_` stands for it, as wkg and Helm have it.
fn tag_of(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

fn version_of(tag: &str) -> Option<Version> {
    if tag.contains('+') {
        return None;
    }
    Version::parse(&tag.replacen('_', "+", 1)).ok()
}

/// Runs `work`, which waits for files, where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work ends, because it does not panic and nothing cancels it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, version: Option<&str>) {
        assert_eq!(version_of(tag).map(|version| version.to_string()).as_deref(), version);
        if let Some(version) = version_of(tag) {
            assert_eq!(tag_of(&version), tag);
        }
    }

    #[test]
    fn a_tag_is_a_version_with_an_underscore_for_the_plus() {
        check("1.2.3", Some("1.2.3"));
        check("1.2.3-rc.1_build.5", Some("1.2.3-rc.1+build.5"));
    }

    #[test]
    fn other_tags_are_not_versions() {
        for tag in ["latest", "v1.2.3", "1.2", "1.2.3_a_b", "1.2.3+build", "", "99999999999999999999.0.0"] {
            check(tag, None);
        }
    }

    #[test]
    fn versions_are_sorted_as_versions() {
        let versions = versions_of(["1.10.0", "latest", "1.9.0", "1.9.0-rc.1"].into_iter());
        assert_eq!(versions.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.9.0-rc.1", "1.9.0", "1.10.0"]);
    }
}
