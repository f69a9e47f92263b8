//! `compose push`: the application, a component or a WIT package into a registry.

use std::path::{Path, PathBuf};

use composer::{
    component_file::{self, ComponentFileError},
    diagnostic::{Code, Diagnostic, Failure, Severity},
    driver,
    manifest::{FILE_NAME, Package},
    publication::{Kind, Publication},
    registry_report,
};
use registry_client::{
    Content, Delivery, Origin, Overwrite, PackageName, PushMode, PushOptions, PushOutcome, Pushed, Reference,
};
use semver::Version;

use super::{place, wit};
use crate::{
    args::{ManifestOptions, MessageFormat, PushArgs},
    environment,
    exit::{Complaint, Ended, Stop},
    message::{self, Message},
    output::Output,
    session::{Registries, Session, manifest_around},
    signing, text,
};

/// The name that a person gives to what is pushed.
struct Named {
    package: PackageName,
    version: Option<Version>,
}

/// Where it is to go, as far as the command line says.
enum Destination<'a> {
    Exactly(Reference),
    Registry(Option<&'a str>),
}

pub(super) fn run(arguments: &PushArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let named = arguments.name.as_deref().map(named).transpose()?;
    let destination = match arguments.to.as_deref() {
        Some(text) => place::reference(text).map_or(Destination::Registry(Some(text)), Destination::Exactly),
        None => Destination::Registry(None),
    };
    if let (Destination::Exactly(reference), Some(_)) = (&destination, &named) {
        return Err(Stop::Usage(Complaint {
            message: format!("`{reference}` says exactly where it goes, so `--as` means nothing"),
            hints: vec!["give `--to` a registry, as `oci://HOST/PREFIX`, or leave `--as` out".to_owned()],
        }));
    }
    match &arguments.what {
        Some(path) => {
            let around = manifest_around(options)?;
            let around = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
            let registries = Registries::new(options, output)?;
            registries.begin("Reading", environment::shown(path));
            publish(publication_of(path)?, named, destination, around, &registries, arguments, output)
        }
        None => {
            let session = Session::new(options, output)?;
            let manifest = driver::read_manifest(session.manifest())?;
            if matches!(destination, Destination::Registry(_)) && manifest.is_application() {
                // Building takes a while; what cannot be published is not built first.
                let own = manifest.package.as_ref().map(own_name);
                name(own, named.as_ref(), Kind::Component).map_err(Failure::from)?;
            }
            let publication = application(arguments, &session, output)?;
            let around = Some((&manifest, session.manifest()));
            publish(publication, named, destination, around, &session.registries(), arguments, output)
        }
    }
}

/// Sends it, and says so.
fn publish(
    mut publication: Publication,
    named: Option<Named>,
    destination: Destination<'_>,
    around: place::Around<'_>,
    registries: &Registries,
    arguments: &PushArgs,
    output: &Output,
) -> Result<Ended, Stop> {
    publication.artifact.annotations.extend(arguments.annotation.iter().cloned());
    let policy = around.map(|(manifest, _)| manifest.wit.compat.policy.clone()).unwrap_or_default();
    let (target, tolerated, pushed) = registries.wait_for(async |registries| {
        let target = target(registries, around, &publication, named, destination).await?;
        let breaking = driver::breaking_changes(&registries.client, &publication, &target, &policy).await?;
        let tolerated = if arguments.allow_breaking { tolerated(breaking) } else { Failure::check(breaking)? };
        registries.begin("Pushing", &target);
        let pushed = send(registries, &publication, &target, arguments).await?;
        Ok((target, tolerated, pushed))
    })?;
    output.diagnostics(&tolerated)?;
    say(&publication, &target, &pushed, arguments, output)
}

/// What is pushed all the same, without the ways out.
fn tolerated(breaking: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let warning = |found| Diagnostic { severity: Severity::Warning, hints: Vec::new(), ..found };
    breaking.into_iter().map(warning).collect()
}

/// Sends it.
async fn send(
    registries: &Registries,
    publication: &Publication,
    target: &Origin,
    arguments: &PushArgs,
) -> Result<Pushed, Failure> {
    let options = PushOptions {
        overwrite: if arguments.force { Overwrite::Yes } else { Overwrite::No },
        mode: if arguments.dry_run { PushMode::DryRun } else { PushMode::Send },
        mount_from: arguments.mount_from.iter().cloned().map(Origin::Reference).collect(),
        chunk: arguments.chunk_size,
        signing_key: signing::key(&arguments.signing)?,
    };
    let pushed = registries.client.push(target, &publication.artifact, &options).await;
    pushed.map_err(|error| registry_report::diagnostic(&error).into())
}

fn named(text: &str) -> Result<Named, Stop> {
    let unusable = |why: String| {
        Stop::Usage(Complaint {
            message: format!("`{text}` is no name to publish under: {why}"),
            hints: vec!["write it as `--as namespace:name@1.2.3`".to_owned()],
        })
    };
    let (package, version) = match text.split_once('@') {
        Some((package, version)) => (package, Some(version)),
        None => (text, None),
    };
    let package = package.parse().map_err(|error: registry_client::PackageNameError| unusable(error.to_string()))?;
    let version = version.map(str::parse).transpose();
    let version = version.map_err(|error: semver::Error| unusable(format!("after the `@`, {error}")))?;
    Ok(Named { package, version })
}

/// The application, built; for a dry run it is in memory alone.
fn application(arguments: &PushArgs, session: &Session, output: &Output) -> Result<Publication, Stop> {
    let (manifest, bytes, content, name) = if arguments.dry_run {
        let checked = session.wait_for(async |session| driver::check(session).await)?;
        output.diagnostics(&checked.planned.warnings)?;
        let bytes = checked.component.to_bytes().map_err(Failure::from)?;
        let content = Content::Bytes(bytes.as_slice().into());
        (checked.planned.manifest, bytes, content, "the application".to_owned())
    } else {
        let built = super::build::of(session, output)?;
        let bytes = component_file::read(&built.path)?;
        let name = built.path.display().to_string();
        (driver::read_manifest(session.manifest())?, bytes, Content::File(built.path), name)
    };
    let publication = Publication::of(&name, &bytes, content)?;
    Ok(match &manifest.package {
        Some(package) => publication.with_package(package),
        None => publication,
    })
}

/// What a path leads to: WIT in a directory or a `.wit` file, a component, or an encoded package.
fn publication_of(path: &Path) -> Result<Publication, Failure> {
    let name = path.display().to_string();
    if path.is_dir() && path.join(FILE_NAME).is_file() && !has_wit(path) {
        let message = format!("`{name}` is an application, and is built before it is pushed");
        return Err(Diagnostic::error(Code::NotPublishable, message)
            .hint(format!("push it by its manifest\ncompose push --manifest-path {}", path.join(FILE_NAME).display()))
            .into());
    }
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "wit") {
        let package = wit::package(&name)?;
        return Publication::of_wit(&name, &package);
    }
    let input = component_file::open(path)?;
    let bytes = input.to_bytes().map_err(|source| ComponentFileError::Unreadable { path: path.to_owned(), source })?;
    let content = match input.path() {
        Some(file) => Content::File(file.to_owned()),
        None => Content::Bytes(bytes.as_slice().into()),
    };
    Publication::of(&name, &bytes, content)
}

fn has_wit(directory: &Path) -> bool {
    let entries = directory.read_dir().into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| PathBuf::from(entry.file_name())).any(|name| name.extension().is_some_and(|kind| kind == "wit"))
}

/// Where it goes.
async fn target(
    registries: &Registries,
    around: place::Around<'_>,
    publication: &Publication,
    named: Option<Named>,
    destination: Destination<'_>,
) -> Result<Origin, Failure> {
    let registry = match destination {
        Destination::Exactly(reference) => return Ok(Origin::Reference(reference)),
        Destination::Registry(registry) => registry,
    };
    let own = publication.package.clone().map(|package| Named { package, version: publication.version.clone() });
    let (package, version) = name(own, named.as_ref(), publication.kind)?;
    let registry = place::registry(registries, around, &package, registry).await?;
    Ok(Origin::Package { registry, package, version })
}

fn own_name(package: &Package) -> Named {
    Named { package: package.name.value.clone(), version: package.version.clone() }
}

/// The name that it is published under: what a person gives it, else what it says of itself.
fn name(own: Option<Named>, given: Option<&Named>, kind: Kind) -> Result<(PackageName, Version), Diagnostic> {
    let own_version = own.as_ref().and_then(|own| own.version.clone());
    let (package, version) = match (given, own) {
        (Some(given), _) => (given.package.clone(), given.version.clone().or(own_version)),
        (None, Some(own)) => (own.package, own.version),
        (None, None) => return Err(nameless(kind)),
    };
    match version {
        Some(version) => Ok((package, version)),
        None => Err(versionless(&package, kind)),
    }
}

fn nameless(kind: Kind) -> Diagnostic {
    let found = Diagnostic::error(Code::NotPublishable, "nothing says which package this is")
        .hint("say it with `--as namespace:name@1.2.3`, or give `--to` an exact `HOST/REPOSITORY:TAG`");
    match kind {
        Kind::Component => found
            .hint("or, for an application, in its manifest\n[package]\nname = \"namespace:name\"\nversion = \"1.2.3\""),
        Kind::WitPackage => found,
    }
}

fn versionless(package: &PackageName, kind: Kind) -> Diagnostic {
    let found = Diagnostic::error(Code::NotPublishable, format!("nothing says which version of `{package}` this is"))
        .hint(format!("say it with `--as {package}@1.2.3`"));
    match kind {
        Kind::Component => found.hint("or, for an application, with `version` in `[package]` of its manifest"),
        Kind::WitPackage => found.hint(format!("or in the WIT itself\npackage {package}@1.2.3;")),
    }
}

fn say(
    publication: &Publication,
    target: &Origin,
    pushed: &Pushed,
    arguments: &PushArgs,
    output: &Output,
) -> Result<Ended, Stop> {
    let parts = ["component", "config"];
    let parts = match publication.kind {
        Kind::Component => parts,
        Kind::WitPackage => ["WIT package", "config"],
    };
    let dry = arguments.dry_run;
    for ((blob, delivery), part) in pushed.blobs.iter().zip(parts) {
        let verb = match (delivery, dry) {
            (Delivery::Sent, true) => "Would send",
            (Delivery::Sent, false) => "Sent",
            (Delivery::Mounted, _) => "Mounted",
            (Delivery::Present, _) => "Has already",
        };
        output.status(verb, format_args!("the {part}, {} ({})", text::short(blob.digest), text::size(blob.size)));
    }
    let verb = match (pushed.outcome, dry) {
        (PushOutcome::AlreadyThere, _) => "Unchanged",
        (PushOutcome::Created, true) => "Would push",
        (PushOutcome::Created, false) => "Pushed",
        (PushOutcome::Replaced { .. }, true) => "Would replace",
        (PushOutcome::Replaced { .. }, false) => "Replaced",
    };
    match pushed.outcome {
        PushOutcome::Replaced { previous } => output.status(verb, format_args!("{target}, which was {previous}")),
        PushOutcome::Created | PushOutcome::AlreadyThere => output.status(verb, target),
    }
    let pinned = place::pinned(target, place::identity(target, &pushed.release));
    match output.format() {
        MessageFormat::Human => output.data(format!("{pinned}\n"))?,
        MessageFormat::Json => output.message(&message(target, pinned, pushed, dry))?,
    }
    Ok(Ended::Well)
}

fn message(target: &Origin, pinned: String, pushed: &Pushed, dry: bool) -> Message<'static> {
    let blob = |(blob, delivery): &(registry_client::Descriptor, Delivery)| message::PushedBlob {
        digest: blob.digest.to_string(),
        size: blob.size,
        delivery: match delivery {
            Delivery::Present => "present",
            Delivery::Mounted => "mounted",
            Delivery::Sent => "sent",
        },
    };
    let (outcome, previous) = match pushed.outcome {
        PushOutcome::Created => ("created", None),
        PushOutcome::AlreadyThere => ("unchanged", None),
        PushOutcome::Replaced { previous } => ("replaced", Some(previous.to_string())),
    };
    Message::Pushed {
        target: target.to_string(),
        pinned,
        version: place::version(target).map(ToString::to_string),
        manifest: place::identity(target, &pushed.release).to_string(),
        digest: pushed.release.component.digest.to_string(),
        size: pushed.release.component.size,
        outcome,
        previous,
        blobs: pushed.blobs.iter().map(blob).collect(),
        written: !dry,
    }
}
