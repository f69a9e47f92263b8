//! Decides which items of a package each rule looks at, and whether it finds something there.

use semver::Version;
use wit_parser::{
    Docs, Function, FunctionKind, Interface, Span, Stability, TypeDef, TypeDefKind, TypeId, World, WorldItem, WorldKey,
};

use crate::comparison::function_path;
use crate::features::{deprecated, since};
use crate::lint::{Lint, LintRule, rules};
use crate::package::Package;
use crate::text::is_keyword;

/// A walk through all items of a package.
pub(crate) struct Walk<'a> {
    package: &'a Package,
    lints: Vec<Lint>,
    /// Whether any item says since when it is there.
    is_annotated: bool,
}

/// An item, and what it belongs to.
struct Item<'a> {
    path: String,
    noun: &'static str,
    /// Its own name; none for a constructor.
    name: Option<&'a str>,
    span: Span,
    docs: &'a Docs,
    stability: &'a Stability,
    owner: Option<&'a Owner<'a>>,
}

/// What items belong to.
struct Owner<'a> {
    path: String,
    name: &'a str,
    since: Option<&'a Version>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(package: &'a Package) -> Walk<'a> {
        Walk { package, lints: Vec::new(), is_annotated: is_annotated(package) }
    }

    pub(crate) fn finish(mut self) -> Vec<Lint> {
        let (name, resolve) = (self.package.name(), self.package.resolve());
        if self.package.version().is_none() {
            let message = "the package has no version".to_owned();
            self.find(&rules::PACKAGE_UNVERSIONED, name.to_string(), Span::default(), message);
        }
        for (interface_name, id) in &self.package.package().interfaces {
            self.interface(interface_name, format!("{name}/{interface_name}"), &resolve.interfaces[*id]);
        }
        for (world_name, id) in &self.package.package().worlds {
            self.world(world_name, format!("{name}/{world_name}"), &resolve.worlds[*id]);
        }
        self.lints
    }

    fn find(&mut self, rule: &'static LintRule, path: String, span: Span, message: String) {
        self.lints.push(Lint { rule, path, message, place: self.package.place(span) });
    }

    fn interface(&mut self, name: &str, path: String, interface: &Interface) {
        self.item(&Item {
            path: path.clone(),
            noun: "interface",
            name: Some(name),
            span: interface.span,
            docs: &interface.docs,
            stability: &interface.stability,
            owner: None,
        });
        if interface.types.is_empty() && interface.functions.is_empty() {
            self.find(&rules::EMPTY_INTERFACE, path.clone(), interface.span, "the interface is empty".to_owned());
        }
        self.members(&Owner { path, name, since: since(&interface.stability) }, interface);
    }

    fn members(&mut self, owner: &Owner<'_>, interface: &Interface) {
        for (name, id) in &interface.types {
            self.named_type(owner, name, *id);
        }
        for function in interface.functions.values() {
            let definition = function.kind.resource().map(|id| &self.package.resolve().types[id]);
            let resource = definition.and_then(|resource| {
                let name = resource.name.as_deref()?;
                Some(Owner { path: format!("{}.{name}", owner.path), name, since: since(&resource.stability) })
            });
            self.function(resource.as_ref().unwrap_or(owner), &owner.path, function);
        }
    }

    fn world(&mut self, name: &str, path: String, world: &World) {
        self.item(&Item {
            path: path.clone(),
            noun: "world",
            name: Some(name),
            span: world.span,
            docs: &world.docs,
            stability: &world.stability,
            owner: None,
        });
        if world.imports.is_empty() && world.exports.is_empty() {
            self.find(&rules::EMPTY_WORLD, path.clone(), world.span, "the world is empty".to_owned());
        }
        let owner = Owner { path, name, since: since(&world.stability) };
        for (key, item) in world.imports.iter().chain(&world.exports) {
            match (key, item) {
                (WorldKey::Name(_), WorldItem::Function(function)) => self.function(&owner, &owner.path, function),
                (WorldKey::Name(name), WorldItem::Type { id, .. }) => self.named_type(&owner, name, *id),
                (WorldKey::Name(name), WorldItem::Interface { id, .. }) => {
                    let owner = Owner { path: format!("{}.{name}", owner.path), name, since: owner.since };
                    self.members(&owner, &self.package.resolve().interfaces[*id]);
                }
                // Where it is defined.
                (WorldKey::Interface(_), _) => {}
            }
        }
    }

    fn named_type(&mut self, owner: &Owner<'_>, name: &str, id: TypeId) {
        let definition: &TypeDef = &self.package.resolve().types[id];
        // What is used from elsewhere is described there.
        if let TypeDefKind::Type(wit_parser::Type::Id(_)) = definition.kind {
            return;
        }
        let path = format!("{}.{name}", owner.path);
        let noun = match &definition.kind {
            TypeDefKind::Resource => "resource",
            _ => "type",
        };
        self.item(&Item {
            path: path.clone(),
            noun,
            name: Some(name),
            span: definition.span,
            docs: &definition.docs,
            stability: &definition.stability,
            owner: Some(owner),
        });
        match &definition.kind {
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    self.member(&path, "field", &field.name, field.span, &field.docs);
                }
            }
            TypeDefKind::Variant(variant) => {
                if variant.cases.iter().all(|case| case.ty.is_none()) {
                    let message = "the variant has no payloads: it can be an enum".to_owned();
                    self.find(&rules::VARIANT_WITHOUT_PAYLOAD, path.clone(), definition.span, message);
                }
                for case in &variant.cases {
                    self.member(&path, "case", &case.name, case.span, &case.docs);
                }
            }
            TypeDefKind::Enum(definition) => {
                for case in &definition.cases {
                    self.member(&path, "case", &case.name, case.span, &case.docs);
                }
            }
            TypeDefKind::Flags(definition) => {
                for flag in &definition.flags {
                    self.member(&path, "flag", &flag.name, flag.span, &flag.docs);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, owner: &Owner<'_>, path: &str, function: &Function) {
        let is_constructor = matches!(function.kind, FunctionKind::Constructor(_));
        self.item(&Item {
            path: format!("{path}.{}", function_path(&function.name)),
            noun: if is_constructor { "constructor" } else { "function" },
            name: (!is_constructor).then(|| function.item_name()),
            span: function.span,
            docs: &function.docs,
            stability: &function.stability,
            owner: Some(owner),
        });
    }

    fn member(&mut self, owner: &str, noun: &str, name: &str, span: Span, docs: &Docs) {
        let path = format!("{owner}.{name}");
        if docs.is_empty() {
            let message = format!("the {noun} has no documentation");
            self.find(&rules::MISSING_MEMBER_DOCUMENTATION, path.clone(), span, message);
        }
        self.name(&path, noun, name, span);
    }

    /// What holds for every item.
    fn item(&mut self, item: &Item<'_>) {
        let Item { path, noun, span, owner, .. } = item;
        if item.docs.is_empty() {
            let message = format!("the {noun} has no documentation");
            self.find(&rules::MISSING_DOCUMENTATION, path.clone(), *span, message);
        }
        if let Some(name) = item.name {
            self.name(path, noun, name, *span);
            if let Some(owner) = owner.filter(|owner| repeats(name, owner.name)) {
                let message = format!("the name of the {noun} repeats `{}`, to which it belongs", owner.name);
                self.find(&rules::NAME_REPEATS_OWNER, path.clone(), *span, message);
            }
        }
        self.gates(item);
    }

    fn name(&mut self, path: &str, noun: &str, name: &str, span: Span) {
        if name.chars().any(char::is_uppercase) {
            let message = format!("the name of the {noun} has capital letters");
            self.find(&rules::UPPERCASE_NAME, path.to_owned(), span, message);
        }
        if is_keyword(name) {
            self.find(&rules::KEYWORD_NAME, path.to_owned(), span, format!("the name of the {noun} is a keyword"));
        }
    }

    fn gates(&mut self, item: &Item<'_>) {
        let Item { path, noun, span, .. } = item;
        if self.is_annotated && matches!(item.stability, Stability::Unknown) {
            let message = format!("the {noun} does not say since when it is there");
            self.find(&rules::SINCE_MISSING, path.clone(), *span, message);
        }
        let (own, deprecated) = (since(item.stability), deprecated(item.stability));
        if let (Some(own), Some(owner)) = (own, item.owner.and_then(|owner| owner.since))
            && own < owner
        {
            let message = format!("the {noun} is there since {own}, before what it belongs to, since {owner}");
            self.find(&rules::SINCE_BEFORE_OWNER, path.clone(), *span, message);
        }
        if let (Some(own), Some(deprecated)) = (own, deprecated)
            && deprecated < own
        {
            let message = format!("the {noun} is deprecated since {deprecated}, before it was there, since {own}");
            self.find(&rules::DEPRECATED_BEFORE_SINCE, path.clone(), *span, message);
        }
        if let (Some(deprecated), Some(version)) = (deprecated, self.package.version())
            && deprecated > version
        {
            let message = format!("the {noun} is deprecated since {deprecated}, after the package's version {version}");
            self.find(&rules::DEPRECATED_IN_FUTURE, path.clone(), *span, message);
        }
    }
}

/// Whether the name begins with that of what it belongs to, as a word.
fn repeats(name: &str, owner: &str) -> bool {
    name.strip_prefix(owner).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether an interface or world of the package says since when it, or a thing in it, is there.
fn is_annotated(package: &Package) -> bool {
    let resolve = package.resolve();
    let interfaces = package.package().interfaces.values().map(|id| &resolve.interfaces[*id]);
    let mut in_interfaces = interfaces.map(|interface| {
        since(&interface.stability).is_some()
            || interface.functions.values().any(|function| since(&function.stability).is_some())
            || interface.types.values().any(|id| since(&resolve.types[*id].stability).is_some())
    });
    let mut worlds = package.package().worlds.values().map(|id| &resolve.worlds[*id].stability);
    in_interfaces.any(|annotated| annotated) || worlds.any(|stability| since(stability).is_some())
}
