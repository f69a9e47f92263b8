//! Tests of crate `wit` through its public interface, against components made from WIT and the real type checker.

#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod agreement;
mod comparison;
mod compatibility;
mod conforming;
mod decoding;
mod encoding;
mod fuzzing;
mod linting;
mod loading;
mod naming;
mod printing;
mod proof;
mod resources;
mod rules;
mod synthesis;
mod upgrades;
