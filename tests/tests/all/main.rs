//! An application from its manifest to one component that runs, by the library and by the real command.
//!
//! The first group of modules composes and executes; the second gives wrong inputs and shows what a person is told; the third
//! holds what must be true of every composition, and of this repository.

// A test that cannot go on panics; that is how it fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod chains;
mod commands_add;
mod commands_automatic;
mod commands_cache;
mod commands_doctor;
mod commands_help;
mod commands_lock;
mod commands_login;
mod commands_pull;
mod commands_push;
mod commands_update;
mod commands_vendor;
mod commands_wit;
mod commands_wit_fetch;
mod commands_workspace;
mod exporting;
mod linking;

mod locking;
mod oci;
mod registries;
mod reports;
mod resources;
mod revisions;
mod sharing;
mod storefront;
mod types;
mod versions;
mod warg;
mod warg_attacks;
mod warg_garbage;
mod warg_manners;
mod warg_publishing;
mod world_sources;

mod limits;
mod outputs;
mod wrong_components;
mod wrong_links;
mod wrong_locks;
mod wrong_manifests;
mod wrong_registries;
mod wrong_wit;

mod determinism;
mod incremental;
mod invariants;
mod random_networks;
mod random_types;
mod robustness;
mod store_memory;

mod steps;

use compose_tests::sandbox::Sandbox;

/// What `compose build` says of an application that cannot be built.
fn refused(sandbox: &Sandbox) -> String {
    let run = sandbox.compose("build");
    assert!(!sandbox.path("target").exists(), "{run}");
    run.to_string()
}
