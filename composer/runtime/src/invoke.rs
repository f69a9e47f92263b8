//! Decides what a call in text means, from the component's exported functions and their types, and turns it into the text
//! of its result.
//!
//! Values are read and printed as WAVE, the WebAssembly Value Encoding:
//! <https://github.com/bytecodealliance/wasm-tools/blob/v1.254.0/crates/wasm-wave/README.md>

use std::ops::Range;

use wasm_wave::ast::Node;
use wasm_wave::parser::ParserError;
use wasm_wave::untyped::UntypedValue;
use wasmtime::component::{Type, Val};

use crate::access::{Access, Input, Output};
use crate::application::Application;
use crate::error::Error;
use crate::function::{self, Export, Wit};
use crate::host::{Given, Host};

/// What an invoked function is given, besides its arguments.
#[derive(Clone, Debug, Default)]
pub struct InvokeOptions {
    /// The guest's standard output.
    pub stdout: Output,
    /// The guest's standard error.
    pub stderr: Output,
    /// What of the host the guest may reach.
    pub access: Access,
}

impl Application {
    /// Calls one exported function in a fresh instance, and returns its result as WAVE text; empty where it has none.
    ///
    /// `call` is a function's name and its arguments in WAVE: `find("a", 1)`. The name may say which exported instance is
    /// meant, before a `#`: `shop:catalog/api@1.0.0#find("a")`, where the version, and the package too, may be left out as
    /// long as one function answers. Optional arguments at the end may be left out. A result that is an `err` is a result
    /// like any other.
    ///
    /// Dropping the future stops the guest, even one that computes without end.
    ///
    /// # Errors
    ///
    /// - [`Error::CallSyntax`], [`Error::ArgumentCount`], [`Error::Argument`]: the call cannot be read.
    /// - [`Error::UnknownFunction`], [`Error::AmbiguousFunction`], [`Error::NotCallable`]: no one function can be called.
    /// - [`Error::MissingImports`], [`Error::IncompatibleImport`]: the runtime does not provide what the component imports.
    /// - [`Error::Directory`]: a directory of the access cannot be opened.
    /// - [`Error::Trap`], [`Error::Exited`]: the guest did not answer.
    pub async fn invoke(&self, call: &str, options: InvokeOptions) -> Result<String, Error> {
        let call = Call::parse(call)?;
        let export = self.find(call.name)?;
        let arguments = call.arguments(&export)?;

        let linked = self.link()?;
        let given = Given {
            arguments: &[],
            stdin: &Input::Empty,
            stdout: &options.stdout,
            stderr: &options.stderr,
            access: &options.access,
        };
        let mut store = Host::store(self.component.engine(), &given)?;
        // The call overwrites these.
        let mut results = vec![Val::Bool(false); export.ty.results().len()];
        let answered: wasmtime::Result<()> = async {
            let instance = linked.instantiate_async(&mut store).await?;
            let function = instance
                .get_func(&mut store, export.index)
                .expect("an exported function because its index came from the component's own type");
            function.call_async(&mut store, &arguments, &mut results).await
        }
        .await;
        answered.map_err(|error| Error::from_guest(&error))?;
        Ok(results.iter().map(print).collect())
    }

    /// Finds the one function that `name` means.
    fn find(&self, name: &str) -> Result<Export, Error> {
        let mut found: Vec<_> =
            function::exports(&self.component).into_iter().filter(|export| is_named(export, name)).collect();
        let Some(export) = found.pop() else {
            return Err(Error::UnknownFunction { name: name.to_owned(), callable: self.callable() });
        };
        if !found.is_empty() {
            found.push(export);
            let candidates = found.into_iter().map(|export| export.function).collect();
            return Err(Error::AmbiguousFunction { name: name.to_owned(), candidates });
        }
        match export.textless_type() {
            Some(type_name) => Err(Error::NotCallable { function: Box::new(export.function), type_name }),
            None => Ok(export),
        }
    }
}

/// Whether `name` is this function's name: alone, or with its instance's name, or a part of that, before a `#`.
fn is_named(export: &Export, name: &str) -> bool {
    let Some((wanted, name)) = name.rsplit_once('#') else {
        return export.function.name == name;
    };
    let Some(instance) = export.function.instance.as_deref() else { return false };
    let unversioned = instance.split_once('@').map_or(instance, |(interface, _)| interface);
    let interface = unversioned.rsplit_once('/').map_or(unversioned, |(_, interface)| interface);
    export.function.name == name && [instance, unversioned, interface].contains(&wanted)
}

/// A call as it is written; its arguments have no types yet.
struct Call<'a> {
    name: &'a str,
    /// The arguments with their parentheses.
    arguments: &'a str,
    /// Where `arguments` starts in the call.
    offset: usize,
    /// The arguments as a tuple; none where the parentheses are empty.
    tuple: Option<UntypedValue<'a>>,
}

impl<'a> Call<'a> {
    fn parse(call: &'a str) -> Result<Call<'a>, Error> {
        let syntax = |position, reason: &str| Error::CallSyntax { position, reason: reason.to_owned() };
        let end = call.len();
        let Some(offset) = call.find('(') else {
            return Err(syntax(end..end, "expected `(` and the arguments after the function's name"));
        };
        let name = call[..offset].trim();
        if name.is_empty() {
            return Err(syntax(0..offset, "expected the function's name before `(`"));
        }
        let arguments = call[offset..].trim_end();
        let inner = arguments.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let Some(inner) = inner else {
            return Err(syntax(end..end, "expected `)` at the end"));
        };
        let tuple = if inner.trim().is_empty() {
            None
        } else {
            let parsed = UntypedValue::parse(arguments).map_err(|error| Error::CallSyntax {
                position: shifted(&error.span(), offset),
                reason: reason(&error),
            })?;
            Some(parsed)
        };
        Ok(Call { name, arguments, offset, tuple })
    }

    /// Reads the arguments as values of the function's parameters.
    fn arguments(&self, export: &Export) -> Result<Vec<Val>, Error> {
        let nodes: Vec<&Node> = match &self.tuple {
            Some(tuple) => tuple.node().as_tuple().map(Iterator::collect).map_err(|error| Error::CallSyntax {
                position: shifted(&error.span(), self.offset),
                reason: reason(&error),
            })?,
            None => Vec::new(),
        };
        let parameters: Vec<(&str, Type)> = export.ty.params().collect();
        let required = parameters.iter().rposition(|(_, ty)| !matches!(ty, Type::Option(_))).map_or(0, |last| last + 1);
        let expected = required..=parameters.len();
        if !expected.contains(&nodes.len()) {
            let function = Box::new(export.function.clone());
            return Err(Error::ArgumentCount { function, expected, found: nodes.len() });
        }

        let given = nodes.iter().zip(&parameters).map(|(node, (parameter, ty))| {
            node.to_wasm_value::<Val>(ty, self.arguments).map_err(|error| Error::Argument {
                function: Box::new(export.function.clone()),
                parameter: (*parameter).to_owned(),
                type_name: Wit(ty).to_string(),
                position: shifted(&error.span(), self.offset),
                reason: reason(&error),
            })
        });
        let omitted = parameters.iter().skip(nodes.len()).map(|_| Ok(Val::Option(None)));
        given.chain(omitted).collect()
    }
}

fn shifted(span: &Range<usize>, offset: usize) -> Range<usize> {
    span.start + offset..span.end + offset
}

/// What a WAVE parser complains about, without the position, which is data of its own.
fn reason(error: &ParserError) -> String {
    match (std::error::Error::source(error), error.detail()) {
        (Some(source), _) => source.to_string(),
        (None, Some(detail)) => format!("{}: {detail}", error.kind()),
        (None, None) => error.kind().to_string(),
    }
}

fn print(value: &Val) -> String {
    wasm_wave::to_string(value).expect("text because functions with types that have none were refused")
}
