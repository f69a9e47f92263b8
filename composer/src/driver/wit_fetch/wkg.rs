//! What `wkg` has beside a directory of WIT: what `wkg.toml` overrides, and what `wkg.lock` has chosen.
//!
//! Both are read, and never written. `wkg.lock` says which version a package comes in until `compose.lock` has the package: who comes
//! from `wkg` gets what was used until then, proved by its digest, and from then on one lock counts.
//!
//! The format of `wkg.lock` is that of [wasm-pkg-core 0.16](https://docs.rs/wasm-pkg-core/0.16.1/wasm_pkg_core/lock/); what its
//! packages came from is not asked, because their digests say what they are.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use registry_client::Digest;
use semver::{Version, VersionReq};
use serde::{Deserialize, de::DeserializeOwned};

use super::super::load::read_text;
use crate::diagnostic::{Code, Diagnostic, SourceText, shown};

/// Where `wkg` has what is not taken from registries.
pub(super) const MANIFEST: &str = "wkg.toml";

/// Where `wkg` has what it has chosen.
pub(super) const LOCK: &str = "wkg.lock";

/// The only version of the format that there is.
const FORMAT: u64 = 1;

/// `[overrides]` of `wkg.toml`, by package.
#[derive(Default, Deserialize)]
pub(super) struct Overrides {
    #[serde(default)]
    overrides: BTreeMap<String, Override>,
}

/// What is said of one package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `path` or `version`")]
pub(super) struct Override {
    pub(super) path: Option<PathBuf>,
    pub(super) version: Option<VersionReq>,
}

impl Overrides {
    /// Reads the file beside a directory of WIT; without one, nothing is overridden.
    pub(super) fn read(beside: &Path) -> Result<Self, Diagnostic> {
        let file = File { path: beside.join(MANIFEST), code: Code::ManifestSyntax };
        let Some((text, overrides)) = file.read::<Self>()? else { return Ok(Self::default()) };
        let names = overrides.overrides.keys();
        match names.into_iter().find_map(|name| Some((name, name.parse::<wit::PackageName>().err()?))) {
            Some((name, error)) => {
                let place = text.find(name.as_str()).map_or(0..0, |at| at..at + name.len());
                Err(file.wrong_at(&text, place, error.to_string()))
            }
            None => Ok(overrides),
        }
    }

    pub(super) fn of(&self, package: &wit::PackageName) -> Option<&Override> {
        self.overrides.get(&package.to_string())
    }
}

/// What `wkg` has chosen.
#[derive(Default, Deserialize)]
pub(super) struct WkgLock {
    version: u64,
    #[serde(default, alias = "package")]
    packages: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    #[serde(default, alias = "version")]
    versions: Vec<LockedVersion>,
}

/// A version that was chosen.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LockedVersion {
    requirement: VersionReq,
    pub(super) version: Version,
    #[serde(deserialize_with = "digest")]
    pub(super) digest: Digest,
}

impl WkgLock {
    /// Reads the file beside a directory of WIT; without one, nothing was chosen.
    pub(super) fn read(beside: &Path) -> Result<Self, Diagnostic> {
        let file = File { path: beside.join(LOCK), code: Code::LockInvalid };
        match file.read::<Self>()? {
            Some((_, lock)) if lock.version != FORMAT => {
                Err(file.wrong().note(format!("it is of version {}, and only version {FORMAT} is known", lock.version)))
            }
            found => Ok(found.map(|(_, lock)| lock).unwrap_or_default()),
        }
    }

    /// What was chosen of a package that satisfies a requirement: for this very one, else the highest.
    pub(super) fn find(&self, package: &wit::PackageName, requirement: &VersionReq) -> Option<&LockedVersion> {
        let name = package.to_string();
        let versions = self.packages.iter().filter(|locked| locked.name == name).flat_map(|locked| &locked.versions);
        let versions = versions.filter(|locked| requirement.matches(&locked.version));
        versions.max_by_key(|locked| (locked.requirement == *requirement, &locked.version))
    }
}

/// A file of `wkg`, and the code of what is wrong with it.
struct File {
    path: PathBuf,
    code: Code,
}

impl File {
    /// The text and what it says, if the file is there.
    fn read<T: DeserializeOwned>(&self) -> Result<Option<(String, T)>, Diagnostic> {
        if !self.path.is_file() {
            return Ok(None);
        }
        let text = read_text(&self.path).map_err(|error| self.wrong().note(error.to_string()))?;
        match toml::from_str(&text) {
            Ok(read) => Ok(Some((text, read))),
            Err(error) => Err(self.wrong_at(&text, error.span().unwrap_or(0..0), error.message().replace('\n', "; "))),
        }
    }

    fn wrong_at(&self, text: &str, place: Range<usize>, why: String) -> Diagnostic {
        self.wrong().label(&SourceText::new(shown(&self.path), text), place, why)
    }

    fn wrong(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, format!("`{}` cannot be used", shown(&self.path)));
        match self.code {
            Code::LockInvalid => diagnostic
                .note("it says in which version a package comes that `compose.lock` does not have yet")
                .hint("have `wkg` write it anew, or remove it: then the newest versions that fit are taken"),
            _ => diagnostic,
        }
    }
}

fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
