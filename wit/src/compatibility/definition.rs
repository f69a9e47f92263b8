//! Decides what is different between two definitions of one name: of records, variants, enums, flags, resources and aliases.

use std::mem::discriminant;

use wit_parser::{Type, TypeDefKind, TypeId};

use crate::compatibility::interface::{Comparison, Scope};
use crate::compatibility::member::{Difference, Member, differences, order};
use crate::compatibility::rule::Rule;
use crate::compatibility::rules::value as values;
use crate::compatibility::sameness::{Sameness, target};
use crate::compatibility::spelling::{spell, spell_kind, spell_optional};

/// What the rules for a kind of member are.
pub(crate) struct MemberRules {
    pub(crate) noun: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) added: &'static Rule,
    pub(crate) removed: &'static Rule,
    pub(crate) renamed: &'static Rule,
    pub(crate) reordered: &'static Rule,
    pub(crate) retyped: &'static Rule,
    pub(crate) made_optional: &'static Rule,
}

static FIELDS: MemberRules = MemberRules {
    noun: "field",
    plural: "fields",
    added: &values::FIELD_ADDED,
    removed: &values::FIELD_REMOVED,
    renamed: &values::FIELD_RENAMED,
    reordered: &values::FIELDS_REORDERED,
    retyped: &values::FIELD_RETYPED,
    made_optional: &values::FIELD_MADE_OPTIONAL,
};

const CASES: MemberRules = MemberRules {
    noun: "case",
    plural: "cases",
    added: &values::CASE_ADDED,
    removed: &values::CASE_REMOVED,
    renamed: &values::CASE_RENAMED,
    reordered: &values::CASES_REORDERED,
    retyped: &values::CASE_RETYPED,
    made_optional: &values::CASE_RETYPED,
};

static ENUM_CASES: MemberRules = MemberRules {
    added: &values::ENUM_CASE_ADDED,
    removed: &values::ENUM_CASE_REMOVED,
    renamed: &values::ENUM_CASE_RENAMED,
    reordered: &values::ENUM_CASES_REORDERED,
    ..CASES
};

static FLAGS: MemberRules = MemberRules {
    noun: "flag",
    plural: "flags",
    added: &values::FLAG_ADDED,
    removed: &values::FLAG_REMOVED,
    renamed: &values::FLAG_RENAMED,
    reordered: &values::FLAGS_REORDERED,
    ..CASES
};

impl Comparison<'_> {
    /// Compares what one name stands for in two versions of an interface.
    pub(crate) fn definitions(&mut self, scope: &Scope, before: TypeId, after: TypeId) {
        let (old, new) = (self.before.resolve(), self.after.resolve());
        let (used_before, used_after) = (&old.types[before].kind, &new.types[after].kind);
        if let (TypeDefKind::Type(used_before @ Type::Id(_)), TypeDefKind::Type(used_after @ Type::Id(_))) =
            (used_before, used_after)
        {
            return self.aliases(scope, *used_before, *used_after);
        }
        let [was_used, is_used] = [used_before, used_after].map(Origin::of);
        let (target_before, target_after) = (target(old, Type::Id(before)), target(new, Type::Id(after)));
        let (Type::Id(before), Type::Id(after)) = (target_before, target_after) else {
            if target_before != target_after {
                self.retargeted(scope, target_before, target_after);
            }
            return;
        };
        let (kind_before, kind_after) = (&old.types[before].kind, &new.types[after].kind);
        let is_of_one_kind = discriminant(kind_before) == discriminant(kind_after);
        if let (true, Some((rules, before)), Some((_, after))) =
            (is_of_one_kind, members_of(kind_before), members_of(kind_after))
        {
            return self.members(scope, rules, &before, &after);
        }
        match (kind_before, kind_after) {
            (TypeDefKind::Resource, TypeDefKind::Resource) => self.resources(scope, was_used, is_used),
            (one, other) if is_structure(one) && is_structure(other) => {
                match self.types.compare_structures(before, after) {
                    Sameness::Same => {}
                    Sameness::Equal => self.equal(scope, Type::Id(before), Type::Id(after)),
                    Sameness::Different => {
                        let message =
                            format!("the type is {}, and was {}", spell_kind(new, after), spell_kind(old, before));
                        self.change(&values::ALIAS_RETARGETED, scope, message);
                    }
                }
            }
            _ => {
                let message = format!("the type is {}, and was {}", spell_kind(new, after), spell_kind(old, before));
                self.change(&values::KIND_CHANGED, scope, message);
            }
        }
    }

    /// Compares where two resources of one name are defined.
    fn resources(&mut self, scope: &Scope, was: Origin, is: Origin) {
        match (was, is) {
            (Origin::Defined, Origin::Used) => {
                let message = "the resource is used from elsewhere, and was defined here";
                self.change(&values::RESOURCE_NOW_USED, scope, message);
            }
            (Origin::Used, Origin::Defined) => {
                let message = "the resource is defined here, and was used from elsewhere";
                self.change(&values::RESOURCE_NOW_DEFINED, scope, message);
            }
            (Origin::Defined, Origin::Defined) | (Origin::Used, Origin::Used) => {}
        }
    }

    /// Compares what two aliases, or `use`s, of one name stand for.
    fn aliases(&mut self, scope: &Scope, before: Type, after: Type) {
        let homes = match (before, after) {
            (Type::Id(before), Type::Id(after)) => self.types.home_before(before).zip(self.types.home_after(after)),
            _ => None,
        };
        let Some((home_before, home_after)) = homes else { return self.retargeted(scope, before, after) };
        let same_name = home_before.is_of_the_name(&home_after);
        // What this package defines itself is compared there.
        if same_name && (home_before.package.is_none() || self.types.are_equal(before, after)) {
            return;
        }
        let is_resource = |resolve: &wit_parser::Resolve, ty: Type| match target(resolve, ty) {
            Type::Id(id) => matches!(resolve.types[id].kind, TypeDefKind::Resource),
            _ => false,
        };
        let name = home_after.name;
        if is_resource(self.before.resolve(), before) && is_resource(self.after.resolve(), after) {
            if !self.types.are_equal(before, after) {
                let message = format!("the resource `{name}` is another than before, of another interface or track");
                self.change(&values::USED_RESOURCE_CHANGED, scope, message);
            }
        } else if same_name {
            let message = format!("the type `{name}`, which is used from another package, is made up otherwise");
            self.change(&values::USED_TYPE_CHANGED, scope, message);
        } else {
            self.retargeted(scope, before, after);
        }
    }

    fn retargeted(&mut self, scope: &Scope, before: Type, after: Type) {
        match self.types.compare(before, after) {
            Sameness::Same => {}
            Sameness::Equal => self.equal(scope, before, after),
            Sameness::Different => {
                let [after, before] = [spell(self.after.resolve(), after), spell(self.before.resolve(), before)];
                let message = format!("the type is `{after}`, and was `{before}`");
                self.change(&values::ALIAS_RETARGETED, scope, message);
            }
        }
    }

    /// Notes that a type has been replaced by one that is made up the same.
    pub(crate) fn equal(&mut self, scope: &Scope, before: Type, after: Type) {
        let [after, before] = [spell(self.after.resolve(), after), spell(self.before.resolve(), before)];
        let message = match after == before {
            true => format!("the type `{after}` is of another interface than before, and made up the same"),
            false => format!("the type is `{after}`, and was `{before}`, which is made up the same"),
        };
        self.change(&values::EQUAL_TYPE, scope, message);
    }

    /// Compares members of definitions or the parameters of functions.
    pub(crate) fn members(&mut self, scope: &Scope, rules: &MemberRules, before: &[Member<'_>], after: &[Member<'_>]) {
        let noun = rules.noun;
        for difference in differences(&mut self.types, before, after) {
            match difference {
                Difference::Added(member) => {
                    let scope = scope.within(member.name, scope.before, member.span);
                    self.change(rules.added, &scope, format!("the {noun} is new"));
                }
                Difference::Removed(member) => {
                    let scope = scope.within(member.name, member.span, scope.after);
                    self.change(rules.removed, &scope, format!("the {noun} is gone"));
                }
                Difference::Renamed(before, after) => {
                    let scope = scope.within(before.name, before.span, after.span);
                    self.change(rules.renamed, &scope, format!("the {noun} is called `{}`", after.name));
                }
                Difference::Retyped(before, after, sameness) => {
                    let scope = scope.within(after.name, before.span, after.span);
                    self.retyped(&scope, rules, before.ty, after.ty, sameness);
                }
                Difference::Kept(before, after) => {
                    let scope = scope.within(after.name, before.span, after.span);
                    if let (Some(before), Some(after)) = (before.docs, after.docs) {
                        self.documentation(&scope, before, after);
                    }
                }
                Difference::Reordered => {
                    let message = format!("the {} are {}, and were {}", rules.plural, order(after), order(before));
                    self.change(rules.reordered, scope, message);
                }
            }
        }
    }

    /// Notes that something with a type has another.
    fn retyped(
        &mut self,
        scope: &Scope,
        rules: &MemberRules,
        before: Option<Type>,
        after: Option<Type>,
        sameness: Sameness,
    ) {
        if let (Sameness::Equal, Some(before), Some(after)) = (sameness, before, after) {
            return self.equal(scope, before, after);
        }
        let rule = if self.is_option_of(after, before) { rules.made_optional } else { rules.retyped };
        let [after, before] =
            [spell_optional(self.after.resolve(), after), spell_optional(self.before.resolve(), before)];
        self.change(rule, scope, format!("the {} is {after}, and was {before}", rules.noun));
    }

    /// Whether the type after is an option of that before.
    pub(crate) fn is_option_of(&mut self, after: Option<Type>, before: Option<Type>) -> bool {
        let resolve = self.after.resolve();
        match (before, after.map(|ty| target(resolve, ty))) {
            (Some(before), Some(Type::Id(id))) => match resolve.types[id].kind {
                TypeDefKind::Option(inner) => self.types.compare(before, inner) != Sameness::Different,
                _ => false,
            },
            _ => false,
        }
    }
}

/// Whether an interface defines what it has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It does.
    Defined,
    /// The name stands for another type.
    Used,
}

impl Origin {
    fn of(kind: &TypeDefKind) -> Origin {
        if matches!(kind, TypeDefKind::Type(_)) { Origin::Used } else { Origin::Defined }
    }
}

/// What a definition consists of that has names, and the rules for that.
fn members_of(kind: &TypeDefKind) -> Option<(&'static MemberRules, Vec<Member<'_>>)> {
    Some(match kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            (&FIELDS, fields.map(|it| member(&it.name, Some(it.ty), it.span, &it.docs)).collect())
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            (&CASES, cases.map(|it| member(&it.name, it.ty, it.span, &it.docs)).collect())
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.cases.iter();
            (&ENUM_CASES, cases.map(|it| member(&it.name, None, it.span, &it.docs)).collect())
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter();
            (&FLAGS, flags.map(|it| member(&it.name, None, it.span, &it.docs)).collect())
        }
        _ => return None,
    })
}

fn member<'p>(name: &'p str, ty: Option<Type>, span: wit_parser::Span, docs: &'p wit_parser::Docs) -> Member<'p> {
    Member { name, ty, span, docs: Some(docs) }
}

/// Whether a definition of the kind is no more than a name for what it is made up of.
fn is_structure(kind: &TypeDefKind) -> bool {
    !matches!(
        kind,
        TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
    )
}
