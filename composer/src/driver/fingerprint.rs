//! What a result was made of, so that it is not made again while nothing has changed.
//!
//! Between a finished build and a file beside the default output, and from that file to what is known without reading anything: that
//! the result is what would be built, or the digests of those components that are what they were. Files are known by a *stamp*: size,
//! time of change and, where the system has them, time of the last change of state and the file's number. A file that was
//! changed just before its stamp was taken may change again without that being seen in its stamp: of such files the digest is kept,
//! too, and compared. Stamps are taken before the build reads anything. A stamp is a hint about time, never about content: what is
//! copied into a result is compared with its checksum all the same.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::Metadata,
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use registry_client::{Descriptor, Digester};
use serde::{Deserialize, Serialize};

use super::{Built, Locking, Session, composed::identity, directory_of, load, registries, tags};
use crate::{
    diagnostic::{Code, Diagnostic, Severity},
    emit::{self, Emitted, Mark},
    encode::Savings,
    lock::{self, LockedSource},
    manifest::{self, Manifest, Name, Source, WitSource},
    part::Part,
};

/// What the form of the file, and what is built from equal inputs, depend on.
const MADE_BY: &str = concat!("compose ", env!("CARGO_PKG_VERSION"), ", form 6");

/// For how long a clock may not tell two changes apart.
const REST: Duration = Duration::from_millis(20);

/// No fingerprint is of more files: beyond, it would not be worth its time.
const MAX_FILES: usize = 100_000;

/// A result, in numbers and names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many bytes it has.
    pub size: u64,
    /// What sharing saved.
    pub savings: Savings,
    /// How many instances it has.
    pub instances: usize,
    /// How many different components they are of.
    pub components: usize,
    /// What the runtime must provide.
    pub host_imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
}

/// A result that is what would be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub summary: Summary,
    /// Findings that did not keep the application from being built.
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Fingerprint {
    made_by: String,
    /// Whose result it is: several manifests may have theirs in one place.
    manifest: PathBuf,
    /// The result, and its stamp.
    output: (PathBuf, Seen),
    /// Whether that is where it goes when nothing else is said.
    is_default_output: bool,
    summary: Summary,
    /// Whether everything that the build looked at is known.
    is_complete: bool,
    /// Of the lock.
    names: Names,
    /// What the build warned of.
    warnings: Vec<Warning>,
    /// Every file and directory that was looked at; one that was not there has no stamp.
    files: HashMap<PathBuf, Option<Seen>>,
    /// The components among them that are binaries.
    components: HashMap<PathBuf, (String, u64)>,
}

/// A file as it was, with the digest of its content where the stamp may not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen(Stamp, Option<String>);

impl Seen {
    fn at(path: &Path) -> Option<Self> {
        Self::of(path, &std::fs::metadata(path).ok()?)
    }

    /// A file that the system says this about.
    fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        let (stamp, changed) = stamp(metadata)?;
        let is_at_rest = SystemTime::now().duration_since(changed).is_ok_and(|rest| rest > REST);
        Some(Self(stamp, if is_at_rest { None } else { Some(content(path)?) }))
    }

    /// A result that was just written.
    fn of_result(path: &Path, written: &Metadata, mark: Mark) -> Option<Self> {
        match mark {
            Mark::Unique => Some(Self(stamp(written)?.0, None)),
            Mark::Ambiguous => Self::of(path, written),
        }
    }

    /// Whether the file is what it was.
    fn is_still(&self, path: &Path) -> bool {
        let Self(known, digest) = self;
        std::fs::metadata(path).ok().and_then(|metadata| stamp(&metadata)).is_some_and(|(stamp, _)| stamp == *known)
            && digest.as_ref().is_none_or(|digest| content(path).as_ref() == Some(digest))
    }
}

/// The digest of what is in a file, or of the names in a directory; a pipe can be read only once, and not for this.
fn content(path: &Path) -> Option<String> {
    let mut digester = Digester::default();
    if path.is_dir() {
        let names = std::fs::read_dir(path).ok()?.map(|entry| entry.map(|entry| entry.file_name()));
        let mut names: Vec<_> = names.collect::<Result<_, _>>().ok()?;
        names.sort();
        for name in names {
            digester.update(name.as_encoded_bytes());
            digester.update(b"/");
        }
    } else if path.is_file() {
        std::io::copy(&mut std::fs::File::open(path).ok()?, &mut digester).ok()?;
    } else {
        return None;
    }
    Some(digester.finish().digest.to_string())
}

/// By what a file is known to be as it was: size, times in nanoseconds, number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp(u64, u64, i64, u64);

/// What is known of the last build of an application.
#[derive(Debug, Default)]
pub struct LastBuild(Option<Fingerprint>);

impl LastBuild {
    /// What was kept of the last build of a session's application.
    pub fn of(session: &Session) -> Self {
        Self(read(&path(&session.manifest)))
    }

    /// Says that its result is what would be built, if that is so and no registry has to be asked about it.
    pub fn unchanged(&self, session: &Session, output: Option<&Path>) -> Option<Unchanged> {
        let (unchanged, names) = self.compare(session, output)?;
        (session.locking == Locking::Free || names == Names::Fixed).then_some(unchanged)
    }

    /// Says that its result is what would be built, if that is so: where the lock must not change, registries are asked whether
    /// what it names is still the same.
    pub async fn unchanged_and_unmoved(&self, session: &Session, output: Option<&Path>) -> Option<Unchanged> {
        let (unchanged, names) = self.compare(session, output)?;
        if session.locking == Locking::Locked && names == Names::Movable {
            let mut manifest = super::read_manifest(&session.manifest).ok()?;
            let home = super::home_of(session, &manifest).ok()?;
            let lock = home.lock()?;
            registries::assign(session, &mut manifest, Some(lock)).await.ok()?;
            // Whoever builds says what is found.
            if !tags::check(session, &manifest, lock).await.is_empty() {
                return None;
            }
        }
        Some(unchanged)
    }

    fn compare(&self, session: &Session, output: Option<&Path>) -> Option<(Unchanged, Names)> {
        let fingerprint = self.0.as_ref()?;
        let (path, result) = &fingerprint.output;
        let is_meant = match output {
            Some(output) => std::path::absolute(output).is_ok_and(|output| output == *path),
            None => fingerprint.is_default_output,
        };
        let is_same = is_meant
            && fingerprint.is_complete
            && fingerprint.manifest == std::path::absolute(&session.manifest).ok()?
            && result.is_still(path)
            && fingerprint.files.iter().all(|(path, known)| match known {
                Some(seen) => seen.is_still(path),
                None => !path.exists(),
            });
        if !is_same {
            return None;
        }
        let warnings = if fingerprint.warnings.is_empty() {
            Vec::new()
        } else {
            let manifest = super::read_manifest(&session.manifest).ok()?;
            fingerprint.warnings.iter().map(|warning| warning.about(&manifest)).collect::<Option<_>>()?
        };
        // Named as the build named it.
        let path = match output {
            Some(output) => output.to_path_buf(),
            None => directory_of(&session.manifest).join(super::OUTPUT_DIRECTORY).join(path.file_name()?),
        };
        Some((Unchanged { path, summary: fingerprint.summary.clone(), warnings }, fingerprint.names))
    }
}

/// Whether what a result was made of has names that may come to mean something else without any file being changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Names {
    Fixed,
    Movable,
}

/// A warning as it is kept: all that it points into is the manifest, which is as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Warning {
    code: String,
    message: String,
    labels: Vec<(Range<usize>, String)>,
    notes: Vec<String>,
    hints: Vec<String>,
}

impl Warning {
    /// Keeps a warning; not one about another text than the manifest, or about what a registry did just then.
    fn of(warning: &Diagnostic, manifest: &Manifest) -> Option<Self> {
        let Diagnostic { code, severity: Severity::Warning, message, labels, notes, hints } = warning else {
            return None;
        };
        let labels = labels
            .iter()
            .map(|label| (*label.source == *manifest.source).then(|| (label.span.clone(), label.text.clone())));
        let labels = labels.collect::<Option<_>>()?;
        let (notes, hints) = (notes.clone(), hints.clone());
        (*code != Code::RegistryFailure).then(|| Self {
            code: code.to_string(),
            message: message.clone(),
            labels,
            notes,
            hints,
        })
    }

    fn about(&self, manifest: &Manifest) -> Option<Diagnostic> {
        let Self { code, message, labels, notes, hints } = self.clone();
        let mut diagnostic = Diagnostic { notes, hints, ..Diagnostic::warning(code.parse().ok()?, message) };
        for (span, text) in labels {
            diagnostic = diagnostic.label(&manifest.source, span, text);
        }
        Some(diagnostic)
    }
}

/// The files of an application that is about to be composed, and what the last build found out about them.
#[derive(Debug, Default)]
pub(super) struct Known {
    last: LastBuild,
    /// Nothing where they cannot be told.
    now: Option<Files>,
}

impl Known {
    /// Looks at what is read before a session's manifest is known.
    pub(super) fn before(session: &Session, last: LastBuild) -> Self {
        Self { last, now: Files::before(&session.manifest) }
    }

    /// Looks at what the manifest names, and nothing was read of yet.
    pub(super) fn and_of(self, session: &Session, manifest: &Manifest) -> Self {
        let now = self.now.and_then(|files| files.and_of(&session.manifest, manifest));
        Self { now, ..self }
    }

    /// The file that an application is made of which a path is another name of: a manifest, a lock, WIT, or one of its components.
    pub(super) fn input(&self, session: &Session, manifest: &Manifest, path: &Path) -> Option<&Path> {
        let now = self.now.as_ref()?;
        let (stamp, _) = stamp(&std::fs::metadata(path).ok()?)?;
        let directory = directory_of(&session.manifest);
        let is_component = |file: &Path| {
            manifest.components.iter().any(|entry| match &entry.source.value {
                Source::Path(path) => now.absolute(&directory.join(path)).is_some_and(|path| path == file),
                Source::Package { .. } | Source::Reference(_) => false,
            })
        };
        let is_input = |file: &Path| {
            let is_named = file.file_name().is_some_and(|name| name == manifest::FILE_NAME || name == lock::FILE_NAME);
            is_named || file.extension().is_some_and(|extension| extension == "wit") || is_component(file)
        };
        // Names of the same file have the same number; where files have none, all are compared.
        let same = now.files.iter().filter(|(_, seen)| seen.as_ref().is_some_and(|Seen(seen, _)| seen.3 == stamp.3));
        same.map(|(file, _)| file.as_path()).find(|file| is_input(file) && identity(file) == identity(path))
    }

    /// The descriptor of the component in a file, if the file is what it was.
    pub(super) fn descriptor(&self, path: &Path) -> Option<Descriptor> {
        let (fingerprint, now) = (self.last.0.as_ref()?, self.now.as_ref()?);
        let path = now.absolute(path)?;
        let (digest, size) = fingerprint.components.get(&path)?;
        let Seen(known, None) = fingerprint.files.get(&path)?.as_ref()? else { return None };
        let Seen(stamp, _) = now.files.get(&path)?.as_ref()?;
        (stamp == known).then_some(Descriptor { digest: digest.parse().ok()?, size: *size })
    }
}

/// Keeps what was built of the files that were looked at.
pub(super) fn keep(session: &Session, built: &Built, emitted: &Emitted, known: Known) {
    let path = path(&session.manifest);
    let fingerprint = match emitted {
        Emitted::File(written, mark) => known.now.and_then(|files| of(session, built, (written, *mark), files)),
        Emitted::Stream => None,
    };
    let Some(text) = fingerprint.and_then(|fingerprint| serde_json::to_vec(&fingerprint).ok()) else {
        let _ = std::fs::remove_file(path);
        return;
    };
    // Without it, the next build is made anew.
    let _ = emit::replace_unsynced(&path, &text);
}

/// Forgets what the last build was made of.
pub(super) fn forget(session: &Session) {
    let _ = std::fs::remove_file(path(&session.manifest));
}

fn of(session: &Session, built: &Built, result: (&Metadata, Mark), mut files: Files) -> Option<Fingerprint> {
    // Whoever reads warnings should see them again.
    let warnings: Option<Vec<Warning>> =
        built.planned.warnings.iter().map(|warning| Warning::of(warning, &built.planned.manifest)).collect();
    files.is_complete &= warnings.is_some();
    for lock in built.planned.stale_locks() {
        files.maybe(lock)?;
    }
    let parts: BTreeMap<&Name, &Part> = built.planned.parts.iter().map(|part| (&part.name, part)).collect();
    let directory = directory_of(&session.manifest);
    let components = built.planned.manifest.components.iter().filter_map(|entry| {
        let Source::Path(path) = &entry.source.value else { return None };
        let path = directory.join(path);
        let part = parts.get(&entry.name.value)?;
        // Not what was assembled, or composed of others: that is no file.
        let path = files.absolute(&path).filter(|_| part.input().path().is_some())?;
        files.files.contains_key(&path).then(|| (path, (part.digest().to_string(), part.size())))
    });
    let components = components.collect();
    let lock = &built.planned.lock;
    let is_fixed = |source: &LockedSource| matches!(source, LockedSource::Path(_));
    let is_fixed = lock.components.values().chain(&lock.world).all(is_fixed);
    let default = super::default_output(session, &built.planned.manifest);
    Some(Fingerprint {
        made_by: MADE_BY.to_owned(),
        manifest: files.absolute(&session.manifest)?,
        output: (files.absolute(&built.path)?, Seen::of_result(&built.path, result.0, result.1)?),
        is_default_output: built.path == default,
        summary: built.summary(),
        names: if is_fixed { Names::Fixed } else { Names::Movable },
        warnings: warnings.unwrap_or_default(),
        components,
        is_complete: files.is_complete,
        files: files.files,
    })
}

/// The files that a build looks at.
#[derive(Debug)]
struct Files {
    /// The directory that paths are relative to.
    current: PathBuf,
    files: HashMap<PathBuf, Option<Seen>>,
    is_complete: bool,
}

impl Files {
    fn before(manifest: &Path) -> Option<Self> {
        let current = std::env::current_dir().ok()?;
        let mut files = Self { current, files: HashMap::new(), is_complete: true };
        files.manifest(manifest)?;
        Some(files)
    }

    fn and_of(mut self, path: &Path, manifest: &Manifest) -> Option<Self> {
        self.application(path, manifest, &mut BTreeSet::new())?;
        Some(self)
    }

    /// A manifest and its lock, or where it may have that from: a manifest above may be one of a workspace that it is in.
    fn manifest(&mut self, path: &Path) -> Option<()> {
        let directory = self.absolute(directory_of(path))?;
        for ancestor in directory.ancestors() {
            self.maybe(&ancestor.join(manifest::FILE_NAME))?;
            self.maybe(&ancestor.join(lock::FILE_NAME))?;
        }
        self.file(path)
    }

    /// What an application whose manifest was looked at consists of: its world and its components; `None` where one is not known
    /// well enough.
    fn application(&mut self, path: &Path, manifest: &Manifest, seen: &mut BTreeSet<PathBuf>) -> Option<()> {
        // Several may have it as a folder; where folders contain each other, planning says so.
        if !seen.insert(identity(path)) {
            return Some(());
        }
        let directory = directory_of(path);
        match manifest.world.as_ref().map(|world| &world.wit.value) {
            Some(WitSource::Path(path)) => self.tree(&directory.join(path), 0)?,
            // What a branch means is git's to say.
            Some(WitSource::Revision(_)) => self.is_complete = false,
            Some(WitSource::Package { .. } | WitSource::Reference(_)) | None => {}
        }
        for entry in &manifest.components {
            let Source::Path(path) = &entry.source.value else { continue };
            let path = directory.join(path);
            let metadata = std::fs::metadata(&path).ok()?;
            if metadata.is_dir() {
                let nested = path.join(manifest::FILE_NAME);
                self.manifest(&nested)?;
                let manifest = super::read_manifest(&nested).ok()?;
                self.application(&nested, &manifest, seen)?;
            } else {
                self.insert(&path, Some(Seen::of(&path, &metadata)?))?;
            }
        }
        Some(())
    }

    /// A directory and everything in it, or a file.
    fn tree(&mut self, path: &Path, depth: usize) -> Option<()> {
        self.file(path)?;
        if path.is_dir() && depth < 32 {
            for entry in std::fs::read_dir(path).ok()? {
                self.tree(&entry.ok()?.path(), depth + 1)?;
            }
        }
        Some(())
    }

    fn file(&mut self, path: &Path) -> Option<()> {
        self.insert(path, Some(Seen::at(path)?))
    }

    /// A file that may not be there.
    fn maybe(&mut self, path: &Path) -> Option<()> {
        self.insert(path, Seen::at(path))
    }

    fn insert(&mut self, path: &Path, seen: Option<Seen>) -> Option<()> {
        self.is_complete &= self.files.len() < MAX_FILES;
        if self.is_complete {
            self.files.insert(self.absolute(path)?, seen);
        }
        Some(())
    }

    /// A path that means the same in any directory.
    fn absolute(&self, path: &Path) -> Option<PathBuf> {
        std::path::absolute(self.current.join(path)).ok()
    }
}

/// The stamp of a file or directory, and when it changed last; none where that is after 2262.
fn stamp(metadata: &Metadata) -> Option<(Stamp, SystemTime)> {
    let modified = metadata.modified().ok()?;
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let since = u64::try_from(since).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())?;
        let changed = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
        Some((Stamp(metadata.len(), since, nanoseconds, metadata.ino()), changed.max(modified)))
    }
    #[cfg(not(unix))]
    Some((Stamp(metadata.len(), since, 0, 0), modified))
}

/// Where the fingerprint of an application is.
fn path(manifest: &Path) -> PathBuf {
    directory_of(manifest).join(super::OUTPUT_DIRECTORY).join("fingerprint.json")
}

fn read(path: &Path) -> Option<Fingerprint> {
    let text = load::read_text(path).ok()?;
    let fingerprint: Fingerprint = serde_json::from_str(&text).ok()?;
    (fingerprint.made_by == MADE_BY).then_some(fingerprint)
}
