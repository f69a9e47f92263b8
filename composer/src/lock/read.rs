//! Reading a lock file: from its text to a [`LockFile`], or to all that is wrong with it, each finding at its place.

use std::{collections::BTreeMap, fmt::Display, ops::Range, str::FromStr, sync::Arc};

use registry_client::{Descriptor, LogState, Registry, Release};
use serde::Deserialize;
use toml::Spanned;

use super::{BESIDE, Lock, LockFile, LockedInstance, LockedSource, text::FORMAT};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText, listed},
    manifest::Name,
};

const WAY_OUT: &str = "take the last version that was committed, or delete it and run `compose lock`";

pub(super) fn parse(source: &Arc<SourceText>) -> Result<LockFile, Failure> {
    let text = read(source)?;
    let mut reader = Reader { source, diagnostics: Vec::new(), missing: Vec::new() };
    let file = reader.file(text);
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|found| found.labels.first().map_or(0, |label| label.span.start));
    if let Some(last) = diagnostics.last_mut() {
        last.hints.push(WAY_OUT.to_owned());
    }
    Failure::check(diagnostics)?;
    Ok(file)
}

/// The lines of a lock of the format that is known here.
fn read(source: &Arc<SourceText>) -> Result<LockText, Failure> {
    let error = match toml::from_str::<LockText>(source.text()) {
        Ok(text) if *text.version.get_ref() == FORMAT => return Ok(text),
        Ok(text) => return Err(unknown_format(source, &text.version).into()),
        Err(error) => error,
    };
    // Another format may have anything in it, so that its version is what is wrong.
    Err(match toml::from_str::<FormatOnly>(source.text()) {
        Ok(FormatOnly { version }) if *version.get_ref() != FORMAT => unknown_format(source, &version).into(),
        Ok(_) => invalid(source, &error),
        Err(error) => invalid(source, &error),
    })
}

fn unknown_format(source: &Arc<SourceText>, version: &Spanned<u32>) -> Diagnostic {
    let writer = if *version.get_ref() > FORMAT { "a newer" } else { "another" };
    let message = format!("`{}` was written by {writer} `compose`", source.name());
    let label = format!("this `compose` knows the format {FORMAT}");
    let diagnostic = Diagnostic::error(Code::LockInvalid, message).label(source, version.span(), label);
    diagnostic.hint("use the `compose` that wrote it, or a newer one")
}

fn invalid(source: &Arc<SourceText>, error: &toml::de::Error) -> Failure {
    let diagnostic = Diagnostic::error(Code::LockInvalid, format!("`{}` is not a lock", source.name()));
    let diagnostic = diagnostic.label(source, error.span().unwrap_or(0..0), error.message().replace('\n', "; "));
    let is_conflict = source.text().lines().any(|line| line.starts_with("<<<<<<< "));
    let diagnostic = if is_conflict {
        diagnostic.hint("a merge left conflict marks in it: take either side, and run `compose lock`")
    } else {
        diagnostic.hint(WAY_OUT)
    };
    diagnostic.into()
}

#[derive(Deserialize)]
struct FormatOnly {
    version: Spanned<u32>,
}

/// A lock file as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockText {
    version: Spanned<u32>,
    world: Option<Spanned<SourceLines>>,
    #[serde(default)]
    wit: BTreeMap<Spanned<String>, SourceLines>,
    #[serde(default)]
    component: BTreeMap<Spanned<String>, SourceLines>,
    #[serde(default)]
    instance: BTreeMap<Spanned<String>, LockedInstance>,
    #[serde(default)]
    application: BTreeMap<String, ApplicationText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationText {
    world: Option<Spanned<SourceLines>>,
    #[serde(default)]
    wit: BTreeMap<Spanned<String>, SourceLines>,
    #[serde(default)]
    component: BTreeMap<Spanned<String>, SourceLines>,
    #[serde(default)]
    instance: BTreeMap<Spanned<String>, LockedInstance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SourceLines {
    #[serde(default)]
    automatic: bool,
    path: Option<Spanned<String>>,
    oci: Option<Spanned<String>>,
    package: Option<Spanned<String>>,
    requirement: Option<Spanned<String>>,
    registry: Option<Spanned<String>>,
    version: Option<Spanned<String>>,
    digest: Option<Spanned<String>>,
    size: Option<u64>,
    manifest: Option<Spanned<String>>,
    manifest_size: Option<u64>,
    operator_key: Option<Spanned<String>>,
    record: Option<Spanned<String>>,
    record_size: Option<u64>,
    log_operator: Option<Spanned<String>>,
    log_length: Option<u64>,
    log_root: Option<Spanned<String>>,
}

/// Collects what is wrong.
struct Reader<'a> {
    source: &'a Arc<SourceText>,
    diagnostics: Vec<Diagnostic>,
    /// The keys that the entry which is being read lacks.
    missing: Vec<&'static str>,
}

/// An entry: what it is called, and its place.
struct Entry {
    title: String,
    span: Range<usize>,
}

impl Reader<'_> {
    fn file(&mut self, text: LockText) -> LockFile {
        let mut applications = BTreeMap::new();
        let beside =
            ApplicationText { world: text.world, wit: text.wit, component: text.component, instance: text.instance };
        let beside = self.lock(beside);
        if beside != Lock::default() || text.application.is_empty() {
            applications.insert(BESIDE.to_owned(), beside);
        }
        for (member, text) in text.application {
            applications.insert(member, self.lock(text));
        }
        LockFile { applications }
    }

    /// A lock, without the entries that are wrong.
    fn lock(&mut self, text: ApplicationText) -> Lock {
        let mut lock = Lock::default();
        for (title, lines) in text.component {
            let entry = Entry { title: format!("the component `{}`", title.get_ref()), span: title.span() };
            let name = self.parsed::<Name>(&entry, "name", &title);
            let is_automatic = lines.automatic;
            let source = self.source(&entry, lines);
            let (Some(name), Some(source)) = (name, source) else { continue };
            if is_automatic {
                lock.automatic.insert(name.clone());
            }
            lock.components.insert(name, source);
        }
        for (title, lines) in text.wit {
            let entry = Entry { title: format!("the WIT package `{}`", title.get_ref()), span: title.span() };
            let source = self.source(&entry, lines);
            lock.wit.extend(source.map(|source| (title.into_inner(), source)));
        }
        for (title, instance) in text.instance {
            let entry = Entry { title: format!("the instance `{}`", title.get_ref()), span: title.span() };
            let name = self.parsed::<Name>(&entry, "name", &title);
            lock.instances.extend(name.map(|name| (name, instance)));
        }
        if let Some(world) = text.world {
            let entry = Entry { title: "the target world".to_owned(), span: world.span() };
            lock.world = self.source(&entry, world.into_inner());
        }
        lock
    }

    fn source(&mut self, entry: &Entry, lines: SourceLines) -> Option<LockedSource> {
        let source = self.read_source(entry, lines);
        let missing = std::mem::take(&mut self.missing);
        if !missing.is_empty() {
            let missing = listed(missing);
            let message = format!("{} in `{}` lacks {missing}", entry.title, self.source.name());
            self.report(message, entry.span.clone(), "this entry is not whole".to_owned());
        }
        source
    }

    fn read_source(&mut self, entry: &Entry, lines: SourceLines) -> Option<LockedSource> {
        if let Some(path) = lines.path {
            return Some(LockedSource::Path(path.into_inner()));
        }
        // All of them are looked at before the first that is wrong ends it.
        let is_reference = lines.oci.is_some();
        let reference = lines.oci.and_then(|oci| self.value(entry, "oci", Some(oci)));
        let package = (!is_reference).then(|| {
            let package = self.value(entry, "package", lines.package);
            let requirement = self.value(entry, "requirement", lines.requirement);
            let registry = self.value(entry, "registry", lines.registry);
            let version = self.value(entry, "version", lines.version);
            let key = lines.operator_key.map(|key| self.parsed(entry, "operator-key", &key));
            let registry = match (registry?, key) {
                (Registry::Warg(warg), Some(key)) => Registry::Warg(warg.with_operator_key(key?)),
                (registry, _) => registry,
            };
            Some((package?, requirement?, registry, version?))
        });
        let digest = self.value(entry, "digest", lines.digest);
        let size = self.present("size", lines.size);
        let (manifest, log) = if lines.record.is_some() {
            let record = self.value(entry, "record", lines.record);
            let size = self.present("record-size", lines.record_size);
            let operator = self.value(entry, "log-operator", lines.log_operator);
            let length = self.present("log-length", lines.log_length);
            let root = self.value(entry, "log-root", lines.log_root);
            let log = LogState { operator: operator?, length: length?, root: root? };
            (Descriptor { digest: record?, size: size? }, Some(log))
        } else {
            let manifest = self.value(entry, "manifest", lines.manifest);
            let size = self.present("manifest-size", lines.manifest_size);
            (Descriptor { digest: manifest?, size: size? }, None)
        };
        let release = Release { manifest, component: Descriptor { digest: digest?, size: size? }, log };
        let Some(package) = package else {
            return Some(LockedSource::Reference { reference: reference?, release });
        };
        let (package, requirement, registry, version) = package?;
        Some(LockedSource::Package { package, requirement, registry, version, release })
    }

    fn value<T>(&mut self, entry: &Entry, key: &'static str, text: Option<Spanned<String>>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.present(key, text)?;
        self.parsed(entry, key, &text)
    }

    fn present<T>(&mut self, key: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.missing.push(key);
        }
        value
    }

    fn parsed<T>(&mut self, entry: &Entry, key: &str, text: &Spanned<String>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parsed = text.get_ref().parse::<T>();
        parsed
            .map_err(|error| {
                let message = format!("{} in `{}` has a `{key}` that cannot be used", entry.title, self.source.name());
                self.report(message, text.span(), error.to_string());
            })
            .ok()
    }

    fn report(&mut self, message: String, span: Range<usize>, label: String) {
        let diagnostic = Diagnostic::error(Code::LockInvalid, message);
        self.diagnostics.push(diagnostic.label(self.source, span, label));
    }
}
