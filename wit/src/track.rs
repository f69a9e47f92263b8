//! Decides which versions of an interface can stand in for each other, from a version, to a [`Track`].
//!
//! A version in an interface's name is either whole (`1.2.3`) or canonical: only the track (`1`, `0.2`), the rest being
//! carried beside the name. Both are a [`NameVersion`], and both have a track.

use std::fmt;

use semver::Version;

/// The versions that count as the same interface: `1.0.0` and `1.4.2` share a track, `0.2.0` and `0.3.0` do not.
///
/// Follows the [canonical interface names] of the Component Model. Build metadata never matters.
///
/// [canonical interface names]: https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/Explainer.md#-canonical-interface-name
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// A name without a version, compatible with itself only.
    Unversioned,
    /// All releases of a major version from 1 on.
    Major(u64),
    /// All releases of `0.minor`, where the minor version is not 0.
    Minor(u64),
    /// A `0.0.x` release or a pre-release, compatible with itself only.
    Exact(Version),
}

impl Track {
    /// The track of a whole version.
    pub fn of(version: &Version) -> Track {
        if !version.pre.is_empty() || (version.major == 0 && version.minor == 0) {
            return Track::Exact(Version { build: semver::BuildMetadata::EMPTY, ..version.clone() });
        }
        match version.major {
            0 => Track::Minor(version.minor),
            major => Track::Major(major),
        }
    }
}

/// Writes the track as a canonical name has it after the `@`: `1`, `0.2`, `0.0.3`, and nothing for [`Track::Unversioned`].
impl fmt::Display for Track {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Track::Unversioned => Ok(()),
            Track::Major(major) => write!(formatter, "{major}"),
            Track::Minor(minor) => write!(formatter, "0.{minor}"),
            Track::Exact(version) => write!(formatter, "{version}"),
        }
    }
}

/// The version in an interface's name, exactly as written there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NameVersion {
    /// Only the track: `1` or `0.2`.
    Canonical(Track),
    /// A whole semantic version.
    Full(Version),
}

impl NameVersion {
    /// Reads what follows the `@`; `None` when it is neither a whole version nor a canonical one.
    pub(crate) fn parse(text: &str) -> Option<NameVersion> {
        if let Ok(version) = Version::parse(text) {
            return Some(NameVersion::Full(version));
        }
        let track = match text.strip_prefix("0.") {
            Some(minor) => Track::Minor(positive(minor)?),
            None => Track::Major(positive(text)?),
        };
        Some(NameVersion::Canonical(track))
    }

    pub(crate) fn track(&self) -> Track {
        match self {
            NameVersion::Canonical(track) => track.clone(),
            NameVersion::Full(version) => Track::of(version),
        }
    }
}

impl fmt::Display for NameVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameVersion::Canonical(track) => track.fmt(formatter),
            NameVersion::Full(version) => version.fmt(formatter),
        }
    }
}

/// A number as semver writes it, without leading zeros, and not 0.
fn positive(text: &str) -> Option<u64> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{NameVersion, Track};

    #[track_caller]
    fn check(version: &str, expected: impl Into<Option<Track>>) {
        assert_eq!(NameVersion::parse(version).map(|version| version.track()), expected.into(), "track of {version}");
    }

    fn exact(version: &str) -> Track {
        Track::Exact(version.parse().unwrap())
    }

    #[test]
    fn releases_share_the_track_of_their_leftmost_number_that_is_not_zero() {
        check("1.2.3", Track::Major(1));
        check("12.0.0", Track::Major(12));
        check("0.2.6", Track::Minor(2));
    }

    #[test]
    fn early_releases_and_pre_releases_are_tracks_of_their_own() {
        check("0.0.3", exact("0.0.3"));
        check("0.0.0", exact("0.0.0"));
        check("1.0.0-rc.1", exact("1.0.0-rc.1"));
        check("0.3.0-rc-2025-09-16", exact("0.3.0-rc-2025-09-16"));
    }

    #[test]
    fn build_metadata_does_not_matter() {
        check("1.2.3+build.5", Track::Major(1));
        check("1.0.0-rc.1+build.5", exact("1.0.0-rc.1"));
    }

    #[test]
    fn canonical_versions_are_tracks() {
        check("1", Track::Major(1));
        check("0.2", Track::Minor(2));
    }

    #[test]
    fn other_shortened_versions_are_refused() {
        for version in ["", "0", "0.0", "1.2", "01", "0.02", "+1", "1.x", "v1", "0.", "99999999999999999999"] {
            check(version, None);
        }
    }

    #[test]
    fn a_track_prints_as_a_canonical_name_has_it() {
        let print = |version: &str| NameVersion::parse(version).unwrap().track().to_string();
        assert_eq!(
            [print("1.2.3"), print("0.2.6"), print("0.0.3"), print("1.0.0-rc.1+b")],
            ["1", "0.2", "0.0.3", "1.0.0-rc.1"]
        );
    }
}
