//! Decides which of several names was probably meant, from a misspelt one, to the nearest.

/// The candidate that fewest edits turn into `name`, the first of equals; `None` when all are further than a third of
/// the name's length.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let furthest = name.chars().count() / 3;
    let distances = candidates.into_iter().map(|candidate| (edit_distance(name, candidate), candidate));
    distances
        .filter(|(distance, _)| *distance <= furthest.max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, it)| it)
}

/// Levenshtein's distance, in characters.
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, character) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (column, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(name, candidates.iter().copied()), expected);
    }

    #[test]
    fn finds_the_name_with_the_fewest_edits() {
        check("storefrnt", &["store", "storefront", "front"], Some("storefront"));
        check("ap", &["api", "app"], Some("api"));
    }

    #[test]
    fn finds_nothing_when_all_names_differ_too_much() {
        check("storefront", &["proxy", "command"], None);
        check("storefront", &[], None);
        check("", &["api"], None);
    }
}
