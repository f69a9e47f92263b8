//! What files and variables outside of a manifest say: which registries packages come from, how those are spoken to, and who we are.
//!
//! From the paths and values of [`environment`] to a [`Configuration`], with a [`Reading`] of each file for those who want to know. What
//! cannot be used is never a reason to stop by itself: who needs it finds what is wrong with it.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use composer::{
    diagnostic::{Code, Diagnostic},
    driver::RegistryRules,
};
use registry_client::{
    Configuration as Rules, ConfigurationError, Credentials, CredentialsError, HttpOptions, NetworkRules,
};

use crate::environment;

/// Everything that is said outside of the manifest.
pub(crate) struct Configuration {
    /// Which registry is whose, from the topmost source down.
    pub(crate) rules: RegistryRules,
    /// Who we are.
    pub(crate) credentials: Credentials,
    /// How registries are spoken to.
    pub(crate) http: HttpOptions,
    /// What is wrong with variables: they were set for this run, and mean something that cannot be done.
    pub(crate) errors: Vec<Diagnostic>,
    /// What is wrong with credentials and certificates.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Each file and variable that was looked at, in the order in which they count.
    pub(crate) readings: Vec<Reading>,
}

/// What became of one source.
pub(crate) struct Reading {
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// The file, or the variable.
    pub(crate) name: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// What a source is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Which registries packages come from, and how those are spoken to.
    Registries,
    /// Who we are.
    Credentials,
}

/// What became of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was read.
    Read,
    /// There is none.
    Missing,
    /// It cannot be used.
    Unusable,
}

impl Configuration {
    /// Reads all there is.
    pub(crate) fn read() -> Self {
        let mut sources = Sources::default();
        let rules = sources.rules();
        let mut credentials = sources.credentials();
        credentials = credentials.or(rules.credentials().clone());
        let http = sources.http(&rules);
        let Sources { unusable, errors, warnings, readings } = sources;
        Self { rules: RegistryRules { configuration: rules, unusable }, credentials, http, errors, warnings, readings }
    }
}

#[derive(Default)]
struct Sources {
    unusable: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    readings: Vec<Reading>,
}

impl Sources {
    fn note(&mut self, purpose: Purpose, name: impl Into<String>, outcome: Outcome) {
        self.readings.push(Reading { purpose, name: name.into(), outcome });
    }

    fn rules(&mut self) -> Rules {
        let mut rules = Rules::of_network(self.network());
        if let Some((name, value)) = environment::registry() {
            let outcome = match Rules::of_variable(name, &value) {
                Ok(variable) => {
                    rules = rules.over(variable);
                    Outcome::Read
                }
                Err(error) => {
                    let found =
                        Diagnostic::error(Code::ConfigurationInvalid, format!("the variable {name} names no registry"));
                    self.errors.push(found.causes(&error));
                    Outcome::Unusable
                }
            };
            self.note(Purpose::Registries, name, outcome);
        }
        if let Some(path) = environment::configuration_file() {
            rules = rules.over(self.file(&path, Rules::from_compose));
        }
        if let Some(path) = environment::wkg_configuration_file() {
            rules = rules.over(self.file(&path, Rules::from_wkg));
        }
        rules.over(Rules::built_in())
    }

    fn file(&mut self, path: &Path, parse: fn(&str, &Path) -> Result<Rules, ConfigurationError>) -> Rules {
        let parsed = Rules::read(path).and_then(|text| parse(&text, path));
        self.usable(&path.display().to_string(), parsed)
    }

    fn usable(&mut self, name: &str, parsed: Result<Rules, ConfigurationError>) -> Rules {
        let (outcome, rules) = match parsed {
            Ok(rules) => (Outcome::Read, rules),
            Err(ConfigurationError::NotFound { .. }) => (Outcome::Missing, Rules::default()),
            Err(error) => {
                self.unusable.push(invalid(&error));
                (Outcome::Unusable, Rules::default())
            }
        };
        self.note(Purpose::Registries, name, outcome);
        rules
    }

    /// What variables say of how registries are spoken to.
    fn network(&mut self) -> NetworkRules {
        let mut network = NetworkRules { authorities: environment::authorities(), ..NetworkRules::default() };
        for (name, value) in environment::network() {
            match value.parse::<NonZeroU32>() {
                Ok(number) if name == environment::ATTEMPTS => network.attempts = Some(number),
                Ok(seconds) => network.timeout = Some(Duration::from_secs(seconds.get().into())),
                Err(_) => self.errors.push(not_a_number(name, &value)),
            }
        }
        network
    }

    fn http(&mut self, rules: &Rules) -> HttpOptions {
        rules.network().options().unwrap_or_else(|error| {
            let warning = Diagnostic::warning(Code::ConfigurationInvalid, error.to_string()).causes(&error);
            self.warnings
                .push(warning.note("registries are spoken to without any certificates and options of configurations"));
            HttpOptions::default()
        })
    }

    fn credentials(&mut self) -> Credentials {
        let mut credentials = match Credentials::from_variables(environment::variables()) {
            Ok(credentials) => credentials,
            Err(error) => {
                self.errors.push(Diagnostic::error(Code::CredentialsUnusable, error.to_string()).causes(&error));
                Credentials::anonymous()
            }
        };
        for path in environment::credential_files() {
            let (outcome, read) = match Credentials::read_docker_config(&path) {
                Ok(read) => (Outcome::Read, read),
                Err(CredentialsError::NotFound { .. }) => (Outcome::Missing, Credentials::anonymous()),
                Err(error) => {
                    self.unusable_credentials(&error);
                    (Outcome::Unusable, Credentials::anonymous())
                }
            };
            self.note(Purpose::Credentials, path.display().to_string(), outcome);
            credentials = credentials.or(read);
        }
        credentials
    }

    fn unusable_credentials(&mut self, error: &CredentialsError) {
        let warning = Diagnostic::warning(Code::CredentialsUnusable, error.to_string()).causes(error);
        self.warnings.push(warning.note("registries are asked without the credentials in it"));
    }
}

fn invalid(error: &ConfigurationError) -> Diagnostic {
    Diagnostic::error(Code::ConfigurationInvalid, error.to_string())
        .causes(error)
        .hint("mend it: going on without it could take packages from another registry than is meant")
}

fn not_a_number(name: &str, value: &str) -> Diagnostic {
    Diagnostic::error(
        Code::ConfigurationInvalid,
        format!("the variable {name} is `{value}`, and must be a whole number from 1 on"),
    )
}

/// The file where logins are kept: the one that is given, else the one that `$REGISTRY_AUTH_FILE` names, else Docker's.
pub(crate) fn login_file(given: Option<&Path>) -> Option<PathBuf> {
    given.map(Path::to_owned).or_else(environment::named_credential_file).or_else(environment::docker_config)
}
