//! A compiled component and what can be known of it before it runs: what it exports, and whether its imports are met.

use std::sync::Arc;

use wasmtime::component::{Component, InstancePre, Linker};

use crate::error::Error;
use crate::function::{self, Function};
use crate::host::Host;
use crate::imports;

/// A component, compiled and ready to be run, served or invoked any number of times, each time in a fresh instance.
#[derive(Clone)]
pub struct Application {
    pub(crate) component: Component,
    linker: Arc<Linker<Host>>,
}

impl Application {
    pub(crate) fn new(component: Component, linker: Arc<Linker<Host>>) -> Application {
        Application { component, linker }
    }

    /// Names everything that the component exports, in its order.
    pub fn exports(&self) -> Vec<String> {
        self.component.component_type().exports(self.component.engine()).map(|(name, _)| name.to_owned()).collect()
    }

    /// Lists the exported functions that [`invoke`](Application::invoke) can call, in the component's order.
    pub fn callable(&self) -> Vec<Function> {
        function::callable(&self.component)
    }

    /// Links the component with all that the runtime provides.
    ///
    /// # Errors
    ///
    /// [`Error::MissingImports`] and [`Error::IncompatibleImport`].
    pub(crate) fn link(&self) -> Result<InstancePre<Host>, Error> {
        self.linker.instantiate_pre(&self.component).map_err(|source| {
            let imports = imports::missing(&self.component, &self.linker);
            if imports.is_empty() {
                Error::IncompatibleImport { source: source.into() }
            } else {
                Error::MissingImports { imports }
            }
        })
    }
}
