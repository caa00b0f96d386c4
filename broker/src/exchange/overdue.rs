//! What is owed and overdue goes up: the desk reads it among its obligations, then its duty officer is
//! told, then the lead of its agency.
//!
//! Promises that each step is told once, whatever stops and starts between; that nothing counts as
//! overdue while the clock is not believed; and that a letter is on disk before its step counts as
//! taken. Deliberately does not know: what was to be done, and about whom.

use std::sync::Arc;

use arc_swap::ArcSwap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clock::{Clock, Reading};
use crate::delivery::outbox::{Outbox, Overdue};
use crate::ledger::appender::{Queue, Work};
use crate::ledger::journal::StoreError;
use crate::ledger::owed::Told;
use crate::notify::chain::{Alarm, Chain, Rank, Taken};
use crate::notify::{Addressee, Code, Letter, Notice, Notices, Place};
use crate::rules::Rules;

/// Bits of one obligation among the steps of a delivery.
const STEP_BITS: u16 = 3;

/// What could not be told now is looked at again after this.
const AGAIN_AFTER: Duration = Duration::minutes(10);

/// Everything that watching what is overdue needs.
pub struct Watch {
    /// Rules in force: who is suspended.
    pub rules: Arc<ArcSwap<Rules>>,
    /// What is owed.
    pub outbox: Arc<dyn Outbox>,
    /// The way to the appender.
    pub queue: Queue,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who is told after how long.
    pub chain: Chain,
    /// The way out.
    pub notices: Notices,
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
    /// no notice leaves the broker nothing is kept as told: what is overdue when notices are
    /// configured is told then.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self) -> Result<usize, StoreError> {
        if self.notices.counts().is_none() {
            return Ok(0);
        }
        let (outbox, reading) = (Arc::clone(&self.outbox), self.clock.reading());
        let now = reading.settled();
        let overdue = tokio::task::spawn_blocking(move || outbox.overdue(now))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))?;
        let (mut letters, mut told) = (0, Vec::with_capacity(overdue.len()));
        for one in &overdue {
            // One addressee whose letters are stuck holds up nobody else's.
            let (handed, steps) = match self.tell(one, &reading).await {
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

    /// Tells whoever is to be told of one delivery. `None`: a letter could not be kept.
    async fn tell(&self, one: &Overdue, reading: &Reading) -> Option<(usize, Told)> {
        let rules = self.rules.load_full();
        let suspended =
            rules.directory.agency(&one.desk.agency).is_some_and(|agency| agency.suspended);
        let place = Place::find(&rules.directory, &one.desk.agency, &one.desk.desk);
        let mut told = Told { delivery: one.delivery, told: one.told, look_at: None };
        let mut letters = 0;
        for obligation in obligations(one) {
            // Of what it was never given nobody hears by way of a deadline. A correction is of
            // something that it was given.
            if !one.released && obligation.code != Code::CorrectionOverdue {
                told.look_at = told.look_at.into_iter().chain(later(one, reading).look_at).min();
                continue;
            }
            if obligation.due > reading.settled() {
                told.look_at = told.look_at.into_iter().chain([obligation.due]).min();
                continue;
            }
            let steps = u8::try_from((told.told >> obligation.shift) & 0b111).unwrap_or(0);
            let taken = Taken::from_bits(steps).unwrap_or_default();
            let alarm = Alarm { raised_at: obligation.due, taken };
            let next = self.chain.next(alarm, false, reading);
            for rank in &next.ranks {
                let Some(to) = addressee(*rank, &place, suspended) else { continue };
                let notice = Notice {
                    code: obligation.code,
                    place: place.clone(),
                    reference: Uuid::from_bytes(one.delivery_id),
                    deadline: Some(obligation.due),
                    raised_at: reading.settled(),
                };
                self.notices.keep(Letter { notice, to }).await.ok()?;
                letters += 1;
            }
            let kept = u16::from(next.alarm.taken.bits());
            told.told = (told.told & !(0b111 << obligation.shift)) | (kept << obligation.shift);
            told.look_at = told.look_at.into_iter().chain(next.again_at).min();
        }
        Some((letters, told))
    }
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
    ]
    .into_iter()
    .zip((0..).step_by(usize::from(STEP_BITS)))
    .filter_map(|((code, due), shift)| Some(Obligation { code, due: due?, shift }))
}
