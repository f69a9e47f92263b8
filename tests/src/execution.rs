//! Execution: asks a component for the result of one function, or over HTTP.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::LazyLock,
    time::Duration,
};

use compose_runtime::{InvokeOptions, Runtime, RuntimeOptions, ServeOptions};
use tokio::sync::oneshot;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new(RuntimeOptions::default()).expect("the compiler knows this machine"));

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let executor = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    executor.expect("the operating system gives threads").block_on(future)
}

/// Calls a function of a component, in a fresh instance and with no access to the host: `api#find("a", 1)` → `"found"`.
///
/// # Panics
/// When the component cannot be instantiated, has no such function, or traps.
pub fn invoke(component: &[u8], call: &str) -> String {
    let application = RUNTIME.load(component).expect("the component compiles");
    let answer = block_on(application.invoke(call, InvokeOptions::default()));
    answer.unwrap_or_else(|error| panic!("{call}: {error}: {:?}", std::error::Error::source(&error)))
}

/// Serves a component on a free port, with no access to the host, for as long as `visit` takes; it is given `HOST:PORT`.
///
/// # Panics
/// When the component cannot be served.
pub fn serve<T>(component: &[u8], visit: impl FnOnce(&str) -> T) -> T {
    let application = RUNTIME.load(component).expect("the component compiles");
    let options =
        ServeOptions { grace: Duration::ZERO, ..ServeOptions::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)) };
    let (ready, address) = oneshot::channel();
    let (leave, left) = oneshot::channel::<()>();
    block_on(async {
        let served = tokio::spawn(async move {
            let ready = |address| ready.send(address).expect("the test waits for it");
            application.serve(options, ready, async { drop(left.await) }).await
        });
        let address = address.await.expect("the component is served");
        let answer = tokio::task::block_in_place(|| visit(&address.to_string()));
        drop(leave);
        served.await.expect("the server ends").expect("the component is served");
        answer
    })
}
