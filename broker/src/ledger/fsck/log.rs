//! The log grown again from nothing, entry by entry, and compared with what is stored of it.

use proto::ledger::checkpoint::{Checkpoint, VerifierKey, verify};
use proto::ledger::tree::{Frontier, Hash, root};

use crate::ledger::journal::StoreError;

use super::faults::{Faults, FsckFault};
use super::reader::StoredEntry;
use super::{RawHead, RawLedger};

/// Where the last signed note is kept.
const CHECKPOINT_DOCUMENT: &str = "checkpoint";
/// Hashes of a full tile (C2SP tlog-tiles, height 8).
const TILE_HASHES: usize = 256;
/// The highest level a tile can have: a size has 64 bits, eight a level.
const LEVEL_MAX: u8 = 7;

/// The unfinished tile of one level, and how many are finished.
#[derive(Default)]
struct Level {
    finished: u64,
    hashes: Vec<Hash>,
}

/// The log as far as it has been read.
pub(super) struct Log<'raw> {
    raw: &'raw dyn RawLedger,
    head: RawHead,
    /// Index of the next entry.
    next: u64,
    last_time: u64,
    /// `None` once an entry was missing: no root is known from there on.
    frontier: Option<Frontier>,
    levels: Vec<Level>,
    checkpoints: Vec<Checkpoint>,
    /// The size of the largest of them whose root the entries have given.
    proved: Option<u64>,
}

impl<'raw> Log<'raw> {
    /// A log of no entries yet. Reads the signed checkpoint if there is a key to check it by.
    /// `kept`: signed ones from elsewhere.
    pub(super) fn begin(
        raw: &'raw dyn RawLedger,
        head: Option<RawHead>,
        verifier: Option<&VerifierKey>,
        kept: &[Checkpoint],
        faults: &mut Faults,
    ) -> Result<Self, StoreError> {
        let frontier = Frontier::new();
        let head = head.unwrap_or_else(|| RawHead {
            size: 0,
            frontier: frontier.to_bytes(),
            last_time: 0,
            last_message: 0,
            last_delivery: 0,
            last_subscription: 0,
        });
        let mut checkpoints = kept.to_vec();
        if let Some(key) = verifier {
            match raw.document(CHECKPOINT_DOCUMENT)?.map(|note| signed(&note, key)) {
                Some(Some(own)) => checkpoints.push(own),
                Some(None) => faults.add(FsckFault::CheckpointSignature),
                None if head.size > 0 && kept.is_empty() => {
                    faults.add(FsckFault::CheckpointMissing);
                }
                None => {}
            }
        }
        for beyond in checkpoints.iter().filter(|signed| signed.size > head.size) {
            faults.add(FsckFault::CheckpointBeyond { size: beyond.size });
        }
        Ok(Self {
            raw,
            head,
            next: 0,
            last_time: 0,
            frontier: Some(frontier),
            levels: Vec::new(),
            proved: checkpoints.iter().map(|signed| signed.size).find(|size| *size == 0),
            checkpoints,
        })
    }

    /// Takes the next stored entry. Answers it with its index if it is one of this log.
    pub(super) fn take<'bytes>(
        &mut self,
        index: i64,
        bytes: &'bytes [u8],
        faults: &mut Faults,
    ) -> Result<Option<(u64, StoredEntry<'bytes>)>, StoreError> {
        let Some(place) = u64::try_from(index).ok().filter(|place| *place < self.head.size) else {
            faults.add(FsckFault::EntryOutside { index });
            return Ok(None);
        };
        self.skip_to(place, faults);
        self.next = place + 1;
        let entry = StoredEntry::read(bytes);
        let Some((entry, hash)) =
            entry.and_then(|entry| entry.log_hash().map(|hash| (entry, hash)))
        else {
            faults.add(FsckFault::EntryUnreadable { index: place });
            self.frontier = None;
            return Ok(None);
        };
        if entry.time() < self.last_time {
            faults.add(FsckFault::EntryTime { index: place });
        }
        self.last_time = self.last_time.max(entry.time());
        self.grow(hash, faults)?;
        Ok(Some((place, entry)))
    }

    /// Notes what is missing before an index.
    fn skip_to(&mut self, index: u64, faults: &mut Faults) {
        if index > self.next {
            let count = index - self.next;
            faults.add(FsckFault::EntriesMissing { from: self.next, count });
            self.frontier = None;
        }
    }

    fn grow(&mut self, leaf: Hash, faults: &mut Faults) -> Result<(), StoreError> {
        let Some(frontier) = &mut self.frontier else { return Ok(()) };
        if frontier.push(leaf).is_err() {
            self.frontier = None;
            return Ok(());
        }
        for signed in self.checkpoints.iter().filter(|signed| signed.size == frontier.size()) {
            if signed.root == frontier.root() {
                self.proved = Some(signed.size);
            } else {
                faults.add(FsckFault::CheckpointRoot { size: signed.size });
            }
        }
        let mut hash = leaf;
        for number in 0..=LEVEL_MAX {
            let place = usize::from(number);
            if self.levels.len() <= place {
                self.levels.push(Level::default());
            }
            let Some(level) = self.levels.get_mut(place) else { break };
            level.hashes.push(hash);
            if level.hashes.len() < TILE_HASHES {
                break;
            }
            compare(self.raw, number, level, faults)?;
            hash = root(&level.hashes);
            level.hashes.clear();
            level.finished += 1;
        }
        Ok(())
    }

    /// Compares what only the end shows. Answers whether every entry was there, and the size of
    /// the checkpoint if it proved good.
    pub(super) fn finish(mut self, faults: &mut Faults) -> Result<(bool, Option<u64>), StoreError> {
        self.skip_to(self.head.size, faults);
        if let Some(frontier) = &self.frontier {
            for (number, level) in (0..=LEVEL_MAX).zip(&self.levels) {
                if !level.hashes.is_empty() {
                    compare(self.raw, number, level, faults)?;
                }
            }
            if frontier.to_bytes() != self.head.frontier {
                faults.add(FsckFault::HeadFrontier);
            }
        }
        if self.head.last_time < self.last_time {
            faults.add(FsckFault::HeadTime);
        }
        let size = self.head.size;
        self.raw.for_each_tile(&mut |level, index| {
            let there = u64::try_from(index).is_ok_and(|index| index < tiles_of(level, size));
            if !there {
                faults.add(FsckFault::TileSurplus { level, index });
            }
        })?;
        Ok((self.frontier.is_some(), self.proved))
    }
}

/// The checkpoint of a note that the key signed for the log of its own name.
fn signed(note: &[u8], key: &VerifierKey) -> Option<Checkpoint> {
    let note = std::str::from_utf8(note).ok()?;
    verify(note, key).ok().filter(|checkpoint| checkpoint.origin == key.name())
}

fn compare(
    raw: &dyn RawLedger,
    number: u8,
    level: &Level,
    faults: &mut Faults,
) -> Result<(), StoreError> {
    let stored = raw.tile(number, level.finished)?.unwrap_or_default();
    let expected = level.hashes.iter().flat_map(Hash::as_bytes);
    if !expected.eq(&stored) {
        faults.add(FsckFault::Tile { level: number, index: level.finished });
    }
    Ok(())
}

/// How many tiles, full or begun, a level has in a log of this size.
fn tiles_of(level: i64, size: u64) -> u64 {
    u8::try_from(level)
        .ok()
        .filter(|level| *level <= LEVEL_MAX)
        .map_or(0, |level| (size >> (8 * u32::from(level))).div_ceil(TILE_HASHES as u64))
}
