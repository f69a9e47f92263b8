//! The sections of a manifest: which keys each has and what they mean.
//!
//! First every section is read for itself, then the names that point from one to another are checked.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use registry_client::Registry;
use semver::VersionReq;
use toml::de::{DeTable, DeValue};
use wit::{ExternName, InterfacePattern};

use super::{
    Chain, Component, ExportRule, HOST, HostInstanceRule, HostRules, Instance, LinkRule, LinkTarget, Manifest, Name,
    Package, Registries, Source, TargetWorld, WitSource,
    read::{Reader, Section, Value},
    source::PackageRequirement,
    workspace,
};
use crate::diagnostic::{Code, Diagnostic, Failure, SourceText, Spanned, listed, nearest};

const SECTIONS: &[&str] =
    &["package", "workspace", "world", "registries", "components", "instances", "links", "chains", "host", "exports"];

const METADATA: &[&str] =
    &["description", "license", "authors", "repository", "homepage", "documentation", "vendor", "revision"];

pub(super) fn read(source: &Arc<SourceText>) -> Result<Manifest, Failure> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return Err(syntax_failure(source, &errors));
    }
    let reader = &mut Reader::new(source);
    let document = Section::document(&document);
    document.refuse_unknown_keys(reader, SECTIONS);

    let package = document.key("package").and_then(|value| package(reader, value));
    let world = document.key("world").and_then(|value| world(reader, value));
    let registries = document.key("registries").map(|value| registries(reader, value)).unwrap_or_default();
    let components = document.key("components").map(|value| components(reader, value)).unwrap_or_default();
    let explicit = document.key("instances").map(|value| instances(reader, value)).unwrap_or_default();
    let links = document.key("links").map(|value| links(reader, value)).unwrap_or_default();
    let chains = document.key("chains").map(|value| chains(reader, value)).unwrap_or_default();
    let host = document.key("host").map(|value| host(reader, value)).unwrap_or_default();
    let exports = document.key("exports").map(|value| exports(reader, value));

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
        workspace,
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
    let known: Vec<&str> = ["name", "version"].iter().chain(METADATA).copied().collect();
    section.refuse_unknown_keys(reader, &known);
    let name = section.required(reader, "name").and_then(|v| reader.parsed_text("the package's name", v));
    let version = section.key("version").and_then(|v| reader.parsed_text("the package's version", v));
    let mut metadata = BTreeMap::new();
    for key in METADATA {
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
    section.refuse_unknown_keys(reader, &["wit", "name"]);
    let name = section.key("name").and_then(|v| reader.text("the world's name", v));
    let wit = section.required(reader, "wit").and_then(|v| reader.text("`wit`", v))?;
    let wit = if is_package_like(&wit.value) {
        let PackageRequirement { package, requirement } = reader.parsed("a WIT package", wit.clone())?.value;
        Spanned::new(WitSource::Package { package, requirement }, wit.span)
    } else {
        Spanned::new(WitSource::Path(PathBuf::from(wit.value)), wit.span)
    };
    Some(TargetWorld { wit, name, span: section.span })
}

/// Whether a text is meant as `namespace:name` rather than as a path.
fn is_package_like(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or(text);
    name.contains(':') && !name.contains(['/', '\\', '.'])
}

fn registries(reader: &mut Reader, value: &Value<'_>) -> Registries {
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

fn components(reader: &mut Reader, value: &Value<'_>) -> Vec<Component> {
    let Some(section) = reader.section("[components]", value) else { return Vec::new() };
    let entries = section.entries().into_iter();
    entries
        .filter_map(|(key, value)| {
            let name = reader.parsed_key("a component's name", key);
            let source = component_source(reader, key.get_ref(), value);
            Some(Component { name: name?, source: Spanned::new(source?, value.span()) })
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
    section.refuse_unknown_keys(reader, &["path", "oci", "package", "version", "registry"]);
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

fn instances(reader: &mut Reader, value: &Value<'_>) -> Vec<(Spanned<Name>, Spanned<String>)> {
    let Some(section) = reader.section("[instances]", value) else { return Vec::new() };
    let mut instances = Vec::new();
    for (key, value) in section.entries() {
        let name = reader.parsed_key("an instance's name", key);
        let Some(entry) = reader.section(format!("the instance `{}`", key.get_ref()), value) else { continue };
        entry.refuse_unknown_keys(reader, &["component"]);
        let component = entry.required(reader, "component").and_then(|v| reader.text("a component's name", v));
        instances.extend(name.zip(component));
    }
    instances
}

/// Adds an instance of its own name for each component that `[instances]` does not use.
fn all_instances(
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

/// An interface or a plain name; a text that is meant as an interface and is none is refused.
fn extern_name(reader: &mut Reader, title: &str, text: Spanned<String>) -> Option<Spanned<ExternName>> {
    let name = reader.parsed::<ExternName>(title, text.clone())?;
    if matches!(name.value, ExternName::Plain(_)) && text.value.contains([':', '/', '@', ' ']) {
        reader.invalid(
            title,
            &text.value,
            text.span,
            "an interface is `namespace:package/interface`, perhaps with `@version`".into(),
        );
        return None;
    }
    Some(name)
}

fn extern_key(
    reader: &mut Reader,
    title: &str,
    key: &toml::Spanned<std::borrow::Cow<'_, str>>,
) -> Option<Spanned<ExternName>> {
    extern_name(reader, title, Spanned::new(key.get_ref().to_string(), key.span()))
}

fn links(reader: &mut Reader, value: &Value<'_>) -> Vec<LinkRule> {
    let Some(section) = reader.section("[links]", value) else { return Vec::new() };
    let mut rules = Vec::new();
    for (key, value) in section.entries() {
        let consumer = reader.parsed_key::<Name>("an instance's name", key);
        let Some(table) = reader.section(format!("[links.{}]", key.get_ref()), value) else { continue };
        for (key, value) in table.entries() {
            let import = extern_key(reader, "an import", key);
            let target = link_target(reader, value);
            if let (Some(consumer), Some(import), Some(target)) = (&consumer, import, target) {
                rules.push(LinkRule { consumer: consumer.clone(), import, target });
            }
        }
    }
    rules
}

fn link_target(reader: &mut Reader, value: &Value<'_>) -> Option<Spanned<LinkTarget>> {
    if let DeValue::String(text) = value.get_ref()
        && text == HOST
    {
        return Some(Spanned::new(LinkTarget::Host, value.span()));
    }
    let (instance, export) = provider(reader, "the link", value)?;
    let target = LinkTarget::Instance { instance: instance.value, export: export.map(|e| e.value) };
    Some(Spanned::new(target, instance.span))
}

/// `"instance"`, or `{ instance = "…", export = "…" }`.
fn provider(
    reader: &mut Reader,
    title: &str,
    value: &Value<'_>,
) -> Option<(Spanned<Name>, Option<Spanned<ExternName>>)> {
    if let DeValue::String(_) = value.get_ref() {
        return Some((reader.parsed_text("an instance's name", value)?, None));
    }
    let section = reader.section(title, value)?;
    section.refuse_unknown_keys(reader, &["instance", "export"]);
    let instance = section.required(reader, "instance").and_then(|v| reader.parsed_text("an instance's name", v));
    let export = match section.key("export") {
        None => None,
        Some(value) => {
            let text = reader.text("an export", value)?;
            Some(extern_name(reader, "an export", text)?)
        }
    };
    Some((instance?, export))
}

fn chains(reader: &mut Reader, value: &Value<'_>) -> Vec<Chain> {
    let Some(section) = reader.section("[chains]", value) else { return Vec::new() };
    let mut chains: Vec<Chain> = Vec::new();
    for (key, value) in section.entries() {
        let interface = extern_key(reader, "an interface", key);
        let Some(items) = reader.array("a chain", value) else { continue };
        let mut members: Vec<Spanned<Name>> = Vec::new();
        for item in items {
            let Some(member) = reader.parsed_text::<Name>("an instance's name", item) else { continue };
            if members.iter().any(|m| m.value == member.value) {
                let message = format!("`{}` stands twice in the chain over `{}`", member.value, key.get_ref());
                let label = "a member wraps the next one, so each can stand in a chain only once";
                reader.report(Code::BrokenChain, member.span, message, label);
                continue;
            }
            members.push(member);
        }
        if items.is_empty() {
            let message = format!("the chain over `{}` has no members", key.get_ref());
            reader.report(Code::BrokenChain, value.span(), message, "expected the names of instances, outermost first");
        }
        chains.extend(interface.map(|interface| Chain { interface, members }));
    }
    chains
}

fn host(reader: &mut Reader, value: &Value<'_>) -> HostRules {
    let Some(section) = reader.section("[host]", value) else { return HostRules::default() };
    section.refuse_unknown_keys(reader, &["imports", "instances"]);
    let imports = section.key("imports").and_then(|v| patterns(reader, v));
    let mut instances = Vec::new();
    if let Some(table) = section.key("instances").and_then(|v| reader.section("[host.instances]", v)) {
        for (key, value) in table.entries() {
            let instance = reader.parsed_key("an instance's name", key);
            let imports = patterns(reader, value);
            if let (Some(instance), Some(imports)) = (instance, imports) {
                let imports = imports.into_iter().map(|p| p.value).collect();
                instances.push(HostInstanceRule { instance, imports, span: value.span() });
            }
        }
    }
    HostRules { imports, instances }
}

fn patterns(reader: &mut Reader, value: &Value<'_>) -> Option<Vec<Spanned<InterfacePattern>>> {
    let items = reader.array("a list of host imports", value)?;
    Some(items.iter().filter_map(|item| reader.parsed_text("a host import", item)).collect())
}

fn exports(reader: &mut Reader, value: &Value<'_>) -> Vec<ExportRule> {
    let Some(section) = reader.section("[exports]", value) else { return Vec::new() };
    let entries = section.entries().into_iter();
    entries
        .filter_map(|(key, value)| {
            let name = extern_key(reader, "an export", key);
            let (instance, export) = provider(reader, "the export", value)?;
            Some(ExportRule { name: name?, instance, export })
        })
        .collect()
}

fn check_registry_names(reader: &mut Reader, manifest: &Manifest) {
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
        let Source::Package { package, registry, .. } = &component.source.value else { continue };
        if let Some(name) = registry.as_deref().filter(|name| !known().any(|k| k == *name)) {
            let message = format!("the component `{}` is of the unknown registry `{name}`", component.name.value);
            let diagnostic = Diagnostic::error(Code::UnknownRegistry, message);
            let diagnostic =
                diagnostic.label(reader.source(), component.source.span.clone(), "`[registries]` has no such entry");
            reader.diagnostics.push(did_you_mean(diagnostic, name, known()));
        } else if registry.is_none()
            && !manifest.registries.namespaces.contains_key(package.namespace())
            && manifest.registries.default.is_none()
        {
            let diagnostic = Diagnostic::error(Code::NoRegistry, format!("no registry is known for `{package}`"))
                .label(reader.source(), component.source.span.clone(), "this package has to come from somewhere")
                .hint("name a default registry\n[registries]\ndefault = \"oci://registry.example/team\"")
                .hint(format!("or one for its namespace\n[registries.namespaces]\n{} = \"NAME\"", package.namespace()));
            reader.diagnostics.push(diagnostic);
        }
    }
}

fn check_instance_names(reader: &mut Reader, manifest: &Manifest) {
    let links = manifest.links.iter().flat_map(|rule| {
        let target = match &rule.target.value {
            LinkTarget::Host => None,
            LinkTarget::Instance { instance, .. } => Some(Spanned::new(instance.clone(), rule.target.span.clone())),
        };
        std::iter::once(rule.consumer.clone()).chain(target)
    });
    let chains = manifest.chains.iter().flat_map(|chain| chain.members.iter().cloned());
    let host = manifest.host.instances.iter().map(|rule| rule.instance.clone());
    let exports = manifest.exports.iter().flatten().map(|rule| rule.instance.clone());
    let mut seen = std::collections::BTreeSet::new();
    for name in links.chain(chains).chain(host).chain(exports) {
        let is_known = manifest.instances.iter().any(|i| i.name.value == name.value);
        if is_known || !seen.insert(name.span.start) {
            continue;
        }
        let diagnostic = Diagnostic::error(Code::UnknownInstance, format!("there is no instance `{}`", name.value))
            .label(reader.source(), name.span, "not an instance of this application");
        let instances_of_it = manifest.instances.iter().filter(|i| i.component == name.value);
        let instances_of_it = listed(instances_of_it.map(|i| &i.name.value));
        reader.diagnostics.push(if manifest.component(&name.value).is_some() && !instances_of_it.is_empty() {
            let note = format!("`{}` is a component; its instances are {instances_of_it}", name.value);
            diagnostic.note(note)
        } else {
            did_you_mean(diagnostic, &name.value, manifest.instances.iter().map(|i| &*i.name.value))
        });
    }
}
