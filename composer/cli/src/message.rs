//! What a program reads: every message as one JSON object on a line of its own, told apart by its `reason`.
//!
//! Keys are only ever added. Offsets are bytes; lines and columns begin at 1, and columns count characters.

mod registry;

use std::collections::BTreeMap;

use composer::{
    diagnostic::{self, Label},
    provenance::Provenance,
};
use serde::Serialize;

pub(crate) use self::registry::{CachedBlob, ConfigurationFile, PackageSource, PushedBlob, Sum};
use crate::{
    exit::Complaint,
    region::Region,
    render::{self, Colour},
};

/// A message. Sums, versions and names are written as they are everywhere else.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(crate) enum Message<'a> {
    /// Something that a person is told.
    Diagnostic(Diagnostic<'a>),
    /// `new`, `init`: the files are there.
    Created { name: String, directory: String, files: Vec<&'static str> },
    /// `build`: the component is there.
    Built {
        path: String,
        size: u64,
        /// How many bytes sharing saved.
        saved: u64,
        digest: String,
        instances: usize,
        components: usize,
        host_imports: Vec<String>,
        exports: Vec<String>,
    },
    /// `check`: it could be built.
    Checked { instances: usize, components: usize },
    /// `add`: the manifest has, or would have, these entries.
    Added { manifest: String, components: Vec<Entry>, written: bool },
    /// `remove`: the manifest lacks, or would lack, these components, and other entries that named them.
    Removed { manifest: String, components: &'a [String], others: &'a [String], written: bool },
    /// `add`, `remove`, `update`: what the lock says, or would say, otherwise than before.
    Changed { components: Vec<SourceChange>, instances: Vec<InstanceChange>, written: bool },
    /// `outdated`: what registries have beside what is locked.
    Outdated { components: Vec<Standing> },
    /// `lock`: the lock says what was chosen.
    Locked { path: String, changed: bool },
    /// `fetch`: everything is there.
    Fetched { components: usize },
    /// `vendor`: everything is in a directory.
    Vendored { directory: String, releases: usize, manifest: Option<String> },
    /// `tree`: the plan, instances in the order in which they can be instantiated.
    Tree { exports: Vec<Export>, instances: Vec<Instance>, host_imports: Vec<String> },
    /// `tree --invert`: who needs something, up to the exports.
    InvertedTree { name: &'a str, trees: Vec<Branch> },
    /// `tree --duplicates`: packages that are there in several versions.
    Duplicates { packages: Vec<Duplicate> },
    /// `why`: each way from an export to what was asked for.
    Why { name: &'a str, chains: Vec<Chain> },
    /// `inspect`: what a component is.
    Component(Box<Component>),
    /// `serve`: the address is listened on.
    #[cfg(feature = "runtime")]
    Serving { url: String },
    /// `serve`: a request was answered.
    #[cfg(feature = "runtime")]
    Answered { method: String, path: String, status: u16 },
    /// `invoke`: the result, as WAVE; nothing for a function without one.
    #[cfg(feature = "runtime")]
    Returned { value: Option<String> },
    /// `pull`: the file is there.
    Pulled {
        origin: String,
        /// The same by digest.
        pinned: String,
        version: Option<String>,
        path: String,
        /// The digest of the image manifest; in a warg registry, which has none, of what was pulled.
        manifest: String,
        /// The digest of the file.
        digest: String,
        size: u64,
    },
    /// `push`: it is, or would be, in the registry.
    Pushed {
        target: String,
        /// The same by digest.
        pinned: String,
        version: Option<String>,
        /// The digest of the image manifest; in a warg registry, which has none, of what was pushed.
        manifest: String,
        /// The digest of what was pushed.
        digest: String,
        size: u64,
        /// `created`, `unchanged` or `replaced`.
        outcome: &'static str,
        /// The digest of the image manifest that was replaced.
        previous: Option<String>,
        blobs: Vec<PushedBlob>,
        written: bool,
    },
    /// `yank`, `key grant`, `key revoke`: the log of a package has one record more.
    #[cfg(feature = "warg")]
    LogChanged {
        change: &'static str,
        registry: String,
        package: String,
        version: Option<String>,
        /// How many records the registry's log has.
        length: u64,
    },
    /// `key new`, `key show`: a public key.
    #[cfg(feature = "warg")]
    Key { key: String, fingerprint: String },
    /// `login`: the login is kept.
    LoggedIn { registry: &'a str, kept: String, checked: bool, counts: bool },
    /// `logout`: the login is forgotten.
    LoggedOut { registry: &'a str, forgotten: Vec<String>, remaining: Option<String> },
    /// `cache info`: what takes up space.
    Cache { path: String, writable: bool, blobs: Sum, partial: Sum, damaged: Sum, remembered: Sum },
    /// `cache dir`: where the store is.
    CacheDirectory { path: String },
    /// `cache list`: a blob.
    Cached(CachedBlob),
    /// `cache verify`: what is whole, and the digests of what is not.
    Verified { intact: Sum, damaged: Vec<String> },
    /// `cache prune`: what is, or would be, removed.
    Pruned { blobs: Vec<CachedBlob>, partial: Sum, damaged: Sum, remembered: Sum, written: bool },
    /// `doctor`: what counts.
    Doctor {
        store: String,
        store_writable: bool,
        files: Vec<ConfigurationFile>,
        packages: Vec<PackageSource>,
        /// What each says, by host.
        registries: BTreeMap<String, String>,
    },
    /// `explain`: what a code means.
    Explanation { code: &'static str, blame: &'static str, explanation: &'static str },
}

/// A finding; what is wrong with arguments has no code.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnostic<'a> {
    code: Option<&'static str>,
    severity: &'static str,
    message: &'a str,
    spans: Vec<Span<'a>>,
    notes: &'a [String],
    hints: &'a [String],
    rendered: String,
}

/// A stretch of a text.
#[derive(Debug, Serialize)]
struct Span<'a> {
    #[serde(flatten)]
    region: Region,
    label: &'a str,
}

/// An entry of `[components]`.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Its value, as TOML.
    pub(crate) entry: String,
    /// The newest version, where it was passed over because it does not fit.
    pub(crate) passed_over: Option<String>,
}

/// A source that came, went or stands for other bytes.
#[derive(Debug, Serialize)]
pub(crate) struct SourceChange {
    /// Nothing for the target world.
    pub(crate) component: Option<String>,
    pub(crate) before: Option<Source>,
    pub(crate) after: Option<Source>,
}

/// A source as it is locked.
#[derive(Debug, Serialize)]
pub(crate) struct Source {
    pub(crate) source: String,
    pub(crate) version: Option<String>,
    pub(crate) digest: Option<String>,
    /// The digest of the image manifest.
    pub(crate) manifest: Option<String>,
}

/// An instance that is wired otherwise, or may ask for other things.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceChange {
    pub(crate) instance: String,
    pub(crate) host_gained: Vec<String>,
    pub(crate) host_lost: Vec<String>,
    pub(crate) links: Vec<Rewiring>,
}

/// An import with another provider than before.
#[derive(Debug, Serialize)]
pub(crate) struct Rewiring {
    pub(crate) import: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// What a registry has beside what is locked: versions of a package, or the image manifests of a tag.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    /// Nothing for the target world.
    pub(crate) component: Option<String>,
    pub(crate) source: String,
    pub(crate) requirement: Option<String>,
    pub(crate) current: Option<String>,
    pub(crate) compatible: Option<String>,
    pub(crate) latest: Option<String>,
    /// Whether `compose update` would take something else than what is locked.
    pub(crate) outdated: bool,
}

/// An export of the composition.
#[derive(Debug, Serialize)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) instance: String,
    /// The instance's own name for it.
    pub(crate) export: String,
    /// `explicit`, `target-world` or `nobody-consumes`.
    pub(crate) because: &'static str,
}

/// An instance of the composition.
#[derive(Debug, Serialize)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) component: String,
    pub(crate) source: String,
    /// Whether nobody wrote it into the manifest.
    pub(crate) automatic: bool,
    pub(crate) digest: String,
    pub(crate) links: Vec<Link>,
}

/// An import and what satisfies it.
#[derive(Debug, Serialize)]
pub(crate) struct Link {
    pub(crate) consumer: String,
    pub(crate) import: String,
    /// The instance, or `host`.
    pub(crate) provider: String,
    /// The provider's own name for it; for the host, the import of the composition.
    pub(crate) export: String,
    /// `explicit`, `chain`, `only-provider` or `host`.
    pub(crate) because: &'static str,
}

/// Something with those who need it.
#[derive(Debug, Serialize)]
pub(crate) struct Branch {
    /// An instance with its source, or an interface.
    pub(crate) name: String,
    /// What it needs of that under which it stands.
    pub(crate) needs: Option<String>,
    /// As what the result exports something of it.
    pub(crate) exports: Vec<String>,
    pub(crate) branches: Vec<Branch>,
    /// Whether those who need it stand elsewhere.
    pub(crate) repeated: bool,
}

/// A package that is there in several versions.
#[derive(Debug, Serialize)]
pub(crate) struct Duplicate {
    pub(crate) package: String,
    pub(crate) versions: Vec<DuplicateVersion>,
}

/// One version of a package, and the instances of it with those who need them.
#[derive(Debug, Serialize)]
pub(crate) struct DuplicateVersion {
    pub(crate) version: String,
    pub(crate) needed_by: Vec<Branch>,
}

/// One way from an export to what was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Chain {
    pub(crate) export: Export,
    pub(crate) links: Vec<Link>,
}

/// What a component is.
#[derive(Debug, Serialize)]
pub(crate) struct Component {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) digest: String,
    /// Core modules in it, at any depth.
    pub(crate) modules: usize,
    /// Components in it, at any depth.
    pub(crate) components: usize,
    pub(crate) producers: Vec<Producer>,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) wit: String,
    /// What it was composed of, if `compose` made it.
    pub(crate) plan: Option<Provenance>,
    /// What takes up its bytes, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sizes: Option<Sizes>,
}

/// What takes up the bytes of a component.
#[derive(Debug, Serialize)]
pub(crate) struct Sizes {
    pub(crate) code: u64,
    pub(crate) names: u64,
    pub(crate) debugging: u64,
    pub(crate) other_custom: u64,
    pub(crate) wiring: u64,
    /// How many bytes there would be less if every module were defined once.
    pub(crate) repeated: u64,
    /// The different core modules, the largest first.
    pub(crate) modules: Vec<Module>,
    pub(crate) limits: Vec<Limit>,
}

/// A core module, and the places where it is defined.
#[derive(Debug, Serialize)]
pub(crate) struct Module {
    pub(crate) size: u64,
    pub(crate) places: Vec<String>,
}

/// Something of which runtimes accept only so much.
#[derive(Debug, Serialize)]
pub(crate) struct Limit {
    pub(crate) what: &'static str,
    pub(crate) found: usize,
    pub(crate) limit: usize,
}

impl From<composer::inspect::Sizes> for Sizes {
    fn from(sizes: composer::inspect::Sizes) -> Self {
        let repeated = sizes.repeated();
        let module = |module: composer::inspect::ModuleSize| Module { size: module.size, places: module.places };
        Self {
            code: sizes.code,
            names: sizes.names,
            debugging: sizes.debug,
            other_custom: sizes.other,
            wiring: sizes.structure,
            repeated,
            modules: sizes.modules.into_iter().map(module).collect(),
            limits: sizes.limits.into_iter().map(|(what, found, limit)| Limit { what, found, limit }).collect(),
        }
    }
}

/// What a component says about who made it.
#[derive(Debug, Serialize)]
pub(crate) struct Producer {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

impl<'a> From<&'a diagnostic::Diagnostic> for Message<'a> {
    fn from(found: &'a diagnostic::Diagnostic) -> Self {
        Self::Diagnostic(Diagnostic {
            code: Some(found.code.as_str()),
            severity: found.severity.as_str(),
            message: &found.message,
            spans: found.labels.iter().map(Span::from).collect(),
            notes: &found.notes,
            hints: &found.hints,
            rendered: render::diagnostic(found, Colour::Plain),
        })
    }
}

impl<'a> From<&'a Complaint> for Message<'a> {
    fn from(complaint: &'a Complaint) -> Self {
        Self::Diagnostic(Diagnostic {
            code: None,
            severity: diagnostic::Severity::Error.as_str(),
            message: &complaint.message,
            spans: Vec::new(),
            notes: &[],
            hints: &complaint.hints,
            rendered: render::complaint(complaint, Colour::Plain),
        })
    }
}

impl<'a> From<&'a Label> for Span<'a> {
    fn from(label: &'a Label) -> Self {
        Self { region: Region::from(label), label: &label.text }
    }
}

#[cfg(test)]
mod tests {
    use composer::diagnostic::{Code, Diagnostic, SourceText};
    use insta::assert_snapshot;

    use super::*;

    fn pretty(message: &Message<'_>) -> String {
        serde_json::to_string_pretty(message).expect("a message is JSON")
    }

    #[test]
    fn a_diagnostic_says_where_by_bytes_and_by_line_and_column() {
        let source = SourceText::new("compose.toml", "[components]\n\"ä\" = 1\n");
        let found =
            Diagnostic::error(Code::WrongType, "expected a string").label(&source, 20..21, "a number").note("why");
        assert_snapshot!(pretty(&Message::from(&found)), @r#"
        {
          "reason": "diagnostic",
          "code": "wrong-type",
          "severity": "error",
          "message": "expected a string",
          "spans": [
            {
              "file": "compose.toml",
              "byte_start": 20,
              "byte_end": 21,
              "line": 2,
              "column": 7,
              "end_line": 2,
              "end_column": 8,
              "label": "a number"
            }
          ],
          "notes": [
            "why"
          ],
          "hints": [],
          "rendered": "error[wrong-type]: expected a string\n --> compose.toml:2:7\n  |\n2 | \"ä\" = 1\n  |       ^ a number\n  |\n  = note: why\n"
        }
        "#);
    }

    #[test]
    fn a_complaint_is_a_diagnostic_without_a_code() {
        let found =
            Complaint { message: "`--wat` writes no binary".to_owned(), hints: vec!["leave it out".to_owned()] };
        assert_snapshot!(pretty(&Message::from(&found)), @r#"
        {
          "reason": "diagnostic",
          "code": null,
          "severity": "error",
          "message": "`--wat` writes no binary",
          "spans": [],
          "notes": [],
          "hints": [
            "leave it out"
          ],
          "rendered": "error: `--wat` writes no binary\n |\n = help: leave it out\n"
        }
        "#);
    }
}
