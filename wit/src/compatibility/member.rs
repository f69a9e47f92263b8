//! Decides how two lists of named members differ: fields, cases, flags and parameters. From both lists, to a [`Difference`] a
//! member, and one for their order.

use wit_parser::{Docs, Span, Type};

use crate::compatibility::sameness::{Sameness, Types};

/// A field, case, flag or parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'p> {
    pub(crate) name: &'p str,
    /// None for a case without a payload and for a flag.
    pub(crate) ty: Option<Type>,
    pub(crate) span: Span,
    pub(crate) docs: Option<&'p Docs>,
}

/// One difference between two lists of members.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Difference<'p> {
    Added(Member<'p>),
    Removed(Member<'p>),
    /// One is gone and another of the same type is in its place.
    Renamed(Member<'p>, Member<'p>),
    Retyped(Member<'p>, Member<'p>, Sameness),
    /// The same as before, but perhaps for the documentation.
    Kept(Member<'p>, Member<'p>),
    /// Those that are in both are in another order.
    Reordered,
}

/// Compares the lists: what is in both or only before in the order before, then what is only after, then the order.
pub(crate) fn differences<'p>(
    types: &mut Types<'_>,
    before: &[Member<'p>],
    after: &[Member<'p>],
) -> Vec<Difference<'p>> {
    let find = |members: &[Member<'p>], name: &str| members.iter().find(|member| member.name == name).copied();
    let mut differences = Vec::new();
    let mut renamed = Vec::new();
    for (index, member) in before.iter().enumerate() {
        let in_place = after.get(index).filter(|it| find(before, it.name).is_none()).copied();
        match (find(after, member.name), in_place) {
            (Some(now), _) => match types.compare_optional(member.ty, now.ty) {
                Sameness::Same => differences.push(Difference::Kept(*member, now)),
                sameness => differences.push(Difference::Retyped(*member, now, sameness)),
            },
            (None, Some(now)) if types.compare_optional(member.ty, now.ty) == Sameness::Same => {
                renamed.push(now.name);
                differences.push(Difference::Renamed(*member, now));
            }
            (None, _) => differences.push(Difference::Removed(*member)),
        }
    }
    let is_new = |member: &&Member<'p>| find(before, member.name).is_none() && !renamed.contains(&member.name);
    differences.extend(after.iter().filter(is_new).map(|member| Difference::Added(*member)));
    let common = |one: &[Member<'p>], other: &[Member<'p>]| {
        one.iter().map(|member| member.name).filter(|name| find(other, name).is_some()).collect::<Vec<_>>()
    };
    if common(before, after) != common(after, before) {
        differences.push(Difference::Reordered);
    }
    differences
}

/// The names in their order: `a, b`.
pub(crate) fn order(members: &[Member<'_>]) -> String {
    members.iter().map(|member| member.name).collect::<Vec<_>>().join(", ")
}
