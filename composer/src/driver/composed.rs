//! What was composed in this run: an application that others have as a folder is composed once, however many have it.
//!
//! A value that the driver fills and reads; it decides nothing.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Planned, home::StaleLock};
use crate::{input::Input, lock::Lock, validate::Validated};

/// The applications that were composed, by their manifests. Cheap to clone, and made to be shared.
#[derive(Clone, Default)]
pub struct Composed(Arc<Mutex<BTreeMap<PathBuf, Arc<Folder>>>>);

/// An application, as others have it.
pub(super) struct Folder {
    pub(super) input: Input,
    /// The locks of it and of those in it, by their manifests.
    pub(super) locks: Vec<(PathBuf, Lock)>,
    pub(super) stale_locks: Vec<StaleLock>,
}

impl Composed {
    pub(super) fn find(&self, manifest: &Path) -> Option<Arc<Folder>> {
        self.lock().get(&identity(manifest)).cloned()
    }

    pub(super) fn insert(&self, manifest: &Path, folder: Arc<Folder>) {
        self.lock().insert(identity(manifest), folder);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Arc<Folder>>> {
        // Each change leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folder {
    pub(super) fn of(manifest: &Path, planned: &Planned, component: &Validated) -> Self {
        let own = (manifest.to_path_buf(), planned.lock.clone());
        Self {
            input: component.to_input(),
            locks: [own].into_iter().chain(planned.nested.iter().cloned()).collect(),
            stale_locks: planned.stale_locks.clone(),
        }
    }
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

/// One path for a manifest, however it is named.
pub(super) fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
