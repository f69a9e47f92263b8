//! Packages in memory, and an application that is resolved and planned with them.
//!
//! A component here is its interfaces, each with one function `f` of one parameter, whose type is `u32` unless an interface is
//! written with another one: `t:lib/api@1.0.0=u64`.

use std::{collections::BTreeMap, fmt::Write as _};

use composer::{
    diagnostic::{Failure, SourceText},
    input::Input,
    lock::Lock,
    manifest::{Manifest, Source},
    part::Part,
    plan,
    resolve::{Catalog, Evidence, Outcome, Question, Resolution, ResolvedSource, Verdict, resolve},
};
use registry_client::{
    Availability, Description, Descriptor, Error, Interfaces, Origin, PackageName, Published, Registry, Release,
};
use semver::Version;

/// What a component imports and exports, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// A version of a package.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) component: Component,
    /// What its publisher says of it.
    pub(crate) hint: Option<Component>,
    pub(crate) availability: Availability,
}

/// Packages, and the files of an application.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) packages: BTreeMap<PackageName, BTreeMap<Version, Item>>,
    pub(crate) files: BTreeMap<String, Component>,
}

/// How an application was resolved.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Result<(Resolution, Lock), Failure>,
    /// How many questions were asked.
    pub(crate) questions: usize,
    /// How many choices planning was given.
    pub(crate) choices: usize,
}

impl Shelf {
    pub(crate) fn insert(&mut self, package: &str, version: &str, component: Component) {
        let item = Item { hint: Some(component.clone()), component, availability: Availability::Offered };
        self.packages.entry(package.parse().unwrap()).or_default().insert(version.parse().unwrap(), item);
    }

    /// Resolves and plans an application, as the driver does.
    pub(crate) fn settle(&self, manifest: &Manifest, lock: Option<&Lock>) -> Answer {
        let mut asked = Asked { catalog: Catalog::default(), evidence: Evidence::default(), questions: 0 };
        let mut choices = 0;
        let outcome = self.outcome(manifest, lock, &mut asked, &mut choices);
        Answer { outcome, questions: asked.questions, choices }
    }

    fn outcome(
        &self,
        manifest: &Manifest,
        lock: Option<&Lock>,
        asked: &mut Asked,
        choices: &mut usize,
    ) -> Result<(Resolution, Lock), Failure> {
        let files = manifest.components.iter().filter(|entry| matches!(entry.source.value, Source::Path(_)));
        let files: Vec<Part> =
            files.map(|entry| part(&entry.name.value, None, &self.files[&*entry.name.value])).collect();
        asked.evidence.note(&files);
        let mut resolution = self.resolve(manifest, lock, asked)?;
        loop {
            *choices += 1;
            let parts: Vec<Part> = resolution.components.iter().map(|component| self.part(component)).collect();
            let refusal = match plan::plan(manifest, &parts, None) {
                Ok((plan, _)) => {
                    let lock = Lock::new(&resolution, &plan);
                    return Ok((resolution, lock));
                }
                Err(refusal) => refusal,
            };
            if asked.evidence.refute(manifest, &parts) == Verdict::Final {
                return Err(refusal);
            }
            let next = self.resolve(manifest, lock, asked)?;
            if next == resolution {
                return Err(refusal);
            }
            resolution = next;
        }
    }

    fn resolve(&self, manifest: &Manifest, lock: Option<&Lock>, asked: &mut Asked) -> Result<Resolution, Failure> {
        loop {
            match resolve(manifest, &asked.catalog, lock, &asked.evidence)? {
                Outcome::Resolved(resolution) => return Ok(*resolution),
                Outcome::Missing(questions) => {
                    assert!(!questions.is_empty(), "resolution asks for nothing and decides nothing");
                    asked.questions += questions.len();
                    for question in questions {
                        self.answer(question, &mut asked.catalog);
                    }
                }
            }
        }
    }

    fn answer(&self, question: Question, catalog: &mut Catalog) {
        match question {
            Question::Versions { registry, package } => {
                let versions = match self.packages.get(&package) {
                    None => Err(Error::PackageNotFound { registry: registry.clone(), package: package.clone() }),
                    Some(items) => Ok(items
                        .iter()
                        .map(|(version, item)| Published { version: version.clone(), availability: item.availability })
                        .collect()),
                };
                catalog.insert_versions(registry, package, versions);
            }
            Question::Release(origin) => {
                let Origin::Package { package, version, .. } = &origin else { panic!("no references here: {origin}") };
                let description = match self.packages.get(package).and_then(|items| items.get(version)) {
                    None => Err(Error::VersionNotFound { origin: Box::new(origin.clone()), available: Vec::new() }),
                    Some(item) => Ok(Description {
                        release: item.release(),
                        interfaces: item.hint.as_ref().map(Component::names),
                    }),
                };
                catalog.insert_release(origin, description);
            }
        }
    }

    fn part(&self, component: &composer::resolve::ResolvedComponent) -> Part {
        match &component.source {
            ResolvedSource::Package { package, version, .. } => {
                part(&component.name, Some(version.clone()), &self.packages[package][version].component)
            }
            _ => part(&component.name, None, &self.files[&*component.name]),
        }
    }
}

struct Asked {
    catalog: Catalog,
    evidence: Evidence,
    questions: usize,
}

impl Item {
    /// A release that stands for the bytes: nothing here reads them.
    pub(crate) fn release(&self) -> Release {
        let descriptor = Descriptor::of(format!("{:?}", self.component).as_bytes());
        Release { manifest: descriptor, component: descriptor, log: None }
    }
}

impl Component {
    fn names(&self) -> Interfaces {
        let names = |names: &[String]| names.iter().map(|name| split(name).0.to_owned()).collect();
        Interfaces { imports: names(&self.imports), exports: names(&self.exports) }
    }

    /// The component's binary.
    pub(crate) fn binary(&self) -> Vec<u8> {
        let mut text = "(component\n".to_owned();
        for import in &self.imports {
            let (name, ty) = split(import);
            writeln!(text, r#"  (import "{name}" (instance (export "f" (func (param "n" {ty})))))"#).unwrap();
        }
        for (number, export) in self.exports.iter().enumerate() {
            let (name, ty) = split(export);
            let core = if ty.ends_with("64") { "i64" } else { "i32" };
            writeln!(
                text,
                r#"  (core module $m{number} (func (export "f") (param {core})))
  (core instance $c{number} (instantiate $m{number}))
  (func $f{number} (param "n" {ty}) (canon lift (core func $c{number} "f")))
  (instance $i{number} (export "f" (func $f{number})))
  (export "{name}" (instance $i{number}))"#
            )
            .unwrap();
        }
        text.push(')');
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}

fn part(name: &composer::manifest::Name, version: Option<Version>, component: &Component) -> Part {
    Part::new(name.clone(), version, Input::memory(component.binary())).unwrap()
}

/// The interface and the type of its function's parameter.
fn split(interface: &str) -> (&str, &str) {
    interface.split_once('=').unwrap_or((interface, "u32"))
}

/// An application, and where its packages come from unless it says so itself.
pub(crate) fn manifest(text: &str) -> Result<Manifest, Failure> {
    Manifest::parse(&SourceText::new("compose.toml", text))
}

/// The registry of packages for which the manifest names none.
pub(crate) fn registry() -> Registry {
    "dir:registry".parse().unwrap()
}
