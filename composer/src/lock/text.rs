//! The text of a lock file: TOML, sorted, and the same for the same locks.
//!
//! It is written by hand, for whoever reviews or merges it: every entry has a header with its own name, so that a change shows
//! whose it is; every item of a list has a line, so that one that comes or goes is one line of the difference; and nothing
//! says how many entries there are or refers to another by its place, so that branches which change different entries merge.

use std::{collections::BTreeMap, fmt::Write as _, str::FromStr, sync::Arc};

use registry_client::{Descriptor, LogState, PublicKey, Registry, Release};
use semver::Version;
use serde::Deserialize;

use super::{BESIDE, Lock, LockFile, LockedInstance, LockedSource};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText},
    manifest::Name,
};

/// The version of the lock's format.
const FORMAT: u32 = 1;

const HEADER: &str = "\
# Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
# how it is wired, or what it may ask of its host.
";

const WAY_OUT: &str = "take the last version that was committed, or delete it and run `compose lock`";

pub(super) fn parse(source: &Arc<SourceText>) -> Result<LockFile, Failure> {
    let format = toml::from_str::<FormatOnly>(source.text()).map(|format| format.version);
    match format {
        Ok(FORMAT) => {}
        Ok(version) => {
            let message = format!("`{}` has the format {version}, and this `compose` knows {FORMAT}", source.name());
            return Err(Diagnostic::error(Code::LockInvalid, message).hint("use a newer `compose`").into());
        }
        Err(error) => return Err(invalid(source, &error)),
    }
    let text: LockText = toml::from_str(source.text()).map_err(|error| invalid(source, &error))?;
    text.into_file().map_err(|why| {
        let message = format!("`{}` cannot be used: {why}", source.name());
        Diagnostic::error(Code::LockInvalid, message).hint(WAY_OUT).into()
    })
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

pub(super) fn write(file: &LockFile) -> String {
    let mut lines = Lines(format!("{HEADER}version = {FORMAT}\n"));
    for (member, lock) in &file.applications {
        let prefix = if member == BESIDE { String::new() } else { format!("application.{}.", quoted(member)) };
        lines.lock(&prefix, lock);
    }
    lines.0
}

/// The lines of a lock file that is being written.
struct Lines(String);

impl Lines {
    fn lock(&mut self, prefix: &str, lock: &Lock) {
        if let Some(world) = &lock.world {
            self.table(&format!("{prefix}world"));
            self.source(world);
        }
        for (name, source) in &lock.wit {
            self.table(&format!("{prefix}wit.{}", quoted(name)));
            self.source(source);
        }
        for (name, source) in &lock.components {
            self.table(&format!("{prefix}component.{name}"));
            self.source(source);
        }
        for (name, instance) in &lock.instances {
            self.table(&format!("{prefix}instance.{name}"));
            self.instance(&format!("{prefix}instance.{name}"), instance);
        }
    }

    fn source(&mut self, source: &LockedSource) {
        match source {
            LockedSource::Path(path) => self.text("path", path),
            LockedSource::Package { package, requirement, registry, version, release } => {
                self.text("package", package);
                self.text("requirement", requirement);
                self.text("registry", registry);
                if let Some(key) = operator_key(registry) {
                    self.text("operator-key", key);
                }
                self.text("version", version);
                self.release(release);
            }
            LockedSource::Reference { reference, release } => {
                self.text("oci", reference);
                self.release(release);
            }
        }
    }

    fn release(&mut self, release: &Release) {
        self.text("digest", &release.component.digest);
        self.number("size", release.component.size);
        let Some(LogState { operator, length, root }) = &release.log else {
            self.text("manifest", &release.manifest.digest);
            self.number("manifest-size", release.manifest.size);
            return;
        };
        self.text("record", &release.manifest.digest);
        self.number("record-size", release.manifest.size);
        self.text("log-operator", operator);
        self.number("log-length", *length);
        self.text("log-root", root);
    }

    fn instance(&mut self, title: &str, instance: &LockedInstance) {
        self.text("component", &instance.component);
        if !instance.host.is_empty() {
            self.0.push_str("host = [\n");
            for import in &instance.host {
                let _ = writeln!(self.0, "    {},", quoted(import));
            }
            self.0.push_str("]\n");
        }
        if !instance.links.is_empty() {
            self.table(&format!("{title}.links"));
            for (import, provider) in &instance.links {
                let _ = writeln!(self.0, "{} = {}", quoted(import), quoted(provider));
            }
        }
    }

    fn table(&mut self, title: &str) {
        let _ = writeln!(self.0, "\n[{title}]");
    }

    fn text(&mut self, key: &str, value: &impl ToString) {
        let _ = writeln!(self.0, "{key} = {}", quoted(&value.to_string()));
    }

    fn number(&mut self, key: &str, value: u64) {
        let _ = writeln!(self.0, "{key} = {value}");
    }
}

/// The key that the log of `registry` must have been begun with, where the manifest requires one.
fn operator_key(registry: &Registry) -> Option<&PublicKey> {
    match registry {
        Registry::Warg(warg) => warg.operator_key(),
        _ => None,
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[derive(Deserialize)]
struct FormatOnly {
    version: u32,
}

/// A lock file as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockText {
    #[serde(rename = "version")]
    _version: u32,
    world: Option<SourceLines>,
    #[serde(default)]
    wit: BTreeMap<String, SourceLines>,
    #[serde(default)]
    component: BTreeMap<String, SourceLines>,
    #[serde(default)]
    instance: BTreeMap<String, LockedInstance>,
    #[serde(default)]
    application: BTreeMap<String, ApplicationText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationText {
    world: Option<SourceLines>,
    #[serde(default)]
    wit: BTreeMap<String, SourceLines>,
    #[serde(default)]
    component: BTreeMap<String, SourceLines>,
    #[serde(default)]
    instance: BTreeMap<String, LockedInstance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SourceLines {
    path: Option<String>,
    oci: Option<String>,
    package: Option<String>,
    requirement: Option<String>,
    registry: Option<String>,
    version: Option<Version>,
    digest: Option<String>,
    size: Option<u64>,
    manifest: Option<String>,
    manifest_size: Option<u64>,
    operator_key: Option<String>,
    record: Option<String>,
    record_size: Option<u64>,
    log_operator: Option<String>,
    log_length: Option<u64>,
    log_root: Option<String>,
}

impl LockText {
    fn into_file(self) -> Result<LockFile, String> {
        let mut applications = BTreeMap::new();
        let beside =
            ApplicationText { world: self.world, wit: self.wit, component: self.component, instance: self.instance };
        let beside = beside.into_lock()?;
        if beside != Lock::default() || self.application.is_empty() {
            applications.insert(BESIDE.to_owned(), beside);
        }
        for (member, text) in self.application {
            let lock = text.into_lock().map_err(|why| format!("`{member}`: {why}"))?;
            applications.insert(member, lock);
        }
        Ok(LockFile { applications })
    }
}

impl ApplicationText {
    fn into_lock(self) -> Result<Lock, String> {
        let name = |text: String| text.parse::<Name>().map_err(|error| format!("`{text}`: {error}"));
        let entry = |(title, lines): (String, SourceLines)| {
            let source = lines.into_source().map_err(|why| format!("the component `{title}` {why}"))?;
            Ok((name(title)?, source))
        };
        let wit = self.wit.into_iter().map(|(title, lines)| {
            let source = lines.into_source().map_err(|why| format!("the WIT package `{title}` {why}"))?;
            Ok((title, source))
        });
        let wit = wit.collect::<Result<_, String>>()?;
        let components = self.component.into_iter().map(entry).collect::<Result<_, String>>()?;
        let instances = self.instance.into_iter().map(|(title, instance)| Ok((name(title)?, instance)));
        let world = self.world.map(|lines| lines.into_source().map_err(|why| format!("the world {why}")));
        Ok(Lock { components, world: world.transpose()?, wit, instances: instances.collect::<Result<_, String>>()? })
    }
}

impl SourceLines {
    fn into_source(self) -> Result<LockedSource, String> {
        if let Some(path) = self.path {
            return Ok(LockedSource::Path(path));
        }
        let (manifest, log) = match self.record {
            None => {
                let digest = parsed("manifest", self.manifest)?;
                (Descriptor { digest, size: present("manifest-size", self.manifest_size)? }, None)
            }
            Some(_) => {
                let digest = parsed("record", self.record)?;
                let log = LogState {
                    operator: parsed("log-operator", self.log_operator)?,
                    length: present("log-length", self.log_length)?,
                    root: parsed("log-root", self.log_root)?,
                };
                (Descriptor { digest, size: present("record-size", self.record_size)? }, Some(log))
            }
        };
        let component = Descriptor { digest: parsed("digest", self.digest)?, size: present("size", self.size)? };
        let release = Release { manifest, component, log };
        if self.oci.is_some() {
            return Ok(LockedSource::Reference { reference: parsed("oci", self.oci)?, release });
        }
        Ok(LockedSource::Package {
            package: parsed("package", self.package)?,
            requirement: parsed("requirement", self.requirement)?,
            registry: match (parsed("registry", self.registry)?, self.operator_key) {
                (Registry::Warg(warg), key @ Some(_)) => {
                    Registry::Warg(warg.with_operator_key(parsed("operator-key", key)?))
                }
                (registry, _) => registry,
            },
            version: present("version", self.version)?,
            release,
        })
    }
}

fn present<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("lacks `{key}`"))
}

fn parsed<T>(key: &str, text: Option<String>) -> Result<T, String>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    present(key, text)?.parse().map_err(|error| format!("has a `{key}` that cannot be used: {error}"))
}
