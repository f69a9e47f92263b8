//! Composes WebAssembly components: a manifest that names components becomes one component.
//!
//! The phases are modules, values in and values out; each borrows what the one before decided and never changes it:
//!
//! | phase | from → to |
//! |---|---|
//! | [`manifest`] | text → [`manifest::Manifest`] |
//! | [`resolve`] | manifest, catalog, lock → [`resolve::Resolution`], or what is missing from the catalog |
//! | [`lock`] | resolution and plan ↔ text |
//! | [`component_file`] | path → [`input::Input`] |
//! | [`part`] | [`input::Input`] → [`part::Part`]: a component's type and its shell |
//! | [`mod@plan`] | manifest, parts, target world → [`plan::Plan`], or all that is wrong |
//! | [`encode`] | plan, shells → [`encode::Layout`]: which bytes come from where |
//! | [`validate`] | layout → [`validate::Validated`] |
//! | [`emit`] | validated component → file |
//! | [`publication`] | component or WIT package → [`publication::Publication`]: what is pushed |
//!
//! [`mod@edit`] changes a manifest's text, for the commands that do; what it makes goes through the same phases.
//! [`driver`] runs them for a manifest on disk; it alone is asynchronous. What is wrong is a [`diagnostic::Diagnostic`],
//! which is data. Nothing here knows a terminal, command-line arguments or the environment.

mod checksum;
mod code;
pub mod component_file;
pub mod diagnostic;
pub mod driver;
pub mod edit;
pub mod emit;
pub mod encode;
mod fields;
pub mod input;
pub mod inspect;
mod limits;
pub mod lock;
pub mod manifest;
mod memory;
pub mod part;
pub mod plan;
pub mod provenance;
pub mod publication;
pub mod registry_report;
pub mod resolve;
mod shell;
pub mod validate;
pub mod wit_source;
