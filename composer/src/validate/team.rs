//! The threads that prove modules: each proves one after the other, and who finds none left helps the others with the bodies of
//! their functions, which are most of the work and depend on nothing but the module around them.
//!
//! Who proves a module gives away bodies in batches as long as somebody is idle, and validates the rest itself.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources, WasmFeatures,
};

/// Those who prove modules together.
pub(super) struct Team {
    features: WasmFeatures,
    state: Mutex<State>,
    changed: Condvar,
}

/// Somebody who has modules to prove, until that ends, in whatever way: the others wait for it.
pub(super) struct Prover<'a>(&'a Team);

struct State {
    /// What was given away, and nobody has taken yet.
    batches: VecDeque<(Batch, Arc<Tally>)>,
    /// How many still prove modules of their own.
    provers: usize,
    /// How many have nothing to do.
    idle: usize,
}

/// Functions of one module, and bytes that their bodies are in.
struct Batch {
    bytes: Vec<u8>,
    /// What the bodies are validated against.
    module: ValidatorResources,
    functions: Vec<Function>,
}

/// A function of a batch.
struct Function {
    index: u32,
    ty: u32,
    body: Range<usize>,
}

/// What is left of a module's bodies.
#[derive(Default)]
struct Tally {
    is_invalid: AtomicBool,
    /// How many batches were given away and are not done; changed with the team's state held.
    open: Mutex<usize>,
}

/// The bodies of one module, while they are validated.
pub(super) struct Bodies<'a> {
    team: &'a Team,
    /// What they are validated against, once there is one.
    module: Option<ValidatorResources>,
    /// Those that are not passed on yet.
    functions: Vec<Function>,
    tally: Arc<Tally>,
}

/// A body is not valid.
#[derive(Debug)]
pub(super) struct InvalidBody;

impl Team {
    /// A team of so many, who prove modules with these features.
    pub(super) fn new(provers: usize, features: WasmFeatures) -> Self {
        let state = State { batches: VecDeque::new(), provers, idle: 0 };
        Self { features, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Begins with the bodies of a module.
    pub(super) fn bodies(&self) -> Bodies<'_> {
        Bodies { team: self, module: None, functions: Vec::new(), tally: Arc::default() }
    }

    /// One of the team, of whom there are as many as it was made for.
    pub(super) fn prover(&self) -> Prover<'_> {
        Prover(self)
    }

    /// Gives a batch away, if somebody waits for one.
    fn give(&self, batch: Batch, tally: &Arc<Tally>) -> Option<Batch> {
        let mut state = self.state();
        if state.batches.len() >= state.idle {
            return Some(batch);
        }
        *open(tally) += 1;
        state.batches.push_back((batch, Arc::clone(tally)));
        self.changed.notify_all();
        None
    }

    /// Validates a batch that was given away.
    fn work(&self, batch: &Batch, tally: &Tally) {
        // Whoever waits for it must not wait for ever if this panics.
        let _done = Done { team: self, tally };
        if batch.validate(self.features).is_err() {
            tally.is_invalid.store(true, Ordering::Relaxed);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prover<'_> {
    /// Has no module of its own left: helps until nobody has.
    pub(super) fn help(self) {
        let team = self.0;
        drop(self);
        let mut state = team.state();
        loop {
            if let Some((batch, tally)) = state.batches.pop_front() {
                drop(state);
                team.work(&batch, &tally);
                state = team.state();
            } else if state.provers == 0 {
                return;
            } else {
                state.idle += 1;
                state = team.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

impl Drop for Prover<'_> {
    fn drop(&mut self) {
        self.0.state().provers -= 1;
        self.0.changed.notify_all();
    }
}

impl Bodies<'_> {
    /// Takes the next function, and where its body is in the bytes that will be passed on with it.
    pub(super) fn push(&mut self, function: FuncToValidate<ValidatorResources>, body: Range<usize>) {
        let FuncToValidate { resources, index, ty, .. } = function;
        self.module.get_or_insert(resources);
        self.functions.push(Function { index, ty, body });
    }

    /// Takes the bytes that the bodies of the functions since the last time are in, and gives something to put the next ones into.
    pub(super) fn pass_on(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, InvalidBody> {
        let Some(module) = self.module.clone().filter(|_| !self.functions.is_empty()) else { return Ok(bytes) };
        let functions = std::mem::take(&mut self.functions);
        let Some(batch) = self.team.give(Batch { bytes, module, functions }, &self.tally) else {
            return Ok(Vec::new());
        };
        batch.validate(self.team.features)?;
        let Batch { bytes, mut functions, .. } = batch;
        functions.clear();
        self.functions = functions;
        Ok(bytes)
    }

    /// Ends when all bodies that were passed on are validated.
    pub(super) fn finish(self) -> Result<(), InvalidBody> {
        let mut state = self.team.state();
        while *open(&self.tally) > 0 {
            if let Some((batch, tally)) = state.batches.pop_front() {
                drop(state);
                self.team.work(&batch, &tally);
                state = self.team.state();
            } else {
                state = self.team.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if self.tally.is_invalid.load(Ordering::Relaxed) { Err(InvalidBody) } else { Ok(()) }
    }
}

impl Batch {
    fn validate(&self, features: WasmFeatures) -> Result<(), InvalidBody> {
        let resources = &self.module;
        let mut allocations = FuncValidatorAllocations::default();
        for Function { index, ty, body } in &self.functions {
            let (index, ty) = (*index, *ty);
            // Whoever tells a person reads the whole component and finds the place.
            let body = FunctionBody::new(BinaryReader::new_features(&self.bytes[body.clone()], 0, features));
            let mut validator = FuncToValidate { resources, index, ty, features }.into_validator(allocations);
            validator.validate(&body).map_err(|_| InvalidBody)?;
            allocations = validator.into_allocations();
        }
        Ok(())
    }
}

/// Tells the team that a batch is done, however that ended.
struct Done<'a> {
    team: &'a Team,
    tally: &'a Tally,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tally.is_invalid.store(true, Ordering::Relaxed);
        }
        let _state = self.team.state();
        *open(self.tally) -= 1;
        self.team.changed.notify_all();
    }
}

fn open(tally: &Tally) -> MutexGuard<'_, usize> {
    tally.open.lock().unwrap_or_else(PoisonError::into_inner)
}
