//! What is followed of the holders of a message while the broker runs.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::hub;
use crate::delivery::outbox::Outbox as _;
use crate::exchange::chase::Chasing;
use crate::store::sqlite::SqliteReaders;

/// How soon after a merge whoever is to hear of it is looked for.
const CHASE_EVERY: Duration = Duration::from_millis(200);

/// Whether a desk knows a message, by what is on record. Where that cannot be read it does not.
pub(super) fn known(readers: Arc<SqliteReaders>) -> Arc<hub::Known> {
    Arc::new(move |desk, message| readers.was_told_of(desk, message).unwrap_or(false))
}

/// Tells whoever was given something about numbers that were merged or parted.
pub(super) async fn follow(chasing: Chasing) {
    loop {
        tokio::time::sleep(CHASE_EVERY).await;
        if chasing.look().await.is_err() {
            tracing::error!(code = "chase-unread", "who is to hear of a merge could not be read");
        }
    }
}
