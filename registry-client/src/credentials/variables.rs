//! Credentials among environment variables, which come in as values.

use std::collections::BTreeMap;

use super::{Credentials, CredentialsError};
use crate::credential::{Credential, CredentialSource, EntryProblem, Secret};

impl Credentials {
    /// Takes the credentials among environment variables:
    ///
    /// | variable | is |
    /// |---|---|
    /// | `COMPOSE_REGISTRY_<HOST>_USERNAME` and `…_PASSWORD` | a user name and a password |
    /// | `COMPOSE_REGISTRY_<HOST>_TOKEN` | a bearer token |
    /// | `WKG_REGISTRY_<HOST>_AUTH_BEARER` | the same, as `wkg` has it |
    ///
    /// `<HOST>` is the registry's host and port in upper case, with `_` for whatever is no letter or digit: `GHCR_IO`, `LOCALHOST_5000`.
    ///
    /// NB: `WKG_OCI_USERNAME` and `WKG_OCI_PASSWORD` are not taken: they name no host, and would be sent to every one that asks.
    ///
    /// # Errors
    /// [`CredentialsError::Variable`] where there is a user name without a password, or the other way around.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Credentials, CredentialsError> {
        let variables: BTreeMap<String, String> =
            variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut credentials = Credentials::default();
        for (variable, value) in &variables {
            let ours = |suffix| variable.strip_prefix("COMPOSE_REGISTRY_").and_then(|rest| rest.strip_suffix(suffix));
            let wkgs = || variable.strip_prefix("WKG_REGISTRY_").and_then(|rest| rest.strip_suffix("_AUTH_BEARER"));
            let other = |from: &str, to: &str| variables.get(&variable.replace(from, to));
            let malformed = |problem| CredentialsError::Variable { variable: variable.clone(), problem };
            let (host, credential) = if let Some(host) = ours("_TOKEN") {
                (host, Credential::Bearer(Secret::new(value)))
            } else if let Some(host) = ours("_USERNAME") {
                let password = other("_USERNAME", "_PASSWORD").ok_or(malformed(EntryProblem::NoPassword))?;
                (host, Credential::Basic { username: value.clone(), password: Secret::new(password) })
            } else if ours("_PASSWORD").is_some() {
                other("_PASSWORD", "_USERNAME").ok_or(malformed(EntryProblem::NoUsername))?;
                continue;
            } else if let Some(host) = wkgs() {
                (host, Credential::Bearer(Secret::new(value)))
            } else {
                continue;
            };
            let source = CredentialSource::Variable(variable.clone());
            // The variables are sorted: `wkg`'s come after ours, which count.
            credentials.variables.entry(host.to_owned()).or_insert((credential, source));
        }
        Ok(credentials)
    }
}

/// A host as the name of a variable has it.
pub(super) fn in_variables(host: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    host.chars().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::tests::{check_credentials, config};
    use crate::error::chain;

    fn variables(variables: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        Credentials::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn variables_count_before_files() {
        let given = [
            ("COMPOSE_REGISTRY_GHCR_IO_USERNAME", "ada"),
            ("COMPOSE_REGISTRY_GHCR_IO_PASSWORD", "pw"),
            ("COMPOSE_REGISTRY_LOCALHOST_5000_TOKEN", "t"),
            ("WKG_REGISTRY_WASI_EXAMPLE_AUTH_BEARER", "w"),
            ("WKG_REGISTRY_LOCALHOST_5000_AUTH_BEARER", "w"),
            ("COMPOSE_REGISTRY_EMPTY_IO_TOKEN", ""),
            ("PATH", "/bin"),
        ];
        let file = config(r#"{"auths": {"ghcr.io": {"auth": "YTpi"}, "empty.io": {"auth": "YTpi"}}}"#).unwrap();
        let credentials = variables(&given).unwrap().or(file);
        let variable = |shown: &str, name: &str| format!("{shown}: the credential in the variable {name}");
        let cases = [
            ("ghcr.io", variable("basic ada pw", "COMPOSE_REGISTRY_GHCR_IO_USERNAME")),
            ("localhost:5000", variable("bearer t", "COMPOSE_REGISTRY_LOCALHOST_5000_TOKEN")),
            ("wasi.example", variable("bearer w", "WKG_REGISTRY_WASI_EXAMPLE_AUTH_BEARER")),
            ("empty.io", "basic a b: the credential in /config.json".to_owned()),
        ];
        for (host, expected) in cases {
            check_credentials(&credentials, host, "a/b", &expected);
        }
    }

    #[test]
    fn half_a_credential_in_variables_is_an_error() {
        let message = |name: &str| chain(&variables(&[(name, "s3cret")]).unwrap_err());
        assert_eq!(
            message("COMPOSE_REGISTRY_A_IO_USERNAME"),
            "the credential in the variable COMPOSE_REGISTRY_A_IO_USERNAME cannot be used: it has a `username` and no `password`"
        );
        assert_eq!(
            message("COMPOSE_REGISTRY_A_IO_PASSWORD"),
            "the credential in the variable COMPOSE_REGISTRY_A_IO_PASSWORD cannot be used: it has a `password` and no `username`"
        );
    }
}
