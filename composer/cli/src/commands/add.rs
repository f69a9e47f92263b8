//! `compose add`: components into the manifest, if the application can be composed with them.

use std::path::{Component, Path, PathBuf};

use composer::{
    diagnostic::Failure,
    driver::{self, Added, Checking, Wish},
    edit::Spec,
    manifest::Name,
};

use super::changes;
use crate::{
    args::{AddArgs, ManifestOptions, MessageFormat},
    environment,
    exit::{Complaint, Ended, Stop},
    message::{self, Message},
    output::Output,
    session::Session,
};

pub(super) fn run(arguments: &AddArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    if arguments.name.is_some() && arguments.specs.len() > 1 {
        return Err(Stop::Usage(Complaint {
            message: "`--as` names one component, and several are to be added".to_owned(),
            hints: vec!["add it alone".to_owned()],
        }));
    }
    let session = Session::new(options, output)?;
    let specs = arguments.specs.iter();
    let wishes = specs.map(|spec| wish(spec, arguments, session.manifest())).collect::<Result<Vec<_>, _>>()?;
    let checking = if arguments.unchecked { Checking::ManifestOnly } else { Checking::Whole };
    let added = session.wait_for(async |session| driver::plan_add(session, &wishes, checking).await)?;
    if !arguments.dry_run {
        session.wait_for(async |session| driver::write_edited(session, &added.edited))?;
    }
    say(&added, arguments.dry_run, &session, output)
}

fn say(added: &Added, is_dry: bool, session: &Session, output: &Output) -> Result<Ended, Stop> {
    let Added { additions, passed_over, edited } = added;
    let manifest = environment::shown(session.manifest());
    let verb = if is_dry { "Would add" } else { "Added" };
    for addition in additions {
        let newer = passed_over.get(&addition.name);
        let newer = newer.map(|version| format!(": {version} is newer and does not fit")).unwrap_or_default();
        output.status(verb, format_args!("{} = {} to {manifest}{newer}", addition.name, addition.source));
    }
    match output.format() {
        MessageFormat::Human => {}
        MessageFormat::Json => output.message(&Message::Added {
            manifest: session.manifest().display().to_string(),
            components: additions
                .iter()
                .map(|addition| message::Entry {
                    name: addition.name.to_string(),
                    entry: addition.source.to_string(),
                    passed_over: passed_over.get(&addition.name).map(ToString::to_string),
                })
                .collect(),
            written: !is_dry,
        })?,
    }
    changes::of_edited(edited, is_dry, output)?;
    Ok(Ended::Well)
}

fn wish(spec: &str, arguments: &AddArgs, manifest: &Path) -> Result<Wish, Stop> {
    let unusable = |why: String| {
        let hint = "a component is `namespace:name@^1.2`, `oci://host/repository:tag` or a path";
        Stop::Usage(Complaint { message: why, hints: vec![hint.to_owned()] })
    };
    let parsed: Spec = spec.parse().map_err(|error: composer::edit::InvalidSpec| unusable(error.to_string()))?;
    let name: Name = match &arguments.name {
        Some(name) => name.parse().map_err(|error| {
            Stop::Usage(Complaint { message: format!("`{name}` cannot be a name: {error}"), hints: Vec::new() })
        })?,
        None => parsed.name().map_err(|_| {
            Stop::Usage(Complaint {
                message: format!("no name can be made of `{spec}`"),
                hints: vec!["give it one: `--as NAME`".to_owned()],
            })
        })?,
    };
    let spec = match parsed {
        Spec::Path(path) => Spec::Path(from_manifest(&path, manifest)?),
        other => other,
    };
    Ok(Wish { spec, name, registry: arguments.registry.clone() })
}

/// A path as the manifest has it: relative to its directory, however the command line names either.
pub(super) fn from_manifest(path: &Path, manifest: &Path) -> Result<PathBuf, Failure> {
    let current = environment::current_directory()?;
    let directory = current.join(manifest.parent().unwrap_or(Path::new("")));
    Ok(relative(&normal(&directory), &normal(&current.join(path))))
}

/// A path without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = short.pop(),
            other => short.push(other),
        }
    }
    short
}

/// How to get from one directory to a path; both are absolute.
fn relative(directory: &Path, path: &Path) -> PathBuf {
    let common = directory.components().zip(path.components()).take_while(|(one, other)| one == other).count();
    let up = directory.components().skip(common).map(|_| Component::ParentDir);
    let found: PathBuf = up.chain(path.components().skip(common)).collect();
    if found.as_os_str().is_empty() { PathBuf::from(".") } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_manifest() {
        let check = |directory: &str, path: &str| relative(Path::new(directory), Path::new(path)).display().to_string();
        assert_eq!(check("/shop", "/shop/parts/a.wasm"), "parts/a.wasm");
        assert_eq!(check("/shop/apps/front", "/shop/parts/a.wasm"), "../../parts/a.wasm");
        assert_eq!(check("/shop", "/shop"), ".");
        assert_eq!(normal(Path::new("/shop/./parts/../a.wasm")), Path::new("/shop/a.wasm"));
    }
}
