//! Choosing versions: asks registries until resolution has an answer, and reads components until planning accepts it.
//!
//! From a [`Manifest`] and perhaps its [`Lock`] to a [`Settled`] application. What is chosen is decided by resolution; what
//! does not fit, by planning; here the answers go from one to the other.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use registry_client::{Description, Error, Origin, PackageName, Published, Reference, Registry};
use semver::Version;
use wit::World;

use super::{
    Event, Session,
    automatic::{Providers, introduced},
    load, reachable, reachable_origin,
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure},
    lock::Lock,
    manifest::Manifest,
    plan::{self, Plan},
    resolve::{Catalog, Evidence, Outcome, Question, Resolution, Verdict, resolve},
};

/// How many questions are put to registries at a time; the client bounds its downloads itself.
pub(super) const QUESTIONS_AT_A_TIME: usize = 8;

/// An application whose versions and links are decided.
pub(super) struct Settled {
    /// The application, with the components that nobody wrote.
    pub(super) manifest: Manifest,
    pub(super) resolution: Resolution,
    pub(super) loaded: load::Loaded,
    pub(super) target: Option<World>,
    pub(super) plan: Plan,
    pub(super) warnings: Vec<Diagnostic>,
}

/// An application that cannot be composed.
pub(super) struct Unsettled {
    pub(super) failure: Failure,
    /// What was chosen last, where the choice was not what is wrong.
    pub(super) resolution: Option<Resolution>,
}

impl From<Failure> for Unsettled {
    fn from(failure: Failure) -> Self {
        Self { failure, resolution: None }
    }
}

/// Chooses versions, loads them and plans with them; as often as versions are left that may fit better, or components are found
/// that provide what nothing else does.
///
/// `held` has the choices to hold on to; `locked` is the lock on disk.
pub(super) async fn settle(
    session: &Session,
    manifest: Manifest,
    around: load::Around<'_>,
    held: Option<&Lock>,
    locked: Option<&Lock>,
) -> Result<Settled, Unsettled> {
    let mut manifest = manifest;
    let mut loaded = load::local(session, &manifest, around).await;
    let mut providers = Providers::new(session, locked);
    let mut catalog = Catalog::default();
    let mut evidence = Evidence::default();
    evidence.note(&loaded.parts);
    let mut resolution = choose(session, &manifest, held, &mut catalog, &evidence).await?;
    let target = load::target_world(session, &manifest, &resolution).await?;
    // Each round but the last finds out something new about versions or providers, of which there are not more and more.
    loop {
        (session.events)(Event::Loading { components: resolution.components.len() });
        loaded = load::components(session, &manifest, &resolution, loaded).await?;
        (session.events)(Event::Planning);
        let refusal = match plan::plan(&manifest, &loaded.parts, target.as_ref()) {
            Ok((plan, warnings)) => return Ok(Settled { manifest, resolution, loaded, target, plan, warnings }),
            Err(refusal) => refusal.preceded_by(loaded.warnings.clone()),
        };
        if let Some(extended) = providers.extend(&manifest, &loaded.parts, target.as_ref()).await? {
            manifest = extended;
            resolution = choose(session, &manifest, held, &mut catalog, &evidence).await?;
            continue;
        }
        let has_versions = resolution.components.iter().any(|component| component.source.version().is_some());
        let next = if has_versions && evidence.refute(&manifest, &loaded.parts) == Verdict::Learned {
            Some(choose(session, &manifest, held, &mut catalog, &evidence).await)
        } else {
            None
        };
        resolution = match next {
            Some(Ok(next)) if next != resolution => next,
            Some(Err(failure)) if is_conflict_of_versions(&failure) => {
                return Err(introduced(failure, &manifest, &loaded.parts).into());
            }
            // Nothing else can be chosen, or registries did not say: what planning found is what is wrong.
            Some(_) | None => {
                let failure = providers.offered(refusal, &manifest, &loaded.parts, target.as_ref()).await;
                let failure = introduced(failure, &manifest, &loaded.parts);
                return Err(Unsettled { failure, resolution: Some(resolution) });
            }
        };
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
    let answers = stream::iter(inquiries(questions)).map(|inquiry| inquiry.answer(session));
    let mut answers = answers.buffer_unordered(QUESTIONS_AT_A_TIME);
    while let Some(answer) = answers.next().await {
        match answer {
            Answer::Versions(registry, package, versions) => catalog.insert_versions(registry, package, versions),
            Answer::Releases(releases) => {
                releases.into_iter().for_each(|(origin, description)| catalog.insert_release(origin, description));
            }
        }
    }
}

/// What is asked of one registry at once.
enum Inquiry {
    /// Which versions there are.
    Versions(Registry, PackageName),
    /// What some versions of one package are.
    Package(Registry, PackageName, Vec<Version>),
    /// What a reference stands for.
    Reference(Reference),
}

enum Answer {
    Versions(Registry, PackageName, Result<Vec<Published>, Error>),
    Releases(Vec<(Origin, Result<Description, Error>)>),
}

/// The questions, those about one package together.
fn inquiries(questions: Vec<Question>) -> Vec<Inquiry> {
    let mut inquiries = Vec::new();
    let mut packages: BTreeMap<(Registry, PackageName), Vec<Version>> = BTreeMap::new();
    for question in questions {
        match question {
            Question::Versions { registry, package } => inquiries.push(Inquiry::Versions(registry, package)),
            Question::Release(Origin::Reference(reference)) => inquiries.push(Inquiry::Reference(reference)),
            Question::Release(Origin::Package { registry, package, version }) => {
                packages.entry((registry, package)).or_default().push(version);
            }
        }
    }
    let packages = packages.into_iter();
    inquiries.extend(packages.map(|((registry, package), versions)| Inquiry::Package(registry, package, versions)));
    inquiries
}

impl Inquiry {
    async fn answer(self, session: &Session) -> Answer {
        match self {
            Self::Versions(registry, package) => {
                let versions = session.client.published(&reachable(session, registry.clone()), &package).await;
                Answer::Versions(registry, package, versions)
            }
            Self::Package(registry, package, versions) => {
                let place = reachable(session, registry.clone());
                let described = session.client.describe_versions(&place, &package, versions).await;
                let releases = described.into_iter().map(|(version, description)| {
                    let (registry, package) = (registry.clone(), package.clone());
                    (Origin::Package { registry, package, version }, description)
                });
                Answer::Releases(releases.collect())
            }
            Self::Reference(reference) => {
                let origin = Origin::Reference(reference);
                let description = session.client.describe(&reachable_origin(session, origin.clone())).await;
                Answer::Releases(vec![(origin, description)])
            }
        }
    }
}
