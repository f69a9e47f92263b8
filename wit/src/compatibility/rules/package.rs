//! What can change about a package as a whole and about which interfaces it has.

crate::compatibility::rules::rules! {
    PACKAGE_RENAMED "package-renamed" "the package has another name"
        breaks [Importer Exporter Host Source] requires Major Deny PACKAGE_NAMES
        "Imports and exports are matched by the names of their interfaces, which begin with the package's. Under another name \
         they never meet. Publish the new package beside the old one."
    VERSION_ADDED "package-version-added" "the package has a version and had none"
        breaks [Importer Exporter Host] requires Major Deny EXTERN_NAMES
        "The version is part of the name by which interfaces are imported. A name without a version is matched only by itself."
    VERSION_REMOVED "package-version-removed" "the package had a version and has none"
        breaks [Importer Exporter Host] requires Major Deny EXTERN_NAMES
        "The version is part of the name by which interfaces are imported. A name with a version is matched only by versions of \
         its track, never by a name without one."
    VERSION_DECREASED "package-version-decreased" "the package's version is less than before"
        breaks [] requires Patch Deny PACKAGE_NAMES
        "Whoever asks for the newest version is given the older text. A version is greater than that of every text before it."
    INTERFACE_ADDED "interface-added" "the package has a further interface"
        breaks [] requires Minor Deny INTERFACES
        "Nobody imports or exports it yet. Only what is made for the new version can, so the version has to say that it is there."
    INTERFACE_REMOVED "interface-removed" "an interface is gone"
        breaks [Importer Source] requires Major Deny INTERFACES
        "A guest that imports the interface finds nobody who provides it. Who exports it is not asked for it any more."
    DOCUMENTATION_CHANGED "documentation-changed" "only what the documentation says changed"
        breaks [] requires Patch Allow COMMENTS
        "Documentation is no part of a type. It may still promise something else than before, which a patch release tells."
}
