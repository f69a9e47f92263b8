//! The threads that prove modules: each proves one after the other, and who finds none left helps the others with the bodies of
//! their functions, which are most of the work and depend on nothing but the module around them.
//!
//! Who proves a module gives away bodies in batches as long as somebody is idle, and validates the rest itself.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources, WasmFeatures,
};

/// How many bytes of bodies are given away at a time.
const BATCH: usize = 64 * 1024;

/// Those who prove modules together.
pub(super) struct Team {
    features: WasmFeatures,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// What was given away, and nobody has taken yet.
    batches: VecDeque<(Batch, Arc<Tally>)>,
    /// How many still prove modules of their own.
    provers: usize,
    /// How many have nothing to do.
    idle: usize,
}

/// Bodies of functions of one module, one after the other.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// What the bodies are validated against, once there is one.
    module: Option<ValidatorResources>,
    functions: Vec<Function>,
}

/// A function of a batch.
struct Function {
    index: u32,
    ty: u32,
    /// Where its body ends.
    end: usize,
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
    batch: Batch,
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
        Bodies { team: self, batch: Batch::default(), tally: Arc::default() }
    }

    /// Has no module of its own left: helps until nobody has.
    pub(super) fn help(&self) {
        let mut state = self.state();
        state.provers -= 1;
        self.changed.notify_all();
        loop {
            if let Some((batch, tally)) = state.batches.pop_front() {
                drop(state);
                self.work(batch, &tally);
                state = self.state();
            } else if state.provers == 0 {
                return;
            } else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
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
    fn work(&self, batch: Batch, tally: &Tally) {
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

impl Bodies<'_> {
    /// Takes the next body.
    pub(super) fn push(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &[u8],
    ) -> Result<(), InvalidBody> {
        let FuncToValidate { resources, index, ty, .. } = function;
        self.batch.module.get_or_insert(resources);
        self.batch.bytes.extend_from_slice(body);
        self.batch.functions.push(Function { index, ty, end: self.batch.bytes.len() });
        if self.batch.bytes.len() < BATCH { Ok(()) } else { self.pass_on() }
    }

    /// Ends when all bodies are validated.
    pub(super) fn finish(mut self) -> Result<(), InvalidBody> {
        self.pass_on()?;
        let mut state = self.team.state();
        while *open(&self.tally) > 0 {
            if let Some((batch, tally)) = state.batches.pop_front() {
                drop(state);
                self.team.work(batch, &tally);
                state = self.team.state();
            } else {
                state = self.team.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if self.tally.is_invalid.load(Ordering::Relaxed) { Err(InvalidBody) } else { Ok(()) }
    }

    fn pass_on(&mut self) -> Result<(), InvalidBody> {
        match self.team.give(std::mem::take(&mut self.batch), &self.tally) {
            Some(batch) => batch.validate(self.team.features),
            None => Ok(()),
        }
    }
}

impl Batch {
    fn validate(self, features: WasmFeatures) -> Result<(), InvalidBody> {
        let Some(resources) = &self.module else { return Ok(()) };
        let mut allocations = FuncValidatorAllocations::default();
        let mut start = 0;
        for Function { index, ty, end } in self.functions {
            // Whoever tells a person reads the whole component and finds the place.
            let body = FunctionBody::new(BinaryReader::new_features(&self.bytes[start..end], 0, features));
            start = end;
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
