//! Removing components from a manifest.
//!
//! With a component goes what is about it alone: its instances, their links and host rules, chains of nothing else. What others
//! say of it (their links, chains, exports) is a decision that somebody made, and goes only when that is asked for.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, Item, RawString, TableLike};

use super::{document, text};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, listed},
    manifest::{LinkTarget, Manifest, Name},
};

/// What becomes of lines about others that name what is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// They keep it from being removed.
    Keep,
    /// They are removed as well.
    Remove,
}

/// A manifest without some components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The text.
    pub text: String,
    /// What else went, by section and key, in the manifest's order.
    pub others: Vec<String>,
}

/// Removes components, and what is about them alone.
///
/// # Errors
/// [`Code::StillReferenced`] with every line that names one of them, where these are kept.
pub fn remove(manifest: &Manifest, components: &[Name], references: References) -> Result<Removed, Failure> {
    let instances = manifest.instances.iter().filter(|instance| components.contains(&instance.component));
    let gone: BTreeSet<&str> = instances.map(|instance| &*instance.name.value).collect();
    if references == References::Keep {
        let blocked = components.iter().filter_map(|component| still_referenced(manifest, component, &gone));
        Failure::check(blocked.collect())?;
    }
    let mut removal = Removal { document: document(&manifest.source)?, gone, others: Vec::new() };
    for component in components {
        removal.entry("components", component);
    }
    removal.others.clear();
    removal.instances();
    removal.links();
    removal.chains();
    removal.host();
    removal.exports();
    Ok(Removed { text: text(&removal.document, &manifest.source), others: removal.others })
}

/// Every line about another instance that names an instance of a component.
fn still_referenced(manifest: &Manifest, component: &Name, gone: &BTreeSet<&str>) -> Option<Diagnostic> {
    let instances = manifest.instances.iter().filter(|instance| instance.component == *component);
    let instances: Vec<&Name> = instances.map(|instance| &instance.name.value).collect();
    let links = manifest.links.iter().filter_map(|rule| match &rule.target.value {
        LinkTarget::Instance { instance, .. } if instances.contains(&instance) => {
            let is_of_another = !gone.contains(&*rule.consumer.value);
            is_of_another.then(|| (rule.target.span.clone(), format!("`{}` is linked to it", rule.consumer.value)))
        }
        LinkTarget::Instance { .. } | LinkTarget::Host => None,
    });
    let chains = manifest.chains.iter().flat_map(|chain| {
        let is_of_others = chain.members.iter().any(|member| !gone.contains(&*member.value));
        let members = chain.members.iter().filter(move |_| is_of_others);
        members.map(|member| (member, "it is a member of this chain".to_owned()))
    });
    let chains = chains.filter(|(member, _)| instances.contains(&&member.value));
    let chains = chains.map(|(member, text)| (member.span.clone(), text));
    let exports = manifest.exports.iter().flatten().filter(|rule| instances.contains(&&rule.instance.value));
    let exports = exports.map(|rule| (rule.instance.span.clone(), "the application exports this from it".to_owned()));
    let mut found: Vec<_> = links.chain(chains).chain(exports).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|(span, _)| span.start);
    let own: Vec<&Name> = instances.into_iter().filter(|instance| *instance != component).collect();
    let diagnostic = Diagnostic::error(Code::StillReferenced, format!("`{component}` is still needed by other lines"));
    let diagnostic = match own.as_slice() {
        [] => diagnostic,
        own => diagnostic.note(format!(
            "{} of `{component}`",
            if own.len() == 1 {
                format!("{} is an instance", listed(own))
            } else {
                format!("{} are instances", listed(own))
            }
        )),
    };
    let labelled =
        found.into_iter().fold(diagnostic, |diagnostic, (span, text)| diagnostic.label(&manifest.source, span, text));
    Some(labelled.hint(format!("to remove these lines as well\ncompose remove {component} --force")))
}

struct Removal<'a> {
    document: DocumentMut,
    /// The instances that go.
    gone: BTreeSet<&'a str>,
    others: Vec<String>,
}

impl Removal<'_> {
    /// Removes an entry of a section, and notes that.
    fn entry(&mut self, section: &str, key: &str) {
        let Some(table) = self.document.get_mut(section).and_then(Item::as_table_like_mut) else { return };
        if table.remove(key).is_some() {
            self.others.push(format!("[{section}] {key}"));
        }
    }

    /// Removes a section that has become empty: without entries it would mean something else than its absence, or nothing.
    fn section_if_empty(&mut self, section: &str) {
        if self.document.get(section).and_then(Item::as_table_like).is_some_and(TableLike::is_empty) {
            self.document.remove(section);
        }
    }

    fn instances(&mut self) {
        for instance in self.gone.clone() {
            self.entry("instances", instance);
        }
        self.section_if_empty("instances");
    }

    fn links(&mut self) {
        let Some(links) = self.document.get_mut("links").and_then(Item::as_table_like_mut) else { return };
        for instance in &self.gone {
            if links.remove(instance).is_some() {
                self.others.push(format!("[links.{instance}]"));
            }
        }
        let mut empty = Vec::new();
        for (consumer, rules) in links.iter_mut() {
            let Some(rules) = rules.as_table_like_mut() else { continue };
            for import in to_any(rules, &self.gone) {
                rules.remove(&import);
                self.others.push(format!("[links.{}] \"{import}\"", consumer.get()));
            }
            if rules.is_empty() {
                empty.push(consumer.get().to_owned());
            }
        }
        for consumer in empty {
            links.remove(&consumer);
        }
        self.section_if_empty("links");
    }

    fn chains(&mut self) {
        let Some(chains) = self.document.get_mut("chains").and_then(Item::as_table_like_mut) else { return };
        let mut empty = Vec::new();
        for (interface, members) in chains.iter_mut() {
            let Some(members) = members.as_array_mut() else { continue };
            let before = members.len();
            members.retain(|member| member.as_str().is_none_or(|member| !self.gone.contains(member)));
            if members.len() < before {
                self.others.push(format!("[chains] \"{}\"", interface.get()));
            }
            if members.is_empty() {
                empty.push(interface.get().to_owned());
            } else if members.len() < before
                && let Some(first) = members.get_mut(0)
                && first.decor().prefix().and_then(RawString::as_str) == Some(" ")
            {
                // It was not the first, and had a space before it.
                first.decor_mut().set_prefix("");
            }
        }
        for interface in empty {
            chains.remove(&interface);
        }
        self.section_if_empty("chains");
    }

    fn host(&mut self) {
        let Some(host) = self.document.get_mut("host").and_then(Item::as_table_like_mut) else { return };
        let Some(rules) = host.get_mut("instances").and_then(Item::as_table_like_mut) else { return };
        for instance in &self.gone {
            if rules.remove(instance).is_some() {
                self.others.push(format!("[host.instances] {instance}"));
            }
        }
        if rules.is_empty() {
            host.remove("instances");
        }
        self.section_if_empty("host");
    }

    fn exports(&mut self) {
        let Some(exports) = self.document.get_mut("exports").and_then(Item::as_table_like_mut) else { return };
        for export in to_any(exports, &self.gone) {
            exports.remove(&export);
            self.others.push(format!("[exports] \"{export}\""));
        }
        self.section_if_empty("exports");
    }
}

/// The keys whose value is one of these instances: `"instance"`, or `{ instance = "…", … }`.
fn to_any(table: &dyn TableLike, instances: &BTreeSet<&str>) -> Vec<String> {
    let provider = |item: &Item| {
        let named = item.as_table_like().and_then(|table| table.get("instance")).and_then(Item::as_str);
        item.as_str().or(named).is_some_and(|provider| instances.contains(provider))
    };
    table.iter().filter(|(_, item)| provider(item)).map(|(key, _)| key.to_owned()).collect()
}
