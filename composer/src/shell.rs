//! The shell of a component: all that its type and its wiring consist of, and of its code only where it is.
//!
//! From the bytes of a component, read once from front to back and never held, to a [`Shell`]: its component-level sections as they
//! are, and in the place of each core module, nested ones too, a [`Module`] that says where the module's bytes are, what their
//! checksums are, and what a *stub* of it is: a module of the same imports and exports whose functions trap. The component with stubs
//! is valid exactly when the component is valid but for function bodies, data and tables, has the same type and the same index spaces,
//! and is small; planning and the structural half of validation look at nothing else. The type stands beside it, as a section that
//! another component can have: the world of a shell is read off that alone, and that the component is valid and of that type is a
//! question of its own, which nothing is emitted without.
//!
//! | module | decides |
//! |---|---|
//! | [`mod@scan`] | how bytes are read once and hashed on the way |
//! | [`mod@cut`] | where a component is cut |
//! | [`stub`] | what stands for a module |
//! | [`record`] | how a shell is kept in the store |
//! | [`mod@typed`] | when a component is proved to be of its type |

mod cut;
mod record;
mod scan;
mod stub;
mod typed;

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use registry_client::{Descriptor, Digest, Digester, Store};
use wasm_encoder::{
    ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentSection, ComponentTypeRef,
};
use wasmparser::{BinaryReader, Validator};
use wit::{DecodeError, World};

use crate::{checksum::Checksum, input::Input, validate::features};
pub(crate) use cut::{CutError, MAX_DEPTH};
pub(crate) use scan::leb128;
pub(crate) use typed::{TypeError, TypedShell};

/// The eight bytes that a component starts with.
pub(crate) const COMPONENT_HEADER: &[u8; 8] = b"\0asm\x0d\0\x01\0";
/// The eight bytes that a core module starts with.
pub(crate) const MODULE_HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";
/// The section that is a core module, in a component.
pub(crate) const MODULE_SECTION: u8 = 1;
/// The section that is a component, in a component.
pub(crate) const COMPONENT_SECTION: u8 = 4;

/// The section that has imports, in a component.
const IMPORT_SECTION: u8 = 10;

/// The name of a component among others that stand around it to ask about it.
const NAME: &str = "component";

/// A component without its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shell {
    pub(crate) root: Outline,
    /// A section that defines the component's type, where that is one which current runtimes know.
    type_section: Option<Bytes>,
}

/// What a component consists of, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) items: Vec<Item>,
}

/// A part of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// Sections that are neither custom nor contain code, with their headers.
    Sections(Bytes),
    /// A custom section, with its header.
    Custom(Content, Bytes),
    /// A core module.
    Module(Arc<Module>),
    /// A nested component.
    Component(Outline),
}

/// A core module of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    /// Its bytes, in order and without gaps: runs of sections, and custom sections each for itself.
    pub(crate) segments: Vec<Segment>,
    /// A module of the same type.
    pub(crate) stub: Bytes,
}

/// Bytes of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Where they are in the component's file.
    pub(crate) range: Range<u64>,
    pub(crate) checksum: Checksum,
    pub(crate) content: Content,
}

/// What bytes are there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    /// What is executed.
    Code,
    /// Custom sections with names, for people and profilers.
    Names,
    /// Custom sections with what debuggers need.
    Debug,
    /// Any other custom section.
    Other,
}

impl Content {
    /// What a custom section of this name is.
    pub(crate) fn of_custom(name: &str) -> Self {
        match name {
            "name" | "component-name" => Self::Names,
            "sourceMappingURL" | "external_debug_info" => Self::Debug,
            _ if name.starts_with(".debug_") => Self::Debug,
            _ => Self::Other,
        }
    }
}

/// Which custom sections the result is without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strip {
    /// Everything stays.
    #[default]
    Nothing,
    /// What debuggers need goes; names stay.
    Debug,
    /// What debuggers need goes, and names go too.
    All,
}

impl Strip {
    /// Whether bytes for this purpose stay.
    pub(crate) fn keeps(self, content: Content) -> bool {
        match content {
            Content::Code | Content::Other => true,
            Content::Names => self != Self::All,
            Content::Debug => self == Self::Nothing,
        }
    }
}

impl Shell {
    /// Cuts a component, and gives its digest with it.
    pub(crate) fn of(input: &Input) -> Result<(Self, Descriptor), CutError> {
        let (root, descriptor) = cut::cut(input)?;
        Ok((Self { root, type_section: None }, descriptor))
    }

    /// What the store remembers of the component of a digest.
    pub(crate) fn recall(store: &Store, of: &Descriptor) -> Option<Self> {
        Self::read(Bytes::from(store.derived(record::KIND, of.digest)?), of.size)
    }

    /// Reads the shell of a component of `size` bytes, which shares the record's memory.
    pub(crate) fn read(record: Bytes, size: u64) -> Option<Self> {
        record::read(record, size)
    }

    /// The shell as bytes.
    pub(crate) fn to_record(&self) -> Vec<u8> {
        record::write(self)
    }

    /// Lets the store remember it.
    pub(crate) fn keep(&self, store: &Store, of: Digest) {
        store.keep_derived(record::KIND, of, &self.to_record());
    }

    /// Makes the store forget it.
    pub(crate) fn forget(store: &Store, of: Digest) {
        store.forget_derived(record::KIND, of);
    }

    /// The component's world; the shell knows its type from here on.
    ///
    /// # Errors
    /// When the component with stubs is none whose imports and exports WIT can express.
    pub(crate) fn learn_world(&mut self) -> Result<World, DecodeError> {
        let world = World::of_component(&self.with_stubs())?;
        self.type_section = Some(world.to_type_section().into());
        // What needs more than current runtimes know, or has a type that is not said by its world, has none that can be relied on. That
        // a component is of a type does not say that the type's names are those of the component, and on them it depends what a
        // result must export.
        if self.world().is_none_or(|of_type| !of_type.is_named_as(&world)) || !self.is_of_its_type() {
            self.type_section = None;
        }
        Ok(world)
    }

    /// The component's world, if its type is known; nothing is proved of the component.
    pub(crate) fn world(&self) -> Option<World> {
        let mut bytes = COMPONENT_HEADER.to_vec();
        bytes.extend_from_slice(self.type_section()?);
        let mut imports = ComponentImportSection::new();
        imports.import(NAME, ComponentTypeRef::Component(0));
        imports.append_to_component(&mut bytes);
        let mut exports = ComponentExportSection::new();
        exports.export(NAME, ComponentExportKind::Component, 0, None);
        exports.append_to_component(&mut bytes);
        World::of_export(&bytes, NAME, features()).ok()
    }

    /// Whether the component with stubs is valid, and of its type if that is known.
    pub(crate) fn is_of_its_type(&self) -> bool {
        let mut bytes = COMPONENT_HEADER.to_vec();
        section(COMPONENT_SECTION, &self.with_stubs(), &mut bytes);
        if let Some(type_section) = self.type_section() {
            bytes.extend_from_slice(type_section);
            let mut exports = ComponentExportSection::new();
            exports.export(NAME, ComponentExportKind::Component, 0, Some(ComponentTypeRef::Component(0)));
            exports.append_to_component(&mut bytes);
        }
        Validator::new_with_features(features()).validate_all(&bytes).is_ok()
    }

    /// A section that defines the component's type, if that is known.
    pub(crate) fn type_section(&self) -> Option<&[u8]> {
        self.type_section.as_deref()
    }

    /// The component, with stubs in the place of its modules.
    pub(crate) fn with_stubs(&self) -> Vec<u8> {
        let mut bytes = COMPONENT_HEADER.to_vec();
        self.root.write_with_stubs(&mut bytes);
        bytes
    }

    /// The component up to its last import.
    pub(crate) fn imports_alone(&self) -> Vec<u8> {
        let mut bytes = COMPONENT_HEADER.to_vec();
        let mut end = bytes.len();
        for item in &self.root.items {
            let start = bytes.len();
            item.write_with_stubs(&mut bytes);
            if let Item::Sections(sections) = item
                && let Some(last) = end_of_last_import(sections)
            {
                end = start + last;
            }
        }
        bytes.truncate(end);
        bytes
    }
}

impl Item {
    fn write_with_stubs(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Sections(sections) => bytes.extend_from_slice(sections),
            Self::Custom(..) => {}
            Self::Module(module) => section(MODULE_SECTION, &module.stub, bytes),
            Self::Component(outline) => {
                let mut nested = COMPONENT_HEADER.to_vec();
                outline.write_with_stubs(&mut nested);
                section(COMPONENT_SECTION, &nested, bytes);
            }
        }
    }
}

/// Appends a section.
pub(crate) fn section(id: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(id);
    leb128(content.len() as u64, bytes);
    bytes.extend_from_slice(content);
}

/// Where the last import section ends among sections.
fn end_of_last_import(sections: &[u8]) -> Option<usize> {
    let mut reader = BinaryReader::new(sections, 0);
    let mut end = None;
    while !reader.eof() {
        let id = reader.read_u8().ok()?;
        let size = reader.read_var_u32().ok()?;
        reader.read_bytes(size as usize).ok()?;
        if id == IMPORT_SECTION {
            end = Some(reader.current_position());
        }
    }
    end
}

impl Outline {
    fn write_with_stubs(&self, bytes: &mut Vec<u8>) {
        for item in &self.items {
            item.write_with_stubs(bytes);
        }
    }
}

impl Module {
    /// The segments that stay.
    pub(crate) fn kept(&self, strip: Strip) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| strip.keeps(segment.content))
    }

    /// How many bytes stay.
    pub(crate) fn size(&self, strip: Strip) -> u64 {
        self.kept(strip).map(Segment::size).sum()
    }

    /// The name of the bytes that stay: equal exactly when they are.
    ///
    /// Modules of equal bytes have equal segments, because a module is cut by what is in it alone.
    pub(crate) fn identity(&self, strip: Strip) -> Digest {
        identity(self.kept(strip))
    }

    /// The segments that are executed: custom sections say nothing about whether a module is valid.
    fn code(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.content == Content::Code)
    }

    /// The name of the bytes that are executed.
    pub(crate) fn code_identity(&self) -> Digest {
        identity(self.code())
    }

    /// Whether what is executed of both is the same, and their stubs are.
    pub(crate) fn has_code_of(&self, other: &Self) -> bool {
        let code = |module: &Self| module.code().map(|segment| (segment.size(), segment.checksum)).collect::<Vec<_>>();
        self.stub == other.stub && code(self) == code(other)
    }

    /// Where the module starts in the component's file.
    pub(crate) fn start(&self) -> u64 {
        self.segments.first().map_or(0, |segment| segment.range.start)
    }

    /// Where the module ends in the component's file.
    pub(crate) fn end(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.range.end)
    }
}

impl Segment {
    pub(crate) fn size(&self) -> u64 {
        self.range.end - self.range.start
    }
}

fn identity<'a>(segments: impl Iterator<Item = &'a Segment>) -> Digest {
    let mut digester = Digester::default();
    for segment in segments {
        digester.update(&segment.size().to_le_bytes());
        digester.update(segment.checksum.as_bytes());
    }
    digester.finish().digest
}
