//! The driver: runs the phases one after the other for a manifest on disk, and is the only part of this crate that waits.
//!
//! From a [`Session`] (where the manifest is, how to reach registries, what may change) to a [`Planned`], [`Checked`] or
//! [`Built`] application. It reads files, asks the registry client what resolution wants to know, and writes the lock and the
//! result at the very end; what is decided is decided by the phases.

mod automatic;
mod change;
mod choose;
mod composed;
mod consumers;
mod fingerprint;
mod home;
mod load;
mod push_check;
mod registries;
mod report;
mod revision;
mod tags;
mod together;
mod update;
mod vendor;
mod wit_fetch;
mod wit_reader;
mod workspace;

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_client::{Client, Registry};
use wit::World;

use crate::{
    diagnostic::{Code, Diagnostic, Failure, SourceText, shown},
    emit, encode,
    lock::{Changes, Lock},
    manifest::{self, Manifest},
    memory::Memory,
    part::Part,
    plan::Plan,
    provenance::Provenance,
    resolve::{Catalog, Evidence, Resolution},
    validate::{self, Proving, Validated, validator},
};
pub use automatic::Automatic;
pub use change::{Added, Checking, Edited, Wish, plan_add, plan_remove, write_edited};
pub use composed::Composed;
pub use consumers::{Consumer, is_of_application, read_consumer, read_consumers};
use fingerprint::Known;
pub use fingerprint::{LastBuild, Summary, Unchanged};
use home::{Home, StaleLock};
pub use push_check::breaking_changes;
pub use registries::{RegistryRules, registry_of};
pub use together::{Made, Together, build_together, check_together};
pub use update::{Standing, StandingSource, newest, outdated, plan_precise, plan_update};
pub use vendor::{Vendored, Vendoring, vendor};
pub use wit_fetch::{Renewal, WitPlan, plan_wit, wit_out_of_date, write_wit};
pub use wit_reader::{Wit, WitReader, read_local_wit, unreadable as unreadable_wit};
pub use workspace::{Member, applications, members, named_member, workspace_of};

/// What the driver is doing, for whoever shows progress.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A component that is a folder with a manifest of its own is being built.
    Nested {
        /// That manifest.
        manifest: PathBuf,
    },
    /// Versions are being chosen.
    Resolving,
    /// Components are being fetched and read.
    Loading {
        /// How many.
        components: usize,
    },
    /// Links are being decided.
    Planning,
    /// The result is being laid out.
    Encoding,
    /// The result is being proved.
    Validating,
}

/// Where events go.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// Whether the lock may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// It is written when it would change.
    Free,
    /// It is an error if it would change.
    Locked,
}

/// A manifest on disk and the means to compose it.
#[derive(Clone)]
pub struct Session {
    /// The manifest, as the person named it.
    pub manifest: PathBuf,
    /// Access to registries and the store; also says whether the network may be used.
    pub client: Client,
    /// Which registries packages come from that the manifest says nothing about.
    pub rules: RegistryRules,
    /// Whether the lock may change.
    pub locking: Locking,
    /// Which registries may provide what nothing else provides.
    pub automatic: Automatic,
    /// Where the bytes of registries come from.
    pub vendoring: Vendoring,
    /// The applications that were composed with this session, so that none is composed twice.
    pub composed: Composed,
    /// How many components are read at a time.
    pub jobs: NonZeroUsize,
    /// Where events go.
    pub events: EventSink,
}

impl Session {
    /// The same, where what was vendored does not count: there may be something newer elsewhere.
    fn beyond_vendor(&self) -> Self {
        Self { vendoring: Vendoring::Registries, ..self.clone() }
    }

    /// The same, where the lock must not change.
    #[must_use]
    pub fn locked(&self) -> Self {
        Self { locking: Locking::Locked, ..self.clone() }
    }
}

/// A composition in which everything is decided.
#[derive(Debug)]
pub struct Planned {
    /// The manifest.
    pub manifest: Manifest,
    /// Its components, in its order.
    pub parts: Vec<Part>,
    /// What was decided.
    pub plan: Plan,
    /// What the lock must say.
    pub lock: Lock,
    /// What it says otherwise than the lock on disk.
    pub changes: Changes,
    /// Findings that do not keep the application from being built.
    pub warnings: Vec<Diagnostic>,
    /// The manifests of the folders in it, and of those in these, with their locks.
    pub nested: Vec<(PathBuf, Lock)>,
    /// The file that its lock is in.
    pub lock_path: PathBuf,
    target: Option<World>,
    memory: Arc<Memory>,
    known: Known,
    stale_locks: Vec<StaleLock>,
    /// The text that the manifest shall have.
    edited: Option<(PathBuf, String)>,
}

impl Planned {
    /// The lock files, of this application and of the folders in it, that do not say what they must.
    pub fn stale_locks(&self) -> impl Iterator<Item = &Path> {
        self.stale_locks.iter().map(|stale| stale.path.as_path())
    }
}

/// A composition whose result is proved.
#[derive(Debug)]
pub struct Checked {
    /// What was decided.
    pub planned: Planned,
    /// The result.
    pub component: Validated,
}

/// A composition whose result is in a file.
#[derive(Debug)]
pub struct Built {
    /// What was decided.
    pub planned: Planned,
    /// The result.
    pub component: Validated,
    /// The file.
    pub path: PathBuf,
}

impl Built {
    /// The result, in numbers and names.
    pub fn summary(&self) -> Summary {
        let plan = &self.planned.plan;
        let digests: BTreeSet<_> = plan.instances.iter().map(|instance| instance.digest).collect();
        Summary {
            size: self.component.size(),
            savings: self.component.savings(),
            instances: plan.instances.len(),
            components: digests.len(),
            host_imports: plan.host_imports.iter().map(|import| import.name.to_string()).collect(),
            exports: plan.exports.iter().map(|export| export.name.to_string()).collect(),
        }
    }
}

/// The manifest of the application that a directory belongs to: its own, or the nearest one above it.
pub fn find_manifest(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|directory| directory.join(manifest::FILE_NAME)).find(|path| path.is_file())
}

/// Chooses the versions of an application by what its lock and its registries say, and downloads no component.
///
/// Whether the components that were chosen can be linked is found out by [`plan()`], which may choose others for that.
///
/// # Errors
/// What is wrong with the manifest or the lock, and what keeps versions from being chosen.
pub async fn resolve(session: &Session) -> Result<Resolution, Failure> {
    let mut manifest = read_manifest(&session.manifest)?;
    let home = home_of(session, &manifest)?;
    let lock = home.lock();
    registries::assign(session, &mut manifest, lock).await?;
    let session = &vendoring(session, &manifest);
    choose::choose(session, &manifest, lock, &mut Catalog::default(), &Evidence::default()).await
}

/// Decides everything about an application; writes nothing but what is downloaded into the store.
///
/// # Errors
/// All that is wrong in the first phase that finds something wrong.
pub async fn plan(session: &Session) -> Result<Planned, Failure> {
    plan_from(session, Basis::read(session)?, &[]).await
}

/// Decides everything about an application as if its manifest had this text; writes nothing but what is downloaded.
///
/// # Errors
/// As [`plan()`].
pub async fn plan_as(session: &Session, text: String) -> Result<Planned, Failure> {
    let manifest = parse_manifest(&session.manifest, text.as_str())?;
    let basis = Basis { edited: Some((session.manifest.clone(), text)), ..Basis::of(session, manifest)? };
    plan_from(session, basis, &[]).await
}

/// Writes what a plan says otherwise than the files: the manifest where it was planned with another text, and locks. All or none.
///
/// # Errors
/// When a file cannot be written.
pub fn write(planned: &Planned) -> Result<(), Failure> {
    Ok(home::write(&planned.edited, &planned.stale_locks)?)
}

/// Decides everything, and writes the lock where it changes.
///
/// # Errors
/// As [`plan()`], and when the lock cannot be written.
pub async fn lock(session: &Session) -> Result<Planned, Failure> {
    let planned = plan(session).await?;
    write(&planned)?;
    Ok(planned)
}

/// Does everything that [`build`] does except writing files.
///
/// # Errors
/// As [`plan()`], and when the result is not valid.
pub async fn check(session: &Session) -> Result<Checked, Failure> {
    checked(session, plan(session).await?)
}

fn checked(session: &Session, planned: Planned) -> Result<Checked, Failure> {
    let component = compose(session, &planned)?;
    Ok(Checked { planned, component })
}

/// Builds an application into one component, by default in `target/compose/` beside the manifest. What is known of its last build
/// need not be found out anew.
///
/// # Errors
/// As [`check`], and when the lock or the result cannot be written.
pub async fn build(session: &Session, output: Option<&Path>, last: LastBuild) -> Result<Built, Failure> {
    let planned = plan_from(session, Basis::since(session, last)?, &[]).await?;
    let checked = checked(session, planned)?;
    let path = output.map_or_else(|| default_output(session, &checked.planned.manifest), Path::to_path_buf);
    refuse_known(session, &checked.planned.manifest, &checked.planned.known, &path)?;
    write(&checked.planned)?;
    emit_result(session, checked, path)
}

/// Refuses to write what is made of an application over something that it is made of itself.
///
/// # Errors
/// [`Code::OutputIsInput`], and when the manifest is wrong.
pub fn refuse_inputs(session: &Session, path: &Path) -> Result<(), Failure> {
    let manifest = read_manifest(&session.manifest)?;
    let known = Known::before(session, LastBuild::default()).and_of(session, &manifest);
    Ok(refuse_known(session, &manifest, &known, path)?)
}

/// The same, where the files are known.
fn refuse_known(session: &Session, manifest: &Manifest, known: &Known, path: &Path) -> Result<(), Diagnostic> {
    match known.input(session, manifest, path) {
        Some(input) => Err(report::output_is_input(path, input)),
        None => Ok(()),
    }
}

/// Writes a result, and notes what it was made of.
fn emit_result(session: &Session, checked: Checked, path: PathBuf) -> Result<Built, Failure> {
    let Checked { mut planned, component } = checked;
    let emitted = emit::emit(&component, &path, session.jobs).inspect_err(|_| {
        // An input is not what it was remembered as: the next build reads everything anew.
        fingerprint::forget(session);
        planned.parts.iter().for_each(|part| planned.memory.forget_shell(part.digest()));
    })?;
    let known = std::mem::take(&mut planned.known);
    let built = Built { planned, component, path };
    fingerprint::keep(session, &built, &emitted, known);
    emit::sweep(&directory_of(&session.manifest).join(OUTPUT_DIRECTORY));
    Ok(built)
}

/// Where results go when nothing else is said, beside the manifest.
const OUTPUT_DIRECTORY: &str = "target/compose";

fn default_output(session: &Session, manifest: &Manifest) -> PathBuf {
    directory_of(&session.manifest).join(OUTPUT_DIRECTORY).join(manifest.output_name()).with_extension("wasm")
}

/// Where an application lives. What its lock knows of registries, they have to agree with from now on.
fn home_of(session: &Session, manifest: &Manifest) -> Result<Home, Failure> {
    let home = Home::of(&session.manifest, manifest)?;
    for (registry, log) in home.logs() {
        session.client.remember(registry, log);
    }
    Ok(home)
}

/// The directory that a manifest's paths are relative to.
fn directory_of(manifest: &Path) -> &Path {
    manifest.parent().unwrap_or(Path::new(""))
}

fn compose(session: &Session, planned: &Planned) -> Result<Validated, Failure> {
    let Planned { manifest, parts, plan, target, memory, .. } = planned;
    (session.events)(Event::Encoding);
    let layout = encode::encode(plan, parts, &Provenance::new(manifest, parts, plan), manifest.build);
    // Reading a component's type does not look at all of it, so that the encoder may be the first to see what is broken.
    let layout = layout.map_err(|error| match error.code {
        Code::Internal => validate::culprit(manifest, parts).unwrap_or(error),
        _ => error,
    })?;
    (session.events)(Event::Validating);
    let proving = Proving { jobs: session.jobs, memory };
    let component = validate::validate(layout, manifest, parts, target.as_ref(), proving)?;
    memory.keep();
    Ok(component)
}

/// What an application is planned from: what its files say, unless a command wants something else.
struct Basis {
    manifest: Manifest,
    home: Home,
    /// The choices to hold on to.
    lock: Option<Lock>,
    /// The text that the manifest shall have.
    edited: Option<(PathBuf, String)>,
    /// Its files, and what is known of them.
    known: Known,
    /// What is remembered of its components.
    memory: Arc<Memory>,
}

impl Basis {
    fn read(session: &Session) -> Result<Self, Failure> {
        Self::since(session, LastBuild::of(session))
    }

    /// The same, where what is known of the last build need not be found out.
    fn since(session: &Session, last: LastBuild) -> Result<Self, Failure> {
        let known = Known::before(session, last);
        let manifest = read_manifest(&session.manifest)?;
        if !manifest.is_application() {
            return Err(report::workspace_alone(&manifest, &members(&session.manifest, &manifest)?).into());
        }
        Self::with(session, manifest, known)
    }

    fn of(session: &Session, manifest: Manifest) -> Result<Self, Failure> {
        Self::with(session, manifest, Known::before(session, LastBuild::of(session)))
    }

    fn with(session: &Session, manifest: Manifest, known: Known) -> Result<Self, Failure> {
        let memory = remembered(session);
        let known = known.and_of(session, &manifest);
        let home = home_of(session, &manifest)?;
        let lock = home.lock().cloned();
        Ok(Self { manifest, home, lock, edited: None, known, memory })
    }
}

/// What is remembered of the components of a session's application; where there are other processors, those recall it while this one
/// goes on.
fn remembered(session: &Session) -> Arc<Memory> {
    let memory = Arc::new(Memory::of(session.client.store(), &session.manifest, validator()));
    let helpers = session.jobs.get() - 1;
    if helpers > 0 {
        let memory = Arc::clone(&memory);
        tokio::task::spawn_blocking(move || memory.recall_all(helpers));
    }
    memory
}

/// Plans the application of a session that may be a component of others, whose manifests are `above`, outermost first.
async fn plan_from(session: &Session, basis: Basis, above: &[PathBuf]) -> Result<Planned, Failure> {
    let Basis { mut manifest, home, lock: held, edited, known, memory } = basis;
    registries::assign(session, &mut manifest, held.as_ref()).await?;
    let session = &vendoring(session, &manifest);
    let mut asked = Vec::new();
    if session.locking == Locking::Locked
        && let Some(lock) = &held
    {
        asked = Failure::check(tags::check(session, &manifest, lock).await)?;
    }
    let around = load::Around { known: &known, memory: &memory, above };
    let choose::Settled { manifest, resolution, loaded, target, plan, mut warnings } =
        choose::settle(session, manifest, around, held.as_ref(), home.lock()).await.map_err(|u| u.failure)?;
    let load::Loaded { parts, warnings: mut earlier, mut stale_locks, nested, .. } = loaded;
    earlier.append(&mut asked);
    earlier.append(&mut warnings);
    let mut lock = Lock::new(&resolution, &plan);
    lock.wit = home.lock().map(|lock| lock.wit.clone()).unwrap_or_default();
    let text = home.text_with(&lock);
    let mut changes = Changes::default();
    if text != home.text() {
        if session.locking == Locking::Locked {
            return Err(report::lock_out_of_date(&home.lock_path, home.text(), &text).into());
        }
        changes = Changes::between(home.lock().unwrap_or(&Lock::default()), &lock);
        stale_locks.push(home.stale(&lock));
    }
    let lock_path = home.lock_path;
    let warnings = earlier;
    Ok(Planned {
        manifest,
        parts,
        plan,
        lock,
        changes,
        warnings,
        nested,
        lock_path,
        target,
        memory,
        known,
        stale_locks,
        edited,
    })
}

/// Reads the manifest at a path.
///
/// # Errors
/// When there is none, or everything that is wrong with it.
pub fn read_manifest(path: &Path) -> Result<Manifest, Failure> {
    let text = load::read_text(path).map_err(|error| report::unreadable_manifest(path, &error))?;
    parse_manifest(path, text)
}

/// Reads the text of the manifest at a path, with what the workspace that it is in says for it.
fn parse_manifest(path: &Path, text: impl Into<String>) -> Result<Manifest, Failure> {
    let source = SourceText::new(shown(path), text.into());
    Manifest::parse_in(&source, &workspace::inherited(path, source.text())?)
}

/// The same session, where a manifest says that everything is in a directory.
fn vendoring(session: &Session, manifest: &Manifest) -> Session {
    let vendoring = match (&session.vendoring, &manifest.vendor) {
        (Vendoring::Manifest, Some(vendor)) => Vendoring::Directory(directory_of(&session.manifest).join(vendor)),
        (vendoring, _) => vendoring.clone(),
    };
    Session { vendoring, ..session.clone() }
}

/// The registry as it can be reached from where the program runs: the manifest names directories relative to itself.
fn reachable(session: &Session, registry: Registry) -> Registry {
    match &session.vendoring {
        Vendoring::Directory(directory) => Registry::Directory(directory.clone()),
        Vendoring::Manifest | Vendoring::Registries => registry.relative_to(directory_of(&session.manifest)),
    }
}

fn reachable_origin(session: &Session, origin: registry_client::Origin) -> registry_client::Origin {
    if let Vendoring::Directory(directory) = &session.vendoring {
        return vendor::vendored(directory, &origin);
    }
    match origin {
        registry_client::Origin::Package { registry, package, version } => {
            registry_client::Origin::Package { registry: reachable(session, registry), package, version }
        }
        reference @ registry_client::Origin::Reference(_) => reference,
    }
}
