//! `compose doctor`: which store, files, credentials and registries count, and why; and whether registries answer.
//!
//! It shows where credentials are from and never what they are. What is wrong is a finding, with what to do; all else are facts.

use std::collections::{BTreeMap, BTreeSet};

use composer::{
    diagnostic::{Diagnostic, Failure},
    driver, manifest, registry_report,
};
use registry_client::{AccessCheck, Choice, LogCheck, OperatorKeySource, PackageName, Registry, Store, WargRegistry};

use super::place::Around;
use crate::{
    args::{DoctorArgs, ManifestOptions, MessageFormat},
    configuration::{Configuration, Outcome, Purpose, Reading},
    exit::{Complaint, Ended, Stop},
    message::{self, Message},
    output::Output,
    session::{self, Registries, manifest_around},
    text,
};

/// Where a package comes from.
struct Source {
    package: PackageName,
    /// What decides it; nothing where no registry is known.
    why: Option<String>,
    registry: Option<Registry>,
}

pub(super) fn run(arguments: &DoctorArgs, options: &ManifestOptions, output: &Output) -> Result<Ended, Stop> {
    let packages = arguments.packages.iter().map(|text| package(text)).collect::<Result<Vec<_>, _>>()?;
    let mut findings = Vec::new();
    let around = manifest_around(options).unwrap_or_else(|failure| {
        add(&mut findings, &failure);
        None
    });
    let around: Around<'_> = around.as_ref().map(|(manifest, path)| (manifest, path.as_path()));
    let mut configuration = Configuration::read();
    let readings = std::mem::take(&mut configuration.readings);
    let Configuration { errors, warnings, rules, .. } = &configuration;
    findings.extend(errors.iter().chain(warnings).chain(&rules.unusable).cloned());
    let credentials = configuration.credentials.clone();
    let store = session::store()?;
    let registries = Registries::with(configuration, options, output)?;

    let packages = if packages.is_empty() { packages_of(around) } else { packages };
    let (sources, hosts) = registries.wait_for(async |registries| {
        let mut sources = Vec::new();
        for package in packages {
            sources.push(source(registries, around, package, &mut findings).await);
        }
        let used = || sources.iter().filter_map(|source| source.registry.as_ref());
        let asked: BTreeSet<String> = used().filter_map(host).collect();
        let logged: BTreeSet<&WargRegistry> = used().filter_map(warg).collect();
        let known = credentials.named().into_iter().filter_map(|key| Some(key.split('/').next()?.to_owned()));
        let mut hosts = BTreeMap::new();
        let is_new = |host: &String| !asked.contains(host) && !logged.iter().any(|warg| warg.host() == host);
        for host in known.filter(is_new) {
            let check = registries.client.check_access(&host).await;
            // Who has a login is not said to be an OCI registry by that.
            let answer = match &check {
                Err(registry_client::Error::Network { source, .. }) if source.status() == Some(404) => {
                    "answers, and is no OCI registry".to_owned()
                }
                _ => access(check, &mut findings),
            };
            hosts.insert(host, answer);
        }
        for host in asked {
            let answer = access(registries.client.check_access(&host).await, &mut findings);
            hosts.insert(host, answer);
        }
        for registry in logged {
            let answer = log(registries, registry, &mut findings).await;
            hosts.insert(registry.to_string(), answer);
        }
        Ok((sources, hosts))
    })?;
    match output.format() {
        MessageFormat::Human => output.data(report(&store, &readings, &sources, &hosts))?,
        MessageFormat::Json => output.message(&message(&store, &readings, &sources, &hosts))?,
    }
    output.diagnostics(&findings)?;
    Ok(if findings.is_empty() { Ended::Well } else { Ended::WithFindings })
}

fn package(text: &str) -> Result<PackageName, Stop> {
    // A requirement does not matter for where it comes from.
    let name = text.split('@').next().unwrap_or_default();
    name.parse().map_err(|error: registry_client::PackageNameError| {
        Stop::Usage(Complaint {
            message: error.to_string(),
            hints: vec!["name packages, as in `compose doctor wasi:http`".to_owned()],
        })
    })
}

/// The registry packages of an application.
fn packages_of(around: Around<'_>) -> Vec<PackageName> {
    let components = around.iter().flat_map(|(manifest, _)| &manifest.components);
    let packages: BTreeSet<&PackageName> =
        components.filter_map(|component| component.source.value.package()).collect();
    packages.into_iter().cloned().collect()
}

async fn source(
    registries: &Registries,
    around: Around<'_>,
    package: PackageName,
    findings: &mut Vec<Diagnostic>,
) -> Source {
    let manifest = around.map(|(manifest, _)| manifest);
    let choice = registries.rules.with_manifest(manifest).choose(&package);
    let mut components = manifest.iter().flat_map(|manifest| &manifest.components);
    let named = components.find_map(|component| match &component.source.value {
        manifest::Source::Package { package: same, registry, .. } if *same == package => registry.clone(),
        _ => None,
    });
    let why = match &named {
        Some(name) => Some(format!("the registry `{name}` that its entry in the manifest names")),
        None => choice.as_ref().map(reason),
    };
    let found = driver::registry_of(&registries.client, &registries.rules, around, &package, named.as_deref()).await;
    let registry = match found {
        Ok(registry) => Some(registry),
        Err(failure) => {
            add(findings, &failure);
            None
        }
    };
    Source { package, why, registry }
}

/// What decides, without what it decides.
fn reason(choice: &Choice) -> String {
    let file = choice.file.as_ref().map(|file| format!(" in {}", file.display())).unwrap_or_default();
    format!("{}{file}", choice.rule)
}

fn host(registry: &Registry) -> Option<String> {
    match registry {
        Registry::Oci(oci) => Some(oci.host().to_owned()),
        _ => None,
    }
}

fn warg(registry: &Registry) -> Option<&WargRegistry> {
    match registry {
        Registry::Warg(warg) => Some(warg),
        _ => None,
    }
}

/// What the log of a warg registry is, and whose.
async fn log(registries: &Registries, registry: &WargRegistry, findings: &mut Vec<Diagnostic>) -> String {
    match registries.client.check_log(registry).await {
        Ok(LogCheck { operator, known_from, state }) => {
            let why = match known_from {
                Some(OperatorKeySource::Required) => "as is required",
                Some(OperatorKeySource::FirstSeen) => "as when it was first seen",
                Some(OperatorKeySource::Lock) => "as in the lock",
                None => "seen for the first time",
            };
            let records = text::count(usize::try_from(state.length).unwrap_or(usize::MAX), "record");
            format!("answers, and proved its log of {records}, begun by {operator}, {why}")
        }
        Err(registry_client::Error::Offline { .. }) => "is not asked offline".to_owned(),
        Err(error) => {
            add(findings, &registry_report::diagnostic(&error).into());
            "failed: see below".to_owned()
        }
    }
}

/// What a registry says to us.
fn access(check: Result<AccessCheck, registry_client::Error>, findings: &mut Vec<Diagnostic>) -> String {
    match check {
        Ok(AccessCheck::Open) => "answers, and lets everybody in".to_owned(),
        Ok(AccessCheck::Accepted(source)) => format!("answers, and accepts {source}"),
        Ok(AccessCheck::NoCredential) => {
            "answers, and there is no credential for it: it may have more for whoever logs in".to_owned()
        }
        Err(registry_client::Error::Offline { .. }) => "is not asked offline".to_owned(),
        Err(error) => {
            add(findings, &registry_report::diagnostic(&error).into());
            "failed: see below".to_owned()
        }
    }
}

/// Adds what was not found yet.
fn add(findings: &mut Vec<Diagnostic>, failure: &Failure) {
    for found in failure.diagnostics() {
        if !findings.contains(found) {
            findings.push(found.clone());
        }
    }
}

fn report(store: &Store, readings: &[Reading], sources: &[Source], hosts: &BTreeMap<String, String>) -> String {
    let access = if store.is_writable() { "" } else { " (read-only: what is in it is used, and nothing is added)" };
    let mut report = format!("Store\n  {}{access}\n", store.directory().display());
    for (purpose, title) in [
        (Purpose::Registries, "Where packages come from, the first counts"),
        (Purpose::Credentials, "Credentials, the first counts"),
    ] {
        let rows = readings.iter().filter(|reading| reading.purpose == purpose);
        let rows = rows.map(|reading| [format!("  {}", outcome(reading.outcome)), reading.name.clone()]);
        report += &format!("\n{title}\n{}", text::columns(&rows.collect::<Vec<_>>()));
    }
    if !sources.is_empty() {
        let row = |source: &Source| {
            let registry = source.registry.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
            let why = source.why.as_ref().map(|why| format!("by {why}")).unwrap_or_default();
            [format!("  {}", source.package), registry, why]
        };
        report += &format!("\nPackages\n{}", text::columns(&sources.iter().map(row).collect::<Vec<_>>()));
    }
    if !hosts.is_empty() {
        let rows = hosts.iter().map(|(host, answer)| [format!("  {host}"), answer.clone()]);
        report += &format!("\nRegistries\n{}", text::columns(&rows.collect::<Vec<_>>()));
    }
    report
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Read => "read",
        Outcome::Missing => "not there",
        Outcome::Unusable => "unusable",
    }
}

fn message(
    store: &Store,
    readings: &[Reading],
    sources: &[Source],
    hosts: &BTreeMap<String, String>,
) -> Message<'static> {
    let files = readings.iter().map(|reading| message::ConfigurationFile {
        name: reading.name.clone(),
        purpose: match reading.purpose {
            Purpose::Registries => "registries",
            Purpose::Credentials => "credentials",
        },
        outcome: match reading.outcome {
            Outcome::Read => "read",
            Outcome::Missing => "missing",
            Outcome::Unusable => "unusable",
        },
    });
    let packages = sources.iter().map(|source| message::PackageSource {
        package: source.package.to_string(),
        registry: source.registry.as_ref().map(ToString::to_string),
        because: source.why.clone(),
    });
    Message::Doctor {
        store: store.directory().display().to_string(),
        store_writable: store.is_writable(),
        files: files.collect(),
        packages: packages.collect(),
        registries: hosts.clone(),
    }
}
