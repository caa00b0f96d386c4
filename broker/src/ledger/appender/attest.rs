//! What recipients say they did with what they were given.
//!
//! One entry for each attestation, or a few: a record for the recipient, and one for every sender,
//! which names nothing but its own messages; where it named the desk, one for each message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::ledger::record::RECORD_FORMAT;
use proto::text::Named as _;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::journal::{StoreError, text_of};
use crate::ledger::owed::{AttestedRow, Given};
use crate::ledger::record::{RecordType, Text};

use super::answer::Answer;
use super::draft::Draft;
use super::gathered::SENDERS_RECORDS_MAX;
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
        let recorded = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
        let mut said = vec![Said::default()];
        for item in fresh {
            if said.last().is_some_and(Said::is_full) {
                said.push(Said::default());
            }
            if let Some(said) = said.last_mut() {
                said.add(item);
            }
        }
        for said in said {
            let entry = draft.entry(said.records(attest), &*self.shared.chance)?;
            draft.batch.attested.extend(said.items.iter().map(|item| AttestedRow {
                delivery: item.delivery,
                attestation: attest.attestation as i32,
                entry,
                at: now,
            }));
        }
        Ok(Answer::Attested(recorded))
    }
}

/// What one entry says of an attestation.
#[derive(Default)]
struct Said<'a> {
    items: Vec<&'a Given>,
    /// Messages by who sent them; one whose sender named the desk stands alone.
    told: BTreeMap<(Arc<str>, Option<Uuid>), BTreeSet<Uuid>>,
}

impl<'a> Said<'a> {
    fn is_full(&self) -> bool {
        self.told.len() >= SENDERS_RECORDS_MAX
    }

    fn add(&mut self, item: &'a Given) {
        let alone = item.named.then_some(item.message);
        self.told.entry((Arc::clone(&item.sender), alone)).or_default().insert(item.message);
        self.items.push(item);
    }

    /// A record for the recipient and those for senders.
    fn records(&self, attest: &AttestWork) -> Vec<String> {
        let what = attest.attestation.name();
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
        let releases = self.items.iter().map(|item| item.release_id);
        let own = own.list_of_bytes("releases", releases).word("type", RecordType::Attested.name());
        let mut records = vec![own.close()];
        for ((sender, _), messages) in &self.told {
            let told = Text::new()
                .word("attestation", &what)
                .word("format", RECORD_FORMAT)
                .words("messages", messages.iter().copied().map(text_of))
                .word("operation", RecordType::Attested.operation())
                .word("party", sender)
                .word("recipient", &attest.desk.agency)
                .word("type", RecordType::Attested.name());
            records.push(told.close());
        }
        records
    }
}
