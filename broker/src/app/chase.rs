//! What is followed of the holders of a message while the broker runs.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::delivery::hub::{self, Hub};
use crate::delivery::outbox::Outbox as _;
use crate::exchange::chase::Chasing;
use crate::seal::Vault;
use crate::store::sqlite::SqliteReaders;

use super::Parts;

/// How soon after a merge whoever is to hear of it is looked for.
const CHASE_EVERY: Duration = Duration::from_millis(200);

impl Parts {
    pub(super) fn chasing(&self) -> Chasing {
        Chasing {
            rules: Arc::clone(&self.rules),
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.clock),
            recall: Arc::<SqliteReaders>::clone(&self.readers),
            queue: self.queue.clone(),
        }
    }
}

/// Living streams, whose desks know an earlier message by what is on record. Where that cannot be read
/// they know none.
pub(super) fn hub(
    clock: &Arc<dyn Clock>,
    vault: &Arc<Vault>,
    readers: &Arc<SqliteReaders>,
) -> Arc<Hub> {
    let readers = Arc::clone(readers);
    let known: Arc<hub::Known> =
        Arc::new(move |desk, message| readers.was_told_of(desk, message).unwrap_or(false));
    Arc::new(Hub::new(Arc::clone(clock), Arc::clone(vault), known))
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
