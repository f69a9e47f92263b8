//! What was computed from blobs and need not be computed again: from a kind and the digest it was computed from, to a record.
//!
//! ```text
//! derived/KIND/ab/cdef…   a record about what has the digest sha256:abcdef…
//! ```
//!
//! A record is worth nothing by itself: it can always be computed anew, so that every failure to read or write one is silence.
//! What is read is what was written, about that digest, of that kind and under that binding (the versions and settings that the
//! computation depended on): a seal over all of them is part of the file. A record that was damaged, renamed, or left by another
//! version is absent.

use std::fs::{self, File, Metadata};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::digest::{Digest, Digester};
use crate::inventory::PrunePolicy;
use crate::store::{SHARD_DIGITS, Store};

/// No record is larger.
const MAX_RECORD: u64 = 256 * 1024 * 1024;
/// How many bytes the seal has.
const SEAL: usize = 32;

/// What records are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivedKind<'a> {
    /// The name of the kind, which names its directory.
    pub name: &'a str,
    /// What else the records depend on: the version of their format and of what computes them, and its settings.
    pub binding: &'a str,
}

impl Store {
    /// The record of a kind about what has this digest.
    pub fn derived(&self, kind: DerivedKind<'_>, of: Digest) -> Option<Vec<u8>> {
        let mut file = File::open(self.derived_path(kind, of)).ok()?;
        let size = usize::try_from(file.metadata().ok()?.len()).ok()?;
        let mut sealed = [0; SEAL];
        file.read_exact(&mut sealed).ok()?;
        let mut content = Vec::with_capacity(size.min(1 << 20));
        file.take(MAX_RECORD).read_to_end(&mut content).ok()?;
        (sealed == *seal(kind, of, &content).as_bytes()).then_some(content)
    }

    /// Keeps a record, as well as that is possible.
    pub fn keep_derived(&self, kind: DerivedKind<'_>, of: Digest, content: &[u8]) {
        let path = self.derived_path(kind, of);
        let Some(directory) = path.parent() else { return };
        let write = || {
            fs::create_dir_all(directory)?;
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(seal(kind, of, content).as_bytes())?;
            file.write_all(content)?;
            file.persist(&path)?;
            Ok::<_, std::io::Error>(())
        };
        // Whoever needs the record computes it again.
        let _ = write();
    }

    /// Forgets a record.
    pub fn forget_derived(&self, kind: DerivedKind<'_>, of: Digest) {
        let _ = fs::remove_file(self.derived_path(kind, of));
    }

    fn derived_path(&self, kind: DerivedKind<'_>, of: Digest) -> PathBuf {
        let hex = of.to_hex();
        let (shard, rest) = hex.split_at(SHARD_DIGITS);
        self.derived_directory().join(kind.name).join(shard).join(rest)
    }

    fn derived_directory(&self) -> PathBuf {
        self.directory().join("derived")
    }

    /// The files of all records; a temporary of a dead process is one.
    pub(crate) fn derived_files(&self) -> impl Iterator<Item = (PathBuf, Metadata)> {
        let children = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let files = children(self.derived_directory()).flat_map(children).flat_map(children);
        // One may be gone by now.
        files.filter_map(|path| fs::metadata(&path).ok().map(|metadata| (path, metadata)))
    }

    /// The records that were written so long ago as `policy` gives blobs up.
    pub(crate) fn old_derived(
        &self,
        policy: &PrunePolicy,
        now: SystemTime,
    ) -> impl Iterator<Item = (PathBuf, Metadata)> {
        let limit = policy.unused_for;
        self.derived_files().filter(move |(_, metadata)| {
            let age = metadata.modified().ok().and_then(|written| now.duration_since(written).ok());
            limit.zip(age).is_some_and(|(limit, age)| age >= limit)
        })
    }
}

/// What makes a record one of this kind, about this digest.
fn seal(kind: DerivedKind<'_>, of: Digest, content: &[u8]) -> Digest {
    let mut digester = Digester::default();
    for field in [kind.name.as_bytes(), kind.binding.as_bytes(), of.as_bytes()] {
        digester.update(&(field.len() as u64).to_le_bytes());
        digester.update(field);
    }
    digester.update(content);
    digester.finish().digest
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: DerivedKind<'_> = DerivedKind { name: "length", binding: "1" };

    fn filled() -> (tempfile::TempDir, Store, Digest) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let of = Digest::of(b"component");
        store.keep_derived(KIND, of, b"nine");
        (directory, store, of)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let (_directory, store, of) = filled();
        assert_eq!(store.derived(KIND, of).unwrap(), b"nine");
        assert_eq!(store.derived(KIND, Digest::of(b"another")), None);
        store.keep_derived(KIND, of, b"");
        assert_eq!(store.derived(KIND, of).unwrap(), b"");
    }

    #[test]
    fn a_record_under_another_binding_is_absent() {
        let (_directory, store, of) = filled();
        assert_eq!(store.derived(DerivedKind { binding: "2", ..KIND }, of), None);
    }

    #[test]
    fn a_record_of_something_else_is_absent() {
        let (_directory, store, of) = filled();
        let other = Digest::of(b"another");
        let path = store.derived_path(KIND, other);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(store.derived_path(KIND, of), path).unwrap();
        assert_eq!(store.derived(KIND, other), None);
    }

    #[test]
    fn a_damaged_record_is_absent() {
        let (_directory, store, of) = filled();
        let path = store.derived_path(KIND, of);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(store.derived(KIND, of), None, "{length} bytes");
            let mut flipped = whole.clone();
            flipped[length] ^= 1;
            fs::write(&path, flipped).unwrap();
            assert_eq!(store.derived(KIND, of), None, "byte {length}");
        }
    }

    #[test]
    fn a_store_that_cannot_be_written_keeps_nothing_and_says_nothing() {
        let (directory, store, of) = filled();
        fs::remove_dir_all(store.derived_directory()).unwrap();
        fs::write(directory.path().join("derived"), b"").unwrap();
        store.keep_derived(KIND, of, b"nine");
        assert_eq!(store.derived(KIND, of), None);
    }

    #[test]
    fn records_go_when_they_are_old() {
        let (_directory, store, of) = filled();
        let hour = std::time::Duration::from_secs(60 * 60);
        let policy = PrunePolicy { unused_for: Some(hour), ..PrunePolicy::default() };
        store.prune(&policy, SystemTime::now()).unwrap();
        assert!(store.derived(KIND, of).is_some());
        store.prune(&policy, SystemTime::now() + hour * 2).unwrap();
        assert!(store.derived(KIND, of).is_none());
    }
}
