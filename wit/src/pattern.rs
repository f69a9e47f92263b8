//! Decides which imports and exports a pattern of a manifest covers, from `wasi:*` and the like, to yes or no.

use std::fmt;
use std::str::FromStr;

use crate::name::{ExternName, InterfaceName, PackageName, is_label};

/// A set of interfaces: `*`, `wasi:*`, `wasi:http/*`, `wasi:http/types` or `wasi:http/types@0.2`.
///
/// A pattern without a version covers all versions; one with a version covers that version's whole
/// [track](crate::Track). Only `*` covers names that are not interfaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfacePattern(Shape);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shape {
    Everything,
    Namespace(String),
    Package(PackageName),
    Interface(InterfaceName),
}

/// A text that is not an [`InterfacePattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an interface pattern; these are: `*`, `wasi:*`, `wasi:http/*`, `wasi:http/types`, \
     `wasi:http/types@0.2`"
)]
#[non_exhaustive]
pub struct InvalidInterfacePattern {
    /// The text, whole.
    pub text: String,
}

impl InterfacePattern {
    /// Whether the pattern covers the name.
    pub fn matches(&self, name: &ExternName) -> bool {
        let name = match (&self.0, name) {
            (Shape::Everything, _) => return true,
            (_, ExternName::Interface(name)) => name,
            (_, ExternName::Plain(_)) => return false,
        };
        match &self.0 {
            Shape::Everything => true,
            Shape::Namespace(namespace) => name.package().namespace() == namespace,
            Shape::Package(package) => name.package() == package,
            Shape::Interface(interface) if *interface == interface.unversioned() => interface.same_interface(name),
            Shape::Interface(interface) => interface.same_track(name),
        }
    }
}

impl FromStr for InterfacePattern {
    type Err = InvalidInterfacePattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = if text == "*" {
            Some(Shape::Everything)
        } else if let Some(package) = text.strip_suffix("/*") {
            package.parse().ok().map(Shape::Package)
        } else if let Some(namespace) = text.strip_suffix(":*") {
            is_label(namespace).then(|| Shape::Namespace(namespace.to_owned()))
        } else {
            text.parse().ok().map(Shape::Interface)
        };
        shape.map(InterfacePattern).ok_or_else(|| InvalidInterfacePattern { text: text.to_owned() })
    }
}

impl fmt::Display for InterfacePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Shape::Everything => formatter.write_str("*"),
            Shape::Namespace(namespace) => write!(formatter, "{namespace}:*"),
            Shape::Package(package) => write!(formatter, "{package}/*"),
            Shape::Interface(interface) => interface.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InterfacePattern;
    use crate::ExternName;

    /// Checks that the pattern prints as it is written and covers, of all names used here, exactly the expected ones.
    #[track_caller]
    fn check(pattern: &str, expected: &[&str]) {
        const NAMES: [&str; 6] = [
            "wasi:http/types@0.2.3",
            "wasi:http/types@0.3.0",
            "wasi:http/handler@0.2",
            "wasi:io/streams",
            "shop:http/types",
            "run",
        ];
        let parsed: InterfacePattern = pattern.parse().unwrap();
        assert_eq!(parsed.to_string(), pattern);
        let covered: Vec<_> = NAMES.into_iter().filter(|name| parsed.matches(&ExternName::from(*name))).collect();
        assert_eq!(covered, expected);
    }

    #[test]
    fn a_star_covers_everything() {
        check(
            "*",
            &[
                "wasi:http/types@0.2.3",
                "wasi:http/types@0.3.0",
                "wasi:http/handler@0.2",
                "wasi:io/streams",
                "shop:http/types",
                "run",
            ],
        );
    }

    #[test]
    fn a_namespace_covers_its_packages() {
        check(
            "wasi:*",
            &["wasi:http/types@0.2.3", "wasi:http/types@0.3.0", "wasi:http/handler@0.2", "wasi:io/streams"],
        );
    }

    #[test]
    fn a_package_covers_its_interfaces() {
        check("wasi:http/*", &["wasi:http/types@0.2.3", "wasi:http/types@0.3.0", "wasi:http/handler@0.2"]);
    }

    #[test]
    fn an_interface_covers_all_its_versions() {
        check("wasi:http/types", &["wasi:http/types@0.2.3", "wasi:http/types@0.3.0"]);
        check("wasi:io/streams", &["wasi:io/streams"]);
    }

    #[test]
    fn a_version_covers_its_track() {
        check("wasi:http/types@0.2", &["wasi:http/types@0.2.3"]);
        check("wasi:http/handler@0.2.7", &["wasi:http/handler@0.2"]);
        check("wasi:io/streams@0.2", &[]);
    }

    #[test]
    fn refuses_other_texts_and_says_what_is_allowed() {
        for text in
            ["", "wasi", "wasi:", "*:*", "wasi:http", "wasi:http/*@0.2", "wasi:*/types", "wasi:http/types@^0.2", " *"]
        {
            text.parse::<InterfacePattern>().expect_err(text);
        }
        insta::assert_snapshot!("wasi:http".parse::<InterfacePattern>().unwrap_err(), @"`wasi:http` is not an interface pattern; these are: `*`, `wasi:*`, `wasi:http/*`, `wasi:http/types`, `wasi:http/types@0.2`");
    }
}
