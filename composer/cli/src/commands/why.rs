//! `compose why`: why something is part of the application, from an export of the result down to it.
//!
//! From a name to every use of what it names, each with the shortest chain of links that leads there.

use std::collections::{BTreeMap, VecDeque, btree_map::Entry};

use composer::{
    diagnostic::{Code, Diagnostic, nearest},
    driver::{self, Planned},
    manifest::Name,
    plan::{InstanceId, Link, PlannedExport, Provider},
};
use wit::ExternName;

use super::describe;
use crate::{
    args::{ManifestOptions, MessageFormat, WhyArgs},
    exit::{Ended, Stop},
    message::{self, Message},
    output::Output,
    session::Session,
};

pub(super) fn run(arguments: &WhyArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let session = Session::new(options, output)?;
    let planned = session.wait_for(async |session| driver::plan(session).await)?;
    let subject = Subject::named(&arguments.name, &planned)
        .ok_or_else(|| Stop::Failure(unknown(&arguments.name, &planned).into()))?;
    let chains = chains(&subject, &planned);
    match output.format() {
        MessageFormat::Human => output.data(explanation(&arguments.name, &subject, &chains, &planned))?,
        MessageFormat::Json => output.message(&Message::Why {
            name: &arguments.name,
            chains: chains.iter().map(|chain| chain.message(&planned)).collect(),
        })?,
    }
    Ok(Ended::Well)
}

/// What a name names.
pub(super) enum Subject {
    /// Instances: the one of that name, or all of the component of that name or of that package.
    Instances(Vec<InstanceId>),
    /// An interface, wherever it is imported or exported; without a version, in all versions.
    Interface(ExternName),
    /// An instance or a component that the result does without.
    LeftOut,
}

impl Subject {
    pub(super) fn named(name: &str, planned: &Planned) -> Option<Self> {
        let plan = &planned.plan;
        let is = |known: &Name| **known == *name;
        if let Some(id) = plan.order.iter().find(|id| is(&plan[**id].name)) {
            return Some(Self::Instances(vec![*id]));
        }
        let manifest = &planned.manifest;
        let is_of_package = |component: &Name| {
            let package = manifest.component(component).and_then(|entry| entry.source.value.package());
            package.is_some_and(|package| package.to_string() == name)
        };
        let components = plan.order.iter().copied();
        let of_component: Vec<_> = components.clone().filter(|id| is(&plan[*id].component)).collect();
        let of_package: Vec<_> = components.filter(|id| is_of_package(&plan[*id].component)).collect();
        if let Some(instances) = [of_component, of_package].into_iter().find(|instances| !instances.is_empty()) {
            return Some(Self::Instances(instances));
        }
        let mut left_out = manifest.instances.iter().flat_map(|instance| [&instance.name.value, &instance.component]);
        if left_out.any(is) {
            return Some(Self::LeftOut);
        }
        let interface = Self::Interface(name.parse().ok()?);
        let is_used = uses(planned).any(|(_, link)| interface.is_reached_by(link));
        (is_used || plan.exports.iter().any(|export| interface.is_exported_by(export))).then_some(interface)
    }

    pub(super) fn is_exported_by(&self, export: &PlannedExport) -> bool {
        match self {
            Self::Instances(instances) => instances.contains(&export.instance),
            Self::Interface(name) => covers(name, &export.name) || covers(name, &export.export),
            Self::LeftOut => false,
        }
    }

    pub(super) fn is_reached_by(&self, link: &Link) -> bool {
        match (self, &link.provider) {
            (Self::Instances(instances), Provider::Instance { instance, .. }) => instances.contains(instance),
            (Self::Interface(name), Provider::Instance { export, .. }) => {
                covers(name, &link.import) || covers(name, export)
            }
            (Self::Interface(name), Provider::Host { import }) => covers(name, &link.import) || covers(name, import),
            (Self::Instances(_), Provider::Host { .. }) | (Self::LeftOut, _) => false,
        }
    }
}

/// Whether a name that a person gave means another: without a version it means every version.
fn covers(given: &ExternName, name: &ExternName) -> bool {
    given == name || *given == name.unversioned()
}

/// One way from an export of the result through links.
struct Chain<'a> {
    export: &'a PlannedExport,
    links: Vec<(InstanceId, &'a Link)>,
}

/// Every export that is the subject or of it, and the shortest chain to every link that leads to it; short chains first.
fn chains<'a>(subject: &Subject, planned: &'a Planned) -> Vec<Chain<'a>> {
    let ways = ways(planned);
    let exported = planned.plan.exports.iter().filter(|export| subject.is_exported_by(export));
    let exported = exported.map(|export| Chain { export, links: Vec::new() });
    let linked = uses(planned).filter(|(_, link)| subject.is_reached_by(link)).filter_map(|(consumer, link)| {
        let way = ways.get(&consumer)?;
        let links = way.links.iter().copied().chain([(consumer, link)]).collect();
        Some(Chain { export: way.export, links })
    });
    let mut chains: Vec<_> = exported.chain(linked).collect();
    chains.sort_by_key(|chain| chain.links.len());
    chains
}

/// Every link of the plan, with its consumer.
fn uses(planned: &Planned) -> impl Iterator<Item = (InstanceId, &Link)> {
    let plan = &planned.plan;
    plan.order.iter().flat_map(|id| plan[*id].links.iter().map(|link| (*id, link)))
}

/// The shortest way to every instance, from the first export that has one.
fn ways(planned: &Planned) -> BTreeMap<InstanceId, Chain<'_>> {
    let plan = &planned.plan;
    let mut ways: BTreeMap<InstanceId, Chain<'_>> = BTreeMap::new();
    let mut next = VecDeque::new();
    for export in &plan.exports {
        if let Entry::Vacant(way) = ways.entry(export.instance) {
            way.insert(Chain { export, links: Vec::new() });
            next.push_back(export.instance);
        }
    }
    while let Some(consumer) = next.pop_front() {
        for link in &plan[consumer].links {
            let Provider::Instance { instance, .. } = &link.provider else { continue };
            if ways.contains_key(instance) {
                continue;
            }
            let Chain { export, links } = &ways[&consumer];
            let links = links.iter().copied().chain([(consumer, link)]).collect();
            let way = Chain { export, links };
            ways.insert(*instance, way);
            next.push_back(*instance);
        }
    }
    ways
}

/// What a person is told: each chain as sentences, every step further in than the one that it follows from.
fn explanation(name: &str, subject: &Subject, chains: &[Chain<'_>], planned: &Planned) -> String {
    let mut text = match subject {
        Subject::LeftOut => format!("{name} is left out: nothing that the result exports needs it\n"),
        Subject::Interface(_) => String::new(),
        Subject::Instances(instances) => instances.iter().map(|id| introduction(planned, *id)).collect(),
    };
    for chain in chains {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &chain.sentences(planned);
    }
    text
}

/// What an instance is, and why it is there where nobody asked for it.
fn introduction(planned: &Planned, id: InstanceId) -> String {
    let instance = &planned.plan[id];
    let mut text = describe::instance(planned, instance) + "\n";
    if describe::is_automatic(planned, instance) {
        text += "it has no entry in the manifest: nothing else provides what it exports, and a registry may\n";
    }
    text
}

impl Chain<'_> {
    fn sentences(&self, planned: &Planned) -> String {
        let PlannedExport { name, instance, reason, .. } = self.export;
        let instance = &planned.plan[*instance].name;
        let mut text = format!("{name} is exported from {instance}: {}\n", describe::export_reason(*reason));
        for (depth, (consumer, link)) in self.links.iter().enumerate() {
            let provider = match &link.provider {
                Provider::Instance { instance, .. } => &*planned.plan[*instance].name,
                Provider::Host { .. } => "the host",
            };
            let consumer = &planned.plan[*consumer].name;
            let (import, reason) = (&link.import, describe::link_reason(link.reason));
            let indent = "  ".repeat(depth + 1);
            text += &format!("{indent}{consumer} imports {import} from {provider}: {reason}\n");
        }
        text
    }

    fn message(&self, planned: &Planned) -> message::Chain {
        let links = self.links.iter().map(|(consumer, link)| describe::link(planned, &planned.plan[*consumer], link));
        message::Chain { export: describe::export(planned, self.export), links: links.collect() }
    }
}

pub(super) fn unknown(name: &str, planned: &Planned) -> Diagnostic {
    let near = known(planned);
    let near = nearest(name, near.iter().map(String::as_str));
    let suggestion = near.map(|name| format!("did you mean `{name}`?"));
    let message = format!("the application has no instance, component or interface `{name}`");
    let diagnostic = Diagnostic::error(Code::UnknownName, message);
    let diagnostic = suggestion.into_iter().fold(diagnostic, Diagnostic::hint);
    diagnostic.hint("`compose tree` shows all instances and interfaces")
}

/// Every name that could have been meant, interfaces with and without their version.
fn known(planned: &Planned) -> Vec<String> {
    let manifest = &planned.manifest;
    let instances = manifest.instances.iter().flat_map(|instance| [&instance.name.value, &instance.component]);
    let imports = uses(planned).map(|(_, link)| &link.import);
    let exports = planned.plan.exports.iter().map(|export| &export.name);
    let interfaces = imports.chain(exports).flat_map(|name| [name.unversioned().to_string(), name.to_string()]);
    instances.map(ToString::to_string).chain(interfaces).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::commands::sample;

    fn why(name: &str) -> String {
        let planned = sample::planned();
        match Subject::named(name, &planned) {
            Some(subject) => explanation(name, &subject, &chains(&subject, &planned), &planned),
            None => {
                let complaint = unknown(name, &planned);
                format!("{}\n{}", complaint.message, complaint.hints.join("\n"))
            }
        }
    }

    #[test]
    fn an_instance_is_there_for_each_link_to_it() {
        assert_snapshot!(why("base"), @"
        base = bottom (bottom.wat)

        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
          top imports test:sample/base@1.0.0 from base: a line under [links] says so

        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
          top imports test:sample/middle@1.0.0 from middle: no other instance exports it
            middle imports test:sample/base@1.0.0 from base: a line under [links] says so
        ");
    }

    #[test]
    fn a_component_is_there_for_its_instances() {
        assert_snapshot!(why("bottom"), @"
        base = bottom (bottom.wat)

        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
          top imports test:sample/base@1.0.0 from base: a line under [links] says so

        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
          top imports test:sample/middle@1.0.0 from middle: no other instance exports it
            middle imports test:sample/base@1.0.0 from base: a line under [links] says so
        ");
    }

    #[test]
    fn an_export_is_there_for_itself() {
        assert_snapshot!(why("top"), @"
        top (top.wat)

        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
        ");
    }

    #[test]
    fn a_host_import_is_there_for_who_imports_it_in_any_version() {
        assert_snapshot!(why("wasi:io/poll"), @"
        test:sample/top@1.0.0 is exported from top: a line under [exports] says so
          top imports test:sample/base@1.0.0 from base: a line under [links] says so
            base imports wasi:io/poll@0.2.0 from the host: no instance exports it, and the host may provide it
        ");
        assert_eq!(why("wasi:io/poll"), why("wasi:io/poll@0.2.0"));
    }

    #[test]
    fn what_nobody_needs_is_left_out() {
        assert_snapshot!(why("spare"), @"spare is left out: nothing that the result exports needs it");
    }

    #[test]
    fn what_is_not_there_is_answered_with_the_nearest() {
        assert_snapshot!(why("wasi:io/pol"), @"
        the application has no instance, component or interface `wasi:io/pol`
        did you mean `wasi:io/poll`?
        `compose tree` shows all instances and interfaces
        ");
        assert_snapshot!(why("wasi:io/poll@0.3.0"), @"
        the application has no instance, component or interface `wasi:io/poll@0.3.0`
        did you mean `wasi:io/poll@0.2.0`?
        `compose tree` shows all instances and interfaces
        ");
        assert_snapshot!(why("nothing like it"), @"
        the application has no instance, component or interface `nothing like it`
        `compose tree` shows all instances and interfaces
        ");
    }
}
