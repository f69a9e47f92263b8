//! `compose inspect`: what any component is, and for a composition of ours what it was made of.

mod sizes;

use std::fmt::Write as _;

use composer::{
    component_file,
    diagnostic::{Code, Diagnostic, Failure},
    input::Input,
    inspect::{self, Inspection, Sizes},
    part::{self, PartError},
    provenance::Provenance,
};

use crate::{
    args::{InspectArgs, MessageFormat},
    exit::{Ended, Stop},
    message::{self, Message},
    output::Output,
    text,
};

pub(super) fn run(arguments: &InspectArgs, output: &Output) -> Result<Ended, Stop> {
    let bytes = component_file::read(&arguments.file)?;
    let inspection = inspect::inspect(&bytes)
        .map_err(|error| Failure::from(part::undecodable(&arguments.file.display().to_string(), &bytes, &error)))?;
    match output.format() {
        MessageFormat::Json => {
            let sizes = arguments.sizes.then(|| measured(arguments, bytes)).transpose()?;
            output.message(&message(arguments, &inspection, sizes))?;
        }
        MessageFormat::Human if arguments.wit => output.data(inspection.world.to_wit())?,
        MessageFormat::Human if arguments.sizes => output.data(with_sizes(arguments, &inspection, bytes)?)?,
        MessageFormat::Human => output.data(description(arguments, &inspection))?,
    }
    Ok(Ended::Well)
}

/// What a person is told who asks for sizes.
fn with_sizes(arguments: &InspectArgs, inspection: &Inspection, bytes: Vec<u8>) -> Result<String, Failure> {
    let mut text = String::new();
    facts(&mut text, arguments, inspection);
    text.push_str(&sizes::description(&measured(arguments, bytes)?, inspection.provenance.is_some()));
    Ok(text)
}

fn measured(arguments: &InspectArgs, bytes: Vec<u8>) -> Result<Sizes, Failure> {
    let found = inspect::sizes(&Input::memory(bytes)).map_err(|error| match error {
        PartError::Undecodable { bytes, error } => {
            part::undecodable(&arguments.file.display().to_string(), &bytes, &error)
        }
        PartError::Unreadable(error) => {
            Diagnostic::error(Code::FileUnreadable, format!("cannot read `{}`", arguments.file.display()))
                .note(error.to_string())
        }
    })?;
    Ok(found)
}

/// What a person is told: one fact a line, under headings.
fn description(arguments: &InspectArgs, inspection: &Inspection) -> String {
    let mut text = String::new();
    facts(&mut text, arguments, inspection);
    list(&mut text, "Imports", inspection.world.imports().map(|(name, _)| name.to_string()));
    list(&mut text, "Exports", inspection.world.exports().map(|(name, _)| name.to_string()));
    if let Some(provenance) = &inspection.provenance {
        composition(&mut text, provenance);
    }
    text
}

fn facts(text: &mut String, arguments: &InspectArgs, inspection: &Inspection) {
    let descriptor = &inspection.descriptor;
    let _ = writeln!(text, "{}", arguments.file.display());
    fact(text, "size", &format!("{} ({} bytes)", text::size(descriptor.size), descriptor.size));
    fact(text, "digest", &descriptor.digest.to_string());
    let (modules, components) = (inspection.modules, inspection.components);
    let contents = format!("{}, {}", text::count(modules, "core module"), text::count(components, "component"));
    fact(text, "contains", &contents);
    for (field, name, version) in &inspection.producers {
        fact(text, field, format!("{name} {version}").trim_end());
    }
}

fn fact(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<13} {value}");
}

fn list(text: &mut String, heading: &str, names: impl Iterator<Item = String>) {
    let _ = writeln!(text, "\n{heading}");
    let mut names = names.peekable();
    if names.peek().is_none() {
        let _ = writeln!(text, "  none");
    }
    for name in names {
        let _ = writeln!(text, "  {name}");
    }
}

/// The plan that the component carries.
fn composition(text: &mut String, provenance: &Provenance) {
    let title = match (&provenance.package, &provenance.version) {
        (Some(package), Some(version)) => format!("{package}@{version}"),
        (Some(package), None) => package.clone(),
        (None, _) => "an application".to_owned(),
    };
    let _ = writeln!(text, "\nComposed as {title} of");
    for (name, instance) in &provenance.instances {
        let component = if *name == instance.component { String::new() } else { format!(" = {}", instance.component) };
        let version = instance.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
        let _ = writeln!(text, "  {name}{component}{version} ({})", instance.digest);
        for (import, provider) in &instance.links {
            let _ = writeln!(text, "    {import} from {provider}");
        }
    }
    let _ = writeln!(text, "and exports");
    for (export, instance) in &provenance.exports {
        let _ = writeln!(text, "  {export} from {instance}");
    }
}

fn message(arguments: &InspectArgs, inspection: &Inspection, sizes: Option<Sizes>) -> Message<'static> {
    let producer = |(field, name, version): &(String, String, String)| message::Producer {
        field: field.clone(),
        name: name.clone(),
        version: version.clone(),
    };
    Message::Component(Box::new(message::Component {
        path: arguments.file.display().to_string(),
        size: inspection.descriptor.size,
        digest: inspection.descriptor.digest.to_string(),
        modules: inspection.modules,
        components: inspection.components,
        producers: inspection.producers.iter().map(producer).collect(),
        imports: inspection.world.imports().map(|(name, _)| name.to_string()).collect(),
        exports: inspection.world.exports().map(|(name, _)| name.to_string()).collect(),
        wit: inspection.world.to_wit(),
        plan: inspection.provenance.clone(),
        sizes: sizes.map(message::Sizes::from),
    }))
}
