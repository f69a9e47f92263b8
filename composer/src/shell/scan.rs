//! Reads bytes once, from front to back: a digest of all of them and checksums of stretches of them fall off on the way.

use std::io;

use registry_client::{Descriptor, Digester};

use super::cut::CutError;
use crate::{
    checksum::{Checksum, Summing},
    input::{Input, Reader},
};

/// How many bytes are in memory at a time, but for those that are asked for.
const BUFFER: usize = 64 * 1024;

pub(super) struct Scanner<'a> {
    reader: Reader<'a>,
    size: u64,
    /// What was read ahead, and how much of it was taken.
    buffer: Vec<u8>,
    taken: usize,
    position: u64,
    whole: Digester,
    stretch: Option<Summing>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(input: &'a Input) -> io::Result<Self> {
        let (reader, size) = (input.reader()?, input.size());
        Ok(Self { reader, size, buffer: Vec::new(), taken: 0, position: 0, whole: Digester::default(), stretch: None })
    }

    /// How many bytes there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes were taken.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next byte, which is not taken.
    pub(super) fn peek(&mut self) -> Result<u8, CutError> {
        self.fill()?;
        self.buffer.get(self.taken).copied().ok_or(CutError::Malformed)
    }

    /// Takes bytes and appends them to `bytes`.
    pub(super) fn take(&mut self, count: u64, bytes: &mut Vec<u8>) -> Result<(), CutError> {
        self.pass(count, |piece| bytes.extend_from_slice(piece))
    }

    /// Takes bytes without looking at them.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), CutError> {
        self.pass(count, |_| {})
    }

    /// Takes a number of at most 32 bits, and appends its bytes to `bytes`.
    pub(super) fn number(&mut self, bytes: &mut Vec<u8>) -> Result<u32, CutError> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.peek()?;
            self.take(1, bytes)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| CutError::Malformed);
            }
        }
        Err(CutError::Malformed)
    }

    /// Begins a stretch, of what is taken from here on.
    pub(super) fn begin_stretch(&mut self) {
        self.stretch = Some(Summing::default());
    }

    /// Ends the stretch; the checksum of what was taken since it began.
    pub(super) fn end_stretch(&mut self) -> Checksum {
        self.stretch.take().unwrap_or_default().finish()
    }

    /// The digest of everything, once everything was taken.
    pub(super) fn finish(self) -> Descriptor {
        self.whole.finish()
    }

    fn pass(&mut self, mut count: u64, mut each: impl FnMut(&[u8])) -> Result<(), CutError> {
        if count > self.size - self.position {
            return Err(CutError::Malformed);
        }
        while count > 0 {
            self.fill()?;
            let ahead = &self.buffer[self.taken..];
            let length = usize::try_from(count).unwrap_or(usize::MAX).min(ahead.len());
            let piece = &ahead[..length];
            self.whole.update(piece);
            if let Some(stretch) = &mut self.stretch {
                stretch.update(piece);
            }
            each(piece);
            self.taken += length;
            self.position += length as u64;
            count -= length as u64;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), CutError> {
        let left = self.size - self.position;
        if self.taken < self.buffer.len() || left == 0 {
            return Ok(());
        }
        self.buffer.resize(usize::try_from(left).unwrap_or(usize::MAX).min(BUFFER), 0);
        self.reader.read_at(self.position, &mut self.buffer).map_err(CutError::Unreadable)?;
        self.taken = 0;
        Ok(())
    }
}

/// Appends a number as the binary format has it, in as few bytes as possible.
pub(crate) fn leb128(mut value: u64, bytes: &mut Vec<u8>) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return;
        }
        bytes.push(byte | 0x80);
    }
}
