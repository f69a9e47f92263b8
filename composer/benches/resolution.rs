//! How long resolution takes: 300 packages with 50 versions each, in a directory registry.
//!
//! ```text
//! cargo bench -p composer --bench resolution
//! ```
//!
//! Every other package imports the interface of the one after it: the first 25 versions on one semver track, the newer ones
//! on a second one. Each figure is the fastest of several runs from the manifest's text to a resolution.
//!
//! Measured without optimisation (`cargo bench --profile dev …`), on two cores that were busy otherwise: 0.40 s without a
//! lock, 23 ms with one.
//!
//! NB: an application in which many of the newest versions do not fit is not measured here.

use std::{
    fmt::Write as _,
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use composer::{
    driver::{self, Locking, RegistryRules, Session},
    lock::{Lock, LockedSource},
    resolve::Resolution,
};
use registry_client::{Client, ClientOptions, Credentials, Descriptor, EventSink, Network, Store};

const PACKAGES: usize = 300;
const VERSIONS: usize = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let directory = tempfile::tempdir()?;
    write_application(directory.path())?;
    let session = session(directory.path())?;
    let resolve = || runtime.block_on(driver::resolve(&session));
    let (cold, resolution) = fastest(3, resolve)?;
    println!("without a lock: {cold:?}");
    fs::write(directory.path().join("compose.lock"), lock(&resolution).to_text())?;
    let (locked, again) = fastest(20, resolve)?;
    assert_eq!(resolution, again, "a lock changes nothing");
    println!("with a lock: {locked:?}");
    Ok(())
}

fn fastest<T, E>(runs: usize, mut run: impl FnMut() -> Result<T, E>) -> Result<(Duration, T), E> {
    let mut best = None;
    for _ in 0..runs {
        let start = Instant::now();
        let value = run()?;
        let taken = start.elapsed();
        if best.as_ref().is_none_or(|(fastest, _)| taken < *fastest) {
            best = Some((taken, value));
        }
    }
    Ok(best.expect("there is a fastest run because there is a run"))
}

fn lock(resolution: &Resolution) -> Lock {
    let components = resolution.components.iter();
    let components = components.map(|component| (component.name.clone(), LockedSource::from(&component.source)));
    Lock { components: components.collect(), ..Lock::default() }
}

fn session(directory: &Path) -> Result<Session, Box<dyn std::error::Error>> {
    let client = Client::new(ClientOptions {
        store: Store::open(&directory.join(".cache"))?,
        credentials: Credentials::anonymous(),
        network: Network::Offline,
        insecure: [].into(),
        parallel: NonZeroUsize::MIN,
        events: EventSink::silent(),
    });
    Ok(Session {
        manifest: directory.join("compose.toml"),
        client,
        rules: RegistryRules::default(),
        locking: Locking::Free,
        jobs: NonZeroUsize::MIN,
        events: Arc::new(|_| {}),
    })
}

/// Writes a manifest and its registry: of each artifact what resolution reads, and no component.
fn write_application(directory: &Path) -> std::io::Result<()> {
    let mut manifest = "[registries]\ndefault = \"dir:registry\"\n[components]\n".to_owned();
    for package in 0..PACKAGES {
        writeln!(manifest, "p{package} = \"t:p{package}@*\"").expect("a string takes all");
        write_package(&directory.join("registry/t").join(format!("p{package}")), package)?;
    }
    fs::write(directory.join("compose.toml"), manifest)
}

/// Whether a package imports the interface of the next one.
fn is_consumer(package: usize) -> bool {
    package.is_multiple_of(2)
}

fn write_package(layout: &Path, package: usize) -> std::io::Result<()> {
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let write_blob = |text: &str| {
        let descriptor = Descriptor::of(text.as_bytes());
        fs::write(blobs.join(descriptor.digest.to_hex()), text).map(|()| descriptor)
    };
    let mut entries = Vec::new();
    for version in 0..VERSIONS {
        let track = 1 + version / (VERSIONS / 2);
        let imports =
            if is_consumer(package) { format!("\"t:p{}/api@{track}.0.0\"", package + 1) } else { String::new() };
        let config = write_blob(&format!(
            r#"{{"architecture":"wasm","os":"wasip2","component":{{"imports":[{imports}],"exports":["t:p{package}/api@{track}.0.0"]}}}}"#
        ))?;
        let component = Descriptor::of(format!("p{package} 1.{version}.0").as_bytes());
        let manifest = write_blob(&format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
            json("application/vnd.wasm.config.v0+json", config, ""),
            json("application/wasm", component, ""),
        ))?;
        let tag = format!(r#","annotations":{{"org.opencontainers.image.ref.name":"1.{version}.0"}}"#);
        entries.push(json("application/vnd.oci.image.manifest.v1+json", manifest, &tag));
    }
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    fs::write(layout.join("index.json"), format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(",")))
}

fn json(media_type: &str, Descriptor { digest, size }: Descriptor, more: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}{more}}}"#)
}
