//! The search: PubGrub over a [`Model`].
//!
//! The root needs every entry of the manifest. An entry in one version needs its package, on that version's semver track, to
//! be that version, so that all entries of a package that are on one track have one version; and it needs the providers of its
//! imports to be versions that have them. The locked version comes first, then the highest.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
};

use pubgrub::{
    Dependencies, DependencyProvider, DerivationTree, PackageResolutionStatistics, PubGrubError, VersionSet as _,
};
use wit::Track;

use super::{
    model::{Kind, Model},
    places::{Place, Places},
};

/// Why there is no answer.
pub(super) type Contradiction = DerivationTree<Variable, Places, Infallible>;

/// Something whose place is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Variable {
    /// The application.
    Root,
    /// An entry of the manifest.
    Entry(usize),
    /// A package on a semver track, by its place in [`Search::tracks`].
    Track(usize),
}

/// Chooses a place for every entry but those in `without`, whose places mean nothing.
///
/// # Errors
/// Why there is no such choice.
pub(super) fn solve(model: &Model<'_>, without: &BTreeSet<usize>) -> Result<Vec<Place>, Contradiction> {
    match pubgrub::resolve(&Search { model, tracks: shared_tracks(model), without }, Variable::Root, 0_u32) {
        Ok(solution) => {
            let place = |entry| solution.get(&Variable::Entry(entry)).copied().unwrap_or_default();
            Ok((0..model.entries.len()).map(place).collect())
        }
        Err(PubGrubError::NoSolution(contradiction)) => Err(contradiction),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => match source {},
    }
}

struct Search<'a, 'm> {
    model: &'a Model<'m>,
    /// The variable of each package and track that several entries could have.
    tracks: BTreeMap<(usize, Track), usize>,
    without: &'a BTreeSet<usize>,
}

fn shared_tracks(model: &Model<'_>) -> BTreeMap<(usize, Track), usize> {
    let mut users: BTreeMap<usize, usize> = BTreeMap::new();
    for entry in &model.entries {
        if let Kind::Package(package, ..) = entry.kind {
            *users.entry(package).or_default() += 1;
        }
    }
    let shared = users.into_iter().filter(|(_, users)| *users > 1).map(|(package, _)| package);
    let tracks = shared.flat_map(|package| {
        let tracks: BTreeSet<Track> = model.packages[package].versions.iter().map(Track::of).collect();
        tracks.into_iter().map(move |track| (package, track))
    });
    tracks.enumerate().map(|(number, key)| (key, number)).collect()
}

impl Search<'_, '_> {
    fn needs_of_entry(&self, entry: usize, place: Place) -> Vec<(Variable, Places)> {
        let mut needs = Vec::new();
        if let (Kind::Package(package, ..), Some(version)) =
            (&self.model.entries[entry].kind, self.model.version(entry, place))
            && let Some(track) = self.tracks.get(&(*package, Track::of(version)))
        {
            needs.push((Variable::Track(*track), Places::singleton(place)));
        }
        let providers =
            self.model.needs(entry, place).into_iter().filter(|need| !self.without.contains(&need.provider));
        needs.extend(providers.map(|need| (Variable::Entry(need.provider), need.allowed)));
        needs
    }
}

impl DependencyProvider for Search<'_, '_> {
    type P = Variable;
    type V = Place;
    type VS = Places;
    /// What is locked goes first, so that it stays; then what has the fewest versions, so that little is tried in vain; then
    /// what comes first by name.
    type Priority = (bool, Reverse<usize>, Reverse<Variable>);
    type M = Infallible;
    type Err = Infallible;

    fn prioritize(&self, variable: &Variable, range: &Places, _: &PackageResolutionStatistics) -> Self::Priority {
        let (is_locked, count) = match variable {
            Variable::Root | Variable::Track(_) => (true, 0),
            Variable::Entry(entry) => {
                let entry = &self.model.entries[*entry];
                let options = entry.options.iter().filter(|option| range.contains(&option.place));
                (entry.locked.is_some_and(|locked| range.contains(&locked)), options.count())
            }
        };
        (is_locked, Reverse(count), Reverse(*variable))
    }

    fn choose_version(&self, variable: &Variable, range: &Places) -> Result<Option<Place>, Infallible> {
        Ok(match variable {
            Variable::Root => Some(0),
            Variable::Entry(entry) => self.model.entries[*entry].best(range),
            Variable::Track(_) => range.highest(),
        })
    }

    fn get_dependencies(
        &self,
        variable: &Variable,
        place: &Place,
    ) -> Result<Dependencies<Variable, Places, Infallible>, Infallible> {
        let needs = match variable {
            Variable::Root => {
                let entries = self.model.entries.iter().enumerate().filter(|(entry, _)| !self.without.contains(entry));
                entries.map(|(place, entry)| (Variable::Entry(place), entry.places.clone())).collect()
            }
            Variable::Entry(entry) => self.needs_of_entry(*entry, *place),
            Variable::Track(_) => Vec::new(),
        };
        Ok(Dependencies::Available(needs.into_iter().collect()))
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the application"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
            Self::Track(track) => write!(f, "track {track}"),
        }
    }
}
