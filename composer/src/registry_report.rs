//! The words for what registries and the store cannot do: from their [`Error`] to a [`Diagnostic`].

use registry_client::{
    CredentialSource, Error, LayoutProblem, LogProblem, NetworkFailure, OperatorKeySource, Origin, Registry, Subject,
};

use crate::{
    diagnostic::{Code, Diagnostic},
    resolve::available,
};

/// Says what went wrong, why, and what to do.
pub fn diagnostic(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(code(error), message(error));
    match error {
        Error::NoMatchingVersion { registry, available: versions, .. } => diagnostic.note(available(registry, versions)),
        Error::AlreadyExists { existing, pushed, .. } => diagnostic
            .note(format!("the registry has  {existing}"))
            .note(format!("to be pushed is   {pushed}"))
            .hint("publish it under a new version: whoever locked this one relies on it")
            .hint("`--force` replaces it"),
        Error::CredentialHelper { registry, .. } => diagnostic
            .causes(error)
            .note("nobody asked the registry without it: anonymous access is no replacement")
            .hint(format!("mend the helper, or give a credential in variables or by another file\ncompose login {registry} --auth-file FILE")),
        Error::Metadata { host, .. } => diagnostic
            .causes(error)
            .note(format!("it says that in https://{host}/.well-known/wasm-pkg/registry.json"))
            .hint("name the registry itself, `oci://HOST/PREFIX`, under `[registries]`, or tell whoever runs the host"),
        Error::UnsupportedProtocol { .. } => {
            diagnostic.hint("name another registry for the package under `[registries]` of the manifest")
        }
        Error::VersionNotFound { origin, available: versions } => match &**origin {
            Origin::Package { registry, .. } => diagnostic.note(available(registry, versions)),
            Origin::Reference(_) => diagnostic,
        },
        Error::PackageNotFound { package, .. } => diagnostic
            .hint(format!("check its spelling; why this registry is asked is shown by\ncompose doctor {package}")),
        Error::ReferenceNotFound { .. } => diagnostic.hint("check the spelling of its repository and its tag"),
        Error::Offline { .. } => {
            diagnostic.hint("run it once without `--offline`: `compose fetch`, and `compose wit fetch` for WIT, put what is locked into the store")
        }
        Error::Unauthorized { credential: CredentialSource::Given, .. } => {
            diagnostic.causes(error).hint("check the user name and the password, or the token; nothing was stored")
        }
        Error::Unauthorized { registry, credential, .. } | Error::Forbidden { registry, credential, .. } => {
            diagnostic.causes(error).hint(login(registry, credential))
        }
        Error::DigestMismatch { .. } | Error::SizeMismatch { .. } => diagnostic
            .note("what arrived was thrown away")
            .hint("if it happens again, somebody or something changed the artifact: do not trust it"),
        Error::RegistryNotFound { .. } => {
            diagnostic.hint("create the directory, or mend its path; it is relative to the manifest")
        }
        Error::Layout { problem: LayoutProblem::Mismatch(mismatch), .. } => diagnostic
            .note(mismatch.to_string())
            .hint("somebody or something changed the file: publish the version again, or do not trust it"),
        Error::Network { subject, source, .. } => match &**source {
            NetworkFailure::Transport { .. } => {
                let cause = last_cause(&**source);
                let hint = without_an_answer(cause.as_deref().unwrap_or_default());
                diagnostic.note(source.to_string()).notes(cause).hint(hint)
            }
            NetworkFailure::Protocol { .. } | NetworkFailure::Status { status: 404, .. } if is_logged(subject) => diagnostic
                .causes(error)
                .hint("check that it is a warg registry, and that nothing in front of it answers in its place"),
            NetworkFailure::Status { status: 404, .. } if let Subject::Login { host } = &**subject => diagnostic
                .causes(error)
                .hint(format!("it answers, and is no OCI registry; a warg registry is named as one: `warg+https://{host}`")),
            NetworkFailure::Status { status: 400, url, .. } if url.starts_with("http:") => diagnostic.causes(error).hint(
                "it is spoken to in plain http; if it speaks TLS, say so in the user's `compose/config.toml`\n[registry.\"HOST\"]\nprotocol = \"https\"",
            ),
            _ => diagnostic.causes(error),
        },
        Error::UnsupportedRegistry { .. } => diagnostic
            .hint("get a `compose` that has them: they are left out only by `--no-default-features`\ncargo install --path composer/cli --features warg"),
        Error::Untrusted { source, .. } => untrusted(diagnostic.causes(error), source),
        Error::NamespaceNotDefined { imported_from, .. } => diagnostic.hint(match imported_from {
            Some(_) => "name that registry for the namespace, under `[registries.namespaces]`",
            None => "check the namespace's spelling, and which registry the manifest names for it; only its operator can define it",
        }),
        Error::NoSigningKey { .. } => diagnostic
            .hint("give the file of a private key with `--signing-key FILE`, or the key itself in the variable `COMPOSE_SIGNING_KEY`")
            .hint("a first key is made with\ncompose key new FILE"),
        Error::KeyNotAllowed { package, .. } => diagnostic.hint(format!(
            "sign with a key that may, or have whoever has one allow it to this key, which `compose key show` prints\ncompose key grant {package} KEY"
        )),
        Error::SignerRefused { registry, .. } => diagnostic
            .hint("have whoever runs the registry allow this key, which `compose key show` prints")
            .hint(format!("if the registry wants to know first who you are, log in\ncompose login {registry}")),
        Error::NothingToRevoke { .. } => {
            diagnostic.hint("check that it is the right key; the fingerprint of yours is shown by `compose key show`")
        }
        Error::AlreadyReleased { .. } => {
            diagnostic.hint("publish it under a new version: in a log, nothing is ever replaced")
        }
        Error::Yanked { .. } => diagnostic.hint("whoever needs it again needs a new version"),
        Error::Rejected { .. } => {
            diagnostic.hint("what a registry takes is up to whoever runs it; nothing was published")
        }
        Error::NotPublished { .. } => diagnostic.hint(
            "it may still be published: do the same again later, which changes nothing where it was, and ask whoever runs the registry if it never is",
        ),
        Error::LogMemory { path, .. } => diagnostic.hint(format!(
            "remove it, and the registry is trusted anew as it is then: first find out whether it is the right one\n{}",
            path.display()
        )),
        _ => diagnostic.causes(error),
    }
}

/// Whether something is in a warg registry.
fn is_logged(subject: &Subject) -> bool {
    match subject {
        Subject::Versions { registry, .. } | Subject::Log { registry, .. } => matches!(registry, Registry::Warg(_)),
        Subject::Manifest(origin) | Subject::Component(origin) | Subject::Push(origin) => {
            matches!(origin, Origin::Package { registry: Registry::Warg(_), .. })
        }
        Subject::Login { host } => host.starts_with("warg+"),
        _ => false,
    }
}

/// What can be done where no answer came, because of this.
///
/// NB: TLS tells of certificates in a text alone. What is received is about ours, the rest about theirs.
fn without_an_answer(cause: &str) -> &'static str {
    if cause.contains("received fatal alert") && cause.to_ascii_lowercase().contains("certificate") {
        "it wants a certificate of yours that it trusts: name a PEM file with it and its key in the user's `compose/config.toml`\n[registry.\"HOST\"]\nclient-certificate = \"me.pem\""
    } else if cause.contains("certificate") {
        "if it has a certificate of a private authority, have that one trusted: its PEM file is named by COMPOSE_CA_FILE, or in the user's `compose/config.toml`\n[registry.\"HOST\"]\nca = [\"authority.pem\"]"
    } else {
        "check the registry's name and the network; `--offline` uses only what is in the store"
    }
}

/// What can be done about a log that is not believed.
fn untrusted(diagnostic: Diagnostic, problem: &LogProblem) -> Diagnostic {
    let diagnostic = match problem {
        LogProblem::OperatorKey { known_from: OperatorKeySource::Required, .. } => {
            return diagnostic.hint("ask its operator for the key, by another way than this registry; `operator-key` in the manifest must be that");
        }
        LogProblem::OperatorKey { found, .. } => diagnostic.hint(format!(
            "if its operator says, by another way than this registry, that this is the new key, require it in the manifest\noperator-key = \"{found}\""
        )),
        LogProblem::Stale { .. } | LogProblem::Future { .. } => {
            return diagnostic.hint("check this machine's clock, and then whether the registry, or a mirror of it, stands still");
        }
        LogProblem::PackageGone => {
            return diagnostic.hint("nothing can be taken out of a log: ask its operator; what is locked and in the store can be had with `--offline`");
        }
        _ => diagnostic,
    };
    match problem.remembered() {
        Some(remembered) if !matches!(problem, LogProblem::OperatorKey { .. }) => diagnostic.hint(format!(
            "if its operator says, by another way than this registry, that it began anew, forget what is known of it, here and in `compose.lock`\nrm -r {}",
            remembered.display()
        )),
        _ => diagnostic.note("nothing of it was used"),
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

fn message(error: &Error) -> String {
    match error {
        Error::AlreadyExists { target, .. } => format!("{target} exists already, with other content"),
        Error::NoMatchingVersion { package, requirement, .. } => {
            format!("no version of `{package}` satisfies `{requirement}`")
        }
        error => error.to_string(),
    }
}

fn login(registry: &str, credential: &CredentialSource) -> String {
    let what = match credential {
        CredentialSource::Anonymous => "say who you are",
        _ => "log in as somebody whom it lets in",
    };
    format!("{what}\ncompose login {registry}")
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
        Error::VersionNotFound { .. } | Error::NoMatchingVersion { .. } => Code::VersionNotFound,
        Error::AlreadyExists { .. } => Code::VersionExists,
        Error::CredentialHelper { .. } => Code::CredentialHelper,
        Error::Metadata { .. } => Code::RegistryMetadata,
        Error::Content { .. } => Code::FileUnreadable,
        Error::Host { .. } => Code::InvalidValue,
        Error::Write { .. } => Code::OutputUnwritable,
        Error::Untrusted { .. } | Error::LogMemory { .. } => Code::RegistryUntrusted,
        Error::NamespaceNotDefined { .. } => Code::NamespaceNotDefined,
        Error::NoSigningKey { .. } | Error::SigningKey(_) => Code::SigningKey,
        Error::KeyNotAllowed { .. } | Error::SignerRefused { .. } | Error::NothingToRevoke { .. } => {
            Code::KeyNotAllowed
        }
        Error::AlreadyReleased { .. } | Error::Yanked { .. } => Code::VersionExists,
        Error::UnsupportedOperation { .. } => Code::UnsupportedRegistry,
        Error::Offline { .. } => Code::Offline,
        Error::Unauthorized { .. } | Error::Forbidden { .. } => Code::Unauthorized,
        Error::NotAComponent { .. } => Code::NotAComponentArtifact,
        Error::DigestMismatch { .. }
        | Error::SizeMismatch { .. }
        | Error::Layout { problem: LayoutProblem::Mismatch(_), .. } => Code::DigestMismatch,
        Error::RegistryNotFound { .. } => Code::UnknownRegistry,
        Error::UnsupportedRegistry { .. } | Error::UnsupportedProtocol { .. } => Code::UnsupportedRegistry,
        Error::Store(_) | Error::StoreUnreliable { .. } => Code::StoreFailure,
        _ => Code::RegistryFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_warg_registries_says_how_to_get_one_with_them() {
        let registry = "warg+https://warg.example".parse().unwrap();
        let found = diagnostic(&Error::UnsupportedRegistry { registry });
        let said = [vec![found.message], found.hints].concat().join("\n");
        insta::assert_snapshot!(said, @"
        warg+https://warg.example cannot be used: this program was built without support for warg registries
        get a `compose` that has them: they are left out only by `--no-default-features`
        cargo install --path composer/cli --features warg
        ");
    }
}
