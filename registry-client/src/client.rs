//! Where to ask, and in which order: from an [`Origin`] to versions, a release and a component's bytes.
//!
//! The store comes first, then the registry. A component becomes usable only verified, and every component that came over the
//! network is in the store before it is returned.
//!
//! | module | decides |
//! |---|---|
//! | `manifest` | which image manifest an origin means |
//! | `component` | how a component comes into the store, and from there |
//! | `describe` | what releases say of themselves |
//! | `push`, `copy`, `pull` | how components are published, copied and put into files |
//! | `log`, `warg`, `without_warg` | the same for warg registries, and what a build without them says |
//! | `login` | whether credentials are good |
//! | `tag` | how versions are written as tags |

mod component;
mod copy;
mod describe;
mod log;
mod login;
mod manifest;
mod pull;
mod push;
mod tag;
#[cfg(feature = "warg")]
mod warg;
#[cfg(not(feature = "warg"))]
mod without_warg;

#[cfg(feature = "warg")]
pub(crate) use component::MAX_COMPONENT;
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

use self::tag::versions_of;
use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::Error;
use crate::event::{Event, EventSink};
use crate::http_options::HttpOptions;
use crate::layout::Layout;
use crate::log_problem::LogState;
use crate::package::PackageName;
use crate::referrers::Referrer;
use crate::registry::{OciRegistry, Registry};
use crate::release::{Availability, Origin, Published, Release, Subject};
use crate::repository::Repository;
use crate::store::Store;
use crate::transport::{RequestError, Transport};
use crate::turns::{Turn, Turns, USUAL_BODY};
use crate::warg_registry::WargRegistry;

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

    fn lock_remembered(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<LogState>>> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner)
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

fn package_not_found(registry: &Registry, package: &PackageName) -> Error {
    Error::PackageNotFound { registry: registry.clone(), package: package.clone() }
}

async fn directory_versions(root: PathBuf, package: PackageName) -> Result<Vec<Version>, Error> {
    blocking(move || Ok(versions_of(layout(&root, &package)?.tags()))).await
}

fn layout(root: &Path, package: &PackageName) -> Result<Layout, Error> {
    Layout::open(root, package)?.ok_or_else(|| package_not_found(&Registry::Directory(root.to_owned()), package))
}

/// Runs `work`, which waits for files, where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work ends, because it does not panic and nothing cancels it")
}
