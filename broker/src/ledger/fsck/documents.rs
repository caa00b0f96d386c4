//! Documents held against the entries that wrote them.
//!
//! What decisions rest on and no row shows: the directory, who is suspended, the bundle in force
//! and its approvals, the newest revocation lists. The record of a change names what it wrote.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::ledger::journal::StoreError;

use super::faults::{Faults, FsckFault};
use super::records::Change;
use super::rows::readable;
use super::{RawDocument, RawLedger};

/// Documents without a record: the signed checkpoint, which proves itself, what is written to see
/// whether the disk still takes anything, and of which agreements people were told.
const UNRECORDED: [&str; 3] = ["checkpoint", "health", "agreement-alarms"];
const DOCUMENT: &str = "document";

/// The hash of each document, as the last entry that wrote it has it.
#[derive(Default)]
pub(super) struct Documents(BTreeMap<String, [u8; 32]>);

impl Documents {
    /// Notes what a change wrote.
    pub(super) fn wrote(&mut self, change: &Change) {
        self.0
            .extend(change.documents.iter().map(|written| (written.name.clone(), written.hash.0)));
    }

    /// Holds what is stored against it. Only for a log that is whole.
    pub(super) fn check(
        mut self,
        raw: &dyn RawLedger,
        faults: &mut Faults,
    ) -> Result<(), StoreError> {
        raw.for_each_document(&mut |row| {
            let Some(RawDocument { name, content }) = readable(DOCUMENT, row, faults) else {
                return;
            };
            if UNRECORDED.contains(&name.as_str()) {
                return;
            }
            match self.0.remove(&name) {
                None => faults.add(FsckFault::DocumentWithoutRecord { name }),
                Some(hash) if digest(&SHA256, &content).as_ref() != hash => {
                    faults.add(FsckFault::DocumentDiffers { name });
                }
                Some(_) => {}
            }
        })?;
        for name in self.0.into_keys() {
            faults.add(FsckFault::DocumentMissing { name });
        }
        Ok(())
    }
}
