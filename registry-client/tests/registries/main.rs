//! The client against registries: a real server, directories, and scripted servers that do what real ones should not.

// A test that cannot go on panics; that is how it fails.
#![allow(clippy::panic, clippy::unwrap_used)]

mod artifact;
mod directory;
mod docker_registry;
mod finding;
mod foreign_clients;
mod hostile_artifacts;
mod hostile_servers;
mod login;
mod mirrors;
mod proxies;
mod pull;
mod push;
mod recovery;
mod referrers;
mod sandbox;
mod scripted_server;
mod tls;
mod token_server;
