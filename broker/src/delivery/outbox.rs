//! What delivery reads of the store: what waits, and what was released.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::MessageKind;
use crate::ledger::journal::StoreError;
use crate::ledger::owed::{Given, Owes};
use crate::message::MessageKey;
use crate::parcel::Shown;
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::seal::Token;

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
    /// Its message.
    pub message: Stored,
}

/// A place in a subscription's line: immediate news first, then in the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Lane.
    pub immediate: bool,
    /// Delivery row.
    pub delivery: u64,
}

/// One delivery in a subscription's line, read no further than its turn needs.
pub enum InLine {
    /// Its sender lets it be released later only: for its recipient it is not there yet.
    Embargoed(Place),
    /// It is to be tried again later.
    Delayed {
        /// Where it stands.
        place: Place,
        /// Whose news it is.
        tokens: Vec<Token>,
    },
    /// As far as time goes, it may be released now.
    Due(Box<Waiting>),
}

impl InLine {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Embargoed(place) | Self::Delayed { place, .. } => *place,
            Self::Due(due) => Place { immediate: due.immediate, delivery: due.delivery },
        }
    }
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

/// Something a desk owes for what it was given.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its last release that was not void.
    pub release_id: [u8; 16],
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// The message.
    pub message: MessageKey,
    /// What settles it, by protocol number.
    pub attestation: i32,
    /// By when.
    pub due: OffsetDateTime,
}

/// What is owed for a delivery, of which it is time that somebody is told.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// Delivery row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Desk that owes it.
    pub desk: DeskName,
    /// By when it was to act.
    pub act_by: Option<OffsetDateTime>,
    /// By when it was to put right what was corrected.
    pub correct_by: Option<OffsetDateTime>,
    /// By when it was to delete it.
    pub delete_by: Option<OffsetDateTime>,
    /// By when somebody was to open it.
    pub open_by: Option<OffsetDateTime>,
    /// When it is to be reminded of a date in it.
    pub remind_at: Option<OffsetDateTime>,
    /// Whether it was given to the desk.
    pub released: bool,
    /// Whether what it was given last said only that there is something.
    pub notice_only: bool,
    /// Message row.
    pub message: u64,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// Whether it ended unreceived: ran out, or became a dead letter.
    pub ended: bool,
    /// Whether it ran out: then it never comes.
    pub runs_out: bool,
    /// Steps taken, see [`crate::ledger::owed::Told`].
    pub told: u16,
}

/// Something a desk was given and that has not run out: the last release of it after which bytes
/// were written.
pub struct Had {
    /// Place of the release: pages continue before it.
    pub place: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Release id.
    pub release_id: [u8; 16],
    /// When.
    pub at: OffsetDateTime,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// What the release showed.
    pub shown: Shown,
    /// Whether its message was taken back, put right or called off since.
    pub withdrawn: bool,
    /// What the desk still owes.
    pub owes: Owes,
    /// What the desk said it did, by protocol number, and when.
    pub attested: Vec<(i32, OffsetDateTime)>,
    /// The message.
    pub message: Stored,
}

/// Which of what a desk was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The last so many before a place.
    Before(u64, u32),
    /// What stands at a place.
    At(u64),
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
    /// A page of a subscription's line as it stands at a time: what follows a place, or its
    /// beginning, in order. Fewer rows than asked for: the line ends there.
    ///
    /// # Errors
    /// The store's.
    fn line(
        &self,
        subscription: u64,
        after: Option<Place>,
        now: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<InLine>, StoreError>;
    /// How many wait, counted up to 1,000.
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
    /// Those of these releases that a desk was given, of which it has not said this already.
    ///
    /// # Errors
    /// The store's.
    fn given(
        &self,
        desk: &DeskName,
        releases: &[[u8; 16]],
        attestation: i32,
    ) -> Result<Vec<Given>, StoreError>;
    /// Whether a desk was given a message. Who was asked to settle something about it was not.
    ///
    /// # Errors
    /// The store's.
    fn was_given(&self, desk: &DeskName, message: &MessageKey) -> Result<bool, StoreError>;
    /// What each release of a message to a desk showed. Empty: it was not given it.
    ///
    /// # Errors
    /// The store's.
    fn shown(&self, desk: &DeskName, message: &MessageKey) -> Result<Vec<Shown>, StoreError>;
    /// Whether anything was released to a desk because of a message: then, and only then, it knows
    /// that by a reference of its own.
    ///
    /// # Errors
    /// The store's.
    fn was_told_of(&self, desk: &DeskName, message: &MessageKey) -> Result<bool, StoreError>;
    /// Rows of the messages that merged or parted numbers of a message after it was accepted.
    ///
    /// # Errors
    /// The store's.
    fn chasing(&self, message: &MessageKey, tokens: &[Token]) -> Result<Vec<u64>, StoreError>;
    /// What a desk was given and has not run out at a time, the last given first. How long it
    /// takes turns on what its agency sent and was given, and on nobody asked about.
    ///
    /// # Errors
    /// The store's.
    fn had(
        &self,
        desk: &DeskName,
        which: Which,
        now: OffsetDateTime,
    ) -> Result<Vec<Had>, StoreError>;
    /// What a desk owes for what it was given, soonest first, at most 500.
    ///
    /// # Errors
    /// The store's.
    fn owed(&self, desk: &DeskName) -> Result<Vec<Owed>, StoreError>;
    /// What is owed and to be looked at by now, of every desk, at most 500.
    ///
    /// # Errors
    /// The store's.
    fn overdue(&self, now: OffsetDateTime) -> Result<Vec<Overdue>, StoreError>;
    /// Messages of a kind that an agency, or one system of it, had accepted after one moment and
    /// no later than another, and that name somebody by a number; those that follow an earlier one
    /// left out: what was said of the same news again is not more news.
    ///
    /// # Errors
    /// The store's.
    fn accepted(
        &self,
        of: (&str, Option<&str>, MessageKind),
        after: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// The newest of those that name nobody by a number and were not taken back.
    ///
    /// # Errors
    /// The store's.
    fn accepted_without_numbers(
        &self,
        of: (&str, Option<&str>, MessageKind),
        after: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError>;
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
