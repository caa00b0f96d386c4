//! What is looked after on a cadence: what ran out, what is overdue, what does not come.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::exchange::deliver::Delivering;
use crate::exchange::overdue::{Looked, Watch};
use crate::store::sqlite::SqliteReaders;

use super::{Parts, People};

/// Expiry is also asked at each release: this only tidies what nobody fetched.
pub(super) const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// What is looked after on a cadence.
pub(super) struct Tending {
    delivering: Delivering,
    watch: Watch,
}

impl Tending {
    /// Ends what ran out, then tells people of what is overdue.
    pub(super) async fn tend(&self) {
        if self.delivering.expire().await.is_err() {
            tracing::error!(code = "expiry-failed", "expired deliveries could not be ended");
        }
        if self.watch.look().await.is_err() {
            tracing::error!(code = "overdue-unread", "what is overdue could not be read");
        }
    }
}

impl Parts {
    /// What runs out, and who is told of what is overdue. `alive_until`: until when a broker on
    /// this store has looked.
    pub(super) fn tending(&self, people: &People, alive_until: OffsetDateTime) -> Arc<Tending> {
        let watch = Watch {
            rules: Arc::clone(&self.rules),
            outbox: Arc::<SqliteReaders>::clone(&self.readers),
            recall: Arc::<SqliteReaders>::clone(&self.readers),
            archive: Arc::<SqliteReaders>::clone(&self.readers),
            vault: Arc::clone(&self.vault),
            queue: self.queue.clone(),
            clock: Arc::clone(&self.clock),
            calendar: Arc::clone(&people.calendar),
            chain: people.chain,
            notices: people.notices.clone(),
            looked: Mutex::new(Looked::until(alive_until)),
        };
        Arc::new(Tending { delivering: self.delivering(), watch })
    }
}

/// Looks after what runs out and what is overdue.
pub(super) async fn housekeeping(tending: Arc<Tending>) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        tending.tend().await;
    }
}
