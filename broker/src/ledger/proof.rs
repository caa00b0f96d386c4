//! Proofs a party can check offline: its record, the inner path, the leaf, the log path and
//! the checkpoint. Built from stored entries and tiles; verified by `proto::ledger`.

use proto::ledger::checkpoint::{VerifierKey, verify};
use proto::ledger::proof::Proof;
use proto::ledger::record::{Slots, inner_path, salt};

use crate::ledger::entry::Entry;
use crate::ledger::journal::{Archive, StoreError};
use crate::ledger::tree::inclusion;

/// The proof of the record of `party` and `kind` that says what is wanted, in an entry that holds
/// one; `None` while no signed checkpoint covers it.
///
/// # Errors
/// The store's, or damage: the entry holds no such record.
pub fn of_record(
    archive: &dyn Archive,
    verifier: &VerifierKey,
    index: u64,
    party: &str,
    kind: &str,
    says: impl Fn(&serde_json::Value) -> bool,
) -> Result<Option<String>, StoreError> {
    let damaged = || StoreError::Damaged { table: "entry" };
    let Some(note) = archive.document(crate::ledger::checkpoint::DOCUMENT)? else {
        return Ok(None);
    };
    let note = String::from_utf8(note).map_err(|_| damaged())?;
    let checkpoint = verify(&note, verifier).map_err(|_| damaged())?;
    if index >= checkpoint.size {
        return Ok(None);
    }
    let bytes = archive.entry(index)?.ok_or_else(damaged)?;
    let entry = Entry::from_bytes(&bytes).map_err(|_| damaged())?;
    let wanted = |text: &str| {
        proto::ledger::record::Record::parse(text)
            .is_ok_and(|record| record.party() == party && record.kind() == kind)
            && serde_json::from_str(text).is_ok_and(|record| says(&record))
    };
    let found = entry.records().iter().find(|(_, text)| wanted(text));
    let (slot, record) = found.ok_or_else(damaged)?;
    let slots = Slots::of_count(entry.slots()).map_err(|_| damaged())?;
    let path = inner_path(entry.seed(), slots, &entry.texts(), *slot).map_err(|_| damaged())?;
    let leaf = entry.leaf().map_err(|_| damaged())?;
    let proof = Proof {
        record: record.clone(),
        salt: salt(entry.seed(), *slot),
        slot: *slot,
        slots,
        inner_path: path,
        leaf: leaf.encode(),
        index,
        log_path: inclusion(archive, index, checkpoint.size)?,
        checkpoint: note,
    };
    Ok(Some(proof.to_json()))
}
