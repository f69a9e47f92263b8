//! Several applications in one run: each after those that it has as folders, and as many at a time as there are jobs.
//!
//! From manifests in the order that they are told in to what became of each, in that order. One that others have is composed once.
//! Locks are written once all are done: applications of one workspace share a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use tokio::{runtime::Handle, task::JoinSet};

use super::{
    Built, Checked, Session, check,
    composed::{Composed, Folder, identity},
    default_output, emit_result,
    fingerprint::{Known, LastBuild, Unchanged},
    home, read_manifest, refuse_known, report, workspace,
};
use crate::diagnostic::{Diagnostic, Failure};

/// What became of several applications, in their order.
#[derive(Debug)]
pub struct Together<T> {
    /// Those that nothing was wrong with.
    pub done: Vec<(PathBuf, T)>,
    /// What is wrong with others. Those that have one of them as a folder were left.
    pub wrong: Vec<Diagnostic>,
}

/// Does for each of several applications what [`check`] does.
///
/// # Errors
/// When a manifest cannot be read.
pub async fn check_together(session: &Session, manifests: &[PathBuf]) -> Result<Together<Checked>, Failure> {
    let needs = manifests.iter().map(|path| Ok(needs(manifests, &workspace::folders(path)?)));
    let needs: Vec<BTreeSet<usize>> = needs.collect::<Result<_, Failure>>()?;
    let is_needed = |place: usize| needs.iter().any(|needs| needs.contains(&place));
    let mut waiting: BTreeSet<usize> = (0..manifests.len()).collect();
    let mut results: Vec<Option<Result<Checked, Failure>>> = manifests.iter().map(|_| None).collect();
    let mut running = JoinSet::new();
    let mut at_work: BTreeSet<usize> = BTreeSet::new();
    loop {
        let is_ready =
            |place: &&usize| needs[**place].iter().all(|need| !waiting.contains(need) && !at_work.contains(need));
        let ready = waiting.iter().find(is_ready).copied();
        // Folders that have each other are reported by whichever is composed first.
        let next = ready.or_else(|| waiting.first().copied().filter(|_| at_work.is_empty()));
        match next.filter(|_| at_work.len() < session.jobs.get()) {
            Some(place) => {
                waiting.remove(&place);
                if needs[place].iter().any(|need| matches!(results[*need], None | Some(Err(_)))) && ready.is_some() {
                    continue;
                }
                at_work.insert(place);
                let session = Session { manifest: manifests[place].clone(), ..session.clone() };
                let kept = is_needed(place).then(|| session.composed.clone());
                let executor = Handle::current();
                running.spawn_blocking(move || (place, executor.block_on(checked(&session, kept.as_ref()))));
            }
            None => match running.join_next().await {
                None => break,
                Some(Ok((place, result))) => {
                    at_work.remove(&place);
                    results[place] = Some(result);
                }
                Some(Err(crash)) => return Err(report::crashed(&crash).into()),
            },
        }
    }
    let mut together = Together { done: Vec::new(), wrong: Vec::new() };
    for (manifest, result) in manifests.iter().zip(results) {
        match result {
            Some(Ok(checked)) => together.done.push((manifest.clone(), checked)),
            Some(Err(failure)) => together.wrong.extend_from_slice(failure.diagnostics()),
            None => {}
        }
    }
    Ok(together)
}

/// What became of an application that was to be built.
#[derive(Debug)]
pub enum Made {
    /// Its result is what would be built.
    Unchanged(Unchanged),
    /// It was built.
    Built(Box<Built>),
}

/// Builds those of several applications of which anything has changed, each into its default place.
///
/// # Errors
/// When a manifest cannot be read, or a lock or a result cannot be written.
pub async fn build_together(session: &Session, manifests: &[PathBuf]) -> Result<Together<Made>, Failure> {
    let of = |manifest: &PathBuf| Session { manifest: manifest.clone(), ..session.clone() };
    let mut made: BTreeMap<&PathBuf, Made> = BTreeMap::new();
    for manifest in manifests {
        let session = of(manifest);
        let unchanged = LastBuild::of(&session).unchanged_and_unmoved(&session, None).await;
        made.extend(unchanged.map(|done| (manifest, Made::Unchanged(done))));
    }
    let changed: Vec<PathBuf> = manifests.iter().filter(|manifest| !made.contains_key(manifest)).cloned().collect();
    // Before anything is read: what changes meanwhile is built anew the next time.
    let mut known: Vec<Known> = changed.iter().map(|manifest| known(&of(manifest))).collect();
    let Together { done, wrong } = check_together(session, &changed).await?;
    home::write([], done.iter().flat_map(|(_, checked)| &checked.planned.stale_locks))?;
    for (manifest, mut checked) in done {
        let Some(place) = changed.iter().position(|changed| *changed == manifest) else { continue };
        let session = of(&manifest);
        let path = default_output(&session, &checked.planned.manifest);
        checked.planned.known = std::mem::take(&mut known[place]);
        refuse_known(&session, &checked.planned.manifest, &checked.planned.known, &path)?;
        let built = emit_result(&session, checked, path)?;
        made.insert(&changed[place], Made::Built(Box::new(built)));
    }
    let done = manifests.iter().filter_map(|manifest| Some((manifest.clone(), made.remove(manifest)?)));
    Ok(Together { done: done.collect(), wrong })
}

/// The files of an application; what is wrong with its manifest, whoever composes it says.
fn known(session: &Session) -> Known {
    let known = Known::before(session, LastBuild::default());
    match read_manifest(&session.manifest) {
        Ok(manifest) => known.and_of(session, &manifest),
        Err(_) => Known::default(),
    }
}

/// Checks an application, and keeps it where others have it as a folder.
async fn checked(session: &Session, kept: Option<&Composed>) -> Result<Checked, Failure> {
    let checked = check(session).await?;
    if let Some(kept) = kept {
        let folder = Folder::of(&session.manifest, &checked.planned, &checked.component);
        kept.insert(&session.manifest, Arc::new(folder));
    }
    Ok(checked)
}

/// The places of those manifests that are among the folders.
fn needs(manifests: &[PathBuf], folders: &[PathBuf]) -> BTreeSet<usize> {
    let folders: BTreeSet<PathBuf> = folders.iter().map(|path| identity(path)).collect();
    let needed = manifests.iter().enumerate().filter(|(_, manifest)| folders.contains(&identity(manifest)));
    needed.map(|(place, _)| place).collect()
}
