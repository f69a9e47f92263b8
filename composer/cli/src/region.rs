//! Where something is in a text, as programs read it: from places of WIT and labels of diagnostics to one shape.

use composer::diagnostic::Label;
use serde::Serialize;
use wit::Place;

use crate::render;

/// A stretch of a text. Offsets are bytes; lines and columns begin at 1, and columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Region {
    pub(crate) file: String,
    pub(crate) byte_start: usize,
    pub(crate) byte_end: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

impl From<&Place> for Region {
    fn from(place: &Place) -> Self {
        Self {
            file: place.source.clone(),
            byte_start: place.start,
            byte_end: place.end,
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
        }
    }
}

impl From<&Label> for Region {
    fn from(label: &Label) -> Self {
        let text = label.source.text();
        let bytes = render::within(text, &label.span);
        let (line, column) = line_and_column(text, bytes.start);
        let (end_line, end_column) = line_and_column(text, bytes.end);
        let (byte_start, byte_end) = (bytes.start, bytes.end);
        Self { file: label.source.name().to_owned(), byte_start, byte_end, line, column, end_line, end_column }
    }
}

/// Writes the place as compilers do: `wit/api.wit:3:5`.
impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use composer::diagnostic::{Code, Diagnostic, SourceText};

    use super::*;

    #[test]
    fn a_region_may_have_several_lines() {
        let source = SourceText::new("compose.toml", "[a]\nä = [\n  1,\n]\n");
        let found = Diagnostic::error(Code::WrongType, "wrong").label(&source, 9..17, "");
        let region = Region::from(&found.labels[0]);
        assert_eq!((region.line, region.column, region.end_line, region.end_column), (2, 5, 4, 2));
        assert_eq!(region.to_string(), "compose.toml:2:5");
    }
}
