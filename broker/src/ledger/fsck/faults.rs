//! What can be wrong between a store and its ledger, one plain sentence each.
//!
//! Promises to name tables, rows, entries, documents and nothing of their content.

/// Faults kept in a report; the rest are counted only.
pub const FAULTS_KEPT_MAX: usize = 100;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FsckFault {
    /// Entries are not there.
    #[error("{count} entries are missing from entry {from} on; nothing above can be recomputed")]
    EntriesMissing {
        /// First that is missing.
        from: u64,
        /// How many in a row.
        count: u64,
    },
    /// An entry that the head does not count.
    #[error("entry {index} lies outside the size that the head states")]
    EntryOutside {
        /// Index.
        index: i64,
    },
    /// The bytes are not an entry of docs/ledger-format.md.
    #[error("the bytes of entry {index} are not an entry; nothing above can be recomputed")]
    EntryUnreadable {
        /// Index.
        index: u64,
    },
    /// Time runs backwards.
    #[error("entry {index} is dated before the entry in front of it")]
    EntryTime {
        /// Index.
        index: u64,
    },
    /// A record is not canonical, or not what its type demands.
    #[error("slot {slot} of entry {index} does not hold a well-formed record")]
    RecordForm {
        /// Entry.
        index: u64,
        /// Slot.
        slot: u32,
    },
    /// A message was accepted without its decision, or decided on before it was accepted.
    #[error("entry {index} accepts a message without its decision, or decides before acceptance")]
    DecisionMissing {
        /// Entry.
        index: u64,
    },
    /// The senders were not told what the recipient's record says, or were told otherwise.
    #[error("entry {index} tells senders something else than it records for the recipient")]
    SendersUntold {
        /// Entry.
        index: u64,
    },
    /// A tile is missing or differs.
    #[error("tile {index} of level {level} is not what the entries give")]
    Tile {
        /// Level, 0 for leaf hashes.
        level: u8,
        /// Place in its level.
        index: u64,
    },
    /// A tile that no entry fills.
    #[error("tile {index} of level {level} lies beyond the log's size")]
    TileSurplus {
        /// Level as stored.
        level: i64,
        /// Place as stored.
        index: i64,
    },
    /// The head's frontier differs.
    #[error("the head's frontier is not what the entries give")]
    HeadFrontier,
    /// The head's time lies before its last entry's.
    #[error("the head is dated before its last entry")]
    HeadTime,
    /// The head would give a row number out again.
    #[error("table {table} holds a row beyond the last one that the head gave out")]
    HeadCounter {
        /// Table.
        table: &'static str,
    },
    /// The checkpoint is not a note signed by the given key for its own log.
    #[error("the last checkpoint is not signed by the given key under its name")]
    CheckpointSignature,
    /// Entries, and no signed head over any of them: they may be anybody's.
    #[error("the store holds entries and no signed checkpoint over any of them")]
    CheckpointMissing,
    /// The checkpoint covers more than the log holds.
    #[error("the last signed checkpoint covers {size} entries, more than the log holds")]
    CheckpointBeyond {
        /// Its size.
        size: u64,
    },
    /// The checkpoint's root differs.
    #[error("the signed root over the first {size} entries is not what the entries give")]
    CheckpointRoot {
        /// Its size.
        size: u64,
    },
    /// A document's pieces are not those of its length, or its key is not one.
    #[error("the key or the pieces of document {row} are not those of its length")]
    Pieces {
        /// Row.
        row: u64,
    },
    /// Columns of a row do not have the form that the schema gives them.
    #[error("row {row} of table {table} cannot be read")]
    RowUnreadable {
        /// Table.
        table: &'static str,
        /// Row.
        row: i64,
    },
    /// Two rows claim one identity.
    #[error("row {row} of table {table} has the id of an earlier row")]
    RowTwice {
        /// Table.
        table: &'static str,
        /// Row.
        row: u64,
    },
    /// A row names a row of another table that is not there.
    #[error("row {row} of table {table} names a row of another table that is not there")]
    Dangling {
        /// Table.
        table: &'static str,
        /// Row.
        row: u64,
    },
    /// No entry speaks of a row.
    #[error("row {row} of table {table} has no record in the ledger; it names entry {entry}")]
    RowWithoutRecord {
        /// Table.
        table: &'static str,
        /// Row.
        row: u64,
        /// Entry that it names.
        entry: u64,
    },
    /// Entry and row disagree.
    #[error("row {row} of table {table} and entry {entry} do not say the same")]
    RowDiffers {
        /// Table.
        table: &'static str,
        /// Row.
        row: u64,
        /// Entry.
        entry: u64,
    },
    /// A row gives another time than the entry that records it.
    #[error("row {row} of table {table} is dated otherwise than entry {entry}, which records it")]
    RowTime {
        /// Table.
        table: &'static str,
        /// Row.
        row: u64,
        /// Entry.
        entry: u64,
    },
    /// An entry names something that no row holds.
    #[error("entry {entry} names something that is missing from table {table}")]
    RecordWithoutRow {
        /// Table.
        table: &'static str,
        /// Entry.
        entry: u64,
    },
    /// A document that an entry wrote is not there.
    #[error("document {name:?} is missing: an entry wrote it")]
    DocumentMissing {
        /// Its name.
        name: String,
    },
    /// A document's content is not what was recorded of it.
    #[error("document {name:?} is not what the last entry that wrote it says")]
    DocumentDiffers {
        /// Its name.
        name: String,
    },
    /// No entry wrote a document.
    #[error("document {name:?} was written by no entry")]
    DocumentWithoutRecord {
        /// Its name.
        name: String,
    },
    /// A release is marked void and no entry says so.
    #[error("release {row} is marked void and no entry says so")]
    VoidWithoutRecord {
        /// Release row.
        row: u64,
    },
    /// An agency that sent or was given something does not find it in what it looks up.
    #[error("release {row} is missing from the disclosures of its sender or recipient")]
    Unlisted {
        /// Release row.
        row: u64,
    },
    /// A sealed part is missing or too short to be one.
    #[error("message {row} lacks a sealed part")]
    SealedPart {
        /// Message row.
        row: u64,
    },
    /// A withdrawal does not name what it withdraws, or something else is marked as one.
    #[error("message {row} is marked as withdrawing something else than its kind and settling say")]
    Withdraws {
        /// Message row.
        row: u64,
    },
    /// The ledger does not lead to a delivery's state.
    #[error("delivery {row} is in a state that its entries do not lead to")]
    DeliveryState {
        /// Delivery row.
        row: u64,
    },
    /// A delivery has a number without a release, or a release without a number.
    #[error("delivery {row} has a number without a release, or a release without a number")]
    DeliveryNumber {
        /// Delivery row.
        row: u64,
    },
    /// Numbers of a subscription are given twice, or left out.
    #[error("the numbers of subscription {row} are not each given once from 1 on")]
    Numbers {
        /// Subscription row.
        row: u64,
    },
}

/// Faults as they are met.
#[derive(Default)]
pub(super) struct Faults {
    kept: Vec<FsckFault>,
    total: u64,
}

impl Faults {
    /// Counts a fault, and keeps it while there is room.
    pub(super) fn add(&mut self, fault: FsckFault) {
        self.total += 1;
        if self.kept.len() < FAULTS_KEPT_MAX {
            self.kept.push(fault);
        }
    }

    /// Those kept, and how many there were.
    pub(super) fn into_parts(self) -> (Vec<FsckFault>, u64) {
        (self.kept, self.total)
    }
}
