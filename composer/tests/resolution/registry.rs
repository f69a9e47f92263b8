//! Resolution through the driver, from a directory registry and files.

use std::{collections::BTreeMap, fs, num::NonZeroUsize, sync::Arc};

use composer::driver::{self, Automatic, Composed, Locking, Planned, RegistryRules, Session, Vendoring};
use registry_client::{
    Artifact, Client, ClientOptions, ComponentConfig, Content, Credentials, EventSink, Network, Origin, Os,
    PushOptions, Registry, Release, Store,
};
use tempfile::TempDir;

use crate::shelf::Component;

/// An application in a directory of its own, with a registry beside its manifest.
struct Application {
    directory: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Application {
    fn new(entries: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("registry")).unwrap();
        let manifest = format!("[registries]\ndefault = \"dir:registry\"\n[components]\n{entries}\n");
        fs::write(directory.path().join("compose.toml"), manifest).unwrap();
        Self { directory, runtime: tokio::runtime::Runtime::new().unwrap() }
    }

    fn file(&self, name: &str, component: &Component) {
        fs::write(self.directory.path().join(name), component.binary()).unwrap();
    }

    /// Publishes a version; `config` is what its config says of it.
    fn publish(&self, package: &str, version: &str, component: &Component, config: Option<&Component>) -> Release {
        let set = |names: &[String]| names.iter().cloned().collect();
        let artifact = Artifact {
            content: Content::Bytes(component.binary().into()),
            os: Os::WasiP2,
            component: config.map(|config| ComponentConfig {
                exports: set(&config.exports),
                imports: set(&config.imports),
                target: None,
            }),
            annotations: BTreeMap::new(),
        };
        let origin = Origin::Package {
            registry: Registry::Directory(self.directory.path().join("registry")),
            package: package.parse().unwrap(),
            version: version.parse().unwrap(),
        };
        let pushed = self.runtime.block_on(self.client().push(&origin, &artifact, &PushOptions::default()));
        pushed.unwrap().release
    }

    fn client(&self) -> Client {
        Client::new(ClientOptions {
            store: Store::open(&self.directory.path().join(".cache")).unwrap(),
            credentials: Credentials::anonymous(),
            network: Network::Offline,
            insecure: [].into(),
            parallel: NonZeroUsize::MIN,
            events: EventSink::silent(),
        })
    }

    fn lock(&self) -> Planned {
        let session = Session {
            manifest: self.directory.path().join("compose.toml"),
            client: self.client(),
            rules: RegistryRules::default(),
            locking: Locking::Free,
            automatic: Automatic::Marked,
            vendoring: Vendoring::Manifest,
            composed: Composed::default(),
            jobs: NonZeroUsize::MIN,
            events: Arc::new(|_| {}),
        };
        self.runtime.block_on(driver::lock(&session)).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics()))
    }

    fn lock_text(&self) -> String {
        fs::read_to_string(self.directory.path().join("compose.lock")).unwrap()
    }
}

fn exporting(interface: &str) -> Component {
    Component { imports: Vec::new(), exports: vec![interface.to_owned()] }
}

fn main_component() -> Component {
    Component { imports: vec!["t:lib/api@1.0.0".to_owned()], exports: vec!["t:main/api@1.0.0".to_owned()] }
}

/// An application whose file `main` imports `t:lib/api@1.0.0`, and which may have any version of `t:lib`.
fn application() -> Application {
    let application = Application::new("lib = \"t:lib@*\"\nmain = { path = \"main.wasm\" }");
    application.file("main.wasm", &main_component());
    application
}

fn version_of_lib(planned: &Planned) -> String {
    planned.parts.iter().find(|part| *part.name == *"lib").unwrap().version.as_ref().unwrap().to_string()
}

#[test]
fn a_version_is_passed_over_by_its_config_without_being_downloaded() {
    let application = application();
    let (one, two) = (exporting("t:lib/api@1.0.0"), exporting("t:lib/api@2.0.0"));
    application.publish("t:lib", "1.0.0", &one, Some(&one));
    let newer = application.publish("t:lib", "2.0.0", &two, Some(&two));
    let blobs = application.directory.path().join("registry/t/lib/blobs/sha256");
    fs::remove_file(blobs.join(newer.component.digest.to_hex())).unwrap();
    assert_eq!(version_of_lib(&application.lock()), "1.0.0");
}

#[test]
fn artifacts_without_a_config_of_their_interfaces_are_resolved_by_their_bytes() {
    let application = application();
    application.publish("t:lib", "1.0.0", &exporting("t:lib/api@1.0.0"), None);
    application.publish("t:lib", "2.0.0", &exporting("t:lib/api@2.0.0"), None);
    application.publish("t:lib", "3.0.0", &exporting("t:lib/api@1.0.0=u64"), None);
    assert_eq!(version_of_lib(&application.lock()), "1.0.0");
}

#[test]
fn a_config_that_is_wrong_is_found_out_by_the_bytes() {
    let application = application();
    let one = exporting("t:lib/api@1.0.0");
    application.publish("t:lib", "1.0.0", &one, Some(&one));
    application.publish("t:lib", "2.0.0", &exporting("t:lib/api@2.0.0"), Some(&one));
    assert_eq!(version_of_lib(&application.lock()), "1.0.0");
}

#[test]
fn a_newer_release_leaves_every_byte_of_the_lock() {
    let application = application();
    let one = exporting("t:lib/api@1.0.0");
    application.publish("t:lib", "1.0.0", &one, Some(&one));
    application.lock();
    let locked = application.lock_text();
    application.publish("t:lib", "1.1.0", &one, Some(&one));
    application.lock();
    assert_eq!(application.lock_text(), locked);
}

#[test]
fn a_file_that_changes_moves_a_locked_version_that_no_longer_fits() {
    let application = application();
    let (one, two) = (exporting("t:lib/api@1.0.0"), exporting("t:lib/api@2.0.0"));
    application.publish("t:lib", "1.0.0", &one, Some(&one));
    application.lock();
    application.publish("t:lib", "2.0.0", &two, Some(&two));
    let changed = Component { imports: vec!["t:lib/api@2.0.0".to_owned()], ..main_component() };
    application.file("main.wasm", &changed);
    assert_eq!(version_of_lib(&application.lock()), "2.0.0");
}
