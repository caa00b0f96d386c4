//! A store that a test can hold back and make fail.
//!
//! Owns what becomes of each commit: held until it is let through, then written or not, and
//! answered truly or not. Promises that what it does not refuse is written by the real store,
//! and that every commit that was asked for is counted, in order.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ledger::journal::{Batch, Journal, Start, StoreError};
use crate::store::sqlite::LockedJournal;

use super::world::PATIENCE;

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is written and answered so.
    #[default]
    Written,
    /// The store refuses a row; nothing is written.
    Refused,
    /// No room; nothing is written.
    Full,
    /// Nothing is written, which nobody can know.
    Unreached,
    /// It is written, which nobody can know.
    Unheard,
    /// It ends in a panic before it is written.
    Panics,
}

/// A commit as it was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Messages, by the number in their ids.
    pub(super) messages: Vec<u128>,
    /// Deliveries that it changes.
    pub(super) marks: Vec<u64>,
}

/// The test's side of the store.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    held: bool,
    passes: usize,
    asked: Vec<Asked>,
    script: VecDeque<Outcome>,
    /// Chooses an outcome and how long it takes, where nothing is scripted.
    dice: Option<Box<dyn FnMut() -> (Outcome, Duration) + Send>>,
    /// So many times the store cannot be read back.
    unreadable: u32,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds every commit from now on.
    pub(super) fn hold(&self) {
        self.state().held = true;
    }

    /// Lets one held commit through.
    pub(super) fn let_one_through(&self) {
        self.state().passes += 1;
        self.moved.notify_all();
    }

    /// Holds nothing any more.
    pub(super) fn open(&self) {
        self.state().held = false;
        self.moved.notify_all();
    }

    /// What becomes of the next commits that are let through. The ones after are written.
    pub(super) fn next(&self, outcomes: &[Outcome]) {
        self.state().script.extend(outcomes);
    }

    /// Leaves what becomes of commits to chance.
    pub(super) fn throw(&self, dice: impl FnMut() -> (Outcome, Duration) + Send + 'static) {
        self.state().dice = Some(Box::new(dice));
    }

    /// Every commit is written again.
    pub(super) fn behave(&self) {
        let mut state = self.state();
        (state.dice, state.unreadable) = (None, 0);
        state.script.clear();
    }

    /// So many times the store cannot be read back.
    pub(super) fn unreadable(&self, times: u32) {
        self.state().unreadable = times;
    }

    /// The commits that were asked for so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.state().asked.len()
    }

    /// Waits until so many commits were asked for in all.
    #[track_caller]
    pub(super) fn wait_for(&self, commits: usize) {
        let few = |state: &mut State| state.asked.len() < commits;
        let waited = self.moved.wait_timeout_while(self.state(), PATIENCE, few);
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "{} of {commits} commits were asked for", state.asked.len());
    }

    /// Notes a commit, holds it, and answers what becomes of it.
    fn pass(&self, batch: &Batch) -> Outcome {
        let mut state = self.state();
        state.asked.push(Asked {
            messages: batch.messages.iter().map(|message| message.key.id.as_u128()).collect(),
            marks: batch.marks.iter().map(|mark| mark.row).collect(),
        });
        self.moved.notify_all();
        let shut = |state: &mut State| state.held && state.passes == 0;
        state = self.moved.wait_while(state, shut).unwrap_or_else(PoisonError::into_inner);
        state.passes = state.passes.saturating_sub(1);
        let scripted = state.script.pop_front();
        let thrown = scripted.is_none().then(|| state.dice.as_mut().map(|dice| dice())).flatten();
        drop(state);
        let (outcome, takes) = thrown.unwrap_or_default();
        std::thread::sleep(takes);
        scripted.unwrap_or(outcome)
    }
}

/// The real store behind the gate.
pub(super) struct GatedJournal {
    pub(super) store: LockedJournal,
    pub(super) gate: Arc<Gate>,
}

impl Journal for GatedJournal {
    fn start(&mut self) -> Result<Start, StoreError> {
        let unreadable = &mut self.gate.state().unreadable;
        if *unreadable > 0 {
            *unreadable -= 1;
            return Err(unreached());
        }
        self.store.start()
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        match self.gate.pass(batch) {
            Outcome::Written => self.store.commit(batch),
            Outcome::Refused => Err(StoreError::Refused("as the test told it".into())),
            Outcome::Full => Err(StoreError::Full),
            Outcome::Unreached => Err(unreached()),
            Outcome::Unheard => self.store.commit(batch).and(Err(unreached())),
            Outcome::Panics => panic!("as the test told it"),
        }
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        self.store.tidy()
    }
}

fn unreached() -> StoreError {
    StoreError::Unavailable("as the test told it".into())
}
