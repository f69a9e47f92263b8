//! What is wrong with a file of a directory registry.

use std::io;

use crate::blob::{Mismatch, Unverified};
use crate::digest::DigestParseError;

/// What is wrong with a file of a directory registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutProblem {
    /// The file is missing.
    #[error("it does not exist")]
    Missing,
    /// It is a directory, a pipe or a device.
    #[error("it is not a file")]
    NotAFile,
    /// The file cannot be read.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
    /// The file is larger than any of its kind may be.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The most bytes it may have.
        limit: u64,
    },
    /// The file is not the JSON it should be.
    #[error("its JSON is malformed: {problem}")]
    Json {
        /// Where and how, shortened to one line.
        problem: String,
    },
    /// The layout has a version that is not known.
    #[error("its layout version is `{version}`, expected `1.0.0`")]
    Version {
        /// The version.
        version: String,
    },
    /// A digest in the file is malformed.
    #[error("a digest in it is not valid")]
    Digest(#[source] DigestParseError),
    /// A size in the file is none.
    #[error("a size in it is {size}")]
    Size {
        /// The size, which is negative.
        size: i64,
    },
    /// Two different manifests have the same tag.
    #[error("it lists two different manifests for the tag `{tag}`")]
    AmbiguousTag {
        /// The tag.
        tag: String,
    },
    /// The file does not hold the bytes its name promises.
    #[error("its bytes are not what its name says")]
    Mismatch(#[source] Mismatch),
}

impl LayoutProblem {
    pub(super) fn unverified(error: Unverified) -> LayoutProblem {
        match error {
            Unverified::Io(error) => LayoutProblem::Io(error),
            Unverified::Mismatch(mismatch) => LayoutProblem::Mismatch(mismatch),
        }
    }
}
