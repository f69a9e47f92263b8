//! WIT worlds as values: what a component or a target world imports and exports, whether one interface can stand in for
//! another, and why not.
//!
//! - [`name`](InterfaceName): names of packages, interfaces, imports and exports, and their semver [tracks](Track).
//! - [`World`]: read from a component's bytes, from a WIT directory or from WIT text; its [`Item`]s are compared with
//!   [`Item::mismatches`].
//! - [`compatibility`]: what is different between two versions of a [`Package`], whom that breaks and which version it needs.
//! - [`lint`]: what a package could do better: names, documentation, since when items are there.
//! - [`dependencies`]: what a package refers to in others, and how those are written into its `deps`.
//! - [`conformance()`]: whether a component is what a target world asks for.
//!
//! A component is read from the types that wasmparser's validator computes, so resource identity is the validator's; WIT is
//! read from what wit-parser resolves. Both become the same values, and what is called compatible here is what the
//! validator accepts: the tests ask it.
//!
//! Everything is a pure function of its input, except [`World::from_directory`] and [`Package::from_path`], which read files.

mod binary;
mod comparison;
pub mod compatibility;
mod conformance;
pub mod dependencies;
mod encoding;
mod excerpt;
mod features;
mod files;
pub mod lint;
mod mismatch;
mod name;
mod naming;
mod nearest;
mod outline;
mod package;
mod pattern;
mod printing;
mod reading;
mod resolving;
mod source;
mod syntax;
mod text;
mod texts;
mod track;
mod types;
mod world;

pub use binary::DecodeError;
pub use conformance::{Nonconformance, best_match, conformance, extra_exports, highest};
pub use features::Features;
pub use files::{DEPS, Files, Level, TooMuch, directory};
pub use mismatch::{Mismatch, MismatchKind};
pub use name::{ExternName, InterfaceName, InvalidInterfaceName, InvalidPackageName, PackageName};
pub use naming::ForeignType;
pub use outline::{Call, Entry, EntryKind, Gate, Member, Outline, Signature};
pub use package::{Package, panics_are_errors};
pub use pattern::{InterfacePattern, InvalidInterfacePattern};
pub use source::WorldError;
pub use texts::{Place, Spot};
pub use track::Track;
pub use types::{Side, TypeName};
pub use world::{Item, ItemKind, Resource, ResourceOrigin, World};
