//! How work under way is shown: bars on a terminal, a line a step where that is asked for, and nothing anywhere else.
//!
//! From the events of the library to standard error. It keeps up with events only; results and findings are not its affair.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use composer::driver;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use registry_client::{Digest, Event};

use crate::{
    environment,
    output::{Output, Steps},
    text,
};

/// How often a bar moves while nothing is heard.
const TICK: Duration = Duration::from_millis(100);

/// Shows what is under way. Clones show the same.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Shown>);

enum Shown {
    Nothing,
    Lines(Output),
    Bars(Bars),
}

struct Bars {
    all: MultiProgress,
    phase: ProgressBar,
    downloads: Mutex<BTreeMap<Digest, ProgressBar>>,
}

impl Progress {
    /// Begins with nothing under way.
    pub(crate) fn new(output: &Output) -> Self {
        Self(Arc::new(match output.steps() {
            Steps::Nothing => Shown::Nothing,
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
            Event::DownloadStarted { origin, component } => match &*self.0 {
                Shown::Bars(bars) => bars.start(component.digest, component.size, origin.to_string()),
                Shown::Lines(_) => self.step("Downloading", &format!("{origin} ({})", text::size(component.size))),
                Shown::Nothing => {}
            },
            Event::DownloadProgress { digest, received } => self.bar(digest, |bar| bar.set_position(*received)),
            Event::DownloadFinished { digest } | Event::DownloadFailed { digest } => self.finish(digest),
            Event::FromStore { origin, .. } => self.detail("Found", &format!("{origin} in the store")),
            Event::CorruptBlob { digest, moved_to } => {
                self.detail("Moved", &format!("{digest} to {}: it was damaged", moved_to.display()));
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

    fn step(&self, verb: &str, what: &str) {
        match &*self.0 {
            Shown::Nothing => {}
            Shown::Lines(output) => output.step(verb, what),
            Shown::Bars(bars) => bars.phase.set_message(format!("{verb} {what}")),
        }
    }

    /// What is worth a line, but too short for a bar.
    fn detail(&self, verb: &str, what: &str) {
        if let Shown::Lines(output) = &*self.0 {
            output.step(verb, what);
        }
    }

    fn bar(&self, digest: &Digest, update: impl FnOnce(&ProgressBar)) {
        if let Shown::Bars(bars) = &*self.0
            && let Some(bar) = bars.downloads.lock().unwrap_or_else(PoisonError::into_inner).get(digest)
        {
            update(bar);
        }
    }

    fn finish(&self, digest: &Digest) {
        if let Shown::Bars(bars) = &*self.0
            && let Some(bar) = bars.downloads.lock().unwrap_or_else(PoisonError::into_inner).remove(digest)
        {
            bar.finish_and_clear();
        }
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let phase = all.add(ProgressBar::new_spinner());
        phase.enable_steady_tick(TICK);
        Self { all, phase, downloads: Mutex::default() }
    }

    fn start(&self, digest: Digest, size: u64, origin: String) {
        let bar = self.all.add(ProgressBar::new(size).with_style(download_style()).with_message(origin));
        self.downloads.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, bar);
    }

    fn clear(&self) {
        for bar in self.downloads.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bar.finish_and_clear();
        }
        self.phase.finish_and_clear();
    }
}

fn download_style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {bar:20} {binary_bytes:>10} of {binary_total_bytes:>10}  {msg}")
        .expect("the template is valid because a test draws it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_a_download_can_be_drawn() {
        let bar = ProgressBar::hidden().with_style(download_style());
        bar.set_length(2048);
        bar.set_position(1024);
    }
}
