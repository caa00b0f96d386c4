//! What the ledger asks of a store: rows, one transaction, and nothing it could misread.
//!
//! The appender builds a whole [`Batch`] as plain data; a store writes it in ONE
//! transaction or not at all. Stores are native: nothing here is about SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proto::ledger::tree::Hash;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::directory::MessageKind;
use crate::ledger::attached::{AttachmentChange, Attachments};
use crate::ledger::chase::{ChaseReads, Chases};
use crate::ledger::owed::{AttestedRow, Owes, Told};
use crate::ledger::review::{ReviewRows, Reviews};
use crate::ledger::tree::TileId;
use crate::message::MessageKey;
use crate::message::sections::SectionName;
use crate::parcel::Shown;
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::rules::Epochs;
use crate::seal::Token;

pub use crate::ledger::fared::{DeliveredRow, Evidence, Fate, Outcome, Stands};

/// A store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be reached or is busy beyond its bound. Nothing is known of the outcome.
    #[error("the store cannot be written or read: {0}")]
    Unavailable(String),
    /// One row breaks a rule of the schema; nothing of the batch was written.
    #[error("the store refused a row: {0}")]
    Refused(String),
    /// No room.
    #[error("the store's disk is full")]
    Full,
    /// Data could not be made durable: the process must stop.
    #[error("the store could not make data durable")]
    SyncFailed,
    /// What is stored is not what was written.
    #[error("the store holds a damaged row: {table}")]
    Damaged {
        /// Table.
        table: &'static str,
    },
}

impl From<crate::ledger::tree::TileMissing> for StoreError {
    fn from(_: crate::ledger::tree::TileMissing) -> Self {
        Self::Damaged { table: "tile" }
    }
}

/// The head of the ledger.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// Stored frontier.
    pub frontier: Vec<u8>,
    /// Time of the last entry, seconds since 1970.
    pub last_time: u64,
    /// Counters of change.
    pub epochs: Epochs,
    /// Last message row.
    pub last_message: u64,
    /// Last delivery row.
    pub last_delivery: u64,
    /// Last subscription row.
    pub last_subscription: u64,
}

/// An entry to write.
#[derive(Clone)]
pub struct EntryRow {
    /// Index.
    pub index: u64,
    /// Stored bytes.
    pub bytes: Vec<u8>,
}

/// A message to write.
#[derive(Clone)]
pub struct MessageRow {
    /// Row.
    pub row: u64,
    /// Key.
    pub key: MessageKey,
    /// Keyed digest.
    pub digest: [u8; 32],
    /// Entry that accepted it.
    pub entry: u64,
    /// Kind.
    pub kind: MessageKind,
    /// Sending node.
    pub node: Arc<str>,
    /// Sending desk.
    pub desk: Arc<str>,
    /// Accepted at.
    pub accepted_at: OffsetDateTime,
    /// Nothing is released after this.
    pub expires_at: OffsetDateTime,
    /// Nothing is released before this.
    pub not_before: Option<OffsetDateTime>,
    /// Wrapped key of body and decision.
    pub wrapped_key: Vec<u8>,
    /// Sealed normalised message.
    pub sealed_body: Vec<u8>,
    /// Sealed decision.
    pub sealed_decision: Vec<u8>,
    /// Tokens of its subjects.
    pub tokens: Vec<Token>,
    /// For each of these, whether its subject routes.
    pub routes: Vec<bool>,
    /// Row of the message this one withdraws or settles.
    pub settles: Option<u64>,
    /// Whether it takes that message back.
    pub withdraws: bool,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeliveryState {
    /// Waits.
    Waiting = 0,
    /// Released, not settled.
    Released = 1,
    /// Acknowledged. Final.
    Acknowledged = 2,
    /// Attempts used up; somebody must look.
    Dead = 3,
    /// Ran out unreleased. Final.
    Expired = 4,
    /// Its message was withdrawn before release. Final.
    Withdrawn = 5,
    /// Policy refused it at release. Final.
    Refused = 6,
}

impl DeliveryState {
    /// The state of a stored number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Waiting),
            1 => Some(Self::Released),
            2 => Some(Self::Acknowledged),
            3 => Some(Self::Dead),
            4 => Some(Self::Expired),
            5 => Some(Self::Withdrawn),
            6 => Some(Self::Refused),
            _ => None,
        }
    }

    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Acknowledged => "acknowledged",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Refused => "refused",
        }
    }
}

/// A delivery to write.
#[derive(Clone)]
pub struct DeliveryRow {
    /// Row.
    pub row: u64,
    /// Opaque id.
    pub id: [u8; 16],
    /// Message row.
    pub message: u64,
    /// Subscription row.
    pub subscription: u64,
    /// Candidate's place in the decision: a task and a message to one desk differ.
    pub task: i32,
    /// Whether its sender named the desk: then it is told, and may prove, how the delivery fared.
    pub named: bool,
    /// Entry that permits it.
    pub entry: u64,
    /// Immediate.
    pub immediate: bool,
    /// State.
    pub state: DeliveryState,
    /// Number on the subscription; 0 before the first release.
    pub number: u64,
    /// When it came to its state, where that was not its acceptance.
    pub changed_at: Option<OffsetDateTime>,
    /// Nothing is released after this: its message's end.
    pub expires_at: OffsetDateTime,
    /// What its recipient owes once it has it.
    pub owes: Owes,
}

/// A release to write.
#[derive(Clone)]
pub struct ReleaseRow {
    /// Id.
    pub id: [u8; 16],
    /// Delivery row.
    pub delivery: u64,
    /// Entry.
    pub entry: u64,
    /// When.
    pub at: OffsetDateTime,
    /// Agency that sent it.
    pub sender: Arc<str>,
    /// Agency it went to.
    pub recipient: Arc<str>,
    /// Node it went to.
    pub node: Arc<str>,
    /// Attempt.
    pub attempt: u32,
    /// Names of the documents that may be fetched with it.
    pub sections: Vec<SectionName>,
    /// What it showed.
    pub shown: Shown,
}

/// What a change does to the count of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// Nothing.
    Kept,
    /// One was used up.
    Used,
    /// It begins again: somebody redrove a dead letter.
    Afresh,
}

/// A change of one delivery.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryMark {
    /// Row.
    pub row: u64,
    /// New state.
    pub state: DeliveryState,
    /// Number assigned at first release.
    pub number: Option<u64>,
    /// What becomes of its count of attempts.
    pub attempts: Attempts,
    /// Not before this (backoff).
    pub due: Option<OffsetDateTime>,
    /// When.
    pub at: OffsetDateTime,
    /// The entry that says that it was received, or why it ended unreceived; `None`: it goes on.
    pub ended: Option<u64>,
}

/// A subscription to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Row.
    pub row: u64,
    /// Desk.
    pub desk: DeskName,
    /// Name; `default` is the mailbox.
    pub name: Arc<str>,
}

/// Everything one commit writes.
#[derive(Clone, Default)]
pub struct Batch {
    /// The head after it.
    pub head: Head,
    /// Entries.
    pub entries: Vec<EntryRow>,
    /// Tiles that changed.
    pub tiles: BTreeMap<TileId, Vec<Hash>>,
    /// Messages.
    pub messages: Vec<MessageRow>,
    /// Deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// Releases.
    pub releases: Vec<ReleaseRow>,
    /// Releases after which no byte was written.
    pub voided: Vec<[u8; 16]>,
    /// Changes of deliveries.
    pub marks: Vec<DeliveryMark>,
    /// Subscriptions.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Last number given on a subscription.
    pub numbers: Vec<(u64, u64)>,
    /// Waiting deliveries that move from one subscription to another.
    pub moved: Vec<(u64, u64)>,
    /// Sealed changes of the register.
    pub register: Vec<Vec<u8>>,
    /// Named documents: directory, bundles, standing.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Messages whose decision gained candidates: row and newly sealed decision.
    pub redecided: Vec<(u64, Vec<u8>)>,
    /// What recipients say they did.
    pub attested: Vec<AttestedRow>,
    /// Deliveries whose recipients need not act any more.
    pub excused: Vec<u64>,
    /// Deliveries whose date is changed or taken back.
    pub dates_past: Vec<u64>,
    /// Waiting deliveries that are from now on as urgent as what follows them.
    pub pulled: Vec<u64>,
    /// Whom chains of alarms have told.
    pub told: Vec<Told>,
    /// What changes of documents, in this order.
    pub attachments: Vec<AttachmentChange>,
    /// Emergency accesses and their reviews.
    pub reviews: ReviewRows,
    /// Sealed reasons of consultations and of closed reviews, by entry.
    pub reasons: Vec<(u64, Vec<u8>)>,
    /// Holders that are to be told, or were told, of merged numbers.
    pub chases: Chases,
}

/// What a store remembers of a message key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Row.
    pub row: u64,
    /// Digest.
    pub digest: [u8; 32],
    /// Accepted at.
    pub accepted_at: OffsetDateTime,
}

/// A delivery of a message, as a withdrawal must know it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Row.
    pub delivery: u64,
    /// Delivery id.
    pub delivery_id: [u8; 16],
    /// Desk.
    pub desk: DeskName,
    /// State.
    pub state: DeliveryState,
    /// Whether any release of it was not voided.
    pub released: bool,
    /// Whether the desk was asked to settle something in place of being given the message.
    pub is_task: bool,
}

/// What was released under an id.
#[derive(Clone, Debug)]
pub struct ReleasedTo {
    /// Agency it went to.
    pub recipient: Arc<str>,
    /// The message.
    pub message: MessageKey,
    /// Its kind.
    pub kind: MessageKind,
    /// Desk that sent it.
    pub desk: Arc<str>,
}

/// Everything a broker starts from.
#[derive(Default)]
pub struct Start {
    /// Head.
    pub head: Head,
    /// Unfinished tiles, by level.
    pub open_tiles: Vec<Vec<Hash>>,
    /// Subscriptions, each with its last number.
    pub subscriptions: Vec<(SubscriptionRow, u64)>,
    /// Sealed changes of the register, in order.
    pub register: Vec<Vec<u8>>,
    /// Documents.
    pub documents: BTreeMap<String, Vec<u8>>,
}

/// The appender's side of a store. One owner at a time.
pub trait Journal: Send {
    /// Reads everything a broker starts from. Deliveries released but unsettled when the
    /// last process ended wait again.
    ///
    /// # Errors
    /// The store's.
    fn start(&mut self) -> Result<Start, StoreError>;

    /// Writes a batch, durably, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Refused`] and [`StoreError::Full`]: nothing was written. Any other:
    /// the outcome must be read back.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Tidies up after commits, where that is due; called when everybody has been answered.
    ///
    /// # Errors
    /// [`StoreError::SyncFailed`]: what was committed may not be durable after all. Any other:
    /// it is done later.
    fn tidy(&mut self) -> Result<(), StoreError>;
}

/// The appender's reads: what was committed before they began.
pub trait Recall: ChaseReads + Reviews {
    /// What is remembered of these keys, in their order.
    ///
    /// # Errors
    /// The store's.
    fn known(&self, keys: &[MessageKey]) -> Result<Vec<Option<Known>>, StoreError>;

    /// The deliveries of a message.
    ///
    /// # Errors
    /// The store's.
    fn held(&self, message: u64) -> Result<Vec<Held>, StoreError>;

    /// Custody messages about any of these persons that may still be released at `now`, with
    /// their rows. At most 200.
    ///
    /// # Errors
    /// The store's.
    fn live_custody(
        &self,
        tokens: &[Token],
        now: OffsetDateTime,
    ) -> Result<Vec<(u64, Stored)>, StoreError>;

    /// A stored message by its row.
    ///
    /// # Errors
    /// The store's.
    fn message(&self, row: u64) -> Result<Option<Stored>, StoreError>;

    /// Every desk that sent or was given something about any of these persons as one who routes:
    /// what was said of a victim or a witness brings nobody a question. Reads no body: how long it
    /// takes says little of how much there is.
    ///
    /// # Errors
    /// The store's.
    fn concerned(&self, tokens: &[Token]) -> Result<BTreeSet<DeskName>, StoreError>;

    /// What was released under an id to somebody who is to read it; `None` for a task, and for a
    /// release after which no byte was written.
    ///
    /// # Errors
    /// The store's.
    fn released(&self, release: &[u8; 16]) -> Result<Option<ReleasedTo>, StoreError>;

    /// What is kept of documents.
    fn attachments(&self) -> &dyn Attachments;

    /// How those of these deliveries stand that there are.
    ///
    /// # Errors
    /// The store's.
    fn states(&self, deliveries: &[u64]) -> Result<HashMap<u64, Stands>, StoreError>;
}

/// One release, as the record of disclosures shows it.
#[derive(Clone, Debug)]
pub struct DisclosureRow {
    /// Place in the list: pages continue after it.
    pub place: u64,
    /// Release id.
    pub release_id: [u8; 16],
    /// Sending agency and message.
    pub message: MessageKey,
    /// Kind.
    pub kind: MessageKind,
    /// Receiving desk.
    pub desk: DeskName,
    /// Receiving node.
    pub node: Arc<str>,
    /// Entry of the release.
    pub entry: u64,
    /// When.
    pub at: OffsetDateTime,
    /// When it was acknowledged.
    pub acknowledged_at: Option<OffsetDateTime>,
}

/// Which disclosures are wanted.
#[derive(Clone, Debug, Default)]
pub struct DisclosureFilter {
    /// Only those an agency sent or was given; `None`: all.
    pub party: Option<Arc<str>>,
    /// Only one message.
    pub message: Option<MessageKey>,
    /// From.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// After this place.
    pub after: u64,
    /// Rows at most.
    pub limit: u32,
}

/// A decision as it is stored.
pub struct SealedDecision {
    /// Wrapped key of the message.
    pub wrapped_key: Vec<u8>,
    /// Sealed decision.
    pub sealed: Vec<u8>,
}

/// Reads of what was written, side by side with the appender.
pub trait Archive: Send + Sync {
    /// The stored bytes of an entry.
    ///
    /// # Errors
    /// The store's.
    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError>;
    /// A tile.
    ///
    /// # Errors
    /// The store's.
    fn tile(&self, id: TileId) -> Result<Vec<Hash>, StoreError>;
    /// A document.
    ///
    /// # Errors
    /// The store's.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// The entry of a release that went to an agency; `None` if none did.
    ///
    /// # Errors
    /// The store's.
    fn release_entry(&self, release: &[u8; 16], agency: &str) -> Result<Option<u64>, StoreError>;
    /// The entry that accepted a message.
    ///
    /// # Errors
    /// The store's.
    fn message_entry(&self, key: &MessageKey) -> Result<Option<u64>, StoreError>;
    /// Disclosures, oldest first.
    ///
    /// # Errors
    /// The store's.
    fn disclosures(&self, filter: &DisclosureFilter) -> Result<Vec<DisclosureRow>, StoreError>;
    /// The sealed decision of a message.
    ///
    /// # Errors
    /// The store's.
    fn decision(&self, key: &MessageKey) -> Result<Option<SealedDecision>, StoreError>;
    /// Deliveries of a message, tasks left out.
    ///
    /// # Errors
    /// The store's.
    fn outcomes(&self, key: &MessageKey) -> Result<Vec<Outcome>, StoreError>;
    /// The entries that say how a message fared with an agency, on desks its sender named.
    ///
    /// # Errors
    /// The store's.
    fn evidence(&self, key: &MessageKey, agency: &str) -> Result<Evidence, StoreError>;
    /// Sealed changes of the register, oldest first, each with the time of its commit.
    ///
    /// # Errors
    /// The store's.
    fn register_history(&self) -> Result<Vec<(OffsetDateTime, Vec<u8>)>, StoreError>;
    /// Deliveries, tasks included, that were first released from one moment and before another.
    ///
    /// # Errors
    /// The store's.
    fn delivered(
        &self,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<DeliveredRow>, StoreError>;
    /// The sender's own earlier message that one follows; `None` if it follows none.
    ///
    /// # Errors
    /// The store's.
    fn followed(&self, key: &MessageKey) -> Result<Option<MessageKey>, StoreError>;

    /// Every delivery of a message, tasks included, and how far each came. At most 1,000.
    ///
    /// # Errors
    /// The store's.
    fn fates(&self, key: &MessageKey) -> Result<Vec<Fate>, StoreError>;
    /// Entries so far.
    ///
    /// # Errors
    /// The store's.
    fn size(&self) -> Result<u64, StoreError>;
}

/// Lets proofs be built from any archive.
impl crate::ledger::tree::Tiles for dyn Archive + '_ {
    type Error = StoreError;
    fn tile(&self, id: TileId) -> Result<Vec<Hash>, StoreError> {
        Archive::tile(self, id)
    }
}

/// The id of a message in text form.
#[must_use]
pub fn text_of(id: Uuid) -> String {
    id.hyphenated().to_string()
}
