//! `compose wit compat --consumers`: which imports of actual components would no longer link.

use std::path::PathBuf;

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    driver::{self, Consumer},
};
use wit::{
    World,
    compatibility::{Broken, Level, broken_imports},
};

use super::{Shown, input::Inputs};
use crate::{exit::Stop, report::Finding};

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

/// What no longer links, of each consumer in turn.
pub(super) fn findings(consumers: &[Consumer], before: &World, after: &World) -> Vec<Shown> {
    let broken = |consumer: &Consumer| {
        let found = broken_imports(&consumer.world, before, after);
        found.into_iter().map(|broken| shown(&consumer.name, &broken)).collect::<Vec<_>>()
    };
    consumers.iter().flat_map(broken).collect()
}

fn shown(consumer: &str, broken: &wit::compatibility::BrokenImport) -> Shown {
    let (level, when) = match broken.linked_before {
        true => (Level::Deny, "would no longer link"),
        false => (Level::Warn, "would not link, and did not before"),
    };
    let message = format!("the import `{}` of `{consumer}` {when}", broken.import);
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
    let finding = Finding {
        rule: code.as_str(),
        level,
        path: broken.import.to_string(),
        message: [vec![message], notes.clone()].concat().join("; "),
        place: None,
        before: None,
        breaks: vec!["importer"],
        requires: None,
        what: "an import of an actual component that would not link",
        explanation: code.explanation(),
        specification: None,
    };
    (finding, diagnostic.notes(notes))
}
