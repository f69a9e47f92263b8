//! What becomes of a directory registry by a push: from blobs and a manifest to files, in an order that is safe to break off.
//!
//! Blobs come first, the index last, and each file by rename: whoever reads meanwhile sees the old index or the new one, and either lists
//! only what is there. One writer works on a package at a time, also among processes, by a lock on a file beside the index; other tools
//! do not know that lock, so that one of them writing at the same moment can lose a tag.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex};
use serde_json::{Value, json};

use super::{
    INDEX_FILE, LAYOUT_FILE, LAYOUT_VERSION, Layout, LayoutProblem, MAX_INDEX_FILE, TAG, blob_path, read_json,
};
use crate::digest::{Descriptor, Digest, Digester};
use crate::error::Error;
use crate::package::PackageName;
use crate::publication::Blob;
use crate::replacement::{create_parent, replace};
use crate::upload::Delivery;

const LOCK_FILE: &str = "index.json.lock";

/// The image layout of one package, held by this writer alone as long as it lives.
#[derive(Debug)]
pub(crate) struct LayoutWriter {
    directory: PathBuf,
    _lock: File,
}

impl LayoutWriter {
    /// Opens the layout of `package` in the registry at `root`, creating what is missing of both, and waits for other writers.
    pub(crate) fn open(root: &Path, package: &PackageName) -> Result<LayoutWriter, Error> {
        let namespace = root.join(package.namespace());
        let directory = namespace.join(package.name());
        fs::create_dir_all(&namespace).map_err(cannot_write(&namespace))?;
        if !directory.is_dir() {
            create_layout(&namespace, &directory)?;
        }
        let path = directory.join(LOCK_FILE);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.and_then(|file| file.lock().map(|()| file)).map_err(cannot_write(&path))?;
        Ok(LayoutWriter { directory, _lock: lock })
    }

    /// Writes a blob that is not there yet.
    pub(crate) fn put_blob(&self, blob: &Blob) -> Result<Delivery, Error> {
        if has_blob(&self.directory, &blob.descriptor) {
            return Ok(Delivery::Present);
        }
        let path = blob_path(&self.directory, blob.descriptor.digest);
        self.write(&path, |file| {
            let mut digester = Digester::default();
            blob.content.read(|piece| {
                digester.update(piece);
                file.write_all(piece).map_err(cannot_write(&path))
            })?;
            match digester.finish() {
                found if found == blob.descriptor => Ok(()),
                _ => Err(cannot_write(&path)(io::Error::other("what is pushed changed meanwhile"))),
            }
        })?;
        Ok(Delivery::Sent)
    }

    /// Writes a manifest, whose blobs are there, and has `tag` name it and nothing else.
    pub(crate) fn put_manifest(&self, tag: &str, manifest: &[u8]) -> Result<(), Error> {
        let descriptor = Descriptor::of(manifest);
        let path = blob_path(&self.directory, descriptor.digest);
        self.write(&path, |file| file.write_all(manifest).map_err(cannot_write(&path)))?;
        let index_path = self.directory.join(INDEX_FILE);
        // As JSON rather than as `OciImageIndex`: what others wrote into it, and this crate does not know, stays.
        let mut index: Value = read_json(&index_path, MAX_INDEX_FILE)?;
        let Some(entries) = index.get_mut("manifests").and_then(Value::as_array_mut) else {
            let problem = LayoutProblem::Json { problem: "missing field `manifests`".to_owned() };
            return Err(Error::Layout { path: index_path, problem });
        };
        entries.retain(|entry| entry["annotations"][TAG] != tag);
        entries.push(json!(OciDescriptor {
            media_type: OCI_IMAGE_MEDIA_TYPE.to_owned(),
            digest: descriptor.digest.to_string(),
            size: i64::try_from(descriptor.size).expect("fits, because it was in memory"),
            annotations: Some(BTreeMap::from([(TAG.to_owned(), tag.to_owned())])),
            ..OciDescriptor::default()
        }));
        write_json(&index_path, &index)
    }

    fn write(&self, path: &Path, write: impl FnOnce(&mut File) -> Result<(), Error>) -> Result<(), Error> {
        create_parent(path).map_err(cannot_write(path))?;
        replace(path, cannot_write(path), write)
    }
}

impl Layout {
    /// Which manifest has `tag`.
    pub(crate) fn tagged(&self, tag: &str) -> Option<Digest> {
        self.tags.get(tag).map(|descriptor| descriptor.digest)
    }

    /// Whether the bytes of `descriptor` are there, whole.
    pub(crate) fn has_blob(&self, descriptor: &Descriptor) -> bool {
        has_blob(&self.directory, descriptor)
    }
}

/// Whether the file holds what its name says: a push repairs what was damaged.
fn has_blob(directory: &Path, descriptor: &Descriptor) -> bool {
    let found = File::open(blob_path(directory, descriptor.digest)).and_then(|mut file| {
        let mut digester = Digester::default();
        io::copy(&mut file, &mut digester)?;
        Ok(digester.finish())
    });
    found.is_ok_and(|found| found == *descriptor)
}

/// Puts an empty layout in place as a whole, so that no reader finds a directory that is none yet.
fn create_layout(namespace: &Path, directory: &Path) -> Result<(), Error> {
    let new = tempfile::Builder::new().prefix(".new-").make_in(namespace, |path| fs::create_dir(path));
    let new = new.map_err(cannot_write(namespace))?;
    write_json(&new.path().join(LAYOUT_FILE), &json!({ "imageLayoutVersion": LAYOUT_VERSION }))?;
    let index = OciImageIndex {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
        manifests: Vec::new(),
        artifact_type: None,
        annotations: None,
    };
    write_json(&new.path().join(INDEX_FILE), &json!(index))?;
    match fs::rename(new.path(), directory) {
        Ok(()) => Ok(()),
        // Another writer was first.
        Err(_) if directory.is_dir() => fs::remove_dir_all(new.path()).map_err(cannot_write(new.path())),
        Err(source) => Err(cannot_write(directory)(source)),
    }
}

fn write_json(path: &Path, value: &Value) -> Result<(), Error> {
    replace(path, cannot_write(path), |file| {
        serde_json::to_writer(file, value).map_err(|error| cannot_write(path)(error.into()))
    })
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Write { path: path.to_owned(), source }
}
