//! Recomputes the whole ledger from its raw entries and holds every row against it.
//!
//! Owns the rules by which a store and its log are one: entries dense, tiles, head and signed
//! checkpoint those the entries give; every message, delivery and release row permitted by an
//! entry, and every one that an entry names there; each document what its last entry wrote. Hashing is `proto::ledger`'s alone, and entries
//! are read here by a reader of their own, so that a fault of the writer is not repeated.
//! Promises that it writes nothing, opens nothing that is sealed, and names faults by table, row,
//! entry and document only. Deliberately does not know how a fault came to be, nor how to mend it.
//!
//! What it judges is what holds after any order of works inside one commit. Number sequences of a
//! mailbox and of the subscription that took it over are judged leniently, because numbered
//! deliveries pass from one to the other.

mod against;
mod attached;
mod documents;
mod faults;
mod log;
mod reader;
mod records;
mod reviews;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use proto::ledger::checkpoint::{Checkpoint, VerifierKey};

use crate::ledger::journal::StoreError;

pub use faults::{FAULTS_KEPT_MAX, FsckFault};

use faults::Faults;
use log::Log;
use rows::Rows;

/// The head as it is stored.
pub struct RawHead {
    /// Entries.
    pub size: u64,
    /// Stored frontier.
    pub frontier: Vec<u8>,
    /// Time of the last entry, seconds since 1970, not rounded.
    pub last_time: u64,
    /// Highest message row given out.
    pub last_message: u64,
    /// Highest delivery row given out.
    pub last_delivery: u64,
    /// Highest subscription row given out.
    pub last_subscription: u64,
}

/// A row whose columns do not have the types and lengths that the schema gives them.
pub struct Unreadable {
    /// Its row number.
    pub row: i64,
}

/// A message row. Of its sealed parts only the lengths are read.
pub struct RawMessage {
    /// Row.
    pub row: u64,
    /// Sending agency.
    pub agency: String,
    /// Publisher's id.
    pub id: [u8; 16],
    /// Keyed digest.
    pub digest: [u8; 32],
    /// Entry that accepted it.
    pub entry: u64,
    /// Kind.
    pub kind: String,
    /// Sending node.
    pub node: String,
    /// Row of the message it settles.
    pub settles: Option<u64>,
    /// Row of the message it withdraws.
    pub withdraws: Option<u64>,
    /// When it says it was accepted, microseconds since 1970.
    pub accepted_at: i64,
    /// Length of the wrapped key, in bytes.
    pub wrapped_key_bytes: u64,
    /// Length of the sealed message, in bytes.
    pub body_bytes: u64,
    /// Length of the sealed decision, in bytes.
    pub decision_bytes: u64,
}

/// A subscription row.
pub struct RawSubscription {
    /// Row.
    pub row: u64,
    /// Agency.
    pub agency: String,
    /// Desk.
    pub desk: String,
    /// Name; `default` is the desk's mailbox.
    pub name: String,
}

/// A delivery row.
pub struct RawDelivery {
    /// Row.
    pub row: u64,
    /// Delivery id.
    pub id: [u8; 16],
    /// Message row.
    pub message: u64,
    /// Subscription row.
    pub subscription: u64,
    /// Task's protocol number, 0 for none.
    pub task: u64,
    /// Entry that permits it.
    pub entry: u64,
    /// State's stored number.
    pub state: u64,
    /// Number on the subscription, 0 before the first release.
    pub number: u64,
}

/// A release row.
pub struct RawRelease {
    /// Row.
    pub row: u64,
    /// Release id.
    pub id: [u8; 16],
    /// Delivery row.
    pub delivery: u64,
    /// Entry that records it.
    pub entry: u64,
    /// When it says it was made, microseconds since 1970.
    pub at: i64,
    /// Receiving node.
    pub node: String,
    /// Attempt.
    pub attempt: u64,
    /// Whether no byte was written.
    pub voided: bool,
    /// A bit for each field withheld.
    pub withheld: u64,
    /// Whether sender and recipient, as far as there are any, find it among their disclosures.
    pub listed: bool,
}

/// What a recipient said it did.
pub struct RawAttested {
    /// Delivery row.
    pub delivery: u64,
    /// What, by protocol number.
    pub attestation: i32,
    /// Entry that records it.
    pub entry: u64,
}

/// A document that goes with messages. Of its key and pieces only the lengths are read.
pub struct RawAttachment {
    /// Row.
    pub row: u64,
    /// Agency that put it.
    pub agency: String,
    /// Bytes of the whole.
    pub size: u64,
    /// Whether all of it is here.
    pub whole: bool,
    /// Row of the message that names it, and its name there.
    pub named: Option<(u64, [u8; 32])>,
    /// Length of the wrapped key, in bytes.
    pub wrapped_key_bytes: u64,
    /// Pieces, counted from 0 without a gap, and their sealed bytes in all; `None` if there is a gap.
    pub pieces: Option<(u64, u64)>,
}

/// That a document may be fetched with a release.
pub struct RawReleaseSection {
    /// Row.
    pub row: u64,
    /// Release id.
    pub release: [u8; 16],
    /// Row of the document.
    pub attachment: u64,
}

/// An emergency access and its review.
pub struct RawReview {
    /// Message row.
    pub message: u64,
    /// Entry that accepted the message.
    pub entry: u64,
    /// Person who used it.
    pub acting: [u8; 16],
    /// Second person.
    pub second: [u8; 16],
    /// Entry that closed it, by whom, and the finding's protocol number.
    pub closed: Option<(u64, [u8; 16], i32)>,
}

/// A named document.
pub struct RawDocument {
    /// Its name.
    pub name: String,
    /// What is stored under it.
    pub content: Vec<u8>,
}

/// What is done with each stored entry: its index as stored, and its bytes.
pub type EachEntry<'each> = dyn FnMut(i64, &[u8]) -> Result<(), StoreError> + 'each;

/// A store as it lies there, at one moment: every call answers from the same snapshot.
///
/// Rows come in ascending order of their row numbers, entries in that of their indexes.
pub trait RawLedger {
    /// The head; `None` if nothing was ever committed.
    ///
    /// # Errors
    /// The store's.
    fn head(&self) -> Result<Option<RawHead>, StoreError>;

    /// Every stored entry. What is not a byte string is given as an empty one.
    ///
    /// # Errors
    /// The store's, or the first that `each` answers.
    fn for_each_entry(&self, each: &mut EachEntry<'_>) -> Result<(), StoreError>;

    /// The stored bytes of a tile.
    ///
    /// # Errors
    /// The store's.
    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Level and index of every stored tile. What is no number is given as -1.
    ///
    /// # Errors
    /// The store's.
    fn for_each_tile(&self, each: &mut dyn FnMut(i64, i64)) -> Result<(), StoreError>;

    /// Every subscription.
    ///
    /// # Errors
    /// The store's.
    fn for_each_subscription(
        &self,
        each: &mut dyn FnMut(Result<RawSubscription, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every message.
    ///
    /// # Errors
    /// The store's.
    fn for_each_message(
        &self,
        each: &mut dyn FnMut(Result<RawMessage, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every delivery.
    ///
    /// # Errors
    /// The store's.
    fn for_each_delivery(
        &self,
        each: &mut dyn FnMut(Result<RawDelivery, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every release.
    ///
    /// # Errors
    /// The store's.
    fn for_each_release(
        &self,
        each: &mut dyn FnMut(Result<RawRelease, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every document.
    ///
    /// # Errors
    /// The store's.
    fn for_each_document(
        &self,
        each: &mut dyn FnMut(Result<RawDocument, Unreadable>),
    ) -> Result<(), StoreError>;

    /// What recipients said they did.
    ///
    /// # Errors
    /// The store's.
    fn for_each_attested(
        &self,
        each: &mut dyn FnMut(Result<RawAttested, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every document that goes with messages, or waits for one.
    ///
    /// # Errors
    /// The store's.
    fn for_each_attachment(
        &self,
        each: &mut dyn FnMut(Result<RawAttachment, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Rows of pieces whose document is not there.
    ///
    /// # Errors
    /// The store's.
    fn for_each_lost_piece(&self, each: &mut dyn FnMut(u64)) -> Result<(), StoreError>;

    /// Every document that may be fetched, by release.
    ///
    /// # Errors
    /// The store's.
    fn for_each_release_section(
        &self,
        each: &mut dyn FnMut(Result<RawReleaseSection, Unreadable>),
    ) -> Result<(), StoreError>;

    /// Every emergency access.
    ///
    /// # Errors
    /// The store's.
    fn for_each_review(
        &self,
        each: &mut dyn FnMut(Result<RawReview, Unreadable>),
    ) -> Result<(), StoreError>;

    /// The entry that each stored reason of a look, or of a closed review, names.
    ///
    /// # Errors
    /// The store's.
    fn for_each_reason(&self, each: &mut dyn FnMut(i64)) -> Result<(), StoreError>;

    /// A named document.
    ///
    /// # Errors
    /// The store's.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// What was looked at, and what was found wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Message rows read.
    pub messages: u64,
    /// Delivery rows read.
    pub deliveries: u64,
    /// Release rows read.
    pub releases: u64,
    /// Size of the largest checkpoint looked at, if the given key signed it and these entries
    /// give its root; `None` also if there is none, or no key to check it by was given.
    pub checkpoint_size: Option<u64>,
    /// The first [`FAULTS_KEPT_MAX`] faults, in the order in which they were met.
    pub faults: Vec<FsckFault>,
    /// How many faults there are in all.
    pub faults_total: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn sound(&self) -> bool {
        self.faults_total == 0
    }
}

/// Checks a store against its ledger, both ways.
///
/// Promise: reads every entry and every row, whatever it finds; a sound store written by this
///          broker gives no fault. Writes nothing.
/// Bound:   entries are read one at a time; about 150 bytes of memory for each message,
///          delivery and release row; [`FAULTS_KEPT_MAX`] faults kept, all counted.
/// Refuses: only what keeps it from reading on. A row that cannot be understood is a fault.
///
/// A missing entry hides what the log above it ought to be: from there on tiles, head, checkpoint
/// and the states of deliveries are not judged, and the missing entry stands for them.
///
/// # Errors
/// The store's; [`StoreError::Damaged`] if the head itself cannot be read.
pub fn check(raw: &dyn RawLedger, verifier: Option<&VerifierKey>) -> Result<Report, StoreError> {
    check_with(raw, verifier, &[])
}

/// As [`check`], and holds the entries against signed checkpoints that were kept elsewhere too.
/// Their signatures are the caller's to have checked.
///
/// # Errors
/// As [`check`].
pub fn check_with(
    raw: &dyn RawLedger,
    verifier: Option<&VerifierKey>,
    kept: &[Checkpoint],
) -> Result<Report, StoreError> {
    let mut faults = Faults::default();
    let head = raw.head()?;
    let mut rows = Rows::load(raw, head.as_ref(), &mut faults)?;
    let mut log = Log::begin(raw, head, verifier, kept, &mut faults)?;
    let mut entries = 0;
    raw.for_each_entry(&mut |index, bytes| {
        entries += 1;
        if let Some((index, entry)) = log.take(index, bytes, &mut faults)? {
            rows.entry(index, &entry, &mut faults);
        }
        Ok(())
    })?;
    let (whole, checkpoint_size) = log.finish(&mut faults)?;
    let (messages, deliveries, releases) = rows.counts();
    if whole {
        // A missing entry may be the one that wrote last.
        std::mem::take(&mut rows.documents).check(raw, &mut faults)?;
    }
    rows.finish(whole, &mut faults);
    let (faults, faults_total) = faults.into_parts();
    Ok(Report { entries, messages, deliveries, releases, checkpoint_size, faults, faults_total })
}
