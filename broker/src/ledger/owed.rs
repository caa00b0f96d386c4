//! What recipients owe for what they were given, and what they say they did with it.
//!
//! Plain data: times and ids, nothing of what was given.

use std::sync::Arc;

use proto::exchange::v1::{Attestation, TaskKind};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::parcel::Shown;

/// What a recipient owes for a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owes {
    /// By when it must have acted.
    pub act_by: Option<OffsetDateTime>,
    /// By when it must have put right what was corrected.
    pub correct_by: Option<OffsetDateTime>,
    /// By when it must have deleted it.
    pub delete_by: Option<OffsetDateTime>,
    /// By when somebody must have opened it.
    pub open_by: Option<OffsetDateTime>,
    /// When it is to be reminded of a date in it.
    pub remind_at: Option<OffsetDateTime>,
}

impl Owes {
    /// The first of its moments.
    #[must_use]
    pub fn first(&self) -> Option<OffsetDateTime> {
        let owed = [self.act_by, self.correct_by, self.delete_by, self.open_by, self.remind_at];
        owed.into_iter().flatten().min()
    }
}

/// What a recipient says it did with a delivery.
#[derive(Clone, Copy, Debug)]
pub struct AttestedRow {
    /// Delivery row.
    pub delivery: u64,
    /// What, by protocol number.
    pub attestation: i32,
    /// Entry.
    pub entry: u64,
    /// When.
    pub at: OffsetDateTime,
}

/// A release that a desk was given, of which it says something.
#[derive(Clone, Debug)]
pub struct Given {
    /// Release id.
    pub release_id: [u8; 16],
    /// Delivery row.
    pub delivery: u64,
    /// Sending agency.
    pub sender: Arc<str>,
    /// Message.
    pub message: Uuid,
    /// Whether the sender named this desk.
    pub named: bool,
    /// Message row.
    pub row: u64,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// What the release showed.
    pub shown: Shown,
}

impl Given {
    /// Whether this may be said of it: who was asked whether two are one person answers, and nobody
    /// else.
    #[must_use]
    pub fn takes(&self, attestation: Attestation) -> bool {
        attestation != Attestation::NotSamePerson || self.task == TaskKind::PossibleMatch as i32
    }
}

/// The sender has been told that nobody opened it.
pub const SENDER_TOLD: u16 = 1 << 12;
/// The recipient has been reminded of the date in it.
pub const REMINDED: u16 = 1 << 13;
/// The sender has been told that it did not arrive.
pub const END_REPORTED: u16 = 1 << 14;

/// Steps that chains have taken about what is owed for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Delivery row.
    pub delivery: u64,
    /// Steps: three bits each for acting, correcting, deleting and opening, from the lowest; above
    /// them [`SENDER_TOLD`], [`REMINDED`] and [`END_REPORTED`].
    pub told: u16,
    /// When to look again; `None`: everybody has been told.
    pub look_at: Option<OffsetDateTime>,
}
