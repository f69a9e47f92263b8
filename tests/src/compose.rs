//! The `compose` command, for tests that run it as a person does.

use std::process::ExitCode;

fn main() -> ExitCode {
    compose_cli::main()
}
