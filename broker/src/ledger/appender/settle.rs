//! What releases, receipts and ends of deliveries write.

use std::sync::Arc;

use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use time::OffsetDateTime;

use crate::ledger::journal::{Attempts, DeliveryMark, DeliveryState, StoreError};
use crate::ledger::record::{BROKER_PARTY, RecordType, Text};
use crate::rules::Rules;

use super::answer::Answer;
use super::draft::Draft;
use super::gathered::{Pending, Target};
use super::{
    ATTEMPTS_MAX, Appender, EndItem, RedriveWork, ReleaseRefused, ReleaseWork, SettleItem,
    SettleWork, Settlement,
};

impl Appender {
    pub(super) fn release(
        &self,
        place: usize,
        release: &ReleaseWork,
        rules: &Rules,
        draft: &mut Draft,
    ) -> Result<Result<(), ReleaseRefused>, StoreError> {
        if release.epochs != rules.epochs {
            return Ok(Err(ReleaseRefused::RulesMoved));
        }
        for item in &release.items {
            // What this very batch does to a delivery counts as much as what is on disk.
            let waits = draft.stored_state(item.delivery) == Some(DeliveryState::Waiting);
            if waits && !draft.touches(item.delivery) {
                let pending = Pending { item: item.clone(), target: Target::Work(place) };
                let (node, chance) = (Arc::clone(&release.node), &*self.shared.chance);
                draft.release(release.subscription, node, pending, chance)?;
                draft.batch.chases.again.extend(item.chased.iter().copied());
            }
        }
        Ok(Ok(()))
    }

    /// `None`: the draft does something to one of these deliveries already, which must be
    /// written first.
    pub(super) fn settle(
        &self,
        settle: &SettleWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Option<Answer>, StoreError> {
        if settle.items.iter().any(|item| draft.touches(item.delivery)) {
            return Ok(None);
        }
        for item in &settle.items {
            let receipt = item.settlement == Settlement::Acknowledged;
            // A receipt counts even when the delivery waits again or was given up: it was received.
            let open = match draft.stored_state(item.delivery) {
                Some(DeliveryState::Released) => true,
                Some(DeliveryState::Waiting | DeliveryState::Dead) => receipt,
                Some(_) | None => false,
            };
            if item.settlement == Settlement::Unsent {
                self.void(settle.subscription, &item.release_id, draft)?;
            }
            if !open || draft.touches(item.delivery) {
                continue;
            }
            let (state, due, attempts) = settled(item);
            if state == DeliveryState::Waiting {
                draft.waits(settle.subscription);
            }
            draft.mark(DeliveryMark {
                row: item.delivery,
                state,
                number: None,
                attempts,
                due,
                at: now,
                ended: None,
            });
            if item.settlement != Settlement::Unsent {
                draft.receipt(settle.subscription, &settle.node, item)?;
            }
        }
        Ok(Some(Answer::Done(true)))
    }

    pub(super) fn end(
        &self,
        items: &[EndItem],
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        for item in items {
            let state = draft.stored_state(item.delivery);
            let open = matches!(state, Some(DeliveryState::Waiting | DeliveryState::Dead));
            if !open || draft.touches(item.delivery) {
                continue;
            }
            let state = match item.refusal {
                Refusal::Expired => DeliveryState::Expired,
                Refusal::Withdrawn => DeliveryState::Withdrawn,
                // Every other reason is a refusal at release.
                _ => DeliveryState::Refused,
            };
            draft.mark(ending(item.delivery, state, draft.next_entry(), now));
            let record = Text::new()
                .bytes("delivery", &item.delivery_id)
                .word("format", RECORD_FORMAT)
                .id("message", item.message)
                .word("operation", RecordType::Ended.operation())
                .word("party", BROKER_PARTY)
                .number("refusal", item.refusal.code().into())
                .word("sender", &item.sender)
                .word("type", RecordType::Ended.name())
                .close();
            draft.entry(vec![record], &*self.shared.chance)?;
        }
        Ok(Answer::Done(true))
    }

    /// Records that no byte was written after a release.
    fn void(
        &self,
        subscription: u64,
        release: &[u8; 16],
        draft: &mut Draft,
    ) -> Result<(), StoreError> {
        let known = draft.standing.subscriptions.get(subscription);
        let party = known.map_or_else(|| Arc::from(BROKER_PARTY), |k| Arc::clone(&k.desk.agency));
        let record = Text::new()
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Void.operation())
            .word("party", &party)
            .bytes("release", release)
            .word("type", RecordType::Void.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.voided.push(*release);
        Ok(())
    }

    pub(super) fn redrive(
        &self,
        redrive: &RedriveWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        if draft.stored_state(redrive.delivery) != Some(DeliveryState::Dead) {
            return Ok(Answer::Done(false));
        }
        let record = Text::new()
            .word("actor", &redrive.actor.1)
            .bytes("delivery", &redrive.delivery_id)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Change.operation())
            .word("party", &redrive.actor.0)
            .word("type", RecordType::Change.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        let again = mark(redrive.delivery, DeliveryState::Waiting, now);
        draft.mark(DeliveryMark { attempts: Attempts::Afresh, ..again });
        draft.waits(redrive.subscription);
        Ok(Answer::Done(true))
    }
}

fn settled(item: &SettleItem) -> (DeliveryState, Option<OffsetDateTime>, Attempts) {
    match item.settlement {
        Settlement::Acknowledged => (DeliveryState::Acknowledged, None, Attempts::Kept),
        Settlement::Again(_) if item.attempt >= ATTEMPTS_MAX => {
            (DeliveryState::Dead, None, Attempts::Used)
        }
        Settlement::Again(due) => (DeliveryState::Waiting, Some(due), Attempts::Used),
        Settlement::Recalled | Settlement::Unsent => (DeliveryState::Waiting, None, Attempts::Kept),
    }
}

fn mark(row: u64, state: DeliveryState, at: OffsetDateTime) -> DeliveryMark {
    DeliveryMark { row, state, number: None, attempts: Attempts::Kept, due: None, at, ended: None }
}

/// The mark of a delivery that ends by the entry that is written next.
pub(super) fn ending(
    row: u64,
    state: DeliveryState,
    entry: u64,
    at: OffsetDateTime,
) -> DeliveryMark {
    DeliveryMark { ended: Some(entry), ..mark(row, state, at) }
}
