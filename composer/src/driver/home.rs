//! Where an application lives: which lock file has its lock, and whose workspace it is in.
//!
//! From a manifest's path to a [`Home`], and from the locks that are out of date to files. Alone among the driver's modules it
//! knows that one lock file may hold several locks.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use registry_client::{LogState, Registry};

use super::{
    directory_of,
    load::{ReadError, read_text},
    report,
    workspace::{self, Member},
};
use crate::{
    diagnostic::{Diagnostic, Failure, SourceText, shown},
    emit,
    lock::{self, BESIDE, Lock, LockFile},
    manifest::Manifest,
};

/// Where an application lives.
#[derive(Debug)]
pub(super) struct Home {
    /// The lock file: of the application alone, or of its workspace.
    pub(super) lock_path: PathBuf,
    /// Whose lock it is in that file.
    member: String,
    /// All whose locks belong into that file.
    members: Vec<String>,
    file: LockFile,
    text: String,
}

/// A lock file and the lock that it should have.
#[derive(Debug, Clone)]
pub(super) struct StaleLock {
    pub(super) path: PathBuf,
    member: String,
    members: Vec<String>,
    file: LockFile,
    lock: Lock,
}

impl Home {
    /// Finds out where the application of a manifest lives, and reads its lock file if there is one.
    pub(super) fn of(path: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let beside = || BESIDE.to_owned();
        let found = if manifest.workspace.is_some() {
            let members = workspace::members(path, manifest)?;
            Some((path.to_path_buf(), beside(), members))
        } else {
            workspace::enclosing(path)?.map(|found| (found.manifest_path, found.member, found.members))
        };
        let (root, member, members) = match found {
            Some((root, member, members)) => {
                let members = members.into_iter().map(|Member { directory, .. }| directory);
                (root, member, members.chain([beside()]).collect())
            }
            None => (path.to_path_buf(), beside(), vec![beside()]),
        };
        let lock_path = directory_of(&root).join(lock::FILE_NAME);
        let (text, file) = read_lock(&lock_path)?;
        Ok(Self { lock_path, member, members, file, text })
    }

    /// A lock file in a directory without an application.
    pub(super) fn beside(directory: &Path) -> Result<Self, Failure> {
        let lock_path = directory.join(lock::FILE_NAME);
        let (text, file) = read_lock(&lock_path)?;
        Ok(Self { lock_path, member: BESIDE.to_owned(), members: vec![BESIDE.to_owned()], file, text })
    }

    /// The application's lock, as it is in the file.
    pub(super) fn lock(&self) -> Option<&Lock> {
        self.file.applications.get(&self.member)
    }

    /// What the file knows of the logs of registries.
    pub(super) fn logs(&self) -> impl Iterator<Item = (&Registry, LogState)> {
        self.file.applications.values().flat_map(Lock::logs)
    }

    /// What the file says; empty where there is none.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What the file must say when this is the application's lock.
    pub(super) fn text_with(&self, lock: &Lock) -> String {
        self.file.with(&self.member, lock.clone(), &self.members).to_text()
    }

    /// The file, to be written with this lock.
    pub(super) fn stale(&self, lock: &Lock) -> StaleLock {
        StaleLock {
            path: self.lock_path.clone(),
            member: self.member.clone(),
            members: self.members.clone(),
            file: self.file.clone(),
            lock: lock.clone(),
        }
    }
}

fn read_lock(path: &Path) -> Result<(String, LockFile), Failure> {
    let text = match read_text(path) {
        // A checkout may have other ends of lines: that is no change of what the lock says.
        Ok(text) => text.replace("\r\n", "\n"),
        Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(error) => return Err(report::unreadable_lock(path, &error).into()),
    };
    let file = LockFile::parse(&SourceText::new(shown(path), text.as_str()))?;
    Ok((text, file))
}

/// The files that the locks which are out of date are in, each with the text that it must have.
fn texts<'a>(stale: impl IntoIterator<Item = &'a StaleLock>) -> BTreeMap<&'a Path, String> {
    let mut files: BTreeMap<&Path, LockFile> = BTreeMap::new();
    for StaleLock { path, member, members, file, lock } in stale {
        let known = files.entry(path).or_insert_with(|| file.clone());
        *known = known.with(member, lock.clone(), members);
    }
    files.into_iter().map(|(path, file)| (path, file.to_text())).collect()
}

/// Writes lock files, and manifests with them: all or none.
pub(super) fn write<'a>(
    manifests: impl IntoIterator<Item = &'a (PathBuf, String)>,
    stale: impl IntoIterator<Item = &'a StaleLock>,
) -> Result<(), Diagnostic> {
    let locks = texts(stale);
    let manifests = manifests.into_iter().map(|(path, text)| (path.as_path(), text.as_bytes()));
    emit::replace_all(manifests.chain(locks.iter().map(|(path, text)| (*path, text.as_bytes()))))
}
