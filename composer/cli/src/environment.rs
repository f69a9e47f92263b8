//! The surroundings: the only place that reads environment variables and asks what the standard streams are.

use std::{
    env,
    ffi::OsString,
    io::{IsTerminal, stderr, stdin},
    path::{Path, PathBuf},
};

use composer::diagnostic::{Code, Diagnostic, Failure};
use etcetera::BaseStrategy;

/// Where downloads and compiled code are kept: `$COMPOSE_CACHE`, else `compose` in the platform's directory of caches.
///
/// # Errors
/// When nothing says where the user's files are.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    let platform =
        || etcetera::base_strategy::choose_native_strategy().ok().map(|base| base.cache_dir().join("compose"));
    set("COMPOSE_CACHE").map(PathBuf::from).or_else(platform).ok_or_else(|| {
        Diagnostic::error(Code::StoreFailure, "there is no directory for the store: this user has no home directory")
            .hint("set COMPOSE_CACHE to a directory")
            .into()
    })
}

/// Docker's configuration, which holds credentials: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
///
/// It need not exist.
pub(crate) fn docker_config() -> Option<PathBuf> {
    let home = || etcetera::home_dir().ok().map(|home| home.join(".docker"));
    set("DOCKER_CONFIG").map(PathBuf::from).or_else(home).map(|directory| directory.join("config.json"))
}

/// The files with credentials, the first counts: `$REGISTRY_AUTH_FILE`, those of containers' tools, Docker's. None need exist.
pub(crate) fn credential_files() -> Vec<PathBuf> {
    let containers = |directory: PathBuf| directory.join("containers").join("auth.json");
    let of_session = set("XDG_RUNTIME_DIR").map(PathBuf::from).map(containers);
    let of_user = config_directory().map(containers);
    [named_credential_file(), of_session, of_user, docker_config()].into_iter().flatten().collect()
}

/// The file with credentials that `$REGISTRY_AUTH_FILE` names.
pub(crate) fn named_credential_file() -> Option<PathBuf> {
    set("REGISTRY_AUTH_FILE").map(PathBuf::from)
}

/// The user's own configuration: `$COMPOSE_CONFIG`, else `compose/config.toml` in the directory of configurations. It need not exist.
pub(crate) fn configuration_file() -> Option<PathBuf> {
    let usual = || Some(config_directory()?.join("compose").join("config.toml"));
    set("COMPOSE_CONFIG").map(PathBuf::from).or_else(usual)
}

/// `wkg`'s configuration: `$WKG_CONFIG_FILE`, else `wasm-pkg/config.toml`, as `wkg` itself looks for it. It need not exist.
pub(crate) fn wkg_configuration_file() -> Option<PathBuf> {
    let usual = || Some(config_directory()?.join("wasm-pkg").join("config.toml"));
    set("WKG_CONFIG_FILE").map(PathBuf::from).or_else(usual)
}

/// As `wkg` has it: on a Mac too, it is `~/.config`.
fn config_directory() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.config_dir())
}

/// The registry that a variable names for every package: ours, else `wkg`'s. A directory is relative to the current one.
pub(crate) fn registry() -> Option<(&'static str, String)> {
    let named = |name| Some((name, text(name)?));
    let (name, value) = named("COMPOSE_REGISTRY").or_else(|| named("WKG_REGISTRY"))?;
    let directory = value.strip_prefix("dir:").filter(|path| !path.is_empty());
    let absolute = directory.and_then(|path| std::path::absolute(path).ok());
    Some((name, absolute.map_or(value, |path| format!("dir:{}", path.display()))))
}

/// The hosts that variables say are spoken to in plain http: `$COMPOSE_INSECURE`, `$WKG_OCI_INSECURE`, with commas between them.
pub(crate) fn insecure_hosts() -> impl Iterator<Item = String> {
    let values = ["COMPOSE_INSECURE", "WKG_OCI_INSECURE"].into_iter().filter_map(text);
    values
        .flat_map(|value| value.split(',').map(|host| host.trim().to_owned()).collect::<Vec<_>>())
        .filter(|host| !host.is_empty())
}

/// How often a request is tried.
pub(crate) const ATTEMPTS: &str = "COMPOSE_HTTP_ATTEMPTS";

/// How many seconds an answer may take.
const TIMEOUT: &str = "COMPOSE_HTTP_TIMEOUT";

/// The variables that say how registries are spoken to, with their values.
pub(crate) fn network() -> impl Iterator<Item = (&'static str, String)> {
    [ATTEMPTS, TIMEOUT].into_iter().filter_map(|name| Some((name, text(name)?)))
}

/// The PEM file that `$COMPOSE_CA_FILE` names, whose authorities are trusted beside the system's. (`SSL_CERT_FILE` replaces those.)
pub(crate) fn authorities() -> Vec<PathBuf> {
    set("COMPOSE_CA_FILE").map(PathBuf::from).into_iter().collect()
}

/// All variables that are text.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The private key that `$COMPOSE_SIGNING_KEY` has.
pub(crate) fn signing_key() -> Option<String> {
    text("COMPOSE_SIGNING_KEY")
}

/// Whether standard input is a terminal that can be asked.
pub(crate) fn stdin_is_terminal() -> bool {
    stdin().is_terminal()
}

/// The current directory.
///
/// # Errors
/// When it was removed, or may not be read.
pub(crate) fn current_directory() -> Result<PathBuf, Failure> {
    env::current_dir().map_err(|error| {
        Diagnostic::error(Code::FileUnreadable, "the current directory cannot be found").note(error.to_string()).into()
    })
}

/// A path as it is shortest to read: relative to the current directory where it is below it.
pub(crate) fn shown(path: &Path) -> String {
    let below = env::current_dir().ok().and_then(|current| path.strip_prefix(current).ok().map(Path::to_owned));
    below.filter(|below| !below.as_os_str().is_empty()).unwrap_or_else(|| path.to_owned()).display().to_string()
}

/// Whether the user does not want colours: <https://no-color.org>.
pub(crate) fn refuses_colour() -> bool {
    set("NO_COLOR").is_some()
}

/// Whether standard error is a terminal that understands escape sequences.
pub(crate) fn stderr_is_terminal() -> bool {
    stderr().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The text of a variable that is set and not empty.
fn text(name: &str) -> Option<String> {
    set(name)?.into_string().ok()
}

/// A variable that is set and not empty.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
