//! `compose pull`: components and WIT packages from registries into files.

use std::path::{Path, PathBuf};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    edit::Spec,
    registry_report,
};
use futures::{StreamExt as _, stream};
use registry_client::{Origin, PackageName, Reference, Release};
use semver::{Version, VersionReq};

use super::place;
use crate::{
    args::{ManifestOptions, MessageFormat, PullArgs},
    environment,
    exit::{Complaint, Ended, Stop},
    message::Message,
    output::Output,
    session::{Registries, manifest_around},
    text,
};

/// How many are pulled at a time; the client bounds its requests itself.
const PULLS_AT_A_TIME: usize = 256;

/// What is to be pulled.
enum Wanted {
    Newest(PackageName, VersionReq),
    Version(PackageName, Version),
    Reference(Reference),
}

/// What was pulled, and where it is now.
struct Pulled {
    origin: Origin,
    release: Release,
    path: PathBuf,
}

pub(super) fn run(arguments: &PullArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let wanted = arguments.specs.iter().map(|spec| wanted(spec, arguments)).collect::<Result<Vec<_>, _>>()?;
    let paths = paths(arguments, &wanted)?;
    let is_package = |wanted: &Wanted| matches!(wanted, Wanted::Newest(..) | Wanted::Version(..));
    let around = if wanted.iter().any(is_package) { manifest_around(options)? } else { None };
    let around = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
    let registries = Registries::new(options, output)?;
    let outcomes: Vec<_> = registries.wait_for(async |registries| {
        let pulls = wanted.into_iter().zip(paths).map(|(wanted, path)| async move {
            let origin = origin(registries, around, wanted, arguments.registry.as_deref()).await?;
            let release = answered(registries.client.pull(&origin, &path).await)?;
            Ok::<_, Failure>(Pulled { origin, release, path })
        });
        Ok(stream::iter(pulls).buffered(PULLS_AT_A_TIME).collect().await)
    })?;
    let mut wrong = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(pulled) => tell(&pulled, output)?,
            Err(failure) => wrong.extend_from_slice(failure.diagnostics()),
        }
    }
    Failure::check(wrong)?;
    Ok(Ended::Well)
}

fn tell(pulled: &Pulled, output: &Output) -> Result<(), Stop> {
    let Pulled { origin, release, path } = pulled;
    let size = text::size(release.component.size);
    output.status("Pulled", format_args!("{origin} into {} ({size})", environment::shown(path)));
    let identity = place::identity(origin, release);
    let pinned = place::pinned(origin, identity);
    match output.format() {
        MessageFormat::Human => output.data(format!("{pinned}\n"))?,
        MessageFormat::Json => output.message(&Message::Pulled {
            origin: origin.to_string(),
            pinned,
            version: place::version(origin).map(ToString::to_string),
            path: path.display().to_string(),
            manifest: identity.to_string(),
            digest: release.component.digest.to_string(),
            size: release.component.size,
        })?,
    }
    Ok(())
}

async fn origin(
    registries: &Registries,
    around: place::Around<'_>,
    wanted: Wanted,
    named: Option<&str>,
) -> Result<Origin, Failure> {
    match wanted {
        Wanted::Reference(reference) => Ok(Origin::Reference(reference)),
        Wanted::Version(package, version) => {
            let registry = place::registry(registries, around, &package, named).await?;
            Ok(Origin::Package { registry, package, version })
        }
        Wanted::Newest(package, requirement) => {
            let registry = place::registry(registries, around, &package, named).await?;
            let version = answered(registries.client.newest(&registry, &package, &requirement).await)?;
            Ok(Origin::Package { registry, package, version })
        }
    }
}

fn answered<T>(outcome: Result<T, registry_client::Error>) -> Result<T, Failure> {
    outcome.map_err(|error| match error {
        registry_client::Error::Offline { .. } => Diagnostic::error(Code::Offline, error.to_string())
            .note("what a name stands for is known by its registry alone")
            .hint("leave `--offline` and `--frozen` out; bytes that are in the store are not downloaded again")
            .into(),
        error => registry_report::diagnostic(&error).into(),
    })
}

fn wanted(spec: &str, arguments: &PullArgs) -> Result<Wanted, Stop> {
    let wanted = understood(spec)?;
    if let (Wanted::Reference(reference), Some(_)) = (&wanted, &arguments.registry) {
        return Err(Stop::Usage(Complaint {
            message: format!("`{reference}` names its registry itself, so `--registry` means nothing"),
            hints: vec!["leave `--registry` out".to_owned()],
        }));
    }
    Ok(wanted)
}

fn understood(spec: &str) -> Result<Wanted, Stop> {
    let unusable = |message: String| {
        Stop::Usage(Complaint {
            message,
            hints: vec!["pull `namespace:name`, `namespace:name@1.2` or `HOST/REPOSITORY:TAG`".to_owned()],
        })
    };
    match spec.parse::<Spec>() {
        Ok(Spec::Package { package, requirement }) => {
            // A whole version is meant as that version, as elsewhere on command lines.
            let version = spec.split_once('@').and_then(|(_, version)| version.parse().ok());
            Ok(match version {
                Some(version) => Wanted::Version(package, version),
                None => Wanted::Newest(package, requirement.unwrap_or(VersionReq::STAR)),
            })
        }
        Ok(Spec::Reference(reference)) => Ok(Wanted::Reference(reference)),
        Ok(Spec::Path(_)) => {
            let reference = spec.parse::<Reference>();
            reference.map(Wanted::Reference).map_err(|error| unusable(with_cause(&error)))
        }
        Err(error) => Err(unusable(with_cause(&error))),
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Where each is written: no two into one file, and none over a file that was not named.
fn paths(arguments: &PullArgs, wanted: &[Wanted]) -> Result<Vec<PathBuf>, Stop> {
    let mut paths = Vec::new();
    for (wanted, spec) in wanted.iter().zip(&arguments.specs) {
        let name = format!("{}.wasm", name_of(wanted));
        let path = match &arguments.output {
            Some(path) if path.is_dir() => path.join(&name),
            Some(path) if arguments.specs.len() > 1 => return Err(no_directory(path)),
            Some(path) => path.clone(),
            None if Path::new(&name).exists() => return Err(exists(&name, spec)),
            None => PathBuf::from(&name),
        };
        if paths.contains(&path) {
            return Err(Stop::Usage(Complaint {
                message: format!("two of these would be written to `{}`", environment::shown(&path)),
                hints: vec![format!("pull one of them by itself\ncompose pull {spec} -o ANOTHER.wasm")],
            }));
        }
        paths.push(path);
    }
    Ok(paths)
}

fn name_of(wanted: &Wanted) -> &str {
    match wanted {
        Wanted::Newest(package, _) | Wanted::Version(package, _) => package.name(),
        Wanted::Reference(reference) => reference.repository().rsplit('/').next().unwrap_or_default(),
    }
}

fn no_directory(path: &Path) -> Stop {
    Stop::Usage(Complaint {
        message: format!("several components do not fit into the one file `{}`", environment::shown(path)),
        hints: vec!["name a directory that exists".to_owned()],
    })
}

fn exists(name: &str, spec: &str) -> Stop {
    let found = Diagnostic::error(Code::AlreadyExists, format!("`{name}` exists already"));
    Stop::Failure(
        found.hint(format!("say that it may be replaced, or another file\ncompose pull {spec} -o {name}")).into(),
    )
}
