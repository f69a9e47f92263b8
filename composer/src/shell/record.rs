//! A shell as the store keeps it: between a [`Shell`] and bytes.
//!
//! The store says whether bytes are a record of ours; what is read is nevertheless read with care, and used for nothing that is not
//! checked again: the component with stubs is validated, and whatever is copied from the input has the checksum that is recorded.

use std::sync::Arc;

use bytes::Bytes;
use registry_client::DerivedKind;

use super::{Content, Item, MAX_DEPTH, Module, Outline, Segment, Shell};
use crate::fields::{Fields, number, text};

/// The kind of the records; its binding changes with what [`super::cut`] and [`super::stub`] make of a component.
pub(super) const KIND: DerivedKind<'_> = DerivedKind { name: "shell", binding: "4" };

pub(super) fn write(shell: &Shell) -> Vec<u8> {
    let mut bytes = Vec::new();
    // No section is empty: where the type is not known, nothing stands for it.
    text(shell.type_section().unwrap_or_default(), &mut bytes);
    write_outline(&shell.root, &mut bytes);
    bytes
}

/// Reads the shell of a component of `size` bytes.
pub(super) fn read(bytes: Bytes, size: u64) -> Option<Shell> {
    let mut reader = Reader { fields: Fields::of(bytes), size };
    let type_section = Some(reader.fields.text()?).filter(|section| !section.is_empty());
    let root = reader.outline(0)?;
    reader.fields.is_empty().then_some(Shell { root, type_section })
}

const SECTIONS: u8 = 0;
const CUSTOM: u8 = 1;
const MODULE: u8 = 2;
const COMPONENT: u8 = 3;

fn write_outline(outline: &Outline, bytes: &mut Vec<u8>) {
    number(outline.items.len() as u64, bytes);
    for item in &outline.items {
        match item {
            Item::Sections(sections) => {
                bytes.push(SECTIONS);
                text(sections, bytes);
            }
            Item::Custom(content, section) => {
                bytes.push(CUSTOM);
                bytes.push(content_code(*content));
                text(section, bytes);
            }
            Item::Module(module) => {
                bytes.push(MODULE);
                text(&module.stub, bytes);
                number(module.segments.len() as u64, bytes);
                for Segment { range, checksum, content } in &module.segments {
                    number(range.start, bytes);
                    number(range.end, bytes);
                    bytes.extend_from_slice(checksum.as_bytes());
                    bytes.push(content_code(*content));
                }
            }
            Item::Component(outline) => {
                bytes.push(COMPONENT);
                write_outline(outline, bytes);
            }
        }
    }
}

fn content_code(content: Content) -> u8 {
    match content {
        Content::Code => 0,
        Content::Names => 1,
        Content::Debug => 2,
        Content::Other => 3,
    }
}

struct Reader {
    fields: Fields,
    size: u64,
}

impl Reader {
    fn outline(&mut self, depth: usize) -> Option<Outline> {
        if depth > MAX_DEPTH {
            return None;
        }
        let count = self.fields.number()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(match self.fields.byte()? {
                SECTIONS => Item::Sections(self.fields.text()?),
                CUSTOM => Item::Custom(self.content()?, self.fields.text()?),
                MODULE => Item::Module(Arc::new(self.module()?)),
                COMPONENT => Item::Component(self.outline(depth + 1)?),
                _ => return None,
            });
        }
        Some(Outline { items })
    }

    fn module(&mut self) -> Option<Module> {
        let stub = self.fields.text()?;
        let count = self.fields.number()?;
        let mut segments: Vec<Segment> = Vec::new();
        for _ in 0..count {
            let range = self.fields.number()?..self.fields.number()?;
            let follows = segments.last().is_none_or(|last| last.range.end == range.start);
            if !follows || range.start >= range.end || range.end > self.size {
                return None;
            }
            segments.push(Segment { range, checksum: self.fields.checksum()?, content: self.content()? });
        }
        Some(Module { segments, stub })
    }

    fn content(&mut self) -> Option<Content> {
        match self.fields.byte()? {
            0 => Some(Content::Code),
            1 => Some(Content::Names),
            2 => Some(Content::Debug),
            3 => Some(Content::Other),
            _ => None,
        }
    }
}
