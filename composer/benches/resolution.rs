//! How long resolution takes: 300 packages with 50 versions each, in a directory registry.
//!
//! ```text
//! cargo bench -p composer --bench resolution
//! ```
//!
//! Three applications of that size:
//!
//! - `pairs`: every other package imports the interface of the one after it: the older half of the versions on one semver
//!   track, the newer half on a second one. The newest versions fit.
//! - `stairs`: each package imports the interface of the next one, on the track below its own: almost all have to step down to
//!   the oldest versions, one because of the other.
//! - `tangle`: each imports the interfaces of three others, the newer versions on tracks as by chance: hardly any two fit, except
//!   the oldest ones.
//!
//! Each figure is the fastest of several runs from the manifest's text to a resolution.
//!
//! Measured optimised, on two cores that were busy otherwise (load 10): `pairs` 85 ms without a lock, `stairs` 0.66 s, `tangle`
//! 0.86 s, and each between 3 and 4 ms with one.

use std::{
    fmt::Write as _,
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use composer::{
    driver::{self, Automatic, Composed, Locking, RegistryRules, Session, Vendoring},
    lock::{Lock, LockedSource},
    resolve::Resolution,
};
use registry_client::{Client, ClientOptions, Credentials, Descriptor, EventSink, Network, Store};

const PACKAGES: usize = 300;
const VERSIONS: usize = 50;

/// The tracks of `stairs` and `tangle`.
const TRACKS: usize = 10;

#[derive(Debug, Clone, Copy)]
enum Shape {
    Pairs,
    Stairs,
    Tangle,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    for shape in [Shape::Pairs, Shape::Stairs, Shape::Tangle] {
        let directory = tempfile::tempdir()?;
        write_application(directory.path(), shape)?;
        let session = session(directory.path())?;
        let resolve = || runtime.block_on(driver::resolve(&session));
        let (cold, resolution) = fastest(3, resolve)?;
        fs::write(directory.path().join("compose.lock"), lock(&resolution).to_text())?;
        let (locked, again) = fastest(20, resolve)?;
        assert_eq!(resolution, again, "a lock changes nothing");
        println!("{shape:?}: {cold:?} without a lock, {locked:?} with one");
    }
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
        automatic: Automatic::Marked,
        vendoring: Vendoring::Manifest,
        composed: Composed::default(),
        jobs: NonZeroUsize::MIN,
        events: Arc::new(|_| {}),
    })
}

/// Writes a manifest and its registry: of each artifact what resolution reads, and no component.
fn write_application(directory: &Path, shape: Shape) -> std::io::Result<()> {
    let mut manifest = "[registries]\ndefault = \"dir:registry\"\n[components]\n".to_owned();
    for package in 0..PACKAGES {
        writeln!(manifest, "p{package} = \"t:p{package}@*\"").expect("a string takes all");
        write_package(&directory.join("registry/t").join(format!("p{package}")), package, shape)?;
    }
    fs::write(directory.join("compose.toml"), manifest)
}

impl Shape {
    /// The track on which a version exports its interface.
    fn exported(self, version: usize) -> usize {
        match self {
            Self::Pairs => 1 + version / (VERSIONS / 2),
            Self::Stairs | Self::Tangle => 1 + version / (VERSIONS / TRACKS),
        }
    }

    /// The packages whose interface a version imports, and on which track.
    fn imported(self, package: usize, version: usize) -> Vec<(usize, usize)> {
        let track = self.exported(version);
        match self {
            Self::Pairs if package.is_multiple_of(2) => vec![(package + 1, track)],
            Self::Stairs if package + 1 < PACKAGES => vec![(package + 1, track.max(2) - 1)],
            Self::Pairs | Self::Stairs => Vec::new(),
            Self::Tangle => {
                let import = |number: usize| {
                    let other = (package * 7 + number * 101 + 13) % PACKAGES;
                    let chance = (package * 31 + version * 17 + number * 57 + package * version * 3) % 97;
                    (other, if track <= 2 { 1 } else { 1 + chance % TRACKS })
                };
                (0..3).map(import).filter(|(other, _)| *other != package).collect()
            }
        }
    }
}

fn write_package(layout: &Path, package: usize, shape: Shape) -> std::io::Result<()> {
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let write_blob = |text: &str| {
        let descriptor = Descriptor::of(text.as_bytes());
        fs::write(blobs.join(descriptor.digest.to_hex()), text).map(|()| descriptor)
    };
    let mut entries = Vec::new();
    for version in 0..VERSIONS {
        let imports = shape.imported(package, version).into_iter();
        let imports: Vec<String> = imports.map(|(other, track)| format!("\"t:p{other}/api@{track}.0.0\"")).collect();
        let config = write_blob(&format!(
            r#"{{"architecture":"wasm","os":"wasip2","component":{{"imports":[{}],"exports":["t:p{package}/api@{}.0.0"]}}}}"#,
            imports.join(","),
            shape.exported(version),
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
