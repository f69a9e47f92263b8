//! Workspaces: which applications share a lock.
//!
//! From a manifest with `[workspace]` to its [`Member`]s, and from a member to the workspace that it is in. A member's manifest
//! is like any other: it can be composed from its own directory, and then uses the lock of its workspace.

use std::path::{Path, PathBuf};

use super::{directory_of, load::read_text, parse_manifest, read_manifest, report};
use crate::{
    diagnostic::{Failure, SourceText, shown},
    manifest::{self, Inherited, Manifest, MemberPattern, Source, workspace::segment_matches},
};

/// An application of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its directory, relative to the workspace's, with `/` between the segments.
    pub directory: String,
    /// Its manifest.
    pub manifest: PathBuf,
}

/// The workspace that a manifest is in.
pub(super) struct Enclosing {
    pub(super) manifest_path: PathBuf,
    manifest: Manifest,
    /// Which member the manifest is.
    pub(super) member: String,
    pub(super) members: Vec<Member>,
}

/// The members of the workspace of a manifest, sorted by their directories.
///
/// # Errors
/// When a directory that is named has no manifest, or a directory cannot be read: everything that is wrong.
pub fn members(path: &Path, manifest: &Manifest) -> Result<Vec<Member>, Failure> {
    let root = directory_of(path);
    let mut members = Vec::new();
    let mut diagnostics = Vec::new();
    for pattern in manifest.workspace.iter().flat_map(|workspace| &workspace.members) {
        match matching(root, &pattern.value) {
            Ok(directories) => {
                let found = directories
                    .into_iter()
                    .map(|directory| Member { manifest: root.join(&directory).join(manifest::FILE_NAME), directory });
                let mut found: Vec<Member> = found.filter(|member| member.manifest.is_file()).collect();
                if found.is_empty() {
                    diagnostics.push(report::no_member(manifest, pattern));
                }
                members.append(&mut found);
            }
            Err(error) => diagnostics.push(report::unreadable_members(manifest, pattern, &error)),
        }
    }
    Failure::check(diagnostics)?;
    members.sort();
    members.dedup();
    Ok(members)
}

/// The manifests of all applications that a manifest stands for: its own, if there is something to compose, and the members of
/// its workspace; each after those that it has as folders.
///
/// # Errors
/// When a manifest is wrong, or a member is not there.
pub fn applications(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = read_text(path).map_err(|error| report::unreadable_manifest(path, &error))?;
    if !may_be_a_workspace(&text) {
        return Ok(vec![path.to_path_buf()]);
    }
    let manifest = parse_manifest(path, text)?;
    let own = manifest.is_application().then(|| path.to_path_buf());
    let members = members(path, &manifest)?.into_iter().map(|member| member.manifest);
    let all: Vec<PathBuf> = members.chain(own).collect();
    if let [_] = all.as_slice() {
        return Ok(all);
    }
    let mut ordered = Vec::new();
    for application in &all {
        after_its_folders(application, &all, &mut Vec::new(), &mut ordered)?;
    }
    Ok(ordered)
}

/// Whether a manifest of this text may have a workspace: the key is written in it, perhaps with escapes. Most have none, and need not be
/// understood to know that.
fn may_be_a_workspace(text: &str) -> bool {
    text.contains("workspace") || text.contains('\\')
}

/// The manifests of the folders that an application has as components.
pub(super) fn folders(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let components = read_manifest(path)?.components.into_iter();
    let folders = components.filter_map(|component| match component.source.value {
        Source::Path(folder) => Some(directory_of(path).join(folder).join(manifest::FILE_NAME)),
        Source::Package { .. } | Source::Reference(_) => None,
    });
    Ok(folders.collect())
}

/// Appends a manifest to `ordered`, after those of `all` that it has as folders.
fn after_its_folders(
    path: &Path,
    all: &[PathBuf],
    above: &mut Vec<PathBuf>,
    ordered: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    // Folders that contain each other are reported where they are planned.
    if ordered.iter().any(|known| known == path) || above.iter().any(|known| known == path) {
        return Ok(());
    }
    above.push(path.to_path_buf());
    for wanted in folders(path)? {
        let Ok(wanted) = wanted.canonicalize() else { continue };
        let same = |known: &&PathBuf| known.canonicalize().is_ok_and(|known| known == wanted);
        if let Some(folder) = all.iter().find(same) {
            after_its_folders(folder, all, above, ordered)?;
        }
    }
    above.pop();
    ordered.push(path.to_path_buf());
    Ok(())
}

/// The manifest of the member that a name means, in the workspace of a manifest or the one that it is in: by its directory, the
/// last part of that, its package, or the name of that.
///
/// # Errors
/// When there is no workspace, no such member, or more than one.
pub fn named_member(path: &Path, name: &str) -> Result<PathBuf, Failure> {
    let manifest = read_manifest(path)?;
    let members = if manifest.workspace.is_some() {
        members(path, &manifest)?
    } else {
        enclosing(path)?.map(|found| found.members).unwrap_or_default()
    };
    let mut found = Vec::new();
    for member in &members {
        let package = read_manifest(&member.manifest)?.package.map(|package| package.name.value);
        let is_meant = member.directory == name
            || member.directory.rsplit('/').next() == Some(name)
            || package.is_some_and(|package| package.to_string() == name || package.name() == name);
        if is_meant {
            found.push(member);
        }
    }
    match found.as_slice() {
        [member] => Ok(member.manifest.clone()),
        [] => Err(report::unknown_member(name, &members).into()),
        several => Err(report::ambiguous_member(name, several).into()),
    }
}

/// The directories below `root` that a pattern means.
fn matching(root: &Path, pattern: &MemberPattern) -> std::io::Result<Vec<String>> {
    let mut found = vec![String::new()];
    for segment in pattern.segments() {
        let mut next = Vec::new();
        for directory in found {
            let join = |name: &str| if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
            if !segment.contains('*') {
                next.push(join(segment));
                continue;
            }
            // An empty path is the current directory, but cannot be read as one.
            let path = Path::new(".").join(root).join(&directory);
            if !path.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(path)? {
                let entry = entry?;
                let name = entry.file_name();
                let matched = name.to_str().filter(|name| !name.starts_with('.') && segment_matches(segment, name));
                next.extend(matched.filter(|_| entry.path().is_dir()).map(join));
            }
        }
        found = next;
    }
    Ok(found)
}

/// The workspace that a manifest is in: the nearest manifest above it that counts it among its members.
pub(super) fn enclosing(path: &Path) -> Result<Option<Enclosing>, Failure> {
    let given = directory_of(path);
    let Ok(own) = Path::new(".").join(given).canonicalize() else { return Ok(None) };
    // As the person wrote it while that goes on, so that messages show short paths.
    let as_given = given.ancestors().skip(1).map(Path::to_path_buf);
    let beyond = own.ancestors().skip(1).map(Path::to_path_buf);
    let mut seen = std::collections::BTreeSet::new();
    for directory in as_given.chain(beyond) {
        let Ok(identity) = Path::new(".").join(&directory).canonicalize() else { continue };
        let manifest_path = directory.join(manifest::FILE_NAME);
        if !own.starts_with(&identity) || !seen.insert(identity.clone()) || !names_a_workspace(&manifest_path) {
            continue;
        }
        let text = read_text(&manifest_path).map_err(|error| report::unreadable_manifest(&manifest_path, &error))?;
        let manifest = Manifest::parse(&SourceText::new(shown(&manifest_path), text))?;
        let members = members(&manifest_path, &manifest)?;
        let relative = own.strip_prefix(&identity).unwrap_or(&own).to_string_lossy().replace('\\', "/");
        if members.iter().any(|member| member.directory == relative) {
            return Ok(Some(Enclosing { manifest_path, manifest, member: relative, members }));
        }
    }
    Ok(None)
}

/// The manifest of the workspace that the manifest at a path is in, if it is in one.
///
/// # Errors
/// When that manifest is wrong.
pub fn workspace_of(path: &Path) -> Result<Option<PathBuf>, Failure> {
    Ok(enclosing(path)?.map(|found| found.manifest_path))
}

/// What the workspace that the manifest at a path is in says for it.
pub(super) fn inherited(path: &Path, text: &str) -> Result<Inherited, Failure> {
    // A workspace is in no other one.
    if has_workspace(text) {
        return Ok(Inherited::default());
    }
    let Some(Enclosing { manifest, member, .. }) = enclosing(path)? else { return Ok(Inherited::default()) };
    let base: PathBuf = member.split('/').map(|_| "..").collect();
    let vendor = manifest.vendor.map(|directory| base.join(directory));
    Ok(Inherited { registries: manifest.registries.relative_to(&base), vendor })
}

fn has_workspace(text: &str) -> bool {
    text.contains("[workspace]")
}

/// Whether it is worth reading a manifest for its workspace: what is wrong with other applications above is not our business.
fn names_a_workspace(path: &Path) -> bool {
    path.is_file() && read_text(path).is_ok_and(|text| has_workspace(&text))
}
