//! `[workspace]`: the applications that share a lock.

use std::{
    fmt,
    ops::Range,
    path::{Component, Path},
    str::FromStr,
};

use super::{
    read::{Reader, Value},
    schema,
};
use crate::diagnostic::Spanned;

/// `[workspace]`.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The directories of the applications, in the manifest's order.
    pub members: Vec<Spanned<MemberPattern>>,
    /// The place of the section.
    pub span: Range<usize>,
}

/// The directories of some members: a path below the workspace's, in whose segments `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPattern(Vec<String>);

impl MemberPattern {
    /// The segments of the path.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether it names one directory, which therefore must be there.
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(|segment| !segment.contains('*'))
    }
}

impl fmt::Display for MemberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

impl FromStr for MemberPattern {
    type Err = InvalidMember;

    fn from_str(text: &str) -> Result<Self, InvalidMember> {
        let segment = |component: Component<'_>| match component {
            Component::Normal(segment) => segment.to_str().map(str::to_owned).ok_or(InvalidMember::NotBelow),
            _ => Err(InvalidMember::NotBelow),
        };
        let path = text.replace('\\', "/");
        let segments = Path::new(&path).components().filter(|component| *component != Component::CurDir);
        let segments = segments.map(segment).collect::<Result<Vec<_>, _>>()?;
        if segments.is_empty() {
            return Err(InvalidMember::Itself);
        }
        Ok(Self(segments))
    }
}

/// Why a text names no members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMember {
    /// The path leaves the workspace's directory.
    #[error("a member is a directory below the one of this manifest")]
    NotBelow,
    /// The path is empty.
    #[error("the application of this manifest is part of its workspace without being named")]
    Itself,
}

/// Whether a segment of a path is one that `pattern` means; `*` stands for any characters, also none.
pub(crate) fn segment_matches(pattern: &str, segment: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == segment };
    let Some(mut left) = segment.strip_prefix(start) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let Some((end, middles)) = parts.split_last() else { return false };
    for middle in middles {
        let Some(at) = left.find(middle) else { return false };
        left = &left[at + middle.len()..];
    }
    left.ends_with(end)
}

pub(super) fn workspace(reader: &mut Reader, value: &Value<'_>) -> Option<Workspace> {
    let section = reader.section("[workspace]", value)?;
    section.refuse_unknown_keys(reader, &schema::WORKSPACE);
    let members = section.required(reader, "members").and_then(|value| reader.array("`members`", value))?;
    let members = members.iter().filter_map(|value| reader.parsed_text("a member", value)).collect();
    Some(Workspace { members, span: section.span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_of_one_segment() {
        for (pattern, segment) in [("*", "shop"), ("s*", "shop"), ("*p", "shop"), ("s*o*", "shop"), ("shop", "shop")] {
            assert!(segment_matches(pattern, segment), "{pattern} {segment}");
        }
        for (pattern, segment) in [("s*x", "shop"), ("shop", "shop2"), ("sh*hop", "shop"), ("*a*", "shop")] {
            assert!(!segment_matches(pattern, segment), "{pattern} {segment}");
        }
    }

    #[test]
    fn a_member_is_below_its_workspace() {
        let check = |text: &str| text.parse::<MemberPattern>().map(|pattern| pattern.to_string());
        assert_eq!(check("./apps/*/"), Ok("apps/*".to_owned()));
        assert_eq!(check("../apps"), Err(InvalidMember::NotBelow));
        assert_eq!(check("/apps"), Err(InvalidMember::NotBelow));
        assert_eq!(check("."), Err(InvalidMember::Itself));
    }
}
