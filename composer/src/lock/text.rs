//! The text of a lock file, from its locks: TOML, sorted, and the same for the same locks.
//!
//! It is written by hand, for whoever reviews or merges it: every entry has a header with its own name, so that a change shows
//! whose it is; every item of a list has a line, so that one that comes or goes is one line of the difference; and nothing
//! says how many entries there are or refers to another by its place, so that branches which change different entries merge.

use std::fmt::Write as _;

use registry_client::{LogState, PublicKey, Registry, Release};

use super::{BESIDE, Lock, LockFile, LockedInstance, LockedSource};

/// The version of the lock's format.
pub(super) const FORMAT: u32 = 1;

const HEADER: &str = "\
# Written by `compose`; do not edit. Commit it: a change in it is a change of what the application is made of,
# how it is wired, or what it may ask of its host.
";

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
            if lock.automatic.contains(name) {
                self.0.push_str("automatic = true\n");
            }
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
    // Nearly every text is plain, and a lock has thousands.
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
    if is_plain { format!("\"{text}\"") } else { toml::Value::from(text).to_string() }
}
