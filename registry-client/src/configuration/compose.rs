//! This program's own `config.toml`: from its text to a [`Configuration`].

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{Configuration, ConfigurationError, HostRules, NetworkRules, Place, Source};
use crate::host::Host;
use crate::http_options::{Scheme, Verification};
use crate::registry::{OciRegistry, Registry};

/// The default registry's name, where a namespace is given one.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    registries: Registries,
    #[serde(default)]
    network: Network,
    /// What is different for a registry's host.
    #[serde(default)]
    registry: BTreeMap<String, Options>,
}

/// `[network]`; times are in seconds.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Network {
    #[serde(default)]
    ca: Vec<PathBuf>,
    attempts: Option<NonZeroU32>,
    connect_timeout: Option<NonZeroU32>,
    timeout: Option<NonZeroU32>,
}

/// `[registry."host"]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Options {
    protocol: Option<Protocol>,
    #[serde(default)]
    ca: Vec<PathBuf>,
    client_certificate: Option<PathBuf>,
    #[serde(default)]
    accept_any_certificate: bool,
    #[serde(default)]
    mirrors: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Protocol {
    Http,
    Https,
}

#[derive(Default, Deserialize)]
struct Registries {
    #[serde(default)]
    namespaces: BTreeMap<String, String>,
    #[serde(default)]
    packages: BTreeMap<String, String>,
    /// Registries by name, `default` among them.
    #[serde(flatten)]
    named: BTreeMap<String, Named>,
}

/// `"oci://…"`, or `{ url = "warg+https://…", operator-key = "…" }`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Table(NamedTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NamedTable {
    url: String,
    operator_key: Option<String>,
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Configuration, ConfigurationError> {
    let parsed: File = toml::from_str(text).map_err(|error| ConfigurationError::toml(file, text, &error))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut named = BTreeMap::new();
    for (name, entry) in parsed.registries.named {
        let (text, operator_key) = match entry {
            Named::Text(text) => (text, None),
            Named::Table(NamedTable { url, operator_key }) => (url, operator_key),
        };
        let place = Place::parse(&text).map_err(|source| ConfigurationError::Place {
            path: file.to_owned(),
            key: name.clone(),
            source,
        })?;
        let place = with_operator_key(place, operator_key, &name, file)?;
        let place = match place {
            Place::Registry(registry) => Place::Registry(registry.relative_to(folder)),
            other @ (Place::Host(_) | Place::Unsupported { .. }) => other,
        };
        named.insert(name, place);
    }
    let place = |key: &str, name: String| {
        let place = named.get(&name).cloned();
        place.ok_or_else(|| ConfigurationError::Name { path: file.to_owned(), key: key.to_owned(), name })
    };
    let mut source = Source { file: Some(file.to_owned()), default: named.get(DEFAULT).cloned(), ..Source::default() };
    for (namespace, name) in parsed.registries.namespaces {
        source.namespaces.insert(namespace.clone(), place(&namespace, name)?);
    }
    for (package, name) in parsed.registries.packages {
        let parsed = package.parse();
        let parsed = parsed.map_err(|source| ConfigurationError::Package { path: file.to_owned(), source })?;
        source.packages.insert(parsed, place(&package, name)?);
    }
    let mut configuration = Configuration::of(source);
    configuration.network = network(parsed.network, folder);
    for (host, options) in parsed.registry {
        let parsed = Host::parse(&host);
        let parsed = parsed.map_err(|source| ConfigurationError::Host { path: file.to_owned(), source })?;
        if matches!(options.protocol, Some(Protocol::Http)) {
            configuration.plain_http.insert(parsed.as_str().to_owned());
        }
        let rules = host_rules(options, &host, file)?;
        configuration.network.hosts.insert(parsed.as_str().to_owned(), rules);
    }
    Ok(configuration)
}

fn network(network: Network, folder: &Path) -> NetworkRules {
    let seconds = |number: NonZeroU32| Duration::from_secs(number.get().into());
    NetworkRules {
        authorities: network.ca.into_iter().map(|path| folder.join(path)).collect(),
        hosts: BTreeMap::new(),
        attempts: network.attempts,
        connect_timeout: network.connect_timeout.map(seconds),
        timeout: network.timeout.map(seconds),
    }
}

fn host_rules(options: Options, host: &str, file: &Path) -> Result<HostRules, ConfigurationError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mirrors = options.mirrors.iter().map(|mirror| oci(mirror, host, file)).collect::<Result<_, _>>()?;
    // What is said of certificates would mean nothing in plain http.
    let is_about_tls = !options.ca.is_empty() || options.client_certificate.is_some() || options.accept_any_certificate;
    Ok(HostRules {
        scheme: match options.protocol {
            Some(Protocol::Http) => Some(Scheme::Http),
            Some(Protocol::Https) => Some(Scheme::Https),
            None => is_about_tls.then_some(Scheme::Https),
        },
        verification: if options.accept_any_certificate { Verification::Nothing } else { Verification::Certificate },
        authorities: options.ca.into_iter().map(|path| folder.join(path)).collect(),
        identity: options.client_certificate.map(|path| folder.join(path)),
        mirrors,
    })
}

fn oci(mirror: &str, host: &str, file: &Path) -> Result<OciRegistry, ConfigurationError> {
    match mirror.parse() {
        Ok(Registry::Oci(oci)) => Ok(oci),
        Ok(_) => {
            let problem = "a mirror is an OCI registry, `oci://host/prefix`";
            Err(ConfigurationError::Options { path: file.to_owned(), host: host.to_owned(), problem })
        }
        Err(source) => {
            let key = format!("registry.\"{host}\".mirrors");
            Err(ConfigurationError::Place { path: file.to_owned(), key, source })
        }
    }
}

/// The place with the key that its operator must have, if one is required; for other places than warg registries it means nothing.
fn with_operator_key(place: Place, key: Option<String>, name: &str, file: &Path) -> Result<Place, ConfigurationError> {
    let Some(key) = key else { return Ok(place) };
    let failed = |source| ConfigurationError::OperatorKey { path: file.to_owned(), key: name.to_owned(), source };
    match place {
        Place::Registry(Registry::Warg(warg)) => {
            let key = key.parse().map_err(|source| failed(Some(source)))?;
            Ok(Place::Registry(Registry::Warg(warg.with_operator_key(key))))
        }
        _ => Err(failed(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    fn check(text: &str, package: &str) -> String {
        match Configuration::from_compose(text, Path::new("/home/ada/.config/compose/config.toml")) {
            Ok(configuration) => {
                let choice = configuration.choose(&package.parse().unwrap());
                choice.map_or("nothing".to_owned(), |choice| choice.to_string())
            }
            Err(error) => chain(&error),
        }
    }

    const FILE: &str = r#"
        [registries]
        default = "oci://ghcr.io/acme"
        local = "dir:registry"
        community = "wasi.dev"
        [registries.namespaces]
        shop = "local"
        wasi = "community"
        tools = "default"
        [registries.packages]
        "shop:catalog" = "default"
    "#;

    #[test]
    fn the_more_particular_rule_counts() {
        insta::assert_snapshot!(check(FILE, "shop:catalog"), @"oci://ghcr.io/acme, by the registry of the package shop:catalog in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "shop:pricing"), @"dir:/home/ada/.config/compose/registry, by the registry of the namespace `shop` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "wasi:http"), @"wasi.dev, by the registry of the namespace `wasi` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "tools:lint"), @"oci://ghcr.io/acme, by the registry of the namespace `tools` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "acme:tax"), @"oci://ghcr.io/acme, by the default registry in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check("", "acme:tax"), @"nothing");
    }

    #[test]
    fn what_is_malformed_is_named() {
        insta::assert_snapshot!(check("[registrys]", "a:b"), @"/home/ada/.config/compose/config.toml, line 1: unknown field `registrys`, expected one of `registries`, `network`, `registry`");
        insta::assert_snapshot!(check("[registries]\ndefault = 'acme/x'", "a:b"), @"`default` in /home/ada/.config/compose/config.toml names no registry: `acme/x` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`");
        insta::assert_snapshot!(check("[registries.namespaces]\nshop = 'local'", "a:b"), @"`shop` in /home/ada/.config/compose/config.toml has the registry `local`, which is not among `[registries]`");
        insta::assert_snapshot!(check("[registries]\nlocal = 'dir:x'\n[registries.packages]\nshop = 'local'", "a:b"), @"/home/ada/.config/compose/config.toml has a registry for no package: `shop` is not a package name: expected `namespace:name`");
        insta::assert_snapshot!(check("[registries", "a:b"), @"/home/ada/.config/compose/config.toml, line 1: unclosed table, expected `]`");
    }
    fn network(text: &str) -> Result<NetworkRules, String> {
        let configuration = Configuration::from_compose(text, Path::new("/etc/compose/config.toml"));
        configuration.map(|configuration| configuration.network().clone()).map_err(|error| chain(&error))
    }

    #[test]
    fn options_say_how_registries_are_spoken_to() {
        let text = r#"
            [network]
            ca = ["corporate.pem"]
            attempts = 3
            timeout = 60
            [registry."registry.example:5000"]
            protocol = "http"
            mirrors = ["oci://mirror.example/hub"]
            [registry."Private.example"]
            ca = ["/srv/private.pem"]
            client-certificate = "me.pem"
        "#;
        let rules = network(text).unwrap();
        assert_eq!(rules.authorities, [Path::new("/etc/compose/corporate.pem")]);
        assert_eq!((rules.attempts, rules.timeout), (NonZeroU32::new(3), Some(Duration::from_secs(60))));
        let plain = &rules.hosts["registry.example:5000"];
        assert_eq!(plain.scheme, Some(Scheme::Http));
        assert_eq!(plain.mirrors.iter().map(ToString::to_string).collect::<Vec<_>>(), ["mirror.example/hub"]);
        let private = &rules.hosts["private.example"];
        assert_eq!(private.authorities, [Path::new("/srv/private.pem")]);
        assert_eq!(private.identity.as_deref(), Some(Path::new("/etc/compose/me.pem")));
    }

    #[test]
    fn malformed_options_are_named() {
        let malformed = |text| network(text).unwrap_err();
        insta::assert_snapshot!(malformed("[network]\nretries = 3"), @"/etc/compose/config.toml, line 2: unknown field `retries`, expected one of `ca`, `attempts`, `connect-timeout`, `timeout`");
        insta::assert_snapshot!(malformed("[network]\nattempts = 0"), @"/etc/compose/config.toml, line 2: invalid value: integer `0`, expected a nonzero u32");
        insta::assert_snapshot!(malformed("[registry.'a b']"), @"`[registry]` in /etc/compose/config.toml has a table for no host: `a b` is not a host: expected a name or an address, and optionally `:` and a port");
        insta::assert_snapshot!(malformed("[registry.'a.io']\nmirrors = ['dir:x']"), @r#"`[registry."a.io"]` in /etc/compose/config.toml: a mirror is an OCI registry, `oci://host/prefix`"#);
        insta::assert_snapshot!(malformed("[registry.'a.io']\nmirrors = ['b.io']"), @r#"`registry."a.io".mirrors` in /etc/compose/config.toml names no registry: `b.io` does not say which kind of registry it is: write `oci://b.io`"#);
    }
}
