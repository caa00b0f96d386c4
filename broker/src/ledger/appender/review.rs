//! What emergency access writes beside a message, and what closes its review.
//!
//! Promises that a review is closed once, by somebody who neither used the access nor was named
//! with it, and that a call which closes nothing is on record like one that does.

use std::sync::atomic::Ordering;

use proto::audit::v1::ReviewFinding;
use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use time::OffsetDateTime;

use crate::ledger::journal::StoreError;
use crate::ledger::record::{RecordType, Text};
use crate::ledger::review::{ClosedRow, Closing, OpenedRow, Review};
use crate::message::Admitted;
use crate::prepare;
use crate::rules::Rules;

use super::answer::Answer;
use super::draft::Draft;
use super::{Appender, CloseReviewWork};

/// The call that closes a review, as a consultation names it.
pub const CLOSE_REVIEW: &str = "close-review";

/// What emergency access is called in a record.
const ACCESS: &str = "break-glass";

impl Appender {
    /// Opens the review of a message, where it is shared by emergency access.
    pub(super) fn open_review(
        &self,
        admitted: &Admitted,
        (message, entry): (u64, u64),
        draft: &mut Draft,
        at: OffsetDateTime,
    ) {
        let Some(persons) = admitted.break_glass() else { return };
        self.shared.figures.break_glass.fetch_add(1, Ordering::Relaxed);
        let (acting, second) = (persons.acting, persons.second);
        draft.batch.reviews.opened.push(OpenedRow { message, entry, acting, second, at });
    }

    /// Closes a review, or records that somebody tried.
    pub(super) fn close_review(
        &self,
        work: &CloseReviewWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        let outcome = match self.recall.review(&work.message)? {
            None => Err(Refusal::NotFound),
            Some(review) if [review.acting, review.second].contains(&work.actor) => {
                Err(Refusal::OwnReview)
            }
            Some(review) => Ok(review),
        };
        let open = outcome.as_ref().ok().filter(|review| review.closed.is_none());
        let text = Text::new().word("actor", work.actor.hyphenated().to_string().as_str());
        let text = match open {
            Some(_) => text
                .word("finding", &finding_name(work.finding))
                .word("format", RECORD_FORMAT)
                .id("message", work.message.id)
                .word("operation", RecordType::Reviewed.operation())
                .word("party", &work.message.agency)
                .word("type", RecordType::Reviewed.name()),
            None => text
                .word("call", CLOSE_REVIEW)
                .word("format", RECORD_FORMAT)
                .word("operation", RecordType::Consultation.operation())
                .word("party", &work.message.agency)
                .word("type", RecordType::Consultation.name()),
        };
        let entry = draft.entry(vec![text.close()], &*self.shared.chance)?;
        draft.batch.reasons.push((entry, work.reason.clone()));
        let outcome = outcome.map(|review| match review.closed {
            Some(_) => review,
            None => {
                let finding = work.finding as i32;
                let closing = Closing { entry, by: work.actor, finding, at: now };
                draft.batch.reviews.closed.push(ClosedRow { message: review.row, closing });
                Review { closed: Some(closing), ..review }
            }
        });
        Ok(Answer::Reviewed(Box::new(outcome)))
    }
}

/// Whether a message is shared by emergency access of persons who have left its agency since it came.
pub(super) fn by_strangers(admitted: &Admitted, rules: &Rules) -> bool {
    admitted.break_glass().is_some() && !prepare::faults(admitted, &rules.directory).is_empty()
}

/// Begins the record of an accepted message: of emergency access it says so, and who.
pub(super) fn accepted_by(admitted: &Admitted) -> Text {
    match admitted.break_glass() {
        Some(persons) => Text::new().word("access", ACCESS).id("acting", persons.acting),
        None => Text::new(),
    }
}

/// The same, with the second person.
pub(super) fn with_second(admitted: &Admitted, text: Text) -> Text {
    match admitted.break_glass() {
        Some(persons) => text.id("second", persons.second),
        None => text,
    }
}

/// The written name of a finding.
fn finding_name(finding: ReviewFinding) -> String {
    finding.as_str_name().trim_start_matches("REVIEW_FINDING_").to_ascii_lowercase()
}
