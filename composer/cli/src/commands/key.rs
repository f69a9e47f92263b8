//! `compose key`: keys for warg registries, and who may do what with a package.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure},
    registry_report,
};
use registry_client::{Error, Permission, SigningKey};

use super::place;
use crate::{
    args::{GrantArgs, KeyArgs, KeyCommand, ManifestOptions, MayArg, MessageFormat},
    exit::{Ended, Stop},
    message::Message,
    output::Output,
    session::{Registries, manifest_around},
    signing,
};

/// Whether something is allowed from now on, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Grant,
    Revoke,
}

pub(super) fn run(arguments: &KeyArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    match &arguments.command {
        KeyCommand::New { file } => {
            let key = SigningKey::generate();
            write(file, &key)?;
            output.status("Made", format_args!("the private key in {}", file.display()));
            show(&key, output)
        }
        KeyCommand::Show { signing } => match signing::key(signing)? {
            Some(key) => show(&key, output),
            None => Err(Stop::Failure(
                Diagnostic::error(Code::SigningKey, "there is no signing key to show")
                    .hint("name its file with `--signing-key`, or make one\ncompose key new FILE")
                    .into(),
            )),
        },
        KeyCommand::Grant(arguments) => change(Change::Grant, arguments, options, output),
        KeyCommand::Revoke(arguments) => change(Change::Revoke, arguments, options, output),
    }
}

fn show(key: &SigningKey, output: &Output) -> Result<Ended, Stop> {
    let public = key.public_key().map_err(|error| Failure::from(registry_report::diagnostic(&error)))?;
    match output.format() {
        MessageFormat::Human => {
            output.data(format!("{public}\n"))?;
            output.remark(format_args!("its fingerprint is {}", public.fingerprint()));
        }
        MessageFormat::Json => {
            let (key, fingerprint) = (public.to_string(), public.fingerprint().to_string());
            output.message(&Message::Key { key, fingerprint })?;
        }
    }
    Ok(Ended::Well)
}

/// Writes a file that is its owner's alone to read.
fn write(path: &Path, key: &SigningKey) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        key.write_to(&mut file)?;
        file.flush()?;
        file.sync_all()
    });
    written.map_err(|error| {
        let found = Diagnostic::error(Code::OutputUnwritable, format!("cannot write `{}`", path.display()));
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                found.note("it exists already").hint("name another file: a key that is lost is lost for good").into()
            }
            _ => found.note(error.to_string()).into(),
        }
    })
}

fn change(change: Change, arguments: &GrantArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let key = signing::key(&arguments.signing)?;
    let permission = |may: &MayArg| match may {
        MayArg::Release => Permission::Release,
        MayArg::Yank => Permission::Yank,
    };
    let mut permissions: Vec<Permission> = arguments.may.iter().map(permission).collect();
    if permissions.is_empty() {
        permissions = vec![Permission::Release, Permission::Yank];
    }
    let around = manifest_around(options)?;
    let around = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
    let registries = Registries::new(options, output)?;
    let GrantArgs { what: package, key: theirs, .. } = arguments;
    let (registry, log) = registries.wait_for(async |registries| {
        let registry = place::registry(registries, around, package, arguments.registry.as_deref()).await?;
        let client = &registries.client;
        let log = match (&key, change) {
            (None, _) => Err(Error::NoSigningKey { registry: registry.clone() }),
            (Some(key), Change::Grant) => client.grant(&registry, package, theirs, &permissions, key).await,
            (Some(key), Change::Revoke) => {
                client.revoke(&registry, package, theirs.fingerprint(), &permissions, key).await
            }
        };
        Ok((registry, log.map_err(|error| registry_report::diagnostic(&error))?))
    })?;
    let (verb, name) = match change {
        Change::Grant => ("Granted", "grant"),
        Change::Revoke => ("Revoked", "revoke"),
    };
    output.status(verb, format_args!("for {package} in {registry}, {theirs}"));
    if output.format() == MessageFormat::Json {
        let (registry, package) = (registry.to_string(), package.to_string());
        output.message(&Message::LogChanged { change: name, registry, package, version: None, length: log.length })?;
    }
    Ok(Ended::Well)
}
