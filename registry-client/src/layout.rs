//! What a directory registry has: from files to tags, manifests and verified blobs.
//!
//! `<root>/<namespace>/<name>/` is an [OCI image layout](https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md)
//! with one manifest a tag. Paths are made of package names and digests alone, whose alphabets have no `/` and no `..`.

mod problem;
mod writer;

pub use problem::LayoutProblem;
pub(crate) use writer::LayoutWriter;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_REF_NAME as TAG;
use oci_client::manifest::OciImageIndex;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::blob::VerifiedBlob;
use crate::digest::{Descriptor, Digest};
use crate::error::{Error, one_line};
use crate::file::VerifiedFile;
use crate::oci::MAX_MANIFEST;
use crate::package::PackageName;
use crate::referrers::{Referrer, fallback_tag};
use crate::registry::Registry;

const LAYOUT_FILE: &str = "oci-layout";
const LAYOUT_VERSION: &str = "1.0.0";
const INDEX_FILE: &str = "index.json";
const MAX_LAYOUT_FILE: u64 = 4 * 1024;
/// Some 100,000 tags.
const MAX_INDEX_FILE: u64 = 32 * 1024 * 1024;

/// The image layout of one package.
#[derive(Debug)]
pub(crate) struct Layout {
    directory: PathBuf,
    tags: BTreeMap<String, Descriptor>,
}

impl Layout {
    /// Reads the index of `package` in the registry at `root`, or finds that there is none.
    pub(crate) fn open(root: &Path, package: &PackageName) -> Result<Option<Layout>, Error> {
        if !root.is_dir() {
            return Err(Error::RegistryNotFound { registry: Registry::Directory(root.to_owned()) });
        }
        let directory = root.join(package.namespace()).join(package.name());
        if !directory.is_dir() {
            return Ok(None);
        }
        let version: LayoutVersion = read_json(&directory.join(LAYOUT_FILE), MAX_LAYOUT_FILE)?;
        if version.image_layout_version != LAYOUT_VERSION {
            let problem = LayoutProblem::Version { version: one_line(&version.image_layout_version) };
            return Err(Error::Layout { path: directory.join(LAYOUT_FILE), problem });
        }
        let index_path = directory.join(INDEX_FILE);
        let tags = tags_of(read_json(&index_path, MAX_INDEX_FILE)?)
            .map_err(|problem| Error::Layout { path: index_path, problem })?;
        Ok(Some(Layout { directory, tags }))
    }

    /// The tags there are.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.keys().map(String::as_str)
    }

    /// Reads the manifest of `tag`, or finds that there is none.
    pub(crate) fn manifest(&self, tag: &str) -> Result<Option<VerifiedBlob>, Error> {
        let Some(descriptor) = self.tags.get(tag) else { return Ok(None) };
        if descriptor.size > MAX_MANIFEST {
            let problem = LayoutProblem::TooLarge { limit: MAX_MANIFEST };
            return Err(Error::Layout { path: blob_path(&self.directory, descriptor.digest), problem });
        }
        self.blob(descriptor).map(Some)
    }

    /// Reads a blob, whose size the caller has bounded.
    pub(crate) fn blob(&self, descriptor: &Descriptor) -> Result<VerifiedBlob, Error> {
        let path = blob_path(&self.directory, descriptor.digest);
        let read = || {
            let file = open_file(&path)?;
            VerifiedBlob::read(file, descriptor).map_err(LayoutProblem::unverified)
        };
        read().map_err(|problem| Error::Layout { path: path.clone(), problem })
    }

    /// Verifies a blob and opens it.
    pub(crate) fn file(&self, descriptor: &Descriptor) -> Result<VerifiedFile, Error> {
        let path = blob_path(&self.directory, descriptor.digest);
        let verified = open_file(&path)
            .and_then(|file| VerifiedFile::verify(file, &path, descriptor).map_err(LayoutProblem::unverified));
        verified.map_err(|problem| Error::Layout { path: path.clone(), problem })
    }

    /// Reads what refers to the manifest of `digest`, of `artifact_type` if one is given.
    pub(crate) fn referrers(&self, digest: Digest, artifact_type: Option<&str>) -> Result<Vec<Referrer>, Error> {
        let Some(index) = self.manifest(&fallback_tag(digest))? else { return Ok(Vec::new()) };
        let malformed = |problem: String| Error::Layout {
            path: blob_path(&self.directory, index.digest()),
            problem: LayoutProblem::Json { problem },
        };
        let index = serde_json::from_slice(&index).map_err(|error| malformed(one_line(&error.to_string())))?;
        Referrer::all(index, artifact_type).ok_or_else(|| malformed("an entry has no valid digest and size".to_owned()))
    }
}

fn blob_path(directory: &Path, digest: Digest) -> PathBuf {
    directory.join("blobs").join("sha256").join(digest.to_hex())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutVersion {
    image_layout_version: String,
}

/// The manifests by their tags. Entries without a tag are not versions of anything.
fn tags_of(index: OciImageIndex) -> Result<BTreeMap<String, Descriptor>, LayoutProblem> {
    let mut tags = BTreeMap::new();
    for entry in index.manifests {
        let Some(tag) = entry.annotations.and_then(|mut annotations| annotations.remove(TAG)) else { continue };
        let digest = one_line(&entry.digest).parse().map_err(LayoutProblem::Digest)?;
        let size = u64::try_from(entry.size).map_err(|_| LayoutProblem::Size { size: entry.size })?;
        let descriptor = Descriptor { digest, size };
        if tags.insert(tag.clone(), descriptor).is_some_and(|other| other != descriptor) {
            return Err(LayoutProblem::AmbiguousTag { tag: one_line(&tag) });
        }
    }
    Ok(tags)
}

fn read_json<T: DeserializeOwned>(path: &Path, limit: u64) -> Result<T, Error> {
    let read = || {
        let mut bytes = Vec::new();
        open_file(path)?.take(limit + 1).read_to_end(&mut bytes).map_err(LayoutProblem::Io)?;
        if bytes.len() as u64 > limit {
            return Err(LayoutProblem::TooLarge { limit });
        }
        serde_json::from_slice(&bytes).map_err(|error| LayoutProblem::Json { problem: one_line(&error.to_string()) })
    };
    read().map_err(|problem| Error::Layout { path: path.to_owned(), problem })
}

fn open_file(path: &Path) -> Result<File, LayoutProblem> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => LayoutProblem::Missing,
        _ => LayoutProblem::Io(error),
    };
    // Opening a pipe would wait for whoever writes to it.
    if !fs::metadata(path).map_err(problem)?.is_file() {
        return Err(LayoutProblem::NotAFile);
    }
    File::open(path).map_err(problem)
}
