//! One party's record, and the tree of records inside one entry.
//!
//! Owns: the salt, the record's leaf hash, the number of slots, the record tree's root, the inner
//! path and its verification, and the three fields that every record has.
//! Promises: without the salt a record's hash says nothing about it, and an empty slot looks like
//! a full one; a record can be shown to stand in an entry without showing any other record.
//! Deliberately does not know: what else a record says, which party may see it, where seeds live.
//! Whoever holds an entry's seed can try guesses at every record in it, so a seed is a secret.

use super::LedgerError;
use super::tree::{self, Hash, TreeError};
use crate::canonical::parse_canonical;
use aws_lc_rs::hmac;
use std::fmt;

/// The `format` field of every record.
pub const RECORD_FORMAT: &str = "pyramid-record/1";

/// The fewest slots a record tree may have.
pub const SLOTS_MIN: u32 = 16;

/// The most slots a record tree may have: the largest power of two that 32 bits hold.
pub const SLOTS_MAX: u32 = 1 << 31;

/// The most slots this code builds a tree of, so that a damaged count cannot exhaust memory
/// (32 bytes a slot). Verification needs no such bound.
pub const SLOTS_BUILT_MAX: u32 = 1 << 16;

/// Length of a salt and of the seed it comes from, in bytes.
pub const SALT_BYTES: usize = 32;

const SALT_LABEL: &[u8] = b"pyramid salt/1";

const _: () = assert!(SLOTS_MIN.is_power_of_two() && SLOTS_BUILT_MAX.is_power_of_two());
const _: () = assert!(SLOTS_MIN <= SLOTS_BUILT_MAX && SLOTS_BUILT_MAX <= SLOTS_MAX);

/// The salt of one slot: HMAC-SHA256 under the entry's seed of the label and the slot's number
/// (4 bytes, big-endian).
///
/// Promise: one salt tells nothing of the seed, so nothing of the entry's other salts.
/// Source:  RFC 2104; the label keeps this use of the seed apart from any other.
#[must_use]
pub fn salt(seed: &[u8; SALT_BYTES], slot: u32) -> [u8; SALT_BYTES] {
    salt_under(&hmac::Key::new(hmac::HMAC_SHA256, seed), slot)
}

fn salt_under(seed: &hmac::Key, slot: u32) -> [u8; SALT_BYTES] {
    let mut content = [0; SALT_LABEL.len() + size_of::<u32>()];
    let (label, number) = content.split_at_mut(SALT_LABEL.len());
    label.copy_from_slice(SALT_LABEL);
    number.copy_from_slice(&slot.to_be_bytes());
    let mut salt = [0; SALT_BYTES];
    salt.copy_from_slice(hmac::sign(seed, &content).as_ref());
    salt
}

/// The leaf hash of a record: SHA-256(0x00 || salt || text). An empty text is an empty slot.
#[must_use]
pub fn record_leaf(salt: &[u8; SALT_BYTES], text: &str) -> Hash {
    tree::leaf_hash_of_parts(&[salt, text.as_bytes()])
}

/// How many slots a record tree has: a power of two from [`SLOTS_MIN`] to [`SLOTS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots(u32);

impl Slots {
    /// Takes a count as stated by someone else.
    ///
    /// Refuses: `Slots` unless it is a power of two, at least [`SLOTS_MIN`].
    pub const fn of_count(count: u32) -> Result<Self, LedgerError> {
        if count >= SLOTS_MIN && count.is_power_of_two() {
            Ok(Self(count))
        } else {
            Err(LedgerError::Slots { rule: "must be a power of two, at least 16" })
        }
    }

    /// The fewest slots that hold this many records.
    ///
    /// Refuses: `Slots` above [`SLOTS_BUILT_MAX`] records.
    pub fn for_records(records: usize) -> Result<Self, LedgerError> {
        match u32::try_from(records) {
            Ok(count) if count <= SLOTS_BUILT_MAX => {
                Ok(Self(count.next_power_of_two().max(SLOTS_MIN)))
            }
            Ok(_) | Err(_) => Err(LedgerError::Slots { rule: "too many records for one entry" }),
        }
    }

    /// The number of slots.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0
    }

    /// The length of every inner path, in hashes.
    #[must_use]
    pub const fn path_length(self) -> usize {
        self.0.trailing_zeros() as usize
    }
}

/// The leaf hash of every slot, in order of slots.
///
/// `texts` holds one text for each slot from 0; an empty text, and every slot past the end of
/// `texts`, is an empty slot. So a writer may scatter records among empty texts.
///
/// Bound:   `slots` up to [`SLOTS_BUILT_MAX`]; one HMAC and one SHA-256 a slot.
/// Refuses: `Slots` beyond that bound, or when `texts` does not fit.
pub fn record_leaves(
    seed: &[u8; SALT_BYTES],
    slots: Slots,
    texts: &[&str],
) -> Result<Vec<Hash>, LedgerError> {
    if slots.count() > SLOTS_BUILT_MAX {
        return Err(LedgerError::Slots { rule: "more than can be built in memory" });
    }
    if Slots::for_records(texts.len())?.count() > slots.count() {
        return Err(LedgerError::Slots { rule: "fewer than the records given" });
    }
    let seed = hmac::Key::new(hmac::HMAC_SHA256, seed);
    let texts = texts.iter().copied().chain(std::iter::repeat(""));
    Ok((0..slots.count())
        .zip(texts)
        .map(|(slot, text)| record_leaf(&salt_under(&seed, slot), text))
        .collect())
}

/// The root of an entry's record tree; arguments and refusals as [`record_leaves`].
///
/// Source: RFC 6962 section 2.1 over the slots' leaf hashes.
pub fn records_root(
    seed: &[u8; SALT_BYTES],
    slots: Slots,
    texts: &[&str],
) -> Result<Hash, LedgerError> {
    Ok(tree::root(&record_leaves(seed, slots, texts)?))
}

/// The path from one slot to the root of its record tree, lowest hash first.
///
/// Refuses: as [`record_leaves`], and `InnerPath` for a slot outside the tree.
pub fn inner_path(
    seed: &[u8; SALT_BYTES],
    slots: Slots,
    texts: &[&str],
    slot: u32,
) -> Result<Vec<Hash>, LedgerError> {
    let leaves = record_leaves(seed, slots, texts)?;
    tree::inclusion_path(&leaves, u64::from(slot)).map_err(LedgerError::InnerPath)
}

/// Checks that a record text, under its salt, stands in a slot of the tree with this root.
///
/// Promise: only the text is bound to the root, not its meaning: see [`Record::parse`] for that.
/// Refuses: `InnerPath`.
pub fn verify_inner_path(
    salt: &[u8; SALT_BYTES],
    text: &str,
    slot: u32,
    slots: Slots,
    path: &[Hash],
    root: &Hash,
) -> Result<(), LedgerError> {
    if path.len() != slots.path_length() {
        return Err(LedgerError::InnerPath(TreeError::PathLength));
    }
    let leaf = record_leaf(salt, text);
    tree::verify_inclusion(&leaf, u64::from(slot), u64::from(slots.count()), path, root)
        .map_err(LedgerError::InnerPath)
}

/// A record text whose form was checked: canonical JSON, an object, with its format, its type
/// and its party. The rest of it is the business of whoever reads that type.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    text: String,
    kind: String,
    party: String,
}

impl Record {
    /// Checks the form of a record text.
    ///
    /// Refuses: `RecordText` if it is not canonical JSON (an empty slot's text is not),
    ///          `RecordField` if it is no object, or `format`, `type` or `party` is missing, no
    ///          string, or (for `format`) another one than [`RECORD_FORMAT`].
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let value = parse_canonical(text).map_err(LedgerError::RecordText)?;
        let field = |field: &'static str| {
            value.get(field).and_then(serde_json::Value::as_str).ok_or(LedgerError::RecordField {
                field,
                rule: "must be present in the object, and a string",
            })
        };
        if field("format")? != RECORD_FORMAT {
            return Err(LedgerError::RecordField {
                field: "format",
                rule: "must be pyramid-record/1",
            });
        }
        let kind = field("type")?.to_owned();
        let party = field("party")?.to_owned();
        Ok(Self { text: text.to_owned(), kind, party })
    }

    /// The text, exactly as it was hashed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The record's `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The record's `party`: whose record it is.
    #[must_use]
    pub fn party(&self) -> &str {
        &self.party
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Record").field("text_bytes", &self.text.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slots_are_a_power_of_two_and_at_least_sixteen() {
        for (records, slots, path) in
            [(0, 16, 4), (1, 16, 4), (16, 16, 4), (17, 32, 5), (33, 64, 6), (65_536, 65_536, 16)]
        {
            let answer = Slots::for_records(records).unwrap();
            assert_eq!((answer.count(), answer.path_length()), (slots, path), "{records}");
        }
        for records in [65_537, usize::MAX] {
            let answer = Slots::for_records(records);
            assert!(matches!(answer, Err(LedgerError::Slots { .. })), "{records}");
        }
        for count in [0, 1, 8, 15, 17, 48, u32::MAX] {
            let answer = Slots::of_count(count);
            assert!(matches!(answer, Err(LedgerError::Slots { .. })), "{count}");
        }
        assert_eq!(Slots::of_count(SLOTS_MAX).unwrap().path_length(), 31);
    }

    #[test]
    fn a_tree_is_never_built_beyond_its_bound_or_too_small() {
        let seed = [0; SALT_BYTES];
        let huge = Slots::of_count(SLOTS_MAX).unwrap();
        assert!(matches!(records_root(&seed, huge, &[]), Err(LedgerError::Slots { .. })));
        let small = Slots::of_count(16).unwrap();
        assert!(matches!(records_root(&seed, small, &["x"; 17]), Err(LedgerError::Slots { .. })));
        assert!(matches!(
            inner_path(&seed, small, &[], 16),
            Err(LedgerError::InnerPath(TreeError::IndexOutsideTree))
        ));
    }

    #[test]
    fn a_record_has_a_format_a_type_and_a_party() {
        let text = r#"{"a":1,"format":"pyramid-record/1","party":"p","type":"t"}"#;
        let record = Record::parse(text).unwrap();
        assert_eq!((record.text(), record.kind(), record.party()), (text, "t", "p"));
        assert_eq!(format!("{record:?}"), "Record { text_bytes: 58, .. }");
        for (text, wrong) in [
            ("[]", "format"),
            ("1", "format"),
            ("{}", "format"),
            (r#"{"format":1,"party":"p","type":"t"}"#, "format"),
            (r#"{"format":"pyramid-record/2","party":"p","type":"t"}"#, "format"),
            (r#"{"format":"pyramid-record/1","party":"p"}"#, "type"),
            (r#"{"format":"pyramid-record/1","party":"p","type":null}"#, "type"),
            (r#"{"format":"pyramid-record/1","type":"t"}"#, "party"),
            (r#"{"format":"pyramid-record/1","party":["p"],"type":"t"}"#, "party"),
        ] {
            let answer = Record::parse(text);
            assert!(
                matches!(answer, Err(LedgerError::RecordField { field, .. }) if field == wrong),
                "{text}"
            );
        }
        for text in ["", r#"{"type":"t","party":"p","format":"pyramid-record/1"}"#] {
            assert!(matches!(Record::parse(text), Err(LedgerError::RecordText(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_slot_full_or_empty_has_its_path(
            seed in any::<[u8; SALT_BYTES]>(),
            texts in prop::collection::vec("[a-z]{0,3}", 0..40),
            slot in any::<prop::sample::Index>(),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let slots = Slots::for_records(texts.len()).unwrap();
            let slot = slot.index(usize::try_from(slots.count()).unwrap());
            let text = texts.get(slot).copied().unwrap_or_default();
            let slot = u32::try_from(slot).unwrap();
            let root = records_root(&seed, slots, &texts).unwrap();
            let path = inner_path(&seed, slots, &texts, slot).unwrap();
            let check = |salt: &[u8; SALT_BYTES], text: &str, slot: u32| {
                verify_inner_path(salt, text, slot, slots, &path, &root)
            };
            prop_assert_eq!(check(&salt(&seed, slot), text, slot), Ok(()));
            prop_assert!(check(&salt(&seed, slot), "other", slot).is_err());
            prop_assert!(check(&salt(&seed, slot ^ 1), text, slot).is_err());
            prop_assert!(check(&salt(&seed, slot), text, slot ^ 1).is_err());
        }
    }
}
