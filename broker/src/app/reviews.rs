//! The task that tells people of emergency access.

use std::sync::Arc;

use crate::exchange::reviews::ReviewWatch;

use super::Parts;
use super::tending::HOUSEKEEPING;

impl Parts {
    /// Everything that telling people of emergency access needs.
    pub(super) fn reviews(&self) -> ReviewWatch {
        ReviewWatch {
            rules: Arc::clone(&self.rules),
            reviews: Arc::<super::SqliteReaders>::clone(&self.readers),
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
            calendar: Arc::clone(&self.calendar),
            notices: self.notices.clone(),
        }
    }
}

/// Looks for ever: an access that was used while the broker stopped is told at its start.
pub(super) async fn watch(watch: ReviewWatch) {
    loop {
        if watch.look().await.is_err() {
            tracing::error!(code = "reviews-unread", "emergency accesses could not be read");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}
