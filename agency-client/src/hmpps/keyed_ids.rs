//! Ids that the same event always gets, and that say nothing about whom it concerns.
//!
//! Owns: the digest behind every id this adapter makes. Promises: without the key nobody can tell
//! from an id, by trying numbers, whose event it was; two lists of parts that differ never give
//! the same bytes to the digest. Deliberately does not know: events.

use aws_lc_rs::hmac;
use uuid::Uuid;

/// What an id is for. The name enters the digest, so ids of different uses never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A message made from an event of the feed.
    FeedMessage,
    /// A message made from a row of a release list.
    ListMessage,
    /// A message made from news of a record: a registration, an alert, a recall, a merge.
    NoticeMessage,
    /// What the messages about one record share.
    NoticeCase,
    /// What the messages of one movement share.
    Correlation,
    /// Something that begins and ends, in the memory of an import.
    Remembered,
    /// A file in a watched folder.
    FileSeen,
}

impl Use {
    const fn name(self) -> &'static str {
        match self {
            Self::FeedMessage => "pyramid hmpps feed message 1",
            Self::ListMessage => "pyramid hmpps list message 1",
            Self::NoticeMessage => "pyramid hmpps notice message 1",
            Self::NoticeCase => "pyramid hmpps notice case 1",
            Self::Correlation => "pyramid hmpps correlation 1",
            Self::Remembered => "pyramid hmpps remembered 1",
            Self::FileSeen => "pyramid hmpps file seen 1",
        }
    }
}

/// HMAC-SHA-256 over the use and the parts, each with its length before it.
pub(super) fn digest(key: &[u8; 32], purpose: Use, parts: &[&str]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in std::iter::once(&purpose.name()).chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    for (target, byte) in digest.iter_mut().zip(context.sign().as_ref()) {
        *target = *byte;
    }
    digest
}

/// A UUID of version 8 (RFC 9562 section 5.8) from the first half of a digest.
pub(super) fn uuid(key: &[u8; 32], purpose: Use, parts: &[&str]) -> Uuid {
    let mut half = [0; 16];
    for (target, byte) in half.iter_mut().zip(digest(key, purpose, parts)) {
        *target = byte;
    }
    uuid::Builder::from_custom_bytes(half).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn an_id_depends_on_key_use_and_every_part() {
        let id = uuid(&KEY, Use::FeedMessage, &["a", "bc"]);
        assert_eq!(id, uuid(&KEY, Use::FeedMessage, &["a", "bc"]));
        assert_ne!(id, uuid(&KEY, Use::FeedMessage, &["ab", "c"]));
        assert_ne!(id, uuid(&KEY, Use::ListMessage, &["a", "bc"]));
        assert_ne!(id, uuid(&[8; 32], Use::FeedMessage, &["a", "bc"]));
    }

    #[test]
    fn an_id_is_of_version_8_and_the_usual_variant() {
        let id = uuid(&KEY, Use::Correlation, &[]);
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
    }
}
