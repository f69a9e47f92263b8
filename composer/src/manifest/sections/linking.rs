//! `[links]`, `[chains]`, `[host]` and `[exports]`: what the instances of an application have to do with each other.

use toml::de::DeValue;
use wit::{ExternName, InterfacePattern};

use super::did_you_mean;
use crate::{
    diagnostic::{Code, Diagnostic, Spanned, listed},
    manifest::{
        Chain, ExportRule, HOST, HostInstanceRule, HostRules, LinkRule, LinkTarget, Manifest, Name,
        read::{Reader, Value},
        schema,
    },
};

pub(super) fn links(reader: &mut Reader, value: &Value<'_>) -> Vec<LinkRule> {
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
    section.refuse_unknown_keys(reader, &schema::PROVIDER);
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

pub(super) fn chains(reader: &mut Reader, value: &Value<'_>) -> Vec<Chain> {
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

pub(super) fn host(reader: &mut Reader, value: &Value<'_>) -> HostRules {
    let Some(section) = reader.section("[host]", value) else { return HostRules::default() };
    section.refuse_unknown_keys(reader, &schema::HOST);
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

pub(super) fn exports(reader: &mut Reader, value: &Value<'_>) -> Vec<ExportRule> {
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

pub(super) fn check_instance_names(reader: &mut Reader, manifest: &Manifest) {
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
