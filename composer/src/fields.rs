//! The fields that records in the store consist of: numbers, digests, checksums and texts one after the other.
//!
//! Between values and bytes. What is read is taken off the front, and shares the record's memory; where bytes are missing there is
//! nothing, because a record that is not whole is none.

use bytes::{Buf, Bytes};
use registry_client::Digest;

use crate::checksum::Checksum;

/// Fields that are left to be read.
#[derive(Debug)]
pub(crate) struct Fields(Bytes);

impl Fields {
    pub(crate) fn of(record: Bytes) -> Self {
        Self(record)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn digest(&mut self) -> Option<Digest> {
        self.array().map(Digest::from_bytes)
    }

    pub(crate) fn checksum(&mut self) -> Option<Checksum> {
        self.array().map(Checksum::from_bytes)
    }

    pub(crate) fn text(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.number()?).ok().filter(|length| *length <= self.0.len())?;
        Some(self.0.split_to(length))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = *self.0.first_chunk()?;
        self.0.advance(N);
        Some(array)
    }
}

/// Appends a number.
pub(crate) fn number(value: u64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

/// Appends a text, with its length before it.
pub(crate) fn text(text: &[u8], bytes: &mut Vec<u8>) {
    number(text.len() as u64, bytes);
    bytes.extend_from_slice(text);
}
