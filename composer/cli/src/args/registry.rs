//! The arguments of commands about registries: what is pushed and pulled, who we are, what is kept, and what is wrong.

use std::{num::NonZeroU64, path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueHint};

use super::log::SigningArgs;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose pull shop:catalog\n  compose pull wasi:http@0.2 -o http.wasm\n  \
                  compose pull ghcr.io/acme/fraud:3.0.1 acme:tax@2 -o parts/\n\n\
                  Prints where each is by digest, which never means anything else. What was pulled before comes from the store.")]
pub(crate) struct PullArgs {
    /// ns:name or ns:name@REQUIREMENT, or HOST/REPOSITORY:TAG, with or without oci:// before it; several are pulled at once
    #[arg(value_name = "SPEC", required = true)]
    pub(crate) specs: Vec<String>,

    /// Where to write it: a file, or a directory for one or several [default: each under its name in the current directory]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,

    /// The registry that the package comes from: oci://HOST/PREFIX, dir:PATH, or a name in the manifest
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) registry: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose push\n  compose push --dry-run\n  \
                  compose push tax.wasm --as acme:tax@2.1.0 --to oci://ghcr.io/acme\n  \
                  compose push wit --to dir:registry\n  compose push app.wasm --to ghcr.io/acme/app:stable\n\n\
                  Without WHAT, the application is built and pushed as its [package] says. The same content always has \
                  the same digest; a version that exists with other content is refused. Prints where it is by digest.")]
pub(crate) struct PushArgs {
    /// A component, an encoded WIT package, or a WIT directory or file, instead of the application
    #[arg(value_name = "WHAT", value_hint = ValueHint::AnyPath)]
    pub(crate) what: Option<PathBuf>,

    /// The package and version that it is published as: ns:name@1.2.3 [default: what it or the manifest says]
    #[arg(long = "as", value_name = "PACKAGE")]
    pub(crate) name: Option<String>,

    /// Where to: oci://HOST/PREFIX, dir:PATH, warg+https://HOST, a registry's name in the manifest, or exactly HOST/REPOSITORY:TAG
    #[arg(long, value_name = "REGISTRY or REFERENCE")]
    pub(crate) to: Option<String>,

    /// Replace a version or a tag that exists with other content
    #[arg(short, long)]
    pub(crate) force: bool,

    /// Push it even if it breaks users of the version before it on the same semver track
    #[arg(long)]
    pub(crate) allow_breaking: bool,

    /// Ask the registry what it has and show what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Say something more of it, as `org.opencontainers.image.url=https://example.com`
    #[arg(long, value_name = "KEY=VALUE", value_parser = annotation)]
    pub(crate) annotation: Vec<(String, String)>,

    /// An artifact in the same registry that has the same bytes, which then need not be sent
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) mount_from: Vec<registry_client::Reference>,

    /// Send at most so much in one request, as 16MiB, where something before the registry limits it
    #[arg(long, value_name = "SIZE", value_parser = nonzero_size)]
    pub(crate) chunk_size: Option<NonZeroU64>,

    #[command(flatten)]
    pub(crate) signing: SigningArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose login ghcr.io\n  echo $TOKEN | compose login ghcr.io -u ada --password-stdin\n\n\
                  The registry is asked before anything is kept. It is kept in the file that --auth-file or \
                  REGISTRY_AUTH_FILE names, else in Docker's config.json, or in the credential helper that the file names."
)]
pub(crate) struct LoginArgs {
    /// The registry's host, with its port if it has one; a warg registry with warg+https:// before it
    #[arg(value_name = "REGISTRY")]
    pub(crate) registry: String,

    /// The user name [asked for on a terminal]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) username: Option<String>,

    /// Read the password, or what the registry takes in its place, from standard input [asked for on a terminal]
    #[arg(long, group = "secret")]
    pub(crate) password_stdin: bool,

    /// Read a bearer token for the registry from standard input
    #[arg(long, group = "secret", conflicts_with = "username")]
    pub(crate) token_stdin: bool,

    /// Read an identity token, which the registry exchanges for others, from standard input
    #[arg(long, group = "secret", conflicts_with = "username")]
    pub(crate) identity_token_stdin: bool,

    #[command(flatten)]
    pub(crate) kept: KeptArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  compose logout ghcr.io")]
pub(crate) struct LogoutArgs {
    /// The registry's host, with its port if it has one
    #[arg(value_name = "REGISTRY")]
    pub(crate) registry: String,

    #[command(flatten)]
    pub(crate) kept: KeptArgs,
}

/// Where a login is kept.
#[derive(Debug, Args)]
pub(crate) struct KeptArgs {
    /// The file where logins are kept, in the format of Docker's config.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) auth_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    pub(crate) command: Option<CacheCommand>,
}

/// What is asked of the store.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show where the store is and what takes up space in it (this is also done without a command)
    Info,
    /// List what is in it, the most recently used first
    List,
    /// Read everything in it, and move away what is damaged
    Verify,
    /// Remove what was not used for long, what broken-off downloads left behind, and what is damaged
    Prune(PruneArgs),
    /// Print the directory that it is in
    Dir,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  compose cache prune --unused-for 30d\n  compose cache prune --max-size 2GiB --dry-run\n\n\
                  Without an option, whole downloads stay. Whatever is removed is downloaded again when it is needed."
)]
pub(crate) struct PruneArgs {
    /// Remove what was not used for so long: 12h, 30d, 8w
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) unused_for: Option<Duration>,

    /// Remove the least recently used until the rest has at most this size: 500MiB, 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,

    /// Remove everything
    #[arg(long, conflicts_with_all = ["unused_for", "max_size"])]
    pub(crate) all: bool,

    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  compose doctor\n  compose doctor wasi:http shop:catalog\n\n\
                  Shows which files were read, where credentials are from (never what they are), which rule chose the \
                  registry of each package of the application or of those that are named, and whether each registry \
                  answers.\n\nExit status: 1 when something is wrong, 0 otherwise")]
pub(crate) struct DoctorArgs {
    /// Packages, instead of those of the application: ns:name
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
}

fn annotation(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("an annotation is written KEY=VALUE"),
    }
}

fn nonzero_size(text: &str) -> Result<NonZeroU64, &'static str> {
    NonZeroU64::new(size(text)?).ok_or("it is at least 1")
}

/// A number of bytes: `1024`, `500MiB`, `2GB`.
fn size(text: &str) -> Result<u64, &'static str> {
    const PROBLEM: &str = "a size is a whole number with a unit, as 500MiB or 2GiB";
    let unit = match text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "k" | "kib" => 1 << 10,
        "mb" => 1_000_000,
        "m" | "mib" => 1 << 20,
        "gb" => 1_000_000_000,
        "g" | "gib" => 1 << 30,
        "tb" => 1_000_000_000_000,
        "t" | "tib" => 1_u64 << 40,
        _ => return Err(PROBLEM),
    };
    number(text).and_then(|number| number.checked_mul(unit)).ok_or(PROBLEM)
}

/// A stretch of time: `90s`, `12h`, `30d`, `8w`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const PROBLEM: &str = "a time is a whole number with a unit, as 12h, 30d or 8w";
    let unit = match text.trim_start_matches(|c: char| c.is_ascii_digit()) {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return Err(PROBLEM),
    };
    let seconds = number(text).and_then(|number| number.checked_mul(unit)).ok_or(PROBLEM)?;
    Ok(Duration::from_secs(seconds))
}

/// The digits that a text begins with.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(
            ["7", "1k", "500MiB", "2 GB"].map(|text| size(text).ok()),
            [Some(7), Some(1024), Some(500 << 20), Some(2_000_000_000)]
        );
        assert_eq!(
            ["90s", "12h", "30d"].map(|text| duration(text).ok().map(|time| time.as_secs())),
            [Some(90), Some(43_200), Some(2_592_000)]
        );
        for text in ["", "MiB", "1.5GiB", "7 apples", "99999999999999999999", "18446744073709551615T"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["", "d", "30", "1y", "18446744073709551615w"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
