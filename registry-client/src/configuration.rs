//! Which registry a package comes from: from a package's name, and what files and variables say, to a [`Choice`] with its reason.
//!
//! Sources are put on top of each other: the manifest's `[registries]`, the user's own file, `wkg`'s file, and what `wkg` has built in. As
//! in `wkg`, the more particular rule counts, whichever source it is in; of two equally particular ones, the one further up:
//!
//! | rule | says |
//! |---|---|
//! | a variable | every package |
//! | a package | this one |
//! | a namespace | its packages |
//! | the default | what has no rule above |
//! | `wkg`'s own | `wasi` and `ba`, where there is no default either |
//!
//! Texts and paths come in as values; nothing is looked up here. What a host's own metadata says is the client's to ask.

mod compose;
mod network;
mod wkg;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::credential::EntryProblem;
use crate::credentials::Credentials;
use crate::error::one_line;
use crate::host::Host;
use crate::http_options::CertificateError;
use crate::key::KeyParseError;
use crate::metadata::MetadataProblem;
use crate::package::{PackageName, PackageNameError};
use crate::registry::{Registry, RegistryParseError};
use crate::repository::LocationError;

pub use network::{HostRules, NetworkRules};

/// More than any such file has.
const MAX_FILE: u64 = 1024 * 1024;

/// What `wkg` falls back to; see `DEFAULT_FALLBACK_NAMESPACE_REGISTRIES` in its crate `wasm-pkg-common`.
const BUILT_IN: [(&str, &str); 2] = [("wasi", "wasi.dev"), ("ba", "bytecodealliance.org")];

/// How many kinds of [`Rule`] there are.
const RULES: usize = 5;

/// Which registry which package comes from.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The topmost first.
    sources: Vec<Source>,
    credentials: Credentials,
    plain_http: BTreeSet<String>,
    network: NetworkRules,
}

/// What one file or variable says.
#[derive(Debug, Clone, Default)]
struct Source {
    file: Option<PathBuf>,
    variable: Option<(String, Place)>,
    packages: BTreeMap<PackageName, Place>,
    namespaces: BTreeMap<String, Place>,
    default: Option<Place>,
    built_in: BTreeMap<String, Place>,
}

/// Where a package comes from, as far as files say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A registry.
    Registry(Registry),
    /// A host, as `wkg` names registries: its [metadata](crate::Client::registry_of) says which registry that is.
    Host(String),
    /// A host that is to be spoken to in a protocol of `wkg`'s that this crate does not have, as `local`.
    Unsupported {
        /// The host.
        host: String,
        /// The protocol.
        protocol: String,
    },
}

/// Which registry a package comes from, and why. Printed as a noun phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where the package comes from.
    pub place: Place,
    /// What says so.
    pub rule: Rule,
    /// The file that says so, where one does.
    pub file: Option<PathBuf>,
}

/// What says which registry a package comes from, the most particular first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// An environment variable.
    Variable(String),
    /// A line for the package.
    Package(PackageName),
    /// A line for its namespace.
    Namespace(String),
    /// The default.
    Default,
    /// What `wkg` has built in for its namespace.
    BuiltIn(String),
}

impl Configuration {
    /// What `wkg` says without a file: `wasi` is at `wasi.dev`, `ba` at `bytecodealliance.org`.
    pub fn built_in() -> Configuration {
        let built_in = BUILT_IN.map(|(namespace, host)| (namespace.to_owned(), Place::Host(host.to_owned())));
        Configuration::of(Source { built_in: built_in.into(), ..Source::default() })
    }

    /// What a manifest says, which was read from `file`.
    pub fn of_manifest(
        file: &Path,
        default: Option<Registry>,
        namespaces: BTreeMap<String, Registry>,
    ) -> Configuration {
        Configuration::of(Source {
            file: Some(file.to_owned()),
            namespaces: namespaces.into_iter().map(|(name, registry)| (name, Place::Registry(registry))).collect(),
            default: default.map(Place::Registry),
            ..Source::default()
        })
    }

    /// What the environment variable `name` says, which holds a registry, or a host as `WKG_REGISTRY` does.
    ///
    /// # Errors
    /// [`ConfigurationError::Place`] where `value` is neither.
    pub fn of_variable(name: &str, value: &str) -> Result<Configuration, ConfigurationError> {
        let place = Place::parse(value).map_err(|source| ConfigurationError::Place {
            path: PathBuf::from(name),
            key: name.to_owned(),
            source,
        })?;
        Ok(Configuration::of(Source { variable: Some((name.to_owned(), place)), ..Source::default() }))
    }

    /// Reads `text`, in the format of `wkg`'s `config.toml`. `file` is where it came from.
    ///
    /// # Errors
    /// [`ConfigurationError::Toml`] where it is no such file, and the others where a value in it is malformed.
    pub fn from_wkg(text: &str, file: &Path) -> Result<Configuration, ConfigurationError> {
        wkg::parse(text, file)
    }

    /// What variables, or a caller, say of how registries are spoken to.
    pub fn of_network(network: NetworkRules) -> Configuration {
        Configuration { network, ..Configuration::default() }
    }

    /// Reads `text`, in the format of this program's own `config.toml`: a table `[registries]` as in a manifest, with
    /// `[registries.packages]` besides, and how registries are spoken to in `[network]` and `[registry."host"]`. `file` is where it came
    /// from; paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigurationError::Toml`] where it is no such file, and the others where a value in it is malformed.
    pub fn from_compose(text: &str, file: &Path) -> Result<Configuration, ConfigurationError> {
        compose::parse(text, file)
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// [`ConfigurationError::NotFound`] where there is none; [`ConfigurationError::Io`] and [`ConfigurationError::TooLarge`].
    pub fn read(file: &Path) -> Result<String, ConfigurationError> {
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => ConfigurationError::NotFound { path: file.to_owned() },
            _ => ConfigurationError::Io { path: file.to_owned(), source },
        };
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(failed)?;
        opened.take(MAX_FILE + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX_FILE {
            return Err(ConfigurationError::TooLarge { path: file.to_owned(), limit: MAX_FILE });
        }
        Ok(text)
    }

    /// Puts this on top of `other`.
    #[must_use]
    pub fn over(mut self, other: Configuration) -> Configuration {
        self.sources.extend(other.sources);
        self.credentials = self.credentials.or(other.credentials);
        self.plain_http.extend(other.plain_http);
        self.network = self.network.or(other.network);
        self
    }

    /// Which registry `package` comes from, if anything says so.
    pub fn choose(&self, package: &PackageName) -> Option<Choice> {
        let mut answers: Vec<_> = self.sources.iter().map(|source| (source, source.answers(package))).collect();
        (0..RULES).find_map(|rule| {
            answers.iter_mut().find_map(|(source, answers)| {
                let (rule, place) = answers[rule].take()?;
                Some(Choice { place: place.clone(), rule, file: source.file.clone() })
            })
        })
    }

    /// The credentials in `wkg`'s files, by the registries they are for.
    ///
    /// NB: one that is given for a host is not used elsewhere, not even where the host's metadata says that its packages are elsewhere: who
    /// can change what a host answers could have it sent to them.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The hosts that `wkg`'s files say are spoken to in plain http.
    pub fn plain_http(&self) -> &BTreeSet<String> {
        &self.plain_http
    }

    /// How registries are spoken to, beside that.
    pub fn network(&self) -> &NetworkRules {
        &self.network
    }

    fn of(source: Source) -> Configuration {
        Configuration { sources: vec![source], ..Configuration::default() }
    }
}

impl Source {
    /// What each rule says of `package`, the most particular first.
    fn answers(&self, package: &PackageName) -> [Option<(Rule, &Place)>; RULES] {
        let namespace = package.namespace();
        [
            self.variable.as_ref().map(|(name, place)| (Rule::Variable(name.clone()), place)),
            self.packages.get(package).map(|place| (Rule::Package(package.clone()), place)),
            self.namespaces.get(namespace).map(|place| (Rule::Namespace(namespace.to_owned()), place)),
            self.default.as_ref().map(|place| (Rule::Default, place)),
            self.built_in.get(namespace).map(|place| (Rule::BuiltIn(namespace.to_owned()), place)),
        ]
    }
}

impl Place {
    /// Reads a registry with its protocol, or a host alone.
    fn parse(text: &str) -> Result<Place, RegistryParseError> {
        match text.parse() {
            Ok(registry) => Ok(Place::Registry(registry)),
            Err(_) if Host::parse(text).is_ok() => Ok(Place::Host(text.to_ascii_lowercase())),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Registry(registry) => write!(f, "{registry}"),
            Place::Host(host) => f.write_str(host),
            Place::Unsupported { host, protocol } => write!(f, "{host} (protocol `{protocol}`)"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Variable(name) => write!(f, "the variable {name}"),
            Rule::Package(package) => write!(f, "the registry of the package {package}"),
            Rule::Namespace(namespace) => write!(f, "the registry of the namespace `{namespace}`"),
            Rule::Default => f.write_str("the default registry"),
            Rule::BuiltIn(namespace) => write!(f, "wkg's built-in registry of the namespace `{namespace}`"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, by {}", self.place, self.rule)?;
        self.file.as_ref().map_or(Ok(()), |file| write!(f, " in {}", file.display()))
    }
}

/// Why a configuration cannot be used. Never shows what could be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any such file.
    #[error("{} has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// The file is not TOML, or of another shape.
    #[error("{}, line {line}: {problem}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where it differs, from 1.
        line: usize,
        /// How, on one line.
        problem: String,
    },
    /// What should name a registry does not.
    #[error("`{key}` in {} names no registry", path.display())]
    Place {
        /// The file, or the variable.
        path: PathBuf,
        /// What the registry is given for.
        key: String,
        /// What is wrong with it.
        source: RegistryParseError,
    },
    /// The operator's key of a registry is none, or the registry is one that has no operator.
    #[error("`{key}` in {} has an `operator-key` that cannot be used", path.display())]
    OperatorKey {
        /// The file.
        path: PathBuf,
        /// The registry's name.
        key: String,
        /// What is wrong with the key; nothing where only warg registries have one.
        source: Option<KeyParseError>,
    },
    /// A table is for no host.
    #[error("`[registry]` in {} has a table for no host", path.display())]
    Host {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: LocationError,
    },
    /// A line is for no package.
    #[error("{} has a registry for no package", path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PackageNameError,
    },
    /// A namespace has a registry that is named nowhere.
    #[error("`{key}` in {} has the registry `{name}`, which is not among `[registries]`", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// What the registry is given for.
        key: String,
        /// The name.
        name: String,
    },
    /// The metadata that is given for a registry is none.
    #[error("the metadata of `{key}` in {} cannot be used", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What the registry is given for.
        key: String,
        /// What is wrong with it.
        source: MetadataProblem,
    },
    /// A file that should have certificates has none that can be used.
    #[error("the certificates in {} cannot be used", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// The options of a registry are none.
    #[error("`[registry.\"{host}\"]` in {}: {problem}", path.display())]
    Options {
        /// The file.
        path: PathBuf,
        /// The registry.
        host: String,
        /// What is wrong, as a phrase.
        problem: &'static str,
    },
    /// The credential of a registry is malformed.
    #[error("the credential for `{host}` in {} cannot be used", path.display())]
    Credential {
        /// The file.
        path: PathBuf,
        /// The registry.
        host: String,
        /// What is wrong with it.
        source: EntryProblem,
    },
}

impl ConfigurationError {
    fn toml(path: &Path, text: &str, error: &toml::de::Error) -> ConfigurationError {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigurationError::Toml { path: path.to_owned(), line, problem: one_line(error.message()) }
    }
}
