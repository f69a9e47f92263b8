//! Decides which world a WIT package means, from a directory, a file or a text, to the same bytes that a component type
//! is read from. Everything that is said about WIT is said by wit-parser; here it only gets its path.

use std::path::{Path, PathBuf};

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentTypeId};
use wasmparser::types::TypesRef;
use wit_parser::{PackageId, Resolve};

use crate::binary::{ComponentBinary, DecodeError, Extern};
use crate::nearest::nearest;

/// Why there is no world to be had from a WIT package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The path cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The WIT text is wrong, or refers to what is not there.
    #[error("cannot read the WIT of `{}`: {message}", path.display())]
    Invalid {
        /// The path as given; for a text its name.
        path: PathBuf,
        /// What is wrong, in several lines, with file, line and column where they are known.
        message: String,
    },
    /// The package has interfaces at most.
    #[error("the package `{package}` has no world")]
    NoWorlds {
        /// The package, with its version.
        package: String,
    },
    /// None was asked for, and there are several.
    #[error("the package `{package}` has several worlds: {}", listed(worlds))]
    SeveralWorlds {
        /// The package, with its version.
        package: String,
        /// Their names, in the order of the package.
        worlds: Vec<String>,
    },
    /// The one asked for is not there.
    #[error("the package `{package}` has no world `{world}`, only {}", listed(worlds))]
    UnknownWorld {
        /// The package, with its version.
        package: String,
        /// The world that was asked for.
        world: String,
        /// The names of those there are, in the order of the package.
        worlds: Vec<String>,
        /// Which of them was probably meant.
        nearest: Option<String>,
    },
    /// wit-parser takes the package, but it cannot be encoded as types of the Component Model.
    #[error("the world `{world}` of `{}` is no component type", path.display())]
    Unencodable {
        /// The path as given; for a text its name.
        path: PathBuf,
        /// The world's name.
        world: String,
        /// What is wrong with the encoding.
        source: DecodeError,
    },
}

/// A WIT world encoded as a component type and validated.
pub(crate) struct EncodedWorld {
    name: String,
    binary: ComponentBinary,
    ty: ComponentTypeId,
}

impl EncodedWorld {
    /// # Errors
    ///
    /// Any [`WorldError`].
    pub(crate) fn from_path(path: &Path, world: Option<&str>) -> Result<EncodedWorld, WorldError> {
        std::fs::metadata(path).map_err(|source| WorldError::Unreadable { path: path.to_owned(), source })?;
        let mut resolve = Resolve::default();
        let (package, _) = match resolve.push_path(path) {
            Ok(pushed) => pushed,
            Err(error) => {
                return Err(WorldError::Invalid { path: path.to_owned(), message: resolve.render_error(&error) });
            }
        };
        EncodedWorld::encode(path, &resolve, package, world)
    }

    /// # Errors
    ///
    /// Any [`WorldError`] except for [`WorldError::Unreadable`].
    pub(crate) fn from_text(name: &str, text: &str, world: Option<&str>) -> Result<EncodedWorld, WorldError> {
        let mut resolve = Resolve::default();
        let package = match resolve.push_str(name, text) {
            Ok(package) => package,
            Err(error) => return Err(WorldError::Invalid { path: name.into(), message: resolve.render_error(&error) }),
        };
        EncodedWorld::encode(Path::new(name), &resolve, package, world)
    }

    fn encode(
        path: &Path,
        resolve: &Resolve,
        package: PackageId,
        world: Option<&str>,
    ) -> Result<EncodedWorld, WorldError> {
        let world = select(resolve, package, world)?;
        let bytes = wit_component::encode(resolve, package)
            .map_err(|error| WorldError::Invalid { path: path.to_owned(), message: format!("{error:#}") })?;
        let binary = ComponentBinary::validate(&bytes).map_err(|source| WorldError::Unencodable {
            path: path.to_owned(),
            world: world.to_owned(),
            source,
        })?;
        let ty = world_type(&binary, world).expect("the encoding exports the world because the package has it");
        Ok(EncodedWorld { name: world.to_owned(), binary, ty })
    }

    /// The error for a type of this world that WIT has no word for.
    pub(crate) fn unreadable(&self, path: &Path, source: DecodeError) -> WorldError {
        WorldError::Unencodable { path: path.to_owned(), world: self.name.clone(), source }
    }

    pub(crate) fn types(&self) -> TypesRef<'_> {
        self.binary.types()
    }

    pub(crate) fn imports(&self) -> Vec<Extern> {
        self.types()[self.ty].imports.iter().map(|(name, item)| (name.clone(), item.ty)).collect()
    }

    pub(crate) fn exports(&self) -> Vec<Extern> {
        self.types()[self.ty].exports.iter().map(|(name, item)| (name.clone(), item.ty)).collect()
    }
}

/// The name of the package's world that is called `wanted`, or of the only one.
fn select<'a>(resolve: &'a Resolve, package: PackageId, wanted: Option<&str>) -> Result<&'a str, WorldError> {
    let package = &resolve.packages[package];
    let names: Vec<&str> = package.worlds.keys().map(String::as_str).collect();
    let worlds = || names.iter().map(|&name| name.to_owned()).collect();
    match (wanted, names.as_slice()) {
        (_, []) => Err(WorldError::NoWorlds { package: package.name.to_string() }),
        (None, [only]) => Ok(only),
        (None, _) => Err(WorldError::SeveralWorlds { package: package.name.to_string(), worlds: worlds() }),
        (Some(wanted), names) => {
            names.iter().find(|&&name| name == wanted).copied().ok_or_else(|| WorldError::UnknownWorld {
                package: package.name.to_string(),
                world: wanted.to_owned(),
                worlds: worlds(),
                nearest: nearest(wanted, names.iter().copied()).map(str::to_owned),
            })
        }
    }
}

/// The type of a world within an encoded WIT package, where it is the only export of a component type of the world's name.
fn world_type(package: &ComponentBinary, world: &str) -> Option<ComponentTypeId> {
    let (_, wrapper) = package.exports().iter().find(|(name, _)| name == world)?;
    let ComponentEntityType::Type { created: ComponentAnyTypeId::Component(wrapper), .. } = wrapper else {
        return None;
    };
    match package.types()[*wrapper].exports.values().next()?.ty {
        ComponentEntityType::Component(world) => Some(world),
        _ => None,
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
