//! What `run`, `serve` and `invoke` have in common: which component is executed, what it may reach, and what is said when the
//! runtime refuses it or it fails.

use std::path::Path;

use compose_runtime::{Access, Application, Directory, Error, Network, Runtime, RuntimeOptions};
use composer::{
    component_file,
    diagnostic::{Code, Diagnostic, Failure, SourceText, nearest},
};

use super::build;
use crate::{
    args::{AccessArgs, ManifestOptions, SharedDirectory, TargetArgs},
    environment,
    exit::Stop,
    output::Output,
};

/// The directory for compiled code, in the cache.
const COMPILED: &str = "compiled";

/// A component that is about to be executed.
pub(super) struct Guest {
    /// The component, compiled.
    pub(super) application: Application,
    /// The name of its file, by which a command is called.
    pub(super) name: String,
}

/// Compiles the component of a file, or else the application, which is built first.
pub(super) fn load(target: &TargetArgs, options: &ManifestOptions, output: &Output) -> Result<Guest, Stop> {
    let cache = Some(environment::cache()?.join(COMPILED));
    let load = |path: &Path, component: &[u8]| {
        let application = Runtime::new(RuntimeOptions { cache })?.load(component)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Guest { application, name })
    };
    let loaded = match &target.file {
        Some(file) => load(file, &component_file::read(file)?),
        None => {
            let built = build::build(options, output)?;
            load(&built, &component_file::read(&built)?)
        }
    };
    loaded.map_err(|error| Stop::Failure(failure(&error)))
}

/// What the command line lets a guest reach.
pub(super) fn access(arguments: &AccessArgs) -> Access {
    let directory = |shared: &SharedDirectory| Directory { host: shared.host.clone(), guest: shared.guest.clone() };
    Access {
        environment: arguments.env.clone(),
        directories: arguments.dir.iter().map(directory).collect(),
        network: if arguments.network { Network::Full } else { Network::None },
    }
}

/// What is said about an error of the runtime.
pub(super) fn failure(error: &Error) -> Failure {
    diagnostic(error).into()
}

/// What is said about an error of the runtime in a call, which is shown.
pub(super) fn call_failure(error: &Error, call: &str) -> Failure {
    let source = SourceText::new("the call", call);
    let wrong = |message: String| Diagnostic::error(code(error), message);
    let found = match error {
        Error::CallSyntax { position, reason } => {
            wrong("the call cannot be read".to_owned()).label(&source, position.clone(), reason)
        }
        Error::Argument { function, parameter, type_name, position, reason } => {
            wrong(format!("the argument `{parameter}` is no `{type_name}`"))
                .label(&source, position.clone(), reason)
                .note(format!("the function is `{function}`"))
        }
        _ => diagnostic(error),
    };
    found.into()
}

/// The finding that an error of the runtime is.
pub(super) fn diagnostic(error: &Error) -> Diagnostic {
    let found = Diagnostic::error(code(error), error.to_string()).causes(error);
    match error {
        Error::NotACommand { exports } if exports_any(exports, "wasi:http/") => {
            found.note(exported(exports)).hint("`compose serve` serves it")
        }
        Error::NotAService { exports } if exports_any(exports, "wasi:cli/run") => {
            found.note(exported(exports)).hint("`compose run` runs it")
        }
        Error::NotACommand { exports } | Error::NotAService { exports } => found.note(exported(exports)),
        Error::UnknownFunction { name, callable } => {
            let near = nearest(name, callable.iter().map(|function| function.name.as_str()));
            let found = found.notes(callable.iter().map(|function| format!("there is `{function}`")));
            near.into_iter().fold(found, |found, near| found.hint(format!("did you mean `{near}`?")))
        }
        Error::AmbiguousFunction { candidates, .. } => {
            found.notes(candidates.iter().map(|function| format!("there is `{function}`"))).hint("give its whole name")
        }
        Error::Trap { backtrace, .. } => found.notes(backtrace.iter().map(|frame| format!("in {frame}"))),
        Error::MissingImports { .. } => found.hint("`compose why INTERFACE` shows which instance needs an import"),
        Error::AddressInUse { .. } => found.hint("`--addr` names another one; port 0 takes one that is free"),
        _ => found,
    }
}

fn code(error: &Error) -> Code {
    match error {
        Error::NotAComponent => Code::NotAComponent,
        Error::Compile { .. } => Code::InvalidComponent,
        Error::Cache { .. } => Code::StoreFailure,
        Error::Directory { .. } => Code::FileUnreadable,
        Error::NotACommand { .. }
        | Error::NotAService { .. }
        | Error::IncompatibleExport { .. }
        | Error::UnknownFunction { .. }
        | Error::AmbiguousFunction { .. }
        | Error::NotCallable { .. } => Code::NotRunnable,
        Error::CallSyntax { .. } | Error::ArgumentCount { .. } | Error::Argument { .. } => Code::InvalidValue,
        Error::Engine { .. } | Error::AddressInUse { .. } | Error::Listen { .. } => Code::RuntimeUnavailable,
        _ => Code::RunFailure,
    }
}

fn exports_any(exports: &[String], beginning: &str) -> bool {
    exports.iter().any(|name| name.starts_with(beginning))
}

fn exported(exports: &[String]) -> String {
    match exports {
        [] => "it exports nothing".to_owned(),
        _ => format!("it exports `{}`", exports.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::{self, Colour};

    fn rendered(failure: &Failure) -> String {
        failure.diagnostics().iter().map(|found| render::diagnostic(found, Colour::Plain)).collect()
    }

    #[test]
    fn a_wrong_argument_is_pointed_at_in_the_call() {
        let error = Error::CallSyntax { position: 11..11, reason: "expected `)`".to_owned() };
        assert_snapshot!(rendered(&call_failure(&error, "greet(\"Ada\"")), @r#"
        error[invalid-value]: the call cannot be read
         --> the call:1:12
          |
        1 | greet("Ada"
          |            ^ expected `)`
        "#);
    }

    #[test]
    fn another_kind_of_application_is_named_with_its_command() {
        let error = Error::NotACommand { exports: vec!["wasi:http/incoming-handler@0.2.0".to_owned()] };
        assert_snapshot!(rendered(&failure(&error)), @"
        error[not-runnable]: the component does not export `wasi:cli/run`
         |
         = note: it exports `wasi:http/incoming-handler@0.2.0`
         = help: `compose serve` serves it
        ");
        let error = Error::NotAService { exports: Vec::new() };
        assert_snapshot!(rendered(&failure(&error)), @"
        error[not-runnable]: the component exports neither `wasi:http/incoming-handler` nor `wasi:http/handler`
         |
         = note: it exports nothing
        ");
    }
}
