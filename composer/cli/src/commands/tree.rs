//! `compose tree`: the plan as a tree, from the exports of the result down to what it asks of its host.
//!
//! Every line is an instance, under who needs it and with what for. What an instance needs itself is shown where it appears
//! first; `(*)` stands for it elsewhere.

mod inverted;

use std::collections::BTreeSet;

use composer::{
    driver::{self, Planned},
    plan::{InstanceId, Provider},
};
use wit::{ExternName, InterfaceName};

use super::{describe, why};
use crate::{
    args::{ManifestOptions, MessageFormat, TreeArgs},
    exit::{Ended, Stop},
    message::{self, Message},
    output::Output,
    session::Session,
};

pub(super) fn run(arguments: &TreeArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let session = Session::new(options, output)?;
    let planned = session.wait_for(async |session| driver::plan(session).await)?;
    output.diagnostics(&planned.warnings)?;
    match &arguments.invert {
        Some(name) => invert(name, arguments.depth, &planned, output)?,
        None if arguments.duplicates => duplicates(&planned, output)?,
        None => match output.format() {
            MessageFormat::Human => output.data(tree(&planned, arguments.depth))?,
            MessageFormat::Json => output.message(&message(&planned))?,
        },
    }
    Ok(Ended::Well)
}

fn invert(name: &str, depth: Option<usize>, planned: &Planned, output: &Output) -> Result<(), Stop> {
    let subject = why::Subject::named(name, planned);
    let subject = subject.ok_or_else(|| Stop::Failure(why::unknown(name, planned).into()))?;
    let trees = inverted::Inverted::new(planned, depth).of(name, &subject);
    match output.format() {
        MessageFormat::Json => output.message(&Message::InvertedTree { name, trees }),
        MessageFormat::Human if trees.is_empty() => {
            output.remark(format_args!("{name} is left out: nothing that the result exports needs it"));
            Ok(())
        }
        MessageFormat::Human => output.data(trees.iter().map(inverted::draw).collect::<Vec<_>>().join("\n")),
    }
}

fn duplicates(planned: &Planned, output: &Output) -> Result<(), Stop> {
    let packages = inverted::duplicates(planned);
    match output.format() {
        MessageFormat::Json => output.message(&Message::Duplicates { packages }),
        MessageFormat::Human if packages.is_empty() => {
            output.remark("No package is there in several versions");
            Ok(())
        }
        MessageFormat::Human => {
            let trees = packages.iter().flat_map(|package| &package.versions).flat_map(|version| &version.needed_by);
            output.data(trees.map(inverted::draw).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// The whole tree, under the name of the application; only so many levels of it where that is wanted.
fn tree(planned: &Planned, depth: Option<usize>) -> String {
    let mut exported = Branches::default();
    for export in &planned.plan.exports {
        exported.add_instance(export.instance, &export.name);
    }
    let text = title(planned) + "\n";
    let mut drawing = Drawing { planned, text, drawn: BTreeSet::new(), levels: depth.unwrap_or(usize::MAX) };
    drawing.branches(&exported, "", 0);
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
    /// How many levels are drawn.
    levels: usize,
}

impl Drawing<'_> {
    fn branches(&mut self, branches: &Branches<'_>, indent: &str, level: usize) {
        if level == self.levels {
            return;
        }
        for (index, (id, names)) in branches.instances.iter().enumerate() {
            let (corner, line) =
                if index + 1 == branches.len() { ("└── ", "    ") } else { ("├── ", "│   ") };
            let below = Branches::below(self.planned, *id);
            let again = !self.drawn.insert(*id) && below.len() > 0;
            let star = if again { " (*)" } else { "" };
            let instance = describe::instance(self.planned, &self.planned.plan[*id]);
            self.text += &format!("{indent}{corner}{instance}: {}{star}\n", interfaces(names));
            if !again {
                self.branches(&below, &format!("{indent}{line}"), level + 1);
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
            automatic: describe::is_automatic(planned, instance),
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
        assert_snapshot!(tree(&sample::planned(), None), @"
        test:sample@1.0.0
        └── top (top.wat): test:sample/top@1.0.0
            ├── base = bottom (bottom.wat): test:sample/base@1.0.0
            │   └── host: wasi:io/{error, poll}@0.2.0, wasi:cli/stdin@0.2.0
            └── middle (middle.wat): test:sample/middle@1.0.0
                └── base = bottom (bottom.wat): test:sample/base@1.0.0 (*)
        ");
    }

    #[test]
    fn only_so_many_levels_are_drawn() {
        assert_eq!(tree(&sample::planned(), Some(0)), "test:sample@1.0.0\n");
        assert_snapshot!(tree(&sample::planned(), Some(1)), @"
        test:sample@1.0.0
        └── top (top.wat): test:sample/top@1.0.0
        ");
    }

    fn from_below(name: &str, depth: Option<usize>) -> String {
        let planned = sample::planned();
        let subject = why::Subject::named(name, &planned).expect("it is there");
        inverted::Inverted::new(&planned, depth).of(name, &subject).iter().map(inverted::draw).collect()
    }

    #[test]
    fn from_below_it_shows_who_needs_something() {
        assert_snapshot!(from_below("base", None), @"
        base = bottom (bottom.wat)
        ├── middle (middle.wat): test:sample/base@1.0.0
        │   └── top (top.wat): test:sample/middle@1.0.0
        │       └── exported: test:sample/top@1.0.0
        └── top (top.wat): test:sample/base@1.0.0 (*)
        ");
        assert_snapshot!(from_below("wasi:io/poll", None), @"
        wasi:io/poll
        └── base = bottom (bottom.wat): wasi:io/poll@0.2.0
            ├── middle (middle.wat): test:sample/base@1.0.0
            │   └── top (top.wat): test:sample/middle@1.0.0
            │       └── exported: test:sample/top@1.0.0
            └── top (top.wat): test:sample/base@1.0.0 (*)
        ");
        assert_snapshot!(from_below("bottom", Some(1)), @"
        base = bottom (bottom.wat)
        ├── middle (middle.wat): test:sample/base@1.0.0
        └── top (top.wat): test:sample/base@1.0.0
        ");
        assert_snapshot!(from_below("test:sample/top", None), @"
        test:sample/top
        └── exported: test:sample/top@1.0.0
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
