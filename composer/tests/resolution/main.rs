//! Resolution: which versions an application uses, and what a person is told when there are none that fit.
//!
//! `scenarios` runs the text files in `tests/scenarios`; `properties` holds what must be true of every answer; `registry` has
//! the same from a directory registry, through the driver.

// A test that cannot go on panics; that is how it fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod properties;
mod registry;
mod scenario;
mod scenarios;
mod shelf;
