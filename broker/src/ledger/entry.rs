//! One entry: the records of its parties, hidden from each other, under one leaf.
//!
//! The format is that of docs/ledger-format.md; every hash is `proto::ledger`'s. An entry
//! never contains its own index. Its records stand in slots drawn at random, so that the
//! place of one says nothing about how many others there are.

use proto::ledger::leaf::{Leaf, LeafTime};
use proto::ledger::record::{Slots, records_root};
use proto::ledger::tree::Hash;

use crate::chance::{Chance, NoChance};

/// An entry's records and seed.
#[derive(Clone)]
pub struct Entry {
    seed: [u8; 32],
    time: u64,
    slots: u32,
    records: Vec<(u32, String)>,
}

/// An entry cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// No randomness.
    #[error("no random bytes for an entry")]
    Chance,
    /// More parties than an entry holds.
    #[error("an entry has more parties than it holds")]
    TooMany,
    /// The stored bytes are not an entry.
    #[error("stored bytes are not an entry")]
    Broken,
}

impl From<NoChance> for EntryError {
    fn from(_: NoChance) -> Self {
        Self::Chance
    }
}

impl Entry {
    /// An entry of these records at a time (seconds since 1970, already rounded).
    ///
    /// # Errors
    /// No randomness, or too many records.
    pub fn new(records: Vec<String>, time: u64, chance: &dyn Chance) -> Result<Self, EntryError> {
        let mut seed = [0; 32];
        chance.fill(&mut seed)?;
        let slots = Slots::for_records(records.len()).map_err(|_| EntryError::TooMany)?.count();
        let mut free: Vec<u32> = (0..slots).collect();
        let mut placed = Vec::with_capacity(records.len());
        for text in records {
            let mut draw = [0u8; 4];
            chance.fill(&mut draw)?;
            let remaining = u32::try_from(free.len()).map_err(|_| EntryError::TooMany)?;
            let place =
                u32::from_be_bytes(draw).checked_rem(remaining).ok_or(EntryError::TooMany)?;
            placed.push((free.swap_remove(place as usize), text));
        }
        placed.sort_unstable_by_key(|(slot, _)| *slot);
        Ok(Self { seed, time, slots, records: placed })
    }

    /// The records with their slots.
    #[must_use]
    pub fn records(&self) -> &[(u32, String)] {
        &self.records
    }

    /// Its time, seconds since 1970, rounded down to the cadence of checkpoints.
    #[must_use]
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// The seed of the salts.
    #[must_use]
    pub const fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Slots in all.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.slots
    }

    /// Its texts by slot, padding empty.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = vec![""; self.slots as usize];
        for (slot, text) in &self.records {
            if let Some(place) = texts.get_mut(*slot as usize) {
                *place = text;
            }
        }
        texts
    }

    /// The leaf.
    ///
    /// # Errors
    /// The entry was read from bytes that no writer made.
    pub fn leaf(&self) -> Result<Leaf, EntryError> {
        let slots = Slots::of_count(self.slots).map_err(|_| EntryError::Broken)?;
        let root =
            records_root(&self.seed, slots, &self.texts()).map_err(|_| EntryError::Broken)?;
        let time = LeafTime::from_unix_seconds(self.time).map_err(|_| EntryError::Broken)?;
        Ok(Leaf { time, root })
    }

    /// The leaf's hash in the log.
    ///
    /// # Errors
    /// As [`Entry::leaf`].
    pub fn hash(&self) -> Result<Hash, EntryError> {
        self.leaf().map(|leaf| leaf.log_hash())
    }

    /// The bytes it is stored as: seed, time, slots, count, then slot, length and text each.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = 48 + self.records.iter().map(|(_, text)| 8 + text.len()).sum::<usize>();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&self.seed);
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(&self.slots.to_be_bytes());
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&count.to_be_bytes());
        for (slot, text) in &self.records {
            bytes.extend_from_slice(&slot.to_be_bytes());
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// They are not exactly one entry.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut reader = Reader(bytes);
        let seed = reader.array::<32>()?;
        let time = u64::from_be_bytes(reader.array()?);
        let slots = u32::from_be_bytes(reader.array()?);
        let count = u32::from_be_bytes(reader.array()?);
        if slots < count || slots > proto::ledger::record::SLOTS_BUILT_MAX {
            return Err(EntryError::Broken);
        }
        let mut records: Vec<(u32, String)> = Vec::new();
        for _ in 0..count {
            let slot = u32::from_be_bytes(reader.array()?);
            let length = u32::from_be_bytes(reader.array()?);
            let text = std::str::from_utf8(reader.take(length as usize)?)
                .map_err(|_| EntryError::Broken)?;
            if slot >= slots || records.last().is_some_and(|(last, _)| *last >= slot) {
                return Err(EntryError::Broken);
            }
            records.push((slot, text.to_owned()));
        }
        if reader.0.is_empty() {
            Ok(Self { seed, time, slots, records })
        } else {
            Err(EntryError::Broken)
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], EntryError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(EntryError::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EntryError> {
        self.take(N)?.try_into().map_err(|_| EntryError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SystemChance;

    #[test]
    fn an_entry_reads_back_as_it_was_written_and_a_changed_byte_changes_its_leaf() {
        let records = vec!["{\"a\":1}".to_owned(), "{\"b\":2}".to_owned()];
        let entry = Entry::new(records, 1_790_000_000, &SystemChance::default()).unwrap();
        let bytes = entry.to_bytes();
        let again = Entry::from_bytes(&bytes).unwrap();
        assert_eq!(again.hash().unwrap(), entry.hash().unwrap());
        assert_eq!(again.slots(), 16);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let differs = Entry::from_bytes(&changed)
                .and_then(|e| e.hash())
                .map_or(true, |hash| hash != entry.hash().unwrap());
            assert!(differs, "byte {place} may change unseen");
        }
    }
}
