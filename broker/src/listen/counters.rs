//! What happened at the door, in numbers.
//!
//! Promises that a number only grows and that no name of a peer is kept: refusals before
//! authentication are seen nowhere else. Deliberately does not know: how numbers are exported.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::connections::CloseReason;
use super::refused::Refused;

/// Counters of one listener, each since it began.
#[derive(Debug)]
pub struct ListenCounters {
    /// Sockets accepted.
    pub accepted: AtomicU64,
    /// Connections handed to the server.
    pub established: AtomicU64,
    /// Times the system could give no socket, mostly for want of descriptors.
    pub accept_errors: AtomicU64,
    /// Times new TLS files were taken up.
    pub reloads: AtomicU64,
    /// Times files were found that cannot be used; one set of files counts once.
    pub reload_failures: AtomicU64,
    refused: BTreeMap<&'static str, AtomicU64>,
    closed: BTreeMap<&'static str, AtomicU64>,
}

impl ListenCounters {
    /// Counters at nought, one for each reason there is.
    #[must_use]
    pub fn new() -> Self {
        Self {
            accepted: AtomicU64::new(0),
            established: AtomicU64::new(0),
            accept_errors: AtomicU64::new(0),
            reloads: AtomicU64::new(0),
            reload_failures: AtomicU64::new(0),
            refused: Refused::codes().map(|code| (code, AtomicU64::new(0))).collect(),
            closed: CloseReason::codes().map(|code| (code, AtomicU64::new(0))).collect(),
        }
    }

    /// Peers not let in, by the code of the reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        read(&self.refused)
    }

    /// Peers not let in for one reason.
    #[must_use]
    pub fn refused_for(&self, reason: Refused) -> u64 {
        self.refused.get(reason.code()).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Living connections that were closed, by the code of the reason.
    pub fn closed(&self) -> impl Iterator<Item = (&'static str, u64)> {
        read(&self.closed)
    }

    pub(super) fn count_refused(&self, reason: Refused) {
        if let Some(count) = self.refused.get(reason.code()) {
            add_one(count);
        }
    }

    pub(super) fn count_closed(&self, reason: CloseReason) {
        if let Some(count) = self.closed.get(reason.code()) {
            add_one(count);
        }
    }
}

impl Default for ListenCounters {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn add_one(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn read(counts: &BTreeMap<&'static str, AtomicU64>) -> impl Iterator<Item = (&'static str, u64)> {
    counts.iter().map(|(code, count)| (*code, count.load(Ordering::Relaxed)))
}
