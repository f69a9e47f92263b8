//! What planning looks at: the manifest, with every instance beside the component it is an instance of.
//!
//! Answers questions of names only: which export of an instance has a name, or is on its semver track.

use std::collections::BTreeMap;

use wit::{ExternName, Item, World, best_match, highest};

use super::InstanceId;
use crate::{
    diagnostic::{Code, Diagnostic},
    manifest::{Instance, Manifest, Name},
    part::Part,
};

/// The inputs of planning.
#[derive(Clone, Copy)]
pub(super) struct Composition<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) target: Option<&'a World>,
    index: &'a Index<'a>,
}

/// Where to find what is asked for again and again.
pub(super) struct Index<'a> {
    /// The component of each instance.
    parts: Vec<&'a Part>,
    /// The instances by their names.
    instances: BTreeMap<&'a Name, InstanceId>,
    /// Who exports any version of an interface or function, in the manifest's order.
    exporters: BTreeMap<ExternName, Vec<InstanceId>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(manifest: &'a Manifest, parts: &'a [Part]) -> Self {
        let by_name: BTreeMap<&Name, &Part> = parts.iter().map(|part| (&part.name, part)).collect();
        let part = |component: &Name| {
            let part = by_name.get(component).copied();
            part.expect("every component has a part because the driver loads all of them before planning")
        };
        let parts: Vec<&Part> = manifest.instances.iter().map(|instance| part(&instance.component)).collect();
        let mut exporters: BTreeMap<ExternName, Vec<InstanceId>> = BTreeMap::new();
        for (place, part) in parts.iter().enumerate() {
            for (export, _) in part.world.exports() {
                let ids = exporters.entry(export.unversioned()).or_default();
                if ids.last() != Some(&InstanceId(place)) {
                    ids.push(InstanceId(place));
                }
            }
        }
        let names = manifest.instances.iter().enumerate().rev();
        let instances = names.map(|(place, instance)| (&instance.name.value, InstanceId(place))).collect();
        Self { parts, instances, exporters }
    }
}

impl<'a> Composition<'a> {
    pub(super) fn new(manifest: &'a Manifest, target: Option<&'a World>, index: &'a Index<'a>) -> Self {
        Self { manifest, target, index }
    }

    /// Every instance of the manifest, in its order.
    pub(super) fn ids(self) -> impl DoubleEndedIterator<Item = InstanceId> + 'a {
        (0..self.manifest.instances.len()).map(InstanceId)
    }

    pub(super) fn instance(self, id: InstanceId) -> &'a Instance {
        &self.manifest.instances[id.0]
    }

    pub(super) fn name(self, id: InstanceId) -> &'a Name {
        &self.instance(id).name.value
    }

    pub(super) fn part(self, id: InstanceId) -> &'a Part {
        self.index.parts[id.0]
    }

    pub(super) fn world(self, id: InstanceId) -> &'a World {
        &self.part(id).world
    }

    /// The instance of a name that the manifest is known to have.
    pub(super) fn find(self, name: &Name) -> InstanceId {
        let id = self.index.instances.get(name);
        *id.expect("the name is an instance's because the manifest was checked for that when it was read")
    }

    /// The instances that export some version of what this name means.
    pub(super) fn exporters(self, name: &ExternName) -> &'a [InstanceId] {
        self.index.exporters.get(&name.unversioned()).map_or(&[], Vec::as_slice)
    }

    /// The export of an instance that an import of this name can be linked to: the one of the same name, else the highest
    /// version on its track.
    pub(super) fn export_for(self, provider: InstanceId, import: &ExternName) -> Option<(&'a ExternName, Item<'a>)> {
        best_match(self.world(provider).exports(), import)
    }

    /// The export of an instance that a name in the manifest means: the one of the same name, else the highest version.
    pub(super) fn selected_export(
        self,
        provider: InstanceId,
        selector: &ExternName,
    ) -> Option<(&'a ExternName, Item<'a>)> {
        let selected = self.world(provider).exports().filter(|(name, _)| selects(selector, name));
        highest(selected, selector)
    }

    /// An error about an instance, with a caret under what introduces it.
    pub(super) fn error(self, code: Code, id: InstanceId, message: String, label: impl Into<String>) -> Diagnostic {
        let span = self.instance(id).name.span.clone();
        Diagnostic::error(code, message).label(&self.manifest.source, span, label)
    }

    /// `` `tax-eu` `` or, where it says more, `` `tax-eu` (component `tax`, version 1.0.4) ``.
    pub(super) fn described(self, id: InstanceId) -> String {
        let Instance { name, component } = self.instance(id);
        let version = self.part(id).version.as_ref();
        match (name.value == *component, version) {
            (true, None) => format!("`{component}`"),
            (true, Some(version)) => format!("`{component}` (version {version})"),
            (false, None) => format!("`{}` (component `{component}`)", name.value),
            (false, Some(version)) => format!("`{}` (component `{component}`, version {version})", name.value),
        }
    }
}

/// Whether a name in the manifest means this import or export: without a version it means any.
pub(crate) fn selects(selector: &ExternName, name: &ExternName) -> bool {
    if *selector == selector.unversioned() { *selector == name.unversioned() } else { selector.same_track(name) }
}
