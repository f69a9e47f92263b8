//! Decides how guests are compiled and interrupted, from [`RuntimeOptions`], and turns component bytes into an
//! [`Application`].
//!
//! One thread ticks while a [`Runtime`] or anything loaded from it lives: at every tick a computing guest yields, so
//! that a future that runs a guest can be dropped and a loop without end takes no executor thread for itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine, EngineWeak, WasmBacktraceDetails};

use crate::application::Application;
use crate::error::Error;
use crate::host::{self, Host};

/// How long a guest may compute before it lets others have their turn.
const TICK: Duration = Duration::from_millis(10);

/// Options of a [`Runtime`].
#[derive(Clone, Debug, Default)]
pub struct RuntimeOptions {
    /// The directory in which compiled code is kept between runs; none without it.
    pub cache: Option<PathBuf>,
}

/// Compiles components.
///
/// Cheap to clone; clones share the compiler and its cache.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    linker: Arc<Linker<Host>>,
}

impl Runtime {
    /// Configures the compiler, its cache, and everything that this runtime provides to guests.
    ///
    /// The WebAssembly features are those that wasmtime enables by default, with shared memories left out.
    ///
    /// # Errors
    ///
    /// - [`Error::Cache`]: the cache directory cannot be used.
    /// - [`Error::Engine`]: wasmtime refuses this machine, or no thread can be started.
    pub fn new(options: RuntimeOptions) -> Result<Runtime, Error> {
        let mut config = Config::new();
        config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
        config.epoch_interruption(true);
        if let Some(directory) = options.cache {
            config.cache(Some(cache(directory)?));
        }

        let engine = Engine::new(&config).map_err(|source| Error::Engine { source: source.into() })?;
        let linker = host::linker(&engine).map_err(|source| Error::Engine { source: source.into() })?;
        let weak = engine.weak();
        thread::Builder::new()
            .name("guest-ticker".to_owned())
            .spawn(move || tick(&weak))
            .map_err(|source| Error::Engine { source: source.into() })?;
        Ok(Runtime { engine, linker: Arc::new(linker) })
    }

    /// Compiles a component, or finds it compiled in the cache.
    ///
    /// This takes as long as the component is large; on an async executor, call it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// - [`Error::NotAComponent`]: the bytes are a core module.
    /// - [`Error::Compile`]: the bytes are not a valid component, or need a feature that the runtime does not have.
    pub fn load(&self, component: &[u8]) -> Result<Application, Error> {
        if is_core_module(component) {
            return Err(Error::NotAComponent);
        }
        let component = Component::from_binary(&self.engine, component)
            .map_err(|source| Error::Compile { source: source.into() })?;
        Ok(Application::new(component, Arc::clone(&self.linker)))
    }
}

fn cache(directory: PathBuf) -> Result<Cache, Error> {
    let absolute = std::path::absolute(&directory)
        .map_err(|source| Error::Cache { directory: directory.clone(), source: source.into() })?;
    let mut config = CacheConfig::new();
    config.with_directory(absolute);
    Cache::new(config).map_err(|source| Error::Cache { directory, source: source.into() })
}

/// Whether `bytes` begin like a core module: the magic number, version 1, layer 0.
///
/// <https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#component-definitions>
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}

/// Advances the engine's epoch for as long as somebody else holds the engine.
fn tick(engine: &EngineWeak) {
    loop {
        thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}
