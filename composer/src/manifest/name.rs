//! The names that a manifest gives to components and instances.

use std::{fmt, ops::Deref, str::FromStr};

/// The name of a component or an instance: kebab-case words, as in WIT.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text == super::HOST {
            return Err(InvalidName::Reserved);
        }
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if text.split('-').all(word) { Ok(Self(text.to_owned())) } else { Err(InvalidName::NotKebabCase) }
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// Something else than lowercase words joined by hyphens.
    #[error("a name is lowercase words joined by `-`, each starting with a letter")]
    NotKebabCase,
    /// `host`.
    #[error("`host` means the runtime, so nothing else can have this name")]
    Reserved,
}
