//! What is remembered from one build to the next: shells of components, and proofs of modules.
//!
//! From the store to whoever asks for the shell of a digest, or whether a module is proved, and back when something was learnt. What
//! is large, or comes from a registry, has a record of its own, which every application of the user finds; all the rest is one
//! record for each application, because hundreds of small files cost more than what is in them. The store says whether a record
//! is what was written; the shells in it are read with care, and a proof counts for its module, its stub, this validator and these
//! features alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use registry_client::{DerivedKind, Descriptor, Digest, Store};

use crate::shell::{Module, Shell};

/// The format of an application's record; its binding changes with that of the shells that are in it.
const APPLICATION: DerivedKind<'_> = DerivedKind { name: "application", binding: "2" };

/// From how many bytes on something has a record of its own.
const LARGE: u64 = 64 * 1024;

/// What is remembered for an application.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Store,
    /// The application.
    key: Digest,
    /// What proofs depend on.
    validator: String,
    recalled: Learnt,
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    shells: BTreeMap<Digest, Vec<u8>>,
    /// The names of modules that are proved, each with what it is proved to be.
    proofs: BTreeSet<(Digest, Digest)>,
}

impl Memory {
    /// What is remembered for the application of a manifest; proofs are by `validator`.
    pub(crate) fn of(store: &Store, manifest: &Path, validator: String) -> Self {
        let path = std::path::absolute(manifest).unwrap_or_else(|_| manifest.to_owned());
        let key = Digest::of(path.as_os_str().as_encoded_bytes());
        let record = store.derived(APPLICATION, key);
        let recalled = record.and_then(|record| Learnt::read(&record)).unwrap_or_default();
        Self { store: store.clone(), key, validator, recalled, learnt: Mutex::default() }
    }

    /// The shell of a component.
    pub(crate) fn shell(&self, of: &Descriptor) -> Option<Shell> {
        let Some(record) = self.recalled.shells.get(&of.digest) else { return Shell::recall(&self.store, of) };
        let shell = Shell::read(record, of.size)?;
        self.learnt().shells.insert(of.digest, record.clone());
        Some(shell)
    }

    /// Remembers the shell of a component, for all applications where that is worth it.
    pub(crate) fn keep_shell(&self, shell: &Shell, of: &Descriptor, is_published: bool) {
        if is_published || of.size >= LARGE {
            shell.keep(&self.store, of.digest);
        } else {
            self.learnt().shells.insert(of.digest, shell.to_record());
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
        if self.recalled.proofs.contains(&proof) {
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
        let learnt = self.learnt();
        if learnt.shells.keys().ne(self.recalled.shells.keys()) || learnt.proofs != self.recalled.proofs {
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

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_large(module: &Module) -> bool {
    module.end() - module.start() >= LARGE
}

impl Learnt {
    fn write(&self) -> Vec<u8> {
        let mut bytes = (self.proofs.len() as u64).to_le_bytes().to_vec();
        for (identity, claim) in &self.proofs {
            bytes.extend_from_slice(identity.as_bytes());
            bytes.extend_from_slice(claim.as_bytes());
        }
        for (digest, shell) in &self.shells {
            bytes.extend_from_slice(digest.as_bytes());
            bytes.extend_from_slice(&(shell.len() as u64).to_le_bytes());
            bytes.extend_from_slice(shell);
        }
        bytes
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut learnt = Self::default();
        let bytes = &mut bytes;
        for _ in 0..number(bytes)? {
            learnt.proofs.insert((digest(bytes)?, digest(bytes)?));
        }
        while !bytes.is_empty() {
            let digest = digest(bytes)?;
            let length = usize::try_from(number(bytes)?).ok()?;
            learnt.shells.insert(digest, take(bytes, length)?.to_vec());
        }
        Some(learnt)
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?))
}

fn digest(bytes: &mut &[u8]) -> Option<Digest> {
    Some(Digest::from_bytes(take(bytes, 32)?.try_into().ok()?))
}
