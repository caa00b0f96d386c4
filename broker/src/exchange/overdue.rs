//! What is owed and overdue goes up: the desk reads it among its obligations, then its duty officer is
//! told, then the lead of its agency. So does what is immediate and nobody opens, and what is waited
//! for and has not come; of these the sender is told, and whoever waits. Who owns a flag hears of
//! its days.
//!
//! Promises that each step is told once, whatever stops and starts between; that nothing counts as
//! overdue while the clock is not believed; and that a letter is on disk, and what the broker tells
//! a desk in the ledger, before its step counts as taken. Deliberately does not know: what was to
//! be done, and about whom.

mod feeds;

mod flags;

mod senders;

use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::exchange::v1::TaskKind;
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, oneshot};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::clock::{Clock, Reading};
use crate::delivery::outbox::{Outbox, Overdue};
use crate::ledger::advice::Advice;
use crate::ledger::appender::{AdviseWork, Queue, Work};
use crate::ledger::journal::{Archive, Recall, StoreError};
use crate::ledger::owed::{END_REPORTED, REMINDED, SENDER_TOLD, Told};
use crate::notify::chain::{Alarm, Chain, Rank, Taken};
use crate::notify::{Addressee, Code, Letter, Notice, Notices, Place};
use crate::rules::Rules;
use crate::seal::Vault;

pub use feeds::Looked;
pub(in crate::exchange) use flags::owner_knows;

/// Bits of one obligation among the steps of a delivery.
const STEP_BITS: u16 = 3;

/// What could not be told now is looked at again after this.
const AGAIN_AFTER: Duration = Duration::minutes(10);

/// Everything that watching what is overdue needs.
pub struct Watch {
    /// Rules in force: who is suspended, and what is waited for.
    pub rules: Arc<ArcSwap<Rules>>,
    /// What is owed.
    pub outbox: Arc<dyn Outbox>,
    /// The messages it is owed for.
    pub recall: Arc<dyn Recall>,
    /// How they stand.
    pub archive: Arc<dyn Archive>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// The way to the appender.
    pub queue: Queue,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// Who is told after how long.
    pub chain: Chain,
    /// The way out.
    pub notices: Notices,
    /// How far it was looked for what is waited for. Held while one looks: two would tell twice.
    pub looked: Mutex<Looked>,
}

/// One obligation that a delivery carries.
struct Obligation {
    code: Code,
    due: OffsetDateTime,
    /// Where its steps stand among those of the delivery.
    shift: u16,
}

impl Watch {
    /// Looks once at everything that is overdue. Answers how many letters were handed over. Where
    /// no notice leaves the broker no step of a chain is kept as told: what is overdue when notices
    /// are configured is told then.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self) -> Result<usize, StoreError> {
        let mut looked = self.looked.lock().await;
        let reading = self.clock.reading();
        let mut letters = self.look_at_feeds(&mut looked, &reading).await?;
        self.look_at_flags(&mut looked, &reading).await?;
        let (outbox, now) = (Arc::clone(&self.outbox), reading.settled());
        let overdue = beside(move || outbox.overdue(now)).await?;
        let mut told = Vec::with_capacity(overdue.len());
        for one in &overdue {
            // One addressee whose letters are stuck holds up nobody else's.
            let (handed, steps) = match self.tell(one, &reading).await? {
                Some(done) => done,
                None => (0, later(one, &reading)),
            };
            letters += handed;
            told.push(steps);
        }
        if !told.is_empty() {
            // If the broker stops now, the same letters are handed over again, and known as such.
            let _ = self.queue.put(Work::Told(told)).await;
        }
        Ok(letters)
    }

    /// Tells whoever is to be told of one delivery. `None`: something could not be kept.
    async fn tell(
        &self,
        one: &Overdue,
        reading: &Reading,
    ) -> Result<Option<(usize, Told)>, StoreError> {
        let mut told = Told { delivery: one.delivery, told: one.told, look_at: None };
        if one.ended && one.told & END_REPORTED == 0 {
            if !self.report_end(one, reading).await? {
                return Ok(None);
            }
            told.told |= END_REPORTED;
        }
        if one.runs_out && !one.released {
            return Ok(Some((0, told)));
        }
        let mut letters = 0;
        for obligation in obligations(one) {
            let Some(handed) = self.chase(one, &obligation, reading, &mut told).await? else {
                return Ok(None);
            };
            letters += handed;
        }
        if let Some(at) = one.remind_at.filter(|_| one.told & REMINDED == 0) {
            if at > reading.settled() {
                look_no_later(&mut told, at);
            } else if self.remind(one, reading).await? {
                told.told |= REMINDED;
            } else {
                look_no_later(&mut told, reading.settled().saturating_add(AGAIN_AFTER));
            }
        }
        Ok(Some((letters, told)))
    }

    /// Tells whoever is next of one obligation. `None`: something could not be kept.
    async fn chase(
        &self,
        one: &Overdue,
        obligation: &Obligation,
        reading: &Reading,
        told: &mut Told,
    ) -> Result<Option<usize>, StoreError> {
        let unread = obligation.code == Code::ImmediateUnread;
        // Of what it was never given nobody hears by way of a deadline. A correction is of
        // something that it was given; and what is immediate must not wait unseen.
        if !one.released && !unread && obligation.code != Code::CorrectionOverdue {
            look_no_later(told, reading.settled().saturating_add(AGAIN_AFTER));
            return Ok(Some(0));
        }
        if obligation.due > reading.settled() {
            look_no_later(told, obligation.due);
            return Ok(Some(0));
        }
        if unread && told.told & SENDER_TOLD == 0 {
            if !self.report_unopened(one, obligation.due).await? {
                return Ok(None);
            }
            told.told |= SENDER_TOLD;
        }
        // Whoever may not have it any more is not told that it waits.
        let silent = unread && !one.released && !self.may_have(one, reading).await?;
        if self.notices.counts().is_none() || silent {
            look_no_later(told, reading.settled().saturating_add(AGAIN_AFTER));
            return Ok(Some(0));
        }
        let code = if unread { self.code_of(one).await? } else { obligation.code };
        self.up_the_chain(one, &Obligation { code, ..*obligation }, reading, told).await
    }

    async fn up_the_chain(
        &self,
        one: &Overdue,
        obligation: &Obligation,
        reading: &Reading,
        told: &mut Told,
    ) -> Result<Option<usize>, StoreError> {
        let rules = self.rules.load_full();
        let suspended =
            rules.directory.agency(&one.desk.agency).is_some_and(|agency| agency.suspended);
        let place = Place::find(&rules.directory, &one.desk.agency, &one.desk.desk);
        let steps = u8::try_from((told.told >> obligation.shift) & 0b111).unwrap_or(0);
        let taken = Taken::from_bits(steps).unwrap_or_default();
        let alarm = Alarm { raised_at: obligation.due, taken };
        let next = self.chain.next(alarm, false, reading);
        let mut letters = 0;
        for rank in &next.ranks {
            let Some(to) = addressee(*rank, &place, suspended) else { continue };
            let notice = Notice {
                code: obligation.code,
                place: place.clone(),
                reference: Uuid::from_bytes(one.delivery_id),
                deadline: Some(obligation.due),
                raised_at: reading.settled(),
            };
            if self.notices.keep(Letter { notice, to }).await.is_err() {
                return Ok(None);
            }
            letters += 1;
        }
        let kept = u16::from(next.alarm.taken.bits());
        told.told = (told.told & !(0b111 << obligation.shift)) | (kept << obligation.shift);
        told.look_at = told.look_at.into_iter().chain(next.again_at).min();
        Ok(Some(letters))
    }

    /// Tells desks what the broker has to say. Whether that is in the ledger.
    async fn advise(&self, advice: Vec<Advice>) -> bool {
        if advice.is_empty() {
            return true;
        }
        let (reply, durable) = oneshot::channel();
        let sent = self.queue.put(Work::Advise(AdviseWork { advice, reply })).await;
        sent.is_ok() && durable.await.unwrap_or(false)
    }
}

/// Reads the store beside the tasks that carry calls.
async fn beside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))
}

fn look_no_later(told: &mut Told, at: OffsetDateTime) {
    told.look_at = told.look_at.into_iter().chain([at]).min();
}

/// Nothing was done: to be looked at again after a while.
fn later(one: &Overdue, reading: &Reading) -> Told {
    let look_at = reading.settled().saturating_add(AGAIN_AFTER);
    Told { delivery: one.delivery, told: one.told, look_at: Some(look_at) }
}

/// Who is told outside the broker. Of a suspended agency nobody at a desk is reached: its
/// data-protection officer is told in their place.
fn addressee(rank: Rank, place: &Place, suspended: bool) -> Option<Addressee> {
    match rank {
        Rank::Desk => None,
        Rank::DutyOfficer | Rank::AgencyLead if suspended => {
            Some(Addressee::DataProtection(place.clone()))
        }
        Rank::DutyOfficer | Rank::AgencyLead => rank.addressee(place),
    }
}

fn obligations(one: &Overdue) -> impl Iterator<Item = Obligation> {
    [
        (Code::ActionOverdue, one.act_by),
        (Code::CorrectionOverdue, one.correct_by),
        (Code::ObligationOverdue, one.delete_by),
        (Code::ImmediateUnread, one.open_by),
    ]
    .into_iter()
    .zip((0..).step_by(usize::from(STEP_BITS)))
    .filter_map(|((code, due), shift)| Some(Obligation { code, due: due?, shift }))
}

/// Whether a delivery is what the broker itself tells a desk of something it waits for.
const fn is_of_feed(one: &Overdue) -> bool {
    one.task == TaskKind::FeedAbsent as i32
}
