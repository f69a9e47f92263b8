//! `compose login` and `compose logout`: who we are at a registry, asked for, checked and kept, or forgotten.

use std::io::{self, Read as _};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    registry_report,
};
use registry_client::{CredentialFile, CredentialSource, CredentialsError, Login, LoginCheck, Registry, Secret};

use crate::{
    args::{KeptArgs, LoginArgs, LogoutArgs, ManifestOptions, MessageFormat},
    configuration::{self, Configuration},
    environment,
    exit::{Complaint, Ended, Stop},
    message::Message,
    output::Output,
    prompt,
    session::{Registries, block_on},
};

/// More than any password or token has.
const MAX_SECRET: u64 = 256 * 1024;

/// `compose login`.
pub(super) fn run(arguments: &LoginArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let registry = host(&arguments.registry);
    let file = file(&arguments.kept)?;
    let login = login(arguments, registry)?;
    let registries = Registries::new(options, output)?;
    let check = registries.wait_for(async |registries| {
        let check = match arguments.registry.parse() {
            Ok(Registry::Warg(warg)) => registries.client.check_logged_login(&warg, &login).await,
            _ => registries.client.check_login(registry, &login).await,
        };
        check.map_err(|error| registry_report::diagnostic(&error).into())
    })?;
    let kept = block_on(file.login(registry, &login))?.map_err(|error| unusable(&error))?;
    match check {
        LoginCheck::Accepted => output.status("Logged in", format_args!("to {registry}; kept in {}", place(&kept))),
        LoginCheck::NotAsked => {
            output.status("Kept", format_args!("in {}", place(&kept)));
            output.remark(format_args!(
                "{registry} lets everybody in and did not ask: whether what was kept is right is not known"
            ));
        }
    }
    let counting = counting(registry)?;
    if counting != kept {
        output.diagnostics(&[shadowed(registry, &kept, &counting)])?;
    }
    if output.format() == MessageFormat::Json {
        output.message(&Message::LoggedIn {
            registry,
            kept: place(&kept),
            checked: check == LoginCheck::Accepted,
            counts: counting == kept,
        })?;
    }
    Ok(Ended::Well)
}

/// `compose logout`.
pub(super) fn run_logout(arguments: &LogoutArgs, output: &Output) -> Result<Ended, Stop> {
    let registry = host(&arguments.registry);
    let forgotten = block_on(file(&arguments.kept)?.logout(registry))?.map_err(|error| unusable(&error))?;
    for source in &forgotten {
        output.status("Logged out", format_args!("of {registry}; removed from {}", place(source)));
    }
    if forgotten.is_empty() {
        output.status("Unchanged", format_args!("nobody was logged in to {registry}"));
    }
    let counting = counting(registry)?;
    if counting != CredentialSource::Anonymous {
        output.remark(format_args!("{registry} is still asked with {counting}"));
    }
    if output.format() == MessageFormat::Json {
        let forgotten = forgotten.iter().map(place).collect();
        let remaining = (counting != CredentialSource::Anonymous).then(|| counting.to_string());
        output.message(&Message::LoggedOut { registry, forgotten, remaining })?;
    }
    Ok(Ended::Well)
}

/// The host in what people write for a registry.
fn host(registry: &str) -> &str {
    let prefixes = ["oci://", "warg+https://", "warg+http://", "https://"];
    let rest = prefixes.into_iter().find_map(|prefix| registry.strip_prefix(prefix)).map(|rest| {
        // What a warg registry has after its host is not part of who we are there.
        if registry.starts_with("warg+") { rest.split('/').next().unwrap_or(rest) } else { rest }
    });
    let registry = rest.unwrap_or(registry);
    registry.strip_suffix('/').unwrap_or(registry)
}

/// The file where logins are kept.
fn file(kept: &KeptArgs) -> Result<CredentialFile, Stop> {
    let path = configuration::login_file(kept.auth_file.as_deref()).ok_or_else(|| {
        Diagnostic::error(
            Code::CredentialsUnusable,
            "there is no file to keep a login in: this user has no home directory",
        )
        .hint("name one with `--auth-file FILE`")
    });
    Ok(CredentialFile::at(&path.map_err(|found| Stop::Failure(found.into()))?))
}

fn login(arguments: &LoginArgs, registry: &str) -> Result<Login, Stop> {
    if arguments.token_stdin {
        return Ok(Login::Bearer(secret()?));
    }
    if arguments.identity_token_stdin {
        return Ok(Login::Identity(secret()?));
    }
    let username = match &arguments.username {
        Some(username) => username.clone(),
        None if arguments.password_stdin => return Err(Stop::Usage(no_username())),
        None if !environment::stdin_is_terminal() => return Err(Stop::Usage(nobody_to_ask("a user name"))),
        None => prompt::text(&format!("User name for {registry}: "))?,
    };
    let password = if arguments.password_stdin {
        secret()?
    } else if environment::stdin_is_terminal() {
        Secret::new(prompt::secret(&format!("Password of {username} for {registry}: "))?)
    } else {
        return Err(Stop::Usage(nobody_to_ask("a password")));
    };
    Ok(Login::Password { username, password })
}

/// The secret on standard input, without the line feed at its end.
fn secret() -> Result<Secret, Stop> {
    let mut text = String::new();
    let unreadable = |why: &str| {
        Stop::Usage(Complaint {
            message: format!("standard input has no password or token: {why}"),
            hints: vec!["write it there, as in `compose login REGISTRY -u NAME --password-stdin < FILE`".to_owned()],
        })
    };
    let read = io::stdin().lock().take(MAX_SECRET + 1).read_to_string(&mut text);
    read.map_err(|error| unreadable(&error.to_string()))?;
    if text.len() as u64 > MAX_SECRET {
        return Err(unreadable("it is too long for one"));
    }
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    match secret {
        "" => Err(unreadable("it is empty")),
        secret => Ok(Secret::new(secret)),
    }
}

/// Where the credential is from that counts for a registry now.
fn counting(registry: &str) -> Result<CredentialSource, Failure> {
    let credentials = Configuration::read().credentials;
    block_on(credentials.source_for(registry))?.map_err(|error| unusable(&error))
}

/// Where a login is, without saying that it is a credential.
fn place(source: &CredentialSource) -> String {
    match source {
        CredentialSource::File(path) => environment::shown(path),
        CredentialSource::Helper { helper, .. } => format!("the credential helper `{helper}`"),
        other => other.to_string(),
    }
}

fn shadowed(registry: &str, kept: &CredentialSource, counting: &CredentialSource) -> Diagnostic {
    let found = Diagnostic::warning(Code::CredentialsUnusable, format!("{registry} will not be asked with this login"));
    match counting {
        CredentialSource::Anonymous => found
            .note(format!("{} is none of the files in which credentials are looked for", place(kept)))
            .hint("set REGISTRY_AUTH_FILE to that file"),
        counting => found
            .note(format!("{counting} counts before it"))
            .hint("remove that one, or keep the login there with `--auth-file FILE`"),
    }
}

fn unusable(error: &CredentialsError) -> Failure {
    let code = match error {
        CredentialsError::Helper(_) => Code::CredentialHelper,
        _ => Code::CredentialsUnusable,
    };
    let found = Diagnostic::error(code, error.to_string()).causes(error);
    let found = match error {
        CredentialsError::Json { .. } | CredentialsError::Entry { .. } => {
            found.note("the file was left as it is").hint("mend it, or name another with `--auth-file FILE`")
        }
        CredentialsError::Helper(_) => {
            found.hint("mend the helper, take it out of the file, or name another file with `--auth-file FILE`")
        }
        _ => found.hint("name another file with `--auth-file FILE`"),
    };
    found.into()
}

fn no_username() -> Complaint {
    Complaint {
        message: "a password needs a user name beside it".to_owned(),
        hints: vec![
            "give it with `--username NAME`; where the password is a token, many registries take any name".to_owned(),
            "a bearer token is given with `--token-stdin` instead".to_owned(),
        ],
    }
}

fn nobody_to_ask(what: &str) -> Complaint {
    Complaint {
        message: format!("{what} is needed, and standard input is no terminal to ask for it"),
        hints: vec!["give them as `--username NAME --password-stdin`".to_owned()],
    }
}
