//! `compose tree`: the plan as a tree, from the exports of the result down to what it asks of its host.
//!
//! Every line is an instance, under who needs it and with what for. What an instance needs itself is shown where it appears
//! first; `(*)` stands for it elsewhere.

use std::collections::BTreeSet;

use composer::{
    driver::{self, Planned},
    plan::{InstanceId, Provider},
};
use wit::{ExternName, InterfaceName};

use super::describe;
use crate::{
    args::{ManifestOptions, MessageFormat},
    exit::{Ended, Stop},
    message::{self, Message},
    output::Output,
    session::Session,
};

pub(super) fn run(options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let session = Session::new(options, output)?;
    let planned = session.wait_for(async |session| driver::plan(session).await)?;
    output.diagnostics(&planned.warnings)?;
    match output.format() {
        MessageFormat::Human => output.data(tree(&planned))?,
        MessageFormat::Json => output.message(&message(&planned))?,
    }
    Ok(Ended::Well)
}

/// The whole tree, under the name of the application.
fn tree(planned: &Planned) -> String {
    let mut exported = Branches::default();
    for export in &planned.plan.exports {
        exported.add_instance(export.instance, &export.name);
    }
    let mut drawing = Drawing { planned, text: title(planned) + "\n", drawn: BTreeSet::new() };
    drawing.branches(&exported, "");
    drawing.text
}

/// The application's package and version, else the name of its file.
fn title(planned: &Planned) -> String {
    let Some(package) = &planned.manifest.package else { return planned.manifest.output_name().to_owned() };
    let name = &package.name.value;
    package.version.as_ref().map_or_else(|| name.to_string(), |version| format!("{name}@{version}"))
}

/// What is needed at one place of the tree: each provider once, with all that it provides there, and the host at the end.
#[derive(Default)]
struct Branches<'a> {
    instances: Vec<(InstanceId, Vec<&'a ExternName>)>,
    host: Vec<&'a ExternName>,
}

impl<'a> Branches<'a> {
    fn below(planned: &'a Planned, id: InstanceId) -> Self {
        let mut branches = Self::default();
        for link in &planned.plan[id].links {
            match &link.provider {
                Provider::Instance { instance, export } => branches.add_instance(*instance, export),
                Provider::Host { import } => branches.host.push(import),
            }
        }
        branches
    }

    fn add_instance(&mut self, id: InstanceId, name: &'a ExternName) {
        match self.instances.iter_mut().find(|(known, _)| *known == id) {
            Some((_, names)) => names.push(name),
            None => self.instances.push((id, vec![name])),
        }
    }

    fn len(&self) -> usize {
        self.instances.len() + usize::from(!self.host.is_empty())
    }
}

/// A tree that is being drawn, line after line.
struct Drawing<'a> {
    planned: &'a Planned,
    text: String,
    /// The instances whose own branches were drawn.
    drawn: BTreeSet<InstanceId>,
}

impl Drawing<'_> {
    fn branches(&mut self, branches: &Branches<'_>, indent: &str) {
        for (index, (id, names)) in branches.instances.iter().enumerate() {
            let (corner, line) =
                if index + 1 == branches.len() { ("└── ", "    ") } else { ("├── ", "│   ") };
            let below = Branches::below(self.planned, *id);
            let again = !self.drawn.insert(*id) && below.len() > 0;
            let star = if again { " (*)" } else { "" };
            let instance = describe::instance(self.planned, &self.planned.plan[*id]);
            self.text += &format!("{indent}{corner}{instance}: {}{star}\n", interfaces(names));
            if !again {
                self.branches(&below, &format!("{indent}{line}"));
            }
        }
        if !branches.host.is_empty() {
            self.text += &format!("{indent}└── host: {}\n", interfaces(&branches.host));
        }
    }
}

/// Names in short: interfaces of one package and version together, `wasi:io/{error, streams}@0.2.0`.
fn interfaces(names: &[&ExternName]) -> String {
    let mut packages: Vec<Vec<&InterfaceName>> = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        let Some(interface) = name.as_interface() else {
            shown.push(name.to_string());
            continue;
        };
        let same = |known: &&mut Vec<&InterfaceName>| {
            known.iter().all(|k| (k.package(), k.version()) == (interface.package(), interface.version()))
        };
        match packages.iter_mut().find(same) {
            Some(known) => known.push(interface),
            None => packages.push(vec![interface]),
        }
    }
    shown.extend(packages.iter().map(|interfaces| together(interfaces)));
    shown.join(", ")
}

/// Interfaces of one package and version.
fn together(interfaces: &[&InterfaceName]) -> String {
    let [first, _, ..] = interfaces else { return interfaces.iter().map(ToString::to_string).collect() };
    let names: Vec<&str> = interfaces.iter().map(|interface| interface.interface()).collect();
    let version = first.version().map(|version| format!("@{version}")).unwrap_or_default();
    format!("{}/{{{}}}{version}", first.package(), names.join(", "))
}

fn message(planned: &Planned) -> Message<'static> {
    let plan = &planned.plan;
    let instances = plan.order.iter().map(|id| {
        let instance = &plan[*id];
        message::Instance {
            name: instance.name.to_string(),
            component: instance.component.to_string(),
            source: describe::source(planned, instance),
            digest: instance.digest.to_string(),
            links: instance.links.iter().map(|link| describe::link(planned, instance, link)).collect(),
        }
    });
    Message::Tree {
        exports: plan.exports.iter().map(|export| describe::export(planned, export)).collect(),
        instances: instances.collect(),
        host_imports: plan.host_imports.iter().map(|import| import.name.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::commands::sample;

    #[test]
    fn what_an_instance_needs_is_drawn_once() {
        assert_snapshot!(tree(&sample::planned()), @"
        test:sample@1.0.0
        └── top (top.wat): test:sample/top@1.0.0
            ├── base = bottom (bottom.wat): test:sample/base@1.0.0
            │   └── host: wasi:io/{error, poll}@0.2.0, wasi:cli/stdin@0.2.0
            └── middle (middle.wat): test:sample/middle@1.0.0
                └── base = bottom (bottom.wat): test:sample/base@1.0.0 (*)
        ");
    }

    fn check(names: &[&str], expected: &str) {
        let names: Vec<ExternName> = names.iter().map(|name| name.parse().expect("the name is valid")).collect();
        assert_eq!(interfaces(&names.iter().collect::<Vec<_>>()), expected);
    }

    #[test]
    fn interfaces_of_one_package_and_version_are_written_together() {
        check(&["wasi:io/error@0.2.0"], "wasi:io/error@0.2.0");
        check(
            &["wasi:io/error@0.2.0", "wasi:cli/run@0.2.0", "wasi:io/streams@0.2.0", "wasi:io/poll@0.2.1"],
            "wasi:io/{error, streams}@0.2.0, wasi:cli/run@0.2.0, wasi:io/poll@0.2.1",
        );
        check(&["run", "a:b/c", "a:b/d"], "run, a:b/{c, d}");
    }
}
