//! Whether a registry answers, and accepts who somebody says they are.

use reqwest::{Method, StatusCode};

use super::Client;
use crate::authorization::{Challenge, Proof};
use crate::credential::CredentialSource;
use crate::credential_file::Login;
use crate::error::{Error, NetworkFailure};
use crate::host::Host;
use crate::key::PublicKey;
use crate::log_problem::{LogState, OperatorKeySource};
use crate::release::Subject;
use crate::transport::{RequestError, Transport};
use crate::turns::USUAL_BODY;
use crate::warg_registry::WargRegistry;

/// What a registry says to a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginCheck {
    /// It accepts it.
    Accepted,
    /// It did not want to know: it lets everybody in, and was not shown the login.
    NotAsked,
}

/// What a registry says to whoever comes with the credentials that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessCheck {
    /// It lets everybody in.
    Open,
    /// It accepts the credential from here.
    Accepted(CredentialSource),
    /// It wants to know who it is, at least for some things, and there is no credential for it.
    NoCredential,
}

/// What a warg registry proved of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCheck {
    /// The key that its operator's log was begun with.
    pub operator: PublicKey,
    /// Where it is from that it must be this key; nothing where nobody said so before.
    pub known_from: Option<OperatorKeySource>,
    /// What the log is.
    pub state: LogState,
}

impl Client {
    /// Asks the registry `host` whether it accepts a login.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where it does not; [`Error::Host`]; otherwise what kept it from answering.
    pub async fn check_login(&self, host: &str, login: &Login) -> Result<LoginCheck, Error> {
        let credential = login.credential();
        let check = self.ask_at_root(host, async |transport, parsed| match transport.root(parsed).await? {
            None => Ok(LoginCheck::NotAsked),
            Some((challenge, refusal)) => {
                let proof = Proof { credential: Some(&credential), source: CredentialSource::Given };
                transport.prove_at_root(parsed, proof, challenge, refusal).await?;
                Ok(LoginCheck::Accepted)
            }
        });
        check.await
    }

    /// Asks the registry `host` whether it is there, and whether it accepts the credential that there is for it.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where it does not; [`Error::CredentialHelper`]; [`Error::Host`]; otherwise what kept it from answering.
    pub async fn check_access(&self, host: &str) -> Result<AccessCheck, Error> {
        let check = self.ask_at_root(host, async |transport, parsed| {
            let Some((challenge, refusal)) = transport.root(parsed).await? else { return Ok(AccessCheck::Open) };
            let found = transport.credentials().find_for_host(parsed).await.map_err(RequestError::Helper)?;
            let (Some(credential), source) = found else { return Ok(AccessCheck::NoCredential) };
            let proof = Proof { credential: Some(&credential), source: source.clone() };
            transport.prove_at_root(parsed, proof, challenge, refusal).await?;
            Ok(AccessCheck::Accepted(source))
        });
        check.await
    }

    /// Asks a warg registry whether it accepts a login.
    ///
    /// # Errors
    /// As [`Client::check_login`].
    pub async fn check_logged_login(&self, registry: &WargRegistry, login: &Login) -> Result<LoginCheck, Error> {
        self.ask_log(registry, &login.credential()).await
    }

    /// Verifies the log of a warg registry, as far as the registry itself goes: its operator's records, and the whole log's state.
    ///
    /// # Errors
    /// [`Error::Untrusted`] where it cannot be believed; otherwise what kept it from answering.
    pub async fn check_log(&self, registry: &WargRegistry) -> Result<LogCheck, Error> {
        self.verify_log(registry).await
    }

    async fn ask_at_root<T>(
        &self,
        host: &str,
        ask: impl AsyncFnOnce(&Transport, &Host) -> Result<T, RequestError>,
    ) -> Result<T, Error> {
        let parsed = Host::parse(host).map_err(|source| Error::Host { host: host.to_owned(), source })?;
        let subject = Subject::Login { host: parsed.as_str().to_owned() };
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let answer = ask(&self.0.transport, &parsed).await;
        answer.map_err(|error| Error::request_at(subject, parsed.as_str(), "", error))
    }
}

impl Transport {
    /// Asks for the root of the API, which the
    /// [specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#determining-support) has for that, as nobody in
    /// particular. Where the registry wants to know more, that is what it wants.
    async fn root(&self, host: &Host) -> Result<Option<(Challenge, NetworkFailure)>, RequestError> {
        let url = self.url_at(host.endpoint(), "/v2/")?;
        let answer = self.follow(Method::GET, &url, "application/json", 0, None).await?;
        match answer.status() {
            StatusCode::OK => Ok(None),
            StatusCode::UNAUTHORIZED => {
                let challenge = Challenge::read(answer.headers());
                Ok(Some((challenge, answer.into_failure().await)))
            }
            _ => Err(answer.into_failure().await.into()),
        }
    }

    /// Asks for the root of the API again, with `proof`.
    async fn prove_at_root(
        &self,
        host: &Host,
        proof: Proof<'_>,
        challenge: Challenge,
        refusal: NetworkFailure,
    ) -> Result<(), RequestError> {
        let url = self.url_at(host.endpoint(), "/v2/")?;
        let source = proof.source.clone();
        let scopes = |asked: Option<String>| asked.into_iter().collect();
        let authorization = self.prove(&url, proof, scopes, challenge, refusal).await?;
        let answer = self.follow(Method::GET, &url, "application/json", 0, Some(&authorization)).await?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(RequestError::Unauthorized(source, Box::new(answer.into_failure().await)))
            }
            _ => Err(answer.into_failure().await.into()),
        }
    }
}
