//! `compose wit show`: a world, or a package, as WIT, as Markdown, or as data.

use composer::{diagnostic::Failure, driver::unreadable_wit};
use wit::{Outline, Package};

use super::{
    document,
    input::{Inputs, features, unknown_features},
};
use crate::{
    args::{MessageFormat, WitShowArgs},
    exit::{Ended, Stop},
    output::Output,
};

pub(super) fn run(arguments: &WitShowArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let input = inputs.read(&arguments.wit, arguments.world.as_deref())?;
    let features = features(&arguments.features);
    let failed = |error| Failure::from(unreadable_wit(&error));
    let mut package = input.package()?;
    output.diagnostics(&unknown_features(&arguments.features, &[&package]))?;
    let mut world = input.world_name().map(str::to_owned);
    if arguments.importize {
        let (importized, name) = package.importized(world.as_deref()).map_err(failed)?;
        (package, world) = (importized, Some(name));
    }
    // A package is shown as a whole where it has not just one world, and none is named.
    let is_whole = world.is_none() && package.worlds().len() != 1;
    let outline = |package: &Package| -> Result<Outline, Failure> {
        if is_whole {
            Ok(package.outline(&features))
        } else {
            package.outline_of_world(world.as_deref(), &features).map_err(failed)
        }
    };
    let text = || -> Result<String, Failure> {
        if is_whole {
            return package.to_wit().map_err(failed);
        }
        match (input.is_component(), arguments.importize) {
            (false, _) => package.excerpt(world.as_deref(), &features).map_err(failed),
            // A component's world has no name of its own.
            (true, true) => Ok(package.world(world.as_deref(), &features).map_err(failed)?.to_wit()),
            (true, false) => Ok(input.world(&features)?.to_wit()),
        }
    };
    match output.format() {
        MessageFormat::Human if arguments.markdown => output.data(document::markdown(&outline(&package)?))?,
        MessageFormat::Human => output.data(text()?)?,
        MessageFormat::Json => {
            let outline = document::json(&outline(&package)?);
            let reason = if is_whole { "package" } else { "world" };
            let line =
                serde_json::json!({ "reason": reason, "source": arguments.wit, "wit": text()?, "outline": outline });
            output.data(format!("{line}\n"))?;
        }
    }
    Ok(Ended::Well)
}
