//! Decides which of a package's worlds is meant, and what is said when there is none to be had.

use std::path::PathBuf;

use wit_parser::{PackageId, Resolve, WorldId};

use crate::binary::DecodeError;
use crate::nearest::nearest;
use crate::texts::Spot;

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
    /// There is no text in a directory.
    #[error("there is no `.wit` file in `{}`", path.display())]
    NoTexts {
        /// The path as given.
        path: PathBuf,
    },
    /// The WIT text is wrong, or says what the text format or an encoded package cannot have.
    #[error("cannot read the WIT of `{}`: {message}{}", path.display(), at(spots))]
    Invalid {
        /// The path as given; for a text its name.
        path: PathBuf,
        /// What is wrong; after the first line what may be meant.
        message: String,
        /// Where, the place at fault first; nothing where that is not known.
        spots: Vec<Spot>,
    },
    /// A text refers to a package that is neither its own nor among the dependencies.
    #[error("`{}` refers to `{package}`, which is not there{}", path.display(), at(spots))]
    MissingPackage {
        /// The path as given; for a text its name.
        path: PathBuf,
        /// The package, with its version.
        package: String,
        /// Where.
        spots: Vec<Spot>,
    },
    /// A component type cannot say what the package does.
    #[error("cannot encode `{package}`: {reason}")]
    Unencodable {
        /// The package, with its version.
        package: String,
        /// What of it.
        reason: String,
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
        /// Whether an interface has that name.
        is_interface: bool,
        /// Which of them was probably meant.
        nearest: Option<String>,
    },
}

/// The one of a resolved package's worlds that is called `wanted`, or the only one.
pub(crate) fn select_resolved(
    resolve: &Resolve,
    package: PackageId,
    wanted: Option<&str>,
) -> Result<WorldId, WorldError> {
    let package = &resolve.packages[package];
    let name = || package.name.to_string();
    let names = || package.worlds.keys().cloned().collect();
    match wanted {
        _ if package.worlds.is_empty() => Err(WorldError::NoWorlds { package: name() }),
        Some(wanted) => package.worlds.get(wanted).copied().ok_or_else(|| WorldError::UnknownWorld {
            package: name(),
            world: wanted.to_owned(),
            worlds: names(),
            is_interface: package.interfaces.contains_key(wanted),
            nearest: nearest(wanted, package.worlds.keys().map(String::as_str)).map(str::to_owned),
        }),
        None if package.worlds.len() == 1 => Ok(package.worlds[0]),
        None => Err(WorldError::SeveralWorlds { package: name(), worlds: names() }),
    }
}

/// Where the first spot is, as the end of a sentence.
fn at(spots: &[Spot]) -> String {
    spots.first().map(|spot| format!(", at {}", spot.place)).unwrap_or_default()
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
