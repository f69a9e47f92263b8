//! Sharing: which modules and components are defined once although they are needed more than once.
//!
//! From the outlines of the components that are embedded to [`Shared`]: what is defined in the outermost component, and with it a way
//! to write every outline so that each other occurrence is an alias of that definition. An alias stands in the place of what it stands
//! for, so that every index space stays as it is. Modules are closed, hence any can be shared; a component can be when nothing in it
//! refers to what is around it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use registry_client::{Digest, Digester};
use wasm_encoder::{Alias, ComponentAliasSection, ComponentOuterAliasKind, ComponentSection};

use super::{Savings, Share, closed::is_closed, layout::Node};
use crate::{
    input::Input,
    limits,
    shell::{Item, Module, Outline, Strip},
};

/// Smaller ones are not worth an alias.
const WORTH_SHARING: u64 = 64;

/// What is defined once.
pub(super) struct Shared<'a> {
    strip: Strip,
    modules: Definitions<(&'a Input, &'a Arc<Module>)>,
    components: Definitions<(&'a Input, &'a Outline)>,
    /// The identities of outlines, by their address: they are asked for more than once.
    identities: BTreeMap<*const Outline, Digest>,
}

/// Definitions in their order, and which index each has.
struct Definitions<T> {
    indices: BTreeMap<Digest, u32>,
    items: Vec<T>,
}

impl<T> Default for Definitions<T> {
    fn default() -> Self {
        Self { indices: BTreeMap::new(), items: Vec::new() }
    }
}

/// How often something occurs.
struct Occurrences<T> {
    first: T,
    /// Where it was found first; for a component, where that ended.
    place: usize,
    count: u64,
    size: u64,
}

impl<'a> Shared<'a> {
    /// Decides what is shared between the components that are embedded.
    pub(super) fn between(embedded: &[(&'a Input, &'a Outline)], share: Share, strip: Strip) -> Self {
        let mut shared = Self {
            strip,
            modules: Definitions::default(),
            components: Definitions::default(),
            identities: BTreeMap::new(),
        };
        if share == Share::Nothing {
            return shared;
        }
        if share == Share::Components {
            let all = Count::of(&mut shared, embedded, share, None);
            // What occurs only within a component that is shared itself occurs once.
            let repeated = all.components.into_iter().filter(|(_, found)| found.count > 1);
            let repeated: BTreeSet<Digest> = repeated.map(|(identity, _)| identity).collect();
            let distinct = Count::of(&mut shared, embedded, share, Some(&repeated));
            shared.components = define(distinct.components, limits::COMPONENTS);
            shared.modules = define(distinct.modules, limits::MODULES);
        } else {
            let found = Count::of(&mut shared, embedded, share, None);
            shared.modules = define(found.modules, limits::MODULES);
        }
        shared
    }

    /// The shared modules, in the order of their indices.
    pub(super) fn modules(&self) -> impl Iterator<Item = (&'a Input, &'a Arc<Module>)> {
        self.modules.items.iter().copied()
    }

    /// The shared components, in the order of their indices.
    pub(super) fn components(&self) -> impl Iterator<Item = (&'a Input, &'a Outline)> {
        self.components.items.iter().copied()
    }

    /// The index of a component if it is shared.
    pub(super) fn component_index(&self, outline: &Outline) -> Option<u32> {
        if self.components.items.is_empty() {
            return None;
        }
        self.components.indices.get(self.identities.get(&std::ptr::from_ref(outline))?).copied()
    }

    /// A component of the outermost one, with aliases for what is shared in it.
    pub(super) fn embed(&self, input: &'a Input, outline: &'a Outline, savings: &mut Savings) -> Node<'a> {
        self.nested(input, outline, 1, savings)
    }

    /// A component with `depth` components around it.
    fn nested(&self, input: &'a Input, outline: &'a Outline, depth: u32, savings: &mut Savings) -> Node<'a> {
        let children = outline.items.iter().filter_map(|item| match item {
            Item::Sections(sections) => Some(Node::Bytes(Cow::Borrowed(sections))),
            Item::Custom(content, section) => self.strip.keeps(*content).then_some(Node::Bytes(Cow::Borrowed(section))),
            Item::Module(module) => Some(match self.module_index(module) {
                Some(index) => {
                    savings.note_module(module.size(self.strip));
                    let bytes = outer_alias(ComponentOuterAliasKind::CoreModule, depth, index);
                    Node::ModuleAlias { bytes, depth, index, module }
                }
                None => Node::module(input, module, self.strip),
            }),
            Item::Component(outline) => Some(match self.component_index(outline) {
                Some(index) => {
                    savings.note_component(size(outline, self.strip));
                    Node::ComponentAlias(outer_alias(ComponentOuterAliasKind::Component, depth, index))
                }
                None => self.nested(input, outline, depth + 1, savings),
            }),
        });
        Node::component(children.collect())
    }

    fn module_index(&self, module: &Module) -> Option<u32> {
        if self.modules.items.is_empty() {
            return None;
        }
        self.modules.indices.get(&module.identity(self.strip)).copied()
    }

    /// The name of a component's bytes, as far as they stay.
    fn identity(&mut self, outline: &Outline) -> Digest {
        let address = std::ptr::from_ref(outline);
        if let Some(identity) = self.identities.get(&address) {
            return *identity;
        }
        let mut digester = Digester::default();
        let mut field = |kind: u8, bytes: &[u8]| {
            digester.update(&[kind]);
            digester.update(&(bytes.len() as u64).to_le_bytes());
            digester.update(bytes);
        };
        for item in &outline.items {
            match item {
                Item::Sections(sections) => field(0, sections),
                Item::Custom(content, section) if self.strip.keeps(*content) => field(1, section),
                Item::Custom(..) => {}
                Item::Module(module) => field(2, module.identity(self.strip).as_bytes()),
                Item::Component(outline) => field(3, self.identity(outline).as_bytes()),
            }
        }
        let identity = digester.finish().digest;
        self.identities.insert(address, identity);
        identity
    }
}

/// How often each module occurs, and each closed component where these are shared.
struct Count<'a> {
    share: Share,
    modules: BTreeMap<Digest, Occurrences<(&'a Input, &'a Arc<Module>)>>,
    components: BTreeMap<Digest, Occurrences<(&'a Input, &'a Outline)>>,
    places: usize,
}

impl<'a> Count<'a> {
    /// Counts; in components of these identities only once.
    fn of(
        shared: &mut Shared<'a>,
        embedded: &[(&'a Input, &'a Outline)],
        share: Share,
        once: Option<&BTreeSet<Digest>>,
    ) -> Self {
        let mut count = Self { share, modules: BTreeMap::new(), components: BTreeMap::new(), places: 0 };
        for (input, outline) in embedded {
            count.component(shared, input, outline, once);
        }
        count
    }

    fn component(
        &mut self,
        shared: &mut Shared<'a>,
        input: &'a Input,
        outline: &'a Outline,
        once: Option<&BTreeSet<Digest>>,
    ) {
        let identity = (self.share == Share::Components).then(|| shared.identity(outline));
        if let Some(identity) = identity.filter(|_| is_closed(outline)) {
            let found = self.components.entry(identity).or_insert_with(|| Occurrences {
                first: (input, outline),
                place: usize::MAX,
                count: 0,
                size: size(outline, shared.strip),
            });
            found.count += 1;
            if found.count > 1 && once.is_some_and(|once| once.contains(&identity)) {
                return;
            }
        }
        for item in &outline.items {
            match item {
                Item::Module(module) => {
                    self.places += 1;
                    let place = self.places;
                    let found = self.modules.entry(module.identity(shared.strip)).or_insert_with(|| Occurrences {
                        first: (input, module),
                        place,
                        count: 0,
                        size: module.size(shared.strip),
                    });
                    found.count += 1;
                }
                Item::Component(outline) => self.component(shared, input, outline, once),
                Item::Sections(_) | Item::Custom(..) => {}
            }
        }
        // A definition comes after those that it refers to, which are within it.
        self.places += 1;
        if let Some(found) = identity.and_then(|identity| self.components.get_mut(&identity)) {
            found.place = found.place.min(self.places);
        }
    }
}

/// Numbers what is worth sharing by where it was found first; of more than `limit` those that save most.
fn define<T>(found: BTreeMap<Digest, Occurrences<T>>, limit: usize) -> Definitions<T> {
    let worth = found.into_iter().filter(|(_, found)| found.count > 1 && found.size >= WORTH_SHARING);
    let mut worth: Vec<(Digest, Occurrences<T>)> = worth.collect();
    worth.sort_by_key(|(_, found)| (std::cmp::Reverse((found.count - 1).saturating_mul(found.size)), found.place));
    worth.truncate(limit);
    worth.sort_by_key(|(_, found)| found.place);
    let mut definitions = Definitions::default();
    for (index, (identity, found)) in (0_u32..).zip(worth) {
        definitions.indices.insert(identity, index);
        definitions.items.push(found.first);
    }
    definitions
}

/// How many bytes a component has.
fn size(outline: &Outline, strip: Strip) -> u64 {
    let sizes = outline.items.iter().map(|item| match item {
        Item::Sections(bytes) => bytes.len() as u64,
        Item::Custom(content, bytes) if strip.keeps(*content) => bytes.len() as u64,
        Item::Custom(..) => 0,
        Item::Module(module) => module.size(strip),
        Item::Component(outline) => size(outline, strip),
    });
    sizes.sum()
}

fn outer_alias(kind: ComponentOuterAliasKind, count: u32, index: u32) -> Vec<u8> {
    let mut section = ComponentAliasSection::new();
    section.alias(Alias::Outer { kind, count, index });
    let mut bytes = Vec::new();
    section.append_to_component(&mut bytes);
    bytes
}
