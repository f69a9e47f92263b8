//! Runs, serves and invokes components in an embedded wasmtime.
//!
//! A [`Runtime`] compiles a component into an [`Application`]; an application is run as a command
//! ([`Application::run`]), served over HTTP ([`Application::serve`]), or asked for the result of one function
//! ([`Application::invoke`]). What the guest may reach is what the caller passes in [`Access`]: nothing by default.
//!
//! ```
//! use compose_runtime::{InvokeOptions, Runtime, RuntimeOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let component = wat::parse_str(
//!     r#"(component
//!         (core module $code
//!             (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
//!         (core instance $code (instantiate $code))
//!         (func (export "add") (param "a" u32) (param "b" u32) (result u32)
//!             (canon lift (core func $code "add"))))"#,
//! )?;
//! let runtime = Runtime::new(RuntimeOptions { cache: None })?;
//! let application = runtime.load(&component)?;
//! assert_eq!(application.invoke("add(2, 3)", InvokeOptions::default()).await?, "5");
//! # Ok(())
//! # }
//! ```
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
