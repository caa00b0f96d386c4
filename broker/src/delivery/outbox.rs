//! What delivery reads of the store: what waits, and what was released.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::journal::StoreError;
use crate::prepare::Stored;
use crate::register::DeskName;

/// A delivery that waits, with what is needed to decide it again and send it.
pub struct Waiting {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Task's protocol number.
    pub task: i32,
    /// Immediate.
    pub immediate: bool,
    /// Number, 0 before the first release.
    pub number: u64,
    /// Attempts used up.
    pub attempts: u32,
    /// Whether its message was taken back since: then it is never released again.
    pub withdrawn: bool,
    /// Not before this.
    pub due: OffsetDateTime,
    /// Its message.
    pub message: Stored,
}

/// A release that was made, found by its id.
#[derive(Clone, Debug)]
pub struct Made {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Sending agency.
    pub sender: Arc<str>,
    /// Message.
    pub message: Uuid,
    /// Attempt.
    pub attempt: u32,
}

/// A dead letter.
#[derive(Clone, Debug)]
pub struct Dead {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Subscription row.
    pub subscription: u64,
    /// Attempts used up.
    pub attempts: u32,
    /// Since.
    pub since: OffsetDateTime,
}

/// Reads for delivery.
pub trait Outbox: Send + Sync {
    /// What waits on a subscription: immediate first, then in order; those not yet due
    /// included, because they hold back later ones of the same person.
    ///
    /// # Errors
    /// The store's.
    fn waiting(&self, subscription: u64, limit: u32) -> Result<Vec<Waiting>, StoreError>;
    /// How many wait.
    ///
    /// # Errors
    /// The store's.
    fn waiting_count(&self, subscription: u64) -> Result<u64, StoreError>;
    /// A release of this subscription by its id.
    ///
    /// # Errors
    /// The store's.
    fn release(&self, subscription: u64, release: &[u8; 16]) -> Result<Option<Made>, StoreError>;
    /// Dead letters of a desk, oldest first, at most 200.
    ///
    /// # Errors
    /// The store's.
    fn dead(&self, desk: &DeskName) -> Result<Vec<Dead>, StoreError>;
    /// Deliveries past their end that still wait: delivery row, id, subscription, sender and
    /// message. At most 500.
    ///
    /// # Errors
    /// The store's.
    fn expired(&self, now: OffsetDateTime) -> Result<Vec<(Made, u64)>, StoreError>;
    /// Figures of the whole store.
    ///
    /// # Errors
    /// The store's.
    fn counts(&self) -> Result<Counts, StoreError>;
}

/// Figures of the whole store.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Waiting deliveries.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
    /// The acceptance time of the oldest unread delivery of each agency.
    pub oldest_by_agency: Vec<(String, OffsetDateTime)>,
}
