//! The surroundings: the only place that reads environment variables and asks what the standard streams are.

use std::{
    env,
    ffi::OsString,
    io::{IsTerminal, stderr},
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

/// A variable that is set and not empty.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
