//! A directory of its own with an application in it, composed by the library or by the real command.
//!
//! Nothing of the user's is used: the store, the home directory and Docker's configuration are in the sandbox.

use std::{
    fmt, fs,
    num::NonZeroUsize,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use composer::{
    diagnostic::Failure,
    driver::{self, Automatic, Built, LastBuild, Locking, RegistryRules, Session, Vendoring},
};
use registry_client::{Client, ClientOptions, Credentials, EventSink, Network, Store};
use tempfile::TempDir;

use crate::execution::block_on;

/// A directory with an application in it; it goes away with its value.
#[derive(Debug)]
pub struct Sandbox {
    directory: TempDir,
}

/// How a command ended and what it wrote, with the sandbox's directory replaced by `[DIR]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit status; none when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Sandbox {
    /// Makes an application of this manifest.
    ///
    /// # Panics
    /// When there is no temporary directory.
    pub fn new(manifest: &str) -> Self {
        let sandbox = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        sandbox.write("compose.toml", manifest);
        sandbox
    }

    /// Makes an application of this manifest and of files, each with its path.
    pub fn with<'a>(manifest: &str, files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let sandbox = Self::new(manifest);
        for (path, bytes) in files {
            sandbox.write(path, bytes);
        }
        sandbox
    }

    /// Makes a directory of files, each with its path, and without an application.
    ///
    /// # Panics
    /// When there is no temporary directory.
    pub fn bare<'a>(files: impl IntoIterator<Item = (&'a str, impl AsRef<[u8]>)>) -> Self {
        let sandbox = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        files.into_iter().for_each(|(path, bytes)| sandbox.write(path, bytes));
        sandbox
    }

    /// The path of something in the directory.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Writes a file, and the directories above it.
    ///
    /// # Panics
    /// When the file system refuses.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        let parent = path.parent().expect("a path in a directory has a parent");
        fs::create_dir_all(parent).expect("the sandbox can be written");
        fs::write(path, content).expect("the sandbox can be written");
    }

    /// The content of a file.
    ///
    /// # Panics
    /// When there is none.
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The content of a text file.
    ///
    /// # Panics
    /// When there is none.
    pub fn read_text(&self, path: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(path)).expect("the file is text")
    }

    /// The text of the application's lock.
    pub fn lock(&self) -> String {
        self.read_text("compose.lock")
    }

    /// Access to the application for the library: anonymous, online, with a store in the sandbox, one job.
    ///
    /// # Panics
    /// When the store cannot be opened.
    pub fn session(&self) -> Session {
        let client = Client::new(ClientOptions {
            store: Store::open(&self.path(".cache")).expect("the sandbox can be written"),
            credentials: Credentials::anonymous(),
            network: Network::Online,
            insecure: [].into(),
            parallel: NonZeroUsize::MIN,
            events: EventSink::silent(),
        });
        Session {
            manifest: self.path("compose.toml"),
            client,
            rules: RegistryRules::default(),
            locking: Locking::Free,
            automatic: Automatic::Marked,
            vendoring: Vendoring::Manifest,
            composed: driver::Composed::default(),
            jobs: NonZeroUsize::MIN,
            events: Arc::new(|_| {}),
        }
    }

    /// Builds the application with the library.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn try_build(&self) -> Result<Built, Failure> {
        let session = self.session();
        block_on(driver::build(&session, None, LastBuild::of(&session)))
    }

    /// Builds the application with the library, and validates what was written.
    ///
    /// # Panics
    /// When something is wrong with it.
    pub fn build(&self) -> Composed {
        let built = self.try_build().unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics()));
        let bytes = fs::read(&built.path).expect("the result was written");
        if let Err(error) = wit::World::of_component(&bytes) {
            panic!("the result is not valid: {error}");
        }
        Composed { built, bytes }
    }

    /// Runs the real command in the directory, with arguments that spaces separate.
    ///
    /// # Panics
    /// When there is no such command, or it writes something else than text.
    pub fn compose(&self, arguments: &str) -> Run {
        let mut command = self.command(&self.path(""));
        self.run(command.args(arguments.split_whitespace()))
    }

    /// Runs the real command in a directory of the sandbox.
    ///
    /// # Panics
    /// As [`Self::compose`].
    pub fn compose_in(&self, directory: &str, arguments: &str) -> Run {
        let mut command = self.command(&self.path(directory));
        self.run(command.args(arguments.split_whitespace()))
    }

    /// Runs the real command in the directory with further environment variables.
    ///
    /// # Panics
    /// As [`Self::compose`].
    pub fn compose_with<'a>(&self, variables: impl IntoIterator<Item = (&'a str, &'a str)>, arguments: &str) -> Run {
        let mut command = self.command(&self.path(""));
        self.run(command.envs(variables).args(arguments.split_whitespace()))
    }

    /// Runs the real command in the directory, with this on its standard input.
    ///
    /// # Panics
    /// As [`Self::compose`].
    pub fn compose_reading(&self, input: &str, arguments: &str) -> Run {
        self.write(".stdin", input);
        let stdin = fs::File::open(self.path(".stdin")).expect("it was just written");
        let mut command = self.command(&self.path(""));
        self.run(command.stdin(stdin).args(arguments.split_whitespace()))
    }

    fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(directory).env_clear().stdin(Stdio::null());
        command.env("HOME", self.path(".home")).env("DOCKER_CONFIG", self.path(".docker"));
        command.env("COMPOSE_CACHE", self.path(".cache"));
        command
    }

    fn run(&self, command: &mut Command) -> Run {
        let output = command.output().expect("the command was built with the tests");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("the command writes text");
            text.replace(&self.directory.path().display().to_string(), "[DIR]")
        };
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A built application, with its component in memory: the sandbox may go.
#[derive(Debug)]
pub struct Composed {
    built: Built,
    /// The component.
    pub bytes: Vec<u8>,
}

impl Deref for Composed {
    type Target = Built;

    fn deref(&self) -> &Built {
        &self.built
    }
}

impl fmt::Display for Run {
    /// Standard output and standard error, those that are not empty and a line between them; last the exit status.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = [&self.stdout, &self.stderr].map(|text| text.trim_end());
        let written: Vec<&str> = written.into_iter().filter(|text| !text.is_empty()).collect();
        if !written.is_empty() {
            writeln!(f, "{}", written.join("\n---\n"))?;
        }
        match self.status {
            Some(status) => write!(f, "exit status {status}"),
            None => write!(f, "ended by a signal"),
        }
    }
}

/// This package's own build of the command, which cargo puts above the directory of the test binaries.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own binary");
    let profile = test.ancestors().nth(2).expect("a test binary is in `deps` of its profile's directory");
    profile.join(format!("compose-under-test{}", std::env::consts::EXE_SUFFIX))
}
