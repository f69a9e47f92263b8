//! Why the log of a warg registry is not believed: [`LogProblem`], as data.

use std::path::PathBuf;
use std::time::Duration;

use crate::digest::Digest;

/// What is wrong with what a warg registry says, or with how that fits what it said before. Nothing of it is used then, or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogProblem {
    /// The log was begun by another operator.
    #[error("its log was begun by the operator key {found}, and {}{expected}", known_from.phrase())]
    OperatorKey {
        /// What names the expected key: the key itself, or its fingerprint.
        expected: String,
        /// The key that the log begins with.
        found: String,
        /// Where the expected one is from.
        known_from: OperatorKeySource,
        /// What is remembered of the registry.
        remembered: PathBuf,
    },
    /// The first record of the operator's log was not signed by the key that it introduces.
    #[error("the first record of its operator is not signed by the key that it introduces")]
    ForgedOperator,
    /// The log is shorter than it was.
    #[error("its log has the length {found}, and had {seen} when it was last verified: records were taken back")]
    Rewound {
        /// How many there were.
        seen: u64,
        /// How many there are.
        found: u64,
        /// What is remembered of the registry.
        remembered: PathBuf,
    },
    /// The log has other records where some are remembered.
    #[error(
        "the first {length} records of its log are not those that it had when it was last verified: its past was changed"
    )]
    Forked {
        /// How many records are remembered.
        length: u64,
        /// What is remembered of the registry.
        remembered: PathBuf,
    },
    /// A package that was verified once is said not to exist.
    #[error("it says that it has no package of this name, whose log was verified before")]
    PackageGone,
    /// The registry says nothing at all.
    #[error("its log has no records, not even its operator's")]
    Empty,
    /// The log claims to be longer than proofs can be about.
    #[error("its log claims {length} records, more than a proof can be about")]
    TooLong {
        /// How many.
        length: u64,
    },
    /// The checkpoint is not signed by a key that may.
    #[error("its checkpoint is signed by the key {key}, which its operator's log does not allow that")]
    CheckpointKey {
        /// The key's identifier, on one line.
        key: String,
    },
    /// The signature does not fit the checkpoint.
    #[error("the signature of its checkpoint is wrong")]
    CheckpointSignature,
    /// The checkpoint is too old: somebody may hold back what came after it.
    #[error("its checkpoint is {} old, and at most {} are allowed: newer records may be held back", ago(*age), ago(*limit))]
    Stale {
        /// How old it is.
        age: Duration,
        /// How old it may be.
        limit: Duration,
    },
    /// The checkpoint is from a time that is not yet.
    #[error("its checkpoint is from {} ahead of this machine's clock", ago(*ahead))]
    Future {
        /// How far it is ahead.
        ahead: Duration,
    },
    /// A record is not what may follow those before it.
    #[error("record {number} of {log} is not valid: {problem}")]
    Record {
        /// Which log it is in, as a noun phrase.
        log: String,
        /// Which one of that log it is, from 1.
        number: u64,
        /// What is wrong, on one line.
        problem: String,
    },
    /// The registry does not come to an end, or sends what nobody asked for.
    #[error("its answer about records has {problem}")]
    Records {
        /// What is wrong, as a noun phrase.
        problem: &'static str,
    },
    /// There are fewer or more proofs than there must be.
    #[error("it proves {found} of {expected} {what}")]
    MissingProof {
        /// What the proofs are of, in the plural.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A proof does not prove what it must.
    #[error("its proof of {what} is wrong: {problem}")]
    Proof {
        /// What it is of.
        what: &'static str,
        /// What is wrong, on one line.
        problem: String,
    },
}

impl LogProblem {
    /// The file or directory with what is remembered of the registry, where the problem is with that.
    pub fn remembered(&self) -> Option<&PathBuf> {
        match self {
            LogProblem::OperatorKey { remembered, .. }
            | LogProblem::Rewound { remembered, .. }
            | LogProblem::Forked { remembered, .. } => Some(remembered),
            LogProblem::ForgedOperator
            | LogProblem::PackageGone
            | LogProblem::Empty
            | LogProblem::TooLong { .. }
            | LogProblem::CheckpointKey { .. }
            | LogProblem::CheckpointSignature
            | LogProblem::Stale { .. }
            | LogProblem::Future { .. }
            | LogProblem::Record { .. }
            | LogProblem::Records { .. }
            | LogProblem::MissingProof { .. }
            | LogProblem::Proof { .. } => None,
        }
    }
}

/// Where an expected operator key is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorKeySource {
    /// The manifest, or whoever else names the registry, requires it.
    Required,
    /// It is the one that was seen first.
    FirstSeen,
    /// A lock has its fingerprint.
    Lock,
}

impl OperatorKeySource {
    fn phrase(self) -> &'static str {
        match self {
            OperatorKeySource::Required => "must be by ",
            OperatorKeySource::FirstSeen => "was by another when it was first seen: ",
            OperatorKeySource::Lock => "was by another when it was locked: ",
        }
    }
}

/// What a warg registry's log was when something in it was verified. It is in locks: whoever reads one notices when the log is
/// changed or shortened later, also on a machine that never saw the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogState {
    /// The fingerprint of the key that the operator's log was begun with.
    pub operator: Digest,
    /// How many records there were.
    pub length: u64,
    /// The root of the Merkle tree over them.
    pub root: Digest,
}

/// A length of time in the largest unit that has at least two of it.
fn ago(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3_600),
        120.. => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}
