//! What can go wrong between a component's bytes and its answer, as data: the caller decides what to say and to advise.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use wasmtime::{Trap, WasmBacktrace};

use crate::function::Function;
use crate::imports::MissingImport;

/// A cause from a library whose error types are not part of this crate's interface.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a component could not be loaded, run, served or invoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The compiler cannot work on this machine.
    #[error("cannot set up the WebAssembly engine")]
    Engine {
        /// What wasmtime or the operating system said.
        #[source]
        source: Cause,
    },
    /// The directory for compiled code cannot be used.
    #[error("cannot use `{}` as the compilation cache", directory.display())]
    Cache {
        /// The directory, as it was given.
        directory: PathBuf,
        /// What wasmtime or the operating system said.
        #[source]
        source: Cause,
    },
    /// The bytes are a core module.
    #[error("expected a component, found a core module")]
    NotAComponent,
    /// The bytes are no valid component.
    #[error("cannot compile the component")]
    Compile {
        /// What the validator or the compiler said.
        #[source]
        source: Cause,
    },
    /// The component imports what the runtime does not provide.
    #[error("the runtime does not provide {}", Listed(imports))]
    MissingImports {
        /// Every such import, in the component's order; at least one.
        imports: Vec<MissingImport>,
    },
    /// The component imports an interface that the runtime provides, with other types.
    #[error("the runtime provides an import of the component with another type")]
    IncompatibleImport {
        /// Which import and how the types differ, as wasmtime said it.
        #[source]
        source: Cause,
    },
    /// The component has no `wasi:cli/run` to run.
    #[error("the component does not export `wasi:cli/run`")]
    NotACommand {
        /// Everything that it does export, in its order.
        exports: Vec<String>,
    },
    /// The component has no `wasi:http` handler to serve.
    #[error("the component exports neither `wasi:http/incoming-handler` nor `wasi:http/handler`")]
    NotAService {
        /// Everything that it does export, in its order.
        exports: Vec<String>,
    },
    /// A WASI export is there, but has not the type that WASI gives it.
    #[error("the component exports `{interface}` with another type than WASI's")]
    IncompatibleExport {
        /// The interface, without its version.
        interface: &'static str,
        /// How the types differ, as wasmtime said it.
        #[source]
        source: Cause,
    },
    /// A directory cannot be opened for the guest.
    #[error("cannot open the directory `{}`", directory.display())]
    Directory {
        /// The directory on the host.
        directory: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Somebody else listens on the address.
    #[error("the address {address} is in use")]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on, for another reason.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The text of a call does not follow the grammar `name(value, …)`.
    #[error("cannot read the call at byte {}: {reason}", position.start)]
    CallSyntax {
        /// Where, as a range of bytes of the call.
        position: Range<usize>,
        /// What is wrong there.
        reason: String,
    },
    /// The component exports no function of that name.
    #[error("the component exports no function `{name}`")]
    UnknownFunction {
        /// The name in the call.
        name: String,
        /// The functions that can be called.
        callable: Vec<Function>,
    },
    /// More than one exported instance has a function of that name.
    #[error("more than one exported function is named `{name}`")]
    AmbiguousFunction {
        /// The name in the call.
        name: String,
        /// The functions so named.
        candidates: Vec<Function>,
    },
    /// The function takes or returns handles, streams or futures, which have no text.
    #[error("`{}` cannot be called from text: it uses `{type_name}`", function.path())]
    NotCallable {
        /// The function.
        function: Box<Function>,
        /// The first type of it that WAVE cannot express.
        type_name: String,
    },
    /// The call has more or fewer arguments than the function has parameters.
    #[error("the call has {found} argument{}, too {} for `{function}`", plural(*found), too(*found, expected))]
    ArgumentCount {
        /// The function.
        function: Box<Function>,
        /// How many it takes: optional ones at the end may be left out.
        expected: RangeInclusive<usize>,
        /// How many there are.
        found: usize,
    },
    /// An argument is not a value of its parameter's type.
    #[error("the argument `{parameter}` of `{}` is no `{type_name}`, at byte {}: {reason}", function.path(), position.start)]
    Argument {
        /// The function.
        function: Box<Function>,
        /// The parameter's name.
        parameter: String,
        /// The parameter's type, in WIT.
        type_name: String,
        /// Where, as a range of bytes of the call.
        position: Range<usize>,
        /// What is wrong there.
        reason: String,
    },
    /// The guest trapped, or the host stopped it in an import.
    #[error("the component trapped: {trap}")]
    Trap {
        /// What happened, in the words of the WebAssembly specification or of the import.
        trap: String,
        /// The guest's calls at that moment, innermost first.
        backtrace: Vec<Frame>,
    },
    /// The guest ended itself where it was expected to answer.
    #[error("the component exited with status {status} instead of answering")]
    Exited {
        /// The exit status.
        status: u8,
    },
    /// A request's handler returned without a response.
    #[error("the handler returned without a response")]
    NoResponse,
    /// A request's handler answered with a `wasi:http` error code.
    #[error("the handler answered with the error {code}")]
    ErrorResponse {
        /// The error code, with its payload.
        code: String,
    },
}

impl Error {
    /// The error of a guest that was running when `error` came up.
    pub(crate) fn from_guest(error: &wasmtime::Error) -> Error {
        if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            return Error::Exited { status: exit_status(exit) };
        }
        let trap = match error.downcast_ref::<Trap>() {
            // wasmtime prefixes every trap so, which says no more than this variant.
            Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
            None => error.root_cause().to_string(),
        };
        let backtrace = error
            .downcast_ref::<WasmBacktrace>()
            .map(|backtrace| backtrace.frames().iter().map(Frame::new).collect())
            .unwrap_or_default();
        Error::Trap { trap, backtrace }
    }
}

/// The exit status that a guest asked for, as far as an exit status goes.
pub(crate) fn exit_status(exit: &wasmtime_wasi::I32Exit) -> u8 {
    u8::try_from(exit.0).unwrap_or(1)
}

/// One call of a guest's backtrace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The core module's name, where it has one.
    pub module: Option<String>,
    /// The function's name, demangled, where the module has names.
    pub function: Option<String>,
    /// The function's index in the module.
    pub index: u32,
}

impl Frame {
    fn new(frame: &wasmtime::FrameInfo) -> Frame {
        Frame {
            module: frame.module().name().map(str::to_owned),
            function: frame.func_name().map(|name| format!("{:#}", rustc_demangle::demangle(name))),
            index: frame.func_index(),
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(module) = &self.module {
            write!(f, "{module}: ")?;
        }
        match &self.function {
            Some(function) => f.write_str(function),
            None => write!(f, "function {}", self.index),
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn too(found: usize, expected: &RangeInclusive<usize>) -> &'static str {
    if found < *expected.start() { "few" } else { "many" }
}

/// Prints a list as `a`, `b` and `c`.
struct Listed<'a>(&'a [MissingImport]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, import) in self.0.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{import}")?;
        }
        Ok(())
    }
}
