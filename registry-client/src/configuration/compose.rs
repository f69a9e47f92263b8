//! This program's own `config.toml`: from its text to a [`Configuration`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Configuration, ConfigurationError, Place, Source};

/// The default registry's name, where a namespace is given one.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    registries: Registries,
}

#[derive(Default, Deserialize)]
struct Registries {
    #[serde(default)]
    namespaces: BTreeMap<String, String>,
    #[serde(default)]
    packages: BTreeMap<String, String>,
    /// Registries by name, `default` among them.
    #[serde(flatten)]
    named: BTreeMap<String, String>,
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Configuration, ConfigurationError> {
    let parsed: File = toml::from_str(text).map_err(|error| ConfigurationError::toml(file, text, &error))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut named = BTreeMap::new();
    for (name, text) in parsed.registries.named {
        let place = Place::parse(&text).map_err(|source| ConfigurationError::Place {
            path: file.to_owned(),
            key: name.clone(),
            source,
        })?;
        let place = match place {
            Place::Registry(registry) => Place::Registry(registry.relative_to(folder)),
            other @ (Place::Host(_) | Place::Unsupported { .. }) => other,
        };
        named.insert(name, place);
    }
    let place = |key: &str, name: String| {
        let place = named.get(&name).cloned();
        place.ok_or_else(|| ConfigurationError::Name { path: file.to_owned(), key: key.to_owned(), name })
    };
    let mut source = Source { file: Some(file.to_owned()), default: named.get(DEFAULT).cloned(), ..Source::default() };
    for (namespace, name) in parsed.registries.namespaces {
        source.namespaces.insert(namespace.clone(), place(&namespace, name)?);
    }
    for (package, name) in parsed.registries.packages {
        let parsed = package.parse();
        let parsed = parsed.map_err(|source| ConfigurationError::Package { path: file.to_owned(), source })?;
        source.packages.insert(parsed, place(&package, name)?);
    }
    Ok(Configuration::of(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    fn check(text: &str, package: &str) -> String {
        match Configuration::from_compose(text, Path::new("/home/ada/.config/compose/config.toml")) {
            Ok(configuration) => {
                let choice = configuration.choose(&package.parse().unwrap());
                choice.map_or("nothing".to_owned(), |choice| choice.to_string())
            }
            Err(error) => chain(&error),
        }
    }

    const FILE: &str = r#"
        [registries]
        default = "oci://ghcr.io/acme"
        local = "dir:registry"
        community = "wasi.dev"
        [registries.namespaces]
        shop = "local"
        wasi = "community"
        tools = "default"
        [registries.packages]
        "shop:catalog" = "default"
    "#;

    #[test]
    fn the_more_particular_rule_counts() {
        insta::assert_snapshot!(check(FILE, "shop:catalog"), @"oci://ghcr.io/acme, by the registry of the package shop:catalog in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "shop:pricing"), @"dir:/home/ada/.config/compose/registry, by the registry of the namespace `shop` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "wasi:http"), @"wasi.dev, by the registry of the namespace `wasi` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "tools:lint"), @"oci://ghcr.io/acme, by the registry of the namespace `tools` in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check(FILE, "acme:tax"), @"oci://ghcr.io/acme, by the default registry in /home/ada/.config/compose/config.toml");
        insta::assert_snapshot!(check("", "acme:tax"), @"nothing");
    }

    #[test]
    fn what_is_malformed_is_named() {
        insta::assert_snapshot!(check("[registry]", "a:b"), @"/home/ada/.config/compose/config.toml, line 1: unknown field `registry`, expected `registries`");
        insta::assert_snapshot!(check("[registries]\ndefault = 'acme/x'", "a:b"), @"`default` in /home/ada/.config/compose/config.toml names no registry: `acme/x` is not a registry: expected `oci://host/prefix`, `dir:path` or `warg+https://host`");
        insta::assert_snapshot!(check("[registries.namespaces]\nshop = 'local'", "a:b"), @"`shop` in /home/ada/.config/compose/config.toml has the registry `local`, which is not among `[registries]`");
        insta::assert_snapshot!(check("[registries]\nlocal = 'dir:x'\n[registries.packages]\nshop = 'local'", "a:b"), @"/home/ada/.config/compose/config.toml has a registry for no package: `shop` is not a package name: expected `namespace:name`");
        insta::assert_snapshot!(check("[registries", "a:b"), @"/home/ada/.config/compose/config.toml, line 1: unclosed table, expected `]`");
    }
}
