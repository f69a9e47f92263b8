//! `compose wit compat --consumers`: which imports of actual components would no longer link.

use std::path::PathBuf;

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    driver::{self, Consumer},
};
use wit::{
    Package, Place, World,
    compatibility::{Broken, BrokenImport, Change, Level, broken_imports},
};

use super::{Shown, input::Inputs, lint::labelled};
use crate::{exit::Stop, region::Region, report::Finding};

/// Reads the components at the paths: components, applications by their directory or manifest, and locks.
///
/// # Errors
/// When one cannot be read.
pub(super) fn read(paths: &[PathBuf], inputs: &Inputs<'_>) -> Result<Vec<Consumer>, Stop> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    if paths.iter().all(|path| !driver::is_of_application(path)) {
        let read = |path: &PathBuf| driver::read_consumer(path).map_err(Failure::from);
        return Ok(paths.iter().map(read).collect::<Result<_, _>>()?);
    }
    inputs.registries(None, async |reader| {
        let mut consumers = Vec::new();
        for path in paths {
            consumers.extend(driver::read_consumers(reader, path).await?);
        }
        Ok(consumers)
    })
}

/// What no longer links, of each consumer in turn, pointing at the change that is to blame where it is known.
pub(super) fn findings(consumers: &[Consumer], before: &World, after: &World, blamed: Blamed<'_>) -> Vec<Shown> {
    let broken = |consumer: &Consumer| {
        let found = broken_imports(&consumer.world, before, after);
        found.into_iter().map(|broken| shown(consumer, &broken, blamed)).collect::<Vec<_>>()
    };
    consumers.iter().flat_map(broken).collect()
}

/// What can be to blame for an import that does not link.
#[derive(Clone, Copy)]
pub(super) struct Blamed<'a> {
    pub(super) after: &'a Package,
    pub(super) changes: &'a [Change],
}

impl Blamed<'_> {
    /// Where the new text has what breaks the import: the change of what differs, else the interface, else the package.
    fn place(self, broken: &BrokenImport) -> Option<Place> {
        let interface = broken.import.unversioned().to_string();
        let paths: Vec<&str> = match &broken.why {
            Broken::Different(mismatches) => mismatches.iter().map(|mismatch| mismatch.path.as_str()).collect(),
            Broken::Missing(_) => vec![&interface],
        };
        let change =
            paths.iter().find_map(|path| self.changes.iter().find(|change| change.path == *path)?.after.clone());
        change.or_else(|| self.after.interface_place(&interface)).or_else(|| self.after.declaration())
    }
}

fn shown(consumer: &Consumer, broken: &BrokenImport, blamed: Blamed<'_>) -> Shown {
    let (level, when) = match broken.linked_before {
        true => (Level::Deny, "would no longer link"),
        false => (Level::Warn, "would not link, and did not before"),
    };
    let message = format!("the import `{}` of `{}` {when}", broken.import, consumer.name);
    let notes: Vec<String> = match &broken.why {
        Broken::Missing(others) if others.is_empty() => vec!["nothing of that name is left".to_owned()],
        Broken::Missing(others) => {
            others.iter().map(|other| format!("there is `{other}`, which is on another semver track")).collect()
        }
        Broken::Different(mismatches) => mismatches.iter().map(ToString::to_string).collect(),
    };
    let code = Code::ConsumerBroken;
    let diagnostic = match level {
        Level::Deny => Diagnostic::error(code, &message),
        Level::Warn | Level::Allow => Diagnostic::warning(code, &message),
    };
    let place = blamed.place(broken);
    let finding = Finding {
        rule: code.as_str(),
        level,
        path: broken.import.to_string(),
        message: [vec![message], notes.clone()].concat().join("; "),
        place: place.as_ref().map(Region::from),
        before: None,
        file: Some(consumer.file.display().to_string()),
        breaks: vec!["importer"],
        requires: None,
        tolerated: None,
        notes: Vec::new(),
        what: "an import of an actual component that would not link",
        explanation: code.explanation(),
        specification: None,
    };
    (finding, labelled(diagnostic, blamed.after, place.as_ref(), "now").notes(notes))
}
