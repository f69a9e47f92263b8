//! Cuts a component where its modules, nested components and custom sections begin and end.
//!
//! Knows how the [binary format] frames sections, and nothing of what is in them: what is wrong within one, the validator finds in
//! the component with stubs, or in the module.
//!
//! [binary format]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Binary.md

use std::{io, sync::Arc};

use registry_client::Descriptor;

use super::{
    COMPONENT_HEADER, COMPONENT_SECTION, Content, Item, MODULE_HEADER, MODULE_SECTION, Module, Outline, Segment,
    scan::Scanner,
    stub::{Skeleton, stub},
};
use crate::input::Input;

/// How deep components may be nested.
pub(crate) const MAX_DEPTH: usize = 100;

/// No component has so many bytes of sections besides its modules: they are held in memory.
const MAX_SECTIONS: u64 = 256 << 20;

const CUSTOM_SECTION: u8 = 0;

/// Why a component could not be cut.
#[derive(Debug)]
pub(crate) enum CutError {
    /// Its bytes could not be read.
    Unreadable(io::Error),
    /// They are not a component. Whoever validates them says why.
    Malformed,
    /// Its components are nested too deep.
    TooDeep,
}

/// Cuts a component.
pub(super) fn cut(input: &Input) -> Result<(Outline, Descriptor), CutError> {
    let mut cutter = Cutter { scanner: Scanner::new(input).map_err(CutError::Unreadable)?, held: 0 };
    let end = cutter.scanner.size();
    let outline = cutter.component(end, 0)?;
    Ok((outline, cutter.scanner.finish()))
}

struct Cutter<'a> {
    scanner: Scanner<'a>,
    /// How many bytes are held.
    held: u64,
}

impl Cutter<'_> {
    /// Cuts the component that ends at `end`.
    fn component(&mut self, end: u64, depth: usize) -> Result<Outline, CutError> {
        if depth > MAX_DEPTH {
            return Err(CutError::TooDeep);
        }
        self.header(COMPONENT_HEADER, end)?;
        let mut items = Vec::new();
        let mut sections = Vec::new();
        while self.scanner.position() < end {
            let (mut header, id, section_end) = self.section(end)?;
            if matches!(id, CUSTOM_SECTION | MODULE_SECTION | COMPONENT_SECTION) && !sections.is_empty() {
                items.push(Item::Sections(std::mem::take(&mut sections).into()));
            }
            match id {
                MODULE_SECTION => items.push(Item::Module(Arc::new(self.module(section_end)?))),
                COMPONENT_SECTION => items.push(Item::Component(self.component(section_end, depth + 1)?)),
                CUSTOM_SECTION => {
                    let content = self.custom_content(section_end, &mut header)?;
                    self.hold(section_end, &mut header)?;
                    items.push(Item::Custom(content, header.into()));
                }
                _ => {
                    sections.append(&mut header);
                    self.hold(section_end, &mut sections)?;
                }
            }
        }
        if !sections.is_empty() {
            items.push(Item::Sections(sections.into()));
        }
        Ok(Outline { items })
    }

    /// Cuts the module that ends at `end`.
    fn module(&mut self, end: u64) -> Result<Module, CutError> {
        let mut segments = Vec::new();
        let mut start = self.scanner.position();
        self.scanner.begin_stretch();
        self.header(MODULE_HEADER, end)?;
        let mut skeleton = Skeleton::default();
        while self.scanner.position() < end {
            let is_custom = self.scanner.peek()? == CUSTOM_SECTION;
            if is_custom && self.scanner.position() > start {
                segments.push(self.segment(start, Content::Code));
                start = self.scanner.position();
            }
            let (_, id, section_end) = self.section(end)?;
            if is_custom {
                let content = self.custom_content(section_end, &mut Vec::new())?;
                self.scanner.skip(section_end - self.scanner.position())?;
                segments.push(self.segment(start, content));
                start = self.scanner.position();
            } else if Skeleton::has(id) {
                let mut bytes = Vec::new();
                self.hold(section_end, &mut bytes)?;
                skeleton.push(id, bytes);
            } else {
                self.scanner.skip(section_end - self.scanner.position())?;
            }
        }
        if self.scanner.position() > start {
            segments.push(self.segment(start, Content::Code));
        }
        self.scanner.end_stretch();
        Ok(Module { segments, stub: stub(&skeleton).map_err(|_| CutError::Malformed)?.into() })
    }

    /// Ends a segment, and begins the next one.
    fn segment(&mut self, start: u64, content: Content) -> Segment {
        let checksum = self.scanner.end_stretch();
        self.scanner.begin_stretch();
        Segment { range: start..self.scanner.position(), checksum, content }
    }

    fn header(&mut self, expected: &[u8; 8], end: u64) -> Result<(), CutError> {
        let mut found = Vec::new();
        if end - self.scanner.position() < expected.len() as u64 {
            return Err(CutError::Malformed);
        }
        self.scanner.take(expected.len() as u64, &mut found)?;
        if found == expected { Ok(()) } else { Err(CutError::Malformed) }
    }

    /// Takes the header of a section: its bytes, the section's id, and where the section ends.
    fn section(&mut self, end: u64) -> Result<(Vec<u8>, u8, u64), CutError> {
        let mut header = Vec::new();
        let id = self.scanner.peek()?;
        self.scanner.take(1, &mut header)?;
        let size = self.scanner.number(&mut header)?;
        let position = self.scanner.position();
        if position > end || u64::from(size) > end - position {
            return Err(CutError::Malformed);
        }
        Ok((header, id, position + u64::from(size)))
    }

    /// Takes the name of a custom section that ends at `end`.
    fn custom_content(&mut self, end: u64, bytes: &mut Vec<u8>) -> Result<Content, CutError> {
        let length = self.scanner.number(bytes)?;
        let position = self.scanner.position();
        if position > end || u64::from(length) > end - position {
            return Err(CutError::Malformed);
        }
        let mut name = Vec::new();
        self.hold(position + u64::from(length), &mut name)?;
        let content = Content::of_custom(std::str::from_utf8(&name).map_err(|_| CutError::Malformed)?);
        bytes.append(&mut name);
        Ok(content)
    }

    /// Takes bytes up to `end` into memory.
    fn hold(&mut self, end: u64, bytes: &mut Vec<u8>) -> Result<(), CutError> {
        let count = end - self.scanner.position();
        self.held += count;
        if self.held > MAX_SECTIONS {
            return Err(CutError::Malformed);
        }
        self.scanner.take(count, bytes)
    }
}
