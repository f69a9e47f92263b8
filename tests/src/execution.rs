//! Execution: asks a component for the result of one function.

use std::sync::LazyLock;

use compose_runtime::{Application, InvokeOptions, Runtime, RuntimeOptions};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new(RuntimeOptions::default()).expect("the compiler knows this machine"));

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    executor.expect("the operating system gives threads").block_on(future)
}

/// Compiles a component.
///
/// # Panics
/// When it cannot be compiled.
pub fn load(component: &[u8]) -> Application {
    RUNTIME.load(component).expect("the component compiles")
}

/// Calls a function of a component, in a fresh instance and with no access to the host: `api#find("a", 1)` → `"found"`.
///
/// # Panics
/// When the component cannot be instantiated, has no such function, or traps.
pub fn invoke(component: &[u8], call: &str) -> String {
    let answer = block_on(load(component).invoke(call, InvokeOptions::default()));
    answer.unwrap_or_else(|error| panic!("{call}: {error}: {:?}", std::error::Error::source(&error)))
}
