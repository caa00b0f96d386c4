//! What is written once the holders of merged or parted numbers are found: their notices.
//!
//! Committed alone, so that whether a holder still is one can be asked of the store.

use std::sync::Arc;

use crate::ledger::journal::StoreError;
use crate::ledger::record::Objects;
use crate::prepare;
use crate::routing::Earlier;

use super::answer::Answer;
use super::commit::Open;
use super::publish::{Place, candidate_text, decided_record, tokens_of};
use super::{Appender, ChaseWork};

impl Appender {
    /// Tells everybody who was given something about the numbers of a message that merges or
    /// parts them, and has not been told of it.
    pub(super) fn chase(&self, work: &ChaseWork, open: &mut Open) -> Result<Answer, StoreError> {
        let (shared, rules, now) = (&self.shared, Arc::clone(&open.rules), open.now);
        let draft = &mut open.draft;
        draft.batch.chases.closed.push((work.message, work.wanted));
        let mut earlier = Earlier::default();
        for (desk, holder) in &work.holders {
            // A release after which no byte was written, as it turned out since, gave it nothing.
            if self.recall.any_given(&holder.deliveries)? {
                earlier.holders.insert(desk.clone());
                earlier.held.insert(desk.clone(), holder.held.clone());
            }
        }
        let Some(stored) = self.recall.message(work.message)? else {
            return Err(StoreError::Damaged { table: "chase" });
        };
        let late =
            prepare::decide_late(&stored, &earlier, &rules, &shared.vault, &*shared.chance, now)
                .map_err(|_| StoreError::Damaged { table: "message" })?;
        let Some(late) = late.filter(|late| !late.candidates.is_empty()) else {
            return Ok(Answer::Done(true));
        };
        let entry = draft.next_entry();
        let place = Place {
            message: work.message,
            entry,
            cited: None,
            not_before: late.admitted.not_before,
            tokens: tokens_of(&late.admitted),
            now,
        };
        let mut told = Objects::default();
        for (candidate, parcel) in &late.candidates {
            let ids = self.deliver_to(&late.admitted, candidate, parcel, &place, draft)?;
            told.add(|text| candidate_text(text, candidate, &ids));
        }
        let record = decided_record(&late.admitted.key, &rules.bundle, &told);
        let written = draft.entry(vec![record], &*shared.chance)?;
        assert!(written == entry, "a delivery's permit is the entry written right after it");
        draft.batch.redecided.push((work.message, late.sealed_decision));
        Ok(Answer::Done(true))
    }
}
