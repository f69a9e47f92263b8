//! Decides what the names of packages, interfaces, imports and exports are, from their text, to values that compare and
//! print exactly as the component has them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use semver::Version;
use wasmparser::names::KebabStr;

use crate::track::{NameVersion, Track};

/// The name of a package without its version: `wasi:http`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    namespace: String,
    name: String,
}

/// A text that is not a [`PackageName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a package name, such as `wasi:http`")]
#[non_exhaustive]
pub struct InvalidPackageName {
    /// The text, whole.
    pub text: String,
}

impl PackageName {
    /// A name that something else already found to be one.
    pub(crate) fn new(namespace: &str, name: &str) -> PackageName {
        PackageName { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// What precedes the colon: `wasi`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What follows the colon: `http`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for PackageName {
    type Err = InvalidPackageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPackageName { text: text.to_owned() };
        let (namespace, name) = text.split_once(':').ok_or_else(invalid)?;
        if !is_label(namespace) || !is_label(name) {
            return Err(invalid());
        }
        Ok(PackageName { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.namespace, self.name)
    }
}

/// The name of an interface: `wasi:http/types@0.2.3`, canonically `wasi:http/types@0.2`, or without a version.
///
/// Prints exactly the text it was read from. Two names are equal when their texts are; whether they may stand in for
/// each other is [`same_track`](InterfaceName::same_track).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName {
    package: PackageName,
    interface: String,
    version: Option<NameVersion>,
}

/// A text that is not an [`InterfaceName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an interface name, such as `wasi:http/types@0.2.3`")]
#[non_exhaustive]
pub struct InvalidInterfaceName {
    /// The text, whole.
    pub text: String,
}

impl InterfaceName {
    /// The package the interface belongs to.
    pub fn package(&self) -> &PackageName {
        &self.package
    }

    /// The interface's own name: `types`.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The version, where the name has major, minor and patch; `None` for a name without a version and for `@1` or `@0.2`.
    pub fn version(&self) -> Option<&Version> {
        match &self.version {
            Some(NameVersion::Full(version)) => Some(version),
            Some(NameVersion::Canonical(_)) | None => None,
        }
    }

    /// The semver track of the interface.
    pub fn track(&self) -> Track {
        self.version.as_ref().map_or(Track::Unversioned, NameVersion::track)
    }

    /// Whether both are the same interface, in versions of one track.
    pub fn same_track(&self, other: &InterfaceName) -> bool {
        self.same_interface(other) && self.track() == other.track()
    }

    /// The same name without its version.
    pub fn unversioned(&self) -> InterfaceName {
        InterfaceName { package: self.package.clone(), interface: self.interface.clone(), version: None }
    }

    /// The version as the name has it, whole or canonical.
    pub(crate) fn written_version(&self) -> Option<&NameVersion> {
        self.version.as_ref()
    }

    /// Whether both are the same interface, in any versions.
    pub(crate) fn same_interface(&self, other: &InterfaceName) -> bool {
        self.package == other.package && self.interface == other.interface
    }
}

impl FromStr for InterfaceName {
    type Err = InvalidInterfaceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidInterfaceName { text: text.to_owned() };
        let (path, version) = match text.split_once('@') {
            Some((path, version)) => (path, Some(NameVersion::parse(version).ok_or_else(invalid)?)),
            None => (text, None),
        };
        let (package, interface) = path.split_once('/').ok_or_else(invalid)?;
        let package = package.parse().map_err(|_: InvalidPackageName| invalid())?;
        if !is_label(interface) {
            return Err(invalid());
        }
        Ok(InterfaceName { package, interface: interface.to_owned(), version })
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.package, self.interface)?;
        match &self.version {
            Some(version) => write!(formatter, "@{version}"),
            None => Ok(()),
        }
    }
}

/// The name of an import or export of a component.
///
/// Every text is one, so parsing cannot fail; what is not an interface's name is kept verbatim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExternName {
    /// An interface known by its package.
    Interface(InterfaceName),
    /// Anything else, mostly a label: `run`.
    Plain(String),
}

impl ExternName {
    /// The interface's name, if this is one.
    pub fn as_interface(&self) -> Option<&InterfaceName> {
        match self {
            ExternName::Interface(name) => Some(name),
            ExternName::Plain(_) => None,
        }
    }

    /// Whether the names are equal, or are interfaces of one track.
    pub fn same_track(&self, other: &ExternName) -> bool {
        match (self, other) {
            (ExternName::Interface(one), ExternName::Interface(other)) => one.same_track(other),
            (one, other) => one == other,
        }
    }

    /// The same name without its version.
    pub fn unversioned(&self) -> ExternName {
        match self {
            ExternName::Interface(name) => ExternName::Interface(name.unversioned()),
            ExternName::Plain(_) => self.clone(),
        }
    }
}

impl From<&str> for ExternName {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(name) => ExternName::Interface(name),
            Err(InvalidInterfaceName { text }) => ExternName::Plain(text),
        }
    }
}

impl From<InterfaceName> for ExternName {
    fn from(name: InterfaceName) -> Self {
        ExternName::Interface(name)
    }
}

impl FromStr for ExternName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(ExternName::from(text))
    }
}

impl fmt::Display for ExternName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternName::Interface(name) => name.fmt(formatter),
            ExternName::Plain(name) => name.fmt(formatter),
        }
    }
}

/// Whether the text is a [label] of the Component Model: words of letters and digits joined by single hyphens.
///
/// [label]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Explainer.md#import-and-export-definitions
pub(crate) fn is_label(text: &str) -> bool {
    KebabStr::new(text).is_some()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{ExternName, InterfaceName, PackageName};
    use crate::Track;

    /// Checks that the name prints as it is written, and what it is made of.
    #[track_caller]
    fn check(text: &str, package: &str, interface: &str, version: Option<&str>, track: &str) {
        let name: InterfaceName = text.parse().unwrap();
        assert_eq!(name.to_string(), text);
        assert_eq!(name.package().to_string(), package);
        assert_eq!(name.interface(), interface);
        assert_eq!(name.version().map(ToString::to_string).as_deref(), version);
        assert_eq!(name.track().to_string(), track);
        assert_eq!(name.unversioned().to_string(), format!("{package}/{interface}"));
        assert_eq!(ExternName::from(text), ExternName::Interface(name));
    }

    fn interface(text: &str) -> InterfaceName {
        text.parse().unwrap()
    }

    #[test]
    fn reads_whole_versions() {
        check("wasi:http/types@0.2.3", "wasi:http", "types", Some("0.2.3"), "0.2");
        check("shop:catalog/api@1.2.3-rc.1+build.5", "shop:catalog", "api", Some("1.2.3-rc.1+build.5"), "1.2.3-rc.1");
    }

    #[test]
    fn reads_canonical_versions() {
        check("wasi:http/types@0.2", "wasi:http", "types", None, "0.2");
        check("shop:catalog/api@1", "shop:catalog", "api", None, "1");
    }

    #[test]
    fn reads_names_without_a_version() {
        check("my-shop:the-catalog/HTTP-api2", "my-shop:the-catalog", "HTTP-api2", None, "");
        assert_eq!(interface("shop:catalog/api").track(), Track::Unversioned);
    }

    #[test]
    fn versions_of_a_track_are_the_same_interface() {
        let same = |one: &str, other: &str| {
            assert_eq!(interface(one).same_track(&interface(other)), interface(other).same_track(&interface(one)));
            interface(one).same_track(&interface(other))
        };
        assert!(same("wasi:io/streams@0.2.0", "wasi:io/streams@0.2.6"));
        assert!(same("wasi:io/streams@0.2", "wasi:io/streams@0.2.6"));
        assert!(same("shop:catalog/api@1", "shop:catalog/api@1.9.0"));
        assert!(same("shop:catalog/api", "shop:catalog/api"));
        assert!(!same("wasi:io/streams@0.2.0", "wasi:io/streams@0.3.0"));
        assert!(!same("wasi:io/streams@0.2.0", "wasi:io/poll@0.2.0"));
        assert!(!same("wasi:io/streams@0.2.0", "my:io/streams@0.2.0"));
        assert!(!same("shop:catalog/api", "shop:catalog/api@1.0.0"));
        assert!(!same("shop:catalog/api@1.0.0-rc.1", "shop:catalog/api@1.0.0"));
        assert!(!same("shop:catalog/api@0.0.1", "shop:catalog/api@0.0.2"));
    }

    #[test]
    fn what_is_no_interface_is_kept_verbatim() {
        for text in [
            "run",
            "",
            "exports",
            "[method]cart.add",
            "wasi:http",
            "wasi:http/types@",
            "wasi:http/types@0.2.x",
            "a:b:c/d",
            "a:b/c/d",
            "url=<https://example.com>",
            "Wasi :http/types",
        ] {
            assert_eq!(ExternName::from(text), ExternName::Plain(text.to_owned()));
            assert_eq!(ExternName::from(text).to_string(), text);
        }
    }

    #[test]
    fn errors_name_the_text_and_give_an_example() {
        assert_snapshot!("wasi:http/types@0.2.x".parse::<InterfaceName>().unwrap_err(), @"`wasi:http/types@0.2.x` is not an interface name, such as `wasi:http/types@0.2.3`");
        assert_snapshot!("wasi".parse::<PackageName>().unwrap_err(), @"`wasi` is not a package name, such as `wasi:http`");
        for text in ["", ":", "a:", ":a", "a:b@1.0.0", "a:b/c", "a:b:c", "a :b"] {
            text.parse::<PackageName>().expect_err(text);
        }
    }
}
