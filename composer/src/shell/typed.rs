//! A shell and what is known of the component by it: its world, and, once somebody has asked, whether it is of its type.
//!
//! From an [`Input`] or a record to a [`TypedShell`]. Reading a world off a remembered type is much less work than proving that the
//! component is of that type; who plans needs the one, and who emits the other, which can be found out in the meantime.

use std::sync::{Arc, OnceLock};

use registry_client::Descriptor;
use wit::{DecodeError, World};

use super::{CutError, Shell};
use crate::input::Input;

/// A shell with the world of its component.
#[derive(Debug)]
pub(crate) struct TypedShell {
    shell: Shell,
    world: Arc<World>,
    is_of_its_type: OnceLock<bool>,
}

/// Why there is no typed shell of an input.
#[derive(Debug)]
pub(crate) enum TypeError {
    /// It cannot be cut.
    Uncut(CutError),
    /// It has no world.
    Unworldly(DecodeError),
}

impl TypedShell {
    /// Cuts a component and learns its world, and gives its descriptor with it.
    pub(crate) fn of(input: &Input) -> Result<(Self, Descriptor), TypeError> {
        let (mut shell, descriptor) = Shell::of(input).map_err(TypeError::Uncut)?;
        let world = shell.learn_world().map_err(TypeError::Unworldly)?;
        // Whoever learns a type proves it; of a component without one, a result's structure has everything.
        Ok((Self { shell, world: Arc::new(world), is_of_its_type: OnceLock::from(true) }, descriptor))
    }

    /// Believes a shell that was remembered, for now.
    pub(crate) fn recalled(shell: Shell) -> Option<Self> {
        let world = shell.world()?;
        Some(Self { shell, world: Arc::new(world), is_of_its_type: OnceLock::new() })
    }

    pub(crate) fn shell(&self) -> &Shell {
        &self.shell
    }

    /// The component's imports and exports.
    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Whether nobody has asked yet whether the component is of its type.
    pub(crate) fn is_unproved(&self) -> bool {
        self.is_of_its_type.get().is_none()
    }

    /// Whether the component is valid but for what is in its modules, and of the type that its world was read off: found out by
    /// whoever asks first.
    pub(crate) fn is_of_its_type(&self) -> bool {
        *self.is_of_its_type.get_or_init(|| self.shell.is_of_its_type())
    }
}
