//! What is remembered of a registry: from what was verified to files, and back.
//!
//! ```text
//! <host>-<digest of the URL>/operator-key                  the key that the operator's log began with when it was first seen
//! <host>-<…>/<fingerprint of such a key>/registry.json      the last checkpoint, and the operator's log
//! <host>-<…>/<fingerprint>/packages/<ns>.<name>.json        a package's log, as far as it was verified
//! ```
//!
//! A file is replaced as a whole, and a checkpoint by a longer one only, whichever process wrote it. Files are this user's own and
//! believed, unlike anything a registry says; one that cannot be read is an error, not a first time: otherwise damaging it would
//! make a registry be trusted anew.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use warg_protocol::registry::PackageName as WargName;

use super::checkpoint::Checkpoint;
use super::log::{OperatorLog, PackageLog};
use crate::digest::Digest;
use crate::error::one_line;
use crate::key::PublicKey;
use crate::replacement::{create_parent, replace};
use crate::warg_registry::WargRegistry;

const FORMAT: u32 = 1;
/// More than any such file has.
const MAX_FILE: u64 = 256 * 1024 * 1024;
const DIGITS: usize = 16;

/// What is remembered of one registry.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    directory: PathBuf,
}

/// The log as a whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RegistryMemory {
    pub(super) checkpoint: Checkpoint,
    pub(super) operator: OperatorLog,
    /// What of the locks' knowledge the log was proved to continue: lengths and roots.
    pub(super) agreed: BTreeSet<(u64, String)>,
}

/// Whether anything was known of a registry's operator before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contact {
    First,
    Further,
}

/// The log of a package.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct PackageMemory {
    pub(super) log: PackageLog,
    /// How many records the whole log had when this one's head was proved to be in it.
    pub(super) verified_at: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    format: u32,
    known: T,
}

/// A file with what is remembered cannot be used.
#[derive(Debug)]
pub(crate) struct MemoryError {
    pub(crate) path: PathBuf,
    pub(crate) problem: String,
}

impl MemoryError {
    fn new(path: &Path) -> impl Fn(io::Error) -> MemoryError {
        move |error| MemoryError { path: path.to_owned(), problem: one_line(&error.to_string()) }
    }
}

impl Memory {
    /// Finds the place for what is remembered of `registry`. Nothing is created before there is something.
    pub(super) fn open(directory: &Path, registry: &WargRegistry) -> Result<Memory, MemoryError> {
        let host: String = registry.host().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let digest = Digest::of(registry.url().as_bytes()).to_hex();
        Ok(Memory { directory: directory.join(format!("{host}-{}", &digest[..DIGITS])) })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The key that the operator's log began with when it was first seen.
    pub(super) fn first_seen(&self) -> Result<Option<PublicKey>, MemoryError> {
        let path = self.first_seen_path();
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        key.map(Some).ok_or(MemoryError { path, problem: "it has no operator key".to_owned() })
    }

    pub(super) fn registry(&self, operator: Digest) -> Result<Option<RegistryMemory>, MemoryError> {
        load(&self.registry_path(operator))
    }

    pub(super) fn package(&self, operator: Digest, name: &WargName) -> Result<Option<PackageMemory>, MemoryError> {
        load(&self.package_path(operator, name))
    }

    /// What is known of an operator's log as a whole, and of that of a package.
    pub(super) fn of(
        &self,
        operator: Digest,
        name: Option<&WargName>,
    ) -> Result<(Option<RegistryMemory>, Option<PackageMemory>), MemoryError> {
        let package = name.map(|name| self.package(operator, name)).transpose()?.flatten();
        Ok((self.registry(operator)?, package))
    }

    /// Keeps what was verified, where it is newer than what is remembered by now.
    pub(super) fn keep(
        &self,
        founder: &PublicKey,
        registry: RegistryMemory,
        package: Option<(WargName, PackageMemory)>,
    ) -> Result<Contact, MemoryError> {
        let operator = founder.fingerprint();
        let lock_path = self.directory_of(operator).join("lock");
        create_parent(&lock_path).map_err(MemoryError::new(&lock_path))?;
        let lock = File::create(&lock_path).map_err(MemoryError::new(&lock_path))?;
        // A file system without locks loses, at worst, the newer of two checkpoints that were verified at once.
        lock.lock().ok();
        let contact = if self.first_seen()?.is_none() { Contact::First } else { Contact::Further };
        if contact == Contact::First {
            write(&self.first_seen_path(), format!("{founder}\n").as_bytes())?;
        }
        let kept = self.registry(operator)?;
        let order = |known: &RegistryMemory| (known.checkpoint.length(), known.checkpoint.timestamp());
        if kept.as_ref().is_none_or(|kept| order(kept) <= order(&registry)) {
            save(&self.registry_path(operator), registry)?;
        }
        if let Some((name, package)) = package {
            let kept = self.package(operator, &name)?;
            if kept.is_none_or(|kept| kept.verified_at < package.verified_at) {
                save(&self.package_path(operator, &name), package)?;
            }
        }
        Ok(contact)
    }

    fn first_seen_path(&self) -> PathBuf {
        self.directory.join("operator-key")
    }

    fn directory_of(&self, operator: Digest) -> PathBuf {
        self.directory.join(&operator.to_hex()[..DIGITS])
    }

    fn registry_path(&self, operator: Digest) -> PathBuf {
        self.directory_of(operator).join("registry.json")
    }

    fn package_path(&self, operator: Digest, name: &WargName) -> PathBuf {
        // Both are lowercase letters, digits and `-`, so that no name leads elsewhere.
        self.directory_of(operator).join("packages").join(format!("{}.{}.json", name.namespace(), name.name()))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, MemoryError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(MemoryError::new(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(MemoryError::new(path))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(MemoryError { path: path.to_owned(), problem: "it is too large".to_owned() });
    }
    Ok(Some(bytes))
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, MemoryError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let problem = |problem: String| MemoryError { path: path.to_owned(), problem };
    let versioned: Versioned<T> =
        serde_json::from_slice(&bytes).map_err(|error| problem(one_line(&error.to_string())))?;
    if versioned.format != FORMAT {
        return Err(problem(format!("it has the format {}, and this program knows {FORMAT}", versioned.format)));
    }
    Ok(Some(versioned.known))
}

fn save<T: Serialize>(path: &Path, known: T) -> Result<(), MemoryError> {
    let text = serde_json::to_vec(&Versioned { format: FORMAT, known });
    // A time before 1970 is valid in a record, and cannot be written.
    let text = text.map_err(|error| MemoryError { path: path.to_owned(), problem: one_line(&error.to_string()) })?;
    write(path, &text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), MemoryError> {
    let failed = MemoryError::new(path);
    create_parent(path).map_err(&failed)?;
    replace(path, &failed, |file| file.write_all(bytes).map_err(&failed))
}
