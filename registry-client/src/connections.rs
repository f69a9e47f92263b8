//! Which HTTP client speaks to a URL: from [`HttpOptions`](crate::HttpOptions) to one client for each kind of connection, made when it
//! is first needed.
//!
//! - What stays on this machine never goes through a proxy.
//! - A client certificate, and trust that is meant for one host, are for that host alone: a redirect from it uses the others' client.
//! - Plain http needs no certificates, and works on a machine that has none.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use crate::host::Host;
use crate::http_options::{Authorities, HostOptions, Patience, Scheme, Verification};
use crate::transport::{RequestError, is_loopback};

const USER_AGENT: &str = concat!("compose/", env!("CARGO_PKG_VERSION"));

/// The clients there are, and how others are made.
pub(crate) struct Connections {
    authorities: Vec<Authorities>,
    hosts: Vec<(Url, HostOptions)>,
    patience: Patience,
    clients: Mutex<BTreeMap<Kind, reqwest::Client>>,
}

/// What clients are kept apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    route: Route,
    security: Security,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    Direct,
    /// Through a proxy, where the environment says so.
    Proxied,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Security {
    Plain,
    Tls,
    /// TLS as the host with this index has it.
    OwnTls(usize),
}

impl Connections {
    /// Remembers what is needed. What is no host in `hosts` is about nothing.
    pub(crate) fn new(
        authorities: Vec<Authorities>,
        hosts: BTreeMap<String, HostOptions>,
        patience: Patience,
    ) -> Connections {
        let hosts = hosts.into_iter().filter_map(|(host, options)| Some((https_url(&host)?, options))).collect();
        Connections { authorities, hosts, patience, clients: Mutex::default() }
    }

    /// What is different for the host of `url`.
    pub(crate) fn options(&self, url: &Url) -> Option<&HostOptions> {
        self.index(url).map(|index| &self.hosts[index].1)
    }

    /// The scheme that was chosen for the host of `url`, if one was.
    pub(crate) fn scheme(&self, url: &Url) -> Option<Scheme> {
        self.options(url)?.scheme
    }

    /// The client for `url`.
    pub(crate) fn client(&self, url: &Url) -> Result<reqwest::Client, RequestError> {
        let kind = self.kind(url);
        if let Some(client) = self.lock_clients().get(&kind) {
            return Ok(client.clone());
        }
        let client = self.build(kind).map_err(|error| RequestError::Setup(Box::new(error)))?;
        Ok(self.lock_clients().entry(kind).or_insert(client).clone())
    }

    fn kind(&self, url: &Url) -> Kind {
        let security = match (url.scheme(), self.index(url)) {
            ("http", _) => Security::Plain,
            (_, Some(index)) => Security::OwnTls(index),
            (_, None) => Security::Tls,
        };
        Kind { route: if is_loopback(url) { Route::Direct } else { Route::Proxied }, security }
    }

    fn index(&self, url: &Url) -> Option<usize> {
        let is_host = |host: &Url| {
            // The port of a registry that is named without one is that of whichever scheme is used.
            host.host() == url.host() && host.port() == url.port()
        };
        self.hosts.iter().position(|(host, _)| is_host(host))
    }

    fn build(&self, kind: Kind) -> reqwest::Result<reqwest::Client> {
        let builder = self.builder(kind.route);
        let everywhere = self.authorities.iter().flat_map(Authorities::certificates);
        match kind.security {
            // Without roots to look for, none can be missing. A proxy that is spoken to with TLS does need them.
            Security::Plain if kind.route == Route::Direct => builder.tls_certs_only([]).build(),
            Security::Plain => {
                let without_roots = |_| self.builder(kind.route).tls_certs_only([]).build();
                builder.tls_certs_merge(everywhere).build().or_else(without_roots)
            }
            Security::Tls => builder.tls_certs_merge(everywhere).build(),
            Security::OwnTls(index) => {
                let options = &self.hosts[index].1;
                let own = options.authorities.iter().flat_map(Authorities::certificates);
                let builder = match options.verification {
                    Verification::Certificate => builder.tls_certs_merge(everywhere.chain(own)),
                    Verification::Nothing => builder.tls_danger_accept_invalid_certs(true),
                };
                match &options.identity {
                    Some(identity) => builder.identity(identity.identity()).build(),
                    None => builder.build(),
                }
            }
        }
    }

    fn builder(&self, route: Route) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.patience.connect);
        match route {
            Route::Direct => builder.no_proxy(),
            Route::Proxied => builder,
        }
    }

    fn lock_clients(&self) -> MutexGuard<'_, BTreeMap<Kind, reqwest::Client>> {
        // Each insertion leaves the map whole, so that a panic elsewhere cannot have left it otherwise.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registry named `host`, as a URL.
fn https_url(host: &str) -> Option<Url> {
    let host = Host::parse(host).ok()?;
    Url::parse(&format!("https://{}", host.endpoint())).ok()
}
