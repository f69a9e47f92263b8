//! What refers to an artifact, by the API, by the tag that stands in for it, and in a directory.

use registry_client::Digest;

use crate::sandbox::{Sandbox, reference, told};
use crate::scripted_server::{Reply, ScriptedServer};

const SBOM: &str = "application/spdx+json";

/// A list of one signature and one SBOM.
fn list() -> String {
    let entry = |artifact_type: &str| {
        let digest = Digest::of(artifact_type.as_bytes());
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":7,"artifactType":"{artifact_type}","annotations":{{"by":"a\u001bda"}}}}"#
        )
    };
    let entries = format!("{},{}", entry("application/vnd.signature"), entry(SBOM));
    format!(r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{entries}]}}"#)
}

/// The artifact types and annotations of what refers to a manifest on a server that has `reply` for a request's target.
async fn check(artifact_type: Option<&str>, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (String, String) {
    let server = ScriptedServer::start(move |request| reply(&request.target)).await;
    let origin = reference(&format!("{}/team/catalog:1", server.address));
    let referrers = Sandbox::new().client.referrers(&origin, Digest::of(b"manifest"), artifact_type).await;
    let answer = match referrers {
        Ok(referrers) => {
            let shown =
                referrers.iter().map(|referrer| format!("{:?} {:?}", referrer.artifact_type, referrer.annotations));
            shown.collect::<Vec<_>>().join("\n")
        }
        Err(error) => told(&error, &[(&server.address, "ADDRESS")]),
    };
    (answer, server.log())
}

#[tokio::test(start_paused = true)]
async fn referrers_are_listed_through_all_pages() {
    let (answer, log) = check(None, |target| match target {
        target if target.contains("page=2") => Reply::ok(list()),
        _ => Reply::new(200, &[r#"Link: <?page=2>; rel="next""#.to_owned()], list().as_bytes()),
    })
    .await;
    insta::assert_snapshot!(answer, @r#"
    Some("application/vnd.signature") {"by": "a da"}
    Some("application/spdx+json") {"by": "a da"}
    Some("application/vnd.signature") {"by": "a da"}
    Some("application/spdx+json") {"by": "a da"}
    "#);
    insta::assert_snapshot!(log, @"
    GET /v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f -
    GET /v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f?page=2 -
    ");
}

#[tokio::test(start_paused = true)]
async fn referrers_of_one_type_are_listed_by_registries_that_do_not_filter_too() {
    let (answer, log) = check(Some(SBOM), |_| Reply::ok(list())).await;
    insta::assert_snapshot!(answer, @r#"Some("application/spdx+json") {"by": "a da"}"#);
    insta::assert_snapshot!(log, @"GET /v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f?artifactType=application%2Fspdx%2Bjson -");
}

#[tokio::test(start_paused = true)]
async fn a_registry_without_the_api_has_a_tag_for_it() {
    let (answer, log) = check(Some(SBOM), |target| match target {
        target if target.contains("/manifests/sha256-") => Reply::ok(list()),
        _ => Reply::status(404),
    })
    .await;
    insta::assert_snapshot!(answer, @r#"Some("application/spdx+json") {"by": "a da"}"#);
    insta::assert_snapshot!(log, @"
    GET /v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f?artifactType=application%2Fspdx%2Bjson -
    GET /v2/team/catalog/manifests/sha256-05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f -
    ");
    assert_eq!(check(None, |_| Reply::status(404)).await.0, "");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_of_referrers_is_refused() {
    insta::assert_snapshot!(check(None, |_| Reply::ok("<html>")).await.0, @"
    cannot get the referrers of sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f, as ADDRESS/team/catalog:1 has it
    GET http://ADDRESS/v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f was answered with something else than a list of referrers
    ");
    let malformed = list().replace("sha256:", "sha256:../");
    insta::assert_snapshot!(check(None, move |_| Reply::ok(&malformed)).await.0, @"
    cannot get the referrers of sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f, as ADDRESS/team/catalog:1 has it
    GET http://ADDRESS/v2/team/catalog/referrers/sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f was answered with something else than a list of referrers
    ");
    let endless = check(None, |target| {
        let next = target.len();
        Reply::new(200, &[format!(r#"Link: <?{}>; rel="next""#, "a".repeat(next % 50))], list().as_bytes())
    });
    assert!(endless.await.0.len() < 500);
}
