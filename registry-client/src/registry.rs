//! Where packages come from: from `oci://…`, `dir:…` or `warg+https://…` to a [`Registry`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::host::{Host, looks_like_host};
use crate::package::PackageName;
use crate::repository::{LocationError, Repository, is_path};
use crate::warg_registry::WargRegistry;

/// A place that holds packages by name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Registry {
    /// An OCI registry, written `oci://host[:port][/prefix]`.
    Oci(OciRegistry),
    /// A directory of OCI image layouts, written `dir:path`.
    Directory(PathBuf),
    /// A warg registry, written `warg+https://…`.
    Warg(WargRegistry),
}

impl Registry {
    /// Resolves a relative directory against `base`, the folder of the file that names it. Other registries stay as they are.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Registry {
        match self {
            Registry::Directory(path) => Registry::Directory(base.join(path)),
            other @ (Registry::Oci(_) | Registry::Warg(_)) => other,
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Registry::Oci(registry) => write!(f, "oci://{registry}"),
            Registry::Directory(path) => write!(f, "dir:{}", path.display()),
            Registry::Warg(registry) => write!(f, "{registry}"),
        }
    }
}

impl FromStr for Registry {
    type Err = RegistryParseError;

    fn from_str(text: &str) -> Result<Registry, RegistryParseError> {
        if let Some(location) = text.strip_prefix("oci://") {
            let registry = OciRegistry::parse(location)
                .map_err(|source| RegistryParseError::Location { text: text.to_owned(), source })?;
            return Ok(Registry::Oci(registry));
        }
        if let Some(path) = text.strip_prefix("dir:") {
            if path.is_empty() {
                return Err(RegistryParseError::NoDirectory);
            }
            return Ok(Registry::Directory(PathBuf::from(path)));
        }
        if let Some(url) = text.strip_prefix("warg+") {
            if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(RegistryParseError::NoScheme { text: text.to_owned() });
            }
            return WargRegistry::parse(url).map(Registry::Warg);
        }
        let bare = text.strip_prefix("https://").unwrap_or(text);
        if bare.split('/').next().is_some_and(looks_like_host) && OciRegistry::parse(bare).is_ok() {
            return Err(RegistryParseError::Bare { text: text.to_owned(), bare: bare.to_owned() });
        }
        Err(RegistryParseError::NoScheme { text: text.to_owned() })
    }
}

/// An OCI registry and the prefix of the repositories in it that are packages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OciRegistry {
    host: Host,
    prefix: String,
}

impl OciRegistry {
    /// The host, with its port if it has one.
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The path before a package's namespace, without slashes at its ends; may be empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The repository of `package`, as wkg has it: `<prefix>/<namespace>/<name>`.
    pub(crate) fn repository(&self, package: &PackageName) -> Result<Repository, LocationError> {
        let (namespace, name) = (package.namespace(), package.name());
        let path = match self.prefix.as_str() {
            "" => format!("{namespace}/{name}"),
            prefix => format!("{prefix}/{namespace}/{name}"),
        };
        Repository::new(self.host.clone(), &path)
    }

    /// Where this registry, as a mirror of another, has `repository`: `<prefix>/<path>`.
    pub(crate) fn mirror_of(&self, repository: &Repository) -> Result<Repository, LocationError> {
        match self.prefix.as_str() {
            "" => Repository::new(self.host.clone(), repository.path()),
            prefix => Repository::new(self.host.clone(), &format!("{prefix}/{}", repository.path())),
        }
    }

    fn parse(location: &str) -> Result<OciRegistry, LocationError> {
        let location = location.strip_suffix('/').unwrap_or(location);
        let (host, prefix) = location.split_once('/').unwrap_or((location, ""));
        let host = Host::parse(host)?;
        if !prefix.is_empty() && !is_path(prefix) {
            return Err(LocationError::Repository { text: prefix.to_owned() });
        }
        Ok(OciRegistry { host, prefix: prefix.to_owned() })
    }
}

impl fmt::Display for OciRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix.as_str() {
            "" => write!(f, "{}", self.host),
            prefix => write!(f, "{}/{prefix}", self.host),
        }
    }
}

/// Why a text does not name a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryParseError {
    /// A host stands alone, without saying which protocol it speaks.
    #[error("`{text}` does not say which kind of registry it is: write `oci://{bare}`")]
    Bare {
        /// The text.
        text: String,
        /// The host and prefix in it.
        bare: String,
    },
    /// The text begins like no kind of registry.
    #[error("`{text}` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`")]
    NoScheme {
        /// The text.
        text: String,
    },
    /// Nothing follows `dir:`.
    #[error("`dir:` needs a path after it")]
    NoDirectory,
    /// What follows `warg+` is no URL of a warg registry.
    #[error("`{text}` is not a registry: {problem}")]
    Warg {
        /// The text.
        text: String,
        /// What is wrong with it, as a clause.
        problem: &'static str,
    },
    /// What follows `oci://` is malformed.
    #[error("`{text}` is not a registry")]
    Location {
        /// The text.
        text: String,
        /// What is wrong with it.
        source: LocationError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_prints_as_it_was_written() {
        for text in
            ["oci://ghcr.io", "oci://localhost:5000/team/a", "dir:registry", "dir:/srv/r", "warg+https://warg.example"]
        {
            assert_eq!(text.parse::<Registry>().unwrap().to_string(), text);
        }
        assert_eq!("oci://ghcr.io/acme/".parse::<Registry>().unwrap().to_string(), "oci://ghcr.io/acme");
    }

    #[test]
    fn a_directory_is_relative_to_the_file_that_names_it() {
        let base = Path::new("/home/ada/shop");
        let resolve = |text: &str| text.parse::<Registry>().unwrap().relative_to(base).to_string();
        assert_eq!(resolve("dir:registry"), "dir:/home/ada/shop/registry");
        assert_eq!(resolve("dir:/srv/registry"), "dir:/srv/registry");
        assert_eq!(resolve("oci://ghcr.io/acme"), "oci://ghcr.io/acme");
    }

    #[test]
    fn a_package_has_the_repository_that_wkg_gives_it() {
        let repository = |text: &str| match text.parse::<Registry>().unwrap() {
            Registry::Oci(registry) => registry.repository(&"shop:catalog".parse().unwrap()).unwrap().to_string(),
            other => panic!("{other}"),
        };
        assert_eq!(repository("oci://ghcr.io"), "ghcr.io/shop/catalog");
        assert_eq!(repository("oci://ghcr.io/acme/wasm"), "ghcr.io/acme/wasm/shop/catalog");
    }

    fn check(text: &str, expected: &str) {
        let error = text.parse::<Registry>().unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        assert_eq!(format!("{error}{cause}"), expected);
    }

    #[test]
    fn a_bare_host_is_refused_with_what_to_write() {
        check("ghcr.io/acme", "`ghcr.io/acme` does not say which kind of registry it is: write `oci://ghcr.io/acme`");
        check("https://ghcr.io", "`https://ghcr.io` does not say which kind of registry it is: write `oci://ghcr.io`");
    }

    #[test]
    fn refuses_what_is_no_registry() {
        check("acme", "`acme` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`");
        check(
            "warg+ftp://a",
            "`warg+ftp://a` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`",
        );
        check("dir:", "`dir:` needs a path after it");
        check(
            "oci://user@ghcr.io/a",
            "`oci://user@ghcr.io/a` is not a registry: `user@ghcr.io` is not a host: expected a name or an address, and optionally `:` and a port",
        );
    }
}
