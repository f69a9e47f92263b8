//! The `compose` command; everything is in the library beside it, so that tests can build the same command.

use std::process::ExitCode;

fn main() -> ExitCode {
    compose_cli::main()
}
