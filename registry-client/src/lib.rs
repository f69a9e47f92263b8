//! Wasm components in OCI registries and in directories: names, releases, verified bytes, credentials and the content store.
//!
//! | module | decides | from → to |
//! |---|---|---|
//! | [`package`](PackageName), [`registry`](Registry), [`reference`](Reference) | what a text names | text → name |
//! | [`digest`](Digest) | what identifies bytes | bytes or text → digest, descriptor |
//! | [`publication`](Artifact) | what an artifact is made of | component → image manifest, blobs |
//! | `artifact` | which layer of an artifact is its component | image manifest → [`Release`] |
//! | [`description`](Description) | what a component says of itself | config → names of imports and exports |
//! | [`blob`](VerifiedBlob), [`file`](VerifiedFile) | which bytes are usable | descriptor → verified bytes |
//! | [`store`](Store), [`ingest`](Ingest) | which bytes are here, and how others come in | pieces → verified bytes |
//! | [`inventory`](StoreUsage) | what of the store can go | files → sums, what was removed |
//! | [`configuration`](Configuration) | which registry a package comes from, and why | files' texts → [`Choice`] |
//! | `metadata` | which registry a host is | host → [`Registry`] |
//! | [`credentials`](Credentials), `credential`, `credential_helper` | who we are at a registry | variables, Docker's `config.json` → credential |
//! | [`credential_file`](CredentialFile), `json_text` | where a login is kept | password → entry of a file or a helper |
//! | `layout` | the same answers as a registry, from files | directory → manifests, blobs |
//! | [`http_options`](HttpOptions), `connections` | how servers are spoken to | host → HTTP client |
//! | `destination`, `retry` | where a server may send us, and when it is asked again | URL or failure → yes or no |
//! | `download` | which bytes complete which | answers → verified file |
//! | `turns` | when a request may be made | requests and bytes under way → a turn |
//! | `transport`, `authorization`, `oci`, `referrers`, `upload` | the OCI distribution protocol, bounded | repository ↔ manifests, blobs |
//! | `warg` | what a transparency log proves | records, checkpoints, proofs → releases |
//! | [`client`](Client) | where to ask, and in which order | [`Origin`] → versions, release, bytes; [`Artifact`] → release |
//!
//! Two rules hold everywhere. Bytes from outside become usable only as a [`VerifiedBlob`] or a [`VerifiedFile`], which digest and size together
//! construct. Nothing from outside, neither a body nor a file nor a text, is held in memory without a limit or can panic.
//!
//! ```no_run
//! use registry_client::{Client, ClientOptions, Credentials, EventSink, Network, Origin, Store};
//!
//! # async fn pull() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientOptions {
//!     store: Store::open("cache".as_ref())?,
//!     credentials: Credentials::anonymous(),
//!     network: Network::Online,
//!     insecure: [].into(),
//!     parallel: const { std::num::NonZeroUsize::new(8).unwrap() },
//!     events: EventSink::silent(),
//! });
//! let origin = Origin::Reference("ghcr.io/acme/fraud:3.0.1".parse()?);
//! let release = client.release(&origin).await?;
//! let component = client.fetch(&origin, &release).await?;
//! assert_eq!(component.digest(), release.component.digest);
//! # Ok(())
//! # }
//! ```
//!
//! The crate knows no terminal and reads no environment variables: configuration comes in as values, progress goes out as [`Event`]s.
//! NB: proxies are the exception. `reqwest` reads `HTTPS_PROXY` and its siblings itself; loopback hosts never go through one.

mod artifact;
mod authorization;
mod blob;
mod client;
mod configuration;
mod connections;
mod credential;
mod credential_file;
mod credential_helper;
mod credentials;
mod derived;
mod description;
mod destination;
mod digest;
mod download;
mod error;
mod event;
mod file;
mod host;
mod http_options;
mod ingest;
mod inventory;
mod json_text;
mod key;
mod layout;
mod log_problem;
mod metadata;
mod oci;
mod package;
mod publication;
mod reference;
mod referrers;
mod registry;
mod release;
mod replacement;
mod repository;
mod retry;
mod store;
mod transport;
mod turns;
mod upload;
#[cfg(feature = "warg")]
mod warg;
mod warg_registry;

pub use artifact::NotAComponent;
pub use blob::{Mismatch, VerifiedBlob};
pub use client::{
    AccessCheck, Client, ClientOptions, LogCheck, LoginCheck, Network, Overwrite, Permission, PushMode, PushOptions,
    PushOutcome, Pushed,
};
pub use configuration::{Choice, Configuration, ConfigurationError, HostRules, NetworkRules, Place, Rule};
pub use credential::{CredentialSource, EntryProblem, Secret};
pub use credential_file::{CredentialFile, Login};
pub use credential_helper::{HelperError, HelperProblem};
pub use credentials::{Credentials, CredentialsError};
pub use derived::DerivedKind;
pub use description::{Description, Interfaces};
pub use digest::{Descriptor, Digest, DigestParseError, Digester};
pub use error::{Error, NetworkFailure, Slowness};
pub use event::{Event, EventSink};
pub use file::VerifiedFile;
pub use http_options::{
    Authorities, CertificateError, ClientIdentity, HostOptions, HttpOptions, Patience, RetryPolicy, Scheme,
    Verification,
};
pub use ingest::Ingest;
pub use inventory::{PrunePolicy, Pruned, StoreEntry, StoreUsage, StoreVerification, Tally};
pub use key::{KeyParseError, PublicKey, SigningKey};
pub use layout::LayoutProblem;
pub use log_problem::{LogProblem, LogState, OperatorKeySource};
pub use metadata::MetadataProblem;
pub use package::{PackageName, PackageNameError};
pub use publication::{Artifact, ComponentConfig, Content, Os};
pub use reference::{Reference, ReferenceParseError};
pub use referrers::Referrer;
pub use registry::{OciRegistry, Registry, RegistryParseError};
pub use release::{Availability, Origin, Published, Release, Subject};
pub use repository::LocationError;
pub use store::{Lookup, Store, StoreError};
pub use upload::Delivery;
pub use warg_registry::WargRegistry;
