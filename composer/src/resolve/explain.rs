//! The words for a contradiction: from PubGrub's derivation to a paragraph about packages, versions and the manifest's lines.
//!
//! Of a derivation only its leaves are told, each once: which versions an entry may have (under its line of the manifest), which
//! version needs what of which other, and which entries must have one version. How they contradict each other follows, and a
//! chain of "because" and "so" would be longer and no clearer.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{External, VersionSet as _};
use semver::Version;

use super::{
    designation::Rule,
    model::{Kind, Model, Need},
    places::{Place, Places},
    solve::{Contradiction, Variable, solve},
};
use crate::diagnostic::{Code, Diagnostic, listed};

/// How many facts are told of one kind.
const MOST: usize = 8;

/// Every contradiction there is among entries that have no part in another one that was told, and what could be chosen for the
/// entries that have part in none.
pub(super) fn all(model: &Model<'_>, first: Contradiction) -> Explained {
    let mut told = BTreeSet::new();
    let mut diagnostics = Vec::new();
    let mut contradiction = first;
    loop {
        let facts = Facts::of(&contradiction, model);
        diagnostics.push(diagnostic(model, &facts));
        told.extend(facts.entries());
        match solve(model, &told) {
            Ok(rest) => return Explained { diagnostics, told, rest },
            Err(another) => contradiction = another,
        }
    }
}

/// Contradictions in words, and what is left.
pub(super) struct Explained {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The entries that were spoken of.
    pub(super) told: BTreeSet<usize>,
    /// The places of the others.
    pub(super) rest: Vec<Place>,
}

/// The leaves of a derivation.
#[derive(Default)]
struct Facts {
    /// Which versions the manifest allows an entry.
    allowed: BTreeSet<usize>,
    /// What some versions of an entry need of another: consumer, provider, and what is allowed to which places.
    needs: BTreeMap<(usize, usize), Vec<(Places, Places)>>,
    /// Packages of which several entries must have one version.
    shared: BTreeSet<usize>,
}

impl Facts {
    fn of(contradiction: &Contradiction, model: &Model<'_>) -> Self {
        let mut facts = Self::default();
        let mut seen = BTreeSet::new();
        let mut unread = vec![contradiction];
        while let Some(derivation) = unread.pop() {
            match derivation {
                Contradiction::Derived(derived) => {
                    if derived.shared_id.is_none_or(|id| seen.insert(id)) {
                        unread.extend([&*derived.cause1, &*derived.cause2]);
                    }
                }
                Contradiction::External(External::FromDependencyOf(consumer, versions, provider, allowed)) => {
                    facts.note(*consumer, versions, *provider, allowed, model);
                }
                Contradiction::External(External::NotRoot(..) | External::NoVersions(..)) => {}
                Contradiction::External(External::Custom(_, _, never)) => match *never {},
            }
        }
        facts
    }

    fn note(&mut self, consumer: Variable, versions: &Places, provider: Variable, allowed: &Places, model: &Model<'_>) {
        match (consumer, provider) {
            (Variable::Root, Variable::Entry(entry)) => {
                self.allowed.insert(entry);
            }
            (Variable::Entry(consumer), Variable::Entry(provider)) => {
                self.needs.entry((consumer, provider)).or_default().push((versions.clone(), allowed.clone()));
            }
            (Variable::Entry(consumer), Variable::Track(_)) => {
                self.allowed.insert(consumer);
                if let Kind::Package(package, ..) = model.entries[consumer].kind {
                    self.shared.insert(package);
                }
            }
            (Variable::Root | Variable::Track(_), _) | (_, Variable::Root) => {}
        }
    }

    /// All entries that are spoken of.
    fn entries(&self) -> BTreeSet<usize> {
        let needs = self.needs.keys().flat_map(|(consumer, provider)| [*consumer, *provider]);
        needs.chain(self.allowed.iter().copied()).collect()
    }
}

fn diagnostic(model: &Model<'_>, facts: &Facts) -> Diagnostic {
    let mut entries: Vec<usize> = facts.entries().into_iter().collect();
    entries.sort_by_key(|entry| model.entries[*entry].component.name.span.start);
    let names = listed(entries.iter().map(|entry| name(model, *entry)));
    let message = match entries.as_slice() {
        [_] => format!("no version of {names} fits"),
        _ => format!("no versions of {names} fit together"),
    };
    let mut diagnostic = Diagnostic::error(Code::VersionConflict, message);
    for entry in &entries {
        let component = model.entries[*entry].component;
        let text = choices(model, *entry);
        diagnostic = diagnostic.label(&model.manifest.source, component.source.span.clone(), text);
    }
    let mut notes = Vec::new();
    for ((consumer, provider), needs) in &facts.needs {
        notes.extend(needs_in_words(model, *consumer, *provider, needs));
    }
    notes.extend(facts.shared.iter().map(|package| meeting(model, *package, &entries)));
    let more = notes.len().saturating_sub(MOST);
    notes.truncate(MOST);
    if more > 0 {
        notes.push(format!("and {more} more such facts"));
    }
    diagnostic.notes(notes).hint(way_out(model, facts))
}

/// What stands under the line of an entry.
fn choices(model: &Model<'_>, entry: usize) -> String {
    let places = model.entries[entry].places.clone();
    match &model.entries[entry].kind {
        Kind::Path(_) | Kind::Reference(..) => "there is only this".to_owned(),
        Kind::Package(..) => format!("allows {}", versions(model, entry, &places)),
    }
}

/// One sentence for each import and what it asks, and for each pair of versions whose types differ.
fn needs_in_words(model: &Model<'_>, consumer: usize, provider: usize, needs: &[(Places, Places)]) -> Vec<String> {
    let mut imports: BTreeMap<(String, Places), (Places, Need<'_>)> = BTreeMap::new();
    let mut misfits = BTreeSet::new();
    for option in &model.entries[consumer].options {
        let place = option.place;
        let is_of_derivation = |need: &Need<'_>| {
            needs.iter().any(|(versions, allowed)| versions.contains(&place) && *allowed == need.allowed)
        };
        for need in model.needs(consumer, place) {
            if need.provider != provider || !is_of_derivation(&need) {
                continue;
            }
            misfits.extend(misfits_in_words(model, (consumer, place), provider, &need));
            let key = (need.import.to_string(), need.allowed.clone());
            let (places, _) = imports.entry(key).or_insert_with(|| (Places::empty(), need));
            *places = places.union(&Places::singleton(place));
        }
    }
    let imports = imports.into_values().filter(|(_, need)| !is_known_by_types_alone(model, need));
    let mut sentences: Vec<String> =
        imports.map(|(places, need)| need_in_words(model, consumer, &places, &need)).collect();
    sentences.extend(misfits);
    sentences
}

/// Whether every version that is not allowed exports the interface, and only its types differ.
fn is_known_by_types_alone(model: &Model<'_>, need: &Need<'_>) -> bool {
    let others = model.entries[need.provider].options.iter().filter(|option| !need.allowed.contains(&option.place));
    let mut exports = others.map(|option| option.knowledge.interfaces());
    exports.all(|interfaces| {
        interfaces
            .is_none_or(|interfaces| interfaces.exports.iter().any(|export| need.rule.is_met_by(export, need.import)))
    })
}

fn need_in_words(model: &Model<'_>, consumer: usize, places: &Places, need: &Need<'_>) -> String {
    let subject = subject(model, consumer, places);
    let verb = if count(model, consumer, places) == 1 { "imports" } else { "import" };
    let provider = name(model, need.provider);
    let wanted = match need.rule {
        Rule::Link(link) => match &link.target.value {
            crate::manifest::LinkTarget::Instance { export: Some(export), .. } => {
                format!(", and a link sends it to `{export}` of `{provider}`")
            }
            _ => format!(", and a link sends it to `{provider}`"),
        },
        Rule::Chain(chain) => format!(", which the chain over `{}` gets from `{provider}`", chain.interface.value),
        Rule::Only => format!(", which only `{provider}` could provide"),
    };
    let exporters = need.allowed.clone();
    let is_single = model.entries[need.provider].options.len() == 1;
    let offer = if !exporters.is_empty() {
        let verb = if count(model, need.provider, &exporters) == 1 { "exports" } else { "export" };
        format!("; only its {} {verb} it", versions(model, need.provider, &exporters))
    } else if is_single {
        format!("; it exports {}", instead(model, need))
    } else {
        format!("; its versions export {}", instead(model, need))
    };
    format!("{subject} {verb} `{}`{wanted}{offer}", need.import)
}

/// What the versions of a provider export instead of what is wanted.
fn instead(model: &Model<'_>, need: &Need<'_>) -> String {
    let options = model.entries[need.provider].options.iter();
    let exports = options.filter_map(|option| option.knowledge.interfaces()).flat_map(|i| &i.exports);
    let near: BTreeSet<_> = exports.filter(|export| export.unversioned() == need.import.unversioned()).collect();
    if near.is_empty() { "nothing of the kind".to_owned() } else { format!("only {}", listed(near)) }
}

fn misfits_in_words(model: &Model<'_>, consumer: (usize, Place), provider: usize, need: &Need<'_>) -> Vec<String> {
    let options = model.entries[provider].options.iter();
    let sentences = options.filter_map(|option| {
        let mismatches = model.mismatches(consumer, (provider, option.place), need.import);
        let first = mismatches.first()?;
        let us = subject(model, consumer.0, &Places::singleton(consumer.1));
        let them = subject(model, provider, &Places::singleton(option.place));
        Some(format!("{us} cannot be linked to {them}: {first}"))
    });
    sentences.collect()
}

fn meeting(model: &Model<'_>, package: usize, entries: &[usize]) -> String {
    let users =
        entries.iter().filter(|entry| matches!(model.entries[**entry].kind, Kind::Package(of, ..) if of == package));
    let names = listed(users.map(|entry| name(model, *entry)));
    format!(
        "{names} are one package, `{}`, of which an application has one version on each semver track",
        model.packages[package].name
    )
}

/// What a person can do about it.
fn way_out(model: &Model<'_>, facts: &Facts) -> String {
    let wider = facts.needs.keys().map(|(_, provider)| *provider).filter_map(|provider| {
        let entry = &model.entries[provider];
        let Kind::Package(package, requirement, _) = &entry.kind else { return None };
        let versions = model.packages[*package].versions.len();
        (versions > entry.options.len())
            .then(|| format!("allow `{}` other versions than `{requirement}`", entry.component.name.value))
    });
    let wider: BTreeSet<String> = wider.collect();
    if let Some(first) = wider.into_iter().next() {
        return format!("{first}, or link the import elsewhere");
    }
    if facts.needs.is_empty() {
        return "let their requirements have a version in common, or be on different semver tracks".to_owned();
    }
    "use versions that were built against the same interface, or link the import elsewhere".to_owned()
}

fn name<'a>(model: &Model<'a>, entry: usize) -> &'a crate::manifest::Name {
    &model.entries[entry].component.name.value
}

/// `` `front` ``, `` `front` 1.0.0 ``, `` `front` 1.0.0 to 1.4.0 ``.
fn subject(model: &Model<'_>, entry: usize, places: &Places) -> String {
    match model.entries[entry].kind {
        Kind::Path(_) | Kind::Reference(..) => format!("`{}`", name(model, entry)),
        Kind::Package(..) => format!("`{}` {}", name(model, entry), versions(model, entry, places)),
    }
}

fn count(model: &Model<'_>, entry: usize, places: &Places) -> usize {
    model.entries[entry].options.iter().filter(|option| places.contains(&option.place)).count()
}

/// Versions in ascending order, three and more that follow each other as `1.0.0 to 1.4.0`.
fn versions(model: &Model<'_>, entry: usize, places: &Places) -> String {
    const SHOWN: usize = 4;
    let mut runs: Vec<Vec<&Version>> = vec![Vec::new()];
    for option in &model.entries[entry].options {
        match (places.contains(&option.place), model.version(entry, option.place)) {
            (true, Some(version)) => runs.last_mut().into_iter().for_each(|run| run.push(version)),
            _ => runs.push(Vec::new()),
        }
    }
    let texts = runs.iter().flat_map(|run| match run.as_slice() {
        [first, _, .., last] => vec![format!("{first} to {last}")],
        few => few.iter().map(ToString::to_string).collect(),
    });
    let mut texts: Vec<String> = texts.collect();
    let hidden = texts.len().saturating_sub(SHOWN);
    if hidden > 0 {
        texts.drain(..hidden);
        return format!("{} and older ones", texts.join(", "));
    }
    match texts.split_last() {
        None => "no version".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
