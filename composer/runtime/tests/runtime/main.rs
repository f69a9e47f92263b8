//! The runtime with real components: made from the WIT and the core modules in `guests` at test time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test, a panic is the report")]

mod guest;
mod invoke;
mod load;
mod run;
mod serve;
