//! What a push does, and in which order: from an artifact and a place to what that place has afterwards.
//!
//! What is there is asked first, so that nothing is sent in vain and no version becomes another one unnoticed; then the blobs go, and
//! the image manifest last, which makes them a version.
//!
//! NB: OCI registries cannot be told to refuse a tag that came to exist in between. Two pushes of one version at the same moment can
//! both succeed; the later one stands. Directories have a lock against that.

use std::num::NonZeroU64;
use std::path::PathBuf;

use super::tag::tag_of;
use super::{Client, blocking, locate};
use crate::digest::{Descriptor, Digest};
use crate::error::Error;
use crate::event::Event;
use crate::key::SigningKey;
use crate::layout::{Layout, LayoutWriter};
use crate::package::PackageName;
use crate::publication::{Artifact, Blob, Image};
use crate::registry::Registry;
use crate::release::{Origin, Release, Subject};
use crate::repository::Repository;
use crate::transport::RequestError;
use crate::turns::STREAM;
use crate::upload::{Delivery, Upload};

/// How an artifact is pushed.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// Whether what exists may be replaced.
    pub overwrite: Overwrite,
    /// Whether anything is sent.
    pub mode: PushMode,
    /// Where else the component may be: those in the same registry are asked to lend it, so that it need not be sent.
    pub mount_from: Vec<Origin>,
    /// The most bytes of a request, where something before the registry limits it. Without, a component goes in one request, and in
    /// chunks where the registry refuses that.
    pub chunk: Option<NonZeroU64>,
    /// What a release in a warg registry is signed with, which nobody else can do.
    pub signing_key: Option<SigningKey>,
}

/// Whether a version that exists with other content is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// It is an error.
    #[default]
    No,
    /// It is.
    Yes,
}

/// Whether a push sends anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PushMode {
    /// It does.
    #[default]
    Send,
    /// It asks what is there, and says what would be sent.
    DryRun,
}

/// What a push did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What the place has now.
    pub release: Release,
    /// What it had before.
    pub outcome: PushOutcome,
    /// What the image manifest lists, the component first. A dry run cannot know what would be mounted, and says that it would be sent.
    pub blobs: Vec<(Descriptor, Delivery)>,
    /// The bytes of the image manifest.
    pub manifest: Vec<u8>,
}

/// What a push found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// Nothing was there.
    Created,
    /// The same was there: nothing was sent.
    AlreadyThere,
    /// Something else was there, and was replaced.
    Replaced {
        /// The digest of its image manifest.
        previous: Digest,
    },
}

impl Client {
    /// Pushes `artifact` as `target`: as a version of a package, or under a tag.
    ///
    /// The same artifact always has the same image manifest. What the registry has already is not sent again.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] where `target` is something else, unless [`Overwrite::Yes`] says otherwise; [`Error::Content`] where the
    /// artifact cannot be read; [`Error::DigestMismatch`] where `target` has a digest, and not this artifact's; otherwise what kept the
    /// registry from taking it.
    pub async fn push(&self, target: &Origin, artifact: &Artifact, options: &PushOptions) -> Result<Pushed, Error> {
        let image = {
            let (artifact, target) = (artifact.clone(), target.clone());
            blocking(move || Image::of(&artifact, &target)).await?
        };
        match target {
            Origin::Reference(reference) => {
                if let Some(expected) = reference.digest().filter(|digest| *digest != image.release.manifest.digest) {
                    let subject = Box::new(Subject::Push(target.clone()));
                    return Err(Error::DigestMismatch { subject, expected, found: image.release.manifest.digest });
                }
                let tag = reference.tag().map_or_else(|| reference.selector(), str::to_owned);
                self.push_to_oci(target, reference.location(), &tag, image, options).await
            }
            Origin::Package { registry, package, version } => match registry {
                Registry::Oci(oci) => {
                    self.push_to_oci(target, &locate(oci, package)?, &tag_of(version), image, options).await
                }
                Registry::Directory(root) => {
                    let push = DirectoryPush {
                        root: root.clone(),
                        package: package.clone(),
                        tag: tag_of(version),
                        target: target.clone(),
                        overwrite: options.overwrite,
                    };
                    let mode = options.mode;
                    blocking(move || push.run(image, mode)).await
                }
                Registry::Warg(warg) => self.push_to_log(warg, package, version, artifact, options).await,
            },
        }
    }

    async fn push_to_oci(
        &self,
        target: &Origin,
        repository: &Repository,
        selector: &str,
        image: Image,
        options: &PushOptions,
    ) -> Result<Pushed, Error> {
        let subject = Subject::Push(target.clone());
        let failed = |error: RequestError| Error::request(subject.clone(), repository, error);
        let _turn = self.turn(&subject, STREAM).await?;
        let sources = mountable(&options.mount_from, repository);
        let upload = Upload {
            transport: &self.0.transport,
            repository,
            sources: &sources,
            chunk: options.chunk.map(NonZeroU64::get),
            events: &self.0.events,
        };
        let existing = upload.existing_manifest(selector).await;
        let existing =
            existing.map_err(|error| Error::request(Subject::Manifest(target.clone()), repository, error))?;
        let outcome = outcome(target, existing, image.release.manifest.digest, options.overwrite)?;
        let mut blobs = Vec::new();
        for blob in &image.blobs {
            let delivery = if outcome == PushOutcome::AlreadyThere
                || upload.is_present(blob.descriptor.digest).await.map_err(failed)?
            {
                Delivery::Present
            } else if options.mode == PushMode::DryRun {
                Delivery::Sent
            } else {
                self.deliver(target, &upload, blob).await.map_err(failed)?
            };
            blobs.push((blob.descriptor, delivery));
        }
        if options.mode == PushMode::Send && outcome != PushOutcome::AlreadyThere {
            upload.put_manifest(selector, &image.manifest).await.map_err(failed)?;
        }
        Ok(Pushed { release: image.release, outcome, blobs, manifest: image.manifest })
    }

    async fn deliver(&self, target: &Origin, upload: &Upload<'_>, blob: &Blob) -> Result<Delivery, RequestError> {
        let digest = blob.descriptor.digest;
        self.emit(Event::UploadStarted { target: target.clone(), blob: blob.descriptor });
        let outcome = upload.deliver(blob).await;
        self.emit(match outcome {
            Ok(_) => Event::UploadFinished { digest },
            Err(_) => Event::UploadFailed { digest },
        });
        outcome
    }
}

/// A push into a directory, without what it borrows.
struct DirectoryPush {
    root: PathBuf,
    package: PackageName,
    tag: String,
    target: Origin,
    overwrite: Overwrite,
}

impl DirectoryPush {
    fn run(&self, image: Image, mode: PushMode) -> Result<Pushed, Error> {
        let (outcome, deliveries) = match mode {
            PushMode::DryRun => self.plan(&image)?,
            PushMode::Send => self.write(&image)?,
        };
        let blobs = image.blobs.iter().map(|blob| blob.descriptor).zip(deliveries).collect();
        Ok(Pushed { release: image.release, outcome, blobs, manifest: image.manifest })
    }

    fn plan(&self, image: &Image) -> Result<(PushOutcome, [Delivery; 2]), Error> {
        let layout = self.layout()?;
        let delivery = |blob: &Blob| match &layout {
            Some(layout) if layout.has_blob(&blob.descriptor) => Delivery::Present,
            _ => Delivery::Sent,
        };
        Ok((self.outcome(layout.as_ref(), image)?, image.blobs.each_ref().map(delivery)))
    }

    fn write(&self, image: &Image) -> Result<(PushOutcome, [Delivery; 2]), Error> {
        let writer = LayoutWriter::open(&self.root, &self.package)?;
        let outcome = self.outcome(self.layout()?.as_ref(), image)?;
        let [layer, config] = &image.blobs;
        // Also where the version is there already: a blob of it that was damaged is repaired.
        let deliveries = [writer.put_blob(layer)?, writer.put_blob(config)?];
        if outcome != PushOutcome::AlreadyThere {
            writer.put_manifest(&self.tag, &image.manifest)?;
        }
        Ok((outcome, deliveries))
    }

    /// What is there. A registry that does not exist is created by a push.
    fn layout(&self) -> Result<Option<Layout>, Error> {
        match Layout::open(&self.root, &self.package) {
            Err(Error::RegistryNotFound { .. }) => Ok(None),
            layout => layout,
        }
    }

    fn outcome(&self, layout: Option<&Layout>, image: &Image) -> Result<PushOutcome, Error> {
        let existing = layout.and_then(|layout| layout.tagged(&self.tag));
        outcome(&self.target, existing, image.release.manifest.digest, self.overwrite)
    }
}

fn outcome(
    target: &Origin,
    existing: Option<Digest>,
    pushed: Digest,
    overwrite: Overwrite,
) -> Result<PushOutcome, Error> {
    match existing {
        None => Ok(PushOutcome::Created),
        Some(existing) if existing == pushed => Ok(PushOutcome::AlreadyThere),
        Some(previous) if overwrite == Overwrite::Yes => Ok(PushOutcome::Replaced { previous }),
        Some(existing) => Err(Error::AlreadyExists { target: Box::new(target.clone()), existing, pushed }),
    }
}

/// The other repositories of `repository`'s registry among `origins`.
fn mountable(origins: &[Origin], repository: &Repository) -> Vec<Repository> {
    let locations = origins.iter().filter_map(|origin| match origin {
        Origin::Reference(reference) => Some(reference.location().clone()),
        Origin::Package { registry: Registry::Oci(oci), package, .. } => oci.repository(package).ok(),
        Origin::Package { registry: Registry::Directory(_) | Registry::Warg(_), .. } => None,
    });
    locations.filter(|other| other.host() == repository.host() && other != repository).collect()
}
