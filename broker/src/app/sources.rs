//! What is read of a running broker from beside it: by the ops surface, and by tests that must know
//! how it stands.
//!
//! Deliberately changes nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::delivery::hub::Hub;
use crate::delivery::outbox::Outbox;
use crate::ledger::appender::{Figures, Queue};
use crate::rules::Rules;
use crate::store::sqlite::SqliteReaders;

use super::Parts;

/// What the ops surface reads.
#[derive(Clone)]
pub struct Sources {
    /// The appender's figures.
    pub figures: Arc<Figures>,
    /// Figures of the store.
    pub outbox: Arc<dyn Outbox>,
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
    /// Way to the appender, to see that it lives.
    pub queue: Queue,
    /// Who is served. A subscription whose reader has gone counts until all that it left behind waits
    /// again: from then on nothing goes out on it.
    pub hub: Arc<Hub>,
}

impl Parts {
    pub(super) fn sources(&self, figures: Arc<Figures>) -> Sources {
        Sources {
            figures,
            outbox: Arc::<SqliteReaders>::clone(&self.readers),
            rules: Arc::clone(&self.rules),
            clock: Arc::clone(&self.clock),
            disk_floor: Arc::clone(&self.disk_floor),
            queue: self.queue.clone(),
            hub: Arc::clone(&self.hub),
        }
    }
}
