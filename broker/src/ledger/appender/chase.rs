//! What is written once the holders of merged or parted numbers are found: their notices; and once
//! those are found who hold something about a person: the question that is put to them.
//!
//! Committed alone, so that whether a holder still is one can be asked of the store.

use std::sync::Arc;

use crate::ledger::journal::StoreError;
use crate::routing::Earlier;

use super::answer::Answer;
use super::commit::Open;
use super::{Appender, ChaseWork};

impl Appender {
    /// Tells everybody who was given something about the numbers of a message that merges or
    /// parts them, and has not been told of it; or puts a question to whoever holds something.
    pub(super) fn chase(&self, work: &ChaseWork, open: &mut Open) -> Result<Answer, StoreError> {
        let (rules, now) = (Arc::clone(&open.rules), open.now);
        let draft = &mut open.draft;
        draft.batch.chases.closed.push((work.message, work.wanted));
        let mut earlier = Earlier::default();
        if let Some(asked) = &work.asked {
            earlier.waiting.clone_from(asked);
            earlier.looked_for = true;
        }
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
        // Whoever has not heard of what was taken back never does.
        if !self.recall.was_taken_back(work.message)? {
            self.tell_late((work.message, &stored), &earlier, &rules, draft, now)?;
        }
        Ok(Answer::Done(true))
    }
}
