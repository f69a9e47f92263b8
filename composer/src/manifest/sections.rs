//! The sections of a manifest: which keys each has and what they mean.
//!
//! First every section is read for itself, then the names that point from one to another are checked.

mod components;
mod linking;
mod registries;

use std::{collections::BTreeMap, sync::Arc};

use toml::de::{DeTable, DeValue};
use wit::Features;

use self::{
    components::{all_instances, components, instances},
    linking::{chains, check_instance_names, exports, host, links},
    registries::{check_registry_names, registries, vendor},
};
use super::{
    Inherited, Manifest, Package, TargetWorld, build,
    read::{Reader, Section, Value},
    rules, schema, workspace,
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText, Spanned, listed, nearest},
    wit_source::WitName,
};

pub(super) fn read(source: &Arc<SourceText>, inherited: &Inherited) -> Result<Manifest, Failure> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return Err(syntax_failure(source, &errors));
    }
    let reader = &mut Reader::new(source);
    let document = Section::document(&document);
    document.refuse_unknown_keys(reader, &schema::DOCUMENT);

    let package = document.key("package").and_then(|value| package(reader, value));
    let world = document.key("world").and_then(|value| world(reader, value));
    let registries = document.key("registries").map(|value| registries(reader, value)).unwrap_or_default();
    let registries = registries.over(&inherited.registries);
    let vendor = document.key("vendor").and_then(|value| vendor(reader, value)).or_else(|| inherited.vendor.clone());
    let components = document.key("components").map(|value| components(reader, value)).unwrap_or_default();
    let explicit = document.key("instances").map(|value| instances(reader, value)).unwrap_or_default();
    let links = document.key("links").map(|value| links(reader, value)).unwrap_or_default();
    let chains = document.key("chains").map(|value| chains(reader, value)).unwrap_or_default();
    let host = document.key("host").map(|value| host(reader, value)).unwrap_or_default();
    let exports = document.key("exports").map(|value| exports(reader, value));

    let wit = document.key("wit").map(|value| rules::wit(reader, value)).unwrap_or_default();
    let build = document.key("build").map(|value| build::build(reader, value)).unwrap_or_default();
    let workspace = document.key("workspace").and_then(|value| workspace::workspace(reader, value));

    let exports_span = document.key("exports").map(Value::span);
    let instances = all_instances(reader, &components, explicit);
    let manifest = Manifest {
        source: Arc::clone(source),
        package,
        world,
        registries,
        components,
        instances,
        links,
        chains,
        host,
        exports,
        wit,
        build,
        workspace,
        vendor,
        exports_span,
    };
    check_registry_names(reader, &manifest);
    check_instance_names(reader, &manifest);

    let mut diagnostics = std::mem::take(&mut reader.diagnostics);
    diagnostics.sort_by_key(|d| d.labels.first().map_or(0, |label| label.span.start));
    Failure::check(diagnostics)?;
    Ok(manifest)
}

fn syntax_failure(source: &Arc<SourceText>, errors: &[toml::de::Error]) -> Failure {
    let mut errors: Vec<&toml::de::Error> = errors.iter().collect();
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let diagnostics = errors.into_iter().map(|error| {
        let diagnostic = Diagnostic::error(Code::ManifestSyntax, "the manifest is not valid TOML");
        let span = error.span().unwrap_or(0..0);
        diagnostic.label(source, span, error.message().replace('\n', "; "))
    });
    match Failure::check(diagnostics.collect()) {
        Err(failure) => failure,
        Ok(_) => Diagnostic::error(Code::ManifestSyntax, "the manifest is not valid TOML").into(),
    }
}

fn package(reader: &mut Reader, value: &Value<'_>) -> Option<Package> {
    let section = reader.section("[package]", value)?;
    section.refuse_unknown_keys(reader, &schema::PACKAGE);
    let name = section.required(reader, "name").and_then(|v| reader.parsed_text("the package's name", v));
    let version = section.key("version").and_then(|v| reader.parsed_text("the package's version", v));
    let mut metadata = BTreeMap::new();
    for key in schema::METADATA {
        let Some(value) = section.key(key) else { continue };
        let text = match value.get_ref() {
            DeValue::Array(_) => joined(reader, key, value),
            _ => reader.text(&format!("`{key}`"), value).map(|text| text.value),
        };
        metadata.extend(text.map(|text| ((*key).to_owned(), text)));
    }
    Some(Package { name: name?, version: version.map(|v: Spanned<_>| v.value), metadata })
}

fn joined(reader: &mut Reader, key: &str, value: &Value<'_>) -> Option<String> {
    let title = format!("`{key}`");
    let items = reader.array(&title, value)?;
    let texts: Vec<String> = items.iter().filter_map(|v| reader.text(&title, v)).map(|t| t.value).collect();
    Some(texts.join(", "))
}

fn world(reader: &mut Reader, value: &Value<'_>) -> Option<TargetWorld> {
    let section = reader.section("[world]", value)?;
    section.refuse_unknown_keys(reader, &schema::WORLD);
    let name = section.key("name").and_then(|v| reader.text("the world's name", v));
    let features = section.key("features").and_then(|v| features(reader, v)).unwrap_or_default();
    let wit = section.required(reader, "wit").and_then(|v| reader.parsed_text::<WitName>("WIT", v))?;
    let Spanned { value: WitName { source, world }, span } = wit;
    let name = match (name, world) {
        (Some(name), Some(_)) => {
            let message = "the world is named twice".to_owned();
            reader.report(Code::InvalidValue, name.span, message, "`wit` names one already");
            return None;
        }
        (name, world) => name.or(world.map(|world| Spanned::new(world, span.clone()))),
    };
    Some(TargetWorld { wit: Spanned::new(source, span), name, features, span: section.span })
}

fn features(reader: &mut Reader, value: &Value<'_>) -> Option<Features> {
    let items = reader.array("`features`", value)?;
    let names = items.iter().filter_map(|item| reader.text("a feature", item));
    Some(Features::Only(names.map(|name| name.value).collect()))
}

/// Whether a text is meant as `namespace:name` rather than as a path.
fn is_package_like(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or(text);
    name.contains(':') && !name.contains(['/', '\\', '.'])
}

fn did_you_mean<'a>(diagnostic: Diagnostic, given: &str, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    match nearest(given, known.clone()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => match known.clone().count() {
            0 => diagnostic,
            1 => diagnostic.note(format!("there is only {}", listed(known))),
            _ => diagnostic.note(format!("there are {}", listed(known))),
        },
    }
}
