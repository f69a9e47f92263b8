//! Decides how much a version is raised, how much has to be, and to which version, from versions, to a [`Bump`].
//!
//! What counts is whether the [track](Track) is left: from `0.2.3` to `0.3.0` is as major as from `1.2.3` to `2.0.0`, and from
//! `0.2.3` to `0.2.4` can be as minor as from `1.2.3` to `1.3.0`.

use std::fmt;

use semver::{BuildMetadata, Prerelease, Version};

use crate::track::Track;

/// How much a version is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Not at all.
    None,
    /// Within the track, for what nobody has to adapt to.
    Patch,
    /// Within the track, for what is new.
    Minor,
    /// To another track.
    Major,
}

impl Bump {
    /// What is between the versions; [`Bump::None`] when the later is not greater or one is unknown.
    ///
    /// Within a track `0.minor` every release is a minor one: it has no number for patches.
    pub fn between(before: Option<&Version>, after: Option<&Version>) -> Bump {
        match (before, after) {
            (Some(before), Some(after)) if after.cmp_precedence(before).is_gt() => Bump::of_increase(before, after),
            _ => Bump::None,
        }
    }

    fn of_increase(before: &Version, after: &Version) -> Bump {
        match Track::of(after) {
            track if track != Track::of(before) => Bump::Major,
            Track::Major(_) if before.minor == after.minor => Bump::Patch,
            _ => Bump::Minor,
        }
    }

    /// The word: `none`, `patch`, `minor`, `major`.
    pub fn as_str(self) -> &'static str {
        match self {
            Bump::None => "none",
            Bump::Patch => "patch",
            Bump::Minor => "minor",
            Bump::Major => "major",
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The least version after `version` that is raised by `bump`.
///
/// After a pre-release that is the next pre-release, whatever the bump: each is a track of its own.
pub fn suggest_version(version: &Version, bump: Bump) -> Version {
    if bump == Bump::None {
        return version.clone();
    }
    let release = |major, minor, patch| Version { build: BuildMetadata::EMPTY, ..Version::new(major, minor, patch) };
    match (version, bump) {
        (version, _) if !version.pre.is_empty() => {
            Version { pre: next_prerelease(&version.pre), build: BuildMetadata::EMPTY, ..version.clone() }
        }
        (Version { major: 0, minor: 0, patch, .. }, _) => release(0, 0, patch + 1),
        (Version { major: 0, minor, .. }, Bump::Major) => release(0, minor + 1, 0),
        (Version { major: 0, minor, patch, .. }, _) => release(0, *minor, patch + 1),
        (Version { major, .. }, Bump::Major) => release(major + 1, 0, 0),
        (Version { major, minor, .. }, Bump::Minor) => release(*major, minor + 1, 0),
        (Version { major, minor, patch, .. }, _) => release(*major, *minor, patch + 1),
    }
}

/// `rc.2` after `rc.1`, `draft.1` after `draft`.
fn next_prerelease(prerelease: &Prerelease) -> Prerelease {
    let (stem, last) = prerelease.rsplit_once('.').unwrap_or((prerelease.as_str(), ""));
    let next = match last.parse::<u64>().ok().and_then(|number| number.checked_add(1)) {
        Some(number) => format!("{stem}.{number}"),
        None => format!("{prerelease}.1"),
    };
    Prerelease::new(&next).unwrap_or_else(|_| prerelease.clone())
}

#[cfg(test)]
mod tests {
    use super::{Bump, suggest_version};

    #[track_caller]
    fn check(before: &str, bump: Bump, expected: &str) {
        let before = before.parse().unwrap();
        let suggested = suggest_version(&before, bump);
        assert_eq!(suggested.to_string(), expected);
        assert!(Bump::between(Some(&before), Some(&suggested)) >= bump, "{before} to {suggested} is a {bump} bump");
    }

    #[test]
    fn releases_are_raised_at_the_number_that_the_bump_names() {
        check("1.2.3", Bump::None, "1.2.3");
        check("1.2.3", Bump::Patch, "1.2.4");
        check("1.2.3", Bump::Minor, "1.3.0");
        check("1.2.3+build.5", Bump::Major, "2.0.0");
    }

    #[test]
    fn early_releases_are_raised_one_number_further_right() {
        check("0.2.3", Bump::Patch, "0.2.4");
        check("0.2.3", Bump::Minor, "0.2.4");
        check("0.2.3", Bump::Major, "0.3.0");
        check("0.0.3", Bump::Patch, "0.0.4");
        check("0.0.3", Bump::Major, "0.0.4");
    }

    #[test]
    fn pre_releases_are_followed_by_the_next() {
        check("1.0.0-rc.1", Bump::Minor, "1.0.0-rc.2");
        check("0.3.0-draft", Bump::Major, "0.3.0-draft.1");
    }

    #[test]
    fn a_version_that_does_not_rise_is_no_bump() {
        let between =
            |before: &str, after: &str| Bump::between(before.parse().ok().as_ref(), after.parse().ok().as_ref());
        assert_eq!(between("1.2.3", "1.2.3"), Bump::None);
        assert_eq!(between("1.2.3", "1.2.3+build.5"), Bump::None);
        assert_eq!(between("1.2.3", "1.1.9"), Bump::None);
        assert_eq!(between("", "1.0.0"), Bump::None);
        assert_eq!(between("1.0.0-rc.1", "1.0.0"), Bump::Major);
        assert_eq!(between("0.2.3", "0.2.10"), Bump::Minor);
    }
}
