//! Versions of interfaces: which import meets which export.

use crate::steps::{application, check, step};

/// Whether an import of one version is linked to an export of another, and then executed.
fn links(import: &str, export: &str) -> bool {
    let sandbox =
        application("", [("front", step("a", Some(&format!("b@{import}")), 1)), ("back", step(&format!("b@{export}"), None, 2))]);
    match sandbox.try_build() {
        Ok(built) => {
            assert_eq!(compose_tests::execution::invoke(built.component.bytes(), "a#f(5)"), "521");
            true
        }
        Err(failure) => {
            let codes: Vec<&str> = failure.diagnostics().iter().map(|diagnostic| diagnostic.code.as_str()).collect();
            assert_eq!(codes, ["missing-provider"], "{failure}");
            false
        }
    }
}

#[test]
fn versions_meet_on_a_semver_track() {
    for (import, export) in [("1.0.0", "1.0.0"), ("1.0.0", "1.2.0"), ("1.2.0", "1.0.0"), ("0.2.0", "0.2.9"), ("0.0.3", "0.0.3")] {
        assert!(links(import, export), "{import} and {export}");
    }
}

#[test]
fn versions_of_other_tracks_do_not_meet() {
    for (import, export) in [("1.0.0", "2.0.0"), ("0.2.0", "0.3.0"), ("0.0.3", "0.0.4"), ("0.2.0", "1.2.0")] {
        assert!(!links(import, export), "{import} and {export}");
    }
}

#[test]
fn a_pre_release_meets_only_itself() {
    assert!(links("1.0.0-rc.1", "1.0.0-rc.1"));
    assert!(!links("1.0.0-rc.1", "1.0.0-rc.2"));
    assert!(!links("1.0.0-rc.1", "1.0.0"));
    assert!(!links("1.0.0", "1.1.0-rc.1"));
}

#[test]
fn the_same_name_goes_before_the_highest_version_of_a_provider() {
    let both = compose_tests::guest::Guest::new(
        "export t:steps/b@1.0.0; export t:steps/b@1.2.0;",
        &format!("{}{}", crate::steps::steps("1.0.0"), crate::steps::steps("1.2.0")),
    );
    let _ = both;
    check(
        "",
        [("front", step("a", Some("b@1.1.0"), 1)), ("back", step("b@1.2.0", None, 2))],
        "a#f(5)",
        "521",
    );
}

#[test]
fn a_version_in_a_link_means_its_track() {
    check(
        "[links.front]\n\"t:steps/b@1.1.0\" = \"right\"",
        [("front", step("a", Some("b@1.0.0"), 1)), ("left", step("b@1.2.0", None, 2)), ("right", step("b@1.3.0", None, 3))],
        "a#f(5)",
        "531",
    );
}
