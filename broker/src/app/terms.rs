//! The watch over agreements while the broker runs.

use std::sync::Arc;
use std::time::Duration;

use crate::exchange::terms::TermWatch;
use crate::store::sqlite::SqliteReaders;

use super::Parts;

/// How often is looked whether an agreement is to be reviewed or ends.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Parts {
    pub(super) fn terms(&self) -> TermWatch {
        TermWatch {
            rules: Arc::clone(&self.rules),
            archive: Arc::<SqliteReaders>::clone(&self.readers),
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
            notices: self.notices.clone(),
        }
    }
}

/// Tells people of agreements that are to be reviewed or that end.
pub(super) async fn follow(watch: TermWatch) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if watch.look().await.is_err() {
            tracing::error!(code = "agreements-unread", "what was told of agreements is unknown");
        }
    }
}
