//! Where artifacts live: from a host and a path to a [`Repository`].

use std::fmt;

use crate::host::Host;

/// The longest path of a repository, as in the clients and servers descended from Docker's.
const MAX_PATH: usize = 255;

/// A repository of an OCI registry: its host and its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository {
    host: Host,
    path: String,
}

impl Repository {
    pub(crate) fn new(host: Host, path: &str) -> Result<Repository, LocationError> {
        if !is_path(path) {
            return Err(LocationError::Repository { text: path.to_owned() });
        }
        Ok(Repository { host, path: path.to_owned() })
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

/// Whether `path` may name a repository.
///
/// The [distribution specification](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests)
/// has `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` between slashes. Its separators between alphanumeric runs also rule out `.` and `..`.
pub(crate) fn is_path(path: &str) -> bool {
    path.len() <= MAX_PATH && path.split('/').all(is_path_segment)
}

fn is_path_segment(segment: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut rest = segment.as_bytes();
    loop {
        let run = rest.iter().take_while(|byte| is_alphanumeric(**byte)).count();
        if run == 0 {
            return false;
        }
        rest = &rest[run..];
        if rest.is_empty() {
            return true;
        }
        let separator = rest.iter().take_while(|byte| !is_alphanumeric(**byte)).count();
        if !matches!(&rest[..separator], b"." | b"_" | b"__") && rest[..separator].iter().any(|byte| *byte != b'-') {
            return false;
        }
        rest = &rest[separator..];
    }
}

/// Why a text does not say where artifacts are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// The host, or its port, is malformed.
    #[error("`{text}` is not a host: expected a name or an address, and optionally `:` and a port")]
    Host {
        /// The text in the host's place.
        text: String,
    },
    /// The path is malformed.
    #[error(
        "`{text}` is not a repository: expected lowercase letters and digits, single `.`, `_` or `-` between them, and `/`"
    )]
    Repository {
        /// The text in the path's place.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_segments_of_runs_and_separators() {
        for path in ["a", "team/shop/catalog", "a.b/c_d/e__f/g---h", "0"] {
            assert!(is_path(path), "{path:?}");
        }
    }

    #[test]
    fn refuses_paths_that_mean_something_else_to_a_server() {
        for path in [
            "", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "a..b", "a___b", "A", "a?b", "a#b", "a%2fb", "a._b", "a-",
        ] {
            assert!(!is_path(path), "{path:?}");
        }
        assert!(!is_path(&"a".repeat(MAX_PATH + 1)));
    }
}
