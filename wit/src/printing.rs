//! Decides how a world is written as WIT, from a [`World`], to text that reads as the same world again.

use indexmap::{IndexMap, IndexSet};

use crate::name::{ExternName, InterfaceName, is_label};
use crate::text::{self, Naming, Scope, escaped};
use crate::types::{Entity, Function, Interface, NamedType, Shape, Side, Type, TypeName, Types};
use crate::world::World;

/// Prints the world, then the packages of its interfaces, in the order in which the world names them.
pub(crate) fn print(world: &World) -> String {
    let mut printer = Printer { types: &world.types, text: String::new(), depth: 0 };
    printer.line("package root:component;");
    printer.line("");
    printer.block("world root", |printer| printer.world(world));
    for (package, interfaces) in packages(world) {
        printer.line("");
        printer.block(&format!("package {package}"), |printer| {
            for (name, views) in interfaces {
                let head = format!("interface {}", escaped(name.interface()));
                printer.block(&head, |printer| printer.interface(&ExternName::Interface(name.clone()), &views));
            }
        });
    }
    printer.text
}

/// The interfaces of a package, each with its views: as it is imported, and as it is exported.
type Views<'a> = IndexMap<&'a InterfaceName, Vec<&'a Interface>>;

fn packages(world: &World) -> IndexMap<String, Views<'_>> {
    let mut packages: IndexMap<String, Views<'_>> = IndexMap::new();
    for (name, entity) in world.imports.iter().chain(&world.exports) {
        if let (ExternName::Interface(name), Entity::Interface(interface)) = (name, entity) {
            packages.entry(package(name)).or_default().entry(name).or_default().push(interface);
        }
    }
    packages
}

/// The package with its version, as WIT writes it: `my:%list@1.0.0`.
fn package(name: &InterfaceName) -> String {
    format!("{}{}", package_name(name), version(name))
}

/// The interface with its package, as WIT writes it: `my:%list/%use@1.0.0`.
fn path(name: &InterfaceName) -> String {
    format!("{}/{}{}", package_name(name), escaped(name.interface()), version(name))
}

fn package_name(name: &InterfaceName) -> String {
    format!("{}:{}", escaped(name.package().namespace()), escaped(name.package().name()))
}

fn version(name: &InterfaceName) -> String {
    name.written_version().map(|version| format!("@{version}")).unwrap_or_default()
}

struct Printer<'a> {
    types: &'a Types,
    text: String,
    depth: usize,
}

impl Printer<'_> {
    fn world(&mut self, world: &World) {
        let root = root_of_imports(world);
        let scope = Scope::of(self.types, &root.types);
        self.named_types(&ExternName::Plain(String::new()), &root, &scope, &mut IndexSet::new());
        for (side, entities) in [(Side::Import, &world.imports), (Side::Export, &world.exports)] {
            let keyword = match side {
                Side::Import => "import",
                Side::Export => "export",
            };
            for (name, entity) in entities {
                self.item(keyword, name, entity, &scope);
            }
        }
    }

    fn item(&mut self, keyword: &str, name: &ExternName, entity: &Entity, scope: &Scope) {
        match (name, entity) {
            (ExternName::Interface(name), Entity::Interface(_)) => self.line(&format!("{keyword} {};", path(name))),
            (ExternName::Plain(label), Entity::Interface(interface)) if is_label(label) => {
                let head = format!("{keyword} {}: interface", escaped(label));
                self.block(&head, |printer| printer.interface(name, &[interface]));
            }
            (ExternName::Plain(label), Entity::Function(function)) if is_label(label) => {
                let function = text::function(self.types, function, Naming::Within(scope));
                self.line(&format!("{keyword} {}: {function};", escaped(label)));
            }
            // Printed with the types, and with their resource.
            (_, Entity::Type(_)) if keyword == "import" => {}
            (ExternName::Plain(name), Entity::Function(_)) if keyword == "import" && name.starts_with('[') => {}
            (name, _) => self.line(&format!("// {keyword} {name}: not expressible in WIT")),
        }
    }

    fn interface(&mut self, name: &ExternName, views: &[&Interface]) {
        let mut printed = IndexSet::new();
        for view in views {
            self.named_types(name, view, &Scope::of(self.types, &view.types), &mut printed);
        }
        for view in views {
            let scope = Scope::of(self.types, &view.types);
            for (name, function) in view.functions.iter().filter(|(name, _)| !name.starts_with('[')) {
                if printed.insert(name.clone()) {
                    let function = text::function(self.types, function, Naming::Within(&scope));
                    self.line(&format!("{}: {function};", escaped(name)));
                }
            }
        }
    }

    /// The types of an interface that are not printed yet, resources with their functions.
    fn named_types(
        &mut self,
        owner: &ExternName,
        interface: &Interface,
        scope: &Scope,
        printed: &mut IndexSet<String>,
    ) {
        let types = self.types;
        let home = |ty: NamedType| match ty {
            NamedType::Resource(id) => Some(types.resource(id)),
            NamedType::Value(id) => types.definition(id).home.as_ref(),
        };
        let is_used = |ty: NamedType| {
            home(ty).and_then(|home| home.owner.as_interface()).is_some_and(|of| owner.as_interface() != Some(of))
        };
        // What is used comes first in what a text reads as, wherever it stands in the text.
        let (used, own): (Vec<_>, Vec<_>) = interface.types.iter().partition(|(_, ty)| is_used(**ty));
        for (name, ty) in used.into_iter().chain(own) {
            if !printed.insert(name.clone()) {
                continue;
            }
            match home(*ty) {
                Some(TypeName { owner: ExternName::Interface(of), name: original, .. })
                    if owner.as_interface() != Some(of) =>
                {
                    self.usage(owner, of, original, name);
                }
                Some(home) if home.name != *name && (home.owner == *owner || home.is_at_root()) => {
                    self.line(&format!("type {} = {};", escaped(name), escaped(&home.name)));
                }
                _ => self.definition(name, *ty, interface, scope),
            }
        }
    }

    /// `use types.{item as thing};`
    fn usage(&mut self, user: &ExternName, owner: &InterfaceName, original: &str, name: &str) {
        let same_package = user.as_interface().is_some_and(|user| package(user) == package(owner));
        let path = if same_package { escaped(owner.interface()).into_owned() } else { path(owner) };
        let renamed = if original == name { String::new() } else { format!(" as {}", escaped(name)) };
        self.line(&format!("use {path}.{{{}{renamed}}};", escaped(original)));
    }

    fn definition(&mut self, name: &str, ty: NamedType, interface: &Interface, scope: &Scope) {
        let id = match ty {
            NamedType::Resource(_) => return self.resource(name, interface, scope),
            NamedType::Value(id) => id,
        };
        let types = self.types;
        let value = |ty: Type| text::value(types, ty, Naming::Within(scope));
        let name = escaped(name);
        match &types.definition(id).shape {
            Shape::Record(fields) => {
                let field = |(name, ty): &(String, Type)| format!("{}: {}", escaped(name), value(*ty));
                self.list(&format!("record {name}"), fields.iter().map(field));
            }
            Shape::Variant(cases) => {
                let case = |(name, ty): &(String, Option<Type>)| match ty {
                    Some(ty) => format!("{}({})", escaped(name), value(*ty)),
                    None => escaped(name).into_owned(),
                };
                self.list(&format!("variant {name}"), cases.iter().map(case));
            }
            Shape::Enum(cases) => {
                self.list(&format!("enum {name}"), cases.iter().map(|case| escaped(case).into_owned()));
            }
            Shape::Flags(flags) => {
                self.list(&format!("flags {name}"), flags.iter().map(|flag| escaped(flag).into_owned()));
            }
            // Without `own`, the name would be one more of the resource itself.
            Shape::Own(id) => {
                let resource = text::resource(types, *id, Naming::Within(scope));
                self.line(&format!("type {name} = own<{resource}>;"));
            }
            shape => {
                let text = text::shape(types, shape, Naming::Within(scope));
                self.line(&format!("type {name} = {text};"));
            }
        }
    }

    fn resource(&mut self, name: &str, interface: &Interface, scope: &Scope) {
        let functions: Vec<String> = interface
            .functions
            .iter()
            .filter_map(|(function, ty)| self.resource_function(name, function, ty, scope))
            .collect();
        let head = format!("resource {}", escaped(name));
        if functions.is_empty() {
            return self.line(&format!("{head};"));
        }
        self.block(&head, |printer| functions.iter().for_each(|function| printer.line(function)));
    }

    /// A function of the resource as it stands within the resource's block; `None` for any other function.
    fn resource_function(&self, resource: &str, name: &str, function: &Function, scope: &Scope) -> Option<String> {
        let naming = Naming::Within(scope);
        let (kind, name) = name.strip_prefix('[')?.split_once(']')?;
        if kind == "constructor" {
            let parameters = text::parameters(self.types, &function.parameters, naming);
            let result = function.result.filter(|ty| !self.is_own_handle(*ty));
            let result = result.map(|ty| format!(" -> {}", text::value(self.types, ty, naming))).unwrap_or_default();
            return (name == resource).then(|| format!("constructor({parameters}){result};"));
        }
        let (owner, name) = name.split_once('.')?;
        if owner != resource {
            return None;
        }
        let mut function = function.clone();
        let modifier = if kind == "static" { "static " } else { "" };
        if kind == "method" && !function.parameters.is_empty() {
            function.parameters.remove(0);
        }
        Some(format!("{}: {modifier}{};", escaped(name), text::function(self.types, &function, naming)))
    }

    fn is_own_handle(&self, ty: Type) -> bool {
        matches!(ty, Type::Defined(id) if matches!(self.types.definition(id).shape, Shape::Own(_)))
    }

    fn list(&mut self, head: &str, members: impl Iterator<Item = String>) {
        self.block(head, |printer| members.for_each(|member| printer.line(&format!("{member},"))));
    }

    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("  ", self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }
}

/// The types and functions at the root of the imports, as if they were an interface.
fn root_of_imports(world: &World) -> Interface {
    let mut root = Interface::default();
    for (name, entity) in &world.imports {
        match entity {
            Entity::Interface(_) => {}
            Entity::Function(function) => {
                root.functions.insert(name.to_string(), function.clone());
            }
            Entity::Type(ty) => {
                root.types.insert(name.to_string(), *ty);
            }
        }
    }
    root
}
