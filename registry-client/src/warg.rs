//! Warg registries: from what a registry's log says, and proves, to the releases of a package, and from a release to a record in the log.
//!
//! A [warg](https://warg.io/specification/) registry keeps an append-only log of signed records: its operator's, and one log a package.
//! A *checkpoint*, signed by the operator, names the root of a Merkle tree over all records and the root of a map from each log to its
//! last one. Nothing that a registry says is used before all of this holds, whatever was asked for:
//!
//! | module | checks |
//! |---|---|
//! | `log` | every record: its signature, that its signer may do what it does, and that it names the one before it |
//! | `checkpoint` | its signature, by a key that the operator's log allows that, and its age |
//! | `proof` | that both logs end where the checkpoint says, and that the checkpoint continues the last one seen |
//! | `memory` | that the operator is who it was; keeps what was verified, so that none of it can be taken back |
//! | `api` | that answers come soon, and are not larger than they may be |
//! | `content` | that bytes have the digest of the record that released them |
//! | `publish` | that the registry put into its log what was sent, before it is called published |
//!
//! The types, signatures and hashes are those of `warg-protocol`, `warg-crypto`, `warg-transparency` and `warg-api` 0.10, and named
//! nowhere but here. `warg-client` 0.10, which is written on them, is not used. It makes its own HTTP client and its own verdicts, and lets
//! nobody come between, so that none of the following could be mended around it:
//!
//! - It compares as many proofs as it is sent: none prove everything. It does not look which record a proof is about. A proof that is
//!   malformed ends the program, as one with too many hashes does in `warg-transparency`.
//! - It takes a checkpoint from any key in the operator's log, also from one that was revoked, and of any age.
//! - It remembers no operator. And an operator's log whose first record introduces one key and is signed by another is valid to
//!   `warg-protocol`, so that a pinned key alone would not help either: see `log`.
//! - It waits forever, reads answers of any size into memory, and sends requests wherever it is redirected.
//! - It does not compile without its feature `keyring`, and with it, D-Bus: 167 crates that nothing else here needs, where the
//!   protocol's own need 53. None of those can be left out: the protocol's crates have no features to choose from.
//!
//! That both understand each other, and the same logs, shows `registry-client/tests/interop/run-warg` with the real `warg`.
//!
//! NB: warg proves that something is in a log, never that it is not. That a package does not exist is the registry's word alone,
//! unless it was seen before.

mod api;
mod checkpoint;
mod content;
mod error;
mod log;
mod memory;
mod proof;
mod publish;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use semver::Version;
use warg_crypto::hash::{AnyHash, Sha256};
use warg_crypto::signing::{PrivateKey, PrivateKeyParseError, generate_p256_pair};
use warg_protocol::operator::NamespaceState;
use warg_protocol::registry::{LogId, LogLeaf, PackageName as WargName, RecordId};

use crate::client::blocking;
use crate::credential::Credential;
use crate::digest::Digest;
use crate::event::{Event, EventSink};
use crate::key::PublicKey;
use crate::log_problem::{LogProblem, LogState, OperatorKeySource};
use crate::package::PackageName;
use crate::registry::Registry;
use crate::transport::{RequestError, Transport};
use crate::warg_registry::WargRegistry;
use api::{Api, ApiError, Refusal};
use checkpoint::Checkpoint;
use error::ReadError;
pub(crate) use error::{Unverified, WargError};
use log::{OperatorLog, PackageLog};
pub(crate) use memory::MemoryError;
use memory::{Contact, Memory};

/// How old a checkpoint may be. Registries sign a new one every few seconds, whether anything happened or not.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// One registry, as it is spoken to.
pub(crate) struct Warg<'a> {
    pub(crate) registry: &'a WargRegistry,
    pub(crate) transport: &'a Transport,
    /// Where what is known of registries is kept.
    pub(crate) memories: PathBuf,
    /// What locks know of the log.
    pub(crate) locked: Vec<LogState>,
    pub(crate) events: &'a EventSink,
}

/// What was verified of a registry, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    operator: OperatorLog,
    package: PackageLog,
    /// What the log was.
    pub(crate) state: LogState,
}

/// A version that was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Released {
    pub(crate) component: Digest,
    /// The identifier of the record that released it, and its size in bytes.
    pub(crate) record: Digest,
    pub(crate) record_size: u64,
    pub(crate) is_yanked: bool,
}

impl Observed {
    /// The versions that were ever released, ascending.
    pub(crate) fn releases(&self) -> impl Iterator<Item = (&Version, Released)> {
        self.package.releases()
    }

    pub(crate) fn release(&self, version: &Version) -> Option<Released> {
        self.package.release(version)
    }
}

impl Warg<'_> {
    /// Asks for the log of `package` and verifies it, as far as it is not known already.
    pub(crate) async fn observe(&self, package: &PackageName) -> Result<Observed, WargError> {
        let memory = Memory::open(&self.memories, self.registry)?;
        let name = log::name(package);
        match self.read(&memory, Some(&name)).await {
            Err(ReadError::NoSuchLog) => {}
            Err(ReadError::Unverified(error)) => return Err(error.into()),
            Ok(observed) => return Ok(observed),
        }
        // The registry's word that there is none is checked against all that was ever proved of it.
        let operator = match self.read(&memory, None).await {
            Err(ReadError::NoSuchLog) => return Err(LogProblem::Empty.into()),
            Err(ReadError::Unverified(error)) => return Err(error.into()),
            Ok(observed) => observed.operator,
        };
        Err(match operator.namespace(package.namespace()) {
            Some(NamespaceState::Defined) => WargError::PackageNotFound,
            Some(NamespaceState::Imported { registry }) => {
                WargError::NamespaceNotDefined { imported_from: Some(crate::error::one_line(registry)) }
            }
            None => WargError::NamespaceNotDefined { imported_from: None },
        })
    }

    /// What is known of `package` without asking anybody.
    pub(crate) fn recall(&self, package: &PackageName) -> Result<Option<Observed>, Unverified> {
        let memory = Memory::open(&self.memories, self.registry)?;
        let Some(operator_key) = self.expected_operator(&memory)?.map(|(fingerprint, ..)| fingerprint) else {
            return Ok(None);
        };
        let (Some(registry), Some(package)) =
            (memory.registry(operator_key)?, memory.package(operator_key, &log::name(package))?)
        else {
            return Ok(None);
        };
        let state = LogState { operator: operator_key, ..registry.checkpoint.state(operator_key)? };
        Ok(Some(Observed { operator: registry.operator, package: package.log, state }))
    }

    /// Asks for the operator's log alone and verifies it: whose it is, why that is believed, and what the whole log is.
    pub(crate) async fn check(&self) -> Result<(PublicKey, Option<OperatorKeySource>, LogState), Unverified> {
        let memory = Memory::open(&self.memories, self.registry)?;
        let source = self.expected_operator(&memory)?.map(|(.., source)| source);
        match self.read(&memory, None).await {
            Ok(observed) => {
                let founder = observed.operator.founder().ok_or(LogProblem::Empty)?;
                Ok((founder, source, observed.state))
            }
            Err(ReadError::NoSuchLog) => Err(LogProblem::Empty.into()),
            Err(ReadError::Unverified(error)) => Err(error),
        }
    }

    /// Asks for the checkpoint with a credential that was given, or with none.
    pub(crate) async fn ask_as(&self, credential: Option<&Credential>) -> Result<(), RequestError> {
        self.api().ask_as(credential).await
    }

    fn api(&self) -> Api<'_> {
        Api { registry: self.registry, transport: self.transport }
    }

    /// The operator's key that there must be, and why: the one that is required, or else the one that is known.
    fn expected_operator(&self, memory: &Memory) -> Result<Option<(Digest, String, OperatorKeySource)>, MemoryError> {
        if let Some(required) = self.registry.operator_key() {
            return Ok(Some((required.fingerprint(), required.to_string(), OperatorKeySource::Required)));
        }
        if let Some(first) = memory.first_seen()? {
            return Ok(Some((first.fingerprint(), first.to_string(), OperatorKeySource::FirstSeen)));
        }
        let locked = self.locked.first();
        Ok(locked.map(|locked| (locked.operator, locked.operator.to_string(), OperatorKeySource::Lock)))
    }

    async fn read(&self, memory: &Memory, name: Option<&WargName>) -> Result<Observed, ReadError> {
        let expected = self.expected_operator(memory)?;
        let is_unexpected = expected.is_none();
        let remembered = {
            let (memory, name) = (memory.clone(), name.cloned());
            let operator = expected.as_ref().map(|(fingerprint, ..)| *fingerprint);
            blocking(move || match operator {
                Some(operator) => memory.of(operator, name.as_ref()),
                None => Ok((None, None)),
            })
        };
        let (known, package) = remembered.await?;
        let mut package = package.unwrap_or_default();
        let checkpoint = self.api().checkpoint().await.map_err(Unverified::from)?;
        checkpoint.check_shape()?;
        let agreed = known.as_ref().map(|known| known.agreed.clone()).unwrap_or_default();
        let agreed = match self.check_continuity(memory, &checkpoint, known.as_ref(), agreed).await {
            Ok(agreed) => agreed,
            Err(Unverified::Problem(problem)) => {
                // Another operator's log is another log, and who they are says more than how it differs.
                self.check_founder(memory, &checkpoint, expected).await?;
                return Err(problem.into());
            }
            Err(error) => return Err(error.into()),
        };
        let mut operator = known.as_ref().map(|known| known.operator.clone()).unwrap_or_default();
        let is_news = known.as_ref().is_none_or(|known| !known.checkpoint.is_of_the_same_log(&checkpoint))
            || (name.is_some() && package.verified_at != Some(checkpoint.length()));
        if is_news {
            self.append(&checkpoint, &mut operator, name.map(|name| (name, &mut package.log))).await?;
        }

        let founder = operator.founder().ok_or(LogProblem::Empty)?;
        self.check_operator(memory, expected, &founder)?;
        checkpoint.check_signature(&operator)?;
        checkpoint.check_age(MAX_AGE)?;
        if is_news {
            self.check_inclusion(&checkpoint, &operator, name.map(|name| (name, &package.log))).await?;
        }

        let state = checkpoint.state(founder.fingerprint())?;
        package.verified_at = Some(checkpoint.length());
        let observed = Observed { operator: operator.clone(), package: package.log.clone(), state };
        let registry = memory::RegistryMemory { checkpoint, operator, agreed };
        let (memory, package) = (memory.clone(), name.map(|name| (name.clone(), package)));
        let (contact, key) =
            blocking(move || memory.keep(&founder, registry, package).map(|contact| (contact, founder))).await?;
        if is_unexpected && contact == Contact::First {
            let registry = Registry::Warg(self.registry.clone());
            self.events.emit(Event::OperatorRemembered { registry, key });
        }
        Ok(observed)
    }

    /// Checks that the log of `checkpoint` continues what is known of it, and what locks know; returns with what it agrees, so that
    /// nothing is asked for twice.
    async fn check_continuity(
        &self,
        memory: &Memory,
        checkpoint: &Checkpoint,
        known: Option<&memory::RegistryMemory>,
        mut agreed: BTreeSet<(u64, String)>,
    ) -> Result<BTreeSet<(u64, String)>, Unverified> {
        let remembered = || memory.directory().to_owned();
        let mut past: Vec<_> = self.locked().filter(|locked| !agreed.contains(locked)).collect();
        past.extend(known.map(|known| (known.checkpoint.length(), known.checkpoint.log_root().to_string())));
        for (length, root) in past {
            if length > checkpoint.length() {
                let (seen, found) = (length, checkpoint.length());
                return Err(LogProblem::Rewound { seen, found, remembered: remembered() }.into());
            }
            let is_same = if length == checkpoint.length() {
                root == checkpoint.log_root().to_string()
            } else {
                let answer = self.api().consistency(length, checkpoint.length()).await?;
                proof::is_continued(&answer, (length, &root), checkpoint)?
            };
            if !is_same {
                return Err(LogProblem::Forked { length, remembered: remembered() }.into());
            }
            agreed.insert((length, root));
        }
        // What is known is the newest of them, and reaches back to all others.
        let locked: BTreeSet<_> = self.locked().collect();
        agreed.retain(|past| locked.contains(past));
        Ok(agreed)
    }

    /// What locks know of the log that there must be: whoever requires an operator has decided, and may have decided otherwise than when
    /// a lock was written.
    fn locked(&self) -> impl Iterator<Item = (u64, String)> {
        let required = self.registry.operator_key().map(PublicKey::fingerprint);
        let locked =
            self.locked.iter().filter(move |locked| required.is_none_or(|required| required == locked.operator));
        locked.map(|locked| (locked.length, locked.root.to_string()))
    }

    /// Reads the operator's log from its beginning, to say whose it is where that is another's than expected.
    async fn check_founder(
        &self,
        memory: &Memory,
        checkpoint: &Checkpoint,
        expected: Option<(Digest, String, OperatorKeySource)>,
    ) -> Result<(), LogProblem> {
        let mut operator = OperatorLog::default();
        match self.append(checkpoint, &mut operator, None).await {
            Ok(()) => operator.founder().map_or(Ok(()), |founder| self.check_operator(memory, expected, &founder)),
            // It is not believed already.
            Err(_) => Ok(()),
        }
    }

    /// Asks for the records up to `checkpoint` that are not known yet, and appends them to both logs.
    async fn append(
        &self,
        checkpoint: &Checkpoint,
        operator: &mut OperatorLog,
        mut package: Option<(&WargName, &mut PackageLog)>,
    ) -> Result<(), ReadError> {
        let api = self.api();
        let mut attempts = api.attempts();
        loop {
            let asked = package.as_ref().map(|(name, log)| (log_id(name), log.token().map(str::to_owned)));
            let answer = api.logs(&mut attempts, checkpoint.length(), operator.token(), asked.as_ref()).await;
            let mut answer = match (answer, &package) {
                (Err(ApiError::Refused(Refusal::NoSuchLog, _)), Some((_, log))) if log.records() > 0 => {
                    return Err(LogProblem::PackageGone.into());
                }
                (Err(ApiError::Refused(Refusal::NoSuchLog, _)), _) => return Err(ReadError::NoSuchLog),
                (answer, _) => answer.map_err(Unverified::from)?,
            };
            let mut appended = answer.operator.len();
            for record in answer.operator {
                operator.append(record, checkpoint.length())?;
            }
            if let (Some((name, log)), Some((id, _))) = (&mut package, &asked) {
                let records = answer.packages.swap_remove(id).unwrap_or_default();
                appended += records.len();
                for record in records {
                    log.append(record, checkpoint.length(), name)?;
                }
            }
            if !answer.packages.is_empty() {
                return Err(LogProblem::Records { problem: "records of a package that nobody asked for" }.into());
            }
            if !answer.more {
                break;
            }
            if appended == 0 {
                return Err(LogProblem::Records { problem: "no record, and the promise of more" }.into());
            }
        }
        if package.is_some_and(|(_, log)| log.records() == 0) {
            return Err(ReadError::NoSuchLog);
        }
        Ok(())
    }

    fn check_operator(
        &self,
        memory: &Memory,
        expected: Option<(Digest, String, OperatorKeySource)>,
        founder: &PublicKey,
    ) -> Result<(), LogProblem> {
        let locked =
            self.locked.iter().map(|locked| (locked.operator, locked.operator.to_string(), OperatorKeySource::Lock));
        // Whoever requires a key has decided, and may have decided otherwise than when a lock was written.
        let locked = locked.filter(|_| self.registry.operator_key().is_none());
        for (fingerprint, expected, source) in expected.into_iter().chain(locked) {
            if fingerprint != founder.fingerprint() {
                let (found, remembered) = (founder.to_string(), memory.directory().to_owned());
                return Err(LogProblem::OperatorKey { expected, found, known_from: source, remembered });
            }
        }
        Ok(())
    }

    /// Has the registry prove that both logs end as it says.
    async fn check_inclusion(
        &self,
        checkpoint: &Checkpoint,
        operator: &OperatorLog,
        package: Option<(&WargName, &PackageLog)>,
    ) -> Result<(), Unverified> {
        let heads = [
            operator.head().map(|(index, record_id)| (index, LogId::operator_log::<Sha256>(), record_id)),
            package.and_then(|(name, log)| log.head().map(|(index, record_id)| (index, log_id(name), record_id))),
        ];
        let leaves = heads.into_iter().flatten();
        let leaves: Vec<_> = leaves.map(|(index, log_id, record_id)| (index, LogLeaf { log_id, record_id })).collect();
        let indices: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
        let answer = self.api().inclusion(checkpoint.length(), &indices).await?;
        Ok(proof::check_inclusion(&answer, checkpoint, &leaves)?)
    }
}

/// A private key that nobody had before, as text.
pub(crate) fn new_key() -> String {
    generate_p256_pair().1.encode().to_string()
}

/// The public half of a private key, both as text.
pub(crate) fn public_key(key: &str) -> Result<String, PrivateKeyParseError> {
    PrivateKey::decode(key.to_owned()).map(|key| key.public_key().to_string())
}

fn log_id(name: &WargName) -> LogId {
    LogId::package_log::<Sha256>(name)
}

/// A digest as the protocol has it.
fn hash(digest: Digest) -> AnyHash {
    digest.to_string().parse().expect("both are written `sha256:` and hexadecimal, because digests here are SHA-256")
}

/// A digest of the protocol as this crate has it, if it is one that this crate has.
fn digest(hash: &AnyHash) -> Option<Digest> {
    hash.to_string().parse().ok()
}

fn record_digest(record: &RecordId) -> Option<Digest> {
    digest(&AnyHash::from(record.clone()))
}
