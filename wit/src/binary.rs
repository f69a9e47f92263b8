//! Decides what the bytes of a file are and whether they are a valid component, from bytes, to the validator's types of
//! the component's imports and exports. Function bodies are skipped: they say nothing about a component's type.

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType};
use wasmparser::types::{Types, TypesRef};
use wasmparser::{Chunk, Encoding, Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// Why bytes are not a component that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The bytes do not start as a WebAssembly binary does.
    #[error("not a WebAssembly binary: it starts with `{}`", starts_with.escape_ascii())]
    NotWasm {
        /// The first bytes, 8 at most.
        starts_with: Vec<u8>,
    },
    /// A core module, not a component.
    #[error("a core WebAssembly module, not a component")]
    CoreModule,
    /// A WIT package encoded in a binary: types only, nothing that can run.
    #[error("an encoded WIT package, not a component")]
    WitPackage,
    /// The bytes end before the component does.
    #[error("truncated: the {size} bytes end within what starts at offset {offset}")]
    Truncated {
        /// How many bytes there are.
        size: usize,
        /// Where the header or section that is cut off starts.
        offset: usize,
    },
    /// The validator refuses the bytes.
    #[error("not a valid component: {message} (at offset {offset:#x})")]
    Invalid {
        /// Where in the bytes.
        offset: u64,
        /// The validator's own words.
        message: String,
    },
    /// A valid component whose type cannot be said in WIT.
    #[error("a component whose type WIT cannot express: {what}")]
    Unsupported {
        /// The import or export at fault, and what it is: "the import `m` is a core module".
        what: String,
    },
}

/// The validated type of a component: its types, and what it imports and exports, in its own order.
pub(crate) struct ComponentBinary {
    types: Types,
    imports: Vec<Extern>,
    exports: Vec<Extern>,
}

/// The name of an import or export, and its type.
pub(crate) type Extern = (String, ComponentEntityType);

impl ComponentBinary {
    /// Validates the bytes with these features, except for function bodies.
    ///
    /// # Errors
    ///
    /// Any [`DecodeError`] except for [`DecodeError::WitPackage`] and [`DecodeError::Unsupported`].
    pub(crate) fn validate(bytes: &[u8], features: WasmFeatures) -> Result<ComponentBinary, DecodeError> {
        check_magic(bytes)?;
        let mut validator = Validator::new_with_features(features);
        let mut imports = Vec::new();
        let mut exports = Vec::new();
        let mut parser = Parser::new(0);
        // The module or component being parsed ends at `end`; those it is nested in wait in `parents`.
        let mut end = bytes.len() as u64;
        let mut parents = Vec::new();
        let mut rest = bytes;
        loop {
            let offset = bytes.len() - rest.len();
            let truncated = DecodeError::Truncated { size: bytes.len(), offset };
            let at_end = offset as u64 == end;
            let (payload, consumed) = match parser.parse(rest, at_end)? {
                Chunk::NeedMoreData(_) => return Err(truncated),
                Chunk::Parsed { payload, consumed } => (payload, consumed),
            };
            rest = &rest[consumed..];
            if let ValidPayload::End(types) = validator.payload(&payload)?
                && parents.is_empty()
            {
                let types_ref = types.as_ref();
                let imports = externs(imports, |name| types_ref.component_item_for_import(name).map(|item| item.ty));
                let exports = externs(exports, |name| types_ref.component_item_for_export(name).map(|item| item.ty));
                return Ok(ComponentBinary { types, imports, exports });
            }
            match payload {
                Payload::Version { encoding: Encoding::Module, .. } if parents.is_empty() => {
                    return Err(DecodeError::CoreModule);
                }
                Payload::ComponentImportSection(section) if parents.is_empty() => {
                    for import in section {
                        imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if parents.is_empty() => {
                    for export in section {
                        exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::ModuleSection { parser: nested, unchecked_range }
                | Payload::ComponentSection { parser: nested, unchecked_range } => {
                    parents.push((std::mem::replace(&mut parser, nested), end));
                    end = unchecked_range.end;
                }
                Payload::CodeSectionStart { size, .. } => {
                    parser.skip_section();
                    rest = rest.get(size as usize..).ok_or(truncated)?;
                }
                Payload::End(_) => {
                    (parser, end) = parents.pop().expect("the outermost end returns because it has no parents");
                }
                _ => {}
            }
        }
    }

    pub(crate) fn types(&self) -> TypesRef<'_> {
        self.types.as_ref()
    }

    pub(crate) fn imports(&self) -> &[Extern] {
        &self.imports
    }

    pub(crate) fn exports(&self) -> &[Extern] {
        &self.exports
    }

    /// The component that this one exports under a name.
    pub(crate) fn exported_component(&self, name: &str) -> Option<&ComponentType> {
        let (_, ty) = self.exports.iter().find(|(known, _)| known == name)?;
        match ty {
            ComponentEntityType::Component(id) => self.types().get(*id),
            _ => None,
        }
    }

    /// Whether this is an encoded WIT package: it has nothing but exports of component types.
    pub(crate) fn is_wit_package(&self) -> bool {
        let is_component_type = |(_, ty): &Extern| {
            matches!(ty, ComponentEntityType::Type { created: ComponentAnyTypeId::Component(_), .. })
        };
        self.imports.is_empty() && !self.exports.is_empty() && self.exports.iter().all(is_component_type)
    }
}

impl From<wasmparser::Error> for DecodeError {
    fn from(error: wasmparser::Error) -> Self {
        DecodeError::Invalid { offset: error.offset(), message: error.message().to_owned() }
    }
}

/// The imports or exports of the type of a component.
pub(crate) fn externs_of<'a>(items: impl IntoIterator<Item = (&'a String, &'a ComponentItem)>) -> Vec<Extern> {
    items.into_iter().map(|(name, item)| (name.clone(), item.ty)).collect()
}

/// Tells an empty, a foreign and a cut off file from one that starts as WebAssembly does.
fn check_magic(bytes: &[u8]) -> Result<(), DecodeError> {
    const MAGIC: &[u8] = b"\0asm";
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.starts_with(MAGIC) {
        return Ok(());
    }
    if MAGIC.starts_with(bytes) {
        return Err(DecodeError::Truncated { size: bytes.len(), offset: 0 });
    }
    Err(DecodeError::NotWasm { starts_with: bytes[..bytes.len().min(8)].to_vec() })
}

fn externs(names: Vec<String>, type_of: impl Fn(&str) -> Option<ComponentEntityType>) -> Vec<Extern> {
    let with_type = |name: String| {
        let ty = type_of(&name).expect("the validator has a type because it accepted the section");
        (name, ty)
    };
    names.into_iter().map(with_type).collect()
}
