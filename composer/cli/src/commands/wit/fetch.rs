//! `compose wit fetch`: what a directory of WIT refers to, into its `deps`.

use std::path::{Path, PathBuf};

use composer::{
    diagnostic::Failure,
    driver::{self, Locking},
    wit_source::WitSource,
};

use super::input::Inputs;
use crate::{
    args::{MessageFormat, WitFetchArgs},
    environment,
    exit::{Ended, Stop},
    output::Output,
    session::manifest_around,
    text,
};

pub(super) fn run(arguments: &WitFetchArgs, inputs: &Inputs<'_>, output: &Output) -> Result<Ended, Stop> {
    let options = inputs.options();
    let around = manifest_around(options)?;
    let own = around.as_ref().and_then(|(manifest, path)| {
        let WitSource::Path(wit) = &manifest.world.as_ref()?.wit.value else { return None };
        Some(path.parent().unwrap_or(Path::new("")).join(wit))
    });
    let directory =
        arguments.wit.clone().or_else(|| own.filter(|own| own.is_dir())).unwrap_or_else(|| PathBuf::from("wit"));
    let locking = if options.locked || options.frozen { Locking::Locked } else { Locking::Free };
    let plan =
        inputs.registries(around.as_ref(), async |reader| driver::plan_wit(reader, &directory, locking).await)?;
    for (package, from) in plan.fetched.iter().filter(|_| !arguments.check) {
        output.status("Fetched", format_args!("{package} from {from}"));
    }
    for package in &plan.kept {
        output.status("Kept", format_args!("{package}, which is in deps by hand"));
    }
    if arguments.check && !plan.is_current() {
        return Err(Failure::from(driver::wit_out_of_date(&plan, &directory)).into());
    }
    driver::write_wit(&plan)?;
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
            "changed": !plan.is_current(),
        });
        output.data(format!("{line}\n"))?;
    }
    Ok(Ended::Well)
}
