//! The texts of ledger records: canonical JSON, one per party.
//!
//! A record names agencies, desks, nodes, rules, fields and ids, and nothing else: the
//! writer takes no free text, so nothing a publisher chose can enter. Keys are written in
//! the order RFC 8785 wants, which a debug assertion holds.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proto::exchange::v1::Field;
use proto::text::Named as _;
use uuid::Uuid;

/// Bytes that most objects need: text that grows is copied.
const ROOM: usize = 512;
/// Bytes turned to hex at once: ids, hashes and salts in one step.
const HEX_CHUNK: usize = 32;

/// A canonical JSON object under construction.
pub struct Text {
    text: String,
    last_key: &'static str,
}

impl Text {
    /// An empty object.
    #[must_use]
    pub fn new() -> Self {
        Self::behind(String::with_capacity(ROOM))
    }

    fn behind(mut text: String) -> Self {
        text.push('{');
        Self { text, last_key: "" }
    }

    fn key(&mut self, key: &'static str) {
        debug_assert!(self.last_key < key, "canonical JSON wants its keys in order");
        if !self.last_key.is_empty() {
            self.text.push(',');
        }
        self.last_key = key;
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }

    /// A word: an id, an enum's written name, a rule's id or hex. Characters that JSON
    /// would escape cannot stand in one; each is written as `?`.
    #[must_use]
    pub fn word(mut self, key: &'static str, word: &str) -> Self {
        self.key(key);
        push_word(&mut self.text, word);
        self
    }

    /// An id, hyphenated and in lower case.
    #[must_use]
    pub fn id(self, key: &'static str, id: Uuid) -> Self {
        self.word(key, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    /// Bytes as hex.
    #[must_use]
    pub fn bytes(mut self, key: &'static str, bytes: &[u8]) -> Self {
        self.key(key);
        push_hex(&mut self.text, bytes);
        self
    }

    /// A list of bytes as hex.
    #[must_use]
    pub fn list_of_bytes<T: AsRef<[u8]>>(
        self,
        key: &'static str,
        list: impl IntoIterator<Item = T>,
    ) -> Self {
        self.list(key, list, |text, bytes| push_hex(text, bytes.as_ref()))
    }

    /// A whole number.
    #[must_use]
    pub fn number(mut self, key: &'static str, number: u64) -> Self {
        self.key(key);
        let _ = write!(self.text, "{number}");
        self
    }

    /// A list of words.
    #[must_use]
    pub fn words<T: AsRef<str>>(
        self,
        key: &'static str,
        words: impl IntoIterator<Item = T>,
    ) -> Self {
        self.list(key, words, |text, word| push_word(text, word.as_ref()))
    }

    /// A list of fields, by written name.
    #[must_use]
    pub fn fields(self, key: &'static str, fields: &BTreeSet<Field>) -> Self {
        self.words(key, fields.iter().map(|field| field.name()))
    }

    /// A list of objects.
    #[must_use]
    pub fn objects(mut self, key: &'static str, objects: &Objects) -> Self {
        self.key(key);
        self.text.push('[');
        self.text.push_str(&objects.0);
        self.text.push(']');
        self
    }

    fn list<T>(
        mut self,
        key: &'static str,
        items: impl IntoIterator<Item = T>,
        push: impl Fn(&mut String, T),
    ) -> Self {
        self.key(key);
        self.text.push('[');
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            push(&mut self.text, item);
        }
        self.text.push(']');
        self
    }

    /// The finished object.
    #[must_use]
    pub fn close(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

/// Objects of a list, each written right behind the one before.
#[derive(Default)]
pub struct Objects(String);

impl Objects {
    /// Writes one more.
    pub fn add(&mut self, write: impl FnOnce(Text) -> Text) {
        let mut text = std::mem::take(&mut self.0);
        if !text.is_empty() {
            text.push(',');
        }
        self.0 = write(Text::behind(text)).close();
    }
}

fn push_word(text: &mut String, word: &str) {
    text.push('"');
    if word.bytes().all(|byte| plain(char::from(byte))) {
        text.push_str(word);
    } else {
        text.extend(word.chars().map(|c| if plain(c) { c } else { '?' }));
    }
    text.push('"');
}

/// Whether JSON writes a character as it is, in one byte.
fn plain(c: char) -> bool {
    matches!(c, ' '..='~' if c != '"' && c != '\\')
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    text.push('"');
    let mut digits = [0; 2 * HEX_CHUNK];
    for chunk in bytes.chunks(HEX_CHUNK) {
        let Some(room) = digits.get_mut(..2 * chunk.len()) else { break };
        if hex::encode_to_slice(chunk, room).is_ok()
            && let Ok(written) = std::str::from_utf8(room)
        {
            text.push_str(written);
        }
    }
    text.push('"');
}

/// What a record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// A message was accepted. To its sender.
    Accepted,
    /// What was decided for every candidate. To the broker-wide auditor.
    Decided,
    /// Bodies were released. To the recipient.
    Release,
    /// Its messages were released. To a sender.
    Disclosed,
    /// Releases were settled. To the recipient.
    Receipt,
    /// Its messages were settled. To a sender.
    Received,
    /// A release after which no byte was written.
    Void,
    /// A delivery ended otherwise: expired, withdrawn, refused at release, given up.
    Ended,
    /// Operators or approvers changed something.
    Change,
    /// Somebody looked something up.
    Consultation,
    /// Calls were refused.
    Refusals,
    /// A recipient said what it did with what it was given. To it, and to the sender.
    Attested,
    /// A document was fetched. To the recipient.
    Fetch,
    /// Its document was fetched. To a sender.
    Fetched,
    /// The review of an emergency access was closed. To the agency that used it.
    Reviewed,
}

impl RecordType {
    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Decided => "decided",
            Self::Release => "release",
            Self::Disclosed => "disclosed",
            Self::Receipt => "receipt",
            Self::Received => "received",
            Self::Void => "void",
            Self::Ended => "ended",
            Self::Change => "change",
            Self::Consultation => "consultation",
            Self::Refusals => "refusals",
            Self::Attested => "attested",
            Self::Fetch => "fetch",
            Self::Fetched => "fetched",
            Self::Reviewed => "reviewed",
        }
    }

    /// The operation of DPA 2018 s.62(1) that it logs.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Accepted => "collection",
            Self::Decided | Self::Consultation | Self::Refusals => "consultation",
            Self::Release
            | Self::Disclosed
            | Self::Receipt
            | Self::Received
            | Self::Void
            | Self::Fetch
            | Self::Fetched => "disclosure",
            Self::Ended => "erasure",
            Self::Change | Self::Attested | Self::Reviewed => "alteration",
        }
    }
}

/// The party that stands for the broker-wide auditor.
pub const BROKER_PARTY: &str = "broker";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_canonical_and_holds_no_text_that_needs_escaping() {
        let mut items = Objects::default();
        items.add(|item| item.number("attempt", 1).words("rules", ["a", "b\"c\n"]));
        items.add(|item| item.id("message", Uuid::from_u128(0xAB)));
        let text = Text::new()
            .word("format", "pyramid-record/1")
            .objects("items", &items)
            .word("party", "gmp")
            .word("type", "release")
            .close();
        assert_eq!(
            text,
            r#"{"format":"pyramid-record/1","items":[{"attempt":1,"rules":["a","b?c?"]},{"message":"00000000-0000-0000-0000-0000000000ab"}],"party":"gmp","type":"release"}"#
        );
        assert!(proto::canonical::is_canonical(&text));
    }
}
