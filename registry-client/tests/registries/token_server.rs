//! Bearer tokens: what is asked of a token server, and what becomes of a refusal.

use std::sync::atomic::{AtomicU32, Ordering};

use registry_client::Credentials;

use crate::artifact::{COMPONENT, blob_path, component_manifest};
use crate::sandbox::{Sandbox, docker_config, reference, told};
use crate::scripted_server::{Reply, Request, ScriptedServer};

/// A registry with its token server in it. `grant` says whether a request for a token is granted.
async fn start(grant: impl Fn(&Request) -> bool + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |request| {
        if request.target.starts_with("/token") {
            return if grant(request) { Reply::ok(r#"{"token":"granted"}"#) } else { Reply::status(401) };
        }
        if request.authorization.as_deref() != Some("Bearer granted") {
            let realm = format!("http://{}/token", request.host);
            return Reply::new(401, &[format!(r#"WWW-Authenticate: Bearer realm="{realm}",service="test""#)], b"");
        }
        match request.target.as_str() {
            target if target.ends_with("/manifests/1.0.0") => Reply::ok(component_manifest()),
            target if target.ends_with(&blob_path(COMPONENT)) => Reply::ok(COMPONENT),
            _ => Reply::status(404),
        }
    })
    .await
}

async fn pull(server: &ScriptedServer, credentials: Credentials) -> Result<(), String> {
    let origin = reference(&format!("{}/team/catalog:1.0.0", server.address));
    let pulled = Sandbox::with(credentials).pull(&origin).await;
    pulled.map(drop).map_err(|error| told(&error, &[(&server.address, "ADDRESS")]))
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_once_and_used_again() {
    let server = start(|request| request.authorization.is_none()).await;
    pull(&server, Credentials::anonymous()).await.unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    GET /token?service=test&scope=repository%3Ateam%2Fcatalog%3Apull -
    GET /v2/team/catalog/manifests/1.0.0 Bearer
    GET /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 Bearer
    ");
}

#[tokio::test(start_paused = true)]
async fn a_password_goes_to_the_token_server_and_not_to_the_registry() {
    // `ada:pw`, in base64.
    let server = start(|request| request.authorization.as_deref() == Some("Basic YWRhOnB3")).await;
    pull(&server, docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#)).await.unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    GET /token?service=test&scope=repository%3Ateam%2Fcatalog%3Apull Basic
    GET /v2/team/catalog/manifests/1.0.0 Bearer
    GET /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 Bearer
    ");
}

#[tokio::test(start_paused = true)]
async fn an_identity_token_is_exchanged() {
    let server = start(|request| request.body.contains("grant_type=refresh_token&refresh_token=identity%2B1")).await;
    pull(&server, docker_config(&server.address, r#"{"auth": "YWRhOg==", "identitytoken": "identity+1"}"#))
        .await
        .unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    POST /token -
    GET /v2/team/catalog/manifests/1.0.0 Bearer
    GET /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 Bearer
    ");
}

#[tokio::test(start_paused = true)]
async fn a_registry_token_is_used_as_it_is() {
    let server = start(|_| false).await;
    pull(&server, docker_config(&server.address, r#"{"registrytoken": "granted"}"#)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_not_replaced_by_anonymous_access() {
    let server = start(|request| request.authorization.is_none()).await;
    let error = pull(&server, docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#)).await.unwrap_err();
    insta::assert_snapshot!(error, @"
    ADDRESS did not accept the credential in /home/ada/.docker/config.json
    GET http://ADDRESS/token was answered with 401
    ");
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    GET /token?service=test&scope=repository%3Ateam%2Fcatalog%3Apull Basic
    ");
}

#[tokio::test]
async fn a_helper_that_fails_is_not_replaced_by_anonymous_access() {
    let server = start(|_| true).await;
    let config = r#"{"credsStore": "that-is-not-installed"}"#;
    let credentials = Credentials::from_docker_config(config, "/home/ada/.docker/config.json".as_ref()).unwrap();
    insta::assert_snapshot!(pull(&server, credentials).await.unwrap_err(), @"
    there is no credential to be had for ADDRESS
    the credential helper `that-is-not-installed` of /home/ada/.docker/config.json failed
    it cannot be run
    No such file or directory (os error 2)
    ");
    assert!(!server.log().contains("/token"), "{}", server.log());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_is_asked_for_again() {
    // The first token is good for the manifest alone.
    let granted = AtomicU32::new(0);
    let server = ScriptedServer::start(move |request| {
        let authorized = |token: &str| request.authorization.as_deref() == Some(token);
        if request.target.starts_with("/token") {
            let number = granted.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::ok(format!(r#"{{"access_token":"{number}"}}"#))
        } else if request.target.contains("/manifests/") && authorized("Bearer 1") {
            Reply::ok(component_manifest())
        } else if request.target.contains("/blobs/") && authorized("Bearer 2") {
            Reply::ok(COMPONENT)
        } else {
            Reply::new(401, &[format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, request.host)], b"")
        }
    })
    .await;
    pull(&server, Credentials::anonymous()).await.unwrap();
    insta::assert_snapshot!(server.log(), @"
    GET /v2/team/catalog/manifests/1.0.0 -
    GET /token?scope=repository%3Ateam%2Fcatalog%3Apull -
    GET /v2/team/catalog/manifests/1.0.0 Bearer
    GET /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 Bearer
    GET /token?scope=repository%3Ateam%2Fcatalog%3Apull -
    GET /v2/team/catalog/blobs/sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29 Bearer
    ");
}

/// A registry whose challenge is `challenge`, asked with a password.
async fn check_challenge(challenge: &str) -> String {
    let header = format!("WWW-Authenticate: {challenge}");
    let server = ScriptedServer::start(move |_| Reply::new(401, std::slice::from_ref(&header), b"")).await;
    let error = pull(&server, docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#)).await.unwrap_err();
    assert!(server.requests().iter().all(|request| request.authorization.is_none()), "{}", server.log());
    error
}

#[tokio::test(start_paused = true)]
async fn a_password_is_not_sent_in_the_clear_to_another_host() {
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="http://auth.example/token""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is http://auth.example/token, which is neither https nor on a host where plain http is allowed
    ");
}

#[tokio::test(start_paused = true)]
async fn a_token_server_is_not_where_only_this_machine_reaches() {
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="https://169.254.169.254/latest""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is https://169.254.169.254/latest, which is an address of the local link and not the registry's own
    ");
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="http://[fe80::1]/token""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is http://[fe80::1]/token, which is neither https nor on a host where plain http is allowed
    ");
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="file:///etc/passwd""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is file:///etc/passwd, which is neither https nor on a host where plain http is allowed
    ");
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="https://ada:pw@auth.example/token""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is https://auth.example/token with a user name in it
    ");
}

#[tokio::test(start_paused = true)]
async fn a_token_server_elsewhere_on_loopback_serves_a_registry_on_loopback() {
    let tokens = ScriptedServer::start(|_| Reply::ok(r#"{"token":"granted"}"#)).await;
    let realm = format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, tokens.address);
    let server = ScriptedServer::start(move |request| match &request.authorization {
        None => Reply::new(401, std::slice::from_ref(&realm), b""),
        Some(_) if request.target.contains("/manifests/") => Reply::ok(component_manifest()),
        Some(_) => Reply::ok(COMPONENT),
    })
    .await;
    pull(&server, Credentials::anonymous()).await.unwrap();
    assert_eq!(tokens.requests().len(), 1);
}

/// A registry whose token server answers with `reply`.
async fn check_token_server(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> String {
    let server = ScriptedServer::start(move |request| {
        if request.target.starts_with("/token") {
            return reply(request);
        }
        Reply::new(401, &[format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, request.host)], b"")
    })
    .await;
    pull(&server, docker_config(&server.address, r#"{"auth": "YWRhOnB3"}"#)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_fails_is_given_up() {
    insta::assert_snapshot!(check_token_server(|_| Reply::status(500)).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 5 times
    GET http://ADDRESS/token was answered with 500
    ");
    insta::assert_snapshot!(check_token_server(|_| Reply::silence()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0, tried 4 times
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 did not come to an end within 120 seconds
    ");
    insta::assert_snapshot!(check_token_server(|_| Reply::unbounded(b"{").then_a_flood()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/token was answered with something else than a token
    ");
}

#[tokio::test(start_paused = true)]
async fn a_token_server_that_leads_on_is_not_followed() {
    insta::assert_snapshot!(check_token_server(|_| Reply::redirect("/token?again")).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/token was answered with 307
    ");
    // Its answer is a challenge of its own, for another token.
    let challenge = |request: &Request| {
        Reply::new(401, &[format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, request.host)], b"")
    };
    insta::assert_snapshot!(check_token_server(challenge).await, @"
    ADDRESS did not accept the credential in /home/ada/.docker/config.json
    GET http://ADDRESS/token was answered with 401
    ");
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_cannot_be_answered_is_a_refusal() {
    insta::assert_snapshot!(check_challenge("Negotiate").await, @"
    ADDRESS did not accept the credential in /home/ada/.docker/config.json
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 401
    ");
    insta::assert_snapshot!(check_challenge(r#"Bearer realm="nowhere""#).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose realm is not a URL
    ");
}

/// A registry whose token server answers with `token`.
async fn check_token(token: Vec<u8>) -> String {
    let server = ScriptedServer::start(move |request| {
        let realm = format!("http://{}/token", request.host);
        if request.target.starts_with("/token") {
            Reply::ok(&token)
        } else {
            Reply::new(401, &[format!(r#"WWW-Authenticate: Bearer realm="{realm}""#)], b"")
        }
    })
    .await;
    pull(&server, Credentials::anonymous()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_refused() {
    insta::assert_snapshot!(check_token(b"<html>".to_vec()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/token was answered with something else than a token
    ");
    insta::assert_snapshot!(check_token(br#"{"token":""}"#.to_vec()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/token was answered with something else than a token
    ");
    insta::assert_snapshot!(check_token(br#"{"token":"a\nb"}"#.to_vec()).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with a challenge whose answer has characters that no header can have
    ");
    insta::assert_snapshot!(check_token(vec![b' '; 300 * 1024]).await, @"
    cannot get the image manifest of ADDRESS/team/catalog:1.0.0
    GET http://ADDRESS/token was answered with something else than a token
    ");
    insta::assert_snapshot!(check_token(br#"{"access_token":"refused"}"#.to_vec()).await, @"
    ADDRESS did not accept anonymous access
    GET http://ADDRESS/v2/team/catalog/manifests/1.0.0 was answered with 401
    ");
}
