//! Live streams that grant seats as a test tells them, and note what comes of each.
//!
//! Owns credit, who waits, and the record of seats taken, given back and used. Judges each
//! fresh release the moment it may be sent: it must be on disk, and nothing that was never
//! sent may wait before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::params;
use uuid::Uuid;

use crate::ledger::appender::{Live, LiveRelease, Released, Seat};

use super::world::{connect, row_number};

/// A fresh release that was sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) subscription: u64,
    pub(super) message: Uuid,
    pub(super) released: Released,
}

/// The streams of one test.
pub(super) struct Streams {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    credit: BTreeMap<u64, u32>,
    /// Subscriptions on which something waits, as far as was told.
    behind: BTreeSet<u64>,
    /// How often it was told of each that something waits.
    additions: BTreeMap<u64, u64>,
    taken: usize,
    given_back: usize,
    sent: Vec<Sent>,
    faults: Vec<String>,
}

impl Streams {
    pub(super) fn on(path: &Path) -> Self {
        Self { path: path.to_owned(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets so many deliveries of a subscription be sent.
    pub(super) fn grant(&self, subscription: u64, deliveries: u32) {
        *self.state().credit.entry(subscription).or_default() += deliveries;
    }

    /// Credit that is left.
    pub(super) fn credit(&self, subscription: u64) -> u32 {
        self.state().credit.get(&subscription).copied().unwrap_or(0)
    }

    /// How often something came to wait on a subscription: to be asked before its line is read.
    pub(super) fn additions(&self, subscription: u64) -> u64 {
        self.state().additions.get(&subscription).copied().unwrap_or(0)
    }

    /// Nothing was found waiting on a subscription, by one who had asked for `additions`
    /// before: if nothing came since, fresh messages may be sent again.
    pub(super) fn drained(&self, subscription: u64, additions: u64) {
        let mut state = self.state();
        if state.additions.get(&subscription).copied().unwrap_or(0) == additions {
            state.behind.remove(&subscription);
        }
    }

    /// What was sent so far, in order.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// The numbers in the ids of the messages sent so far, in order.
    pub(super) fn sent_messages(&self) -> Vec<u128> {
        self.state().sent.iter().map(|sent| sent.message.as_u128()).collect()
    }

    /// Seats taken and seats given back so far.
    pub(super) fn seats(&self) -> (usize, usize) {
        let state = self.state();
        (state.taken, state.given_back)
    }

    /// What was sent that should not have been.
    pub(super) fn faults(&self) -> Vec<String> {
        self.state().faults.clone()
    }
}

impl Live for Streams {
    fn reserve(&self, subscription: u64) -> Option<Seat> {
        let mut state = self.state();
        if state.behind.contains(&subscription) {
            return None;
        }
        let credit = state.credit.get_mut(&subscription).filter(|credit| **credit > 0)?;
        *credit -= 1;
        state.taken += 1;
        Some(Seat { stream: 1, node: "duty".into() })
    }

    fn release_seats(&self, seats: &[(u64, u64)]) {
        let mut state = self.state();
        for (subscription, _) in seats {
            *state.credit.entry(*subscription).or_default() += 1;
        }
        state.given_back += seats.len();
    }

    fn committed(&self, live: Vec<LiveRelease>, waiting: &[u64]) {
        let faults = faults_of(&self.path, &live);
        let mut state = self.state();
        state.faults.extend(faults);
        for subscription in waiting {
            state.behind.insert(*subscription);
            *state.additions.entry(*subscription).or_default() += 1;
        }
        state.sent.extend(live.into_iter().map(|live| Sent {
            subscription: live.subscription,
            message: live.message,
            released: live.released,
        }));
    }
}

/// What is wrong with sending these now.
fn faults_of(path: &Path, live: &[LiveRelease]) -> Vec<String> {
    if live.is_empty() {
        return Vec::new();
    }
    let store = connect(path);
    let count = |query: &str, with: &[&dyn rusqlite::ToSql]| -> i64 {
        store.query_row(query, with, |row| row.get(0)).unwrap()
    };
    let mut faults = Vec::new();
    for live in live {
        let row = row_number(live.released.delivery);
        let subscription = row_number(live.subscription);
        let recorded = "SELECT count(*) FROM release WHERE release_id = ?1 AND delivery = ?2";
        if count(recorded, params![live.released.release_id, row]) != 1 {
            faults.push(format!("delivery {row} was sent before it was recorded"));
        }
        let before = "SELECT count(*) FROM delivery WHERE subscription = ?1 AND id < ?2
                      AND state = 0 AND number = 0";
        if count(before, params![subscription, row]) != 0 {
            faults.push(format!("delivery {row} passed one that waited"));
        }
    }
    faults
}
