//! What is to be told to whoever was given something about numbers that are merged or parted, and
//! who is to be asked about them.
//!
//! Plain data between the store, whoever finds the holders, and the appender, which tells them.

use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::routing::HeldOfPerson;
use crate::seal::Token;

/// What a message says of a number. The discriminants are stored: those before [`Word::Asked`] say
/// whose it is, and only [`Word::Asked`] says nothing of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is one with another, and leads.
    Leads = 0,
    /// It is one with another, which leads.
    Merged = 1,
    /// It is not one with another, as had been said.
    Parted = 2,
    /// Whoever holds something about it is asked.
    Asked = 3,
    /// Something is added to what was said of whose it is. Nobody is looked for because of that.
    Added = 4,
}

impl Word {
    /// The word that was stored.
    #[must_use]
    pub const fn stored(word: u8) -> Option<Self> {
        match word {
            0 => Some(Self::Leads),
            1 => Some(Self::Merged),
            2 => Some(Self::Parted),
            3 => Some(Self::Asked),
            4 => Some(Self::Added),
            _ => None,
        }
    }
}

/// A chase that a batch opens; one that only says [`Word::Added`] is closed from the first.
#[derive(Clone)]
pub struct ChaseRow {
    /// Row of the message that merges or parts the numbers, or asks about them.
    pub message: u64,
    /// The numbers, and what it says of each.
    pub numbers: Vec<(Token, Word)>,
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
    /// Row of the message that merges or parts the numbers, or asks about them.
    pub message: u64,
    /// How often it was opened: once by its message, and once by each later release of something
    /// about its numbers.
    pub wanted: u64,
    /// The numbers, and what it says of each.
    pub numbers: Vec<(Token, Word)>,
}

impl Pending {
    /// Its numbers.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.numbers.iter().map(|(token, _)| *token).collect()
    }

    /// Those of which it says this.
    #[must_use]
    pub fn of(&self, word: Word) -> Vec<Token> {
        self.numbers.iter().filter(|(_, said)| *said == word).map(|(token, _)| *token).collect()
    }
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

    /// The messages that bear on whose these numbers are in a message: those that merged or parted
    /// one of them after it, and of each the last one before it by which it leads no more. None for
    /// a message that itself says whose numbers are, or adds to one that does. Reads an index.
    ///
    /// # Errors
    /// The store's.
    fn bearing_on(&self, message: u64, tokens: &[Token]) -> Result<Vec<u64>, StoreError>;

    /// Whether a message says whose numbers are, or adds to one that does.
    ///
    /// # Errors
    /// The store's.
    fn is_of_identity(&self, message: u64) -> Result<bool, StoreError>;

    /// Whether any of these deliveries was released, and not voided.
    ///
    /// # Errors
    /// The store's.
    fn any_given(&self, deliveries: &[u64]) -> Result<bool, StoreError>;

    /// Whether a message was withdrawn by a later one of its sender's.
    ///
    /// # Errors
    /// The store's.
    fn was_taken_back(&self, message: u64) -> Result<bool, StoreError>;
}
