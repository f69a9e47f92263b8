//! The arguments of commands that execute a component, and what it may reach.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose run\n  compose run --dir .::/data --env LEVEL=3 -- --fast input.txt")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) access: AccessArgs,

    /// What the command gets as its arguments
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose serve\n  compose serve --addr 0.0.0.0:80 site.wasm")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose invoke 'greet(\"world\")'\n  compose invoke 'add(1, 2)' calculator.wasm")]
pub(crate) struct InvokeArgs {
    /// The call, with its arguments as WAVE: f(1, "x", {key: [true]})
    #[arg(value_name = "CALL")]
    pub(crate) call: String,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// Which component is executed.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// A component, binary or text, instead of the application
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

/// What a component that is executed may reach: nothing by default.
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    /// Set an environment variable for it
    #[arg(long, value_name = "KEY=VALUE", value_parser = environment_variable)]
    pub(crate) env: Vec<(String, String)>,

    /// Let it read and write a directory [default for GUEST: the same path]
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = directory, value_hint = ValueHint::DirPath)]
    pub(crate) dir: Vec<SharedDirectory>,

    /// Let it use the network
    #[arg(long)]
    pub(crate) network: bool,
}

/// A directory of this machine, and where a guest finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedDirectory {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

fn environment_variable(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a variable is written KEY=VALUE"),
    }
}

fn directory(text: &str) -> Result<SharedDirectory, &'static str> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("a directory is written HOST or HOST::GUEST");
    }
    Ok(SharedDirectory { host: PathBuf::from(host), guest: guest.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_found_by_the_guest_under_the_same_path_unless_said_otherwise() {
        let same = SharedDirectory { host: "data".into(), guest: "data".to_owned() };
        let other = SharedDirectory { host: r"C:\data".into(), guest: "/d".to_owned() };
        assert_eq!(directory("data"), Ok(same));
        assert_eq!(directory(r"C:\data::/d"), Ok(other));
        assert!(directory("::/d").is_err());
        assert!(directory("data::").is_err());
    }

    #[test]
    fn a_variable_has_a_name() {
        assert_eq!(environment_variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(environment_variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(environment_variable("A").is_err());
        assert!(environment_variable("=b").is_err());
    }
}
