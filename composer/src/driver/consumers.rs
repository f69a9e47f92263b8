//! The components of applications, as they are: from components, directories, manifests and locks to their worlds.
//!
//! What a lock names is taken from the store or its registry by digest, so that a new interface is compared with what really runs.

use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt, stream};
use registry_client::Origin;
use wit::World;

use super::{
    load::read_text,
    report,
    wit_reader::{Wit, WitReader, local},
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText, shown},
    lock::{self, BESIDE, LockFile, LockedSource},
    manifest, registry_report,
};

/// How many components are fetched at a time; the client bounds its downloads itself.
const FETCHES_AT_A_TIME: usize = 8;

/// A component that may import what changes.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// What it is called, and where.
    pub name: String,
    /// The file that names it: its own, or the lock of the application that it is of.
    pub file: PathBuf,
    /// What it imports and exports.
    pub world: World,
}

/// Whether a path names the components of an application, rather than one component.
pub fn is_of_application(path: &Path) -> bool {
    path.is_dir() || path.file_name().is_some_and(|name| name == lock::FILE_NAME || name == manifest::FILE_NAME)
}

/// Reads a component.
///
/// # Errors
/// When the file cannot be read, or is no component.
pub fn read_consumer(path: &Path) -> Result<Consumer, Diagnostic> {
    if !path.exists() {
        return Err(Diagnostic::error(Code::FileUnreadable, format!("there is no component at `{}`", shown(path)))
            .hint("consumers are components, or applications by their directory or `compose.lock`"));
    }
    named(shown(path), path, local(path)?)
}

/// Reads the components of an application by its directory, manifest or lock; or one component.
///
/// # Errors
/// When there is no lock, or a component of it cannot be had.
pub async fn read_consumers(reader: &WitReader<'_>, path: &Path) -> Result<Vec<Consumer>, Failure> {
    if !is_of_application(path) {
        return Ok(vec![read_consumer(path)?]);
    }
    let directory = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    let path = directory.join(lock::FILE_NAME);
    let text = read_text(&path).map_err(|error| {
        report::unreadable_lock(&path, &error)
            .hint("an application's components are those that its lock names: write it\ncompose lock")
    })?;
    let file = LockFile::parse(&SourceText::new(shown(&path), text.as_str()))?;
    let sources = file.applications.iter().flat_map(|(member, lock)| {
        let base = if member == BESIDE { directory.to_owned() } else { directory.join(member) };
        lock.components.iter().map(move |(name, source)| (base.clone(), name.to_string(), source))
    });
    let read = sources.map(|(base, name, source)| {
        let title = format!("{name}` of `{}", shown(&path));
        component(reader, base, title, &path, source)
    });
    let found: Vec<Vec<Consumer>> = stream::iter(read).buffered(FETCHES_AT_A_TIME).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn component(
    reader: &WitReader<'_>,
    base: PathBuf,
    title: String,
    file: &Path,
    source: &LockedSource,
) -> Result<Vec<Consumer>, Failure> {
    let (origin, release) = match source {
        // A folder is an application of its own.
        LockedSource::Path(path) if base.join(path).is_dir() => {
            return Box::pin(read_consumers(reader, &base.join(path))).await;
        }
        LockedSource::Path(path) => return Ok(vec![named(title, file, local(&base.join(path))?)?]),
        LockedSource::Reference { reference, release } => (Origin::Reference(reference.clone()), release),
        LockedSource::Package { registry, package, version, release, .. } => {
            let registry = registry.clone().relative_to(&base);
            (Origin::Package { registry, package: package.clone(), version: version.clone() }, release)
        }
    };
    let bytes = reader.client.fetch(&origin, release).await;
    let bytes = bytes.map_err(|error| registry_report::fetch_diagnostic(&error))?;
    Ok(vec![named(title, file, Wit::of_bytes(&origin.to_string(), &bytes)?)?])
}

fn named(name: String, file: &Path, wit: Wit) -> Result<Consumer, Diagnostic> {
    match wit {
        Wit::Component { world, .. } => Ok(Consumer { name, file: file.to_owned(), world: *world }),
        Wit::Package(_) => Err(Diagnostic::error(Code::NotAComponent, format!("`{name}` is WIT, and imports nothing"))
            .hint("consumers are components, or applications by their directory or `compose.lock`")),
    }
}
