//! How the parts of a plan are named, for people and for programs: what `tree` and `why` have in common.

use composer::{
    driver::Planned,
    lock::LockedSource,
    manifest::HOST,
    plan::{ExportReason, Link, PlannedExport, PlannedInstance, Provider, Reason},
};

use crate::message;

/// An instance, the component that it is of where that has another name, and where that comes from.
pub(super) fn instance(planned: &Planned, instance: &PlannedInstance) -> String {
    let (name, component, source) = (&instance.name, &instance.component, source(planned, instance));
    let source = if is_automatic(planned, instance) { format!("{source}, automatic") } else { source };
    if name == component { format!("{name} ({source})") } else { format!("{name} = {component} ({source})") }
}

/// Whether nobody wrote an instance's component into the manifest.
pub(super) fn is_automatic(planned: &Planned, instance: &PlannedInstance) -> bool {
    planned.lock.automatic.contains(&instance.component)
}

/// Where an instance's component comes from, with the version that was chosen.
pub(super) fn source(planned: &Planned, instance: &PlannedInstance) -> String {
    match planned.lock.components.get(&instance.component) {
        Some(LockedSource::Path(path)) => path.clone(),
        Some(LockedSource::Package { package, version, .. }) => format!("{package}@{version}"),
        Some(LockedSource::Reference { reference, .. }) => format!("oci://{reference}"),
        None => instance.digest.to_string(),
    }
}

/// Why something is exported, as the end of a sentence.
pub(super) fn export_reason(reason: ExportReason) -> &'static str {
    match reason {
        ExportReason::Explicit => "a line under [exports] says so",
        ExportReason::TargetWorld => "the target world exports it",
        ExportReason::NobodyConsumes => "no other instance imports from it",
    }
}

/// Why a link goes where it goes, as the end of a sentence.
pub(super) fn link_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Explicit => "a line under [links] says so",
        Reason::Chain => "a chain says so",
        Reason::OnlyProvider => "no other instance exports it",
        Reason::Host => "no instance exports it, and the host may provide it",
    }
}

/// An export of the result, for programs.
pub(super) fn export(planned: &Planned, export: &PlannedExport) -> message::Export {
    message::Export {
        name: export.name.to_string(),
        instance: planned.plan[export.instance].name.to_string(),
        export: export.export.to_string(),
        because: match export.reason {
            ExportReason::Explicit => "explicit",
            ExportReason::TargetWorld => "target-world",
            ExportReason::NobodyConsumes => "nobody-consumes",
        },
    }
}

/// A link, for programs.
pub(super) fn link(planned: &Planned, consumer: &PlannedInstance, link: &Link) -> message::Link {
    let (provider, export) = match &link.provider {
        Provider::Instance { instance, export } => (planned.plan[*instance].name.to_string(), export),
        Provider::Host { import } => (HOST.to_owned(), import),
    };
    message::Link {
        consumer: consumer.name.to_string(),
        import: link.import.to_string(),
        provider,
        export: export.to_string(),
        because: match link.reason {
            Reason::Explicit => "explicit",
            Reason::Chain => "chain",
            Reason::OnlyProvider => "only-provider",
            Reason::Host => "host",
        },
    }
}
