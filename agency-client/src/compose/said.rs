//! What several kinds are made of: something said, and an earlier message.
//!
//! Owns: the two ways to name an earlier message, which are never both taken. Promises: a release
//! id has its 16 bytes. Deliberately does not know: whether such a message exists.

use super::kinds::text_of;
use proto::exchange::v1::{Field, Footing};
use proto::limits::OPAQUE_ID_BYTES;
use std::fmt;
use uuid::Uuid;

/// Something said about the first person of a message.
#[derive(Clone)]
pub struct Said {
    /// What sort of thing is said.
    pub field: Field,
    /// Fact or opinion.
    pub footing: Footing,
    /// What is said. Personal data.
    pub text: String,
}

impl fmt::Debug for Said {
    /// Without the text.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Said")
            .field("field", &self.field)
            .field("footing", &self.footing)
            .finish_non_exhaustive()
    }
}

/// The id under which something was released to the sender's agency, by which it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseId([u8; OPAQUE_ID_BYTES]);

impl ReleaseId {
    /// From a delivery's `release_id`; `None` unless it has 16 bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From 32 hexadecimal digits, as `agency subscribe` prints it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::new(&hex::decode(text).ok()?)
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// An earlier message that this one reports on: one of the two, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// One of the sender's own, by its id.
    Own(Uuid),
    /// Another agency's, by the release under which it came.
    Received(ReleaseId),
}

impl Earlier {
    /// `settles_message_id` and `in_reply_to`.
    pub(super) fn fields(earlier: Option<Self>) -> (String, Vec<u8>) {
        match earlier {
            None => (String::new(), Vec::new()),
            Some(Self::Own(id)) => (text_of(Some(id)), Vec::new()),
            Some(Self::Received(release)) => (String::new(), release.bytes()),
        }
    }
}
