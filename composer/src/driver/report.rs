//! The words for what the driver finds: files that cannot be read, bytes that are no component, a lock that would change.

use std::path::{Path, PathBuf};

use semver::Version;
use similar::{ChangeTag, TextDiff};
use wit::{DecodeError, WorldError};

use super::{load::ReadError, workspace::Member};
use crate::{
    component_file::ComponentFileError,
    diagnostic::{Code, Diagnostic, Spanned, listed, shown},
    manifest::{Component, FILE_NAME, Manifest, MemberPattern, Name, Source, TargetWorld},
    part,
};

pub(super) fn unreadable_manifest(path: &Path, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::Io(io) if io.kind() == std::io::ErrorKind::NotFound => {
            Diagnostic::error(Code::ManifestNotFound, format!("there is no manifest `{}`", shown(path)))
                .hint("start an application here with\ncompose init")
        }
        error => Diagnostic::error(Code::ManifestUnreadable, format!("cannot read the manifest `{}`", shown(path)))
            .note(error.to_string()),
    }
}

pub(super) fn unreadable_lock(path: &Path, error: &ReadError) -> Diagnostic {
    Diagnostic::error(Code::LockInvalid, format!("cannot read `{}`", shown(path))).note(error.to_string())
}

pub(super) fn lock_out_of_date(path: &Path, old: &str, new: &str) -> Diagnostic {
    let message = if old.is_empty() {
        format!("there is no `{}`, and it must not be written", shown(path))
    } else {
        format!("`{}` would have to change, and must not", shown(path))
    };
    let diagnostic = Diagnostic::error(Code::LockOutOfDate, message);
    let diagnostic = if old.is_empty() {
        diagnostic
    } else {
        diagnostic.note(format!("it would change like this\n{}", changes(old, new)))
    };
    diagnostic.hint("write it, look at the change and commit it\ncompose lock")
}

pub(super) fn output_is_input(output: &Path, input: &Path) -> Diagnostic {
    let message = format!("the result cannot be `{}`: the application is made of it", shown(output));
    let diagnostic = Diagnostic::error(Code::OutputIsInput, message);
    let diagnostic = if output.file_name() == input.file_name() {
        diagnostic
    } else {
        diagnostic.note(format!("it is `{}`", shown(input)))
    };
    diagnostic.hint("name another file\ncompose build -o FILE")
}

pub(super) fn no_member(manifest: &Manifest, pattern: &Spanned<MemberPattern>) -> Diagnostic {
    let message = if pattern.value.is_literal() {
        format!("the member `{}` has no `{FILE_NAME}`", pattern.value)
    } else {
        format!("no directory that `{}` means has a `{FILE_NAME}`", pattern.value)
    };
    Diagnostic::error(Code::WorkspaceMember, message).label(&manifest.source, pattern.span.clone(), "named here")
}

pub(super) fn workspace_alone(manifest: &Manifest, members: &[Member]) -> Diagnostic {
    let message = "this manifest is of a workspace, and has nothing to compose itself";
    let span = manifest.workspace.as_ref().map_or(0..0, |workspace| workspace.span.clone());
    Diagnostic::error(Code::WorkspaceMember, message)
        .label(&manifest.source, span, "several applications")
        .note(format!("it has {}", listed(members.iter().map(|member| &member.directory))))
        .hint("say which application is meant with `-p NAME`")
}

pub(super) fn unknown_member(name: &str, members: &[Member]) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::UnknownName, format!("the workspace has no application `{name}`"));
    if members.is_empty() {
        return diagnostic
            .note("there is no workspace here: no `[workspace]` in this manifest, and none above that names it");
    }
    diagnostic.note(format!("it has {}", listed(members.iter().map(|member| &member.directory))))
}

pub(super) fn ambiguous_member(name: &str, members: &[&Member]) -> Diagnostic {
    let several = listed(members.iter().map(|member| &member.directory));
    Diagnostic::error(Code::UnknownName, format!("`{name}` may be {several}"))
        .hint("name the one that is meant by its directory")
}

pub(super) fn unreadable_members(
    manifest: &Manifest,
    pattern: &Spanned<MemberPattern>,
    error: &std::io::Error,
) -> Diagnostic {
    Diagnostic::error(Code::WorkspaceMember, format!("the directories of `{}` cannot be read", pattern.value))
        .label(&manifest.source, pattern.span.clone(), "named here")
        .note(error.to_string())
}

/// The lines that go and come, each group under the header of the entry that it is in.
fn changes(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut lines: Vec<String> = Vec::new();
    let mut entry = String::new();
    let mut shown_entry = String::new();
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end();
        if line.starts_with('[') {
            line.clone_into(&mut entry);
        }
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        if line.is_empty() {
            continue;
        }
        if entry != shown_entry {
            if line != entry {
                lines.push(format!("  {entry}"));
            }
            entry.clone_into(&mut shown_entry);
        }
        lines.push(format!("{sign} {line}"));
    }
    lines.join("\n")
}

/// The WIT was read, and has not the world that is meant.
pub(super) fn unknown_world(manifest: &Manifest, world: &TargetWorld, error: &WorldError) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::WorldUnreadable, "cannot read the target world");
    let (span, label) = match (error, &world.name) {
        (WorldError::UnknownWorld { .. }, Some(name)) => (name.span.clone(), "there is no such world"),
        (WorldError::SeveralWorlds { .. }, _) => (world.wit.span.clone(), "a `name` must say which world is meant"),
        _ => (world.wit.span.clone(), "named here"),
    };
    let diagnostic = diagnostic.label(&manifest.source, span, label).note(error.to_string()).causes(error);
    match error {
        WorldError::UnknownWorld { nearest: Some(near), .. } => diagnostic.hint(format!("did you mean `{near}`?")),
        _ => diagnostic,
    }
}

pub(super) fn unreadable_file(manifest: &Manifest, source: &Spanned<Source>, error: &ComponentFileError) -> Diagnostic {
    let mut diagnostic = error.diagnostic();
    if let ComponentFileError::NotFound { .. } = error {
        diagnostic.hints =
            vec!["build the component first, or mend the path; it is relative to the manifest".to_owned()];
    }
    diagnostic.label(&manifest.source, source.span.clone(), "needed here")
}

pub(super) fn folder_without_manifest(manifest: &Manifest, source: &Spanned<Source>, directory: &Path) -> Diagnostic {
    let message = format!("the folder `{}` has no `{FILE_NAME}`", shown(directory));
    Diagnostic::error(Code::FileUnreadable, message)
        .label(&manifest.source, source.span.clone(), "a folder is built by its own manifest")
        .hint("name a component file in it, or write a manifest there")
}

pub(super) fn nested_cycle(
    manifest: &Manifest,
    source: &Spanned<Source>,
    above: &[PathBuf],
    again: &Path,
) -> Diagnostic {
    let start = above.iter().position(|path| path == again).unwrap_or(0);
    let base = common_directory(&above[start..]);
    let names = above[start..].iter().map(PathBuf::as_path).chain([again]);
    let names: Vec<String> = names.map(|path| shown(path.strip_prefix(&base).unwrap_or(path))).collect();
    if names.len() == 2 {
        return Diagnostic::error(Code::NestedCycle, "the folder contains itself as a component")
            .label(&manifest.source, source.span.clone(), "this is the folder of this manifest")
            .hint("take it out of `[components]`");
    }
    Diagnostic::error(Code::NestedCycle, format!("folders contain each other: {}", names.join(" → ")))
        .label(&manifest.source, source.span.clone(), "this folder, in the end, needs itself")
        .hint("take one of them out of the other's `[components]`")
}

fn common_directory(paths: &[PathBuf]) -> PathBuf {
    let mut common = paths.first().and_then(|path| path.parent()).map(Path::to_path_buf).unwrap_or_default();
    while !paths.iter().all(|path| path.starts_with(&common)) && common.pop() {}
    common
}

pub(super) fn undecodable(
    manifest: &Manifest,
    entry: &Component,
    version: Option<&Version>,
    bytes: &[u8],
    error: &DecodeError,
) -> Diagnostic {
    let source = match (&entry.source.value, version) {
        (Source::Path(path), _) => shown(path),
        (Source::Package { package, .. }, Some(version)) => format!("{package}@{version}"),
        (source, _) => source.to_string(),
    };
    let diagnostic = part::undecodable(&source, bytes, error);
    diagnostic.label(&manifest.source, entry.source.span.clone(), "needed here")
}

pub(super) fn unreadable_part(manifest: &Manifest, entry: &Component, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::FileUnreadable, format!("cannot read the component `{}`", entry.name.value))
        .label(&manifest.source, entry.source.span.clone(), "needed here")
        .note(error.to_string())
}

pub(super) fn crashed(crash: &tokio::task::JoinError) -> Diagnostic {
    Diagnostic::error(Code::Internal, "composing an application failed").note(crash.to_string())
}

pub(super) fn crash(component: &Name) -> Diagnostic {
    Diagnostic::error(Code::Internal, format!("reading the component `{component}` failed"))
        .hint("this is a fault of `compose`: please report it with the component")
}
