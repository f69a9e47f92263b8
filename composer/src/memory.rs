//! What is remembered from one build to the next: shells of components, and proofs of modules.
//!
//! From the store to whoever asks for the shell of a digest, or whether a module is proved, and back when something was learnt. What
//! is large, or comes from a registry, has a record of its own, which every application of the user finds; all the rest is one
//! record for each application, because hundreds of small files cost more than what is in them. The store says whether a record
//! is what was written; the shells in it are read with care, and a proof counts for its module, its stub, this validator and these
//! features alone.
//!
//! All that an application's record has will be asked for: threads that have nothing else to do [recall](Memory::recall_all) it while
//! the manifest and the lock are read, and prove it while links are planned. Whoever asks for something that they have not come to does
//! that part of the work himself: to be woken takes a thread longer than most components do.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use registry_client::{DerivedKind, Descriptor, Digest, Store};

use crate::{
    fields::{Fields, number, text},
    shell::{Module, Shell, TypedShell},
};

/// The format of an application's record; its binding changes with that of the shells that are in it.
const APPLICATION: DerivedKind<'_> = DerivedKind { name: "application", binding: "4" };

/// From how many bytes on something has a record of its own.
const LARGE: u64 = 1024 * 1024;

/// Fewer shells are recalled and proved before another thread has begun.
const WORTH_A_THREAD: usize = 32;

/// What is remembered for an application.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Store,
    /// The application.
    key: Digest,
    /// What proofs depend on.
    validator: String,
    recalled: OnceLock<Record>,
    learnt: Mutex<Record>,
}

/// What an application's record has.
#[derive(Debug, Default, PartialEq)]
struct Record {
    shells: BTreeMap<Digest, Arc<Remembered>>,
    /// The names of modules that are proved, each with what it is proved to be.
    proofs: BTreeSet<(Digest, Digest)>,
}

/// The shell of a component of `size` bytes, read by whoever asks first.
#[derive(Debug)]
struct Remembered {
    size: u64,
    bytes: Bytes,
    shell: OnceLock<Option<Arc<TypedShell>>>,
}

impl PartialEq for Remembered {
    fn eq(&self, other: &Self) -> bool {
        (self.size, &self.bytes) == (other.size, &other.bytes)
    }
}

impl Remembered {
    fn new(size: u64, bytes: Bytes) -> Self {
        Self { size, bytes, shell: OnceLock::new() }
    }

    fn shell(&self) -> Option<&Arc<TypedShell>> {
        let read = || Shell::read(self.bytes.clone(), self.size).and_then(TypedShell::recalled).map(Arc::new);
        self.shell.get_or_init(read).as_ref()
    }
}

impl Memory {
    /// What is remembered for the application of a manifest; proofs are by `validator`.
    pub(crate) fn of(store: &Store, manifest: &Path, validator: String) -> Self {
        let path = std::path::absolute(manifest).unwrap_or_else(|_| manifest.to_owned());
        let key = Digest::of(path.as_os_str().as_encoded_bytes());
        Self { store: store.clone(), key, validator, recalled: OnceLock::new(), learnt: Mutex::default() }
    }

    /// Recalls all that the application's record has, and then proves that each component is of its type, with as many threads as
    /// `helpers` allows and the record is worth.
    pub(crate) fn recall_all(&self, helpers: usize) {
        let shells: Vec<&Remembered> = self.recalled().shells.values().map(|remembered| &**remembered).collect();
        let (recalled, proved) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let next = |counter: &AtomicUsize| shells.get(counter.fetch_add(1, Ordering::Relaxed));
        let work = || {
            while let Some(remembered) = next(&recalled) {
                remembered.shell();
            }
            while let Some(remembered) = next(&proved) {
                if let Some(shell) = remembered.shell() {
                    shell.is_of_its_type();
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..helpers.min(shells.len() / WORTH_A_THREAD) {
                scope.spawn(work);
            }
            work();
        });
    }

    /// Whether the application's record has the shell of a component.
    pub(crate) fn has(&self, component: &Descriptor) -> bool {
        self.remembered(component).is_some()
    }

    /// The shell of a component.
    pub(crate) fn shell(&self, of: &Descriptor) -> Option<Arc<TypedShell>> {
        let Some(remembered) = self.remembered(of) else {
            return Shell::recall(&self.store, of).and_then(TypedShell::recalled).map(Arc::new);
        };
        let shell = remembered.shell()?;
        self.learnt().shells.insert(of.digest, Arc::clone(remembered));
        Some(Arc::clone(shell))
    }

    /// Remembers the shell of a component, for all applications where that is worth it.
    pub(crate) fn keep_shell(&self, shell: &Shell, of: &Descriptor, is_published: bool) {
        if is_published || of.size >= LARGE {
            shell.keep(&self.store, of.digest);
        } else {
            self.learnt().shells.insert(of.digest, Arc::new(Remembered::new(of.size, shell.to_record().into())));
        }
    }

    /// Forgets the shell of a component.
    pub(crate) fn forget_shell(&self, of: Digest) {
        Shell::forget(&self.store, of);
        self.store.forget_derived(APPLICATION, self.key);
    }

    /// Whether a module of this name is proved.
    pub(crate) fn is_proved(&self, identity: Digest, module: &Module) -> bool {
        let stub = Digest::of(&module.stub);
        let proof = (identity, self.claim(stub));
        if self.recalled().proofs.contains(&proof) {
            self.learnt().proofs.insert(proof);
            return true;
        }
        let proof = is_large(module).then(|| self.store.derived(self.proofs(), identity)).flatten();
        proof.is_some_and(|proof| proof == stub.as_bytes())
    }

    /// Remembers that a module of this name is proved.
    pub(crate) fn note_proof(&self, identity: Digest, module: &Module) {
        let stub = Digest::of(&module.stub);
        if is_large(module) {
            self.store.keep_derived(self.proofs(), identity, stub.as_bytes());
        } else {
            self.learnt().proofs.insert((identity, self.claim(stub)));
        }
    }

    /// Keeps what was needed and what was learnt, if that is not what is kept already.
    pub(crate) fn keep(&self) {
        let (learnt, recalled) = (self.learnt(), self.recalled());
        if *learnt != *recalled {
            self.store.keep_derived(APPLICATION, self.key, &learnt.write());
        }
    }

    /// What a proof says, in one digest: of which stub, by which validator.
    fn claim(&self, stub: Digest) -> Digest {
        Digest::of(&[stub.as_bytes().as_slice(), self.validator.as_bytes()].concat())
    }

    fn proofs(&self) -> DerivedKind<'_> {
        DerivedKind { name: "proof", binding: &self.validator }
    }

    fn remembered(&self, component: &Descriptor) -> Option<&Arc<Remembered>> {
        self.recalled().shells.get(&component.digest).filter(|remembered| remembered.size == component.size)
    }

    /// What the record had when it was first needed.
    fn recalled(&self) -> &Record {
        let record = || self.store.derived(APPLICATION, self.key).and_then(|record| Record::read(record.into()));
        self.recalled.get_or_init(|| record().unwrap_or_default())
    }

    fn learnt(&self) -> MutexGuard<'_, Record> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_large(module: &Module) -> bool {
    module.end() - module.start() >= LARGE
}

impl Record {
    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        number(self.proofs.len() as u64, &mut bytes);
        for (identity, claim) in &self.proofs {
            bytes.extend_from_slice(identity.as_bytes());
            bytes.extend_from_slice(claim.as_bytes());
        }
        for (digest, remembered) in &self.shells {
            bytes.extend_from_slice(digest.as_bytes());
            number(remembered.size, &mut bytes);
            text(&remembered.bytes, &mut bytes);
        }
        bytes
    }

    fn read(bytes: Bytes) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let mut record = Self::default();
        for _ in 0..fields.number()? {
            record.proofs.insert((fields.digest()?, fields.digest()?));
        }
        while !fields.is_empty() {
            let (digest, size) = (fields.digest()?, fields.number()?);
            record.shells.insert(digest, Arc::new(Remembered::new(size, fields.text()?)));
        }
        Some(record)
    }
}
