//! Choosing versions: asks registries until resolution has an answer, and reads components until planning accepts it.
//!
//! From a [`Manifest`] and perhaps its [`Lock`] to a [`Settled`] application. What is chosen is decided by resolution; what
//! does not fit, by planning; here the answers go from one to the other.

use futures::{StreamExt, stream};
use registry_client::{Description, Error, Origin, PackageName, Published, Registry};
use wit::World;

use super::{Event, Session, load, reachable, reachable_origin};
use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    lock::Lock,
    manifest::Manifest,
    plan::{self, Plan},
    resolve::{Catalog, Evidence, Outcome, Question, Resolution, resolve},
};

/// How many questions are put to registries at a time; the client bounds its downloads itself.
pub(super) const QUESTIONS_AT_A_TIME: usize = 8;

/// How often versions are chosen anew because the bytes of those that were chosen did not fit.
const ROUNDS: usize = 32;

/// An application whose versions and links are decided.
pub(super) struct Settled {
    pub(super) resolution: Resolution,
    pub(super) loaded: load::Loaded,
    pub(super) target: Option<World>,
    pub(super) plan: Plan,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Chooses versions, loads them and plans with them; as often as versions are left that may fit better.
pub(super) async fn settle(
    session: &Session,
    manifest: &Manifest,
    lock: Option<&Lock>,
    above: &[std::path::PathBuf],
) -> Result<Settled, Failure> {
    let mut loaded = load::local(session, manifest, above).await;
    let mut catalog = Catalog::default();
    let mut evidence = Evidence::default();
    evidence.note(&loaded.parts);
    let mut resolution = choose(session, manifest, lock, &mut catalog, &evidence).await?;
    let target = load::target_world(session, manifest, &resolution).await?;
    let mut round = 1;
    loop {
        (session.events)(Event::Loading { components: resolution.components.len() });
        loaded = load::components(session, manifest, &resolution, loaded).await?;
        (session.events)(Event::Planning);
        let refusal = match plan::plan(manifest, &loaded.parts, target.as_ref()) {
            Ok((plan, warnings)) => return Ok(Settled { resolution, loaded, target, plan, warnings }),
            Err(refusal) => refusal.preceded_by(loaded.warnings.clone()),
        };
        let has_versions = resolution.components.iter().any(|component| component.source.version().is_some());
        if !has_versions || !evidence.refute(manifest, &loaded.parts) || round == ROUNDS {
            return Err(refusal);
        }
        resolution = match choose(session, manifest, lock, &mut catalog, &evidence).await {
            Ok(next) if next != resolution => next,
            Err(failure) if is_conflict_of_versions(&failure) => return Err(failure),
            // Nothing else can be chosen, or registries did not say: what planning found is what is wrong.
            Ok(_) | Err(_) => return Err(refusal),
        };
        round += 1;
    }
}

fn is_conflict_of_versions(failure: &Failure) -> bool {
    failure.diagnostics().iter().all(|diagnostic| diagnostic.code == Code::VersionConflict)
}

/// Chooses versions with what is known, asking registries for what is not.
pub(super) async fn choose(
    session: &Session,
    manifest: &Manifest,
    lock: Option<&Lock>,
    catalog: &mut Catalog,
    evidence: &Evidence,
) -> Result<Resolution, Failure> {
    (session.events)(Event::Resolving);
    loop {
        match resolve(manifest, catalog, lock, evidence)? {
            Outcome::Resolved(resolution) => return Ok(*resolution),
            Outcome::Missing(questions) => ask(session, questions, catalog).await,
        }
    }
}

async fn ask(session: &Session, questions: Vec<Question>, catalog: &mut Catalog) {
    enum Answer {
        Versions(Registry, PackageName, Result<Vec<Published>, Error>),
        Release(Origin, Result<Description, Error>),
    }
    let answers = stream::iter(questions).map(|question| async move {
        match question {
            Question::Versions { registry, package } => {
                let reachable = reachable(session, registry.clone());
                let versions = session.client.published(&reachable, &package).await;
                Answer::Versions(registry, package, versions)
            }
            Question::Release(origin) => {
                let description = session.client.describe(&reachable_origin(session, origin.clone())).await;
                Answer::Release(origin, description)
            }
        }
    });
    let mut answers = answers.buffer_unordered(QUESTIONS_AT_A_TIME);
    while let Some(answer) = answers.next().await {
        match answer {
            Answer::Versions(registry, package, versions) => catalog.insert_versions(registry, package, versions),
            Answer::Release(origin, description) => catalog.insert_release(origin, description),
        }
    }
}
