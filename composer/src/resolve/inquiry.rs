//! What is asked of registries: from what was chosen unseen to the questions whose answers are worth having before it is chosen.
//!
//! Each round of questions costs a journey to a registry, and each question a little. So an entry is asked about one version
//! as long as that fits, and about twice as many as before each time that it did not. What makes one entry step down makes
//! those step down that are linked to it: the more was asked about a part of the application, the further around it is asked
//! about as well. Thus the number of rounds is the logarithm of how far and how deep a change goes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Question,
    model::{Entry, Model},
    places::Place,
};

/// How many versions of an entry are asked about before it is taken that none of the others exports what is looked for.
const OLDER_VERSIONS: usize = 16;

/// How many questions are asked at once to find a provider.
const QUESTIONS_FOR_A_PROVIDER: usize = 256;

/// How many questions are asked at once about an entry whose versions do not fit.
const QUESTIONS_FOR_AN_ENTRY: usize = 64;

/// How many versions of an entry must be asked about for one further step around it.
const VERSIONS_FOR_A_STEP: usize = 4;

/// Asks about everything that was chosen unseen, and about what may have to be chosen next.
pub(super) fn about_choice(model: &Model<'_>, chosen: &[Option<Place>]) -> Vec<Question> {
    let is_unseen = |(entry, place): &(usize, Place)| model.entries[*entry].is_unasked(*place);
    let places = chosen.iter().enumerate().filter_map(|(entry, place)| Some((entry, (*place)?)));
    let unseen: Vec<usize> = places.filter(is_unseen).map(|(entry, _)| entry).collect();
    let mut questions = BTreeSet::new();
    for (entry, wanted) in wanted(model, &unseen) {
        let Some(place) = chosen[entry] else { continue };
        let known = model.entries[entry].asked();
        let older = model.entries[entry].options.iter().rev().map(|option| option.place).filter(|older| *older < place);
        let unasked = std::iter::once(place).chain(older).filter(|place| model.entries[entry].is_unasked(*place));
        let unasked = unasked.take(wanted.saturating_sub(known).min(QUESTIONS_FOR_AN_ENTRY));
        questions.extend(unasked.filter_map(|place| model.origin(entry, place).map(Question::Release)));
    }
    questions.into_iter().collect()
}

/// Of how many versions of which entries something should be known, when of these the choice is not.
fn wanted(model: &Model<'_>, unseen: &[usize]) -> BTreeMap<usize, usize> {
    let asked: Vec<usize> = model.entries.iter().map(Entry::asked).collect();
    // At first nothing is known of anything, and there is nothing that could be linked.
    if unseen.iter().all(|entry| asked[*entry] == 0) {
        return unseen.iter().map(|entry| (*entry, 1)).collect();
    }
    let neighbours = neighbours(model);
    let mut wanted = BTreeMap::new();
    for entry in unseen {
        let around = neighbours[*entry].iter().chain([entry]).map(|entry| asked[*entry]);
        let count = 2 * around.max().unwrap_or_default().max(1);
        let steps = count / VERSIONS_FOR_A_STEP;
        spread(*entry, count, steps, &neighbours, &mut wanted);
    }
    wanted
}

/// Wants a number of versions of an entry, and of all that are at most so many links away.
fn spread(
    from: usize,
    count: usize,
    steps: usize,
    neighbours: &[BTreeSet<usize>],
    wanted: &mut BTreeMap<usize, usize>,
) {
    let mut reached = BTreeSet::from([from]);
    let mut front = vec![from];
    for _ in 0..=steps {
        let mut next = Vec::new();
        for entry in front {
            let known = wanted.entry(entry).or_default();
            *known = (*known).max(count);
            next.extend(neighbours[entry].iter().copied().filter(|neighbour| reached.insert(*neighbour)));
        }
        front = next;
    }
}

/// Which entries may be linked to which, in either direction.
fn neighbours(model: &Model<'_>) -> Vec<BTreeSet<usize>> {
    let mut neighbours = vec![BTreeSet::new(); model.entries.len()];
    for consumer in 0..model.entries.len() {
        for provider in model.providers(consumer) {
            neighbours[consumer].insert(provider);
            neighbours[provider].insert(consumer);
        }
    }
    neighbours
}

/// Asks about some older versions of every entry: perhaps one of them exports what nobody else does.
pub(super) fn about_older_versions(model: &Model<'_>) -> Vec<Question> {
    let questions = model.entries.iter().enumerate().flat_map(|(number, entry)| {
        let newest = entry.options.iter().rev().take(OLDER_VERSIONS);
        let unasked = newest.filter(|option| entry.is_unasked(option.place));
        unasked.filter_map(move |option| model.origin(number, option.place).map(Question::Release))
    });
    questions.take(QUESTIONS_FOR_A_PROVIDER).collect()
}
