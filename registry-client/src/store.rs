//! Which bytes are already here: from a [`Descriptor`] to verified bytes. What is on the way is [`ingest`](crate::ingest)'s, and what
//! is shown and pruned [`inventory`](crate::inventory)'s.
//!
//! Content-addressed files under one directory, shared by any number of threads and processes:
//!
//! ```text
//! blobs/sha256/ab/cdef…   the bytes whose digest is sha256:abcdef…
//! ingest/abcdef….partial  what arrived of them so far; a later run goes on from there
//! ingest/abcdef….XXXXXX   the same, where another process has the partial file
//! derived/KIND/ab/cdef…   what was computed from those bytes
//! corrupt/                files whose bytes were not what their name says, moved away on read
//! logs/                   what was verified of the logs of warg registries
//! ```
//!
//! Nothing found on disk is trusted: every read verifies digest and size. The store holds no index, hence nothing a crash could
//! leave in disagreement with the files.
//!
//! Why any number of processes, killed at any moment, cannot spoil it:
//! - A blob appears by the rename of a file that was verified and synced. There is no moment at which half of one has its name.
//! - A file in `ingest/` belongs to whoever holds the operating system's lock on it, which ends with the process. Only the holder
//!   writes, renames or removes it, and only after finding, under the lock, that the path still names the file that was locked.
//!   Whoever does not get the lock takes a file of its own; nobody waits for another process, hence nobody hangs with one.
//! - A file in `ingest/` that nobody holds is a leftover: [`Store::open`] removes it, unless a download can go on from it.
//!
//! A store that cannot be written is read all the same; what would have to be written is an error that names the path.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::blob::{Mismatch, Unverified, VerifiedBlob};
use crate::digest::{Descriptor, Digest, Digester};
use crate::file::{VerifiedFile, copy_verified};
use crate::ingest::Ingest;

/// How many of a digest's digits name its directory.
pub(crate) const SHARD_DIGITS: usize = 2;
/// How exactly a blob's last use is known. Noting it at every read would cost a write each.
const USE_RESOLUTION: Duration = Duration::from_secs(60 * 60);

/// A directory of verified bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

/// What the store has for a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The bytes, verified.
    Found(T),
    /// Nothing.
    Absent,
    /// A file of other bytes than its name says. It was moved away, so that the next ingest starts afresh.
    Corrupt {
        /// Where the file is now.
        moved_to: PathBuf,
    },
}

impl Store {
    /// Opens the store in `directory`, creating what is missing of it, and removes what dead processes left behind.
    ///
    /// # Errors
    /// [`StoreError::Io`] where there is no store and none can be created.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let store = Store { directory: directory.to_owned() };
        for path in [store.blobs(), store.ingests(), store.corrupt()] {
            let created = fs::create_dir_all(&path).map_err(StoreError::io("create", &path));
            // What cannot be written can still be read, if it is there.
            if !store.blobs().is_dir() {
                created?;
            }
        }
        store.remove_leftovers();
        Ok(store)
    }

    /// Reads and verifies the bytes of `descriptor`. The caller bounds its size: that many bytes are held in memory.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a file cannot be read or moved; [`StoreError::Mismatch`] where the bytes of that digest are
    /// here, but are not as many as `descriptor` says.
    pub fn read(&self, descriptor: &Descriptor) -> Result<Lookup<VerifiedBlob>, StoreError> {
        self.lookup(descriptor, |file, _| VerifiedBlob::read(file, descriptor))
    }

    /// Verifies the bytes of `descriptor` and opens them, however many there are: none are held in memory.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn file(&self, descriptor: &Descriptor) -> Result<Lookup<VerifiedFile>, StoreError> {
        self.lookup(descriptor, |file, path| VerifiedFile::verify(file, path, descriptor))
    }

    /// Copies the bytes of `descriptor` to `writer`, and verifies them on the way: they are usable where they were found and the inner
    /// result, which is the writer's, is fine.
    pub(crate) fn copy(
        &self,
        descriptor: &Descriptor,
        writer: &mut impl io::Write,
    ) -> Result<Lookup<io::Result<()>>, StoreError> {
        self.lookup(descriptor, |mut file, _| copy_verified(&mut file, descriptor, writer))
    }

    fn lookup<T>(
        &self,
        descriptor: &Descriptor,
        verify: impl FnOnce(File, &Path) -> Result<T, Unverified>,
    ) -> Result<Lookup<T>, StoreError> {
        self.lookup_unused(descriptor, |file, path| {
            note_use(&file);
            verify(file, path)
        })
    }

    /// Verifies the bytes of `descriptor` without counting as their use.
    pub(crate) fn verified(&self, descriptor: &Descriptor) -> Result<Lookup<()>, StoreError> {
        self.lookup_unused(descriptor, |file, path| VerifiedFile::verify(file, path, descriptor).map(drop))
    }

    fn lookup_unused<T>(
        &self,
        descriptor: &Descriptor,
        verify: impl FnOnce(File, &Path) -> Result<T, Unverified>,
    ) -> Result<Lookup<T>, StoreError> {
        let path = self.path(descriptor.digest);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lookup::Absent),
            Err(error) => return Err(StoreError::io("open", &path)(error)),
        };
        let found = file.metadata().map_err(StoreError::io("read", &path))?.len();
        if found != descriptor.size {
            let actual = digest_of(file).map_err(StoreError::io("read", &path))?;
            if actual == descriptor.digest {
                return Err(Mismatch::Size { expected: descriptor.size, found }.into());
            }
            return self.move_away(descriptor.digest);
        }
        match verify(file, &path) {
            Ok(verified) => Ok(Lookup::Found(verified)),
            Err(Unverified::Mismatch(_)) => self.move_away(descriptor.digest),
            Err(Unverified::Io(error)) => Err(StoreError::io("read", &path)(error)),
        }
    }

    /// How many bytes the file has whose name is `digest`: a hint, never a reason to trust it.
    #[cfg(feature = "warg")]
    pub(crate) fn size_of(&self, digest: Digest) -> Option<u64> {
        fs::metadata(self.path(digest)).ok().filter(fs::Metadata::is_file).map(|file| file.len())
    }

    /// Where what is known of warg registries is kept.
    #[cfg(feature = "warg")]
    pub(crate) fn logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// Whether a file of the right name and size is here: a hint for planning work, never a reason to trust it.
    pub fn contains(&self, descriptor: &Descriptor) -> bool {
        fs::metadata(self.path(descriptor.digest)).is_ok_and(|file| file.is_file() && file.len() == descriptor.size)
    }

    /// Begins to take in the bytes of `expected`, going on from what an earlier ingest of them left. Any number of ingests of the
    /// same bytes may run at once.
    ///
    /// # Errors
    /// [`StoreError::Io`] where no file can be created.
    pub fn ingest(&self, expected: &Descriptor) -> Result<Ingest, StoreError> {
        Ingest::begin(self, expected)
    }

    /// Takes in bytes that are in memory as a whole.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a file cannot be written; [`StoreError::Mismatch`] where they are not the bytes of `descriptor`.
    pub(crate) fn keep(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), StoreError> {
        let mut ingest = self.ingest(descriptor)?;
        let received = usize::try_from(ingest.received()).unwrap_or(usize::MAX);
        ingest.write(bytes.get(received..).unwrap_or_default())?;
        ingest.commit().map(drop)
    }

    /// The bytes of a digest with the size that their file has, if there is one: a hint, like [`contains`](Store::contains).
    pub(crate) fn sized(&self, digest: Digest) -> Option<Descriptor> {
        let file = fs::metadata(self.path(digest)).ok().filter(fs::Metadata::is_file)?;
        Some(Descriptor { digest, size: file.len() })
    }

    pub(crate) fn move_away<T>(&self, digest: Digest) -> Result<Lookup<T>, StoreError> {
        let path = self.path(digest);
        let directory = self.corrupt();
        let (_, moved_to) = tempfile::Builder::new()
            .prefix(&digest.to_hex())
            .tempfile_in(&directory)
            .and_then(|file| file.keep().map_err(io::Error::from))
            .map_err(StoreError::io("create a file in", &directory))?;
        match fs::rename(&path, &moved_to) {
            Ok(()) => Ok(Lookup::Corrupt { moved_to }),
            Err(error) => {
                fs::remove_file(&moved_to).map_err(StoreError::io("remove", &moved_to))?;
                match error.kind() {
                    // Another reader found the same and was first.
                    io::ErrorKind::NotFound => Ok(Lookup::Absent),
                    _ => Err(StoreError::io("move away", &path)(error)),
                }
            }
        }
    }

    pub(crate) fn path(&self, digest: Digest) -> PathBuf {
        self.shard(digest).join(&digest.to_hex()[SHARD_DIGITS..])
    }

    /// Directories of at most some thousand files, which every file system is quick with.
    pub(crate) fn shard(&self, digest: Digest) -> PathBuf {
        self.blobs().join(&digest.to_hex()[..SHARD_DIGITS])
    }

    /// Where the store is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether something can be put into the store.
    pub fn is_writable(&self) -> bool {
        tempfile::tempfile_in(self.ingests()).is_ok()
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.directory.join("blobs").join("sha256")
    }

    pub(crate) fn ingests(&self) -> PathBuf {
        self.directory.join("ingest")
    }

    pub(crate) fn corrupt(&self) -> PathBuf {
        self.directory.join("corrupt")
    }
}

/// Remembers that the bytes of `file` were used: [`Store::prune`] goes by it. A store that cannot be written forgets.
fn note_use(file: &File) {
    let now = SystemTime::now();
    let last_used = file.metadata().and_then(|metadata| metadata.modified());
    let is_recent = last_used.is_ok_and(|last| now.duration_since(last).is_ok_and(|age| age < USE_RESOLUTION));
    if !is_recent {
        let _ = file.set_modified(now);
    }
}

pub(crate) fn digest_of(mut file: File) -> io::Result<Digest> {
    let mut digester = Digester::default();
    io::copy(&mut file, &mut digester)?;
    Ok(digester.finish().digest)
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or directory of the store cannot be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was to be done with the path.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Bytes are not the expected ones.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"component";

    fn open() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("store")).unwrap();
        (directory, store)
    }

    fn put(store: &Store, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(bytes);
        let mut ingest = store.ingest(&descriptor).unwrap();
        for piece in bytes.chunks(4) {
            ingest.write(piece).unwrap();
        }
        ingest.commit().unwrap();
        descriptor
    }

    fn check_found(store: &Store, descriptor: &Descriptor, bytes: &[u8]) {
        match store.read(descriptor).unwrap() {
            Lookup::Found(blob) => assert_eq!(&*blob, bytes),
            other => panic!("{other:?}"),
        }
        match store.file(descriptor).unwrap() {
            Lookup::Found(file) => {
                let mut copy = Vec::new();
                file.copy_to(&mut copy).unwrap();
                assert_eq!(copy, bytes);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_committed_is_read_back() {
        let (_directory, store) = open();
        let descriptor = put(&store, BYTES);
        assert!(store.contains(&descriptor));
        check_found(&store, &descriptor, BYTES);
        check_found(&Store::open(&store.directory).unwrap(), &descriptor, BYTES);
    }

    #[test]
    fn an_empty_blob_is_a_blob() {
        let (_directory, store) = open();
        let descriptor = put(&store, b"");
        check_found(&store, &descriptor, b"");
    }

    #[test]
    fn what_was_never_committed_is_absent() {
        let (_directory, store) = open();
        assert_eq!(store.read(&Descriptor::of(BYTES)).unwrap(), Lookup::Absent);
        assert!(!store.contains(&Descriptor::of(BYTES)));
    }

    fn check_corrupt(bytes_on_disk: &[u8]) {
        let (_directory, store) = open();
        let descriptor = put(&store, BYTES);
        fs::write(store.path(descriptor.digest), bytes_on_disk).unwrap();
        let Lookup::Corrupt { moved_to } = store.read(&descriptor).unwrap() else {
            panic!("corruption went unnoticed")
        };
        assert_eq!(fs::read(moved_to).unwrap(), bytes_on_disk);
        assert_eq!(store.read(&descriptor).unwrap(), Lookup::Absent);
        put(&store, BYTES);
        check_found(&store, &descriptor, BYTES);
    }

    #[test]
    fn corrupt_bytes_are_moved_away() {
        check_corrupt(b"COMPONENT");
    }

    #[test]
    fn a_truncated_file_is_moved_away() {
        check_corrupt(b"compo");
    }

    #[test]
    fn a_descriptor_with_the_wrong_size_does_not_cost_the_file() {
        let (_directory, store) = open();
        let descriptor = put(&store, BYTES);
        let wrong = Descriptor { size: 10, ..descriptor };
        assert!(matches!(store.read(&wrong), Err(StoreError::Mismatch(Mismatch::Size { expected: 10, found: 9 }))));
        check_found(&store, &descriptor, BYTES);
    }

    /// Nothing can be created in what is no directory, also by a user who may do everything.
    fn make_read_only(store: &Store) {
        for directory in [store.ingests(), store.corrupt()] {
            fs::remove_dir_all(&directory).unwrap();
            fs::write(&directory, b"").unwrap();
        }
    }

    #[test]
    fn a_store_that_cannot_be_written_is_read() {
        let (_directory, store) = open();
        let descriptor = put(&store, BYTES);
        make_read_only(&store);
        check_found(&Store::open(&store.directory).unwrap(), &descriptor, BYTES);
        let error = store.ingest(&Descriptor::of(b"another")).unwrap_err().to_string();
        assert_eq!(error, format!("cannot create a file in {}", store.ingests().display()));
        fs::write(store.path(descriptor.digest), b"COMPONENT").unwrap();
        let error = store.read(&descriptor).unwrap_err().to_string();
        assert_eq!(error, format!("cannot create a file in {}", store.corrupt().display()));
    }

    #[test]
    fn an_error_names_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Store::open(&file).unwrap_err().to_string();
        assert_eq!(error, format!("cannot create {}", file.join("blobs").join("sha256").display()));
    }
}
