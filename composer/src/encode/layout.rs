//! How the result is laid out: a list of bytes that were encoded here and of ranges that are copied from inputs.
//!
//! From a tree of sections to a [`Layout`]: as it is written, and as its [structure](mod@structure), where types and stubs stand for
//! what is copied. The sizes of everything are known before a byte is copied, so that writing needs no more memory than a buffer, and whatever
//! is copied is compared with its checksum on the way.

mod structure;

pub(crate) use structure::RESULT;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    ops::Range,
    sync::Arc,
};

use registry_client::Digest;

use super::Savings;
use crate::{
    checksum::{Checksum, Summing},
    input::{Input, Reader},
    shell::{COMPONENT_HEADER, COMPONENT_SECTION, MODULE_SECTION, Module, Strip, leb128},
};

/// How many bytes are copied at a time.
const BUFFER: usize = 64 * 1024;

/// A component as it was laid out, not yet known to be valid.
pub struct Layout {
    chunks: Vec<Chunk>,
    size: u64,
    structure: Vec<u8>,
    modules: BTreeMap<Digest, (Input, Arc<Module>)>,
    savings: Savings,
}

struct Chunk {
    /// Where it is in the result.
    start: u64,
    bytes: ChunkBytes,
}

enum ChunkBytes {
    Encoded(Vec<u8>),
    Copied { input: Input, range: Range<u64>, checksum: Checksum },
}

/// Why a layout could not be written.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// An input cannot be read, or has other bytes than it had.
    Input(io::Error),
    /// The output cannot be written.
    Output(io::Error),
}

impl Layout {
    /// How many bytes the result has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What sharing saved.
    pub fn savings(&self) -> Savings {
        self.savings
    }

    /// A component that is valid exactly when the result is, but for what is in modules, and exports a component of the result's type.
    pub(crate) fn structure(&self) -> &[u8] {
        &self.structure
    }

    /// The modules of the result by what is executed of them, each with the input that it is copied from.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (Digest, &Input, &Module)> {
        self.modules.iter().map(|(identity, (input, module))| (*identity, input, &**module))
    }

    /// Copies the result into `output`; everything from inputs is what it was when the inputs were read before.
    pub(crate) fn write_to(&self, output: &mut impl Write) -> Result<(), CopyError> {
        self.write(&self.chunks, output)
    }

    /// The result in stretches, none much smaller than `size`, which can be copied independently of each other.
    pub(crate) fn stretches(&self, size: u64) -> Vec<Stretch<'_>> {
        let mut stretches = Vec::new();
        let mut rest = self.chunks.as_slice();
        while let Some(first) = rest.first() {
            let end = first.start + size;
            let (chunks, others) = rest.split_at(rest.partition_point(|chunk| chunk.start < end));
            stretches.push(Stretch { layout: self, chunks });
            rest = others;
        }
        stretches
    }

    fn write(&self, chunks: &[Chunk], output: &mut impl Write) -> Result<(), CopyError> {
        let mut output = BufWriter::with_capacity(BUFFER, output);
        let mut reader = self.reader();
        let mut buffer = vec![0; BUFFER];
        for chunk in chunks {
            match &chunk.bytes {
                ChunkBytes::Encoded(bytes) => output.write_all(bytes).map_err(CopyError::Output)?,
                ChunkBytes::Copied { input, range, checksum } => {
                    let source = reader.source(input).map_err(CopyError::Input)?;
                    let mut summing = Summing::default();
                    let mut position = range.start;
                    while position < range.end {
                        let left = usize::try_from(range.end - position).unwrap_or(usize::MAX);
                        let piece = &mut buffer[..left.min(BUFFER)];
                        source.read_at(position, piece).map_err(CopyError::Input)?;
                        summing.update(piece);
                        output.write_all(piece).map_err(CopyError::Output)?;
                        position += piece.len() as u64;
                    }
                    if summing.finish() != *checksum {
                        let changed = "it has other bytes than a moment ago";
                        return Err(CopyError::Input(io::Error::new(io::ErrorKind::InvalidData, changed)));
                    }
                }
            }
        }
        output.flush().map_err(CopyError::Output)
    }

    /// Begins to read the result, without comparing checksums.
    pub(crate) fn reader(&self) -> LayoutReader<'_> {
        LayoutReader { layout: self, open: None }
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({} bytes in {} pieces)", self.size, self.chunks.len())
    }
}

/// A part of a result.
pub(crate) struct Stretch<'a> {
    layout: &'a Layout,
    chunks: &'a [Chunk],
}

impl Stretch<'_> {
    /// Copies the stretch to its place in a file of the result; everything from inputs is what it was.
    pub(crate) fn write_to(&self, file: &mut File) -> Result<(), CopyError> {
        let start = self.chunks.first().map_or(0, |chunk| chunk.start);
        file.seek(SeekFrom::Start(start)).map_err(CopyError::Output)?;
        self.layout.write(self.chunks, file)
    }
}

/// Reads a layout; the input that was read last stays open.
pub(crate) struct LayoutReader<'a> {
    layout: &'a Layout,
    open: Option<(&'a Input, Reader<'a>)>,
}

impl<'a> LayoutReader<'a> {
    pub(crate) fn read_at(&mut self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let after = self.layout.chunks.partition_point(|chunk| chunk.start <= offset);
            let chunk = after.checked_sub(1).and_then(|place| self.layout.chunks.get(place));
            let chunk = chunk.ok_or(io::ErrorKind::UnexpectedEof)?;
            let within = offset - chunk.start;
            let left = chunk.bytes.size().saturating_sub(within);
            if left == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (piece, rest) = buffer.split_at_mut(usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len()));
            match &chunk.bytes {
                ChunkBytes::Encoded(bytes) => {
                    let start = usize::try_from(within).map_err(io::Error::other)?;
                    piece.copy_from_slice(&bytes[start..start + piece.len()]);
                }
                ChunkBytes::Copied { input, range, .. } => self.source(input)?.read_at(range.start + within, piece)?,
            }
            offset += piece.len() as u64;
            buffer = rest;
        }
        Ok(())
    }

    fn source(&mut self, input: &'a Input) -> io::Result<&mut Reader<'a>> {
        if !self.open.as_ref().is_some_and(|(open, _)| open.is(input)) {
            self.open = Some((input, input.reader()?));
        }
        let (_, reader) = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        Ok(reader)
    }
}

impl ChunkBytes {
    fn size(&self) -> u64 {
        match self {
            Self::Encoded(bytes) => bytes.len() as u64,
            Self::Copied { range, .. } => range.end - range.start,
        }
    }
}

/// A part of a component that is being laid out.
pub(super) enum Node<'a> {
    /// Whole sections.
    Bytes(Cow<'a, [u8]>),
    /// A section that is a module, with the size of that.
    Module { input: &'a Input, module: &'a Arc<Module>, size: u64 },
    /// A section that is a component, with the size of that, and a section that defines its type where it was proved to be of it.
    Component { children: Vec<Node<'a>>, size: u64, type_section: Option<&'a [u8]> },
    /// A section that stands for a module: the one of an index that a component so many levels around this one has.
    ModuleAlias { bytes: Vec<u8>, depth: u32, index: u32, module: &'a Arc<Module> },
    /// A section that stands for a component.
    ComponentAlias(Vec<u8>),
}

impl<'a> Node<'a> {
    pub(super) fn module(input: &'a Input, module: &'a Arc<Module>, strip: Strip) -> Self {
        Self::Module { input, module, size: module.size(strip) }
    }

    pub(super) fn component(children: Vec<Node<'a>>) -> Self {
        let size = COMPONENT_HEADER.len() as u64 + children.iter().map(Node::size).sum::<u64>();
        Self::Component { children, size, type_section: None }
    }

    /// The same component, proved to be of the type that a section defines.
    pub(super) fn of_type(self, type_section: Option<&'a [u8]>) -> Self {
        match self {
            Self::Component { children, size, .. } => Self::Component { children, size, type_section },
            other => other,
        }
    }

    /// How many modules and components are defined by it, at any depth.
    pub(super) fn definitions(&self) -> usize {
        match self {
            Self::Bytes(_) | Self::ModuleAlias { .. } | Self::ComponentAlias(_) => 0,
            Self::Module { .. } => 1,
            Self::Component { children, .. } => 1 + children.iter().map(Self::definitions).sum::<usize>(),
        }
    }

    /// How many bytes it has, with the header of its section.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::ModuleAlias { bytes, .. } | Self::ComponentAlias(bytes) => bytes.len() as u64,
            Self::Module { size, .. } | Self::Component { size, .. } => {
                let mut header = Vec::new();
                leb128(*size, &mut header);
                1 + header.len() as u64 + size
            }
        }
    }
}

/// Lays out the component of these parts.
pub(super) fn lay_out(parts: &[Node<'_>], strip: Strip, savings: Savings) -> Layout {
    let layout =
        Layout { chunks: Vec::new(), size: 0, structure: structure::write(parts), modules: BTreeMap::new(), savings };
    let mut writer = Writer { layout, strip };
    writer.encoded(COMPONENT_HEADER);
    for part in parts {
        writer.node(part);
    }
    writer.layout
}

struct Writer {
    layout: Layout,
    strip: Strip,
}

impl Writer {
    fn node(&mut self, node: &Node<'_>) {
        match node {
            Node::Bytes(bytes) => self.encoded(bytes),
            Node::ModuleAlias { bytes, .. } | Node::ComponentAlias(bytes) => self.encoded(bytes),
            Node::Module { input, module, size } => {
                self.section_header(MODULE_SECTION, *size);
                for segment in module.kept(self.strip) {
                    let range = segment.range.clone();
                    self.chunk(ChunkBytes::Copied { input: (*input).clone(), range, checksum: segment.checksum });
                }
                let known = self.layout.modules.entry(module.code_identity());
                known.or_insert_with(|| ((*input).clone(), Arc::clone(module)));
            }
            Node::Component { children, size, .. } => {
                self.section_header(COMPONENT_SECTION, *size);
                self.encoded(COMPONENT_HEADER);
                for child in children {
                    self.node(child);
                }
            }
        }
    }

    fn section_header(&mut self, id: u8, size: u64) {
        let mut header = vec![id];
        leb128(size, &mut header);
        self.encoded(&header);
    }

    fn encoded(&mut self, bytes: &[u8]) {
        if let Some(Chunk { bytes: ChunkBytes::Encoded(last), .. }) = self.layout.chunks.last_mut() {
            last.extend_from_slice(bytes);
            self.layout.size += bytes.len() as u64;
        } else {
            self.chunk(ChunkBytes::Encoded(bytes.to_vec()));
        }
    }

    fn chunk(&mut self, bytes: ChunkBytes) {
        let start = self.layout.size;
        self.layout.size += bytes.size();
        self.layout.chunks.push(Chunk { start, bytes });
    }
}
