//! Decides what is said when wit-parser refuses texts, from its errors, to [`WorldError`]s with the places at fault.

use wit_parser::{ParseError, ResolveError, ResolveErrorKind, SourceMap};

use crate::source::WorldError;
use crate::texts::Texts;

/// Why a package cannot be read from its own texts.
pub(crate) fn unparsed(name: &str, error: &ParseError, map: &SourceMap, texts: &Texts) -> WorldError {
    let kind = error.kind();
    WorldError::Invalid { path: name.into(), message: kind.to_string(), spots: texts.spots(map, &[kind.span()]) }
}

/// Why packages do not go together.
pub(crate) fn unresolved(name: &str, error: &ResolveError, map: &SourceMap, texts: &Texts) -> WorldError {
    let kind = error.kind();
    let mut spans = vec![kind.span()];
    let message = match kind {
        ResolveErrorKind::PackageNotFound { requested, .. } => {
            let (package, spots) = (requested.to_string(), texts.spots(map, &spans));
            return WorldError::MissingPackage { path: name.into(), package, spots };
        }
        ResolveErrorKind::InterfaceNotFound { requested, package, .. } => {
            format!("`{package}` has no interface `{requested}`")
        }
        ResolveErrorKind::WorldNotFound { requested, package, .. } => format!("`{package}` has no world `{requested}`"),
        ResolveErrorKind::DuplicatePackage { name, span2, .. } => {
            spans.push(*span2);
            format!("the package `{name}` is there twice")
        }
        kind => kind.to_string(),
    };
    WorldError::Invalid { path: name.into(), message, spots: texts.spots(map, &spans) }
}
