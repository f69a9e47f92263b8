//! Decides what is different between two worlds: their imports, exports and includes; and how worlds use interfaces.

use indexmap::IndexMap;
use wit_parser::{InterfaceId, World, WorldId, WorldItem, WorldKey};

use crate::compatibility::Features;
use crate::compatibility::change::WorldUse;
use crate::compatibility::gate::{Life, Part, Presence};
use crate::compatibility::interface::{Comparison, Scope, paired};
use crate::compatibility::rules::world as worlds;
use crate::package::Package;

/// Which side of a world an item is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Import,
    Export,
}

impl Direction {
    fn life(self) -> Life {
        match self {
            Direction::Import => {
                Life { noun: "import", added: &worlds::IMPORT_ADDED, removed: &worlds::IMPORT_REMOVED }
            }
            Direction::Export => {
                Life { noun: "export", added: &worlds::EXPORT_ADDED, removed: &worlds::EXPORT_REMOVED }
            }
        }
    }

    fn used(self) -> WorldUse {
        match self {
            Direction::Import => WorldUse { imported: true, exported: false },
            Direction::Export => WorldUse { imported: false, exported: true },
        }
    }
}

impl<'w> Comparison<'w> {
    /// Compares two worlds of one name.
    pub(crate) fn world(&mut self, scope: &Scope, before: Option<WorldId>, after: Option<WorldId>) {
        let [before, after] = [(self.before, before), (self.after, after)]
            .map(|(package, id)| id.map(|id| &package.resolve().worlds[id]));
        let part = |_: &'w Package, world: &'w World| Part {
            docs: &world.docs,
            stability: &world.stability,
            span: world.span,
        };
        let life = Life { noun: "world", added: &worlds::WORLD_ADDED, removed: &worlds::WORLD_REMOVED };
        self.item(scope, life, before, after, part, |comparison, scope, before, after| {
            comparison.items(scope, Direction::Import, &before.imports, &after.imports);
            comparison.items(scope, Direction::Export, &before.exports, &after.exports);
            comparison.includes(scope, before, after);
        });
    }

    fn items(
        &mut self,
        scope: &Scope,
        direction: Direction,
        before: &IndexMap<WorldKey, WorldItem>,
        after: &IndexMap<WorldKey, WorldItem>,
    ) {
        let [before, after] = [(self.before, before), (self.after, after)].map(|(package, items)| {
            let keyed = items.iter().map(|(key, item)| (key_of(package, key), (key, item)));
            keyed.collect::<IndexMap<_, _>>()
        });
        for (key, (before, after)) in paired(&before, &after) {
            let name = key.split_once('@').map_or(key, |(name, _)| name);
            let scope = Scope { used: direction.used(), ..scope.within(name, scope.before, scope.after) };
            self.world_item(&scope, direction, before.copied(), after.copied());
        }
    }

    fn world_item(
        &mut self,
        scope: &Scope,
        direction: Direction,
        before: Option<(&WorldKey, &WorldItem)>,
        after: Option<(&WorldKey, &WorldItem)>,
    ) {
        let part = |package, (_, item)| part(package, item);
        let presence = self.item(scope, direction.life(), before, after, part, |comparison, scope, before, after| {
            comparison.world_items(scope, before.0, before.1, after.1);
        });
        if let (Presence::InBoth, Some((before, _)), Some((after, _))) = (presence, before, after) {
            self.dependency_versions(scope, before, after);
        }
    }

    fn world_items(&mut self, scope: &Scope, key: &WorldKey, before: &WorldItem, after: &WorldItem) {
        match (before, after) {
            (WorldItem::Interface { id: before, .. }, WorldItem::Interface { id: after, .. }) => {
                // What has a name is compared on its own.
                if matches!(key, WorldKey::Name(_)) {
                    self.interfaces(scope, *before, *after);
                }
            }
            (WorldItem::Function(before), WorldItem::Function(after)) => self.functions(scope, before, after),
            (WorldItem::Type { id: before, .. }, WorldItem::Type { id: after, .. }) => {
                self.definitions(scope, *before, *after);
            }
            (before, after) => {
                let message = format!("it is {}, and was {}", item_kind(after), item_kind(before));
                self.change_of_world(&worlds::ITEM_KIND_CHANGED, scope, message);
            }
        }
    }

    fn dependency_versions(&mut self, scope: &Scope, before: &WorldKey, after: &WorldKey) {
        let (WorldKey::Interface(old), WorldKey::Interface(new)) = (before, after) else { return };
        let is_own =
            |package: &Package, id: InterfaceId| package.resolve().interfaces[id].package == Some(package.id());
        let (before, after) =
            (self.before.resolve().name_world_key(before), self.after.resolve().name_world_key(after));
        if before != after && !is_own(self.before, *old) && !is_own(self.after, *new) {
            self.change_of_world(&worlds::DEPENDENCY_UPGRADED, scope, format!("it is `{after}`, and was `{before}`"));
        }
    }

    fn includes(&mut self, scope: &Scope, before: &World, after: &World) {
        if !self.before.has_texts() || !self.after.has_texts() {
            return;
        }
        let names = |package: &Package, world: &World| {
            package
                .includes(world.span)
                .map(|include| (include.included.clone(), include.span))
                .collect::<IndexMap<_, _>>()
        };
        let (before, after) = (names(self.before, before), names(self.after, after));
        for (name, spans) in paired(&before, &after) {
            match spans {
                (Some(_), Some(_)) | (None, None) => {}
                (None, Some(span)) => {
                    let scope = scope.within(name, scope.before, *span);
                    self.change_of_world(&worlds::INCLUDE_ADDED, &scope, "the world is included, and was not");
                }
                (Some(span), None) => {
                    let scope = scope.within(name, *span, scope.after);
                    self.change_of_world(&worlds::INCLUDE_REMOVED, &scope, "the world is no longer included");
                }
            }
        }
    }
}

/// What there is to say of the item itself: a named interface says the rest where it is defined.
fn part<'p>(package: &'p Package, item: &'p WorldItem) -> Part<'p> {
    match item {
        WorldItem::Interface { stability, span, docs, .. } => Part { docs, stability, span: *span },
        WorldItem::Function(function) => {
            Part { docs: &function.docs, stability: &function.stability, span: function.span }
        }
        WorldItem::Type { id, span } => {
            let definition = &package.resolve().types[*id];
            Part { docs: &definition.docs, stability: &definition.stability, span: *span }
        }
    }
}

/// How the worlds of either version use each interface with these features, by its [key](interface_key).
pub(crate) fn uses(before: &Package, after: &Package, features: &Features) -> IndexMap<String, WorldUse> {
    let mut uses: IndexMap<String, WorldUse> = IndexMap::new();
    for package in [before, after] {
        let shown = items(package, features).filter(|item| item.is_shown);
        for UsedItem { direction, key, .. } in shown {
            let used = uses.entry(key_of(package, key)).or_default();
            match direction {
                Direction::Import => used.imported = true,
                Direction::Export => used.exported = true,
            }
        }
    }
    uses
}

/// An import or export of a world.
pub(crate) struct UsedItem<'p> {
    direction: Direction,
    pub(crate) key: &'p WorldKey,
    pub(crate) item: &'p WorldItem,
    /// Whether it is there with the features that are on.
    pub(crate) is_shown: bool,
}

/// What the worlds of a package import and export.
pub(crate) fn items<'p>(package: &'p Package, features: &Features) -> impl Iterator<Item = UsedItem<'p>> {
    let worlds = package.package().worlds.values().map(|id| &package.resolve().worlds[*id]);
    worlds.flat_map(move |world| {
        let imports = world.imports.iter().map(|item| (Direction::Import, item));
        let exports = world.exports.iter().map(|item| (Direction::Export, item));
        imports.chain(exports).map(move |(direction, (key, item))| {
            let is_shown = features.show(&world.stability) && features.show(part(package, item).stability);
            UsedItem { direction, key, item, is_shown }
        })
    })
}

/// What identifies an interface in both versions: for one of the package itself its name alone, for one of another package
/// its name with the track.
pub(crate) fn interface_key(package: &Package, id: InterfaceId) -> String {
    let interface = &package.resolve().interfaces[id];
    match &interface.name {
        Some(name) if interface.package == Some(package.id()) => name.clone(),
        _ => package.resolve().canonicalized_id_of(id).unwrap_or_default(),
    }
}

fn key_of(package: &Package, key: &WorldKey) -> String {
    match key {
        // A label of a world may be an interface's name, too.
        WorldKey::Name(name) => format!("{name}@"),
        WorldKey::Interface(id) => interface_key(package, *id),
    }
}

fn item_kind(item: &WorldItem) -> &'static str {
    match item {
        WorldItem::Interface { .. } => "an interface",
        WorldItem::Function(_) => "a function",
        WorldItem::Type { .. } => "a type",
    }
}
