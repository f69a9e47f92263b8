//! A component that the composition is made of: its bytes, their digest, and its type.
//!
//! From bytes to [`Part`], or to why they are no component. The name, the version and the origin come from the manifest and
//! the lock; everything else is read off the bytes.

use std::{ops::Deref, sync::Arc};

use registry_client::{Descriptor, Digest, VerifiedBlob};
use semver::Version;
use wit::{DecodeError, World};

use crate::{
    diagnostic::{Code, Diagnostic},
    manifest::Name,
};

/// A component, loaded.
#[derive(Debug)]
pub struct Part {
    /// The manifest's name for it.
    pub name: Name,
    /// Its version, where it comes from a registry.
    pub version: Option<Version>,
    /// Its imports and exports.
    pub world: World,
    bytes: ComponentBytes,
    digest: Digest,
}

/// The bytes of a component.
#[derive(Debug, Clone)]
pub enum ComponentBytes {
    /// From a registry: verified against the digest that the lock names.
    Verified(VerifiedBlob),
    /// From a file of the application itself: trusted as its sources are.
    Local(Arc<[u8]>),
}

impl Deref for ComponentBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Verified(blob) => blob,
            Self::Local(bytes) => bytes,
        }
    }
}

impl Part {
    /// Reads a component's type off its bytes.
    ///
    /// # Errors
    /// When the bytes are not a component whose imports and exports WIT can express.
    pub fn new(name: Name, version: Option<Version>, bytes: ComponentBytes) -> Result<Self, DecodeError> {
        let world = World::of_component(&bytes)?;
        let digest = match &bytes {
            ComponentBytes::Verified(blob) => blob.digest(),
            ComponentBytes::Local(bytes) => Digest::of(bytes),
        };
        Ok(Self { name, version, world, bytes, digest })
    }

    /// The component's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest and the size of the component's bytes.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor { digest: self.digest, size: self.bytes.len() as u64 }
    }

    /// The digest of the component's bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Says why bytes are not a component that can be composed, and how to make them one; `name` is what the person calls them.
pub fn undecodable(name: &str, bytes: &[u8], error: &DecodeError) -> Diagnostic {
    let (code, message) = match error {
        DecodeError::Empty => (Code::NotAComponent, format!("`{name}` is empty")),
        DecodeError::Truncated { .. } => (Code::InvalidComponent, format!("`{name}` is truncated")),
        DecodeError::Invalid { .. } => (Code::InvalidComponent, format!("`{name}` is not a valid component")),
        DecodeError::Unsupported { .. } => {
            (Code::UnsupportedComponent, format!("`{name}` cannot be linked by its interfaces"))
        }
        _ => (Code::NotAComponent, format!("`{name}` is not a component")),
    };
    let diagnostic = Diagnostic::error(code, message).note(error.to_string());
    match error {
        DecodeError::Empty => diagnostic.hint("build it again: a build that failed may have left it so"),
        DecodeError::Truncated { .. } => {
            diagnostic.hint("copy or build it again: a copy or a download may have broken off")
        }
        DecodeError::NotWasm { .. } if looks_like_component_text(bytes) => {
            diagnostic.hint("component text must be in a file whose name ends in `.wat`")
        }
        DecodeError::NotWasm { .. } => {
            diagnostic.hint("a component is a `.wasm` binary, or its text in a file whose name ends in `.wat`")
        }
        DecodeError::CoreModule => diagnostic
            .hint(format!("make a component of it\nwasm-tools component new {name} -o {}", component_file(name)))
            .hint("if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`"),
        DecodeError::WitPackage => {
            diagnostic.hint("a WIT package can be the `wit` of `[world]`, and has no code to link")
        }
        _ => diagnostic,
    }
}

fn looks_like_component_text(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start(), [b'(' | b';', ..])
}

fn component_file(name: &str) -> String {
    format!("{}.component.wasm", name.strip_suffix(".wasm").unwrap_or(name))
}
