//! Proves one module: that all of it is valid, and that its stub has its type.
//!
//! From the place of a module to nothing, or to what is wrong. The module is read once, section by section and function by function,
//! and a [team](super::team) validates the functions; data is passed over, because only its headers can be wrong. Custom sections are not looked at, as no validator does.

use std::{io, ops::Range};

use wasmparser::{
    BinaryReader, ConstExpr, DataSectionReader, ElementSectionReader, Encoding, Error, ExportSectionReader,
    FunctionBody, FunctionSectionReader, GlobalSectionReader, ImportSectionReader, MemorySectionReader, SubType,
    TableSectionReader, TagSectionReader, TypeSectionReader, ValidPayload, Validator, WasmFeatures,
    types::{EntityType, Types, TypesRef},
};

use super::team::{Bodies, InvalidBody, Team};
use crate::{
    input::{Input, Reader},
    shell::{MODULE_HEADER, Module, leb128},
};

/// How many bytes of a code or data section are in memory at a time, where no single function has more.
const WINDOW: usize = 64 * 1024;

/// How many bytes the header of a data segment has at most, nearly always.
const FEW: u64 = 64;

/// Why a module could not be proved.
#[derive(Debug)]
pub(super) enum Unproved {
    /// Its bytes could not be read.
    Unreadable(io::Error),
    /// It is not valid.
    Invalid,
    /// Its stub is not of its type: a fault of ours, or somebody changed what the store remembers.
    OtherType,
}

impl From<Error> for Unproved {
    fn from(_: Error) -> Self {
        // Whoever tells a person reads the whole component and finds the place.
        Self::Invalid
    }
}

impl From<InvalidBody> for Unproved {
    fn from(_: InvalidBody) -> Self {
        Self::Invalid
    }
}

impl From<io::Error> for Unproved {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Proves a module.
pub(super) fn prove(input: &Input, module: &Module, features: WasmFeatures, team: &Team) -> Result<(), Unproved> {
    let types = validate(input, module, features, team)?;
    let stub = Validator::new_with_features(features).validate_all(&module.stub)?;
    if type_of(types.as_ref()) == type_of(stub.as_ref()) { Ok(()) } else { Err(Unproved::OtherType) }
}

/// The type of a module, equal to that of another exactly when they have the same imports and exports.
#[derive(PartialEq)]
struct ModuleType<'a> {
    imports: Vec<(&'a str, &'a str, Type<'a>)>,
    exports: Vec<(&'a str, Type<'a>)>,
}

/// The type of an import or export.
#[derive(PartialEq)]
enum Type<'a> {
    Function(Option<&'a SubType>),
    ExactFunction(Option<&'a SubType>),
    Tag(Option<&'a SubType>),
    Other(String),
}

fn type_of(types: TypesRef<'_>) -> ModuleType<'_> {
    let entity = move |entity| match entity {
        EntityType::Func(id) => Type::Function(types.get(id)),
        EntityType::FuncExact(id) => Type::ExactFunction(types.get(id)),
        EntityType::Tag(id) => Type::Tag(types.get(id)),
        other => Type::Other(format!("{other:?}")),
    };
    let imports = types.core_imports().into_iter().flatten();
    let exports = types.core_exports().into_iter().flatten();
    ModuleType {
        imports: imports.map(|(module, name, ty)| (module, name, entity(ty))).collect(),
        exports: exports.map(|(name, ty)| (name, entity(ty))).collect(),
    }
}

fn validate(input: &Input, module: &Module, features: WasmFeatures, team: &Team) -> Result<Types, Unproved> {
    let source = Source { reader: input.reader()?, position: module.start(), end: module.end() };
    let validator = Validator::new_with_features(features);
    let mut proof = Proof { source, validator, bodies: team.bodies(), features };
    let header = proof.source.take(MODULE_HEADER.len() as u64)?;
    if header != MODULE_HEADER {
        return Err(Unproved::Invalid);
    }
    let start = module.start();
    proof.validator.version(1, Encoding::Module, &(start..start + header.len() as u64))?;
    while proof.source.position < proof.source.end {
        proof.section()?;
    }
    proof.bodies.finish()?;
    Ok(proof.validator.end(module.end())?)
}

struct Proof<'a> {
    source: Source<'a>,
    validator: Validator,
    bodies: Bodies<'a>,
    features: WasmFeatures,
}

impl Proof<'_> {
    fn section(&mut self) -> Result<(), Unproved> {
        let id = self.source.take(1)?[0];
        let size = self.source.number()?;
        let start = self.source.position;
        let end = start + u64::from(size);
        if end > self.source.end {
            return Err(Unproved::Invalid);
        }
        match id {
            0 => {
                self.source.position = end;
                return Ok(());
            }
            10 => return self.code(end),
            11 => return self.data(end),
            _ => {}
        }
        let bytes = self.source.take(u64::from(size))?;
        let mut reader = BinaryReader::new_features(&bytes, start, self.features);
        let validator = &mut self.validator;
        let range = start..end;
        match id {
            1 => validator.type_section(&TypeSectionReader::new(reader)?)?,
            2 => validator.import_section(&ImportSectionReader::new(reader)?)?,
            3 => validator.function_section(&FunctionSectionReader::new(reader)?)?,
            4 => validator.table_section(&TableSectionReader::new(reader)?)?,
            5 => validator.memory_section(&MemorySectionReader::new(reader)?)?,
            6 => validator.global_section(&GlobalSectionReader::new(reader)?)?,
            7 => validator.export_section(&ExportSectionReader::new(reader)?)?,
            8 => {
                let function = whole_number(&mut reader)?;
                validator.start_section(function, &range)?;
            }
            9 => validator.element_section(&ElementSectionReader::new(reader)?)?,
            12 => {
                let count = whole_number(&mut reader)?;
                validator.data_count_section(count, &range)?;
            }
            13 => validator.tag_section(&TagSectionReader::new(reader)?)?,
            other => validator.unknown_section(other, &range)?,
        }
        Ok(())
    }

    /// Has the team validate the functions of a code section that ends at `end`.
    fn code(&mut self, end: u64) -> Result<(), Unproved> {
        let start = self.source.position;
        let count = self.source.number()?;
        self.start_code(count, start, end)?;
        let mut window = Window { bytes: Vec::new(), taken: 0, end };
        for _ in 0..count {
            let size = window.number(&mut self.source, &mut self.bodies)?;
            let (body, offset) = window.take(&mut self.source, &mut self.bodies, size as usize)?;
            let read = BinaryReader::new_features(&window.bytes[body.clone()], offset, self.features);
            let function = self.validator.code_section_entry(&FunctionBody::new(read))?;
            self.bodies.push(function, body);
        }
        window.finish(&self.source, &mut self.bodies)
    }

    fn start_code(&mut self, count: u32, start: u64, end: u64) -> Result<(), Unproved> {
        let payload = wasmparser::Payload::CodeSectionStart {
            count,
            range: start..end,
            size: u32::try_from(end - start).map_err(|_| Unproved::Invalid)?,
        };
        match self.validator.payload(&payload)? {
            ValidPayload::Ok => Ok(()),
            _ => Err(Unproved::Invalid),
        }
    }

    /// Validates a data section that ends at `end`, as if its segments were empty.
    fn data(&mut self, end: u64) -> Result<(), Unproved> {
        let start = self.source.position;
        let count = self.source.number()?;
        let mut emptied = Vec::new();
        leb128(u64::from(count), &mut emptied);
        for _ in 0..count {
            let header = self.segment_header(end)?;
            let data = self.source.position + header.length as u64;
            if header.size > end - data {
                return Err(Unproved::Invalid);
            }
            emptied.extend_from_slice(&header.before_size);
            emptied.push(0);
            self.source.position = data + header.size;
        }
        if self.source.position != end {
            return Err(Unproved::Invalid);
        }
        let reader = BinaryReader::new_features(&emptied, start, self.features);
        Ok(self.validator.data_section(&DataSectionReader::new(reader)?)?)
    }

    /// The header of the next segment of a data section that ends at `end`, which is not taken.
    fn segment_header(&mut self, end: u64) -> Result<SegmentHeader, Unproved> {
        let left = end - self.source.position;
        let few = self.source.peek(left.min(FEW))?;
        // Modules that a snapshot was taken of have thousands of segments, nearly all of whose headers are a few bytes.
        if let Ok(header) = SegmentHeader::read(&few, self.source.position, self.features) {
            return Ok(header);
        }
        let window = self.source.peek(left.min(WINDOW as u64))?;
        Ok(SegmentHeader::read(&window, self.source.position, self.features)?)
    }
}

/// What stands before the bytes of a data segment.
struct SegmentHeader {
    /// Where the segment goes.
    before_size: Vec<u8>,
    /// How many bytes it has.
    size: u64,
    /// How many bytes the header has.
    length: usize,
}

impl SegmentHeader {
    /// Reads the header that bytes begin with.
    fn read(bytes: &[u8], offset: u64, features: WasmFeatures) -> Result<Self, Error> {
        let mut reader = BinaryReader::new_features(bytes, offset, features);
        let kind = reader.read_var_u32()?;
        if kind == 2 {
            reader.read_var_u32()?;
        }
        if kind != 1 {
            reader.read::<ConstExpr<'_>>()?;
        }
        let before_size = bytes[..reader.current_position()].to_vec();
        let size = u64::from(reader.read_var_u32()?);
        Ok(Self { before_size, size, length: reader.current_position() })
    }
}

/// The number that a section consists of.
fn whole_number(reader: &mut BinaryReader<'_>) -> Result<u32, Unproved> {
    let number = reader.read_var_u32()?;
    if reader.eof() { Ok(number) } else { Err(Unproved::Invalid) }
}

/// The bytes of a module.
struct Source<'a> {
    reader: Reader<'a>,
    position: u64,
    end: u64,
}

impl Source<'_> {
    /// The next bytes, which are not taken.
    fn peek(&mut self, count: u64) -> Result<Vec<u8>, Unproved> {
        if count > self.end - self.position {
            return Err(Unproved::Invalid);
        }
        let mut bytes = vec![0; usize::try_from(count).map_err(|_| Unproved::Invalid)?];
        self.reader.read_at(self.position, &mut bytes)?;
        Ok(bytes)
    }

    fn take(&mut self, count: u64) -> Result<Vec<u8>, Unproved> {
        let bytes = self.peek(count)?;
        self.position += count;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32, Unproved> {
        let bytes = self.peek((self.end - self.position).min(5))?;
        let mut reader = BinaryReader::new(&bytes, self.position);
        let number = reader.read_var_u32()?;
        self.position += reader.current_position() as u64;
        Ok(number)
    }
}

/// A stretch of a code section, from which bodies are taken one after the other.
struct Window {
    bytes: Vec<u8>,
    taken: usize,
    /// Where the section ends.
    end: u64,
}

impl Window {
    fn ahead(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Makes sure that so many bytes are there, if the section has them. What was taken goes on with the bodies that are in it.
    fn fill(&mut self, source: &mut Source<'_>, bodies: &mut Bodies<'_>, count: usize) -> Result<(), Unproved> {
        if self.ahead() >= count || source.position == self.end {
            return Ok(());
        }
        let rest = self.bytes[self.taken..].to_vec();
        let left = usize::try_from(self.end - source.position).unwrap_or(usize::MAX);
        let more = left.min(count.max(WINDOW) - rest.len());
        self.bytes = bodies.pass_on(std::mem::take(&mut self.bytes))?;
        self.taken = 0;
        self.bytes.clear();
        self.bytes.extend_from_slice(&rest);
        self.bytes.resize(rest.len() + more, 0);
        source.reader.read_at(source.position, &mut self.bytes[rest.len()..])?;
        source.position += more as u64;
        Ok(())
    }

    fn number(&mut self, source: &mut Source<'_>, bodies: &mut Bodies<'_>) -> Result<u32, Unproved> {
        self.fill(source, bodies, 5)?;
        let mut reader = BinaryReader::new(&self.bytes[self.taken..], 0);
        let number = reader.read_var_u32()?;
        self.taken += reader.current_position();
        Ok(number)
    }

    /// Where the next bytes are in the window, and in the input.
    fn take(
        &mut self,
        source: &mut Source<'_>,
        bodies: &mut Bodies<'_>,
        count: usize,
    ) -> Result<(Range<usize>, u64), Unproved> {
        // A function has fewer bytes than what is left of its section; this bounds what is allocated.
        if count as u64 > self.ahead() as u64 + (self.end - source.position) {
            return Err(Unproved::Invalid);
        }
        self.fill(source, bodies, count)?;
        let offset = source.position - self.ahead() as u64;
        let start = self.taken;
        self.taken += count;
        Ok((start..self.taken, offset))
    }

    fn finish(self, source: &Source<'_>, bodies: &mut Bodies<'_>) -> Result<(), Unproved> {
        if self.ahead() > 0 || source.position < self.end {
            return Err(Unproved::Invalid);
        }
        bodies.pass_on(self.bytes)?;
        Ok(())
    }
}
