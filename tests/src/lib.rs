//! The parts that tests of this workspace are made of.
//!
//! | module | gives |
//! |---|---|
//! | [`guest`] | components, from WIT and function bodies in the text format |
//! | [`execution`] | the answer of a component's function |
//! | [`sandbox`] | a directory of its own with files, a store and no credentials, for the library and for the real command |
//! | [`git`] | repositories |
//! | [`network`] | components that call each other in any pattern, and what they must answer |
//! | [`artifact`] | the Wasm OCI artifact of a component, in a directory registry |
//! | [`docker_registry`] | a real registry server on loopback |
//! | [`warg_server`] | a real warg registry in this process, and somebody between it and its clients |
//! | [`warg_stage`] | a warg registry that is slow, silent or without an end |
//! | [`http`] | one HTTP request and its answer |
//! | [`wit`] | WIT packages as registries hold them |
//! | [`mutation`] | inputs that are damaged at random, the same at every run |
//!
//! Every function panics when it cannot do what it says: that is how a test fails.

// NB: `allow-*-in-tests` of clippy's configuration does not reach libraries, and this one is nothing but tests.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod artifact;
pub mod docker_registry;
pub mod execution;
pub mod git;
pub mod guest;
pub mod http;
pub mod mutation;
pub mod network;
pub mod sandbox;
pub mod warg_server;
pub mod warg_stage;
pub mod wit;
