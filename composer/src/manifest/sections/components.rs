//! `[components]` and `[instances]`: what an application consists of.

use std::path::PathBuf;

use semver::VersionReq;
use toml::de::DeValue;

use super::{did_you_mean, is_package_like};
use crate::{
    diagnostic::{Code, Diagnostic, Spanned, listed},
    manifest::{
        Component, Instance, Introduction, Name, Source,
        read::{Reader, Value},
        schema,
        source::PackageRequirement,
    },
};

pub(super) fn components(reader: &mut Reader, value: &Value<'_>) -> Vec<Component> {
    let Some(section) = reader.section("[components]", value) else { return Vec::new() };
    let entries = section.entries().into_iter();
    entries
        .filter_map(|(key, value)| {
            let name = reader.parsed_key("a component's name", key);
            let source = component_source(reader, key.get_ref(), value);
            let (name, source) = (name?, Spanned::new(source?, value.span()));
            Some(Component { name, source, introduction: Introduction::Written })
        })
        .collect()
}

fn component_source(reader: &mut Reader, name: &str, value: &Value<'_>) -> Option<Source> {
    match value.get_ref() {
        DeValue::String(text) => component_spec(reader, Spanned::new(text.to_string(), value.span())),
        DeValue::Table(_) => component_table(reader, name, value),
        other => {
            reader.wrong_type(&format!("the component `{name}`"), "a string or a table", other, value.span());
            None
        }
    }
}

/// The short form: a package with its requirement, or an OCI reference.
fn component_spec(reader: &mut Reader, spec: Spanned<String>) -> Option<Source> {
    if let Some(reference) = spec.value.strip_prefix("oci://") {
        let reference = Spanned::new(reference.to_owned(), spec.span);
        return Some(Source::Reference(reader.parsed("an OCI reference", reference)?.value));
    }
    if !is_package_like(&spec.value) && spec.value.contains(['/', '.', '\\']) {
        let diagnostic = Diagnostic::error(Code::InvalidValue, format!("`{}` cannot be a package", spec.value))
            .label(reader.source(), spec.span, "expected `namespace:name@requirement`")
            .hint(format!("for a file or a folder, write\n{{ path = \"{}\" }}", spec.value))
            .hint(format!("for an OCI reference, write\n{{ oci = \"{}\" }}", spec.value));
        reader.diagnostics.push(diagnostic);
        return None;
    }
    let PackageRequirement { package, requirement } = reader.parsed("a package", spec)?.value;
    Some(Source::Package { package, requirement, registry: None })
}

fn component_table(reader: &mut Reader, name: &str, value: &Value<'_>) -> Option<Source> {
    let title = format!("the component `{name}`");
    let section = reader.section(title.as_str(), value)?;
    section.refuse_unknown_keys(reader, &schema::COMPONENT);
    let given: Vec<&str> = ["path", "oci", "package"].into_iter().filter(|key| section.key(key).is_some()).collect();
    match given.as_slice() {
        ["path"] => {
            for key in ["version", "registry"] {
                if let Some(value) = section.key(key) {
                    let message = format!("{title} has a path, so `{key}` means nothing");
                    reader.report(Code::ConflictingKeys, value.span(), message, "remove it, or `path`");
                }
            }
            let path = section.key("path").and_then(|v| reader.text("a path", v))?;
            Some(Source::Path(PathBuf::from(path.value)))
        }
        ["oci"] => {
            let reference = section.key("oci").and_then(|v| reader.parsed_text("an OCI reference", v))?;
            Some(Source::Reference(reference.value))
        }
        ["package"] => {
            let package = section.key("package").and_then(|v| reader.parsed_text("a package", v));
            let requirement = match section.key("version") {
                Some(value) => reader.parsed_text("a version requirement", value).map(|r| r.value),
                None => Some(VersionReq::STAR),
            };
            let registry = section.key("registry").and_then(|v| reader.text("a registry's name", v));
            Some(Source::Package {
                package: package?.value,
                requirement: requirement?,
                registry: registry.map(|r| r.value),
            })
        }
        [] => {
            let message = format!("{title} comes from nowhere");
            reader.report(Code::MissingKey, section.span, message, "needs one of `path`, `package` and `oci`");
            None
        }
        several => {
            let message = format!("{title} comes from several places");
            let label = format!("{} exclude each other", listed(several));
            reader.report(Code::ConflictingKeys, section.span, message, label);
            None
        }
    }
}

pub(super) fn instances(reader: &mut Reader, value: &Value<'_>) -> Vec<(Spanned<Name>, Spanned<String>)> {
    let Some(section) = reader.section("[instances]", value) else { return Vec::new() };
    let mut instances = Vec::new();
    for (key, value) in section.entries() {
        let name = reader.parsed_key("an instance's name", key);
        let Some(entry) = reader.section(format!("the instance `{}`", key.get_ref()), value) else { continue };
        entry.refuse_unknown_keys(reader, &schema::INSTANCE);
        let component = entry.required(reader, "component").and_then(|v| reader.text("a component's name", v));
        instances.extend(name.zip(component));
    }
    instances
}

/// Adds an instance of its own name for each component that `[instances]` does not use.
pub(super) fn all_instances(
    reader: &mut Reader,
    components: &[Component],
    explicit: Vec<(Spanned<Name>, Spanned<String>)>,
) -> Vec<Instance> {
    let is_used = |component: &Name| explicit.iter().any(|(_, used)| *used.value == **component);
    let unused = components.iter().filter(|c| !is_used(&c.name.value));
    let mut instances: Vec<Instance> =
        unused.map(|c| Instance { name: c.name.clone(), component: c.name.value.clone() }).collect();
    for (name, component) in explicit {
        let Some(known) = components.iter().find(|c| *c.name.value == *component.value) else {
            let message = format!("the instance `{}` is of the unknown component `{}`", name.value, component.value);
            let diagnostic = Diagnostic::error(Code::UnknownComponent, message);
            let diagnostic = diagnostic.label(reader.source(), component.span, "`[components]` has no such entry");
            reader.diagnostics.push(did_you_mean(
                diagnostic,
                &component.value,
                components.iter().map(|c| &*c.name.value),
            ));
            continue;
        };
        if let Some(twin) = instances.iter().find(|i| i.name.value == name.value) {
            let diagnostic =
                Diagnostic::error(Code::DuplicateInstance, format!("two instances are named `{}`", name.value))
                    .label(reader.source(), name.span, "a second instance of this name")
                    .label(reader.source(), twin.name.span.clone(), "this component is an instance of its own name")
                    .hint("give the instance in `[instances]` another name");
            reader.diagnostics.push(diagnostic);
            continue;
        }
        instances.push(Instance { name, component: known.name.value.clone() });
    }
    instances
}
