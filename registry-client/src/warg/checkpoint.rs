//! What a registry's log is at one moment: from a signed checkpoint to its length and roots, once signature and age are as they must be.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use warg_crypto::hash::AnyHash;
use warg_crypto::{Encode as _, Signable as _};
use warg_protocol::SerdeEnvelope;
use warg_protocol::registry::TimestampedCheckpoint;

use super::digest;
use super::log::OperatorLog;
use crate::digest::Digest;
use crate::error::one_line;
use crate::log_problem::{LogProblem, LogState};

/// Proofs number the nodes of the tree, two a record, in 32 bits.
const MAX_LENGTH: u64 = (u32::MAX / 2) as u64;
/// How far a registry's clock may be ahead of ours.
const MAX_AHEAD: Duration = Duration::from_secs(15 * 60);

/// A checkpoint, as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Checkpoint(SerdeEnvelope<TimestampedCheckpoint>);

impl Checkpoint {
    /// How many records the log has.
    pub(super) fn length(&self) -> u64 {
        self.0.as_ref().checkpoint.log_length as u64
    }

    pub(super) fn log_root(&self) -> AnyHash {
        self.0.as_ref().checkpoint.log_root.clone()
    }

    pub(super) fn map_root(&self) -> AnyHash {
        self.0.as_ref().checkpoint.map_root.clone()
    }

    pub(super) fn timestamp(&self) -> u64 {
        self.0.as_ref().timestamp
    }

    /// Whether both are of exactly the same records.
    pub(super) fn is_of_the_same_log(&self, other: &Checkpoint) -> bool {
        self.0.as_ref().checkpoint == other.0.as_ref().checkpoint
    }

    /// What a lock keeps of it.
    pub(super) fn state(&self, operator: Digest) -> Result<LogState, LogProblem> {
        let root = digest(&self.log_root()).ok_or_else(malformed)?;
        Ok(LogState { operator, length: self.length(), root })
    }

    /// Checks what can be checked without knowing anything else.
    pub(super) fn check_shape(&self) -> Result<(), LogProblem> {
        match self.length() {
            0 => return Err(LogProblem::Empty),
            length if length > MAX_LENGTH => return Err(LogProblem::TooLong { length }),
            _ => {}
        }
        let roots = [self.log_root(), self.map_root()];
        if roots.iter().any(|root| digest(root).is_none()) { Err(malformed()) } else { Ok(()) }
    }

    /// Checks that a key signed it which may, by what `operator` says at this moment.
    pub(super) fn check_signature(&self, operator: &OperatorLog) -> Result<(), LogProblem> {
        let not_allowed = || LogProblem::CheckpointKey { key: one_line(&self.0.key_id().to_string()) };
        let key = operator.checkpoint_key(self.0.key_id()).ok_or_else(not_allowed)?;
        let contents = self.0.as_ref().encode();
        TimestampedCheckpoint::verify(key, &contents, self.0.signature()).map_err(|_| LogProblem::CheckpointSignature)
    }

    pub(super) fn check_age(&self, limit: Duration) -> Result<(), LogProblem> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let then = Duration::from_secs(self.timestamp());
        let (age, ahead) = (now.saturating_sub(then), then.saturating_sub(now));
        if age > limit {
            return Err(LogProblem::Stale { age, limit });
        }
        if ahead > MAX_AHEAD { Err(LogProblem::Future { ahead }) } else { Ok(()) }
    }
}

fn malformed() -> LogProblem {
    LogProblem::Proof { what: "its log", problem: "a root is no SHA-256 digest".to_owned() }
}
