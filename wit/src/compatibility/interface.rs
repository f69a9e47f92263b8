//! Decides which interfaces and worlds are compared with which, and what is different between two interfaces: which types and
//! functions there are. What is within these is decided by [`definition`](super::definition) and [`function`](super::function).

use std::collections::{BTreeSet, HashSet};

use indexmap::{IndexMap, IndexSet};
use wit_parser::{Function, InterfaceId, Resolve, Span, TypeDefKind, TypeId, WorldItem, WorldKey};

use crate::compatibility::change::{Change, WorldUse};
use crate::compatibility::gate::{Gates, Life, Part, Presence, known};
use crate::compatibility::rule::{Rule, Side};
use crate::compatibility::rules::{function as functions, gate as gates, package as packages, value as values};
use crate::compatibility::sameness::Types;
use crate::compatibility::version::Bump;
use crate::compatibility::world::UsedItem;
use crate::compatibility::{Features, world};
use crate::package::Package;

/// A comparison under way.
pub(crate) struct Comparison<'a> {
    pub(crate) before: &'a Package,
    pub(crate) after: &'a Package,
    pub(crate) features: &'a Features,
    pub(crate) types: Types<'a>,
    pub(crate) gates: Gates,
    changes: Vec<Change>,
    uses: IndexMap<String, WorldUse>,
}

/// What is being compared: an interface, a world, or something within one.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Its path.
    pub(crate) path: String,
    pub(crate) used: WorldUse,
    /// Where its name is in the text before.
    pub(crate) before: Span,
    /// Where its name is in the text after.
    pub(crate) after: Span,
}

impl Scope {
    /// The scope of something within this.
    pub(crate) fn within(&self, name: &str, before: Span, after: Span) -> Scope {
        Scope { path: format!("{}.{name}", self.path), used: self.used, before, after }
    }

    /// Whether this is of something within another.
    fn is_within(&self, other: &Scope) -> bool {
        self.path.strip_prefix(&other.path).is_some_and(|rest| rest.starts_with('.'))
    }
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(before: &'a Package, after: &'a Package, features: &'a Features) -> Comparison<'a> {
        Comparison {
            before,
            after,
            features,
            types: Types::new(before, after),
            gates: Gates::Told,
            changes: Vec::new(),
            uses: world::uses(before, after, features),
        }
    }

    pub(crate) fn finish(self) -> Vec<Change> {
        self.changes
    }

    /// Compares the packages, all their interfaces and all their worlds.
    pub(crate) fn packages(&mut self) {
        self.names();
        let (before, after) = (self.before.package(), self.after.package());
        let none = Span::default();
        let scope =
            Scope { path: self.before.name().to_string(), used: WorldUse::default(), before: none, after: none };
        self.documentation(&scope, &before.docs, &after.docs);
        for (name, id) in paired(&before.interfaces, &after.interfaces) {
            let scope = Scope { path: format!("{}/{name}", self.before.name()), ..scope.clone() };
            self.interface_of_package(&scope, id.0.copied(), id.1.copied());
        }
        for (name, id) in paired(&before.worlds, &after.worlds) {
            let scope = Scope { path: format!("{}/{name}", self.before.name()), ..scope.clone() };
            self.world(&scope, id.0.copied(), id.1.copied());
        }
        self.dependencies();
    }

    /// Notes a change of something that is in one text at least.
    pub(crate) fn change(&mut self, rule: &'static Rule, scope: &Scope, message: impl Into<String>) {
        self.change_like(rule, rule, scope, message);
    }

    /// Notes a change by `rule` that breaks whom one by `effect` would.
    pub(crate) fn change_like(
        &mut self,
        rule: &'static Rule,
        effect: &'static Rule,
        scope: &Scope,
        message: impl Into<String>,
    ) {
        let breaks = scope.used.breaks(effect.breaks);
        self.push(rule, scope, message.into(), breaks, scope.used.requires(effect));
    }

    /// Notes a change that breaks exactly whom the rule says.
    pub(crate) fn change_of_world(&mut self, rule: &'static Rule, scope: &Scope, message: impl Into<String>) {
        self.push(rule, scope, message.into(), rule.breaks.iter().copied().collect(), rule.requires);
    }

    /// Does something, and tells whether that noted changes, which are forgotten.
    pub(crate) fn would_change(&mut self, compare: impl FnOnce(&mut Self)) -> bool {
        let before = self.changes.len();
        compare(self);
        let changed = self.changes.len() > before;
        self.changes.truncate(before);
        changed
    }

    fn push(&mut self, rule: &'static Rule, scope: &Scope, message: String, breaks: BTreeSet<Side>, requires: Bump) {
        self.changes.push(Change {
            rule,
            path: scope.path.clone(),
            message,
            breaks,
            requires,
            used: scope.used,
            before: self.before.place(scope.before),
            after: self.after.place(scope.after),
        });
    }

    /// Compares the names and versions of the packages.
    fn names(&mut self) {
        let (before, after) = (self.before, self.after);
        let none = Span::default();
        let scope = Scope { path: before.name().to_string(), used: WorldUse::default(), before: none, after: none };
        if before.name() != after.name() {
            let message = format!("the package is `{}`, and was `{}`", after.name(), before.name());
            self.change_of_world(&packages::PACKAGE_RENAMED, &scope, message);
        }
        match (before.version(), after.version()) {
            (None, Some(version)) => {
                let message = format!("the package has the version {version}, and had none");
                self.change_of_world(&packages::VERSION_ADDED, &scope, message);
            }
            (Some(version), None) => {
                let message = format!("the package has no version, and had {version}");
                self.change_of_world(&packages::VERSION_REMOVED, &scope, message);
            }
            (Some(before), Some(after)) if after.cmp_precedence(before).is_lt() => {
                let message = format!("the version is {after}, and was {before}");
                self.change_of_world(&packages::VERSION_DECREASED, &scope, message);
            }
            _ => {}
        }
    }

    fn interface_of_package(&mut self, scope: &Scope, before: Option<InterfaceId>, after: Option<InterfaceId>) {
        let part = |package: &'a Package, id| {
            let interface = &package.resolve().interfaces[id];
            Part { docs: &interface.docs, stability: &interface.stability, span: interface.span }
        };
        let life = Life { noun: "interface", added: &packages::INTERFACE_ADDED, removed: &packages::INTERFACE_REMOVED };
        // That worlds lose or gain an interface with the package is a change of theirs.
        self.item(scope, life, before, after, part, |comparison, scope, before, after| {
            let used = comparison.use_of(comparison.before, before);
            comparison.interfaces(&Scope { used, ..scope.clone() }, before, after);
        });
    }

    /// Compares the interfaces of other packages that worlds of both versions use.
    fn dependencies(&mut self) {
        let [before, after] = [self.before, self.after].map(|package| foreign_interfaces(package, self.features));
        for (key, Foreign { id, is_shown }) in &before {
            let Some(Foreign { id: after, is_shown: is_shown_after }) = after.get(key) else { continue };
            let [one, other] = [&self.before.resolve().interfaces[*id], &self.after.resolve().interfaces[*after]];
            let path = key.split_once('@').map_or(key.as_str(), |(name, _)| name).to_owned();
            let used = self.uses.get(key).copied().unwrap_or_default();
            let scope = Scope { path, used, before: one.span, after: other.span };
            // An encoded package has the gates and the documentation of its own items alone.
            let is_told = one.span.is_known() && other.span.is_known();
            self.gates = if is_told { Gates::Told } else { Gates::Forgotten };
            if *is_shown || *is_shown_after {
                self.interfaces(&scope, *id, *after);
            } else if self.would_change(|comparison| comparison.interfaces(&scope, *id, *after)) {
                let message = "the interface, which worlds use behind a feature, changed";
                self.change(&gates::UNSTABLE_CHANGED, &scope, message);
            }
        }
        self.gates = Gates::Told;
    }

    fn use_of(&self, package: &Package, interface: InterfaceId) -> WorldUse {
        self.uses.get(&world::interface_key(package, interface)).copied().unwrap_or_default()
    }

    /// Compares the types and functions of two interfaces.
    pub(crate) fn interfaces(&mut self, scope: &Scope, before: InterfaceId, after: InterfaceId) {
        let (before, after) = (&self.before.resolve().interfaces[before], &self.after.resolve().interfaces[after]);
        // The functions of a resource that comes or goes come and go with it; those of a hidden one are hidden with it.
        let mut settled = HashSet::new();
        let mut hidden = Vec::new();
        for (name, (before, after)) in paired(&before.types, &after.types) {
            let so_far = self.changes.len();
            if !self.named_type(scope, name, before.copied(), after.copied()) {
                settled.insert(name.to_owned());
                if let (Some(before), Some(after)) = (before, after)
                    && self.changes.len() == so_far
                {
                    let [before, after] = [(self.before, before, scope.before), (self.after, after, scope.after)]
                        .map(|(package, id, around)| known(package.resolve().types[*id].span).unwrap_or(around));
                    hidden.push(scope.within(name, before, after));
                }
            }
        }
        let (before, after) = (methods_renamed(&before.functions), methods_renamed(&after.functions));
        let functions = paired(&before, &after);
        for (path, (before, after)) in &functions {
            let resource = path.split_once('.').map(|(resource, _)| resource);
            if !resource.is_some_and(|resource| settled.contains(resource)) {
                self.function(scope, path, before.copied(), after.copied());
            }
        }
        for resource in hidden {
            let of_resource =
                functions.iter().filter(|(path, _)| scope.within(path, scope.before, scope.after).is_within(&resource));
            let changed = self.would_change(|comparison| {
                for (path, (before, after)) in of_resource {
                    comparison.function(scope, path, before.copied(), after.copied());
                }
            });
            if changed {
                self.change(&gates::UNSTABLE_CHANGED, &resource, "the resource, which is behind a feature, changed");
            }
        }
    }

    /// Compares what a name of an interface or world stands for; whether it is there in both versions.
    pub(crate) fn named_type(
        &mut self,
        scope: &Scope,
        name: &str,
        before: Option<TypeId>,
        after: Option<TypeId>,
    ) -> bool {
        let part = |package: &'a Package, id| {
            let definition = &package.resolve().types[id];
            Part { docs: &definition.docs, stability: &definition.stability, span: definition.span }
        };
        let is_resource = |resolve: &Resolve, id: Option<TypeId>| {
            id.is_some_and(|id| matches!(resolve.types[id].kind, TypeDefKind::Resource))
        };
        let life = match is_resource(self.before.resolve(), before) || is_resource(self.after.resolve(), after) {
            true => Life { noun: "resource", added: &values::RESOURCE_ADDED, removed: &values::RESOURCE_REMOVED },
            false => Life { noun: "type", added: &values::TYPE_ADDED, removed: &values::TYPE_REMOVED },
        };
        let scope = scope.within(name, scope.before, scope.after);
        self.item(&scope, life, before, after, part, Self::definitions) == Presence::InBoth
    }

    fn function(&mut self, scope: &Scope, path: &str, before: Option<&Function>, after: Option<&Function>) {
        let Some(kind) = before.or(after).map(super::function::kind) else { return };
        let (added, removed) = match kind {
            "constructor" => (&functions::CONSTRUCTOR_ADDED, &functions::CONSTRUCTOR_REMOVED),
            "method" => (&functions::METHOD_ADDED, &functions::METHOD_REMOVED),
            "static function" => (&functions::STATIC_ADDED, &functions::STATIC_REMOVED),
            _ => (&functions::FUNCTION_ADDED, &functions::FUNCTION_REMOVED),
        };
        let life = Life { noun: kind, added, removed };
        let scope = scope.within(path, scope.before, scope.after);
        let part = |_: &Package, function| part(function);
        self.item(&scope, life, before, after, part, Self::functions);
    }
}

fn part(function: &Function) -> Part<'_> {
    Part { docs: &function.docs, stability: &function.stability, span: function.span }
}

/// A name, and what it stands for before and after.
type Paired<'m, T> = (&'m str, (Option<&'m T>, Option<&'m T>));

/// What two versions have under each name, in the order before; what is only in the version after comes last.
pub(crate) fn paired<'m, T>(before: &'m IndexMap<String, T>, after: &'m IndexMap<String, T>) -> Vec<Paired<'m, T>> {
    let names: IndexSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().map(|name| (name.as_str(), (before.get(name), after.get(name)))).collect()
}

/// The functions by their paths, so that a method and a static function of one name meet: `cart.add`, `cart.constructor`.
fn methods_renamed(functions: &IndexMap<String, Function>) -> IndexMap<String, &Function> {
    functions.iter().map(|(name, function)| (crate::comparison::function_path(name), function)).collect()
}

/// The interfaces of other packages that the worlds of a package use.
fn foreign_interfaces(package: &Package, features: &Features) -> IndexMap<String, Foreign> {
    let mut interfaces: IndexMap<String, Foreign> = IndexMap::new();
    for UsedItem { key, item, is_shown, .. } in world::items(package, features) {
        if let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item)
            && package.resolve().interfaces[*id].package != Some(package.id())
        {
            let known = interfaces.entry(world::interface_key(package, *id));
            known.or_insert(Foreign { id: *id, is_shown: false }).is_shown |= is_shown;
        }
    }
    interfaces
}

/// An interface of another package.
struct Foreign {
    id: InterfaceId,
    /// Whether a world uses it with the features that are on.
    is_shown: bool,
}
