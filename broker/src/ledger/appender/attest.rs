//! What recipients say they did with what they were given.
//!
//! One entry for each attestation: a record for the recipient, and one for every sender, which
//! names nothing but its own messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::ledger::record::RECORD_FORMAT;
use proto::text::Named as _;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::journal::{StoreError, text_of};
use crate::ledger::owed::AttestedRow;
use crate::ledger::record::{RecordType, Text};

use super::answer::Answer;
use super::draft::Draft;
use super::{Appender, AttestWork};

impl Appender {
    pub(super) fn attest(
        &self,
        attest: &AttestWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        let mut known: BTreeSet<u64> = BTreeSet::new();
        let fresh: Vec<_> = attest
            .items
            .iter()
            .filter(|item| {
                known.insert(item.delivery) && !draft.attests(item.delivery, attest.attestation)
            })
            .collect();
        if fresh.is_empty() {
            return Ok(Answer::Attested(0));
        }
        let what = attest.attestation.name();
        let mut by_sender: BTreeMap<Arc<str>, BTreeSet<Uuid>> = BTreeMap::new();
        for item in &fresh {
            by_sender.entry(Arc::clone(&item.sender)).or_default().insert(item.message);
        }
        let own = Text::new()
            .word("actor", &attest.node)
            .word("attestation", &what)
            .word("desk", &attest.desk.desk)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Attested.operation())
            .word("party", &attest.desk.agency);
        let own = match attest.person {
            Some(person) => own.id("person", person),
            None => own,
        };
        let releases = fresh.iter().map(|item| item.release_id);
        let own = own.list_of_bytes("releases", releases).word("type", RecordType::Attested.name());
        let mut records = vec![own.close()];
        for (sender, messages) in by_sender {
            let told = Text::new()
                .word("attestation", &what)
                .word("format", RECORD_FORMAT)
                .words("messages", messages.into_iter().map(text_of))
                .word("operation", RecordType::Attested.operation())
                .word("party", &sender)
                .word("recipient", &attest.desk.agency)
                .word("type", RecordType::Attested.name());
            records.push(told.close());
        }
        let entry = draft.entry(records, &*self.shared.chance)?;
        draft.batch.attested.extend(fresh.iter().map(|item| AttestedRow {
            delivery: item.delivery,
            attestation: attest.attestation as i32,
            entry,
            at: now,
        }));
        Ok(Answer::Attested(u32::try_from(fresh.len()).unwrap_or(u32::MAX)))
    }
}
