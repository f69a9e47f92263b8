//! What a guest may reach of the host, as values: nothing that is not named here.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What a guest may reach of the host; by default, nothing.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The environment variables that the guest sees, in this order.
    pub environment: Vec<(String, String)>,
    /// The directories that the guest can read and write.
    pub directories: Vec<Directory>,
    /// Whether the guest reaches the network: sockets and outgoing HTTP requests.
    pub network: Network,
}

/// A directory of the host that a guest can read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Where it is on the host.
    pub host: PathBuf,
    /// Where the guest finds it.
    pub guest: String,
}

/// How much of the network a guest reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// None: sockets cannot be bound or connected, names not resolved, and HTTP requests are denied.
    #[default]
    None,
    /// All that the host reaches.
    Full,
}

/// Where a guest's standard input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Nowhere: it is at its end from the start.
    #[default]
    Empty,
    /// The standard input of this process.
    Stdin,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Where a guest's standard output or standard error goes.
#[derive(Clone, Default)]
pub enum Output {
    /// Nowhere.
    #[default]
    Discard,
    /// The standard output of this process.
    Stdout,
    /// The standard error of this process.
    Stderr,
    /// A writer, which every instance of the guest shares. It is written to on the executor's threads: it must not block
    /// for long.
    Writer(Arc<Mutex<dyn Write + Send>>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Discard => "Discard",
            Output::Stdout => "Stdout",
            Output::Stderr => "Stderr",
            Output::Writer(_) => "Writer(..)",
        })
    }
}
