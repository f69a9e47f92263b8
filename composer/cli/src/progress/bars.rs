//! Bars on a terminal: what is being done, a bar for each transfer, and one for all of them as soon as there are two.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use registry_client::Digest;

use crate::render::{self, Colour};

/// How often a bar moves while nothing is heard.
const TICK: Duration = Duration::from_millis(100);

/// The bars on the screen.
pub(super) struct Bars {
    screen: MultiProgress,
    phase: ProgressBar,
    transfers: Mutex<Transfers>,
}

/// What is being transferred, and what was.
#[derive(Default)]
struct Transfers {
    under_way: BTreeMap<Digest, ProgressBar>,
    /// There as soon as there are two transfers.
    all: Option<ProgressBar>,
    begun: usize,
    ended: usize,
    /// The bytes of all that were begun.
    bytes: u64,
    /// The bytes of those that ended.
    ended_bytes: u64,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let phase = screen.add(ProgressBar::new_spinner());
        phase.enable_steady_tick(TICK);
        Self { screen, phase, transfers: Mutex::default() }
    }

    pub(super) fn step(&self, what: String) {
        if self.phase.is_finished() {
            // Another part of the work begins.
            self.phase.reset();
        }
        self.phase.set_message(what);
    }

    /// Writes a line that stays, above the bars.
    pub(super) fn line(&self, verb: &str, what: &str) {
        let line = render::status(verb, what, Colour::Plain);
        // What cannot be written to the screen is not worth more than that.
        let _ = self.screen.println(line.trim_end());
    }

    pub(super) fn begin(&self, digest: Digest, size: u64, what: String) {
        let mut transfers = self.lock();
        let bar = ProgressBar::new(size)
            .with_style(style("{bar:20} {binary_bytes:>10} of {binary_total_bytes:>10}  {wide_msg}"));
        let bar = match &transfers.all {
            Some(all) => self.screen.insert_before(all, bar),
            None => self.screen.add(bar),
        };
        bar.set_message(what);
        transfers.under_way.insert(digest, bar);
        transfers.begun += 1;
        transfers.bytes = transfers.bytes.saturating_add(size);
        if transfers.begun == 2 {
            let all = ProgressBar::new(0)
                .with_style(style("{bar:20} {binary_bytes:>10} of {binary_total_bytes:>10}  {wide_msg}"));
            transfers.all = Some(self.screen.add(all));
        }
        transfers.sum_up();
    }

    pub(super) fn advance(&self, digest: Digest, bytes: u64) {
        let transfers = self.lock();
        if let Some(bar) = transfers.under_way.get(&digest) {
            bar.set_position(bytes);
            transfers.sum_up();
        }
    }

    /// Says something of a transfer, beside its bar.
    pub(super) fn remark(&self, digest: Digest, what: &str) {
        if let Some(bar) = self.lock().under_way.get(&digest) {
            bar.set_message(what.to_owned());
        }
    }

    pub(super) fn end(&self, digest: Digest) {
        let mut transfers = self.lock();
        if let Some(bar) = transfers.under_way.remove(&digest) {
            transfers.ended += 1;
            transfers.ended_bytes = transfers.ended_bytes.saturating_add(bar.length().unwrap_or_default());
            bar.finish_and_clear();
            transfers.sum_up();
        }
    }

    pub(super) fn clear(&self) {
        let transfers = std::mem::take(&mut *self.lock());
        transfers.under_way.values().chain(&transfers.all).for_each(ProgressBar::finish_and_clear);
        self.phase.finish_and_clear();
    }

    fn lock(&self) -> MutexGuard<'_, Transfers> {
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transfers {
    fn sum_up(&self) {
        let Some(all) = &self.all else { return };
        let under_way: u64 = self.under_way.values().map(ProgressBar::position).sum();
        all.set_length(self.bytes);
        all.set_position(self.ended_bytes.saturating_add(under_way));
        all.set_message(format!("{} of {} done", self.ended, self.begun));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is valid because a test draws it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_of_transfers_add_up() {
        let bars = Bars {
            screen: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            phase: ProgressBar::hidden(),
            transfers: Mutex::default(),
        };
        let [one, two] = [b"1", b"2"].map(|bytes| Digest::of(bytes));
        bars.begin(one, 2048, "one".to_owned());
        assert!(bars.lock().all.is_none());
        bars.begin(two, 1024, "two".to_owned());
        bars.advance(one, 100);
        bars.advance(two, 10);
        let all = bars.lock().all.clone().expect("there are two");
        assert_eq!((all.position(), all.length()), (110, Some(3072)));
        bars.end(two);
        assert_eq!((all.position(), all.message()), (1124, "1 of 2 done".to_owned()));
        bars.clear();
    }
}
