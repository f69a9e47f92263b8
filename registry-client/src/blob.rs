//! Which bytes are usable: from bytes and the descriptor they must have to a [`VerifiedBlob`], which only this module constructs.

use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;
use std::sync::Arc;

use crate::digest::{Descriptor, Digest};

/// Bytes whose digest and size were verified. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedBlob {
    bytes: Arc<[u8]>,
    digest: Digest,
}

impl VerifiedBlob {
    /// Reads exactly what `expected` describes.
    ///
    /// The caller has bounded `expected.size`, which is allocated before the first byte is read.
    pub(crate) fn read(mut reader: impl Read, expected: &Descriptor) -> Result<VerifiedBlob, Unverified> {
        let size = usize::try_from(expected.size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, size).collect();
        let buffer = Arc::get_mut(&mut bytes).expect("not shared, because it was just created");
        let found = read_up_to(&mut reader, buffer)?;
        let excess = io::copy(&mut reader.take(1), &mut io::sink())?;
        if found < size || excess > 0 {
            return Err(Mismatch::Size { expected: expected.size, found: found as u64 + excess }.into());
        }
        let digest = Digest::of(&bytes);
        if digest != expected.digest {
            return Err(Mismatch::Digest { expected: expected.digest, found: digest }.into());
        }
        Ok(VerifiedBlob { bytes, digest })
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl Deref for VerifiedBlob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for VerifiedBlob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for VerifiedBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedBlob({}, {} bytes)", self.digest, self.size())
    }
}

/// Fills as much of `buffer` as the reader has bytes for.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// How bytes differ from what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// There are more or fewer bytes.
    #[error("expected {expected} bytes, found {found}")]
    Size {
        /// How many bytes were promised.
        expected: u64,
        /// How many there are; where there are more than promised, counting stopped at the first one too many.
        found: u64,
    },
    /// The bytes are others.
    #[error("expected {expected}, found {found}")]
    Digest {
        /// The digest that was promised.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
}

/// Why bytes could not be verified: they could not be read, or they are others.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unverified {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &Descriptor, outcome: Result<(), &str>) {
        let actual = VerifiedBlob::read(bytes, expected).map(|blob| assert_eq!(&*blob, bytes));
        assert_eq!(actual.map_err(|error| error.to_string()), outcome.map_err(str::to_owned));
    }

    #[test]
    fn bytes_are_usable_once_digest_and_size_agree() {
        check(b"component", &Descriptor::of(b"component"), Ok(()));
        check(b"", &Descriptor::of(b""), Ok(()));
    }

    #[test]
    fn refuses_bytes_of_another_size() {
        check(b"component!!", &Descriptor::of(b"component"), Err("expected 9 bytes, found 10"));
        check(b"compo", &Descriptor::of(b"component"), Err("expected 9 bytes, found 5"));
    }

    #[test]
    fn refuses_other_bytes_of_the_same_size() {
        check(
            b"b",
            &Descriptor::of(b"a"),
            Err(
                "expected sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb, found sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
            ),
        );
    }
}
