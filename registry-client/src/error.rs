//! Why a registry's answer could not be had: [`Error`], as data that a caller can act on.

mod network;

pub use network::{NetworkFailure, Slowness};

use std::error::Error as StdError;
use std::path::PathBuf;
use std::time::Duration;

use semver::{Version, VersionReq};

use crate::artifact::NotAComponent;
use crate::blob::Mismatch;
use crate::credential::CredentialSource;
use crate::credential_helper::HelperError;
use crate::digest::Digest;
use crate::layout::LayoutProblem;
use crate::log_problem::LogProblem;
use crate::metadata::MetadataProblem;
use crate::package::PackageName;
use crate::reference::Reference;
use crate::registry::Registry;
use crate::release::{Origin, Subject};
use crate::repository::{LocationError, Repository};
use crate::store::StoreError;
use crate::transport::RequestError;

/// Why a [`Client`](crate::Client) could not do what was asked.
///
/// The rarer and larger subjects are boxed, so that a `Result` stays small.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such registry: only a directory can be known not to exist.
    #[error("the registry {registry} does not exist")]
    RegistryNotFound {
        /// The registry.
        registry: Registry,
    },
    /// The registry does not have the package.
    #[error("{registry} has no package {package}")]
    PackageNotFound {
        /// The registry asked.
        registry: Registry,
        /// The package.
        package: PackageName,
    },
    /// The registry has the package, but not in that version.
    #[error("there is no {origin}")]
    VersionNotFound {
        /// What was asked for; always [`Origin::Package`].
        origin: Box<Origin>,
        /// The versions there are, ascending.
        available: Vec<Version>,
    },
    /// The registry has the package, but in no version that is wanted.
    #[error("{registry} has no {package} in version {requirement}")]
    NoMatchingVersion {
        /// The registry asked.
        registry: Box<Registry>,
        /// The package.
        package: PackageName,
        /// What is wanted.
        requirement: VersionReq,
        /// The versions there are, ascending.
        available: Vec<Version>,
    },
    /// The registry does not have what the reference names.
    #[error("there is no {reference}")]
    ReferenceNotFound {
        /// The reference.
        reference: Box<Reference>,
    },
    /// The registry has the image manifest, but not the component it lists.
    #[error("the registry does not have {subject}, {digest}")]
    BlobNotFound {
        /// The component.
        subject: Box<Subject>,
        /// Its digest.
        digest: Digest,
    },
    /// What is to be pushed exists with other content.
    #[error("{target} exists with other content: its image manifest is {existing}, the one to be pushed is {pushed}")]
    AlreadyExists {
        /// What was to be pushed.
        target: Box<Origin>,
        /// The digest of the image manifest there.
        existing: Digest,
        /// The digest of the image manifest that was to be pushed.
        pushed: Digest,
    },
    /// A file that is to be pushed cannot be read.
    #[error("cannot read {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The network was needed and must not be used.
    #[error("{subject} cannot be {} offline", words(subject).done)]
    Offline {
        /// What it was needed for.
        subject: Box<Subject>,
    },
    /// The registry does not accept who we say we are, or wants us to say it.
    #[error("{registry} did not accept {credential}")]
    Unauthorized {
        /// The registry's host, or the whole name of a warg registry.
        registry: String,
        /// Where the credential came from.
        credential: CredentialSource,
        /// The request that was refused.
        source: Box<NetworkFailure>,
    },
    /// Who we are at the registry is kept by a credential helper, which failed.
    #[error("there is no credential to be had for {registry}")]
    CredentialHelper {
        /// The registry's host, or the whole name of a warg registry.
        registry: String,
        /// How the helper failed.
        source: Box<HelperError>,
    },
    /// The registry knows who we are and refuses.
    #[error("{registry} does not allow {repository} to be {action} with {credential}")]
    Forbidden {
        /// The registry's host, or the whole name of a warg registry.
        registry: String,
        /// The repository's path.
        repository: String,
        /// What was to be done with it: `read` or `written`.
        action: &'static str,
        /// Where the credential came from.
        credential: CredentialSource,
        /// The request that was refused.
        source: Box<NetworkFailure>,
    },
    /// The artifact is not one component.
    #[error("{origin} is not a component")]
    NotAComponent {
        /// The artifact.
        origin: Box<Origin>,
        /// What it is instead.
        #[source]
        why: NotAComponent,
    },
    /// Bytes have another digest than promised.
    #[error("{subject} is not what it should be: expected {expected}, found {found}")]
    DigestMismatch {
        /// What the bytes should have been.
        subject: Box<Subject>,
        /// The digest that was promised.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// There are more or fewer bytes than promised.
    #[error("{subject} is not what it should be: expected {expected} bytes, found {found}")]
    SizeMismatch {
        /// What the bytes should have been.
        subject: Box<Subject>,
        /// How many bytes were promised.
        expected: u64,
        /// How many came; where there are more than promised, counting stopped at the first one too many.
        found: u64,
    },
    /// There is more of something than is ever held in memory.
    #[error("{subject} exceeds the limit of {limit} {unit}")]
    TooLarge {
        /// What is too large.
        subject: Box<Subject>,
        /// The limit.
        limit: u64,
        /// What the limit counts, in the plural.
        unit: &'static str,
    },
    /// The network, or the server at its other end, failed.
    #[error("cannot {} {subject}{}", words(subject).verb, tried(*attempts))]
    Network {
        /// What was asked for.
        subject: Box<Subject>,
        /// How often it was tried.
        attempts: u32,
        /// How it failed.
        source: Box<NetworkFailure>,
    },
    /// TLS or the HTTP client cannot be set up on this machine.
    #[error("cannot set up HTTPS")]
    Setup(#[source] Box<dyn StdError + Send + Sync>),
    /// This kind of registry can be spoken to by a program that was built so, and this one was not.
    #[error("{registry} cannot be used: this program was built without support for warg registries")]
    UnsupportedRegistry {
        /// The registry.
        registry: Registry,
    },
    /// What a warg registry says cannot be believed.
    #[error("{registry} cannot be trusted")]
    Untrusted {
        /// The registry.
        registry: Registry,
        /// What is wrong.
        source: Box<LogProblem>,
    },
    /// The registry has no packages in the namespace, by its operator's own word.
    #[error("{registry} does not define the namespace `{namespace}`{}", elsewhere(imported_from.as_deref()))]
    NamespaceNotDefined {
        /// The registry.
        registry: Registry,
        /// The namespace.
        namespace: String,
        /// The registry that it says the namespace is from, on one line.
        imported_from: Option<String>,
    },
    /// Something is to be written into a log, and there is no key to sign it with.
    #[error("{registry} takes only what is signed, and no signing key was given")]
    NoSigningKey {
        /// The registry.
        registry: Registry,
    },
    /// The signing key is of the right shape and yet none.
    #[error("the signing key cannot be used")]
    SigningKey(#[source] Box<dyn StdError + Send + Sync>),
    /// The signing key may not do this.
    #[error("the key {key} may not {action} {package}")]
    KeyNotAllowed {
        /// The key's fingerprint.
        key: String,
        /// What it may not do, as a phrase about the package: `release versions of`.
        action: &'static str,
        /// The package.
        package: PackageName,
    },
    /// The registry takes nothing that is signed with this key, or not for this package.
    #[error("{registry} does not take what the key {key} signs for {package}: {reason}")]
    SignerRefused {
        /// The registry.
        registry: Box<Registry>,
        /// The key's fingerprint.
        key: String,
        /// The package.
        package: PackageName,
        /// What the registry says, on one line.
        reason: String,
    },
    /// A key was to lose what it has not.
    #[error("the key {key} has nothing that could be taken from it for {package}")]
    NothingToRevoke {
        /// The key's fingerprint.
        key: Digest,
        /// The package.
        package: PackageName,
    },
    /// A released version is there with other content. In a log, nothing is ever replaced.
    #[error("{target} was released with other content: its component is {existing}, the one to be pushed is {pushed}")]
    AlreadyReleased {
        /// What was to be pushed.
        target: Box<Origin>,
        /// The digest of the component there.
        existing: Digest,
        /// The digest of the component that was to be pushed.
        pushed: Digest,
    },
    /// A version was withdrawn, which is for good.
    #[error("{target} was withdrawn by its publisher, which cannot be undone")]
    Yanked {
        /// The version.
        target: Box<Origin>,
    },
    /// The registry looked at a record and did not take it.
    #[error("{registry} refused the record for {package}: {reason}")]
    Rejected {
        /// The registry.
        registry: Box<Registry>,
        /// The package.
        package: PackageName,
        /// What the registry says, on one line.
        reason: String,
    },
    /// The registry took a record and did not publish it in the time there is.
    #[error("{registry} took the record for {package}, and did not publish it within {} seconds", waited.as_secs())]
    NotPublished {
        /// The registry.
        registry: Box<Registry>,
        /// The package.
        package: PackageName,
        /// How long was waited.
        waited: Duration,
    },
    /// This kind of registry has no such operation.
    #[error("{registry} cannot {operation}: only warg registries can")]
    UnsupportedOperation {
        /// The registry.
        registry: Registry,
        /// What it cannot do, as a phrase.
        operation: &'static str,
    },
    /// What is remembered of a warg registry cannot be read.
    #[error("{} cannot be used, which says what is known of {registry}: {problem}", path.display())]
    LogMemory {
        /// The registry.
        registry: Registry,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, on one line.
        problem: String,
    },
    /// A host is to be spoken to in a protocol that is not known.
    #[error("{host} cannot be used: it is configured for wkg's protocol `{protocol}`, and this version speaks `oci`")]
    UnsupportedProtocol {
        /// The host.
        host: String,
        /// The protocol.
        protocol: String,
    },
    /// A text that should be a host is none.
    #[error("`{host}` is not a registry's host")]
    Host {
        /// The text.
        host: String,
        /// What is wrong with it.
        source: LocationError,
    },
    /// What a host says of its registry cannot be used.
    #[error("{host} does not say in a usable way which registry it is")]
    Metadata {
        /// The host.
        host: String,
        /// What is wrong with what it says.
        source: Box<MetadataProblem>,
    },
    /// The registry's prefix and the package's name are together no valid repository.
    #[error("{package} cannot be in {registry}")]
    Location {
        /// The registry.
        registry: Registry,
        /// The package.
        package: PackageName,
        /// What is wrong with their combination.
        source: Box<LocationError>,
    },
    /// A file of a directory registry is not as an OCI image layout has it.
    #[error("cannot read {} as part of an OCI image layout", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: LayoutProblem,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store lost what had just been put into it: something else writes to its files.
    #[error("the content store lost {digest} right after it was stored")]
    StoreUnreliable {
        /// The digest of what was put.
        digest: Digest,
    },
    /// The store cannot be used.
    #[error("the content store cannot be used")]
    Store(#[source] StoreError),
}

impl Error {
    /// Says of which subject the bytes are not the promised ones.
    pub(crate) fn mismatch(subject: Subject, mismatch: Mismatch) -> Error {
        let subject = Box::new(subject);
        match mismatch {
            Mismatch::Size { expected, found } => Error::SizeMismatch { subject, expected, found },
            Mismatch::Digest { expected, found } => Error::DigestMismatch { subject, expected, found },
        }
    }

    /// Says for which subject a request to `host` failed.
    pub(crate) fn request(subject: Subject, repository: &Repository, error: RequestError) -> Error {
        Error::request_at(subject, repository.host().as_str(), repository.path(), error)
    }

    /// Says for which subject a request failed to `path` at `host`.
    pub(crate) fn request_at(subject: Subject, registry: &str, path: &str, error: RequestError) -> Error {
        let registry = registry.to_owned();
        let action = words(&subject).action;
        let subject = Box::new(subject);
        match error {
            RequestError::NotFound(source) | RequestError::Failed(source) => {
                Error::Network { subject, attempts: 1, source }
            }
            RequestError::GaveUp { failure, attempts } => Error::Network { subject, attempts, source: failure },
            RequestError::Unauthorized(credential, source) => Error::Unauthorized { registry, credential, source },
            RequestError::Forbidden(credential, source) => {
                Error::Forbidden { registry, repository: path.to_owned(), action, credential, source }
            }
            RequestError::Mismatch(mismatch) => Error::mismatch(*subject, mismatch),
            RequestError::TooLarge { limit, unit } => Error::TooLarge { subject, limit, unit },
            RequestError::Setup(source) => Error::Setup(source),
            RequestError::Helper(source) => Error::CredentialHelper { registry, source: Box::new(source) },
        }
    }

    /// Says for which subject the store failed.
    pub(crate) fn store(subject: Subject, error: StoreError) -> Error {
        match error {
            StoreError::Mismatch(mismatch) => Error::mismatch(subject, mismatch),
            error @ StoreError::Io { .. } => Error::Store(error),
        }
    }
}

/// The words for what is done with a subject.
struct Words {
    verb: &'static str,
    done: &'static str,
    /// What is done with its repository.
    action: &'static str,
}

fn words(subject: &Subject) -> Words {
    match subject {
        Subject::Versions { .. }
        | Subject::Manifest(_)
        | Subject::Component(_)
        | Subject::Referrers { .. }
        | Subject::Metadata { .. }
        | Subject::Login { .. } => Words { verb: "get", done: "had", action: "read" },
        Subject::Push(_) => Words { verb: "push", done: "pushed", action: "written" },
        Subject::Log { .. } => Words { verb: "change", done: "changed", action: "written" },
    }
}

fn elsewhere(registry: Option<&str>) -> String {
    registry.map_or_else(String::new, |registry| format!(": it says that its packages are in {registry}"))
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(", tried {attempts} times") } else { String::new() }
}

/// An error and its causes on one line, as the tests show it.
#[cfg(test)]
pub(crate) fn chain(error: &dyn StdError) -> String {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Shortens what a server says to one printable line: it may be long, or meant to take over a terminal.
pub(crate) fn one_line(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    let mut line: String = text.trim().chars().map(printable).take(MAX_CHARS).collect();
    if text.trim().chars().nth(MAX_CHARS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_one_short_printable_line() {
        assert_eq!(one_line("  slow\r\n\x1b[2Jdown\n"), "slow   [2Jdown");
        assert_eq!(one_line(&"é".repeat(201)), format!("{}…", "é".repeat(200)));
        assert_eq!(one_line(&"é".repeat(200)), "é".repeat(200));
    }
}
