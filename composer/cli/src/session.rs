//! How the library is called: from options and the environment to a [`Session`], and from a future to its value.

use std::{
    collections::BTreeSet,
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    driver::{self, Locking},
    manifest::FILE_NAME,
};
use registry_client::{Client, ClientOptions, Credentials, CredentialsError, EventSink, Network, Store};

use crate::{args::ManifestOptions, environment, exit::Stop, output::Output, progress::Progress};

/// An application and the means to compose it, with its progress in sight.
pub(crate) struct Session {
    driver: driver::Session,
    progress: Progress,
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
        Self::of(manifest, options, output)
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

    fn of(manifest: PathBuf, options: &ManifestOptions, output: &Output) -> Result<Self, Stop> {
        let jobs = options.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let network = if options.offline || options.frozen { Network::Offline } else { Network::Online };
        let store = store()?;
        let credentials = match network {
            Network::Online => credentials(output)?,
            Network::Offline => Credentials::anonymous(),
        };

        // From here on there may be bars on the screen, which only `wait_for` takes away.
        let progress = Progress::new(output);
        let (of_client, of_driver) = (progress.clone(), progress.clone());
        let client = Client::new(ClientOptions {
            store,
            credentials,
            network,
            insecure: BTreeSet::new(),
            parallel: jobs,
            events: EventSink::new(move |event| of_client.registry(&event)),
        });
        let driver = driver::Session {
            manifest,
            client,
            locking: if options.locked || options.frozen { Locking::Locked } else { Locking::Free },
            jobs,
            events: Arc::new(move |event| of_driver.driver(&event)),
        };
        Ok(Self { driver, progress })
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
    let value = executor.block_on(future);
    // A thread may still wait for standard input; the end of the process does not wait for it.
    executor.shutdown_background();
    Ok(value)
}

/// The manifest that is meant, by the shortest path to it.
fn manifest(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let directory = environment::current_directory()?;
    let found = driver::find_manifest(&directory).ok_or_else(|| no_manifest(&directory))?;
    Ok(found.strip_prefix(&directory).map(Path::to_owned).unwrap_or(found))
}

fn store() -> Result<Store, Failure> {
    Store::open(&environment::cache()?).map_err(|error| {
        Diagnostic::error(Code::StoreFailure, error.to_string())
            .causes(&error)
            .hint("set COMPOSE_CACHE to a directory that can be written")
            .into()
    })
}

/// Who we are at registries. What cannot be read is said, and is nobody's reason to fail: most applications need none of it.
fn credentials(output: &Output) -> Result<Credentials, Stop> {
    let Some(path) = environment::docker_config() else { return Ok(Credentials::anonymous()) };
    match Credentials::read_docker_config(&path) {
        Ok(credentials) => Ok(credentials),
        Err(CredentialsError::NotFound { .. }) => Ok(Credentials::anonymous()),
        Err(error) => {
            let warning = Diagnostic::warning(Code::Unauthorized, error.to_string())
                .causes(&error)
                .note("registries are asked without credentials");
            output.diagnostics(&[warning])?;
            Ok(Credentials::anonymous())
        }
    }
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
