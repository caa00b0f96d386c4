//! Emergency accesses and their reviews: rows of ids and times, and how they are read.
//!
//! Plain data. Why access was used stands sealed in the message, and why its review was closed
//! beside the entry that says so. Knows nothing of who may read or close them.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::MessageKind;
use crate::ledger::journal::StoreError;
use crate::message::MessageKey;

/// An emergency access to write: its review is open.
#[derive(Clone, Copy, Debug)]
pub struct OpenedRow {
    /// Message row.
    pub message: u64,
    /// Entry that accepted it.
    pub entry: u64,
    /// Person who used it.
    pub acting: Uuid,
    /// Second person.
    pub second: Uuid,
    /// When.
    pub at: OffsetDateTime,
}

/// A review to close.
#[derive(Clone, Copy, Debug)]
pub struct ClosedRow {
    /// Message row.
    pub message: u64,
    /// How.
    pub closing: Closing,
}

/// How a review was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Entry that says so.
    pub entry: u64,
    /// Who closed it.
    pub by: Uuid,
    /// What was found, by protocol number.
    pub finding: i32,
    /// When.
    pub at: OffsetDateTime,
}

/// Whom the broker has told of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// Message row.
    pub message: u64,
    /// Steps that were taken.
    pub told: u8,
    /// When to look again; `None`: everybody has been told.
    pub look_at: Option<OffsetDateTime>,
}

/// What one commit writes of reviews.
#[derive(Clone, Debug, Default)]
pub struct ReviewRows {
    /// Emergency accesses.
    pub opened: Vec<OpenedRow>,
    /// Reviews that are closed.
    pub closed: Vec<ClosedRow>,
    /// Steps that were taken about open ones.
    pub told: Vec<ToldRow>,
}

/// An emergency access and its review, as they stand.
#[derive(Clone, Debug)]
pub struct Review {
    /// Message row: pages continue after it.
    pub row: u64,
    /// The message.
    pub message: MessageKey,
    /// Its kind.
    pub kind: MessageKind,
    /// Desk that sent it.
    pub desk: Arc<str>,
    /// When it was accepted.
    pub opened_at: OffsetDateTime,
    /// Person who used it.
    pub acting: Uuid,
    /// Second person.
    pub second: Uuid,
    /// Steps that were taken about it.
    pub told: u8,
    /// How it was closed; `None`: it is open.
    pub closed: Option<Closing>,
}

/// Which reviews are wanted.
#[derive(Clone, Debug, Default)]
pub struct ReviewFilter {
    /// Only those of an agency; `None`: all.
    pub agency: Option<Arc<str>>,
    /// Those that are closed as well.
    pub closed_too: bool,
    /// After this row.
    pub after: u64,
    /// Rows at most.
    pub limit: u32,
}

/// Reads of reviews, as far as they are committed.
pub trait Reviews: Send + Sync {
    /// The review of a message; `None` where it was shared as any other, or there is none such.
    ///
    /// # Errors
    /// The store's.
    fn review(&self, key: &MessageKey) -> Result<Option<Review>, StoreError>;

    /// Reviews, oldest first.
    ///
    /// # Errors
    /// The store's.
    fn reviews(&self, filter: &ReviewFilter) -> Result<Vec<Review>, StoreError>;

    /// Open reviews of which somebody may have to be told by now. At most 500.
    ///
    /// # Errors
    /// The store's.
    fn reviews_to_tell(&self, now: OffsetDateTime) -> Result<Vec<Review>, StoreError>;
}
