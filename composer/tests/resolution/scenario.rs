//! A scenario: a text file with packages, an application, perhaps its lock, and what is expected.
//!
//! ```text
//! What the scenario shows, in a sentence.
//!
//! --- packages
//! t:lib 1.0.0 exports t:lib/api@1.0.0
//! t:lib 1.1.0 yanked exports t:lib/api@1.0.0
//! t:lib 2.0.0..2.99.0 imports t:base/api@1.0.0 exports t:lib/api@2.0.0=u64
//! t:old 1.0.0 silent exports t:old/api@1.0.0
//! t:odd 1.0.0 exports t:odd/api@1.0.0 really exports t:odd/api@2.0.0
//! file main imports t:lib/api@1.0.0 exports t:main/api@1.0.0
//!
//! --- manifest
//! lib = "t:lib@1"
//! main = { path = "main.wasm" }
//!
//! --- lock
//! lib 1.0.0
//!
//! --- expect
//! lib 1.0.0
//! main
//! asked 2, planned 1
//! ```
//!
//! `2.0.0..2.99.0` is a hundred minor versions; a `silent` version says nothing of its imports and exports; after `really`
//! stands what the bytes have, where the publisher says something else. A manifest without a section begins in
//! `[components]`, and `default` is a registry unless it has `[registries]`.

use std::{collections::BTreeMap, fmt::Write as _};

use composer::{
    diagnostic::{Diagnostic, Failure, Severity},
    lock::{Lock, LockedSource},
    manifest::{Manifest, Source},
    resolve::ResolvedSource,
};
use registry_client::Availability;
use semver::Version;

use crate::shelf::{Answer, Component, Item, Shelf, manifest, registry};

/// A scenario, read.
pub(crate) struct Scenario {
    pub(crate) shelf: Shelf,
    pub(crate) manifest: String,
    pub(crate) lock: Vec<(String, Version)>,
    /// The text before what is expected, and what is expected.
    pub(crate) given: String,
    pub(crate) expected: String,
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Self {
        let (given, expected) = text.split_once("--- expect\n").expect("a scenario expects something");
        let mut sections = given.split("--- ").map(|section| section.split_once('\n').unwrap_or((section, "")));
        sections.next();
        let sections: BTreeMap<&str, &str> = sections.collect();
        let section = |name: &str| sections.get(name).copied().unwrap_or("");
        let lines =
            |name| section(name).lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut shelf = Shelf::default();
        lines("packages").for_each(|line| read_package(line, &mut shelf));
        let lock = lines("lock").map(|line| {
            let (name, version) = line.split_once(' ').expect("a lock line is a name and a version");
            (name.to_owned(), version.parse().expect("a version"))
        });
        let manifest = section("manifest").trim();
        let is_whole = manifest.starts_with('[') && manifest.contains("[components]");
        let manifest = if is_whole { format!("{manifest}\n") } else { format!("[components]\n{manifest}\n") };
        let manifest = if manifest.contains("[registries]") {
            manifest
        } else {
            format!("[registries]\ndefault = \"{}\"\n{manifest}", registry())
        };
        Self { lock: lock.collect(), shelf, manifest, given: given.to_owned(), expected: expected.to_owned() }
    }

    /// The lock of an application: the versions that are locked, as its manifest has them.
    pub(crate) fn lock_of(&self, manifest: &Manifest) -> Option<Lock> {
        let locked = self.lock.iter().map(|(name, version)| {
            let name = name.parse().expect("a name");
            let component = manifest.component(&name).expect("a component that is locked is in the manifest");
            let Source::Package { package, requirement, .. } = &component.source.value else {
                panic!("`{name}` is no package")
            };
            let known = self.shelf.packages.get(package).and_then(|items| items.get(version));
            let gone = Item { component: Component::default(), hint: None, availability: Availability::Offered };
            let source = LockedSource::Package {
                package: package.clone(),
                requirement: requirement.clone(),
                registry: registry(),
                version: version.clone(),
                release: known.unwrap_or(&gone).release(),
            };
            (name, source)
        });
        let components: BTreeMap<_, _> = locked.collect();
        (!components.is_empty()).then(|| Lock { components, ..Lock::default() })
    }

    /// What comes of it, as it is expected to be written.
    pub(crate) fn run(&self) -> String {
        match manifest(&self.manifest) {
            Ok(manifest) => written(&self.shelf.settle(&manifest, self.lock_of(&manifest).as_ref())),
            Err(failure) => written_failure(&failure),
        }
    }
}

fn read_package(line: &str, shelf: &mut Shelf) {
    let mut words = line.split_whitespace().peekable();
    let package = words.next().expect("a package");
    let versions = words.next().expect("a version");
    let mut availability = Availability::Offered;
    let mut is_silent = false;
    let mut said = Component::default();
    let mut real = None;
    let mut list = "";
    for word in words {
        match word {
            "yanked" => availability = Availability::Yanked,
            "silent" => is_silent = true,
            "really" => real = Some(Component::default()),
            "imports" | "exports" => list = word,
            name => {
                let component = real.as_mut().unwrap_or(&mut said);
                let names = if list == "imports" { &mut component.imports } else { &mut component.exports };
                names.push(name.to_owned());
            }
        }
    }
    if package == "file" {
        shelf.files.insert(versions.to_owned(), said);
        return;
    }
    let hint = (!is_silent).then(|| said.clone());
    let item = Item { component: real.unwrap_or(said), hint, availability };
    let items = shelf.packages.entry(package.parse().expect("a package's name")).or_default();
    let version = |text: &str| text.parse::<Version>().expect("a version");
    match versions.split_once("..") {
        None => _ = items.insert(version(versions), item),
        Some((first, last)) => {
            let (first, last) = (version(first), version(last));
            for minor in first.minor..=last.minor {
                items.insert(Version { minor, ..first.clone() }, item.clone());
            }
        }
    }
}

fn written(answer: &Answer) -> String {
    let mut text = match &answer.outcome {
        Ok((resolution, lock)) => {
            let mut text = String::new();
            for component in &resolution.components {
                match &component.source {
                    ResolvedSource::Package { version, .. } => writeln!(text, "{} {version}", component.name),
                    _ => writeln!(text, "{}", component.name),
                }
                .expect("a string takes all");
            }
            for (name, instance) in &lock.instances {
                for (import, provider) in &instance.links {
                    writeln!(text, "  {import} of {name} from {provider}").expect("a string takes all");
                }
            }
            text
        }
        Err(failure) => written_failure(failure),
    };
    writeln!(text, "asked {}, planned {}", answer.questions, answer.choices).expect("a string takes all");
    text
}

fn written_failure(failure: &Failure) -> String {
    failure.diagnostics().iter().map(written_diagnostic).collect()
}

fn written_diagnostic(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code.as_str(), diagnostic.message);
    for label in &diagnostic.labels {
        let source = label.source.text();
        let start = source[..label.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = source[label.span.start..].find('\n').map_or(source.len(), |length| label.span.start + length);
        writeln!(text, "  {}  ← {}", &source[start..end], label.text).expect("a string takes all");
    }
    for (title, lines) in [("note", &diagnostic.notes), ("hint", &diagnostic.hints)] {
        for line in lines {
            writeln!(text, "  {title}: {}", line.replace('\n', "\n        ")).expect("a string takes all");
        }
    }
    text
}
