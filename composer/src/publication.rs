//! Publication: what a component or a WIT package is when it is pushed.
//!
//! From bytes, and what a manifest's `[package]` says, to a [`Publication`]: an artifact, and the name and version that it has for
//! itself. Nothing is sent here.

use std::collections::BTreeMap;

use registry_client::{Artifact, ComponentConfig, Content, Os, PackageName};
use semver::Version;
use wit::{DecodeError, ExternName, World};

use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    driver::Wit,
    inspect::own_provenance,
    manifest::Package,
    part,
};

/// The annotations that keys of `[package]` become.
///
/// See the [specification](https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys).
const ANNOTATIONS: [(&str, &str); 8] = [
    ("description", "org.opencontainers.image.description"),
    ("license", "org.opencontainers.image.licenses"),
    ("authors", "org.opencontainers.image.authors"),
    ("repository", "org.opencontainers.image.source"),
    ("homepage", "org.opencontainers.image.url"),
    ("documentation", "org.opencontainers.image.documentation"),
    ("vendor", "org.opencontainers.image.vendor"),
    ("revision", "org.opencontainers.image.revision"),
];

/// Something that can be pushed.
#[derive(Debug, Clone)]
pub struct Publication {
    /// What is pushed.
    pub artifact: Artifact,
    /// What kind of thing that is.
    pub kind: Kind,
    /// What it imports and exports, or the package that it is.
    pub wit: Wit,
    /// The package that it says it is, if it says so.
    pub package: Option<PackageName>,
    /// The version that it says it has, if it says so.
    pub version: Option<Version>,
}

/// What is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A component.
    Component,
    /// A WIT package, encoded.
    WitPackage,
}

impl Publication {
    /// Finds out what `bytes` are, a component or an encoded WIT package. `content` is where they are read from when they are sent, and
    /// `name` what the person calls them.
    ///
    /// # Errors
    /// When they are neither.
    pub fn of(name: &str, bytes: &[u8], content: Content) -> Result<Self, Failure> {
        match World::of_component(bytes) {
            Ok(world) => Ok(Self::of_component(name, world, bytes, content)),
            Err(DecodeError::WitPackage) => {
                let package =
                    wit::Package::from_bytes(name, bytes).map_err(|error| unreadable_package(name, &error))?;
                Ok(Self::of_package(&package, content))
            }
            Err(error) => Err(part::undecodable(name, bytes, &error).into()),
        }
    }

    /// A WIT package, encoded for it.
    ///
    /// # Errors
    /// When a component type cannot say what the package does.
    pub fn of_wit(name: &str, package: &wit::Package) -> Result<Self, Failure> {
        let bytes = package.encode().map_err(|error| unreadable_package(name, &error))?;
        Ok(Self::of_package(package, Content::Bytes(bytes.into())))
    }

    /// Says what a manifest's `[package]` says of it.
    #[must_use]
    pub fn with_package(mut self, package: &Package) -> Self {
        self.artifact.annotations = annotations(&package.metadata);
        self.package = Some(package.name.value.clone());
        self.version.clone_from(&package.version);
        self
    }

    fn of_component(name: &str, world: World, bytes: &[u8], content: Content) -> Self {
        let imports: Vec<ExternName> = world.imports().map(|(name, _)| name.clone()).collect();
        let exports: Vec<ExternName> = world.exports().map(|(name, _)| name.clone()).collect();
        let provenance = own_provenance(bytes);
        let own = provenance.as_ref();
        Self {
            artifact: Artifact {
                content,
                os: os(imports.iter().chain(&exports)),
                component: Some(ComponentConfig {
                    imports: imports.iter().map(ToString::to_string).collect(),
                    exports: exports.iter().map(ToString::to_string).collect(),
                    target: None,
                }),
                annotations: BTreeMap::new(),
            },
            kind: Kind::Component,
            package: own.and_then(|own| own.package.as_ref()?.parse().ok()),
            version: own.and_then(|own| own.version.as_ref()?.parse().ok()),
            wit: Wit::Component { name: name.to_owned(), world: Box::new(world) },
        }
    }

    fn of_package(package: &wit::Package, content: Content) -> Self {
        let exports = package.items().into_iter().collect();
        Self {
            artifact: Artifact {
                content,
                os: Os::WasiP2,
                component: Some(ComponentConfig { exports, ..ComponentConfig::default() }),
                annotations: BTreeMap::new(),
            },
            kind: Kind::WitPackage,
            wit: Wit::Package(package.clone()),
            package: package.name().to_string().parse().ok(),
            version: package.version().cloned(),
        }
    }
}

/// The version of WASI that a component is for, by what it imports and exports.
fn os<'a>(mut names: impl Iterator<Item = &'a ExternName>) -> Os {
    let is_newer = |name: &ExternName| {
        let Some(interface) = name.as_interface() else { return false };
        let version = interface.version();
        interface.package().namespace() == "wasi"
            && version.is_some_and(|version| (version.major, version.minor) >= (0, 3))
    };
    if names.any(is_newer) { Os::WasiP3 } else { Os::WasiP2 }
}

fn annotations(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let annotation = |(key, annotation): &(&str, &str)| Some(((*annotation).to_owned(), metadata.get(*key)?.clone()));
    ANNOTATIONS.iter().filter_map(annotation).collect()
}

fn unreadable_package(name: &str, error: &wit::WorldError) -> Diagnostic {
    Diagnostic::error(Code::WorldUnreadable, format!("`{name}` cannot be read as a WIT package"))
        .note(error.to_string())
        .causes(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(component: &str) -> Publication {
        let bytes = wat::parse_str(component).expect("it is component text");
        Publication::of("it", &bytes, Content::Bytes(bytes.clone().into())).expect("it is a component")
    }

    #[test]
    fn a_component_is_for_the_newest_wasi_that_it_names() {
        let importing = |name: &str| of(&format!("(component (import \"{name}\" (instance)))")).artifact.os;
        assert_eq!(importing("wasi:io/streams@0.2.6"), Os::WasiP2);
        assert_eq!(importing("wasi:http/types@0.3.0"), Os::WasiP3);
        assert_eq!(importing("acme:tax/rates@0.3.0"), Os::WasiP2);
    }

    #[test]
    fn a_component_says_what_it_imports_and_exports() {
        let publication = of("(component (import \"a:b/c@1.0.0\" (instance $c)) (export \"d:e/f\" (instance $c)))");
        let config = publication.artifact.component.expect("a component has one");
        assert_eq!(config.imports.into_iter().collect::<Vec<_>>(), ["a:b/c@1.0.0"]);
        assert_eq!(config.exports.into_iter().collect::<Vec<_>>(), ["d:e/f"]);
        assert_eq!((publication.package, publication.version), (None, None));
    }

    #[test]
    fn a_wit_package_says_its_interfaces_and_worlds() {
        let text = "package a:b@1.0.0; interface c { f: func(); } world d { import c; }";
        let package = wit::Package::from_text("b.wit", text).expect("it is WIT");
        let publication = Publication::of_wit("b.wit", &package).expect("it can be encoded");
        let Content::Bytes(bytes) = &publication.artifact.content else { panic!("it is in memory") };
        let again = Publication::of("b.wasm", bytes, publication.artifact.content.clone()).expect("it is a package");
        for publication in [publication, again] {
            assert_eq!(publication.kind, Kind::WitPackage);
            let config = publication.artifact.component.expect("a package has one");
            assert_eq!(config.exports.into_iter().collect::<Vec<_>>(), ["a:b/c@1.0.0", "a:b/d@1.0.0"]);
            assert_eq!(publication.package.map(|package| package.to_string()).as_deref(), Some("a:b"));
            assert_eq!(publication.version, Some(Version::new(1, 0, 0)));
        }
    }

    #[test]
    fn a_module_is_refused() {
        let module = wat::parse_str("(module)").expect("it is a module");
        let failure = Publication::of("core.wasm", &module, Content::Bytes(module.clone().into()));
        assert_eq!(failure.expect_err("it is no component").diagnostics()[0].code, Code::NotAComponent);
    }

    #[test]
    fn keys_of_a_package_become_annotations() {
        let metadata = [("license", "MIT"), ("revision", "abc")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let annotations = annotations(&metadata.into());
        let keys: Vec<&String> = annotations.keys().collect();
        assert_eq!(keys, ["org.opencontainers.image.licenses", "org.opencontainers.image.revision"]);
    }
}
