//! Decides which world a WIT package means, from a directory, a text or an encoded package, to wit-parser's or the
//! validator's world of it. What is wrong with WIT text is said by wit-parser; here it only gets its path.

use std::path::{Path, PathBuf};

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentTypeId};
use wit_parser::{PackageId, Resolve, WorldId};

use crate::binary::{ComponentBinary, DecodeError};
use crate::name::InterfaceName;
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
    /// The bytes of an encoded WIT package are wrong.
    #[error("cannot read the WIT package `{}`", path.display())]
    Undecodable {
        /// The name as given.
        path: PathBuf,
        /// What is wrong with the bytes.
        source: DecodeError,
    },
    /// The bytes are a component where an encoded WIT package is expected.
    #[error("`{}` is a component, not an encoded WIT package", path.display())]
    NotAPackage {
        /// The name as given.
        path: PathBuf,
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
}

/// Resolves the package at `path` and selects its world.
///
/// # Errors
///
/// Any [`WorldError`].
pub(crate) fn resolve_path(path: &Path, world: Option<&str>) -> Result<(Resolve, WorldId), WorldError> {
    std::fs::metadata(path).map_err(|source| WorldError::Unreadable { path: path.to_owned(), source })?;
    let mut resolve = Resolve::default();
    match resolve.push_path(path) {
        Ok((package, _)) => select_resolved(&resolve, package, world).map(|world| (resolve, world)),
        Err(error) => {
            let message = located(&resolve.render_error(&error), &error.root_cause().to_string());
            Err(WorldError::Invalid { path: path.to_owned(), message })
        }
    }
}

/// Resolves the package in `text` and selects its world.
///
/// # Errors
///
/// Any [`WorldError`] except for [`WorldError::Unreadable`].
pub(crate) fn resolve_text(name: &str, text: &str, world: Option<&str>) -> Result<(Resolve, WorldId), WorldError> {
    let mut resolve = Resolve::default();
    match resolve.push_str(name, text) {
        Ok(package) => select_resolved(&resolve, package, world).map(|world| (resolve, world)),
        Err(error) => Err(WorldError::Invalid { path: name.into(), message: resolve.render_error(&error) }),
    }
}

/// Validates an encoded WIT package and selects the type of its world; `name` stands for it in errors.
///
/// NB: where a world both imports and exports two interfaces, one of which uses the other's types, wit-component 0.258
/// encodes the exported one with the imported types. The bytes are read as they are.
///
/// # Errors
///
/// Any [`WorldError`] except for [`WorldError::Unreadable`].
pub(crate) fn decode_package(
    name: &str,
    bytes: &[u8],
    world: Option<&str>,
) -> Result<(ComponentBinary, ComponentTypeId), WorldError> {
    let undecodable = |source| WorldError::Undecodable { path: name.into(), source };
    let binary = ComponentBinary::validate(bytes).map_err(undecodable)?;
    if !binary.is_wit_package() {
        return Err(WorldError::NotAPackage { path: name.into() });
    }
    let items = encoded_items(&binary);
    let package = items.first().map_or_else(|| name.to_owned(), |(name, _)| name.versioned_package());
    let worlds = items.into_iter().filter_map(|(name, ty)| match ty {
        ComponentEntityType::Component(id) => Some((name.interface().to_owned(), id)),
        _ => None,
    });
    let world = select(&package, &worlds.collect::<Vec<_>>(), world)?;
    Ok((binary, world))
}

/// The interfaces and worlds of an encoded WIT package: what the component types that it exports export.
fn encoded_items(package: &ComponentBinary) -> Vec<(InterfaceName, ComponentEntityType)> {
    let types = package.types();
    let mut items = Vec::new();
    for (_, wrapper) in package.exports() {
        if let ComponentEntityType::Type { created: ComponentAnyTypeId::Component(wrapper), .. } = wrapper {
            let exports = types[*wrapper].exports.iter();
            items.extend(exports.filter_map(|(name, item)| Some((name.parse().ok()?, item.ty))));
        }
    }
    items
}

/// The world of a resolved package.
pub(crate) fn select_resolved(
    resolve: &Resolve,
    package: PackageId,
    wanted: Option<&str>,
) -> Result<WorldId, WorldError> {
    let package = &resolve.packages[package];
    let worlds: Vec<_> = package.worlds.iter().map(|(name, id)| (name.clone(), *id)).collect();
    select(&package.name.to_string(), &worlds, wanted)
}

/// The one of a package's worlds that is called `wanted`, or the only one.
fn select<T: Copy>(package: &str, worlds: &[(String, T)], wanted: Option<&str>) -> Result<T, WorldError> {
    let package = || package.to_owned();
    let names = || worlds.iter().map(|(name, _)| name.clone()).collect();
    match (wanted, worlds) {
        (_, []) => Err(WorldError::NoWorlds { package: package() }),
        (None, [(_, only)]) => Ok(*only),
        (None, _) => Err(WorldError::SeveralWorlds { package: package(), worlds: names() }),
        (Some(wanted), worlds) => {
            let found = worlds.iter().find(|(name, _)| name == wanted).map(|(_, world)| *world);
            found.ok_or_else(|| WorldError::UnknownWorld {
                package: package(),
                world: wanted.to_owned(),
                worlds: names(),
                nearest: nearest(wanted, worlds.iter().map(|(name, _)| name.as_str())).map(str::to_owned),
            })
        }
    }
}

/// The part of wit-parser's message that begins with its cause, where that says file and line itself; else the whole, in
/// which what was being read precedes the cause.
fn located(message: &str, cause: &str) -> String {
    let from_cause = message.rfind(cause).map(|start| &message[start..]);
    from_cause.filter(|text| text.contains("--> ")).unwrap_or(message).to_owned()
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
