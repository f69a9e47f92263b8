//! How bytes become a blob of the store: from pieces that arrive to a file that is verified, synced and renamed.
//!
//! What a killed or interrupted ingest leaves is gone on from by the next one of the same digest. Nothing about it is believed: its
//! bytes are hashed with the rest, and the whole must have the digest. See [`store`](crate::store) for who may touch which file.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::blob::Mismatch;
use crate::digest::{Descriptor, Digester};
use crate::file::{VerifiedFile, check};
use crate::store::{Store, StoreError};

/// How the one file a digest has that a later ingest goes on from is marked.
const PARTIAL: &str = "partial";
/// How often a file may be lost between opening and locking it. Each time, another process finished with it just then.
const MAX_CLAIMS: usize = 100;

/// Bytes on their way into the store. Dropped before [`Ingest::commit`], what arrived so far stays for the next ingest of the same.
#[derive(Debug)]
#[must_use = "dropping an ingest interrupts it"]
pub struct Ingest {
    store: Store,
    expected: Descriptor,
    file: File,
    path: PathBuf,
    digester: Digester,
    leaves: Leaves,
}

/// What an ingest leaves behind in `ingest/` when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// The file, because another ingest can go on from it.
    Partial,
    /// Nothing: the file is removed.
    Nothing,
    /// Nothing, because the file is a blob by now.
    Blob,
}

impl Ingest {
    pub(crate) fn begin(store: &Store, expected: &Descriptor) -> Result<Ingest, StoreError> {
        let directory = store.ingests();
        let failed = StoreError::io("create a file in", &directory);
        let partial = directory.join(expected.digest.to_hex()).with_extension(PARTIAL);
        let claimed = match claim_partial(&partial) {
            Ok(Some(file)) => Ok((file, partial, Leaves::Partial)),
            Ok(None) => claim_new(&directory, expected).map(|(file, path)| (file, path, Leaves::Nothing)),
            Err(error) => Err(error),
        };
        let (file, path, leaves) = claimed.map_err(failed)?;
        let digester = Digester::default();
        let mut ingest = Ingest { store: store.clone(), expected: *expected, file, path, digester, leaves };
        ingest.take_up()?;
        Ok(ingest)
    }

    /// How many bytes there are so far, those of earlier ingests included.
    pub fn received(&self) -> u64 {
        self.digester.size()
    }

    /// Appends `bytes`, and returns how many there are by now.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] as soon as there are more bytes than expected; [`StoreError::Io`] where they cannot be written.
    /// After either, nothing is left for another ingest.
    pub fn write(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        let size = self.received().saturating_add(bytes.len() as u64);
        if size > self.expected.size {
            self.leaves = Leaves::Nothing;
            let found = self.expected.size.saturating_add(1);
            return Err(Mismatch::Size { expected: self.expected.size, found }.into());
        }
        if let Err(error) = self.file.write_all(bytes) {
            // A full disk is given back what this took of it.
            self.leaves = Leaves::Nothing;
            return Err(StoreError::io("write", &self.path)(error));
        }
        self.digester.update(bytes);
        Ok(size)
    }

    /// Forgets what arrived so far.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the file cannot be emptied.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.digester = Digester::default();
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map(drop).map_err(StoreError::io("write", &self.path))
    }

    /// Makes the bytes a blob of the store, once they are verified and on disk.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] where the bytes are not the expected ones; [`StoreError::Io`] where they cannot be made to last.
    /// After either, nothing is left for another ingest.
    pub fn commit(self) -> Result<VerifiedFile, StoreError> {
        self.finish()?.commit()
    }

    /// Verifies the bytes.
    pub(crate) fn finish(mut self) -> Result<Received, StoreError> {
        if let Err(mismatch) = check(&self.expected, self.digester.clone().finish()) {
            self.leaves = Leaves::Nothing;
            return Err(mismatch.into());
        }
        Ok(Received(self))
    }

    /// Hashes what an earlier ingest left.
    fn take_up(&mut self) -> Result<(), StoreError> {
        let length = self.file.metadata().map_err(StoreError::io("read", &self.path))?.len();
        if length > self.expected.size {
            return self.restart();
        }
        if length > 0 {
            io::copy(&mut self.file, &mut self.digester).map_err(StoreError::io("read", &self.path))?;
        }
        Ok(())
    }
}

/// All bytes of a blob, verified, that are not in the store yet. Dropped before they are, they stay for the next ingest of the same.
#[derive(Debug)]
#[must_use = "what was received becomes a blob by a commit"]
pub(crate) struct Received(Ingest);

impl Received {
    /// Makes the bytes a blob of the store, once they are on disk.
    ///
    /// The directory is not synced: a rename that a power cut undoes costs a download, and the blob is never half there.
    pub(crate) fn commit(self) -> Result<VerifiedFile, StoreError> {
        let Received(mut ingest) = self;
        ingest.leaves = Leaves::Nothing;
        let Ingest { store, expected, path, .. } = &ingest;
        let written = StoreError::io("write", path);
        let file = ingest.file.sync_all().and_then(|()| ingest.file.try_clone()).map_err(written)?;
        let (shard, target) = (store.shard(expected.digest), store.path(expected.digest));
        fs::create_dir_all(&shard).map_err(StoreError::io("create", &shard))?;
        let verified = VerifiedFile::written(file, &target, expected).map_err(StoreError::io("read", path))?;
        match fs::rename(path, &target) {
            Ok(()) => ingest.leaves = Leaves::Blob,
            // Windows refuses to replace a file that another process reads: then that process has put the same bytes there.
            Err(_) if store.contains(expected) => {}
            Err(error) => return Err(StoreError::io("write", &target)(error)),
        }
        Ok(verified)
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        let removed = match self.leaves {
            Leaves::Partial if self.received() > 0 => Ok(()),
            Leaves::Blob => Ok(()),
            // The lock is still held, so that the file is nobody else's.
            Leaves::Partial | Leaves::Nothing => fs::remove_file(&self.path),
        };
        // What cannot be removed is a leftover, which the next opening of the store finds.
        removed.ok();
        // A blob's file may outlive this as a `VerifiedFile`, and nobody need find it locked.
        self.file.unlock().ok();
    }
}

impl Store {
    /// Removes the files in `ingest/` that nobody holds and nobody can go on from. What cannot be removed is left.
    pub(crate) fn remove_leftovers(&self) {
        for path in self.ingested_files() {
            if !is_partial(&path) || self.is_partial_of_a_blob(&path) {
                remove_unless_held(&path).ok();
            }
        }
    }

    /// The files in `ingest/`, whoever holds them; none where the directory cannot be read.
    pub(crate) fn ingested_files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.ingests()) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        paths
    }

    /// Whether another process has finished what `partial` was to become.
    fn is_partial_of_a_blob(&self, partial: &Path) -> bool {
        let digest = partial.file_stem().and_then(OsStr::to_str).and_then(|hex| format!("sha256:{hex}").parse().ok());
        digest.is_some_and(|digest| self.path(digest).is_file())
    }
}

fn is_partial(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PARTIAL)
}

/// Removes a file in `ingest/`, unless a living process holds it; returns whether it did.
pub(crate) fn remove_unless_held(path: &Path) -> io::Result<bool> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    if !lock(&file) || !names(path, &file)? {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(true)
}

/// Opens and locks the file at `path`, unless somebody else holds it.
fn claim_partial(path: &Path) -> io::Result<Option<File>> {
    for _ in 0..MAX_CLAIMS {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if !lock(&file) {
            return Ok(None);
        }
        if names(path, &file)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Creates and locks a file that is nobody else's.
fn claim_new(directory: &Path, expected: &Descriptor) -> io::Result<(File, PathBuf)> {
    let prefix = format!("{}.", expected.digest.to_hex());
    for _ in 0..MAX_CLAIMS {
        let (file, path) = tempfile::Builder::new().prefix(&prefix).tempfile_in(directory)?.keep()?;
        match file.try_lock() {
            Ok(()) if names(&path, &file)? => return Ok((file, path)),
            // Between its creation and the lock, another process took it for a leftover.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            // Without locks, nothing is ever taken for a leftover.
            Err(TryLockError::Error(_)) => return Ok((file, path)),
        }
    }
    Err(io::Error::from(io::ErrorKind::ResourceBusy))
}

/// Locks `file` for as long as it is open. On a file system without locks, nobody gets one.
fn lock(file: &File) -> bool {
    file.try_lock().is_ok()
}

/// Whether `path` still names `file`: since it was opened, its holder may have renamed or removed it.
fn names(path: &Path, file: &File) -> io::Result<bool> {
    let opened = same_file::Handle::from_file(file.try_clone()?)?;
    match same_file::Handle::from_path(path) {
        Ok(named) => Ok(named == opened),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::store::Lookup;

    const BYTES: &[u8] = b"component";

    fn open() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("store")).unwrap();
        (directory, store)
    }

    fn begin(store: &Store, already: &[u8]) -> Ingest {
        let ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
        assert_eq!(ingest.received(), already.len() as u64);
        ingest
    }

    fn check_stored(store: &Store) {
        assert!(matches!(store.read(&Descriptor::of(BYTES)).unwrap(), Lookup::Found(blob) if &*blob == BYTES));
        assert_eq!(store.ingested_files(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_later_ingest_goes_on_from_an_interrupted_one() {
        let (_directory, store) = open();
        begin(&store, b"").write(b"comp").unwrap();
        let mut ingest = begin(&store, b"comp");
        ingest.write(b"onent").unwrap();
        let mut committed = Vec::new();
        ingest.commit().unwrap().copy_to(&mut committed).unwrap();
        assert_eq!(committed, BYTES);
        check_stored(&store);
    }

    #[test]
    fn an_ingest_that_received_nothing_leaves_nothing() {
        let (_directory, store) = open();
        drop(begin(&store, b""));
        assert_eq!(store.ingested_files(), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_cannot_be_gone_on_from_is_started_afresh() {
        let (_directory, store) = open();
        let partial = store.ingests().join(Digest::of(BYTES).to_hex()).with_extension(PARTIAL);
        fs::write(&partial, b"more bytes than the component has").unwrap();
        let mut ingest = begin(&store, b"");
        ingest.write(b"something").unwrap();
        ingest.restart().unwrap();
        ingest.write(BYTES).unwrap();
        ingest.commit().unwrap();
        check_stored(&store);
    }

    #[test]
    fn refuses_to_commit_other_bytes_and_leaves_none_of_them() {
        for (bytes, expected) in
            [(b"COMPONENT".as_slice(), "expected sha256:"), (b"compo", "expected 9 bytes, found 5")]
        {
            let (_directory, store) = open();
            let mut ingest = begin(&store, b"");
            ingest.write(bytes).unwrap();
            let error = ingest.commit().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert_eq!(store.ingested_files(), Vec::<PathBuf>::new());
            assert_eq!(store.read(&Descriptor::of(BYTES)).unwrap(), Lookup::Absent);
        }
    }

    #[test]
    fn refuses_a_byte_too_many_before_it_is_written() {
        let (_directory, store) = open();
        let mut ingest = begin(&store, b"");
        assert_eq!(ingest.write(BYTES).unwrap(), 9);
        let error = ingest.write(b"!").unwrap_err();
        assert!(matches!(error, StoreError::Mismatch(Mismatch::Size { expected: 9, found: 10 })));
        drop(ingest);
        assert_eq!(store.ingested_files(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_second_ingest_of_the_same_does_not_touch_the_first() {
        let (_directory, store) = open();
        let mut first = begin(&store, b"");
        first.write(b"comp").unwrap();
        let mut second = begin(&store, b"");
        second.write(BYTES).unwrap();
        second.commit().unwrap();
        first.write(b"onent").unwrap();
        first.commit().unwrap();
        check_stored(&store);
    }

    #[test]
    fn concurrent_ingests_of_the_same_bytes_all_succeed() {
        let (_directory, store) = open();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let mut ingest = store.ingest(&Descriptor::of(BYTES)).unwrap();
                        ingest.restart().unwrap();
                        ingest.write(BYTES).unwrap();
                        store.remove_leftovers();
                        ingest.commit().unwrap();
                    }
                });
            }
        });
        check_stored(&store);
    }

    #[test]
    fn opening_removes_what_the_dead_left_and_nothing_of_the_living() {
        let (_directory, store) = open();
        let mut resumable = begin(&store, b"");
        resumable.write(b"comp").unwrap();
        let mut private = begin(&store, b"");
        private.write(b"compo").unwrap();
        let dead = store.ingests().join(format!("{}.killed", Digest::of(b"another").to_hex()));
        fs::write(&dead, b"half of it").unwrap();
        let resumable_later = store.ingests().join(Digest::of(b"another").to_hex()).with_extension(PARTIAL);
        fs::write(&resumable_later, b"half of it").unwrap();
        store.remove_leftovers();
        let mut expected = vec![private.path.clone(), resumable.path.clone(), resumable_later];
        expected.sort();
        assert_eq!(store.ingested_files(), expected);
        private.write(b"nent").unwrap();
        private.commit().unwrap();
        drop(resumable);
        // The partial file of what is a blob by now is a leftover too.
        store.remove_leftovers();
        assert_eq!(store.ingested_files().len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_loses_nothing_but_the_ingest() {
        let (_directory, store) = open();
        let partial = store.ingests().join(Digest::of(BYTES).to_hex()).with_extension(PARTIAL);
        std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
        let mut ingest = begin(&store, b"");
        let error = ingest.write(BYTES).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write {}", partial.display()));
        assert!(matches!(error, StoreError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull));
        drop(ingest);
        assert_eq!(store.ingested_files(), Vec::<PathBuf>::new());
        begin(&store, b"").write(BYTES).unwrap();
    }
}
