//! Documents held against the entries that name them.
//!
//! A document that a message names stands in the record of its acceptance; one that may be fetched
//! stands in the record of that release. Of pieces only their number and lengths are judged: their
//! content is sealed.

use std::collections::HashMap;

use crate::ledger::journal::StoreError;
use crate::seal::WRAPPED_BYTES;

use super::faults::{Faults, FsckFault};
use super::records::Hex;
use super::rows::{Mark, Message, Release, Words, readable, unspoken};
use super::{RawAttachment, RawLedger};

pub(super) const ATTACHMENT: &str = "attachment";
pub(super) const PIECE: &str = "piece";
pub(super) const RELEASE_SECTION: &str = "release_section";

/// Bytes of a full piece, and what its seal adds: a nonce and a tag.
const PIECE_BYTES: u64 = 262_144;
const SEAL_BYTES: u64 = 28;

/// Message row and name.
type Name = (u64, [u8; 32]);

/// Every document that a message names, and what the entries read so far say of it.
#[derive(Default)]
pub(super) struct Attached {
    named: HashMap<Name, (u64, Mark)>,
    by_row: HashMap<u64, Name>,
    /// By release and name.
    released: HashMap<([u8; 16], [u8; 32]), (u64, Mark)>,
}

impl Attached {
    pub(super) fn load(
        raw: &dyn RawLedger,
        messages: &[Message],
        words: &mut Words,
        faults: &mut Faults,
    ) -> Result<Self, StoreError> {
        let mut attached = Self::default();
        raw.for_each_attachment(&mut |row| {
            if let Some(row) = readable(ATTACHMENT, row, faults) {
                attached.add(&row, messages, words, faults);
            }
        })?;
        raw.for_each_lost_piece(&mut |row| faults.add(FsckFault::Dangling { table: PIECE, row }))?;
        raw.for_each_release_section(&mut |row| {
            let Some(row) = readable(RELEASE_SECTION, row, faults) else { return };
            match attached.by_row.get(&row.attachment) {
                Some((_, name)) => {
                    attached.released.insert((row.release, *name), (row.row, Mark::Unseen));
                }
                None => faults.add(FsckFault::Dangling { table: RELEASE_SECTION, row: row.row }),
            }
        })?;
        Ok(attached)
    }

    fn add(
        &mut self,
        raw: &RawAttachment,
        messages: &[Message],
        words: &mut Words,
        faults: &mut Faults,
    ) {
        let named = raw.named.map(|(message, name)| {
            let place = messages.binary_search_by_key(&message, |m| m.row).ok();
            (place.and_then(|place| messages.get(place)), (message, name))
        });
        let erased = raw.wrapped_key_bytes == 0
            && named.is_some_and(|(message, _)| {
                let row = message.map(|message| message.row);
                messages.iter().any(|later| later.withdraws.is_some() && later.withdraws == row)
            });
        if !has_its_pieces(raw, erased) {
            faults.add(FsckFault::Pieces { row: raw.row });
        }
        let Some((message, name)) = named else { return };
        let agency = words.number(&raw.agency);
        let own = raw.whole && message.is_some_and(|message| message.key.0 == agency);
        if !own {
            faults.add(FsckFault::Dangling { table: ATTACHMENT, row: raw.row });
        }
        let mark = if own { Mark::Unseen } else { Mark::Told };
        if self.named.insert(name, (raw.row, mark)).is_some() {
            faults.add(FsckFault::RowTwice { table: ATTACHMENT, row: raw.row });
        }
        self.by_row.insert(raw.row, name);
    }

    /// Holds the record of an acceptance against the documents of its message.
    pub(super) fn accepted(
        &mut self,
        message: u64,
        names: &[Hex<32>],
        index: u64,
        faults: &mut Faults,
    ) {
        for name in names {
            match self.named.get_mut(&(message, name.0)) {
                Some((_, mark @ Mark::Unseen)) => *mark = Mark::Seen,
                Some((_, Mark::Told)) => {}
                Some((_, Mark::Seen)) | None => {
                    faults.add(FsckFault::RecordWithoutRow { table: ATTACHMENT, entry: index });
                }
            }
        }
    }

    /// Holds the record of a release against the documents that may be fetched with it.
    pub(super) fn released(
        &mut self,
        release: &[u8; 16],
        names: &[Hex<32>],
        index: u64,
        faults: &mut Faults,
    ) {
        for name in names {
            match self.released.get_mut(&(*release, name.0)) {
                Some((_, mark @ Mark::Unseen)) => *mark = Mark::Seen,
                Some((_, Mark::Seen | Mark::Told)) | None => {
                    let table = RELEASE_SECTION;
                    faults.add(FsckFault::RecordWithoutRow { table, entry: index });
                }
            }
        }
    }

    /// Whether the entries so far let a document be fetched with a release.
    pub(super) fn may_fetch(&self, release: &[u8; 16], name: &[u8; 32]) -> bool {
        self.released.get(&(*release, *name)).is_some_and(|(_, mark)| *mark == Mark::Seen)
    }

    /// Tells what no entry spoke of.
    pub(super) fn finish(
        &self,
        messages: &[Message],
        releases: &[Release],
        release_by_id: &HashMap<[u8; 16], usize>,
        faults: &mut Faults,
    ) {
        for ((message, _), (row, _)) in self.named.iter().filter(|(_, v)| v.1 == Mark::Unseen) {
            let place = messages.binary_search_by_key(message, |m| m.row).ok();
            let entry = place.and_then(|place| messages.get(place)).map_or(0, |m| m.entry);
            unspoken(ATTACHMENT, *row, entry, faults);
        }
        for ((release, _), (row, _)) in self.released.iter().filter(|(_, v)| v.1 == Mark::Unseen) {
            let place = release_by_id.get(release);
            let entry = place.and_then(|place| releases.get(*place)).map_or(0, |r| r.entry);
            unspoken(RELEASE_SECTION, *row, entry, faults);
        }
    }
}

/// Whether key and pieces are those of a document of this length, or of one that is on its way. An
/// erased one has neither.
fn has_its_pieces(raw: &RawAttachment, erased: bool) -> bool {
    let Some((pieces, bytes)) = raw.pieces else { return false };
    if erased {
        return pieces == 0;
    }
    let all = raw.size.div_ceil(PIECE_BYTES);
    let kept = if pieces == all { raw.size } else { pieces * PIECE_BYTES };
    raw.wrapped_key_bytes == WRAPPED_BYTES as u64
        && pieces <= all
        && (pieces == all || !raw.whole)
        && bytes == kept + pieces * SEAL_BYTES
}
