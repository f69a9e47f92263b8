//! The table of rules: one row for each kind of change, by the part of a package that changes.
//!
//! A row's pair of WIT files is in `wit/rules/<id>`. That a row says the truth is tested: its pair has this change and no
//! other, and whom it breaks is what the type checker refuses when components of both files are linked.
//!
//! The Component Model has subtyping for instances only: who imports an interface may be given more than it asks for. So an
//! addition never breaks who imports, and a removal never breaks who exports. Types of values and of functions have to be
//! equal, so that every change within one breaks both.

pub(crate) mod function;
pub(crate) mod gate;
pub(crate) mod package;
pub(crate) mod value;
pub(crate) mod world;

/// Declares the rules of one part: `NAME "id" what; breaks […] requires … level …; see specification; explanation`.
macro_rules! rules {
    ($($name:ident $id:literal $what:literal breaks [$($side:ident)*] requires $bump:ident $level:ident $specification:ident $explanation:literal)+) => {
        use crate::compatibility::rule::{Level, Rule, Side};
        use crate::compatibility::version::Bump;

        $(pub(crate) static $name: Rule = Rule {
            id: $id,
            what: $what,
            breaks: &[$(Side::$side),*],
            requires: Bump::$bump,
            level: Level::$level,
            specification: crate::compatibility::rules::$specification,
            explanation: $explanation,
            before: include_str!(concat!("../../../rules/", $id, "/before.wit")),
            after: include_str!(concat!("../../../rules/", $id, "/after.wit")),
        };)+

        /// The rules of this part.
        pub(crate) const TABLE: &[&Rule] = &[$(&$name),+];
    };
}
pub(crate) use rules;

/// Links a section of the specification at the commit that this crate follows.
macro_rules! specification {
    ($($name:ident $section:literal)+) => {
        $(pub(crate) const $name: &str = concat!(
            "https://github.com/WebAssembly/component-model/blob/6d281648bd89caf885a7adcc412962dbd2425ab7/design/mvp/",
            $section
        );)+
    };
}

specification! {
    TYPE_CHECKING "Explainer.md#type-checking"
    DEFINITION_TYPES "Explainer.md#definition-types"
    EXTERN_NAMES "Explainer.md#import-and-export-definitions"
    PACKAGE_NAMES "WIT.md#package-names"
    INTERFACES "WIT.md#wit-interfaces"
    WORLDS "WIT.md#wit-worlds"
    INCLUDE "WIT.md#union-of-worlds-with-include"
    COMMENTS "WIT.md#comments"
    TYPE_ALIAS "WIT.md#item-type-alias"
    RECORD "WIT.md#item-record-bag-of-named-fields"
    FLAGS "WIT.md#item-flags-bag-of-bools"
    VARIANT "WIT.md#item-variant-one-of-a-set-of-types"
    ENUM "WIT.md#item-enum-variant-but-with-no-payload"
    RESOURCE "WIT.md#item-resource"
    USE "WIT.md#item-use"
    FEATURE_GATES "WIT.md#feature-gates"
    STABILIZATION "WIT.md#scenario-stabilization-of-a-new-feature"
    DEPRECATION "WIT.md#scenario-deprecation-of-an-existing-stable-feature"
}
