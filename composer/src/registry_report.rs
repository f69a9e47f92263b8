//! The words for what registries and the store cannot do: from their [`Error`] to a [`Diagnostic`].

use registry_client::{Error, NetworkFailure, Origin};

use crate::{
    diagnostic::{Code, Diagnostic},
    resolve::available,
};

/// Says what went wrong, why, and what to do.
pub(crate) fn diagnostic(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(code(error), error.to_string());
    let diagnostic = match error {
        Error::VersionNotFound { origin, available: versions } => match &**origin {
            Origin::Package { registry, .. } => diagnostic.note(available(registry, versions)),
            Origin::Reference(_) => diagnostic,
        },
        Error::PackageNotFound { .. } | Error::ReferenceNotFound { .. } => {
            diagnostic.hint("check its spelling, and which registry the manifest names for it")
        }
        Error::Offline { .. } => {
            diagnostic.hint("run `compose fetch` once without `--offline`: it puts what is needed into the store")
        }
        Error::Unauthorized { registry, .. } | Error::Forbidden { registry, .. } => diagnostic
            .causes(error)
            .hint(format!("give credentials for it in docker's configuration\ndocker login {registry}")),
        Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => diagnostic
            .note("what arrived was thrown away")
            .hint("if it happens again, somebody or something changed the artifact: do not trust it"),
        _ => diagnostic.causes(error),
    };
    match error {
        Error::Network { source, .. } if matches!(**source, NetworkFailure::Transport { .. }) => {
            diagnostic.hint("check the registry's name and the network; `--offline` uses only what is in the store")
        }
        _ => diagnostic,
    }
}

fn code(error: &Error) -> Code {
    match error {
        Error::PackageNotFound { .. } | Error::ReferenceNotFound { .. } | Error::BlobNotFound { .. } => {
            Code::PackageNotFound
        }
        Error::VersionNotFound { .. } => Code::VersionNotFound,
        Error::Offline { .. } => Code::Offline,
        Error::Unauthorized { .. } | Error::Forbidden { .. } => Code::Unauthorized,
        Error::NotAComponent { .. } => Code::NotAComponentArtifact,
        Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => Code::DigestMismatch,
        Error::UnsupportedRegistry { .. } => Code::UnsupportedRegistry,
        Error::Store(_) | Error::StoreUnreliable { .. } => Code::StoreFailure,
        _ => Code::RegistryFailure,
    }
}
