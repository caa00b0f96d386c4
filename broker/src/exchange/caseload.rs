//! How a desk reads the list of its own flags: how each stands, when its panel met, when it is reviewed and
//! who manages the person.
//!
//! Promises that a person is named only as the desk's own agency named that person, in a message that this
//! desk sent or was shown; that of a flag which another agency changed last no more is said than the desk
//! has; and that the look is in the ledger before it is answered. Deliberately does not know: custody,
//! parts in a case, or anybody else's flags.

use std::sync::Arc;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::exchange::v1::{FlagStage, Purpose};
use proto::limits::LISTED_FLAGS_MAX;
use proto::text::Named as _;
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::delivery::outbox::Outbox;
use crate::exchange::look::Look;
use crate::exchange::overdue::owner_knows;
use crate::ledger::appender::Queue;
use crate::ledger::journal::{Recall, StoreError};
use crate::message::MessageKey;
use crate::message::roles::british_day_number;
use crate::prepare::{Stored, reopen};
use crate::register::{DeskName, Flag, FlagState};
use crate::rules::Rules;
use crate::seal::Vault;

const CALL: &str = "list-flags";

/// Reads caseloads.
pub struct Caseloads {
    /// Rules in force: the register among them.
    pub rules: Arc<ArcSwap<Rules>>,
    /// The messages that flags rest on.
    pub recall: Arc<dyn Recall>,
    /// What desks were given.
    pub outbox: Arc<dyn Outbox>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The way to the appender.
    pub queue: Queue,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Who looks.
pub struct Looking {
    /// Desk: one of the caller's own.
    pub desk: DeskName,
    /// Calling node.
    pub node: Arc<str>,
    /// Person who reads (opaque id).
    pub person: Uuid,
    /// Why.
    pub purpose: Purpose,
}

/// A caseload that is on record as read.
pub struct Caseload {
    /// The moment it is of.
    pub at: OffsetDateTime,
    /// The flags: those whose review is to be held first come first.
    pub flags: Vec<wire::OwnFlag>,
    /// Whether there are more.
    pub more: bool,
}

impl Caseloads {
    /// Reads the flags of a desk and puts the look on record. Durable when it returns.
    ///
    /// # Errors
    /// The store failed: nothing may be answered.
    pub async fn read(self, looking: &Looking) -> Result<Caseload, StoreError> {
        let this = Arc::new(self);
        let (reader, desk) = (Arc::clone(&this), looking.desk.clone());
        let stopped = |_| Err(StoreError::Unavailable("a reader stopped".into()));
        let read = tokio::task::spawn_blocking(move || reader.choose(&desk));
        let caseload = read.await.unwrap_or_else(stopped)?;
        let look = Look {
            call: CALL,
            desk: &looking.desk,
            node: &looking.node,
            person: looking.person,
            purpose: looking.purpose,
            count: caseload.flags.len(),
            content: content(looking, &caseload),
        };
        look.record(&this.vault, &*this.chance, &this.queue).await?;
        Ok(caseload)
    }

    fn choose(&self, desk: &DeskName) -> Result<Caseload, StoreError> {
        let (rules, reading) = (self.rules.load_full(), self.clock.reading());
        // What fell due while the clock is not believed is not called overdue yet.
        let today = british_day_number(reading.settled());
        let mut own = rules.register.every_flag();
        own.retain(|flag| flag.owner == *desk);
        own.sort_by_key(|flag| (flag.review_day, flag.kind, flag.id));
        let mut flags = Vec::new();
        let mut more = false;
        for flag in own {
            if !owner_knows(&flag, &*self.outbox)? {
                continue;
            }
            if flags.len() >= LISTED_FLAGS_MAX {
                more = true;
                break;
            }
            flags.push(self.shown(&flag, &rules, today)?);
        }
        Ok(Caseload { at: reading.span().latest, flags, more })
    }

    fn shown(&self, flag: &Flag, rules: &Rules, today: i64) -> Result<wire::OwnFlag, StoreError> {
        let own = flag.by == flag.owner.agency;
        let key = MessageKey { agency: Arc::clone(&flag.by), id: flag.id };
        let stored = if own { self.stored(&key)? } else { None };
        let subject = match stored {
            Some(stored) if self.may_read(flag, &stored)? => self.subject(&stored, rules),
            Some(_) | None => None,
        };
        let care = &flag.care;
        Ok(wire::OwnFlag {
            flag_kind: flag.kind,
            stage: stage(flag.state).into(),
            message_id: if own { flag.id.to_string() } else { String::new() },
            reference: if own {
                prost::bytes::Bytes::new()
            } else {
                key.reference_of(&flag.owner.agency, &self.vault).into()
            },
            subject,
            panel_date: care.panel_day.and_then(written).unwrap_or_default(),
            review_date: Some(flag.review_day)
                .filter(|day| *day > 0)
                .and_then(written)
                .unwrap_or_default(),
            review_overdue: flag.review_missed(today),
            manager: care.manager.map(|id| id.to_string()).unwrap_or_default(),
            cohort: care.cohort,
            rating: care.rating,
            suspended_on: care.suspended_day.and_then(written).unwrap_or_default(),
        })
    }

    fn stored(&self, key: &MessageKey) -> Result<Option<Stored>, StoreError> {
        let known = self.recall.known(std::slice::from_ref(key))?.pop().flatten();
        known.map_or(Ok(None), |known| self.recall.message(known.row))
    }

    /// Whether the desk sent a message of its own agency, or was shown whom it is about: what
    /// another desk of the same agency knows is not this one's for that.
    fn may_read(&self, flag: &Flag, stored: &Stored) -> Result<bool, StoreError> {
        if stored.desk == flag.owner.desk {
            return Ok(true);
        }
        let shown = self.outbox.shown(&flag.owner, &stored.key)?;
        Ok(shown.iter().any(|one| one.shows(0) && !one.notice_only()))
    }

    /// Whom a message is about, as its sender named them. `None`: it is no longer kept.
    fn subject(&self, stored: &Stored, rules: &Rules) -> Option<wire::Subject> {
        let (admitted, _) = reopen(stored, &self.vault, &rules.directory)?;
        admitted.message.subjects.first().cloned()
    }
}

const fn stage(state: FlagState) -> FlagStage {
    match state {
        FlagState::Proposed => FlagStage::Proposed,
        FlagState::Nominated => FlagStage::Nominated,
        FlagState::Selected => FlagStage::Selected,
        FlagState::Suspended => FlagStage::Suspended,
        FlagState::ExitPlanned => FlagStage::ExitPlanned,
    }
}

/// A day as it is written. `None`: beyond the years that can be.
fn written(day: i64) -> Option<String> {
    let date: Date = time::macros::date!(1970 - 01 - 01).checked_add(Duration::days(day))?;
    Some(date.to_string())
}

/// What the sealed record of a look says, and what the open one commits to.
fn content(looking: &Looking, caseload: &Caseload) -> Vec<u8> {
    json!({
        "desk": &*looking.desk.desk,
        "flags": caseload.flags.iter().map(said).collect::<Vec<_>>(),
        "person": looking.person.to_string(),
        "purpose": looking.purpose.name(),
    })
    .to_string()
    .into_bytes()
}

/// By what a listed flag is known: the agency's own message, or the reference of another's.
fn said(flag: &wire::OwnFlag) -> String {
    if flag.reference.is_empty() { flag.message_id.clone() } else { hex::encode(&flag.reference) }
}
