//! What a finding looks like to a person: the one place that turns diagnostics into text.
//!
//! From a [`Diagnostic`] (or a [`Complaint`], which has neither code nor place) to lines that end with a line feed. It
//! neither decides what is said nor where it is written.

use std::{fmt::Display, ops::Range};

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Message, Renderer, Snippet, normalize_untrusted_str,
    renderer::DEFAULT_TERM_WIDTH,
};
use clap::builder::styling::{AnsiColor, Style};
use composer::diagnostic::{Diagnostic, Label, Severity, SourceText};

use crate::exit::Complaint;

/// The verb of a line that says what was done.
const STATUS: Style = AnsiColor::BrightGreen.on_default().bold();

/// Whether text carries escape sequences for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It may.
    Styled,
    /// It must not.
    Plain,
}

/// Renders a diagnostic: message, the text at fault with carets, notes, and ways out.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, colour: Colour) -> String {
    finding(diagnostic.code.as_str(), diagnostic, colour)
}

/// Renders what a rule found, under the rule's name.
pub(crate) fn finding(rule: &str, diagnostic: &Diagnostic, colour: Colour) -> String {
    let title = level(diagnostic.severity).primary_title(printable(&diagnostic.message)).id(rule);
    let group = Group::with_title(title)
        .elements(snippets(&diagnostic.labels))
        .elements(footers(Level::NOTE, &diagnostic.notes))
        .elements(footers(Level::HELP, &diagnostic.hints));
    rendered(&group, colour)
}

/// Renders what is said about arguments.
pub(crate) fn complaint(complaint: &Complaint, colour: Colour) -> String {
    let title = Level::ERROR.primary_title(printable(&complaint.message));
    rendered(&Group::with_title(title).elements(footers(Level::HELP, &complaint.hints)), colour)
}

/// Renders the last line of a run that found several errors.
pub(crate) fn count_of_errors(count: usize, colour: Colour) -> String {
    rendered(&Group::with_title(Level::ERROR.primary_title(format!("{count} problems found"))), colour)
}

/// Renders a line that says what was done; the verbs of several such lines are aligned, as cargo does.
pub(crate) fn status(verb: &str, what: impl Display, colour: Colour) -> String {
    match colour {
        Colour::Styled => format!("{STATUS}{verb:>12}{STATUS:#} {what}\n"),
        Colour::Plain => format!("{verb:>12} {what}\n"),
    }
}

fn rendered(group: &Group<'_>, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Styled => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    let mut text = renderer.term_width(DEFAULT_TERM_WIDTH).render(std::slice::from_ref(group));
    text.push('\n');
    text
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    }
}

/// One snippet a source text, in the order in which the labels first mention them.
fn snippets(labels: &[Label]) -> Vec<Snippet<'_, Annotation<'_>>> {
    let mut sources: Vec<&SourceText> = Vec::new();
    for label in labels {
        if !sources.iter().any(|known| std::ptr::eq(*known, &*label.source)) {
            sources.push(&label.source);
        }
    }
    sources.into_iter().map(|source| snippet(source, labels)).collect()
}

/// One source text with those of the labels that point into it.
fn snippet<'a>(source: &'a SourceText, labels: &'a [Label]) -> Snippet<'a, Annotation<'a>> {
    let here = labels.iter().enumerate().filter(|(_, label)| std::ptr::eq(source, &*label.source));
    let annotations = here.map(|(index, label)| annotation(label, kind(index)));
    Snippet::source(source.text()).path(source.name()).annotations(annotations)
}

/// The first label is the place at fault.
fn kind(index: usize) -> AnnotationKind {
    if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context }
}

fn annotation(label: &Label, kind: AnnotationKind) -> Annotation<'_> {
    let text = Some(label.text.as_str()).filter(|text| !text.is_empty());
    kind.span(within(label.source.text(), &label.span)).label(text.map(printable))
}

/// The span as far as the text has it, on boundaries of characters: a wrong span must not hide the message.
pub(crate) fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end).max(start);
    start..end
}

fn footers<'a>(level: Level<'a>, texts: &'a [String]) -> impl Iterator<Item = Message<'a>> {
    texts.iter().map(move |text| level.clone().message(printable(text)))
}

/// Makes control characters visible: a message may quote a registry or a component, which must not steer the terminal.
fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() && c != '\n';
    normalize_untrusted_str(text).replace(steers, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use composer::diagnostic::Code;
    use insta::assert_snapshot;

    use super::*;

    const MANIFEST: &str = "[components]\ncatalog = \"shop:catalog@^1.2\"\npricing = { path = \"pricing.wasm\" }\n";

    fn manifest() -> Arc<SourceText> {
        SourceText::new("compose.toml", MANIFEST)
    }

    fn span(text: &str, part: &str) -> Range<usize> {
        let start = text.find(part).expect("the text has the part");
        start..start + part.len()
    }

    fn plain(found: &Diagnostic) -> String {
        diagnostic(found, Colour::Plain)
    }

    #[test]
    fn points_at_the_text_at_fault() {
        let found = Diagnostic::error(Code::VersionNotFound, "no version of `shop:catalog` satisfies `^1.2`")
            .label(&manifest(), span(MANIFEST, "\"shop:catalog@^1.2\""), "required here")
            .note("the registry has 1.0.0, 1.1.0 and 2.0.0");
        assert_snapshot!(plain(&found), @r#"
        error[version-not-found]: no version of `shop:catalog` satisfies `^1.2`
         --> compose.toml:2:11
          |
        2 | catalog = "shop:catalog@^1.2"
          |           ^^^^^^^^^^^^^^^^^^^ required here
          |
          = note: the registry has 1.0.0, 1.1.0 and 2.0.0
        "#);
    }

    #[test]
    fn shows_two_labels_in_one_text() {
        let source = manifest();
        let found = Diagnostic::error(Code::AmbiguousProvider, "two instances export `acme:tax/rates@1.0.0`")
            .label(&source, span(MANIFEST, "pricing"), "imports it")
            .label(&source, span(MANIFEST, "catalog"), "exports it");
        assert_snapshot!(plain(&found), @r#"
        error[ambiguous-provider]: two instances export `acme:tax/rates@1.0.0`
         --> compose.toml:3:1
          |
        2 | catalog = "shop:catalog@^1.2"
          | ------- exports it
        3 | pricing = { path = "pricing.wasm" }
          | ^^^^^^^ imports it
        "#);
    }

    #[test]
    fn shows_labels_in_two_texts() {
        let lock = SourceText::new("compose.lock", "version = 1\n");
        let found = Diagnostic::error(Code::LockOutOfDate, "compose.lock would change").label(&lock, 0..7, "").label(
            &manifest(),
            span(MANIFEST, "pricing"),
            "is not locked",
        );
        assert_snapshot!(plain(&found), @r#"
        error[lock-out-of-date]: compose.lock would change
         --> compose.lock:1:1
          |
        1 | version = 1
          | ^^^^^^^
          |
         ::: compose.toml:3:1
          |
        3 | pricing = { path = "pricing.wasm" }
          | ------- is not locked
        "#);
    }

    #[test]
    fn keeps_the_lines_of_a_hint_aligned() {
        let found = Diagnostic::error(Code::AmbiguousProvider, "two instances export `acme:tax/rates@1.0.0`")
            .label(&manifest(), span(MANIFEST, "pricing"), "imports it")
            .hint("decide for one:\n[links.pricing]\n\"acme:tax/rates\" = \"tax-eu\"")
            .hint("or leave it to the runtime:\n[links.pricing]\n\"acme:tax/rates\" = \"host\"");
        assert_snapshot!(plain(&found), @r#"
        error[ambiguous-provider]: two instances export `acme:tax/rates@1.0.0`
         --> compose.toml:3:1
          |
        3 | pricing = { path = "pricing.wasm" }
          | ^^^^^^^ imports it
          |
          = help: decide for one:
                  [links.pricing]
                  "acme:tax/rates" = "tax-eu"
          = help: or leave it to the runtime:
                  [links.pricing]
                  "acme:tax/rates" = "host"
        "#);
    }

    #[test]
    fn needs_no_label() {
        let found = Diagnostic::warning(Code::UnusedInstance, "nothing needs the instance `tax`")
            .note("it is left out")
            .hint("remove it, or export something of it");
        assert_snapshot!(plain(&found), @"
        warning[unused-instance]: nothing needs the instance `tax`
         |
         = note: it is left out
         = help: remove it, or export something of it
        ");
    }

    #[test]
    fn needs_nothing_but_a_message() {
        assert_snapshot!(plain(&Diagnostic::error(Code::Internal, "the encoder failed")), @"error[internal]: the encoder failed");
    }

    #[test]
    fn points_at_the_start_and_at_the_end() {
        let source = manifest();
        let at_start =
            Diagnostic::error(Code::MissingKey, "`[package]` is missing").label(&source, 0..0, "before this");
        let end = MANIFEST.len();
        let at_end = Diagnostic::error(Code::ManifestSyntax, "expected `]`").label(&source, end..end, "here");
        assert_snapshot!(plain(&at_start), @"
        error[missing-key]: `[package]` is missing
         --> compose.toml:1:1
          |
        1 | [components]
          | ^ before this
        ");
        assert_snapshot!(plain(&at_end), @r#"
        error[manifest-syntax]: expected `]`
         --> compose.toml:3:37
          |
        3 | pricing = { path = "pricing.wasm" }
          |                                    ^ here
        "#);
    }

    #[test]
    fn points_into_an_empty_text() {
        let found = Diagnostic::error(Code::MissingKey, "`[components]` is missing").label(
            &SourceText::new("compose.toml", ""),
            0..0,
            "",
        );
        assert_snapshot!(plain(&found), @"
        error[missing-key]: `[components]` is missing
         --> compose.toml:1:1
          |
        1 |
          | ^
        ");
    }

    #[test]
    fn counts_columns_in_characters() {
        let text = "name = \"bücher:日本\"\n";
        let found = Diagnostic::error(Code::InvalidValue, "`日本` is not a name").label(
            &SourceText::new("compose.toml", text),
            span(text, "日本"),
            "must be ASCII",
        );
        assert_snapshot!(plain(&found), @r#"
        error[invalid-value]: `日本` is not a name
         --> compose.toml:1:16
          |
        1 | name = "bücher:日本"
          |                ^^^^ must be ASCII
        "#);
    }

    #[test]
    fn a_wrong_span_does_not_hide_the_message() {
        let source = SourceText::new("compose.toml", "é = 1");
        let beyond = Diagnostic::error(Code::InvalidValue, "beyond").label(&source, 90..99, "");
        let inside = Diagnostic::error(Code::InvalidValue, "inside a character").label(&source, 1..1, "");
        assert_snapshot!(plain(&beyond), @"
        error[invalid-value]: beyond
         --> compose.toml:1:6
          |
        1 | é = 1
          |      ^
        ");
        assert_snapshot!(plain(&inside), @"
        error[invalid-value]: inside a character
         --> compose.toml:1:1
          |
        1 | é = 1
          | ^
        ");
    }

    #[test]
    fn a_long_line_of_a_note_is_not_broken() {
        let names: Vec<String> = (0..20).map(|n| format!("wasi:filesystem/preopens-{n}@0.2.0")).collect();
        let list = names.join(", ");
        let found = Diagnostic::error(Code::DeniedHostImport, "denied").note(list.clone());
        assert!(plain(&found).contains(&list));
    }

    #[test]
    fn quoted_text_cannot_steer_the_terminal() {
        let source = SourceText::new("compose.toml", "a = \"\u{1b}[31m\"\n");
        let found = Diagnostic::error(Code::RegistryFailure, "it said \u{1b}[31m")
            .label(&source, 4..6, "\u{1b}[31m")
            .note("\u{1b}]0;title\u{7}\u{9b}31m")
            .hint("\u{1b}[2J");
        assert_snapshot!(plain(&found), @r#"
        error[registry-failure]: it said ␛[31m
         --> compose.toml:1:5
          |
        1 | a = "␛[31m"
          |     ^^ ␛[31m
          |
          = note: ␛]0;title␇�31m
          = help: ␛[2J
        "#);
    }

    #[test]
    fn is_styled_only_where_that_is_wanted() {
        let found =
            Diagnostic::error(Code::Internal, "wrong").label(&manifest(), 1..11, "here").note("why").hint("how");
        assert!(!diagnostic(&found, Colour::Plain).contains('\u{1b}'));
        assert!(diagnostic(&found, Colour::Styled).contains('\u{1b}'));
    }

    #[test]
    fn a_complaint_has_no_code() {
        let found = Complaint {
            message: "no code is named `ambigous`".to_owned(),
            hints: vec!["did you mean `ambiguous`?".to_owned()],
        };
        assert_snapshot!(complaint(&found, Colour::Plain), @"
        error: no code is named `ambigous`
         |
         = help: did you mean `ambiguous`?
        ");
        assert_snapshot!(count_of_errors(3, Colour::Plain), @"error: 3 problems found");
    }
}
