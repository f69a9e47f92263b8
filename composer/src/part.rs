//! A component that the composition is made of: where its bytes are, their digest, its type, and its shell.
//!
//! From an [`Input`] to [`Part`], or to why it is no component. The name, the version and the origin come from the manifest and
//! the lock; everything else is read off the bytes, which are not kept: the shell says where they are.

use std::{io, sync::Arc};

use registry_client::{Descriptor, Digest};
use semver::Version;
use wit::{DecodeError, World};

use crate::{
    component_file,
    diagnostic::{Code, Diagnostic},
    input::Input,
    manifest::Name,
    memory::Memory,
    shell::{CutError, MAX_DEPTH, Outline, TypeError, TypedShell},
};

/// A component, read.
#[derive(Debug)]
pub struct Part {
    /// The manifest's name for it.
    pub name: Name,
    /// Its version, where it comes from a registry.
    pub version: Option<Version>,
    /// Its imports and exports; shared with what resolution remembers of it.
    pub world: Arc<World>,
    input: Input,
    descriptor: Descriptor,
    shell: Arc<TypedShell>,
}

/// What is known of a component before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) descriptor: Descriptor,
    /// Whether it comes from a registry, where others find it too.
    pub(crate) is_published: bool,
}

/// Why an input is no part.
#[derive(Debug)]
pub enum PartError {
    /// Its bytes cannot be read.
    Unreadable(io::Error),
    /// They are no component whose imports and exports WIT can express.
    Undecodable {
        /// The bytes.
        bytes: Vec<u8>,
        /// What is wrong with them.
        error: DecodeError,
    },
}

impl Part {
    /// Reads a component's shell and type, once.
    ///
    /// # Errors
    /// When the bytes cannot be read, or are not a component whose imports and exports WIT can express.
    pub fn new(name: Name, version: Option<Version>, input: Input) -> Result<Self, PartError> {
        let (shell, descriptor) = TypedShell::of(&input).map_err(|error| match error {
            TypeError::Uncut(error) => why_not(&input, error),
            TypeError::Unworldly(error) => undecodable_whole(&input, error),
        })?;
        Ok(Self::of_shell(name, version, input, descriptor, Arc::new(shell)))
    }

    /// The same, where the descriptor may be known and the shell remembered.
    pub(crate) fn recall(
        name: Name,
        version: Option<Version>,
        input: Input,
        known: Option<Known>,
        memory: &Memory,
    ) -> Result<Self, PartError> {
        if let Some(Known { descriptor, .. }) = known
            && let Some(shell) = memory.shell(&descriptor)
        {
            return Ok(Self::of_shell(name, version, input, descriptor, shell));
        }
        let part = Self::new(name, version, input)?;
        if known.is_some_and(|known| known.descriptor != part.descriptor) {
            let changed = "it has other bytes than a moment ago";
            return Err(PartError::Unreadable(io::Error::new(io::ErrorKind::InvalidData, changed)));
        }
        memory.keep_shell(part.shell.shell(), &part.descriptor, known.is_some_and(|known| known.is_published));
        Ok(part)
    }

    fn of_shell(
        name: Name,
        version: Option<Version>,
        input: Input,
        descriptor: Descriptor,
        shell: Arc<TypedShell>,
    ) -> Self {
        Self { name, version, world: Arc::clone(shell.world()), input, descriptor, shell }
    }

    /// Where the component's bytes are.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// The digest and the size of the component's bytes.
    pub fn descriptor(&self) -> Descriptor {
        self.descriptor
    }

    /// The digest of the component's bytes.
    pub fn digest(&self) -> Digest {
        self.descriptor.digest
    }

    /// How many bytes the component has.
    pub fn size(&self) -> u64 {
        self.descriptor.size
    }

    /// What the component consists of.
    pub(crate) fn outline(&self) -> &Outline {
        &self.shell.shell().root
    }

    /// A section that defines the component's type, if that is known; that the component is of it is for [`TypedShell`] to say.
    pub(crate) fn type_section(&self) -> Option<&[u8]> {
        self.shell.shell().type_section()
    }

    /// The shell, for a proof.
    pub(crate) fn shell(&self) -> &Arc<TypedShell> {
        &self.shell
    }

    /// A component that has this one's imports, and nothing that comes after them.
    pub(crate) fn imports_alone(&self) -> Vec<u8> {
        self.shell.shell().imports_alone()
    }
}

impl PartError {
    /// Why an input that cannot be cut is none.
    pub(crate) fn of_cut(input: &Input, error: CutError) -> Self {
        why_not(input, error)
    }
}

/// Why an input that cannot be cut is no component, in the words of who reads all of it.
fn why_not(input: &Input, error: CutError) -> PartError {
    let error = match error {
        CutError::Unreadable(error) => return PartError::Unreadable(error),
        CutError::TooDeep => {
            DecodeError::Unsupported { what: format!("its components are nested more than {MAX_DEPTH} deep") }
        }
        CutError::Malformed => DecodeError::Invalid { offset: 0, message: "its sections are malformed".to_owned() },
    };
    undecodable_whole(input, error)
}

/// The finding of who reads the whole component, whose places are those in the file; `otherwise`, if that finds nothing.
fn undecodable_whole(input: &Input, otherwise: DecodeError) -> PartError {
    match input.to_bytes() {
        Ok(bytes) => {
            let error = World::of_component(&bytes).err().unwrap_or(otherwise);
            PartError::Undecodable { bytes, error }
        }
        Err(error) => PartError::Unreadable(error),
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
        DecodeError::NotWasm { .. } if component_file::is_text(bytes) => {
            diagnostic.hint("text is assembled where a file has it; here it must be a binary\nwasm-tools parse")
        }
        DecodeError::NotWasm { .. } => diagnostic.hint("a component is a binary (`.wasm`), or its text (`.wat`)"),
        DecodeError::CoreModule => diagnostic
            .hint(format!("make a component of it\nwasm-tools component new {name} -o {}", made_of(name)))
            .hint("if it imports `wasi_snapshot_preview1`, add `--adapt wasi_snapshot_preview1.wasm`"),
        DecodeError::WitPackage => {
            diagnostic.hint("a WIT package can be the `wit` of `[world]`, and has no code to link")
        }
        _ => diagnostic,
    }
}

fn made_of(name: &str) -> String {
    format!("{}.component.wasm", name.strip_suffix(".wasm").unwrap_or(name))
}
