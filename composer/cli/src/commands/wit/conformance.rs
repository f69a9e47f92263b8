//! `compose check FILE`: whether a component is of a world, and all that is missing, extra or different.

use std::path::Path;

use composer::{
    component_file,
    diagnostic::{Code, Diagnostic, Failure},
    part,
    wit_source::WitName,
};
use wit::{Nonconformance, World, conformance, extra_exports};

use super::input::{Inputs, features, unknown_features};
use crate::{
    args::{CheckArgs, ManifestOptions, MessageFormat},
    exit::{Ended, Stop},
    output::Output,
    report::Subject,
    text,
};

/// What a report is about.
pub(in crate::commands) fn subject(file: &Path, arguments: &CheckArgs) -> Subject {
    let file = file.display().to_string();
    let world = arguments.world.as_deref().unwrap_or(&arguments.wit);
    Subject { title: format!("compose check {file} --world {world}"), file: Some(file) }
}

pub(in crate::commands) fn run(
    file: &Path,
    arguments: &CheckArgs,
    options: &ManifestOptions,
    output: &Output,
) -> Result<Ended, Stop> {
    let bytes = component_file::read(file)?;
    let component = World::of_component(&bytes)
        .map_err(|error| Failure::from(part::undecodable(&file.display().to_string(), &bytes, &error)))?;
    let input = Inputs::new(options, output).read(&arguments.wit, arguments.world.as_deref())?;
    let target = input.world(&features(&arguments.features))?;
    if !arguments.features.features.is_empty() {
        output.diagnostics(&unknown_features(&arguments.features, &[&input.package()?]))?;
    }
    let mut found: Vec<Diagnostic> = conformance(&component, &target).iter().map(diagnostic).collect();
    if let Some(last) = found.last_mut() {
        last.notes.push(format!("`{}` must be of {}", file.display(), named(arguments)));
    }
    Failure::check(found)?;
    let extra: Vec<String> = extra_exports(&component, &target).map(ToString::to_string).collect();
    let remark = if extra.is_empty() { String::new() } else { format!(", and exports more: {}", extra.join(", ")) };
    let (imports, exports) = (component.imports().count(), component.exports().count());
    let size = format!("{}, {}", text::count(imports, "import"), text::count(exports, "export"));
    output.status("Checked", format_args!("{} ({size}): it is of the world{remark}", file.display()));
    output.report(&subject(file, arguments).title, [])?;
    if output.format() == MessageFormat::Json {
        let line =
            serde_json::json!({ "reason": "conforms", "path": file.display().to_string(), "extra_exports": extra });
        output.data(format!("{line}\n"))?;
    }
    Ok(Ended::Well)
}

/// The world that is meant, as the arguments name it.
fn named(CheckArgs { wit, world, .. }: &CheckArgs) -> String {
    match world {
        Some(world) if WitName::is_qualified(world) => format!("the world `{world}`"),
        Some(world) => format!("the world `{world}` of `{wit}`"),
        None => format!("the world of `{wit}`"),
    }
}

/// What is wrong in the first line, and where by WIT path in notes.
fn diagnostic(found: &Nonconformance) -> Diagnostic {
    let text = found.to_string();
    let mut lines = text.lines();
    let message = lines.next().unwrap_or_default();
    Diagnostic::error(Code::WorldNotMet, message).notes(lines.map(|line| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_is_a_note_with_its_path() {
        let world = |wit: &str| World::from_text("a.wit", &format!("package a:b; world w {{ {wit} }}"), None);
        let component = world("import log: func(line: u8); export run: func(code: u8);").expect("it is WIT");
        let target = world("export run: func(code: u16);").expect("it is WIT");
        let found: Vec<Diagnostic> = conformance(&component, &target).iter().map(diagnostic).collect();
        assert_eq!(found[0].message, "`run` is exported with another type");
        assert_eq!(found[0].notes, ["run.code: expected u16, found u8"]);
        assert_eq!(found[1].message, "`log` is imported, but not by the target world");
    }
}
