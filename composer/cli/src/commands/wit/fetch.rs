//! `compose wit fetch` and `compose wit update`: what a directory of WIT refers to, into its `deps`.

use std::path::{Path, PathBuf};

use composer::{
    diagnostic::Failure,
    driver::{self, Locking, Renewal, WitPlan},
    wit_source::WitSource,
};

use super::input::Inputs;
use crate::{
    args::{MessageFormat, WitFetchArgs, WitUpdateArgs},
    environment,
    exit::{Ended, Stop},
    output::Output,
    session::manifest_around,
    text,
};

pub(super) fn run(arguments: &WitFetchArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let (directory, plan) = plan(arguments.wit.as_deref(), &Renewal::Nothing, inputs)?;
    for (package, from) in plan.fetched.iter().filter(|_| !arguments.check) {
        output.status("Fetched", format_args!("{package} from {from}"));
    }
    for package in &plan.kept {
        output.status("Kept", format_args!("{package}, which is in deps by hand"));
    }
    if arguments.check && !plan.is_current() {
        return Err(Failure::from(driver::wit_out_of_date(&plan, &directory)).into());
    }
    write(&directory, &plan, output)
}

pub(super) fn update(arguments: &WitUpdateArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let renewal = match &arguments.packages[..] {
        [] => Renewal::Everything,
        packages => Renewal::Packages(packages.to_vec()),
    };
    let (directory, plan) = plan(arguments.wit.as_deref(), &renewal, inputs)?;
    for (package, difference) in &plan.renewed {
        output.status("Updated", format_args!("{package} {difference}"));
    }
    write(&directory, &plan, output)
}

/// Decides what must be in `deps` of the directory: the one that is given, or that of the manifest's world.
fn plan(given: Option<&Path>, renewal: &Renewal, inputs: &Inputs<'_>) -> Result<(PathBuf, WitPlan), Stop> {
    let options = inputs.options();
    let around = manifest_around(options)?;
    let own = around.as_ref().and_then(|(manifest, path)| {
        let WitSource::Path(wit) = &manifest.world.as_ref()?.wit.value else { return None };
        Some(path.parent().unwrap_or(Path::new("")).join(wit))
    });
    let directory =
        given.map(Path::to_owned).or_else(|| own.filter(|own| own.is_dir())).unwrap_or_else(|| PathBuf::from("wit"));
    let locking = if options.locked || options.frozen { Locking::Locked } else { Locking::Free };
    let plan = inputs
        .registries(around.as_ref(), async |reader| driver::plan_wit(reader, &directory, locking, renewal).await)?;
    Ok((directory, plan))
}

/// Writes what is different, and says so.
fn write(directory: &Path, plan: &WitPlan, output: &Output) -> Result<Ended, Stop> {
    driver::write_wit(plan)?;
    for path in &plan.obsolete {
        output.status("Removed", environment::shown(path));
    }
    let verb = if plan.is_current() { "Unchanged" } else { "Wrote" };
    let written = match plan.stale.len() {
        0 => String::new(),
        count => format!(" ({})", text::count(count, "file")),
    };
    output.status(verb, format_args!("{}{written}", environment::shown(&directory.join("deps"))));
    if output.format() == MessageFormat::Json {
        let packages: Vec<_> = plan
            .fetched
            .iter()
            .map(|(package, from)| serde_json::json!({ "package": package, "from": from }))
            .collect();
        let line = serde_json::json!({
            "reason": "wit-fetched", "package": plan.package, "packages": packages, "kept": plan.kept,
            "renewed": plan.renewed.iter().map(|(package, _)| package).collect::<Vec<_>>(), "changed": !plan.is_current(),
        });
        output.data(format!("{line}\n"))?;
    }
    Ok(Ended::Well)
}
