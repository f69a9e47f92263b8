//! Reading WIT: from what a text names to a package or to a component's world.
//!
//! The one place that decides how each kind of [`WitSource`] is read, for `[world]` and for commands alike. A registry's versions
//! and tags are asked for now; whose choice is locked fetches its bytes itself and reads them with [`Wit::of_bytes`].

use std::path::Path;

use registry_client::{Client, Origin, PackageName, Release};
use semver::{Version, VersionReq};
use wit::{DecodeError, Features, Package, Spot, World, WorldError};

use super::{RegistryRules, registry_of, revision};
use crate::{
    component_file::{self, ComponentFileError},
    diagnostic::{Code, Diagnostic, Failure, SourceText, shown},
    manifest::Manifest,
    part, registry_report,
    resolve::version_not_found,
    wit_source::WitSource,
};

/// How WIT is reached.
#[derive(Clone, Copy)]
pub struct WitReader<'a> {
    /// Access to registries and the store.
    pub client: &'a Client,
    /// Which registry a package comes from, outside of a manifest.
    pub rules: &'a RegistryRules,
    /// The manifest whose rules count as well, if there is one, and its path.
    pub around: Option<(&'a Manifest, &'a Path)>,
    /// What paths and revisions are relative to.
    pub directory: &'a Path,
}

/// WIT that was read.
#[derive(Debug, Clone)]
pub enum Wit {
    /// A package: text or encoded.
    Package(Package),
    /// A component's own world.
    Component {
        /// What the component is called.
        name: String,
        /// Its imports and exports.
        world: Box<World>,
    },
}

impl Wit {
    /// Reads the bytes of an encoded package or of a component; `name` stands for them in messages.
    ///
    /// # Errors
    /// When they are neither.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        match World::of_component(bytes) {
            Ok(world) => Ok(Self::Component { name: name.to_owned(), world: Box::new(world) }),
            Err(DecodeError::WitPackage) => {
                Package::from_bytes(name, bytes).map(Self::Package).map_err(|e| unreadable(&e))
            }
            Err(error) => Err(part::undecodable(name, bytes, &error)),
        }
    }

    /// A world: of a package the one of the name, or its only one.
    ///
    /// # Errors
    /// When there is no such world.
    pub fn world(&self, name: Option<&str>, features: &Features) -> Result<World, WorldError> {
        match self {
            Self::Package(package) => package.world(name, features),
            Self::Component { world, .. } => match name {
                None => Ok(World::clone(world)),
                Some(_) => self.package()?.world(name, features),
            },
        }
    }

    /// What somebody exports who provides it: all interfaces of a package, the exports of a component.
    pub fn provider(&self, features: &Features) -> World {
        match self {
            Self::Package(package) => package.provider(features),
            Self::Component { world, .. } => World::clone(world),
        }
    }

    /// A package: of a component, the one that its world is printed as.
    ///
    /// # Errors
    /// When WIT cannot say what the component's type does.
    pub fn package(&self) -> Result<Package, WorldError> {
        match self {
            Self::Package(package) => Ok(package.clone()),
            Self::Component { name, world } => Package::from_text(name, &world.to_wit()),
        }
    }
}

impl WitReader<'_> {
    /// Reads what a source names.
    ///
    /// # Errors
    /// When it cannot be reached, or is no WIT.
    pub async fn read(&self, source: &WitSource) -> Result<Wit, Failure> {
        match source {
            WitSource::Path(_) | WitSource::Revision(_) => Ok(read_local_wit(self.directory, source)?),
            WitSource::Reference(reference) => self.fetch(&Origin::Reference(reference.clone())).await,
            WitSource::Package { package, requirement } => {
                let origin = self.newest(package, requirement).await?;
                self.fetch(&origin).await
            }
        }
    }

    /// The newest version that a requirement allows; a pre-release only if it names one.
    ///
    /// # Errors
    /// When no registry is known for the package, it cannot be asked, or has no such version.
    pub async fn newest(&self, package: &PackageName, requirement: &VersionReq) -> Result<Origin, Failure> {
        let registry = registry_of(self.client, self.rules, self.around, package, None).await?;
        let versions = self.client.versions(&registry, package).await;
        let versions = versions.map_err(|error| registry_report::diagnostic(&error))?;
        let newest = versions.iter().filter(|version| requirement.matches(version)).max();
        match newest {
            Some(version) => {
                Ok(Origin::Package { registry, package: package.clone(), version: Version::clone(version) })
            }
            None => Err(version_not_found(package, requirement, &registry, &versions).into()),
        }
    }

    /// What an origin is at this moment.
    ///
    /// # Errors
    /// When it is not there, or the registry cannot be asked.
    pub async fn release(&self, origin: &Origin) -> Result<Release, Diagnostic> {
        self.client.release(origin).await.map_err(|error| registry_report::diagnostic(&error))
    }

    async fn fetch(&self, origin: &Origin) -> Result<Wit, Failure> {
        let release = self.release(origin).await?;
        let bytes = self.client.fetch(origin, &release).await;
        let bytes = bytes.map_err(|error| registry_report::fetch_diagnostic(&error))?;
        Ok(Wit::of_bytes(&origin.to_string(), &bytes)?)
    }
}

/// Reads a path or a revision, relative to `directory`.
///
/// # Errors
/// When it cannot be read or is no WIT, and for other kinds of sources.
pub fn read_local_wit(directory: &Path, source: &WitSource) -> Result<Wit, Diagnostic> {
    match source {
        WitSource::Path(path) => local(&directory.join(path)),
        WitSource::Revision(named) => revision::read(directory, named),
        WitSource::Package { .. } | WitSource::Reference(_) => {
            Err(Diagnostic::error(Code::WorldUnreadable, format!("`{source}` is not a local source of WIT")))
        }
    }
}

/// Reads a file or a directory of WIT.
pub(super) fn local(path: &Path) -> Result<Wit, Diagnostic> {
    let package = |package: Result<Package, WorldError>| package.map(Wit::Package).map_err(|error| unreadable(&error));
    if path.is_dir() || is_wit(path) {
        return package(Package::from_path(path));
    }
    let bytes = component_file::read(path).map_err(|error| match error {
        ComponentFileError::NotFound { .. } => nothing_there(path),
        error => error.diagnostic(),
    })?;
    Wit::of_bytes(&shown(path), &bytes)
}

/// Reads the bytes of a file that is not on disk, as [`local`] does one that is; `name` stands for it in messages.
pub(super) fn of_file(name: &str, path: &Path, bytes: Vec<u8>) -> Result<Wit, Diagnostic> {
    if is_wit(path) {
        return Package::from_file(name, &bytes).map(Wit::Package).map_err(|error| unreadable(&error));
    }
    let bytes = component_file::assembled(Path::new(name), bytes).map_err(|error| error.diagnostic())?;
    Wit::of_bytes(name, &bytes)
}

/// Whether a file is WIT by its name.
pub(super) fn is_wit(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wit")
}

fn nothing_there(path: &Path) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::WorldUnreadable, format!("there is no WIT at `{}`", shown(path)));
    if is_like_a_reference(path) {
        return diagnostic.hint(format!("is it an artifact? `oci://{}`", path.display()));
    }
    diagnostic.hint("WIT is a directory of `.wit` files, one such file, an encoded package or a component").hint(
        "or a package in a registry, `wasi:http@0.2`; an artifact, `oci://HOST/REPOSITORY:TAG`; or `git:REVISION:PATH`",
    )
}

/// Whether a path looks like `HOST/REPOSITORY:TAG`.
fn is_like_a_reference(path: &Path) -> bool {
    let parts = path.to_str().and_then(|path| path.split_once('/'));
    parts.is_some_and(|(host, rest)| {
        let is_host = host.contains('.') && !host.starts_with('.') || host.contains(':');
        is_host && rest.contains([':', '@'])
    })
}

/// What is said when WIT is wrong, or has not the world that is meant.
pub fn unreadable(error: &WorldError) -> Diagnostic {
    let coded = |message: String| Diagnostic::error(Code::WorldUnreadable, message);
    match error {
        WorldError::Unreadable { path, source } if source.kind() == std::io::ErrorKind::NotFound => nothing_there(path),
        WorldError::NoTexts { .. } => coded(error.to_string())
            .hint("name the directory that has them itself; one above it, or below it, is not looked into"),
        WorldError::Invalid { path, message, spots } => {
            let (first, more) = message.split_once('\n').unwrap_or((message, ""));
            let diagnostic = pointing(coded(format!("cannot read the WIT of `{}`", path.display())), spots, first);
            let diagnostic = if more.is_empty() { diagnostic } else { diagnostic.note(more) };
            match first.starts_with("no `package` header") {
                true => diagnostic.hint("begin one of its files with the package's name\npackage example:name@0.1.0;"),
                false => diagnostic,
            }
        }
        WorldError::MissingPackage { path, package, spots } => {
            let message = format!("`{}` refers to `{package}`, which is not there", path.display());
            let label = if is_wit(path) { "not in this file" } else { "not in its `deps`" };
            pointing(coded(message), spots, label).hint(where_dependencies_are(path))
        }
        WorldError::Unencodable { package, reason } => coded(format!("cannot encode `{package}`")).note(reason),
        WorldError::UnknownWorld { world, is_interface: true, .. } => {
            coded(error.to_string()).note(format!("`{world}` is an interface of it"))
        }
        WorldError::UnknownWorld { nearest: Some(near), .. } => {
            coded(error.to_string()).hint(format!("did you mean `{near}`?"))
        }
        WorldError::NoWorlds { .. } => coded(error.to_string())
            .hint("a world says what a component imports and exports: write one, or name WIT that has it"),
        WorldError::SeveralWorlds { .. } => coded(error.to_string()).hint("say which one is meant with `--world NAME`"),
        error => coded(error.to_string()).causes(error),
    }
}

/// Points at the places, the first of which is at fault; without a place, the label is a note.
fn pointing(diagnostic: Diagnostic, spots: &[Spot], label: &str) -> Diagnostic {
    let Some((first, others)) = spots.split_first() else { return diagnostic.note(label) };
    let point = |diagnostic: Diagnostic, spot: &Spot, label: &str| {
        diagnostic.label(&SourceText::new(&spot.place.source, &*spot.text), spot.place.range(), label)
    };
    others.iter().fold(point(diagnostic, first, label), |diagnostic, spot| point(diagnostic, spot, "and here"))
}

/// How what a text refers to comes to be there.
fn where_dependencies_are(path: &Path) -> String {
    let of_git = path.to_string_lossy().starts_with("git:");
    match path.to_str() {
        _ if of_git => {
            "of a revision only what is committed is read: what it refers to as well, in its `deps`".to_owned()
        }
        _ if is_wit(path) => {
            "name the directory that it is in: what it refers to is read from the `deps` there".to_owned()
        }
        None | Some("wit") => "put it into its `deps`\ncompose wit fetch".to_owned(),
        Some(path) => format!("put it into its `deps`\ncompose wit fetch {path}"),
    }
}
