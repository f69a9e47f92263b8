//! Warg registries in the client's words: from a package to its versions, a release and its bytes, and from an artifact to a release.

use std::time::Duration;

use semver::Version;

use super::component::{MAX_COMPONENT, bounded};
use super::push::{Overwrite, PushMode, PushOptions, PushOutcome, Pushed};
use super::{Change, Client, LogCheck, LoginCheck, Network, blocking, package_not_found};
use crate::credential::Credential;
use crate::digest::{Descriptor, Digest};
use crate::error::Error;
use crate::event::Event;
use crate::file::VerifiedFile;
use crate::key::SigningKey;
use crate::log_problem::LogState;
use crate::package::PackageName;
use crate::publication::{Artifact, Blob};
use crate::registry::Registry;
use crate::release::{Availability, Origin, Published, Release, Subject};
use crate::store::{Lookup, Store};
use crate::transport::RequestError;
use crate::turns::{STREAM, USUAL_BODY};
use crate::upload::Delivery;
use crate::warg::{MemoryError, Observed, Released, Unverified, Warg, WargError};
use crate::warg_registry::WargRegistry;

impl Client {
    pub(super) async fn logged_versions(
        &self,
        registry: &WargRegistry,
        package: &PackageName,
        subject: &Subject,
    ) -> Result<Vec<Published>, Error> {
        let observed = self.observe(registry, package, subject).await?;
        let published = observed.releases().map(|(version, release)| Published {
            version: version.clone(),
            availability: if release.is_yanked { Availability::Yanked } else { Availability::Offered },
        });
        Ok(published.collect())
    }

    pub(super) async fn logged_release(
        &self,
        registry: &WargRegistry,
        package: &PackageName,
        version: &Version,
        subject: &Subject,
    ) -> Result<Release, Error> {
        let observed = self.observe(registry, package, subject).await?;
        let origin = origin(registry, package, version);
        let Some(released) = observed.release(version) else { return Err(not_found(origin, &observed)) };
        if released.is_yanked {
            self.emit(Event::Withdrawn { origin: origin.clone() });
        }
        let size = match self.stored_size(released.component).await? {
            Some(size) => size,
            None => {
                let _turn = self.turn(&Subject::Component(origin.clone()), STREAM).await?;
                let size = self.warg(registry).size(released.component).await;
                size.map_err(|error| failed(error.into(), registry, package, Some(&origin), subject))?
            }
        };
        let release = release_of(released, size, observed.state);
        bounded(&origin, &release.component, MAX_COMPONENT)?;
        Ok(release)
    }

    pub(super) async fn download_logged(
        &self,
        origin: &Origin,
        registry: &WargRegistry,
        component: Descriptor,
    ) -> Result<VerifiedFile, Error> {
        let subject = Subject::Component(origin.clone());
        let flight = self.flight(component.digest);
        let _flight = flight.lock().await;
        if let Some(file) = self.stored(origin, component, Store::file).await? {
            return Ok(file);
        }
        let _turn = self.turn(&subject, STREAM).await?;
        self.emit(Event::DownloadStarted { origin: origin.clone(), component });
        let outcome = self.warg(registry).download(&self.0.store, component, &self.0.events).await;
        let failed = |subject, error| request_failed(registry, &subject, error);
        self.downloaded(subject, component.digest, outcome, failed)
    }

    pub(super) async fn push_to_log(
        &self,
        registry: &WargRegistry,
        package: &PackageName,
        version: &Version,
        artifact: &Artifact,
        options: &PushOptions,
    ) -> Result<Pushed, Error> {
        let target = origin(registry, package, version);
        let subject = Subject::Push(target.clone());
        let failed = |error| failed(error, registry, package, Some(&target), &subject);
        let blob = {
            let content = artifact.content.clone();
            blocking(move || Blob::of(content)).await?
        };
        let component = blob.descriptor;
        bounded(&target, &component, MAX_COMPONENT)?;
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let warg = self.warg(registry);
        let there = match warg.observe(package).await {
            Ok(observed) => observed.release(version).map(|released| (released, observed.state)),
            Err(WargError::PackageNotFound) => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some((released, state)) = there {
            let outcome = match released {
                Released { is_yanked: true, .. } => Err(WargError::Yanked),
                Released { component: existing, .. } if existing != component.digest => {
                    Err(WargError::AlreadyReleased { existing })
                }
                _ => Ok(PushOutcome::AlreadyThere),
            };
            let (outcome, release) = (
                outcome.map_err(|error| already(failed(error), component.digest))?,
                release_of(released, component.size, state),
            );
            return Ok(Pushed { release, outcome, blobs: vec![(component, Delivery::Present)], manifest: Vec::new() });
        }
        // Nothing is ever replaced in a log, whatever the options say.
        let (Overwrite::No | Overwrite::Yes) = options.overwrite;
        let Some(key) = &options.signing_key else {
            return Err(Error::NoSigningKey { registry: Registry::Warg(registry.clone()) });
        };
        if options.mode == PushMode::DryRun {
            let record = Descriptor { digest: component.digest, size: 0 };
            let release = Release { manifest: record, component, log: None };
            let blobs = vec![(component, Delivery::Sent)];
            return Ok(Pushed { release, outcome: PushOutcome::Created, blobs, manifest: Vec::new() });
        }
        self.emit(Event::UploadStarted { target: target.clone(), blob: component });
        let (events, digest) = (self.0.events.clone(), component.digest);
        let sending = move |sent| events.emit(Event::UploadProgress { digest, sent });
        let waiting = |waited: Duration| {
            if waited.is_zero() {
                self.emit(Event::UploadFinished { digest });
            }
            self.emit(Event::Publishing { subject: subject.clone(), waited });
        };
        let change = Change::Release(version.clone(), component.digest);
        let published = warg.publish(package, &change, key, Some(&blob), sending, waiting).await;
        let observed = published.map_err(|error| {
            self.emit(Event::UploadFailed { digest });
            already(failed(error), digest)
        })?;
        let Some(released) = observed.release(version) else { return Err(not_found(target, &observed)) };
        let release = release_of(released, component.size, observed.state);
        let blobs = vec![(component, Delivery::Sent)];
        Ok(Pushed { release, outcome: PushOutcome::Created, blobs, manifest: Vec::new() })
    }

    pub(super) async fn change_log(
        &self,
        registry: &WargRegistry,
        package: &PackageName,
        change: &Change,
        key: &SigningKey,
    ) -> Result<LogState, Error> {
        let subject = Subject::Log { registry: Registry::Warg(registry.clone()), package: package.clone() };
        let target = match change {
            Change::Release(version, _) | Change::Yank(version) => Some(origin(registry, package, version)),
            Change::Grant(..) | Change::Revoke(..) => None,
        };
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let waiting = |waited| self.emit(Event::Publishing { subject: subject.clone(), waited });
        let published = self.warg(registry).publish(package, change, key, None, drop, waiting).await;
        let observed = published.map_err(|error| failed(error, registry, package, target.as_ref(), &subject))?;
        Ok(observed.state)
    }

    pub(super) async fn verify_log(&self, registry: &WargRegistry) -> Result<LogCheck, Error> {
        let subject = Subject::Login { host: registry.to_string() };
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let (operator, known_from, state) =
            self.warg(registry).check().await.map_err(|error| unverified(error, registry, &subject))?;
        Ok(LogCheck { operator, known_from, state })
    }

    /// Asks for the checkpoint as nobody and, where that is not enough, as `login`.
    pub(super) async fn ask_log(&self, registry: &WargRegistry, login: &Credential) -> Result<LoginCheck, Error> {
        let subject = Subject::Login { host: registry.to_string() };
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let failed = |error| request_failed(registry, &subject, error);
        match self.warg(registry).ask_as(None).await {
            Ok(()) => return Ok(LoginCheck::NotAsked),
            Err(RequestError::Unauthorized(..) | RequestError::Forbidden(..)) => {}
            Err(error) => return Err(failed(error)),
        }
        self.warg(registry).ask_as(Some(login)).await.map(|()| LoginCheck::Accepted).map_err(failed)
    }

    /// What the log of `package` is now or, offline, was when it was last verified.
    async fn observe(
        &self,
        registry: &WargRegistry,
        package: &PackageName,
        subject: &Subject,
    ) -> Result<Observed, Error> {
        let warg = self.warg(registry);
        let failed = |error| failed(error, registry, package, None, subject);
        if self.0.network == Network::Offline
            && let Some(known) = warg.recall(package).map_err(|error| unverified(error, registry, subject))?
        {
            return Ok(known);
        }
        let _turn = self.turn(subject, USUAL_BODY).await?;
        warg.observe(package).await.map_err(failed)
    }

    fn warg<'a>(&'a self, registry: &'a WargRegistry) -> Warg<'a> {
        let locked = self.lock_remembered().get(registry.url()).cloned().unwrap_or_default();
        Warg {
            registry,
            transport: &self.0.transport,
            memories: self.0.store.logs(),
            locked: locked.into_iter().collect(),
            events: &self.0.events,
        }
    }

    /// How many bytes the store has under `digest`, verified.
    async fn stored_size(&self, digest: Digest) -> Result<Option<u64>, Error> {
        let store = self.0.store.clone();
        blocking(move || {
            let Some(size) = store.size_of(digest) else { return Ok(None) };
            match store.file(&Descriptor { digest, size }) {
                Ok(Lookup::Found(_)) => Ok(Some(size)),
                Ok(Lookup::Absent | Lookup::Corrupt { .. }) => Ok(None),
                Err(error) => Err(Error::Store(error)),
            }
        })
        .await
    }
}

fn origin(registry: &WargRegistry, package: &PackageName, version: &Version) -> Origin {
    let (registry, package, version) = (Registry::Warg(registry.clone()), package.clone(), version.clone());
    Origin::Package { registry, package, version }
}

fn release_of(released: Released, size: u64, state: LogState) -> Release {
    Release {
        manifest: Descriptor { digest: released.record, size: released.record_size },
        component: Descriptor { digest: released.component, size },
        log: Some(state),
    }
}

fn not_found(origin: Origin, observed: &Observed) -> Error {
    let offered = observed.releases().filter(|(_, release)| !release.is_yanked);
    let available = offered.map(|(version, _)| version.clone()).collect();
    Error::VersionNotFound { origin: Box::new(origin), available }
}

/// The digest of what was to be pushed is known here alone.
fn already(error: Error, pushed: Digest) -> Error {
    match error {
        Error::AlreadyReleased { target, existing, .. } => Error::AlreadyReleased { target, existing, pushed },
        other => other,
    }
}

/// Says for what a request failed. A login for such a registry needs to know that it is one.
fn request_failed(registry: &WargRegistry, subject: &Subject, error: RequestError) -> Error {
    let package = match subject {
        Subject::Versions { package, .. } | Subject::Log { package, .. } => package.to_string(),
        Subject::Manifest(origin) | Subject::Component(origin) | Subject::Push(origin) => origin.to_string(),
        Subject::Referrers { .. } | Subject::Metadata { .. } | Subject::Login { .. } => "its log".to_owned(),
    };
    Error::request_at(subject.clone(), &registry.to_string(), &package, error)
}

/// Says why it is not known what the log says.
fn unverified(error: Unverified, warg: &WargRegistry, subject: &Subject) -> Error {
    let registry = Registry::Warg(warg.clone());
    match error {
        Unverified::Request(error) => request_failed(warg, subject, error),
        Unverified::Problem(problem) => Error::Untrusted { registry, source: Box::new(problem) },
        Unverified::Memory(MemoryError { path, problem }) => Error::LogMemory { registry, path, problem },
    }
}

/// Says what kept something from being had, or done.
fn failed(
    error: WargError,
    warg: &WargRegistry,
    package: &PackageName,
    target: Option<&Origin>,
    subject: &Subject,
) -> Error {
    let registry = || Registry::Warg(warg.clone());
    let package = || package.clone();
    let target = || Box::new(target.cloned().unwrap_or_else(|| origin(warg, &package(), &Version::new(0, 0, 0))));
    match error {
        WargError::Unverified(error) => unverified(error, warg, subject),
        WargError::PackageNotFound => package_not_found(&registry(), &package()),
        WargError::NamespaceNotDefined { imported_from } => {
            let namespace = package().namespace().to_owned();
            Error::NamespaceNotDefined { registry: registry(), namespace, imported_from }
        }
        WargError::Rejected(reason) | WargError::Outrun(reason) => {
            Error::Rejected { registry: Box::new(registry()), package: package(), reason }
        }
        WargError::KeyNotAllowed { key, action } => Error::KeyNotAllowed { key, action, package: package() },
        WargError::SignerRefused { key, reason } => {
            Error::SignerRefused { registry: Box::new(registry()), key, package: package(), reason }
        }
        WargError::NothingToRevoke { key } => Error::NothingToRevoke { key, package: package() },
        WargError::UnusableKey(error) => Error::SigningKey(Box::new(error)),
        WargError::Signature(error) => Error::SigningKey(Box::new(error)),
        WargError::VersionNotFound { available } => Error::VersionNotFound { origin: target(), available },
        WargError::AlreadyReleased { existing } => {
            Error::AlreadyReleased { target: target(), existing, pushed: existing }
        }
        WargError::Yanked => Error::Yanked { target: target() },
        WargError::NotPublished { waited } => {
            Error::NotPublished { registry: Box::new(registry()), package: package(), waited }
        }
    }
}
