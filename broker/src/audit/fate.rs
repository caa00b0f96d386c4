//! What became of a message after it was decided: delivery by delivery, as far as its reader
//! may see.
//!
//! Promises that a sender is told no more than its disclosures and `track` tell: the agencies
//! that were given its message, and of those it named the ones that still wait. A refusal at
//! release looks to it like one at acceptance: like nothing. Knows nothing of the wire.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1::Field;
use proto::refusal::Refusal;

use crate::ledger::entry::Entry;
use crate::ledger::journal::{DeliveryState, Fate, StoreError};
use crate::ledger::named::{addressed, progress};
use crate::ledger::record::RecordType;
use crate::prepare::Kept;
use crate::register::DeskName;
use crate::routing::Reason;

use super::{Auditing, Sight};

/// What became of one delivery, with what the ledger says of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The delivery.
    pub fate: Fate,
    /// Fields withheld at its last release.
    pub withheld: Vec<Field>,
    /// Why it ended without being received.
    pub refusal: Option<Refusal>,
}

impl Auditing {
    /// What became of the deliveries of a message, as far as a reader sees.
    pub(super) fn outcomes(
        &self,
        fates: Vec<Fate>,
        kept: &Kept,
        sight: &Sight,
    ) -> Result<Vec<Outcome>, StoreError> {
        let seen = match sight {
            Sight::Broker => fates,
            Sight::Agency(_) => for_sender(fates, kept),
        };
        seen.into_iter().map(|fate| self.outcome(fate)).collect()
    }

    fn outcome(&self, fate: Fate) -> Result<Outcome, StoreError> {
        let withheld = match &fate.released {
            Some((entry, release, _)) => self.released(*entry, release)?.withheld,
            None => Vec::new(),
        };
        let refusal = match fate.state {
            DeliveryState::Expired => Some(Refusal::Expired),
            DeliveryState::Withdrawn => Some(Refusal::Withdrawn),
            DeliveryState::Refused => Some(self.refused_by(&fate)?),
            DeliveryState::Waiting
            | DeliveryState::Released
            | DeliveryState::Acknowledged
            | DeliveryState::Dead => None,
        };
        Ok(Outcome { fate, withheld, refusal })
    }

    /// Why a delivery was refused at release: what the entry says that ended it.
    fn refused_by(&self, fate: &Fate) -> Result<Refusal, StoreError> {
        let damaged = || StoreError::Damaged { table: "delivery" };
        let entry = self.entry(fate.ended.ok_or_else(damaged)?)?;
        ended_in(&entry, &hex::encode(fate.delivery_id)).ok_or_else(damaged)
    }
}

/// Desks that a message reached because of the one that it follows.
pub(super) fn holders(kept: &Kept) -> BTreeSet<&DeskName> {
    let because = [Reason::Holder.name(), Reason::Concerned.name()];
    let of_task = kept.candidates.iter().filter(|candidate| candidate.task == 0);
    let held = of_task.filter(|one| one.reasons.iter().any(|reason| because.contains(reason)));
    held.map(|candidate| &candidate.desk).collect()
}

/// A sender's part: every release of the message itself; and of an agency it named and that
/// was given nothing, the furthest any of its desks came.
fn for_sender(fates: Vec<Fate>, kept: &Kept) -> Vec<Fate> {
    let addressed = addressed(kept);
    let message = fates.into_iter().filter(|fate| fate.task == 0);
    let (released, unreleased): (Vec<Fate>, Vec<Fate>) =
        message.partition(|fate| fate.released.is_some());
    let told: BTreeSet<Arc<str>> = released.iter().map(|f| Arc::clone(&f.desk.agency)).collect();
    let mut seen: Vec<Fate> = released.into_iter().map(as_released).collect();
    for named in &kept.named {
        let own = unreleased
            .iter()
            .filter(|f| *f.desk.agency == **named && !told.contains(&f.desk.agency))
            .filter(|f| addressed.contains(&f.desk) && f.state != DeliveryState::Refused);
        seen.extend(own.max_by_key(|fate| progress(fate.state)).cloned());
    }
    seen
}

/// A release as its sender knows it: made, and received or not. What the broker decided later
/// about offering it again is not the sender's.
fn as_released(fate: Fate) -> Fate {
    match (fate.state, &fate.released) {
        (DeliveryState::Acknowledged, _) | (_, None) => fate,
        (
            DeliveryState::Waiting
            | DeliveryState::Released
            | DeliveryState::Dead
            | DeliveryState::Expired
            | DeliveryState::Withdrawn
            | DeliveryState::Refused,
            Some((_, _, at)),
        ) => Fate { state: DeliveryState::Released, at: *at, ..fate },
    }
}

/// The refusal with which an entry ends a delivery, if it does.
fn ended_in(entry: &Entry, delivery: &str) -> Option<Refusal> {
    entry.records().iter().find_map(|(_, text)| {
        let record: serde_json::Value = serde_json::from_str(text).ok()?;
        let is = |key: &str, value: &str| record.get(key).is_some_and(|found| *found == *value);
        if !is("type", RecordType::Ended.name()) || !is("delivery", delivery) {
            return None;
        }
        let code = record.get("refusal")?.as_u64()?;
        Refusal::from_code(u32::try_from(code).ok()?)
    })
}

#[cfg(test)]
mod tests;
