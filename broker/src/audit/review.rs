//! Emergency accesses, and the review of each.
//!
//! Promises that an agency's auditor sees its own agency's and closes them, that nobody closes one
//! that they used or were named with, and that a call is an entry before its answer, whatever it
//! finds. Opens no body: why access was used, the agency knows that used it.

use std::sync::Arc;

use proto::audit::v1::ReviewFinding;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::exchange::reviews;
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{CloseReviewWork, Work};
use crate::ledger::journal::StoreError;
use crate::ledger::review::{Review, ReviewFilter};
use crate::message::MessageKey;
use crate::seal::Part;

use super::{Auditing, Sight};

/// The place that the words of a closed review are sealed to.
const CLOSE_REVIEW: &[u8] = b"close-review";

impl Auditing {
    /// Reviews in sight.
    ///
    /// # Errors
    /// The store's.
    pub fn reviews(
        &self,
        sight: &Sight,
        mut filter: ReviewFilter,
    ) -> Result<Vec<Review>, StoreError> {
        filter.agency = match sight {
            Sight::Agency(agency) => Some(Arc::clone(agency)),
            Sight::Broker => None,
        };
        self.reviews.reviews(&filter)
    }

    /// By when a review is to be closed.
    #[must_use]
    pub fn review_due(&self, review: &Review) -> Option<OffsetDateTime> {
        reviews::due(review.opened_at, &self.calendar)
    }

    /// Closes a review of the caller's agency. Answers it as it stands then: one that was closed
    /// before stays as it was.
    ///
    /// # Errors
    /// The store's; the inner one says why the caller may not close it.
    pub async fn close_review(
        &self,
        peer: &VerifiedPeer,
        message: Uuid,
        finding: ReviewFinding,
        reason: &str,
    ) -> Result<Result<Review, Refusal>, StoreError> {
        let Caller::Person { id, .. } = peer.caller() else {
            return Ok(Err(Refusal::NotAllowed));
        };
        let Ok(actor) = Uuid::try_parse(id.as_ref()) else {
            return Ok(Err(Refusal::NotAllowed));
        };
        let reason = self
            .vault
            .seal_alone(&*self.chance, Part::Reason, CLOSE_REVIEW, reason.as_bytes())
            .map_err(|_| StoreError::Unavailable("no random bytes".into()))?;
        let (reply, done) = oneshot::channel();
        let message = MessageKey { agency: Arc::from(peer.agency().as_ref()), id: message };
        let work = CloseReviewWork { message, actor, finding, reason, reply };
        let stopped = || StoreError::Unavailable("the ledger's writer has stopped".into());
        self.queue.put(Work::CloseReview(work)).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }
}
