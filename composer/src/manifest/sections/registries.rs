//! `[registries]` and `[vendor]`: where packages come from.

use std::{collections::BTreeMap, path::PathBuf};

use registry_client::{KeyParseError, PublicKey, Registry};
use toml::de::DeValue;

use super::did_you_mean;
use crate::{
    diagnostic::{Code, Diagnostic, Spanned},
    manifest::{
        Manifest, Registries, Source,
        read::{Reader, Section, Value},
        schema,
    },
};

pub(super) fn registries(reader: &mut Reader, value: &Value<'_>) -> Registries {
    let mut registries = Registries::default();
    let Some(section) = reader.section("[registries]", value) else { return registries };
    for (key, value) in section.entries() {
        if key.get_ref() == "namespaces" {
            registries.namespaces = namespaces(reader, value);
            continue;
        }
        let Some((registry, is_automatic)) = registry(reader, value) else { continue };
        if is_automatic {
            registries.automatic.insert(key.get_ref().to_string());
        }
        if key.get_ref() == "default" {
            registries.default = Some(registry);
        } else {
            registries.named.insert(key.get_ref().to_string(), registry);
        }
    }
    registries
}

/// `"oci://…"`, or `{ url = "warg+https://…", operator-key = "…", auto = true }`; and whether it may provide what nothing else provides.
fn registry(reader: &mut Reader, value: &Value<'_>) -> Option<(Registry, bool)> {
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        return reader.parsed_text("a registry", value).map(|registry| (registry.value, false));
    }
    let section = reader.section("a registry", value)?;
    section.refuse_unknown_keys(reader, &schema::REGISTRY);
    let registry = registry_of(reader, &section);
    let is_automatic = section.key("auto").map_or(Some(false), |value| reader.boolean("`auto`", value));
    Some((registry?, is_automatic?))
}

fn registry_of(reader: &mut Reader, section: &Section<'_>) -> Option<Registry> {
    let registry = section.required(reader, "url").and_then(|url| reader.parsed_text::<Registry>("a registry", url));
    let Some(key) = section.key("operator-key") else { return registry.map(|registry| registry.value) };
    let operator = operator_key(reader, key)?;
    match registry?.value {
        Registry::Warg(warg) => Some(Registry::Warg(warg.with_operator_key(operator))),
        other => {
            let message = format!("{other} has no operator, so `operator-key` means nothing");
            reader.report(Code::ConflictingKeys, key.span(), message, "only warg registries have one");
            Some(other)
        }
    }
}

/// A key that should be nobody's to read is not shown with its line.
fn operator_key(reader: &mut Reader, value: &Value<'_>) -> Option<PublicKey> {
    let text = reader.text("an operator's key", value)?;
    if text.value.parse::<PublicKey>() == Err(KeyParseError::PrivateForPublic) {
        let found = Diagnostic::error(Code::InvalidValue, "an `operator-key` in `[registries]` is a private key")
            .note("whoever could read this manifest can sign as its owner")
            .hint(
                "replace that key where it is used, and give the public one here\ncompose key show --signing-key FILE",
            );
        reader.diagnostics.push(found);
        return None;
    }
    reader.parsed("an operator's key", text).map(|key| key.value)
}

/// `[vendor]`: the directory registry that has everything.
pub(super) fn vendor(reader: &mut Reader, value: &Value<'_>) -> Option<PathBuf> {
    let section = reader.section("[vendor]", value)?;
    section.refuse_unknown_keys(reader, &schema::VENDOR);
    let directory = section.required(reader, "directory").and_then(|v| reader.text("`directory`", v))?;
    Some(PathBuf::from(directory.value))
}

fn namespaces(reader: &mut Reader, value: &Value<'_>) -> BTreeMap<String, Spanned<String>> {
    let Some(section) = reader.section("[registries.namespaces]", value) else { return BTreeMap::new() };
    let entries = section.entries().into_iter();
    entries
        .filter_map(|(key, value)| Some((key.get_ref().to_string(), reader.text("a registry's name", value)?)))
        .collect()
}

pub(super) fn check_registry_names(reader: &mut Reader, manifest: &Manifest) {
    let default = manifest.registries.default.as_ref().map(|_| "default");
    let known = || manifest.registries.named.keys().map(String::as_str).chain(default);
    for (namespace, name) in &manifest.registries.namespaces {
        if !known().any(|k| k == name.value) {
            let message = format!("packages of `{namespace}` come from the unknown registry `{}`", name.value);
            let diagnostic = Diagnostic::error(Code::UnknownRegistry, message);
            let label = "`[registries]` has no such entry";
            let diagnostic = diagnostic.label(reader.source(), name.span.clone(), label);
            reader.diagnostics.push(did_you_mean(diagnostic, &name.value, known()));
        }
    }
    for component in &manifest.components {
        let Source::Package { registry, .. } = &component.source.value else { continue };
        if let Some(name) = registry.as_deref().filter(|name| !known().any(|k| k == *name)) {
            let message = format!("the component `{}` is of the unknown registry `{name}`", component.name.value);
            let diagnostic = Diagnostic::error(Code::UnknownRegistry, message);
            let diagnostic =
                diagnostic.label(reader.source(), component.source.span.clone(), "`[registries]` has no such entry");
            reader.diagnostics.push(did_you_mean(diagnostic, name, known()));
        }
    }
}
