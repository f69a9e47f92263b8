//! What a manifest can contain: every key, what it is for and the shape of its value.
//!
//! One table for two readers: the sections refuse the keys that are not in it, and [`json_schema`] tells editors. What a text must
//! look like beyond being a text (a version, a digest, an interface) is for whoever parses it to say, not for this table.

use serde_json::{Map, Value, json};

/// The keys that a table of a manifest can have.
pub(super) struct Table {
    /// What it is for.
    about: &'static str,
    keys: &'static [Key],
    /// The keys that the person chooses; without it there are none beside `keys`.
    others: Option<Others>,
    /// Keys of which exactly one is there.
    one_of: &'static [&'static str],
}

/// A key with a meaning of its own.
struct Key {
    name: &'static str,
    about: &'static str,
    shape: Shape,
    need: Need,
}

/// Keys that are names: of components, instances, interfaces.
struct Others {
    about: &'static str,
    shape: Shape,
}

/// When a key is there.
enum Need {
    Optional,
    Required,
    /// Only beside another key.
    With(&'static str),
}

/// What a value looks like.
enum Shape {
    Text,
    Texts,
    TextOrTexts,
    /// At least one.
    SomeTexts,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// On or off, or one of these texts.
    SwitchOr(&'static [&'static str]),
    Table(&'static Table),
    Tables(&'static Table),
    TextOrTable(&'static Table),
    Boolean,
}

impl Table {
    const fn new(about: &'static str, keys: &'static [Key]) -> Self {
        Self { about, keys, others: None, one_of: &[] }
    }

    const fn open(about: &'static str, keys: &'static [Key], others: Others) -> Self {
        Self { about, keys, others: Some(others), one_of: &[] }
    }

    /// Every key, or nothing where the person chooses keys.
    pub(super) fn known_keys(&self) -> Option<Vec<&'static str>> {
        self.others.is_none().then(|| self.keys.iter().map(|key| key.name).collect())
    }

    fn to_json(&self) -> Map<String, Value> {
        let properties = self.keys.iter().map(|key| (key.name.to_owned(), described(key.about, &key.shape)));
        let required = self.keys.iter().filter(|key| matches!(key.need, Need::Required)).map(|key| json!(key.name));
        let dependencies = self.keys.iter().filter_map(|key| match key.need {
            Need::With(other) => Some((key.name.to_owned(), json!([other]))),
            Need::Optional | Need::Required => None,
        });
        let others = self.others.as_ref().map_or(json!(false), |others| described(others.about, &others.shape));
        let all = [
            ("type", json!("object")),
            ("description", json!(self.about)),
            ("properties", Value::Object(properties.collect())),
            ("required", Value::Array(required.collect())),
            ("dependencies", Value::Object(dependencies.collect())),
            ("oneOf", self.one_of.iter().map(|key| json!({ "required": [key] })).collect()),
            ("additionalProperties", others),
        ];
        // Draft 7 knows no empty `oneOf`, and the rest says nothing where it is empty.
        let is_empty = |value: &Value| match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        all.into_iter().filter(|(_, value)| !is_empty(value)).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl Shape {
    fn to_json(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Boolean => json!({ "type": "boolean" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::SomeTexts => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
            Self::TextOrTexts => json!({ "anyOf": [Self::Text.to_json(), Self::Texts.to_json()] }),
            Self::Word(words) => json!({ "enum": words }),
            Self::SwitchOr(words) => json!({ "anyOf": [{ "type": "boolean" }, Self::Word(words).to_json()] }),
            Self::Table(table) => Value::Object(table.to_json()),
            Self::Tables(table) => json!({ "type": "array", "items": table.to_json() }),
            Self::TextOrTable(table) => json!({ "anyOf": [Self::Text.to_json(), table.to_json()] }),
        }
    }
}

/// The schema of a value with what its key is for, which says more than what values like it are.
fn described(about: &str, shape: &Shape) -> Value {
    let mut schema = shape.to_json();
    schema["description"] = json!(about);
    schema
}

/// The JSON Schema (draft 7) of a manifest, for editors that complete and check TOML.
///
/// It knows every key and the shape of its value. That names refer to something, and that versions are versions, is checked by
/// [`Manifest::parse`](super::Manifest::parse) alone.
pub fn json_schema() -> Value {
    let mut schema = DOCUMENT.to_json();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(super::FILE_NAME));
    Value::Object(schema)
}

const fn optional(name: &'static str, about: &'static str, shape: Shape) -> Key {
    Key { name, about, shape, need: Need::Optional }
}

const fn required(name: &'static str, about: &'static str, shape: Shape) -> Key {
    Key { name, about, shape, need: Need::Required }
}

const fn with(other: &'static str, name: &'static str, about: &'static str, shape: Shape) -> Key {
    Key { name, about, shape, need: Need::With(other) }
}

pub(super) static DOCUMENT: Table = Table::new(
    "An application: WebAssembly components that `compose` links into one",
    &[
        optional("package", "What the application is when it is published", Shape::Table(&PACKAGE)),
        optional("workspace", "The applications that share one lock", Shape::Table(&WORKSPACE)),
        optional("world", "The WIT world that the result must conform to", Shape::Table(&WORLD)),
        optional("registries", "Where packages come from", Shape::Table(&REGISTRIES)),
        optional("vendor", "The directory that has everything, instead of registries", Shape::Table(&VENDOR)),
        optional("components", "The components of the application, by a name of their own", Shape::Table(&COMPONENTS)),
        optional("instances", "Instances of components that are used more than once", Shape::Table(&INSTANCES)),
        optional("links", "Who provides an import, where it is not plain: [links.INSTANCE]", Shape::Table(&LINKS)),
        optional("chains", "Middleware: instances that wrap each other over an interface", Shape::Table(&CHAINS)),
        optional("host", "What the result may import from the runtime", Shape::Table(&HOST)),
        optional("exports", "What the result exports, and from which instance", Shape::Table(&EXPORTS)),
        optional("build", "How the result is laid out", Shape::Table(&BUILD)),
        optional("wit", "What is done about what rules find in WIT", Shape::Table(&WIT)),
    ],
);

/// The keys of `[package]` that are annotations of what is published.
pub(super) const METADATA: &[&str] =
    &["description", "license", "authors", "repository", "homepage", "documentation", "vendor", "revision"];

pub(super) static PACKAGE: Table = Table::new(
    "What the application is when it is published",
    &[
        required("name", "The package: `namespace:name`", Shape::Text),
        optional("version", "The version: `1.2.3`", Shape::Text),
        optional("description", "What it is, in a sentence", Shape::TextOrTexts),
        optional("license", "The license, as an SPDX expression", Shape::TextOrTexts),
        optional("authors", "Who made it", Shape::TextOrTexts),
        optional("repository", "Where its source is: a URL", Shape::TextOrTexts),
        optional("homepage", "Its page: a URL", Shape::TextOrTexts),
        optional("documentation", "Where its documentation is: a URL", Shape::TextOrTexts),
        optional("vendor", "Who distributes it", Shape::TextOrTexts),
        optional("revision", "The revision of its source", Shape::TextOrTexts),
    ],
);

pub(super) static WORKSPACE: Table = Table::new(
    "The applications that share one lock",
    &[required("members", "Their directories, below this one; `*` stands for any characters", Shape::Texts)],
);

pub(super) static WORLD: Table = Table::new(
    "The WIT world that the result must conform to",
    &[
        required(
            "wit",
            "WIT: a path, a package `wasi:http@^0.2`, `oci://REFERENCE`, or `git:REVISION:PATH`",
            Shape::Text,
        ),
        optional("name", "The world, where the package has several", Shape::Text),
        optional("features", "The features whose items are there: `@unstable(feature = …)`", Shape::Texts),
    ],
);

pub(super) static REGISTRIES: Table = Table::open(
    "Where packages come from",
    &[
        optional("default", "The registry of packages that no other is named for", Shape::TextOrTable(&REGISTRY)),
        optional("namespaces", "The registries of namespaces, by name", Shape::Table(&NAMESPACES)),
    ],
    Others {
        about: "A registry: `oci://HOST/PREFIX`, `dir:PATH` or `warg+https://HOST`, or a table",
        shape: Shape::TextOrTable(&REGISTRY),
    },
);

pub(super) static REGISTRY: Table = Table::new(
    "A registry, and what it may do",
    &[
        required("url", "The registry: `oci://HOST/PREFIX`, `dir:PATH` or `warg+https://HOST`", Shape::Text),
        optional("operator-key", "The key that the log of a warg registry must have been begun with", Shape::Text),
        optional("auto", "Whether it provides what nothing else in the application provides", Shape::Boolean),
    ],
);

pub(super) static VENDOR: Table = Table::new(
    "The directory that has everything, instead of registries",
    &[required("directory", "A directory registry, as `compose vendor` makes it", Shape::Text)],
);

static NAMESPACES: Table = Table::open(
    "The registries of namespaces, by name",
    &[],
    Others { about: "The name of the registry that this namespace's packages come from", shape: Shape::Text },
);

static COMPONENTS: Table = Table::open(
    "The components of the application, by a name of their own",
    &[],
    Others {
        about: "Where a component comes from: `namespace:name@requirement`, `oci://REFERENCE`, or a table",
        shape: Shape::TextOrTable(&COMPONENT),
    },
);

pub(super) static COMPONENT: Table = Table {
    one_of: &["path", "oci", "package"],
    ..Table::new(
        "Where a component comes from",
        &[
            optional("path", "A component, component text (.wat), or a folder with a manifest of its own", Shape::Text),
            optional("oci", "An OCI reference, by tag or digest: `HOST/REPOSITORY:TAG`", Shape::Text),
            optional("package", "A package of a registry: `namespace:name`", Shape::Text),
            with("package", "version", "The version requirement; any without it", Shape::Text),
            with("package", "registry", "The name of the registry, from [registries]", Shape::Text),
        ],
    )
};

static INSTANCES: Table = Table::open(
    "Instances of components that are used more than once",
    &[],
    Others { about: "An instance", shape: Shape::Table(&INSTANCE) },
);

pub(super) static INSTANCE: Table =
    Table::new("An instance", &[required("component", "The component that it is an instance of", Shape::Text)]);

static LINKS: Table = Table::open(
    "Who provides an import, where it is not plain",
    &[],
    Others { about: "The links of an instance", shape: Shape::Table(&LINKS_OF_ONE) },
);

static LINKS_OF_ONE: Table = Table::open(
    "The links of an instance",
    &[],
    Others {
        about: "Who provides this import: an instance, `host`, or an instance and its export",
        shape: Shape::TextOrTable(&PROVIDER),
    },
);

pub(super) static PROVIDER: Table = Table::new(
    "An instance and its export",
    &[
        required("instance", "The instance", Shape::Text),
        optional("export", "What it exports, where the name differs", Shape::Text),
    ],
);

static CHAINS: Table = Table::open(
    "Middleware: instances that wrap each other over an interface",
    &[],
    Others { about: "The instances that wrap each other, outermost first", shape: Shape::SomeTexts },
);

pub(super) static HOST: Table = Table::new(
    "What the result may import from the runtime",
    &[
        optional("imports", "What any instance may import: `wasi:http/*`", Shape::Texts),
        optional("instances", "What an instance may import, where that is less", Shape::Table(&HOST_INSTANCES)),
    ],
);

static HOST_INSTANCES: Table = Table::open(
    "What an instance may import, where that is less",
    &[],
    Others { about: "What this instance may import from the runtime", shape: Shape::Texts },
);

static EXPORTS: Table = Table::open(
    "What the result exports, and from which instance",
    &[],
    Others {
        about: "The instance that this export comes from, or an instance and its export",
        shape: Shape::TextOrTable(&PROVIDER),
    },
);

pub(super) static BUILD: Table = Table::new(
    "How the result is laid out",
    &[
        optional(
            "share",
            "What is defined once although several components have it",
            Shape::Word(&["modules", "components", "none"]),
        ),
        optional("strip", "Which custom sections the result is without: names too, or only what debuggers need", STRIP),
    ],
);

const STRIP: Shape = Shape::SwitchOr(&["debug"]);

pub(super) static WIT: Table = Table::new(
    "What is done about what rules find in WIT",
    &[
        optional("lint", "Rules of `compose wit lint`, with their levels", Shape::Table(&LINT)),
        optional("compat", "Rules of `compose wit compat`, with their levels", Shape::Table(&COMPAT)),
    ],
);

static LINT: Table = Table::open(
    "Rules of `compose wit lint`, with their levels",
    &[optional("ignore", "What is not reported, and why", Shape::Tables(&IGNORE))],
    RULES,
);

static COMPAT: Table = Table::open(
    "Rules of `compose wit compat`, with their levels",
    &[
        optional("sides", "Whom changes may not break: guest, importer, exporter, host, source", Shape::Texts),
        optional("ignore", "What is not reported, and why", Shape::Tables(&IGNORE)),
    ],
    RULES,
);

const RULES: Others =
    Others { about: "What is done about what this rule finds", shape: Shape::Word(&["deny", "warn", "allow"]) };

pub(super) static IGNORE: Table = Table::new(
    "What is not reported, and why",
    &[
        required("path", "Where: `shop:catalog/api.item`, and everything within it", Shape::Text),
        optional("rule", "What a rule of this name finds; anything without it", Shape::Text),
        required("reason", "Why it is tolerated", Shape::Text),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key of a table, the tables below it included.
    fn keys(table: &Table) -> Vec<(&'static str, &'static str)> {
        let below = |shape: &Shape| match shape {
            Shape::Table(table) | Shape::Tables(table) | Shape::TextOrTable(table) => keys(table),
            Shape::Word(_)
            | Shape::SwitchOr(_)
            | Shape::Boolean
            | Shape::Text
            | Shape::Texts
            | Shape::SomeTexts
            | Shape::TextOrTexts => Vec::new(),
        };
        let others = table.others.as_ref().map(|others| below(&others.shape)).unwrap_or_default();
        let own = table.keys.iter().flat_map(|key| {
            let mut all = below(&key.shape);
            all.push((key.name, key.about));
            all
        });
        own.chain(others).collect()
    }

    #[test]
    fn every_key_says_what_it_is_for_in_one_line() {
        for (name, about) in keys(&DOCUMENT) {
            assert!(!about.is_empty() && about.len() < 100 && !about.ends_with('.'), "{name}: {about}");
        }
    }

    #[test]
    fn what_is_published_about_a_package_are_keys_of_it() {
        let known = PACKAGE.known_keys().expect("all keys of a package are known");
        assert_eq!(&known[2..], METADATA);
    }

    #[test]
    fn a_table_is_closed_unless_its_keys_are_names() {
        let schema = json_schema();
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["package"]["required"], json!(["name"]));
        assert_eq!(schema["properties"]["chains"]["additionalProperties"]["minItems"], json!(1));
        let component = &schema["properties"]["components"]["additionalProperties"]["anyOf"][1];
        assert_eq!(component["dependencies"], json!({ "version": ["package"], "registry": ["package"] }));
        let oneof = json!([{ "required": ["path"] }, { "required": ["oci"] }, { "required": ["package"] }]);
        assert_eq!(component["oneOf"], oneof);
    }
}
