//! What senders and recipients are told of one message by the broker itself.
//!
//! Promises that a sender is told of no agency but those it named, and of these no more than
//! `track` would tell it; that whoever may not have a message any more is not told that it waits.
//! Whatever cannot be read any more is told to nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::OutcomeState;
use proto::exchange::v1::released_message::Kind;
use time::OffsetDateTime;

use crate::clock::Reading;
use crate::delivery::outbox::Overdue;
use crate::directory::MessageKind;
use crate::ledger::advice::{Advice, Matter};
use crate::ledger::appender::date_ahead;
use crate::ledger::journal::StoreError;
use crate::ledger::named;
use crate::message::Admitted;
use crate::notify::Code;
use crate::prepare::{self, Before, Kept, Stored};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::Part;

use super::{Watch, beside, is_of_feed};

impl Watch {
    /// Tells the sender that a message has not reached an agency it named, where that is so.
    /// Whether nothing is left to tell.
    pub(super) async fn report_end(
        &self,
        one: &Overdue,
        reading: &Reading,
    ) -> Result<bool, StoreError> {
        let Some((stored, agency)) = self.of_named(one, is_lost).await? else { return Ok(true) };
        let due = stored.expires_at.min(reading.settled());
        let matter = Matter::NotDelivered { message: stored.key.id, agency, due };
        Ok(self.advise(vec![Advice { desk: sender(&stored), matter }]).await)
    }

    /// Tells the sender that nobody of an agency it named has opened an immediate message, where
    /// that is so. Whether nothing is left to tell.
    pub(super) async fn report_unopened(
        &self,
        one: &Overdue,
        due: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Some((stored, agency)) = self.of_named(one, is_unopened).await? else {
            return Ok(true);
        };
        let matter = Matter::NotOpened { message: stored.key.id, agency, due };
        Ok(self.advise(vec![Advice { desk: sender(&stored), matter }]).await)
    }

    /// The message of a delivery, and its recipient's agency, where the sender named that and the
    /// desk is one that the naming brought in, and its outcome is such.
    async fn of_named(
        &self,
        one: &Overdue,
        such: fn(&named::NamedOutcome) -> bool,
    ) -> Result<Option<(Stored, Arc<str>)>, StoreError> {
        let Some((stored, _, kept)) = self.opened(one).await? else { return Ok(None) };
        let addressed: BTreeSet<DeskName> = named::addressed(&kept).into_iter().cloned().collect();
        if !addressed.contains(&one.desk) {
            return Ok(None);
        }
        let (archive, key) = (Arc::clone(&self.archive), stored.key.clone());
        let outcomes = beside(move || archive.outcomes(&key)).await?;
        let of_named = named::outcomes(kept.named.into_iter().collect(), &addressed, outcomes);
        let mut of_agency = of_named.iter().filter(|one_of| *one_of.agency == *one.desk.agency);
        Ok(of_agency.any(such).then(|| (stored, Arc::clone(&one.desk.agency))))
    }

    /// Reminds a desk of a date in what it was given, as far as it may still have it. Whether
    /// nothing is left to remind of.
    pub(super) async fn remind(
        &self,
        one: &Overdue,
        reading: &Reading,
    ) -> Result<bool, StoreError> {
        let Some((stored, admitted, kept)) = self.opened(one).await? else { return Ok(true) };
        let Some(due) = date_ahead(&admitted).filter(|due| *due > reading.settled()) else {
            return Ok(true);
        };
        if !one.released {
            return Ok(false);
        }
        let Some(rules) = Rules::of_moment(&self.rules, reading) else { return Ok(false) };
        if !self.may_be_told_again(one, (&stored, &admitted, &kept), &rules, reading).await? {
            return Ok(true);
        }
        let matter = Matter::DateNear { message: stored.key, due };
        Ok(self.advise(vec![Advice { desk: one.desk.clone(), matter }]).await)
    }

    /// Whether a desk may be told now what it was given: it was told when, and may be told so again.
    async fn may_be_told_again(
        &self,
        one: &Overdue,
        (stored, admitted, kept): (&Stored, &Admitted, &Kept),
        rules: &Rules,
        reading: &Reading,
    ) -> Result<bool, StoreError> {
        if one.notice_only {
            return Ok(false);
        }
        let earlier = stored.settles.clone().filter(|_| kept.waits_for_earlier(&one.desk));
        let before = match earlier {
            Some(key) => {
                let (outbox, desk) = (Arc::clone(&self.outbox), one.desk.clone());
                match beside(move || outbox.was_given(&desk, &key)).await? {
                    true => Before::Given,
                    false => Before::NotGiven,
                }
            }
            None => Before::Nothing,
        };
        let (asked, now) = ((&one.desk, one.task), reading.span().latest);
        let decided = prepare::decide_of_given(admitted, kept, asked, before, rules, now);
        Ok(decided.is_ok_and(|(view, _)| !view.notice_only))
    }

    /// Whether a desk that was not given it yet may still have it.
    pub(super) async fn may_have(
        &self,
        one: &Overdue,
        reading: &Reading,
    ) -> Result<bool, StoreError> {
        if is_of_feed(one) {
            return Ok(true);
        }
        let Some((stored, admitted, kept)) = self.opened(one).await? else { return Ok(false) };
        let before = if stored.settles.is_some() { Before::NotGiven } else { Before::Nothing };
        let Some(rules) = Rules::of_moment(&self.rules, reading) else { return Ok(false) };
        let now = reading.span().latest;
        let asked = (&one.desk, one.task);
        Ok(prepare::decide_again(&admitted, &kept, asked, before, &rules, now).is_ok())
    }

    /// What the people of a desk are told of something that nobody there has opened.
    pub(super) async fn code_of(&self, one: &Overdue) -> Result<Code, StoreError> {
        if !is_of_feed(one) {
            return Ok(Code::ImmediateUnread);
        }
        let stored = self.stored(one).await?;
        let short = stored.and_then(|stored| {
            let key = self.vault.unwrap(&stored.wrapped_key).ok()?;
            let body = key.open(Part::Message, &stored.key.place(), &stored.body).ok()?;
            let told = wire::ReleasedMessage::decode(body.as_slice()).ok()?;
            Some(matches!(told.kind, Some(Kind::Task(task)) if task.short))
        });
        Ok(if short == Some(true) { Code::FeedShort } else { Code::FeedSilent })
    }

    /// The message of a delivery with its decision. `None`: it cannot be read any more, or is of
    /// the broker itself.
    async fn opened(&self, one: &Overdue) -> Result<Option<(Stored, Admitted, Kept)>, StoreError> {
        let stored = self.stored(one).await?;
        Ok(stored.filter(|stored| stored.kind != MessageKind::Task).and_then(|stored| {
            let directory = Arc::clone(&self.rules.load().directory);
            let (admitted, kept) = prepare::reopen(&stored, &self.vault, &directory)?;
            Some((stored, admitted, kept))
        }))
    }

    async fn stored(&self, one: &Overdue) -> Result<Option<Stored>, StoreError> {
        let (recall, row) = (Arc::clone(&self.recall), one.message);
        beside(move || recall.message(row)).await
    }
}

fn sender(stored: &Stored) -> DeskName {
    DeskName { agency: Arc::clone(&stored.key.agency), desk: Arc::clone(&stored.desk) }
}

fn is_lost(outcome: &named::NamedOutcome) -> bool {
    outcome.state == OutcomeState::Undelivered
}

/// Nobody there has said anything of it, and it has not been taken back.
fn is_unopened(outcome: &named::NamedOutcome) -> bool {
    let open = matches!(
        outcome.state,
        OutcomeState::Waiting | OutcomeState::Released | OutcomeState::Acknowledged
    );
    open && outcome.attested.is_empty()
}
