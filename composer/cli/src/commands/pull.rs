//! `compose pull`: a component or a WIT package from a registry into a file.

use std::path::{Path, PathBuf};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    edit::Spec,
    registry_report,
};
use registry_client::{Origin, PackageName, Reference};
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

/// What is to be pulled.
enum Wanted {
    Newest(PackageName, VersionReq),
    Version(PackageName, Version),
    Reference(Reference),
}

pub(super) fn run(arguments: &PullArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let wanted = wanted(&arguments.spec)?;
    if let (Wanted::Reference(reference), Some(_)) = (&wanted, &arguments.registry) {
        return Err(Stop::Usage(Complaint {
            message: format!("`{reference}` names its registry itself, so `--registry` means nothing"),
            hints: vec!["leave `--registry` out".to_owned()],
        }));
    }
    let path = path(arguments, &wanted)?;
    let around = match wanted {
        Wanted::Newest(..) | Wanted::Version(..) => manifest_around(options)?,
        Wanted::Reference(_) => None,
    };
    let around = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
    let registries = Registries::new(options, output)?;
    let (origin, release) = registries.wait_for(async |registries| {
        let origin = origin(registries, around, wanted, arguments.registry.as_deref()).await?;
        let release = answered(registries.client.pull(&origin, &path).await)?;
        Ok((origin, release))
    })?;
    let size = text::size(release.component.size);
    output.status("Pulled", format_args!("{origin} into {} ({size})", environment::shown(&path)));
    let pinned = place::pinned(&origin, release.manifest.digest);
    match output.format() {
        MessageFormat::Human => output.data(format!("{pinned}\n"))?,
        MessageFormat::Json => output.message(&Message::Pulled {
            origin: origin.to_string(),
            pinned,
            version: place::version(&origin).map(ToString::to_string),
            path: path.display().to_string(),
            manifest: release.manifest.digest.to_string(),
            digest: release.component.digest.to_string(),
            size: release.component.size,
        })?,
    }
    Ok(Ended::Well)
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

fn wanted(spec: &str) -> Result<Wanted, Stop> {
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

/// Where it is written.
fn path(arguments: &PullArgs, wanted: &Wanted) -> Result<PathBuf, Stop> {
    let name = match wanted {
        Wanted::Newest(package, _) | Wanted::Version(package, _) => package.name(),
        Wanted::Reference(reference) => reference.repository().rsplit('/').next().unwrap_or_default(),
    };
    let name = format!("{name}.wasm");
    match &arguments.output {
        Some(path) if path.is_dir() => Ok(path.join(name)),
        Some(path) => Ok(path.clone()),
        None if Path::new(&name).exists() => Err(Stop::Failure(
            Diagnostic::error(Code::AlreadyExists, format!("`{name}` exists already"))
                .hint(format!(
                    "say that it may be replaced, or another file\ncompose pull {} -o {name}",
                    arguments.spec
                ))
                .into(),
        )),
        None => Ok(PathBuf::from(name)),
    }
}
