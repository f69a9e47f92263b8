//! Decides what is different between two definitions of one name: of records, variants, enums, flags, resources and aliases.

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

const FIELDS: MemberRules = MemberRules {
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

const ENUM_CASES: MemberRules = MemberRules {
    added: &values::ENUM_CASE_ADDED,
    removed: &values::ENUM_CASE_REMOVED,
    renamed: &values::ENUM_CASE_RENAMED,
    reordered: &values::ENUM_CASES_REORDERED,
    ..CASES
};

const FLAGS: MemberRules = MemberRules {
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
        let [was_used, is_used] = [used_before, used_after].map(|kind| matches!(kind, TypeDefKind::Type(_)));
        let (target_before, target_after) = (target(old, Type::Id(before)), target(new, Type::Id(after)));
        let (Type::Id(before), Type::Id(after)) = (target_before, target_after) else {
            if target_before != target_after {
                self.retargeted(scope, target_before, target_after);
            }
            return;
        };
        let [fields, cases] = [FIELDS, CASES];
        match (&old.types[before].kind, &new.types[after].kind) {
            (TypeDefKind::Record(before), TypeDefKind::Record(after)) => {
                let [before, after] = [before, after].map(|record| {
                    let fields = record.fields.iter();
                    fields.map(|it| member(&it.name, Some(it.ty), it.span, &it.docs)).collect::<Vec<_>>()
                });
                self.members(scope, &fields, &before, &after);
            }
            (TypeDefKind::Variant(before), TypeDefKind::Variant(after)) => {
                let [before, after] = [before, after].map(|variant| {
                    let cases = variant.cases.iter();
                    cases.map(|it| member(&it.name, it.ty, it.span, &it.docs)).collect::<Vec<_>>()
                });
                self.members(scope, &cases, &before, &after);
            }
            (TypeDefKind::Enum(before), TypeDefKind::Enum(after)) => {
                let [before, after] = [before, after]
                    .map(|it| it.cases.iter().map(|it| member(&it.name, None, it.span, &it.docs)).collect::<Vec<_>>());
                self.members(scope, &ENUM_CASES, &before, &after);
            }
            (TypeDefKind::Flags(before), TypeDefKind::Flags(after)) => {
                let [before, after] = [before, after]
                    .map(|it| it.flags.iter().map(|it| member(&it.name, None, it.span, &it.docs)).collect::<Vec<_>>());
                self.members(scope, &FLAGS, &before, &after);
            }
            (TypeDefKind::Resource, TypeDefKind::Resource) => match (was_used, is_used) {
                (false, true) => {
                    let message = "the resource is used from elsewhere, and was defined here";
                    self.change(&values::RESOURCE_NOW_USED, scope, message);
                }
                (true, false) => {
                    let message = "the resource is defined here, and was used from elsewhere";
                    self.change(&values::RESOURCE_NOW_DEFINED, scope, message);
                }
                (true, true) | (false, false) => {}
            },
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
