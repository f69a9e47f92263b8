//! `[registries]`: where packages come from.

use std::collections::BTreeMap;

use registry_client::Registry;

use super::did_you_mean;
use crate::{
    diagnostic::{Code, Diagnostic, Spanned},
    manifest::{
        Manifest, Registries, Source,
        read::{Reader, Value},
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
        let Some(registry) = reader.parsed_text::<Registry>("a registry", value) else { continue };
        if key.get_ref() == "default" {
            registries.default = Some(registry.value);
        } else {
            registries.named.insert(key.get_ref().to_string(), registry.value);
        }
    }
    registries
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
