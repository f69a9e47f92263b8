//! What happens while a [`Client`](crate::Client) works: one stream of [`Event`]s. What becomes of them is the listener's choice.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::digest::{Descriptor, Digest};
use crate::key::PublicKey;
use crate::registry::Registry;
use crate::release::{Origin, Subject};

/// One step of the work. Events of concurrent downloads are interleaved; the digest tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A registry is being asked.
    QueryStarted {
        /// What for.
        subject: Subject,
    },
    /// A registry has answered, or failed to.
    QueryFinished {
        /// What it had been asked for.
        subject: Subject,
    },
    /// A component was found in the store; nothing is downloaded.
    FromStore {
        /// Where it would have come from.
        origin: Origin,
        /// The component.
        component: Descriptor,
    },
    /// The file that a component is pulled into holds it already; nothing is written.
    AlreadyWritten {
        /// Where it would have come from.
        origin: Origin,
        /// The component.
        component: Descriptor,
    },
    /// A component begins to be downloaded.
    DownloadStarted {
        /// Where it comes from.
        origin: Origin,
        /// The component.
        component: Descriptor,
    },
    /// A download goes on from what an earlier try, or an earlier run, brought.
    DownloadResumed {
        /// The component's digest.
        digest: Digest,
        /// How many bytes need not be sent again.
        received: u64,
    },
    /// More of a component has arrived.
    DownloadProgress {
        /// The component's digest.
        digest: Digest,
        /// How many bytes there are so far; fewer than before where it had to begin again.
        received: u64,
    },
    /// A component is in the store, verified.
    DownloadFinished {
        /// The component's digest.
        digest: Digest,
    },
    /// A download ended without the component.
    DownloadFailed {
        /// The component's digest.
        digest: Digest,
    },
    /// A blob begins to be sent to a registry.
    UploadStarted {
        /// What it is a part of.
        target: Origin,
        /// The blob.
        blob: Descriptor,
    },
    /// More of a blob was sent.
    UploadProgress {
        /// The blob's digest.
        digest: Digest,
        /// How many bytes were sent so far; fewer than before where it had to begin again.
        sent: u64,
    },
    /// A blob is in the registry.
    UploadFinished {
        /// The blob's digest.
        digest: Digest,
    },
    /// A blob could not be sent.
    UploadFailed {
        /// The blob's digest.
        digest: Digest,
    },
    /// A registry took what was sent, and is waited for until others can have it. Told when the wait begins, and now and then while it
    /// lasts.
    Publishing {
        /// What was sent.
        subject: Subject,
        /// How long it was waited for so far.
        waited: Duration,
    },
    /// The log of a warg registry was verified for the first time. Nobody said whose it must be, so that from now on it must be this
    /// operator's.
    OperatorRemembered {
        /// The registry.
        registry: Registry,
        /// The key that its operator's log was begun with.
        key: PublicKey,
    },
    /// What was asked for by its exact version was withdrawn by its publisher. It can be had all the same.
    Withdrawn {
        /// The version.
        origin: Origin,
    },
    /// A request failed in a way that may pass, and is tried again.
    Retrying {
        /// The component or blob that is on its way, if one is.
        blob: Option<Digest>,
        /// Which try comes next; the first was 1.
        attempt: u32,
        /// How long is waited before it.
        wait: Duration,
        /// How the last one failed, as a phrase.
        failure: String,
    },
    /// A mirror could not answer; the next mirror, or the registry itself, is asked.
    MirrorFailed {
        /// The mirror's host.
        mirror: String,
        /// How it failed, as a phrase.
        failure: String,
    },
    /// A file of the store did not hold what its name says. It was moved away and is downloaded again.
    CorruptBlob {
        /// What the file should have held.
        digest: Digest,
        /// Where the file is now.
        moved_to: PathBuf,
    },
}

/// Where events go. It is called from any thread and must return soon.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(Event) + Send + Sync>);

impl EventSink {
    /// Calls `listen` with every event.
    pub fn new(listen: impl Fn(Event) + Send + Sync + 'static) -> EventSink {
        EventSink(Arc::new(listen))
    }

    /// Nobody listens.
    pub fn silent() -> EventSink {
        EventSink::new(drop)
    }

    pub(crate) fn emit(&self, event: Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSink")
    }
}
