//! `compose yank`: a version of a warg registry is withdrawn.

use composer::registry_report;
use registry_client::{Error, PackageName};
use semver::Version;

use super::place;
use crate::{
    args::{ManifestOptions, MessageFormat, YankArgs},
    exit::{Complaint, Ended, Stop},
    message::Message,
    output::Output,
    session::{Registries, manifest_around},
    signing,
};

pub(super) fn run(arguments: &YankArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let (package, version) = named(&arguments.what)?;
    let key = signing::key(&arguments.signing)?;
    let around = manifest_around(options)?;
    let around = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
    let registries = Registries::new(options, output)?;
    let (registry, log) = registries.wait_for(async |registries| {
        let registry = place::registry(registries, around, &package, arguments.registry.as_deref()).await?;
        let log = match &key {
            Some(key) => registries.client.yank(&registry, &package, &version, key).await,
            None => Err(Error::NoSigningKey { registry: registry.clone() }),
        };
        Ok((registry, log.map_err(|error| registry_report::diagnostic(&error))?))
    })?;
    output.status("Withdrawn", format_args!("{package}@{version} in {registry}"));
    if output.format() == MessageFormat::Json {
        output.message(&Message::LogChanged {
            change: "yank",
            registry: registry.to_string(),
            package: package.to_string(),
            version: Some(version.to_string()),
            length: log.length,
        })?;
    }
    Ok(Ended::Well)
}

fn named(text: &str) -> Result<(PackageName, Version), Stop> {
    let parsed = text.split_once('@').and_then(|(name, version)| Some((name.parse().ok()?, version.parse().ok()?)));
    parsed.ok_or_else(|| {
        Stop::Usage(Complaint {
            message: format!("`{text}` is no version of a package"),
            hints: vec!["write it as `namespace:name@1.2.3`".to_owned()],
        })
    })
}
