//! Changes of a package's log in a warg registry that are not releases: withdrawing a version, and who may do what.

use semver::Version;

use super::Client;
use crate::digest::Digest;
use crate::error::Error;
use crate::key::{PublicKey, SigningKey};
use crate::log_problem::LogState;
use crate::package::PackageName;
use crate::registry::Registry;
use crate::warg_registry::WargRegistry;

/// What a key may do in a package's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Release versions.
    Release,
    /// Withdraw versions.
    Yank,
}

/// What is to be added to a package's log.
#[derive(Debug, Clone)]
// A build without warg registries reads none of it.
#[cfg_attr(not(feature = "warg"), allow(dead_code))]
pub(crate) enum Change {
    /// A version, and its component. The log is begun where there is none.
    Release(Version, Digest),
    Yank(Version),
    Grant(PublicKey, Vec<Permission>),
    Revoke(Digest, Vec<Permission>),
}

impl Client {
    /// Withdraws a version: nobody chooses it anew, and who has it in a lock keeps it. It cannot be undone, nor be released again.
    ///
    /// # Errors
    /// [`Error::VersionNotFound`]; [`Error::Yanked`] where it was withdrawn already; [`Error::KeyNotAllowed`];
    /// [`Error::UnsupportedOperation`] where `registry` is no warg registry; otherwise what kept the registry from taking it.
    pub async fn yank(
        &self,
        registry: &Registry,
        package: &PackageName,
        version: &Version,
        key: &SigningKey,
    ) -> Result<LogState, Error> {
        let warg = warg(registry, "withdraw a version")?;
        self.change_log(warg, package, &Change::Yank(version.clone()), key).await
    }

    /// Allows `grantee` what `key` may do itself.
    ///
    /// # Errors
    /// As [`Client::yank`].
    pub async fn grant(
        &self,
        registry: &Registry,
        package: &PackageName,
        grantee: &PublicKey,
        permissions: &[Permission],
        key: &SigningKey,
    ) -> Result<LogState, Error> {
        let warg = warg(registry, "let several people publish a package")?;
        self.change_log(warg, package, &Change::Grant(grantee.clone(), permissions.to_vec()), key).await
    }

    /// Takes permissions away from the key with the fingerprint `grantee`. What it did with them stays.
    ///
    /// # Errors
    /// As [`Client::yank`].
    pub async fn revoke(
        &self,
        registry: &Registry,
        package: &PackageName,
        grantee: Digest,
        permissions: &[Permission],
        key: &SigningKey,
    ) -> Result<LogState, Error> {
        let warg = warg(registry, "let several people publish a package")?;
        self.change_log(warg, package, &Change::Revoke(grantee, permissions.to_vec()), key).await
    }

    /// Learns from a lock what the log of `registry` was. From now on it must be a continuation of that.
    pub fn remember(&self, registry: &Registry, state: LogState) {
        if let Registry::Warg(warg) = registry {
            self.lock_remembered().entry(warg.url().to_owned()).or_default().insert(state);
        }
    }
}

fn warg<'a>(registry: &'a Registry, operation: &'static str) -> Result<&'a WargRegistry, Error> {
    match registry {
        Registry::Warg(warg) => Ok(warg),
        Registry::Oci(_) | Registry::Directory(_) => {
            Err(Error::UnsupportedOperation { registry: registry.clone(), operation })
        }
    }
}
