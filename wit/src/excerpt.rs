//! Decides what of resolved packages belongs to one world, from a [`Package`] and the features that are on, to a text that has the
//! world under its own name, with its documentation, and everything that it refers to.

use std::collections::HashSet;

use wit_component::WitPrinter;
use wit_parser::{InterfaceId, PackageId, Resolve, WorldId, WorldItem};

use crate::features::Features;
use crate::package::{Package, invalid};
use crate::resolving::{is_function_shown, is_shown};
use crate::source::{WorldError, select_resolved};

impl Package {
    /// A world of the package as WIT text, the only one if none is named; what it refers to follows in nested packages.
    ///
    /// # Errors
    ///
    /// As [`world`](Package::world), and [`WorldError::Invalid`] when the text format cannot say what an encoded package did.
    pub fn excerpt(&self, world: Option<&str>, features: &Features) -> Result<String, WorldError> {
        let id = select_resolved(self.resolve(), self.id(), world)?;
        let mut resolve = self.resolve().clone();
        hide(&mut resolve, features);
        let others = keep(&mut resolve, self.id(), id);
        let mut texts = vec![text(&resolve, self.id(), Part::Main)?];
        for other in others {
            texts.push(text(&resolve, other, Part::Nested)?);
        }
        Ok(texts.join("\n"))
    }
}

/// Which part of a text a package is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The one that the text is of.
    Main,
    /// One in braces.
    Nested,
}

fn text(resolve: &Resolve, package: PackageId, part: Part) -> Result<String, WorldError> {
    let mut printer = WitPrinter::default();
    let printed = printer.print_package(resolve, package, part == Part::Main);
    let name = &resolve.packages[package].name;
    printed.map_err(|error| invalid(&name.to_string(), format!("{error:#}")))?;
    Ok(printer.output.to_string().trim_end().to_owned() + "\n")
}

/// Takes away what is behind features that are off.
fn hide(resolve: &mut Resolve, features: &Features) {
    let all = resolve.clone();
    for (_, world) in resolve.worlds.iter_mut() {
        world.imports.retain(|_, item| is_shown(&all, item, features));
        world.exports.retain(|_, item| is_shown(&all, item, features));
    }
    for (_, interface) in resolve.interfaces.iter_mut() {
        interface.types.retain(|_, id| features.show(&all.types[*id].stability));
        interface.functions.retain(|_, function| is_function_shown(&all, function, features));
    }
}

/// Takes away all worlds but one, and the interfaces that it does not need; the other packages that it does need, by their names.
fn keep(resolve: &mut Resolve, package: PackageId, world: WorldId) -> Vec<PackageId> {
    let needed = interfaces(resolve, world);
    for (_, package) in resolve.packages.iter_mut() {
        package.worlds.retain(|_, other| *other == world);
        package.interfaces.retain(|_, interface| needed.contains(interface));
    }
    let is_needed = |(id, other): &(PackageId, &wit_parser::Package)| *id != package && !other.interfaces.is_empty();
    let mut others: Vec<_> = resolve.packages.iter().filter(is_needed).collect();
    others.sort_by_key(|(_, other)| &other.name);
    others.into_iter().map(|(id, _)| id).collect()
}

/// The interfaces of a world, and those whose types they use.
fn interfaces(resolve: &Resolve, world: WorldId) -> HashSet<InterfaceId> {
    let world = &resolve.worlds[world];
    let items = world.imports.values().chain(world.exports.values());
    let mut waiting: Vec<InterfaceId> = items
        .filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            WorldItem::Type { id, .. } => resolve.type_interface_dep(*id),
            WorldItem::Function(_) => None,
        })
        .collect();
    let mut needed = HashSet::new();
    while let Some(id) = waiting.pop() {
        if needed.insert(id) {
            waiting.extend(resolve.interface_direct_deps(id));
        }
    }
    needed
}
