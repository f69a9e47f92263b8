//! What the store holds and what of it can go: from its files to entries, sums and what was removed, as data for whoever shows it.
//!
//! Nothing here is needed for the store to be right: any file may vanish at any moment, and costs a download.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::digest::{Descriptor, Digest};
use crate::ingest::remove_unless_held;
use crate::store::{Lookup, SHARD_DIGITS, Store, StoreError};

/// One blob of the store, by what its file says: nothing is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreEntry {
    /// The digest that names the file, and the file's size.
    pub descriptor: Descriptor,
    /// When it was stored or last read, give or take an hour.
    pub last_used: SystemTime,
}

/// How many files, and how many bytes they have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What takes up space in a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Whole blobs.
    pub blobs: Tally,
    /// Downloads that are under way or can be gone on from.
    pub partial: Tally,
    /// Files that were not what their name says.
    pub corrupt: Tally,
    /// Records of what was computed from blobs, and can be computed again.
    pub derived: Tally,
}

/// What verifying every blob found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreVerification {
    /// The blobs whose bytes are what their names say.
    pub intact: Tally,
    /// Those whose bytes are others, and where each is now.
    pub corrupt: Vec<(Digest, PathBuf)>,
}

/// What [`Store::prune`] removes. By default, no whole blob.
#[derive(Debug, Clone, Default)]
pub struct PrunePolicy {
    /// Removes blobs that were not used for so long.
    pub unused_for: Option<Duration>,
    /// Removes the least recently used blobs until the others have at most so many bytes.
    pub max_bytes: Option<u64>,
    /// Blobs that stay in any case.
    pub keep: BTreeSet<Digest>,
}

/// What [`Store::prune`] removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The blobs, least recently used first.
    pub blobs: Vec<StoreEntry>,
    /// Downloads that nobody went on with.
    pub partial: Tally,
    /// Corrupt files.
    pub corrupt: Tally,
    /// Old records of what was computed from blobs.
    pub derived: Tally,
}

impl Store {
    /// Lists the blobs by digest.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a directory cannot be read.
    pub fn entries(&self) -> Result<Vec<StoreEntry>, StoreError> {
        let mut entries = Vec::new();
        for shard in paths_in(&self.blobs())? {
            for path in paths_in(&shard)? {
                entries.extend(entry(&path));
            }
        }
        entries.sort_by_key(|entry| entry.descriptor);
        Ok(entries)
    }

    /// Sums up what takes up space.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a directory cannot be read.
    pub fn usage(&self) -> Result<StoreUsage, StoreError> {
        let mut usage = StoreUsage::default();
        for entry in self.entries()? {
            usage.blobs.add(entry.descriptor.size);
        }
        for (directory, tally) in [(self.ingests(), &mut usage.partial), (self.corrupt(), &mut usage.corrupt)] {
            for path in paths_in(&directory)? {
                // It may be gone by now.
                if let Ok(metadata) = fs::metadata(&path) {
                    tally.add(metadata.len());
                }
            }
        }
        self.derived_files().for_each(|(_, metadata)| usage.derived.add(metadata.len()));
        Ok(usage)
    }

    /// Reads every blob, and moves away those whose bytes are not what their names say.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a file cannot be read or moved.
    pub fn verify(&self) -> Result<StoreVerification, StoreError> {
        let mut verification = StoreVerification::default();
        for StoreEntry { descriptor, .. } in self.entries()? {
            match self.verified(&descriptor)? {
                Lookup::Found(()) => verification.intact.add(descriptor.size),
                Lookup::Corrupt { moved_to } => verification.corrupt.push((descriptor.digest, moved_to)),
                // Another process removed it meanwhile.
                Lookup::Absent => {}
            }
        }
        Ok(verification)
    }

    /// What [`prune`](Store::prune) would remove. Downloads that are under way are counted too: whether somebody still goes on with one is
    /// found out only where it is to be removed.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a directory cannot be read.
    pub fn prunable(&self, policy: &PrunePolicy, now: SystemTime) -> Result<Pruned, StoreError> {
        let StoreUsage { partial, corrupt, .. } = self.usage()?;
        let mut derived = Tally::default();
        self.old_derived(policy, now).for_each(|(_, metadata)| derived.add(metadata.len()));
        Ok(Pruned { blobs: given_up(self.entries()?, policy, now), partial, corrupt, derived })
    }

    /// Removes the blobs that `policy` gives up as of `now`, what nobody is downloading any more, corrupt files, and old records of
    /// what was computed from blobs.
    ///
    /// Another process that reads a blob meanwhile goes on reading it; one that wants it later downloads it again.
    ///
    /// # Errors
    /// [`StoreError::Io`] where a directory cannot be read or a file cannot be removed.
    pub fn prune(&self, policy: &PrunePolicy, now: SystemTime) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        for (path, metadata) in self.old_derived(policy, now) {
            // What cannot be removed is in nobody's way.
            if remove(&path).is_ok_and(|removed| removed) {
                pruned.derived.add(metadata.len());
            }
        }
        for entry in given_up(self.entries()?, policy, now) {
            let path = self.path(entry.descriptor.digest);
            if remove(&path).map_err(StoreError::io("remove", &path))? {
                pruned.blobs.push(entry);
            }
        }
        for path in self.ingested_files() {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if remove_unless_held(&path).is_ok_and(|removed| removed) {
                pruned.partial.add(metadata.len());
            }
        }
        for path in paths_in(&self.corrupt())? {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if remove(&path).map_err(StoreError::io("remove", &path))? {
                pruned.corrupt.add(metadata.len());
            }
        }
        Ok(pruned)
    }
}

/// The entries that `policy` gives up, least recently used first.
fn given_up(mut entries: Vec<StoreEntry>, policy: &PrunePolicy, now: SystemTime) -> Vec<StoreEntry> {
    entries.sort_by_key(|entry| (entry.last_used, entry.descriptor));
    let mut excess = match policy.max_bytes {
        Some(limit) => {
            let total = entries.iter().fold(0_u64, |total, entry| total.saturating_add(entry.descriptor.size));
            total.saturating_sub(limit)
        }
        None => 0,
    };
    entries.retain(|entry| {
        if policy.keep.contains(&entry.descriptor.digest) {
            return false;
        }
        let unused = now.duration_since(entry.last_used).unwrap_or_default();
        let goes = excess > 0 || policy.unused_for.is_some_and(|limit| unused >= limit);
        if goes {
            excess = excess.saturating_sub(entry.descriptor.size);
        }
        goes
    });
    entries
}

/// What the file at `path` says it is; nothing where it is no blob's.
fn entry(path: &Path) -> Option<StoreEntry> {
    let shard = path.parent()?.file_name()?.to_str().filter(|shard| shard.len() == SHARD_DIGITS)?;
    let digest = format!("sha256:{shard}{}", path.file_name()?.to_str()?).parse().ok()?;
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let descriptor = Descriptor { digest, size: metadata.len() };
    Some(StoreEntry { descriptor, last_used: metadata.modified().ok()? })
}

/// The paths in `directory`, in order; none where it does not exist or is none.
fn paths_in(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(StoreError::io("read", directory)(error)),
    };
    let paths: Result<Vec<PathBuf>, io::Error> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(StoreError::io("read", directory))?;
    paths.sort();
    Ok(paths)
}

/// Removes the file at `path`; returns whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    /// A store of blobs of 1, 2 and 3 bytes, last used 3, 2 and 1 hours before the time returned.
    fn filled() -> (tempfile::TempDir, Store, SystemTime, [Descriptor; 3]) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let now = SystemTime::now();
        let descriptors = [(b"a".as_slice(), 3), (b"bb", 2), (b"ccc", 1)].map(|(bytes, age)| {
            let descriptor = Descriptor::of(bytes);
            let mut ingest = store.ingest(&descriptor).unwrap();
            ingest.write(bytes).unwrap();
            ingest.commit().unwrap();
            let file = fs::File::options().write(true).open(store.path(descriptor.digest)).unwrap();
            file.set_modified(now - HOUR * age).unwrap();
            descriptor
        });
        (directory, store, now, descriptors)
    }

    fn check_pruned(policy: &PrunePolicy, sizes: &[u64]) {
        let (_directory, store, now, _) = filled();
        let planned = store.prunable(policy, now).unwrap();
        let pruned = store.prune(policy, now).unwrap();
        assert_eq!(planned, pruned);
        assert_eq!(pruned.blobs.iter().map(|entry| entry.descriptor.size).collect::<Vec<_>>(), sizes);
        assert_eq!(store.entries().unwrap().len(), 3 - sizes.len());
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        check_pruned(&PrunePolicy::default(), &[]);
        check_pruned(&PrunePolicy { unused_for: Some(HOUR * 2), ..PrunePolicy::default() }, &[1, 2]);
        check_pruned(&PrunePolicy { max_bytes: Some(6), ..PrunePolicy::default() }, &[]);
        check_pruned(&PrunePolicy { max_bytes: Some(5), ..PrunePolicy::default() }, &[1]);
        check_pruned(&PrunePolicy { max_bytes: Some(4), ..PrunePolicy::default() }, &[1, 2]);
        check_pruned(&PrunePolicy { max_bytes: Some(0), ..PrunePolicy::default() }, &[1, 2, 3]);
        let keep = [Digest::of(b"a")].into();
        check_pruned(&PrunePolicy { max_bytes: Some(0), keep, unused_for: Some(Duration::ZERO) }, &[2, 3]);
    }

    #[test]
    fn reading_a_blob_is_using_it() {
        let (_directory, store, now, [oldest, ..]) = filled();
        store.read(&oldest).unwrap();
        let pruned = store.prune(&PrunePolicy { unused_for: Some(HOUR * 2), ..PrunePolicy::default() }, now).unwrap();
        assert_eq!(pruned.blobs.iter().map(|entry| entry.descriptor.size).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn usage_counts_blobs_partial_and_corrupt_files() {
        let (_directory, store, now, [oldest, ..]) = filled();
        store.ingest(&Descriptor::of(b"interrupted")).unwrap().write(b"inter").unwrap();
        fs::write(store.path(oldest.digest), b"rotten").unwrap();
        let verification = store.verify().unwrap();
        assert_eq!(verification.intact, Tally { files: 2, bytes: 5 });
        assert_eq!(verification.corrupt.iter().map(|(digest, _)| *digest).collect::<Vec<_>>(), [oldest.digest]);
        let (blobs, corrupt) = (Tally { files: 2, bytes: 5 }, Tally { files: 1, bytes: 6 });
        let partial = Tally { files: 1, bytes: 5 };
        assert_eq!(store.usage().unwrap(), StoreUsage { blobs, partial, corrupt, ..StoreUsage::default() });
        let pruned = store.prune(&PrunePolicy::default(), now).unwrap();
        assert_eq!((pruned.partial, pruned.corrupt), (partial, corrupt));
        assert_eq!(store.usage().unwrap(), StoreUsage { blobs, ..StoreUsage::default() });
    }

    #[test]
    fn what_is_being_downloaded_is_not_pruned() {
        let (_directory, store, now, _) = filled();
        let mut ingest = store.ingest(&Descriptor::of(b"under way")).unwrap();
        ingest.write(b"under").unwrap();
        assert_eq!(store.prune(&PrunePolicy::default(), now).unwrap().partial, Tally::default());
        ingest.write(b" way").unwrap();
        ingest.commit().unwrap();
    }

    #[test]
    fn files_that_are_no_blobs_are_not_listed() {
        let (_directory, store, _, _) = filled();
        fs::write(store.blobs().join("README"), b"").unwrap();
        fs::create_dir(store.blobs().join("ab")).unwrap();
        fs::write(store.blobs().join("ab").join("cd"), b"").unwrap();
        assert_eq!(store.entries().unwrap().len(), 3);
    }
}
