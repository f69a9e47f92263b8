//! The table of advice: one row for each kind, with a text in which it finds something and nothing else does.

use crate::compatibility::Level;
use crate::lint::LintRule;

/// Declares rules: `NAME "id" what; level; explanation; example`.
macro_rules! rules {
    ($($name:ident $id:literal $what:literal $level:ident $explanation:literal $example:literal)+) => {
        $(pub(crate) static $name: LintRule = LintRule {
            id: $id,
            what: $what,
            level: Level::$level,
            explanation: $explanation,
            example: $example,
        };)+

        /// All rules.
        pub(crate) const TABLE: &[&LintRule] = &[$(&$name),+];
    };
}

rules! {
    MISSING_DOCUMENTATION "missing-documentation" "an item without documentation" Warn
        "Whoever implements or calls an interface in another language has nothing else to read: what a function does, which errors \
         it returns and who owns what is said here or nowhere."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\ninterface api {\n  find: func(id: u64) -> string;\n}\n"
    MISSING_MEMBER_DOCUMENTATION "missing-member-documentation" "a field, case or flag without documentation" Allow
        "Units, ranges and what an absent value means cannot be seen in a type."
        "package shop:catalog@1.2.0;\n\n/// What is sold.\ninterface api {\n  /// An item.\n  record item {\n    price: f64,\n  }\n}\n"
    PACKAGE_UNVERSIONED "package-unversioned" "a package without a version" Warn
        "Without a version no change of the package can be told from another, and none can be announced."
        "package shop:catalog;\n\n/// Finds items.\ninterface api {\n  /// Finds an item.\n  find: func(id: u64) -> string;\n}\n"
    EMPTY_INTERFACE "empty-interface" "an interface with nothing in it" Warn
        "Whoever imports it gets nothing."
        "package shop:catalog@1.2.0;\n\n/// To come.\ninterface api {\n}\n"
    EMPTY_WORLD "empty-world" "a world without imports and exports" Warn
        "Its guests can neither be called nor call anything."
        "package shop:catalog@1.2.0;\n\n/// To come.\nworld storefront {\n}\n"
    UPPERCASE_NAME "uppercase-name" "a name with a word in capital letters" Warn
        "Names are lowercase words joined by hyphens throughout WIT, acronyms included, and bindings turn them into the case of \
         their language: `http-error` becomes `HttpError`."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\ninterface api {\n  /// Finds an item.\n  find-HTTP: func(id: u64) -> string;\n}\n"
    KEYWORD_NAME "keyword-name" "a name that is a keyword of WIT" Warn
        "It has to be written with a `%` wherever it is used."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\ninterface api {\n  /// All items.\n  %list: func() -> string;\n}\n"
    NAME_REPEATS_OWNER "name-repeats-owner" "a name that begins with that of what it belongs to" Warn
        "It is always used with what it belongs to: `cart.cart-add` says nothing that `cart.add` does not."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\ninterface api {\n  /// A cart.\n  resource cart {\n    /// Adds an item.\n    cart-add: func(id: u64);\n  }\n}\n"
    VARIANT_WITHOUT_PAYLOAD "variant-without-payload" "a variant of which no case has a payload" Warn
        "That is an enum, which bindings turn into a plainer type."
        "package shop:catalog@1.2.0;\n\n/// Colors.\ninterface api {\n  /// A color.\n  variant color {\n    red,\n    green,\n  }\n}\n"
    SINCE_MISSING "since-missing" "an item that does not say since when it is there, in a package whose items do" Warn
        "Tools print older versions of a package by its annotations: what has none is in all of them."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\n@since(version = 1.0.0)\ninterface api {\n  /// Finds an item.\n  find: func(id: u64) -> string;\n}\n"
    SINCE_BEFORE_OWNER "since-before-owner" "an item that says it is there since before what it belongs to" Deny
        "That cannot be: what it belongs to was not there."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\n@since(version = 1.1.0)\ninterface api {\n  /// Finds an item.\n  @since(version = 1.0.0)\n  find: func(id: u64) -> string;\n}\n"
    DEPRECATED_BEFORE_SINCE "deprecated-before-since" "an item that says it is deprecated since before it was there" Deny
        "That cannot be: what is not there is not deprecated."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\n@since(version = 1.1.0)\n@deprecated(version = 1.0.0)\ninterface api {\n  /// Finds an item.\n  @since(version = 1.1.0)\n  find: func(id: u64) -> string;\n}\n"
    DEPRECATED_IN_FUTURE "deprecated-in-future" "an item that says it is deprecated since a version after the package's" Warn
        "An announcement is read when the version is published that makes it."
        "package shop:catalog@1.2.0;\n\n/// Finds items.\n@since(version = 1.1.0)\n@deprecated(version = 1.3.0)\ninterface api {\n  /// Finds an item.\n  @since(version = 1.1.0)\n  find: func(id: u64) -> string;\n}\n"
}
