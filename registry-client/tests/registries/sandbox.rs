//! A client with a store of its own, and what it says.

use std::error::Error as StdError;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use registry_client::{
    Client, ClientOptions, Credentials, Error, Event, EventSink, HostOptions, HttpOptions, Network, Origin, Registry,
    Release, Store, VerifiedBlob,
};
use semver::Version;
use tempfile::TempDir;

/// A client, its store and its events.
pub(crate) struct Sandbox {
    pub(crate) client: Client,
    pub(crate) directory: TempDir,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Sandbox {
    /// An anonymous client that may use the network.
    pub(crate) fn new() -> Sandbox {
        Sandbox::with(Credentials::anonymous())
    }

    /// A client with credentials.
    pub(crate) fn with(credentials: Credentials) -> Sandbox {
        Sandbox::with_http(credentials, HttpOptions::default())
    }

    /// An anonymous client for which `host` is different.
    pub(crate) fn with_host(host: &str, options: HostOptions) -> Sandbox {
        let hosts = [(host.to_owned(), options)].into();
        Sandbox::with_http(Credentials::anonymous(), HttpOptions { hosts, ..HttpOptions::default() })
    }

    /// A client with credentials that speaks to servers as `http` has it.
    pub(crate) fn with_http(credentials: Credentials, http: HttpOptions) -> Sandbox {
        let directory = tempfile::tempdir().unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let options = ClientOptions {
            store: Store::open(&directory.path().join("store")).unwrap(),
            credentials,
            network: Network::Online,
            insecure: ["registry.invalid".to_owned()].into(),
            parallel: NonZeroUsize::new(2).unwrap(),
            events: EventSink::new({
                let events = events.clone();
                move |event| events.lock().unwrap().push(event)
            }),
        };
        Sandbox { client: Client::with_http(options, http), directory, events }
    }

    /// The store, opened once more.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.directory.path().join("store")).unwrap()
    }

    /// A client of the same store that must not use the network.
    pub(crate) fn offline(&self) -> Client {
        Client::new(ClientOptions {
            store: self.store(),
            credentials: Credentials::anonymous(),
            network: Network::Offline,
            insecure: [].into(),
            parallel: NonZeroUsize::MIN,
            events: EventSink::silent(),
        })
    }

    /// Resolves and fetches `origin`.
    pub(crate) async fn pull(&self, origin: &Origin) -> Result<(Release, VerifiedBlob), Error> {
        let release = self.client.release(origin).await?;
        let blob = self.client.fetch(origin, &release).await?;
        Ok((release, blob))
    }

    /// The events so far, in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The names of the events so far, in order.
    pub(crate) fn event_names(&self) -> Vec<String> {
        let name = |event: &Event| format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
        self.events.lock().unwrap().iter().map(name).collect()
    }
}

/// A version of a package in a registry.
pub(crate) fn package(registry: &str, package: &str, version: &str) -> Origin {
    Origin::Package {
        registry: registry.parse::<Registry>().unwrap(),
        package: package.parse().unwrap(),
        version: Version::parse(version).unwrap(),
    }
}

/// An OCI reference.
pub(crate) fn reference(text: &str) -> Origin {
    Origin::Reference(text.parse().unwrap())
}

/// Credentials as a file of Docker's has them.
pub(crate) fn docker_config(host: &str, entry: &str) -> Credentials {
    let json = format!(r#"{{"auths": {{"{host}": {entry}}}}}"#);
    Credentials::from_docker_config(&json, "/home/ada/.docker/config.json".as_ref()).unwrap()
}

/// An error and its causes, a line each, with `address` and what follows `directory` made the same for every run.
pub(crate) fn told(error: &dyn StdError, varying: &[(&str, &str)]) -> String {
    let lines: Vec<String> =
        std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    varying.iter().fold(lines.join("\n"), |text, (from, to)| text.replace(from, to))
}
