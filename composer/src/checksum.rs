//! The checksum of a stretch of bytes: by it a linker knows bytes that it copies, and modules that are the same.
//!
//! From bytes, a few at a time, to a [`Checksum`]. It is that of BLAKE3: as hard to forge as the digests by which registries know
//! components, and computed in a fraction of their time, of which linking takes much. Only records in the store have it, so that
//! nobody else needs to know it.

use std::fmt;

/// What bytes are known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum([u8; 32]);

impl Checksum {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({})", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// A checksum that is being computed.
#[derive(Default)]
pub(crate) struct Summing(blake3::Hasher);

impl Summing {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> Checksum {
        Checksum(*self.0.finalize().as_bytes())
    }
}
