//! Sets of versions as PubGrub wants them: places in the ascending list of a package's versions.
//!
//! The solver works on places and not on versions because what a requirement allows (pre-releases, yanked versions) is no
//! interval of versions, while it always is a set of places in a list that is known.

use std::fmt;

use pubgrub::VersionSet;

/// The place of a version in the list of its package's versions.
pub(super) type Place = u32;

/// A set of places: ascending intervals, each with its first place and the one after its last, none touching another.
///
/// This form is unique for each set, so that equal sets are equal values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Places(Vec<(Place, Place)>);

/// The place after the last one that a version can have.
const END: Place = Place::MAX;

impl FromIterator<Place> for Places {
    /// Collects ascending places.
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        let mut intervals: Vec<(Place, Place)> = Vec::new();
        for place in places {
            match intervals.last_mut() {
                Some((_, end)) if *end == place => *end += 1,
                _ => intervals.push((place, place + 1)),
            }
        }
        Self(intervals)
    }
}

impl Places {
    /// The last place, unless there is none or no last one.
    pub(super) fn highest(&self) -> Option<Place> {
        self.0.last().map(|(_, end)| *end).filter(|end| *end != END).map(|end| end - 1)
    }

    /// Whether there is no place in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl VersionSet for Places {
    type V = Place;

    fn empty() -> Self {
        Self(Vec::new())
    }

    fn singleton(place: Place) -> Self {
        Self(vec![(place, place + 1)])
    }

    fn complement(&self) -> Self {
        let starts = std::iter::once(0).chain(self.0.iter().map(|(_, end)| *end));
        let ends = self.0.iter().map(|(start, _)| *start).chain(std::iter::once(END));
        Self(starts.zip(ends).filter(|(start, end)| start < end).collect())
    }

    fn intersection(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.0.as_slice(), other.0.as_slice());
        let mut common = Vec::new();
        while let ([(start, end), our_rest @ ..], [(other_start, other_end), their_rest @ ..]) = (ours, theirs) {
            let (from, to) = (*start.max(other_start), *end.min(other_end));
            if from < to {
                common.push((from, to));
            }
            if end < other_end { ours = our_rest } else { theirs = their_rest }
        }
        Self(common)
    }

    fn contains(&self, place: &Place) -> bool {
        let after = self.0.partition_point(|(start, _)| start <= place);
        after > 0 && *place < self.0[after - 1].1
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intervals: Vec<String> = self.0.iter().map(|(start, end)| format!("{start}..{end}")).collect();
        f.write_str(&intervals.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every subset of the first six places, by its bits.
    fn subsets() -> impl Iterator<Item = (u32, Places)> {
        (0..64).map(|bits: u32| (bits, (0..6).filter(|place| bits & (1 << place) != 0).collect()))
    }

    #[track_caller]
    fn check(places: &Places, bits: u32) {
        for place in 0..6 {
            assert_eq!(places.contains(&place), bits & (1 << place) != 0, "{place} in {places}");
        }
    }

    #[test]
    fn a_complement_has_every_other_place() {
        for (bits, places) in subsets() {
            check(&places.complement(), !bits);
            assert!(places.complement().contains(&1000));
            assert_eq!(places.complement().complement(), places);
        }
    }

    #[test]
    fn intersections_and_unions_are_those_of_sets_and_have_one_form() {
        for (bits, places) in subsets() {
            for (other_bits, other) in subsets() {
                check(&places.intersection(&other), bits & other_bits);
                check(&places.union(&other), bits | other_bits);
                let both: Places = (0..6).filter(|place| bits & other_bits & (1 << place) != 0).collect();
                assert_eq!(places.intersection(&other), both);
            }
        }
    }
}
