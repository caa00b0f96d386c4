//! The only way into the ledger: group commit, drafted on one thread and written on another.
//!
//! Takes works as they come, decides again whatever was decided under rules that have moved,
//! and drafts messages, decisions, releases and entries of ONE transaction while the draft
//! before it is made durable.
//!
//! Promise: no answer says "recorded" before the commit is durable, and no draft is written
//!          unless the one it follows was.
//! Bound:   [`BATCH_ITEMS_MAX`] works or [`BATCH_BYTES_MAX`] bytes of bodies a commit.
//! Refuses: after a commit whose outcome is unknown it reloads what is on disk and answers
//!          by that; until it could, it refuses every work. One bad item never fails the
//!          others: a refused batch is halved.
//! Why one: index order must equal commit order, or a proof would show a gap.

mod work;

mod sharing;

mod gather;

mod subscriptions;

mod draft;

mod gathered;

mod onward;

mod earlier;

mod chase;

mod publish;

mod custody;

mod late;

mod owes;

mod advise;

mod settle;

mod attest;

mod attach;

mod review;

mod change;

mod commit;

mod writer;

mod answer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::ledger::journal::{Head, Journal, Recall, Start, StoreError};
use crate::ledger::tree::Edge;
use crate::policy::Bundle;

pub use work::{
    AdviseWork, AttachWork, AttestWork, Change, ChangeWork, ChaseWork, CloseReviewWork,
    CommittedHead, ConsultWork, EndItem, FetchWork, Figures, Live, LiveRelease, PublishOutcome,
    PublishSink, Queue, RedriveWork, ReleaseItem, ReleaseRefused, ReleaseWork, Released, Reread,
    Seat, SettleItem, SettleWork, Settlement, Shared, Stopped, SubscribeWork, Work,
};

pub use owes::date_ahead;

use commit::{Flying, Open};
use subscriptions::Subscriptions;
use writer::Writer;

/// Works of one commit.
pub const BATCH_ITEMS_MAX: usize = 256;
/// Bytes of sealed bodies of one commit.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Works that may wait for the appender before senders wait.
pub const QUEUE_WORKS_MAX: usize = 4_096;
/// Attempts before a delivery becomes a dead letter.
pub const ATTEMPTS_MAX: u32 = 8;

/// The appender's own state.
pub struct Appender {
    recall: Arc<dyn Recall>,
    shared: Shared,
    writer: Writer,
    /// Where the ledger stands after everything that was handed to the writer.
    standing: Standing,
    bundle: Option<Arc<Bundle>>,
    /// The draft under construction.
    open: Option<Open>,
    /// The draft that is being written.
    flying: Option<Flying>,
    /// Works that the open draft could not take: they begin the next.
    later: Vec<Work>,
    /// Whether a commit ended nobody knows how, and has not been read back yet.
    unsure: bool,
    stopping: Option<oneshot::Sender<()>>,
}

/// What one commit leaves to the next.
#[derive(Clone)]
struct Standing {
    head: Head,
    edge: Edge,
    subscriptions: Subscriptions,
}

impl Standing {
    fn of(start: &Start) -> Result<Self, StoreError> {
        let edge = Edge::load(&start.head.frontier, start.open_tiles.clone())
            .map_err(|_| StoreError::Damaged { table: "head" })?;
        let subscriptions = Subscriptions::of(&start.subscriptions);
        Ok(Self { head: start.head.clone(), edge, subscriptions })
    }
}

/// Starts the appender on threads of its own. `recall` reads the store that `journal` writes.
///
/// # Errors
/// The threads cannot be made, or the store's head is damaged.
pub fn start(
    journal: Box<dyn Journal>,
    recall: Arc<dyn Recall>,
    start: &Start,
    bundle: Option<Arc<Bundle>>,
    shared: Shared,
) -> Result<(Queue, std::thread::JoinHandle<()>), StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(error.kind().to_string());
    let standing = Standing::of(start)?;
    let writer = Writer::start(journal, shared.clone()).map_err(unavailable)?;
    let (open, flying, later, unsure, stopping) = (None, None, Vec::new(), false, None);
    let appender = Appender {
        recall,
        shared,
        writer,
        standing,
        bundle,
        open,
        flying,
        later,
        unsure,
        stopping,
    };
    let (sender, receiver) = mpsc::channel(QUEUE_WORKS_MAX);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(unavailable)?;
    let thread = std::thread::Builder::new()
        .name("appender".into())
        .spawn(move || appender.run(&runtime, receiver))
        .map_err(unavailable)?;
    Ok((Queue(sender), thread))
}
