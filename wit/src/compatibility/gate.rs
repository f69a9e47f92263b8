//! Decides whether something came, went or stayed, from whether it is there in each version and behind which gate, and what
//! is different about the gates and the documentation of what stayed.

use wit_parser::{Docs, Span, Stability};

use crate::compatibility::interface::{Comparison, Scope};
use crate::compatibility::rule::Rule;
use crate::compatibility::rules::{gate as gates, package as packages};
use crate::features::{deprecated, since};
use crate::package::Package;

/// What every item of a package has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'p> {
    pub(crate) docs: &'p Docs,
    pub(crate) stability: &'p Stability,
    pub(crate) span: Span,
}

/// What it is called when an item comes or goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Life {
    pub(crate) noun: &'static str,
    pub(crate) added: &'static Rule,
    pub(crate) removed: &'static Rule,
}

/// In which versions something is, features considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// In both, so that it is compared.
    InBoth,
    /// In one or none.
    Elsewhere,
}

/// Whether both versions say what is documented and behind which gates items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gates {
    /// They do.
    Told,
    /// One of them does not: all items count as there, and nothing is said about gates and documentation.
    Forgotten,
}

impl<'p> Comparison<'p> {
    /// Compares an item, with `part` for what it is and `compare` for what it consists of; `scope` is its own, but for the spans,
    /// which are those of what it is within.
    pub(crate) fn item<'t, T: Copy>(
        &mut self,
        scope: &Scope,
        life: Life,
        before: Option<T>,
        after: Option<T>,
        part: impl Fn(&'t Package, T) -> Part<'t>,
        mut compare: impl FnMut(&mut Self, &Scope, T, T),
    ) -> Presence
    where
        'p: 't,
    {
        let items = before.zip(after);
        let [before, after] =
            [(self.before, before), (self.after, after)].map(|(package, item)| item.map(|item| part(package, item)));
        let mut compare = |comparison: &mut Self, scope: &Scope| {
            if let Some((before, after)) = items {
                compare(comparison, scope, before, after);
            }
        };
        let scope = Scope {
            before: before.and_then(|part| known(part.span)).unwrap_or(scope.before),
            after: after.and_then(|part| known(part.span)).unwrap_or(scope.after),
            ..scope.clone()
        };
        let is_shown = |part: &Part<'_>| self.gates == Gates::Forgotten || self.features.show(part.stability);
        let (shown_before, shown_after) = (before.filter(&is_shown), after.filter(&is_shown));
        let noun = life.noun;
        match (shown_before, shown_after) {
            (Some(before), Some(after)) => {
                self.gates(&scope, noun, before.stability, after.stability);
                self.documentation(&scope, before.docs, after.docs);
                compare(self, &scope);
                return Presence::InBoth;
            }
            (Some(_), None) if after.is_some() => {
                let message = format!("the {noun} is behind a feature, and was not");
                self.change_like(&gates::MADE_UNSTABLE, life.removed, &scope, message);
            }
            (Some(before), None) => match deprecated(before.stability) {
                Some(since) => {
                    let message = format!("the {noun} is gone, which was deprecated since {since}");
                    self.change_like(&gates::DEPRECATED_REMOVED, life.removed, &scope, message);
                }
                None => self.change(life.removed, &scope, format!("the {noun} is gone")),
            },
            (None, Some(_)) if before.is_some() => {
                let message = format!("the {noun} is there for all, and was behind a feature");
                self.change_like(&gates::UNSTABLE_PROMOTED, life.added, &scope, message);
            }
            (None, Some(_)) => self.change(life.added, &scope, format!("the {noun} is new")),
            (None, None) => {
                let changed =
                    before.is_some() != after.is_some() || self.would_change(|comparison| compare(comparison, &scope));
                if changed {
                    let message = format!("the {noun}, which is behind a feature, changed");
                    self.change(&gates::UNSTABLE_CHANGED, &scope, message);
                }
            }
        }
        Presence::Elsewhere
    }

    /// Compares what the documentation says.
    pub(crate) fn documentation(&mut self, scope: &Scope, before: &Docs, after: &Docs) {
        if self.gates == Gates::Forgotten {
            return;
        }
        let text = |docs: &Docs| docs.contents.as_deref().map(str::trim_end).unwrap_or_default().to_owned();
        let message = match (text(before), text(after)) {
            (before, after) if before == after => return,
            (before, _) if before.is_empty() => "the documentation is new",
            (_, after) if after.is_empty() => "the documentation is gone",
            _ => "the documentation says something else",
        };
        self.change(&packages::DOCUMENTATION_CHANGED, scope, message);
    }

    fn gates(&mut self, scope: &Scope, noun: &str, before: &Stability, after: &Stability) {
        if self.gates == Gates::Forgotten {
            return;
        }
        match (since(before), since(after)) {
            (None, Some(after)) => {
                self.change(&gates::SINCE_ADDED, scope, format!("the {noun} says that it is there since {after}"));
            }
            (Some(before), None) => {
                let message = format!("the {noun} no longer says that it is there since {before}");
                self.change(&gates::SINCE_REMOVED, scope, message);
            }
            (Some(before), Some(after)) if before != after => {
                let message = format!("the {noun} says that it is there since {after}, and said since {before}");
                self.change(&gates::SINCE_CHANGED, scope, message);
            }
            _ => {}
        }
        match (deprecated(before), deprecated(after)) {
            (None, Some(since)) => {
                self.change(&gates::DEPRECATED, scope, format!("the {noun} is deprecated since {since}"));
            }
            (Some(_), None) => {
                self.change(&gates::UNDEPRECATED, scope, format!("the {noun} is no longer deprecated"));
            }
            _ => {}
        }
    }
}

/// A span, if it is one of a text: an import that another import brings along has none.
pub(crate) fn known(span: Span) -> Option<Span> {
    Some(span).filter(Span::is_known)
}
