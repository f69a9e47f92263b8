//! Decides how a difference between what is expected and what is found is said, from its place and both texts, to a line.

use std::fmt;

/// One reason why an import or export is not what is expected.
///
/// Prints as `shop:catalog/api.item.price: expected u64, found f64`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Mismatch {
    /// Where, from the interface's unversioned name on: a type (`shop:catalog/api.item`), its field, case or flag
    /// (`shop:catalog/api.item.price`), a function (`shop:catalog/api.find`, or of a resource `shop:catalog/api.cart.add`,
    /// `shop:catalog/api.cart.constructor`), its parameter (`shop:catalog/api.find.id`) or its result
    /// (`shop:catalog/api.find (result)`).
    pub path: String,
    /// What is wrong there.
    pub kind: MismatchKind,
}

/// What is wrong, with WIT text of both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MismatchKind {
    /// Something expected is not there.
    Missing {
        /// What is expected.
        expected: String,
    },
    /// Something is there where nothing may be more than expected.
    Unexpected {
        /// What is found.
        found: String,
    },
    /// Both are there and differ.
    Different {
        /// What is expected.
        expected: String,
        /// What is found.
        found: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            MismatchKind::Missing { expected } => write!(formatter, "{path}: expected {expected}, found nothing"),
            MismatchKind::Unexpected { found } => write!(formatter, "{path}: expected nothing, found {found}"),
            MismatchKind::Different { expected, found } => {
                write!(formatter, "{path}: expected {expected}, found {found}")
            }
        }
    }
}
