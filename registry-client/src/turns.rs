//! When a request may be made: from how many are under way, and how much of what they bring is in memory, to a [`Turn`].
//!
//! What a request may hold is counted before it is made, as the most that it usually needs: what waits for its turn costs nothing, and
//! nobody who has one waits for another's. The rare body beyond that has to ask once more, for one of a few places.
//!
//! | held by | at most |
//! |---|---|
//! | everything that has a turn | [`MEMORY`] |
//! | bodies larger than [`USUAL_BODY`] | [`LARGE_BODIES`] times the limit of each |

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

const OPEN: &str = "the semaphore is open, because nothing closes it";

/// What all requests together hold in memory.
const MEMORY: u32 = 16 * 1024 * 1024;
/// The most that is in buffers, ours and the HTTP client's, between a socket and a file.
pub(crate) const STREAM: u64 = 512 * 1024;
/// More than manifests and pages of tags usually have.
pub(crate) const USUAL_BODY: u64 = 256 * 1024;
/// How many larger bodies may be in memory at a time.
const LARGE_BODIES: usize = 4;

/// How many files are written out or copied at a time. Many: what is synced at the same moment is written together, which is what makes
/// hundreds of small files as fast as a few large ones.
const FILES: usize = 64;

/// Who may make requests, and who may keep the disk busy.
pub(crate) struct Turns {
    requests: Semaphore,
    memory: Semaphore,
    files: Semaphore,
}

/// The right to make a request, and others after it that bring no more at a time.
pub(crate) struct Turn<'a> {
    _request: SemaphorePermit<'a>,
    _memory: SemaphorePermit<'a>,
}

impl Turns {
    /// Has turns for `parallel` requests at once.
    pub(crate) fn new(parallel: NonZeroUsize) -> Turns {
        let requests = Semaphore::new(parallel.get().min(Semaphore::MAX_PERMITS));
        Turns { requests, memory: Semaphore::new(MEMORY as usize), files: Semaphore::new(FILES) }
    }

    /// Waits for the turn of a request that holds up to `bytes` in memory.
    pub(crate) async fn take(&self, bytes: u64) -> Turn<'_> {
        // In this order: memory is taken only by who can use it at once.
        let request = self.requests.acquire().await;
        let bytes = u32::try_from(bytes).unwrap_or(MEMORY).min(MEMORY);
        let memory = self.memory.acquire_many(bytes).await;
        Turn { _request: request.expect(OPEN), _memory: memory.expect(OPEN) }
    }

    /// Waits for the turn of work that keeps the disk busy, and holds little in memory.
    pub(crate) async fn disk(&self) -> SemaphorePermit<'_> {
        self.files.acquire().await.expect(OPEN)
    }
}

/// The places for bodies that are larger than usual. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> LargeBodies {
        LargeBodies(Arc::new(Semaphore::new(LARGE_BODIES)))
    }
}

impl LargeBodies {
    /// Waits for a place, which is free again once what is returned is dropped.
    pub(crate) async fn place(&self) -> OwnedSemaphorePermit {
        self.0.clone().acquire_owned().await.expect(OPEN)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn turns_are_limited_by_number() {
        let turns = Turns::new(const { NonZeroUsize::new(2).unwrap() });
        let first = turns.take(0).now_or_never();
        let second = turns.take(0).now_or_never();
        assert!(first.is_some() && second.is_some() && turns.take(0).now_or_never().is_none());
        drop(first);
        assert!(turns.take(0).now_or_never().is_some());
    }

    #[test]
    fn turns_are_limited_by_memory() {
        let turns = Turns::new(NonZeroUsize::MAX);
        let held: Vec<_> = std::iter::from_fn(|| turns.take(STREAM).now_or_never()).collect();
        assert_eq!(held.len() as u64, u64::from(MEMORY) / STREAM);
        drop(held);
        // What holds more than there is has its turn alone.
        let alone = turns.take(u64::MAX).now_or_never();
        assert!(alone.is_some() && turns.take(1).now_or_never().is_none());
    }
}
