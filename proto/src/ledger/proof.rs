//! The proof file: one party's record, and all it takes to show that the log holds it.
//!
//! Owns: the `pyramid-proof/1` file, and the order in which a proof is checked.
//! Promises: [`Verified`] exists only for a record that a signed checkpoint commits to, at the
//! index stated. The steps go from the signature inwards, so the step named by a refusal is the
//! first at which something is wrong.
//! Deliberately does not know: whether the checkpoint is the newest, whether it continues the last
//! one this reader saw (see [`super::checkpoint::verify_growth`]), or whether the record is true.

use super::LedgerError;
use super::checkpoint::{self, Checkpoint, NOTE_BYTES_MAX, VerifierKey};
use super::leaf::{Leaf, LeafTime};
use super::record::{self, Record, SALT_BYTES, Slots};
use super::tree::{self, Hash, PATH_LENGTH_MAX};
use serde::Deserialize;
use serde_json::json;
use std::fmt;

/// The `format` field of every proof file.
pub const PROOF_FORMAT: &str = "pyramid-proof/1";

/// The longest proof file that is read, in bytes.
pub const PROOF_BYTES_MAX: usize = 1024 * 1024;

const _: () = assert!(NOTE_BYTES_MAX < PROOF_BYTES_MAX);

/// What a proof file holds. Nothing in it is shown to be true before [`Proof::verify`].
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// The record's text, exactly as hashed.
    pub record: String,
    /// The salt of the record's slot.
    pub salt: [u8; SALT_BYTES],
    /// The slot the record stands in, from 0.
    pub slot: u32,
    /// How many slots the record tree has.
    pub slots: Slots,
    /// The path from the slot to the root of the record tree, lowest hash first.
    pub inner_path: Vec<Hash>,
    /// The leaf's text, exactly as hashed.
    pub leaf: String,
    /// The leaf's index in the log, from 0.
    pub index: u64,
    /// The path from the leaf to the checkpoint's root, lowest hash first.
    pub log_path: Vec<Hash>,
    /// The whole signed note.
    pub checkpoint: String,
}

/// The file as it is written; the one place of this module that knows serde.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofFile {
    format: String,
    record: String,
    salt: String,
    slot: u32,
    slots: u32,
    inner_path: Vec<String>,
    leaf: String,
    index: u64,
    log_path: Vec<String>,
    checkpoint: String,
}

impl Proof {
    /// Reads a proof file.
    ///
    /// Promise: the form only is checked here; see [`Proof::verify`].
    /// Bound:   [`PROOF_BYTES_MAX`]; paths of at most 64 hashes.
    /// Refuses: `ProofShape` unless it is one JSON object with exactly the fields of the format,
    ///          each once and of its type; `ProofField`; `Slots`.
    pub fn from_json(text: &str) -> Result<Self, LedgerError> {
        // An array of the values in order would be taken for the object by the reader below.
        if text.len() > PROOF_BYTES_MAX || !text.trim_ascii_start().starts_with('{') {
            return Err(LedgerError::ProofShape { line: 0, column: 0 });
        }
        // Of the reader's error only the place is kept: its text may quote the file.
        let file: ProofFile = serde_json::from_str(text).map_err(|error| {
            LedgerError::ProofShape { line: error.line(), column: error.column() }
        })?;
        if file.format != PROOF_FORMAT {
            return Err(LedgerError::ProofField {
                field: "format",
                rule: "must be pyramid-proof/1",
            });
        }
        let salt = super::bytes_from_lower_hex(&file.salt).ok_or(LedgerError::ProofField {
            field: "salt",
            rule: "must be 64 lower-case hexadecimal digits",
        })?;
        Ok(Self {
            record: file.record,
            salt,
            slot: file.slot,
            slots: Slots::of_count(file.slots)?,
            inner_path: path_from_hex("inner_path", &file.inner_path)?,
            leaf: file.leaf,
            index: file.index,
            log_path: path_from_hex("log_path", &file.log_path)?,
            checkpoint: file.checkpoint,
        })
    }

    /// Writes the proof file: one JSON object, on one line.
    ///
    /// Promise: [`Proof::from_json`] gives this proof back, as long as its paths have at most 64
    ///          hashes and the text stays within [`PROOF_BYTES_MAX`].
    #[must_use]
    pub fn to_json(&self) -> String {
        let path_to_hex = |path: &[Hash]| path.iter().map(Hash::to_hex).collect::<Vec<_>>();
        json!({
            "format": PROOF_FORMAT,
            "record": self.record,
            "salt": hex::encode(self.salt),
            "slot": self.slot,
            "slots": self.slots.count(),
            "inner_path": path_to_hex(&self.inner_path),
            "leaf": self.leaf,
            "index": self.index,
            "log_path": path_to_hex(&self.log_path),
            "checkpoint": self.checkpoint,
        })
        .to_string()
    }

    /// Checks the whole proof.
    ///
    /// Promise: the key signed a checkpoint whose log holds, at `index`, the leaf whose record
    ///          tree holds this record in `slot`.
    /// Bound:   one signature check a line under the key's name, 128 hashes at most.
    /// Refuses: in the order of the steps: `Note`, `SignatureMissing`, `SignatureWrong`,
    ///          `Checkpoint`; `Leaf`; `LogPath`; `RecordText`, `RecordField`; `InnerPath`.
    pub fn verify(&self, key: &VerifierKey) -> Result<Verified, LedgerError> {
        let checkpoint = checkpoint::verify(&self.checkpoint, key)?;
        let leaf = Leaf::parse(&self.leaf)?;
        tree::verify_inclusion(
            &leaf.log_hash(),
            self.index,
            checkpoint.size,
            &self.log_path,
            &checkpoint.root,
        )
        .map_err(LedgerError::LogPath)?;
        let record = Record::parse(&self.record)?;
        record::verify_inner_path(
            &self.salt,
            record.text(),
            self.slot,
            self.slots,
            &self.inner_path,
            &leaf.root,
        )?;
        Ok(Verified { record, time: leaf.time, index: self.index, checkpoint })
    }
}

fn path_from_hex(field: &'static str, path: &[String]) -> Result<Vec<Hash>, LedgerError> {
    if path.len() > PATH_LENGTH_MAX {
        return Err(LedgerError::ProofField { field, rule: "must have at most 64 hashes" });
    }
    path.iter()
        .map(|text| {
            Hash::from_hex(text).ok_or(LedgerError::ProofField {
                field,
                rule: "each hash must be 64 lower-case hexadecimal digits",
            })
        })
        .collect()
}

impl fmt::Debug for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Record and salt stay out: together they are what the tree keeps from everyone else.
        out.debug_struct("Proof").field("index", &self.index).finish_non_exhaustive()
    }
}

/// A record shown to be in the log. Made only by [`Proof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    record: Record,
    time: LeafTime,
    index: u64,
    checkpoint: Checkpoint,
}

impl Verified {
    /// The record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The time of the entry's leaf.
    #[must_use]
    pub const fn time(&self) -> LeafTime {
        self.time
    }

    /// The entry's index in the log, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The signed checkpoint that commits to the record.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

#[cfg(test)]
mod tests;
