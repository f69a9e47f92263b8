//! The parts of messages about registries and the store.

use registry_client::Tally;
use serde::Serialize;

/// A blob that was pushed.
#[derive(Debug, Serialize)]
pub(crate) struct PushedBlob {
    pub(crate) digest: String,
    pub(crate) size: u64,
    /// `sent`, `mounted` or `present`.
    pub(crate) delivery: &'static str,
}

/// How many files, and how many bytes they have.
#[derive(Debug, Serialize)]
pub(crate) struct Sum {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl From<Tally> for Sum {
    fn from(tally: Tally) -> Self {
        Self { files: tally.files, bytes: tally.bytes }
    }
}

/// A blob of the store.
#[derive(Debug, Serialize)]
pub(crate) struct CachedBlob {
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) unused_seconds: u64,
}

/// A file, or a variable, that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigurationFile {
    pub(crate) name: String,
    /// `registries` or `credentials`.
    pub(crate) purpose: &'static str,
    /// `read`, `missing` or `unusable`.
    pub(crate) outcome: &'static str,
}

/// Where a package comes from.
#[derive(Debug, Serialize)]
pub(crate) struct PackageSource {
    pub(crate) package: String,
    pub(crate) registry: Option<String>,
    pub(crate) because: Option<String>,
}
