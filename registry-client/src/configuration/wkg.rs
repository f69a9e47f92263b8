//! `wkg`'s `config.toml`, as its crate `wasm-pkg-common` 0.16 reads it: from its text to a [`Configuration`].
//!
//! NB: of a registry's options, certificates are not taken over: the client is given those once for all registries.
//! `accept_invalid_certificates` is refused, and `wkg`'s protocol `local` can be named but not used: its layout is not that of `dir:`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Value;

use super::{Configuration, ConfigurationError, Place, Source};
use crate::credential::{Credential, CredentialSource, EntryProblem, Secret};
use crate::host::Host;
use crate::metadata::Metadata;
use crate::registry::{Registry, RegistryParseError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default_registry: Option<String>,
    #[serde(default)]
    namespace_registries: BTreeMap<String, Mapping>,
    #[serde(default)]
    package_registry_overrides: BTreeMap<String, Mapping>,
    /// Read by hand: an error of the parser's would quote a credential that is in the wrong place.
    #[serde(default)]
    registry: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Mapping {
    Host(String),
    Custom { registry: String, metadata: Metadata },
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Configuration, ConfigurationError> {
    let parsed: File = toml::from_str(text).map_err(|error| ConfigurationError::toml(file, text, &error))?;
    let mut reader = Reader { file, configuration: Configuration::default(), protocols: BTreeMap::new() };
    for (host, options) in &parsed.registry {
        reader.options(host, options)?;
    }
    let mut source = Source { file: Some(file.to_owned()), ..Source::default() };
    if let Some(host) = parsed.default_registry {
        source.default = Some(reader.place("default_registry", Mapping::Host(host))?);
    }
    for (namespace, mapping) in parsed.namespace_registries {
        source.namespaces.insert(namespace.clone(), reader.place(&namespace, mapping)?);
    }
    for (package, mapping) in parsed.package_registry_overrides {
        let place = reader.place(&package, mapping)?;
        // WIT allows names in upper case, which no package of ours can have: nobody will ask for one.
        if let Ok(package) = package.parse() {
            source.packages.insert(package, place);
        }
    }
    reader.configuration.sources.push(source);
    Ok(reader.configuration)
}

struct Reader<'a> {
    file: &'a Path,
    configuration: Configuration,
    /// The protocols that the file wants hosts to be spoken to in.
    protocols: BTreeMap<String, String>,
}

impl Reader<'_> {
    /// Reads `[registry."host"]`.
    fn options(&mut self, host: &str, options: &Value) -> Result<(), ConfigurationError> {
        let path = self.file.to_owned();
        let parsed = Host::parse(host).map_err(|source| ConfigurationError::Host { path: path.clone(), source })?;
        let problem = |problem| ConfigurationError::Options { path: path.clone(), host: host.to_owned(), problem };
        let Some(options) = options.as_table() else { return Err(problem("it is not a table")) };
        let tables: Vec<&String> = options.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name).collect();
        let protocol = match (options.get("default").or(options.get("type")), tables.as_slice()) {
            (Some(Value::String(protocol)), _) => Some(protocol),
            (Some(_), _) => return Err(problem("`default` is not a text")),
            (None, [only]) => Some(*only),
            (None, _) => None,
        };
        if let Some(protocol) = protocol {
            self.protocols.insert(parsed.as_str().to_owned(), protocol.clone());
        }
        let Some(oci) = options.get("oci") else { return Ok(()) };
        let Some(oci) = oci.as_table() else { return Err(problem("`oci` is not a table")) };
        match oci.get("protocol").map(Value::as_str) {
            None | Some(Some("https")) => {}
            Some(Some("http")) => {
                self.configuration.plain_http.insert(parsed.as_str().to_owned());
            }
            Some(_) => return Err(problem("`oci.protocol` is neither \"http\" nor \"https\"")),
        }
        if oci.get("accept_invalid_certificates").is_some_and(|accept| accept.as_bool() != Some(false)) {
            return Err(problem(
                "`oci.accept_invalid_certificates` is not supported: give the authority's certificate",
            ));
        }
        if let Some(auth) = oci.get("auth") {
            let credential = credential(auth).map_err(|source| ConfigurationError::Credential {
                path: path.clone(),
                host: host.to_owned(),
                source,
            })?;
            let source = CredentialSource::File(path);
            self.configuration.credentials.insert(parsed.as_str(), credential, source);
        }
        Ok(())
    }

    /// Reads where the packages of `key` are.
    fn place(&self, key: &str, mapping: Mapping) -> Result<Place, ConfigurationError> {
        let path = || self.file.to_owned();
        let (host, metadata) = match mapping {
            Mapping::Host(host) => (host, None),
            Mapping::Custom { registry, metadata } => (registry, Some(metadata)),
        };
        let host = Host::parse(&host).map_err(|source| ConfigurationError::Place {
            path: path(),
            key: key.to_owned(),
            source: RegistryParseError::Location { text: host.clone(), source },
        })?;
        let protocol = self.protocols.get(host.as_str()).map(String::as_str);
        match (protocol, metadata) {
            (Some(protocol), _) if protocol != "oci" => {
                Ok(Place::Unsupported { host: host.as_str().to_owned(), protocol: protocol.to_owned() })
            }
            (_, None) => Ok(Place::Host(host.as_str().to_owned())),
            (_, Some(metadata)) => {
                let registry = metadata.registry(&host);
                let registry: Registry = registry.map_err(|source| ConfigurationError::Metadata {
                    path: path(),
                    key: key.to_owned(),
                    source,
                })?;
                Ok(Place::Registry(registry))
            }
        }
    }
}

/// Reads `auth`: the base64 of a user name, a colon and a password, or a table of both.
fn credential(auth: &Value) -> Result<Credential, EntryProblem> {
    if let Some(encoded) = auth.as_str() {
        return Credential::decode(encoded);
    }
    let text = |key: &str| auth.get(key).and_then(Value::as_str);
    match (text("username"), text("password")) {
        (Some(username), Some(password)) => {
            Ok(Credential::Basic { username: username.to_owned(), password: Secret::new(password) })
        }
        (Some(_), None) => Err(EntryProblem::NoPassword),
        (None, _) => Err(EntryProblem::NoUsername),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    const PATH: &str = "/home/ada/.config/wasm-pkg/config.toml";

    fn choose(configuration: &Configuration, package: &str) -> String {
        let choice = configuration.choose(&package.parse().unwrap());
        choice.map_or("nothing".to_owned(), |choice| choice.to_string())
    }

    fn check(text: &str, package: &str) -> String {
        let configuration = Configuration::from_wkg(text, Path::new(PATH));
        configuration.map_or_else(|error| chain(&error), |configuration| choose(&configuration, package))
    }

    const FILE: &str = r#"
        default_registry = "acme.registry.com"

        [namespace_registries]
        wasi = "wasi.dev"
        example = "Example.com"
        custom = { registry = "localhost", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "webassembly/" } } }
        files = "files.example"

        [package_registry_overrides]
        "example:foo" = "example.com:8080"

        [registry."files.example".local]
        root = "/srv/packages"

        [registry."acme.registry.com".oci]
        auth = { username = "open", password = "sesame" }
        protocol = "http"
    "#;

    #[test]
    fn a_package_has_the_registry_that_wkg_gives_it() {
        insta::assert_snapshot!(check(FILE, "example:foo"), @"example.com:8080, by the registry of the package example:foo in /home/ada/.config/wasm-pkg/config.toml");
        insta::assert_snapshot!(check(FILE, "example:bar"), @"example.com, by the registry of the namespace `example` in /home/ada/.config/wasm-pkg/config.toml");
        insta::assert_snapshot!(check(FILE, "custom:thing"), @"oci://ghcr.io/webassembly, by the registry of the namespace `custom` in /home/ada/.config/wasm-pkg/config.toml");
        insta::assert_snapshot!(check(FILE, "files:thing"), @"files.example (protocol `local`), by the registry of the namespace `files` in /home/ada/.config/wasm-pkg/config.toml");
        insta::assert_snapshot!(check(FILE, "acme:tax"), @"acme.registry.com, by the default registry in /home/ada/.config/wasm-pkg/config.toml");
    }

    #[test]
    fn without_a_file_wkgs_own_registries_are_known() {
        insta::assert_snapshot!(choose(&Configuration::built_in(), "wasi:http"), @"wasi.dev, by wkg's built-in registry of the namespace `wasi`");
        insta::assert_snapshot!(choose(&Configuration::built_in(), "ba:sample"), @"bytecodealliance.org, by wkg's built-in registry of the namespace `ba`");
        insta::assert_snapshot!(choose(&Configuration::built_in(), "acme:tax"), @"nothing");
    }

    #[test]
    fn what_is_on_top_counts_unless_what_is_below_is_more_particular() {
        let parse = |text: &str| Configuration::from_wkg(text, Path::new(PATH)).unwrap();
        let manifest = |default: &str| {
            Configuration::of_manifest(Path::new("compose.toml"), Some(default.parse().unwrap()), BTreeMap::new())
        };
        let layered = manifest("oci://ghcr.io/acme").over(parse(FILE)).over(Configuration::built_in());
        insta::assert_snapshot!(choose(&layered, "acme:tax"), @"oci://ghcr.io/acme, by the default registry in compose.toml");
        insta::assert_snapshot!(choose(&layered, "wasi:http"), @"wasi.dev, by the registry of the namespace `wasi` in /home/ada/.config/wasm-pkg/config.toml");
        let variable = Configuration::of_variable("WKG_REGISTRY", "registry.example").unwrap().over(layered);
        insta::assert_snapshot!(choose(&variable, "wasi:http"), @"registry.example, by the variable WKG_REGISTRY");
        let default_before_built_in = parse("default_registry = 'a.io'").over(Configuration::built_in());
        insta::assert_snapshot!(choose(&default_before_built_in, "wasi:http"), @"a.io, by the default registry in /home/ada/.config/wasm-pkg/config.toml");
    }

    #[test]
    fn options_say_how_a_registry_is_spoken_to_and_as_whom() {
        let configuration = Configuration::from_wkg(FILE, Path::new(PATH)).unwrap();
        assert_eq!(configuration.plain_http().iter().collect::<Vec<_>>(), ["acme.registry.com"]);
        let printed = format!("{configuration:?}");
        assert!(printed.contains("open") && !printed.contains("sesame"), "{printed}");
    }

    #[test]
    fn what_is_malformed_is_named_and_no_secret_is_quoted() {
        let malformed = |text: &str| {
            let message = check(text, "a:b");
            assert!(!message.contains("s3cret"), "{message}");
            message
        };
        insta::assert_snapshot!(malformed("default_registri = 'a.io'"), @"/home/ada/.config/wasm-pkg/config.toml, line 1: unknown field `default_registri`, expected one of `default_registry`, `namespace_registries`, `package_registry_overrides`, `registry`");
        insta::assert_snapshot!(malformed("default_registry = 'https://a.io'"), @"`default_registry` in /home/ada/.config/wasm-pkg/config.toml names no registry: `https://a.io` is not a registry: `https://a.io` is not a host: expected a name or an address, and optionally `:` and a port");
        insta::assert_snapshot!(malformed("[namespace_registries]\na = { registry = 'a.io', metadata = { ociNamespacePrefix = 'x' } }"), @"the metadata of `a` in /home/ada/.config/wasm-pkg/config.toml cannot be used: its namespace prefix `x` does not end with `/`");
        insta::assert_snapshot!(malformed("[registry]\n'a.io' = 's3cret'"), @r#"`[registry."a.io"]` in /home/ada/.config/wasm-pkg/config.toml: it is not a table"#);
        insta::assert_snapshot!(malformed("[registry.'a.io']\noci = 's3cret'"), @r#"`[registry."a.io"]` in /home/ada/.config/wasm-pkg/config.toml: `oci` is not a table"#);
        insta::assert_snapshot!(malformed("[registry.'a.io'.oci]\nauth = 's3cret'"), @"the credential for `a.io` in /home/ada/.config/wasm-pkg/config.toml cannot be used: its `auth` is not the base64 of `username:password`");
        insta::assert_snapshot!(malformed("[registry.'a.io'.oci]\nauth = { password = 's3cret' }"), @"the credential for `a.io` in /home/ada/.config/wasm-pkg/config.toml cannot be used: it has a `password` and no `username`");
        insta::assert_snapshot!(malformed("[registry.'a.io'.oci]\nprotocol = 'ftp'"), @r#"`[registry."a.io"]` in /home/ada/.config/wasm-pkg/config.toml: `oci.protocol` is neither "http" nor "https""#);
        insta::assert_snapshot!(malformed("[registry.'a.io'.oci]\naccept_invalid_certificates = true"), @r#"`[registry."a.io"]` in /home/ada/.config/wasm-pkg/config.toml: `oci.accept_invalid_certificates` is not supported: give the authority's certificate"#);
        insta::assert_snapshot!(malformed("[registry.'a b'.oci]"), @"`[registry]` in /home/ada/.config/wasm-pkg/config.toml has a table for no host: `a b` is not a host: expected a name or an address, and optionally `:` and a port");
    }
}
