//! What the people who run the broker look at: figures, health, and the disk.
//!
//! Promises that health is asked of the store and of the ledger's writer each time, never
//! remembered; that no figure is about a subject; and that a label is a word of ours or an
//! agency's id of the directory. Deliberately does not know: who looks. The listener is for this
//! machine only, and what it shows changes nothing.

pub mod disk;

pub mod endpoint;

pub mod figures;

pub mod health;

mod look;

mod samples;

mod text;

pub mod traces;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::delivery::outbox::Outbox;
use crate::ledger::appender::{Figures, Queue};
use crate::ledger::journal::Archive;
use crate::listen::{Connections, ListenCounters, Loaded};
use crate::notify::NoticeCounts;
use crate::rules::Rules;
use look::Look;
use samples::StoreFigures;
use traces::SpanCounts;

/// How long the store and the ledger's writer may take to answer before they count as silent.
pub const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Where figures and health come from.
pub struct Sources {
    /// The appender's figures.
    pub figures: Arc<Figures>,
    /// The way to the appender, to see whether it still answers.
    pub queue: Queue,
    /// What waits and what is dead.
    pub outbox: Arc<dyn Outbox>,
    /// How long the ledger is and how much of it is signed.
    pub archive: Arc<dyn Archive>,
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// What happened at the door.
    pub counters: Arc<ListenCounters>,
    /// The TLS files at work.
    pub loaded: Arc<ArcSwap<Loaded>>,
    /// Open connections.
    pub connections: Arc<Connections>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
    /// Bytes free where the store is; see [`disk::DiskWatch::free_bytes`].
    pub disk_free_bytes: Arc<AtomicU64>,
    /// Set once the broker has begun to stop.
    pub draining: Arc<AtomicBool>,
    /// What became of the spans of traces; `None` if they are not exported.
    pub spans: Option<Arc<SpanCounts>>,
    /// What became of notices; `None` if they are off.
    pub notices: Option<Arc<NoticeCounts>>,
}

/// The sources, with what is being asked of them.
pub struct Watched {
    sources: Sources,
    store_size: Look<bool>,
    store_figures: Look<Option<StoreFigures>>,
    appender: Look<bool>,
}

impl Watched {
    /// Nothing is being asked yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            store_size: Look::default(),
            store_figures: Look::default(),
            appender: Look::default(),
        }
    }
}
