//! Validation: proves that a layout is a valid component, and the one that the target world asks for.
//!
//! From a [`Layout`] to a [`Validated`], which nothing else constructs and which alone can be emitted. The bytes are read anew:
//! nothing that planning or encoding believed is believed here.

use wasmparser::{Validator, WasmFeatures};
use wit::World;

use crate::{
    diagnostic::{Code, Diagnostic},
    encode::Layout,
    manifest::Manifest,
    part::Part,
};

/// A component that was proved valid.
#[derive(Debug)]
pub struct Validated {
    bytes: Vec<u8>,
}

impl Validated {
    /// The component's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The WebAssembly features that current runtimes enable without being asked: wasmparser's default, which is what the
/// specification has finished, and the asynchronous component model of WASI 0.3.
pub fn features() -> WasmFeatures {
    WasmFeatures::default() | WasmFeatures::CM_ASYNC
}

/// Proves a layout that was made from `parts`.
///
/// # Errors
/// [`Code::InvalidComponent`] when a part has a function body that is not valid: reading a component's type does not look at
/// those. Everything else is [`Code::Internal`], because planning has found all else that can be wrong with the inputs.
pub fn validate(
    layout: Layout,
    manifest: &Manifest,
    parts: &[Part],
    target: Option<&World>,
) -> Result<Validated, Diagnostic> {
    let bytes = layout.bytes;
    if let Err(error) = validate_bytes(&bytes, features()) {
        return Err(culprit(manifest, parts).unwrap_or_else(|| {
            Diagnostic::error(Code::Internal, "the encoded component is not valid")
                .note(described(&error))
                .hint("this is a fault of `compose`: please report it with the manifest")
        }));
    }
    if let Some(target) = target {
        let result = World::of_component(&bytes).map_err(|error| {
            Diagnostic::error(Code::Internal, "the encoded component cannot be read back").note(error.to_string())
        })?;
        let found = wit::conformance(&result, target);
        if !found.is_empty() {
            return Err(Diagnostic::error(Code::Internal, "the encoded component does not meet its target world")
                .notes(found.iter().map(ToString::to_string)));
        }
    }
    Ok(Validated { bytes })
}

/// The finding about the first part that is not valid by itself, which explains why nothing valid can be made of it.
pub(crate) fn culprit(manifest: &Manifest, parts: &[Part]) -> Option<Diagnostic> {
    let (part, error) = parts.iter().find_map(|part| Some((part, validate_bytes(part.bytes(), features()).err()?)))?;
    let diagnostic = if validate_bytes(part.bytes(), WasmFeatures::all()).is_ok() {
        let message =
            format!("the component `{}` needs a WebAssembly feature that runtimes do not enable yet", part.name);
        let diagnostic = Diagnostic::error(Code::InvalidComponent, message).note(described(&error));
        diagnostic.hint("build it again without that feature")
    } else {
        let message = format!("the component `{}` is not valid", part.name);
        let diagnostic = Diagnostic::error(Code::InvalidComponent, message).note(described(&error));
        diagnostic.hint("build it again, with a current compiler and a current `wasm-tools`")
    };
    Some(match manifest.component(&part.name) {
        Some(entry) => diagnostic.label(&manifest.source, entry.source.span.clone(), "needed here"),
        None => diagnostic,
    })
}

fn validate_bytes(bytes: &[u8], features: WasmFeatures) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(features).validate_all(bytes).map(|_| ())
}

fn described(error: &wasmparser::BinaryReaderError) -> String {
    format!("{} (at offset {:#x})", error.message(), error.offset())
}
