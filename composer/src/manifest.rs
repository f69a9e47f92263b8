//! The manifest, `compose.toml`, as a value: what an application consists of and what it must become.
//!
//! From text to [`Manifest`], or to all that is wrong with it. Every name that refers to another part of the manifest
//! (a component, an instance, a registry) has been found to exist, so later phases need not look again. Nothing is read but
//! the text: paths, registries and interfaces are names here.

mod build;
mod name;
mod read;
mod rules;
mod schema;
mod sections;
mod source;
pub(crate) mod workspace;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_client::Registry;
use semver::Version;
use wit::{ExternName, Features, InterfacePattern};

pub use crate::wit_source::WitSource;
use crate::{
    diagnostic::{Failure, SourceText, Spanned},
    encode::Form,
};
pub use name::{InvalidName, Name};
pub use rules::{RuleSettings, WitRules};
pub use schema::json_schema;
pub use source::Source;
pub use workspace::{InvalidMember, MemberPattern, Workspace};

/// The name that a provider has when it is the runtime.
pub const HOST: &str = "host";

/// The file name of a manifest.
pub const FILE_NAME: &str = "compose.toml";

/// A manifest, with the place of every value that a message may point at.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The text.
    pub source: Arc<SourceText>,
    /// `[package]`: what the composition is when published.
    pub package: Option<Package>,
    /// `[world]`: what the result must be.
    pub world: Option<TargetWorld>,
    /// `[registries]`.
    pub registries: Registries,
    /// `[components]`, in the manifest's order.
    pub components: Vec<Component>,
    /// The instances: every component that `[instances]` does not use, then `[instances]`, each in the manifest's order.
    pub instances: Vec<Instance>,
    /// `[links]`, in the manifest's order.
    pub links: Vec<LinkRule>,
    /// `[chains]`, in the manifest's order.
    pub chains: Vec<Chain>,
    /// `[host]`.
    pub host: HostRules,
    /// `[exports]`, in the manifest's order; absent is not the same as empty.
    pub exports: Option<Vec<ExportRule>>,
    /// `[wit]`: what is done about what rules find in its WIT.
    pub wit: WitRules,
    /// `[build]`: how the result is laid out.
    pub build: Form,
    /// `[workspace]`: the applications that share this one's lock.
    pub workspace: Option<Workspace>,
    /// `[vendor] directory`: the directory registry that has everything, relative to the manifest.
    pub vendor: Option<PathBuf>,
    /// The place of `[exports]`, if there is one.
    pub(crate) exports_span: Option<Range<usize>>,
}

/// `[package]`.
#[derive(Debug, Clone)]
pub struct Package {
    /// `namespace:name`.
    pub name: Spanned<registry_client::PackageName>,
    /// The version; a composition that is never published needs none.
    pub version: Option<Version>,
    /// The other keys, as they become annotations: `description`, `license`, `authors`, …
    pub metadata: BTreeMap<String, String>,
}

/// `[world]`.
#[derive(Debug, Clone)]
pub struct TargetWorld {
    /// Where the WIT is.
    pub wit: Spanned<WitSource>,
    /// The world's name; may be left out when the WIT has only one.
    pub name: Option<Spanned<String>>,
    /// What of it is there that is behind a feature.
    pub features: Features,
    /// The place of the section.
    pub span: Range<usize>,
}

/// `[registries]`.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    /// The registry of packages whose namespace has none.
    pub default: Option<Registry>,
    /// Registries by their name.
    pub named: BTreeMap<String, Registry>,
    /// The registry's name for a namespace; `default` stands for the default registry.
    pub namespaces: BTreeMap<String, Spanned<String>>,
    /// The names of those that may provide what nothing else provides; `default` stands for the default registry.
    pub automatic: BTreeSet<String>,
    /// The registries of the packages whose entries name none, once it is decided what counts: these rules, or others around them.
    pub(crate) assigned: BTreeMap<registry_client::PackageName, Registry>,
}

/// What a workspace's manifest says for its members; paths are relative to the member.
#[derive(Debug, Clone, Default)]
pub struct Inherited {
    /// Its registries.
    pub registries: Registries,
    /// The directory registry that has everything.
    pub vendor: Option<PathBuf>,
}

impl Registries {
    /// These, and of others those that have other names.
    ///
    /// NB: a namespace that the others send to their default registry goes to the default of these, where they have one.
    fn over(mut self, others: &Self) -> Self {
        let own: BTreeSet<&str> =
            self.default.iter().map(|_| "default").chain(self.named.keys().map(String::as_str)).collect();
        let automatic = others.automatic.iter().filter(|name| !own.contains(name.as_str())).cloned();
        let automatic: Vec<String> = automatic.collect();
        self.automatic.extend(automatic);
        self.default = self.default.or_else(|| others.default.clone());
        for (name, registry) in &others.named {
            self.named.entry(name.clone()).or_insert_with(|| registry.clone());
        }
        for (namespace, name) in &others.namespaces {
            self.namespaces.entry(namespace.clone()).or_insert_with(|| name.clone());
        }
        self
    }

    /// The same registries, named from a directory from which theirs is at `base`.
    pub(crate) fn relative_to(&self, base: &Path) -> Self {
        let from_there = |registry: &Registry| registry.clone().relative_to(base);
        Self {
            default: self.default.as_ref().map(from_there),
            named: self.named.iter().map(|(name, registry)| (name.clone(), from_there(registry))).collect(),
            namespaces: self.namespaces.clone(),
            automatic: self.automatic.clone(),
            assigned: BTreeMap::new(),
        }
    }

    /// The registry that a package comes from: the one named for it, else the one assigned to it, else its namespace's, else the default.
    pub fn registry_for(&self, package: &registry_client::PackageName, named: Option<&str>) -> Option<&Registry> {
        if named.is_none()
            && let Some(registry) = self.assigned.get(package)
        {
            return Some(registry);
        }
        let name = named.or_else(|| self.namespaces.get(package.namespace()).map(|name| name.value.as_str()));
        name.map_or(self.default.as_ref(), |name| self.registry(name))
    }

    /// The same registry with the operator's key that it must have, where an entry says which.
    #[must_use]
    pub fn with_key_of(&self, registry: Registry) -> Registry {
        let Registry::Warg(given) = &registry else { return registry };
        let is_same = |known: &&Registry| matches!(known, Registry::Warg(known) if known.url() == given.url() && known.operator_key().is_some());
        let known = self.named.values().chain(&self.default).find(is_same).cloned();
        known.unwrap_or(registry)
    }

    /// Where a package could come from that is in no entry, with the registries' names: its namespace's alone where that has one,
    /// else the default, then the others by name.
    pub(crate) fn candidates(&self, package: &registry_client::PackageName) -> Vec<(&str, &Registry)> {
        if let Some(name) = self.namespaces.get(package.namespace()) {
            return self.registry(&name.value).map(|registry| (name.value.as_str(), registry)).into_iter().collect();
        }
        let default = self.default.iter().map(|registry| ("default", registry));
        default.chain(self.named.iter().map(|(name, registry)| (name.as_str(), registry))).collect()
    }

    /// The registry of a name; `default` stands for the default registry.
    pub fn registry(&self, name: &str) -> Option<&Registry> {
        if name == "default" { self.default.as_ref() } else { self.named.get(name) }
    }
}

/// An entry of `[components]`.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name in the manifest.
    pub name: Spanned<Name>,
    /// Where it comes from.
    pub source: Spanned<Source>,
    /// Who put it there.
    pub introduction: Introduction,
}

/// Who put a component into an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introduction {
    /// An entry of the manifest.
    Written,
    /// Nobody: it provides what nothing else provides. Its places are those of the entry that needs it.
    Automatic,
}

/// An instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name, with the place that introduces it.
    pub name: Spanned<Name>,
    /// The component it is an instance of.
    pub component: Name,
}

/// A line under `[links.CONSUMER]`.
#[derive(Debug, Clone)]
pub struct LinkRule {
    /// The instance whose import it is.
    pub consumer: Spanned<Name>,
    /// Which import; without a version it means any.
    pub import: Spanned<ExternName>,
    /// What satisfies it.
    pub target: Spanned<LinkTarget>,
}

/// What a link goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// The runtime.
    Host,
    /// An export of an instance: the one of the import's own name where none is given.
    Instance {
        /// The provider.
        instance: Name,
        /// The provider's export, if it has another name than the import.
        export: Option<ExternName>,
    },
}

/// An entry of `[chains]`.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The interface that the members wrap.
    pub interface: Spanned<ExternName>,
    /// The members, outermost first; at least one.
    pub members: Vec<Spanned<Name>>,
}

/// `[host]`.
#[derive(Debug, Clone, Default)]
pub struct HostRules {
    /// What the result may import; absent means the default.
    pub imports: Option<Vec<Spanned<InterfacePattern>>>,
    /// What one instance may have of that.
    pub instances: Vec<HostInstanceRule>,
}

/// A line under `[host.instances]`.
#[derive(Debug, Clone)]
pub struct HostInstanceRule {
    /// The instance.
    pub instance: Spanned<Name>,
    /// What it may import from the host.
    pub imports: Vec<InterfacePattern>,
    /// The place of the list.
    pub span: Range<usize>,
}

/// A line under `[exports]`.
#[derive(Debug, Clone)]
pub struct ExportRule {
    /// The name of the result's export; without a version, the provider's own.
    pub name: Spanned<ExternName>,
    /// The provider.
    pub instance: Spanned<Name>,
    /// The provider's export, if it has another name.
    pub export: Option<Spanned<ExternName>>,
}

impl Manifest {
    /// Reads a manifest from its text.
    ///
    /// # Errors
    /// Everything that is wrong with it: TOML's own errors alone if there are any; otherwise unknown keys, wrong types, values
    /// that cannot be used, and names that refer to nothing.
    pub fn parse(source: &Arc<SourceText>) -> Result<Self, Failure> {
        sections::read(source, &Inherited::default())
    }

    /// Reads the manifest of a member of a workspace, which has what the workspace's own manifest says for all of them.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_in(source: &Arc<SourceText>, inherited: &Inherited) -> Result<Self, Failure> {
        sections::read(source, inherited)
    }

    /// Whether there is something to compose: a manifest with a workspace may be there for its members alone.
    pub fn is_application(&self) -> bool {
        self.workspace.is_none() || self.package.is_some() || !self.components.is_empty()
    }

    /// The component with a name.
    pub fn component(&self, name: &Name) -> Option<&Component> {
        self.components.iter().find(|c| c.name.value == *name)
    }

    /// The same application with a component that nobody wrote, because an entry with this place needs it.
    pub(crate) fn with_automatic(&self, name: Name, source: Source, span: &Range<usize>) -> Self {
        let mut manifest = self.clone();
        let spanned = Spanned::new(name.clone(), span.clone());
        manifest.instances.push(Instance { name: spanned.clone(), component: name });
        let source = Spanned::new(source, span.clone());
        manifest.components.push(Component { name: spanned, source, introduction: Introduction::Automatic });
        manifest
    }

    /// The same application without a component that nobody wrote.
    pub(crate) fn without_automatic(&self, name: &Name) -> Self {
        let mut manifest = self.clone();
        manifest.components.retain(|c| c.introduction != Introduction::Automatic || c.name.value != *name);
        let is_left = |component: &Name| manifest.components.iter().any(|c| c.name.value == *component);
        manifest.instances.retain(|instance| is_left(&instance.component));
        manifest
    }

    /// The name that the built component's file has: the package's, else `app`.
    pub fn output_name(&self) -> &str {
        self.package.as_ref().map_or("app", |package| package.name.value.name())
    }
}
