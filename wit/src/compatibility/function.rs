//! Decides what is different between two functions of one name: their kinds, parameters and results.

use wit_parser::{Function, FunctionKind, Type, TypeDefKind};

use crate::compatibility::definition::MemberRules;
use crate::compatibility::interface::{Comparison, Scope};
use crate::compatibility::member::Member;
use crate::compatibility::rules::function as functions;
use crate::compatibility::sameness::{Sameness, target};
use crate::compatibility::spelling::spell_optional;

const PARAMETERS: MemberRules = MemberRules {
    noun: "parameter",
    plural: "parameters",
    added: &functions::PARAMETER_ADDED,
    removed: &functions::PARAMETER_REMOVED,
    renamed: &functions::PARAMETER_RENAMED,
    reordered: &functions::PARAMETERS_REORDERED,
    retyped: &functions::PARAMETER_RETYPED,
    made_optional: &functions::PARAMETER_MADE_OPTIONAL,
};

/// What a function is called: `method`.
pub(crate) fn kind(function: &Function) -> &'static str {
    match function.kind {
        FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => "function",
        FunctionKind::Method(_) | FunctionKind::AsyncMethod(_) => "method",
        FunctionKind::Static(_) | FunctionKind::AsyncStatic(_) => "static function",
        FunctionKind::Constructor(_) => "constructor",
    }
}

impl Comparison<'_> {
    /// Compares two functions of one name.
    pub(crate) fn functions(&mut self, scope: &Scope, before: &Function, after: &Function) {
        match (kind(before), kind(after)) {
            ("method", "static function") => {
                self.change(&functions::METHOD_MADE_STATIC, scope, "the method is a static function now");
            }
            ("static function", "method") => {
                self.change(&functions::STATIC_MADE_METHOD, scope, "the static function is a method now");
            }
            _ => {}
        }
        match (before.kind.is_async(), after.kind.is_async()) {
            (false, true) => self.change(&functions::MADE_ASYNC, scope, "the function is async, and was not"),
            (true, false) => self.change(&functions::MADE_SYNC, scope, "the function was async, and is not"),
            _ => {}
        }
        self.members(scope, &PARAMETERS, &parameters(before), &parameters(after));
        let scope = Scope { path: format!("{} (result)", scope.path), ..scope.clone() };
        self.results(&scope, before.result, after.result);
    }

    fn results(&mut self, scope: &Scope, before: Option<Type>, after: Option<Type>) {
        let rule = match (self.types.compare_optional(before, after), before, after) {
            (Sameness::Same, ..) => return,
            (Sameness::Equal, Some(before), Some(after)) => return self.equal(scope, before, after),
            (_, None, _) => &functions::RESULT_ADDED,
            (_, _, None) => &functions::RESULT_REMOVED,
            (_, Some(_), Some(_)) if self.is_option_of(after, before) => &functions::RESULT_MADE_OPTIONAL,
            (_, Some(before), Some(after)) if self.is_result_of(after, before) => &functions::RESULT_MADE_FALLIBLE,
            _ => &functions::RESULT_RETYPED,
        };
        let [after, before] =
            [spell_optional(self.after.resolve(), after), spell_optional(self.before.resolve(), before)];
        self.change(rule, scope, format!("the function returns {after}, and returned {before}"));
    }

    /// Whether the type after is a result of that before.
    fn is_result_of(&mut self, after: Type, before: Type) -> bool {
        let resolve = self.after.resolve();
        let Type::Id(id) = target(resolve, after) else { return false };
        match resolve.types[id].kind {
            TypeDefKind::Result(wit_parser::Result_ { ok: Some(ok), err: _ }) => {
                self.types.compare(before, ok) != Sameness::Different
            }
            _ => false,
        }
    }
}

/// The parameters without that which every method has.
fn parameters(function: &Function) -> Vec<Member<'_>> {
    let own = match function.kind {
        FunctionKind::Method(_) | FunctionKind::AsyncMethod(_) => 1,
        _ => 0,
    };
    let parameters = function.params.iter().skip(own);
    parameters.map(|it| Member { name: &it.name, ty: Some(it.ty), span: it.span, docs: None }).collect()
}
