//! How a registry wants to be shown who we are: from the challenge of a 401 and a credential to the value of `Authorization`.
//!
//! Basic authentication as in HTTP; bearer tokens as in
//! [Docker's token protocol](https://distribution.github.io/distribution/spec/auth/token/). Where a token server may be is
//! [`destination`](crate::destination)'s. A credential that is refused is an error, never replaced by anonymous access.

use base64::Engine as _;
use http_auth::parser::ChallengeParser;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;

use crate::credential::{Credential, CredentialSource};
use crate::error::NetworkFailure;
use crate::repository::Repository;
use crate::transport::{RequestError, Transport};

/// Real tokens have a few kilobytes.
const MAX_TOKEN_BODY: u64 = 256 * 1024;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
    /// Nothing that could be answered.
    Unknown,
}

impl Challenge {
    /// Reads the challenges in `headers`, and chooses bearer tokens over sending a password with every request.
    pub(crate) fn read(headers: &HeaderMap) -> Challenge {
        let mut challenge = Challenge::Unknown;
        for value in headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()) {
            for offered in ChallengeParser::new(value).map_while(Result::ok) {
                let parameter = |name: &str| {
                    let found = offered.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                if offered.scheme.eq_ignore_ascii_case("bearer") {
                    if let Some(realm) = parameter("realm") {
                        return Challenge::Bearer { realm, service: parameter("service"), scope: parameter("scope") };
                    }
                } else if offered.scheme.eq_ignore_ascii_case("basic") {
                    challenge = Challenge::Basic;
                }
            }
        }
        challenge
    }
}

/// What is to be done with a repository, as a token server is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Pull,
    Push,
    /// Push, with blobs that another repository of the registry has.
    PushFrom(Repository),
}

impl Access {
    /// The scopes of a token. What the registry itself asks for is enough to pull; before a push it is asked less than the push needs.
    fn scopes(&self, repository: &Repository, asked: Option<String>) -> Vec<String> {
        let scope = |repository: &Repository, actions: &str| format!("repository:{}:{actions}", repository.path());
        match self {
            Access::Pull => vec![asked.unwrap_or_else(|| scope(repository, "pull"))],
            Access::Push => vec![scope(repository, "pull,push")],
            Access::PushFrom(source) => vec![scope(repository, "pull,push"), scope(source, "pull")],
        }
    }
}

impl Transport {
    /// Answers `challenge` with the credential for `repository`. `refusal` is the failure it came with.
    pub(crate) async fn authorize(
        &self,
        repository: &Repository,
        access: &Access,
        challenge: Challenge,
        refusal: NetworkFailure,
    ) -> Result<HeaderValue, RequestError> {
        let (credential, source) = self.credentials().find(repository).await.map_err(RequestError::Helper)?;
        let registry = self.url(repository, "")?;
        let proof = Proof { credential: credential.as_ref(), source };
        self.prove(&registry, proof, |asked| access.scopes(repository, asked), challenge, refusal).await
    }

    /// Answers the `challenge` of the server at `registry` with `proof`. A token is asked for with the scopes that `scopes` makes of
    /// what the challenge asks for.
    pub(crate) async fn prove(
        &self,
        registry: &Url,
        proof: Proof<'_>,
        scopes: impl FnOnce(Option<String>) -> Vec<String>,
        challenge: Challenge,
        refusal: NetworkFailure,
    ) -> Result<HeaderValue, RequestError> {
        let Proof { credential, source } = proof;
        match (challenge, credential) {
            (Challenge::Basic, Some(Credential::Basic { username, password })) => {
                header("Basic", &basic(username, password.expose()), &refusal)
            }
            (Challenge::Bearer { .. }, Some(Credential::Bearer(token))) => header("Bearer", token.expose(), &refusal),
            (Challenge::Bearer { realm, service, scope }, credential) => {
                let request = TokenRequest { realm, service, scopes: scopes(scope), credential, source };
                let token = self.token(registry, &request, &refusal).await?;
                header("Bearer", &token, &refusal)
            }
            (Challenge::Basic | Challenge::Unknown, _) => Err(RequestError::Unauthorized(source, Box::new(refusal))),
        }
    }

    async fn token(
        &self,
        registry: &Url,
        request: &TokenRequest<'_>,
        refusal: &NetworkFailure,
    ) -> Result<String, RequestError> {
        let Ok(mut realm) = Url::parse(&request.realm) else {
            return Err(refusal.protocol("a challenge whose realm is not a URL").into());
        };
        self.check_destination(registry, &realm)
            .map_err(|problem| refusal.protocol(&format!("a challenge whose realm is {problem}")))?;
        let answer = match request.credential {
            Some(Credential::Identity(token)) => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("refresh_token", token.expose()),
                    ("client_id", "compose"),
                    ("service", request.service.as_deref().unwrap_or_default()),
                    ("scope", &request.scopes.join(" ")),
                ];
                let answer = self.send(Method::POST, &realm, |builder| builder.form(&form));
                self.soon("POST", &realm, answer).await?
            }
            credential => {
                if let Some(service) = &request.service {
                    realm.query_pairs_mut().append_pair("service", service);
                }
                for scope in &request.scopes {
                    realm.query_pairs_mut().append_pair("scope", scope);
                }
                let authorization = match credential {
                    Some(Credential::Basic { username, password }) => {
                        Some(header("Basic", &basic(username, password.expose()), refusal)?)
                    }
                    _ => None,
                };
                let answer = self.send(Method::GET, &realm, |builder| match authorization {
                    Some(value) => builder.header(AUTHORIZATION, value),
                    None => builder,
                });
                self.soon("GET", &realm, answer).await?
            }
        };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(RequestError::Unauthorized(request.source.clone(), Box::new(answer.into_failure().await)));
            }
            _ => return Err(answer.into_failure().await.into()),
        }
        let malformed = answer.protocol("something else than a token");
        let body = match answer.body(MAX_TOKEN_BODY).await {
            Err(RequestError::TooLarge { .. }) => return Err(malformed.into()),
            body => body?,
        };
        let tokens: Option<Tokens> = serde_json::from_slice(&body).ok();
        let token = tokens.and_then(|tokens| {
            [tokens.token, tokens.access_token].into_iter().flatten().find(|token| !token.is_empty())
        });
        token.ok_or_else(|| malformed.into())
    }
}

/// Who we are, and where we have that from.
pub(crate) struct Proof<'a> {
    pub(crate) credential: Option<&'a Credential>,
    pub(crate) source: CredentialSource,
}

struct TokenRequest<'a> {
    realm: String,
    service: Option<String>,
    scopes: Vec<String>,
    credential: Option<&'a Credential>,
    source: CredentialSource,
}

#[derive(Deserialize)]
struct Tokens {
    token: Option<String>,
    access_token: Option<String>,
}

fn basic(username: &str, password: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"))
}

fn header(scheme: &str, value: &str, refusal: &NetworkFailure) -> Result<HeaderValue, RequestError> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {value}"))
        .map_err(|_| refusal.protocol("a challenge whose answer has characters that no header can have"))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(challenges: &[&str], expected: &Challenge) {
        let mut headers = HeaderMap::new();
        for challenge in challenges {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).unwrap());
        }
        assert_eq!(&Challenge::read(&headers), expected);
    }

    fn bearer(service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: "https://auth.example/token".to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn a_bearer_challenge_says_where_to_ask_and_for_what() {
        let all = r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull""#;
        check(&[all], &bearer(Some("registry"), Some("repository:a/b:pull")));
        check(&[r#"bearer realm="https://auth.example/token""#], &bearer(None, None));
    }

    #[test]
    fn a_bearer_challenge_is_preferred_to_a_basic_one() {
        check(&[r#"Basic realm="a""#, r#"Bearer realm="https://auth.example/token""#], &bearer(None, None));
        check(&[r#"Basic realm="a", Bearer realm="https://auth.example/token""#], &bearer(None, None));
    }

    #[test]
    fn what_cannot_be_answered_is_unknown() {
        check(&[r#"Basic realm="a""#], &Challenge::Basic);
        check(&[], &Challenge::Unknown);
        check(&["Negotiate"], &Challenge::Unknown);
        check(&["Bearer service=\"a\""], &Challenge::Unknown);
        check(&[",,=,\"", "Bearer realm="], &Challenge::Unknown);
    }
}
