//! What a registry package is called: from `ns:name` to a [`PackageName`].

use std::fmt;
use std::str::FromStr;

/// The name of a package in a registry: `namespace:name`, both in kebab-case.
///
/// WIT's labels also have words in upper case. An OCI repository cannot be named so, hence a registry package cannot either.
/// See [the grammar of labels](https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    namespace: String,
    name: String,
}

impl PackageName {
    /// The part before the colon.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The part after the colon.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

impl fmt::Debug for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackageName({self})")
    }
}

impl FromStr for PackageName {
    type Err = PackageNameError;

    fn from_str(text: &str) -> Result<PackageName, PackageNameError> {
        let Some((namespace, name)) = text.split_once(':') else {
            return Err(PackageNameError::NoNamespace { text: text.to_owned() });
        };
        for label in [namespace, name] {
            if !is_kebab_case(label) {
                return Err(PackageNameError::NotKebabCase { text: text.to_owned(), label: label.to_owned() });
            }
        }
        Ok(PackageName { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

fn is_kebab_case(label: &str) -> bool {
    label.starts_with(|first: char| first.is_ascii_lowercase())
        && label
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// Why a text is not a package name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageNameError {
    /// There is no colon.
    #[error("`{text}` is not a package name: expected `namespace:name`")]
    NoNamespace {
        /// The text.
        text: String,
    },
    /// One side of the colon is not in kebab-case.
    #[error(
        "`{text}` is not a package name: `{label}` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter"
    )]
    NotKebabCase {
        /// The text.
        text: String,
        /// The part at fault.
        label: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str), &str>) {
        let actual = text.parse::<PackageName>();
        let actual = actual.as_ref().map(|package| (package.namespace(), package.name()));
        assert_eq!(actual.map_err(ToString::to_string), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_package_has_a_namespace_and_a_name() {
        check("shop:catalog", Ok(("shop", "catalog")));
        check("wasi:http2-proxy-2", Ok(("wasi", "http2-proxy-2")));
    }

    #[test]
    fn refuses_a_name_without_a_namespace() {
        check("catalog", Err("`catalog` is not a package name: expected `namespace:name`"));
    }

    #[test]
    fn refuses_what_could_leave_a_directory_or_a_repository() {
        for text in [
            "shop:..",
            "..:catalog",
            "shop:a/b",
            "shop:",
            ":a",
            "shop:A",
            "shop:a--b",
            "shop:a-",
            "shop:2a",
            "a:b:c",
            "a:b\0",
        ] {
            assert!(matches!(text.parse::<PackageName>(), Err(PackageNameError::NotKebabCase { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_name_at_fault_is_shown_with_its_part() {
        check(
            "shop:Catalog",
            Err(
                "`shop:Catalog` is not a package name: `Catalog` is not lowercase words of letters and digits joined by `-`, the first beginning with a letter",
            ),
        );
    }
}
