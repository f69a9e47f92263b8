//! Inputs that are damaged at random, the same at every run.

/// Bytes that mean something to parsers, or nothing to any of them.
const TELLING: &[u8] = b" \"'[]{}=.,\n\0\x7f\xff0aZ@:/";

/// A generator of numbers that look random: xorshift64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts a sequence; equal seeds give equal sequences.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("an address has at most 64 bits").max(1);
        usize::try_from(self.next() % limit).expect("the limit was a usize")
    }

    /// Damages `bytes` in one place: a byte changed, a stretch removed, doubled or overwritten, or the end cut off.
    pub fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        let at = self.below(damaged.len());
        let end = (at + 1 + self.below(24)).min(damaged.len());
        match self.below(6) {
            0 => damaged.truncate(at),
            1 => drop(damaged.drain(at..end)),
            2 => drop(damaged.splice(at..at, bytes[at..end].to_vec())),
            3 => {
                let from = self.below(bytes.len().saturating_sub(end - at) + 1);
                drop(damaged.splice(at..end, bytes[from..from + (end - at)].to_vec()));
            }
            4 => damaged[at] ^= 1 << self.below(8),
            _ => damaged[at] = TELLING[self.below(TELLING.len())],
        }
        damaged
    }
}
