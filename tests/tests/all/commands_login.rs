//! `compose login` and `compose logout`, against a real registry with a password.

use compose_tests::{
    docker_registry::{Access, DockerRegistry},
    sandbox::{Run, Sandbox},
};
use insta::assert_snapshot;

use crate::steps::step;

const PASSWORD: &str = "s3cret-of-a-test\n";

/// What a command says, with the address of the registry replaced; it never shows a password.
fn told(run: &Run, registry: &DockerRegistry) -> String {
    let text = run.to_string();
    assert!(!text.contains("s3cret") && !text.contains("wrong-one"), "{text}");
    text.replace(registry.address(), "ADDRESS")
}

#[test]
fn a_login_is_checked_kept_used_and_forgotten() {
    let registry = DockerRegistry::start(Access::Basic);
    registry.push("team/t/front", "1.0.0", &step("a", None, 1));
    let sandbox = Sandbox::new("");
    let address = registry.address();
    let pull = || told(&sandbox.compose(&format!("pull {address}/team/t/front:1.0.0 -o front.wasm -q")), &registry);
    assert_snapshot!(pull(), @"
    error[unauthorized]: ADDRESS did not accept anonymous access
     |
     = note: caused by: GET http://ADDRESS/v2/team/t/front/manifests/1.0.0 was answered with 401 UNAUTHORIZED: authentication required
     = help: say who you are
             compose login ADDRESS
    exit status 3
    ");
    let login = |password: &str, arguments: &str| {
        let run = sandbox.compose_reading(password, &format!("login {address} -u ada --password-stdin {arguments}"));
        told(&run, &registry)
    };
    assert_snapshot!(login("wrong-one\n", ""), @"
    error[unauthorized]: ADDRESS did not accept the credential that was given
     |
     = note: caused by: GET http://ADDRESS/v2/ was answered with 401 UNAUTHORIZED: authentication required
     = help: check the user name and the password, or the token; nothing was stored
    exit status 3
    ");
    assert!(!sandbox.path(".docker").exists());
    assert_snapshot!(login(PASSWORD, ""), @"
       Logged in to ADDRESS; kept in .docker/config.json
    exit status 0
    ");
    assert_snapshot!(pull(), @"
    ADDRESS/team/t/front@sha256:5c4c59c52dee491574690e4d5e03286e12bb9c7850f0a3e5c782f504af8aa990
    exit status 0
    ");
    let logout = || told(&sandbox.compose(&format!("logout {address}")), &registry);
    assert_snapshot!(logout(), @"
      Logged out of ADDRESS; removed from .docker/config.json
    exit status 0
    ");
    assert_snapshot!(logout(), @"
       Unchanged nobody was logged in to ADDRESS
    exit status 0
    ");
    assert_snapshot!(login(PASSWORD, "--auth-file other.json --message-format json"), @r#"
    {"reason":"diagnostic","code":"credentials-unusable","severity":"warning","message":"ADDRESS will not be asked with this login","spans":[],"notes":["other.json is none of the files in which credentials are looked for"],"hints":["set REGISTRY_AUTH_FILE to that file"],"rendered":"warning[credentials-unusable]: ADDRESS will not be asked with this login\n |\n = note: other.json is none of the files in which credentials are looked for\n = help: set REGISTRY_AUTH_FILE to that file\n"}
    {"reason":"logged-in","registry":"ADDRESS","kept":"other.json","checked":true,"counts":false}
    ---
       Logged in to ADDRESS; kept in other.json
    exit status 0
    "#);
}

#[test]
fn a_login_that_another_file_hides_is_told() {
    let registry = DockerRegistry::start(Access::Basic);
    let sandbox = Sandbox::new("");
    sandbox.write(".home/.config/containers/auth.json", registry.docker_config());
    let login = format!("login {} -u ada --password-stdin", registry.address());
    assert_snapshot!(told(&sandbox.compose_reading(PASSWORD, &login), &registry), @"
       Logged in to ADDRESS; kept in .docker/config.json
    warning[credentials-unusable]: ADDRESS will not be asked with this login
     |
     = note: the credential in [DIR]/.home/.config/containers/auth.json counts before it
     = help: remove that one, or keep the login there with `--auth-file FILE`
    exit status 0
    ");
    let logout = format!("logout {}", registry.address());
    assert_snapshot!(told(&sandbox.compose(&logout), &registry), @"
      Logged out of ADDRESS; removed from .docker/config.json
    ADDRESS is still asked with the credential in [DIR]/.home/.config/containers/auth.json
    exit status 0
    ");
}

#[test]
fn a_registry_that_lets_everybody_in_does_not_ask() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new("");
    let login = format!("login {} -u ada --password-stdin", registry.address());
    assert_snapshot!(told(&sandbox.compose_reading(PASSWORD, &login), &registry), @"
            Kept in .docker/config.json
    ADDRESS lets everybody in and did not ask: whether what was kept is right is not known
    exit status 0
    ");
}

#[test]
fn nothing_is_asked_where_nobody_could_answer() {
    let sandbox = Sandbox::new("");
    assert_snapshot!(sandbox.compose("login ghcr.io"), @"
    error: a user name is needed, and standard input is no terminal to ask for it
     |
     = help: give them as `--username NAME --password-stdin`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("login ghcr.io -u ada"), @"
    error: a password is needed, and standard input is no terminal to ask for it
     |
     = help: give them as `--username NAME --password-stdin`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("login ghcr.io --password-stdin"), @"
    error: a password needs a user name beside it
     |
     = help: give it with `--username NAME`; where the password is a token, many registries take any name
     = help: a bearer token is given with `--token-stdin` instead
    exit status 2
    ");
    assert_snapshot!(sandbox.compose("login ghcr.io -u ada --password-stdin"), @"
    error: standard input has no password or token: it is empty
     |
     = help: write it there, as in `compose login REGISTRY -u NAME --password-stdin < FILE`
    exit status 2
    ");
    assert_snapshot!(sandbox.compose_reading("pw", "login ghcr.io/acme -u ada --password-stdin"), @"
    error[invalid-value]: `ghcr.io/acme` is not a registry's host
     |
     = note: caused by: `ghcr.io/acme` is not a host: expected a name or an address, and optionally `:` and a port
    exit status 1
    ");
}

#[test]
fn a_file_that_is_not_understood_is_left_alone() {
    let registry = DockerRegistry::start(Access::Anonymous);
    let sandbox = Sandbox::new("");
    sandbox.write(".docker/config.json", "{\"auths\": 3}");
    let login = format!("login {} -u ada --password-stdin", registry.address());
    assert_snapshot!(told(&sandbox.compose_reading(PASSWORD, &login), &registry), @"
    warning[credentials-unusable]: [DIR]/.docker/config.json is not a file of credentials as Docker writes it: see line 1, column 11
     |
     = note: registries are asked without the credentials in it

    error[credentials-unusable]: [DIR]/.docker/config.json is not a file of credentials as Docker writes it: see line 1, column 11
     |
     = note: the file was left as it is
     = help: mend it, or name another with `--auth-file FILE`
    exit status 3
    ");
    assert_eq!(sandbox.read_text(".docker/config.json"), "{\"auths\": 3}");
}
