//! What can change about the gates of items: since when they are there, behind which feature, and whether they are to go.

crate::compatibility::rules::rules! {
    UNSTABLE_PROMOTED "unstable-promoted" "what was behind a feature is there for all"
        breaks [Exporter Host] requires Minor Deny STABILIZATION
        "For all who had the feature turned off the item is new: see function-added."
    MADE_UNSTABLE "made-unstable" "what was there for all is behind a feature"
        breaks [Importer Source] requires Major Deny FEATURE_GATES
        "For all who have the feature turned off the item is gone. What once was stable stays so until the next track."
    UNSTABLE_CHANGED "unstable-changed" "what is behind a feature changed"
        breaks [] requires Patch Allow FEATURE_GATES
        "Who turns a feature on agrees to its changes. Turn it on in the comparison, too, to see them one by one."
    SINCE_ADDED "since-added" "an item says since when it is there, and did not"
        breaks [] requires Patch Allow FEATURE_GATES
        "The annotation is no part of a type. It tells which versions have the item."
    SINCE_CHANGED "since-changed" "an item says that it is there since another version"
        breaks [] requires Patch Warn FEATURE_GATES
        "Since when an item is there is a fact that no release changes. Tools that print an older version of a package by its \
         annotations print another one than was published."
    SINCE_REMOVED "since-removed" "an item no longer says since when it is there"
        breaks [] requires Patch Warn FEATURE_GATES
        "Without the annotation, tools that print an older version of a package by its annotations have the item in all of them."
    DEPRECATED "item-deprecated" "an item is deprecated"
        breaks [] requires Minor Warn DEPRECATION
        "Nothing breaks until the item is removed, which is due on the next track. Bindings may warn whoever uses it."
    UNDEPRECATED "item-undeprecated" "an item is no longer deprecated"
        breaks [] requires Patch Allow DEPRECATION
        "Who stopped using the item may use it again."
    DEPRECATED_REMOVED "deprecated-removed" "a deprecated item is gone"
        breaks [Importer Source] requires Major Deny DEPRECATION
        "Deprecation announces the removal, and does not make it compatible: guests that import the item are refused. It stays \
         until the next track."
}
