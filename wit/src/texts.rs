//! Decides where in WIT texts something is, from wit-parser's spans, to [`Place`]s, and to [`Spot`]s that bring their texts along.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use wit_parser::{SourceMap, Span};

/// A stretch of a WIT text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The name of the text: the path of the file, as it was found.
    pub source: String,
    /// The bytes of the text, as a start and an end.
    pub start: usize,
    /// Where the stretch ends.
    pub end: usize,
    /// The line it starts in, from 1 on.
    pub line: usize,
    /// The character of the line it starts with, from 1 on.
    pub column: usize,
    /// The line it ends in.
    pub end_line: usize,
    /// The character of that line before which it ends.
    pub end_column: usize,
}

impl Place {
    /// The bytes of the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Writes the place as compilers do: `wit/api.wit:3:5`.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// A place with the whole text that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spot {
    /// The place.
    pub place: Place,
    /// The text.
    pub text: Arc<str>,
}

/// Texts by their names.
#[derive(Debug, Default)]
pub(crate) struct Texts(BTreeMap<String, Text>);

/// A text, and where its lines start.
#[derive(Debug)]
struct Text {
    text: Arc<str>,
    line_starts: Vec<usize>,
}

impl Texts {
    pub(crate) fn insert(&mut self, name: &str, text: &str) {
        let after_feeds = text.match_indices('\n').map(|(feed, _)| feed + 1);
        let line_starts = std::iter::once(0).chain(after_feeds).collect();
        self.0.insert(name.to_owned(), Text { text: Arc::from(text), line_starts });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&Arc<str>> {
        self.0.get(name).map(|text| &text.text)
    }

    /// Where the span is, if it is of a text.
    pub(crate) fn place(&self, map: &SourceMap, span: Span) -> Option<Place> {
        let location = map.resolve_span(span)?;
        self.0.get(location.path)?.place(location.path, location.range)
    }

    /// Those of the spans that are of texts, with these.
    pub(crate) fn spots(&self, map: &SourceMap, spans: &[Span]) -> Vec<Spot> {
        let spot = |span: &Span| {
            let place = self.place(map, *span)?;
            Some(Spot { text: Arc::clone(self.text(&place.source)?), place })
        };
        spans.iter().filter_map(spot).collect()
    }

    /// Where a text declares the package of this name and version.
    ///
    /// NB: wit-parser does not keep the place; it is found where the declaration begins a line.
    pub(crate) fn declaration(&self, package: &str) -> Option<Place> {
        self.0.iter().find_map(|(source, text)| {
            let start = text.line_starts.iter().find_map(|start| {
                let line = &text.text[*start..];
                let after = line.strip_prefix("package")?.trim_start_matches([' ', '\t']);
                let rest = after.strip_prefix(package)?.trim_start();
                rest.starts_with([';', '{']).then(|| start + (line.len() - after.len()))
            })?;
            text.place(source, start..start + package.len())
        })
    }
}

impl Text {
    fn place(&self, source: &str, range: Range<usize>) -> Option<Place> {
        let line_and_column = |offset: usize| {
            let line = self.line_starts.partition_point(|start| *start <= offset);
            let before = self.text.get(self.line_starts[line - 1]..offset)?;
            Some((line, before.chars().count() + 1))
        };
        let (line, column) = line_and_column(range.start)?;
        let (end_line, end_column) = line_and_column(range.end)?;
        Some(Place {
            source: source.to_owned(),
            start: range.start,
            end: range.end,
            line,
            column,
            end_line,
            end_column,
        })
    }
}
