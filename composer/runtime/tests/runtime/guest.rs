//! Makes components from a world and a core module, both text.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::Path;

use compose_runtime::{Application, Error, Runtime, RuntimeOptions};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

/// The component of `guests/<name>.wit` and `guests/<name>.wat`.
macro_rules! guest {
    ($name:literal) => {
        $crate::guest::component(
            include_str!(concat!("guests/", $name, ".wit")),
            include_str!(concat!("guests/", $name, ".wat")),
        )
    };
}
pub(crate) use guest;

/// Makes the component of the one world in `wit` whose code is the core module in `wat`.
pub(crate) fn component(wit: &str, wat: &str) -> Vec<u8> {
    let (resolve, world) = world(wit);
    encode(&resolve, world, wat::parse_str(wat).expect("a core module"))
}

/// Makes a component of the one world in `wit` that uses every import, and traps in every export.
pub(crate) fn dummy(wit: &str) -> Vec<u8> {
    let (resolve, world) = world(wit);
    encode(&resolve, world, dummy_module(&resolve, world, ManglingAndAbi::Standard32))
}

fn world(wit: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str(Path::new("guest.wit"), wit).expect("a WIT package");
    let world = resolve.select_world(&[package], None).expect("one world");
    (resolve, world)
}

fn encode(resolve: &Resolve, world: WorldId, mut module: Vec<u8>) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("a module with its world");
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).expect("a module of the world").validate(true).encode().expect("a component")
}

/// Loads a component into a runtime without a cache.
pub(crate) fn load(component: &[u8]) -> Application {
    Runtime::new(RuntimeOptions::default()).expect("a runtime").load(component).expect("an application")
}

/// An error and its causes, one a line.
pub(crate) fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, "\n{cause}").expect("a string takes all");
        source = cause.source();
    }
    text
}
