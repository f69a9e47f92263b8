//! Decides what a package refers to in other packages before those are there, from its texts, to [`Needs`]; and how the packages
//! that were found for it are written into its `deps`, from [`Package`]s, to texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use semver::Version;
use wit_component::WitPrinter;
use wit_parser::{Resolve, SourceMap};

use crate::name::PackageName;
use crate::package::{Package, guarded, invalid, text};
use crate::source::WorldError;
use crate::texts::Texts;

/// A package with its version, as WIT refers to it: `wasi:http@0.2.3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionedPackage {
    /// The package.
    pub name: PackageName,
    /// Its version, if it has one.
    pub version: Option<Version>,
}

impl From<&wit_parser::PackageName> for VersionedPackage {
    fn from(name: &wit_parser::PackageName) -> Self {
        VersionedPackage { name: PackageName::new(&name.namespace, &name.name), version: name.version.clone() }
    }
}

/// Writes it as WIT does: `wasi:http@0.2.3`.
impl fmt::Display for VersionedPackage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(formatter, "@{version}"))
    }
}

/// What a package is called, and what it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The package itself.
    pub package: VersionedPackage,
    /// The other packages that its texts refer to and do not have themselves.
    pub needed: BTreeSet<VersionedPackage>,
}

/// Reads the `.wit` files of one directory, given by their names, and finds what they refer to; `name` stands for the directory.
///
/// # Errors
///
/// [`WorldError::Invalid`].
pub fn needs(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Needs, WorldError> {
    let (mut map, mut texts) = (SourceMap::new(), Texts::default());
    for (file, bytes) in files.iter().filter(|(file, _)| file.ends_with(".wit")) {
        let shown = format!("{name}/{file}");
        let text = text(&shown, bytes)?;
        map.push_str(&shown, &text);
        texts.insert(&shown, &text);
    }
    let group = crate::package::parse(name, map, &texts)?;
    let packages: Vec<_> = std::iter::once(&group.main).chain(&group.nested).collect();
    let own: BTreeSet<VersionedPackage> =
        packages.iter().map(|package| VersionedPackage::from(&package.name)).collect();
    let foreign = packages.iter().flat_map(|package| package.foreign_deps.keys()).map(VersionedPackage::from);
    let needed = foreign.filter(|foreign| !own.contains(foreign)).collect();
    Ok(Needs { package: VersionedPackage::from(&group.main.name), needed })
}

/// Writes packages, and all that they have with them, as one text a package. Where several of them have a part of another one each,
/// as encoded packages do, its text has all parts.
///
/// # Errors
///
/// [`WorldError::Invalid`] where two have a package that differs.
pub fn texts(packages: &[Package]) -> Result<BTreeMap<VersionedPackage, String>, WorldError> {
    let mut merged = Resolve { all_features: true, ..Resolve::default() };
    for package in packages {
        let name = package.to_string();
        let resolve = package.resolve().clone();
        let merge = || merged.merge(resolve).map(drop);
        guarded(&name, || merge().map_err(|error| invalid(&name, format!("{error:#}"))))?;
    }
    let printed = merged.packages.iter().map(|(id, package)| {
        let mut printer = WitPrinter::default();
        let printed = printer.print(&merged, id, &[]);
        printed.map_err(|error| invalid(&package.name.to_string(), format!("{error:#}")))?;
        Ok((VersionedPackage::from(&package.name), printer.output.to_string()))
    });
    printed.collect()
}
