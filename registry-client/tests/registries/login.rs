//! Logins: what a registry says to them, and that they are used afterwards.

use registry_client::{CredentialFile, Credentials, Login, LoginCheck, Secret};

use crate::docker_registry::{Access, DockerRegistry, PASSWORD, USER};
use crate::sandbox::{Sandbox, told};
use crate::scripted_server::{Reply, ScriptedServer};

fn login(username: &str, password: &str) -> Login {
    Login::Password { username: username.to_owned(), password: Secret::new(password) }
}

#[tokio::test]
async fn a_login_is_checked_kept_used_and_forgotten() {
    let registry = DockerRegistry::start(Access::Basic);
    registry.push_component("1.2.0").await;
    let sandbox = Sandbox::new();
    let check = sandbox.client.check_login(&registry.address, &login(USER, PASSWORD)).await.unwrap();
    assert_eq!(check, LoginCheck::Accepted);

    let path = sandbox.directory.path().join("config.json");
    let file = CredentialFile::at(&path);
    file.login(&registry.address, &login(USER, PASSWORD)).await.unwrap();
    let logged_in = Sandbox::with(Credentials::read_docker_config(&path).unwrap());
    logged_in.pull(&registry.package("1.2.0")).await.unwrap();

    file.logout(&registry.address).await.unwrap();
    let logged_out = Sandbox::with(Credentials::read_docker_config(&path).unwrap());
    logged_out.pull(&registry.package("1.2.0")).await.unwrap_err();
}

#[tokio::test]
async fn a_login_that_is_refused_is_said_to_be() {
    let registry = DockerRegistry::start(Access::Basic);
    let client = Sandbox::new().client;
    let error = client.check_login(&registry.address, &login(USER, "wrong-password")).await.unwrap_err();
    assert!(!format!("{error:?}").contains("wrong-password"));
    insta::assert_snapshot!(registry.told(&error), @"
    ADDRESS did not accept the credential that was given
    GET http://ADDRESS/v2/ was answered with 401 UNAUTHORIZED: authentication required
    ");
}

#[tokio::test]
async fn a_token_server_decides_about_a_login() {
    let start = |granted: bool| {
        ScriptedServer::start(move |request| {
            if request.target.starts_with("/token") {
                return if granted { Reply::ok(r#"{"token":"granted"}"#) } else { Reply::status(401) };
            }
            let challenge = format!(r#"WWW-Authenticate: Bearer realm="http://{}/token""#, request.host);
            let is_granted = request.authorization.as_deref() == Some("Bearer granted");
            if is_granted { Reply::ok("{}") } else { Reply::new(401, &[challenge], b"") }
        })
    };
    let client = Sandbox::new().client;
    let server = start(true).await;
    let check = client.check_login(&server.address, &login("ada", "pw")).await.unwrap();
    assert_eq!(check, LoginCheck::Accepted);
    insta::assert_snapshot!(server.log(), @"
    GET /v2/ -
    GET /token Basic
    GET /v2/ Bearer
    ");
    let server = start(false).await;
    let error = client.check_login(&server.address, &login("ada", "pw")).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS")]), @"
    ADDRESS did not accept the credential that was given
    GET http://ADDRESS/token was answered with 401
    ");
}

#[tokio::test]
async fn a_registry_that_lets_everybody_in_is_not_shown_a_password() {
    let server = ScriptedServer::start(|_| Reply::ok("{}")).await;
    let check = Sandbox::new().client.check_login(&server.address, &login("ada", "pw")).await.unwrap();
    assert_eq!((check, server.log().as_str()), (LoginCheck::NotAsked, "GET /v2/ -"));
}

#[tokio::test]
async fn what_is_no_registry_cannot_be_logged_in_to() {
    let server = ScriptedServer::start(|_| Reply::status(404)).await;
    let error = Sandbox::new().client.check_login(&server.address, &login("ada", "pw")).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[(&server.address, "ADDRESS")]), @"
    cannot get an answer from ADDRESS
    GET http://ADDRESS/v2/ was answered with 404
    ");
    let error = Sandbox::new().client.check_login("https://a.io", &login("ada", "pw")).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &[]), @"
    `https://a.io` is not a registry's host
    `https://a.io` is not a host: expected a name or an address, and optionally `:` and a port
    ");
}
