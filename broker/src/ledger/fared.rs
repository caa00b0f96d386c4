//! What is read of deliveries: how they stand, how far they came, what is on record of them.
//!
//! Plain data, as a store answers with it. Deliberately does not know who may be told.

use time::OffsetDateTime;

use crate::directory::MessageKind;
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::seal::Token;

use super::journal::DeliveryState;

/// How a delivery stands, and what its sender may be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// State.
    pub state: DeliveryState,
    /// Whether its sender named the desk.
    pub named: bool,
}

/// How a delivery stands.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Desk.
    pub desk: DeskName,
    /// State.
    pub state: DeliveryState,
    /// When it came to that state.
    pub at: OffsetDateTime,
    /// What its recipient said it did, by protocol number, and when.
    pub attested: Vec<(i32, OffsetDateTime)>,
}

/// The first entries that say how a message fared with an agency its sender named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// It was released.
    pub released: Option<u64>,
    /// It was received.
    pub received: Option<u64>,
    /// What the agency said it did, by protocol number.
    pub attested: Vec<(i32, u64)>,
}

/// A delivery that was released, and what came of it: no more of it than figures need.
#[derive(Clone, Debug)]
pub struct DeliveredRow {
    /// Its message.
    pub message: MessageKey,
    /// Kind.
    pub kind: MessageKind,
    /// Desk.
    pub desk: DeskName,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// Immediate.
    pub immediate: bool,
    /// When it was first released.
    pub sent_at: OffsetDateTime,
    /// When it was received.
    pub received_at: Option<OffsetDateTime>,
    /// When its recipient said that it acted.
    pub acted_at: Option<OffsetDateTime>,
    /// Whether its attempts were used up.
    pub is_dead: bool,
    /// Of the numbers of the persons it is about, the least.
    pub person: Option<Token>,
}

/// A delivery and how far it came.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Desk.
    pub desk: DeskName,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// State.
    pub state: DeliveryState,
    /// When it came to that state.
    pub at: OffsetDateTime,
    /// Its last release after which bytes were written: entry, id and time.
    pub released: Option<(u64, [u8; 16], OffsetDateTime)>,
    /// The entry that says why it ended unreceived.
    pub ended: Option<u64>,
}
