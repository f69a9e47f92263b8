//! Reading TOML with care: values with their places, and a diagnostic for each that is not what its key needs.
//!
//! Knows TOML and diagnostics, and nothing of what a manifest's sections mean.

use std::{error::Error, ops::Range, str::FromStr, sync::Arc};

use toml::{
    Spanned as TomlSpanned,
    de::{DeArray, DeTable, DeValue},
};

use super::schema::Table;
use crate::diagnostic::{Code, Diagnostic, SourceText, Spanned, nearest};

/// A value as the parser gives it.
pub(super) type Value<'i> = TomlSpanned<DeValue<'i>>;

/// Collects what is wrong while values are read.
pub(super) struct Reader {
    source: Arc<SourceText>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A table whose keys are to be asked for by name.
pub(super) struct Section<'a> {
    /// How messages name it: `[world]`, or `` the entry `tax` ``.
    title: String,
    table: &'a DeTable<'a>,
    /// The place of its header or of the whole inline table.
    pub(super) span: Range<usize>,
}

impl Reader {
    pub(super) fn new(source: &Arc<SourceText>) -> Self {
        Self { source: Arc::clone(source), diagnostics: Vec::new() }
    }

    pub(super) fn source(&self) -> &Arc<SourceText> {
        &self.source
    }

    /// Reports something at a place.
    pub(super) fn report(
        &mut self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::error(code, message).label(&self.source, span, label);
        self.diagnostics.push(diagnostic);
    }

    /// The table behind a value.
    pub(super) fn section<'a>(&mut self, title: impl Into<String>, value: &'a Value<'a>) -> Option<Section<'a>> {
        let title = title.into();
        match value.get_ref() {
            DeValue::Table(table) => Some(Section { title, table, span: value.span() }),
            other => {
                self.wrong_type(&title, "a table", other, value.span());
                None
            }
        }
    }

    /// The text behind a value.
    pub(super) fn text(&mut self, title: &str, value: &Value<'_>) -> Option<Spanned<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::new(text.to_string(), value.span())),
            other => {
                self.wrong_type(title, "a string", other, value.span());
                None
            }
        }
    }

    /// The array behind a value.
    pub(super) fn array<'a>(&mut self, title: &str, value: &'a Value<'a>) -> Option<&'a DeArray<'a>> {
        match value.get_ref() {
            DeValue::Array(array) => Some(array),
            other => {
                self.wrong_type(title, "an array of strings", other, value.span());
                None
            }
        }
    }

    /// The boolean behind a value.
    pub(super) fn boolean(&mut self, title: &str, value: &Value<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            other => {
                self.wrong_type(title, "`true` or `false`", other, value.span());
                None
            }
        }
    }

    /// The value that a text stands for.
    pub(super) fn parsed<T>(&mut self, title: &str, text: Spanned<String>) -> Option<Spanned<T>>
    where
        T: FromStr,
        T::Err: Error + 'static,
    {
        match text.value.parse::<T>() {
            Ok(value) => Some(Spanned::new(value, text.span)),
            Err(error) => {
                self.invalid(title, &text.value, text.span, error.to_string());
                let diagnostic = self.diagnostics.pop()?.causes(&error);
                self.diagnostics.push(match shape_of(&error) {
                    Some(shape) => diagnostic.note(shape),
                    None => diagnostic,
                });
                None
            }
        }
    }

    /// Reports a text that is not what its key needs.
    pub(super) fn invalid(&mut self, title: &str, given: &str, span: Range<usize>, why: String) {
        self.report(Code::InvalidValue, span, format!("`{given}` cannot be {title}"), why);
    }

    /// [`Self::text`], then [`Self::parsed`].
    pub(super) fn parsed_text<T>(&mut self, title: &str, value: &Value<'_>) -> Option<Spanned<T>>
    where
        T: FromStr,
        T::Err: Error + 'static,
    {
        let text = self.text(title, value)?;
        self.parsed(title, text)
    }

    /// A key as the value it stands for.
    pub(super) fn parsed_key<T>(
        &mut self,
        title: &str,
        key: &TomlSpanned<std::borrow::Cow<'_, str>>,
    ) -> Option<Spanned<T>>
    where
        T: FromStr,
        T::Err: Error + 'static,
    {
        self.parsed(title, Spanned::new(key.get_ref().to_string(), key.span()))
    }

    /// Reports a value of another type than its key needs.
    pub(super) fn wrong_type(&mut self, title: &str, wanted: &str, found: &DeValue<'_>, span: Range<usize>) {
        let found = match found {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.report(
            Code::WrongType,
            span,
            format!("{title} must be {wanted}, and is {found}"),
            format!("expected {wanted}"),
        );
    }
}

/// What a version looks like, for those whose parser says only where it stumbled.
fn shape_of(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let is_of_semver = error.is::<semver::Error>() || error.source().is_some_and(<dyn Error>::is::<semver::Error>);
    is_of_semver.then_some("a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`")
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn document(table: &'a TomlSpanned<DeTable<'a>>) -> Self {
        Self { title: "the manifest".to_owned(), table: table.get_ref(), span: table.span() }
    }

    /// The value of a key.
    pub(super) fn key(&self, name: &str) -> Option<&'a Value<'a>> {
        self.table.get(name)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, reader: &mut Reader, name: &str) -> Option<&'a Value<'a>> {
        let value = self.key(name);
        if value.is_none() {
            let message = format!("{} lacks the key `{name}`", self.title);
            reader.report(Code::MissingKey, self.span.clone(), message, format!("`{name} = …` belongs here"));
        }
        value
    }

    /// All keys and values, in the order in which they are written.
    pub(super) fn entries(&self) -> Vec<(&'a TomlSpanned<std::borrow::Cow<'a, str>>, &'a Value<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    /// Reports every key that the schema does not know.
    pub(super) fn refuse_unknown_keys(&self, reader: &mut Reader, schema: &Table) {
        let Some(known) = &schema.known_keys() else { return };
        for (key, _) in self.entries() {
            let name = key.get_ref();
            if known.contains(&name.as_ref()) {
                continue;
            }
            let diagnostic = Diagnostic::error(Code::UnknownKey, format!("{} has no key `{name}`", self.title));
            let diagnostic = diagnostic.label(&reader.source, key.span(), "unknown key");
            reader.diagnostics.push(match nearest(name, known.iter().copied()) {
                Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
                None => diagnostic.note(format!("it can have {}", crate::diagnostic::listed(known))),
            });
        }
    }
}
