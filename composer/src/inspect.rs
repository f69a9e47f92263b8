//! Inspection: says what any WebAssembly binary is, and for a composition of ours what it was made of.
//!
//! From bytes alone to an [`Inspection`].

mod sizes;

use registry_client::{Descriptor, Digest};
use wasmparser::{Encoding, Parser, Payload, ProducersSectionReader};
use wit::{DecodeError, World};

pub use self::sizes::{ModuleSize, Sizes, sizes};
use crate::provenance::{self, Provenance};

/// What a component is.
#[derive(Debug)]
pub struct Inspection {
    /// Its digest and size.
    pub descriptor: Descriptor,
    /// Its imports and exports.
    pub world: World,
    /// How many core modules are in it, at any depth.
    pub modules: usize,
    /// How many components are in it, at any depth, itself not counted.
    pub components: usize,
    /// Its own producers: field, name, version.
    pub producers: Vec<(String, String, String)>,
    /// The plan that it was composed by, if `compose` made it.
    pub provenance: Option<Provenance>,
}

/// Inspects a component's bytes.
///
/// # Errors
/// When they are not a component.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, DecodeError> {
    let world = World::of_component(bytes)?;
    let descriptor = Descriptor { digest: Digest::of(bytes), size: bytes.len() as u64 };
    let mut inspection =
        Inspection { descriptor, world, modules: 0, components: 0, producers: Vec::new(), provenance: None };
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload
            .map_err(|error| DecodeError::Invalid { offset: error.offset(), message: error.message().to_owned() })?;
        match payload {
            Payload::Version { encoding, .. } => {
                match encoding {
                    Encoding::Module => inspection.modules += 1,
                    Encoding::Component if depth > 0 => inspection.components += 1,
                    Encoding::Component => {}
                }
                depth += 1;
            }
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 => match section.name() {
                "producers" => inspection.producers.extend(producers(section.data(), section.data_offset())),
                provenance::SECTION => inspection.provenance = Provenance::from_bytes(section.data()),
                _ => {}
            },
            _ => {}
        }
    }
    Ok(inspection)
}

/// The plan that a component carries of itself, if `compose` made it; components in it are not looked at.
pub(crate) fn own_provenance(bytes: &[u8]) -> Option<Provenance> {
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) if depth == 1 && section.name() == provenance::SECTION => {
                return Provenance::from_bytes(section.data());
            }
            _ => {}
        }
    }
    None
}

/// The values of a producers section, as far as they can be read: it is informative.
fn producers(data: &[u8], offset: u64) -> Vec<(String, String, String)> {
    let Ok(reader) = ProducersSectionReader::new(wasmparser::BinaryReader::new(data, offset)) else {
        return Vec::new();
    };
    let fields = reader.into_iter().map_while(Result::ok);
    let values = fields.flat_map(|field| {
        let values = field.values.into_iter().map_while(Result::ok);
        values
            .map(move |value| (field.name.to_owned(), value.name.to_owned(), value.version.to_owned()))
            .collect::<Vec<_>>()
    });
    values.collect()
}
