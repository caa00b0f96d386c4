//! What recipients say they did with what they were given.
//!
//! One entry for each attestation, or a few: a record for the recipient, and one for every sender,
//! which names nothing but its own messages; where it named the desk, one for each message. That a
//! possible match was answered is told to no sender, and the register remembers it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1::Attestation;
use proto::ledger::record::RECORD_FORMAT;
use proto::text::Named as _;
use uuid::Uuid;

use crate::ledger::journal::{StoreError, text_of};
use crate::ledger::owed::{AttestedRow, Given};
use crate::ledger::record::{RecordType, Text};
use crate::prepare;
use crate::register::{Change, DeskName};
use crate::rules::Rules;

use super::answer::Answer;
use super::commit::Open;
use super::gathered::SENDERS_RECORDS_MAX;
use super::{Appender, AttestWork};

impl Appender {
    pub(super) fn attest(
        &self,
        attest: &AttestWork,
        open: &mut Open,
    ) -> Result<Answer, StoreError> {
        let (draft, now) = (&mut open.draft, open.now);
        let mut known: BTreeSet<u64> = BTreeSet::new();
        let mut fresh: Vec<_> = attest
            .items
            .iter()
            .filter(|item| {
                known.insert(item.delivery) && !draft.attests(item.delivery, attest.attestation)
            })
            .collect();
        let mut learned = Vec::new();
        if attest.attestation == Attestation::NotSamePerson {
            (fresh, learned) = self.ruled_out(&attest.desk, fresh, &open.rules)?;
        }
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
        if !learned.is_empty() {
            let next = self.apply_register(&learned, &open.rules, draft)?;
            open.changed = Some((next, self.bundle.clone()));
        }
        Ok(Answer::Attested(recorded))
    }

    /// What the register learns where possible matches are answered with no, and which of them it
    /// can learn from: what was asked is read in the message, and one that is not to be read any more
    /// must not seem answered.
    fn ruled_out<'a>(
        &self,
        desk: &DeskName,
        asked: Vec<&'a Given>,
        rules: &Rules,
    ) -> Result<(Vec<&'a Given>, Vec<Change>), StoreError> {
        let (mut answered, mut learned) = (Vec::new(), Vec::new());
        for item in asked {
            let Some(stored) = self.recall.message(item.row)? else { continue };
            let vault = &self.shared.vault;
            let Some((admitted, _)) = prepare::reopen(&stored, vault, &rules.directory) else {
                continue;
            };
            answered.push(item);
            for change in prepare::ruled_out(&admitted, item.shown, desk, &rules.register) {
                if !learned.contains(&change) {
                    learned.push(change);
                }
            }
        }
        Ok((answered, learned))
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
        if attest.attestation == Attestation::NotSamePerson {
            // That there was a question says that the desk owns a flag: no sender's to know.
            return records;
        }
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
