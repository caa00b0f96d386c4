//! Emergency accesses and their reviews, held against the entries that speak of them.
//!
//! Promises that an access has its row and a row its access, naming the same persons, and that a
//! review is closed by the one entry that says so, never by whoever used the access.

use proto::audit::v1::ReviewFinding;

use crate::ledger::journal::StoreError;

use super::RawLedger;
use super::against::missing;
use super::faults::{Faults, FsckFault};
use super::records::{Accepted, Reviewed};
use super::rows::{MESSAGE, Mark, REASON, REVIEW, Rows, readable, unspoken};

/// The word by which a record says that a message was shared by emergency access.
const ACCESS: &str = "break-glass";

/// One emergency access.
pub(super) struct Review {
    entry: u64,
    acting: [u8; 16],
    second: [u8; 16],
    /// Entry, person and finding.
    closed: Option<(u64, [u8; 16], i32)>,
    opening: Mark,
    closing: Mark,
}

impl Rows {
    /// Reads every review.
    pub(super) fn load_reviews(
        &mut self,
        raw: &dyn RawLedger,
        faults: &mut Faults,
    ) -> Result<(), StoreError> {
        raw.for_each_review(&mut |row| {
            let Some(row) = readable(REVIEW, row, faults) else { return };
            if self.messages.binary_search_by_key(&row.message, |message| message.row).is_err() {
                faults.add(FsckFault::Dangling { table: REVIEW, row: row.message });
                return;
            }
            let (opening, closing) = (Mark::Unseen, Mark::Unseen);
            let (entry, acting, second) = (row.entry, row.acting, row.second);
            let review = Review { entry, acting, second, closed: row.closed, opening, closing };
            self.reviews.insert(row.message, review);
        })
    }

    /// An accepted message has a review if it says that it was shared by emergency access.
    pub(super) fn emergency(
        &mut self,
        index: u64,
        message: u64,
        accepted: &Accepted,
        faults: &mut Faults,
    ) {
        let persons = match (accepted.access.as_deref(), accepted.acting, accepted.second) {
            (None, None, None) => return,
            (Some(ACCESS), Some(acting), Some(second)) => {
                (acting.into_bytes(), second.into_bytes())
            }
            (_, _, _) => {
                differs(message, index, faults);
                return;
            }
        };
        let Some(review) = self.reviews.get_mut(&message) else {
            missing(REVIEW, index, faults);
            return;
        };
        review.opening = Mark::Seen;
        if review.entry != index || (review.acting, review.second) != persons {
            review.opening = Mark::Told;
            differs(message, index, faults);
        }
    }

    /// A review is closed by one entry, which says by whom and what was found.
    pub(super) fn reviewed(&mut self, index: u64, reviewed: &Reviewed, faults: &mut Faults) {
        if !self.reasons.remove(&index) {
            missing(REASON, index, faults);
        }
        let key = (self.words.number(&reviewed.party), reviewed.message.into_bytes());
        let place = self.message_by_key.get(&key);
        let Some(message) = place.and_then(|place| self.messages.get(*place)) else {
            missing(MESSAGE, index, faults);
            return;
        };
        let row = message.row;
        let Some(review) = self.reviews.get_mut(&row) else {
            missing(REVIEW, index, faults);
            return;
        };
        let by = reviewed.actor.into_bytes();
        let finding = format!("REVIEW_FINDING_{}", reviewed.finding.to_ascii_uppercase());
        let finding = ReviewFinding::from_str_name(&finding).map(|finding| finding as i32);
        let said = finding.map(|finding| (index, by, finding));
        let once = review.closing == Mark::Unseen && review.entry < index;
        let another = by != review.acting && by != review.second;
        review.closing = Mark::Seen;
        if said.is_none() || review.closed != said || !once || !another {
            review.closing = Mark::Told;
            differs(row, index, faults);
        }
    }

    /// Tells what no entry spoke of.
    pub(super) fn finish_reviews(&self, faults: &mut Faults) {
        for (row, review) in &self.reviews {
            if review.opening == Mark::Unseen {
                unspoken(REVIEW, *row, review.entry, faults);
            }
            if let Some((entry, _, _)) = review.closed
                && review.closing == Mark::Unseen
            {
                unspoken(REVIEW, *row, entry, faults);
            }
        }
    }
}

fn differs(row: u64, entry: u64, faults: &mut Faults) {
    faults.add(FsckFault::RowDiffers { table: REVIEW, row, entry });
}
