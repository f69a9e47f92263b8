//! What records say: from the records of a log, in their order, to whom and what they leave behind.
//!
//! `warg-protocol` checks each record's signature, that its signer may do what it does, that it names the record before it, and that
//! time does not go back. Added here: indices ascend and stay below the checkpoint's length, digests are SHA-256, a log has a most of
//! records and of bytes in them, and who begins an operator's log signs for it.
//!
//! The last one matters. In `warg-protocol` an operator's first record may introduce one key and be signed by another, which it then
//! grants everything: anyone could write a log that begins with a pinned key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::SystemTime;

use semver::Version;
use serde::{Deserialize, Serialize};
use warg_api::v1::fetch::PublishedRecord;
use warg_crypto::signing::{KeyID, PublicKey as WargKey};
use warg_protocol::operator::{self, NamespaceState, OperatorEntry, OperatorRecord};
use warg_protocol::package::{self, PackageEntry, PackageRecord, Permission};
use warg_protocol::registry::{PackageName as WargName, RecordId};
use warg_protocol::{ProtoEnvelope, PublishedProtoEnvelope};

use super::{Released, digest, record_digest};
use crate::digest::Digest;
use crate::error::one_line;
use crate::key::PublicKey;
use crate::log_problem::LogProblem;
use crate::package::PackageName;

/// More than any log has.
const MAX_RECORDS: u64 = 100_000;
/// More than the records of any log have, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The name of a package as the protocol has it.
pub(super) fn name(package: &PackageName) -> WargName {
    WargName::new(package.to_string())
        .expect("valid, because ours are lowercase words with a colon between, as warg's are")
}

/// A registry's own log: who may sign checkpoints, and which namespaces there are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct OperatorLog {
    end: End,
    state: operator::LogState,
    /// The key that the log was begun with.
    founder: Option<String>,
}

/// The log of a package.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct PackageLog {
    end: End,
    state: package::LogState,
    releases: BTreeMap<Version, Release>,
    /// The identifiers of all its records.
    records: BTreeSet<String>,
}

/// Where a log ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct End {
    records: u64,
    /// How many bytes the records have.
    bytes: u64,
    head: Option<Head>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    /// Its place in the registry's log.
    index: u64,
    record: RecordId,
    /// What the registry calls it when it is asked for what comes after.
    token: String,
}

/// A release, also after it was yanked: `warg-protocol` forgets what it was then, and a lock may have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Release {
    content: String,
    record: String,
    record_size: u64,
    is_yanked: bool,
}

impl OperatorLog {
    pub(super) fn token(&self) -> Option<&str> {
        self.end.token()
    }

    pub(super) fn head(&self) -> Option<(u64, RecordId)> {
        self.end.head()
    }

    /// The key that the log was begun with.
    pub(super) fn founder(&self) -> Option<PublicKey> {
        self.founder.as_deref()?.parse().ok()
    }

    /// The key of this identifier, if it may sign checkpoints.
    pub(super) fn checkpoint_key(&self, id: &KeyID) -> Option<&WargKey> {
        self.state.public_key(id).filter(|_| self.state.key_has_permission_to_sign_checkpoints(id))
    }

    pub(super) fn namespace(&self, namespace: &str) -> Option<&NamespaceState> {
        self.state.namespace_state(namespace)
    }

    /// Adds the record that comes next in a registry's log of `length` records.
    pub(super) fn append(&mut self, record: PublishedRecord, length: u64) -> Result<(), LogProblem> {
        let log = "its operator's log";
        let token = record.fetch_token;
        let envelope = PublishedProtoEnvelope::<OperatorRecord>::try_from(record.envelope);
        let PublishedProtoEnvelope { envelope, registry_index } =
            envelope.map_err(|error| self.end.problem(log, &error))?;
        if self.end.head.is_none() {
            self.founder = Some(founder(&envelope)?);
        }
        let state = std::mem::take(&mut self.state).validate(&envelope);
        self.state = state.map_err(|error| self.end.problem(log, &error))?;
        let head = self.state.head().as_ref().map(|head| head.digest.clone());
        let bytes = envelope.content_bytes().len() as u64;
        self.end.advance(log, registry_index as u64, bytes, head, token, length)
    }
}

/// The key that the first record of an operator's log introduces, and which must have signed that record.
fn founder(record: &ProtoEnvelope<OperatorRecord>) -> Result<String, LogProblem> {
    let Some(OperatorEntry::Init { key, .. }) = record.as_ref().entries.first() else {
        return Err(LogProblem::ForgedOperator);
    };
    if key.fingerprint() != *record.key_id() {
        return Err(LogProblem::ForgedOperator);
    }
    let founder = key.to_string();
    // The protocol also knows keys of other lengths, which nobody could pin.
    founder.parse::<PublicKey>().map(|_| founder).map_err(|_| LogProblem::ForgedOperator)
}

impl PackageLog {
    pub(super) fn token(&self) -> Option<&str> {
        self.end.token()
    }

    pub(super) fn head(&self) -> Option<(u64, RecordId)> {
        self.end.head()
    }

    /// How many records there are.
    pub(super) fn records(&self) -> u64 {
        self.end.records
    }

    pub(super) fn releases(&self) -> impl Iterator<Item = (&Version, Released)> {
        self.releases.iter().filter_map(|(version, release)| Some((version, release.read()?)))
    }

    pub(super) fn release(&self, version: &Version) -> Option<Released> {
        self.releases.get(version)?.read()
    }

    /// When its last record was signed, by the signer's clock.
    pub(super) fn timestamp(&self) -> Option<SystemTime> {
        self.state.head().as_ref().map(|head| head.timestamp)
    }

    /// Whether this is one of its records.
    pub(super) fn has(&self, record: &RecordId) -> bool {
        self.records.contains(&record.to_string())
    }

    /// Whether the key of this identifier may do this.
    pub(super) fn allows(&self, key: &KeyID, permission: Permission) -> bool {
        self.state.key_permissions(key).is_some_and(|permissions| permissions.contains(&permission))
    }

    /// What of these the key of this identifier may do.
    pub(super) fn permissions(&self, key: &KeyID, of: &[Permission]) -> Vec<Permission> {
        of.iter().copied().filter(|permission| self.allows(key, *permission)).collect()
    }

    /// Adds the record that comes next in a registry's log of `length` records.
    pub(super) fn append(
        &mut self,
        record: PublishedRecord,
        length: u64,
        package: &WargName,
    ) -> Result<(), LogProblem> {
        let log = format!("the log of {package}");
        let token = record.fetch_token;
        let envelope = PublishedProtoEnvelope::<PackageRecord>::try_from(record.envelope);
        let PublishedProtoEnvelope { envelope, registry_index } =
            envelope.map_err(|error| self.end.problem(&log, &error))?;
        let state = std::mem::take(&mut self.state).validate(&envelope);
        self.state = state.map_err(|error| self.end.problem(&log, &error))?;
        let head = self.state.head().as_ref().map(|head| head.digest.clone());
        if let Some(record) = head.as_ref().and_then(record_digest) {
            self.note_releases(&envelope, record, &log)?;
            self.records.insert(record.to_string());
        }
        let bytes = envelope.content_bytes().len() as u64;
        self.end.advance(&log, registry_index as u64, bytes, head, token, length)
    }

    fn note_releases(
        &mut self,
        envelope: &ProtoEnvelope<PackageRecord>,
        record: Digest,
        log: &str,
    ) -> Result<(), LogProblem> {
        for entry in &envelope.as_ref().entries {
            match entry {
                PackageEntry::Release { version, content } => {
                    let content = digest(content)
                        .ok_or_else(|| self.end.problem(log, &"what it releases has no SHA-256 digest"))?;
                    let release = Release {
                        content: content.to_string(),
                        record: record.to_string(),
                        record_size: envelope.content_bytes().len() as u64,
                        is_yanked: false,
                    };
                    self.releases.insert(version.clone(), release);
                }
                PackageEntry::Yank { version } => {
                    if let Some(release) = self.releases.get_mut(version) {
                        release.is_yanked = true;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Release {
    fn read(&self) -> Option<Released> {
        Some(Released {
            component: self.content.parse().ok()?,
            record: self.record.parse().ok()?,
            record_size: self.record_size,
            is_yanked: self.is_yanked,
        })
    }
}

impl End {
    fn token(&self) -> Option<&str> {
        self.head.as_ref().map(|head| head.token.as_str())
    }

    fn head(&self) -> Option<(u64, RecordId)> {
        self.head.as_ref().map(|head| (head.index, head.record.clone()))
    }

    fn problem(&self, log: &str, problem: &dyn fmt::Display) -> LogProblem {
        let (log, number) = (log.to_owned(), self.records + 1);
        LogProblem::Record { log, number, problem: one_line(&problem.to_string()) }
    }

    fn advance(
        &mut self,
        log: &str,
        index: u64,
        bytes: u64,
        record: Option<RecordId>,
        token: String,
        length: u64,
    ) -> Result<(), LogProblem> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.records >= MAX_RECORDS || self.bytes > MAX_BYTES {
            return Err(LogProblem::Records { problem: "more records, or larger ones, than a log may have" });
        }
        if index >= length {
            return Err(self.problem(log, &"it is not among those that the checkpoint is about"));
        }
        if self.head.as_ref().is_some_and(|head| head.index >= index) {
            return Err(self.problem(log, &"it does not come after the one before it"));
        }
        let record = record.ok_or_else(|| self.problem(log, &"it leaves no trace"))?;
        self.records += 1;
        self.head = Some(Head { index, record, token });
        Ok(())
    }
}
