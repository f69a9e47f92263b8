//! Decides which of a package's worlds is meant, and what is said when there is none to be had.

use std::path::PathBuf;

use wit_parser::{PackageId, Resolve, WorldId};

use crate::binary::DecodeError;
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

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
