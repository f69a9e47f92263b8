//! How a world or a package is written for people who use it, and for programs: from its [`Outline`] to Markdown and to JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use wit::{Call, Entry, EntryKind, Gate, Member, Outline};

/// Writes the outline as a page of documentation.
pub(super) fn markdown(outline: &Outline) -> String {
    let mut page = Page(String::new());
    page.line(&format!("# `{}`", outline.name));
    page.about(&outline.gate, outline.documentation.as_deref());
    page.items(outline, 2);
    for world in &outline.worlds {
        page.line(&format!("\n## World `{}`", world.name));
        page.about(&world.gate, world.documentation.as_deref());
        page.items(world, 3);
    }
    for interface in &outline.interfaces {
        page.interface("##", interface);
    }
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    fn about(&mut self, gate: &Gate, documentation: Option<&str>) {
        for note in notes(gate) {
            let _ = write!(self.0, "\n*{note}*\n");
        }
        if let Some(documentation) = documentation {
            let _ = write!(self.0, "\n{documentation}\n");
        }
    }

    /// What a world imports and exports.
    fn items(&mut self, world: &Outline, depth: usize) {
        for (title, entries) in [("Imports", &world.imports), ("Exports", &world.exports)] {
            if entries.is_empty() {
                continue;
            }
            let _ = writeln!(self.0, "\n{} {title}\n", "#".repeat(depth));
            for entry in entries {
                let line = match &entry.kind {
                    EntryKind::InterfaceName => {
                        format!("- [`{0}`](#{1})", entry.name, anchor(&format!("Interface {}", entry.name)))
                    }
                    EntryKind::Function(signature) => format!("- `{}`", signature.wit),
                    _ => format!("- `{}`", entry.name),
                };
                self.line(&line);
            }
            for entry in entries.iter().filter(|entry| tells_more(entry)) {
                self.entry(&"#".repeat(depth + 1), entry);
            }
        }
    }

    fn interface(&mut self, mark: &str, interface: &Entry) {
        let _ = writeln!(self.0, "\n{mark} Interface `{}`", interface.name);
        self.about(&interface.gate, interface.documentation.as_deref());
        if let EntryKind::Interface(entries) = &interface.kind {
            entries.iter().for_each(|entry| self.entry(&format!("{mark}#"), entry));
        }
    }

    fn entry(&mut self, mark: &str, entry: &Entry) {
        let name = &entry.name;
        let title = match &entry.kind {
            EntryKind::Interface(_) => return self.interface(mark, entry),
            EntryKind::InterfaceName => name.clone(),
            EntryKind::Function(signature) => signature.wit.clone(),
            EntryKind::Record(_) => format!("record {name}"),
            EntryKind::Variant(_) => format!("variant {name}"),
            EntryKind::Enum(_) => format!("enum {name}"),
            EntryKind::Flags(_) => format!("flags {name}"),
            EntryKind::Resource(_) => format!("resource {name}"),
            EntryKind::Alias(ty) => format!("type {name} = {ty}"),
            EntryKind::Use { interface, name: original } if original == name => format!("use {interface}.{{{name}}}"),
            EntryKind::Use { interface, name: original } => format!("use {interface}.{{{original} as {name}}}"),
            _ => name.clone(),
        };
        let _ = writeln!(self.0, "\n{mark} `{title}`");
        self.about(&entry.gate, entry.documentation.as_deref());
        match &entry.kind {
            EntryKind::Record(members) => self.members("field", members),
            EntryKind::Variant(members) | EntryKind::Enum(members) => self.members("case", members),
            EntryKind::Flags(members) => self.members("flag", members),
            EntryKind::Resource(functions) => {
                functions.iter().for_each(|function| self.entry(&format!("{mark}#"), function));
            }
            _ => {}
        }
    }

    fn members(&mut self, noun: &str, members: &[Member]) {
        let _ = write!(self.0, "\n| {noun} | type | |\n|---|---|---|\n");
        for member in members {
            let ty = member.ty.as_ref().map(|ty| format!("`{ty}`")).unwrap_or_default();
            let about = member.documentation.as_deref().unwrap_or_default().replace('|', "\\|").replace('\n', " ");
            let _ = writeln!(self.0, "| `{}` | {ty} | {about} |", member.name);
        }
    }
}

/// Whether there is more to tell of what a world imports or exports than its line in the list does.
fn tells_more(entry: &Entry) -> bool {
    match entry.kind {
        EntryKind::InterfaceName => false,
        EntryKind::Function(_) => entry.documentation.is_some() || entry.gate != Gate::default(),
        _ => true,
    }
}

/// What a gate says, in sentences.
fn notes(gate: &Gate) -> impl Iterator<Item = String> {
    let since = gate.since.as_ref().map(|version| format!("Since {version}."));
    let feature = gate.feature.as_ref().map(|feature| format!("Unstable: needs the feature `{feature}`."));
    let deprecated = gate.deprecated.as_ref().map(|version| format!("Deprecated since {version}."));
    [since, feature, deprecated].into_iter().flatten()
}

/// Where a heading can be linked to, as renderers of Markdown make it of its text.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Writes the outline as data.
pub(super) fn json(outline: &Outline) -> Value {
    let entries = |entries: &[Entry]| entries.iter().map(entry).collect::<Value>();
    let mut object = object(&outline.name, &outline.gate, outline.documentation.as_deref());
    for (key, list) in
        [("imports", &outline.imports), ("exports", &outline.exports), ("interfaces", &outline.interfaces)]
    {
        object.insert(key.to_owned(), entries(list));
    }
    object.insert("worlds".to_owned(), outline.worlds.iter().map(json).collect());
    Value::Object(object)
}

fn object(name: &str, gate: &Gate, documentation: Option<&str>) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("name".to_owned(), name.into());
    let optional = [
        ("documentation", documentation.map(str::to_owned)),
        ("since", gate.since.as_ref().map(ToString::to_string)),
        ("feature", gate.feature.clone()),
        ("deprecated", gate.deprecated.as_ref().map(ToString::to_string)),
    ];
    object.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))));
    object
}

fn entry(entry: &Entry) -> Value {
    let mut object = object(&entry.name, &entry.gate, entry.documentation.as_deref());
    let members = |members: &[Member]| members.iter().map(member).collect::<Value>();
    let (kind, details) = match &entry.kind {
        EntryKind::InterfaceName => ("interface", Map::new()),
        EntryKind::Interface(items) => {
            ("interface", fields(json!({ "items": items.iter().map(self::entry).collect::<Value>() })))
        }
        EntryKind::Function(signature) => {
            let call = match signature.call {
                Call::Free => "function",
                Call::Method => "method",
                Call::Static => "static",
                Call::Constructor => "constructor",
            };
            let parameter = |(name, ty): &(String, String)| json!({ "name": name, "type": ty });
            let parameters: Value = signature.parameters.iter().map(parameter).collect();
            let details = json!({
                "async": signature.is_async, "parameters": parameters, "result": signature.result, "wit": signature.wit,
            });
            (call, fields(details))
        }
        EntryKind::Record(fields_) => ("record", fields(json!({ "fields": members(fields_) }))),
        EntryKind::Variant(cases) => ("variant", fields(json!({ "cases": members(cases) }))),
        EntryKind::Enum(cases) => ("enum", fields(json!({ "cases": members(cases) }))),
        EntryKind::Flags(flags) => ("flags", fields(json!({ "flags": members(flags) }))),
        EntryKind::Resource(functions) => {
            ("resource", fields(json!({ "functions": functions.iter().map(self::entry).collect::<Value>() })))
        }
        EntryKind::Alias(ty) => ("type", fields(json!({ "type": ty }))),
        EntryKind::Use { interface, name } => ("use", fields(json!({ "interface": interface, "original": name }))),
        _ => ("other", Map::new()),
    };
    object.insert("kind".to_owned(), kind.into());
    object.extend(details);
    Value::Object(object)
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn member(member: &Member) -> Value {
    let mut object = object(&member.name, &Gate::default(), member.documentation.as_deref());
    object.extend(member.ty.as_ref().map(|ty| ("type".to_owned(), ty.as_str().into())));
    Value::Object(object)
}
