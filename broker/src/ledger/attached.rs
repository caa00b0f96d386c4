//! Documents as a store keeps them: sealed pieces, each in a row of its own.
//!
//! Plain data. A document belongs to the agency that puts it until one message names it, and to that
//! message from then on. Nothing here holds more than one piece of it.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::journal::StoreError;
use crate::message::MessageKey;
use crate::message::sections::SectionName;
use crate::prepare::Stored;
use crate::register::DeskName;

/// Bytes of one piece; the last of a document may be shorter.
pub const PIECE_BYTES: u32 = proto::limits::ATTACHMENT_CHUNK_BYTES;

/// A change of what is kept of documents. A document's key is its sender and its sender's id of it,
/// as a message's is.
#[derive(Clone)]
pub enum AttachmentChange {
    /// One is announced.
    Begin {
        /// Its key.
        key: MessageKey,
        /// Bytes of the whole.
        size: u32,
        /// Keyed digest of the announced digest: equal for equal documents, and telling nobody
        /// which they are who does not have the index key.
        mark: [u8; 32],
        /// Its wrapped key.
        wrapped_key: Vec<u8>,
        /// When.
        at: OffsetDateTime,
    },
    /// A piece of it came.
    Piece {
        /// Its key.
        key: MessageKey,
        /// Which piece, from 0.
        place: u32,
        /// The piece, sealed.
        sealed: Vec<u8>,
        /// When.
        at: OffsetDateTime,
    },
    /// All of it is here, and is what was announced.
    Whole(MessageKey),
    /// A message names it.
    Claim {
        /// Its key.
        key: MessageKey,
        /// Row of the message.
        message: u64,
        /// Its name there.
        section: SectionName,
    },
    /// It goes, unless a message names it.
    Discard(MessageKey),
    /// Pieces and keys of the documents of a message go. That there were some stays known.
    Erase {
        /// Row of the message.
        message: u64,
    },
}

impl AttachmentChange {
    /// Bytes that it writes beside small rows.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Piece { sealed, .. } => sealed.len(),
            Self::Begin { .. }
            | Self::Whole(_)
            | Self::Claim { .. }
            | Self::Discard(_)
            | Self::Erase { .. } => 0,
        }
    }
}

/// A document that was announced.
#[derive(Clone)]
pub struct Staged {
    /// Row.
    pub row: u64,
    /// Bytes of the whole.
    pub size: u32,
    /// Keyed digest of the announced digest.
    pub mark: [u8; 32],
    /// Its wrapped key.
    pub wrapped_key: Vec<u8>,
    /// Pieces that are kept.
    pub pieces: u32,
    /// Whether all of it is here, and is what was announced.
    pub whole: bool,
    /// Whether a message names it.
    pub claimed: bool,
}

impl Staged {
    /// Bytes that are kept.
    #[must_use]
    pub fn kept_bytes(&self) -> u32 {
        self.pieces.saturating_mul(PIECE_BYTES).min(self.size)
    }
}

/// A document that a desk was given with a message.
pub struct GivenSection {
    /// Desk it was given to.
    pub desk: DeskName,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// By when the desk was to have deleted it.
    pub delete_by: Option<OffsetDateTime>,
    /// Whether it is to be had no more: its message was taken back, or the desk says that it has
    /// deleted or returned it.
    pub gone: bool,
    /// Row of the document.
    pub row: u64,
    /// The document's own key: of its sender.
    pub key: MessageKey,
    /// Bytes of the whole.
    pub size: u32,
    /// Its wrapped key; empty once it was erased.
    pub wrapped_key: Vec<u8>,
    /// Its message.
    pub message: Stored,
}

/// A document that an agency was given by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Agency that gave it.
    pub sender: Arc<str>,
    /// Row of the message that it came with.
    pub message: u64,
    /// Its name there.
    pub section: SectionName,
    /// Whether that message has been taken back.
    pub withdrawn: bool,
}

/// Reads of documents.
pub trait Attachments: Send + Sync {
    /// A document of an agency's own.
    ///
    /// # Errors
    /// The store's.
    fn staged(&self, key: &MessageKey) -> Result<Option<Staged>, StoreError>;
    /// Documents announced by an agency that no message names yet: how many, and their bytes.
    ///
    /// # Errors
    /// The store's.
    fn announced(&self, agency: &str) -> Result<(u64, u64), StoreError>;
    /// Documents that no message names and of which nothing has come since a moment, at most 100.
    ///
    /// # Errors
    /// The store's.
    fn stale(&self, since: OffsetDateTime) -> Result<Vec<MessageKey>, StoreError>;
    /// One sealed piece of a document.
    ///
    /// # Errors
    /// The store's.
    fn piece(&self, row: u64, place: u32) -> Result<Option<Vec<u8>>, StoreError>;
    /// A document by its name in what was released under an id.
    ///
    /// # Errors
    /// The store's.
    fn given_section(
        &self,
        release: &[u8; 16],
        section: &SectionName,
    ) -> Result<Option<GivenSection>, StoreError>;
    /// Every time an agency was given a document of this mark by another, since before it sent that
    /// document itself: what it had already is its own.
    ///
    /// # Errors
    /// The store's.
    fn received(&self, mark: &[u8; 32], agency: &str) -> Result<Vec<Received>, StoreError>;
}

/// The place that a piece is sealed for: its document, which piece of it, and of how many bytes.
#[must_use]
pub fn place_of(key: &MessageKey, size: u32, piece: u32) -> Vec<u8> {
    let mut place = key.place();
    place.extend_from_slice(&size.to_be_bytes());
    place.extend_from_slice(&piece.to_be_bytes());
    place
}

/// Bytes of one piece of a document; `None` past its end.
#[must_use]
pub fn piece_bytes(size: u32, piece: u32) -> Option<u32> {
    let left = size.checked_sub(piece.checked_mul(PIECE_BYTES)?)?;
    (left > 0).then(|| left.min(PIECE_BYTES))
}

/// The id of a document in text form is its sender's own; this is its key.
#[must_use]
pub fn key_of(agency: &Arc<str>, id: Uuid) -> MessageKey {
    MessageKey { agency: Arc::clone(agency), id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_but_the_last_is_full_and_there_is_none_past_the_end() {
        let full = 262_144;
        // (whole, piece, its bytes)
        let rows = [
            (1, 0, Some(1)),
            (1, 1, None),
            (full, 0, Some(full)),
            (full, 1, None),
            (full + 1, 0, Some(full)),
            (full + 1, 1, Some(1)),
            (full + 1, 2, None),
            (20_971_520, 79, Some(full)),
            (20_971_520, 80, None),
            (5, u32::MAX, None),
        ];
        for (size, piece, expected) in rows {
            assert_eq!(piece_bytes(size, piece), expected, "{size} bytes, piece {piece}");
        }
    }
}
