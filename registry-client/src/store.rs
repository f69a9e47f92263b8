//! Which bytes are already here: from a [`Descriptor`] to verified bytes, and from bytes that arrive to a file of the store.
//!
//! Content-addressed files under one directory, shared by any number of threads and processes:
//!
//! ```text
//! blobs/sha256/ab/cdef…   the bytes whose digest is sha256:abcdef…
//! ingest/                 files being written; each becomes a blob by rename, or is discarded
//! corrupt/                files whose bytes were not what their name says, moved away on read
//! ```
//!
//! Nothing found on disk is trusted: every read verifies digest and size. The store holds no index, hence nothing a crash could
//! leave in disagreement with the files.
//!
//! NB: nothing is ever evicted, and a process that is killed leaves its file in `ingest/`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::blob::{Mismatch, Unverified, VerifiedBlob};
use crate::digest::{Descriptor, Digest, Digester};

/// How many of a digest's digits name its directory.
const SHARD_DIGITS: usize = 2;

/// A directory of verified bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

/// What the store has for a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The bytes, verified.
    Found(VerifiedBlob),
    /// Nothing.
    Absent,
    /// A file of other bytes than its name says. It was moved away, so that the next ingest starts afresh.
    Corrupt {
        /// Where the file is now.
        moved_to: PathBuf,
    },
}

impl Store {
    /// Opens the store in `directory`, creating what is missing of it.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a directory cannot be created.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let store = Store { directory: directory.to_owned() };
        for path in [store.blobs(), store.ingests(), store.corrupt()] {
            fs::create_dir_all(&path).map_err(StoreError::io("create", &path))?;
        }
        Ok(store)
    }

    /// Reads and verifies the bytes of `descriptor`. The caller bounds its size: that many bytes are held in memory.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a file cannot be read or moved; [`StoreError::Mismatch`] where the bytes of that digest are
    /// here, but are not as many as `descriptor` says.
    pub fn read(&self, descriptor: &Descriptor) -> Result<Lookup, StoreError> {
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
        match VerifiedBlob::read(file, descriptor) {
            Ok(blob) => Ok(Lookup::Found(blob)),
            Err(Unverified::Mismatch(_)) => self.move_away(descriptor.digest),
            Err(Unverified::Io(error)) => Err(StoreError::io("read", &path)(error)),
        }
    }

    /// Whether a file of the right name and size is here: a hint for planning work, never a reason to trust it.
    pub fn contains(&self, descriptor: &Descriptor) -> bool {
        fs::metadata(self.path(descriptor.digest)).is_ok_and(|file| file.is_file() && file.len() == descriptor.size)
    }

    /// Begins to take in the bytes of `expected`. Any number of ingests of the same bytes may run at once.
    ///
    /// # Errors
    /// [`StoreError::Io`] where no temporary file can be created.
    pub fn ingest(&self, expected: &Descriptor) -> Result<Ingest, StoreError> {
        let ingests = self.ingests();
        let file = tempfile::Builder::new()
            .prefix(&expected.digest.to_hex())
            .tempfile_in(&ingests)
            .map_err(StoreError::io("create a file in", &ingests))?;
        Ok(Ingest { store: self.clone(), expected: *expected, file, digester: Digester::default() })
    }

    fn move_away(&self, digest: Digest) -> Result<Lookup, StoreError> {
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

    fn path(&self, digest: Digest) -> PathBuf {
        self.shard(digest).join(&digest.to_hex()[SHARD_DIGITS..])
    }

    /// Directories of at most some thousand files, which every file system is quick with.
    fn shard(&self, digest: Digest) -> PathBuf {
        self.blobs().join(&digest.to_hex()[..SHARD_DIGITS])
    }

    fn blobs(&self) -> PathBuf {
        self.directory.join("blobs").join("sha256")
    }

    fn ingests(&self) -> PathBuf {
        self.directory.join("ingest")
    }

    fn corrupt(&self) -> PathBuf {
        self.directory.join("corrupt")
    }
}

/// Bytes on their way into the store. Dropped before [`Ingest::commit`], it leaves nothing.
#[derive(Debug)]
#[must_use = "dropping an ingest discards it"]
pub struct Ingest {
    store: Store,
    expected: Descriptor,
    file: NamedTempFile,
    digester: Digester,
}

impl Ingest {
    /// Appends `bytes`, and returns how many there are by now.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] as soon as there are more bytes than expected; [`StoreError::Io`] where they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        let size = self.digester.size().saturating_add(bytes.len() as u64);
        if size > self.expected.size {
            let found = self.expected.size.saturating_add(1);
            return Err(Mismatch::Size { expected: self.expected.size, found }.into());
        }
        self.file.write_all(bytes).map_err(StoreError::io("write", self.file.path()))?;
        self.digester.update(bytes);
        Ok(size)
    }

    /// Makes the bytes a blob of the store, once they are verified and on disk.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] where the bytes are not the expected ones; [`StoreError::Io`] where they cannot be made to last.
    pub fn commit(self) -> Result<(), StoreError> {
        let Ingest { store, expected, file, digester } = self;
        let found = digester.finish();
        if found.size != expected.size {
            return Err(Mismatch::Size { expected: expected.size, found: found.size }.into());
        }
        if found.digest != expected.digest {
            return Err(Mismatch::Digest { expected: expected.digest, found: found.digest }.into());
        }
        file.as_file().sync_all().map_err(StoreError::io("write", file.path()))?;
        let (shard, target) = (store.shard(expected.digest), store.path(expected.digest));
        fs::create_dir_all(&shard).map_err(StoreError::io("create", &shard))?;
        if let Err(error) = file.persist(&target) {
            // Windows refuses to replace a file that another process reads: then that process has put the same bytes there.
            if !store.contains(&expected) {
                return Err(StoreError::io("write", &target)(error.error));
            }
        }
        sync_directory(&shard).map_err(StoreError::io("write", &shard))
    }
}

fn digest_of(mut file: File) -> io::Result<Digest> {
    let mut digester = Digester::default();
    io::copy(&mut file, &mut digester)?;
    Ok(digester.finish().digest)
}

/// Makes a rename in `directory` survive a crash. Only Unix opens directories as files; elsewhere a lost rename costs a download.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
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
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
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
    }

    fn files_in(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
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

    #[test]
    fn a_dropped_ingest_leaves_nothing() {
        let (_directory, store) = open();
        let mut ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
        ingest.write(BYTES).unwrap();
        drop(ingest);
        assert_eq!(files_in(&store.ingests()), 0);
        assert_eq!(store.read(&Descriptor::of(BYTES)).unwrap(), Lookup::Absent);
    }

    #[test]
    fn refuses_to_commit_other_bytes() {
        let (_directory, store) = open();
        let mut ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
        ingest.write(b"COMPONENT").unwrap();
        assert!(matches!(ingest.commit(), Err(StoreError::Mismatch(Mismatch::Digest { .. }))));
        let mut ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
        ingest.write(b"compo").unwrap();
        assert!(matches!(ingest.commit(), Err(StoreError::Mismatch(Mismatch::Size { expected: 9, found: 5 }))));
        assert_eq!(files_in(&store.ingests()), 0);
    }

    #[test]
    fn refuses_a_byte_too_many_before_it_is_written() {
        let (_directory, store) = open();
        let mut ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
        assert_eq!(ingest.write(BYTES).unwrap(), 9);
        assert!(matches!(ingest.write(b"!"), Err(StoreError::Mismatch(Mismatch::Size { expected: 9, found: 10 }))));
    }

    #[test]
    fn concurrent_ingests_of_the_same_bytes_all_succeed() {
        let (_directory, store) = open();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| put(&store, BYTES));
            }
        });
        check_found(&store, &Descriptor::of(BYTES), BYTES);
        assert_eq!(files_in(&store.ingests()), 0);
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

    #[test]
    fn an_error_names_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Store::open(&file).unwrap_err().to_string();
        assert_eq!(error, format!("cannot create {}", file.join("blobs").join("sha256").display()));
    }
}
