//! What the broker itself tells a desk, on the way that everything takes: a message of its own, a
//! decision, a delivery that only this entry permits.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::ledger::record::RECORD_FORMAT;
use time::OffsetDateTime;

use crate::directory::MessageKind;
use crate::ledger::advice::{Advice, RULE};
use crate::ledger::journal::{Known as KnownMessage, MessageRow, StoreError};
use crate::ledger::owed::Owes;
use crate::ledger::record::{Objects, RecordType, Text};
use crate::message::MessageKey;
use crate::parcel::{Parcel, Shown};
use crate::register::DeskName;
use crate::seal::Part;

use super::Appender;
use super::commit::Open;
use super::draft::no_chance;
use super::publish::{Fresh, Place, decided_record};

impl Appender {
    /// Tells a desk, unless it was told before or is not in the directory any more.
    pub(super) fn advise(&self, advice: &Advice, open: &mut Open) -> Result<(), StoreError> {
        let (key, now) = (advice.key(), open.now);
        let DeskName { agency, desk } = &advice.desk;
        let there = open.rules.directory.desk_index(agency, desk).is_some();
        if !there || open.known.contains_key(&key) {
            return Ok(());
        }
        let (vault, chance) = (&self.shared.vault, &*self.shared.chance);
        let bytes: prost::bytes::Bytes = advice.body(vault, now).encode_to_vec().into();
        let kept = advice.kept(&open.rules.bundle).to_bytes();
        let sealing = vault.fresh_key(chance).map_err(|_| no_chance())?;
        let seal = |part, text: &[u8]| {
            sealing.seal(chance, part, &key.place(), text).map_err(|_| no_chance())
        };
        let (sealed_body, sealed_decision) =
            (seal(Part::Message, &bytes)?, seal(Part::Decision, &kept)?);
        let digest = vault.keyed_digest("advice", &key.place());
        let draft = &mut open.draft;
        let row = draft.batch.head.last_message + 1;
        draft.batch.head.last_message = row;
        let entry = draft.next_entry();
        let (cited, not_before, tokens, chased) = (None, None, Arc::from([]), Vec::new());
        let place = Place { message: row, entry, cited, not_before, tokens, chased, now };
        let parcel = Parcel {
            bytes,
            shown: Shown::default(),
            withheld: BTreeSet::new(),
            sections: Vec::new(),
        };
        let ids = self.put(&fresh(advice, &key, &parcel, now), &place, draft)?;
        let mut told = Objects::default();
        told.add(|text| candidate(text, advice, &ids));
        let accepted = Text::new()
            .bytes("digest", &digest)
            .word("format", RECORD_FORMAT)
            .word("kind", MessageKind::Task.name())
            .id("message", key.id)
            .word("node", &key.agency)
            .word("operation", RecordType::Accepted.operation())
            .word("party", &key.agency)
            .word("type", RecordType::Accepted.name())
            .close();
        let records = vec![accepted, decided_record(&key, &open.rules.bundle, &told)];
        let written = draft.entry(records, chance)?;
        assert!(written == entry, "a delivery's permit is the entry written right after it");
        draft.batch.messages.push(MessageRow {
            row,
            key: key.clone(),
            digest,
            entry,
            kind: MessageKind::Task,
            node: Arc::clone(&key.agency),
            desk: Arc::clone(&key.agency),
            accepted_at: now,
            expires_at: advice.expires_at(now),
            not_before: None,
            wrapped_key: sealing.wrapped.to_vec(),
            sealed_body,
            sealed_decision,
            tokens: Vec::new(),
            routes: Vec::new(),
            settles: None,
            withdraws: false,
        });
        open.known.insert(key, KnownMessage { row, digest, accepted_at: now });
        Ok(())
    }
}

fn fresh<'a>(
    advice: &'a Advice,
    key: &'a MessageKey,
    parcel: &'a Parcel,
    now: OffsetDateTime,
) -> Fresh<'a> {
    Fresh {
        key,
        kind: MessageKind::Task,
        desk: &advice.desk,
        task: advice.task() as i32,
        named: false,
        immediate: advice.immediate(),
        expires_at: advice.expires_at(now),
        owes: Owes { open_by: advice.open_by(), ..Owes::default() },
        rules: Arc::from([Arc::from(RULE)]),
        parcel,
    }
}

fn candidate(text: Text, advice: &Advice, deliveries: &[[u8; 16]]) -> Text {
    text.word("agency", &advice.desk.agency)
        .list_of_bytes("deliveries", deliveries)
        .word("desk", &advice.desk.desk)
        .number("refusal", 0)
        .words("rules", [RULE])
        .number("task", advice.task() as u64)
        .fields("withheld", &BTreeSet::new())
}
