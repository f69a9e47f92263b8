//! Why a registry's answer could not be had: [`Error`], as data that a caller can act on.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::time::Duration;

use semver::{Version, VersionReq};

use crate::artifact::NotAComponent;
use crate::blob::Mismatch;
use crate::credential_helper::HelperError;
use crate::credentials::CredentialSource;
use crate::digest::Digest;
use crate::host::Host;
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
        /// The registry's host.
        registry: String,
        /// Where the credential came from.
        credential: CredentialSource,
        /// The request that was refused.
        source: Box<NetworkFailure>,
    },
    /// Who we are at the registry is kept by a credential helper, which failed.
    #[error("there is no credential to be had for {registry}")]
    CredentialHelper {
        /// The registry's host.
        registry: String,
        /// How the helper failed.
        source: Box<HelperError>,
    },
    /// The registry knows who we are and refuses.
    #[error("{registry} does not allow {repository} to be {action} with {credential}")]
    Forbidden {
        /// The registry's host.
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
    /// This kind of registry cannot be spoken to yet.
    #[error("{registry} cannot be used: this version speaks to `oci://` and `dir:` registries")]
    UnsupportedRegistry {
        /// The registry.
        registry: Registry,
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
        Error::request_at(subject, repository.host(), repository.path(), error)
    }

    /// Says for which subject a request failed to `path` at `host`.
    pub(crate) fn request_at(subject: Subject, host: &Host, path: &str, error: RequestError) -> Error {
        let registry = host.as_str().to_owned();
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
    }
}

/// How one request failed. The URL is without user, query and fragment, which may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFailure {
    /// No complete answer came.
    #[error("{method} {url} failed")]
    Transport {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server answered with an error.
    #[error("{method} {url} was answered with {status}{}{}", answer(code.as_deref(), message.as_deref()), wait(*retry_after))]
    Status {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The server's own code, as `MANIFEST_UNKNOWN`.
        code: Option<String>,
        /// The server's own explanation, shortened to one line.
        message: Option<String>,
        /// How long the server asks to wait before the next request.
        retry_after: Option<Duration>,
    },
    /// The body ended too early.
    #[error("{method} {url} broke off after {received} bytes: {reason}")]
    BrokenOff {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// How many bytes of the body there were by then.
        received: u64,
        /// What happened, as a phrase.
        reason: String,
    },
    /// The server is too slow to be waited for.
    #[error("{method} {url} {slowness}")]
    Slow {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// In which way.
        slowness: Slowness,
    },
    /// The server's answer breaks the protocol or a rule of safety.
    #[error("{method} {url} was answered with {problem}")]
    Protocol {
        /// The request's method.
        method: &'static str,
        /// The request's URL, redacted.
        url: String,
        /// What came, as a phrase.
        problem: String,
    },
}

impl NetworkFailure {
    /// The HTTP status, where the server answered with one that is an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            NetworkFailure::Status { status, .. } => Some(*status),
            NetworkFailure::Transport { .. }
            | NetworkFailure::BrokenOff { .. }
            | NetworkFailure::Slow { .. }
            | NetworkFailure::Protocol { .. } => None,
        }
    }

    /// The failure of the same request in another way.
    pub(crate) fn protocol(&self, problem: &str) -> NetworkFailure {
        let (NetworkFailure::Transport { method, url, .. }
        | NetworkFailure::Status { method, url, .. }
        | NetworkFailure::BrokenOff { method, url, .. }
        | NetworkFailure::Slow { method, url, .. }
        | NetworkFailure::Protocol { method, url, .. }) = self;
        NetworkFailure::Protocol { method, url: url.clone(), problem: problem.to_owned() }
    }
}

fn answer(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!(" {code}: {message}"),
        (Some(text), None) | (None, Some(text)) => format!(" {text}"),
        (None, None) => String::new(),
    }
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" (it asks to wait {} seconds)", wait.as_secs())).unwrap_or_default()
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(", tried {attempts} times") } else { String::new() }
}

/// In which way a server is too slow. Printed as a phrase about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Slowness {
    /// No answer began.
    #[error("had no answer within {} seconds", limit.as_secs())]
    NoAnswer {
        /// How long was waited.
        limit: Duration,
    },
    /// The answer came too slowly to go on.
    #[error("brought less than {bytes_per_second} bytes a second for {} seconds", over.as_secs())]
    Rate {
        /// The least rate.
        bytes_per_second: u32,
        /// How long it was not reached.
        over: Duration,
    },
    /// All tries together took too long.
    #[error("did not come to an end within {} seconds", limit.as_secs())]
    Total {
        /// How long was waited.
        limit: Duration,
    },
}

/// What is wrong with a file of a directory registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutProblem {
    /// The file is missing.
    #[error("it does not exist")]
    Missing,
    /// It is a directory, a pipe or a device.
    #[error("it is not a file")]
    NotAFile,
    /// The file cannot be read.
    #[error("it cannot be read")]
    Io(#[source] std::io::Error),
    /// The file is larger than any of its kind may be.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The most bytes it may have.
        limit: u64,
    },
    /// The file is not the JSON it should be.
    #[error("its JSON is malformed: {problem}")]
    Json {
        /// Where and how, shortened to one line.
        problem: String,
    },
    /// The layout has a version that is not known.
    #[error("its layout version is `{version}`, expected `1.0.0`")]
    Version {
        /// The version.
        version: String,
    },
    /// A digest in the file is malformed.
    #[error("a digest in it is not valid")]
    Digest(#[source] crate::digest::DigestParseError),
    /// A size in the file is none.
    #[error("a size in it is {size}")]
    Size {
        /// The size, which is negative.
        size: i64,
    },
    /// Two different manifests have the same tag.
    #[error("it lists two different manifests for the tag `{tag}`")]
    AmbiguousTag {
        /// The tag.
        tag: String,
    },
    /// The file does not hold the bytes its name promises.
    #[error("its bytes are not what its name says")]
    Mismatch(#[source] Mismatch),
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
