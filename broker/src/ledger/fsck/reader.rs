//! Reads the stored bytes of one entry, apart from the code that writes them.
//!
//! The layout, all numbers big-endian: seed (32 bytes), time in seconds (8), slots (4), number of
//! records (4), then for each record, in ascending order of slots: slot (4), length (4), text.
//! Promises never to take more memory than a small multiple of the bytes given.

use proto::ledger::leaf::{Leaf, LeafTime};
use proto::ledger::record::{SALT_BYTES, SLOTS_BUILT_MAX, Slots, records_root};
use proto::ledger::tree::Hash;

/// An entry as its bytes tell it.
pub(super) struct StoredEntry<'bytes> {
    seed: [u8; SALT_BYTES],
    time: u64,
    slots: u32,
    records: Vec<(u32, &'bytes str)>,
}

impl<'bytes> StoredEntry<'bytes> {
    /// Reads exactly one entry; `None` for anything else.
    pub(super) fn read(bytes: &'bytes [u8]) -> Option<Self> {
        let (seed, bytes) = bytes.split_first_chunk::<SALT_BYTES>()?;
        let (time, bytes) = bytes.split_first_chunk()?;
        let (slots, bytes) = number(bytes)?;
        let (count, mut rest) = number(bytes)?;
        if slots > SLOTS_BUILT_MAX || count > slots {
            return None;
        }
        let mut records: Vec<(u32, &str)> = Vec::new();
        for _ in 0..count {
            let (slot, bytes) = number(rest)?;
            let (length, bytes) = number(bytes)?;
            let (text, bytes) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            let follows = records.last().is_none_or(|(last, _)| *last < slot);
            if slot >= slots || !follows {
                return None;
            }
            records.push((slot, std::str::from_utf8(text).ok()?));
            rest = bytes;
        }
        let time = u64::from_be_bytes(*time);
        rest.is_empty().then_some(Self { seed: *seed, time, slots, records })
    }

    /// When it says it was made, seconds since 1970.
    pub(super) const fn time(&self) -> u64 {
        self.time
    }

    /// Its records, by slot.
    pub(super) fn records(&self) -> &[(u32, &'bytes str)] {
        &self.records
    }

    /// Its hash in the log; `None` if its slots or its time are none that a leaf can have.
    pub(super) fn log_hash(&self) -> Option<Hash> {
        let slots = Slots::of_count(self.slots).ok()?;
        let mut texts = vec![""; usize::try_from(self.slots).ok()?];
        for (slot, text) in &self.records {
            *texts.get_mut(usize::try_from(*slot).ok()?)? = text;
        }
        let root = records_root(&self.seed, slots, &texts).ok()?;
        let time = LeafTime::from_unix_seconds(self.time).ok()?;
        Some(Leaf { time, root }.log_hash())
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}
