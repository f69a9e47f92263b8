//! What can change about a world: what its guests may import and must export.
//!
//! A component is a guest of a world when it imports no more and exports no less. So the world's own imports may become
//! more and its exports fewer without breaking guests, and the other way around for hosts.

crate::compatibility::rules::rules! {
    WORLD_ADDED "world-added" "the package has a further world"
        breaks [] requires Minor Deny WORLDS
        "No guest is made for it yet. Only what is made for the new version can be, so the version has to say that it is there."
    WORLD_REMOVED "world-removed" "a world is gone"
        breaks [Source] requires Major Deny WORLDS
        "The name of a world is no part of a component: guests that are built still run wherever their imports are provided. \
         Their sources can no longer be compiled against the world."
    IMPORT_ADDED "world-import-added" "a world has a further import"
        breaks [Host] requires Minor Deny WORLDS
        "Guests may import more than before, which existing ones do not. A host has to provide it to run the newer guests, so \
         hosts are upgraded first."
    IMPORT_REMOVED "world-import-removed" "an import of a world is gone"
        breaks [Importer Source] requires Major Deny WORLDS
        "A guest that uses the import is not given it any more, and is refused."
    EXPORT_ADDED "world-export-added" "a world has a further export"
        breaks [Exporter Source] requires Major Deny WORLDS
        "A host of the world calls what guests export. Existing guests do not have the further export, and are refused."
    EXPORT_REMOVED "world-export-removed" "an export of a world is gone"
        breaks [Importer Host Source] requires Major Deny WORLDS
        "Newer guests do not export it. A host that calls it cannot run them, and a guest that imports it from them finds \
         nothing. Existing guests still run: they export more than is asked for."
    ITEM_KIND_CHANGED "world-item-kind-changed" "an import or export of a world became another kind of thing"
        breaks [Importer Exporter Host Source] requires Major Deny DEFINITION_TYPES
        "An interface, a function and a type are never matched with each other, even if they have one name."
    INCLUDE_ADDED "world-include-added" "a world includes a further world"
        breaks [] requires Patch Allow INCLUDE
        "To include a world is to list its imports and exports. Those that are new by it are changes of their own."
    INCLUDE_REMOVED "world-include-removed" "a world no longer includes another"
        breaks [] requires Patch Allow INCLUDE
        "To include a world is to list its imports and exports. Those that are gone with it are changes of their own."
    DEPENDENCY_UPGRADED "world-dependency-changed" "a world names another version, of the same track, of an interface of another package"
        breaks [] requires Patch Allow EXTERN_NAMES
        "Versions of a track stand in for each other. What is different between them is reported by its own changes."
}
