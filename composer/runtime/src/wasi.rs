//! Decides which export of a component answers a WASI interface, from the component's export names.
//!
//! The versions here are those of the linker, that is of `wasmtime-wasi`; a component may name any version of the same
//! semver track.

use wasmtime::component::{Component, ComponentExportIndex};

/// The version of WASI 0.2 that the linker defines.
const P2: &str = "0.2.12";
/// The version of WASI 0.3 that the linker defines.
const P3: &str = "0.3.0";

/// Which generation of WASI an export belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    P2,
    P3,
}

/// Finds the exported instance of `p2` or `p3`, interface names without their version; 0.3 wins where both are there,
/// because a component that exports both keeps 0.2 for runtimes that know no better.
pub(crate) fn exported(component: &Component, p2: &str, p3: &str) -> Option<Generation> {
    let index = |interface: &str, version| -> Option<ComponentExportIndex> {
        component.get_export_index(None, format!("{interface}@{version}"))
    };
    if index(p3, P3).is_some() {
        Some(Generation::P3)
    } else if index(p2, P2).is_some() {
        Some(Generation::P2)
    } else {
        None
    }
}

/// The name under which the linker defines `import`: the import's own, save for the version of a WASI interface.
pub(crate) fn linked_name(import: &str) -> String {
    let Some((interface, version)) = import.split_once('@').filter(|_| import.starts_with("wasi:")) else {
        return import.to_owned();
    };
    let on_track = |linked: &str| !version.contains('-') && track(version) == track(linked);
    match [P2, P3].into_iter().find(|linked| on_track(linked)) {
        Some(linked) => format!("{interface}@{linked}"),
        None => import.to_owned(),
    }
}

/// The semver track of a `0.minor.patch` version: all before the patch.
fn track(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(track, _)| track)
}
