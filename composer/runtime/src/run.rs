//! Decides how a command ends, from its `wasi:cli/run` export and what it is given.

use wasmtime::component::InstancePre;
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::{p2, p3};

use crate::access::{Access, Input, Output};
use crate::application::Application;
use crate::error::{Error, exit_status};
use crate::host::{Given, Host};
use crate::wasi::{self, Generation};

/// The interface of commands, in both generations of WASI.
const RUN: &str = "wasi:cli/run";

/// What a command is given.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The arguments, the program's name first, as guests expect it.
    pub arguments: Vec<String>,
    /// The guest's standard input.
    pub stdin: Input,
    /// The guest's standard output.
    pub stdout: Output,
    /// The guest's standard error.
    pub stderr: Output,
    /// What of the host the guest may reach.
    pub access: Access,
}

impl Application {
    /// Runs the component's `wasi:cli/run`, of WASI 0.3 where it exports that and else of WASI 0.2, to its end, and returns
    /// the exit status: that of `wasi:cli/exit`, or 0 and 1 for `ok` and `err` of `run`.
    ///
    /// Dropping the future stops the guest, even one that computes without end.
    ///
    /// <https://github.com/WebAssembly/WASI/blob/v0.2.8/wasip2/cli/run.wit>
    ///
    /// # Errors
    ///
    /// - [`Error::NotACommand`]: the component does not export `wasi:cli/run`.
    /// - [`Error::MissingImports`], [`Error::IncompatibleImport`]: the runtime does not provide what it imports.
    /// - [`Error::IncompatibleExport`]: `wasi:cli/run` has not WASI's type.
    /// - [`Error::Directory`]: a directory of the access cannot be opened.
    /// - [`Error::Trap`]: the guest trapped.
    pub async fn run(&self, options: RunOptions) -> Result<u8, Error> {
        let generation =
            wasi::exported(&self.component, RUN, RUN).ok_or_else(|| Error::NotACommand { exports: self.exports() })?;
        let linked = self.link()?;
        let given = Given {
            arguments: &options.arguments,
            stdin: &options.stdin,
            stdout: &options.stdout,
            stderr: &options.stderr,
            access: &options.access,
        };
        let outcome = match generation {
            Generation::P2 => run_p2(&linked, &given).await?,
            Generation::P3 => run_p3(&linked, &given).await?,
        };
        match outcome {
            Ok(Ok(())) => Ok(0),
            Ok(Err(())) => Ok(1),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => Ok(exit_status(exit)),
                None => Err(Error::from_guest(&error)),
            },
        }
    }
}

/// What `run` returned, or how the guest was stopped before it could.
type Outcome = wasmtime::Result<Result<(), ()>>;

async fn run_p2(linked: &InstancePre<Host>, given: &Given<'_>) -> Result<Outcome, Error> {
    let command = p2::bindings::CommandIndices::new(linked).map_err(incompatible)?;
    let mut store = Host::store(linked.engine(), given)?;
    let instance = match linked.instantiate_async(&mut store).await {
        Ok(instance) => instance,
        Err(error) => return Ok(Err(error)),
    };
    let command = command.load(&mut store, &instance).map_err(incompatible)?;
    Ok(command.wasi_cli_run().call_run(&mut store).await)
}

async fn run_p3(linked: &InstancePre<Host>, given: &Given<'_>) -> Result<Outcome, Error> {
    let command = p3::bindings::CommandIndices::new(linked).map_err(incompatible)?;
    let mut store = Host::store(linked.engine(), given)?;
    let instance = match linked.instantiate_async(&mut store).await {
        Ok(instance) => instance,
        Err(error) => return Ok(Err(error)),
    };
    let command = command.load(&mut store, &instance).map_err(incompatible)?;
    let returned = store.run_concurrent(async |store| command.wasi_cli_run().call_run(store).await).await;
    Ok(returned.and_then(|returned| returned))
}

fn incompatible(source: wasmtime::Error) -> Error {
    Error::IncompatibleExport { interface: RUN, source: source.into() }
}
