//! The words for everything that planning finds: from what was decided to a [`Diagnostic`].
//!
//! Decides nothing about the composition.

use wit::{ExternName, Item, Mismatch, best_match};

use super::{
    InstanceId, PlannedExport,
    composition::Composition,
    export::{Namer, Unmet},
    host::Denial,
    resource::{Conflict, Definer},
    wiring::Wiring,
};
use crate::{
    diagnostic::{Code, Diagnostic, listed, nearest},
    manifest::{ExportRule, LinkRule, Name, TargetWorld},
};

/// The text of the line that decides for an import: the key without its version where that is enough.
fn link_line(composition: Composition<'_>, consumer: InstanceId, import: &ExternName, provider: &str) -> String {
    let imports = composition.world(consumer).imports();
    let versions = imports.filter(|(name, _)| name.unversioned() == import.unversioned()).count();
    let key = if versions > 1 { import.clone() } else { import.unversioned() };
    format!("[links.{}]\n\"{key}\" = \"{provider}\"", composition.name(consumer))
}

pub(super) fn missing_message(consumer: &Name, import: &ExternName) -> String {
    format!("nothing provides `{import}` to `{consumer}`")
}

/// Nobody provides an import.
pub(super) fn missing(composition: Composition<'_>, consumer: InstanceId, import: &ExternName) -> Diagnostic {
    let message = missing_message(composition.name(consumer), import);
    let diagnostic = composition.error(Code::MissingProvider, consumer, message, format!("imports `{import}`"));
    let near = near_exports(composition, Some(consumer), import);
    let diagnostic =
        if near.is_empty() { diagnostic.note("no instance exports anything like it") } else { diagnostic.notes(near) };
    let package = match import {
        ExternName::Interface(interface) => format!("add a component that exports `{}`", interface.unversioned()),
        ExternName::Plain(name) => format!("add a component that exports `{name}`"),
    };
    diagnostic
        .hint(package)
        .hint(format!("or, if the runtime has it, say so\n{}", link_line(composition, consumer, import, "host")))
}

/// What instances export that is almost, but not, `wanted`, and why each does not fit.
pub(super) fn near_exports(
    composition: Composition<'_>,
    consumer: Option<InstanceId>,
    wanted: &ExternName,
) -> Vec<String> {
    let others = || composition.ids().filter(move |id| Some(*id) != consumer);
    let exports = || others().flat_map(|id| composition.world(id).exports().map(move |(name, _)| (id, name)));
    let other_tracks: Vec<String> = exports()
        .filter(|(_, name)| name.unversioned() == wanted.unversioned() && !name.same_track(wanted))
        .map(|(id, name)| format!("{} exports `{name}`, which is on another semver track", composition.described(id)))
        .collect();
    if !other_tracks.is_empty() {
        return other_tracks;
    }
    let wanted_name = wanted.unversioned().to_string();
    let names: Vec<(InstanceId, String)> = exports().map(|(id, name)| (id, name.unversioned().to_string())).collect();
    let near = nearest(&wanted_name, names.iter().map(|(_, name)| name.as_str()));
    let near = near.map(|near| names.iter().filter(move |(_, name)| name == near));
    let near = near.into_iter().flatten();
    near.map(|(id, name)| format!("{} exports `{name}`, which is another interface", composition.described(*id)))
        .collect()
}

/// Several instances provide an import.
pub(super) fn ambiguous(
    composition: Composition<'_>,
    consumer: InstanceId,
    import: &ExternName,
    providers: &[InstanceId],
) -> Diagnostic {
    let message = format!("{} instances could provide `{import}` to `{}`", providers.len(), composition.name(consumer));
    let diagnostic = composition.error(Code::AmbiguousProvider, consumer, message, format!("imports `{import}`"));
    let candidates = providers.iter().map(|id| format!("{} exports it", composition.described(*id)));
    let first = composition.name(providers[0]);
    let others = listed(providers[1..].iter().map(|id| composition.name(*id)));
    let line = link_line(composition, consumer, import, first);
    diagnostic.notes(candidates).hint(format!("decide with a line like this, with `{first}` or {others}\n{line}"))
}

/// The one provider there is does not fit.
pub(super) fn incompatible(
    composition: Composition<'_>,
    consumer: InstanceId,
    import: &ExternName,
    provider: InstanceId,
    mismatches: &[Mismatch],
) -> Diagnostic {
    let name = composition.name(consumer);
    let message = format!("`{}` cannot provide `{import}` to `{name}`: their types differ", composition.name(provider));
    let label = format!("imports `{import}`");
    composition
        .error(Code::IncompatibleProvider, consumer, message, label)
        .notes(mismatches.iter().map(ToString::to_string))
        .hint(format!(
            "build `{name}` and `{}` against the same version of the interface, or link the import elsewhere",
            composition.name(provider)
        ))
}

/// No provider of several fits.
pub(super) fn all_incompatible(
    composition: Composition<'_>,
    consumer: InstanceId,
    import: &ExternName,
    providers: &[(InstanceId, Vec<Mismatch>)],
) -> Diagnostic {
    let name = composition.name(consumer);
    let message = format!("none of {} instances that export `{import}` can provide it to `{name}`", providers.len());
    let notes = providers.iter().flat_map(|(provider, mismatches)| {
        let provider = composition.name(*provider);
        mismatches.iter().map(move |mismatch| format!("`{provider}`: {mismatch}"))
    });
    composition.error(Code::IncompatibleProvider, consumer, message, format!("imports `{import}`")).notes(notes)
}

/// A rule of `[host]` says no.
pub(super) fn denied(
    composition: Composition<'_>,
    consumer: InstanceId,
    import: &ExternName,
    denial: &Denial,
) -> Diagnostic {
    let name = composition.name(consumer);
    let message = format!("`{name}` may not import `{import}` from the host");
    let diagnostic = composition.error(Code::DeniedHostImport, consumer, message, format!("imports `{import}`"));
    let diagnostic = match &denial.span {
        Some(span) => diagnostic.label(&composition.manifest.source, span.clone(), denial.label.clone()),
        None => diagnostic.note("`[host] imports` is an empty list: the result may import nothing"),
    };
    diagnostic
        .hint("provide it by a component of the application")
        .hint(format!("or allow it by adding `{}` to the list", import.unversioned()))
}

/// A link names an export that its provider does not have.
pub(super) fn unknown_link_export(
    composition: Composition<'_>,
    rule: &LinkRule,
    provider: InstanceId,
    export: &ExternName,
) -> Diagnostic {
    let message = format!("`{}` does not export `{export}`", composition.name(provider));
    let label = format!("the link of `{}` needs it", rule.consumer.value);
    let diagnostic = Diagnostic::error(Code::UnknownExport, message).label(
        &composition.manifest.source,
        rule.target.span.clone(),
        label,
    );
    with_exports(composition, diagnostic, provider)
}

fn with_exports(composition: Composition<'_>, diagnostic: Diagnostic, provider: InstanceId) -> Diagnostic {
    let exports = listed(composition.world(provider).exports().map(|(name, _)| name));
    let name = composition.name(provider);
    diagnostic.note(if exports.is_empty() {
        format!("`{name}` exports nothing")
    } else {
        format!("`{name}` exports {exports}")
    })
}

/// A link names an import that its consumer does not have.
pub(super) fn unknown_import(
    composition: Composition<'_>,
    rule: &LinkRule,
    consumer: InstanceId,
    other_versions: Vec<&ExternName>,
) -> Diagnostic {
    let import = &rule.import.value;
    let name = composition.name(consumer);
    let diagnostic = Diagnostic::error(Code::UnknownImport, format!("`{name}` does not import `{import}`")).label(
        &composition.manifest.source,
        rule.import.span.clone(),
        "this line links nothing",
    );
    if !other_versions.is_empty() {
        return diagnostic.note(format!("`{name}` imports {}", listed(other_versions)));
    }
    let imports: Vec<String> =
        composition.world(consumer).imports().map(|(name, _)| name.unversioned().to_string()).collect();
    match nearest(&import.unversioned().to_string(), imports.iter().map(String::as_str)) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None if imports.is_empty() => diagnostic.note(format!("`{name}` imports nothing")),
        None => diagnostic.note(format!("`{name}` imports {}", listed(imports))),
    }
}

/// Instances need each other.
pub(super) fn cycle(composition: Composition<'_>, cycle: &[InstanceId], wiring: &Wiring<'_>) -> Diagnostic {
    let names: Vec<&str> = cycle.iter().chain(cycle.first()).map(|id| &**composition.name(*id)).collect();
    let message = format!("instances need each other in a circle: {}", names.join(" → "));
    let mut diagnostic = composition.error(Code::LinkCycle, cycle[0], message, "the circle starts here");
    for (consumer, provider) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
        let needed = wiring.providers(*consumer).filter(|(_, id)| id == provider).map(|(wire, _)| wire.import);
        let (consumer, provider) = (composition.name(*consumer), composition.name(*provider));
        diagnostic = diagnostic.note(format!("`{consumer}` imports {} from `{provider}`", listed(needed)));
    }
    diagnostic.hint("link one of these imports elsewhere, or move one of the interfaces into a component of its own")
}

/// A resource would come from two providers.
pub(super) fn resource_conflict(composition: Composition<'_>, conflict: &Conflict<'_>) -> Diagnostic {
    let Conflict { consumer, user, user_provider, through_user, known, through_known, resource } = conflict;
    let name = composition.name(*consumer);
    let definer = |definer: &Definer<'_>| match definer {
        Definer::Instance(id, _) => format!("`{}`", composition.name(*id)),
        Definer::Host(_) => "the host".to_owned(),
    };
    let (taken, known_from) = (definer(through_user), definer(through_known));
    let message = format!("`{name}` would get the resource `{resource}` from two providers: {known_from} and {taken}");
    let provider = user_provider.map_or("the host", |id| composition.name(id));
    let from_provider = match user_provider {
        Some(id) if *through_user != Definer::Instance(*id, known) => {
            format!("`{user}` comes from `{provider}`, which takes `{resource}` from {taken}")
        }
        _ => format!("`{user}` comes from {taken}, and so does the `{resource}` that it uses"),
    };
    let diagnostic = composition
        .error(Code::ResourceConflict, *consumer, message, format!("imports `{known}` and `{user}`"))
        .note(format!("`{known}`, which defines `{resource}`, comes from {known_from}"))
        .note(from_provider);
    let import = user_provider.and_then(|id| Some((id, best_match(composition.world(id).imports(), known)?.0)));
    match (import, through_known) {
        (Some((id, import)), Definer::Instance(known_provider, _)) => {
            let line = link_line(composition, id, import, composition.name(*known_provider));
            diagnostic.hint(format!("let both have one provider\n{line}"))
        }
        _ => diagnostic.hint(format!("let `{known}` and `{user}` come from one provider, under `[links]`")),
    }
}

/// Two host imports cannot be one.
pub(super) fn host_conflict(
    composition: Composition<'_>,
    one: &(InstanceId, &ExternName, Item<'_>),
    other: &(InstanceId, &ExternName, Item<'_>),
    mismatches: &[Mismatch],
) -> Diagnostic {
    let (first, second) = (composition.name(one.0), composition.name(other.0));
    let message = format!("`{first}` and `{second}` import `{}` from the host with types that differ", other.1);
    composition
        .error(Code::HostImportConflict, one.0, message, format!("imports `{}`", one.1))
        .label(
            &composition.manifest.source,
            composition.instance(other.0).name.span.clone(),
            format!("imports `{}`", other.1),
        )
        .notes(mismatches.iter().map(ToString::to_string))
        .hint(match other.1 {
            ExternName::Interface(_) => {
                format!("build `{first}` and `{second}` against the same version of the interface")
            }
            ExternName::Plain(_) => format!(
                "a name at the root of a world is shared by all components: give it another one in `{first}` or `{second}`, or \
                 have an interface define it"
            ),
        })
}

/// A line under `[exports]` names what its instance does not have.
pub(super) fn missing_export(
    composition: Composition<'_>,
    rule: &ExportRule,
    instance: InstanceId,
    wanted: &ExternName,
) -> Diagnostic {
    let span = rule.export.as_ref().map_or(&rule.name.span, |export| &export.span);
    let message = format!("`{}` does not export `{wanted}`", composition.name(instance));
    let diagnostic = Diagnostic::error(Code::MissingExport, message)
        .label(&composition.manifest.source, span.clone(), "to be exported by the result")
        .label(&composition.manifest.source, rule.instance.span.clone(), "by this instance");
    let others = composition.ids().filter(|id| composition.export_for(*id, wanted).is_some());
    let others = listed(others.map(|id| composition.name(id)));
    if others.is_empty() {
        with_exports(composition, diagnostic, instance)
    } else {
        diagnostic.hint(format!("it is exported by {others}"))
    }
}

/// Several instances could be exported.
pub(super) fn ambiguous_export(
    composition: Composition<'_>,
    name: &ExternName,
    candidates: &[InstanceId],
) -> Diagnostic {
    let message = format!("{} instances could provide the export `{name}`", candidates.len());
    let mut diagnostic = Diagnostic::error(Code::AmbiguousExport, message);
    for id in candidates {
        let span = composition.instance(*id).name.span.clone();
        diagnostic = diagnostic.label(&composition.manifest.source, span, "exports it");
    }
    let first = candidates.first().map_or_else(String::new, |id| composition.name(*id).to_string());
    diagnostic.hint(format!("decide with a line like this\n[exports]\n\"{}\" = \"{first}\"", name.unversioned()))
}

/// An export needs a type that the result does not name.
pub(super) fn unnameable_type(composition: Composition<'_>, export: &PlannedExport, namer: &Namer) -> Diagnostic {
    let Namer { instance, export: interface, ty } = namer;
    let message = format!("the export `{}` needs the type `{ty}` of `{interface}`, which is not exported", export.name);
    let mut lines = vec!["[exports]".to_owned()];
    if composition.manifest.exports.is_none() {
        lines.push(format!("\"{}\" = \"{}\"", export.export.unversioned(), composition.name(export.instance)));
    }
    lines.push(format!("\"{}\" = \"{}\"", interface.unversioned(), composition.name(*instance)));
    composition
        .error(Code::UnnameableType, export.instance, message, format!("exports `{}`", export.export))
        .note(format!("`{interface}` is an export of `{}`", composition.name(*instance)))
        .hint(format!("{}\n{}", if lines.len() > 2 { "export both" } else { "export it as well" }, lines.join("\n")))
}

/// The result is not what the target world says.
pub(super) fn world_not_met(
    composition: Composition<'_>,
    world: &TargetWorld,
    unmet: &[Unmet],
    extra: &[(ExternName, Vec<InstanceId>)],
    wrong: &[(ExternName, Vec<Mismatch>)],
) -> Diagnostic {
    let mut notes = Vec::new();
    for unmet in unmet {
        match unmet {
            Unmet::Missing { name, near } => {
                notes.push(format!("missing: the export `{name}`, which no instance has"));
                notes.extend(near.iter().cloned());
            }
            Unmet::Wrong { name, instance, mismatches } => {
                notes.push(format!("wrong: the export `{name}`, as `{}` has it", composition.name(*instance)));
                notes.extend(mismatches.iter().map(ToString::to_string));
            }
        }
    }
    for (name, consumers) in extra {
        let consumers = listed(consumers.iter().map(|id| composition.name(*id)));
        notes.push(format!("extra: the import `{name}`, needed by {consumers}"));
    }
    for (name, mismatches) in wrong {
        notes.push(format!("wrong: the import `{name}`"));
        notes.extend(mismatches.iter().map(ToString::to_string));
    }
    let (message, span) = match &world.name {
        Some(name) => (format!("the application does not meet the world `{}`", name.value), &name.span),
        None => ("the application does not meet its target world".to_owned(), &world.wit.span),
    };
    Diagnostic::error(Code::WorldNotMet, message)
        .label(&composition.manifest.source, span.clone(), "the world it must meet")
        .notes(notes)
        .hint("change the components, or what the world says")
}

/// An instance is left out.
pub(super) fn unused(composition: Composition<'_>, id: InstanceId) -> Diagnostic {
    let name = composition.name(id);
    Diagnostic::warning(Code::UnusedInstance, format!("`{name}` is not used and is left out")).label(
        &composition.manifest.source,
        composition.instance(id).name.span.clone(),
        "nothing that is exported needs it",
    )
}

/// The result would export nothing.
pub(super) fn nothing_exported(composition: Composition<'_>) -> Diagnostic {
    let source = &composition.manifest.source;
    if composition.manifest.instances.is_empty() {
        return Diagnostic::error(Code::NothingExported, "the application has no components")
            .label(source, 0..0, "there is no entry under `[components]`")
            .hint("add one\n[components]\nmain = { path = \"main.wasm\" }");
    }
    let diagnostic = Diagnostic::error(Code::NothingExported, "the application would export nothing");
    if let Some(span) = &composition.manifest.exports_span {
        return diagnostic.label(source, span.clone(), "this section is empty").hint(
            "name what the application exports in it, or remove it: then everything is exported whose instance nobody consumes",
        );
    }
    let silent = composition.ids().filter(|id| composition.world(*id).exports().next().is_none());
    let diagnostic = diagnostic.notes(silent.map(|id| format!("{} exports nothing", composition.described(id))));
    diagnostic.hint("add a component that exports something: without exports, nothing can be called")
}
