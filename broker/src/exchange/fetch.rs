//! How a document is fetched by a desk that was given it.
//!
//! Promises that no byte leaves before an entry that says who fetches what; that whether it may leave
//! is asked anew for each piece, under the rules, the record and the time of that moment; and that
//! what is not there, is for others or is to be had no more is answered alike.
//! Bound: one piece and its seal in memory for each transfer.

use std::collections::HashSet;
use std::sync::Arc;

use proto::refusal::Refusal;
use tokio::sync::oneshot;

use super::attach::{beside, open_piece};
use super::deliver::Delivering;
use super::slots::{Slot, Slots};
use crate::ledger::appender::{FetchWork, ReleaseRefused, Work};
use crate::ledger::attached::{Attachments, GivenSection, PIECE_BYTES, piece_bytes};
use crate::message::sections::{self, SectionName};
use crate::register::DeskName;
use crate::rules::{Epochs, Rules};
use crate::seal::BodyKey;

/// How often a fetch is decided again before it is refused, because rules move under it.
const DECISIONS_MAX: u32 = 8;

/// Everything fetching needs.
pub struct Fetching {
    /// Decides what a desk may have.
    pub delivering: Delivering,
    /// What is kept.
    pub reads: Arc<dyn Attachments>,
    /// What runs.
    pub slots: Slots,
}

/// What is asked for, and by whom.
#[derive(Clone)]
pub struct Asked {
    /// Desks of the node that asks.
    pub desks: Vec<DeskName>,
    /// The node.
    pub node: Arc<str>,
    /// Release by which the desk was given the message.
    pub release_id: [u8; 16],
    /// The document's name in it.
    pub section: SectionName,
    /// Whether bytes may leave to this node at all.
    pub may_release: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// A fetch that stands in the ledger.
pub struct Fetch {
    asked: Asked,
    next: u32,
    _recorded: Recorded,
    _slot: Slot,
}

/// That the fetch stands in a commit. Only [`Fetching::begin`] can say so.
struct Recorded;

/// What a desk may have at this moment.
struct Entitled {
    given: GivenSection,
    seal: BodyKey,
    epochs: Epochs,
}

impl Fetching {
    /// Records a fetch from a byte on.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for whatever is not to be had, for whatever reason, and for an offset past
    /// the end; [`Refusal::AttachmentsFull`] where as many run as may; or it could not be recorded.
    pub async fn begin(&self, asked: Asked, offset: u32) -> Result<Fetch, Refusal> {
        let agency = asked.desks.first().map(|desk| Arc::clone(&desk.agency));
        let agency = agency.ok_or(Refusal::NotFound)?;
        let slot = self.slots.take(&agency).ok_or(Refusal::AttachmentsFull)?;
        for _ in 0..DECISIONS_MAX {
            // Step 1: whether this desk may have it, now.
            let Entitled { given, epochs, .. } = self.entitled(&asked).await?;
            if offset >= given.size {
                return Err(Refusal::NotFound);
            }
            // Step 2: recorded before one byte leaves, under the rules it was decided by.
            match self.record(&asked, given, offset, epochs).await {
                Ok(()) => {
                    return Ok(Fetch { asked, next: offset, _recorded: Recorded, _slot: slot });
                }
                Err(ReleaseRefused::RulesMoved) => {}
                Err(ReleaseRefused::Store) => break,
            }
        }
        Err(Refusal::StoreUnavailable)
    }

    /// The next bytes and where they begin; `None` once all have been given.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where it is to be had no more.
    pub async fn next(&self, fetch: &mut Fetch) -> Result<Option<(u32, Vec<u8>)>, Refusal> {
        // Step 3: whether it may still have it: a withdrawal may have come in between.
        let Entitled { given, seal, .. } = self.entitled(&fetch.asked).await?;
        let (place, from) = (fetch.next / PIECE_BYTES, fetch.next);
        let Some(length) = piece_bytes(given.size, place) else { return Ok(None) };
        // Step 4: one piece, opened beside, and what is wanted of it.
        let reads = Arc::clone(&self.reads);
        let piece =
            beside(move || open_piece(&*reads, (&given.key, given.row, given.size), place, &seal));
        let mut piece = piece.await?;
        let skipped = usize::try_from(from % PIECE_BYTES).unwrap_or(0).min(piece.len());
        piece.drain(..skipped);
        fetch.next = place * PIECE_BYTES + length;
        if piece.is_empty() { Ok(None) } else { Ok(Some((from, piece))) }
    }

    /// What is asked for, if it may be had at this moment.
    async fn entitled(&self, asked: &Asked) -> Result<Entitled, Refusal> {
        if !(asked.may_release)() {
            return Err(Refusal::NotFound);
        }
        let (reads, asked) = (Arc::clone(&self.reads), asked.clone());
        let delivering = self.delivering.clone();
        beside(move || {
            let given = reads.given_section(&asked.release_id, &asked.section)?;
            Ok(given.ok_or(Refusal::NotFound).and_then(|given| judge(&delivering, &asked, given)))
        })
        .await?
    }

    async fn record(
        &self,
        asked: &Asked,
        given: GivenSection,
        offset: u32,
        epochs: Epochs,
    ) -> Result<(), ReleaseRefused> {
        let (reply, recorded) = oneshot::channel();
        let work = FetchWork {
            desk: given.desk,
            node: Arc::clone(&asked.node),
            sender: given.message.key.agency,
            message: given.message.key.id,
            release_id: asked.release_id,
            section: asked.section,
            offset,
            epochs,
            reply,
        };
        let put = self.delivering.queue.put(Work::Fetch(work)).await;
        put.map_err(|_| ReleaseRefused::Store)?;
        recorded.await.unwrap_or(Err(ReleaseRefused::Store))
    }
}

/// Whether a desk may have, now, what it was given. Every reason against it is answered alike.
fn judge(delivering: &Delivering, asked: &Asked, given: GivenSection) -> Result<Entitled, Refusal> {
    let reading = delivering.clock.reading();
    let now = reading.span().latest;
    let own = asked.desks.contains(&given.desk);
    if !own || given.gone || given.delete_by.is_some_and(|by| by <= now) {
        return Err(Refusal::NotFound);
    }
    let rules = Rules::of_moment(&delivering.rules, &reading).ok_or(Refusal::ClockUnsure)?;
    let seal = delivering.vault.unwrap(&given.wrapped_key).map_err(|_| Refusal::NotFound)?;
    let at = (&given.desk, given.task);
    let decided = delivering.decide_stored(&given.message, at, &HashSet::new(), &rules, now);
    let (admitted, view, _) = decided.map_err(|_| Refusal::NotFound)?;
    let mut shown = view.sections(&admitted.message);
    if !shown.any(|(section, _)| sections::name(section) == Some(asked.section)) {
        return Err(Refusal::NotFound);
    }
    drop(shown);
    Ok(Entitled { given, seal, epochs: rules.epochs })
}
