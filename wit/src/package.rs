//! Decides which packages WIT sources hold, from a directory, files, a text or an encoded package, to resolved packages that
//! know the text behind every item. Gated items are kept: who compares or prints decides which features are on.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use semver::Version;
use wasmparser::WasmFeatures;
use wit_component::WitPrinter;
use wit_parser::decoding::DecodedWasm;
use wit_parser::{PackageId, Resolve, SourceMap, Span, UnresolvedPackageGroup};

use crate::binary::{ComponentBinary, DecodeError};
use crate::features::{self, Features};
use crate::files::{self, DEPS};
use crate::name::PackageName;
use crate::resolving;
use crate::source::{WorldError, select_resolved};
use crate::syntax::{unparsed, unresolved};
use crate::texts::{Place, Texts};
use crate::world::World;

/// A WIT package with everything that it refers to, and the texts it was read from, where there are any.
#[derive(Debug, Clone)]
pub struct Package {
    sources: Arc<Sources>,
    id: PackageId,
}

/// What the packages of one reading share.
#[derive(Debug)]
struct Sources {
    resolve: Resolve,
    texts: Texts,
    includes: Vec<Include>,
}

/// An `include` of a world, which resolving dissolves into imports and exports.
#[derive(Debug)]
pub(crate) struct Include {
    pub(crate) world: Span,
    pub(crate) included: String,
    pub(crate) span: Span,
}

impl Package {
    /// Reads the package at `path`: a directory of `.wit` files with its `deps`, one `.wit` file, or an encoded package.
    ///
    /// # Errors
    ///
    /// [`WorldError::Unreadable`], [`WorldError::Invalid`], [`WorldError::Undecodable`] and [`WorldError::NotAPackage`].
    pub fn from_path(path: &Path) -> Result<Package, WorldError> {
        let unreadable = |source| WorldError::Unreadable { path: path.to_owned(), source };
        let name = path.display().to_string();
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Package::from_files(&name, &files::directory(path).map_err(unreadable)?);
        }
        Package::from_file(&name, &files::file(path).map_err(unreadable)?)
    }

    /// Reads the package in the bytes of a file, which are WIT text or an encoded package; `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// [`WorldError::Invalid`], [`WorldError::Undecodable`] and [`WorldError::NotAPackage`].
    pub fn from_file(name: &str, bytes: &[u8]) -> Result<Package, WorldError> {
        if bytes.starts_with(b"\0asm") {
            return Package::from_bytes(name, bytes);
        }
        Package::from_text(name, &text(name, bytes)?)
    }

    /// Reads the package in a WIT text; `name` stands for the file's name.
    ///
    /// # Errors
    ///
    /// [`WorldError::Invalid`].
    pub fn from_text(name: &str, wit: &str) -> Result<Package, WorldError> {
        let mut map = SourceMap::new();
        map.push_str(name, wit);
        let mut texts = Texts::default();
        texts.insert(name, wit);
        resolve(name, Deps::default(), map, texts)
    }

    /// Reads an encoded package; `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// [`WorldError::Undecodable`], [`WorldError::NotAPackage`] and [`WorldError::Invalid`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Package, WorldError> {
        let (resolve, id) = decode(name, bytes)?;
        Ok(Package { sources: Arc::new(Sources { resolve, texts: Texts::default(), includes: Vec::new() }), id })
    }

    /// Reads the package in files of a directory `name`, given by their paths within it, with `/` between their parts:
    /// `.wit` files of the directory itself, and what it depends on under `deps`, as a directory of `.wit` files, a `.wit`
    /// file or an encoded `.wasm` package each.
    ///
    /// # Errors
    ///
    /// [`WorldError::Invalid`], [`WorldError::Undecodable`] and [`WorldError::NotAPackage`].
    pub fn from_files(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Package, WorldError> {
        let mut texts = Texts::default();
        let mut main = SourceMap::new();
        let mut dependencies: BTreeMap<&str, SourceMap> = BTreeMap::new();
        let mut deps = Deps::default();
        for (path, bytes) in files {
            let shown = format!("{name}/{path}");
            let parts: Vec<&str> = path.split('/').collect();
            let map = match parts[..] {
                [file] if file.ends_with(".wit") => &mut main,
                [DEPS, file] if file.ends_with(".wasm") => {
                    deps.decoded.push(decode(&shown, bytes)?.0);
                    continue;
                }
                [DEPS, dependency] | [DEPS, dependency, _] if path.ends_with(".wit") => {
                    dependencies.entry(dependency).or_default()
                }
                _ => continue,
            };
            let text = text(&shown, bytes)?;
            map.push_str(&shown, &text);
            texts.insert(&shown, &text);
        }
        for map in dependencies.into_values() {
            deps.parsed.push(parse(name, map, &texts)?);
        }
        resolve(name, deps, main, texts)
    }

    /// The package's name without its version.
    pub fn name(&self) -> PackageName {
        let name = &self.package().name;
        PackageName::new(&name.namespace, &name.name)
    }

    /// The package's version, if it has one.
    pub fn version(&self) -> Option<&Version> {
        self.package().name.version.as_ref()
    }

    /// The names of its interfaces and worlds, as `ns:pkg/name@1.2.3`, sorted.
    pub fn items(&self) -> Vec<String> {
        let package = self.package();
        let names = package.interfaces.keys().chain(package.worlds.keys());
        let mut items: Vec<String> = names.map(|name| package.name.interface_id(name)).collect();
        items.sort();
        items
    }

    /// The features that something is behind, in the package or in what it refers to.
    pub fn features(&self) -> BTreeSet<&str> {
        features::features(self.resolve())
    }

    /// The text that the place is in.
    pub fn text(&self, place: &Place) -> Option<&Arc<str>> {
        self.sources.texts.text(&place.source)
    }

    /// The names of its worlds, in its own order.
    pub fn worlds(&self) -> impl ExactSizeIterator<Item = &str> {
        self.package().worlds.keys().map(String::as_str)
    }

    /// A world of the package; the only one if none is named.
    ///
    /// # Errors
    ///
    /// [`WorldError::NoWorlds`], [`WorldError::SeveralWorlds`] and [`WorldError::UnknownWorld`].
    pub fn world(&self, name: Option<&str>, features: &Features) -> Result<World, WorldError> {
        let world = select_resolved(self.resolve(), self.id, name)?;
        Ok(resolving::read(self.resolve(), world, features))
    }

    /// What somebody exports who provides the package: all its interfaces, as the exports of a world without a name.
    pub fn provider(&self, features: &Features) -> World {
        let interfaces: Vec<_> = self.package().interfaces.values().copied().collect();
        resolving::read_exports(self.resolve(), &interfaces, features)
    }

    /// The package with one more world, `NAME-importized`: what it is to somebody who uses a component of the world. What the world
    /// exports is imported, and of what it imports only what the types of that need.
    ///
    /// # Errors
    ///
    /// As [`world`](Package::world), and [`WorldError::Invalid`] where one name is both imported and exported.
    pub fn importized(&self, world: Option<&str>) -> Result<(Package, String), WorldError> {
        let id = select_resolved(self.resolve(), self.id, world)?;
        let mut resolve = self.resolve().clone();
        let name = format!("{}-importized", resolve.worlds[id].name);
        let importized = resolve.importize(id, Some(name.clone()));
        importized.map_err(|error| invalid(&self.to_string(), format!("{error:#}")))?;
        let sources = Sources { resolve, texts: Texts::default(), includes: Vec::new() };
        Ok((Package { sources: Arc::new(sources), id: self.id }, name))
    }

    /// The package as WIT text, with its documentation and its gates; what it refers to is not in it.
    ///
    /// # Errors
    ///
    /// [`WorldError::Invalid`] when the text format cannot say what an encoded package did.
    pub fn to_wit(&self) -> Result<String, WorldError> {
        let mut printer = WitPrinter::default();
        let printed = printer.print(self.resolve(), self.id, &[]);
        printed.map_err(|error| invalid(&self.to_string(), format!("{error:#}")))?;
        Ok(printer.output.to_string())
    }

    /// Encodes the package with all that it refers to, as registries hold it. The same package gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`WorldError::Unencodable`] when a component type cannot say what the package does, and when it has nothing to say.
    pub fn encode(&self) -> Result<Vec<u8>, WorldError> {
        let refused = |reason: String| WorldError::Unencodable { package: self.to_string(), reason };
        if self.package().interfaces.is_empty() && self.package().worlds.is_empty() {
            let message = "it has neither an interface nor a world, so that nothing is left of it when it is encoded";
            return Err(refused(message.to_owned()));
        }
        let bytes = wit_component::encode(self.resolve(), self.id).map_err(|error| refused(format!("{error:#}")))?;
        // The text may have what no component type can, such as a record without fields.
        match ComponentBinary::validate(&bytes, WasmFeatures::all()) {
            Ok(_) => Ok(bytes),
            Err(DecodeError::Invalid { message, .. }) => Err(refused(message)),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// All packages that were read with this one, which is among them, in the order of their names and versions.
    pub fn all(&self) -> Vec<Package> {
        let mut ids: Vec<PackageId> = self.resolve().packages.iter().map(|(id, _)| id).collect();
        ids.sort_by_key(|id| &self.resolve().packages[*id].name);
        ids.into_iter().map(|id| Package { sources: Arc::clone(&self.sources), id }).collect()
    }

    pub(crate) fn resolve(&self) -> &Resolve {
        &self.sources.resolve
    }

    pub(crate) fn id(&self) -> PackageId {
        self.id
    }

    pub(crate) fn package(&self) -> &wit_parser::Package {
        &self.resolve().packages[self.id]
    }

    /// Whether there are texts that say what is included: an encoded package has what that came to.
    pub(crate) fn has_texts(&self) -> bool {
        !self.sources.texts.is_empty()
    }

    /// The `include`s of the world at `world`.
    pub(crate) fn includes(&self, world: Span) -> impl Iterator<Item = &Include> {
        self.sources.includes.iter().filter(move |include| include.world == world)
    }

    /// Where the name of one of its interfaces, or of one that was read with it, is in a text: `shop:catalog/api`, whatever the version.
    pub fn interface_place(&self, name: &str) -> Option<Place> {
        let is_meant = |package: &wit_parser::PackageName, interface: &str| {
            name.split_once('/') == Some((&format!("{}:{}", package.namespace, package.name), interface))
        };
        let interface = self.resolve().interfaces.iter().map(|(_, interface)| interface).find(|interface| {
            let package = interface.package.map(|package| &self.resolve().packages[package].name);
            package.zip(interface.name.as_ref()).is_some_and(|(package, interface)| is_meant(package, interface))
        });
        self.place(interface?.span)
    }

    /// Where a text says the package's name and version.
    pub fn declaration(&self) -> Option<Place> {
        self.sources.texts.declaration(&self.to_string())
    }

    /// Where the span is, if it is of a text.
    pub(crate) fn place(&self, span: Span) -> Option<Place> {
        self.sources.texts.place(&self.resolve().source_map, span)
    }
}

/// Writes the name with its version: `wasi:http@0.2.3`.
impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.package().name.fmt(formatter)
    }
}

/// What a package depends on.
#[derive(Default)]
struct Deps {
    decoded: Vec<Resolve>,
    parsed: Vec<UnresolvedPackageGroup>,
}

fn resolve(name: &str, deps: Deps, main: SourceMap, texts: Texts) -> Result<Package, WorldError> {
    let main = parse(name, main, &texts)?;
    let mut includes = includes(&main);
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let id = guarded(name, || {
        for decoded in deps.decoded {
            resolve.merge(decoded).map_err(|error| invalid(name, format!("{error:#}")))?;
        }
        let id = resolve.push_groups(main, deps.parsed);
        id.map_err(|error| unresolved(name, &error, &resolve.source_map, &texts))
    })?;
    // The sources of the main package come first, so that its spans are what they were when it was parsed.
    includes.retain(|include| include.span.is_known());
    Ok(Package { sources: Arc::new(Sources { resolve, texts, includes }), id })
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, as it is now, becomes an error: then a program's panic hook need not tell of it.
pub fn panics_are_errors() -> bool {
    GUARDED.get()
}

/// Asks wit-parser something.
///
/// NB: it asserts what wrong texts and valid bytes that no tool writes can violate; whoever made them gets an error for it.
pub(crate) fn guarded<T>(name: &str, ask: impl FnOnce() -> Result<T, WorldError>) -> Result<T, WorldError> {
    let around = GUARDED.replace(true);
    let answer = panic::catch_unwind(AssertUnwindSafe(ask));
    GUARDED.set(around);
    answer.unwrap_or_else(|panicked| {
        let reason = panicked.downcast_ref::<String>().map(String::as_str);
        let reason = reason.or(panicked.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        Err(invalid(name, format!("wit-parser gave up on it: {reason}")))
    })
}

pub(crate) fn parse(name: &str, map: SourceMap, texts: &Texts) -> Result<UnresolvedPackageGroup, WorldError> {
    if map.source_names().next().is_none() {
        return Err(WorldError::NoTexts { path: name.into() });
    }
    guarded(name, || map.parse().map_err(|(map, error)| unparsed(name, &error, &map, texts)))
}

/// The `include`s of a package as they are written.
fn includes(group: &UnresolvedPackageGroup) -> Vec<Include> {
    let package = &group.main;
    let foreign = |id| {
        package.foreign_deps.iter().find_map(|(package, items)| {
            let is_included = |(item, _): &(wit_parser::AstItem, _)| matches!(item, wit_parser::AstItem::World(world) if *world == id);
            items.iter().find(|(_, item)| is_included(item)).map(|(name, _)| format!("{}:{}/{name}", package.namespace, package.name))
        })
    };
    let mut includes = Vec::new();
    for (_, world) in package.worlds.iter() {
        for include in &world.includes {
            let included = foreign(include.id).unwrap_or_else(|| package.worlds[include.id].name.clone());
            includes.push(Include { world: world.span, included, span: include.span });
        }
    }
    includes
}

fn decode(name: &str, bytes: &[u8]) -> Result<(Resolve, PackageId), WorldError> {
    let binary = ComponentBinary::validate(bytes, WasmFeatures::all())
        .map_err(|source| WorldError::Undecodable { path: name.into(), source })?;
    if !binary.is_wit_package() {
        return Err(WorldError::NotAPackage { path: name.into() });
    }
    let decode = || wit_parser::decoding::decode(bytes).map_err(|error| invalid(name, format!("{error:#}")));
    match guarded(name, decode)? {
        DecodedWasm::WitPackage(resolve, id) => Ok((resolve, id)),
        DecodedWasm::Component(..) => Err(WorldError::NotAPackage { path: name.into() }),
    }
}

pub(crate) fn text(name: &str, bytes: &[u8]) -> Result<String, WorldError> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        invalid(name, format!("not UTF-8 text at byte {offset}"))
    })
}

pub(crate) fn invalid(name: &str, message: String) -> WorldError {
    WorldError::Invalid { path: name.into(), message, spots: Vec::new() }
}
