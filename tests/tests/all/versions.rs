//! Versions of interfaces: which import meets which export.

use compose_tests::{execution::invoke, guest::Guest};

use crate::steps::{application, check, step, steps};

/// Whether an import of one version is linked to an export of another, and then executed.
fn links(import: &str, export: &str) -> bool {
    let sandbox = application(
        "",
        [("front", step("a", Some(&format!("b@{import}")), 1)), ("back", step(&format!("b@{export}"), None, 2))],
    );
    match sandbox.try_build() {
        Ok(built) => {
            assert_eq!(invoke(&built.component.to_bytes().unwrap(), "a#f(5)"), "521");
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
    for (import, export) in
        [("1.0.0", "1.0.0"), ("1.0.0", "1.2.0"), ("1.2.0", "1.0.0"), ("0.2.0", "0.2.9"), ("0.0.3", "0.0.3")]
    {
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
fn of_two_versions_of_one_provider_the_same_goes_before_the_highest() {
    let back = || {
        let world = "export t:steps/b@1.0.0; export t:steps/b@1.1.0; export t:steps/b@1.2.0;";
        let packages: String = ["1.0.0", "1.1.0", "1.2.0"].iter().map(|version| steps(version)).collect();
        let guest = Guest::new(world, &packages);
        let guest = guest.body("t:steps/b@1.0.0#f", "(i32.const 10)").body("t:steps/b@1.1.0#f", "(i32.const 11)");
        guest.body("t:steps/b@1.2.0#f", "(i32.const 12)").component()
    };
    check("", [("front", step("a", Some("b@1.0.0"), 0)), ("back", back())], "a#f(5)", "100");
    check("", [("front", step("a", Some("b@1.0.7"), 0)), ("back", back())], "a#f(5)", "120");
}

#[test]
fn a_version_in_a_link_means_its_track() {
    check(
        "[links.front]\n\"t:steps/b@1.1.0\" = \"right\"",
        [
            ("front", step("a", Some("b@1.0.0"), 1)),
            ("left", step("b@1.2.0", None, 2)),
            ("right", step("b@1.3.0", None, 3)),
        ],
        "a#f(5)",
        "531",
    );
}
