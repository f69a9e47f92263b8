//! How versions are written as tags.

use std::collections::BTreeSet;

use semver::Version;

/// The versions that tags stand for, ascending; other tags are not versions.
pub(super) fn versions_of<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<Version> {
    let versions: BTreeSet<Version> = tags.filter_map(version_of).collect();
    versions.into_iter().collect()
}

/// A tag cannot have the `+` before build metadata; `_` stands for it, as wkg and Helm have it.
pub(super) fn tag_of(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

fn version_of(tag: &str) -> Option<Version> {
    if tag.contains('+') {
        return None;
    }
    Version::parse(&tag.replacen('_', "+", 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, version: Option<&str>) {
        assert_eq!(version_of(tag).map(|version| version.to_string()).as_deref(), version);
        if let Some(version) = version_of(tag) {
            assert_eq!(tag_of(&version), tag);
        }
    }

    #[test]
    fn a_tag_is_a_version_with_an_underscore_for_the_plus() {
        check("1.2.3", Some("1.2.3"));
        check("1.2.3-rc.1_build.5", Some("1.2.3-rc.1+build.5"));
    }

    #[test]
    fn other_tags_are_not_versions() {
        for tag in ["latest", "v1.2.3", "1.2", "1.2.3_a_b", "1.2.3+build", "", "99999999999999999999.0.0"] {
            check(tag, None);
        }
    }

    #[test]
    fn versions_are_sorted_as_versions() {
        let versions = versions_of(["1.10.0", "latest", "1.9.0", "1.9.0-rc.1"].into_iter());
        assert_eq!(versions.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.9.0-rc.1", "1.9.0", "1.10.0"]);
    }
}
