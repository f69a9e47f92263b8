//! Loading: finds the bytes of every component and reads their types.
//!
//! From a [`Resolution`] to [`Part`]s in manifest order: registry packages through the client, files from disk, component text
//! assembled, folders with a manifest of their own laid out. All that is wrong is reported, not just the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use futures::{StreamExt, stream};
use registry_client::{Descriptor, VerifiedFile};
use semver::Version;
use wit::World;

use super::{
    Basis, Event, Session, compose,
    composed::{Folder, identity},
    directory_of,
    fingerprint::Known as Seen,
    home::StaleLock,
    plan_from, reachable_origin, report, revision,
    vendor::Vendoring,
    wit_reader::{Wit, local as local_wit},
};
use crate::{
    component_file::{self, ComponentFileError},
    diagnostic::{Diagnostic, Failure, Spanned},
    input::Input,
    lock::Lock,
    manifest::{self, Component, Manifest, Name, Source, WitSource},
    memory::Memory,
    part::{Known, Part, PartError},
    registry_report,
    resolve::{Resolution, ResolvedComponent, ResolvedSource},
};

/// No manifest or lock is larger.
const TEXT_LIMIT: u64 = 16 << 20;

/// How many components are fetched at a time; the client bounds its downloads itself.
const FETCHES_AT_A_TIME: usize = 32;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("{0}")]
    Io(std::io::Error),
    #[error("it is not UTF-8 text: the first byte that cannot be is at offset {offset}, in line {line}")]
    NotUtf8 { offset: usize, line: usize },
    #[error("it is larger than {limit} bytes")]
    TooLarge { limit: u64 },
}

/// What components are loaded by, besides the manifest.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// What the last build found out about files.
    pub(super) known: &'a Seen,
    /// What is remembered of components.
    pub(super) memory: &'a Arc<Memory>,
    /// The manifests of the folders that the application is in, outermost first.
    pub(super) above: &'a [PathBuf],
}

/// Components that were loaded.
pub(super) struct Loaded {
    /// What is remembered of them.
    memory: Arc<Memory>,
    pub(super) parts: Vec<Part>,
    /// What is wrong with others, with their places in the manifest.
    wrong: Vec<(usize, Vec<Diagnostic>)>,
    /// The warnings of folders that were built.
    pub(super) warnings: Vec<Diagnostic>,
    /// The locks of folders that were built.
    pub(super) stale_locks: Vec<StaleLock>,
    /// The locks of folders, by their manifests.
    pub(super) nested: Vec<(PathBuf, Lock)>,
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(TEXT_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(ReadError::Io)?;
    if bytes.len() as u64 > TEXT_LIMIT {
        return Err(ReadError::TooLarge { limit: TEXT_LIMIT });
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count();
        ReadError::NotUtf8 { offset, line }
    })
}

/// The world that the result must conform to.
pub(super) async fn target_world(
    session: &Session,
    manifest: &Manifest,
    resolution: &Resolution,
) -> Result<Option<World>, Failure> {
    let Some(world) = &manifest.world else { return Ok(None) };
    let here = |diagnostic: Diagnostic, text: &str| diagnostic.label(&manifest.source, world.wit.span.clone(), text);
    let directory = directory_of(&session.manifest);
    let wit = match &world.wit.value {
        WitSource::Path(path) => local_wit(&directory.join(path)),
        WitSource::Revision(named) => revision::read(directory, named),
        WitSource::Package { .. } | WitSource::Reference(_) => {
            let Some((origin, release)) = resolution.world.as_ref().and_then(ResolvedSource::release) else {
                return Ok(None);
            };
            let bytes = session.client.fetch(&reachable_origin(session, origin.clone()), &release).await;
            let bytes = bytes.map_err(|error| here(not_fetched(session, &error), "needed here"))?;
            Wit::of_bytes(&origin.to_string(), &bytes)
        }
    };
    let wit = wit.map_err(|diagnostic| here(diagnostic, "named here"))?;
    let name = world.name.as_ref().map(|name| name.value.as_str());
    let found = wit.world(name, &world.features);
    found.map(Some).map_err(|error| report::unknown_world(manifest, world, &error).into())
}

/// Loads the components that are files or folders; what is wrong with them is kept for [`components`].
pub(super) async fn local(session: &Session, manifest: &Manifest, around: Around<'_>) -> Loaded {
    let entries = manifest.components.iter().enumerate().filter_map(|(place, entry)| match &entry.source.value {
        Source::Path(path) => Some((place, entry, path)),
        Source::Package { .. } | Source::Reference(_) => None,
    });
    let found = stream::iter(entries).map(|(place, entry, path)| async move {
        let component = Found { place, name: entry.name.value.clone(), version: None };
        (component, local_bytes(session, manifest, entry, path, around).await)
    });
    let found = found.buffered(FETCHES_AT_A_TIME).collect().await;
    let mut loaded = Loaded::new(Arc::clone(around.memory));
    loaded.read(session, manifest, found);
    loaded
}

/// Loads every component, in the manifest's order; those that were loaded before are not read again.
pub(super) async fn components(
    session: &Session,
    manifest: &Manifest,
    resolution: &Resolution,
    mut loaded: Loaded,
) -> Result<Loaded, Failure> {
    let chosen: BTreeMap<&Name, &ResolvedComponent> =
        resolution.components.iter().map(|component| (&component.name, component)).collect();
    loaded.parts.retain(|part| chosen.get(&part.name).is_some_and(|component| is_of(part, component)));
    let known: BTreeSet<Name> = loaded.parts.iter().map(|part| part.name.clone()).collect();
    let missing = resolution.components.iter().enumerate().filter_map(|(place, component)| {
        let is_loaded = known.contains(&component.name);
        component.source.release().filter(|_| !is_loaded).map(|(origin, release)| (place, component, origin, release))
    });
    let found = stream::iter(missing).map(|(place, component, origin, release)| async move {
        let (name, version) = (component.name.clone(), component.source.version().cloned());
        let file = session.client.fetch_file(&reachable_origin(session, origin), &release).await;
        let bytes = match file {
            Ok(file) => from_registry(&file).map_err(|error| {
                let source = &entry(manifest, &name).source;
                let error = ComponentFileError::Unreadable { path: file.path().to_owned(), source: error };
                report::unreadable_file(manifest, source, &error).into()
            }),
            Err(error) => {
                let diagnostic = not_fetched(session, &error);
                Err(diagnostic
                    .label(&manifest.source, entry(manifest, &name).source.span.clone(), "needed here")
                    .into())
            }
        };
        (Found { place, name, version }, bytes)
    });
    let found = found.buffered(FETCHES_AT_A_TIME).collect().await;
    loaded.read(session, manifest, found);
    loaded.wrong.sort_by_key(|(place, _)| *place);
    Failure::check(std::mem::take(&mut loaded.wrong).into_iter().flat_map(|(_, wrong)| wrong).collect())?;
    let places: BTreeMap<&Name, usize> =
        manifest.components.iter().enumerate().map(|(place, entry)| (&entry.name.value, place)).collect();
    loaded.parts.sort_by_key(|part| places.get(&part.name));
    Ok(loaded)
}

fn not_fetched(session: &Session, error: &registry_client::Error) -> Diagnostic {
    let diagnostic = registry_report::fetch_diagnostic(error);
    match &session.vendoring {
        Vendoring::Directory(_) => {
            diagnostic.hint("what the lock names is put where `[vendor]` says by\ncompose vendor")
        }
        Vendoring::Manifest | Vendoring::Registries => diagnostic,
    }
}

/// Whether a part that was loaded is what was chosen.
fn is_of(part: &Part, component: &ResolvedComponent) -> bool {
    let digest = component.source.release().map(|(_, release)| release.component.digest);
    digest.is_none_or(|digest| digest == part.digest()) && part.version.as_ref() == component.source.version()
}

fn entry<'a>(manifest: &'a Manifest, name: &Name) -> &'a Component {
    let entry = manifest.component(name);
    entry.expect("a resolved component is in the manifest because resolution went through its components")
}

/// A component whose bytes were found or should have been, with its place in the manifest.
struct Found {
    place: usize,
    name: Name,
    version: Option<Version>,
}

impl Loaded {
    fn new(memory: Arc<Memory>) -> Self {
        Self {
            memory,
            parts: Vec::new(),
            wrong: Vec::new(),
            warnings: Vec::new(),
            stale_locks: Vec::new(),
            nested: Vec::new(),
        }
    }

    /// Reads the types of components that were found, and keeps what is wrong with any.
    fn read(&mut self, session: &Session, manifest: &Manifest, found: Vec<(Found, Result<FoundBytes, Failure>)>) {
        let mut readable = Vec::new();
        for (component, bytes) in found {
            match bytes {
                Ok(FoundBytes { input, known, mut warnings, mut stale_locks, mut nested }) => {
                    self.warnings.append(&mut warnings);
                    self.nested.append(&mut nested);
                    self.stale_locks.append(&mut stale_locks);
                    readable.push((component, input, known));
                }
                Err(failure) => self.wrong.push((component.place, failure.diagnostics().to_vec())),
            }
        }
        let found = readable.iter().map(|(found, ..)| (found.place, found.name.clone(), found.version.clone()));
        let found: Vec<_> = found.collect();
        let read = read_all(readable, session.jobs, &self.memory);
        prove(read.iter().flatten().flatten(), session.jobs, &self.memory);
        for ((place, name, version), part) in found.into_iter().zip(read) {
            let wrong = match part {
                Some(Ok(part)) => {
                    self.parts.push(part);
                    continue;
                }
                Some(Err(PartError::Undecodable { bytes, error })) => {
                    report::undecodable(manifest, entry(manifest, &name), version.as_ref(), &bytes, &error)
                }
                Some(Err(PartError::Unreadable(error))) => {
                    report::unreadable_part(manifest, entry(manifest, &name), &error)
                }
                None => report::crash(&name),
            };
            self.wrong.push((place, vec![wrong]));
        }
    }
}

/// Reads components in their order, as many at a time as there are jobs; of one whose reading crashed there is nothing.
fn read_all(
    found: Vec<(Found, Input, Option<Known>)>,
    jobs: NonZeroUsize,
    memory: &Memory,
) -> Vec<Option<Result<Part, PartError>>> {
    let count = found.len();
    // What the memory has at hand takes less time than to wake another thread.
    let is_work = |(.., known): &&(_, _, Option<Known>)| !known.is_some_and(|known| memory.has(&known.descriptor));
    let readers = jobs.get().min(found.iter().filter(is_work).count());
    let found = Mutex::new(found.into_iter().enumerate());
    let read = || {
        let mut read = Vec::new();
        let next = || found.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some((place, (Found { name, version, .. }, input, known))) = next() {
            // What was read before a crash is good, and nothing that is shared is left half done by one.
            let part = || Part::recall(name, version, input, known, memory);
            read.push((place, panic::catch_unwind(AssertUnwindSafe(part)).ok()));
        }
        read
    };
    let mut parts: Vec<_> = (0..count).map(|_| None).collect();
    thread::scope(|scope| {
        let others: Vec<_> = (1..readers).map(|_| scope.spawn(read)).collect();
        let own = read();
        for (place, part) in others.into_iter().flat_map(|other| other.join().unwrap_or_default()).chain(own) {
            parts[place] = part;
        }
    });
    parts
}

/// Begins to prove that components are of their types, beside whatever else is done until somebody needs to know: on all processors
/// but the one that does that. What the memory has at hand, it proves itself.
fn prove<'a>(parts: impl Iterator<Item = &'a Part>, jobs: NonZeroUsize, memory: &Memory) {
    let parts = parts.filter(|part| part.shell().is_unproved() && !memory.has(&part.descriptor()));
    let shells: Arc<[_]> = parts.map(|part| Arc::clone(part.shell())).collect();
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 1..jobs.get().min(shells.len() + 1) {
        let (shells, next) = (Arc::clone(&shells), Arc::clone(&next));
        tokio::task::spawn_blocking(move || {
            while let Some(shell) = shells.get(next.fetch_add(1, Ordering::Relaxed)) {
                shell.is_of_its_type();
            }
        });
    }
}

struct FoundBytes {
    input: Input,
    /// What is known of it already.
    known: Option<Known>,
    warnings: Vec<Diagnostic>,
    stale_locks: Vec<StaleLock>,
    nested: Vec<(PathBuf, Lock)>,
}

impl From<Input> for FoundBytes {
    fn from(input: Input) -> Self {
        Self { input, known: None, warnings: Vec::new(), stale_locks: Vec::new(), nested: Vec::new() }
    }
}

fn from_registry(file: &VerifiedFile) -> std::io::Result<FoundBytes> {
    let descriptor = Descriptor { digest: file.digest(), size: file.size() };
    Ok(FoundBytes { known: Some(Known { descriptor, is_published: true }), ..Input::file(file.path())?.into() })
}

async fn local_bytes(
    session: &Session,
    manifest: &Manifest,
    entry: &Component,
    path: &Path,
    Around { known, above, .. }: Around<'_>,
) -> Result<FoundBytes, Failure> {
    let located = directory_of(&session.manifest).join(path);
    if let Some(descriptor) = known.descriptor(&located) {
        let input = Input::file_of_size(&located, descriptor.size);
        return Ok(FoundBytes { known: Some(Known { descriptor, is_published: false }), ..input.into() });
    }
    if located.is_dir() {
        // The future of a nested build contains another such future.
        return Box::pin(nested(session, manifest, &entry.source, &located, above)).await;
    }
    let input = component_file::open(&located);
    let input = input.map_err(|error| report::unreadable_file(manifest, &entry.source, &error))?;
    Ok(input.into())
}

/// Builds a folder that has a manifest of its own.
async fn nested(
    session: &Session,
    manifest: &Manifest,
    source: &Spanned<Source>,
    directory: &Path,
    above: &[PathBuf],
) -> Result<FoundBytes, Failure> {
    let path = directory.join(manifest::FILE_NAME);
    if !path.is_file() {
        return Err(report::folder_without_manifest(manifest, source, directory).into());
    }
    let mut above = above.to_vec();
    above.push(identity(&session.manifest));
    if above.contains(&identity(&path)) {
        return Err(report::nested_cycle(manifest, source, &above, &identity(&path)).into());
    }
    if let Some(folder) = session.composed.find(&path) {
        return Ok(found(&folder, Vec::new()));
    }
    (session.events)(Event::Nested { manifest: path.clone() });
    let inner = Session { manifest: path, ..session.clone() };
    let planned = plan_from(&inner, Basis::read(&inner)?, &above).await?;
    let component = compose(&inner, &planned)?;
    let folder = Arc::new(Folder::of(&inner.manifest, &planned, &component));
    session.composed.insert(&inner.manifest, Arc::clone(&folder));
    Ok(found(&folder, planned.warnings))
}

fn found(folder: &Folder, warnings: Vec<Diagnostic>) -> FoundBytes {
    let Folder { input, locks, stale_locks } = folder;
    let (stale_locks, nested) = (stale_locks.clone(), locks.clone());
    FoundBytes { warnings, stale_locks, nested, ..input.clone().into() }
}
