//! How the library is called: from options and the environment to a [`Session`], and from a future to its value.

use std::{
    fmt::Display,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    thread,
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    driver::{self, Automatic, Composed, Locking, RegistryRules, Vendoring},
    manifest::{FILE_NAME, Manifest},
};
use registry_client::{Client, ClientOptions, EventSink, Network, Store};

use crate::{
    args::ManifestOptions, configuration::Configuration, environment, exit::Stop, output::Output, progress::Progress,
};

/// Downloads wait more than they work: more of them than processors are under way at once.
const DOWNLOADS_AT_ONCE: NonZeroUsize = const { NonZeroUsize::new(8).unwrap() };

/// An application and the means to compose it, with its progress in sight.
pub(crate) struct Session {
    driver: driver::Session,
    progress: Progress,
}

/// The means to speak to registries, with progress in sight.
#[derive(Clone)]
pub(crate) struct Registries {
    /// Who asks.
    pub(crate) client: Client,
    /// Which registry is whose, outside of a manifest.
    pub(crate) rules: RegistryRules,
    jobs: NonZeroUsize,
    progress: Progress,
}

impl Registries {
    /// Prepares everything that registries are spoken to with; connects to nothing.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub(crate) fn new(options: &ManifestOptions, output: &Output) -> Result<Self, Stop> {
        let configuration = Configuration::read();
        Failure::check(configuration.errors.clone())?;
        let is_offline = options.offline || options.frozen;
        if !is_offline {
            output.diagnostics(&configuration.warnings)?;
        }
        Self::with(configuration, options, output)
    }

    /// The same, as a configuration that was read has it.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub(crate) fn with(configuration: Configuration, options: &ManifestOptions, output: &Output) -> Result<Self, Stop> {
        let Configuration { rules, credentials, http, .. } = configuration;
        let jobs = options.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let network = if options.offline || options.frozen { Network::Offline } else { Network::Online };
        let insecure = rules.configuration.plain_http().iter().cloned().chain(environment::insecure_hosts()).collect();
        let store = store()?;

        // From here on there may be bars on the screen, which only `wait_for` takes away.
        let progress = Progress::new(output);
        let listener = progress.clone();
        let events = EventSink::new(move |event| listener.registry(&event));
        let parallel = options.jobs.unwrap_or(jobs.max(DOWNLOADS_AT_ONCE));
        let client_options = ClientOptions { store, credentials, network, insecure, parallel, events };
        Ok(Self { client: Client::with_http(client_options, http), rules, jobs, progress })
    }

    /// Shows that a part of the work begins which is no question to a registry.
    pub(crate) fn begin(&self, verb: &str, what: impl Display) {
        self.progress.step(verb, &what.to_string());
    }

    /// Asks registries for something and takes the progress of that off the screen.
    ///
    /// # Errors
    /// What is found, and when no executor can be started.
    pub(crate) fn wait_for<T>(&self, work: impl AsyncFnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let outcome = block_on(work(self));
        self.progress.clear();
        outcome?
    }
}

impl Session {
    /// Prepares everything that composing one application needs; connects to nothing.
    ///
    /// # Errors
    /// When there is no manifest, it is one of a workspace alone, or the store cannot be opened.
    pub(crate) fn new(options: &ManifestOptions, output: &Output) -> Result<Self, Stop> {
        let manifest = manifest(options.manifest_path.as_deref())?;
        let manifest = match &options.package {
            Some(name) => driver::named_member(&manifest, name)?,
            None => manifest,
        };
        let Registries { client, rules, jobs, progress } = Registries::new(options, output)?;
        let listener = progress.clone();
        let driver = driver::Session {
            manifest,
            client,
            rules,
            locking: if options.locked || options.frozen { Locking::Locked } else { Locking::Free },
            automatic: Automatic::Marked,
            vendoring: Vendoring::Manifest,
            composed: Composed::default(),
            jobs,
            events: Arc::new(move |event| listener.driver(&event)),
        };
        Ok(Self { driver, progress })
    }

    /// Prepares everything that composing all applications of a manifest needs, in the order in which they are composed: its own
    /// and the members of its workspace, or the one that is meant.
    ///
    /// # Errors
    /// As [`Self::new`], and when a manifest is wrong.
    pub(crate) fn all(options: &ManifestOptions, output: &Output) -> Result<Vec<Self>, Stop> {
        let session = Self::new(options, output)?;
        let of = |manifest| Self {
            driver: driver::Session { manifest, ..session.driver.clone() },
            progress: session.progress.clone(),
        };
        let manifests = match options.package {
            Some(_) => vec![session.manifest().to_path_buf()],
            None => driver::applications(session.manifest())?,
        };
        Ok(manifests.into_iter().map(of).collect())
    }

    /// The manifest that says things for all applications that are meant: of their workspace, or their own.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn root(options: &ManifestOptions, output: &Output) -> Result<PathBuf, Stop> {
        let session = Self::new(options, output)?;
        Ok(driver::workspace_of(session.manifest())?.unwrap_or_else(|| session.manifest().to_path_buf()))
    }

    /// The same, with other registries to provide what nothing else provides.
    #[must_use]
    pub(crate) fn providing(mut self, automatic: Automatic) -> Self {
        self.driver.automatic = automatic;
        self
    }

    /// The means to speak to registries alone.
    pub(crate) fn registries(&self) -> Registries {
        let driver::Session { client, rules, jobs, .. } = self.driver.clone();
        Registries { client, rules, jobs, progress: self.progress.clone() }
    }

    /// How the library is called.
    pub(crate) fn driver(&self) -> &driver::Session {
        &self.driver
    }

    /// The manifest, by the shortest path to it.
    pub(crate) fn manifest(&self) -> &Path {
        &self.driver.manifest
    }

    /// Does a part of the driver's work and takes its progress off the screen.
    ///
    /// # Errors
    /// What the driver finds, and when no executor can be started.
    pub(crate) fn wait_for<T>(
        &self,
        work: impl AsyncFnOnce(&driver::Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let outcome = block_on(work(&self.driver));
        self.progress.clear();
        outcome?
    }
}

/// Runs a future to its end.
///
/// # Errors
/// When the operating system gives no threads for it.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let executor = executor.map_err(|error| no_executor(&error))?;
    // One type for all futures: the executor's code for them is compiled once.
    let future: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(future);
    let value = executor.block_on(future);
    // A thread may still wait for standard input; the end of the process does not wait for it.
    executor.shutdown_background();
    Ok(value)
}

/// The manifest that is meant, by the shortest path to it.
///
/// # Errors
/// When there is none.
pub(crate) fn manifest(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let directory = environment::current_directory()?;
    let found = driver::find_manifest(&directory).ok_or_else(|| no_manifest(&directory))?;
    Ok(found.strip_prefix(&directory).map(Path::to_owned).unwrap_or(found))
}

/// The store.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn store() -> Result<Store, Failure> {
    Store::open(&environment::cache()?).map_err(|error| {
        Diagnostic::error(Code::StoreFailure, error.to_string())
            .causes(&error)
            .hint("set COMPOSE_CACHE to a directory that can be written")
            .into()
    })
}

/// The manifest around the current directory and what it says, or the one that is named; none where there is none.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn manifest_around(options: &ManifestOptions) -> Result<Option<(Manifest, PathBuf)>, Failure> {
    let path = match manifest(options.manifest_path.as_deref()) {
        Ok(path) => path,
        Err(_) if options.manifest_path.is_none() => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let path = match &options.package {
        Some(name) => driver::named_member(&path, name)?,
        None => path,
    };
    Ok(Some((driver::read_manifest(&path)?, path)))
}

fn no_manifest(directory: &Path) -> Diagnostic {
    let message = format!("there is no {FILE_NAME} in `{}` or in a directory above it", directory.display());
    Diagnostic::error(Code::ManifestNotFound, message)
        .hint("start an application here with `compose init`, or elsewhere with `compose new DIR`")
        .hint("name the manifest with `--manifest-path FILE`")
}

fn no_executor(error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::RuntimeUnavailable, "the operating system gives no threads to work with")
        .note(error.to_string())
}
