//! The words for what registries and the store cannot do: from their [`Error`] to a [`Diagnostic`].

use registry_client::{Error, LayoutProblem, NetworkFailure, Origin};

use crate::{
    diagnostic::{Code, Diagnostic},
    resolve::available,
};

/// Says what went wrong, why, and what to do.
pub(crate) fn diagnostic(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(code(error), error.to_string());
    match error {
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
        Error::RegistryNotFound { .. } => {
            diagnostic.hint("create the directory, or mend its path; it is relative to the manifest")
        }
        Error::Layout { problem: LayoutProblem::Mismatch(mismatch), .. } => diagnostic
            .note(mismatch.to_string())
            .hint("somebody or something changed the file: publish the version again, or do not trust it"),
        Error::Network { source, .. } => match &**source {
            NetworkFailure::Transport { .. } => diagnostic
                .note(source.to_string())
                .notes(last_cause(&**source))
                .hint("check the registry's name and the network; `--offline` uses only what is in the store"),
            _ => diagnostic.causes(error),
        },
        _ => diagnostic.causes(error),
    }
}

/// What is said when the bytes that were decided on cannot be fetched.
pub(crate) fn fetch_diagnostic(error: &Error) -> Diagnostic {
    let is_gone = matches!(error, Error::BlobNotFound { .. } | Error::Layout { problem: LayoutProblem::Missing, .. });
    let diagnostic = diagnostic(error);
    if !is_gone {
        return diagnostic;
    }
    diagnostic
        .note("`compose.lock` names these bytes, and the registry no longer has them")
        .hint("if the version was replaced on purpose, take its entry out of `compose.lock` and run `compose lock`")
}

/// The innermost cause: those between it and the failure only repeat that there was one.
fn last_cause(error: &dyn std::error::Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Some(format!("caused by: {cause}"))
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
        Error::DigestMismatch { .. }
        | Error::SizeMismatch { .. }
        | Error::Layout { problem: LayoutProblem::Mismatch(_), .. } => Code::DigestMismatch,
        Error::RegistryNotFound { .. } => Code::UnknownRegistry,
        Error::UnsupportedRegistry { .. } => Code::UnsupportedRegistry,
        Error::Store(_) | Error::StoreUnreliable { .. } => Code::StoreFailure,
        _ => Code::RegistryFailure,
    }
}
