//! Whether a registry accepts who somebody says they are.

use reqwest::{Method, StatusCode};

use super::Client;
use crate::authorization::{Challenge, Proof};
use crate::credential::{Credential, CredentialSource, Secret};
use crate::error::Error;
use crate::host::Host;
use crate::release::Subject;
use crate::transport::{RequestError, Transport};
use crate::turns::USUAL_BODY;

/// What a registry says to a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginCheck {
    /// It accepts it.
    Accepted,
    /// It did not want to know: it lets everybody in, and was not shown the password.
    NotAsked,
}

impl Client {
    /// Asks the registry `host` whether it accepts a user name and a password.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where it does not; [`Error::Host`]; otherwise what kept it from answering.
    pub async fn check_login(&self, host: &str, username: &str, password: &Secret) -> Result<LoginCheck, Error> {
        let parsed = Host::parse(host).map_err(|source| Error::Host { host: host.to_owned(), source })?;
        let subject = Subject::Login { host: parsed.as_str().to_owned() };
        let credential = Credential::Basic { username: username.to_owned(), password: password.clone() };
        let _turn = self.turn(&subject, USUAL_BODY).await?;
        let check = self.0.transport.login(&parsed, &credential).await;
        check.map_err(|error| Error::request_at(subject, &parsed, "", error))
    }
}

impl Transport {
    /// Asks for the root of the API, which the
    /// [specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#determining-support) has for that.
    async fn login(&self, host: &Host, credential: &Credential) -> Result<LoginCheck, RequestError> {
        let url = self.url_at(host.endpoint(), "/v2/")?;
        let answer = self.follow(Method::GET, &url, "application/json", 0, None).await?;
        match answer.status() {
            StatusCode::OK => return Ok(LoginCheck::NotAsked),
            StatusCode::UNAUTHORIZED => {}
            _ => return Err(answer.into_failure().await.into()),
        }
        let challenge = Challenge::read(answer.headers());
        let refusal = answer.into_failure().await;
        let proof = Proof { credential: Some(credential), source: CredentialSource::Given };
        let scopes = |asked: Option<String>| asked.into_iter().collect();
        let authorization = self.prove(&url, proof, scopes, challenge, refusal).await?;
        let answer = self.follow(Method::GET, &url, "application/json", 0, Some(&authorization)).await?;
        match answer.status() {
            StatusCode::OK => Ok(LoginCheck::Accepted),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(RequestError::Unauthorized(CredentialSource::Given, Box::new(answer.into_failure().await)))
            }
            _ => Err(answer.into_failure().await.into()),
        }
    }
}
