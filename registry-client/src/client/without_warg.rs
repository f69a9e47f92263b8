//! What stands for warg registries in a build without them: that they are left out.

use semver::Version;

use super::push::{PushOptions, Pushed};
use super::{Change, Client, LogCheck, LoginCheck};
use crate::credential::Credential;
use crate::digest::Descriptor;
use crate::error::Error;
use crate::file::VerifiedFile;
use crate::key::SigningKey;
use crate::log_problem::LogState;
use crate::package::PackageName;
use crate::publication::Artifact;
use crate::registry::Registry;
use crate::release::{Origin, Published, Release, Subject};
use crate::warg_registry::WargRegistry;

// They are asynchronous because those that they stand for are.
#[allow(clippy::unused_async)]
impl Client {
    pub(super) async fn logged_versions(
        &self,
        registry: &WargRegistry,
        _package: &PackageName,
        _subject: &Subject,
    ) -> Result<Vec<Published>, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn logged_release(
        &self,
        registry: &WargRegistry,
        _package: &PackageName,
        _version: &Version,
        _subject: &Subject,
    ) -> Result<Release, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn download_logged(
        &self,
        _origin: &Origin,
        registry: &WargRegistry,
        _component: Descriptor,
    ) -> Result<VerifiedFile, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn push_to_log(
        &self,
        registry: &WargRegistry,
        _package: &PackageName,
        _version: &Version,
        _artifact: &Artifact,
        _options: &PushOptions,
    ) -> Result<Pushed, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn ask_log(&self, registry: &WargRegistry, _login: &Credential) -> Result<LoginCheck, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn verify_log(&self, registry: &WargRegistry) -> Result<LogCheck, Error> {
        Err(left_out(registry))
    }

    pub(super) async fn change_log(
        &self,
        registry: &WargRegistry,
        _package: &PackageName,
        _change: &Change,
        _key: &SigningKey,
    ) -> Result<LogState, Error> {
        Err(left_out(registry))
    }
}

fn left_out(registry: &WargRegistry) -> Error {
    Error::UnsupportedRegistry { registry: Registry::Warg(registry.clone()) }
}
