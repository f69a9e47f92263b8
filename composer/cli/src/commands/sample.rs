//! For tests: a small application, planned, and the means to compose another.

use std::{collections::BTreeSet, fs, num::NonZeroUsize, path::Path, sync::Arc};

use composer::driver::{self, Automatic, Composed, Locking, Planned, RegistryRules, Session, Vendoring};
use registry_client::{Client, ClientOptions, Credentials, EventSink, Network, Store};

use crate::session::block_on;

/// Three components that need each other, and a fourth that nobody needs.
const FILES: [(&str, &str); 4] = [
    (
        "compose.toml",
        r#"
            [package]
            name = "test:sample"
            version = "1.0.0"

            [components]
            top = { path = "top.wat" }
            middle = { path = "middle.wat" }
            bottom = { path = "bottom.wat" }
            spare = { path = "bottom.wat" }

            [instances]
            base = { component = "bottom" }

            [links.top]
            "test:sample/base" = "base"
            [links.middle]
            "test:sample/base" = "base"

            [exports]
            "test:sample/top" = "top"
        "#,
    ),
    (
        "top.wat",
        r#"(component
            (import "test:sample/base@1.0.0" (instance))
            (import "test:sample/middle@1.0.0" (instance))
            (instance $top)
            (export "test:sample/top@1.0.0" (instance $top)))"#,
    ),
    (
        "middle.wat",
        r#"(component
            (import "test:sample/base@1.0.0" (instance))
            (instance $middle)
            (export "test:sample/middle@1.0.0" (instance $middle)))"#,
    ),
    (
        "bottom.wat",
        r#"(component
            (import "wasi:io/error@0.2.0" (instance))
            (import "wasi:io/poll@0.2.0" (instance))
            (import "wasi:cli/stdin@0.2.0" (instance))
            (instance $base)
            (export "test:sample/base@1.0.0" (instance $base)))"#,
    ),
];

/// Plans the application.
pub(super) fn planned() -> Planned {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    for (path, text) in FILES {
        fs::write(directory.path().join(path), text).expect("it can be written");
    }
    let planned = block_on(driver::plan(&session(directory.path()))).expect("there are threads");
    planned.expect("the application is right")
}

/// The means to compose the application in a directory, without a network.
pub(super) fn session(directory: &Path) -> Session {
    let client = Client::new(ClientOptions {
        store: Store::open(&directory.join("store")).expect("the store can be made"),
        credentials: Credentials::anonymous(),
        network: Network::Offline,
        insecure: BTreeSet::new(),
        parallel: NonZeroUsize::MIN,
        events: EventSink::silent(),
    });
    Session {
        manifest: directory.join("compose.toml"),
        client,
        rules: RegistryRules::default(),
        locking: Locking::Free,
        automatic: Automatic::Marked,
        vendoring: Vendoring::Manifest,
        composed: Composed::default(),
        jobs: NonZeroUsize::MIN,
        events: Arc::new(drop),
    }
}
