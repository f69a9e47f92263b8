//! How work under way is shown: on a terminal a bar for each transfer and one for all of them, elsewhere a line for each transfer that
//! begins, and a line for each step where that is asked for.
//!
//! From the events of the library to standard error. It keeps up with events only; results and findings are not its affair.

mod bars;

use std::sync::Arc;

use composer::driver;
use registry_client::{Digest, Event};

use self::bars::Bars;
use crate::{
    environment,
    output::{Output, Steps},
    text,
};

/// What is smaller is sent in a moment.
const WORTH_A_LINE: u64 = 1024 * 1024;

/// Shows what is under way. Clones show the same.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Shown>);

enum Shown {
    Nothing,
    /// A line for each transfer.
    Transfers(Output),
    /// A line for each step.
    Lines(Output),
    Bars(Bars),
}

impl Progress {
    /// Begins with nothing under way.
    pub(crate) fn new(output: &Output) -> Self {
        Self(Arc::new(match output.steps() {
            Steps::Nothing => Shown::Nothing,
            Steps::Transfers => Shown::Transfers(*output),
            Steps::Lines => Shown::Lines(*output),
            Steps::Bars => Shown::Bars(Bars::new()),
        }))
    }

    /// Hears what the driver is doing.
    pub(crate) fn driver(&self, event: &driver::Event) {
        let (verb, what) = match event {
            driver::Event::Nested { manifest } => ("Composing", environment::shown(manifest)),
            driver::Event::Resolving => ("Resolving", "versions".to_owned()),
            driver::Event::Loading { components } => ("Loading", text::count(*components, "component")),
            driver::Event::Planning => ("Planning", "links".to_owned()),
            driver::Event::Encoding => ("Encoding", "the component".to_owned()),
            driver::Event::Validating => ("Validating", "the component".to_owned()),
            _ => return,
        };
        self.step(verb, &what);
    }

    /// Hears what the registry client is doing.
    pub(crate) fn registry(&self, event: &Event) {
        match event {
            Event::QueryStarted { subject } => self.step("Asking", &format!("for {subject}")),
            Event::DownloadStarted { origin, component } => {
                self.begin("Downloading", component.digest, component.size, &origin.to_string());
            }
            // What was sent is a result of its own: what takes but a moment is not announced before.
            Event::UploadStarted { blob, .. } if blob.size < WORTH_A_LINE && !self.has_bars() => {}
            Event::UploadStarted { target, blob } => {
                self.begin("Sending", blob.digest, blob.size, &format!("{} of {target}", text::short(blob.digest)));
            }
            Event::DownloadProgress { digest, received: bytes }
            | Event::DownloadResumed { digest, received: bytes }
            | Event::UploadProgress { digest, sent: bytes } => self.advance(*digest, *bytes),
            Event::DownloadFinished { digest }
            | Event::DownloadFailed { digest }
            | Event::UploadFinished { digest }
            | Event::UploadFailed { digest } => self.end(*digest),
            Event::Publishing { subject, waited } => {
                let what = format!("until {subject} is published");
                if waited.is_zero() || self.has_bars() {
                    self.step("Waiting", &what);
                } else {
                    self.transfer("Waiting", &format!("{what}, for {} seconds so far", waited.as_secs()));
                }
            }
            Event::Withdrawn { origin } => self.transfer("Taking", &format!("{origin}, which its publisher withdrew")),
            Event::OperatorRemembered { registry, key } => {
                self.transfer("Remembered", &format!("the operator key of {registry}, seen for the first time: {key}"));
            }
            Event::Retrying { blob, attempt, wait, failure } => {
                let what = format!("in {:.1} s (try {attempt}): {failure}", wait.as_secs_f64());
                match (&*self.0, blob) {
                    (Shown::Bars(bars), Some(digest)) => bars.remark(*digest, &format!("again {what}")),
                    _ => self.transfer("Trying again", &what),
                }
            }
            Event::MirrorFailed { mirror, failure } => {
                self.transfer("Passing over", &format!("the mirror {mirror}: {failure}"));
            }
            Event::FromStore { origin, .. } => self.detail("Found", &format!("{origin} in the store")),
            Event::CorruptBlob { digest, moved_to } => {
                self.transfer("Moved", &format!("{digest} to {}: it was damaged", moved_to.display()));
            }
            _ => {}
        }
    }

    /// Takes everything off the screen, so that results can be written.
    pub(crate) fn clear(&self) {
        if let Shown::Bars(bars) = &*self.0 {
            bars.clear();
        }
    }

    fn has_bars(&self) -> bool {
        matches!(&*self.0, Shown::Bars(_))
    }

    fn begin(&self, verb: &str, digest: Digest, size: u64, what: &str) {
        match &*self.0 {
            Shown::Bars(bars) => bars.begin(digest, size, what.to_owned()),
            Shown::Nothing | Shown::Transfers(_) | Shown::Lines(_) => {
                self.transfer(verb, &format!("{what} ({})", text::size(size)));
            }
        }
    }

    fn advance(&self, digest: Digest, bytes: u64) {
        if let Shown::Bars(bars) = &*self.0 {
            bars.advance(digest, bytes);
        }
    }

    fn end(&self, digest: Digest) {
        if let Shown::Bars(bars) = &*self.0 {
            bars.end(digest);
        }
    }

    /// What is worth a line that stays wherever there are no bars.
    fn transfer(&self, verb: &str, what: &str) {
        match &*self.0 {
            Shown::Nothing => {}
            Shown::Transfers(output) | Shown::Lines(output) => output.step(verb, what),
            Shown::Bars(bars) => bars.line(verb, what),
        }
    }

    /// Hears of a step that nobody else tells.
    pub(crate) fn step(&self, verb: &str, what: &str) {
        match &*self.0 {
            Shown::Nothing | Shown::Transfers(_) => {}
            Shown::Lines(output) => output.step(verb, what),
            Shown::Bars(bars) => bars.step(format!("{verb} {what}")),
        }
    }

    /// What is worth a line only where all steps are.
    fn detail(&self, verb: &str, what: &str) {
        if let Shown::Lines(output) = &*self.0 {
            output.step(verb, what);
        }
    }
}
