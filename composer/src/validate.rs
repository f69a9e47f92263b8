//! Validation: proves that a layout is a valid component, and the one that the target world asks for.
//!
//! From a [`Layout`] to a [`Validated`], which nothing else constructs and which alone can be emitted. Nothing that planning or
//! encoding believed is believed here. The proof has two halves, which together say what a validator says of the whole:
//! - The *structure* is validated every time: of each component that it is valid with stubs in the place of its modules, and of
//!   the type that it was planned with, which begins as soon as it is read; of the result what those types, and stubs where there is
//!   no type, make of it.
//! - Each module is proved once: that it is valid, and that its stub has its type. The store remembers that, for the bytes that are
//!   executed, the stub, this validator and these features; what it remembers is good for nothing else.
//!
//! What is emitted is what was proved: every byte that is copied from an input is compared with its checksum on the way.

mod module;
mod team;

use std::{
    cmp::Reverse,
    fmt, io,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use registry_client::Digest;
use wasmparser::{Validator, WasmFeatures};
use wit::World;

use self::{
    module::Unproved,
    team::{Prover, Team},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    encode::{self, CopyError, Layout, Savings, Stretch},
    input::Input,
    manifest::Manifest,
    memory::Memory,
    part::Part,
    shell::Module,
};

/// The version of `wasmparser`, as records of its verdicts name it.
const WASMPARSER: &str = "0.258.3";
/// The version of what is proved with it here.
const PROOF: &str = "1";

/// Less is proved by one thread before another has begun.
const WORTH_A_THREAD: u64 = 64 * 1024;

/// A component that was proved valid.
pub struct Validated {
    layout: Arc<Layout>,
}

impl Validated {
    /// How many bytes the component has.
    pub fn size(&self) -> u64 {
        self.layout.size()
    }

    /// What sharing saved.
    pub fn savings(&self) -> Savings {
        self.layout.savings()
    }

    /// The component's bytes, in memory.
    ///
    /// # Errors
    /// [`Code::FileUnreadable`] when an input cannot be read any more, or has changed since it was.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Diagnostic> {
        let mut bytes = Vec::new();
        match self.write_to(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(CopyError::Input(error) | CopyError::Output(error)) => Err(unreadable(&error)),
        }
    }

    /// Copies the component's bytes.
    pub(crate) fn write_to(&self, output: &mut impl io::Write) -> Result<(), CopyError> {
        self.layout.write_to(output)
    }

    /// The component in stretches of about `size` bytes, which can be copied independently of each other.
    pub(crate) fn stretches(&self, size: u64) -> Vec<Stretch<'_>> {
        self.layout.stretches(size)
    }

    /// The component, for another composition to be made of.
    pub(crate) fn to_input(&self) -> Input {
        Input::layout(Arc::clone(&self.layout))
    }
}

impl fmt::Debug for Validated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Validated").field(&self.layout).finish()
    }
}

/// The WebAssembly features that current runtimes enable without being asked: wasmparser's default, which is what the
/// specification has finished, and the asynchronous component model of WASI 0.3.
pub fn features() -> WasmFeatures {
    WasmFeatures::default() | WasmFeatures::CM_ASYNC
}

/// How modules are proved: how many at a time, and who remembers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proving<'a> {
    pub(crate) jobs: NonZeroUsize,
    pub(crate) memory: &'a Memory,
}

/// What proofs depend on besides the module.
pub(crate) fn validator() -> String {
    format!("wasmparser {WASMPARSER}, proof {PROOF}, features {:x}", features().bits())
}

/// Proves a layout that was made from `parts`.
///
/// # Errors
/// [`Code::InvalidComponent`] when a part has a module that is not valid: reading a component's type does not look at all of
/// one. Everything else is [`Code::Internal`], because planning has found all else that can be wrong with the inputs.
pub(crate) fn validate(
    layout: Layout,
    manifest: &Manifest,
    parts: &[Part],
    target: Option<&World>,
    proving: Proving<'_>,
) -> Result<Validated, Diagnostic> {
    let explained = |what: &str, why: String| {
        culprit(manifest, parts).unwrap_or_else(|| {
            let diagnostic = Diagnostic::error(Code::Internal, what).note(why);
            diagnostic.hint("this is a fault of `compose`: please report it with the manifest")
        })
    };
    let (modules, (result, misremembered)) = prove_modules(&layout, proving, || {
        // What one thread alone can do comes first: others share in the rest.
        let result = World::of_export(layout.structure(), encode::RESULT, features());
        // They have begun with the first of the parts.
        (result, parts.iter().rev().find(|part| !part.shell().is_of_its_type()))
    });
    if let Some(part) = misremembered {
        parts.iter().for_each(|part| proving.memory.forget_shell(part.digest()));
        return Err(culprit(manifest, parts).unwrap_or_else(|| forgotten(part)));
    }
    modules.map_err(|error| match error {
        Unproved::Unreadable(error) => unreadable(&error),
        Unproved::Invalid => explained("a module of the encoded component is not valid", String::new()),
        Unproved::OtherType => explained("a module has another type than was planned with", String::new()),
    })?;
    let result = result.map_err(|error| explained("the encoded component is not valid", error.to_string()))?;
    if let Some(target) = target {
        let found = wit::conformance(&result, target);
        if !found.is_empty() {
            return Err(Diagnostic::error(Code::Internal, "the encoded component does not meet its target world")
                .notes(found.iter().map(ToString::to_string)));
        }
    }
    Ok(Validated { layout: Arc::new(layout) })
}

/// Proves every module that nobody remembers to have proved, with several threads, of which the calling one does something else first.
fn prove_modules<T>(layout: &Layout, proving: Proving<'_>, first: impl FnOnce() -> T) -> (Result<(), Unproved>, T) {
    let mut unproved: Vec<(Digest, &Input, &Module)> =
        layout.modules().filter(|(identity, _, module)| !proving.memory.is_proved(*identity, module)).collect();
    // What takes longest first, so that nobody is left alone with it.
    unproved.sort_by_key(|(.., module)| Reverse(module.end() - module.start()));
    let size: u64 = unproved.iter().map(|(.., module)| module.end() - module.start()).sum();
    let provers = if size < WORTH_A_THREAD { 1 } else { proving.jobs.get() };
    let team = Team::new(provers, features());
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let work = |prover: Prover<'_>| {
        while let Some((identity, input, module)) = unproved.get(next.fetch_add(1, Ordering::Relaxed)) {
            match module::prove(input, module, features(), &team) {
                Ok(()) => proving.memory.note_proof(*identity, module),
                Err(error) => {
                    next.store(unproved.len(), Ordering::Relaxed);
                    failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
        prover.help();
    };
    let first = std::thread::scope(|scope| {
        let own = team.prover();
        for _ in 1..provers {
            scope.spawn(|| work(team.prover()));
        }
        let first = first();
        work(own);
        first
    });
    let failure = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    (failure.map_or(Ok(()), Err), first)
}

/// The finding about the first part that is not valid by itself, which explains why nothing valid can be made of it.
pub(crate) fn culprit(manifest: &Manifest, parts: &[Part]) -> Option<Diagnostic> {
    let (part, bytes, error) = parts.iter().find_map(|part| {
        let bytes = part.input().to_bytes().ok()?;
        let error = validate_bytes(&bytes, features()).err()?;
        Some((part, bytes, error))
    })?;
    let diagnostic = if validate_bytes(&bytes, WasmFeatures::all()).is_ok() {
        let message =
            format!("the component `{}` needs a WebAssembly feature that runtimes do not enable yet", part.name);
        let diagnostic = Diagnostic::error(Code::InvalidComponent, message).note(described(&error));
        diagnostic.hint("build it again without that feature")
    } else {
        let message = format!("the component `{}` is not valid", part.name);
        let diagnostic = Diagnostic::error(Code::InvalidComponent, message).note(described(&error));
        diagnostic.hint("build it again, with a current compiler and a current `wasm-tools`")
    };
    Some(match manifest.component(&part.name) {
        Some(entry) => diagnostic.label(&manifest.source, entry.source.span.clone(), "needed here"),
        None => diagnostic,
    })
}

/// Says that a component is not what was remembered of it.
fn forgotten(part: &Part) -> Diagnostic {
    let message = format!("what the store remembers of the component `{}` is not true", part.name);
    Diagnostic::error(Code::StoreFailure, message)
        .note("the component is not of the type that is remembered")
        .hint("it is forgotten now: compose again")
}

/// Says that an input cannot be read any more, or is another.
pub(crate) fn unreadable(error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::FileUnreadable, "a component cannot be read any more")
        .note(error.to_string())
        .hint("compose again once nothing writes it")
}

fn validate_bytes(bytes: &[u8], features: WasmFeatures) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(features).validate_all(bytes).map(|_| ())
}

fn described(error: &wasmparser::BinaryReaderError) -> String {
    format!("{} (at offset {:#x})", error.message(), error.offset())
}

#[cfg(test)]
mod tests {
    use super::WASMPARSER;

    #[test]
    fn records_name_the_validator_that_is_used() {
        let lock = include_str!("../../Cargo.lock");
        let this = lock.split("[[package]]").find(|package| package.contains("\nname = \"composer\"\n")).unwrap();
        assert!(this.contains(&format!("\"wasmparser {WASMPARSER}\"")), "{this}");
    }
}
