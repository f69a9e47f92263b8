//! Changing a manifest: entries that come, and entries that go with all that is about them alone.
//!
//! From a manifest's text to another text, in which everything else (comments, order, spacing) is as it was. Nothing is read or
//! written here, and whether the application can still be composed is not decided here.

mod remove;
mod spec;

use std::sync::Arc;

use registry_client::{PackageName, Reference};
use semver::{Op, Version, VersionReq};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText},
    manifest::{Manifest, Name},
};
pub use remove::{References, Removed, remove};
pub use spec::{InvalidSpec, Spec};

/// An entry for `[components]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The component's name.
    pub name: Name,
    /// Where it comes from.
    pub source: AddedSource,
}

/// Where a new component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddedSource {
    /// A registry package.
    Package {
        /// The package.
        package: PackageName,
        /// Which versions will do.
        requirement: VersionReq,
        /// The registry's name, where it is not the one that the package has anyway.
        registry: Option<String>,
    },
    /// An OCI reference.
    Reference(Reference),
    /// A file or a folder, relative to the manifest, with `/` between the segments.
    Path(String),
}

/// The requirement that stands for "this version or a compatible newer one": `^1.2` for 1.2.3, `^0.2` for 0.2.5, and all of the
/// version where less would mean something else: `^0.0.3`, `^1.0.0-rc.1`.
///
/// Without the patch, because an interface does not change by one; the lock has the exact version.
pub fn caret(version: &Version) -> VersionReq {
    let is_exact = !version.pre.is_empty() || (version.major == 0 && version.minor == 0);
    let comparator = semver::Comparator {
        op: Op::Caret,
        major: version.major,
        minor: Some(version.minor),
        patch: is_exact.then_some(version.patch),
        pre: version.pre.clone(),
    };
    VersionReq { comparators: vec![comparator] }
}

/// Adds entries to `[components]`, after those that are there.
///
/// # Errors
/// [`Code::AlreadyExists`] for every name that has an entry, or that an instance has.
pub fn add(manifest: &Manifest, additions: &[Addition]) -> Result<String, Failure> {
    let mut diagnostics = Vec::new();
    let as_hint = if additions.len() == 1 { AS_HINT } else { ALONE_HINT };
    for (index, addition) in additions.iter().enumerate() {
        diagnostics.extend(taken(manifest, &addition.name).map(|diagnostic| diagnostic.hint(as_hint)));
        if additions[..index].iter().any(|other| other.name == addition.name) {
            let message = format!("two of the components would be named `{}`", addition.name);
            diagnostics.push(Diagnostic::error(Code::AlreadyExists, message).hint(ALONE_HINT));
        }
    }
    Failure::check(diagnostics)?;
    let mut document = document(&manifest.source)?;
    let components = table(&mut document, "components");
    for addition in additions {
        components.insert(&addition.name, Item::Value(addition.source.to_value()));
    }
    Ok(text(&document, &manifest.source))
}

/// Has everything come from a directory registry at a path relative to the manifest.
///
/// # Errors
/// Where the manifest cannot be changed.
pub fn vendor(manifest: &Manifest, directory: &str) -> Result<String, Failure> {
    let mut document = document(&manifest.source)?;
    table(&mut document, "vendor").insert("directory", Item::Value(directory.into()));
    Ok(text(&document, &manifest.source))
}

const AS_HINT: &str = "give it a name of its own: `--as NAME`";

const ALONE_HINT: &str = "add it alone, with a name of its own: `--as NAME`";

fn taken(manifest: &Manifest, name: &Name) -> Option<Diagnostic> {
    if let Some(component) = manifest.component(name) {
        let message = format!("`[components]` has a `{name}`, which is {}", component.source.value);
        let diagnostic = Diagnostic::error(Code::AlreadyExists, message);
        let diagnostic = diagnostic.label(&manifest.source, component.name.span.clone(), "this entry");
        return Some(diagnostic.hint("to have another version of it, change the entry"));
    }
    let instance = manifest.instances.iter().find(|instance| instance.name.value == *name)?;
    let message = format!("an instance of `{}` is named `{name}`", instance.component);
    let diagnostic = Diagnostic::error(Code::AlreadyExists, message);
    Some(diagnostic.label(&manifest.source, instance.name.span.clone(), "this instance"))
}

fn document(source: &Arc<SourceText>) -> Result<DocumentMut, Failure> {
    source.text().parse::<DocumentMut>().map_err(|error| {
        // The manifest was read from this text before; only a difference between two parsers leads here.
        let diagnostic = Diagnostic::error(Code::ManifestSyntax, "the manifest cannot be changed");
        diagnostic.label(source, error.span().unwrap_or(0..0), error.message().replace('\n', "; ")).into()
    })
}

/// A document as text, with the ends of lines that its source has.
fn text(document: &DocumentMut, source: &SourceText) -> String {
    let text = document.to_string();
    let ends_as_on_windows =
        source.text().lines().next().is_some_and(|first| source.text()[first.len()..].starts_with("\r\n"));
    if ends_as_on_windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
}

/// A section, at the end of the document where there is none.
fn table<'a>(document: &'a mut DocumentMut, name: &str) -> &'a mut dyn TableLike {
    if !document.get(name).is_some_and(Item::is_table_like) {
        // A comment that nothing follows belongs to the document's end, and would otherwise come after the section.
        let comment = document.trailing().as_str().unwrap_or_default().to_owned();
        let is_first = document.is_empty() && comment.is_empty();
        document.set_trailing("");
        let mut section = Table::new();
        section.decor_mut().set_prefix(if is_first { String::new() } else { comment + "\n" });
        document.insert(name, Item::Table(section));
    }
    let section = document.get_mut(name).and_then(Item::as_table_like_mut);
    section.expect("the section is there because it was put there")
}

impl AddedSource {
    fn to_value(&self) -> Value {
        let table = |entries: &[(&str, &str)]| {
            let mut table = InlineTable::new();
            for (key, value) in entries {
                table.insert(*key, (*value).into());
            }
            Value::InlineTable(table)
        };
        match self {
            Self::Package { package, requirement, registry: None } => format!("{package}@{requirement}").into(),
            Self::Package { package, requirement, registry: Some(registry) } => table(&[
                ("package", &package.to_string()),
                ("version", &requirement.to_string()),
                ("registry", registry),
            ]),
            Self::Reference(reference) => table(&[("oci", &reference.to_string())]),
            Self::Path(path) => table(&[("path", path)]),
        }
    }
}

impl std::fmt::Display for AddedSource {
    /// As the manifest has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_value())
    }
}

#[cfg(test)]
mod tests;
