//! Runs, serves and invokes components in an embedded wasmtime.
//!
//! A [`Runtime`] compiles a component into an [`Application`]; an application is run as a command
//! ([`Application::run`]), served over HTTP ([`Application::serve`]), or asked for the result of one function
//! ([`Application::invoke`]). What the guest may reach is what the caller passes in [`Access`]: nothing by default.
//!
//! The crate knows no terminal, no environment and no arguments, and prints nothing. No type of wasmtime is in its public
//! interface.

mod access;
mod application;
mod error;
mod function;
mod host;
mod imports;
mod invoke;
mod run;
mod runtime;
mod serve;
mod wasi;

pub use access::{Access, Directory, Input, Network, Output};
pub use application::Application;
pub use error::{Cause, Error, Frame};
pub use function::Function;
pub use imports::MissingImport;
pub use invoke::InvokeOptions;
pub use run::RunOptions;
pub use runtime::{Runtime, RuntimeOptions};
pub use serve::{Event, ServeOptions};
