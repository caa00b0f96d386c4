//! What is to be told to whoever was given something about numbers that are merged or parted.
//!
//! Plain data between the store, whoever finds the holders, and the appender, which tells them.

use std::sync::Arc;

use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::routing::HeldOfPerson;
use crate::seal::Token;

/// A chase that a batch opens.
#[derive(Clone)]
pub struct ChaseRow {
    /// Row of the message that merges or parts the numbers.
    pub message: u64,
    /// The numbers.
    pub numbers: Arc<[Token]>,
}

/// What one batch does to chases.
#[derive(Clone, Default)]
pub struct Chases {
    /// Those that it opens.
    pub opened: Vec<ChaseRow>,
    /// Those that it opens again, by their messages.
    pub again: Vec<u64>,
    /// Those that it closes, by their messages, each as often as it had been opened by then.
    pub closed: Vec<(u64, u64)>,
}

/// A chase that is open.
#[derive(Clone)]
pub struct Pending {
    /// Row of the message that merges or parts the numbers.
    pub message: u64,
    /// How often it was opened: once by its message, and once by each later release of something
    /// about its numbers.
    pub wanted: u64,
    /// The numbers.
    pub numbers: Vec<Token>,
}

/// A message about some numbers, and who was given it.
#[derive(Clone)]
pub struct GivenMessage {
    /// Its row.
    pub row: u64,
    /// Its key.
    pub key: MessageKey,
    /// Persons it is about.
    pub tokens: Vec<Token>,
    /// Desks, each with a delivery that was released to it and not voided.
    pub holders: Vec<(DeskName, u64)>,
}

/// What a desk has of the persons whose numbers are merged or parted.
#[derive(Clone, Default)]
pub struct HolderOfPerson {
    /// The numbers it knows, and its references.
    pub held: HeldOfPerson,
    /// The deliveries by which it got them.
    pub deliveries: Vec<u64>,
}

/// Reads for chases.
pub trait ChaseReads: Send + Sync {
    /// The chases that are open, in the order of their messages, at most 16.
    ///
    /// # Errors
    /// The store's.
    fn chases(&self) -> Result<Vec<Pending>, StoreError>;

    /// Messages about any of these persons that were given to somebody, newest first, from before
    /// a row on. Reads no body. Fewer than asked for: there are no more.
    ///
    /// # Errors
    /// The store's.
    fn given_about(
        &self,
        tokens: &[Token],
        before: u64,
        limit: u32,
    ) -> Result<Vec<GivenMessage>, StoreError>;

    /// Whether any of these deliveries was released, and not voided.
    ///
    /// # Errors
    /// The store's.
    fn any_given(&self, deliveries: &[u64]) -> Result<bool, StoreError>;

    /// Rows of the messages after one that merged or parted numbers of its persons.
    ///
    /// # Errors
    /// The store's.
    fn merges_after(&self, message: u64, tokens: &[Token]) -> Result<Vec<u64>, StoreError>;

    /// Whether a message was withdrawn by a later one of its sender's.
    ///
    /// # Errors
    /// The store's.
    fn was_taken_back(&self, message: u64) -> Result<bool, StoreError>;
}
