//! The plan from below: who needs something, up to the exports of the result.

use std::collections::{BTreeMap, BTreeSet};

use composer::{
    driver::Planned,
    lock::LockedSource,
    manifest::Name,
    plan::{InstanceId, Provider},
};
use wit::ExternName;

use super::{super::why::Subject, describe, interfaces};
use crate::message;

/// Who needs one thing, and who needs those.
pub(super) struct Inverted<'a> {
    planned: &'a Planned,
    depth: usize,
    /// The instances whose own consumers were listed.
    listed: BTreeSet<InstanceId>,
}

impl<'a> Inverted<'a> {
    pub(super) fn new(planned: &'a Planned, depth: Option<usize>) -> Self {
        Self { planned, depth: depth.unwrap_or(usize::MAX), listed: BTreeSet::new() }
    }

    /// One tree for each instance that is meant, or one for an interface.
    pub(super) fn of(&mut self, name: &str, subject: &Subject) -> Vec<message::Branch> {
        match subject {
            Subject::Instances(instances) => instances.iter().map(|id| self.instance(*id, &[], 0)).collect(),
            Subject::Interface(_) => vec![self.interface(name, subject)],
            Subject::LeftOut => Vec::new(),
        }
    }

    fn interface(&mut self, name: &str, subject: &Subject) -> message::Branch {
        let plan = &self.planned.plan;
        let mut consumers: BTreeMap<InstanceId, Vec<&ExternName>> = BTreeMap::new();
        for id in &plan.order {
            for link in plan[*id].links.iter().filter(|link| subject.is_reached_by(link)) {
                consumers.entry(*id).or_default().push(&link.import);
            }
        }
        let exported = plan.exports.iter().filter(|export| subject.is_exported_by(export));
        let exports = exported.map(|export| export.name.to_string()).collect();
        let branches = consumers.into_iter().map(|(id, imports)| self.instance(id, &imports, 1)).collect();
        message::Branch { name: name.to_owned(), needs: None, exports, branches, repeated: false }
    }

    /// An instance that needs `imports` of what it stands under.
    fn instance(&mut self, id: InstanceId, imports: &[&ExternName], depth: usize) -> message::Branch {
        let plan = &self.planned.plan;
        let mut consumers: Vec<(InstanceId, Vec<&ExternName>)> = Vec::new();
        for consumer in &plan.order {
            let links = plan[*consumer].links.iter().filter_map(|link| match &link.provider {
                Provider::Instance { instance, export } if *instance == id => Some(export),
                Provider::Instance { .. } | Provider::Host { .. } => None,
            });
            let links: Vec<_> = links.collect();
            if !links.is_empty() {
                consumers.push((*consumer, links));
            }
        }
        let exported = plan.exports.iter().filter(|export| export.instance == id);
        let mut exports: Vec<String> = exported.map(|export| export.name.to_string()).collect();
        let is_needed = !consumers.is_empty() || !exports.is_empty();
        let repeated = !self.listed.insert(id) && is_needed;
        if repeated || depth >= self.depth {
            consumers.clear();
            exports.clear();
        }
        message::Branch {
            name: describe::instance(self.planned, &plan[id]),
            needs: (!imports.is_empty()).then(|| interfaces(imports)),
            exports,
            branches: consumers.into_iter().map(|(id, imports)| self.instance(id, &imports, depth + 1)).collect(),
            repeated,
        }
    }
}

/// A tree as text, line by line.
pub(super) fn draw(branch: &message::Branch) -> String {
    let mut text = line(branch);
    below(branch, "", &mut text);
    text
}

fn below(branch: &message::Branch, indent: &str, text: &mut String) {
    let count = branch.branches.len() + usize::from(!branch.exports.is_empty());
    for (index, inner) in branch.branches.iter().enumerate() {
        let (corner, bar) = if index + 1 == count { ("└── ", "    ") } else { ("├── ", "│   ") };
        *text += &format!("{indent}{corner}{}", line(inner));
        below(inner, &format!("{indent}{bar}"), text);
    }
    if !branch.exports.is_empty() {
        *text += &format!("{indent}└── exported: {}\n", branch.exports.join(", "));
    }
}

fn line(branch: &message::Branch) -> String {
    let needs = branch.needs.as_ref().map(|needs| format!(": {needs}")).unwrap_or_default();
    let star = if branch.repeated { " (*)" } else { "" };
    format!("{}{needs}{star}\n", branch.name)
}

/// The packages that are there in several versions, each with the components that are of it.
pub(super) fn duplicates(planned: &Planned) -> Vec<message::Duplicate> {
    let mut packages: BTreeMap<String, BTreeMap<_, Vec<&Name>>> = BTreeMap::new();
    for (name, source) in &planned.lock.components {
        if let LockedSource::Package { package, version, .. } = source {
            packages.entry(package.to_string()).or_default().entry(version).or_default().push(name);
        }
    }
    let several = packages.into_iter().filter(|(_, versions)| versions.len() > 1);
    let duplicate = |(package, versions): (String, BTreeMap<_, Vec<&Name>>)| {
        let ids = |name: &Name| {
            planned.plan.order.iter().copied().filter(|id| planned.plan[*id].component == *name).collect()
        };
        let versions = versions.into_iter().map(|(version, components): (&semver::Version, Vec<&Name>)| {
            let trees = components
                .iter()
                .flat_map(|name| Inverted::new(planned, None).of(name, &Subject::Instances(ids(name))));
            message::DuplicateVersion { version: version.to_string(), needed_by: trees.collect() }
        });
        message::Duplicate { package, versions: versions.collect() }
    };
    several.map(duplicate).collect()
}
