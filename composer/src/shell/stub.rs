//! The stub of a core module: a module of the same imports and exports that does nothing.
//!
//! From the sections that a module's type follows from, to a module. Types, imports, tables, memories, tags and globals stay as they
//! are; of the functions only those stay that are exported, or all where an initial value refers to one, and each traps. There are no
//! elements, no data and no start function: a module's type does not depend on them.

use wasm_encoder::{CodeSection, Function, FunctionSection, Module, RawSection, SectionId};
use wasmparser::{
    BinaryReader, ConstExpr, Error, ExportSectionReader, ExternalKind, GlobalSectionReader, ImportSectionReader,
    Operator, TableInit, TableSectionReader, TypeRef,
};

use super::{MODULE_HEADER, leb128};

/// The sections that a module's type follows from, in their order.
#[derive(Debug, Default)]
pub(super) struct Skeleton {
    sections: Vec<(u8, Vec<u8>)>,
}

const IMPORT: u8 = SectionId::Import as u8;
const FUNCTION: u8 = SectionId::Function as u8;
const TABLE: u8 = SectionId::Table as u8;
const GLOBAL: u8 = SectionId::Global as u8;
const EXPORT: u8 = SectionId::Export as u8;
const TYPE: u8 = SectionId::Type as u8;
const MEMORY: u8 = SectionId::Memory as u8;
const TAG: u8 = SectionId::Tag as u8;

impl Skeleton {
    /// Whether a module's type follows from sections of this id.
    pub(super) fn has(id: u8) -> bool {
        matches!(id, TYPE | IMPORT | FUNCTION | TABLE | MEMORY | TAG | GLOBAL | EXPORT)
    }

    pub(super) fn push(&mut self, id: u8, bytes: Vec<u8>) {
        self.sections.push((id, bytes));
    }

    fn section(&self, id: u8) -> Option<BinaryReader<'_>> {
        let (_, bytes) = self.sections.iter().find(|(known, _)| *known == id)?;
        Some(BinaryReader::new(bytes, 0))
    }
}

/// Makes the stub of a module.
///
/// # Errors
/// When a section is not what its id says.
pub(super) fn stub(skeleton: &Skeleton) -> Result<Vec<u8>, Error> {
    let imported = imported_functions(skeleton)?;
    let functions = types_of_functions(skeleton)?;
    let defined = |function: u32| function.checked_sub(imported);
    let kept: Vec<u32> = if refers_to_functions(skeleton)? {
        (0..u32::try_from(functions.len()).unwrap_or(u32::MAX)).collect()
    } else {
        let mut exported: Vec<u32> = exported_functions(skeleton)?.into_iter().filter_map(defined).collect();
        exported.sort_unstable();
        exported.dedup();
        exported
    };
    let renumbered = |function: u32| match defined(function) {
        None => function,
        // An export of a function that is not there stays one, for the validator to find.
        Some(defined) => match kept.binary_search(&defined).map(u32::try_from) {
            Ok(Ok(place)) => imported + place,
            _ => u32::MAX,
        },
    };

    let mut module = Module::new();
    for (id, data) in &skeleton.sections {
        match *id {
            FUNCTION => {
                let mut section = FunctionSection::new();
                for function in &kept {
                    section.function(functions.get(*function as usize).copied().unwrap_or(u32::MAX));
                }
                module.section(&section);
            }
            EXPORT => {
                module.section(&RawSection { id: EXPORT, data: &exports(data, renumbered)? });
            }
            id => {
                module.section(&RawSection { id, data });
            }
        }
    }
    if !kept.is_empty() {
        let mut trap = Function::new([]);
        trap.instructions().unreachable().end();
        let mut code = CodeSection::new();
        for _ in &kept {
            code.function(&trap);
        }
        module.section(&code);
    }
    let module = module.finish();
    debug_assert!(module.starts_with(MODULE_HEADER));
    Ok(module)
}

fn imported_functions(skeleton: &Skeleton) -> Result<u32, Error> {
    let Some(reader) = skeleton.section(IMPORT) else { return Ok(0) };
    let mut count = 0;
    for import in ImportSectionReader::new(reader)?.into_imports() {
        if matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
            count += 1;
        }
    }
    Ok(count)
}

/// The types of the functions that the module defines. Large modules have tens of thousands, and nothing else in their stubs is as large.
fn types_of_functions(skeleton: &Skeleton) -> Result<Vec<u32>, Error> {
    let Some(mut reader) = skeleton.section(FUNCTION) else { return Ok(Vec::new()) };
    let count = reader.read_var_u32()?;
    let mut types = Vec::with_capacity(reader.bytes_remaining().min(count as usize));
    for _ in 0..count {
        types.push(reader.read_var_u32()?);
    }
    Ok(types)
}

fn exported_functions(skeleton: &Skeleton) -> Result<Vec<u32>, Error> {
    let mut functions = Vec::new();
    if let Some(reader) = skeleton.section(EXPORT) {
        for export in ExportSectionReader::new(reader)? {
            let export = export?;
            if matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact) {
                functions.push(export.index);
            }
        }
    }
    Ok(functions)
}

/// Whether the initial value of a global or a table is a reference to a function.
fn refers_to_functions(skeleton: &Skeleton) -> Result<bool, Error> {
    if let Some(reader) = skeleton.section(GLOBAL) {
        for global in GlobalSectionReader::new(reader)? {
            if refers_to_function(&global?.init_expr)? {
                return Ok(true);
            }
        }
    }
    if let Some(reader) = skeleton.section(TABLE) {
        for table in TableSectionReader::new(reader)? {
            if let TableInit::Expr(value) = table?.init
                && refers_to_function(&value)?
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn refers_to_function(value: &ConstExpr<'_>) -> Result<bool, Error> {
    for operator in value.get_operators_reader() {
        if matches!(operator?, Operator::RefFunc { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn exports(data: &[u8], renumbered: impl Fn(u32) -> u32) -> Result<Vec<u8>, Error> {
    let exports = ExportSectionReader::new(BinaryReader::new(data, 0))?;
    let mut section = Vec::new();
    leb128(u64::from(exports.count()), &mut section);
    for export in exports {
        let export = export?;
        leb128(export.name.len() as u64, &mut section);
        section.extend_from_slice(export.name.as_bytes());
        // `wasm-encoder` does not write exact functions.
        let (kind, index) = match export.kind {
            ExternalKind::Func => (0x00, renumbered(export.index)),
            ExternalKind::Table => (0x01, export.index),
            ExternalKind::Memory => (0x02, export.index),
            ExternalKind::Global => (0x03, export.index),
            ExternalKind::Tag => (0x04, export.index),
            ExternalKind::FuncExact => (0x20, renumbered(export.index)),
        };
        section.push(kind);
        leb128(u64::from(index), &mut section);
    }
    Ok(section)
}
