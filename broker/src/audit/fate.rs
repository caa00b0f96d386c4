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
use time::OffsetDateTime;

use crate::ledger::entry::Entry;
use crate::ledger::journal::{Archive, DeliveryState, Fate, StoreError};
use crate::ledger::record::RecordType;
use crate::prepare::Kept;
use crate::register::DeskName;
use crate::routing::Reason;

use super::{Auditing, Explained, Sight, progress};

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
    /// What became of a message, as far as a reader sees.
    ///
    /// # Errors
    /// The store's.
    pub fn outcomes(
        &self,
        explained: &Explained,
        sight: &Sight,
    ) -> Result<Vec<Outcome>, StoreError> {
        let fates = self.archive.fates(&explained.key)?;
        let seen = match sight {
            Sight::Broker => fates,
            Sight::Agency(_) => for_sender(fates, &explained.kept),
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
            DeliveryState::Refused => refused_by(&*self.archive, &fate.delivery_id, fate.at)?,
            DeliveryState::Waiting
            | DeliveryState::Released
            | DeliveryState::Acknowledged
            | DeliveryState::Dead => None,
        };
        Ok(Outcome { fate, withheld, refusal })
    }
}

/// Desks that the naming itself made candidates: what another reason brought about tells the
/// sender nothing.
pub(super) fn addressed(kept: &Kept) -> BTreeSet<&DeskName> {
    let by_name = kept
        .candidates
        .iter()
        .filter(|c| c.task == 0 && c.reasons.iter().any(|r| *r == Reason::Addressed.name()));
    by_name.map(|candidate| &candidate.desk).collect()
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

/// Why a delivery was refused at release: its record, found by its time. `None`: the wall
/// clock had gone back, and the record is not where its time says.
fn refused_by(
    archive: &dyn Archive,
    delivery: &[u8; 16],
    at: OffsetDateTime,
) -> Result<Option<Refusal>, StoreError> {
    let at = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    // Entry times never go back, so the first entry after that moment is found by halving.
    let (mut low, mut high) = (0, archive.size()?);
    while low < high {
        let middle = low + (high - low) / 2;
        if read(archive, middle)?.time() <= at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // All entries of one tick have one time; the record is in one of them.
    let mut tick = None;
    while let Some(index) = low.checked_sub(1) {
        let entry = read(archive, index)?;
        if *tick.get_or_insert(entry.time()) != entry.time() {
            return Ok(None);
        }
        if let Some(refusal) = ended_in(&entry, &hex::encode(delivery)) {
            return Ok(Some(refusal));
        }
        low = index;
    }
    Ok(None)
}

fn read(archive: &dyn Archive, index: u64) -> Result<Entry, StoreError> {
    let damaged = || StoreError::Damaged { table: "entry" };
    let bytes = archive.entry(index)?.ok_or_else(damaged)?;
    Entry::from_bytes(&bytes).map_err(|_| damaged())
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
