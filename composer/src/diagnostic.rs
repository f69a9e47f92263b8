//! What a person is told when something is wrong, as data.
//!
//! A [`Diagnostic`] is decided by a phase (manifest, resolution, planning, …) and drawn by whoever talks to the person;
//! nothing here knows about terminals, colours or line widths. Labels point into a [`SourceText`] by byte range, so that
//! the renderer can show the text at fault under a caret.

use std::{
    ops::Range,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

pub use crate::code::{Blame, Code};

/// A text that labels point into: the manifest or the lock, named as the person named it.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    name: String,
    text: String,
}

impl SourceText {
    /// Keeps `text` under the name that messages show for it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// The name that messages show: a path as the person wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A value together with the bytes of the manifest that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The bytes in the source text.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For who asked to be told everything.
    Note,
    /// Worth knowing; nothing fails.
    Warning,
    /// The command cannot do what was asked.
    Error,
}

impl Severity {
    /// The word that messages and machine formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A stretch of a source text, with what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The text that is pointed into.
    pub source: Arc<SourceText>,
    /// The bytes pointed at.
    pub span: Range<usize>,
    /// What is said there; may be empty.
    pub text: String,
}

/// One finding: what is wrong, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code; `compose explain` tells more about it.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in one lowercase sentence without a full stop.
    pub message: String,
    /// Where: the first label is the place at fault, the others give context.
    pub labels: Vec<Label>,
    /// Why: facts that a person needs to understand the message.
    pub notes: Vec<String>,
    /// What to do: each is one way out; lines after the first are text to copy.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// Starts an error with its message.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Starts a warning with its message.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Points at a stretch of a source text.
    #[must_use]
    pub fn label(mut self, source: &Arc<SourceText>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds several facts.
    #[must_use]
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a fact for every cause behind `error`, the nearest first.
    #[must_use]
    pub fn causes(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = error.source();
        while let Some(error) = cause {
            self.notes.push(format!("caused by: {error}"));
            cause = error.source();
        }
        self
    }
}

/// At least one error, and the warnings that came with it, in the order a person should read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// Turns findings into a failure if one of them is an error, and gives the findings back otherwise.
    ///
    /// # Errors
    /// When at least one of the diagnostics is an error.
    pub fn check(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Self> {
        if diagnostics.iter().any(|d| d.severity == Severity::Error) {
            Err(Self { diagnostics })
        } else {
            Ok(diagnostics)
        }
    }

    /// The findings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Who is to blame: decides the exit status. A failure with several errors is as bad as the worst of them.
    pub fn blame(&self) -> Blame {
        let errors = self.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| d.code.blame()).max().unwrap_or(Blame::Input)
    }

    /// Adds a way out to the last finding.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.last_mut() {
            last.hints.push(hint.into());
        }
        self
    }

    /// Says something else, or more, of each finding.
    pub(crate) fn map(self, say: impl FnMut(Diagnostic) -> Diagnostic) -> Self {
        Self { diagnostics: self.diagnostics.into_iter().map(say).collect() }
    }

    /// Puts further findings before the ones that are already here.
    pub(crate) fn preceded_by(mut self, mut earlier: Vec<Diagnostic>) -> Self {
        earlier.append(&mut self.diagnostics);
        Self { diagnostics: earlier }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic] }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut messages = self.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| &d.message);
        match (messages.next(), messages.count()) {
            (Some(first), 0) => f.write_str(first),
            (Some(first), more) => write!(f, "{first} (and {more} more)"),
            (None, _) => f.write_str("failed"),
        }
    }
}

impl std::error::Error for Failure {}

/// A path as messages show it: without the detours of joined paths (`left/../right`), lossily where it is not Unicode.
///
/// Only for people: where `left` is a symbolic link, the shown path is not the one that is read.
pub(crate) fn shown(path: &Path) -> String {
    let mut short = PathBuf::new();
    for component in path.components() {
        let leaves_a_name = matches!(short.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::ParentDir if leaves_a_name => _ = short.pop(),
            Component::CurDir => {}
            other => short.push(other),
        }
    }
    if short.as_os_str().is_empty() { ".".to_owned() } else { short.to_string_lossy().into_owned() }
}

/// Joins names as a sentence does: "`a`", "`a` and `b`", "`a`, `b` and `c`".
pub(crate) fn listed<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The known name that a person most likely meant by `given`.
///
/// One edit is always near enough; longer words may differ in a third of their letters.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).max(1);
    let scored = known.into_iter().map(|name| (strsim::damerau_levenshtein(given, name), name));
    scored.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}
