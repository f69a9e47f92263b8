//! `deps`: fetches what a directory of WIT refers to, and locks it.
//!
//! From the directory to a [`WitPlan`]: what must be in its `deps`, what no longer belongs there, and the lock. Nothing is written
//! before the directory is read with its new `deps`.
//!
//! What its texts refer to comes from registries, one file `NAMESPACE-NAME-VERSION/package.wit` a package, as `wkg wit fetch` names
//! them. Packages that somebody put into `deps` under other names are left as they are, and not fetched. `wkg.toml` beside the
//! directory may say that a package comes from a path, or which version is taken; the lock is `compose.lock` beside it, and what
//! that does not have yet is taken as `wkg.lock` has it.

mod wkg;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use futures::{StreamExt, TryStreamExt, stream};
use registry_client::{Origin, PackageName, Registry, Release};
use semver::VersionReq;
use wit::{
    DEPS, Package,
    dependencies::{self, VersionedPackage},
};

use self::wkg::{LockedVersion, Overrides, WkgLock};
use super::{
    Locking, directory_of,
    home::{Home, StaleLock, write},
    read_manifest, report,
    wit_reader::{Wit, WitReader, is_wit, unreadable},
};
use crate::{
    diagnostic::{Code, Diagnostic, Failure, shown},
    emit,
    lock::{Lock, LockedSource},
    manifest, registry_report,
};

/// The one file of a package that was fetched.
const FILE: &str = "package.wit";

/// How many packages are fetched at a time; the client bounds its downloads itself.
const FETCHES_AT_A_TIME: usize = 8;

/// Which packages are chosen anew, whatever the lock has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// None but those that the lock does not have.
    Nothing,
    /// All of them.
    Everything,
    /// All versions of the packages of these names.
    Packages(Vec<wit::PackageName>),
}

impl Renewal {
    fn concerns(&self, package: &VersionedPackage) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Packages(packages) => packages.contains(&package.name),
        }
    }
}

/// What the `deps` of a WIT directory must be.
#[derive(Debug)]
pub struct WitPlan {
    /// The package in the directory.
    pub package: String,
    /// What it is given from registries and paths, and where each is from; sorted.
    pub fetched: Vec<(String, String)>,
    /// What the lock had otherwise, and what is different now, in words.
    pub renewed: Vec<(String, String)>,
    /// What was in `deps` already, and is left as it is.
    pub kept: Vec<String>,
    /// What no longer belongs there.
    pub obsolete: Vec<PathBuf>,
    /// The files that are not there, or are different.
    pub stale: Vec<(PathBuf, String)>,
    lock: Option<StaleLock>,
}

impl WitPlan {
    /// Whether nothing is to be written.
    pub fn is_current(&self) -> bool {
        self.stale.is_empty() && self.obsolete.is_empty() && self.lock.is_none()
    }

    /// The lock file, if it is to be written.
    pub fn stale_lock(&self) -> Option<&Path> {
        self.lock.as_ref().map(|lock| lock.path.as_path())
    }
}

/// Decides what the `deps` of a WIT directory must be; writes nothing but what is downloaded into the store.
///
/// # Errors
/// When the directory is no WIT, something that it refers to cannot be had, or does not fit, and, where the lock must not change,
/// when it would.
pub async fn plan_wit(
    reader: &WitReader<'_>,
    directory: &Path,
    locking: Locking,
    renewal: &Renewal,
) -> Result<WitPlan, Failure> {
    let files = wit::directory(directory).map_err(|error| no_directory(directory, &error))?;
    let name = shown(directory);
    // All that is further down is in `deps`.
    let (present, own): (BTreeMap<_, _>, BTreeMap<_, _>) = files.into_iter().partition(|(path, _)| path.contains('/'));
    let main = dependencies::needs(&name, &own).map_err(|error| unreadable(&error))?;
    let present = Present::read(&name, present)?;
    let mut needed = main.needed;
    needed.extend(present.needed.iter().cloned());
    needed.retain(|package| !present.kept.contains(package) && *package != main.package);

    check_names(renewal, &needed, &name)?;

    let beside = &around(directory);
    let overrides = Overrides::read(beside)?;
    let home = home(beside)?;
    let held = home.lock().map(|lock| lock.wit.clone()).unwrap_or_default();
    let is_new = |package: &VersionedPackage| !held.contains_key(&package.to_string()) && !renewal.concerns(package);
    let wkg_lock = if needed.iter().any(is_new) { WkgLock::read(beside)? } else { WkgLock::default() };
    let fetches = needed.iter().map(|package| {
        let locked = held.get(&package.to_string()).filter(|_| !renewal.concerns(package));
        let wkg_lock = Some(&wkg_lock).filter(|_| is_new(package));
        let fetch = Fetch { reader, beside, overrides: &overrides, locked, wkg_lock };
        async move { fetch.package(package).await }
    });
    let found: Vec<Found> = stream::iter(fetches).buffered(FETCHES_AT_A_TIME).try_collect().await?;

    let packages: Vec<Package> = found.iter().map(|found| found.package.clone()).collect();
    let mut texts = dependencies::texts(&packages).map_err(|error| unreadable(&error))?;
    texts.retain(|package, _| *package != main.package && !present.kept.contains(package));
    prove(&name, own, &present, &texts)?;

    let lock = Lock { wit: locked(&found), ..home.lock().cloned().unwrap_or_default() };
    let text = home.text_with(&lock);
    let is_locked = text == home.text() || (lock == Lock::default() && home.text().is_empty());
    if !is_locked && locking == Locking::Locked {
        let command = match renewal {
            Renewal::Nothing => "compose wit fetch",
            Renewal::Everything | Renewal::Packages(_) => "compose wit update",
        };
        let hints = vec![format!("write it, look at the change and commit it\n{command}")];
        return Err(Diagnostic { hints, ..report::lock_out_of_date(&home.lock_path, home.text(), &text) }.into());
    }
    let deps = directory.join(DEPS);
    let is_obsolete = |entry: &&String| !texts.keys().any(|package| directory_name(package) == **entry);
    let stale = texts.iter().map(|(package, text)| (deps.join(directory_name(package)).join(FILE), text));
    let stale = stale.filter(|(path, text)| fs::read(path).map_or(true, |there| there != text.as_bytes()));
    let renewed = found.iter().filter_map(|found| {
        let before = held.get(&found.needed.to_string())?;
        Some((found.needed.name.to_string(), difference(before, found.locked.as_ref()?)?))
    });
    Ok(WitPlan {
        renewed: renewed.collect(),
        package: main.package.to_string(),
        fetched: found.into_iter().map(|found| (found.package.to_string(), found.from)).collect(),
        kept: present.kept.iter().map(ToString::to_string).collect(),
        obsolete: present.generated.iter().filter(is_obsolete).map(|entry| deps.join(entry)).collect(),
        stale: stale.map(|(path, text)| (path, text.clone())).collect(),
        lock: (!is_locked).then(|| home.stale(&lock)),
    })
}

/// What is different about what is locked, in words; nothing where it is the same.
fn difference(before: &LockedSource, after: &LockedSource) -> Option<String> {
    match (before, after) {
        (LockedSource::Package { version: old, .. }, LockedSource::Package { version: new, .. }) if old != new => {
            Some(format!("{old} -> {new}"))
        }
        (LockedSource::Package { registry: old, .. }, LockedSource::Package { registry: new, .. }) if old != new => {
            Some(format!("from {new}, was from {old}"))
        }
        (LockedSource::Package { release: old, version, .. }, LockedSource::Package { release: new, .. })
            if old != new =>
        {
            Some(format!("{version}, which was published again"))
        }
        _ => None,
    }
}

/// Whether what is to be chosen anew is referred to at all.
fn check_names(renewal: &Renewal, needed: &BTreeSet<VersionedPackage>, name: &str) -> Result<(), Diagnostic> {
    let Renewal::Packages(packages) = renewal else { return Ok(()) };
    let unknown = packages.iter().find(|package| needed.iter().all(|needed| needed.name != **package));
    let Some(package) = unknown else { return Ok(()) };
    let names: Vec<String> = needed.iter().map(ToString::to_string).collect();
    let note = match &names[..] {
        [] => format!("`{name}` refers to no other package"),
        names => format!("it refers to {}", names.join(", ")),
    };
    Err(Diagnostic::error(Code::UnknownName, format!("`{name}` does not refer to `{package}`")).note(note))
}

/// Writes `deps` and the lock.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn write_wit(plan: &WitPlan) -> Result<(), Failure> {
    emit::replace_all(plan.stale.iter().map(|(path, text)| (path.as_path(), text.as_bytes())))?;
    for path in &plan.obsolete {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(|error| {
            let message = format!("cannot remove `{}`", shown(path));
            Diagnostic::error(Code::OutputUnwritable, message).note(error.to_string())
        })?;
    }
    Ok(write([], &plan.lock)?)
}

/// Says that `deps` or the lock is not what it must be.
pub fn wit_out_of_date(plan: &WitPlan, directory: &Path) -> Diagnostic {
    let message = format!("`{}` is not what `{}` needs", shown(&directory.join(DEPS)), plan.package);
    let stale = plan.stale.iter().map(|(path, _)| {
        let what = if path.exists() { "is different" } else { "is not there" };
        format!("`{}` {what}", shown(path))
    });
    let obsolete = plan.obsolete.iter().map(|path| format!("`{}` does not belong there", shown(path)));
    let lock = plan.stale_lock().map(|path| format!("`{}` would change", shown(path)));
    Diagnostic::error(Code::WitOutOfDate, message)
        .notes(stale.chain(obsolete).chain(lock))
        .hint("bring it up to date, and commit it\ncompose wit fetch")
}

/// What `deps` has.
struct Present {
    /// The packages that were put there by hand.
    kept: BTreeSet<VersionedPackage>,
    /// What those refer to.
    needed: BTreeSet<VersionedPackage>,
    /// Their files, by their paths within the WIT directory.
    files: BTreeMap<String, Vec<u8>>,
    /// The entries that were fetched.
    generated: BTreeSet<String>,
}

impl Present {
    fn read(name: &str, files: BTreeMap<String, Vec<u8>>) -> Result<Self, Diagnostic> {
        let mut entries: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for (path, bytes) in files {
            let Some((_, within)) = path.split_once('/') else { continue };
            let (entry, file) = within.split_once('/').unwrap_or((within, within));
            entries.entry(entry.to_owned()).or_default().insert(file.to_owned(), bytes);
        }
        let (kept, needed) = (BTreeSet::new(), BTreeSet::new());
        let mut present = Self { kept, needed, files: BTreeMap::new(), generated: BTreeSet::new() };
        for (entry, files) in entries {
            let shown = format!("{name}/{DEPS}/{entry}");
            let wrong = |error| {
                unreadable(&error).hint(format!("mend it, or remove it: `compose wit fetch` may put it back\n{shown}"))
            };
            let binary = files.get(&entry).filter(|_| entry.ends_with(".wasm"));
            if let Some(bytes) = binary {
                let package = Package::from_bytes(&shown, bytes).map_err(wrong)?;
                let id = VersionedPackage { name: package.name(), version: package.version().cloned() };
                if entry == format!("{}.wasm", directory_name(&id)) {
                    present.generated.insert(entry);
                    continue;
                }
                present.kept.insert(id);
            } else {
                let needs = dependencies::needs(&shown, &files).map_err(wrong)?;
                if entry == directory_name(&needs.package) && files.keys().eq([FILE]) {
                    present.generated.insert(entry);
                    continue;
                }
                present.kept.insert(needs.package);
                present.needed.extend(needs.needed);
            }
            let path =
                |file: &str| if file == entry { format!("{DEPS}/{entry}") } else { format!("{DEPS}/{entry}/{file}") };
            present.files.extend(files.into_iter().map(|(file, bytes)| (path(&file), bytes)));
        }
        Ok(present)
    }
}

/// `wasi-http-0.2.3`, as `wkg` has it.
fn directory_name(package: &VersionedPackage) -> String {
    package.to_string().replace([':', '@'], "-")
}

/// The directory that a directory is in.
fn around(directory: &Path) -> PathBuf {
    match (directory.components().next_back(), directory.parent()) {
        (Some(Component::Normal(_)), Some(parent)) => parent.to_owned(),
        (Some(Component::ParentDir), _) => directory.join(".."),
        _ => PathBuf::from(".."),
    }
}

/// The lock that a WIT directory's is in: of the application beside it, or a file of its own.
fn home(beside: &Path) -> Result<Home, Failure> {
    let manifest = beside.join(manifest::FILE_NAME);
    if manifest.is_file() { Home::of(&manifest, &read_manifest(&manifest)?) } else { Home::beside(beside) }
}

/// Reads the directory with its new `deps`.
fn prove(
    name: &str,
    own: BTreeMap<String, Vec<u8>>,
    present: &Present,
    texts: &BTreeMap<VersionedPackage, String>,
) -> Result<(), Diagnostic> {
    let mut files = own;
    files.extend(present.files.clone());
    let path = |package| format!("{DEPS}/{}/{FILE}", directory_name(package));
    files.extend(texts.iter().map(|(package, text)| (path(package), text.clone().into_bytes())));
    Package::from_files(name, &files).map(drop).map_err(|error| unreadable(&error).note("nothing was written"))
}

/// A package that was found.
struct Found {
    needed: VersionedPackage,
    package: Package,
    /// Where it is from, in words.
    from: String,
    /// What the lock says of it; nothing for a path.
    locked: Option<LockedSource>,
}

fn locked(found: &[Found]) -> BTreeMap<String, LockedSource> {
    found.iter().filter_map(|found| Some((found.needed.to_string(), found.locked.clone()?))).collect()
}

/// How a package is found.
struct Fetch<'a> {
    reader: &'a WitReader<'a>,
    /// Where `wkg.toml` and the lock are.
    beside: &'a Path,
    overrides: &'a Overrides,
    locked: Option<&'a LockedSource>,
    /// What `wkg` has chosen, where that counts.
    wkg_lock: Option<&'a WkgLock>,
}

impl Fetch<'_> {
    async fn package(&self, needed: &VersionedPackage) -> Result<Found, Failure> {
        let overridden = self.overrides.of(&needed.name);
        if let Some(path) = overridden.and_then(|overridden| overridden.path.as_ref()) {
            let path = self.beside.join(path);
            let package = Package::from_path(&path).map_err(|error| {
                unreadable(&error).note(format!("`{}` takes `{}` from there", wkg::MANIFEST, needed.name))
            })?;
            let from = format!("`{}`", shown(&path));
            check_name(&package, needed, &from)
                .map_err(|wrong| wrong.hint(format!("mend `[overrides]` in `{}`", wkg::MANIFEST)))?;
            return Ok(Found { needed: needed.clone(), package, from, locked: None });
        }
        let requirement = match (overridden.and_then(|overridden| overridden.version.clone()), &needed.version) {
            (Some(requirement), _) => requirement,
            (None, Some(version)) => exactly(version),
            (None, None) => VersionReq::STAR,
        };
        let by_wkg = self.wkg_lock.and_then(|lock| lock.find(&needed.name, &requirement));
        let (origin, locked) = self.choose(needed, requirement, by_wkg).await?;
        let (LockedSource::Package { release, .. } | LockedSource::Reference { release, .. }) = &locked else {
            let message = format!("`compose.lock` has a path for `{needed}`, which must come from a registry");
            return Err(Diagnostic::error(Code::LockInvalid, message).hint("choose anew\ncompose wit update").into());
        };
        let bytes = self.reader.client.fetch(&origin, release).await;
        let bytes = bytes.map_err(|error| registry_report::fetch_diagnostic(&error))?;
        let Wit::Package(package) = Wit::of_bytes(&origin.to_string(), &bytes)? else {
            let message = format!("{origin} is a component, and `{needed}` is wanted as WIT");
            return Err(Diagnostic::error(Code::WorldUnreadable, message).hint(by_hand(needed)).into());
        };
        check_name(&package, needed, &origin.to_string()).map_err(|wrong| wrong.hint(by_hand(needed)))?;
        let mut from = match &origin {
            Origin::Package { registry, .. } => registry.to_string(),
            Origin::Reference(reference) => reference.to_string(),
        };
        if let Some(LockedVersion { version, .. }) = by_wkg {
            from.push_str(&format!(", in version {version} as `{}` has it", wkg::LOCK));
        }
        Ok(Found { needed: needed.clone(), package, from, locked: Some(locked) })
    }

    /// What is locked, while that satisfies the requirement; else what `wkg` has chosen, else the newest that does.
    async fn choose(
        &self,
        needed: &VersionedPackage,
        requirement: VersionReq,
        by_wkg: Option<&LockedVersion>,
    ) -> Result<(Origin, LockedSource), Failure> {
        if let Some(locked @ LockedSource::Package { package, requirement: same, registry, version, .. }) = self.locked
            && *same == requirement
        {
            let registry = registry.clone().relative_to(self.beside);
            let origin = Origin::Package { registry, package: package.clone(), version: version.clone() };
            return Ok((origin, locked.clone()));
        }
        let name = needed.name.to_string();
        let package = name.parse().map_err(|error: registry_client::PackageNameError| {
            let message = format!("`{needed}` cannot come from a registry");
            Diagnostic::error(Code::PackageNotFound, message)
                .note(error.to_string())
                .hint(format!("put it into `{DEPS}` by hand"))
        })?;
        let (origin, release) = match by_wkg {
            Some(chosen) => self.chosen_by_wkg(&package, chosen).await?,
            None => {
                let origin = self.reader.newest(&package, &requirement).await?;
                let release = self.reader.release(&origin).await?;
                (origin, release)
            }
        };
        let Origin::Package { registry, version, .. } = origin.clone() else {
            unreachable!("the newest version of a package is one of a package")
        };
        // The lock names a directory as the manifest does: relative to itself.
        let registry = match registry {
            Registry::Directory(path) => {
                Registry::Directory(path.strip_prefix(self.base()).map(Path::to_owned).unwrap_or(path))
            }
            other => other,
        };
        Ok((origin, LockedSource::Package { package, requirement, registry, version, release }))
    }

    /// Where the lock is, in the words of the manifest that is there, too.
    fn base(&self) -> &Path {
        let canonical = |path: &Path| fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path });
        let manifest = self.reader.around.map(|(_, manifest)| directory_of(manifest));
        let is_here = |directory: &&Path| {
            canonical(directory).is_ok_and(|one| canonical(self.beside).is_ok_and(|other| one == other))
        };
        manifest.filter(is_here).unwrap_or(self.beside)
    }

    /// The version that `wkg` has chosen, if it still is what it was then.
    async fn chosen_by_wkg(&self, package: &PackageName, chosen: &LockedVersion) -> Result<(Origin, Release), Failure> {
        let LockedVersion { version, digest, .. } = chosen;
        let hint = || format!("take what there is now, and commit `compose.lock`\ncompose wit update {package}");
        let found = self.reader.newest(package, &exactly(version)).await;
        let origin = found.map_err(|failure| {
            failure.map(|diagnostic| match diagnostic.code {
                Code::VersionNotFound => diagnostic.note(format!("`{}` has {version}", wkg::LOCK)).hint(hint()),
                _ => diagnostic,
            })
        })?;
        let release = self.reader.release(&origin).await?;
        if release.component.digest == *digest {
            return Ok((origin, release));
        }
        let message = format!("{origin} is not what it was when `wkg` locked it");
        Err(Diagnostic::error(Code::TagMoved, message)
            .note(format!("`{}` has {digest}", wkg::LOCK))
            .note(format!("the registry has {}", release.component.digest))
            .hint(hint())
            .into())
    }
}

/// Whether what was found is the package that is needed.
fn check_name(package: &Package, needed: &VersionedPackage, from: &str) -> Result<(), Diagnostic> {
    if package.name() == needed.name {
        return Ok(());
    }
    let message = format!("{from} has the WIT of `{package}`, and `{needed}` is wanted");
    Err(Diagnostic::error(Code::WorldUnreadable, message))
}

fn by_hand(needed: &VersionedPackage) -> String {
    format!("put the WIT of `{}` into `{DEPS}` by hand, or say in `{}` where it is", needed.name, wkg::MANIFEST)
}

/// The requirement that only this version satisfies.
fn exactly(version: &semver::Version) -> VersionReq {
    let comparator = semver::Comparator {
        op: semver::Op::Exact,
        major: version.major,
        minor: Some(version.minor),
        patch: Some(version.patch),
        pre: version.pre.clone(),
    };
    VersionReq { comparators: vec![comparator] }
}

fn no_directory(directory: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot read the directory `{}`", shown(directory));
    let diagnostic = Diagnostic::error(Code::WorldUnreadable, message).note(error.to_string());
    match error.kind() {
        ErrorKind::NotFound => diagnostic.hint("name the directory that has the `.wit` files\ncompose wit fetch DIR"),
        ErrorKind::NotADirectory if is_wit(directory) => {
            let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            diagnostic.hint(format!("name the directory that it is in\ncompose wit fetch {}", shown(parent)))
        }
        ErrorKind::NotADirectory => diagnostic.hint("`deps` belong to a directory of `.wit` files: name that"),
        _ => diagnostic,
    }
}
